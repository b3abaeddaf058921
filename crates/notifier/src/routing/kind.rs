//! The kinds of alerts, as rules name them. Pure.

use kigen_model::alert::{Alert, AlertBody};

/// What an alert is about, as rules name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A deadline was missed, and what became of that.
    Miss,
    /// A run failed.
    Failure,
    /// A deadline may be missed, or a run did not do what is expected.
    Warning,
    /// There is no evidence for a verdict.
    Unknown,
    /// A whole cluster is not judged.
    Cluster,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Miss, Self::Failure, Self::Warning, Self::Unknown, Self::Cluster];

    /// Its name in the configuration.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Miss => "miss",
            Self::Failure => "failure",
            Self::Warning => "warning",
            Self::Unknown => "unknown",
            Self::Cluster => "cluster",
        }
    }

    /// The kind of an alert.
    #[must_use]
    pub fn of(alert: &Alert) -> Self {
        match &alert.body {
            AlertBody::SlotMissed { .. }
            | AlertBody::SlotRecovered { .. }
            | AlertBody::SlotRetracted { .. } => Self::Miss,
            AlertBody::SlotUnknown { .. } | AlertBody::UnknownClosed { .. } => Self::Unknown,
            AlertBody::SlotAtRisk { .. }
            | AlertBody::RiskOver { .. }
            | AlertBody::ExpectationBroken { .. }
            | AlertBody::BudgetSpent { .. } => Self::Warning,
            AlertBody::RunFailed { .. } => Self::Failure,
            AlertBody::ClusterSilent { .. }
            | AlertBody::ClusterStalled(_)
            | AlertBody::SilenceOver { .. }
            | AlertBody::StallOver { .. } => Self::Cluster,
        }
    }
}
