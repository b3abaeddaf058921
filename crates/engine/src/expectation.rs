//! Success without work: whether a run that succeeded did what its objective expects, by its length and the numbers that it
//! reported.

use chrono::TimeDelta;
use kigen_model::expectation::{Broken, Expectation, Limit, NumberRule};
use kigen_model::objective::Objective;
use kigen_state::RunState;

use crate::attempts::{ended_at, reported_by_success};
use crate::context::Past;
use crate::past_numbers;
use crate::past_runs::{self, PAST_RUNS_MIN};

/// Whether a run that succeeded counts: it did what the objective expects, or that is only warned of.
pub(crate) fn counts(objective: &Objective, past: Past<'_>, run: &RunState) -> bool {
    match &objective.expect {
        Some(expect) if !expect.counts => broken(expect, past, run).is_empty(),
        Some(_) | None => true,
    }
}

/// Whether a success must be seen to count: that there was one is not enough.
pub(crate) fn is_enforced(objective: &Objective) -> bool {
    objective.expect.as_ref().is_some_and(|expect| !expect.counts)
}

/// What a run that succeeded did otherwise than expected.
pub(crate) fn broken(expect: &Expectation, past: Past<'_>, run: &RunState) -> Vec<Broken> {
    let too_short = expect.min_duration.and_then(|min| too_short(min, past, run));
    let numbers = expect.metrics.iter().filter_map(|(name, rule)| broken_number(name, rule, past, run));
    too_short.into_iter().chain(numbers).collect()
}

fn too_short(min: TimeDelta, past: Past<'_>, run: &RunState) -> Option<Broken> {
    let took = ended_at(run)? - run.run.started_at.unwrap_or(run.run.created_at);
    if took >= min {
        return None;
    }
    let nominal_start = run.run.nominal_start();
    let earlier = past_runs::newest_first(past.runs, past.past_runs)
        .filter(|earlier| earlier.nominal_start < nominal_start)
        .map(|earlier| earlier.ended_at - earlier.started_at.unwrap_or(earlier.nominal_start));
    let mut earlier: Vec<TimeDelta> = earlier.collect();
    earlier.sort_unstable();
    let usual = earlier.get(earlier.len() / 2).copied().filter(|_| earlier.len() >= PAST_RUNS_MIN);
    Some(Broken::Duration { took, min, usual, of_runs: count(earlier.len()) })
}

fn broken_number(name: &str, rule: &NumberRule, past: Past<'_>, run: &RunState) -> Option<Broken> {
    let nominal_start = run.run.nominal_start();
    // What shows it may have been dropped. Of Jobs that were made in the same second it is not known whose number it was.
    let is_alone = || past.runs.iter().filter(|known| known.run.nominal_start() == nominal_start).count() < 2;
    let noted = || past_numbers::of_run(past.past_numbers, name, nominal_start).filter(|_| is_alone());
    let was = reported_by_success(run).and_then(|metrics| metrics.get(name)).or_else(noted);
    let (usual, of_runs) = past_numbers::usual(past.past_numbers, name, nominal_start, rule.over);
    let limit = match was {
        Some(was) => rule.broken_by(was, usual)?,
        None => Limit::Reported,
    };
    Some(Broken::Number { name: name.to_owned(), was, limit, usual, of_runs })
}

fn count(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
