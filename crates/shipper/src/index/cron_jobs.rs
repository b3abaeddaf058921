//! The last emitted version of each CronJob and of the objectives in its annotations.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use kigen_model::Instant;
use kigen_model::event::{FactBody, Revision};
use kigen_model::key::BatchKey;
use kigen_model::objective::{Deadlines, Objective, Schedule};
use kigen_model::run::{ConcurrencyPolicy, CronJob};
use kigen_model::stall::OverdueCronJob;
use kigen_objective::annotation::{ANNOTATED_OBJECTIVE, ANNOTATED_READS, COMPLETE_BY};
use kigen_objective::crontab;
use kigen_objective::next::next_fire;

use super::annotated::Annotated;
use super::emit::Emit;
use super::encoded::Encoded;
use super::list_snapshot::ListSnapshot;
use super::uid::Uid;
use crate::decode::annotations::Unread;
use crate::decode::labels::Labels;
use crate::decode::work::Work;
use crate::decode::{BatchHint, Identity};
use crate::notice::Notice;

/// The CronJob that has a name now.
#[derive(Debug)]
struct KnownCronJob {
    uid: Uid,
    resource_version: u64,
    cron_job: Encoded<CronJob>,
    listed: Listed,
    /// When its schedule, zone or suspension changed last, or it was seen first, in the API server's time; or later.
    changed_at: Instant,
}

/// What the log does not have of a CronJob: empty until a list has shown it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Listed {
    pub(super) labels: Labels,
    pub(super) work: Option<Work>,
}

/// The objectives that the annotations of a CronJob declare.
#[derive(Debug)]
pub(super) struct AnnotatedObjectives {
    /// That of `kigen.dev/complete-by`.
    pub(super) objective: Option<Objective>,
    /// That of `kigen.dev/reads`.
    pub(super) reads: Option<Objective>,
}

/// The CronJobs, and the objectives in their annotations.
#[derive(Debug)]
pub(super) struct CronJobs {
    by_key: BTreeMap<Arc<BatchKey>, KnownCronJob>,
    /// What has deadlines, of which verdicts are made, and what is only read.
    objectives: Annotated,
    reads: Annotated,
    /// Until when annotations mute CronJobs, and why.
    mutes: BTreeMap<Arc<BatchKey>, (Instant, String)>,
    /// What is wrong with the annotations of a CronJob.
    problems: BTreeMap<Arc<BatchKey>, String>,
    /// An objective that was withdrawn while no shipper ran is known to the log alone. So the first version of every
    /// CronJob without an objective emits that it has none.
    resumed: bool,
}

impl CronJobs {
    pub(super) fn new(resumed: bool) -> Self {
        Self {
            by_key: BTreeMap::new(),
            objectives: Annotated::new(ANNOTATED_OBJECTIVE),
            reads: Annotated::new(ANNOTATED_READS),
            mutes: BTreeMap::new(),
            problems: BTreeMap::new(),
            resumed,
        }
    }

    pub(super) fn restore(
        &mut self,
        key: &BatchKey,
        revision: &Revision,
        cron_job: Option<&CronJob>,
        changed_at: Instant,
    ) {
        if self.is_old(key, revision) {
            return;
        }
        match cron_job {
            Some(cron_job) => {
                let known = KnownCronJob {
                    uid: Uid::of(&revision.uid),
                    resource_version: revision.resource_version,
                    cron_job: Encoded::of(cron_job),
                    listed: Listed::default(),
                    changed_at,
                };
                self.by_key.insert(self.share(key.clone()), known);
            }
            None => drop(self.by_key.remove(key)),
        }
    }

    /// The shared copy of the key: one for all objects of a batch.
    pub(super) fn share(&self, key: BatchKey) -> Arc<BatchKey> {
        let by_name = self.by_key.get_key_value(&key).map(|(key, _)| key);
        let kept = by_name.or_else(|| self.objectives.shared(&key)).or_else(|| self.reads.shared(&key));
        kept.map_or_else(|| Arc::new(key), Arc::clone)
    }

    /// The batch of a new Job. The Job keeps it, whatever becomes of its owner and labels.
    pub(super) fn key_of_job(&self, cluster: &str, id: &Identity, batch: BatchHint) -> Arc<BatchKey> {
        let named = |name| self.share(BatchKey::new(cluster, &id.namespace, name));
        match batch {
            BatchHint::CronJob(name) | BatchHint::Label(name) | BatchHint::Orphan(name) => named(name),
            BatchHint::None(work) => work
                .and_then(|work| self.repeated_by(cluster, id, work))
                .unwrap_or_else(|| named(id.name.clone())),
        }
    }

