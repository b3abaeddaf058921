//! Renders an alert as a message: what the person on call needs, the most important first. Pure.

mod budget;
mod cause;
mod cluster;
mod facts;
mod history;
mod risk;
mod storm;

use chrono::TimeDelta;
use kigen_model::Instant;
use kigen_model::alert::{Alert, AlertBody, ResultOf};
use kigen_model::budget::BudgetReport;
use kigen_model::expectation::{Broken, broken_text};
use kigen_model::objective::{ANNOTATED_OBJECTIVE, Severity};
use kigen_model::risk::Risk;
use kigen_model::run::{Run, RunPhase, SlotMark};
use kigen_model::slot::{Cause, Failure, Gap, PastSuccess, RunSummary, Slot};
use kigen_model::trend::Trend;

use self::cause::{
    brief_broken, brief_cause, brief_failure, cause_text, error_of_attempt, failure_text, last_error,
};
use self::cluster::OfCluster;
use self::facts::{facts_of_objective, facts_of_run, first_command, read_logs, show_batch};
use self::history::usual_duration;
pub use self::storm::render_storm;
use crate::clean::clean;
use crate::containers::kept_from_ending;
use crate::known_errors;
use crate::routing::Mention;
use crate::time_text::{TimeFormatter, ordinal, span};

/// From which age on a message has it, in minutes: without trouble, delivery takes seconds.
const LATE_AFTER_MIN: i64 = 10;

/// A message in plain text; text from the cluster in it is sanitized.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// How it stands, in a word or two: what a reader sees first, without colours.
    pub state: &'static str,
    /// The kind of news.
    pub tone: Tone,
    /// What happened, in one line.
    pub headline: String,
    /// The cause in a few words, for the line that a lock screen shows.
    pub brief: Option<String>,
    /// Who is responsible.
    pub owner: Option<String>,
    /// Where and when, in one line.
    pub context: String,
    /// The cause and the history, a paragraph each.
    pub paragraphs: Vec<String>,
    /// The last error text.
    pub error: Option<String>,
    /// Further facts, each with its label.
    pub facts: Vec<(&'static str, String)>,
    /// Whom it notifies, beside the channel.
    pub mentions: Vec<Mention>,
}

/// The kind of news that a message brings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// A deadline was missed.
    Missed,
    /// The incident is over, or was none.
    Recovered,
    /// There is no evidence for a verdict.
    Unknown,
    /// A run failed.
    Failed,
    /// A deadline that has not passed may be missed.
    AtRisk,
}

/// The message for an alert that is delivered at `now`: one that is late states its age.
pub fn render_at(alert: &Alert, now: Instant) -> Message {
    let mut message = render(alert);
    let age = now - alert.decided_at;
    if age >= TimeDelta::minutes(LATE_AFTER_MIN) {
        let times = TimeFormatter::new(zone(alert), now);
        let (age, decided) = (span(age), times.when(alert.decided_at));
        message.context.push_str(&format!(" · {age} old"));
        let text = format!(
            "This alert is {age} old: kigen decided it at {decided} {} and could not deliver it before.",
            times.zone()
        );
        message.paragraphs.insert(0, text);
    }
    message
}

/// The message of what `shown` is about, once a later alert ended or corrected it, delivered at `now`.
pub fn render_followed(shown: &Alert, followed_by: &Alert, now: Instant) -> Message {
    let before = render(shown);
    let mut message = render_at(followed_by, now);
    if matches!(followed_by.body, AlertBody::SlotRetracted { incident: Some(_), misses: 1.., .. }) {
        let corrected = [format!("{}.", message.headline)].into_iter().chain(message.paragraphs);
        let paragraphs = corrected.chain(before.paragraphs).collect();
        return Message { paragraphs, ..before };
    }
    let brief = before.brief.map_or(String::new(), |brief| format!(": {brief}"));
    message.paragraphs.push(format!("Before: {}{brief}.", before.headline));
    message.paragraphs.extend(before.paragraphs);
    message.error = before.error;
    message
}

impl Message {
    /// The message with a reference to another one.
    #[must_use]
    pub(crate) fn linked_to(mut self, label: &'static str, address: &str) -> Self {
        self.facts.push((label, address.to_owned()));
        self
    }

    /// The message, notifying these: not where a person has nothing to do.
    #[must_use]
    pub(crate) fn notifying(mut self, mentions: &[Mention]) -> Self {
        if self.tone != Tone::Recovered {
            self.mentions = mentions.to_vec();
        }
        self
    }

