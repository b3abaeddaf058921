//! All that kigen knows of one batch: what a verdict may depend on, bounded.

use std::collections::BTreeMap;

use kigen_model::Instant;
use kigen_model::event::Revision;
use kigen_model::key::BatchKey;
use kigen_model::objective::Objective;
use kigen_model::run::{Attempt, CronJob, Run};
use kigen_model::slot::{Slot, Verdict};
use uuid::Uuid;

/// How many runs of a batch are remembered; the oldest that has ended goes first.
pub const RUNS_MAX: usize = 32;
/// How many attempts of a run are remembered; the oldest goes first, but for the success that came last and for what
/// failed last.
pub const ATTEMPTS_MAX: usize = 3;
/// How many edits of a CronJob's schedule or zone are remembered; the oldest goes first.
pub const EDITS_MAX: usize = 8;
/// How many past verdicts of an objective are remembered; the oldest goes first.
pub const VERDICTS_MAX: usize = 16;
/// How many objectives a batch may have; a further one is refused with a warning.
pub const OBJECTIVES_MAX: usize = 16;

/// The state of one batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchState {
    /// Whose.
    pub key: BatchKey,
    /// The CronJob, once it was seen; kept after its deletion.
    pub cron_job: Option<CronJobState>,
    /// The runs, by nominal start, then by UID.
    pub runs: Vec<RunState>,
    /// The objectives, by name.
    pub objectives: BTreeMap<String, ObjectiveState>,
    /// When the batch was first heard of; `None`: never, or by a kigen that did not keep it.
    pub since: Option<Instant>,
}

impl BatchState {
    /// The state of a batch of which nothing is known.
    pub fn new(key: BatchKey) -> Self {
        Self { key, cron_job: None, runs: Vec::new(), objectives: BTreeMap::new(), since: None }
    }

    /// When the next slot must be judged; the batch's place in the time-ordered index.
    pub fn next_due(&self) -> Option<Instant> {
        self.objectives.values().filter_map(ObjectiveState::due).min()
    }
}

/// The run of this UID. Looked for from the newest on, of which nearly every fact is.
pub(crate) fn run<'a>(runs: &'a [RunState], uid: &str) -> Option<&'a RunState> {
    runs.iter().rev().find(|run| run.revision.uid == uid)
}

/// As [`run`], to be changed.
pub(crate) fn run_mut<'a>(runs: &'a mut [RunState], uid: &str) -> Option<&'a mut RunState> {
    runs.iter_mut().rev().find(|run| run.revision.uid == uid)
}

/// What is known of a CronJob.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CronJobState {
    /// The newest version seen.
    pub revision: Revision,
    /// As it is now, or as it was when it was deleted.
    pub cron_job: CronJob,
    /// When its deletion was observed.
    pub deleted_at: Option<Instant>,
    /// Its schedules and zones, oldest first, each in force until the next; the first one since ever.
    pub edits: Vec<ScheduleEdit>,
    /// When it was last told to be as it is now; `None`: an older kigen wrote this.
    pub seen_at: Option<Instant>,
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
    /// The newest version of the Job seen; its UID is the run's identity.
    pub revision: Revision,
    /// The Job.
    pub run: Run,
    /// Its attempts, in the order in which they were first seen.
    pub attempts: Vec<AttemptState>,
}

/// What is known of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttemptState {
    /// The newest version of the Pod seen; its UID is the attempt's identity.
    pub revision: Revision,
    /// The Pod.
    pub attempt: Attempt,
}

/// What is known of an objective, and how far its judging is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectiveState {
    /// The newest version seen.
    pub revision: Revision,
    /// What the slot that is open was planned by.
    pub objective: Objective,
    /// What holds once the open slot, whose deadline had passed before the edit, is judged.
    pub successor: Option<Successor>,
    /// Since when it is known, in the API server's time.
    pub since: Instant,
    /// When its withdrawal was observed; it is gone once the open slot is judged.
    pub withdrawn_at: Option<Instant>,
    /// The open slot, or why there is none.
    pub plan: Plan,
    /// The misses in a row that are not yet over.
    pub incident: Option<Incident>,
    /// The latest verdicts, oldest first.
    pub verdicts: Vec<Judged>,
    /// Whether the warning about slots without an expected fire was given.
    pub warned_of_no_fire: bool,
}

impl ObjectiveState {
    /// Judges it no more.
    pub(crate) fn take_away(&mut self) {
        self.plan = Plan::Withdrawn;
        self.successor = None;
        self.incident = None;
        self.verdicts.clear();
    }

    /// When its open slot must be judged: deadline, grace and settle.
    pub fn due(&self) -> Option<Instant> {
        match &self.plan {
            Plan::Open(open) => Some(open.slot.deadline + self.objective.grace + self.objective.settle),
            Plan::Unresolved { .. } | Plan::Exhausted | Plan::Withdrawn => None,
        }
    }
}

/// An edit that waits for the open slot to be judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Successor {
    /// What the objective says now.
    pub objective: Objective,
    /// When the edit was observed, in the API server's time: deadlines before it are none of its own.
    pub edited_at: Instant,
}

/// The open slot, or why there is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Plan {
    /// This slot is judged next.
    Open(OpenSlot),
    /// The objective cannot be read.
    Unresolved {
        /// Why, and what to write instead.
        reason: String,
    },
    /// The crontab has no deadline within five years.
    Exhausted,
    /// It was taken away and is judged no more. Its revision is kept, so that an old word of it is not taken for a new one.
    Withdrawn,
}

/// A slot that is not judged yet. It was planned once; new zone data moves nothing of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenSlot {
    /// The slot.
    pub slot: Slot,
    /// The zone in which its deadline was read, by its IANA name.
    pub time_zone: String,
    /// Which runs belong to it.
    pub window: Window,
    /// The success that met it, if one did.
    pub met_at: Option<Instant>,
}

/// Which runs belong to a slot, by their nominal starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Window {
    /// The CronJob has no expected fire in the slot.
    NoFire,
    /// From the first expected fire of the slot to the next slot's.
    Fires {
        /// The first expected fire in the slot.
        opens: Instant,
        /// The first expected fire at or after the deadline; `None`: there is none within five years.
        closes: Option<Instant>,
    },
    /// Nothing says when runs are expected: the slot itself.
    Slot,
    /// Those in `(after, deadline]`, by the objective's freshness.
    Fresh {
        /// The deadline less the freshness.
        after: Instant,
    },
}

/// Misses in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Incident {
    /// Its id, named in each of its alerts.
    pub id: Uuid,
    /// The deadline of its first miss.
    pub since: Instant,
    /// How many slots are missed in it.
    pub misses: u32,
    /// The last slot that was missed.
    pub last: Slot,
    /// The earliest nominal start of a run whose success ends it: the opening of the last missed slot's window.
    pub opens: Instant,
}

/// A slot that was judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Judged {
    /// Its deadline.
    pub deadline: Instant,
    /// What was said.
    pub verdict: Verdict,
    /// What a success that is seen later is held against; `None`: an older kigen did not keep it.
    pub judged: Option<JudgedSlot>,
}

/// A slot after its verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JudgedSlot {
    /// The slot.
    pub slot: Slot,
    /// Which runs belong to it.
    pub window: Window,
    /// Until when a success counted: deadline and grace.
    pub until: Instant,
    /// The incident that it belongs to, if it was missed.
    pub incident: Option<Uuid>,
}
