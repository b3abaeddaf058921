//! The Objectives of the cluster as they are now.

use std::collections::BTreeMap;

use kigen_model::event::Origin;
use kigen_model::key::BatchKey;
use kigen_model::objective::Objective;
use kigen_objective::read::{NamedBatch, ParsedObjective};

use super::cron_jobs::CronJobs;
use super::list_snapshot::ListSnapshot;
use super::uid::Uid;
use crate::decode::{Identity, ObjectiveObject};

/// Namespace and name.
pub(super) type NamespacedName = (String, String);

#[derive(Debug)]
pub(super) struct KnownObject {
    pub(super) uid: String,
    resource_version: u64,
    pub(super) object: ObjectiveObject,
}

/// The Objectives by namespace and name. Each holds for batches of its own namespace only, so that no two of them can declare
/// an objective of one name for one batch.
#[derive(Debug, Default)]
pub(super) struct Objects {
    by_name: BTreeMap<NamespacedName, KnownObject>,
    /// Whether all Objectives that exist are among them.
    are_whole: bool,
    /// The API server has answered 404 once; one that has just started may do so wrongly.
    were_not_served: bool,
}

/// What a source declares for one batch under one name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Claim {
    /// It is not known what it declares.
    Unknown,
    /// Nothing.
    Nothing,
    /// This, declared by this origin.
    Objective(Origin, Box<Objective>),
}

impl Objects {
    /// `false`: the version is not newer.
    pub(super) fn apply(&mut self, id: Identity, object: ObjectiveObject) -> bool {
        let name = (id.namespace, id.name);
        let is_old = |known: &KnownObject| known.resource_version >= id.revision.resource_version;
        if self.by_name.get(&name).is_some_and(is_old) {
            return false;
        }
        let (uid, resource_version) = (id.revision.uid, id.revision.resource_version);
        self.by_name.insert(name, KnownObject { uid, resource_version, object });
        true
    }

    /// `false`: there is none, or a newer version.
    pub(super) fn delete(&mut self, id: &Identity) -> bool {
        let name = (id.namespace.clone(), id.name.clone());
        let is_it = |known: &KnownObject| known.resource_version <= id.revision.resource_version;
        self.by_name.get(&name).is_some_and(is_it) && self.by_name.remove(&name).is_some()
    }

    /// Removes all that a list did not show.
    pub(super) fn reset(&mut self, snapshot: &ListSnapshot) {
        self.by_name.retain(|(namespace, name), known| {
            snapshot.has(&Uid::of(&known.uid), || (namespace.clone(), name.clone()))
        });
    }

    /// From now on all Objectives that exist are known.
    pub(super) fn are_known(&mut self) {
        (self.are_whole, self.were_not_served) = (true, false);
    }

    /// The API server answered 404. Only the second answer in a row counts: then there are no Objectives. `false`: nothing
    /// changed.
    pub(super) fn are_not_served(&mut self) -> bool {
        let is_sure = std::mem::replace(&mut self.were_not_served, true);
        if !is_sure || (self.are_whole && self.by_name.is_empty()) {
            return false;
        }
        self.by_name.clear();
        self.are_whole = true;
        true
    }

    /// Whether the API server has answered 404 since they were known.
    pub(super) fn are_missing(&self) -> bool {
        self.were_not_served
    }

    /// What the Objective of this name declares for this batch.
    pub(super) fn claim(&self, key: &BatchKey, name: &str, cron_jobs: &CronJobs) -> Claim {
        let Some(known) = self.by_name.get(&(key.namespace.clone(), name.to_owned())) else {
            return if self.are_whole { Claim::Nothing } else { Claim::Unknown };
        };
        // A spec that cannot be read changes nothing: the one before it stays in force.
        let Ok(written) = &known.object.parsed else { return Claim::Unknown };
        let is_named = match &written.batch {
            NamedBatch::CronJob(batch) | NamedBatch::Jobs(batch) => *batch == key.batch,
            NamedBatch::Selector(labels) => cron_jobs.has_labels(key, labels),
        };
        if is_named {
            let origin = Origin::Object { uid: known.uid.clone() };
            Claim::Objective(origin, Box::new(written.objective.clone()))
        } else {
            Claim::Nothing
        }
    }

    /// All Objectives.
    pub(super) fn all(&self) -> impl Iterator<Item = (&NamespacedName, &KnownObject)> {
        self.by_name.iter()
    }

    /// The batches that the Objective of this name names.
    pub(super) fn batches(
        &self,
        cluster: &str,
        name: &NamespacedName,
        cron_jobs: &CronJobs,
    ) -> Vec<BatchKey> {
        let written = self.by_name.get(name).and_then(|known| known.object.parsed.as_ref().ok());
        written.map_or_else(Vec::new, |written| batches(cluster, &name.0, written, cron_jobs))
    }

    /// The names of the Objectives that select CronJobs of this namespace by their labels.
    pub(super) fn selectors(&self, namespace: &str) -> impl Iterator<Item = &str> {
        let from = (namespace.to_owned(), String::new());
        let following = self.by_name.range(from..);
        let of_namespace = namespace.to_owned();
        following.take_while(move |((namespace, _), _)| *namespace == of_namespace).filter_map(
            |((_, name), known)| {
                let is_selector = known
                    .object
                    .parsed
                    .as_ref()
                    .is_ok_and(|written| matches!(written.batch, NamedBatch::Selector(_)));
                is_selector.then_some(name.as_str())
            },
        )
    }
}

/// The batches that are named, in the order of their keys.
fn batches(cluster: &str, namespace: &str, written: &ParsedObjective, cron_jobs: &CronJobs) -> Vec<BatchKey> {
    match &written.batch {
        NamedBatch::CronJob(batch) | NamedBatch::Jobs(batch) => {
            vec![BatchKey::new(cluster, namespace, batch)]
        }
        NamedBatch::Selector(labels) => cron_jobs.labelled(namespace, labels).cloned().collect(),
    }
}
