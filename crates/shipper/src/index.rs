//! The last emitted version of each object: so that nothing is emitted twice, and that an object that a new list no longer
//! shows is emitted as gone. It grows with the cluster: some hundred bytes for each CronJob, Job and Pod of a Job that exists there.

mod annotated;
mod attempts;
mod calendars;
mod cron_jobs;
mod declared;
pub mod emit;
mod emitted;
mod encoded;
mod fires;
mod list_snapshot;
mod mutes;
mod objects;
pub mod overview;
pub mod resolution;
mod runs;
mod uid;
pub mod withdrawals;

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::TimeDelta;
use kigen_model::Instant;
use kigen_model::event::{ClusterBody, Fact, FactBody};
use kigen_model::key::BatchKey;
use kigen_model::run::{CronJob, Run};

use crate::decode::annotations::Unread;
use crate::decode::{Decoded, Identity, Undecodable};
use crate::index::attempts::{Attempts, PodVersion};
use crate::index::calendars::Calendars;
use crate::index::cron_jobs::{AnnotatedObjectives, CronJobs, Listed};
use crate::index::declared::DeclaredObjectives;
use crate::index::emit::Emit;
use crate::index::fires::Fires;
use crate::index::list_snapshot::ListSnapshot;
use crate::index::mutes::Mutes;
use crate::index::overview::Overview;
use crate::index::resolution::Resolutions;
use crate::index::runs::Runs;
use crate::index::uid::Uid;
use crate::index::withdrawals::HeldWithdrawals;
use crate::input::{Declaration, LogRequest};
use crate::notice::Notice;
use crate::resource::Resource;

/// Of how many annotations of Jobs it is remembered that a notice has named them; beyond, all are forgotten.
const UNREAD_NOTICED_MAX: usize = 10_000;

/// The last emitted version of each object of the cluster.
#[derive(Debug)]
pub struct Index {
    cluster: String,
    cron_jobs: CronJobs,
    runs: Runs,
    attempts: Attempts,
    declared: DeclaredObjectives,
    calendars: Calendars,
    mutes: Mutes,
    fires: Fires,
    /// How many withdrawals at once a person has confirmed.
    withdrawals_confirmed: usize,
    held: Option<HeldWithdrawals>,
    listing: [Option<ListSnapshot>; Resource::COUNT],
    /// The annotations and labels of Jobs that a notice has named, by batch and name.
    unread_noticed: BTreeSet<(Arc<BatchKey>, String)>,
}

impl Index {
    /// An empty index. `resumed`: a shipper before this one has written of this cluster.
    pub fn new(cluster: String, resumed: bool, pods_waiting_max: usize) -> Self {
        Self {
            withdrawals_confirmed: 0,
            held: None,
            declared: DeclaredObjectives::new(&cluster),
            calendars: Calendars::default(),
            mutes: Mutes::default(),
            fires: Fires::new(resumed),
            cluster,
            cron_jobs: CronJobs::new(resumed),
            runs: Runs::default(),
            attempts: Attempts::new(pods_waiting_max),
            listing: Default::default(),
            unread_noticed: BTreeSet::new(),
        }
    }

    /// So many withdrawals at once are emitted, since a person has confirmed them.
    #[must_use]
    pub fn with_withdrawals_confirmed(self, withdrawals_confirmed: usize) -> Self {
        Self { withdrawals_confirmed, ..self }
    }

    /// Restores a fact that a shipper before this one has emitted. It is not emitted again; if it no longer holds, its end
    /// is emitted, even though no watch delivered it.
    pub fn restore(&mut self, fact: &Fact) {
        self.note_calendars(std::slice::from_ref(fact));
        match &fact.body {
            FactBody::CronJob { revision, cron_job } => {
                self.note_fire_of(cron_job.as_ref());
                self.cron_jobs.restore(&fact.key, revision, cron_job.as_ref(), fact.observed_at);
            }
            FactBody::Run { revision, run } => {
                self.note_fire(run);
                self.runs.restore(self.cron_jobs.share(fact.key.clone()), revision, run);
            }
            FactBody::Objective { name, revision, objective } => {
                let objective = objective.as_ref();
                let is_annotated = !revision.is_of_file()
                    && self.cron_jobs.restore_objective(&fact.key, name, revision, objective);
                if !is_annotated {
                    self.declared.restore(&fact.key, name, revision, objective);
                }
            }
            // An attempt matters as long as its Pod exists, and then the list shows it.
            FactBody::Attempt { .. } => {}
        }
    }

