//! The facts below a message: the run, the objective, and the command to run first.

use kigen_model::alert::{Alert, DeadlineSummary};
use kigen_model::run::{Attempt, Container, ContainerRole, ContainerState, RunPhase};
use kigen_model::slot::{Cause, RunSummary};

use crate::clean::clean;

/// How many reported metrics a message shows.
const REPORTED_MAX: usize = 6;

pub(super) fn facts_of_run(run: Option<&RunSummary>, with_attempt: bool) -> Vec<(&'static str, String)> {
    let Some(summary) = run else {
        return Vec::new();
    };
    let mut job = clean(&summary.run.job);
    // Whether a person made it is not known: it may be a bare Job, or of another controller.
    match &summary.run.slot {
        Some(mark) => job.push_str(&format!(" (marked for {mark})")),
        None if summary.run.scheduled_at.is_none() => job.push_str(" (not made by a schedule)"),
        None => {}
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

pub(super) fn facts_of_objective(alert: &Alert) -> Vec<(&'static str, String)> {
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

/// The command to run first: one that finds what it names.
pub(super) fn first_command(alert: &Alert, cause: &Cause, run: Option<&RunSummary>) -> String {
    match (cause, run) {
        (Cause::CronJobAbsent, _) => kubectl(alert, "get cronjobs"),
        (Cause::Suspended | Cause::NeverStarted { .. } | Cause::NotObserved { .. }, _) | (_, None) => {
            describe_cron_job(alert)
        }
        (Cause::Failed(_) | Cause::StillRunning { .. }, Some(run)) => read_logs(alert, run),
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

pub(super) fn describe_cron_job(alert: &Alert) -> String {
    kubectl(alert, &format!("describe cronjob {}", clean(&alert.key.batch)))
}

/// The log of the container that counts, while there is one.
pub(super) fn read_logs(alert: &Alert, run: &RunSummary) -> String {
    match run.run.phase {
        // The logs are gone with the Job.
        RunPhase::Deleted { .. } if run.run.scheduled_at.is_some() => describe_cron_job(alert),
        RunPhase::Deleted { .. } => kubectl(alert, "get events --sort-by=.lastTimestamp"),
        _ => {
            let container = run.last_attempt.as_ref().and_then(container_that_counts);
            let container = container.map_or(String::new(), |name| format!(" -c {}", clean(name)));
            kubectl(alert, &format!("logs job/{}{container}", clean(&run.run.job)))
        }
    }
}

/// The container whose log explains most: one that failed, those that do the work first; else one that does the work.
fn container_that_counts(attempt: &Attempt) -> Option<&str> {
    let has_failed = |container: &&Container| matches!(container.state, ContainerState::Ended { exit_code, .. } if exit_code != Some(0));
    let of = |role| attempt.containers.iter().filter(move |container| container.role == role);
    let (main, init) = (|| of(ContainerRole::Main), || of(ContainerRole::Init));
    let failed = main().find(has_failed).or_else(|| init().find(has_failed));
    failed.or_else(|| main().next()).map(|container| container.name.as_str())
}

/// A command for the cluster of an alert, whose name is the context's unless it was configured otherwise.
fn kubectl(alert: &Alert, command: &str) -> String {
    let (cluster, namespace) = (clean(&alert.key.cluster), clean(&alert.key.namespace));
    format!("kubectl --context {cluster} -n {namespace} {command}")
}
