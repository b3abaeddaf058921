//! A CronJob, its runs (Jobs) and their attempts (Pods), as far as a verdict can depend on them.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};

use crate::Instant;
use crate::reported::ReportedMetrics;

/// What is known of a CronJob's spec and of the evidence in its status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CronJob {
    /// `spec.schedule`, as written.
    pub schedule: String,
    /// `spec.timeZone`; without one Kubernetes reads the schedule in the controller manager's zone, taken as UTC.
    pub time_zone: Option<String>,
    /// `spec.suspend`.
    pub suspended: bool,
    /// `spec.concurrencyPolicy`; `None`: an older kigen wrote this, or Kubernetes has a policy that kigen does not know.
    pub concurrency: Option<ConcurrencyPolicy>,
    /// `metadata.creationTimestamp`.
    pub created_at: Instant,
    /// `status.lastScheduleTime`.
    pub last_scheduled_at: Option<Instant>,
    /// `status.lastSuccessfulTime`: the completion of the last run that succeeded, manual runs included.
    pub last_succeeded_at: Option<Instant>,
}

/// What Kubernetes does when a fire comes while a run of an earlier one is under way (`spec.concurrencyPolicy`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConcurrencyPolicy {
    /// It makes a run beside it.
    Allow,
    /// It makes no run until the earlier one has ended.
    Forbid,
    /// It deletes the earlier run and makes a new one.
    Replace,
}

/// One run: a Job, known by its UID.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// `metadata.name` of the Job.
    pub job: String,
    /// The annotation `batch.kubernetes.io/cronjob-scheduled-timestamp`: the fire this run was made for.
    /// Absent for manual and bare Jobs.
    pub scheduled_at: Option<Instant>,
    /// `metadata.creationTimestamp`.
    pub created_at: Instant,
    /// `status.startTime`; removed again by Kubernetes while the Job is suspended.
    pub started_at: Option<Instant>,
    /// Its phase.
    pub phase: RunPhase,
    /// `status.failed`: pods that have failed so far.
    pub failed_pods: u32,
    /// The annotation `kigen.dev/slot`: the slot that the run was made for, whenever it started.
    pub slot: Option<SlotMark>,
}

impl Run {
    /// The nominal start: the scheduled time, or, for manual and bare Jobs, the creation.
    pub fn nominal_start(&self) -> Instant {
        self.scheduled_at.unwrap_or(self.created_at)
    }
}

/// Which slot a run was made for: the one whose deadline is the first at or after this.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SlotMark {
    /// A day, which begins at midnight in the objective's zone.
    Day(NaiveDate),
    /// An instant.
    At(Instant),
}

impl fmt::Display for SlotMark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Day(day) => day.fmt(f),
            Self::At(at) => f.write_str(&at.to_rfc3339_opts(SecondsFormat::AutoSi, true)),
        }
    }
}

/// A text that is neither a day nor an instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotASlotMark {
    /// Its beginning.
    pub text: String,
}

/// How much of such a text is kept, in characters.
const NOT_A_MARK_CHARS_MAX: usize = 100;

impl fmt::Display for NotASlotMark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "`{}` is neither a day like 2026-11-20 nor an instant like 2026-11-20T12:00:00+09:00",
            self.text
        )
    }
}

impl std::error::Error for NotASlotMark {}

impl FromStr for SlotMark {
    type Err = NotASlotMark;

    /// Reads a day (`2026-11-20`) or an instant (RFC 3339).
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Ok(day) = text.parse() {
            return Ok(Self::Day(day));
        }
        let not_a_mark = || NotASlotMark { text: text.chars().take(NOT_A_MARK_CHARS_MAX).collect() };
        let at = DateTime::parse_from_rfc3339(text).map_err(|_| not_a_mark())?;
        Ok(Self::At(at.with_timezone(&Utc)))
    }
}