    /// Whether all CronJobs and objectives are known.
    pub fn is_known(&self) -> bool {
        self.declared.is_known()
    }

    /// Whether a batch has a CronJob or an objective.
    pub fn is_judged(&self, key: &BatchKey) -> bool {
        self.cron_jobs.has(key) || self.cron_jobs.has_objective(key) || self.declared.has(key)
    }

    /// Emits the live facts of the batches that are due, as a first start would emit them: one batch after the other, each
    /// with its CronJob first. Attempts are left out, since no verdict depends on one.
    pub fn resync(&self, is_due: &dyn Fn(&BatchKey) -> bool, emit: &mut Emit<'_>) {
        let first = emit.facts.len();
        self.cron_jobs.resync(is_due, emit);
        self.declared.resync(is_due, emit);
        self.runs.resync(is_due, emit);
        // In the order of keys and UIDs, since a map has none.
        emit.facts[first..].sort_by(|left, right| resync_order(left).cmp(&resync_order(right)));
    }

    /// Applies the objectives that a file declares, and emits its withdrawals.
    pub fn declare(&mut self, declaration: Declaration, emit: &mut Emit<'_>) {
        self.calendars.declare(declaration.catalog.clone(), declaration.is_whole);
        self.mutes.declare(declaration.mutes.clone(), declaration.is_whole);
        self.declared.declare(declaration, &self.cron_jobs, emit);
        self.withdraw_pending(emit);
    }

    /// Emits the pending withdrawals, unless they are held.
    pub fn withdraw_pending(&mut self, emit: &mut Emit<'_>) {
        let pending = self.declared.pending().chain(self.cron_jobs.pending());
        let has_pending = pending.clone().next().is_some();
        let in_force = if has_pending { self.declared.in_force() + self.cron_jobs.in_force() } else { 0 };
        let has_vanished = self.declared.has_kind_vanished();
        self.held = HeldWithdrawals::of(pending, in_force, has_vanished, self.withdrawals_confirmed);
        if self.held.is_none() {
            self.declared.withdraw_pending(emit);
            self.cron_jobs.withdraw_pending(emit);
        }
    }

    /// The withdrawals that are held until a person confirms them.
    pub fn held_withdrawals(&self) -> Option<&HeldWithdrawals> {
        self.held.as_ref()
    }

    /// The stream is open: from here on it delivers every change after the list.
    pub fn stream_opened(&mut self, resource: Resource, emit: &mut Emit<'_>) {
        match resource {
            Resource::CronJobs => self.declared.cron_jobs_are_known(&self.cron_jobs, emit),
            Resource::Objectives => self.declared.objects_are_known(&self.cron_jobs, emit),
            Resource::Jobs | Resource::Pods => return,
        }
        self.withdraw_pending(emit);
    }

    /// The API server does not serve Objectives.
    pub fn objectives_not_served(&mut self, emit: &mut Emit<'_>) {
        self.declared.objects_not_served(&self.cron_jobs, emit);
        self.withdraw_pending(emit);
    }

    /// The resolutions of the Objectives of the cluster and of the objectives of a file, if they may have changed since the
    /// last call.
    pub fn take_resolutions(&mut self, at: Instant) -> Option<Resolutions> {
        if self.calendars.review(at) {
            self.declared.calendars_have_changed();
        }
        self.declared.take_resolutions(&self.cron_jobs, &self.calendars)
    }

    /// Notes the calendars that the objectives among these facts name.
    pub fn note_calendars(&mut self, facts: &[Fact]) {
        self.calendars.note_named(facts);
    }

    /// The calendars and mutes to append to every partition: see [`Core::calendars`](crate::core::Core::calendars).
    pub fn calendars_due(&mut self, at: Instant, resync_period: TimeDelta) -> Vec<ClusterBody> {
        let mut bodies = self.calendars.due(at, resync_period);
        bodies.extend(self.mutes.due(&self.cluster, self.cron_jobs.mutes(), at, resync_period));
        bodies
    }

