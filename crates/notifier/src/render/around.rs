//! What a message contains of an alert's surroundings, and what the run's times were.

use std::collections::BTreeSet;

use kigen_model::Instant;
use kigen_model::run::RunPhase;
use kigen_model::slot::RunSummary;

use super::message::{Chart, Fact, Form, fact};
use super::subject::Subject;
use crate::clean::clean;
use crate::language::phrase;
use crate::surroundings::{End, LateSource, Lateness, Mark, NextRead};
use crate::time_text::TimeFormatter;

/// With fewer points there is no chart.
const CHART_POINTS_MIN: usize = 5;
/// How many marks stand together.
const MARKS_TOGETHER: usize = 7;

/// The batches before it that are late: the cause may be there.
pub(super) fn late_sources(of: Subject<'_>, times: &TimeFormatter) -> Vec<String> {
    let language = of.language;
    let text = |LateSource { batch, deadline, lateness }: &LateSource| {
        let (source, deadline) = (clean(batch), times.when(*deadline));
        match lateness {
            Lateness::Missing => phrase!(language, "source-missing", source = source, deadline = deadline),
            Lateness::Came(at) => {
                let at = times.when(*at);
                phrase!(language, "source-came", source = source, deadline = deadline, at = at)
            }
            Lateness::AtRisk => phrase!(language, "source-at-risk", source = source, deadline = deadline),
        }
    };
    of.surroundings.sources.iter().map(text).collect()
}

/// Who reads the result next, and when: for whom it is missing.
pub(super) fn next_readers(of: Subject<'_>, times: &TimeFormatter) -> Option<String> {
    let language = of.language;
    let name = |NextRead { batch, starts_at }: &NextRead| match starts_at {
        Some(at) => phrase!(language, "reader-at", reader = clean(batch), at = times.when(*at)),
        None => clean(batch),
    };
    let named: Vec<String> = of.surroundings.readers.iter().map(name).collect();
    let shown = language.list(&named);
    let readers = match of.surroundings.more_readers {
        _ if named.is_empty() => return None,
        0 => shown,
        others => phrase!(language, "and-others", shown = shown, others = others),
    };
    Some(phrase!(language, "read-next", readers = readers))
}

/// The latest deadlines as a line of marks.
pub(super) fn marks(of: Subject<'_>) -> Option<Fact> {
    let language = of.language;
    let marks = &of.surroundings.marks;
    // One is no history.
    if marks.len() < 2 {
        return None;
    }
    let met = marks.iter().filter(|mark| **mark == Mark::Met).count();
    let judged = marks.iter().filter(|mark| **mark != Mark::Excused).count();
    // In weeks, of a daily deadline, the last one whole.
    let first = marks.len() % MARKS_TOGETHER;
    let (first, rest) = marks.split_at(first);
    let groups = [first].into_iter().chain(rest.chunks(MARKS_TOGETHER)).filter(|group| !group.is_empty());
    let signs = groups.map(|group| group.iter().map(|mark| mark.sign()).collect::<String>());
    let signs = signs.collect::<Vec<_>>().join(" ");
    let value = phrase!(language, "marks-value", marks = signs, met = met, judged = judged);
    Some(fact(language, "marks", value, Form::Text))
}

/// How long a run took that has ended, beside what is usual.
pub(super) fn time_taken(of: Subject<'_>, times: &TimeFormatter, run: Option<&RunSummary>) -> Option<String> {
    let language = of.language;
    let run = &run?.run;
    let started_at = run.started_at?;
    match run.phase {
        RunPhase::Failed { failed_at, .. } => {
            let took = times.span(failed_at - started_at);
            let (start, end) = (times.when(started_at), times.when(failed_at));
            Some(phrase!(language, "took-failed", start = start, end = end, took = took))
        }
        RunPhase::Succeeded { completed_at } => {
            let took = times.span(completed_at - started_at);
            Some(match of.surroundings.usual {
                None => phrase!(language, "took", took = took),
                Some(usual) => {
                    let usual = times.range(usual.shortest, usual.longest);
                    phrase!(language, "took-and-usual", took = took, usual = usual)
                }
            })
        }
        RunPhase::Pending | RunPhase::Running | RunPhase::Suspended | RunPhase::Deleted { .. } => None,
    }
}

/// When the latest results came, where there are enough of them for a line.
pub(super) fn chart(of: Subject<'_>, times: &TimeFormatter) -> Option<Chart> {
    let (language, ends) = (of.language, &of.surroundings.ends);
    if ends.len() < CHART_POINTS_MIN {
        return None;
    }
    let days: BTreeSet<String> = ends.iter().map(|end| times.short_day(end.deadline)).collect();
    let label = |at: Instant| match days.len() == ends.len() {
        true => times.short_day(at),
        false => format!("{} {}", times.short_day(at), times.clock(at)),
    };
    let point = |end: &End| (label(end.deadline), (end.ended_at - end.deadline).num_minutes());
    let points: Vec<(String, i64)> = ends.iter().map(point).collect();
    let labels: BTreeSet<&String> = points.iter().map(|(label, _)| label).collect();
    // An hour that comes twice has no axis.
    if labels.len() < points.len() {
        return None;
    }
    Some(Chart {
        title: phrase!(language, "chart-title"),
        axis: phrase!(language, "chart-axis"),
        results: phrase!(language, "chart-results"),
        deadlines: phrase!(language, "chart-deadlines"),
        points,
    })
}
