//! Facts into the state: monotone, so that twice, late or listed again is harmless.

use kigen_model::Instant;
use kigen_model::alert::{Alert, AlertBody, alert_id};
use kigen_model::event::{FactBody, Revision};
use kigen_model::key::BatchKey;
use kigen_model::objective::Objective;
use kigen_model::run::{Attempt, CronJob, Run, RunPhase};
use kigen_state::{
    AttemptState, BatchState, CronJobState, EDITS_MAX, OBJECTIVES_MAX, ObjectiveState, Plan, RUNS_MAX,
    RunState, ScheduleEdit, Successor,
};

use crate::attempts;
use crate::bound;
use crate::judge;
use crate::plan;
use crate::recover;
use crate::step::{Effect, Warning};
use crate::window;

/// Applies one fact, observed at `at`.
pub(crate) fn apply(state: &mut BatchState, at: Instant, mut body: FactBody) -> Vec<Effect> {
    if let Err(reason) = bound::cut_to_bounds(&state.key, &mut body) {
        let text = format!("something about {} is left out: {reason}", state.key);
        return vec![Effect::Warn(Warning { key: state.key.clone(), objective: None, text })];
    }
    state.since.get_or_insert(at);
    let mut effects = match body {
        FactBody::CronJob { revision, cron_job: Some(cron_job) } => {
            see_cron_job(state, revision, cron_job, at)
        }
        FactBody::CronJob { revision, cron_job: None } => {
            if let Some(known) =
                state.cron_job.as_mut().filter(|known| revision.is_newer_than(&known.revision))
            {
                known.revision = revision;
                known.deleted_at = Some(at);
            }
            Vec::new()
        }
        FactBody::Run { revision, run } => see_run(state, revision, run, at),
        FactBody::Attempt { revision, run_uid, attempt } => {
            see_attempt(state, revision, &run_uid, attempt, at)
        }
        FactBody::Objective { name, revision, objective: Some(objective) } => {
            declare(state, &name, revision, objective, at)
        }
        FactBody::Objective { name, revision, objective: None } => {
            withdraw(state, &name, revision, at);
            Vec::new()
        }
    };
    effects.extend(judge::judge_again(state, at));
    bound::fit(state);
    effects
}

fn see_cron_job(state: &mut BatchState, revision: Revision, cron_job: CronJob, at: Instant) -> Vec<Effect> {
    let edit =
        ScheduleEdit { from: at, schedule: cron_job.schedule.clone(), time_zone: cron_job.time_zone.clone() };
    let mut edits = match state.cron_job.take() {
        Some(mut known) if !revision.is_newer_than(&known.revision) => {
            if revision == known.revision && known.deleted_at.is_none() {
                known.seen_at = known.seen_at.max(Some(at));
            }
            state.cron_job = Some(known);
            return Vec::new();
        }
        Some(known) => known.edits,
        None => Vec::new(),
    };
    let is_edit = edits
        .last()
        .is_none_or(|last| (&last.schedule, &last.time_zone) != (&edit.schedule, &edit.time_zone));
    let mut effects = Vec::new();
    if is_edit {
        if let Err(reason) = window::fires_of(&edit).map_err(|reason| bound::words(&reason)) {
            let text = format!(
                "CronJob {}: {reason}; until it is mended, any run between two deadlines counts for the second",
                state.key
            );
            effects.push(Effect::Warn(Warning { key: state.key.clone(), objective: None, text }));
        }
        edits.push(edit);
        let surplus = edits.len().saturating_sub(EDITS_MAX);
        edits.drain(..surplus);
    }
    state.cron_job = Some(CronJobState { revision, cron_job, deleted_at: None, edits, seen_at: Some(at) });
    if is_edit {
        let BatchState { key, cron_job, objectives, .. } = state;
        for (name, objective) in objectives {
            effects.extend(plan::follow_cron_job(key, name, objective, cron_job.as_ref(), at));
        }
    }
    effects
}

fn see_run(state: &mut BatchState, revision: Revision, run: Run, at: Instant) -> Vec<Effect> {
    let uid = revision.uid.clone();
    let mut had_failed = false;
    match state.run_mut(&uid) {
        Some(known) if !revision.is_newer_than(&known.revision) => return Vec::new(),
        Some(known) => {
            known.revision = revision;
            had_failed = matches!(known.run.phase, RunPhase::Failed { .. });
            if !known.run.phase.is_terminal()
                || run.phase.is_terminal() && !matches!(run.phase, RunPhase::Deleted { .. })
            {
                known.run = run;
            }
        }
        None => {
            state.runs.push(RunState { revision, run, attempts: Vec::new() });
            state.runs.sort_by(|a, b| {
                (a.run.nominal_start(), &a.revision.uid).cmp(&(b.run.nominal_start(), &b.revision.uid))
            });
            forget_runs(state);
        }
    }
    let mut effects = Vec::new();
    if !had_failed {
        effects.extend(tell_failure(state, &uid, at));
    }
    effects.extend(recover::note_success(state, &uid, at));
    effects
}

