//! What was last emitted of each declared objective.

use std::collections::BTreeMap;

use kigen_model::event::Revision;
use kigen_model::key::BatchKey;
use kigen_model::objective::Objective;

use super::objects::Place;

/// An objective's identity within the cluster: the batch and its name.
pub(super) type Name = (BatchKey, String);

#[derive(Debug)]
pub(super) struct Said {
    pub(super) revision: u64,
    /// Of the object that declares it, or that of a file.
    pub(super) uid: String,
    /// `None`: it was withdrawn. Its revision is kept, so that it is newer if it comes back.
    pub(super) objective: Option<Objective>,
}

impl Said {
    /// Whether a file declares it.
    pub(super) fn is_of_file(&self) -> bool {
        self.uid == Revision::OF_FILE
    }
}

/// What was said under the name of this place in its namespace.
pub(super) fn said_in<'a>(
    cluster: &str,
    (namespace, name): &'a Place,
    said: &'a BTreeMap<Name, Said>,
) -> impl Iterator<Item = (&'a Name, &'a Said)> {
    let first = (BatchKey::new(cluster, namespace, ""), String::new());
    let of_namespace = said.range(first..).take_while(|((key, _), _)| key.namespace == *namespace);
    of_namespace.filter(move |((_, said), _)| said == name)
}

/// The CronJob before whose fires the result must be there.
pub(super) fn target(of: &BatchKey, objective: &Objective) -> Option<BatchKey> {
    let (namespace, cron_job) = objective.target()?;
    Some(BatchKey::new(&of.cluster, namespace, cron_job))
}
