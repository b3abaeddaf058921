//! Why a slot has its verdict: the runs that the judge considered.

use kigen_model::Instant;
use kigen_model::expectation::Broken;
use kigen_model::reported::ReportedMetrics;
use kigen_model::run::RunPhase;
use kigen_model::slot::{Failure, Gap, Slot, Verdict};
use kigen_state::{BatchState, ObjectiveState, Plan, RunState, Window};

use crate::attempts::{self, ended_at};
use crate::context::Past;
use crate::expectation;
use crate::membership::{belongs, marked};

/// A slot and the runs that could have met it.
#[derive(Clone, Debug)]
pub struct Explanation<'a> {
    /// The objective as it is known now.
    pub objective: &'a ObjectiveState,
    /// The slot.
    pub slot: Slot,
    /// Which runs belong to it.
    pub window: Window,
    /// Until when a success counts: deadline and grace.
    pub until: Instant,
    /// The zone in which the deadline was computed.
    pub time_zone: String,
    /// Its verdict; `None`: it is not judged yet.
    pub verdict: Option<Verdict>,
    /// Whether it is a miss, or unknown, and no alert, since the objective is muted.
    pub muted: bool,
    /// When nothing was observed, if it was missed and that hides the cause.
    pub unobserved: Option<Gap>,
    /// The runs that are kept, by nominal start.
    pub runs: Vec<Considered<'a>>,
}

/// A run, seen from a slot.
#[derive(Clone, Debug)]
pub struct Considered<'a> {
    /// The run.
    pub run: &'a RunState,
    /// Whether it belongs to the slot.
    pub belongs: bool,
    /// When its work ended well, if it did.
    pub ended_at: Option<Instant>,
    /// Why it is pending, if it is.
    pub waits: Option<String>,
    /// How it failed, if it did.
    pub failure: Option<Failure>,
    /// The numbers that it reported, if it did.
    pub reported: Option<&'a ReportedMetrics>,
    /// What it did otherwise than the objective expects, if it succeeded.
    pub broken: Vec<Broken>,
}

/// The numbers reported by the latest run of a batch that reported any.
#[must_use]
pub fn last_reported(state: &BatchState) -> Option<&ReportedMetrics> {
    state.runs.iter().rev().find_map(attempts::reported)
}

/// When the work of a run ended well, if it did.
#[must_use]
pub fn succeeded_at(run: &RunState) -> Option<Instant> {
    ended_at(run)
}

/// The instant of a run's annotation `kigen.dev/slot`, a day in this zone: it belongs to the slot whose deadline is the first at
/// or after it.
#[must_use]
pub fn slot_mark(run: &RunState, time_zone: &str) -> Option<Instant> {
    marked(run.run.slot, time_zone)
}

/// Explains the slot of an objective with this deadline; `None`: it is neither open nor among the verdicts kept.
#[must_use]
pub fn explain<'a>(state: &'a BatchState, objective: &str, deadline: Instant) -> Option<Explanation<'a>> {
    let known = state.objectives.get(objective)?;
    let judged = known.verdicts.iter().rev().find(|judged| judged.deadline == deadline);
    let (slot, window, until, time_zone, verdict) = match (judged, &known.plan) {
        (Some(judged), _) => {
            let slot = judged.judged?;
            (slot.slot, slot.window, slot.until, known.planned_zone().to_owned(), Some(judged.verdict))
        }
        (None, Plan::Open(open)) if open.slot.deadline == deadline => {
            let until = deadline + known.objective.grace;
            (open.slot, open.window, until, open.time_zone.clone(), None)
        }
        (None, Plan::Open(_) | Plan::Unresolved { .. } | Plan::Exhausted | Plan::Withdrawn) => return None,
    };
    let runs = state.runs.iter().map(|run| Considered {
        run,
        belongs: belongs(window, slot, &run.run, &time_zone),
        ended_at: ended_at(run),
        waits: if attempts::runs_now(run) { None } else { waits(run) },
        failure: failure(run),
        reported: attempts::reported(run),
        broken: match (&known.objective.expect, ended_at(run)) {
            (Some(expect), Some(_)) => expectation::broken(expect, Past::of(state), run),
            (Some(_), None) | (None, _) => Vec::new(),
        },
    });
    let unobserved = judged.and_then(|judged| judged.judged).and_then(|judged| judged.unobserved);
    let muted = judged.and_then(|judged| judged.judged).is_some_and(|judged| judged.muted);
    let runs = runs.collect();
    Some(Explanation { objective: known, slot, window, until, verdict, muted, unobserved, runs, time_zone })
}

fn waits(run: &RunState) -> Option<String> {
    match run.run.phase {
        RunPhase::Pending => attempts::why_waiting(run),
        RunPhase::Running
        | RunPhase::Suspended
        | RunPhase::Succeeded { .. }
        | RunPhase::Failed { .. }
        | RunPhase::Deleted { .. } => None,
    }
}

fn failure(run: &RunState) -> Option<Failure> {
    match &run.run.phase {
        RunPhase::Failed { reason, .. } => Some(attempts::failure(run, reason)),
        RunPhase::Pending
        | RunPhase::Running
        | RunPhase::Suspended
        | RunPhase::Succeeded { .. }
        | RunPhase::Deleted { .. } => None,
    }
}
