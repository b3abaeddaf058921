//! What a warning that a deadline is at risk contains, with its evidence in counts.

use kigen_model::alert::Alert;
use kigen_model::risk::Risk;
use kigen_model::run::RunPhase;
use kigen_model::slot::{RunSummary, Slot};

use crate::time_text::{TimeFormatter, span};

/// The headline, the words for a lock screen, and the evidence.
pub(super) fn content(
    alert: &Alert,
    name: &str,
    slot: &Slot,
    risk: &Risk,
    run: Option<&RunSummary>,
    times: &TimeFormatter,
) -> (String, String, String) {
    let until = slot.deadline + alert.objective.as_ref().map(|objective| objective.grace).unwrap_or_default();
    let left = span(until - alert.decided_at);
    let clock = times.clock(slot.deadline);
    match risk {
        Risk::NotStarted { expected_at, needs, of_runs, start_by } => {
            let within = start_by.map_or(String::new(), |by| format!(", to begin within {}", span(by)));
            let mut text =
                format!("No run has begun; one was expected at {}{within}.", times.when(*expected_at));
            text.push_str(&match needs {
                Some(needs) => format!(
                    " Nine in ten of the last {of_runs} good runs took up to {}, and {left} are left.",
                    span(*needs)
                ),
                None => format!(" {left} are left."),
            });
            let waiting = run.filter(|run| !run.run.phase.is_terminal());
            text.push_str(&waiting.map_or(String::new(), |run| waiting_text(run, times)));
            (format!("{name} has not begun for {clock}"), format!("not started, {left} left"), text)
        }
        Risk::RunningLate { since, longer, of_runs } => {
            let text = format!(
                "The run that began at {} still runs after {}. Of {of_runs} earlier runs that took at least as long, \
                 {longer} took longer than the {} that this one may take. {left} are left.",
                times.when(*since),
                span(alert.decided_at - *since),
                span(until - *since)
            );
            (format!("{name} may be late for {clock}"), format!("runs late, {left} left"), text)
        }
        Risk::LongerThanEver { since, longest, of_runs } => {
            let text = format!(
                "The run that began at {} still runs after {}: longer than each of the last {of_runs} good runs, of which \
                 the longest took {}. {left} are left.",
                times.when(*since),
                span(alert.decided_at - *since),
                span(*longest)
            );
            (format!("{name} may be late for {clock}"), format!("runs longer than ever, {left} left"), text)
        }
        Risk::Trend { misses, by, margin, of_slots } => {
            let text = format!(
                "Over the last {of_slots} deadlines the result came about {} later from one to the next, and it comes {} \
                 now. If that goes on, the first deadline that is missed is {}.",
                span(*by),
                margin_text(*margin),
                times.when(*misses)
            );
            let day = times.day(*misses);
            (
                format!("{name} will miss its deadline on {day}"),
                format!("{} later each time", span(*by)),
                text,
            )
        }
        Risk::NewLevel { before, now, of_slots } => {
            let text = format!(
                "The last {of_slots} results came {}, {} later than before: they came {}. More than half of the time that \
                 was left is used up.",
                margin_text(*now),
                span(*before - *now),
                margin_text(*before)
            );
            (
                format!("{name} is closer to its deadline than before"),
                format!("{} later", span(*before - *now)),
                text,
            )
        }
    }
}

/// The Job that has not begun, or the one that is in the way.
fn waiting_text(run: &RunSummary, times: &TimeFormatter) -> String {
    let since = times.when(run.run.created_at);
    match run.run.phase {
        RunPhase::Running => format!(" The run of {since} is still under way and may be in the way."),
        RunPhase::Suspended => format!(" Its Job exists since {since} and is suspended."),
        RunPhase::Pending
        | RunPhase::Succeeded { .. }
        | RunPhase::Failed { .. }
        | RunPhase::Deleted { .. } => {
            format!(" Its Job exists since {since}, and no pod of it has begun.")
        }
    }
}

fn margin_text(margin: chrono::TimeDelta) -> String {
    let side = if margin < chrono::TimeDelta::zero() { "after" } else { "before" };
    format!("{} {side} the deadline", span(margin))
}
