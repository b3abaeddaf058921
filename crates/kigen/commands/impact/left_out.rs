//! What the user leaves out of the plan.

use kigen_lineage::left_out::LeftOut;
use kigen_model::Instant;
use kigen_model::key::BatchKey;

use super::past::Recorded;

/// That an argument names no step.
#[derive(Debug, thiserror::Error)]
pub(super) enum LeftOutError {
    #[error(
        "`--leave-out {0}` names no step: write NAMESPACE/BATCH, or NAMESPACE/BATCH@SLOT with a SLOT of the plan"
    )]
    Form(String),
    #[error("--leave-out {0}: it does not read {1}, so no step is of it")]
    NotConcerned(String, BatchKey),
}

/// What is left out, by the arguments.
pub(super) fn left_out(past: &Recorded, of: &BatchKey, given: &[String]) -> Result<LeftOut, LeftOutError> {
    let mut left_out = LeftOut::default();
    for text in given {
        let form = || LeftOutError::Form(text.clone());
        let (batch, mark) = match text.split_once('@') {
            Some((batch, slot)) => (batch, Some(slot.parse::<Instant>().map_err(|_| form())?)),
            None => (text.as_str(), None),
        };
        let (namespace, name) = batch.split_once('/').ok_or_else(form)?;
        let key = BatchKey::new(&of.cluster, namespace, name);
        if !past.history.batches.contains_key(&key) {
            return Err(LeftOutError::NotConcerned(text.clone(), of.clone()));
        }
        left_out.add(key, mark);
    }
    Ok(left_out)
}