/// A Job that ended as Failed is told, once; but not one that is forgotten already, nor one that had failed before the
/// batch was first heard of: a list shows old Jobs, too.
fn tell_failure(state: &BatchState, uid: &str, at: Instant) -> Option<Effect> {
    let run = state.run(uid)?;
    let RunPhase::Failed { failed_at, reason, .. } = &run.run.phase else {
        return None;
    };
    if state.since.is_some_and(|since| *failed_at < since) {
        return None;
    }
    let kind =
        AlertBody::RunFailed { run: recover::summary_of(run), failure: attempts::failure(run, reason) };
    Some(Effect::Raise(Box::new(Alert {
        id: alert_id(&state.key, "", kind.kind(), uid),
        key: state.key.clone(),
        objective: state
            .objectives
            .iter()
            .find(|(_, known)| known.plan != Plan::Withdrawn)
            .map(|(name, objective)| recover::wording(name, objective)),
        decided_at: at,
        body: kind,
    })))
}

/// Keeps the newest runs, and those that have not ended before those that have.
fn forget_runs(state: &mut BatchState) {
    while state.runs.len() > RUNS_MAX {
        let oldest = state.runs.iter().position(|known| known.run.phase.is_terminal()).unwrap_or(0);
        state.runs.remove(oldest);
    }
}

fn see_attempt(
    state: &mut BatchState,
    revision: Revision,
    run_uid: &str,
    attempt: Attempt,
    at: Instant,
) -> Vec<Effect> {
    let Some(run) = state.run_mut(run_uid) else {
        // The run is older than all that is remembered, so nothing depends on its attempts any more.
        return Vec::new();
    };
    if attempts::take_in(&mut run.attempts, AttemptState { revision, attempt }) {
        recover::note_success(state, run_uid, at)
    } else {
        Vec::new()
    }
}

fn declare(
    state: &mut BatchState,
    name: &str,
    revision: Revision,
    objective: Objective,
    at: Instant,
) -> Vec<Effect> {
    let known = state.objectives.get(name);
    if known.is_some_and(|known| !revision.is_newer_than(&known.revision)) {
        return Vec::new();
    }
    let is_new = known.is_none();
    if is_new && state.objectives.len() >= OBJECTIVES_MAX && !forget_withdrawn(state) {
        let reason = format!("it has {OBJECTIVES_MAX} objectives, the most a batch may have");
        return vec![refused(&state.key, name, &reason)];
    }
    while !bound::has_room(state, name, &objective) {
        if !forget_withdrawn(state) {
            let reason = "its objectives together are longer than kigen keeps; write shorter ones, or fewer";
            return vec![refused(&state.key, name, reason)];
        }
    }
    let cron_job = state.cron_job.as_ref();
    if let Some(known) = state.objectives.get_mut(name).filter(|known| known.plan != Plan::Withdrawn) {
        known.revision = revision;
        known.withdrawn_at = None;
        return edit(known, objective, at, |known| plan::replan(&state.key, name, known, cron_job, at));
    }
    let mut known = ObjectiveState {
        revision,
        objective,
        successor: None,
        since: at,
        withdrawn_at: None,
        plan: Plan::Exhausted,
        incident: None,
        verdicts: Vec::new(),
        warned_of_no_fire: false,
    };
    let mut effects = plan::begin(&state.key, name, &mut known, cron_job);
    state.objectives.insert(name.to_owned(), known);
    let uids: Vec<String> = state.runs.iter().map(|run| run.revision.uid.clone()).collect();
    effects.extend(uids.iter().flat_map(|uid| recover::note_success(state, uid, at)));
    effects
}

/// Makes room among the objectives: of one that is withdrawn for good, the revision is forgotten.
fn forget_withdrawn(state: &mut BatchState) -> bool {
    let withdrawn = state.objectives.iter().find(|(_, known)| known.plan == Plan::Withdrawn);
    let Some(name) = withdrawn.map(|(name, _)| name.clone()) else {
        return false;
    };
    state.objectives.remove(&name);
    true
}

fn refused(key: &BatchKey, name: &str, reason: &str) -> Effect {
    let text = format!("objective `{name}` of {key} is not judged as it is written now: {reason}");
    Effect::Warn(Warning { key: key.clone(), objective: Some(name.to_owned()), text })
}

/// An edit leaves a slot whose deadline has passed judged as it was planned, and waits for that; it moves a deadline
/// that is still to come only if it says another one.
fn edit(
    known: &mut ObjectiveState,
    objective: Objective,
    at: Instant,
    replan: impl FnOnce(&mut ObjectiveState) -> Vec<Effect>,
) -> Vec<Effect> {
    if known.objective == objective {
        known.successor = None;
        return Vec::new();
    }
    if let Plan::Open(open) = &known.plan
        && open.slot.deadline <= at
    {
        known.successor = Some(Successor { objective, edited_at: at });
        return Vec::new();
    }
    let is_target_gone = plan::is_target_gone(&objective);
    let is_planned_alike = known.objective.deadlines == objective.deadlines
        && known.objective.time_zone == objective.time_zone
        && known.objective.freshness == objective.freshness
        && known.objective.starts == objective.starts;
    known.objective = objective;
    // Whose target is gone is judged once more, by the slot that is planned.
    let is_open = matches!(known.plan, Plan::Open(_));
    if is_planned_alike || is_target_gone && is_open { Vec::new() } else { replan(known) }
}

fn withdraw(state: &mut BatchState, name: &str, revision: Revision, at: Instant) {
    let Some(known) = state.objectives.get_mut(name).filter(|known| revision.is_newer_than(&known.revision))
    else {
        return;
    };
    known.revision = revision;
    known.withdrawn_at = Some(at);
    if known.due().is_none() {
        known.withdraw();
    }
}
