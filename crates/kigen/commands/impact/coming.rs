//! The deadlines that come before a plan can be complete.

use std::collections::BTreeMap;

use kigen_calendar::{Reading, Timetable, cached};
use kigen_lineage::plan::Plan;
use kigen_model::Instant;
use kigen_model::key::BatchKey;
use kigen_model::objective::Deadlines;
use kigen_state::{BatchState, ObjectiveState};

/// How many deadlines of an objective are listed.
const DEADLINES_MAX: usize = 5;

/// A deadline that comes before the plan is complete.
pub(super) struct Coming {
    pub(super) batch: BatchKey,
    pub(super) objective: String,
    pub(super) deadline: Instant,
    /// Whether it comes before the usual end of the plan, not only before that of slow runs.
    pub(super) is_before_usual: bool,
}

/// The deadlines of these batches until the plan is complete if it begins at `from` and nine in ten runs are as long as its own
/// at most; at most [`DEADLINES_MAX`] of an objective.
pub(super) fn coming(states: &BTreeMap<BatchKey, BatchState>, from: Instant, plan: &Plan) -> Vec<Coming> {
    let (median, slow) = plan.takes();
    let mut found = Vec::new();
    for (key, state) in states {
        for (name, objective) in &state.objectives {
            for deadline in deadlines(objective, from).into_iter().filter(|at| *at <= from + slow) {
                let is_before_usual = deadline <= from + median;
                let (batch, objective) = (key.clone(), name.clone());
                found.push(Coming { batch, objective, deadline, is_before_usual });
            }
        }
    }
    found.sort_by_key(|coming| coming.deadline);
    found
}

/// The next deadlines of an objective, as far as it is judged.
fn deadlines(objective: &ObjectiveState, from: Instant) -> Vec<Instant> {
    let Some(open) = objective.plan.open() else { return Vec::new() };
    let (crontab, reading) = match &objective.objective.deadlines {
        Deadlines::CompleteBy { crontab } => (crontab.as_str(), Reading::Deadline),
        Deadlines::Before { schedule: Some(schedule), .. } => {
            let timetable = Timetable::of(&schedule.crontab, schedule.time_zone.as_deref());
            (timetable.crontab, Reading::Kubernetes)
        }
        Deadlines::Before { schedule: None, .. } | Deadlines::Reads { .. } => return Vec::new(),
    };
    let first = open.slot.deadline;
    let later = cached(crontab, &open.time_zone, reading).ok();
    let later = later.iter().flat_map(|calendar| calendar.after(first.max(from)).take(DEADLINES_MAX - 1));
    Some(first).filter(|first| *first > from).into_iter().chain(later).collect()
}
