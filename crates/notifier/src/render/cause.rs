//! Why a deadline was missed or a run failed, in a sentence.

use chrono::TimeDelta;
use kigen_model::Instant;
use kigen_model::alert::{Alert, CronJobPresence};
use kigen_model::expectation::{Broken, broken_text};
use kigen_model::run::{AttemptPhase, RunPhase};
use kigen_model::slot::{Cause, Failure, RunSummary, Slot};

use kigen_text::error;

use crate::clean::{clean, clean_error};
use crate::containers::failed_after_the_work;
use crate::exit_codes::hint;
use crate::time_text::{TimeFormatter, span};

use super::facts::{completion_index, target};

/// How much of an error a lock screen shows, in characters.
const BRIEF_CHARS_MAX: usize = 120;
/// A deletion that was observed no longer than this after the last observation before is dated by it, in seconds.
const OBSERVED_WITHIN_S: i64 = 15;

pub(super) fn cause_text(
    alert: &Alert,
    times: &TimeFormatter,
    slot: &Slot,
    cause: &Cause,
    run: Option<&RunSummary>,
) -> String {
    match cause {
        Cause::CronJobAbsent => absent(alert.cron_job).to_owned(),
        Cause::TargetAbsent => format!(
            "{} is gone, before whose start its result must be there. There is no further deadline until it is back.",
            name_of_target(alert)
        ),
        Cause::Suspended => "The CronJob is suspended, so nothing runs until it is resumed.".to_owned(),
        Cause::Failed(failure) => failure_text(times, failure, run),
        Cause::Expectation(broken) => format!(
            "Its run ended well, but did not do what is expected: {}. So it does not count.",
            clean(&broken_text(broken))
        ),
        Cause::StillRunning { since } => still_running(times, slot, *since, run),
        Cause::Pending { since, why } => {
            let why = why.as_deref().map_or("Kubernetes reports no reason".to_owned(), clean);
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

/// That there is no CronJob: only one that was there is not there any more.
fn absent(cron_job: CronJobPresence) -> &'static str {
    match cron_job {
        CronJobPresence::Unrecorded | CronJobPresence::Deleted => {
            "There is no CronJob of that name any more, so nothing will run."
        }
        CronJobPresence::NeverObserved => {
            "There is no CronJob of that name, and kigen has never seen one: nothing will run until it is made, or the objective \
             names another."
        }
        CronJobPresence::NotExpected => "There was no CronJob of that name at the deadline.",
        CronJobPresence::Exists => "There was no CronJob of that name at the deadline; there is one now.",
    }
}

fn name_of_target(alert: &Alert) -> String {
    target(alert).map_or("The CronJob".to_owned(), |target| format!("CronJob {}", clean(target)))
}

/// The cause in a few words.
pub(super) fn brief_cause(
    alert: &Alert,
    times: &TimeFormatter,
    cause: &Cause,
    run: Option<&RunSummary>,
) -> String {
    match cause {
        Cause::CronJobAbsent => "there is no CronJob".to_owned(),
        Cause::TargetAbsent => format!("{} is gone", name_of_target(alert)),
        Cause::Suspended => "the CronJob is suspended".to_owned(),
        Cause::Failed(failure) => brief_failure(failure, run),
        Cause::Expectation(broken) => brief_broken(broken),
        Cause::StillRunning { since } => format!("running since {}", times.when(*since)),
        Cause::Pending { since, .. } => format!("waiting since {}", times.when(*since)),
        Cause::NeverStarted { expected_at } => {
            format!("never started, expected at {}", times.when(*expected_at))
        }
        Cause::NotObserved { .. } => "not observed".to_owned(),
    }
}

/// The first thing that is broken, in a few words.
pub(super) fn brief_broken(broken: &[Broken]) -> String {
    let first = broken.first().map_or_else(String::new, |broken| clean(&broken.to_string()));
    first.split_once(';').map_or(first.clone(), |(brief, _)| brief.to_owned())
}

/// A failure in a few words: the exception where there is one.
pub(super) fn brief_failure(failure: &Failure, run: Option<&RunSummary>) -> String {
    let line =
        failure.last_error.as_deref().map(|text| clean(&error::line(text))).filter(|line| !line.is_empty());
    let line = line.map(|line| line.chars().take(BRIEF_CHARS_MAX).collect());
    let brief: String = line.unwrap_or_else(|| match failure.exit_code {
        Some(code) => format!("{}, exit code {code}", clean(&failure.reason)),
        None => clean(&failure.reason),
    });
    match run.and_then(completion_index) {
        Some(index) => format!("index {index}: {brief}"),
        None => brief,
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

pub(super) fn failure_text(times: &TimeFormatter, failure: &Failure, run: Option<&RunSummary>) -> String {
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
    let of_index = run.and_then(completion_index);
    let of_index = of_index.map_or(String::new(), |index| format!(", of completion index {index},"));
    let ended =
        of_container.or_else(|| Some(format!("{last}{of_index} ended {}", how_it_ended(failure, run)?)));
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

pub(super) fn error_of_attempt(run: &RunSummary) -> Option<String> {
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

pub(super) fn last_error(failure: &Failure) -> Option<String> {
    failure.last_error.as_deref().map(clean_error).filter(|text| !text.is_empty())
}
