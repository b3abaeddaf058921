//! Windows: when runs are expected, and so which runs belong to a slot.

use std::rc::Rc;

use chrono::TimeDelta;
use kigen_calendar::{Calendar, Reading, Timetable, cached};
use kigen_model::Instant;
use kigen_model::objective::Objective;
use kigen_model::run::CronJob;
use kigen_model::slot::Slot;
use kigen_state::{CronJobState, OpenSlot, ScheduleEdit, Window};

use crate::deadlines::{calendars, last_at_or_before, starts, timetable, zone_name};

/// The schedule in force does not parse, or counts from the last run instead of firing by the clock.
struct NoClock;

/// The window of a slot: by the objective's freshness, else by the starts that it expects, else by the fires of the
/// CronJob's schedule, zone and history of edits, as if never suspended.
///
/// A fire that a clock change skips, or that an edit within the slot removed, was expected, too: the slot opens with it,
/// and is missed if no run succeeds. A slot that expects a run opens no later than with the fire that Kubernetes makes up for
/// after an edit.
pub(crate) fn window(
    objective: &Objective,
    starts: Option<&Calendar>,
    cron_job: Option<&CronJobState>,
    slot: Slot,
) -> Window {
    if let Some(freshness) = objective.freshness {
        return Window::Fresh { after: slot.deadline - freshness };
    }
    let fires = |from, until| match (starts, cron_job) {
        (Some(starts), _) => Ok(fire_in(starts, from, until)),
        (None, Some(cron_job)) => first_fire(&cron_job.edits, from, until, expected_fire),
        (None, None) => Err(NoClock),
    };
    let edited_away =
        || cron_job.filter(|_| starts.is_none()).and_then(|known| edited_away(&known.edits, slot));
    match fires(slot.from, Some(slot.deadline)).map(|opens| opens.or_else(edited_away)) {
        Err(NoClock) => Window::Slot,
        Ok(None) => Window::NoFire,
        Ok(Some(opens)) => {
            let made_up = |from, until| {
                let counts = |edit: &ScheduleEdit, fire| {
                    let is_run = cron_job.is_some_and(|known| known.cron_job.last_scheduled_at == Some(fire));
                    edit.from < slot.deadline || fire >= slot.deadline || is_run
                };
                made_up_in(starts, cron_job, from, until, counts)
            };
            let opens = made_up(slot.from, Some(slot.deadline)).map_or(opens, |fire| fire.min(opens));
            match fires(slot.deadline, None) {
                Ok(closes) => {
                    let closes = closes.into_iter().chain(made_up(slot.deadline, None)).min();
                    Window::Fires { opens, closes }
                }
                Err(NoClock) => Window::Fires { opens, closes: Some(slot.deadline) },
            }
        }
    }
}

/// The slot after an open one as it would be planned now, without the edits that wait.
pub(crate) fn slot_after(
    objective: &Objective,
    cron_job: Option<&CronJobState>,
    open: &OpenSlot,
) -> Option<OpenSlot> {
    let (deadlines, starts) = calendars(objective, &open.time_zone, cron_job).ok()?;
    let from = open.slot.deadline;
    let slot = Slot { from, deadline: deadlines.next_after(from)?, whole: true };
    let window = window(objective, starts.as_deref(), cron_job, slot);
    let (time_zone, warned_of) = (open.time_zone.clone(), Vec::new());
    Some(OpenSlot { slot, time_zone, window, met_at: None, risk_due: None, warned_of })
}

/// When the first run of a slot was expected whose window opens at `opens`. Kubernetes makes up a fire at the hour that it had
/// planned by the schedule before the edit: the slot's window opens earlier than that.
pub(crate) fn expected_at(
    objective: &Objective,
    cron_job: Option<&CronJobState>,
    slot: Slot,
    opens: Instant,
) -> Instant {
    let edits = cron_job.filter(|_| objective.starts.is_none()).map_or(&[][..], |known| &known.edits);
    if !edits.iter().skip(1).any(|edit| edit.made_up == Some(opens)) {
        return opens;
    }
    let planned = first_fire(edits, slot.from, Some(slot.deadline), expected_fire).ok().flatten();
    planned.or_else(|| edited_away(edits, slot)).unwrap_or(opens)
}

/// See [`ScheduleEdit::made_up`]; `cron_job` is as edited. The CronJob controller plans from the last scheduled time, or from
/// the creation where there is none, and makes the run of the latest fire since: an edit of the schedule does not move that
/// time.
pub(crate) fn made_up_by(edit: &ScheduleEdit, cron_job: &CronJob) -> Option<Instant> {
    let planned_from = cron_job.last_scheduled_at.unwrap_or(cron_job.created_at);
    let calendar = fires_of(edit).ok().flatten()?;
    last_at_or_before(&calendar, edit.from).filter(|fire| *fire >= planned_from)
}

