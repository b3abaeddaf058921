//! The verdict on a slot whose time has come, and its cause.

use kigen_model::Instant;
use kigen_model::alert::{AlertBody, PAST_SUCCESSES_MAX, alert_id};
use kigen_model::objective::Deadlines;
use kigen_model::run::RunPhase;
use kigen_model::slot::{Cause, Excuse, Gap, PastSuccess, Slot, Verdict};
use kigen_state::{
    BatchState, Incident, Judged, JudgedSlot, ObjectiveState, OpenSlot, Plan, RunState, VERDICTS_MAX, Window,
};

use crate::attempts;
use crate::bound;
use crate::evidence::{self, Evidence};
use crate::plan;
use crate::recover::{belongs, end_incident, ended_at, instant_text, judgement, raise, summary_of};
use crate::step::{Effect, Warning};

/// Judges the slots that are due first, all at one instant, if that instant has come.
pub(crate) fn judge_due(state: &mut BatchState, observed_until: Instant, gaps: &[Gap]) -> Vec<Effect> {
    let Some(due) = state.next_due().filter(|due| *due <= observed_until) else {
        return Vec::new();
    };
    let names: Vec<String> = state
        .objectives
        .iter()
        .filter(|(_, objective)| objective.due() == Some(due))
        .map(|(name, _)| name.clone())
        .collect();
    let mut effects = Vec::new();
    for name in names {
        if let Some(mut objective) = state.objectives.remove(&name) {
            judge(state, &name, &mut objective, observed_until, gaps, &mut effects);
            state.objectives.insert(name, objective);
        }
    }
    bound::fit(state);
    effects
}

/// Judges the latest slots again that were called unknown, after something more was seen.
pub(crate) fn judge_again(state: &mut BatchState, at: Instant) -> Vec<Effect> {
    let is_unknown = |known: &Judged| matches!(known.verdict, Verdict::Unknown(_)) && known.judged.is_some();
    let names: Vec<String> = state
        .objectives
        .iter()
        .filter(|(_, objective)| objective.verdicts.last().is_some_and(is_unknown))
        .map(|(name, _)| name.clone())
        .collect();
    let mut effects = Vec::new();
    for name in names {
        if let Some(mut objective) = state.objectives.remove(&name) {
            again(state, &name, &mut objective, at, &mut effects);
            state.objectives.insert(name, objective);
        }
    }
    effects
}

fn again(
    state: &BatchState,
    name: &str,
    objective: &mut ObjectiveState,
    at: Instant,
    effects: &mut Vec<Effect>,
) {
    let Some(Judged { verdict: Verdict::Unknown(gap), judged: Some(judged), deadline }) =
        objective.verdicts.pop()
    else {
        return;
    };
    let mut judged = judged;
    let verdict = match evidence::weigh(state, objective, &judged, objective.planned_zone(), &gap) {
        Evidence::Unknown => Verdict::Unknown(gap),
        Evidence::Missed => Verdict::Missed(miss(state, name, objective, &mut judged, at, effects).kind()),
        Evidence::Met { ended_at } => {
            let body = AlertBody::SlotRetracted {
                slot: judged.slot,
                incident: None,
                misses: 0,
                ended_at,
                run: None,
            };
            effects.push(raise(&state.key, name, objective, deadline, at, body));
            Verdict::Met { ended_at }
        }
    };
    objective.verdicts.push(Judged { deadline, verdict, judged: Some(judged) });
    if verdict != Verdict::Unknown(gap) {
        effects.push(judgement(&state.key, name, deadline, verdict));
    }
}

