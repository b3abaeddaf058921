//! The objectives that a file or an Objective of the cluster declares now, and which of them to emit.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use kigen_model::event::{FactBody, Origin, Revision};
use kigen_model::key::BatchKey;
use kigen_model::objective::{Objective, ObjectiveSource};

use super::calendars::Calendars;
use super::cron_jobs::CronJobs;
use super::emit::Emit;
use super::emitted::{EmittedObjective, ObjectiveKey, emitted_in, target};
use super::list_snapshot::ListSnapshot;
use super::objects::{Claim, NamespacedName, Objects};
use super::resolution::{self, Resolutions};
use crate::decode::{Identity, ObjectiveObject};
use crate::input::{Declaration, Declared};

/// The declared objectives, by batch and name.
///
/// Where two sources give one name to one batch, the first writer wins until it withdraws.
#[derive(Debug)]
pub(super) struct DeclaredObjectives {
    cluster: String,
    /// The objectives of the file; `None`: no file was read yet, not even an empty one.
    in_file: Option<BTreeMap<ObjectiveKey, Objective>>,
    /// Whether an objective that is not in the file is to be withdrawn.
    is_whole: bool,
    objects: Objects,
    emitted: BTreeMap<ObjectiveKey, EmittedObjective>,
    /// By the CronJob before whose fires the result must be there.
    followers: HashMap<BatchKey, BTreeSet<ObjectiveKey>>,
    /// Those in force that no source declares any more, until the withdrawal is emitted.
    pending: BTreeSet<ObjectiveKey>,
    /// Before the CronJobs are known, nothing can be resolved.
    can_resolve: bool,
    /// The resolutions may have changed since they were taken.
    has_changed: bool,
}

impl DeclaredObjectives {
    pub(super) fn new(cluster: &str) -> Self {
        Self {
            cluster: cluster.to_owned(),
            in_file: None,
            is_whole: false,
            objects: Objects::default(),
            emitted: BTreeMap::new(),
            followers: HashMap::new(),
            pending: BTreeSet::new(),
            can_resolve: false,
            has_changed: false,
        }
    }

    pub(super) fn restore(
        &mut self,
        key: &BatchKey,
        name: &str,
        revision: &Revision,
        objective: Option<&Objective>,
    ) {
        let (origin, revision) = (revision.origin(), revision.resource_version);
        let emitted = EmittedObjective { revision, origin, objective: objective.cloned() };
        self.record(&(key.clone(), name.to_owned()), emitted);
    }

    /// Whether all CronJobs are known, and with them what objectives mean.
    pub(super) fn is_known(&self) -> bool {
        self.can_resolve
    }

    /// Whether an objective of this batch is in force.
    pub(super) fn has(&self, key: &BatchKey) -> bool {
        let first = (key.clone(), String::new());
        let of_batch = self.emitted.range(first..).take_while(|((of, _), _)| of == key);
        of_batch.into_iter().any(|(_, emitted)| emitted.objective.is_some())
    }

    /// Applies what a file declares from now on.
    pub(super) fn declare(&mut self, declaration: Declaration, cron_jobs: &CronJobs, emit: &mut Emit<'_>) {
        let Declaration { all, catalog: _, mutes: _, is_whole } = declaration;
        let mut in_file = self.in_file.take().filter(|_| !is_whole).unwrap_or_default();
        in_file.extend(all.into_iter().map(|Declared { key, name, objective }| ((key, name), objective)));
        self.in_file = Some(in_file);
        self.is_whole = is_whole;
        self.emit_all(cron_jobs, emit);
    }

    /// From now on all CronJobs that exist are known, and each change of one is followed.
    pub(super) fn cron_jobs_are_known(&mut self, cron_jobs: &CronJobs, emit: &mut Emit<'_>) {
        self.can_resolve = true;
        self.emit_all(cron_jobs, emit);
    }

    /// A CronJob has changed: the objectives whose deadlines are its fires follow it, and so do those that select it.
    pub(super) fn follow(&mut self, cron_job: &BatchKey, cron_jobs: &CronJobs, emit: &mut Emit<'_>) {
        self.has_changed = true;
        let mut keys = self.followers.get(cron_job).cloned().unwrap_or_default();
        let selectors = self.objects.selectors(&cron_job.namespace);
        keys.extend(selectors.map(|name| (cron_job.clone(), name.to_owned())));
        for key in keys {
            self.emit_one(&key, cron_jobs, emit);
        }
    }

    /// An Objective was created or changed.
    pub(super) fn apply_object(
        &mut self,
        id: Identity,
        object: ObjectiveObject,
        cron_jobs: &CronJobs,
        emit: &mut Emit<'_>,
    ) {
        let name = (id.namespace.clone(), id.name.clone());
        if self.objects.apply(id, object) {
            self.emit_object(&name, cron_jobs, emit);
        }
    }

