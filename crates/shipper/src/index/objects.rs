//! The Objectives of the cluster as they are there now.

use std::collections::BTreeMap;

use kigen_model::key::BatchKey;
use kigen_model::objective::Objective;

use super::cron_jobs::CronJobs;
use super::list_snapshot::Seen;
use super::uid::Uid;
use crate::decode::{Identity, NamedBatch, ObjectiveObject, WrittenObjective};

/// Namespace and name.
pub(super) type Place = (String, String);

#[derive(Debug)]
pub(super) struct Known {
    pub(super) uid: String,
    resource_version: u64,
    pub(super) object: ObjectiveObject,
}

/// The Objectives by namespace and name. Each holds for batches of its own namespace only, so that no two of them can have
/// an objective of one name for one batch.
#[derive(Debug, Default)]
pub(super) struct Objects {
    by_place: BTreeMap<Place, Known>,
    /// Whether what is not among them is not there.
    are_whole: bool,
    /// The API server said once that it does not know of such objects; one that has just begun may say so wrongly.
    were_not_served: bool,
}

/// What an Objective wants of one batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Wish {
    /// It is not known what it wants.
    Unknown,
    /// Nothing.
    Nothing,
    /// This, for whom this UID stands.
    Wants(String, Box<Objective>),
}

impl Objects {
    /// `false`: it is not news.
    pub(super) fn changed(&mut self, id: Identity, object: ObjectiveObject) -> bool {
        let place = (id.namespace, id.name);
        let is_old = |known: &Known| known.resource_version >= id.revision.resource_version;
        if self.by_place.get(&place).is_some_and(is_old) {
            return false;
        }
        let (uid, resource_version) = (id.revision.uid, id.revision.resource_version);
        self.by_place.insert(place, Known { uid, resource_version, object });
        true
    }

    /// `false`: it is not news.
    pub(super) fn deleted(&mut self, id: &Identity) -> bool {
        let place = (id.namespace.clone(), id.name.clone());
        let is_it = |known: &Known| known.resource_version <= id.revision.resource_version;
        self.by_place.get(&place).is_some_and(is_it) && self.by_place.remove(&place).is_some()
    }

    /// A list showed these and no others.
    pub(super) fn listed(&mut self, seen: &Seen) {
        self.by_place.retain(|(namespace, name), known| {
            seen.has(&Uid::of(&known.uid), || (namespace.clone(), name.clone()))
        });
    }

    /// From now on it is known which there are.
    pub(super) fn are_known(&mut self) {
        (self.are_whole, self.were_not_served) = (true, false);
    }

    /// There are none, if that was not said by mistake: then it will be said once more. `false`: nothing is known anew.
    pub(super) fn are_not_served(&mut self) -> bool {
        let is_sure = std::mem::replace(&mut self.were_not_served, true);
        if !is_sure || (self.are_whole && self.by_place.is_empty()) {
            return false;
        }
        self.by_place.clear();
        self.are_whole = true;
        true
    }

    /// What the one of this name wants of this batch.
    pub(super) fn wish(&self, key: &BatchKey, name: &str, cron_jobs: &CronJobs) -> Wish {
        let Some(known) = self.by_place.get(&(key.namespace.clone(), name.to_owned())) else {
            return if self.are_whole { Wish::Nothing } else { Wish::Unknown };
        };
        // What it said before holds until it says something else.
        let Ok(written) = &known.object.written else { return Wish::Unknown };
        let is_named = match &written.batch {
            NamedBatch::CronJob(batch) | NamedBatch::Jobs(batch) => *batch == key.batch,
            NamedBatch::Selector(labels) => cron_jobs.has_labels(key, labels),
        };
        if is_named {
            Wish::Wants(known.uid.clone(), Box::new(written.objective.clone()))
        } else {
            Wish::Nothing
        }
    }

    /// All there are.
    pub(super) fn all(&self) -> impl Iterator<Item = (&Place, &Known)> {
        self.by_place.iter()
    }

    /// The batches that the one of this place names.
    pub(super) fn batches(&self, cluster: &str, place: &Place, cron_jobs: &CronJobs) -> Vec<BatchKey> {
        let written = self.by_place.get(place).and_then(|known| known.object.written.as_ref().ok());
        written.map_or_else(Vec::new, |written| batches(cluster, &place.0, written, cron_jobs))
    }

    /// The names of those that select CronJobs of this namespace by their labels.
    pub(super) fn selectors(&self, namespace: &str) -> impl Iterator<Item = &str> {
        let from = (namespace.to_owned(), String::new());
        let there = self.by_place.range(from..);
        let of_namespace = namespace.to_owned();
        there.take_while(move |((namespace, _), _)| *namespace == of_namespace).filter_map(
            |((_, name), known)| {
                let is_selector = known
                    .object
                    .written
                    .as_ref()
                    .is_ok_and(|written| matches!(written.batch, NamedBatch::Selector(_)));
                is_selector.then_some(name.as_str())
            },
        )
    }
}

/// The batches that are named, in the order of their keys.
pub(super) fn batches(
    cluster: &str,
    namespace: &str,
    written: &WrittenObjective,
    cron_jobs: &CronJobs,
) -> Vec<BatchKey> {
    match &written.batch {
        NamedBatch::CronJob(batch) | NamedBatch::Jobs(batch) => {
            vec![BatchKey::new(cluster, namespace, batch)]
        }
        NamedBatch::Selector(labels) => cron_jobs.labelled(namespace, labels).cloned().collect(),
    }
}
