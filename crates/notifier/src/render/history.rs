//! How the past runs of a batch went.

use chrono::TimeDelta;
use kigen_model::slot::PastSuccess;

use crate::time_text::span;

/// With fewer past runs than this, a message describes no usual duration.
const USUAL_RUNS_MIN: usize = 3;
/// With fewer past runs than this, a message describes no trend.
const TREND_RUNS_MIN: usize = 4;
/// The smallest growth from run to run that counts as a trend, in seconds.
const TREND_S_MIN: i64 = 60;

/// When the past runs ended, from their nominal start, and whether they end ever later. `room` is the time from the nominal
/// start of the run that is running to its deadline, where one is.
pub(super) fn usual_duration(past: &[PastSuccess], room: Option<TimeDelta>) -> Option<String> {
    if past.len() < USUAL_RUNS_MIN {
        return None;
    }
    let lasted: Vec<TimeDelta> = past.iter().map(|run| run.ended_at - run.nominal_start).collect();
    let (shortest, longest) = (*lasted.iter().min()?, *lasted.iter().max()?);
    let after = if span(shortest) == span(longest) {
        span(longest)
    } else {
        format!("{} to {}", span(shortest), span(longest))
    };
    // From the nominal start: a run that waited has not run for so long.
    let mut text = format!("The last {} good runs ended {after} after their scheduled time", past.len());
    if let Some(growth) = trend(&lasted) {
        text.push_str(&format!(", each about {} later than the one before.", span(growth)));
        let next = *lasted.last()? + growth;
        if room.is_some_and(|room| next >= room) {
            text.push_str(" It will go on missing its deadline unless it starts earlier or gets faster.");
        }
    } else {
        text.push('.');
    }
    Some(text)
}

/// The median growth from run to run, if at least four in five grow.
fn trend(lasted: &[TimeDelta]) -> Option<TimeDelta> {
    if lasted.len() < TREND_RUNS_MIN {
        return None;
    }
    let mut growths: Vec<i64> = lasted.windows(2).map(|pair| (pair[1] - pair[0]).num_seconds()).collect();
    let growing = growths.iter().filter(|growth| **growth > 0).count();
    growths.sort_unstable();
    let median = growths[growths.len() / 2];
    (growing * 5 >= growths.len() * 4 && median >= TREND_S_MIN).then(|| TimeDelta::seconds(median))
}
