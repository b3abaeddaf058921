//! Successes: those of the runs that are kept, and those that are kept apart from them, as long as an objective can need
//! them.

use chrono::TimeDelta;
use kigen_model::Instant;
use kigen_state::{BatchState, ObjectiveState, OpenSlot, Plan, RunState, SUCCESSES_MAX, Success};

use crate::attempts::ended_at;
use crate::context::{Judge, Past};
use crate::expectation;
use crate::membership::{belongs, marked};

/// How far an edit of the zone can move the day of an annotation, in hours.
const ZONES_APART_H: i64 = 26;

/// The success of a run, if it succeeded.
fn of_run(state: &BatchState, run: &RunState) -> Option<Success> {
    let ended_at = ended_at(run)?;
    let (past, objectives) = (Past::of(state), state.objectives.iter());
    let broke = objectives.filter(|(_, known)| !expectation::counts(&known.objective, past, run));
    let broke = broke.map(|(name, _)| name.clone()).collect();
    Some(Success { nominal_start: run.run.nominal_start(), slot: run.run.slot, ended_at, broke })
}

/// When the successes ended that are kept apart, count for the open slot of an objective, and were in time.
pub(crate) fn of_slot(judge: &Judge<'_>, open: &OpenSlot, until: Instant) -> impl Iterator<Item = Instant> {
    let counts = move |success: &&Success| {
        success.ended_at <= until
            && belongs(open.window, open.slot, *success, &open.time_zone)
            && success.counts_for(judge.name)
    };
    judge.successes.iter().filter(counts).map(|success| success.ended_at)
}

/// When the slot was met. A success is recorded when it is observed; all that are known are checked again, since the slot
/// may have been planned, or its window moved, after that.
pub(crate) fn met_at(judge: &Judge<'_>, open: &OpenSlot, until: Instant) -> Option<Instant> {
    let (spec, past) = (&judge.objective.objective, judge.past());
    let is_in_time = |ended_at: &Instant| *ended_at <= until;
    let of_runs = judge.runs.iter().filter_map(|run| Some((run, ended_at(run).filter(is_in_time)?)));
    let of_runs = of_runs
        .filter(|(run, _)| belongs(open.window, open.slot, &run.run, &open.time_zone))
        .filter(|(run, _)| expectation::counts(spec, past, run))
        .map(|(_, ended_at)| ended_at);
    of_runs.chain(of_slot(judge, open, until)).chain(open.met_at).min()
}

/// Keeps the success of a run apart from it, since the run, or what shows when it ended, is about to be dropped.
pub(crate) fn keep(state: &mut BatchState, run: &RunState) {
    let Some(success) = of_run(state, run).filter(|success| is_needed(state, success)) else {
        return;
    };
    let is_same = |known: &Success| {
        (known.nominal_start, known.slot, &known.broke)
            == (success.nominal_start, success.slot, &success.broke)
    };
    let known = &mut state.successes;
    match known.iter_mut().find(|known| is_same(known)) {
        // Of two successes of one time the earlier end meets every slot that the later one meets.
        Some(known) => known.ended_at = known.ended_at.min(success.ended_at),
        None => {
            let place = known.partition_point(|known| known.nominal_start <= success.nominal_start);
            known.insert(place, success);
        }
    }
    if known.len() > SUCCESSES_MAX {
        drop_closest(known);
    }
}

/// Drops the successes that no objective can need any more.
pub(crate) fn forget(state: &mut BatchState) {
    if !state.successes.is_empty() {
        let mut successes = std::mem::take(&mut state.successes);
        successes.retain(|success| is_needed(state, success));
        state.successes = successes;
    }
}

/// Drops the success whose neighbours are closest to each other, never the oldest or the newest, so that those that are left
/// stay spread. Dropping the oldest instead would leave the slots that are open longest without any.
fn drop_closest(successes: &mut Vec<Success>) {
    let apart = |place: &usize| {
        let (older, this, newer) = (&successes[place - 1], &successes[*place], &successes[place + 1]);
        // One that is marked for a slot serves no other.
        let is_alike = older.slot == this.slot && this.slot == newer.slot;
        (!is_alike, newer.nominal_start - older.nominal_start)
    };
    let closest = (1..successes.len().saturating_sub(1)).min_by_key(apart);
    successes.remove(closest.unwrap_or(0));
}

fn is_needed(state: &BatchState, success: &Success) -> bool {
    state.objectives.iter().any(|(name, objective)| success.counts_for(name) && can_need(objective, success))
}

/// Whether the success may belong to the open slot of an objective or to a later one.
fn can_need(objective: &ObjectiveState, success: &Success) -> bool {
    let (slot_from, opens) = match &objective.plan {
        Plan::Open(open) => {
            let fresh = objective.successors.iter().filter_map(|edit| edit.objective.freshness);
            let opens = fresh.map(|freshness| open.slot.deadline - freshness).min();
            (open.slot.from, opens.into_iter().chain([open.opens(), open.slot.from]).min())
        }
        // Once it is mended, the next slot begins where the last one ended.
        Plan::Unresolved { .. } | Plan::Exhausted => match objective.verdicts.last() {
            Some(last) => (last.deadline, Some(last.deadline)),
            None => return false,
        },
        Plan::Withdrawn => return false,
    };
    match marked(success.slot, objective.planned_zone()) {
        Some(mark) => mark + TimeDelta::hours(ZONES_APART_H) > slot_from,
        None => opens.is_some_and(|opens: Instant| success.nominal_start >= opens),
    }
}
