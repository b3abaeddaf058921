//! Why a deadline was missed or a run failed, in a sentence.

use chrono::TimeDelta;
use kigen_model::Instant;
use kigen_model::alert::{Alert, CronJobPresence};
use kigen_model::run::{AttemptPhase, RunPhase};
use kigen_model::slot::{Cause, Failure, Gap, RunSummary, Slot};

use kigen_text::error;

use crate::clean::{clean, clean_error};
use crate::containers::failed_after_the_work;
use crate::exit_codes::hint;
use crate::language::{Language, phrase};
use crate::time_text::TimeFormatter;

use super::broken::{brief_broken, broken_text};
use super::facts::{completion_index, target};

/// How much of an error a lock screen shows, in characters.
const BRIEF_CHARS_MAX: usize = 120;
/// A deletion that was observed no longer than this after the last observation before is dated by it, in seconds.
const OBSERVED_WITHIN_S: i64 = 15;
/// Why a run does not run, as the engine records it.
const SUSPENDED: &str = "the Job is suspended";
const WITHOUT_POD: &str = "no pod of it was made, which a quota or an admission rule may forbid";

pub(super) fn cause_text(
    alert: &Alert,
    times: &TimeFormatter,
    slot: &Slot,
    cause: &Cause,
    run: Option<&RunSummary>,
) -> String {
    let language = times.language();
    match cause {
        Cause::CronJobAbsent => phrase!(language, absent(alert.cron_job)),
        Cause::TargetAbsent => {
            phrase!(language, "cause-target-gone", target = name_of_target(language, alert))
        }
        Cause::Suspended => phrase!(language, "cause-suspended"),
        Cause::Failed(failure) => failure_text(times, failure, run),
        Cause::Expectation(broken) => {
            phrase!(language, "cause-expectation", broken = broken_text(language, broken))
        }
        Cause::StillRunning { since } => still_running(times, slot, *since, run),
        Cause::Pending { since, why } => pending(times, *since, why.as_deref(), run),
        Cause::NeverStarted { expected_at } => never_started(times, *expected_at, run),
        Cause::NotObserved { expected_at, gap } => not_observed(times, *expected_at, gap, run),
    }
}

/// That there is no CronJob: only one that was there is not there any more.
fn absent(cron_job: CronJobPresence) -> &'static str {
    match cron_job {
        CronJobPresence::Unrecorded | CronJobPresence::Deleted => "cause-cron-job-gone",
        CronJobPresence::NeverObserved => "cause-cron-job-never-seen",
        CronJobPresence::NotExpected => "cause-no-cron-job",
        CronJobPresence::Exists => "cause-no-cron-job-then",
    }
}

fn name_of_target(language: Language, alert: &Alert) -> String {
    match target(alert) {
        Some(target) => phrase!(language, "target", target = clean(target)),
        None => phrase!(language, "target-unknown"),
    }
}

/// The cause in a few words.
pub(super) fn brief_cause(
    alert: &Alert,
    times: &TimeFormatter,
    cause: &Cause,
    run: Option<&RunSummary>,
) -> String {
    let language = times.language();
    match cause {
        Cause::CronJobAbsent => phrase!(language, "brief-cron-job-gone"),
        Cause::TargetAbsent => {
            phrase!(language, "brief-target-gone", target = name_of_target(language, alert))
        }
        Cause::Suspended => phrase!(language, "brief-suspended"),
        Cause::Failed(failure) => brief_failure(language, failure, run),
        Cause::Expectation(broken) => brief_broken(language, broken),
        Cause::StillRunning { since } => phrase!(language, "brief-still-running", since = times.when(*since)),
        Cause::Pending { since, .. } => phrase!(language, "brief-pending", since = times.when(*since)),
        Cause::NeverStarted { expected_at } => {
            phrase!(language, "brief-never-started", expected = times.when(*expected_at))
        }
        Cause::NotObserved { .. } => phrase!(language, "brief-not-observed"),
    }
}

