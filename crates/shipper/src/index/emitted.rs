//! The last emitted version of each declared objective.

use std::collections::BTreeMap;

use kigen_model::event::Origin;
use kigen_model::key::BatchKey;
use kigen_model::objective::Objective;

use super::objects::NamespacedName;

/// An objective's identity within the cluster: the batch and its name.
pub(super) type ObjectiveKey = (BatchKey, String);

#[derive(Debug)]
pub(super) struct EmittedObjective {
    pub(super) revision: u64,
    pub(super) origin: Origin,
    /// `None`: it was withdrawn. The revision is kept, so that a later declaration is newer.
    pub(super) objective: Option<Objective>,
}

impl EmittedObjective {
    /// Whether a file declares it.
    pub(super) fn is_of_file(&self) -> bool {
        self.origin == Origin::File
    }
}

/// The emitted objectives of the namespace and the name of this object.
pub(super) fn emitted_in<'a>(
    cluster: &str,
    (namespace, name): &'a NamespacedName,
    emitted: &'a BTreeMap<ObjectiveKey, EmittedObjective>,
) -> impl Iterator<Item = (&'a ObjectiveKey, &'a EmittedObjective)> {
    let first = (BatchKey::new(cluster, namespace, ""), String::new());
    let of_namespace = emitted.range(first..).take_while(|((key, _), _)| key.namespace == *namespace);
    of_namespace.filter(move |((_, of), _)| of == name)
}

/// The CronJob before whose fires the result must be there.
pub(super) fn target(of: &BatchKey, objective: &Objective) -> Option<BatchKey> {
    let (namespace, cron_job) = objective.target()?;
    Some(BatchKey::new(&of.cluster, namespace, cron_job))
}
