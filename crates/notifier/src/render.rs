//! Renders an alert as a message: what the person on call needs, the most important first. Pure.

use chrono::TimeDelta;
use kigen_model::Instant;
use kigen_model::alert::{Alert, AlertBody, DeadlineSummary};
use kigen_model::run::{AttemptPhase, RunPhase};
use kigen_model::slot::{Cause, Failure, Gap, PastSuccess, RunSummary, Slot};

use crate::clean::{clean, clean_error};
use crate::containers::{failed_after_the_work, kept_from_ending};
use crate::exit_codes::hint;
use crate::time_text::{TimeFormatter, ordinal, span};

/// With fewer past runs than this, a message describes no usual duration.
const USUAL_RUNS_MIN: usize = 3;
/// With fewer past runs than this, a message describes no trend.
const TREND_RUNS_MIN: usize = 4;
/// The smallest growth from run to run that counts as a trend, in seconds.
const TREND_S_MIN: i64 = 60;

/// A deletion that was observed no longer than this after the last observation before is dated by it, in seconds.
const OBSERVED_WITHIN_S: i64 = 15;

/// How many reported metrics a message shows.
const REPORTED_MAX: usize = 6;

/// A message in plain text; text from the cluster in it is sanitized.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The kind of news.
    pub tone: Tone,
    /// What happened, in one line.
    pub headline: String,
    /// Where and when, in one line.
    pub context: String,
    /// The cause and the history, a paragraph each.
    pub paragraphs: Vec<String>,
    /// The last error text.
    pub error: Option<String>,
    /// Further facts, each with its label.
    pub facts: Vec<(&'static str, String)>,
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
}