    /// What to append to every partition ahead of the tick at `observed_until`: that no CronJob fires, though several should, or that
    /// they do again.
    pub fn stall_due(&mut self, observed_until: Instant, resync_period: TimeDelta) -> Option<ClusterBody> {
        let Self { fires, cron_jobs, runs, .. } = self;
        fires.due(observed_until, resync_period, |after| {
            let busy = runs.unfinished();
            cron_jobs.next_fires(after, &busy)
        })
    }

    fn note_fire_of(&mut self, cron_job: Option<&CronJob>) {
        cron_job
            .and_then(|cron_job| cron_job.last_scheduled_at)
            .into_iter()
            .for_each(|at| self.fires.fired(at));
    }

    /// A Job without a scheduled time was made by hand.
    fn note_fire(&mut self, run: &Run) {
        if run.scheduled_at.is_some() {
            self.fires.fired(run.created_at);
        }
    }

    /// What is known of the cluster at `observed_until`.
    pub fn overview(&self, observed_until: Instant) -> Overview {
        Overview::of(&self.cron_jobs, &self.declared, observed_until)
    }

    /// A list of `resource` starts.
    pub fn start_list(&mut self, resource: Resource) {
        self.listing[resource.index()] = Some(ListSnapshot::default());
    }

    /// Applies an object of a list.
    pub fn apply_listed(&mut self, decoded: Decoded, emit: &mut Emit<'_>) {
        match &decoded {
            Decoded::CronJob { id, .. } => self.mark_listed(Resource::CronJobs, &id.revision.uid),
            Decoded::Job { id, .. } => self.mark_listed(Resource::Jobs, &id.revision.uid),
            Decoded::Pod { id, .. } => self.mark_listed(Resource::Pods, &id.revision.uid),
            Decoded::Objective { id, .. } => self.mark_listed(Resource::Objectives, &id.revision.uid),
            Decoded::Ignored { .. } => {}
        }
        self.apply(decoded, emit);
    }

    /// Applies an object that was created or changed.
    pub fn apply(&mut self, decoded: Decoded, emit: &mut Emit<'_>) {
        match decoded {
            Decoded::CronJob { id, labels, work, cron_job, objective, reads, mute, unread } => {
                let key = BatchKey::new(&self.cluster, &id.namespace, &id.name);
                let listed = Listed { labels, work };
                let problem = cron_jobs::problem(objective.as_ref(), &unread);
                self.note_fire_of(Some(&cron_job));
                self.cron_jobs.set_mute(&key, &id, mute);
                let objectives = AnnotatedObjectives { objective, reads };
                if self.cron_jobs.apply(&key, id, listed, (cron_job, objectives, problem), emit) {
                    self.declared.follow(&key, &self.cron_jobs, emit);
                }
            }
            Decoded::Job { id, run, failing, batch, not_a_slot, unread } => {
                let (uid, job) = (id.revision.uid.clone(), run.job.clone());
                self.note_fire(&run);
                let share = |id: &Identity| self.cron_jobs.key_of_job(&self.cluster, id, batch);
                if let Some(key) = self.runs.apply(id, run, failing, share, emit) {
                    if let Some(reason) = not_a_slot {
                        emit.notices.push(Notice::Slot { key: BatchKey::clone(&key), job, reason });
                    }
                    self.attempts.run_known(&uid, &key, emit);
                }
                if let Some(key) = self.runs.key(&uid).filter(|_| !unread.is_empty()) {
                    self.notice_unread(&key, &unread, emit);
                }
            }
            Decoded::Pod { id, run_uid, attempt, log } => {
                let key = self.runs.key(&run_uid);
                let pod = PodVersion { revision: id.revision, attempt, log, is_gone: false };
                self.attempts.apply(pod, run_uid, key, emit);
            }
            Decoded::Objective { id, object } => {
                self.declared.apply_object(id, *object, &self.cron_jobs, emit);
            }
            Decoded::Ignored { .. } => {}
        }
    }

