//! Why a deadline that has not passed is at risk, by a batch's own past runs.

use chrono::TimeDelta;

use crate::Instant;

/// Why a slot is at risk, with the evidence in counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Risk {
    /// No run of the slot has begun.
    NotStarted {
        /// When the first run of the slot was expected.
        expected_at: Instant,
        /// What nine in ten of the past runs took at most, from their start to their end; `None`: there are too few, and the
        /// objective sets when a run must have begun.
        needs: Option<TimeDelta>,
        /// How many past runs were compared.
        of_runs: u32,
        /// How long after its expected fire the objective wants a run to have begun, if that time has passed.
        start_by: Option<TimeDelta>,
    },
    /// The run of the slot takes long: of the past runs that took at least as long, at least nine in ten would have been late.
    RunningLate {
        /// When it began.
        since: Instant,
        /// How many of those past runs took longer than this run may take.
        longer: u32,
        /// How many past runs took at least as long as this one has taken so far.
        of_runs: u32,
    },
    /// The run of the slot takes longer than every past run, and what is left is less than half of what has passed.
    LongerThanEver {
        /// When it began.
        since: Instant,
        /// What the longest past run took.
        longest: TimeDelta,
        /// How many past runs were compared.
        of_runs: u32,
    },
    /// The results come later from slot to slot and will miss the deadline within days.
    Trend {
        /// The first deadline that is missed if that goes on.
        misses: Instant,
        /// By how much later from one slot to the next.
        by: TimeDelta,
        /// How long before the deadline and its grace the results come now; negative: they come after it.
        margin: TimeDelta,
        /// How many past slots were compared.
        of_slots: u32,
    },
    /// The results come later than before, by a step that uses up more than half of the time that was left.
    NewLevel {
        /// How long before the deadline and its grace the results came before the step, in the median.
        before: TimeDelta,
        /// How long before it they come since; negative: they come after it.
        now: TimeDelta,
        /// How many of the latest slots are since the step.
        of_slots: u32,
    },
}

/// The kinds of warnings; of each there is at most one for a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RiskKind {
    /// See [`Risk::NotStarted`].
    NotStarted,
    /// See [`Risk::RunningLate`] and [`Risk::LongerThanEver`].
    RunningLate,
    /// See [`Risk::Trend`].
    Trend,
    /// See [`Risk::NewLevel`].
    NewLevel,
    /// See [`AlertBody::ExpectationBroken`](crate::alert::AlertBody::ExpectationBroken).
    Expectation,
}

impl Risk {
    /// Its kind.
    #[must_use]
    pub fn kind(&self) -> RiskKind {
        match self {
            Self::NotStarted { .. } => RiskKind::NotStarted,
            Self::RunningLate { .. } | Self::LongerThanEver { .. } => RiskKind::RunningLate,
            Self::Trend { .. } => RiskKind::Trend,
            Self::NewLevel { .. } => RiskKind::NewLevel,
        }
    }
}

impl RiskKind {
    /// All kinds.
    pub const ALL: [Self; 5] =
        [Self::NotStarted, Self::RunningLate, Self::Trend, Self::NewLevel, Self::Expectation];

    /// Its name in ids, records and labels.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::NotStarted => "at_risk_not_started",
            Self::RunningLate => "at_risk_running_late",
            Self::Trend => "at_risk_trend",
            Self::NewLevel => "at_risk_new_level",
            Self::Expectation => "expectation_broken",
        }
    }
}
