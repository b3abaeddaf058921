//! The facts below a message: the run, the objective, and the command to run first.

use kigen_model::Instant;
use kigen_model::alert::{Alert, CronJobPresence, DeadlineSummary};
use kigen_model::reported::ReportedMetrics;
use kigen_model::run::{Attempt, Container, ContainerRole, ContainerState, RunPhase};
use kigen_model::slot::{Cause, RunSummary, Slot};

use super::message::{Fact, Form, fact};
use super::subject::Subject;
use crate::clean::clean;
use crate::language::{Language, phrase};

/// How many reported metrics a message shows.
const REPORTED_MAX: usize = 6;
/// The longest name of a Job whose pods have room for theirs, in characters.
const JOB_NAME_CHARS_MAX: usize = 52;
/// How long the random end of a Pod's name is, in bytes.
const POD_NAME_RANDOM_BYTES: usize = 5;
/// To what length Kubernetes cuts the name before that, in bytes (`MaxGeneratedNameLength`).
const POD_NAME_CUT_BYTES: usize = 58;

pub(super) fn facts_of_run(language: Language, run: Option<&RunSummary>, with_attempt: bool) -> Vec<Fact> {
    let Some(summary) = run else {
        return Vec::new();
    };
    let text = |label, value| fact(language, label, value, Form::Text);
    let job = clean(&summary.run.job);
    // Whether a person made it is not known: it may be a bare Job, or of another controller.
    let job = match &summary.run.slot {
        Some(mark) => phrase!(language, "job-marked", job = job, mark = mark.to_string()),
        None if summary.run.scheduled_at.is_none() => phrase!(language, "job-unscheduled", job = job),
        None => job,
    };
    let mut facts = vec![text("job", job)];
    if let Some(attempt) = summary.last_attempt.as_ref().filter(|_| with_attempt) {
        let pod = clean(&attempt.pod);
        let pod = match completion_index(summary) {
            Some(index) => phrase!(language, "pod-of-index", pod = pod, index = index),
            None => pod,
        };
        let pod = match attempt.node.as_deref().map(clean) {
            Some(node) => phrase!(language, "pod-on-node", pod = pod, node = node),
            None => pod,
        };
        facts.push(text("pod", pod));
    }
    if let Some(attempt) = summary.last_attempt.as_ref().filter(|attempt| !attempt.metrics.is_empty()) {
        facts.push(text("reported", reported(language, &attempt.metrics)));
    }
    let failed = summary.run.failed_pods;
    if failed > 0 && !matches!(summary.run.phase, RunPhase::Failed { .. }) {
        facts.push(text("failed-attempts", failed.to_string()));
    }
    facts
}

/// The first numbers, and how many more there are.
fn reported(language: Language, metrics: &ReportedMetrics) -> String {
    let shown = metrics.iter().take(REPORTED_MAX).map(|(name, number)| clean(&format!("{name} {number}")));
    let shown = language.list(&shown.collect::<Vec<_>>());
    match metrics.len().saturating_sub(REPORTED_MAX) {
        0 => shown,
        more => phrase!(language, "and-more", shown = shown, more = more),
    }
}

pub(super) fn facts_of_objective(language: Language, alert: &Alert) -> Vec<Fact> {
    let Some(objective) = &alert.objective else {
        return Vec::new();
    };
    let mut facts = Vec::new();
    if let Some(owner) = &objective.owner {
        facts.push(fact(language, "owner", clean(owner), Form::Text));
    }
    let text = match &objective.deadlines {
        DeadlineSummary::CompleteBy(crontab) => {
            phrase!(language, "complete-by", crontab = clean(crontab), zone = &objective.time_zone)
        }
        DeadlineSummary::Before(cron_job) => phrase!(language, "before-starts", target = clean(cron_job)),
    };
    // A crontab's asterisks would make it bold.
    facts.push(fact(language, "objective", text, Form::Code));
    if let Some(runbook) = &objective.runbook {
        facts.push(fact(language, "runbook", clean(runbook), Form::Address));
    }
    facts
}

/// The command to run first: one that finds what it names.
pub(super) fn first_command(alert: &Alert, cause: &Cause, run: Option<&RunSummary>) -> String {
    match (cause, run) {
        (Cause::CronJobAbsent, _) => kubectl(alert, "get cronjobs"),
        (Cause::TargetAbsent, _) => match target(alert).and_then(|target| target.split_once('/')) {
            Some((namespace, _)) => kubectl_in(alert, namespace, "get cronjobs"),
            None => kubectl(alert, "get cronjobs"),
        },
        (Cause::Suspended | Cause::NeverStarted { .. } | Cause::NotObserved { .. }, _) | (_, None) => {
            show_batch(alert)
        }
        (Cause::Failed(_) | Cause::Expectation(_) | Cause::StillRunning { .. }, Some(run)) => {
            read_logs(alert, run)
        }
        (Cause::Pending { .. }, Some(run)) => {
            let job = clean(&run.run.job);
            kubectl(
                alert,
                &match run.last_attempt {
                    None => format!("describe job {job}"),
                    Some(_) => format!("describe pods -l job-name={job}"),
                },
            )
        }
    }
}