    /// Removes an object that was deleted; `decoded` is its last version.
    pub fn delete(&mut self, decoded: Decoded, emit: &mut Emit<'_>) {
        match decoded {
            Decoded::CronJob { id, objective, .. } => {
                let key = BatchKey::new(&self.cluster, &id.namespace, &id.name);
                self.cron_jobs.delete(&key, &id, objective.is_some(), emit);
                self.declared.follow(&key, &self.cron_jobs, emit);
            }
            Decoded::Job { id, run, failing, batch, not_a_slot: _, unread: _ } => {
                let uid = id.revision.uid.clone();
                let share = |id: &Identity| self.cron_jobs.key_of_job(&self.cluster, id, batch);
                let key = self.runs.delete(id, run, failing, share, emit);
                self.attempts.run_known(&uid, &key, emit);
            }
            Decoded::Pod { id, run_uid, attempt, log: _ } => {
                let key = self.runs.key(&run_uid);
                let pod = PodVersion { revision: id.revision, attempt, log: None, is_gone: true };
                self.attempts.delete(pod, run_uid, key, emit);
            }
            Decoded::Objective { id, object: _ } => {
                self.declared.delete_object(&id, &self.cron_jobs, emit);
            }
            Decoded::Ignored { .. } => {}
        }
    }

    /// The cluster was observed until then: emits the failures that were announced and whose pods have not ended in time, and
    /// requests the logs of containers that hang.
    pub fn observed_until(&mut self, observed_until: Instant, emit: &mut Emit<'_>) {
        self.runs.emit_announced(observed_until, emit);
        self.attempts.request_logs_of_hanging(observed_until);
    }

    /// Applies the end of an attempt's log.
    pub fn apply_log(&mut self, request: LogRequest, text: &str, emit: &mut Emit<'_>) {
        self.attempts.apply_log(request, text, emit);
    }

    /// The logs to read: of the attempts that failed without an error text since the last call.
    pub fn take_log_requests(&mut self) -> Vec<LogRequest> {
        self.attempts.take_log_requests()
    }

    /// A listed object could not be decoded: it exists, so the list does not count it as gone.
    pub fn mark_undecodable(&mut self, resource: Resource, what: &Undecodable) {
        let Some(snapshot) = &mut self.listing[resource.index()] else {
            return;
        };
        if let Some(uid) = &what.uid {
            snapshot.uids.insert(Uid::of(uid));
        } else if let (Some(namespace), Some(name)) = (&what.namespace, &what.name) {
            snapshot.names.insert((namespace.clone(), name.clone()));
        }
    }

    /// Resets `resource` to its last list, of `resource_version`: no watch will deliver the deletions before it, so an object
    /// that the list did not show is gone.
    pub fn reset(&mut self, resource: Resource, resource_version: u64, emit: &mut Emit<'_>) {
        let Some(snapshot) = self.listing[resource.index()].take() else {
            return;
        };
        match resource {
            Resource::CronJobs => self.cron_jobs.reset(&snapshot, resource_version, emit),
            Resource::Jobs => self.runs.reset(&snapshot, resource_version, emit),
            Resource::Pods => self.attempts.reset(&snapshot),
            Resource::Objectives => self.declared.reset_objects(&snapshot),
        }
    }

    /// The stream has passed its last list: from here on a watch delivers deletions, or another list shows them.
    pub fn forget_list(&mut self, resource: Resource) {
        self.listing[resource.index()] = None;
    }

    /// Whether the last list may still be needed for a reset.
    #[cfg(test)]
    pub fn is_list_kept(&self, resource: Resource) -> bool {
        self.listing[resource.index()].is_some()
    }

    /// Once for each batch: its next Job has the same.
    fn notice_unread(&mut self, key: &Arc<BatchKey>, unread: &[Unread], emit: &mut Emit<'_>) {
        for Unread { name, text } in unread {
            if self.unread_noticed.len() >= UNREAD_NOTICED_MAX {
                self.unread_noticed.clear();
            }
            if self.unread_noticed.insert((Arc::clone(key), name.clone())) {
                emit.notices.push(Notice::Unread { key: BatchKey::clone(key), text: text.clone() });
            }
        }
    }

    fn mark_listed(&mut self, resource: Resource, uid: &str) {
        if let Some(snapshot) = &mut self.listing[resource.index()] {
            snapshot.uids.insert(Uid::of(uid));
        }
    }
}

/// The order of facts in a resync.
fn resync_order(fact: &Fact) -> (&BatchKey, u8, &str) {
    match &fact.body {
        FactBody::CronJob { revision, .. } => (&fact.key, 0, revision.uid.as_str()),
        FactBody::Objective { name, .. } => (&fact.key, 1, name.as_str()),
        FactBody::Run { revision, .. } => (&fact.key, 2, revision.uid.as_str()),
        FactBody::Attempt { revision, .. } => (&fact.key, 3, revision.uid.as_str()),
    }
}
