//! The warnings that deadlines were at risk, as a log that is judged again raises them: how long before a deadline, and for what.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use kigen_model::Instant;
use kigen_model::alert::{Alert, AlertBody};
use kigen_model::key::BatchKey;
use kigen_model::risk::{Risk, RiskKind};

use crate::output::human;

/// How far ahead a trend and a new level are warned of, in days; each is warned of again after as long.
const AHEAD_D: i64 = 14;

/// The warnings of each objective, oldest first.
#[derive(Default)]
pub(crate) struct Warned(BTreeMap<(BatchKey, String), Vec<RiskWarning>>);

/// A warning that a deadline is at risk.
pub(crate) struct RiskWarning {
    /// Its kind.
    pub(crate) kind: RiskKind,
    /// When it was raised, in the cluster's time.
    pub(crate) at: Instant,
    /// The deadline of the slot that was open.
    deadline: Instant,
    /// Of a trend: the first deadline that would be missed.
    pub(crate) misses: Option<Instant>,
}

impl Warned {
    /// Adds an alert, if it is a warning that a deadline is at risk.
    pub(crate) fn add(&mut self, alert: &Alert) {
        let (AlertBody::SlotAtRisk { slot, risk, .. }, Some(objective)) = (&alert.body, &alert.objective)
        else {
            return;
        };
        let misses = match risk {
            Risk::Trend { misses, .. } => Some(*misses),
            Risk::NotStarted { .. }
            | Risk::RunningLate { .. }
            | Risk::LongerThanEver { .. }
            | Risk::NewLevel { .. } => None,
        };
        let (kind, at, deadline) = (risk.kind(), alert.decided_at, slot.deadline);
        let warning = RiskWarning { kind, at, deadline, misses };
        self.0.entry((alert.key.clone(), objective.name.clone())).or_default().push(warning);
    }

    /// Adds the warnings of other batches.
    pub(crate) fn merge(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// The warnings about a deadline, oldest first: those of its slot, and the trends and new levels of the 14 days before.
    pub(crate) fn about(
        &self,
        objective: &(BatchKey, String),
        deadline: Instant,
    ) -> impl Iterator<Item = &RiskWarning> {
        self.0.get(objective).into_iter().flatten().filter(move |warning| warning.is_about(deadline))
    }

    /// How long before a deadline the first warning about it was raised; `None`: there was none.
    pub(crate) fn before(&self, objective: &(BatchKey, String), deadline: Instant) -> Option<TimeDelta> {
        self.about(objective, deadline).map(|warning| deadline - warning.at).max()
    }

    /// How many warnings were raised for slots with a deadline that `counts`.
    pub(crate) fn count(&self, objective: &(BatchKey, String), counts: impl Fn(Instant) -> bool) -> usize {
        self.0.get(objective).into_iter().flatten().filter(|warning| counts(warning.deadline)).count()
    }
}

impl RiskWarning {
    fn is_about(&self, deadline: Instant) -> bool {
        match self.kind {
            RiskKind::NotStarted | RiskKind::RunningLate | RiskKind::Expectation => self.deadline == deadline,
            RiskKind::Trend | RiskKind::NewLevel => {
                self.at < deadline && deadline <= self.at + TimeDelta::days(AHEAD_D)
            }
        }
    }
}

/// A span before a deadline: in days from two days on.
pub(crate) fn ahead(span: TimeDelta) -> String {
    match span.num_days() {
        ..2 => human(span),
        days => format!("{days} days"),
    }
}
