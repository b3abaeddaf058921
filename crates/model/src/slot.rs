//! Slots, the times between two deadlines, and their verdicts.

use crate::Instant;
use crate::expectation::Broken;
use crate::run::{Attempt, Run};

/// A slot of an objective: `[from, deadline)`, and the window of runs that belong to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot {
    /// The previous deadline.
    pub from: Instant,
    /// The deadline.
    pub deadline: Instant,
    /// False for the first slot of an objective that began inside it: it can be met but not missed.
    pub whole: bool,
}

/// The verdict on a slot, as the state keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// A run that belongs to the slot succeeded in time.
    Met {
        /// When the work ended.
        ended_at: Instant,
    },
    /// No run that belongs to the slot did.
    Missed(CauseKind),
    /// There was nothing to judge.
    Excused(Excuse),
    /// A success in time may have come and vanished unobserved.
    Unknown(Gap),
}

/// A time of which history may be missing: nothing watched, the watch had expired, or what was observed was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    /// When the watch was interrupted; `None`: nothing watched before.
    pub from: Option<Instant>,
    /// When it was resumed.
    pub to: Instant,
    /// The watch was not interrupted, but events expired in the log before they were judged. After other gaps everything was
    /// observed again; after this one, what is known may be older than the gap.
    pub is_of_log: bool,
}

impl Gap {
    /// A gap until `to`, in which nothing watched since `from`.
    #[must_use]
    pub fn unwatched(from: Option<Instant>, to: Instant) -> Self {
        Self { from, to, is_of_log: false }
    }

    /// The shortest gap that covers both.
    #[must_use]
    pub fn covering(self, other: Self) -> Self {
        Self {
            from: self.from.zip(other.from).map(|(one, other)| one.min(other)),
            to: self.to.max(other.to),
            is_of_log: self.is_of_log || other.is_of_log,
        }
    }

    /// Whether the gap and the time from `from` to `to`, both included, have an instant in common.
    pub fn overlaps(&self, from: Instant, to: Instant) -> bool {
        self.from.is_none_or(|begins| begins <= to) && self.to >= from
    }
}

/// Why a slot was missed: the first of these that was true when a success stopped counting, at the deadline and grace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    /// There is no CronJob of that name.
    CronJobAbsent,
    /// The CronJob before whose fires the result must be there is gone.
    TargetAbsent,
    /// The CronJob is suspended.
    Suspended,
    /// The last run of the slot failed, or was deleted before it ended.
    Failed(Failure),
    /// The last run of the slot succeeded in time, but did not do what the objective expects.
    Expectation(Vec<Broken>),
    /// A run of the slot was running. It may have ended since.
    StillRunning {
        /// When it started.
        since: Instant,
    },
    /// A run of the slot had been created and did not run. It may run since.
    Pending {
        /// When it was created.
        since: Instant,
        /// Why, if it is known.
        why: Option<String>,
    },
    /// No run of the slot had been created. The alert then describes the earlier run that was under way and may have been in
    /// the way, or else the first run of the slot that was created later, if there is one.
    NeverStarted {
        /// When the CronJob should have made one.
        expected_at: Instant,
    },
    /// What became of the slot's run was not observed. The alert describes the run if it had been observed before.
    NotObserved {
        /// When the CronJob should have made one.
        expected_at: Instant,
        /// When nothing was observed.
        gap: Gap,
    },
}

/// How a run failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The reason Kubernetes gives, or `Deleted`.
    pub reason: String,
    /// The exit code of its last failed attempt.
    pub exit_code: Option<i32>,
    /// How many attempts it made.
    pub attempts: u32,
    /// The last error text.
    pub last_error: Option<String>,
}

impl Cause {
    /// When nothing was observed, if that hides the cause.
    pub fn gap(&self) -> Option<&Gap> {
        match self {
            Self::NotObserved { gap, .. } => Some(gap),
            Self::CronJobAbsent
            | Self::TargetAbsent
            | Self::Suspended
            | Self::Failed(_)
            | Self::Expectation(_)
            | Self::StillRunning { .. }
            | Self::Pending { .. }
            | Self::NeverStarted { .. } => None,
        }
    }

    /// The cause if a run that never started as far as is known may have been hidden by a gap.
    #[must_use]
    pub fn hidden_by(self, gap: Option<Gap>) -> Self {
        match (self, gap) {
            (Self::NeverStarted { expected_at }, Some(gap)) => Self::NotObserved { expected_at, gap },
            (cause, _) => cause,
        }
    }

    /// Its kind, without the details.
    pub fn kind(&self) -> CauseKind {
        match self {
            Self::CronJobAbsent | Self::TargetAbsent => CauseKind::CronJobAbsent,
            Self::Suspended => CauseKind::Suspended,
            Self::Failed(_) => CauseKind::Failed,
            Self::Expectation(_) => CauseKind::Expectation,
            Self::StillRunning { .. } => CauseKind::StillRunning,
            Self::Pending { .. } => CauseKind::Pending,
            Self::NeverStarted { .. } => CauseKind::NeverStarted,
            Self::NotObserved { .. } => CauseKind::NotObserved,
        }
    }
}

/// The kinds of [`Cause`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CauseKind {
    /// See [`Cause::CronJobAbsent`] and [`Cause::TargetAbsent`].
    CronJobAbsent,
    /// See [`Cause::Suspended`].
    Suspended,
    /// See [`Cause::Failed`].
    Failed,
    /// See [`Cause::StillRunning`].
    StillRunning,
    /// See [`Cause::Pending`].
    Pending,
    /// See [`Cause::NeverStarted`].
    NeverStarted,
    /// See [`Cause::NotObserved`].
    NotObserved,
    /// See [`Cause::Expectation`].
    Expectation,
}

impl CauseKind {
    /// Its name in records, labels and tables.
    pub fn label(self) -> &'static str {
        match self {
            Self::CronJobAbsent => "cron_job_absent",
            Self::Suspended => "suspended",
            Self::Failed => "failed",
            Self::StillRunning => "still_running",
            Self::Pending => "pending",
            Self::NeverStarted => "never_started",
            Self::NotObserved => "not_observed",
            Self::Expectation => "expectation",
        }
    }
}

/// Why there was nothing to judge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Excuse {
    /// The CronJob has no expected fire in the slot.
    NoFire,
    /// The objective began inside the slot.
    Partial,
    /// The deadline is on a day that is no working day of the objective's calendar.
    Calendar,
}

/// A run as an alert describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunSummary {
    /// The Job's UID.
    pub uid: String,
    /// The Job.
    pub run: Run,
    /// Its most informative attempt, if one was observed.
    pub last_attempt: Option<Attempt>,
    /// Of a Job that was deleted before it ended: it was deleted after this instant; `None`: nothing is known of that.
    pub gone_after: Option<Instant>,
}

/// A past success, for comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PastSuccess {
    /// The nominal start.
    pub nominal_start: Instant,
    /// When it started; `None`: that is not known, or an older kigen wrote the alert.
    pub started_at: Option<Instant>,
    /// When the work ended.
    pub ended_at: Instant,
}