    /// An Objective was deleted.
    pub(super) fn delete_object(&mut self, id: &Identity, cron_jobs: &CronJobs, emit: &mut Emit<'_>) {
        if self.objects.delete(id) {
            self.emit_object(&(id.namespace.clone(), id.name.clone()), cron_jobs, emit);
        }
    }

    /// Removes the Objectives that a list did not show. Their withdrawal is emitted once all are known.
    pub(super) fn reset_objects(&mut self, snapshot: &ListSnapshot) {
        self.objects.reset(snapshot);
    }

    /// From now on all Objectives that exist are known.
    pub(super) fn objects_are_known(&mut self, cron_jobs: &CronJobs, emit: &mut Emit<'_>) {
        self.objects.are_known();
        self.emit_all(cron_jobs, emit);
    }

    /// The API server answered 404. The objectives emitted so far stay in force, unless it is sure that there are none.
    pub(super) fn objects_not_served(&mut self, cron_jobs: &CronJobs, emit: &mut Emit<'_>) {
        if self.objects.are_not_served() {
            self.emit_all(cron_jobs, emit);
        }
    }

    /// A calendar has another problem, or one less.
    pub(super) fn calendars_have_changed(&mut self) {
        self.has_changed = true;
    }

    /// All resolutions, once the CronJobs are known, and if they may have changed since the last call.
    pub(super) fn take_resolutions(
        &mut self,
        cron_jobs: &CronJobs,
        calendars: &Calendars,
    ) -> Option<Resolutions> {
        let has_changed = self.can_resolve && std::mem::take(&mut self.has_changed);
        let (in_file, of) = (self.in_file.as_ref(), (cron_jobs, calendars));
        has_changed.then(|| resolution::of(&self.cluster, &self.objects, in_file, &self.emitted, of))
    }

    /// Emits the objectives in force of the batches that are due.
    pub(super) fn resync(&self, is_due: &dyn Fn(&BatchKey) -> bool, emit: &mut Emit<'_>) {
        for ((key, name), emitted) in self.emitted.iter().filter(|((key, _), _)| is_due(key)) {
            let Some(objective) = emitted.objective.clone() else { continue };
            let revision = Revision::of(&emitted.origin, emitted.revision);
            let objective = Some(objective);
            emit.fact(key, FactBody::Objective { name: name.clone(), revision, objective });
        }
    }

    fn emit_all(&mut self, cron_jobs: &CronJobs, emit: &mut Emit<'_>) {
        self.has_changed = true;
        if !self.can_resolve {
            return;
        }
        let mut keys: BTreeSet<ObjectiveKey> = self.emitted.keys().cloned().collect();
        keys.extend(self.in_file.iter().flatten().map(|(key, _)| key.clone()));
        for (name, _) in self.objects.all() {
            let batches = self.objects.batches(&self.cluster, name, cron_jobs);
            keys.extend(batches.into_iter().map(|key| (key, name.1.clone())));
        }
        for key in keys {
            self.emit_one(&key, cron_jobs, emit);
        }
    }

    /// Emits what the Objective of this name declares, and what it no longer declares.
    fn emit_object(&mut self, name: &NamespacedName, cron_jobs: &CronJobs, emit: &mut Emit<'_>) {
        self.has_changed = true;
        if !self.can_resolve {
            return;
        }
        let mut keys: BTreeSet<BatchKey> =
            self.objects.batches(&self.cluster, name, cron_jobs).into_iter().collect();
        keys.extend(emitted_in(&self.cluster, name, &self.emitted).map(|((key, _), _)| key.clone()));
        for key in keys {
            self.emit_one(&(key, name.1.clone()), cron_jobs, emit);
        }
    }

    /// The pending withdrawals.
    pub(super) fn pending(&self) -> impl Iterator<Item = (&BatchKey, &str)> + Clone {
        self.pending.iter().map(|(key, name)| (key, name.as_str()))
    }

    /// How many declared objectives are in force.
    pub(super) fn in_force(&self) -> usize {
        self.all_in_force().count()
    }

    /// The declared objectives that are in force.
    pub(super) fn all_in_force(&self) -> impl Iterator<Item = (&BatchKey, &Objective)> {
        self.emitted.iter().filter_map(|((key, _), emitted)| Some((key, emitted.objective.as_ref()?)))
    }

    /// Whether the API server no longer serves the Objectives that declared some of the pending ones.
    pub(super) fn has_kind_vanished(&self) -> bool {
        let is_of_object = |key| self.emitted.get(key).is_some_and(|emitted| !emitted.is_of_file());
        self.objects.are_missing() && self.pending.iter().any(is_of_object)
    }

    /// Emits the pending withdrawals.
    pub(super) fn withdraw_pending(&mut self, emit: &mut Emit<'_>) {
        for key in std::mem::take(&mut self.pending) {
            if let Some(origin) = self.emitted.get(&key).map(|last| last.origin.clone()) {
                self.emit_version(&key, origin, None, emit);
            }
        }
    }

