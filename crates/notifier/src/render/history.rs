//! How the past runs of a batch went.

use chrono::TimeDelta;
use kigen_model::slot::PastSuccess;
use kigen_model::trend::Trend;

use crate::time_text::span;

/// With fewer past runs than this, a message describes no usual duration.
const USUAL_RUNS_MIN: usize = 3;

/// How long the past runs took, from their start, and whether they ended ever later.
pub(super) fn usual_duration(past: &[PastSuccess], trend: Trend) -> Option<String> {
    if past.len() < USUAL_RUNS_MIN {
        return None;
    }
    let took: Option<Vec<TimeDelta>> = past.iter().map(|run| Some(run.ended_at - run.started_at?)).collect();
    let (mut text, each) = match took {
        Some(took) => {
            (format!("The last {} good runs took {}", past.len(), range(&took)), ", and each ended")
        }
        // An older kigen emitted no starts: a run that waited has not run for so long.
        None => {
            let ends: Vec<TimeDelta> = past.iter().map(|run| run.ended_at - run.nominal_start).collect();
            let ended = format!("The last {} good runs ended {}", past.len(), range(&ends));
            (format!("{ended} after their scheduled time"), ", each")
        }
    };
    if let Trend::Later { by, .. } = trend {
        text.push_str(&format!("{each} about {} later than the one before", span(by)));
    }
    text.push('.');
    if let Trend::Later { goes_on_missing: true, .. } = trend {
        text.push_str(" It will go on missing its deadline unless it starts earlier or gets faster.");
    }
    Some(text)
}

fn range(spans: &[TimeDelta]) -> String {
    let of = |one: Option<&TimeDelta>| span(one.copied().unwrap_or_default());
    let (shortest, longest) = (of(spans.iter().min()), of(spans.iter().max()));
    if shortest == longest { longest } else { format!("{shortest} to {longest}") }
}