/// The first fire in `[from, until)` that Kubernetes may make up for after an edit, of those that count. An objective's own
/// starts are not edited with the CronJob's schedule.
fn made_up_in(
    starts: Option<&Calendar>,
    cron_job: Option<&CronJobState>,
    from: Instant,
    until: Option<Instant>,
    counts: impl Fn(&ScheduleEdit, Instant) -> bool,
) -> Option<Instant> {
    let edits = cron_job.filter(|_| starts.is_none()).map_or(&[][..], |known| &known.edits);
    let made_up = edits.iter().skip(1).filter_map(|edit| Some((edit, edit.made_up?)));
    made_up
        .filter(|(edit, fire)| {
            *fire >= from && until.is_none_or(|until| *fire < until) && counts(edit, *fire)
        })
        .map(|(_, fire)| fire)
        .min()
}

/// The instants in `[from, until]` of which Kubernetes makes a run of the batch, or may make one up, at most `max`; `None`:
/// there is no schedule.
pub(crate) fn fires_between(
    objective: &Objective,
    cron_job: Option<&CronJobState>,
    from: Instant,
    until: Instant,
    max: usize,
) -> Option<Vec<Instant>> {
    let starts = starts(objective, zone_name(objective, cron_job), cron_job).ok()?;
    let mut fires = Vec::new();
    let mut from = from;
    let beyond = until + TimeDelta::milliseconds(1);
    while fires.len() < max {
        let fire = match (&starts, cron_job) {
            (Some(starts), _) => fire_in(starts, from, Some(beyond)),
            (None, Some(cron_job)) => first_fire(&cron_job.edits, from, Some(beyond), actual_fire).ok()?,
            (None, None) => return None,
        };
        let made_up = made_up_in(starts.as_deref(), cron_job, from, Some(beyond), |_, _| true);
        let Some(fire) = fire.into_iter().chain(made_up).min() else { break };
        fires.push(fire);
        from = fire + TimeDelta::milliseconds(1);
    }
    Some(fires)
}

/// The instants at which Kubernetes makes a run while `edit` is in force; `Ok(None)`: `@every` counts from the last run,
/// not by the clock.
pub(crate) fn fires_of(edit: &ScheduleEdit) -> Result<Option<Rc<Calendar>>, String> {
    let calendar = calendar_of(edit, Reading::Kubernetes)?;
    Ok(Some(calendar).filter(|calendar| !calendar.crontab().is_every()))
}

fn calendar_of(edit: &ScheduleEdit, reading: Reading) -> Result<Rc<Calendar>, String> {
    let Timetable { crontab, time_zone, .. } = timetable(edit);
    cached(crontab, time_zone, reading)
}

/// The first instant in `[from, until)` at which Kubernetes makes a run.
fn actual_fire(
    edit: &ScheduleEdit,
    from: Instant,
    until: Option<Instant>,
) -> Result<Option<Instant>, NoClock> {
    let calendar = fires_of(edit).ok().flatten().ok_or(NoClock)?;
    Ok(fire_in(&calendar, from, until))
}

/// The first instant in `[from, until)` at which a run is expected: Kubernetes makes one, or a clock change skips it.
fn expected_fire(
    edit: &ScheduleEdit,
    from: Instant,
    until: Option<Instant>,
) -> Result<Option<Instant>, NoClock> {
    let actual = actual_fire(edit, from, until)?;
    let local = calendar_of(edit, Reading::Deadline).map_err(|_| NoClock)?;
    Ok(actual.into_iter().chain(fire_in(&local, from, until)).min())
}

/// The first fire of a calendar in `[from, until)`. Instants are whole milliseconds, fires whole minutes.
fn fire_in(calendar: &Calendar, from: Instant, until: Option<Instant>) -> Option<Instant> {
    let fire = calendar.next_after(from - TimeDelta::milliseconds(1))?;
    until.is_none_or(|until| fire < until).then_some(fire)
}

/// The first fire in `[from, until)` by the history of edits.
fn first_fire(
    edits: &[ScheduleEdit],
    from: Instant,
    until: Option<Instant>,
    fire_of: impl Fn(&ScheduleEdit, Instant, Option<Instant>) -> Result<Option<Instant>, NoClock>,
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
        if let Some(fire) = fire_of(edit, begins, ends)? {
            return Ok(Some(fire));
        }
    }
    Ok(None)
}

/// The first fire in the slot of a schedule that was in force within it until an edit replaced it.
fn edited_away(edits: &[ScheduleEdit], slot: Slot) -> Option<Instant> {
    let was_in_force = |pair: &&[ScheduleEdit]| pair[1].from > slot.from && pair[1].from < slot.deadline;
    edits
        .windows(2)
        .filter(was_in_force)
        .find_map(|pair| expected_fire(&pair[0], slot.from, Some(slot.deadline)).ok().flatten())
}