/// The message for an alert.
pub fn render(alert: &Alert) -> Message {
    match &alert.body {
        AlertBody::SlotMissed { slot, misses, cause, run, past, .. } => {
            missed(alert, slot, *misses, cause, run.as_ref(), past)
        }
        AlertBody::SlotRecovered { slot, since, misses, ended_at, run, .. } => {
            recovered(alert, slot, *since, *misses, *ended_at, run)
        }
        AlertBody::SlotRetracted { slot, incident, misses, ended_at, run } => {
            retracted(alert, slot, incident.is_some(), *misses, *ended_at, run.as_ref())
        }
        AlertBody::SlotUnknown { slot, slots: 1, gap, .. } => unknown(alert, slot, gap),
        AlertBody::SlotUnknown { slot, since, slots, gap } => unknown_slots(alert, slot, *since, *slots, gap),
        AlertBody::UnknownClosed { slot, since, slots, met, missed, .. } => {
            judged_again(alert, slot, *since, *slots, (*met, *missed))
        }
        AlertBody::RunFailed { run, failure } => run_failed(alert, run, failure),
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
    let mut text = format!(
        "A good result was there at {}. kigen saw it only after it had called the deadline {verdict}.",
        times.when(ended_at)
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
        tone: Tone::Recovered,
        headline: format!("{} was there in time after all", name(alert)),
        context: context(alert, &times, slot),
        paragraphs: vec![text],
        error: None,
        facts,
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
    facts.push(("Look", describe_cron_job(alert)));
    Message {
        tone: Tone::Unknown,
        headline: format!("{} may have no good result for {}", name(alert), times.clock(slot.deadline)),
        context: context(alert, &times, slot),
        paragraphs: vec![text],
        error: None,
        facts,
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
    facts.push(("Look", describe_cron_job(alert)));
    Message {
        tone: Tone::Unknown,
        headline: format!("{} may have no good result for {slots} deadlines", name(alert)),
        context: context_of_slots(alert, &times, since, last),
        paragraphs: vec![text],
        error: None,
        facts,
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
        tone: if missed == 0 { Tone::Recovered } else { Tone::Unknown },
        headline: format!("{} is judged again for {} deadlines", name(alert), met.saturating_add(missed)),
        context: context_of_slots(alert, &times, since, last),
        paragraphs: vec![text],
        error: None,
        facts: facts_of_objective(alert),
    }
}

fn run_failed(alert: &Alert, run: &RunSummary, failure: &Failure) -> Message {
    let start = run.run.nominal_start();
    let times = TimeFormatter::new(zone(alert), start);
    let mut facts = facts_of_run(Some(run), true);
    facts.extend(facts_of_objective(alert));
    facts.push(("Look", read_logs(alert, run)));
    Message {
        tone: Tone::Failed,
        headline: format!("{} failed", name(alert)),
        context: format!(
            "run of {} {} {} · cluster {}",
            times.day(start),
            times.clock(start),
            times.zone(),
            clean(&alert.key.cluster)
        ),
        paragraphs: [failure_text(&times, failure, Some(run))]
            .into_iter()
            .chain(kept_from_ending(&times, Some(run)))
            .collect(),
        error: last_error(failure),
        facts,
    }
}

fn recovered(
    alert: &Alert,
    slot: &Slot,
    since: Instant,
    misses: u32,
    ended_at: Instant,
    run: &RunSummary,
) -> Message {
    let times = TimeFormatter::new(zone(alert), ended_at);
    let is_of_a_later_slot = run.run.nominal_start() >= slot.deadline;
    let (headline, mut text) = if is_of_a_later_slot {
        let text = format!(
            "The run of {} ended well at {}; the result for {} never came.",
            times.when(run.run.nominal_start()),
            times.when(ended_at),
            times.when(slot.deadline)
        );
        (format!("{} is good again", name(alert)), text)
    } else {
        let late = span(ended_at - slot.deadline);
        (
            format!("{} is done, {late} late", name(alert)),
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
        tone: Tone::Recovered,
        headline,
        context: context(alert, &times, slot),
        paragraphs: vec![text],
        error: None,
        facts,
    }
}

fn missed(
    alert: &Alert,
    slot: &Slot,
    misses: u32,
    cause: &Cause,
    run: Option<&RunSummary>,
    past: &[PastSuccess],
) -> Message {
    let times = TimeFormatter::new(zone(alert), slot.deadline);
    let mut paragraphs = vec![cause_text(&times, slot, cause, run)];
    paragraphs.extend(kept_from_ending(&times, run));
    paragraphs.extend(usual_duration(past));
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
        tone: Tone::Missed,
        headline: format!("{} has no good result for {}", name(alert), times.clock(slot.deadline)),
        context: context(alert, &times, slot),
        paragraphs,
        error,
        facts,
    }
}

fn name(alert: &Alert) -> String {
    clean(&format!("{}/{}", alert.key.namespace, alert.key.batch))
}

fn context(alert: &Alert, times: &TimeFormatter, slot: &Slot) -> String {
    let deadline = format!("{} {}", times.day(slot.deadline), times.clock(slot.deadline));
    format!("deadline {deadline} {} · cluster {}", times.zone(), clean(&alert.key.cluster))
}

fn context_of_slots(alert: &Alert, times: &TimeFormatter, since: Instant, last: &Slot) -> String {
    let when = |deadline| format!("{} {}", times.day(deadline), times.clock(deadline));
    let (first, last) = (when(since), when(last.deadline));
    format!("deadlines {first} to {last} {} · cluster {}", times.zone(), clean(&alert.key.cluster))
}

fn cause_text(times: &TimeFormatter, slot: &Slot, cause: &Cause, run: Option<&RunSummary>) -> String {
    match cause {
        Cause::CronJobAbsent => "There is no CronJob of that name any more, so nothing will run.".to_owned(),
        Cause::Suspended => "The CronJob is suspended, so nothing runs until somebody resumes it.".to_owned(),
        Cause::Failed(failure) => failure_text(times, failure, run),
        Cause::StillRunning { since } => still_running(times, slot, *since, run),
        Cause::Pending { since, why } => {
            let why = why.as_deref().map_or("Kubernetes does not say why".to_owned(), clean);
            let why = why.trim_end_matches('.');
            let since = times.when(*since);
            match run.map(|run| &run.run.phase) {
                None | Some(RunPhase::Pending | RunPhase::Suspended) => {
                    format!("Its run was created at {since} and does not run: {why}.")
                }
                Some(_) => format!("Its run was created at {since} and did not run at the deadline: {why}."),
            }
        }
        Cause::NeverStarted { expected_at } => never_started(times, *expected_at, run),
        Cause::NotObserved { expected_at, gap } => {
            let what = match run {
                Some(run) => format!("How its run of {} ended", times.when(run.run.nominal_start())),
                None => format!("What became of its run, expected at {},", times.when(*expected_at)),
            };
            let from = gap.from.map_or(String::new(), |from| format!("from {} ", times.when(from)));
            let to = times.when(gap.to);
            format!(
                "{what} is not known: nothing was observed {from}until {to}. Its CronJob shows no success in time."
            )
        }
    }
}

/// What was true at the deadline may be over at the verdict.
fn still_running(times: &TimeFormatter, slot: &Slot, since: Instant, run: Option<&RunSummary>) -> String {
    let begun = times.when(since);
    let so_far = if since > slot.deadline {
        ", after the deadline".to_owned()
    } else {
        format!(": {} at the deadline", span(slot.deadline - since))
    };
    match run.map(|run| &run.run.phase) {
        Some(RunPhase::Failed { failed_at, .. }) => {
            format!("It was still running, since {begun}{so_far}. It failed at {}.", times.when(*failed_at))
        }
        Some(RunPhase::Succeeded { .. } | RunPhase::Deleted { .. }) => {
            format!("It was still running, since {begun}{so_far}.")
        }
        None | Some(RunPhase::Pending | RunPhase::Running | RunPhase::Suspended) => {
            format!("It is still running, since {begun}{so_far}.")
        }
    }
}

fn never_started(times: &TimeFormatter, expected_at: Instant, run: Option<&RunSummary>) -> String {
    let expected = times.when(expected_at);
    match run.map(|run| &run.run) {
        None => format!("It never started: a run was expected at {expected}."),
        Some(run) if run.nominal_start() >= expected_at => {
            format!(
                "It started too late: a run was expected at {expected}, and made at {}.",
                times.when(run.created_at)
            )
        }
        Some(run) => {
            let way = if run.phase.is_terminal() {
                "had not ended and may have been in the way"
            } else {
                "has not ended and may be in the way"
            };
            format!(
                "It never started: a run was expected at {expected}. The run of {} {way}.",
                times.when(run.nominal_start())
            )
        }
    }
}

fn failure_text(times: &TimeFormatter, failure: &Failure, run: Option<&RunSummary>) -> String {
    let gone_at = match run.map(|run| &run.run.phase) {
        Some(RunPhase::Deleted { observed_at }) => gone_at(times, *observed_at, failure, run),
        _ => String::new(),
    };
    match failure.reason.as_str() {
        "Deleted" => return format!("Its Job was deleted{gone_at}, before it had ended."),
        "Replaced" => {
            return format!(
                "The next run replaced it{gone_at}, before it had ended (concurrencyPolicy: Replace)."
            );
        }
        _ => {}
    }
    let (attempts, last) = match failure.attempts {
        0 | 1 => ("in its only attempt".to_owned(), "It"),
        attempts => (format!("after {attempts} attempts"), "The last one"),
    };
    let stopped = if failure.reason == "DeadlineExceeded" { ", by its activeDeadlineSeconds" } else { "" };
    let of_container = failed_after_the_work(run);
    let ended = of_container.or_else(|| Some(format!("{last} ended {}", how_it_ended(failure, run)?)));
    let ended = ended.map_or(String::new(), |ended| format!(" {ended}."));
    format!("Its run failed {attempts}: {}{stopped}.{ended}", clean(&failure.reason))
}

/// A deletion is observed as it happens, or after an interruption: then only that it was between two instants.
fn gone_at(
    times: &TimeFormatter,
    observed_at: Instant,
    failure: &Failure,
    run: Option<&RunSummary>,
) -> String {
    let observed_within = TimeDelta::seconds(OBSERVED_WITHIN_S);
    let after = run.and_then(|run| run.gone_after).filter(|after| observed_at - *after > observed_within);
    match after.filter(|_| failure.reason == "Deleted") {
        Some(after) => format!(" between {} and {}", times.when(after), times.when(observed_at)),
        None => format!(" at {}", times.when(observed_at)),
    }
}

/// The reason of the container or the pod, and the exit code.
fn how_it_ended(failure: &Failure, run: Option<&RunSummary>) -> Option<String> {
    let reason = match run.and_then(|run| run.last_attempt.as_ref()).map(|attempt| &attempt.phase) {
        Some(AttemptPhase::Failed { reason: Some(reason), .. }) if reason != "Error" => Some(clean(reason)),
        _ => None,
    };
    match (reason, failure.exit_code) {
        (Some(reason), Some(code)) => Some(format!("as {reason}, with exit code {code}")),
        (Some(reason), None) => Some(format!("as {reason}, without an exit code")),
        (None, Some(code)) => {
            let hint = hint(code).map_or(String::new(), |hint| format!(" ({hint})"));
            Some(format!("with exit code {code}{hint}"))
        }
        (None, None) => None,
    }
}

fn error_of_attempt(run: &RunSummary) -> Option<String> {
    match &run.last_attempt.as_ref()?.phase {
        AttemptPhase::Failed { message: Some(message), .. } => {
            Some(clean_error(message)).filter(|text| !text.is_empty())
        }
        // The end of the log of the container that the others wait for.
        AttemptPhase::Waiting { reason: None, message: Some(message) } => {
            let (_, log) = message.split_once('\n')?;
            Some(clean_error(log)).filter(|text| !text.is_empty())
        }
        _ => None,
    }
}

fn last_error(failure: &Failure) -> Option<String> {
    failure.last_error.as_deref().map(clean_error).filter(|text| !text.is_empty())
}

/// The time zone of a message.
fn zone(alert: &Alert) -> &str {
    alert.objective.as_ref().map_or("UTC", |objective| &objective.time_zone)
}

/// How long the past runs took, and whether they grow longer.
fn usual_duration(past: &[PastSuccess]) -> Option<String> {
    if past.len() < USUAL_RUNS_MIN {
        return None;
    }
    let lasted: Vec<TimeDelta> = past.iter().map(|run| run.ended_at - run.nominal_start).collect();
    let (shortest, longest) = (*lasted.iter().min()?, *lasted.iter().max()?);
    let took = if span(shortest) == span(longest) {
        format!("took {}", span(longest))
    } else {
        format!("took {} to {}", span(shortest), span(longest))
    };
    let mut text = format!("The last {} good runs {took}", past.len());
    if let Some(growth) = trend(&lasted) {
        text.push_str(&format!(", each about {} longer than the one before.", span(growth)));
        text.push_str(" It will go on missing its deadline unless it starts earlier or gets faster.");
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

fn facts_of_run(run: Option<&RunSummary>, with_attempt: bool) -> Vec<(&'static str, String)> {
    let Some(summary) = run else {
        return Vec::new();
    };
    let mut job = clean(&summary.run.job);
    if summary.run.scheduled_at.is_none() {
        job.push_str(" (by hand)");
    }
    let mut facts = vec![("Job", job)];
    if let Some(attempt) = summary.last_attempt.as_ref().filter(|_| with_attempt) {
        let node = attempt.node.as_deref().map_or(String::new(), |node| format!(" on {}", clean(node)));
        facts.push(("Pod", format!("{}{node}", clean(&attempt.pod))));
    }
    if let Some(attempt) = summary.last_attempt.as_ref().filter(|attempt| !attempt.metrics.is_empty()) {
        facts.push(("Reported", clean(&attempt.metrics.brief(REPORTED_MAX))));
    }
    let failed = summary.run.failed_pods;
    if failed > 0 && !matches!(summary.run.phase, RunPhase::Failed { .. }) {
        facts.push(("Failed attempts", failed.to_string()));
    }
    facts
}

fn facts_of_objective(alert: &Alert) -> Vec<(&'static str, String)> {
    let Some(objective) = &alert.objective else {
        return Vec::new();
    };
    let mut facts = Vec::new();
    if let Some(owner) = &objective.owner {
        facts.push(("Owner", clean(owner)));
    }
    facts.push((
        "Objective",
        match &objective.deadlines {
            DeadlineSummary::CompleteBy(crontab) => {
                format!("complete by \"{}\" {}", clean(crontab), objective.time_zone)
            }
            DeadlineSummary::Before(cron_job) => format!("before {} starts", clean(cron_job)),
        },
    ));
    if let Some(runbook) = &objective.runbook {
        facts.push(("Runbook", clean(runbook)));
    }
    facts
}

/// The command to run first.
fn first_command(alert: &Alert, cause: &Cause, run: Option<&RunSummary>) -> String {
    match (cause, run) {
        (
            Cause::CronJobAbsent | Cause::Suspended | Cause::NeverStarted { .. } | Cause::NotObserved { .. },
            _,
        )
        | (_, None) => describe_cron_job(alert),
        // The logs are gone with the Job.
        (Cause::Failed(failure), Some(_)) if ["Deleted", "Replaced"].contains(&failure.reason.as_str()) => {
            describe_cron_job(alert)
        }
        (Cause::Failed(_) | Cause::StillRunning { .. }, Some(run)) => read_logs(alert, run),
        (Cause::Pending { .. }, Some(run)) if run.last_attempt.is_none() => {
            format!("kubectl -n {} describe job {}", clean(&alert.key.namespace), clean(&run.run.job))
        }
        (Cause::Pending { .. }, Some(run)) => {
            let namespace = clean(&alert.key.namespace);
            format!("kubectl -n {namespace} describe pods -l job-name={}", clean(&run.run.job))
        }
    }
}

fn describe_cron_job(alert: &Alert) -> String {
    format!("kubectl -n {} describe cronjob {}", clean(&alert.key.namespace), clean(&alert.key.batch))
}

fn read_logs(alert: &Alert, run: &RunSummary) -> String {
    format!("kubectl -n {} logs job/{}", clean(&alert.key.namespace), clean(&run.run.job))
}
