//! Alerts, the records of `kigen.alerts`: a fact that a person should know, with all that the person needs at once.

use chrono::TimeDelta;
use uuid::Uuid;

use crate::Instant;
use crate::budget::BudgetReport;
use crate::expectation::Broken;
use crate::key::BatchKey;
use crate::labels::Labels;
use crate::objective::Severity;
use crate::risk::{Risk, RiskKind};
use crate::silence::{NextDeadline, SlotCounts};
use crate::slot::{Cause, Failure, Gap, PastSuccess, RunSummary, Slot};
use crate::stall::StallReport;
use crate::trend::Trend;

/// The name space of all of kigen's name-based UUIDs (RFC 9562, version 5).
pub const ID_NAMESPACE: Uuid = Uuid::from_u128(0x6b69_6765_6e00_5000_8000_6b69_6765_6e00);

/// One record of `kigen.alerts`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alert {
    /// The same fact has the same id for ever: see [`alert_id`].
    pub id: Uuid,
    /// The batch; of an alert about a whole cluster [that cluster](BatchKey::of_cluster).
    pub key: BatchKey,
    /// The objective; of a failed run the batch's first one, if it has one.
    pub objective: Option<ObjectiveSummary>,
    /// The cluster's time when it was decided.
    pub decided_at: Instant,
    /// Whether the batch had a CronJob then.
    pub cron_job: CronJobPresence,
    /// The kind of alert and its content.
    pub body: AlertBody,
}

/// An objective as an alert describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectiveSummary {
    /// Its name, unique within the batch.
    pub name: String,
    /// Where its deadlines come from.
    pub deadlines: DeadlineSummary,
    /// The zone in which the deadlines were computed, by its IANA name.
    pub time_zone: String,
    /// How long after a deadline a success still counts as in time; zero also if an older kigen wrote the alert.
    pub grace: TimeDelta,
    /// How urgent a miss is.
    pub severity: Severity,
    /// Who is responsible.
    pub owner: Option<String>,
    /// A link to what to do.
    pub runbook: Option<String>,
    /// The labels of the object in which it is written.
    pub labels: Labels,
}

/// Where the deadlines of an objective come from, as an alert describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeadlineSummary {
    /// This crontab.
    CompleteBy(String),
    /// The expected fires of this CronJob, `namespace/name`.
    Before(String),
}

/// Whether a batch has a CronJob, as far as it was observed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CronJobPresence {
    /// An older kigen wrote the alert.
    Unrecorded,
    /// None was ever observed, and none is expected: its runs are Jobs without one.
    NotExpected,
    /// None of its name was ever observed.
    NeverObserved,
    /// It was deleted.
    Deleted,
    /// It exists.
    Exists,
}

/// Of which slot the success that ends an incident is the result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResultOf {
    /// An older kigen wrote the alert.
    Undecided,
    /// Of the last slot that was missed: a run that belongs to it, or that repeats it by hand.
    MissedSlot,
    /// Of a later one.
    LaterSlot,
}

