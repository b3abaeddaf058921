//! Planning: which deadline comes next, and which runs belong to its slot. The states of a plan are drawn in
//! `kigen_state`'s `objective.rs`.

use kigen_calendar::Calendar;
use kigen_model::slot::Slot;
use kigen_state::{ObjectiveState, OpenSlot, Plan};

use crate::context::Judge;
use crate::deadlines::{
    calendars, deadlines, in_force, is_target_gone, is_zone_of_cron_job, last_at_or_before, starts, zone_name,
};
use crate::incident::end_incident_at_once;
use crate::limits;
use crate::risk;
use crate::window::window;

/// Plans the first slot of a new objective: the one it began in, from the deadline before it; if there is none within a year
/// back, from the objective's beginning.
pub(crate) fn begin(judge: &mut Judge<'_>) {
    let since = judge.objective.since;
    let zone = zone_name(&judge.objective.objective, judge.cron_job).to_owned();
    // An edit that could not be read was mended: what was judged before is not partial.
    let judged_until = judge.objective.verdicts.last().map(|known| known.deadline);
    plan_by(judge, zone, None, |deadlines| {
        let from = last_at_or_before(deadlines, since).unwrap_or(since);
        let continues = judged_until.filter(|until| *until >= from);
        Some(Slot {
            from: continues.unwrap_or(from),
            deadline: deadlines.next_after(since)?,
            whole: continues.is_some() || from >= since,
        })
    });
}

/// Plans the open slot again after an edit: it runs from the last old deadline to the next new one. An edit that cannot be
/// read leaves it as it is planned; there is no slot after it until that is mended.
pub(crate) fn replan(judge: &mut Judge<'_>) {
    let at = judge.at;
    let Plan::Open(open) = &judge.objective.plan else {
        // Nothing was judged so far, so it begins now.
        judge.objective.since = at;
        return begin(judge);
    };
    let old = open.slot;
    if judge.objective.objective.reads().is_some() {
        return plan_nothing(judge);
    }
    let zone = zone_name(&judge.objective.objective, judge.cron_job).to_owned();
    if let Err(reason) = calendars(&judge.objective.objective, &zone, judge.cron_job) {
        return warn_unresolved(judge, &limits::explanation(&reason));
    }
    let before = judge.objective.plan.clone();
    plan_by(judge, zone, None, |deadlines| {
        Some(Slot { deadline: deadlines.next_after(at.max(old.from))?, ..old })
    });
    if judge.objective.plan.open().is_none_or(|open| open.slot.deadline != old.deadline) {
        let after = std::mem::replace(&mut judge.objective.plan, before);
        risk::end(judge, None, None);
        judge.objective.plan = after;
    }
}

/// Plans the slot after `judged`. Each edit that waits leaves the deadlines before it as they were planned, and is in force
/// until the next: after an outage, facts may be far ahead of the ticks.
pub(crate) fn next(judge: &mut Judge<'_>, judged: Slot) {
    let from = judged.deadline;
    let warned_of = unreadable_since_planned(judge.objective);
    let mut earliest = from;
    // Has no deadlines: judged once more, by the slot that was planned.
    let mut once_more = None;
    let objective = &mut *judge.objective;
    while let Some(edited_at) = objective.successors.first().map(|edit| edit.edited_at) {
        let (zone, after) = in_force(&objective.objective, judge.cron_job, earliest);
        let old = deadlines(&objective.objective, &zone).ok().and_then(|old| old.next_after(after));
        if old.is_some_and(|old| old <= edited_at) {
            break;
        }
        let edited = objective.successors.remove(0).objective;
        let is_readable = edited.reads().is_some()
            || calendars(&edited, zone_name(&edited, judge.cron_job), judge.cron_job).is_ok();
        if old.is_some() && !is_readable {
            once_more = Some(edited);
        } else {
            objective.objective = edited;
            earliest = from.max(edited_at);
            once_more = None;
        }
    }
    let (zone, after) = in_force(&objective.objective, judge.cron_job, earliest);
    plan_by(judge, zone, warned_of.as_deref(), |deadlines| {
        Some(Slot { from, deadline: deadlines.next_after(after)?, whole: true })
    });
    if let Some(edited) = once_more {
        judge.objective.objective = edited;
        if let Some(reason) = unreadable_since_planned(judge.objective) {
            warn_unresolved(judge, &limits::explanation(&reason));
        }
    }
}

