//! What the person who reads a message should do first.

use kigen_model::risk::Risk;
use kigen_model::slot::{Cause, Failure, RunSummary};

use crate::language::{Language, phrase};

/// About a missed deadline; `None`: what a known error means has it already.
pub(super) fn about_miss(
    language: Language,
    cause: &Cause,
    run: Option<&RunSummary>,
    is_explained: bool,
) -> Option<String> {
    let id = match cause {
        Cause::Failed(_) | Cause::Pending { .. } if is_explained => return None,
        Cause::Failed(failure) => return Some(about_failure(language, failure)),
        // Kubernetes' own words are the cause already.
        Cause::Pending { .. } => return None,
        Cause::CronJobAbsent | Cause::TargetAbsent => "todo-no-cron-job",
        Cause::Suspended => "todo-suspended",
        Cause::Expectation(_) => "todo-expectation",
        Cause::StillRunning { .. } if run.is_some_and(|run| run.run.phase.is_terminal()) => return None,
        Cause::StillRunning { .. } => "todo-still-running",
        Cause::NeverStarted { expected_at } => match run {
            None => "todo-never-started",
            Some(run) if run.run.phase.is_terminal() => return None,
            Some(run) if run.run.nominal_start() >= *expected_at => "todo-still-running",
            Some(_) => "todo-in-the-way",
        },
        Cause::NotObserved { .. } => "todo-not-observed",
    };
    Some(phrase!(language, id))
}

/// About a run that failed.
pub(super) fn about_failure(language: Language, failure: &Failure) -> String {
    let id = match failure.reason.as_str() {
        "Deleted" => "todo-deleted",
        "Replaced" => "todo-replaced",
        _ => "todo-failed",
    };
    phrase!(language, id)
}

/// About a deadline that may be missed.
pub(super) fn about_risk(language: Language, risk: &Risk) -> String {
    let id = match risk {
        Risk::NotStarted { .. } => "todo-not-started",
        Risk::RunningLate { .. } | Risk::LongerThanEver { .. } => "todo-late",
        Risk::Trend { .. } | Risk::NewLevel { .. } => "todo-trend",
    };
    phrase!(language, id)
}