    /// The CronJob whose name a Job's begins with, and that runs the same.
    fn repeated_by(&self, cluster: &str, id: &Identity, work: Work) -> Option<Arc<BatchKey>> {
        let ends = id.name.rmatch_indices('-').map(|(end, _)| end);
        let mut keys = ends.map(|end| BatchKey::new(cluster, &id.namespace, &id.name[..end]));
        keys.find_map(|key| {
            let (key, known) = self.by_key.get_key_value(&key)?;
            (known.listed.work == Some(work)).then(|| Arc::clone(key))
        })
    }

    /// Whether a CronJob has this name now.
    pub(super) fn has(&self, key: &BatchKey) -> bool {
        self.by_key.contains_key(key)
    }

    /// Whether an annotation declares an objective of this batch.
    pub(super) fn has_objective(&self, key: &BatchKey) -> bool {
        self.objectives.has(key)
    }

    /// The schedule of the CronJob that has this name now.
    pub(super) fn schedule(&self, key: &BatchKey) -> Option<Schedule> {
        Some(Schedule::of(&self.by_key.get(key)?.cron_job.get()))
    }

    /// Whether the CronJob that has this name now has all of these labels.
    pub(super) fn has_labels(&self, key: &BatchKey, wanted: &BTreeMap<String, String>) -> bool {
        self.by_key.get(key).is_some_and(|known| known.listed.labels.have(wanted))
    }

