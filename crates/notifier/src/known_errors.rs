//! What a known error of Kubernetes usually means, and what to do: one line each.

use kigen_model::run::AttemptPhase;
use kigen_model::slot::{Cause, Failure, RunSummary};

use crate::containers::failed_after_the_work;
use crate::language::{Language, phrase};

/// By the words that Kubernetes has for a state of a pod, a container or a Job. Source: the reasons in Kubernetes'
/// `pkg/kubelet/events`, `pkg/kubelet/images/types.go`, `pkg/kubelet/eviction` and `pkg/controller/job`.
const KNOWN: [(&str, &str); 24] = [
    ("OOMKilled", "known-oom-killed"),
    ("Evicted", "known-evicted"),
    ("ImagePullBackOff", "known-image"),
    ("ErrImagePull", "known-image"),
    ("InvalidImageName", "known-image"),
    ("CreateContainerConfigError", "known-container-config"),
    ("CreateContainerError", "known-container-create"),
    ("Unschedulable", "known-unschedulable"),
    ("FailedScheduling", "known-unschedulable"),
    ("FailedMount", "known-mount"),
    ("DeadlineExceeded", "known-active-deadline"),
    ("StartError", "known-start"),
    ("ContainerCannotRun", "known-start"),
    ("RunContainerError", "known-start"),
    ("CrashLoopBackOff", "known-crash-loop"),
    ("Preempting", "known-preempted"),
    ("PreemptionByScheduler", "known-preempted"),
    ("NodeShutdown", "known-node-gone"),
    ("NodeLost", "known-node-gone"),
    ("Terminated", "known-node-gone"),
    ("DeletionByTaintManager", "known-node-gone"),
    ("TerminationByKubelet", "known-node-gone"),
    ("FailedCreate", "known-not-created"),
    ("PodFailurePolicy", "known-pod-failure-policy"),
];

/// By the exit code, where no word explains more.
fn of_exit_code(code: i32) -> Option<&'static str> {
    match code {
        126 | 127 => Some("known-exit-command"),
        134 => Some("known-exit-abort"),
        137 => Some("known-exit-kill"),
        139 => Some("known-exit-segv"),
        143 => Some("known-exit-term"),
        _ => None,
    }
}

/// What the error behind a miss usually means.
pub(crate) fn of_cause(language: Language, cause: &Cause, run: Option<&RunSummary>) -> Option<String> {
    match cause {
        Cause::Failed(failure) => of_failure(language, failure, run),
        Cause::Pending { why, .. } => {
            advice(language, why.as_deref().into_iter().chain(reason_of_attempt(run)))
        }
        Cause::CronJobAbsent
        | Cause::TargetAbsent
        | Cause::Suspended
        | Cause::StillRunning { .. }
        | Cause::NeverStarted { .. }
        | Cause::NotObserved { .. }
        | Cause::Expectation(_) => None,
    }
}

/// What a failure usually means: the attempt's reason before the Job's.
pub(crate) fn of_failure(language: Language, failure: &Failure, run: Option<&RunSummary>) -> Option<String> {
    let of_words = advice(language, reason_of_attempt(run).into_iter().chain([failure.reason.as_str()]));
    // The code is that of a container beside the work.
    let is_of_work = failed_after_the_work(language, run).is_none();
    let code = failure.exit_code.filter(|_| is_of_work);
    // The error text explains what exit code 1 does not.
    let is_silent =
        code == Some(1) && failure.last_error.as_deref().is_none_or(|text| text.trim().is_empty());
    of_words.or_else(|| {
        let id = if is_silent { Some("known-exit-silent") } else { of_exit_code(code?) };
        id.map(|id| phrase!(language, id))
    })
}

fn reason_of_attempt(run: Option<&RunSummary>) -> Option<&str> {
    match &run?.last_attempt.as_ref()?.phase {
        AttemptPhase::Failed { reason, .. } => reason.as_deref(),
        _ => None,
    }
}

/// The line of the first text that has a known word.
fn advice<'a>(language: Language, texts: impl Iterator<Item = &'a str>) -> Option<String> {
    let mut texts = texts;
    texts
        .find_map(|text| {
            let mut words = text.split(|c: char| !c.is_ascii_alphanumeric());
            words.find_map(|word| KNOWN.iter().find(|(known, _)| *known == word))
        })
        .map(|(_, id)| phrase!(language, id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_word_has_a_line_and_a_part_of_another_word_has_none() {
        let of = |text: &str| advice(Language::ENGLISH, [text].into_iter());
        assert!(of("OOMKilled").is_some_and(|line| line.contains("resources.limits.memory")));
        assert_eq!(
            of("container main: ImagePullBackOff: back-off"),
            Some(phrase!(Language::ENGLISH, "known-image"))
        );
        assert_eq!(of("NotOOMKilledAtAll"), None);
        assert_eq!(of("BackoffLimitExceeded"), None);
    }
}
