//! All that kigen stores of one batch: what a verdict may depend on, bounded.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use kigen_model::Instant;
use kigen_model::event::Revision;
use kigen_model::key::BatchKey;
use kigen_model::objective::Objective;
use kigen_model::reported::Number;
use kigen_model::run::{Attempt, CronJob, Run, RunPhase, SlotMark};

use crate::objective::{ObjectiveState, Plan};

/// The largest encoded state of a batch, in bytes of a value of `kigen.status`.
pub const STATE_BYTES_MAX: usize = 64 * 1024;
/// How many runs of a batch are kept; the oldest that has ended is dropped first.
pub const RUNS_MAX: usize = 32;
/// How many attempts of a run are kept; the oldest is dropped first, except the latest success and the latest failure.
pub const ATTEMPTS_MAX: usize = 3;
/// How many edits of a CronJob's schedule or zone are kept; the oldest is dropped first.
pub const EDITS_MAX: usize = 8;
/// How many objectives a batch may have; a further one is refused with a warning.
pub const OBJECTIVES_MAX: usize = 16;

/// How many changes of a CronJob between active, suspended and absent are kept; the oldest is dropped first.
pub const STANDINGS_MAX: usize = 8;
/// How many changes of what a run does are kept; the oldest is dropped first.
pub const MOMENTS_MAX: usize = 4;

/// How many successes are kept apart from the runs. At the limit the one whose neighbours are closest in their nominal starts
/// is dropped, so that those that are kept stay spread over the time that an objective can need.
pub const SUCCESSES_MAX: usize = 64;
/// How many of a batch's past runs a decision compares at most, and how many are kept apart from the runs; the oldest is dropped
/// first.
pub const PAST_RUNS_MAX: usize = 64;
/// How many numbers of one name are kept of a batch's past runs: one more than one of them is compared with at most.
pub const PAST_NUMBERS_MAX: usize = 96;
/// How many objectives without room are kept; a further one waits until its declaration is written again.
pub const REFUSED_MAX: usize = 8;
/// How long after its last fact a batch is removed that has no objective, no living CronJob and no open run, in days of its
/// cluster's time. It is no setting: what a later fact of the batch means depends on it, and a verdict is a function of the
/// log.
pub const REMOVED_AFTER_D: i64 = 30;
/// The same of a Job that belongs to no CronJob, label or objective, in hours: there may be thousands of them a day, and nothing
/// follows from one after its end.
pub const BARE_REMOVED_AFTER_H: i64 = 24;

/// The state of one batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchState {
    /// The batch.
    pub key: BatchKey,
    /// The CronJob, once it was observed; kept after its deletion.
    pub cron_job: Option<CronJobState>,
    /// The runs, by nominal start, then by UID.
    pub runs: Vec<RunState>,
    /// The objectives, by name.
    pub objectives: BTreeMap<String, ObjectiveState>,
    /// When the first fact of the batch was observed; `None`: there is none, or an older kigen wrote this state.
    pub since: Option<Instant>,
    /// When the latest fact of the batch was observed, one that changed nothing included; `None`: there is none, or an older
    /// kigen wrote this state.
    pub last_fact_at: Option<Instant>,
    /// The successes that an objective can still need and that `runs` no longer show, by nominal start.
    pub successes: Vec<Success>,
    /// The runs that succeeded and that `runs` no longer shows, by nominal start: how long a run of the batch takes.
    pub past_runs: Vec<PastRun>,
    /// The numbers that an expectation of its objectives names, by name.
    pub past_numbers: PastNumbers,
    /// The newest failure among the runs that are no longer kept: a failure of an unknown run is reported if it is newer.
    /// `None`: no run was observed, or an older kigen wrote this state.
    pub forgotten_failure: Option<ForgottenFailure>,
    /// The objectives, and edits of objectives, for which there is no room, by name.
    pub refused: BTreeMap<String, RefusedObjective>,
    /// When, by the times of the facts, a part of what still holds was last left out: a run that has not ended or an objective
    /// without room, the rest of a text that is too long. `None`: never, or an older kigen wrote this state. No verdict depends on
    /// it: a shipper that resumes from this state reads the facts themselves if they were not all emitted again since.
    pub left_out_at: Option<Instant>,
}

