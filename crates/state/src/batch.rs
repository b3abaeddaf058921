//! All that kigen stores of one batch: what a verdict may depend on, bounded.

use std::collections::BTreeMap;

use kigen_model::Instant;
use kigen_model::event::Revision;
use kigen_model::key::BatchKey;
use kigen_model::objective::Objective;
use kigen_model::run::{Attempt, CronJob, Run, SlotMark};

use crate::objective::ObjectiveState;

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
/// How many objectives without room are kept; a further one waits until its declaration is written again.
pub const REFUSED_MAX: usize = 8;

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
    /// The successes that an objective can still need and that `runs` no longer show, by nominal start.
    pub successes: Vec<Success>,
    /// The newest failure among the runs that are no longer kept: a failure of an unknown run is reported if it is newer.
    /// `None`: no run was observed, or an older kigen wrote this state.
    pub forgotten_failure: Option<ForgottenFailure>,
    /// The objectives, and edits of objectives, for which there is no room, by name.
    pub refused: BTreeMap<String, RefusedObjective>,
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
            successes: Vec::new(),
            forgotten_failure: None,
            refused: BTreeMap::new(),
        }
    }

    /// When the next slot must be judged; the batch's place in the time-ordered index.
    pub fn next_due(&self) -> Option<Instant> {
        self.objectives.values().filter_map(ObjectiveState::due).min()
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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Success {
    /// See [`Run::nominal_start`].
    pub nominal_start: Instant,
    /// See [`Run::slot`].
    pub slot: Option<SlotMark>,
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
