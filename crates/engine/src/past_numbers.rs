//! The numbers that past runs reported, as far as an expectation of the batch's objectives names them.

use std::collections::BTreeMap;

use kigen_model::Instant;
use kigen_model::expectation::NumberRule;
use kigen_model::reported::Number;
use kigen_state::{BatchState, PAST_NUMBERS_MAX, PastNumber, PastNumbers, Plan, RUNS_MAX, RunState};

use crate::attempts::{ended_at, reported_by_success};

/// Keeps the numbers that the objectives name now: of one that is named first, those of the runs that are kept.
pub(crate) fn follow_objectives(state: &mut BatchState) {
    let limits = limits(state);
    let known = &mut state.past_numbers;
    if limits.len() == known.len() && limits.keys().all(|name| known.contains_key(name)) {
        return;
    }
    known.retain(|name, _| limits.contains_key(name));
    for name in limits.into_keys() {
        known.entry(name).or_default();
    }
    let uids: Vec<String> = state.runs.iter().map(|run| run.revision.uid.clone()).collect();
    for uid in uids {
        note(state, &uid);
    }
}

/// The names that the objectives have, and how many numbers of each are kept: as many as one is compared with, before each of the runs
/// that are kept. A verdict compares what ended long before it.
fn limits(state: &BatchState) -> BTreeMap<String, usize> {
    let mut limits = BTreeMap::new();
    for known in state.objectives.values().filter(|known| known.plan != Plan::Withdrawn) {
        let successors = known.successors.iter().map(|edit| &edit.objective);
        let specs = std::iter::once(&known.objective).chain(successors);
        for (name, rule) in specs.filter_map(|spec| spec.expect.as_ref()).flat_map(|expect| &expect.metrics) {
            let kept = usize::try_from(rule.over).unwrap_or(usize::MAX).saturating_add(RUNS_MAX);
            let limit: &mut usize = limits.entry(name.clone()).or_default();
            *limit = kept.clamp(*limit, PAST_NUMBERS_MAX);
        }
    }
    limits
}

/// Notes the numbers of the run `uid`, if it succeeded.
pub(crate) fn note(state: &mut BatchState, uid: &str) {
    if state.past_numbers.is_empty() {
        return;
    }
    let limits = limits(state);
    let BatchState { runs, past_numbers, .. } = state;
    let Some(run) = RunState::find(runs, uid).filter(|run| ended_at(run).is_some()) else {
        return;
    };
    let Some(metrics) = reported_by_success(run) else {
        return;
    };
    let nominal_start = run.run.nominal_start();
    for (name, limit) in limits {
        let Some(value) = metrics.get(&name) else { continue };
        let known = past_numbers.entry(name).or_default();
        let place = known.partition_point(|known| known.nominal_start < nominal_start);
        match known.get_mut(place).filter(|known| known.nominal_start == nominal_start) {
            Some(known) => known.value = value,
            None => known.insert(place, PastNumber { nominal_start, value }),
        }
        let surplus = known.len().saturating_sub(limit);
        known.drain(..surplus);
    }
}

/// The number that the run of this nominal start reported under a name.
pub(crate) fn of_run(numbers: &PastNumbers, name: &str, nominal_start: Instant) -> Option<Number> {
    let known = numbers.get(name)?.iter().find(|known| known.nominal_start == nominal_start);
    known.map(|known| known.value)
}

/// The median of the latest numbers of a name before this nominal start, and of how many; `None`: there are too few.
pub(crate) fn usual(numbers: &PastNumbers, name: &str, before: Instant, over: u32) -> (Option<Number>, u32) {
    let Some(known) = numbers.get(name) else {
        return (None, 0);
    };
    let earlier = known.partition_point(|known| known.nominal_start < before);
    let compared = usize::try_from(over).unwrap_or(usize::MAX).min(earlier);
    let mut values: Vec<f64> =
        known[earlier - compared..earlier].iter().map(|known| known.value.value()).collect();
    values.sort_unstable_by(f64::total_cmp);
    let of_runs = u32::try_from(values.len()).unwrap_or(u32::MAX);
    let median = values.get(values.len() / 2).copied().and_then(Number::new);
    (median.filter(|_| of_runs >= over.min(NumberRule::OVER_MIN)), of_runs)
}
