//! Facts into the state. They are monotone, so a fact that is repeated, late or listed again is harmless.

use kigen_model::Instant;
use kigen_model::alert::{Alert, AlertBody, alert_id};
use kigen_model::event::{FactBody, Revision};
use kigen_model::objective::Objective;
use kigen_model::run::{Attempt, CronJob, Run, RunPhase};
use kigen_state::{
    AttemptState, BatchState, CronJobState, EDITS_MAX, ForgottenFailure, OBJECTIVES_MAX, ObjectiveState,
    PastRun, Plan, REFUSED_MAX, RefusedObjective, RunState, SUCCESSORS_MAX, ScheduleEdit, Successor,
};

use crate::attempts;
use crate::context::{Batch, Judge};
use crate::deadlines::is_target_gone;
use crate::effect::{Effect, presence, summary_at, summary_of_objective};
use crate::history;
use crate::incident::{end_incident, record_success};
use crate::judge::judge_again;
use crate::limits;
use crate::mute;
use crate::past_numbers;
use crate::past_runs;
use crate::plan;
use crate::retention;
use crate::risk;
use crate::window;

/// Applies one fact.
pub(crate) fn apply(batch: &mut Batch<'_>, mut body: FactBody) {
    let is_cut = match limits::cut_texts(&batch.state.key, &mut body) {
        Ok(is_cut) => is_cut,
        Err(reason) => {
            return batch.warn(None, format!("something about {} is left out: {reason}", batch.state.key));
        }
    };
    batch.state.since.get_or_insert(batch.at);
    batch.state.last_fact_at = batch.state.last_fact_at.max(Some(batch.at));
    if is_cut {
        batch.state.leave_out();
    }
    match body {
        FactBody::CronJob { revision, cron_job: Some(cron_job) } => apply_cron_job(batch, revision, cron_job),
        FactBody::CronJob { revision, cron_job: None } => delete_cron_job(batch, revision),
        FactBody::Run { revision, run } => apply_run(batch, revision, run),
        FactBody::Attempt { revision, run_uid, attempt } => apply_attempt(batch, revision, &run_uid, attempt),
        FactBody::Objective { name, revision, objective: Some(objective) } => {
            apply_objective(batch, &name, revision, objective);
        }
        FactBody::Objective { name, revision, objective: None } => {
            withdraw_objective(batch, &name, revision);
        }
    }
    past_numbers::follow_objectives(batch.state);
    judge_again(batch);
    // Once for all that the fact has changed: a success may also be late for slots that were missed only now.
    batch.each_objective(end_incident);
    // Only now: what a run means is recorded before it is forgotten.
    retention::drop_oldest_runs(batch.state);
    retention::fit(batch.state);
}

fn apply_cron_job(batch: &mut Batch<'_>, revision: Revision, cron_job: CronJob) {
    let at = batch.at;
    let mut edit = ScheduleEdit {
        from: at,
        schedule: cron_job.schedule.clone(),
        time_zone: cron_job.time_zone.clone(),
        made_up: None,
    };
    let before = batch.state.cron_job.clone();
    let mut edits = match batch.state.cron_job.take() {
        Some(mut known) if !revision.is_newer_than(&known.revision) => {
            if revision == known.revision && known.deleted_at.is_none() {
                known.seen_at = known.seen_at.max(Some(at));
            }
            batch.state.cron_job = Some(known);
            return;
        }
        Some(known) => known.edits,
        None => Vec::new(),
    };
    let is_edit = edits
        .last()
        .is_none_or(|last| (&last.schedule, &last.time_zone) != (&edit.schedule, &edit.time_zone));
    if is_edit {
        if let Err(reason) = window::fires_of(&edit).map_err(|reason| limits::explanation(&reason)) {
            let text = format!(
                "CronJob {}: {reason}; until it is mended, any run between two deadlines counts for the second",
                batch.state.key
            );
            batch.warn(None, text);
        }
        if !edits.is_empty() {
            edit.made_up = window::made_up_by(&edit, &cron_job);
        }
        edits.push(edit);
        let surplus = edits.len().saturating_sub(EDITS_MAX);
        edits.drain(..surplus);
    }
    let standings = before.as_ref().map(|before| before.standings.clone()).unwrap_or_default();
    let mut known =
        CronJobState { revision, cron_job, deleted_at: None, edits, seen_at: Some(at), standings };
    history::note_standing(&mut known, before.as_ref(), at, batch.after);
    batch.state.cron_job = Some(known);
    if is_edit {
        batch.each_objective(plan::follow_cron_job);
    }
}

