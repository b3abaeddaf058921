//! Planning: which deadline comes next, and which runs belong to its slot. The states of a plan are drawn in
//! `kigen_state`'s `objective.rs`.

use chrono::TimeDelta;
use kigen_calendar::Calendar;
use kigen_model::Instant;
use kigen_model::slot::Slot;
use kigen_state::{OpenSlot, Plan};

use crate::context::Judge;
use crate::deadlines::{deadlines, in_force, is_target_gone, starts, zone_name};
use crate::limits;
use crate::window::window;

/// Plans the first slot of a new objective: the one it began in, from the deadline before it.
pub(crate) fn begin(judge: &mut Judge<'_>) {
    let since = judge.objective.since;
    let zone = zone_name(&judge.objective.objective, judge.cron_job).to_owned();
    plan_by(judge, zone, |deadlines| {
        let from = last_at_or_before(deadlines, since).unwrap_or(since);
        Some(Slot { from, deadline: deadlines.next_after(since)?, whole: from >= since })
    });
}

/// Plans the open slot again after an edit: it runs from the last old deadline to the next new one.
pub(crate) fn replan(judge: &mut Judge<'_>) {
    let at = judge.at;
    let Plan::Open(open) = &judge.objective.plan else {
        // Nothing was judged so far, so it begins now.
        judge.objective.since = at;
        return begin(judge);
    };
    let old = open.slot;
    let zone = zone_name(&judge.objective.objective, judge.cron_job).to_owned();
    plan_by(judge, zone, |deadlines| Some(Slot { deadline: deadlines.next_after(at.max(old.from))?, ..old }));
}

/// Plans the slot after `judged`. An edit that waits leaves the deadlines before it as they were planned: after an outage,
/// facts may be far ahead of the ticks.
pub(crate) fn next(judge: &mut Judge<'_>, judged: Slot) {
    let from = judged.deadline;
    let mut earliest = from;
    let mut target_gone = None;
    let objective = &mut *judge.objective;
    if let Some(successor) = objective.successor.take() {
        let (zone, after) = in_force(&objective.objective, judge.cron_job, from);
        let old = deadlines(&objective.objective, &zone).ok().and_then(|old| old.next_after(after));
        if old.is_some_and(|old| old <= successor.edited_at) {
            objective.successor = Some(successor);
        } else if is_target_gone(&successor.objective) {
            // Judged once more, by the slot that was planned.
            target_gone = old.map(|_| successor.objective);
        } else {
            objective.objective = successor.objective;
            earliest = from.max(successor.edited_at);
        }
    }
    let (zone, after) = in_force(&objective.objective, judge.cron_job, earliest);
    plan_by(judge, zone, |deadlines| {
        Some(Slot { from, deadline: deadlines.next_after(after)?, whole: true })
    });
    if let Some(target_gone) = target_gone {
        judge.objective.objective = target_gone;
    }
}

/// Plans after an edit of the CronJob's schedule or zone: its zone may be the objective's, its fires bound the window.
pub(crate) fn follow_cron_job(judge: &mut Judge<'_>) {
    let objective = &mut *judge.objective;
    let zone = zone_name(&objective.objective, judge.cron_job);
    match &mut objective.plan {
        Plan::Open(open) if open.slot.deadline > judge.at && open.time_zone != zone => replan(judge),
        Plan::Open(open) => {
            let starts = starts(&objective.objective, &open.time_zone).ok().flatten();
            open.window = window(&objective.objective, starts.as_deref(), judge.cron_job, open.slot);
        }
        Plan::Unresolved { .. } => replan(judge),
        Plan::Exhausted | Plan::Withdrawn => {}
    }
}

fn plan_by(judge: &mut Judge<'_>, time_zone: String, slot: impl FnOnce(&Calendar) -> Option<Slot>) {
    let objective = &mut *judge.objective;
    let calendars = deadlines(&objective.objective, &time_zone)
        .and_then(|deadlines| Ok((deadlines, starts(&objective.objective, &time_zone)?)));
    let (deadlines, starts) = match calendars {
        Ok(calendars) => calendars,
        Err(reason) => return unresolved(judge, &reason),
    };
    objective.plan = match slot(&deadlines) {
        Some(slot) => {
            let window = window(&objective.objective, starts.as_deref(), judge.cron_job, slot);
            Plan::Open(OpenSlot { slot, time_zone, window, met_at: None })
        }
        None => Plan::Exhausted,
    };
}

/// There are no deadlines; warned of once for each reason.
fn unresolved(judge: &mut Judge<'_>, reason: &str) {
    let reason = limits::explanation(reason);
    let text = format!("objective `{}` of {} is not judged: {reason}", judge.name, judge.key);
    let plan = Plan::Unresolved { reason };
    if judge.objective.plan != plan {
        judge.objective.plan = plan;
        judge.warn(text);
    }
}

/// A calendar walks forwards only, so the search begins ever further back; a crontab that has no deadline within a
/// year back has a first slot that begins with the objective.
fn last_at_or_before(calendar: &Calendar, at: Instant) -> Option<Instant> {
    [TimeDelta::hours(1), TimeDelta::days(1), TimeDelta::days(8), TimeDelta::days(32), TimeDelta::days(367)]
        .into_iter()
        .find_map(|back| calendar.after(at - back).take_while(|instant| *instant <= at).last())
}
