//! What the attempts of a run show: when it ended, why it failed, why it waits, and which of them are worth keeping.

use chrono::TimeDelta;
use kigen_model::Instant;
use kigen_model::reported::ReportedMetrics;
use kigen_model::run::{Attempt, AttemptPhase, Container, ContainerState, RunPhase};
use kigen_model::slot::Failure;
use kigen_state::{ATTEMPTS_MAX, AttemptState, RunState};

/// Reasons for which Kubernetes' message adds nothing to the reason.
const SELF_EXPLANATORY_REASONS: [&str; 2] = ["BackoffLimitExceeded", "DeadlineExceeded"];

/// How long after the failure of a run a pod of it that has not ended hangs, in seconds: before, it may be within its grace
/// period, or its end may not be observed yet.
const HANGS_AFTER_S: i64 = 60;

/// The most informative attempt of a run: if it succeeded, the latest success; if it has not ended, the attempt that is
/// under way; else the latest failure.
pub(crate) fn most_informative(run: &RunState) -> Option<&Attempt> {
    let attempts = &run.attempts;
    let place = match run.run.phase {
        RunPhase::Succeeded { .. } => last_success(attempts),
        RunPhase::Pending | RunPhase::Running | RunPhase::Suspended => {
            attempts.iter().rposition(is_under_way).or(last_failure(attempts))
        }
        RunPhase::Failed { .. } | RunPhase::Deleted { .. } => last_failure(attempts),
    };
    place.and_then(|place| attempts.get(place)).or(attempts.last()).map(|known| &known.attempt)
}

/// An attempt that keeps a run which has failed from ending: long after the failure, containers of it run.
pub(crate) fn hanging(run: &RunState, at: Instant) -> Option<&Attempt> {
    let RunPhase::Failed { failed_at, .. } = run.run.phase else {
        return None;
    };
    let runs = |container: &Container| matches!(container.state, ContainerState::Running { .. });
    let hangs = |known: &&AttemptState| is_under_way(known) && known.attempt.containers.iter().any(runs);
    let hanging = run.attempts.iter().find(hangs).map(|known| &known.attempt);
    hanging.filter(|_| at - failed_at >= TimeDelta::seconds(HANGS_AFTER_S))
}

/// The numbers that the most informative attempt reported.
pub(crate) fn reported(run: &RunState) -> Option<&ReportedMetrics> {
    most_informative(run).map(|attempt| &attempt.metrics).filter(|metrics| !metrics.is_empty())
}

/// The numbers that the result has: those of the last pod that ended well. What a pod reported before it failed is of none.
pub(crate) fn reported_by_success(run: &RunState) -> Option<&ReportedMetrics> {
    let success = last_success(&run.attempts)?;
    run.attempts.get(success).map(|known| &known.attempt.metrics).filter(|metrics| !metrics.is_empty())
}

/// When the work of a run that succeeded ended: when the last counted pod ended if that was observed and is plausible, else
/// the controller's time of completion, which is late after a controller outage.
pub(crate) fn ended_at(run: &RunState) -> Option<Instant> {
    let RunPhase::Succeeded { completed_at } = run.run.phase else {
        return None;
    };
    let starts = run.run.started_at.unwrap_or(run.run.created_at);
    // With several pods the work is done when the last of them is.
    let finished = run.attempts.iter().filter_map(success).max();
    Some(finished.filter(|finished| (starts..=completed_at).contains(finished)).unwrap_or(completed_at))
}

/// The least informative attempt, to be dropped. The latest success, which decides when the work ended, is dropped last, and
/// the latest failure, which explains the run, last but one.
pub(crate) fn least_informative(attempts: &[AttemptState]) -> Option<usize> {
    let newest = attempts.len().checked_sub(1)?;
    let (success, failure) = (last_success(attempts), last_failure(attempts));
    let is_kept = |place: usize| Some(place) == success || Some(place) == failure;
    let older = (0..newest).find(|place| !is_kept(*place));
    older.or(Some(newest).filter(|newest| !is_kept(*newest))).or(failure).or(success)
}