    /// The message with a note before everything else.
    #[must_use]
    pub(crate) fn noted(mut self, note: &str) -> Self {
        self.paragraphs.insert(0, note.to_owned());
        self
    }
}

/// The message for an alert that is delivered at once.
pub fn render(alert: &Alert) -> Message {
    match &alert.body {
        AlertBody::SlotMissed { slot, misses, cause, run, past, trend, .. } => {
            missed(alert, slot, *misses, cause, run.as_ref(), (past, *trend))
        }
        AlertBody::SlotRecovered { slot, since, misses, ended_at, run, result_of, .. } => {
            recovered(alert, (slot, *since, *misses), *ended_at, run, *result_of)
        }
        AlertBody::SlotRetracted { slot, incident, misses, ended_at, run } => {
            retracted(alert, slot, incident.is_some(), *misses, *ended_at, run.as_ref())
        }
        AlertBody::SlotUnknown { slot, slots: 1, gap, .. } => unknown(alert, slot, gap),
        AlertBody::SlotUnknown { slot, since, slots, gap } => unknown_slots(alert, slot, *since, *slots, gap),
        AlertBody::UnknownClosed { slot, since, slots, met, missed, .. } => {
            judged_again(alert, slot, *since, *slots, (*met, *missed))
        }
        AlertBody::SlotAtRisk { slot, risk, run, past } => at_risk(alert, slot, risk, run.as_ref(), past),
        AlertBody::RiskOver { slot, ended_at, run } => risk_over(alert, slot, *ended_at, run.as_ref()),
        AlertBody::ExpectationBroken { slot, broken, run } => expectation_broken(alert, slot, broken, run),
        AlertBody::RunFailed { run, failure } => run_failed(alert, run, failure),
        AlertBody::BudgetSpent { slot, is_all, budget } => budget_spent(alert, slot, *is_all, budget),
        AlertBody::ClusterSilent { since, objectives, next } => {
            of_cluster(Tone::Unknown, cluster::silent(alert, *since, *objectives, next.as_ref()))
        }
        AlertBody::SilenceOver { since, until, judged, .. } => {
            of_cluster(Tone::Recovered, cluster::silence_over(alert, *since, *until, judged))
        }
        AlertBody::ClusterStalled(report) => of_cluster(Tone::Missed, cluster::stalled(alert, report)),
        AlertBody::StallOver { since, until, .. } => {
            of_cluster(Tone::Recovered, cluster::stall_over(alert, *since, *until))
        }
    }
}

fn of_cluster(tone: Tone, content: OfCluster) -> Message {
    let OfCluster { state, headline, brief, context, text, facts } = content;
    let (paragraphs, owner, error, mentions) = (vec![text], None, None, Vec::new());
    Message { state, tone, headline, brief, owner, context, paragraphs, error, facts, mentions }
}

fn budget_spent(alert: &Alert, slot: &Slot, is_all: bool, budget: &BudgetReport) -> Message {
    let times = TimeFormatter::new(zone(alert), slot.deadline);
    let (headline, brief, text) = budget::content(&name_of_objective(alert), slot, is_all, budget, &times);
    let mut facts = facts_of_objective(alert);
    facts.push(("Look", show_batch(alert)));
    Message {
        state: if is_all { "Budget spent" } else { "Budget half spent" },
        tone: Tone::AtRisk,
        headline,
        brief: Some(brief),
        owner: owner(alert),
        context: context(alert, &times, slot),
        paragraphs: vec![text],
        error: None,
        facts,
        mentions: Vec::new(),
    }
}

fn retracted(
    alert: &Alert,
    slot: &Slot,
    was_missed: bool,
    misses: u32,
    ended_at: Instant,
    run: Option<&RunSummary>,
) -> Message {
    let times = TimeFormatter::new(zone(alert), slot.deadline);
    let verdict = if was_missed { "missed" } else { "unknown" };
    let until = slot.deadline + alert.objective.as_ref().map(|objective| objective.grace).unwrap_or_default();
    let why = match was_missed && alert.decided_at <= until {
        true => {
            "The deadline had been called missed since the run before did not do what is expected".to_owned()
        }
        false => format!("kigen saw it only after it had called the deadline {verdict}"),
    };
    let mut text = format!(
        "A good result was there at {}{}. {why}.",
        times.when(ended_at),
        if ended_at > slot.deadline { ", within the grace" } else { "" }
    );
    match misses {
        0 if was_missed => text.push_str(" The incident is over."),
        0 => {}
        1 => text.push_str(" One other deadline of the incident is still missed."),
        _ => text.push_str(&format!(" {misses} other deadlines of the incident are still missed.")),
    }
    let mut facts = facts_of_run(run, false);
    facts.extend(facts_of_objective(alert));
    Message {
        state: "Retracted",
        tone: Tone::Recovered,
        headline: format!("{} was there in time after all", name_of_objective(alert)),
        brief: None,
        owner: owner(alert),
        context: context(alert, &times, slot),
        paragraphs: vec![text],
        error: None,
        facts,
        mentions: Vec::new(),
    }
}