/// Plans after an edit of the CronJob's schedule or zone: its zone may be the objective's, its fires bound the window.
pub(crate) fn follow_cron_job(judge: &mut Judge<'_>) {
    let objective = &mut *judge.objective;
    let zone = zone_name(&objective.objective, judge.cron_job);
    // A zone that cannot be read was warned of with the CronJob, and leaves the open slot as it is planned.
    let is_zone_edited = |planned: &str| {
        planned != zone
            && is_zone_of_cron_job(&objective.objective)
            && calendars(&objective.objective, zone, judge.cron_job).is_ok()
    };
    match &mut objective.plan {
        Plan::Open(open) if open.slot.deadline > judge.at && is_zone_edited(&open.time_zone) => replan(judge),
        Plan::Open(open) => {
            if let Ok(starts) = starts(&objective.objective, &open.time_zone, judge.cron_job) {
                open.window = window(&objective.objective, starts.as_deref(), judge.cron_job, open.slot);
            }
            risk::plan(judge);
        }
        Plan::Unresolved { .. } => replan(judge),
        Plan::Exhausted | Plan::Withdrawn => {}
    }
}

/// Why the deadlines of the open slot's objective cannot be computed any more, which was warned of when it was edited.
fn unreadable_since_planned(objective: &ObjectiveState) -> Option<String> {
    let Plan::Open(open) = &objective.plan else {
        return None;
    };
    let spec = &objective.objective;
    let zone = if is_zone_of_cron_job(spec) { &open.time_zone } else { zone_name(spec, None) };
    // That a target is gone is warned of when the slot is judged.
    calendars(spec, zone, None).err().filter(|_| !is_target_gone(spec))
}

/// Plans a slot; `warned_of`: the reason against it of which a warning was emitted already.
fn plan_by(
    judge: &mut Judge<'_>,
    time_zone: String,
    warned_of: Option<&str>,
    slot: impl FnOnce(&Calendar) -> Option<Slot>,
) {
    if judge.objective.objective.reads().is_some() {
        return plan_nothing(judge);
    }
    let objective = &mut *judge.objective;
    let (deadlines, starts) = match calendars(&objective.objective, &time_zone, judge.cron_job) {
        Ok(calendars) => calendars,
        Err(reason) => return unresolved(judge, &reason, warned_of),
    };
    objective.plan = match slot(&deadlines) {
        Some(slot) => {
            let window = window(&objective.objective, starts.as_deref(), judge.cron_job, slot);
            // A slot that keeps its deadline is the same one: of each kind it has one warning.
            let is_same = |open: &&OpenSlot| open.slot.deadline == slot.deadline;
            let warned_of = objective.plan.open().filter(is_same).map(|open| open.warned_of.clone());
            let warned_of = warned_of.unwrap_or_default();
            Plan::Open(OpenSlot { slot, time_zone, window, met_at: None, risk_due: None, warned_of })
        }
        None => Plan::Exhausted,
    };
    risk::plan(judge);
}

/// The objective only names what the batch reads: nothing is judged by it any more.
fn plan_nothing(judge: &mut Judge<'_>) {
    risk::end(judge, None, None);
    end_incident_at_once(judge);
    judge.objective.incident = None;
    judge.objective.plan = Plan::Exhausted;
}

/// There are no deadlines; warned of once for each reason.
fn unresolved(judge: &mut Judge<'_>, reason: &str, warned_of: Option<&str>) {
    let is_warned_of = warned_of == Some(reason);
    let reason = limits::explanation(reason);
    let plan = Plan::Unresolved { reason: reason.clone() };
    if judge.objective.plan != plan {
        judge.objective.plan = plan;
        if !is_warned_of {
            warn_unresolved(judge, &reason);
        }
    }
}

fn warn_unresolved(judge: &mut Judge<'_>, reason: &str) {
    judge.warn(format!("objective `{}` of {} is not judged: {reason}", judge.name, judge.key));
}
