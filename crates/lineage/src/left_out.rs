//! What the user leaves out of the repetition.

use std::collections::BTreeSet;

use kigen_model::Instant;
use kigen_model::key::BatchKey;

use crate::timeline::{Period, Timeline};

/// What the user leaves out of the repetition, such as a table that is written anew each night: it is no step of the plan, and
/// repetitions of what reads it find its result good, as it is by then. What read it before is affected all the same.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LeftOut(BTreeSet<(BatchKey, Option<Instant>)>);

impl LeftOut {
    /// Leaves out a period of a batch by the value of `kigen.dev/slot` of its run, or all of its periods.
    pub fn add(&mut self, batch: BatchKey, mark: Option<Instant>) {
        self.0.insert((batch, mark));
    }

    /// Whether a period is left out.
    pub(crate) fn has(&self, batch: &BatchKey, timeline: &Timeline<'_>, period: &Period) -> bool {
        !self.0.is_empty()
            && [None, Some(period.mark), Some(timeline.mark_for(period))]
                .into_iter()
                .any(|mark| self.0.contains(&(batch.clone(), mark)))
    }
}
