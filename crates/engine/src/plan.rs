//! Planning: which deadline comes next, and which runs belong to its slot.

use std::rc::Rc;

use chrono::TimeDelta;
use kigen_calendar::{Calendar, Reading, cached};
use kigen_model::Instant;
use kigen_model::key::BatchKey;
use kigen_model::objective::{Deadlines, Objective};
use kigen_model::slot::Slot;
use kigen_state::{CronJobState, ObjectiveState, OpenSlot, Plan};

use crate::bound;
use crate::step::{Effect, Warning};
use crate::window::window;

/// Plans the first slot of a new objective: the one it began in, from the deadline before it.
pub(crate) fn begin(
    key: &BatchKey,
    name: &str,
    objective: &mut ObjectiveState,
    cron_job: Option<&CronJobState>,
) -> Vec<Effect> {
    let since = objective.since;
    let zone = zone_name(&objective.objective, cron_job).to_owned();
    plan_by(key, name, objective, cron_job, zone, |deadlines| {
        let from = last_at_or_before(deadlines, since).unwrap_or(since);
        Some(Slot { from, deadline: deadlines.next_after(since)?, whole: from >= since })
    })
}

/// Plans the open slot anew after an edit at `at`: it runs from the last old deadline to the next new one.
pub(crate) fn replan(
    key: &BatchKey,
    name: &str,
    objective: &mut ObjectiveState,
    cron_job: Option<&CronJobState>,
    at: Instant,
) -> Vec<Effect> {
    let Plan::Open(open) = &objective.plan else {
        // Nothing was judged so far, so it begins now.
        objective.since = at;
        return begin(key, name, objective, cron_job);
    };
    let old = open.slot;
    let zone = zone_name(&objective.objective, cron_job).to_owned();
    plan_by(key, name, objective, cron_job, zone, |deadlines| {
        Some(Slot { deadline: deadlines.next_after(at.max(old.from))?, ..old })
    })
}