/// The command that makes the result come, where one does.
pub(super) fn next_command(
    of: Subject<'_>,
    slot: &Slot,
    cause: &Cause,
    run: Option<&RunSummary>,
) -> Option<Fact> {
    let has_cron_job = of.alert.cron_job == CronJobPresence::Exists;
    match cause {
        Cause::Suspended if has_cron_job => {
            let cron_job = clean(&of.alert.key.batch);
            let patch = format!("patch cronjob {cron_job} -p '{{\"spec\":{{\"suspend\":false}}}}'");
            Some(fact(of.language, "resume", kubectl(of.alert, &patch), Form::Code))
        }
        Cause::Failed(_) | Cause::Expectation(_) => repeat(of, run, slot.deadline),
        // The run of an earlier time may be in the way, and the one of this slot may have begun since.
        Cause::NeverStarted { .. } | Cause::NotObserved { .. } if run.is_none() => {
            repeat(of, None, slot.deadline)
        }
        Cause::Suspended
        | Cause::CronJobAbsent
        | Cause::TargetAbsent
        | Cause::StillRunning { .. }
        | Cause::Pending { .. }
        | Cause::NeverStarted { .. }
        | Cause::NotObserved { .. } => None,
    }
}

/// The command that repeats the work of a CronJob. The new Job's name has the time that it is for, so that a second person who
/// runs the command makes no second Job.
pub(super) fn repeat(of: Subject<'_>, run: Option<&RunSummary>, of_time: Instant) -> Option<Fact> {
    let is_of_cron_job = run.is_none_or(|run| run.run.scheduled_at.is_some() || run.run.slot.is_some());
    if of.alert.cron_job != CronJobPresence::Exists || !is_of_cron_job {
        return None;
    }
    let cron_job = clean(&of.alert.key.batch);
    let suffix = of.times(of_time).digits(of_time);
    let name: String = cron_job.chars().take(JOB_NAME_CHARS_MAX - suffix.len()).collect();
    let name = name.trim_end_matches(['-', '.']);
    let command = format!("create job --from=cronjob/{cron_job} {name}{suffix}");
    Some(fact(of.language, "repeat", kubectl(of.alert, &command), Form::Code))
}

/// The CronJob before whose fires the result must be there, `namespace/name`.
pub(super) fn target(alert: &Alert) -> Option<&str> {
    match &alert.objective.as_ref()?.deadlines {
        DeadlineSummary::Before(cron_job) => Some(cron_job),
        DeadlineSummary::CompleteBy(_) => None,
    }
}

/// The CronJob of the batch if it has one, or what may be it.
pub(super) fn show_batch(alert: &Alert) -> String {
    match alert.cron_job {
        CronJobPresence::Exists | CronJobPresence::Unrecorded => {
            kubectl(alert, &format!("describe cronjob {}", clean(&alert.key.batch)))
        }
        CronJobPresence::NotExpected => kubectl(alert, "get jobs --sort-by=.metadata.creationTimestamp"),
        CronJobPresence::NeverObserved | CronJobPresence::Deleted => kubectl(alert, "get cronjobs"),
    }
}

/// The log of the container that counts, while there is one.
pub(super) fn read_logs(alert: &Alert, run: &RunSummary) -> String {
    match run.run.phase {
        // The logs are gone with the Job.
        RunPhase::Deleted { .. } if run.run.scheduled_at.is_some() => show_batch(alert),
        RunPhase::Deleted { .. } => kubectl(alert, "get events --sort-by=.lastTimestamp"),
        _ => {
            let container = run.last_attempt.as_ref().and_then(container_that_counts);
            let container = container.map_or(String::new(), |name| format!(" -c {}", clean(name)));
            // Of a Job with several pods kubectl takes any.
            let of_index = run.last_attempt.as_ref().filter(|_| completion_index(run).is_some());
            let what = match of_index {
                Some(attempt) => clean(&attempt.pod),
                None => format!("job/{}", clean(&run.run.job)),
            };
            kubectl(alert, &format!("logs {what}{container}"))
        }
    }
}

/// The completion index of the attempt that an alert describes, if its Job is Indexed. The name of such a Pod has it:
/// `$(job-name)-$(index)-$(random-string)` (the API's documentation of `completionMode`), with the Job's name cut to fit; that
/// of any other Pod has no number and dash behind the Job's name.
pub(super) fn completion_index(run: &RunSummary) -> Option<u32> {
    let (job, pod) = (run.run.job.as_str(), run.last_attempt.as_ref()?.pod.as_str());
    let (indexed, random) = pod.rsplit_once('-')?;
    let (name, index) = indexed.rsplit_once('-')?;
    let is_number =
        index == "0" || !index.starts_with('0') && index.bytes().all(|byte| byte.is_ascii_digit());
    // Whatever its mode, a Job of so long a name cut has Pods of this name.
    let is_cut = || indexed.len() + 1 == POD_NAME_CUT_BYTES && !job.starts_with(&pod[..=indexed.len()]);
    let is_of_job = name == job || job.starts_with(name) && is_cut();
    if is_number && is_of_job && random.len() == POD_NAME_RANDOM_BYTES { index.parse().ok() } else { None }
}

/// The container whose log explains most: one that failed, those that do the work first; else one that does the work.
fn container_that_counts(attempt: &Attempt) -> Option<&str> {
    let has_failed = |container: &&Container| matches!(container.state, ContainerState::Ended { exit_code, .. } if exit_code != Some(0));
    let of = |role| attempt.containers.iter().filter(move |container| container.role == role);
    let (main, init) = (|| of(ContainerRole::Main), || of(ContainerRole::Init));
    let failed = main().find(has_failed).or_else(|| init().find(has_failed));
    failed.or_else(|| main().next()).map(|container| container.name.as_str())
}

/// A command for the batch's namespace.
fn kubectl(alert: &Alert, command: &str) -> String {
    kubectl_in(alert, &alert.key.namespace, command)
}

/// A command for the cluster of an alert, whose name is the context's unless it was configured otherwise.
fn kubectl_in(alert: &Alert, namespace: &str, command: &str) -> String {
    format!("kubectl --context {} -n {} {command}", clean(&alert.key.cluster), clean(namespace))
}