fn delete_cron_job(batch: &mut Batch<'_>, revision: Revision) {
    let known = batch.state.cron_job.as_mut();
    if let Some(known) = known.filter(|known| revision.is_newer_than(&known.revision)) {
        let before = known.clone();
        known.revision = revision;
        known.deleted_at = Some(batch.at);
        history::note_standing(known, Some(&before), batch.at, batch.after);
    }
}

fn apply_run(batch: &mut Batch<'_>, revision: Revision, run: Run) {
    let uid = revision.uid.clone();
    let before = compared(batch, &uid);
    let state = &mut *batch.state;
    // Also of a run that is known: an older version of one that was forgotten may have been delivered again.
    let mut had_failed = is_forgotten(state, &revision, &run.phase, batch.after);
    match state.run_mut(&uid) {
        Some(known) if !revision.is_newer_than(&known.revision) => return,
        Some(known) => {
            known.revision = revision;
            had_failed |= matches!(known.run.phase, RunPhase::Failed { .. });
            let is_deleted = matches!(run.phase, RunPhase::Deleted { .. });
            if !known.run.phase.is_terminal() || run.phase.is_terminal() && !is_deleted {
                known.run = run;
            }
        }
        None => {
            state.runs.push(RunState {
                revision,
                run,
                attempts: Vec::new(),
                moments: Vec::new(),
                gone_after: None,
            });
            state.runs.sort_by(|a, b| {
                (a.run.nominal_start(), &a.revision.uid).cmp(&(b.run.nominal_start(), &b.revision.uid))
            });
        }
    }
    let (at, after) = (batch.at, batch.after);
    if let Some(known) = batch.state.run_mut(&uid) {
        history::note_activity(known, at, after);
        if matches!(known.run.phase, RunPhase::Deleted { .. }) {
            known.gone_after = known.gone_after.or(after);
        }
    }
    if !had_failed {
        raise_run_failed(batch, &uid);
    }
    record_success(batch, &uid);
    follow_run(batch, &uid, before);
}

/// Plans the warnings anew if something has changed of what they compare.
fn follow_run(batch: &mut Batch<'_>, uid: &str, before: Option<Compared>) {
    if compared(batch, uid) != before {
        batch.each_objective(risk::plan);
    }
}

/// What warnings compare of a run: when it began, whether it has ended, and how long it took.
type Compared = (Option<Instant>, bool, Option<PastRun>);

fn compared(batch: &Batch<'_>, uid: &str) -> Option<Compared> {
    let run = batch.state.run(uid)?;
    Some((risk::began_at(run), run.run.phase.is_terminal(), past_runs::of_run(run)))
}

/// Whether a run failed no later than one that is forgotten: it was reported before it was forgotten, too. Not
/// so if it failed after the watermark `after`: what is listed after a gap comes in any order, and more of it than is kept.
fn is_forgotten(
    state: &mut BatchState,
    revision: &Revision,
    phase: &RunPhase,
    after: Option<Instant>,
) -> bool {
    let forgotten = retention::forgotten_failure(state);
    match phase {
        RunPhase::Failed { failed_at, .. } if after.is_some_and(|after| *failed_at > after) => false,
        RunPhase::Failed { failed_at, .. } => {
            let resource_version = revision.resource_version;
            ForgottenFailure { failed_at: *failed_at, resource_version } <= forgotten
        }
        RunPhase::Pending
        | RunPhase::Running
        | RunPhase::Suspended
        | RunPhase::Succeeded { .. }
        | RunPhase::Deleted { .. } => false,
    }
}

