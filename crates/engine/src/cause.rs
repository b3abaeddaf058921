//! The cause of a miss: what held when a success stopped counting, which may be long before the verdict, as far as it was
//! observed.

use chrono::TimeDelta;
use kigen_model::Instant;
use kigen_model::run::{ConcurrencyPolicy, RunPhase};
use kigen_model::slot::{Cause, Gap};
use kigen_state::{Activity, JudgedSlot, ObjectiveState, RunState, StandingKind, Successor};

use crate::attempts;
use crate::context::Judge;
use crate::deadlines::is_target_gone;
use crate::evidence::{has_vanished, may_hide_a_run};
use crate::expectation;
use crate::history::{activity_at, changed_from, standing_at};
use crate::membership::belongs;
use crate::window;

/// How far the deletion of a run and the creation of the next may be apart, in seconds, if the next replaced it: the CronJob
/// controller does both at once, but a creation has a resolution of a second, and a deletion the time of its observation.
const REPLACED_WITHIN_S: i64 = 5;

/// The first cause that applied to a missed slot at its deadline and grace, and the run that explains it, where there is one;
/// `gaps` are the times without observation that may concern the slot.
pub(crate) fn of<'a>(judge: &Judge<'a>, judged: &JudgedSlot, gaps: &[Gap]) -> (Cause, Option<&'a RunState>) {
    let at = judged.until;
    if was_target_gone(judge.objective, at) {
        return (Cause::TargetAbsent, None);
    }
    match judge.cron_job.map(|known| standing_at(known, at)) {
        None if judge.objective.objective.is_of_jobs => {}
        None | Some(StandingKind::Absent) => return (Cause::CronJobAbsent, None),
        Some(StandingKind::Suspended) => return (Cause::Suspended, None),
        Some(StandingKind::Active) => {}
    }
    let zone = judge.objective.planned_zone();
    let of_slot: Vec<&RunState> =
        judge.runs.iter().filter(|run| belongs(judged.window, judged.slot, &run.run, zone)).collect();
    let (slot, opens) = (judged.slot, judged.opens());
    let expected_at = window::expected_at(&judge.objective.objective, judge.cron_job, slot, opens);
    let cause_of = |run: &RunState| match gaps.iter().find(|gap| has_vanished(run, gap)) {
        Some(gap) => Cause::NotObserved { expected_at, gap: *gap },
        None => broken(judge, run, at).unwrap_or_else(|| of_run(judge.runs, run, at)),
    };
    let mut made = of_slot.iter().rev().filter(|run| run.run.created_at <= at);
    if let Some(latest) = made.next() {
        let cause = cause_of(latest);
        let is_pending = matches!(cause, Cause::Pending { .. });
        // The result was first expected of an earlier run that still runs, not of one that waits.
        let running = made.map(|run| (cause_of(run), *run));
        let mut running =
            running.filter(|(cause, _)| is_pending && matches!(cause, Cause::StillRunning { .. }));
        let (cause, run) = running.next().unwrap_or((cause, latest));
        return (cause, Some(run));
    }
    let made_too_late = of_slot.first().copied();
    if let Some(gap) = gaps.iter().find(|gap| made_too_late.is_none() && may_hide_a_run(judge, judged, gap)) {
        return (Cause::NotObserved { expected_at, gap: *gap }, None);
    }
    let run = in_the_way(judge, expected_at, at).or(made_too_late);
    (Cause::NeverStarted { expected_at }, run)
}

/// Whether there was no CronJob at `at` before whose fires the result is due. An edit after the deadline, by which it is back,
/// waits for the verdict.
fn was_target_gone(objective: &ObjectiveState, at: Instant) -> bool {
    let is_back = |edit: &Successor| edit.edited_at <= at && !is_target_gone(&edit.objective);
    is_target_gone(&objective.objective) && !objective.successors.iter().any(is_back)
}

/// What a run that succeeded by `at` did otherwise than the objective expects; `None`: it had not succeeded.
fn broken(judge: &Judge<'_>, run: &RunState, at: Instant) -> Option<Cause> {
    let expect = judge.objective.objective.expect.as_ref()?;
    attempts::ended_at(run).filter(|ended_at| *ended_at <= at)?;
    let broken = expectation::broken(expect, judge.past(), run);
    (!broken.is_empty()).then_some(Cause::Expectation(broken))
}

/// What became of a run by `at`, at which it existed and had not succeeded.
fn of_run(runs: &[RunState], run: &RunState, at: Instant) -> Cause {
    let created_at = run.run.created_at;
    match &run.run.phase {
        RunPhase::Failed { failed_at, reason, .. } if *failed_at <= at => {
            return Cause::Failed(attempts::failure(run, reason));
        }
        RunPhase::Deleted { observed_at } => {
            let replaced_at = replaced_at(runs, run, *observed_at);
            if replaced_at.unwrap_or(*observed_at) <= at {
                let reason = if replaced_at.is_some() { "Replaced" } else { "Deleted" };
                return Cause::Failed(attempts::failure(run, reason));
            }
        }
        RunPhase::Pending
        | RunPhase::Running
        | RunPhase::Suspended
        | RunPhase::Succeeded { .. }
        | RunPhase::Failed { .. } => {}
    }
    let started_at = run.run.started_at.filter(|started_at| *started_at <= at);
    match activity_at(run, at) {
        Some(Activity::Runs) => Cause::StillRunning { since: started_at.unwrap_or(created_at) },
        Some(Activity::Waits { why }) => Cause::Pending { since: created_at, why: why.clone() },
        None => match started_at {
            Some(since) => Cause::StillRunning { since },
            None => {
                let is_pending = matches!(run.run.phase, RunPhase::Pending);
                let why = attempts::why_waiting(run).filter(|_| is_pending);
                Cause::Pending { since: created_at, why }
            }
        },
    }
}

/// When the next run replaced a run that was deleted before its end (`concurrencyPolicy: Replace`), if one did: it was made
/// when the run was deleted.
fn replaced_at(runs: &[RunState], run: &RunState, observed_at: Instant) -> Option<Instant> {
    let apart = TimeDelta::seconds(REPLACED_WITHIN_S);
    let (from, to) = (changed_from(observed_at, run.gone_after) - apart, observed_at + apart);
    let replaces = |other: &&RunState| {
        other.run.scheduled_at.is_some()
            && other.run.nominal_start() > run.run.nominal_start()
            && (from..=to).contains(&other.run.created_at)
    };
    runs.iter().find(replaces).map(|other| other.run.created_at.min(observed_at))
}

/// The run of an earlier fire that was under way at `at`. Kubernetes makes no run beside it under
/// `concurrencyPolicy: Forbid`, which considers only the runs that the schedule made. Where an older kigen has not shipped the
/// policy, it may be that.
fn in_the_way<'a>(judge: &Judge<'a>, expected_at: Instant, at: Instant) -> Option<&'a RunState> {
    match judge.cron_job.and_then(|known| known.cron_job.concurrency) {
        Some(ConcurrencyPolicy::Allow | ConcurrencyPolicy::Replace) => return None,
        Some(ConcurrencyPolicy::Forbid) | None => {}
    }
    let is_earlier = |run: &RunState| run.run.scheduled_at.is_some_and(|fire| fire < expected_at);
    let is_under_way =
        |run: &RunState| run.run.created_at <= at && ended_at(run).is_none_or(|ended| ended > at);
    judge.runs.iter().rev().find(|run| is_earlier(run) && is_under_way(run))
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