/// The kind of an alert and its content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AlertBody {
    /// A slot ended without a good result.
    SlotMissed {
        /// The slot.
        slot: Slot,
        /// The incident it belongs to: consecutive misses of an objective share one.
        incident: Uuid,
        /// How many slots of this incident are missed, this one included.
        misses: u32,
        /// Why.
        cause: Cause,
        /// The run that explains it, where there is one.
        run: Option<RunSummary>,
        /// The latest successes before, oldest first, at most [`PAST_SUCCESSES_MAX`].
        past: Vec<PastSuccess>,
        /// Whether those ended ever later, and what that means for the next deadlines.
        trend: Trend,
    },
    /// A success after a miss: the incident is over.
    SlotRecovered {
        /// The last slot that was missed.
        slot: Slot,
        /// The incident that is over.
        incident: Uuid,
        /// The deadline of the incident's first miss.
        since: Instant,
        /// How many slots were missed in it.
        misses: u32,
        /// When the work ended.
        ended_at: Instant,
        /// The run that succeeded.
        run: RunSummary,
        /// Of which slot it is the result.
        result_of: ResultOf,
    },
    /// A slot that was judged missed or unknown had its good result in time: it was observed only after the verdict.
    SlotRetracted {
        /// The slot.
        slot: Slot,
        /// The incident that the miss belonged to, which keeps its id; `None`: the slot was unknown.
        incident: Option<Uuid>,
        /// How many slots of the incident are still missed; 0: it is over.
        misses: u32,
        /// When the work ended.
        ended_at: Instant,
        /// The run, if it was observed.
        run: Option<RunSummary>,
    },
    /// Successes in time may have come and vanished unobserved, in one slot or in several in a row.
    SlotUnknown {
        /// The last of the slots.
        slot: Slot,
        /// The deadline of the first.
        since: Instant,
        /// How many there are, slots that are excused not counted.
        slots: u32,
        /// When history may be missing.
        gap: Gap,
    },
    /// The slots of a range of several unknown ones are judged again, as far as they are kept.
    UnknownClosed {
        /// The id of the alert that is closed.
        unknown: Uuid,
        /// The last of the slots.
        slot: Slot,
        /// The deadline of the first.
        since: Instant,
        /// How many there are.
        slots: u32,
        /// How many had their good result in time.
        met: u32,
        /// How many were missed; each has an alert of its own.
        missed: u32,
    },
    /// A slot whose deadline has not passed may be missed. There is at most one of a [kind](crate::risk::RiskKind) for a
    /// slot.
    SlotAtRisk {
        /// The next slot.
        slot: Slot,
        /// Why.
        risk: Risk,
        /// The run that is late or does not begin, where there is one.
        run: Option<RunSummary>,
        /// The latest successes before, oldest first, at most [`PAST_SUCCESSES_MAX`].
        past: Vec<PastSuccess>,
    },
    /// A slot that was at risk, since its run had not begun or ran late, is so no more.
    RiskOver {
        /// The slot.
        slot: Slot,
        /// When its result came, in time; `None`: its deadline was moved, or nothing is judged there any more.
        ended_at: Option<Instant>,
        /// The run that succeeded, if it was observed.
        run: Option<RunSummary>,
    },
    /// A run met a slot, but did not do what the objective expects; it counts by the objective's `counts`. At most one for a
    /// slot.
    ExpectationBroken {
        /// The slot.
        slot: Slot,
        /// What is broken.
        broken: Vec<Broken>,
        /// The run.
        run: RunSummary,
    },
    /// Half of an objective's budget of misses is spent, or all of it.
    BudgetSpent {
        /// The slot whose miss it is.
        slot: Slot,
        /// Whether all of it is.
        is_all: bool,
        /// The budget.
        budget: BudgetReport,
    },
    /// A Job ended as Failed, whatever the objectives of its batch.
    RunFailed {
        /// The run, with the attempt that failed last.
        run: RunSummary,
        /// The failure.
        failure: Failure,
    },
    /// A cluster's time stands still: its objectives are not judged. The only alert that depends on a wall clock.
    ClusterSilent {
        /// The cluster's time, which is that of its last tick.
        since: Instant,
        /// How many objectives are not judged.
        objectives: u32,
        /// The first deadline of which the result is not there yet.
        next: Option<NextDeadline>,
    },
    /// No CronJob of a cluster fires, though several should. Each deadline whose run was not made for that is judged, and not
    /// alerted by itself unless it outlasts the stall.
    ClusterStalled(StallReport),
    /// CronJobs of a stalled cluster fire again.
    StallOver {
        /// The id of the alert that it was stalled.
        stalled: Uuid,
        /// When a CronJob had fired last before.
        since: Instant,
        /// When one fired again.
        until: Instant,
    },
    /// A silent cluster's time goes on.
    SilenceOver {
        /// The id of the alert that it was silent.
        silent: Uuid,
        /// The cluster's time when that began.
        since: Instant,
        /// The first time after that; `None`: an operator has made kigen forget the cluster.
        until: Option<Instant>,
        /// What was judged then of the deadlines meanwhile.
        judged: SlotCounts,
    },
}

/// How many past successes an alert carries at most.
pub const PAST_SUCCESSES_MAX: usize = 7;

impl AlertBody {
    /// The kind's name in ids, records and labels.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::SlotMissed { .. } => "slot_missed",
            Self::SlotRecovered { .. } => "slot_recovered",
            Self::SlotRetracted { .. } => "slot_retracted",
            Self::SlotUnknown { .. } => "slot_unknown",
            Self::UnknownClosed { .. } => "unknown_closed",
            Self::SlotAtRisk { risk, .. } => risk.kind().label(),
            Self::RiskOver { .. } => "risk_over",
            Self::ExpectationBroken { .. } => RiskKind::Expectation.label(),
            Self::BudgetSpent { is_all: false, .. } => "budget_half_spent",
            Self::BudgetSpent { is_all: true, .. } => "budget_spent",
            Self::RunFailed { .. } => "run_failed",
            Self::ClusterSilent { .. } => "cluster_silent",
            Self::SilenceOver { .. } => "silence_over",
            Self::ClusterStalled(_) => "cluster_stalled",
            Self::StallOver { .. } => "stall_over",
        }
    }

    /// The slot that it is about; `None`: it is about a run or a whole cluster.
    #[must_use]
    pub fn slot(&self) -> Option<&Slot> {
        match self {
            Self::SlotMissed { slot, .. }
            | Self::SlotRecovered { slot, .. }
            | Self::SlotRetracted { slot, .. }
            | Self::SlotUnknown { slot, .. }
            | Self::UnknownClosed { slot, .. }
            | Self::SlotAtRisk { slot, .. }
            | Self::RiskOver { slot, .. }
            | Self::ExpectationBroken { slot, .. }
            | Self::BudgetSpent { slot, .. } => Some(slot),
            Self::RunFailed { .. }
            | Self::ClusterSilent { .. }
            | Self::SilenceOver { .. }
            | Self::ClusterStalled(_)
            | Self::StallOver { .. } => None,
        }
    }
}

/// The id of an alert: a UUIDv5 of `cluster/namespace/batch/objective/kind/subject`, the subject being the
/// deadline, the Job's UID or the instant it began.
pub fn alert_id(key: &BatchKey, objective: &str, kind: &str, subject: &str) -> Uuid {
    Uuid::new_v5(&ID_NAMESPACE, format!("{key}/{objective}/{kind}/{subject}").as_bytes())
}

/// The id of an alert about what a whole cluster is since an instant.
#[must_use]
pub fn cluster_alert_id(cluster: &str, kind: &str, since: Instant) -> Uuid {
    let subject = since.to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
    alert_id(&BatchKey::of_cluster(cluster), "", kind, &subject)
}
