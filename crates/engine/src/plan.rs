//! Planning: which deadline comes next, and which runs belong to its slot.

use chrono::TimeDelta;
use kigen_model::Instant;
use kigen_model::key::BatchKey;
use kigen_model::objective::{Deadlines, Objective};
use kigen_model::slot::Slot;

use crate::calendar::{Calendar, Crontab, Reading, Zone};
use crate::state::{CronJobState, ObjectiveState, OpenSlot, Plan, ScheduleEdit, Window};
use crate::step::{Effect, Warning};

/// Plans the first slot of a new objective: the one it began in, from the deadline before it.
pub(crate) fn begin(
    key: &BatchKey,
    name: &str,
    objective: &mut ObjectiveState,
    cron_job: Option<&CronJobState>,
) -> Vec<Effect> {
    let since = objective.since;
    plan_by(key, name, objective, cron_job, |deadlines| {
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
    plan_by(key, name, objective, cron_job, |deadlines| {
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
    let mut after = from;
    if let Some(successor) = objective.successor.take() {
        let old = deadlines(&objective.objective, zone_name(&objective.objective, cron_job));
        if old.ok().and_then(|old| old.next_after(from)).is_some_and(|next| next <= successor.edited_at) {
            objective.successor = Some(successor);
        } else {
            objective.objective = successor.objective;
            after = from.max(successor.edited_at);
        }
    }
    plan_by(key, name, objective, cron_job, |deadlines| {
        Some(Slot { from, deadline: deadlines.next_after(after)?, whole: true })
    })
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
            open.window = window(&objective.objective, starts.as_ref(), cron_job, open.slot);
            Vec::new()
        }
        Plan::Unresolved { .. } => replan(key, name, objective, cron_job, at),
        Plan::Exhausted => Vec::new(),
    }
}

/// The expected fires in `[from, until]` of a slot's window, at most `max`; `None`: nothing says when runs are expected.
pub(crate) fn fires_between(
    objective: &ObjectiveState,
    cron_job: Option<&CronJobState>,
    from: Instant,
    until: Instant,
    max: usize,
) -> Option<Vec<Instant>> {
    let starts = starts(&objective.objective, zone_name(&objective.objective, cron_job)).ok()?;
    let mut fires = Vec::new();
    let mut from = from;
    let beyond = until + TimeDelta::milliseconds(1);
    while fires.len() < max {
        let fire = match (&starts, cron_job) {
            (Some(starts), _) => fire_in(starts, from, Some(beyond)),
            (None, Some(cron_job)) => first_fire(&cron_job.edits, from, Some(beyond)).ok()?,
            (None, None) => return None,
        };
        let Some(fire) = fire else { break };
        fires.push(fire);
        from = fire + TimeDelta::milliseconds(1);
    }
    Some(fires)
}

/// The fires of a CronJob while `edit` is in force; `Ok(None)`: `@every` fires by the last run, not by the clock.
pub(crate) fn fires_of(edit: &ScheduleEdit) -> Result<Option<Calendar>, String> {
    let crontab = Crontab::parse(&edit.schedule).map_err(|error| error.to_string())?;
    let zone = match &edit.time_zone {
        Some(name) => Zone::named(name).map_err(|error| error.to_string())?,
        None => Zone::utc(),
    };
    if crontab.is_every() {
        return Ok(None);
    }
    Calendar::new(crontab, zone, Reading::Kubernetes).map(Some).map_err(|error| error.to_string())
}

fn plan_by(
    key: &BatchKey,
    name: &str,
    objective: &mut ObjectiveState,
    cron_job: Option<&CronJobState>,
    slot: impl FnOnce(&Calendar) -> Option<Slot>,
) -> Vec<Effect> {
    let time_zone = zone_name(&objective.objective, cron_job).to_owned();
    let calendars = deadlines(&objective.objective, &time_zone)
        .and_then(|deadlines| Ok((deadlines, starts(&objective.objective, &time_zone)?)));
    let (deadlines, starts) = match calendars {
        Ok(calendars) => calendars,
        Err(reason) => {
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
            let window = window(&objective.objective, starts.as_ref(), cron_job, slot);
            Plan::Open(OpenSlot { slot, time_zone, window, met_at: None })
        }
        None => Plan::Exhausted,
    };
    Vec::new()
}

/// The zone in which the deadlines are read.
fn zone_name<'a>(objective: &'a Objective, cron_job: Option<&'a CronJobState>) -> &'a str {
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

fn deadlines(objective: &Objective, time_zone: &str) -> Result<Calendar, String> {
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
    let calendar = calendar(crontab, time_zone, reading)?;
    if calendar.crontab().is_every() {
        return Err(format!(
            "the schedule `{crontab}` counts from the last run and names no time before which something could be there; \
             say `completeBy`"
        ));
    }
    Ok(calendar)
}

/// The expected fires of a batch that has no CronJob, where the objective gives them.
fn starts(objective: &Objective, time_zone: &str) -> Result<Option<Calendar>, String> {
    let Some(crontab) = &objective.starts else {
        return Ok(None);
    };
    calendar(crontab, time_zone, Reading::Kubernetes).map(Some)
}

fn calendar(crontab: &str, time_zone: &str, reading: Reading) -> Result<Calendar, String> {
    let crontab = Crontab::parse(crontab).map_err(|error| error.to_string())?;
    let zone = Zone::named(time_zone).map_err(|error| error.to_string())?;
    Calendar::new(crontab, zone, reading).map_err(|error| error.to_string())
}

/// A calendar walks forwards only, so the search begins ever further back; a crontab that has no deadline within a
/// year back has a first slot that begins with the objective.
fn last_at_or_before(calendar: &Calendar, at: Instant) -> Option<Instant> {
    [TimeDelta::hours(1), TimeDelta::days(1), TimeDelta::days(8), TimeDelta::days(32), TimeDelta::days(367)]
        .into_iter()
        .find_map(|back| calendar.after(at - back).take_while(|instant| *instant <= at).last())
}

/// The window of a slot: by the objective's freshness, else by the fires that it expects, else by those of the CronJob's
/// schedule, zone and history of edits, as if never suspended.
fn window(
    objective: &Objective,
    starts: Option<&Calendar>,
    cron_job: Option<&CronJobState>,
    slot: Slot,
) -> Window {
    if let Some(freshness) = objective.freshness {
        return Window::Fresh { after: slot.deadline - freshness };
    }
    let first_fire = |from, until| match (starts, cron_job) {
        (Some(starts), _) => Ok(fire_in(starts, from, until)),
        (None, Some(cron_job)) => first_fire(&cron_job.edits, from, until),
        (None, None) => Err(NoClock),
    };
    match first_fire(slot.from, Some(slot.deadline)) {
        Err(NoClock) => Window::Slot,
        Ok(None) => Window::NoFire,
        Ok(Some(opens)) => match first_fire(slot.deadline, None) {
            Ok(closes) => Window::Fires { opens, closes },
            Err(NoClock) => Window::Fires { opens, closes: Some(slot.deadline) },
        },
    }
}

/// The first fire of a calendar in `[from, until)`. Instants are whole milliseconds, fires whole minutes.
fn fire_in(calendar: &Calendar, from: Instant, until: Option<Instant>) -> Option<Instant> {
    let fire = calendar.next_after(from - TimeDelta::milliseconds(1))?;
    until.is_none_or(|until| fire < until).then_some(fire)
}

/// The schedule in force is unreadable, or fires by the last run instead of by the clock.
struct NoClock;

/// The first expected fire in `[from, until)`.
fn first_fire(
    edits: &[ScheduleEdit],
    from: Instant,
    until: Option<Instant>,
) -> Result<Option<Instant>, NoClock> {
    for (i, edit) in edits.iter().enumerate() {
        let begins = if i == 0 { from } else { edit.from.max(from) };
        let ends = match (edits.get(i + 1).map(|next| next.from), until) {
            (Some(next), Some(until)) => Some(next.min(until)),
            (one, other) => one.or(other),
        };
        if ends.is_some_and(|ends| ends <= begins) {
            continue;
        }
        let calendar = fires_of(edit).ok().flatten().ok_or(NoClock)?;
        if let Some(fire) = fire_in(&calendar, begins, ends) {
            return Ok(Some(fire));
        }
    }
    Ok(None)
}