/// Merges an observed attempt; `false`: it is not newer than what is known. Attempts are sorted by version, not by arrival:
/// one that was dropped and is observed again, as in a list, must be among the oldest, so that it is dropped again.
pub(crate) fn merge_attempt(attempts: &mut Vec<AttemptState>, observed: AttemptState) -> bool {
    match attempts.iter_mut().find(|known| known.revision.uid == observed.revision.uid) {
        Some(known) if !observed.revision.is_newer_than(&known.revision) => {
            keep_text(&mut known.attempt, &observed.attempt);
            return false;
        }
        Some(known) => {
            let before = std::mem::replace(known, observed);
            keep_text(&mut known.attempt, &before.attempt);
        }
        None => attempts.push(observed),
    }
    attempts.sort_by_key(|known| known.revision.resource_version);
    if attempts.len() > ATTEMPTS_MAX
        && let Some(least) = least_informative(attempts)
    {
        attempts.remove(least);
    }
    true
}

/// The error text of an attempt may be observed later than the rest, if it is the end of a log; once known it is kept. While
/// an attempt waits for one of its containers, the latest reading of that one's log is kept.
fn keep_text(attempt: &mut Attempt, other: &Attempt) {
    match (&mut attempt.phase, &other.phase) {
        (
            AttemptPhase::Failed { message: message @ None, .. },
            AttemptPhase::Failed { message: known, .. },
        ) => message.clone_from(known),
        (
            AttemptPhase::Waiting { reason: None, message: Some(message) },
            AttemptPhase::Waiting { reason: None, message: Some(known) },
        ) if known.lines().next() == message.lines().next() && *known > *message => {
            message.clone_from(known);
        }
        (
            AttemptPhase::Waiting { .. }
            | AttemptPhase::Running { .. }
            | AttemptPhase::Succeeded { .. }
            | AttemptPhase::Failed { .. },
            _,
        ) => {}
    }
}

/// How a run failed. A container that is restarted in place is another attempt of the same pod.
pub(crate) fn failure(run: &RunState, reason: &str) -> Failure {
    let last = last_failure(&run.attempts).and_then(|place| run.attempts.get(place));
    let (exit_code, text) = match last.map(|known| &known.attempt.phase) {
        Some(AttemptPhase::Failed { exit_code, message, .. }) => (*exit_code, message.clone()),
        Some(
            AttemptPhase::Waiting { .. } | AttemptPhase::Running { .. } | AttemptPhase::Succeeded { .. },
        )
        | None => (None, None),
    };
    let restarts = run.attempts.iter().map(|known| known.attempt.restarts).fold(0, u32::saturating_add);
    let attempts = run.run.failed_pods.max(1).saturating_add(restarts);
    let last_error = text.or_else(|| message_of_job(run));
    Failure { reason: reason.to_owned(), exit_code, attempts, last_error }
}

/// The Job's own message, if it adds something to the reason: with a `podFailurePolicy` the container and its exit code.
fn message_of_job(run: &RunState) -> Option<String> {
    match &run.run.phase {
        RunPhase::Failed { reason, message, .. } => Some(message.clone())
            .filter(|message| !message.is_empty() && !SELF_EXPLANATORY_REASONS.contains(&reason.as_str())),
        RunPhase::Pending
        | RunPhase::Running
        | RunPhase::Suspended
        | RunPhase::Succeeded { .. }
        | RunPhase::Deleted { .. } => None,
    }
}

/// Whether a container of the run runs, whatever the Job's status: that counts only pods that are ready.
pub(crate) fn runs_now(run: &RunState) -> bool {
    run.attempts.iter().any(|known| match known.attempt.phase {
        AttemptPhase::Running { .. } => true,
        AttemptPhase::Waiting { .. } | AttemptPhase::Succeeded { .. } | AttemptPhase::Failed { .. } => false,
    })
}