/// Raises an alert, once, for a Job that ended as Failed; but not for one that had failed before the first fact of the batch:
/// a list shows old Jobs, too.
fn raise_run_failed(batch: &mut Batch<'_>, uid: &str) {
    let state = &*batch.state;
    let Some(run) = state.run(uid) else {
        return;
    };
    let RunPhase::Failed { failed_at, reason, .. } = &run.run.phase else {
        return;
    };
    if state.since.is_some_and(|since| *failed_at < since) || is_muted(batch, *failed_at) {
        return;
    }
    let body =
        AlertBody::RunFailed { run: summary_at(run, batch.at), failure: attempts::failure(run, reason) };
    let objective = state.objectives.iter().find(|(_, known)| known.is_judged());
    batch.effects.push(Effect::Raise(Box::new(Alert {
        id: alert_id(&state.key, "", body.kind(), uid),
        key: state.key.clone(),
        objective: objective.map(|(name, objective)| summary_of_objective(name, objective)),
        decided_at: batch.at,
        cron_job: presence(state.cron_job.as_ref(), objective.map(|(_, known)| known)),
        body,
    })));
}

/// Whether a batch is muted at an instant, or each of its objectives is.
fn is_muted(batch: &Batch<'_>, at: Instant) -> bool {
    let (mutes, state) = (batch.mutes, &*batch.state);
    let mut judged = state.objectives.iter().filter(|(_, known)| known.is_judged()).peekable();
    let has_objective = judged.peek().is_some();
    let is_muted = |(name, known): (&String, &ObjectiveState)| {
        mute::muted_until(mutes, &state.key, (name, known), at).is_some()
    };
    mute::is_batch_muted(mutes, &state.key, at) || has_objective && judged.all(is_muted)
}

fn apply_attempt(batch: &mut Batch<'_>, revision: Revision, run_uid: &str, attempt: Attempt) {
    let (at, after) = (batch.at, batch.after);
    let before = compared(batch, run_uid);
    let Some(run) = batch.state.run_mut(run_uid) else {
        // The run is older than all that are kept, so nothing depends on its attempts any more.
        return;
    };
    if attempts::merge_attempt(&mut run.attempts, AttemptState { revision, attempt }) {
        history::note_activity(run, at, after);
        record_success(batch, run_uid);
        follow_run(batch, run_uid, before);
    }
}

fn apply_objective(batch: &mut Batch<'_>, name: &str, revision: Revision, objective: Objective) {
    let state = &mut *batch.state;
    let known = state.objectives.get(name).map(|known| &known.revision);
    let refused = state.refused.get(name).map(|refused| &refused.revision);
    if known.into_iter().chain(refused).any(|known| !revision.is_newer_than(known)) {
        return;
    }
    match make_room(state, name, &objective) {
        Ok(()) => {
            state.refused.remove(name);
            accept_objective(batch, name, revision, objective);
        }
        Err(reason) => refuse(batch, name, RefusedObjective { revision, objective }, &reason),
    }
    accept_refused(batch);
}

/// Makes room for an objective by forgetting withdrawn ones; `Err`: why there is none.
fn make_room(state: &mut BatchState, name: &str, objective: &Objective) -> Result<(), String> {
    let is_new = !state.objectives.contains_key(name);
    if is_new && state.objectives.len() >= OBJECTIVES_MAX && !retention::drop_withdrawn(state) {
        return Err(format!("it has {OBJECTIVES_MAX} objectives, the most a batch may have"));
    }
    while !retention::has_room(state, name, objective) {
        if !retention::drop_withdrawn(state) {
            let reason = "its objectives together are longer than kigen keeps; write shorter ones, or fewer";
            return Err(reason.to_owned());
        }
    }
    Ok(())
}

