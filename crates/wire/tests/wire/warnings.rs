//! Samples of warnings before a deadline.

use chrono::TimeDelta;
use kigen_model::alert::AlertBody;
use kigen_model::risk::Risk;
use kigen_model::slot::{PastSuccess, RunSummary};

use crate::values::{at, slot};

/// Warnings of each kind, about this run, and their ends.
pub(crate) fn at_risk(run: RunSummary) -> impl Iterator<Item = (&'static str, AlertBody)> {
    let since = at("2026-11-20T03:00:01Z");
    let minutes = TimeDelta::minutes;
    let expected_at = at("2026-11-20T03:00:00Z");
    let not_started = |needs, start_by| Risk::NotStarted { expected_at, needs, of_runs: 40, start_by };
    let running_late = Risk::RunningLate { since, longer: 31, of_runs: 40 };
    let longer_than_ever = Risk::LongerThanEver { since, longest: minutes(9), of_runs: 64 };
    let trend = Risk::Trend {
        misses: at("2026-11-27T03:30:00Z"),
        by: TimeDelta::milliseconds(240_250),
        margin: minutes(-1),
        of_slots: 14,
    };
    let new_level = Risk::NewLevel { before: minutes(60), now: minutes(20), of_slots: 5 };
    let risks = [
        ("at risk: not started", not_started(Some(minutes(9)), None)),
        ("at risk: not started, as the objective wants", not_started(None, Some(minutes(15)))),
        ("at risk: running late", running_late),
        ("at risk: longer than ever", longer_than_ever),
        ("at risk: trend", trend),
        ("at risk: new level", new_level),
    ];
    let over = |ended_at, run| AlertBody::RiskOver { slot: slot(), ended_at, run };
    let over = [
        ("at risk no more", over(Some(at("2026-11-20T03:20:00Z")), Some(run.clone()))),
        ("at risk no more, the deadline was moved", over(None, None)),
    ];
    let runs = [None, None, Some(run.clone()), Some(run), None, None];
    let at_risk = risks.into_iter().zip(runs).map(|((name, risk), run)| {
        let past = if run.is_some() { past_successes() } else { Vec::new() };
        (name, AlertBody::SlotAtRisk { slot: slot(), risk, run, past })
    });
    at_risk.chain(over)
}

pub(crate) fn past_successes() -> Vec<PastSuccess> {
    let past = [Some(at("2026-11-19T03:00:01Z")), None].map(|started_at| PastSuccess {
        nominal_start: at("2026-11-19T03:00:00Z"),
        started_at,
        ended_at: at("2026-11-19T03:09:00Z"),
    });
    past.to_vec()
}
