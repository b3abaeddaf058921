//! The objectives that one annotation of CronJobs declares: the last emitted version of each, and withdrawals that wait.

use std::collections::BTreeMap;
use std::sync::Arc;

use kigen_model::event::{FactBody, Revision};
use kigen_model::key::BatchKey;
use kigen_model::objective::Objective;

use super::emit::Emit;
use super::encoded::Encoded;
use super::uid::Uid;

/// The last emitted version of an annotation's objective.
#[derive(Debug)]
struct AnnotatedObjective {
    uid: Uid,
    resource_version: u64,
    objective: Encoded<Objective>,
    /// The calendar that it names, which is asked for more often than the rest.
    calendar: Option<Box<str>>,
}

/// The objectives of the annotations of one name.
#[derive(Debug)]
pub(super) struct Annotated {
    /// The name of each of them, within its batch.
    name: &'static str,
    in_force: BTreeMap<Arc<BatchKey>, AnnotatedObjective>,
    /// The CronJobs whose annotation was removed, until the withdrawal is emitted: the version without it.
    pending: BTreeMap<Arc<BatchKey>, Revision>,
}

impl Annotated {
    pub(super) fn new(name: &'static str) -> Self {
        Self { name, in_force: BTreeMap::new(), pending: BTreeMap::new() }
    }

    /// Whether these are the objectives of this name.
    pub(super) fn has_name(&self, name: &str) -> bool {
        self.name == name
    }

    /// The shared copy of a key, if there is one.
    pub(super) fn shared(&self, key: &BatchKey) -> Option<&Arc<BatchKey>> {
        self.in_force.get_key_value(key).map(|(key, _)| key)
    }

    pub(super) fn has(&self, key: &BatchKey) -> bool {
        self.in_force.contains_key(key)
    }

    pub(super) fn get(&self, key: &BatchKey) -> Option<Objective> {
        self.in_force.get(key).map(|annotated| annotated.objective.get())
    }

    /// Those in force.
    pub(super) fn all(&self) -> impl Iterator<Item = (&BatchKey, Objective)> {
        self.in_force.iter().map(|(key, annotated)| (&**key, annotated.objective.get()))
    }

    /// The calendars that they name.
    pub(super) fn calendars(&self) -> impl Iterator<Item = (&BatchKey, &str)> {
        self.in_force.iter().filter_map(|(key, annotated)| Some((&**key, annotated.calendar.as_deref()?)))
    }

    /// How many are in force.
    pub(super) fn count(&self) -> usize {
        self.in_force.len()
    }

    pub(super) fn set(&mut self, key: Arc<BatchKey>, revision: &Revision, objective: Option<&Objective>) {
        match objective {
            Some(objective) => {
                let annotated = AnnotatedObjective {
                    uid: Uid::of(&revision.uid),
                    resource_version: revision.resource_version,
                    objective: Encoded::of(objective),
                    calendar: objective.calendar.as_deref().map(Box::from),
                };
                self.in_force.insert(key, annotated);
            }
            None => drop(self.in_force.remove(&key)),
        }
    }

    /// Applies what a version of a CronJob declares, or, with `declares_none`, that it declares nothing. A withdrawal waits.
    pub(super) fn apply(
        &mut self,
        key: &Arc<BatchKey>,
        revision: &Revision,
        objective: Option<Objective>,
        declares_none: bool,
        emit: &mut Emit<'_>,
    ) {
        let before = self.get(key);
        self.pending.remove(key);
        if objective.is_none() && before.is_some() {
            self.pending.insert(Arc::clone(key), revision.clone());
        } else if before != objective || (declares_none && objective.is_none()) {
            self.emit(key, revision.clone(), objective, emit);
        }
    }

    /// Emits the withdrawal that waits for a CronJob that is deleted now: it was withdrawn while the CronJob lived.
    pub(super) fn end(&mut self, key: &BatchKey, emit: &mut Emit<'_>) {
        if let Some((key, revision)) = self.pending.remove_entry(key) {
            self.emit(&key, revision, None, emit);
        }
    }

    pub(super) fn emit(
        &mut self,
        key: &Arc<BatchKey>,
        revision: Revision,
        objective: Option<Objective>,
        emit: &mut Emit<'_>,
    ) {
        self.set(Arc::clone(key), &revision, objective.as_ref());
        emit.fact(key, FactBody::Objective { name: self.name.to_owned(), revision, objective });
    }

    /// Emits those of the batches that are due.
    pub(super) fn resync(&self, is_due: &dyn Fn(&BatchKey) -> bool, emit: &mut Emit<'_>) {
        for (key, annotated) in self.in_force.iter().filter(|(key, _)| is_due(key)) {
            let revision =
                Revision { uid: annotated.uid.to_string(), resource_version: annotated.resource_version };
            let (name, objective) = (self.name.to_owned(), Some(annotated.objective.get()));
            emit.fact(key, FactBody::Objective { name, revision, objective });
        }
    }

    /// The pending withdrawals.
    pub(super) fn pending(&self) -> impl Iterator<Item = (&BatchKey, &str)> + Clone {
        self.pending.keys().map(|key| (&**key, self.name))
    }

    /// Emits the pending withdrawals.
    pub(super) fn withdraw_pending(&mut self, emit: &mut Emit<'_>) {
        for (key, revision) in std::mem::take(&mut self.pending) {
            self.emit(&key, revision, None, emit);
        }
    }
}