fn unknown(alert: &Alert, slot: &Slot, gap: &Gap) -> Message {
    let times = TimeFormatter::new(zone(alert), slot.deadline);
    let from = gap.from.map_or("before".to_owned(), |from| format!("from {}", times.when(from)));
    let text = format!(
        "kigen could not watch the cluster {from} to {}: a good result may have come and gone meanwhile. It is judged again \
         when more is seen.",
        times.when(gap.to)
    );
    let mut facts = facts_of_objective(alert);
    facts.push(("Look", show_batch(alert)));
    Message {
        state: "Unknown",
        tone: Tone::Unknown,
        headline: format!(
            "{} may have no good result for {}",
            name_of_objective(alert),
            times.clock(slot.deadline)
        ),
        brief: None,
        owner: owner(alert),
        context: context(alert, &times, slot),
        paragraphs: vec![text],
        error: None,
        facts,
        mentions: Vec::new(),
    }
}

fn unknown_slots(alert: &Alert, last: &Slot, since: Instant, slots: u32, gap: &Gap) -> Message {
    let times = TimeFormatter::new(zone(alert), last.deadline);
    let from = gap.from.map_or("before".to_owned(), |from| format!("from {}", times.when(from)));
    let text = format!(
        "kigen could not watch the cluster {from} to {}: good results may have come and gone meanwhile. The deadlines are \
         judged again when more is seen.",
        times.when(gap.to)
    );
    let mut facts = facts_of_objective(alert);
    facts.push(("Look", show_batch(alert)));
    Message {
        state: "Unknown",
        tone: Tone::Unknown,
        headline: format!("{} may have no good result for {slots} deadlines", name_of_objective(alert)),
        brief: None,
        owner: owner(alert),
        context: context_of_slots(alert, &times, since, last),
        paragraphs: vec![text],
        error: None,
        facts,
        mentions: Vec::new(),
    }
}

fn judged_again(
    alert: &Alert,
    last: &Slot,
    since: Instant,
    slots: u32,
    (met, missed): (u32, u32),
) -> Message {
    let times = TimeFormatter::new(zone(alert), last.deadline);
    let mut text = format!("Of {slots} deadlines that were unknown, {met} had a good result in time");
    text.push_str(&match missed {
        0 => ".".to_owned(),
        1 => ", and one was missed: it has a message of its own.".to_owned(),
        _ => format!(", and {missed} were missed: each has a message of its own."),
    });
    let rest = slots.saturating_sub(met).saturating_sub(missed);
    if rest > 0 {
        text.push_str(&format!(" {rest} stay unknown: they are older than the verdicts that kigen keeps."));
    }
    Message {
        state: "Judged again",
        tone: if missed == 0 { Tone::Recovered } else { Tone::Unknown },
        headline: format!(
            "{} is judged again for {} deadlines",
            name_of_objective(alert),
            met.saturating_add(missed)
        ),
        brief: None,
        owner: owner(alert),
        context: context_of_slots(alert, &times, since, last),
        paragraphs: vec![text],
        error: None,
        facts: facts_of_objective(alert),
        mentions: Vec::new(),
    }
}

fn run_failed(alert: &Alert, run: &RunSummary, failure: &Failure) -> Message {
    let start = run.run.nominal_start();
    let times = TimeFormatter::new(zone(alert), start);
    let mut facts = facts_of_run(Some(run), true);
    facts.extend(facts_of_objective(alert));
    facts.push(("Look", read_logs(alert, run)));
    Message {
        state: "Failed",
        tone: Tone::Failed,
        headline: format!("{} failed", name(alert)),
        brief: Some(brief_failure(failure, Some(run))),
        owner: owner(alert),
        context: format!(
            "run of {} {} {} · cluster {}",
            times.day(start),
            times.clock(start),
            times.zone(),
            clean(&alert.key.cluster)
        ),
        paragraphs: [failure_text(&times, failure, Some(run))]
            .into_iter()
            .chain(known_errors::of_failure(failure, Some(run)))
            .chain(kept_from_ending(&times, Some(run)))
            .collect(),
        error: last_error(failure),
        facts,
        mentions: Vec::new(),
    }
}

