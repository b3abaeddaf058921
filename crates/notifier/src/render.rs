//! Renders an alert as a message: what the person on call needs, the most important first. Pure.

mod around;
mod broken;
mod budget;
mod cause;
mod cluster;
mod digest;
mod facts;
mod history;
mod message;
mod names;
mod risk;
mod storm;
mod subject;
mod to_do;

use chrono::TimeDelta;
use kigen_model::Instant;
use kigen_model::alert::{Alert, AlertBody, ResultOf};
use kigen_model::expectation::Broken;
use kigen_model::risk::Risk;
use kigen_model::run::{Run, RunPhase, SlotMark};
use kigen_model::slot::{Cause, Failure, Gap, PastSuccess, RunSummary, Slot};
use kigen_model::trend::Trend;

use self::around::{chart, late_sources, marks, next_readers, time_taken};
use self::broken::{brief_broken, broken_text};
use self::cause::{brief_cause, brief_failure, cause_text, error_of_attempt, error_texts, failure_text};
pub use self::digest::render_digest;
use self::facts::{
    facts_of_objective, facts_of_run, first_command, next_command, read_logs, repeat, show_batch,
};
use self::history::usual_duration;
use self::message::fact;
pub use self::message::{Chart, Edition, Fact, Form, Message, Tone};
use self::names::{cluster, context, context_of_slots, joined};
pub use self::storm::render_storm;
use self::subject::{Subject, name, name_of_objective, zone};
use crate::containers::kept_from_ending;
use crate::known_errors;
use crate::language::{Language, phrase};
use crate::time_text::{TimeFormatter, span};

/// From which age on a message has it, in minutes: without trouble, delivery takes seconds.
const LATE_AFTER_MIN: i64 = 10;

/// The message for an alert.
#[must_use]
pub fn render(alert: &Alert, edition: Edition<'_>) -> Message {
    let Edition { language, delivered_at, surroundings } = edition;
    let mut message = content(Subject { alert, language, surroundings });
    let age = delivered_at.map_or(TimeDelta::zero(), |now| now - alert.decided_at);
    if age >= TimeDelta::minutes(LATE_AFTER_MIN) {
        let times = TimeFormatter::new(language, zone(alert), delivered_at.unwrap_or(alert.decided_at));
        let (age, decided, zone) = (times.span(age), times.when(alert.decided_at), times.zone());
        let of_age = phrase!(language, "context-age", age = &age);
        message.context = joined([message.context, of_age]);
        message.paragraphs.insert(0, phrase!(language, "late", age = age, decided = decided, zone = zone));
    }
    message
}

/// The message of what `shown` is about, once a later alert ended or corrected it.
#[must_use]
pub fn render_followed(shown: &Alert, followed_by: &Alert, edition: Edition<'_>) -> Message {
    let language = edition.language;
    let mut message = render(followed_by, edition);
    if matches!(followed_by.body, AlertBody::SlotRetracted { incident: Some(_), misses: 1.., .. }) {
        let before = render(shown, Edition { delivered_at: None, ..edition });
        let corrected = phrase!(language, "full-stop", text = message.headline);
        let paragraphs = [corrected].into_iter().chain(message.paragraphs).chain(before.paragraphs);
        return Message { paragraphs: paragraphs.collect(), ..before };
    }
    let before = render(shown, Edition::of(language));
    let headline = before.headline;
    message.paragraphs.push(match before.brief {
        Some(cause) => phrase!(language, "before-with-cause", headline = headline, cause = cause),
        None => phrase!(language, "before", headline = headline),
    });
    message.paragraphs.extend(before.paragraphs);
    (message.error, message.whole_error) = (before.error, before.whole_error);
    message
}

/// The message that reminds of what an alert is about, which has had no news for so long; the next one comes after the other time.
#[must_use]
pub(crate) fn render_reminder(
    shown: &Alert,
    language: Language,
    (without_news, next): (TimeDelta, TimeDelta),
) -> Message {
    let before = render(shown, Edition::of(language));
    let (age, next) = (span(language, without_news), span(language, next));
    Message {
        headline: phrase!(language, "reminder-headline", headline = before.headline),
        paragraphs: vec![phrase!(language, "reminder", age = age, next = next)],
        error: Vec::new(),
        whole_error: None,
        chart: None,
        ..before
    }
}

