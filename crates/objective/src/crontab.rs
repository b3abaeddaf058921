//! Whether the calendar accepts the crontabs and time zones of objectives and CronJobs; if not, its reason.

use kigen_calendar::{Calendar, Crontab, Reading, Timetable, Zone};
use kigen_model::run::CronJob;

/// Whether starts can be expected by a CronJob's schedule and time zone.
///
/// # Errors
/// What the calendar refuses.
pub fn schedule(cron_job: &CronJob) -> Result<(), String> {
    let Timetable { crontab, time_zone, .. } = timetable(cron_job);
    starts(crontab)?;
    zone(time_zone)
}

/// Whether a CronJob's schedule has a time zone in it. Kubernetes runs the CronJob by it, but refuses it in new ones.
#[must_use]
pub fn is_zone_in_schedule(cron_job: &CronJob) -> bool {
    timetable(cron_job).is_zone_in_schedule
}

fn timetable(cron_job: &CronJob) -> Timetable<'_> {
    Timetable::of(&cron_job.schedule, cron_job.time_zone.as_deref())
}

/// Whether this is a crontab of starts.
///
/// # Errors
/// What the calendar refuses.
pub fn starts(text: &str) -> Result<(), String> {
    Crontab::parse(text).map(drop).map_err(|error| error.to_string())
}

/// Whether this is a time zone.
///
/// # Errors
/// What the calendar refuses.
pub fn zone(name: &str) -> Result<(), String> {
    Zone::named(name).map(drop).map_err(|error| error.to_string())
}

/// Whether this is a crontab of deadlines.
///
/// # Errors
/// What the calendar refuses.
pub fn complete_by(text: &str) -> Result<(), String> {
    let crontab = Crontab::parse(text).map_err(|error| error.to_string())?;
    Calendar::new(crontab, Zone::utc(), Reading::Deadline).map_err(|error| error.to_string())?;
    Ok(())
}