/// Judges the open slot of one objective and plans the next, unless the objective is withdrawn.
fn judge(
    state: &BatchState,
    name: &str,
    objective: &mut ObjectiveState,
    observed_until: Instant,
    gaps: &[Gap],
    effects: &mut Vec<Effect>,
) {
    let Plan::Open(open) = objective.plan.clone() else {
        return;
    };
    let slot = open.slot;
    let is_absent = state.cron_job.as_ref().is_none_or(|known| known.deleted_at.is_some());
    // What is gone with its CronJob was not taken away by a person who no longer wants it.
    let died = is_absent && objective.objective.source.dies_with_its_cron_job();
    let is_withdrawn = objective.withdrawn_at.is_some_and(|at| at < slot.deadline);
    if is_withdrawn && !died {
        return objective.withdraw();
    }
    let until = slot.deadline + objective.objective.grace;
    let mut judged = JudgedSlot { slot, window: open.window, until, incident: None };
    let verdict = match met_at(state, &open, &judged) {
        Some(ended_at) => Verdict::Met { ended_at },
        None if open.window == Window::NoFire => {
            effects.extend(warn_of_no_fire(state, name, objective, slot));
            Verdict::Excused(Excuse::NoFire)
        }
        None if !slot.whole => Verdict::Excused(Excuse::Partial),
        None => without_success(state, name, objective, &mut judged, observed_until, gaps, effects),
    };
    objective.verdicts.push(Judged { deadline: slot.deadline, verdict, judged: Some(judged) });
    effects.push(judgement(&state.key, name, slot.deadline, verdict));
    let surplus = objective.verdicts.len().saturating_sub(VERDICTS_MAX);
    objective.verdicts.drain(..surplus);
    // An objective that died with its CronJob is judged once more, at the first deadline after that.
    if is_withdrawn {
        return objective.withdraw();
    }
    effects.extend(plan::next(&state.key, name, objective, state.cron_job.as_ref(), slot));
}

/// When the slot was met. Successes are noted as they come, so that a run that is long forgotten still counts; those
/// that are remembered are looked at again, since an edit may have moved the window meanwhile.
fn met_at(state: &BatchState, open: &OpenSlot, judged: &JudgedSlot) -> Option<Instant> {
    let remembered = state
        .runs
        .iter()
        .filter(|run| belongs(open.window, open.slot, &run.run, &open.time_zone))
        .filter_map(ended_at)
        .filter(|ended_at| *ended_at <= judged.until);
    remembered.chain(open.met_at).min()
}

/// The verdict on a slot of which no success in time is known.
fn without_success(
    state: &BatchState,
    name: &str,
    objective: &mut ObjectiveState,
    judged: &mut JudgedSlot,
    observed_until: Instant,
    gaps: &[Gap],
    effects: &mut Vec<Effect>,
) -> Verdict {
    let (opens, settled) = (judged.opens(), judged.until + objective.objective.settle);
    let overlapping = || gaps.iter().rev().filter(|gap| gap.overlaps(opens, settled));
    // What was observed anew after the latest gap covers the older ones, but for those of the log.
    let latest = overlapping().next().filter(|gap| !gap.is_of_log);
    for gap in overlapping().filter(|gap| gap.is_of_log).chain(latest) {
        match evidence::weigh(state, objective, judged, objective.planned_zone(), gap) {
            Evidence::Met { ended_at } => return Verdict::Met { ended_at },
            Evidence::Unknown => {
                let body = AlertBody::SlotUnknown { slot: judged.slot, gap: *gap };
                effects.push(raise(&state.key, name, objective, judged.slot.deadline, observed_until, body));
                return Verdict::Unknown(*gap);
            }
            Evidence::Missed => {}
        }
    }
    Verdict::Missed(miss(state, name, objective, judged, observed_until, effects).kind())
}