/// The message for an alert, whenever it is delivered.
fn content(of: Subject<'_>) -> Message {
    match &of.alert.body {
        AlertBody::SlotMissed { slot, misses, cause, run, past, trend, .. } => {
            missed(of, slot, *misses, cause, run.as_ref(), (past, *trend))
        }
        AlertBody::SlotRecovered { slot, since, misses, ended_at, run, result_of, .. } => {
            recovered(of, (slot, *since, *misses), *ended_at, run, *result_of)
        }
        AlertBody::SlotRetracted { slot, incident, misses, ended_at, run } => {
            retracted(of, slot, incident.is_some(), *misses, *ended_at, run.as_ref())
        }
        AlertBody::SlotUnknown { slot, since, slots, gap } => unknown(of, slot, *since, *slots, gap),
        AlertBody::UnknownClosed { slot, since, slots, met, missed, .. } => {
            judged_again(of, slot, *since, *slots, (*met, *missed))
        }
        AlertBody::SlotAtRisk { slot, risk, run, past } => at_risk(of, slot, risk, run.as_ref(), past),
        AlertBody::RiskOver { slot, ended_at, run } => risk_over(of, slot, *ended_at, run.as_ref()),
        AlertBody::ExpectationBroken { slot, broken, run } => expectation_broken(of, slot, broken, run),
        AlertBody::RunFailed { run, failure } => run_failed(of, run, failure),
        AlertBody::BudgetSpent { slot, is_all, budget } => budget::spent(of, slot, *is_all, budget),
        AlertBody::ClusterSilent { since, objectives, next } => {
            cluster::silent(of, *since, *objectives, next.as_ref())
        }
        AlertBody::SilenceOver { since, until, judged, .. } => {
            cluster::silence_over(of, *since, *until, judged)
        }
        AlertBody::ClusterStalled(report) => cluster::stalled(of, report),
        AlertBody::StallOver { since, until, .. } => cluster::stall_over(of, *since, *until),
    }
}

fn retracted(
    of: Subject<'_>,
    slot: &Slot,
    was_missed: bool,
    misses: u32,
    ended_at: Instant,
    run: Option<&RunSummary>,
) -> Message {
    let Subject { alert, language, .. } = of;
    let times = of.times(slot.deadline);
    let until = slot.deadline + alert.objective.as_ref().map(|objective| objective.grace).unwrap_or_default();
    let at = times.when(ended_at);
    let there = match ended_at > slot.deadline {
        true => phrase!(language, "retracted-within-grace", at = at),
        false => phrase!(language, "retracted", at = at),
    };
    let verdict = if was_missed { "missed" } else { "unknown" };
    let why = match was_missed && alert.decided_at <= until {
        true => phrase!(language, "retracted-run-before"),
        false => phrase!(language, "retracted-seen-late", verdict = verdict),
    };
    let rest = match misses {
        0 if was_missed => phrase!(language, "incident-over"),
        0 => String::new(),
        _ => phrase!(language, "incident-goes-on", misses = misses),
    };
    let headline = phrase!(language, "retracted-headline", name = name_of_objective(of));
    Message {
        context: context(of, &times, slot),
        paragraphs: vec![language.sentences([there, why, rest])],
        facts: facts(of, run, false),
        ..of.message("state-retracted", Tone::Recovered, headline)
    }
}

fn unknown(of: Subject<'_>, last: &Slot, since: Instant, slots: u32, gap: &Gap) -> Message {
    let language = of.language;
    let times = of.times(last.deadline);
    let (from, to) = (gap.from.map(|from| times.when(from)), times.when(gap.to));
    let text = match (from, slots) {
        (Some(from), 1) => phrase!(language, "unknown-from", from = from, to = to),
        (None, 1) => phrase!(language, "unknown-until", to = to),
        (Some(from), _) => phrase!(language, "unknown-many-from", from = from, to = to),
        (None, _) => phrase!(language, "unknown-many-until", to = to),
    };
    let name = name_of_objective(of);
    let (headline, context) = match slots {
        1 => {
            let clock = times.clock(last.deadline);
            let headline = phrase!(language, "unknown-headline", name = name, clock = clock);
            (headline, context(of, &times, last))
        }
        _ => {
            let headline = phrase!(language, "unknown-headline-of-many", name = name, slots = slots);
            (headline, context_of_slots(of, &times, since, last))
        }
    };
    let look = fact(language, "look", show_batch(of.alert), Form::Code);
    Message {
        context,
        paragraphs: [text].into_iter().chain(next_readers(of, &times)).collect(),
        to_do: Some(phrase!(language, "todo-unknown")),
        facts: facts(of, None, false).into_iter().chain([look]).collect(),
        ..of.message("state-unknown", Tone::Unknown, headline)
    }
}

fn judged_again(
    of: Subject<'_>,
    last: &Slot,
    since: Instant,
    slots: u32,
    (met, missed): (u32, u32),
) -> Message {
    let language = of.language;
    let times = of.times(last.deadline);
    let text = phrase!(language, "judged-again", slots = slots, met = met, missed = missed);
    let rest = slots.saturating_sub(met).saturating_sub(missed);
    let rest = (rest > 0).then(|| phrase!(language, "judged-again-rest", rest = rest));
    let (name, judged) = (name_of_objective(of), met.saturating_add(missed));
    let headline = phrase!(language, "judged-again-headline", name = name, judged = judged);
    let tone = if missed == 0 { Tone::Recovered } else { Tone::Unknown };
    Message {
        context: context_of_slots(of, &times, since, last),
        paragraphs: vec![language.sentences([text].into_iter().chain(rest))],
        facts: facts(of, None, false),
        ..of.message("state-judged-again", tone, headline)
    }
}