    /// Emits what is declared under this key, if that differs from what was emitted last. A withdrawal is pending first.
    fn emit_one(&mut self, key: &ObjectiveKey, cron_jobs: &CronJobs, emit: &mut Emit<'_>) {
        if !self.can_resolve {
            return;
        }
        let last = self.emitted.get(key);
        let in_force = last.and_then(|last| Some((last.origin.clone(), last.objective.clone()?)));
        let declared = self.declared(key, in_force.as_ref(), cron_jobs);
        let now = declared.map(|(origin, objective)| (origin, resolved(&key.0, &objective, cron_jobs)));
        self.pending.remove(key);
        match (now, in_force) {
            (Some((_, now)), Some((_, in_force))) if now == in_force => {}
            (Some((origin, objective)), _) => self.emit_version(key, origin, Some(objective), emit),
            // An objective that dies with its CronJob is judged once more: nothing is lost.
            (None, Some((origin, objective))) if is_dead(&key.0, &objective, cron_jobs) => {
                self.emit_version(key, origin, None, emit);
            }
            (None, Some(_)) => {
                self.pending.insert(key.clone());
            }
            (None, None) => {}
        }
    }

    fn emit_version(
        &mut self,
        key: &ObjectiveKey,
        origin: Origin,
        objective: Option<Objective>,
        emit: &mut Emit<'_>,
    ) {
        self.has_changed = true;
        // A declared objective has no version that two sources could share, nor a new one whenever the schedule that it follows
        // changes. The server's time makes one that is newer than all before the last restart, including those that the
        // log has forgotten.
        let by_time = u64::try_from(emit.observed_at.timestamp_millis()).unwrap_or(0);
        let revision = self.emitted.get(key).map_or(by_time, |last| by_time.max(last.revision + 1));
        self.record(key, EmittedObjective { revision, origin: origin.clone(), objective: objective.clone() });
        let revision = Revision::of(&origin, revision);
        emit.fact(&key.0, FactBody::Objective { name: key.1.clone(), revision, objective });
    }

    /// What is declared under this key and by which source, while this is `in_force`.
    fn declared(
        &self,
        key: &ObjectiveKey,
        in_force: Option<&(Origin, Objective)>,
        cron_jobs: &CronJobs,
    ) -> Option<(Origin, Objective)> {
        let of_file = self.claim_of_file(key);
        let of_objects = self.objects.claim(&key.0, &key.1, cron_jobs);
        let is_held_by_object = in_force.is_some_and(|(origin, _)| *origin != Origin::File);
        let (first, second) = if is_held_by_object { (of_objects, of_file) } else { (of_file, of_objects) };
        match (first, second) {
            (Claim::Objective(origin, objective), _) => Some((origin, *objective)),
            (Claim::Unknown, _) if in_force.is_some() => in_force.cloned(),
            (Claim::Unknown | Claim::Nothing, Claim::Objective(origin, objective)) => {
                Some((origin, *objective))
            }
            (Claim::Unknown | Claim::Nothing, Claim::Unknown | Claim::Nothing) => None,
        }
    }

    fn claim_of_file(&self, key: &ObjectiveKey) -> Claim {
        match self.in_file.as_ref().map(|in_file| in_file.get(key)) {
            Some(Some(objective)) => Claim::Objective(Origin::File, Box::new(objective.clone())),
            Some(None) if self.is_whole => Claim::Nothing,
            Some(None) | None => Claim::Unknown,
        }
    }

    fn record(&mut self, key: &ObjectiveKey, emitted: EmittedObjective) {
        let target_now = emitted.objective.as_ref().and_then(|objective| target(&key.0, objective));
        let before = self.emitted.insert(key.clone(), emitted);
        let target_before = before.and_then(|emitted| target(&key.0, &emitted.objective?));
        if target_before == target_now {
            return;
        }
        if let Some(target) = target_before
            && let Some(followers) = self.followers.get_mut(&target)
        {
            followers.remove(key);
            if followers.is_empty() {
                self.followers.remove(&target);
            }
        }
        if let Some(target) = target_now {
            self.followers.entry(target).or_default().insert(key.clone());
        }
    }
}

/// Whether the objective selected a CronJob that is gone.
fn is_dead(key: &BatchKey, objective: &Objective, cron_jobs: &CronJobs) -> bool {
    objective.source == ObjectiveSource::Selector && !cron_jobs.has(key)
}

/// The objective with its target's schedule as it is now.
fn resolved(of: &BatchKey, objective: &Objective, cron_jobs: &CronJobs) -> Objective {
    let now = target(of, objective).and_then(|target| cron_jobs.schedule(&target));
    objective.with_target_schedule(now)
}
