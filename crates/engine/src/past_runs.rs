//! How long the runs of a batch took so far: those that are kept, and those that are kept apart from them.

use chrono::TimeDelta;
use kigen_model::Instant;
use kigen_model::slot::PastSuccess;
use kigen_state::{BatchState, PAST_RUNS_MAX, PastRun, RunState};

use crate::attempts::ended_at;

/// With fewer past runs than this nothing is concluded from them.
pub(crate) const PAST_RUNS_MIN: usize = 8;

/// A run that succeeded, for comparison; `None`: it did not.
pub(crate) fn of_run(run: &RunState) -> Option<PastRun> {
    let ended_at = ended_at(run)?;
    // By another clock than the end, so that it may seem later.
    let started_at = run.run.started_at.filter(|started_at| *started_at <= ended_at);
    Some(PastRun { nominal_start: run.run.nominal_start(), started_at, ended_at })
}

/// Keeps a run that succeeded apart, since it is about to be dropped. One that is listed again after that, and dropped again,
/// is kept once.
pub(crate) fn keep(state: &mut BatchState, run: &RunState) {
    let Some(past) = of_run(run) else {
        return;
    };
    let known = &mut state.past_runs;
    if known.iter().any(|known| is_same(known, &past)) {
        return;
    }
    let place = known.partition_point(|known| known.nominal_start <= past.nominal_start);
    known.insert(place, past);
    let surplus = known.len().saturating_sub(PAST_RUNS_MAX);
    known.drain(..surplus);
}

/// The latest runs that succeeded, at most [`PAST_RUNS_MAX`], the newest first.
pub(crate) fn newest_first<'a>(
    runs: &'a [RunState],
    past_runs: &'a [PastRun],
) -> impl Iterator<Item = PastRun> + 'a {
    let oldest_kept = runs.first().map(|run| run.run.nominal_start());
    let is_listed_again = move |past: &PastRun| {
        oldest_kept.is_some_and(|oldest| past.nominal_start >= oldest)
            && runs.iter().filter_map(of_run).any(|kept| is_same(&kept, past))
    };
    let apart = past_runs.iter().rev().filter(move |past| !is_listed_again(past)).copied();
    runs.iter().rev().filter_map(of_run).chain(apart).take(PAST_RUNS_MAX)
}

/// The latest successes with a nominal start before `opens`, oldest first, at most `max`.
pub(crate) fn before(
    runs: &[RunState],
    past_runs: &[PastRun],
    opens: Instant,
    max: usize,
) -> Vec<PastSuccess> {
    let earlier = newest_first(runs, past_runs).filter(|past| past.nominal_start < opens);
    let mut past: Vec<PastSuccess> = earlier
        .map(|PastRun { nominal_start, started_at, ended_at }| PastSuccess {
            nominal_start,
            started_at,
            ended_at,
        })
        .take(max)
        .collect();
    past.reverse();
    past
}

/// How long past runs took, in no order: most decisions need no more than one look at each.
pub(crate) struct RunTimes {
    /// From the start to the end.
    pub(crate) took: Vec<TimeDelta>,
    /// From the nominal start to the start.
    pub(crate) waited: Vec<TimeDelta>,
}

impl RunTimes {
    pub(crate) fn of(runs: &[RunState], past_runs: &[PastRun]) -> Self {
        let mut times =
            Self { took: Vec::with_capacity(PAST_RUNS_MAX), waited: Vec::with_capacity(PAST_RUNS_MAX) };
        for past in newest_first(runs, past_runs) {
            let started_at = past.started_at.unwrap_or(past.nominal_start);
            times.took.push(past.ended_at - started_at);
            times.waited.push(started_at - past.nominal_start);
        }
        times
    }
}

/// What nine in ten of these are at most; `None`: there are too few.
pub(crate) fn nine_in_ten(times: &[TimeDelta]) -> Option<TimeDelta> {
    (times.len() >= PAST_RUNS_MIN).then(|| shortest_but(times, (times.len() * 9).div_ceil(10) - 1))
}

/// The time that so many are shorter than, or as short as.
pub(crate) fn shortest_but(times: &[TimeDelta], shorter: usize) -> TimeDelta {
    *times.to_vec().select_nth_unstable(shorter).1
}

fn is_same(one: &PastRun, other: &PastRun) -> bool {
    (one.nominal_start, one.started_at) == (other.nominal_start, other.started_at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nine_in_ten_is_one_of_the_times_and_needs_eight() {
        let minutes = |n: i64| (1..=n).map(TimeDelta::minutes).collect::<Vec<_>>();
        assert_eq!(nine_in_ten(&minutes(7)), None);
        assert_eq!(nine_in_ten(&minutes(8)), Some(TimeDelta::minutes(8)));
        assert_eq!(nine_in_ten(&minutes(10)), Some(TimeDelta::minutes(9)));
        assert_eq!(nine_in_ten(&minutes(64)), Some(TimeDelta::minutes(58)));
    }
}