/// The phase of a run. It has ended if a condition `Complete` or `Failed` has status True, at any place in the list:
/// `SuccessCriteriaMet` and `FailureTarget` only announce the end. If a pod hangs, that announced failure is one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RunPhase {
    /// Created; no pod of it is ready.
    Pending,
    /// At least one pod of it is active and ready.
    Running,
    /// `spec.suspend` is set.
    Suspended,
    /// The condition `Complete`.
    Succeeded {
        /// `status.completionTime`: the controller's clock, late after a controller outage.
        completed_at: Instant,
    },
    /// The condition `Failed`, or `FailureTarget` for a minute.
    Failed {
        /// The condition's `lastTransitionTime`; of a Job of which a pod hung, that of `FailureTarget`.
        failed_at: Instant,
        /// The condition's reason, such as `BackoffLimitExceeded` or `DeadlineExceeded`.
        reason: String,
        /// The condition's message.
        message: String,
    },
    /// The Job was deleted before it ended.
    Deleted {
        /// When the deletion was observed, in the API server's time.
        observed_at: Instant,
    },
}

impl RunPhase {
    /// Whether the run has ended, or was deleted before its end.
    pub fn is_terminal(&self) -> bool {
        match self {
            Self::Pending | Self::Running | Self::Suspended => false,
            Self::Succeeded { .. } | Self::Failed { .. } | Self::Deleted { .. } => true,
        }
    }
}

/// One attempt of a run: a Pod, known by its UID.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// `metadata.name` of the Pod.
    pub pod: String,
    /// `spec.nodeName`, once scheduled.
    pub node: Option<String>,
    /// Restarts in place, summed over the containers that do the work: a proxy's are no attempts.
    pub restarts: u32,
    /// The numbers that its containers reported when they ended: a termination message that is a JSON object of numbers.
    pub metrics: ReportedMetrics,
    /// Its phase.
    pub phase: AttemptPhase,
    /// Its containers, where one of them ended otherwise than the others or keeps the pod from ending; else empty. At most
    /// [`CONTAINERS_MAX`].
    pub containers: Vec<Container>,
}

/// How many containers of a pod are kept.
pub const CONTAINERS_MAX: usize = 8;

/// A container of a pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Container {
    /// Its name in the pod.
    pub name: String,
    /// What it is for.
    pub role: ContainerRole,
    /// What it does.
    pub state: ContainerState,
}

/// What a container is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContainerRole {
    /// It runs before the others and ends.
    Init,
    /// It runs beside the others, and its end is not that of the work.
    Sidecar,
    /// It does the work.
    Main,
}

/// What a container does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContainerState {
    /// It does not run yet, or not again.
    Waiting,
    /// It runs.
    Running {
        /// Since when.
        since: Option<Instant>,
    },
    /// It has ended.
    Ended {
        /// When.
        at: Option<Instant>,
        /// Its exit code.
        exit_code: Option<i32>,
    },
}

/// The phase of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AttemptPhase {
    /// Not running yet.
    Waiting {
        /// Why, such as `Unschedulable` or `ImagePullBackOff`, if Kubernetes gives a reason.
        reason: Option<String>,
        /// What Kubernetes adds to the reason. Without a reason, the first line is why it waits, and the end of the log of the
        /// container that it waits for may follow in further lines, the first of which has the time of the reading.
        message: Option<String>,
    },
    /// Its containers run.
    Running {
        /// The earliest container's `startedAt`.
        since: Option<Instant>,
    },
    /// All its containers succeeded.
    Succeeded {
        /// The last container's `finishedAt`.
        finished_at: Option<Instant>,
    },
    /// A container failed, or the pod was evicted.
    Failed {
        /// The last container's `finishedAt`; absent when the node was lost.
        finished_at: Option<Instant>,
        /// The exit code of the container that failed.
        exit_code: Option<i32>,
        /// `OOMKilled`, `Error`, `Evicted`, ...
        reason: Option<String>,
        /// The termination message, or, if it has none, the end of its log, which may be observed later than the rest; at
        /// most [`ERROR_TEXT_BYTES_MAX`] bytes.
        message: Option<String>,
    },
}

/// The longest error text that a fact carries, in bytes.
pub const ERROR_TEXT_BYTES_MAX: usize = 4096;