fn recovered(
    alert: &Alert,
    (slot, since, misses): (&Slot, Instant, u32),
    ended_at: Instant,
    run: &RunSummary,
    result_of: ResultOf,
) -> Message {
    let times = TimeFormatter::new(zone(alert), ended_at);
    let is_of_a_later_slot = match result_of {
        ResultOf::MissedSlot => false,
        ResultOf::LaterSlot => true,
        ResultOf::Undecided => is_after(slot, alert, &run.run),
    };
    let (headline, mut text) = if is_of_a_later_slot {
        let text = format!(
            "The run of {} ended well at {}; the result for {} never came.",
            times.when(run.run.nominal_start()),
            times.when(ended_at),
            times.when(slot.deadline)
        );
        (format!("{} is good again", name_of_objective(alert)), text)
    } else {
        let late = span(ended_at - slot.deadline);
        (
            format!("{} is done, {late} late", name_of_objective(alert)),
            format!("A good result is there since {}.", times.when(ended_at)),
        )
    };
    if misses > 1 {
        text.push_str(&format!(" {misses} deadlines were missed in a row, the first {}.", times.when(since)));
    }
    text.push_str(" The incident is over.");
    let mut facts = facts_of_run(Some(run), false);
    facts.extend(facts_of_objective(alert));
    Message {
        state: "Recovered",
        tone: Tone::Recovered,
        headline,
        brief: None,
        owner: owner(alert),
        context: context(alert, &times, slot),
        paragraphs: vec![text],
        error: None,
        facts,
        mentions: Vec::new(),
    }
}

/// Whether a run was made for a slot after this one, as far as an alert of an older kigen shows it. Of one that no schedule made
/// it does not: by hand the work of this slot is repeated.
fn is_after(slot: &Slot, alert: &Alert, run: &Run) -> bool {
    match (&run.slot, run.scheduled_at) {
        (Some(SlotMark::At(at)), _) => *at > slot.deadline,
        (Some(SlotMark::Day(day)), _) => *day > TimeFormatter::new(zone(alert), slot.deadline).date(),
        (None, Some(scheduled_at)) => scheduled_at >= slot.deadline,
        (None, None) => false,
    }
}

fn missed(
    alert: &Alert,
    slot: &Slot,
    misses: u32,
    cause: &Cause,
    run: Option<&RunSummary>,
    (past, trend): (&[PastSuccess], Trend),
) -> Message {
    let times = TimeFormatter::new(zone(alert), slot.deadline);
    let mut paragraphs = vec![cause_text(alert, &times, slot, cause, run)];
    paragraphs.extend(known_errors::of_cause(cause, run));
    paragraphs.extend(kept_from_ending(&times, run));
    let trend = match trend {
        // An older kigen has left it to the message.
        Trend::Undecided => {
            let running = run.filter(|_| matches!(cause, Cause::StillRunning { .. }));
            Trend::of(past, running.map(|run| slot.deadline - run.run.nominal_start()))
        }
        Trend::Steady | Trend::Later { .. } => trend,
    };
    paragraphs.extend(usual_duration(past, trend));
    if misses > 1 {
        paragraphs.push(format!("This is the {} miss in a row.", ordinal(misses)));
    }
    let error = match cause {
        Cause::Failed(failure) => last_error(failure),
        // The run waits for a retry, or for a pod that never comes: the error of the last attempt explains most.
        Cause::Pending { .. } => run.and_then(error_of_attempt),
        _ => None,
    };
    let mut facts = facts_of_run(run, true);
    facts.extend(facts_of_objective(alert));
    facts.push(("Look", first_command(alert, cause, run)));
    Message {
        state: "Missed",
        tone: Tone::Missed,
        headline: format!(
            "{} has no good result for {}",
            name_of_objective(alert),
            times.clock(slot.deadline)
        ),
        brief: Some(brief_cause(alert, &times, cause, run)),
        owner: owner(alert),
        context: context(alert, &times, slot),
        paragraphs,
        error,
        facts,
        mentions: Vec::new(),
    }
}

fn at_risk(
    alert: &Alert,
    slot: &Slot,
    risk: &Risk,
    run: Option<&RunSummary>,
    past: &[PastSuccess],
) -> Message {
    let times = TimeFormatter::new(zone(alert), slot.deadline);
    let (headline, brief, text) = risk::content(alert, &name_of_objective(alert), slot, risk, run, &times);
    let mut facts = facts_of_run(run, true);
    facts.extend(facts_of_objective(alert));
    let begun = run.filter(|run| matches!(run.run.phase, RunPhase::Running));
    facts.push(("Look", begun.map_or_else(|| show_batch(alert), |run| read_logs(alert, run))));
    Message {
        state: "At risk",
        tone: Tone::AtRisk,
        headline,
        brief: Some(brief),
        owner: owner(alert),
        context: context(alert, &times, slot),
        paragraphs: [text].into_iter().chain(usual_duration(past, Trend::Steady)).collect(),
        error: None,
        facts,
        mentions: Vec::new(),
    }
}