/// A failure in a few words: the exception where there is one.
pub(super) fn brief_failure(language: Language, failure: &Failure, run: Option<&RunSummary>) -> String {
    let line =
        failure.last_error.as_deref().map(|text| clean(&error::line(text))).filter(|line| !line.is_empty());
    let line = line.map(|line| line.chars().take(BRIEF_CHARS_MAX).collect());
    let reason = reason_of_attempt(run).unwrap_or_else(|| clean(&failure.reason));
    let brief: String = line.unwrap_or_else(|| match failure.exit_code {
        Some(code) => phrase!(language, "brief-failure", reason = reason, code = code),
        None => reason,
    });
    match run.and_then(completion_index) {
        Some(index) => phrase!(language, "brief-index", index = index, brief = brief),
        None => brief,
    }
}

/// What was true at the deadline may be over at the verdict.
fn still_running(times: &TimeFormatter, slot: &Slot, since: Instant, run: Option<&RunSummary>) -> String {
    let (language, begun) = (times.language(), times.when(since));
    let phase = run.map(|run| &run.run.phase);
    let is_over = match phase {
        Some(RunPhase::Failed { .. } | RunPhase::Succeeded { .. } | RunPhase::Deleted { .. }) => true,
        None | Some(RunPhase::Pending | RunPhase::Running | RunPhase::Suspended) => false,
    };
    let running = if since > slot.deadline {
        let id = if is_over { "cause-was-running-after" } else { "cause-still-running-after" };
        phrase!(language, id, since = begun)
    } else {
        let id = if is_over { "cause-was-running" } else { "cause-still-running" };
        phrase!(language, id, since = begun, span = times.span(slot.deadline - since))
    };
    let failed = match phase {
        Some(RunPhase::Failed { failed_at, .. }) => {
            phrase!(language, "cause-running-failed", at = times.when(*failed_at))
        }
        _ => String::new(),
    };
    language.sentences([running, failed])
}

fn pending(times: &TimeFormatter, since: Instant, why: Option<&str>, run: Option<&RunSummary>) -> String {
    let language = times.language();
    let why = match why {
        None => phrase!(language, "why-unknown"),
        Some(SUSPENDED) => phrase!(language, "why-suspended"),
        Some(WITHOUT_POD) => phrase!(language, "why-without-pod"),
        Some(why) => clean(why),
    };
    let id = match run.map(|run| &run.run.phase) {
        None | Some(RunPhase::Pending | RunPhase::Suspended) => "cause-pending",
        Some(_) => "cause-was-pending",
    };
    phrase!(language, id, since = times.when(since), why = why.trim_end_matches('.'))
}

fn never_started(times: &TimeFormatter, expected_at: Instant, run: Option<&RunSummary>) -> String {
    let (language, expected) = (times.language(), times.when(expected_at));
    let Some(run) = run.map(|run| &run.run) else {
        return phrase!(language, "cause-never-started", expected = expected);
    };
    if run.nominal_start() >= expected_at {
        let made = times.when(run.created_at);
        return phrase!(language, "cause-started-late", expected = expected, made = made);
    }
    let id = if run.phase.is_terminal() { "cause-was-in-the-way" } else { "cause-in-the-way" };
    language.sentences([
        phrase!(language, "cause-never-started", expected = expected),
        phrase!(language, id, run = times.when(run.nominal_start())),
    ])
}

fn not_observed(times: &TimeFormatter, expected_at: Instant, gap: &Gap, run: Option<&RunSummary>) -> String {
    let (language, to) = (times.language(), times.when(gap.to));
    let from = gap.from.map(|from| times.when(from));
    let run = run.map(|run| times.when(run.run.nominal_start()));
    let expected = || times.when(expected_at);
    match (run, from) {
        (Some(run), Some(from)) => {
            phrase!(language, "cause-end-not-observed", run = run, from = from, to = to)
        }
        (Some(run), None) => phrase!(language, "cause-end-never-observed", run = run, to = to),
        (None, Some(from)) => {
            phrase!(language, "cause-not-observed", expected = expected(), from = from, to = to)
        }
        (None, None) => phrase!(language, "cause-never-observed", expected = expected(), to = to),
    }
}

