//! The deadlines and expected starts that an objective names, and the zone in which they are computed.

use std::rc::Rc;

use chrono::TimeDelta;
use kigen_calendar::{Calendar, Reading, Timetable, cached};
use kigen_model::Instant;
use kigen_model::objective::{Deadlines, Objective, Schedule};
use kigen_state::{CronJobState, ScheduleEdit};

/// The zone in which the deadlines are computed.
pub(crate) fn zone_name<'a>(objective: &'a Objective, cron_job: Option<&'a CronJobState>) -> &'a str {
    let own = match &objective.deadlines {
        Deadlines::CompleteBy { .. } => {
            objective.time_zone.as_deref().or_else(|| cron_job.map(zone_of_cron_job))
        }
        Deadlines::Before { schedule, .. } => {
            schedule.as_ref().map(|schedule| timetable_of_target(schedule).time_zone)
        }
        Deadlines::Reads { .. } => None,
    };
    own.unwrap_or("UTC")
}

/// The zone in which Kubernetes reads the CronJob's schedule.
pub(crate) fn zone_of_cron_job(known: &CronJobState) -> &str {
    Timetable::of(&known.cron_job.schedule, known.cron_job.time_zone.as_deref()).time_zone
}

/// What Kubernetes makes the runs by while `edit` is in force.
pub(crate) fn timetable(edit: &ScheduleEdit) -> Timetable<'_> {
    Timetable::of(&edit.schedule, edit.time_zone.as_deref())
}

fn timetable_of_target(schedule: &Schedule) -> Timetable<'_> {
    Timetable::of(&schedule.crontab, schedule.time_zone.as_deref())
}

/// The deadlines of an objective; `Err`: why there are none, and what to write instead.
pub(crate) fn deadlines(objective: &Objective, time_zone: &str) -> Result<Rc<Calendar>, String> {
    let (crontab, reading) = match &objective.deadlines {
        Deadlines::CompleteBy { crontab } => (crontab.as_str(), Reading::Deadline),
        Deadlines::Before { schedule: Some(schedule), .. } => {
            (timetable_of_target(schedule).crontab, Reading::Kubernetes)
        }
        Deadlines::Before { namespace, cron_job, schedule: None } => {
            return Err(format!(
                "there is no CronJob {namespace}/{cron_job} before whose fires the result should be there; name another \
                 under `before`, or say `completeBy`"
            ));
        }
        Deadlines::Reads { .. } => return Err("it names what the batch reads, and no deadline".to_owned()),
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

/// The expected fires of a batch without a CronJob, where the objective gives them. The zone of the CronJob before whose fires
/// the result must be there is that of the deadlines alone.
pub(crate) fn starts(
    objective: &Objective,
    time_zone: &str,
    cron_job: Option<&CronJobState>,
) -> Result<Option<Rc<Calendar>>, String> {
    let Some(crontab) = &objective.starts else {
        return Ok(None);
    };
    let time_zone = match objective.deadlines {
        Deadlines::CompleteBy { .. } | Deadlines::Reads { .. } => time_zone,
        Deadlines::Before { .. } => {
            objective.time_zone.as_deref().or_else(|| cron_job.map(zone_of_cron_job)).unwrap_or("UTC")
        }
    };
    cached(crontab, time_zone, Reading::Kubernetes).map(Some)
}

/// The calendars of the deadlines and of the expected starts; `Err`: why there are none, and what to write instead.
pub(crate) fn calendars(
    objective: &Objective,
    time_zone: &str,
    cron_job: Option<&CronJobState>,
) -> Result<(Rc<Calendar>, Option<Rc<Calendar>>), String> {
    Ok((deadlines(objective, time_zone)?, starts(objective, time_zone, cron_job)?))
}

/// Whether the zone of the deadlines is that of the batch's CronJob.
pub(crate) fn is_zone_of_cron_job(objective: &Objective) -> bool {
    objective.time_zone.is_none() && matches!(objective.deadlines, Deadlines::CompleteBy { .. })
}

/// Whether the deadlines are the fires of a CronJob that does not exist any more.
pub(crate) fn is_target_gone(objective: &Objective) -> bool {
    matches!(objective.deadlines, Deadlines::Before { schedule: None, .. })
}

/// The zone in which the first deadline after `after` was computed, and the instant after which that deadline is: an edit
/// of the CronJob's zone moves no deadline before the edit.
pub(crate) fn in_force(
    objective: &Objective,
    cron_job: Option<&CronJobState>,
    after: Instant,
) -> (String, Instant) {
    let mut after = after;
    let edits = cron_job
        .filter(|_| is_zone_of_cron_job(objective))
        .map(|known| known.edits.as_slice())
        .unwrap_or_default();
    for pair in edits.windows(2) {
        let (zone, until) = (timetable(&pair[0]).time_zone, pair[1].from);
        let planned = deadlines(objective, zone).ok().and_then(|deadlines| deadlines.next_after(after));
        if planned.is_some_and(|planned| planned <= until) {
            return (zone.to_owned(), after);
        }
        after = after.max(until);
    }
    (zone_name(objective, cron_job).to_owned(), after)
}

/// The last instant of a calendar up to `at`, at most a year back. It walks forwards only, so the search begins ever further
/// back.
pub(crate) fn last_at_or_before(calendar: &Calendar, at: Instant) -> Option<Instant> {
    [TimeDelta::hours(1), TimeDelta::days(1), TimeDelta::days(8), TimeDelta::days(32), TimeDelta::days(367)]
        .into_iter()
        .find_map(|back| calendar.after(at - back).take_while(|instant| *instant <= at).last())
}