fn risk_over(alert: &Alert, slot: &Slot, ended_at: Option<Instant>, run: Option<&RunSummary>) -> Message {
    let times = TimeFormatter::new(zone(alert), slot.deadline);
    let (name, clock) = (name_of_objective(alert), times.clock(slot.deadline));
    let (headline, text) = match ended_at {
        Some(ended_at) => {
            let ended = times.when(ended_at);
            (format!("{name} is there in time for {clock}"), format!("A good result is there since {ended}."))
        }
        None => (
            format!("{name} is not at risk any more for {clock}"),
            "The deadline was moved, or nothing is expected for it any more.".to_owned(),
        ),
    };
    let mut facts = facts_of_run(run, false);
    facts.extend(facts_of_objective(alert));
    Message {
        state: "Over",
        tone: Tone::Recovered,
        headline,
        brief: None,
        owner: owner(alert),
        context: context(alert, &times, slot),
        paragraphs: vec![text],
        error: None,
        facts,
        mentions: Vec::new(),
    }
}

fn expectation_broken(alert: &Alert, slot: &Slot, broken: &[Broken], run: &RunSummary) -> Message {
    let times = TimeFormatter::new(zone(alert), slot.deadline);
    let mut facts = facts_of_run(Some(run), true);
    facts.extend(facts_of_objective(alert));
    facts.push(("Look", read_logs(alert, run)));
    let text = format!(
        "Its run ended well, but did not do what is expected: {}. By the objective it counts nevertheless.",
        clean(&broken_text(broken))
    );
    Message {
        state: "Not as expected",
        tone: Tone::AtRisk,
        headline: format!(
            "{} is there for {}, but not as expected",
            name_of_objective(alert),
            times.clock(slot.deadline)
        ),
        brief: Some(brief_broken(broken)),
        owner: owner(alert),
        context: context(alert, &times, slot),
        paragraphs: vec![text],
        error: None,
        facts,
        mentions: Vec::new(),
    }
}

fn owner(alert: &Alert) -> Option<String> {
    alert.objective.as_ref().and_then(|objective| objective.owner.as_deref()).map(clean)
}

fn name(alert: &Alert) -> String {
    clean(&format!("{}/{}", alert.key.namespace, alert.key.batch))
}

/// The name, with that of the objective where it was given one: a batch may have several.
fn name_of_objective(alert: &Alert) -> String {
    match alert.objective.as_ref().filter(|objective| objective.name != ANNOTATED_OBJECTIVE) {
        Some(objective) => format!("{} ({})", name(alert), clean(&objective.name)),
        None => name(alert),
    }
}

fn context(alert: &Alert, times: &TimeFormatter, slot: &Slot) -> String {
    let deadline = format!("{} {}", times.day(slot.deadline), times.clock(slot.deadline));
    format!("deadline {deadline} {}{} · {}", times.zone(), grace(alert), place(alert))
}

fn context_of_slots(alert: &Alert, times: &TimeFormatter, since: Instant, last: &Slot) -> String {
    let when = |deadline| format!("{} {}", times.day(deadline), times.clock(deadline));
    let (first, last) = (when(since), when(last.deadline));
    format!("deadlines {first} to {last} {}{} · {}", times.zone(), grace(alert), place(alert))
}

/// For how long after a deadline a result still counts.
fn grace(alert: &Alert) -> String {
    let grace = alert.objective.as_ref().map_or(TimeDelta::zero(), |objective| objective.grace);
    if grace.is_zero() { String::new() } else { format!(" + {} grace", span(grace)) }
}

/// The cluster, and that an alert need not wake anyone.
fn place(alert: &Alert) -> String {
    let cluster = format!("cluster {}", clean(&alert.key.cluster));
    match alert.objective.as_ref().map(|objective| objective.severity) {
        Some(Severity::Warning) => format!("{cluster} · severity: warning"),
        Some(Severity::Fatal) | None => cluster,
    }
}

/// The time zone of a message.
fn zone(alert: &Alert) -> &str {
    alert.objective.as_ref().map_or("UTC", |objective| &objective.time_zone)
}