    /// The CronJobs of the namespace that have all of these labels, in the order of their keys.
    pub(super) fn labelled<'a>(
        &'a self,
        namespace: &'a str,
        wanted: &'a BTreeMap<String, String>,
    ) -> impl Iterator<Item = &'a BatchKey> {
        let in_namespace = self.by_key.iter().filter(move |(key, _)| key.namespace == namespace);
        in_namespace.filter(|(_, known)| known.listed.labels.have(wanted)).map(|(key, _)| &**key)
    }

    /// Notes an objective that an annotation declares; whether it is one, by its name.
    pub(super) fn restore_objective(
        &mut self,
        key: &BatchKey,
        name: &str,
        revision: &Revision,
        objective: Option<&Objective>,
    ) -> bool {
        let key = self.share(key.clone());
        if self.reads.has_name(name) {
            self.reads.set(key, revision, objective);
        } else if self.objectives.has_name(name) {
            self.objectives.set(key, revision, objective);
        } else {
            return false;
        }
        true
    }

    /// Emits the CronJobs and objectives of the batches that are due.
    pub(super) fn resync(&self, is_due: &dyn Fn(&BatchKey) -> bool, emit: &mut Emit<'_>) {
        for (key, known) in self.by_key.iter().filter(|(key, _)| is_due(key)) {
            let revision = Revision { uid: known.uid.to_string(), resource_version: known.resource_version };
            emit.fact(key, FactBody::CronJob { revision, cron_job: Some(known.cron_job.get()) });
        }
        self.objectives.resync(is_due, emit);
        self.reads.resync(is_due, emit);
    }

    /// What is wrong with the annotations of each CronJob.
    pub(super) fn problems(&self) -> impl Iterator<Item = (&BatchKey, &str)> {
        self.problems.iter().map(|(key, problem)| (&**key, problem.as_str()))
    }

    /// The calendars that objectives of annotations name.
    pub(super) fn calendars(&self) -> impl Iterator<Item = (&BatchKey, &str)> {
        self.objectives.calendars()
    }

    /// Until when annotations mute CronJobs, and why.
    pub(super) fn mutes(&self) -> impl Iterator<Item = (&BatchKey, &(Instant, String))> {
        self.mutes.iter().map(|(key, mute)| (&**key, mute))
    }

    /// Applies the annotation that mutes a CronJob, of a version that is not older than what is known.
    pub(super) fn set_mute(&mut self, key: &BatchKey, id: &Identity, mute: Option<(Instant, String)>) {
        let known = self.by_key.get(key).map(|known| known.resource_version);
        if known.is_some_and(|known| known > id.revision.resource_version) {
            return;
        }
        match mute {
            Some(mute) => drop(self.mutes.insert(self.share(key.clone()), mute)),
            None => drop(self.mutes.remove(key)),
        }
    }

    /// The first fire after an instant of each CronJob that may fire; of `busy` batches only those whose runs may be side by side. One
    /// that was edited or seen later than the instant is expected to fire from then on.
    pub(super) fn next_fires(&self, after: Instant, busy: &BTreeSet<Arc<BatchKey>>) -> Vec<OverdueCronJob> {
        let next = |(key, known): (&Arc<BatchKey>, &KnownCronJob)| {
            let cron_job = known.cron_job.get();
            let waits = cron_job.concurrency == Some(ConcurrencyPolicy::Forbid) && busy.contains(key);
            if cron_job.suspended || waits {
                return None;
            }
            let expected_at = next_fire(&Schedule::of(&cron_job), after.max(known.changed_at))?;
            let (namespace, name) = (key.namespace.clone(), key.batch.clone());
            Some(OverdueCronJob { namespace, name, expected_at })
        };
        self.by_key.iter().filter_map(next).collect()
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.by_key.len()
    }

    /// The objectives of annotations that are in force and have deadlines.
    pub(super) fn annotated(&self) -> impl Iterator<Item = (&BatchKey, Objective)> {
        self.objectives.all()
    }

    /// What annotations name that is read.
    pub(super) fn reads(&self) -> impl Iterator<Item = (&BatchKey, Objective)> {
        self.reads.all()
    }

    /// Returns whether objectives that name it, or select it by its labels, or that its annotations declare may resolve
    /// differently now.
    pub(super) fn apply(
        &mut self,
        key: &BatchKey,
        id: Identity,
        listed: Listed,
        (cron_job, objectives, problem): (CronJob, AnnotatedObjectives, Option<String>),
        emit: &mut Emit<'_>,
    ) -> bool {
        let is_older =
            self.by_key.get(key).is_some_and(|known| known.resource_version > id.revision.resource_version);
        let has_other_problem = !is_older && self.set_problem(key, problem);
        self.apply_version(key, id, listed, (cron_job, objectives), emit) || has_other_problem
    }

    /// Returns whether it is another one than before.
    fn set_problem(&mut self, key: &BatchKey, problem: Option<String>) -> bool {
        let before = match problem.clone() {
            Some(problem) => self.problems.insert(self.share(key.clone()), problem),
            None => self.problems.remove(key),
        };
        before != problem
    }

    fn apply_version(
        &mut self,
        key: &BatchKey,
        id: Identity,
        listed: Listed,
        (cron_job, objectives): (CronJob, AnnotatedObjectives),
        emit: &mut Emit<'_>,
    ) -> bool {
        let (uid, resource_version) = (Uid::of(&id.revision.uid), id.revision.resource_version);
        if self.is_old(key, &id.revision) {
            let known = self.by_key.get_mut(key).filter(|known| known.uid == uid);
            let same = known.filter(|known| known.resource_version == resource_version);
            return same.is_some_and(|same| {
                std::mem::replace(&mut same.listed, listed).labels != same.listed.labels
            });
        }
        let known = self.by_key.get(key).filter(|known| known.uid == uid);
        let cron_job_before = known.map(|known| known.cron_job.get());
        let is_first = known.is_none();
        let plan = |cron_job: &CronJob| (Schedule::of(cron_job), cron_job.suspended);
        let is_same_plan = cron_job_before.as_ref().map(plan) == Some(plan(&cron_job));
        let changed_at = known.filter(|_| is_same_plan).map_or(emit.observed_at, |known| known.changed_at);
        let affects_objectives = known.is_none_or(|known| known.listed.labels != listed.labels)
            || cron_job_before.as_ref().map(Schedule::of) != Some(Schedule::of(&cron_job));
        notice(key, &cron_job, cron_job_before.as_ref(), emit);
        let kept = Encoded::of(&cron_job);
        if known.is_none_or(|known| known.cron_job != kept) {
            let body = FactBody::CronJob { revision: id.revision.clone(), cron_job: Some(cron_job) };
            emit.fact(key, body);
        }
        let AnnotatedObjectives { objective, reads } = objectives;
        let affects_objectives = affects_objectives || self.reads.get(key) != reads;
        let shared = self.share(key.clone());
        self.objectives.apply(&shared, &id.revision, objective, is_first && self.resumed, emit);
        self.reads.apply(&shared, &id.revision, reads, false, emit);
        let known = KnownCronJob { uid, resource_version, cron_job: kept, listed, changed_at };
        self.by_key.insert(self.share(key.clone()), known);
        affects_objectives
    }

    /// The pending withdrawals of annotated objectives.
    pub(super) fn pending(&self) -> impl Iterator<Item = (&BatchKey, &str)> + Clone {
        self.objectives.pending().chain(self.reads.pending())
    }

    /// How many annotated objectives are in force.
    pub(super) fn in_force(&self) -> usize {
        self.objectives.count() + self.reads.count()
    }

    /// Emits the pending withdrawals.
    pub(super) fn withdraw_pending(&mut self, emit: &mut Emit<'_>) {
        self.objectives.withdraw_pending(emit);
        self.reads.withdraw_pending(emit);
    }

    pub(super) fn delete(&mut self, key: &BatchKey, id: &Identity, had_objective: bool, emit: &mut Emit<'_>) {
        if self.is_old(key, &id.revision) {
            return;
        }
        self.remove(key, id.revision.clone(), had_objective || self.resumed, emit);
    }

    pub(super) fn reset(&mut self, snapshot: &ListSnapshot, resource_version: u64, emit: &mut Emit<'_>) {
        let name = |key: &BatchKey| (key.namespace.clone(), key.batch.clone());
        let gone = self.by_key.iter().filter(|(key, known)| !snapshot.has(&known.uid, || name(key)));
        let gone: Vec<_> = gone.map(|(key, known)| (Arc::clone(key), known.uid.to_string())).collect();
        for (key, uid) in gone {
            self.remove(&key, Revision { uid, resource_version }, false, emit);
        }
    }

    /// Whether this version, or a later CronJob of the same name, was applied before: then it changes nothing.
    fn is_old(&self, key: &BatchKey, revision: &Revision) -> bool {
        self.by_key.get(key).is_some_and(|known| known.resource_version >= revision.resource_version)
    }

    fn remove(&mut self, key: &BatchKey, revision: Revision, withdraw: bool, emit: &mut Emit<'_>) {
        let uid = Uid::of(&revision.uid);
        if self.by_key.get(key).is_some_and(|known| known.uid == uid) {
            self.by_key.remove(key);
            self.problems.remove(key);
            self.mutes.remove(key);
        }
        self.objectives.end(key, emit);
        self.reads.end(key, emit);
        emit.fact(key, FactBody::CronJob { revision: revision.clone(), cron_job: None });
        let shared = self.share(key.clone());
        if withdraw || self.objectives.has(key) {
            self.objectives.emit(&shared, revision.clone(), None, emit);
        }
        if self.reads.has(key) {
            self.reads.emit(&shared, revision, None, emit);
        }
    }
}

