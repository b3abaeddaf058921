//! The facts below a message: the run, the objective, and the command to run first.

use kigen_model::alert::{Alert, DeadlineSummary};
use kigen_model::run::RunPhase;
use kigen_model::slot::{Cause, RunSummary};

use crate::clean::clean;

/// How many reported metrics a message shows.
const REPORTED_MAX: usize = 6;

pub(super) fn facts_of_run(run: Option<&RunSummary>, with_attempt: bool) -> Vec<(&'static str, String)> {
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

/// The command to run first.
pub(super) fn first_command(alert: &Alert, cause: &Cause, run: Option<&RunSummary>) -> String {
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

pub(super) fn describe_cron_job(alert: &Alert) -> String {
    format!("kubectl -n {} describe cronjob {}", clean(&alert.key.namespace), clean(&alert.key.batch))
}

pub(super) fn read_logs(alert: &Alert, run: &RunSummary) -> String {
    format!("kubectl -n {} logs job/{}", clean(&alert.key.namespace), clean(&run.run.job))
}
