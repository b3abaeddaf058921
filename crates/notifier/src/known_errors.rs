//! What a known error of Kubernetes usually means, and what to do: one line each.

use kigen_model::run::AttemptPhase;
use kigen_model::slot::{Cause, Failure, RunSummary};

/// By the words that Kubernetes has for a state of a pod, a container or a Job. Source: the reasons in Kubernetes'
/// `pkg/kubelet/events`, `pkg/kubelet/images/types.go`, `pkg/kubelet/eviction` and `pkg/controller/job`.
const KNOWN: [(&str, &str); 11] = [
    (
        "OOMKilled",
        "OOMKilled: it used more memory than its limit. Raise `resources.limits.memory`, or let it use less.",
    ),
    (
        "Evicted",
        "Evicted: its node ran short of memory or disk. Set requests for what it uses, and look at the node.",
    ),
    ("ImagePullBackOff", IMAGE),
    ("ErrImagePull", IMAGE),
    ("InvalidImageName", IMAGE),
    ("CreateContainerConfigError", "A ConfigMap or Secret that it refers to is missing, or lacks the key."),
    (
        "CreateContainerError",
        "Its container cannot be created: look at its command, its volumes and the node's events.",
    ),
    (
        "Unschedulable",
        "No node has room for it: look at its requests, node selectors and tolerations, and at what runs.",
    ),
    (
        "FailedScheduling",
        "No node has room for it: look at its requests, node selectors and tolerations, and at what runs.",
    ),
    (
        "FailedMount",
        "A volume cannot be mounted: look at its claim, Secret or ConfigMap, and at the node that had it before.",
    ),
    (
        "DeadlineExceeded",
        "It took longer than `activeDeadlineSeconds` lets it: raise that, or find out what made it slow.",
    ),
];

const IMAGE: &str =
    "Its image cannot be pulled: check its name and tag, and the pull secret of the namespace.";

/// What the error behind a miss usually means.
pub(crate) fn of_cause(cause: &Cause, run: Option<&RunSummary>) -> Option<String> {
    match cause {
        Cause::Failed(failure) => of_failure(failure, run),
        Cause::Pending { why, .. } => advice(why.as_deref().into_iter().chain(reason_of_attempt(run))),
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
pub(crate) fn of_failure(failure: &Failure, run: Option<&RunSummary>) -> Option<String> {
    advice(reason_of_attempt(run).into_iter().chain([failure.reason.as_str()]))
}

fn reason_of_attempt(run: Option<&RunSummary>) -> Option<&str> {
    match &run?.last_attempt.as_ref()?.phase {
        AttemptPhase::Failed { reason, .. } => reason.as_deref(),
        _ => None,
    }
}

/// The line of the first text that has a known word.
fn advice<'a>(texts: impl Iterator<Item = &'a str>) -> Option<String> {
    let mut texts = texts;
    texts
        .find_map(|text| {
            let mut words = text.split(|c: char| !c.is_ascii_alphanumeric());
            words.find_map(|word| KNOWN.iter().find(|(known, _)| *known == word))
        })
        .map(|(_, line)| (*line).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_word_has_a_line_and_a_part_of_another_word_has_none() {
        let of = |text: &str| advice([text].into_iter());
        assert!(of("OOMKilled").is_some_and(|line| line.contains("resources.limits.memory")));
        assert_eq!(of("container main: ImagePullBackOff: back-off"), Some(IMAGE.to_owned()));
        assert_eq!(of("NotOOMKilledAtAll"), None);
        assert_eq!(of("BackoffLimitExceeded"), None);
    }
}