/// What is wrong with the annotations of a CronJob: the deadlines, if they cannot be read, and what kigen does not read.
pub(super) fn problem(objective: Option<&Objective>, unread: &[Unread]) -> Option<String> {
    let unreadable = match objective.map(|objective| &objective.deadlines) {
        Some(Deadlines::CompleteBy { crontab }) => crontab::complete_by(crontab).err().map(|reason| {
            format!(
                "the annotation `{COMPLETE_BY}: {crontab}` is not a deadline, so nothing is judged by it: {reason}; correct the \
                 annotation"
            )
        }),
        Some(Deadlines::Before { .. } | Deadlines::Reads { .. }) | None => None,
    };
    let unread = unread.iter().map(|unread| unread.text.clone());
    let all: Vec<String> = unreadable.into_iter().chain(unread).collect();
    (!all.is_empty()).then(|| all.join("; "))
}

/// Adds a notice for a schedule that cannot be used, once for each text.
fn notice(key: &BatchKey, cron_job: &CronJob, cron_job_before: Option<&CronJob>, emit: &mut Emit<'_>) {
    let same_schedule = cron_job_before
        .is_some_and(|before| before.schedule == cron_job.schedule && before.time_zone == cron_job.time_zone);
    if !same_schedule {
        let (key, schedule) = (key.clone(), cron_job.schedule.clone());
        match crontab::schedule(cron_job) {
            Err(reason) => {
                let time_zone = cron_job.time_zone.clone();
                emit.notices.push(Notice::Schedule { key, schedule, time_zone, reason });
            }
            Ok(()) if crontab::is_zone_in_schedule(cron_job) => {
                emit.notices.push(Notice::ZoneInSchedule { key, schedule });
            }
            Ok(()) => {}
        }
    }
}