/// Accepts the objectives that were refused and for which there is room now, by name.
pub(crate) fn accept_refused(batch: &mut Batch<'_>) {
    let names: Vec<String> = batch.state.refused.keys().cloned().collect();
    for name in names {
        if let Some(refused) = batch.state.refused.remove(&name) {
            if make_room(batch.state, &name, &refused.objective).is_ok() {
                accept_objective(batch, &name, refused.revision, refused.objective);
            } else {
                batch.state.refused.insert(name, refused);
            }
        }
    }
}

fn accept_objective(batch: &mut Batch<'_>, name: &str, revision: Revision, objective: Objective) {
    let state = &mut *batch.state;
    if let Some(known) = state.objectives.get_mut(name).filter(|known| known.plan != Plan::Withdrawn) {
        known.revision = revision;
        let was_withdrawn = known.withdrawn_at.take().is_some();
        return batch.objective(name, |judge| {
            edit(judge, objective);
            if was_withdrawn {
                risk::plan(judge);
            }
        });
    }
    let new = ObjectiveState::new(revision, objective, batch.at);
    state.objectives.insert(name.to_owned(), new);
    past_numbers::follow_objectives(state);
    batch.objective(name, plan::begin);
    let uids: Vec<String> = batch.state.runs.iter().map(|run| run.revision.uid.clone()).collect();
    for uid in uids {
        record_success(batch, &uid);
    }
}

/// An objective that is refused waits for room, as far as there is room for that; else for its next restatement.
fn refuse(batch: &mut Batch<'_>, name: &str, refused: RefusedObjective, reason: &str) {
    if batch.state.refused.len() < REFUSED_MAX || batch.state.refused.contains_key(name) {
        batch.state.refused.insert(name.to_owned(), refused);
    } else {
        batch.state.leave_out();
    }
    let text =
        format!("objective `{name}` of {} is not judged as it is written now: {reason}", batch.state.key);
    batch.warn(Some(name), text);
}

/// An edit leaves a slot whose deadline has passed judged as it was planned, and waits for that. It moves a later deadline
/// only if it changes what the deadlines are computed from.
fn edit(judge: &mut Judge<'_>, objective: Objective) {
    let known = &mut *judge.objective;
    let latest = known.successors.last().map_or(&known.objective, |edit| &edit.objective);
    if *latest == objective {
        return;
    }
    let is_past = matches!(&known.plan, Plan::Open(open) if open.slot.deadline <= judge.at);
    if is_past || !known.successors.is_empty() {
        known.successors.truncate(SUCCESSORS_MAX - 1);
        known.successors.push(Successor { objective, edited_at: judge.at });
        return;
    }
    let is_target_gone = is_target_gone(&objective);
    let is_planned_alike = known.objective.deadlines == objective.deadlines
        && known.objective.time_zone == objective.time_zone
        && known.objective.freshness == objective.freshness
        && known.objective.starts == objective.starts;
    if !is_compared_alike(&known.objective, &objective) {
        known.ends.clear();
    }
    known.objective = objective;
    // An objective whose target is gone is judged once more, by the slot that is planned.
    let is_open = matches!(known.plan, Plan::Open(_));
    let stays_planned = is_planned_alike || is_target_gone && is_open;
    if stays_planned {
        // The grace may be another one.
        risk::plan(judge);
    } else {
        plan::replan(judge);
    }
}

/// Whether the ends of slots under both specs can be compared: see [`SlotEnd::reference`](kigen_state::SlotEnd).
fn is_compared_alike(one: &Objective, other: &Objective) -> bool {
    one.starts == other.starts && one.freshness == other.freshness
}

fn withdraw_objective(batch: &mut Batch<'_>, name: &str, revision: Revision) {
    if batch.state.refused.get(name).is_some_and(|refused| revision.is_newer_than(&refused.revision)) {
        batch.state.refused.remove(name);
    }
    let known = batch.state.objectives.get_mut(name);
    if let Some(known) = known.filter(|known| revision.is_newer_than(&known.revision)) {
        known.revision = revision;
        known.withdrawn_at = Some(batch.at);
        if known.due().is_none() {
            known.withdraw();
        }
    }
    accept_refused(batch);
}
