//! The effects: everything that the engine asks of the outside world, and how alerts describe runs and objectives.

use kigen_model::Instant;
use kigen_model::alert::{Alert, CronJobPresence, DeadlineSummary, ObjectiveSummary};
use kigen_model::key::BatchKey;
use kigen_model::objective::Deadlines;
use kigen_model::slot::{RunSummary, Verdict};
use kigen_state::{CronJobState, ObjectiveState, RunState};

use crate::attempts;

/// Everything that the engine asks of the outside world.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Write this alert to `kigen.alerts`.
    Raise(Box<Alert>),
    /// Report to the author of the objective or the CronJob that it cannot work as written. No alert is written.
    Warn(Warning),
    /// A slot has a verdict, or another one than before. An alert about it, if there is one, is an effect of its own.
    Judge(Judgement),
}

/// The verdict on a slot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// The batch.
    pub key: BatchKey,
    /// The objective.
    pub objective: String,
    /// The slot's deadline.
    pub deadline: Instant,
    /// The verdict that is in force now.
    pub verdict: Verdict,
    /// Whether it is a miss, or unknown, and no alert, since the objective is muted.
    pub muted: bool,
}

/// A CronJob or objective that cannot work as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// The batch.
    pub key: BatchKey,
    /// The objective; `None`: the warning is about the CronJob or a fact.
    pub objective: Option<String>,
    /// What is wrong and what to do.
    pub text: String,
}

/// A run as alerts describe it, with its most informative attempt.
pub(crate) fn summary_of_run(run: &RunState) -> RunSummary {
    let last_attempt = attempts::most_informative(run).cloned();
    let (uid, gone_after) = (run.revision.uid.clone(), run.gone_after);
    RunSummary { uid, run: run.run.clone(), last_attempt, gone_after }
}

/// A run as an alert on it describes it at `at`: of one that has failed, the attempt that keeps it from ending comes first.
pub(crate) fn summary_at(run: &RunState, at: Instant) -> RunSummary {
    let summary = summary_of_run(run);
    let last_attempt = attempts::hanging(run, at).cloned().or(summary.last_attempt);
    RunSummary { last_attempt, ..summary }
}

/// An objective as alerts describe it.
pub(crate) fn summary_of_objective(name: &str, objective: &ObjectiveState) -> ObjectiveSummary {
    let spec = &objective.objective;
    let deadlines = match &spec.deadlines {
        Deadlines::CompleteBy { crontab } => DeadlineSummary::CompleteBy(crontab.clone()),
        Deadlines::Before { namespace, cron_job, .. } => {
            DeadlineSummary::Before(format!("{namespace}/{cron_job}"))
        }
        // Nothing is judged by it, so no alert has it.
        Deadlines::Reads { .. } => DeadlineSummary::CompleteBy(String::new()),
    };
    ObjectiveSummary {
        name: name.to_owned(),
        deadlines,
        time_zone: objective.planned_zone().to_owned(),
        grace: spec.grace,
        severity: spec.severity,
        owner: spec.owner.clone(),
        runbook: spec.runbook.clone(),
        labels: spec.labels.clone(),
    }
}

/// Whether a batch has a CronJob, as its alerts describe it. An objective expects one, unless it is one of Jobs.
pub(crate) fn presence(
    cron_job: Option<&CronJobState>,
    objective: Option<&ObjectiveState>,
) -> CronJobPresence {
    match cron_job {
        Some(known) if known.deleted_at.is_some() => CronJobPresence::Deleted,
        Some(_) => CronJobPresence::Exists,
        None if objective.is_some_and(|known| !known.objective.is_of_jobs) => CronJobPresence::NeverObserved,
        None => CronJobPresence::NotExpected,
    }
}

/// An instant as ids and warnings contain it: RFC 3339 in UTC, whole seconds.
pub(crate) fn instant_text(at: Instant) -> String {
    at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
}