/// Why a run does not run, by its pods, or, if it has none, by its Job.
pub(crate) fn why_waiting(run: &RunState) -> Option<String> {
    run.attempts
        .iter()
        .rev()
        .find_map(|known| waits_for(&known.attempt))
        .or_else(|| between_attempts(run))
        .or_else(|| match (run.attempts.is_empty(), run.run.started_at) {
            (true, Some(_)) => {
                Some("no pod of it was made, which a quota or an admission rule may forbid".to_owned())
            }
            (true, None) => Some("no controller has taken the Job up".to_owned()),
            (false, _) => None,
        })
}

fn waits_for(attempt: &Attempt) -> Option<String> {
    match &attempt.phase {
        AttemptPhase::Waiting { reason: Some(reason), message: Some(message) } => {
            Some(format!("{reason}: {message}"))
        }
        AttemptPhase::Waiting { reason: Some(reason), message: None } => Some(reason.clone()),
        // After the first line follows the end of a log.
        AttemptPhase::Waiting { reason: None, message } => {
            message.as_deref().and_then(|message| message.lines().next()).map(str::to_owned)
        }
        AttemptPhase::Running { .. } | AttemptPhase::Succeeded { .. } | AttemptPhase::Failed { .. } => None,
    }
}

/// Kubernetes backs off exponentially before it tries again; only the failures so far show that.
fn between_attempts(run: &RunState) -> Option<String> {
    let last = last_failure(&run.attempts).and_then(|place| run.attempts.get(place));
    let how = match last.map(|known| &known.attempt.phase) {
        Some(AttemptPhase::Failed { exit_code: Some(code), reason: Some(reason), .. }) => {
            format!(" ({reason}, exit code {code})")
        }
        Some(AttemptPhase::Failed { exit_code: Some(code), reason: None, .. }) => {
            format!(" (exit code {code})")
        }
        Some(AttemptPhase::Failed { exit_code: None, reason: Some(reason), .. }) => format!(" ({reason})"),
        Some(
            AttemptPhase::Failed { exit_code: None, reason: None, .. }
            | AttemptPhase::Waiting { .. }
            | AttemptPhase::Running { .. }
            | AttemptPhase::Succeeded { .. },
        ) => String::new(),
        None if run.run.failed_pods == 0 => return None,
        None => String::new(),
    };
    Some(match run.run.failed_pods {
        0 | 1 => format!("its pod failed{how}, and the next one has not begun"),
        failed => format!("{failed} of its pods failed, the last{how}, and the next one has not begun"),
    })
}

fn is_under_way(known: &AttemptState) -> bool {
    match known.attempt.phase {
        AttemptPhase::Waiting { .. } | AttemptPhase::Running { .. } => true,
        AttemptPhase::Succeeded { .. } | AttemptPhase::Failed { .. } => false,
    }
}

/// The latest failure: by when it ended, since a later version may show only that the pod is removed; by its version if the
/// node was lost and the end is unknown.
fn last_failure(attempts: &[AttemptState]) -> Option<usize> {
    let failed = attempts.iter().enumerate().filter_map(|(place, known)| match known.attempt.phase {
        AttemptPhase::Failed { finished_at, .. } => Some((place, finished_at)),
        AttemptPhase::Waiting { .. } | AttemptPhase::Running { .. } | AttemptPhase::Succeeded { .. } => None,
    });
    let later = |last: (usize, Option<Instant>), next: (usize, Option<Instant>)| match (last.1, next.1) {
        (Some(last_end), Some(next_end)) if next_end < last_end => last,
        _ => next,
    };
    failed.reduce(later).map(|(place, _)| place)
}

fn last_success(attempts: &[AttemptState]) -> Option<usize> {
    let is_success = |known: &AttemptState| matches!(known.attempt.phase, AttemptPhase::Succeeded { .. });
    let succeeded = attempts.iter().enumerate().filter(|(_, known)| is_success(known));
    succeeded.max_by_key(|(place, known)| (success(known), *place)).map(|(place, _)| place)
}

fn success(known: &AttemptState) -> Option<Instant> {
    match known.attempt.phase {
        AttemptPhase::Succeeded { finished_at } => finished_at,
        AttemptPhase::Waiting { .. } | AttemptPhase::Running { .. } | AttemptPhase::Failed { .. } => None,
    }
}