impl BatchState {
    /// The state of a batch without facts.
    pub fn new(key: BatchKey) -> Self {
        Self {
            key,
            cron_job: None,
            runs: Vec::new(),
            objectives: BTreeMap::new(),
            since: None,
            last_fact_at: None,
            successes: Vec::new(),
            past_runs: Vec::new(),
            past_numbers: PastNumbers::new(),
            forgotten_failure: None,
            refused: BTreeMap::new(),
            left_out_at: None,
        }
    }

    /// Whether nothing is known of the batch. Such a state is not stored.
    pub fn is_empty(&self) -> bool {
        let Self {
            key: _,
            cron_job,
            runs,
            objectives,
            since,
            last_fact_at,
            successes,
            past_runs,
            past_numbers,
            forgotten_failure,
            refused,
            left_out_at,
        } = self;
        cron_job.is_none()
            && runs.is_empty()
            && objectives.is_empty()
            && since.is_none()
            && last_fact_at.is_none()
            && successes.is_empty()
            && past_runs.is_empty()
            && past_numbers.is_empty()
            && forgotten_failure.is_none()
            && refused.is_empty()
            && left_out_at.is_none()
    }

    /// A part of what holds is left out, as of the latest fact.
    pub fn leave_out(&mut self) {
        self.left_out_at = self.left_out_at.max(self.last_fact_at);
    }

    /// Whether a muted miss of it waits for the end of its mutes.
    pub fn has_muted_miss(&self) -> bool {
        let mut incidents = self.objectives.values().filter_map(|known| known.incident);
        incidents.any(|incident| incident.muted_until.is_some())
    }

    /// When the next slot must be judged or may be at risk, or the batch is removed; its place in the time-ordered index.
    pub fn next_due(&self) -> Option<Instant> {
        let decided = self.objectives.values().filter_map(ObjectiveState::next_due).min();
        decided.or_else(|| self.removal_due())
    }

    /// When the batch is removed; `None`: nothing is known of it, or an objective, a living CronJob or an open run keeps it.
    pub fn removal_due(&self) -> Option<Instant> {
        let has_objective =
            self.objectives.values().any(|known| known.plan != Plan::Withdrawn) || !self.refused.is_empty();
        let is_living = |known: &CronJobState| known.deleted_at.is_none();
        let is_kept = has_objective
            || self.cron_job.as_ref().is_some_and(is_living)
            || self.runs.iter().any(|known| !known.run.phase.is_terminal());
        if is_kept || self.is_empty() {
            return None;
        }
        let last_fact_at = self.last_fact_at.unwrap_or_else(|| self.latest_instant());
        let removed_after = match self.is_bare_job() {
            true => TimeDelta::hours(BARE_REMOVED_AFTER_H),
            false => TimeDelta::days(REMOVED_AFTER_D),
        };
        Some(last_fact_at + removed_after)
    }

    /// Whether it is no batch but a Job that belongs to none: it is known by the Job's own name.
    fn is_bare_job(&self) -> bool {
        self.cron_job.is_none()
            && self.objectives.is_empty()
            && self.runs.iter().all(|known| known.run.job == self.key.batch)
            && !self.runs.is_empty()
    }

    /// The latest instant in a state that an older kigen wrote, in place of that of the last fact.
    fn latest_instant(&self) -> Instant {
        let of_runs = self.runs.iter().flat_map(|RunState { run, .. }| {
            let ended_at = match run.phase {
                RunPhase::Succeeded { completed_at: at }
                | RunPhase::Failed { failed_at: at, .. }
                | RunPhase::Deleted { observed_at: at } => Some(at),
                RunPhase::Pending | RunPhase::Running | RunPhase::Suspended => None,
            };
            [Some(run.created_at), ended_at]
        });
        let of_cron_job = self.cron_job.iter().flat_map(|known| [known.seen_at, known.deleted_at]);
        let of_objectives = self.objectives.values().map(|known| known.withdrawn_at);
        let all = of_runs.chain(of_cron_job).chain(of_objectives).chain([self.since]);
        all.flatten().max().unwrap_or(Instant::UNIX_EPOCH)
    }

    /// The run of this UID; see [`RunState::find`].
    pub fn run(&self, uid: &str) -> Option<&RunState> {
        RunState::find(&self.runs, uid)
    }

    /// As [`run`](Self::run), to be changed.
    pub fn run_mut(&mut self, uid: &str) -> Option<&mut RunState> {
        self.runs.iter_mut().rev().find(|run| run.revision.uid == uid)
    }
}

