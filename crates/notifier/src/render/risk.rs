//! What a warning that a deadline is at risk contains, with its evidence in counts.

use chrono::TimeDelta;
use kigen_model::alert::Alert;
use kigen_model::risk::Risk;
use kigen_model::run::RunPhase;
use kigen_model::slot::{RunSummary, Slot};

use crate::language::{Language, phrase};
use crate::time_text::{TimeFormatter, span};

/// The headline, the words for a lock screen, and the evidence.
pub(super) fn content(
    alert: &Alert,
    name: String,
    slot: &Slot,
    risk: &Risk,
    run: Option<&RunSummary>,
    times: &TimeFormatter,
) -> (String, String, String) {
    let language = times.language();
    let until = slot.deadline + alert.objective.as_ref().map(|objective| objective.grace).unwrap_or_default();
    let left = times.span(until - alert.decided_at);
    let clock = times.clock(slot.deadline);
    let is_left = || phrase!(language, "left", left = &left);
    match risk {
        Risk::NotStarted { expected_at, needs, of_runs, start_by } => {
            let expected = times.when(*expected_at);
            let expected = match start_by {
                Some(by) => {
                    phrase!(language, "not-started-within", expected = expected, within = times.span(*by))
                }
                None => phrase!(language, "not-started", expected = expected),
            };
            let needs = match needs {
                Some(needs) => {
                    let needs = times.span(*needs);
                    phrase!(language, "not-started-needs", runs = *of_runs, needs = needs, left = &left)
                }
                None => is_left(),
            };
            let waiting = run.filter(|run| !run.run.phase.is_terminal());
            let waiting = waiting.map(|run| waiting_text(run, times));
            let text = language.sentences([expected, needs].into_iter().chain(waiting));
            let brief = phrase!(language, "not-started-brief", left = left);
            (phrase!(language, "not-started-headline", name = name, clock = clock), brief, text)
        }
        Risk::RunningLate { since, longer, of_runs } => {
            let late = phrase!(
                language,
                "running-late",
                since = times.when(*since),
                after = times.span(alert.decided_at - *since),
                runs = *of_runs,
                longer = *longer,
                allowed = times.span(until - *since),
            );
            let text = language.sentences([late, is_left()]);
            let brief = phrase!(language, "running-late-brief", left = left);
            (phrase!(language, "late-headline", name = name, clock = clock), brief, text)
        }
        Risk::LongerThanEver { since, longest, of_runs } => {
            let late = phrase!(
                language,
                "longer-than-ever",
                since = times.when(*since),
                after = times.span(alert.decided_at - *since),
                runs = *of_runs,
                longest = times.span(*longest),
            );
            let text = language.sentences([late, is_left()]);
            let brief = phrase!(language, "longer-than-ever-brief", left = left);
            (phrase!(language, "late-headline", name = name, clock = clock), brief, text)
        }
        Risk::Trend { misses, by, margin, of_slots } => {
            let by = times.span(*by);
            let text = phrase!(
                language,
                "trend",
                slots = *of_slots,
                by = &by,
                margin = margin_text(language, *margin),
                misses = times.when(*misses),
            );
            let headline = phrase!(language, "trend-headline", name = name, day = times.day(*misses));
            (headline, phrase!(language, "trend-brief", by = by), text)
        }
        Risk::NewLevel { before, now, of_slots } => level(name, (*before, *now, *of_slots), times),
    }
}

fn level(
    name: String,
    (before, now, of_slots): (TimeDelta, TimeDelta, u32),
    times: &TimeFormatter,
) -> (String, String, String) {
    let language = times.language();
    let by = times.span(before - now);
    let text = phrase!(
        language,
        "level",
        slots = of_slots,
        now = margin_text(language, now),
        by = &by,
        before = margin_text(language, before),
    );
    (phrase!(language, "level-headline", name = name), phrase!(language, "level-brief", by = by), text)
}

/// The Job that has not begun, or the one that is in the way.
fn waiting_text(run: &RunSummary, times: &TimeFormatter) -> String {
    let since = times.when(run.run.created_at);
    match run.run.phase {
        RunPhase::Running => phrase!(times.language(), "waiting-in-the-way", since = since),
        RunPhase::Suspended => phrase!(times.language(), "waiting-suspended", since = since),
        RunPhase::Pending
        | RunPhase::Succeeded { .. }
        | RunPhase::Failed { .. }
        | RunPhase::Deleted { .. } => phrase!(times.language(), "waiting-without-pod", since = since),
    }
}

fn margin_text(language: Language, margin: TimeDelta) -> String {
    let text = span(language, margin);
    match margin < TimeDelta::zero() {
        true => phrase!(language, "margin-after", margin = text),
        false => phrase!(language, "margin-before", margin = text),
    }
}