/// Plans the slot after `judged`. An edit that waits leaves the deadlines before it as they were planned: facts may be
/// far ahead of the ticks, as after an outage.
pub(crate) fn next(
    key: &BatchKey,
    name: &str,
    objective: &mut ObjectiveState,
    cron_job: Option<&CronJobState>,
    judged: Slot,
) -> Vec<Effect> {
    let from = judged.deadline;
    let mut earliest = from;
    let mut target_gone = None;
    if let Some(successor) = objective.successor.take() {
        let (zone, after) = in_force(&objective.objective, cron_job, from);
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
    let (zone, after) = in_force(&objective.objective, cron_job, earliest);
    let effects = plan_by(key, name, objective, cron_job, zone, |deadlines| {
        Some(Slot { from, deadline: deadlines.next_after(after)?, whole: true })
    });
    if let Some(target_gone) = target_gone {
        objective.objective = target_gone;
    }
    effects
}

/// Whether the objective's deadlines are the fires of a CronJob that is no more.
pub(crate) fn is_target_gone(objective: &Objective) -> bool {
    matches!(objective.deadlines, Deadlines::Before { schedule: None, .. })
}

/// The zone by which the first deadline after `after` was planned, and after when it is: an edit of the CronJob's zone
/// moves no deadline before it.
fn in_force(objective: &Objective, cron_job: Option<&CronJobState>, after: Instant) -> (String, Instant) {
    let mut after = after;
    let is_of_cron_job =
        objective.time_zone.is_none() && matches!(objective.deadlines, Deadlines::CompleteBy { .. });
    let edits = cron_job.filter(|_| is_of_cron_job).map(|known| known.edits.as_slice()).unwrap_or_default();
    for pair in edits.windows(2) {
        let (zone, until) = (pair[0].time_zone.as_deref().unwrap_or("UTC"), pair[1].from);
        let planned = deadlines(objective, zone).ok().and_then(|deadlines| deadlines.next_after(after));
        if planned.is_some_and(|planned| planned <= until) {
            return (zone.to_owned(), after);
        }
        after = after.max(until);
    }
    (zone_name(objective, cron_job).to_owned(), after)
}

/// After an edit of the CronJob's schedule or zone: its zone may be the objective's, its fires bound the window.
pub(crate) fn follow_cron_job(
    key: &BatchKey,
    name: &str,
    objective: &mut ObjectiveState,
    cron_job: Option<&CronJobState>,
    at: Instant,
) -> Vec<Effect> {
    let zone = zone_name(&objective.objective, cron_job);
    match &mut objective.plan {
        Plan::Open(open) if open.slot.deadline > at && open.time_zone != zone => {
            replan(key, name, objective, cron_job, at)
        }
        Plan::Open(open) => {
            let starts = starts(&objective.objective, &open.time_zone).ok().flatten();
            open.window = window(&objective.objective, starts.as_deref(), cron_job, open.slot);
            Vec::new()
        }
        Plan::Unresolved { .. } => replan(key, name, objective, cron_job, at),
        Plan::Exhausted | Plan::Withdrawn => Vec::new(),
    }
}

fn plan_by(
    key: &BatchKey,
    name: &str,
    objective: &mut ObjectiveState,
    cron_job: Option<&CronJobState>,
    time_zone: String,
    slot: impl FnOnce(&Calendar) -> Option<Slot>,
) -> Vec<Effect> {
    let calendars = deadlines(&objective.objective, &time_zone)
        .and_then(|deadlines| Ok((deadlines, starts(&objective.objective, &time_zone)?)));
    let (deadlines, starts) = match calendars {
        Ok(calendars) => calendars,
        Err(reason) => {
            let reason = bound::words(&reason);
            let text = format!("objective `{name}` of {key} is not judged: {reason}");
            let plan = Plan::Unresolved { reason };
            if objective.plan == plan {
                return Vec::new();
            }
            objective.plan = plan;
            return vec![Effect::Warn(Warning { key: key.clone(), objective: Some(name.to_owned()), text })];
        }
    };
    objective.plan = match slot(&deadlines) {
        Some(slot) => {
            let window = window(&objective.objective, starts.as_deref(), cron_job, slot);
            Plan::Open(OpenSlot { slot, time_zone, window, met_at: None })
        }
        None => Plan::Exhausted,
    };
    Vec::new()
}

/// The zone in which the deadlines are read.
pub(crate) fn zone_name<'a>(objective: &'a Objective, cron_job: Option<&'a CronJobState>) -> &'a str {
    let own = match &objective.deadlines {
        Deadlines::CompleteBy { .. } => objective
            .time_zone
            .as_deref()
            .or_else(|| cron_job.and_then(|known| known.cron_job.time_zone.as_deref())),
        Deadlines::Before { schedule, .. } => {
            schedule.as_ref().and_then(|schedule| schedule.time_zone.as_deref())
        }
    };
    own.unwrap_or("UTC")
}

/// The deadlines of an objective; `Err`: why there are none, and what to write instead.
pub(crate) fn deadlines(objective: &Objective, time_zone: &str) -> Result<Rc<Calendar>, String> {
    let (crontab, reading) = match &objective.deadlines {
        Deadlines::CompleteBy { crontab } => (crontab, Reading::Deadline),
        Deadlines::Before { schedule: Some(schedule), .. } => (&schedule.crontab, Reading::Kubernetes),
        Deadlines::Before { namespace, cron_job, schedule: None } => {
            return Err(format!(
                "there is no CronJob {namespace}/{cron_job} before whose fires the result should be there; name another \
                 under `before`, or say `completeBy`"
            ));
        }
    };
    let calendar = cached(crontab, time_zone, reading)?;
    if calendar.crontab().is_every() {
        return Err(format!(
            "the schedule `{crontab}` counts from the last run and names no time before which something could be there; \
             say `completeBy`"
        ));
    }
    Ok(calendar)
}

/// The expected fires of a batch that has no CronJob, where the objective gives them.
pub(crate) fn starts(objective: &Objective, time_zone: &str) -> Result<Option<Rc<Calendar>>, String> {
    let Some(crontab) = &objective.starts else {
        return Ok(None);
    };
    cached(crontab, time_zone, Reading::Kubernetes).map(Some)
}

/// A calendar walks forwards only, so the search begins ever further back; a crontab that has no deadline within a
/// year back has a first slot that begins with the objective.
fn last_at_or_before(calendar: &Calendar, at: Instant) -> Option<Instant> {
    [TimeDelta::hours(1), TimeDelta::days(1), TimeDelta::days(8), TimeDelta::days(32), TimeDelta::days(367)]
        .into_iter()
        .find_map(|back| calendar.after(at - back).take_while(|instant| *instant <= at).last())
}
