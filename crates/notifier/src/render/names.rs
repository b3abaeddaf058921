//! What a message calls a batch, its owner, its deadline and its place.

use chrono::TimeDelta;
use kigen_model::Instant;
use kigen_model::objective::Severity;
use kigen_model::slot::Slot;

use super::subject::Subject;
use crate::clean::clean;
use crate::language::phrase;
use crate::time_text::TimeFormatter;

/// Between the parts of a context.
const BETWEEN: &str = " · ";

/// Parts of a context one after the other.
pub(super) fn joined(parts: impl IntoIterator<Item = String>) -> String {
    parts.into_iter().collect::<Vec<_>>().join(BETWEEN)
}

pub(super) fn context(of: Subject<'_>, times: &TimeFormatter, slot: &Slot) -> String {
    let deadline = times.day_and_clock(slot.deadline);
    let deadline = phrase!(of.language, "context-deadline", deadline = deadline, zone = times.zone());
    with_place(of, deadline)
}

pub(super) fn context_of_slots(
    of: Subject<'_>,
    times: &TimeFormatter,
    since: Instant,
    last: &Slot,
) -> String {
    let (first, last) = (times.day_and_clock(since), times.day_and_clock(last.deadline));
    let deadlines =
        phrase!(of.language, "context-deadlines", first = first, last = last, zone = times.zone());
    with_place(of, deadlines)
}

/// For how long after a deadline a result still counts, the cluster, and that an alert need not wake anyone.
fn with_place(of: Subject<'_>, context: String) -> String {
    let language = of.language;
    let grace = of.alert.objective.as_ref().map_or(TimeDelta::zero(), |objective| objective.grace);
    let context = match grace.is_zero() {
        true => context,
        false => {
            let grace = crate::time_text::span(language, grace);
            phrase!(language, "context-grace", context = context, grace = grace)
        }
    };
    let warning = match of.alert.objective.as_ref().map(|objective| objective.severity) {
        Some(Severity::Warning) => Some(phrase!(language, "context-warning")),
        Some(Severity::Fatal) | None => None,
    };
    joined([context, cluster(of)].into_iter().chain(warning))
}

pub(super) fn cluster(of: Subject<'_>) -> String {
    phrase!(of.language, "context-cluster", cluster = clean(&of.alert.key.cluster))
}