fn run_failed(of: Subject<'_>, run: &RunSummary, failure: &Failure) -> Message {
    let Subject { alert, language, .. } = of;
    let start = run.run.nominal_start();
    let times = of.times(start);
    let look = fact(language, "look", read_logs(alert, run), Form::Code);
    let began = phrase!(language, "context-run", start = times.day_and_clock(start), zone = times.zone());
    let known = known_errors::of_failure(language, failure, Some(run));
    let to_do = known.is_none().then(|| to_do::about_failure(language, failure));
    let paragraphs = [failure_text(&times, failure, Some(run))]
        .into_iter()
        .chain(time_taken(of, &times, Some(run)))
        .chain(known)
        .chain(kept_from_ending(&times, Some(run)))
        .chain(late_sources(of, &times))
        .chain(next_readers(of, &times));
    let (error, whole_error) = error_texts(language, failure.last_error.as_deref());
    let repeat = repeat(of, Some(run), start);
    let headline = phrase!(language, "run-failed-headline", name = name(alert));
    Message {
        brief: Some(brief_failure(language, failure, Some(run))),
        context: joined([began, cluster(of)]),
        paragraphs: paragraphs.collect(),
        to_do,
        error,
        whole_error,
        facts: facts(of, Some(run), true).into_iter().chain([look]).chain(repeat).collect(),
        ..of.message("state-failed", Tone::Failed, headline)
    }
}

fn recovered(
    of: Subject<'_>,
    (slot, since, misses): (&Slot, Instant, u32),
    ended_at: Instant,
    run: &RunSummary,
    result_of: ResultOf,
) -> Message {
    let Subject { alert, language, .. } = of;
    let times = of.times(ended_at);
    let (name, at) = (name_of_objective(of), times.when(ended_at));
    let is_of_a_later_slot = match result_of {
        ResultOf::MissedSlot => false,
        ResultOf::LaterSlot => true,
        ResultOf::Undecided => is_after(slot, alert, &run.run),
    };
    let (headline, text) = if is_of_a_later_slot {
        let (run, deadline) = (times.when(run.run.nominal_start()), times.when(slot.deadline));
        let text = phrase!(language, "recovered-later", run = run, at = at, deadline = deadline);
        (phrase!(language, "recovered-later-headline", name = name), text)
    } else {
        let late = times.span(ended_at - slot.deadline);
        let text = phrase!(language, "recovered-there", at = at);
        (phrase!(language, "recovered-headline", name = name, late = late), text)
    };
    let misses = (misses > 1)
        .then(|| phrase!(language, "recovered-misses", misses = misses, since = times.when(since)));
    let over = phrase!(language, "incident-over");
    let took = time_taken(of, &times, Some(run));
    let paragraph = language.sentences([text].into_iter().chain(took).chain(misses).chain([over]));
    Message {
        context: context(of, &times, slot),
        paragraphs: vec![paragraph],
        facts: facts(of, Some(run), false),
        ..of.message("state-recovered", Tone::Recovered, headline)
    }
}

/// Whether a run was made for a slot after this one, as far as an alert of an older kigen shows it. Of one that no schedule made
/// it does not: by hand the work of this slot is repeated.
fn is_after(slot: &Slot, alert: &Alert, run: &Run) -> bool {
    match (&run.slot, run.scheduled_at) {
        (Some(SlotMark::At(at)), _) => *at > slot.deadline,
        (Some(SlotMark::Day(day)), _) => {
            *day > TimeFormatter::new(Language::ENGLISH, zone(alert), slot.deadline).date()
        }
        (None, Some(scheduled_at)) => scheduled_at >= slot.deadline,
        (None, None) => false,
    }
}