/// What is known of a CronJob.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CronJobState {
    /// The newest version observed.
    pub revision: Revision,
    /// The CronJob as it is now, or as it was when it was deleted.
    pub cron_job: CronJob,
    /// When its deletion was observed.
    pub deleted_at: Option<Instant>,
    /// Its schedules and zones, oldest first, each in force until the next; the first one since ever.
    pub edits: Vec<ScheduleEdit>,
    /// When the current version was last observed; `None`: an older kigen wrote this state.
    pub seen_at: Option<Instant>,
    /// How it stood, oldest first, each until the next; empty: an older kigen wrote this state.
    pub standings: Vec<Standing>,
}

/// How a CronJob stood since an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Since when.
    pub from: Instant,
    /// How.
    pub kind: StandingKind,
}

/// Whether a CronJob exists and makes runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StandingKind {
    /// It exists and is not suspended.
    Active,
    /// `spec.suspend` is set.
    Suspended,
    /// It does not exist.
    Absent,
}

/// A schedule and zone, and since when it is in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScheduleEdit {
    /// When it was observed, in the API server's time.
    pub from: Instant,
    /// `spec.schedule`.
    pub schedule: String,
    /// `spec.timeZone`.
    pub time_zone: Option<String>,
    /// The last fire of this schedule at or before `from`, if it is not before the CronJob's last scheduled time: Kubernetes may
    /// still make its run, and the first window after the edit opens with it. `None`: there is none, the schedule is the first
    /// that was observed, or an older kigen wrote this state.
    pub made_up: Option<Instant>,
}

/// What is known of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunState {
    /// The newest version of the Job observed; its UID is the run's identity.
    pub revision: Revision,
    /// The Job.
    pub run: Run,
    /// Its attempts, by version.
    pub attempts: Vec<AttemptState>,
    /// What it did until it ended, oldest first, each until the next; empty: it had ended when it was first observed, or an
    /// older kigen wrote this state.
    pub moments: Vec<RunMoment>,
    /// If it was deleted before it ended: until when its cluster was observed before that.
    pub gone_after: Option<Instant>,
}

impl RunState {
    /// The run of this UID. The search begins with the newest, which nearly every fact is about.
    pub fn find<'a>(runs: &'a [Self], uid: &str) -> Option<&'a Self> {
        runs.iter().rev().find(|run| run.revision.uid == uid)
    }
}

/// What a run did since an instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunMoment {
    /// Since when.
    pub from: Instant,
    /// What.
    pub activity: Activity,
}

/// What a run that has not ended does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Activity {
    /// It runs.
    Runs,
    /// It does not run yet, or again.
    Waits {
        /// Why, if it is known.
        why: Option<String>,
    },
}

/// What is known of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttemptState {
    /// The newest version of the Pod observed; its UID is the attempt's identity.
    pub revision: Revision,
    /// The Pod.
    pub attempt: Attempt,
}

/// A run that succeeded, as far as a verdict can depend on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Success {
    /// See [`Run::nominal_start`].
    pub nominal_start: Instant,
    /// See [`Run::slot`].
    pub slot: Option<SlotMark>,
    /// When the work ended.
    pub ended_at: Instant,
    /// The objectives for which it does not count, by name: it did not do what they expect.
    pub broke: Vec<String>,
}

impl Success {
    /// Whether it counts for the objective of this name.
    pub fn counts_for(&self, objective: &str) -> bool {
        !self.broke.iter().any(|name| name == objective)
    }
}

/// The numbers that past runs reported, by name, each by nominal start.
pub type PastNumbers = BTreeMap<String, Vec<PastNumber>>;

/// A number that a run reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PastNumber {
    /// See [`Run::nominal_start`].
    pub nominal_start: Instant,
    /// The number.
    pub value: Number,
}

/// A run that succeeded, as far as the run time of later ones is compared with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PastRun {
    /// See [`Run::nominal_start`].
    pub nominal_start: Instant,
    /// When it started; `None`: that is not known.
    pub started_at: Option<Instant>,
    /// When the work ended.
    pub ended_at: Instant,
}

/// A failure whose run is no longer kept. Of two failures that is newer which ended later; Kubernetes gives the second, so
/// the version decides within it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ForgottenFailure {
    /// When the run failed.
    pub failed_at: Instant,
    /// The version of the Job.
    pub resource_version: u64,
}

/// An objective for which there is no room yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusedObjective {
    /// Its version.
    pub revision: Revision,
    /// As it was declared.
    pub objective: Objective,
}
