//! The cause of a miss: what held when a success stopped counting, which may be long before the verdict.

use kigen_model::Instant;
use kigen_model::run::RunPhase;
use kigen_model::slot::Cause;
use kigen_state::{JudgedSlot, RunState};

use crate::attempts;
use crate::context::Judge;
use crate::deadlines::is_target_gone;
use crate::membership::belongs;

/// The first cause that applied to a missed slot at its deadline and grace, and the run that explains it, where there is one.
pub(crate) fn of<'a>(judge: &Judge<'a>, judged: &JudgedSlot) -> (Cause, Option<&'a RunState>) {
    if is_target_gone(&judge.objective.objective) {
        return (Cause::CronJobAbsent, None);
    }
    match judge.cron_job {
        None if judge.objective.objective.is_of_jobs => {}
        None => return (Cause::CronJobAbsent, None),
        Some(known) if known.deleted_at.is_some() => return (Cause::CronJobAbsent, None),
        Some(known) if known.cron_job.suspended => return (Cause::Suspended, None),
        Some(_) => {}
    }
    let zone = judge.objective.planned_zone();
    let of_slot: Vec<&RunState> =
        judge.runs.iter().filter(|run| belongs(judged.window, judged.slot, &run.run, zone)).collect();
    let is_made = |run: &RunState| run.run.created_at <= judged.until;
    if let Some(run) = of_slot.iter().rev().find(|run| is_made(run)) {
        return (of_run(judge.runs, run, judged.until), Some(run));
    }
    let expected_at = judged.opens();
    let made_too_late = of_slot.first().copied();
    let run = in_the_way(judge.runs, expected_at, judged.until).or(made_too_late);
    (Cause::NeverStarted { expected_at }, run)
}

/// What became of a run by `at`, at which it existed and had not succeeded.
fn of_run(runs: &[RunState], run: &RunState, at: Instant) -> Cause {
    let created_at = run.run.created_at;
    match &run.run.phase {
        RunPhase::Failed { failed_at, reason, .. } if *failed_at <= at => {
            Cause::Failed(attempts::failure(run, reason))
        }
        RunPhase::Deleted { observed_at } => {
            Cause::Failed(attempts::failure(run, attempts::why_deleted(runs, run, *observed_at)))
        }
        RunPhase::Pending if !attempts::runs_now(run) => {
            Cause::Pending { since: created_at, why: attempts::why_waiting(run) }
        }
        RunPhase::Pending | RunPhase::Running => {
            Cause::StillRunning { since: run.run.started_at.unwrap_or(created_at) }
        }
        RunPhase::Suspended => {
            Cause::Pending { since: created_at, why: Some("the Job is suspended".to_owned()) }
        }
        // It ended too late.
        RunPhase::Succeeded { .. } | RunPhase::Failed { .. } => match run.run.started_at {
            Some(since) if since <= at => Cause::StillRunning { since },
            _ => Cause::Pending { since: created_at, why: None },
        },
    }
}

/// The run of an earlier fire that was under way at `at`. Kubernetes makes no run beside it under
/// `concurrencyPolicy: Forbid`, which considers only the runs that the schedule made.
fn in_the_way(runs: &[RunState], expected_at: Instant, at: Instant) -> Option<&RunState> {
    let is_earlier = |run: &RunState| run.run.scheduled_at.is_some_and(|fire| fire < expected_at);
    let is_under_way =
        |run: &RunState| run.run.created_at <= at && ended_at(run).is_none_or(|ended| ended > at);
    runs.iter().rev().find(|run| is_earlier(run) && is_under_way(run))
}

/// When the Job ended, or was deleted.
fn ended_at(run: &RunState) -> Option<Instant> {
    match run.run.phase {
        RunPhase::Pending | RunPhase::Running | RunPhase::Suspended => None,
        RunPhase::Succeeded { completed_at } => Some(completed_at),
        RunPhase::Failed { failed_at, .. } => Some(failed_at),
        RunPhase::Deleted { observed_at } => Some(observed_at),
    }
}