fn missed(
    of: Subject<'_>,
    slot: &Slot,
    misses: u32,
    cause: &Cause,
    run: Option<&RunSummary>,
    (past, trend): (&[PastSuccess], Trend),
) -> Message {
    let Subject { alert, language, .. } = of;
    let times = of.times(slot.deadline);
    let mut paragraphs = vec![cause_text(alert, &times, slot, cause, run)];
    let is_failed = matches!(cause, Cause::Failed(_));
    paragraphs.extend(run.filter(|_| is_failed).and_then(|run| time_taken(of, &times, Some(run))));
    let known = known_errors::of_cause(language, cause, run);
    let to_do = to_do::about_miss(language, cause, run, known.is_some());
    paragraphs.extend(known);
    paragraphs.extend(kept_from_ending(&times, run));
    paragraphs.extend(late_sources(of, &times));
    let trend = match trend {
        // An older kigen has left it to the message.
        Trend::Undecided => {
            let running = run.filter(|_| matches!(cause, Cause::StillRunning { .. }));
            Trend::of(past, running.map(|run| slot.deadline - run.run.nominal_start()))
        }
        Trend::Steady | Trend::Later { .. } => trend,
    };
    paragraphs.extend(usual_duration(language, past, trend));
    if misses > 1 {
        paragraphs.push(phrase!(language, "misses-in-a-row", misses = misses));
    }
    paragraphs.extend(next_readers(of, &times));
    let error = match cause {
        Cause::Failed(failure) => failure.last_error.as_deref(),
        // The run waits for a retry, or for a pod that never comes: the error of the last attempt explains most.
        Cause::Pending { .. } => run.and_then(error_of_attempt),
        _ => None,
    };
    let (error, whole_error) = error_texts(language, error);
    let look = fact(language, "look", first_command(alert, cause, run), Form::Code);
    let next = next_command(of, slot, cause, run);
    let (name, clock) = (name_of_objective(of), times.clock(slot.deadline));
    let headline = phrase!(language, "missed-headline", name = name, clock = clock);
    Message {
        brief: Some(brief_cause(alert, &times, cause, run)),
        context: context(of, &times, slot),
        paragraphs,
        to_do,
        error,
        whole_error,
        facts: facts(of, run, true).into_iter().chain([look]).chain(next).collect(),
        chart: chart(of, &times),
        ..of.message("state-missed", Tone::Missed, headline)
    }
}

fn at_risk(
    of: Subject<'_>,
    slot: &Slot,
    risk: &Risk,
    run: Option<&RunSummary>,
    past: &[PastSuccess],
) -> Message {
    let Subject { alert, language, .. } = of;
    let times = of.times(slot.deadline);
    let (headline, brief, text) = risk::content(alert, name_of_objective(of), slot, risk, run, &times);
    let begun = run.filter(|run| matches!(run.run.phase, RunPhase::Running));
    let look = begun.map_or_else(|| show_batch(alert), |run| read_logs(alert, run));
    let look = fact(language, "look", look, Form::Code);
    let usual = usual_duration(language, past, Trend::Steady);
    Message {
        brief: Some(brief),
        context: context(of, &times, slot),
        paragraphs: [text]
            .into_iter()
            .chain(late_sources(of, &times))
            .chain(usual)
            .chain(next_readers(of, &times))
            .collect(),
        to_do: Some(to_do::about_risk(language, risk)),
        facts: facts(of, run, true).into_iter().chain([look]).collect(),
        chart: chart(of, &times),
        ..of.message("state-at-risk", Tone::AtRisk, headline)
    }
}

fn risk_over(of: Subject<'_>, slot: &Slot, ended_at: Option<Instant>, run: Option<&RunSummary>) -> Message {
    let language = of.language;
    let times = of.times(slot.deadline);
    let (name, clock) = (name_of_objective(of), times.clock(slot.deadline));
    let (headline, text) = match ended_at {
        Some(ended_at) => {
            let headline = phrase!(language, "risk-over-headline", name = name, clock = clock);
            (headline, phrase!(language, "risk-over", at = times.when(ended_at)))
        }
        None => {
            let headline = phrase!(language, "risk-void-headline", name = name, clock = clock);
            (headline, phrase!(language, "risk-void"))
        }
    };
    Message {
        context: context(of, &times, slot),
        paragraphs: vec![text],
        facts: facts(of, run, false),
        ..of.message("state-over", Tone::Recovered, headline)
    }
}

fn expectation_broken(of: Subject<'_>, slot: &Slot, broken: &[Broken], run: &RunSummary) -> Message {
    let language = of.language;
    let times = of.times(slot.deadline);
    let look = fact(language, "look", read_logs(of.alert, run), Form::Code);
    let text = phrase!(language, "expectation", broken = broken_text(language, broken));
    let (name, clock) = (name_of_objective(of), times.clock(slot.deadline));
    let headline = phrase!(language, "expectation-headline", name = name, clock = clock);
    Message {
        brief: Some(brief_broken(language, broken)),
        context: context(of, &times, slot),
        paragraphs: vec![text],
        to_do: Some(phrase!(language, "todo-expectation")),
        facts: facts(of, Some(run), true).into_iter().chain([look]).collect(),
        ..of.message("state-not-as-expected", Tone::AtRisk, headline)
    }
}

fn facts(of: Subject<'_>, run: Option<&RunSummary>, with_attempt: bool) -> Vec<Fact> {
    let mut facts = facts_of_run(of.language, run, with_attempt);
    facts.extend(marks(of));
    facts.extend(facts_of_objective(of.language, of.alert));
    facts
}
