//! How the past runs of a batch went.

use chrono::TimeDelta;
use kigen_model::slot::PastSuccess;
use kigen_model::trend::Trend;

use crate::language::{Language, phrase};
use crate::time_text::{range, span};

/// With fewer past runs than this, a message describes no usual duration.
const USUAL_RUNS_MIN: usize = 3;

/// How long the past runs took, from their start, and whether they ended ever later.
pub(super) fn usual_duration(language: Language, past: &[PastSuccess], trend: Trend) -> Option<String> {
    if past.len() < USUAL_RUNS_MIN {
        return None;
    }
    let runs = past.len();
    let took: Option<Vec<TimeDelta>> = past.iter().map(|run| Some(run.ended_at - run.started_at?)).collect();
    let usual = match (took, trend) {
        (Some(took), Trend::Later { by, .. }) => {
            let by = span(language, by);
            phrase!(language, "usual-took-later", runs = runs, took = range_of(language, &took), by = by)
        }
        (Some(took), Trend::Steady | Trend::Undecided) => {
            phrase!(language, "usual-took", runs = runs, took = range_of(language, &took))
        }
        // An older kigen emitted no starts: a run that waited has not run for so long.
        (None, trend) => {
            let ends: Vec<TimeDelta> = past.iter().map(|run| run.ended_at - run.nominal_start).collect();
            let ended = range_of(language, &ends);
            match trend {
                Trend::Later { by, .. } => {
                    let by = span(language, by);
                    phrase!(language, "usual-ended-later", runs = runs, ended = ended, by = by)
                }
                Trend::Steady | Trend::Undecided => {
                    phrase!(language, "usual-ended", runs = runs, ended = ended)
                }
            }
        }
    };
    let goes_on = matches!(trend, Trend::Later { goes_on_missing: true, .. });
    let goes_on = goes_on.then(|| phrase!(language, "goes-on-missing"));
    Some(language.sentences([usual].into_iter().chain(goes_on)))
}

fn range_of(language: Language, spans: &[TimeDelta]) -> String {
    let of = |one: Option<&TimeDelta>| one.copied().unwrap_or_default();
    range(language, of(spans.iter().min()), of(spans.iter().max()))
}