fn miss(
    state: &BatchState,
    name: &str,
    objective: &mut ObjectiveState,
    judged: &mut JudgedSlot,
    decided_at: Instant,
    effects: &mut Vec<Effect>,
) -> Cause {
    let slot = judged.slot;
    let opens = judged.opens();
    let zone = objective.planned_zone().to_owned();
    let run = state.runs.iter().rev().find(|run| belongs(judged.window, slot, &run.run, &zone));
    let cause = match &objective.objective.deadlines {
        Deadlines::Before { schedule: None, .. } => Cause::CronJobAbsent,
        Deadlines::Before { schedule: Some(_), .. } | Deadlines::CompleteBy { .. } => {
            cause_of(state, objective, run, opens, judged.until)
        }
    };
    let incident = match objective.incident {
        Some(open) => Incident { misses: open.misses + 1, last: slot, opens, ..open },
        None => Incident {
            id: alert_id(&state.key, name, "incident", &instant_text(slot.deadline)),
            since: slot.deadline,
            misses: 1,
            last: slot,
            opens,
        },
    };
    objective.incident = Some(incident);
    judged.incident = Some(incident.id);
    let explains = match &cause {
        Cause::CronJobAbsent | Cause::Suspended => None,
        // Often an earlier run is in the way.
        Cause::NeverStarted { .. } => state.runs.iter().rev().find(|run| !run.run.phase.is_terminal()),
        Cause::Failed(_) | Cause::StillRunning { .. } | Cause::Pending { .. } => run,
    };
    let body = AlertBody::SlotMissed {
        slot,
        incident: incident.id,
        misses: incident.misses,
        cause: cause.clone(),
        run: explains.map(summary_of),
        past: past_successes(state, opens),
    };
    effects.push(raise(&state.key, name, objective, slot.deadline, decided_at, body));
    let late = state.runs.iter().filter(|run| ended_at(run).is_some());
    for run in late {
        effects.extend(end_incident(&state.key, name, objective, run, decided_at));
    }
    cause
}

/// The first cause that holds, by what is known of the slot's last run; `until` is when a success stopped counting.
fn cause_of(
    state: &BatchState,
    objective: &ObjectiveState,
    run: Option<&RunState>,
    opens: Instant,
    until: Instant,
) -> Cause {
    let never_started = Cause::NeverStarted { expected_at: opens };
    match &state.cron_job {
        None if objective.objective.is_of_jobs => {}
        None => return Cause::CronJobAbsent,
        Some(known) if known.deleted_at.is_some() => return Cause::CronJobAbsent,
        Some(known) if known.cron_job.suspended => return Cause::Suspended,
        Some(_) => {}
    }
    let Some(run) = run else {
        return never_started;
    };
    let created_at = run.run.created_at;
    match &run.run.phase {
        RunPhase::Failed { reason, .. } => Cause::Failed(attempts::failure(run, reason)),
        RunPhase::Deleted { observed_at } => {
            Cause::Failed(attempts::failure(run, attempts::why_deleted(state, run, *observed_at)))
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
        // It ended well, but too late: told as it stood when its time was over.
        RunPhase::Succeeded { .. } => match run.run.started_at {
            Some(since) if since <= until => Cause::StillRunning { since },
            _ if created_at <= until => Cause::Pending { since: created_at, why: None },
            _ => never_started,
        },
    }
}

/// The latest successes with a nominal start before `opens`, oldest first.
fn past_successes(state: &BatchState, opens: Instant) -> Vec<PastSuccess> {
    let mut past: Vec<PastSuccess> = state
        .runs
        .iter()
        .rev()
        .filter(|run| run.run.nominal_start() < opens)
        .filter_map(|run| {
            Some(PastSuccess { nominal_start: run.run.nominal_start(), ended_at: ended_at(run)? })
        })
        .take(PAST_SUCCESSES_MAX)
        .collect();
    past.reverse();
    past
}

fn warn_of_no_fire(
    state: &BatchState,
    name: &str,
    objective: &mut ObjectiveState,
    slot: Slot,
) -> Option<Effect> {
    if std::mem::replace(&mut objective.warned_of_no_fire, true) {
        return None;
    }
    let text = format!(
        "objective `{name}` of {}: no run is expected between {} and the deadline {}, so there is nothing to judge there; \
         if that is not meant, change {} or the schedule of the runs (said once)",
        state.key,
        instant_text(slot.from),
        instant_text(slot.deadline),
        match &objective.objective.deadlines {
            Deadlines::CompleteBy { crontab } => format!("`{crontab}`"),
            Deadlines::Before { namespace, cron_job, .. } => format!("`before: {namespace}/{cron_job}`"),
        },
    );
    Some(Effect::Warn(Warning { key: state.key.clone(), objective: Some(name.to_owned()), text }))
}