pub(super) fn failure_text(times: &TimeFormatter, failure: &Failure, run: Option<&RunSummary>) -> String {
    let language = times.language();
    match failure.reason.as_str() {
        "Deleted" => return deleted(times, run),
        "Replaced" => {
            return match run.and_then(deleted_at) {
                Some(at) => phrase!(language, "failed-replaced-at", at = times.when(at)),
                None => phrase!(language, "failed-replaced"),
            };
        }
        _ => {}
    }
    let id = if failure.reason == "DeadlineExceeded" { "failed-active-deadline" } else { "failed" };
    let attempts = failure.attempts.max(1);
    let failed = phrase!(language, id, attempts = attempts, reason = clean(&failure.reason));
    let ended = failed_after_the_work(language, run).or_else(|| {
        let how = how_it_ended(language, failure, run)?;
        Some(match run.and_then(completion_index) {
            Some(index) => {
                phrase!(language, "ended-of-index", attempts = attempts, index = index, how = how)
            }
            None => phrase!(language, "ended", attempts = attempts, how = how),
        })
    });
    language.sentences([failed].into_iter().chain(ended))
}

fn deleted_at(run: &RunSummary) -> Option<Instant> {
    match run.run.phase {
        RunPhase::Deleted { observed_at } => Some(observed_at),
        _ => None,
    }
}

/// A deletion is observed as it happens, or after an interruption: then only that it was between two instants.
fn deleted(times: &TimeFormatter, run: Option<&RunSummary>) -> String {
    let language = times.language();
    let Some(observed_at) = run.and_then(deleted_at) else {
        return phrase!(language, "failed-deleted");
    };
    let observed_within = TimeDelta::seconds(OBSERVED_WITHIN_S);
    let after = run.and_then(|run| run.gone_after).filter(|after| observed_at - *after > observed_within);
    let at = times.when(observed_at);
    match after {
        Some(after) => phrase!(language, "failed-deleted-between", after = times.when(after), at = at),
        None => phrase!(language, "failed-deleted-at", at = at),
    }
}

/// The reason of the container or the pod, where it explains more than that it failed.
fn reason_of_attempt(run: Option<&RunSummary>) -> Option<String> {
    match run.and_then(|run| run.last_attempt.as_ref()).map(|attempt| &attempt.phase) {
        Some(AttemptPhase::Failed { reason: Some(reason), .. }) if reason != "Error" => Some(clean(reason)),
        _ => None,
    }
}

/// The reason of the container or the pod, and the exit code.
fn how_it_ended(language: Language, failure: &Failure, run: Option<&RunSummary>) -> Option<String> {
    match (reason_of_attempt(run), failure.exit_code) {
        (Some(reason), Some(code)) => {
            Some(phrase!(language, "how-reason-and-code", reason = reason, code = code))
        }
        (Some(reason), None) => Some(phrase!(language, "how-reason", reason = reason)),
        (None, Some(code)) => Some(match hint(language, code) {
            Some(hint) => phrase!(language, "how-code-and-hint", code = code, hint = hint),
            None => phrase!(language, "how-code", code = code),
        }),
        (None, None) => None,
    }
}

/// The error text of an attempt.
pub(super) fn error_of_attempt(run: &RunSummary) -> Option<&str> {
    match &run.last_attempt.as_ref()?.phase {
        AttemptPhase::Failed { message: Some(message), .. } => Some(message),
        // The end of the log of the container that the others wait for.
        AttemptPhase::Waiting { reason: None, message: Some(message) } => {
            message.split_once('\n').map(|(_, log)| log)
        }
        _ => None,
    }
}

/// The lines of an error text that explain most, and all of it if that is more.
pub(super) fn error_texts(language: Language, text: Option<&str>) -> (Vec<String>, Option<String>) {
    let Some(text) = text else { return (Vec::new(), None) };
    let shown = clean_error(text);
    if shown.is_empty() {
        return (Vec::new(), None);
    }
    let whole = error::kept(text).trim().to_owned();
    let has_more = whole != shown.trim();
    (vec![omissions(language, &shown)], has_more.then(|| omissions(language, &whole)))
}

/// An error text, with the lines in a language that count what is left out.
fn omissions(language: Language, text: &str) -> String {
    let line = |line: &str| {
        let count = line.trim_start().strip_prefix('[').and_then(|rest| rest.strip_suffix(" left out]"));
        let count = count.and_then(|rest| rest.strip_suffix(" lines").or_else(|| rest.strip_suffix(" line")));
        match count.and_then(|count| count.parse::<u32>().ok()) {
            Some(lines) => format!("  {}", phrase!(language, "left-out", lines = lines)),
            None => line.to_owned(),
        }
    };
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}
