//! Whether what people wrote on CronJobs and in Objectives can be read, by the engine's own reading of it.

use kigen_calendar::{Calendar, Crontab, Reading, Zone};
use kigen_model::run::CronJob;

/// Whether starts can be expected by this schedule and zone; if not, why.
pub(crate) fn schedule(cron_job: &CronJob) -> Result<(), String> {
    starts(&cron_job.schedule)?;
    cron_job.time_zone.as_deref().map_or(Ok(()), zone)
}

/// Whether this is a crontab of starts; if not, why.
pub(crate) fn starts(text: &str) -> Result<(), String> {
    Crontab::parse(text).map(drop).map_err(|error| error.to_string())
}

/// Whether this is a time zone; if not, why.
pub(crate) fn zone(name: &str) -> Result<(), String> {
    Zone::named(name).map(drop).map_err(|error| error.to_string())
}

/// Whether this is a crontab of deadlines; if not, why.
pub(crate) fn complete_by(text: &str) -> Result<(), String> {
    let crontab = Crontab::parse(text).map_err(|error| error.to_string())?;
    Calendar::new(crontab, Zone::utc(), Reading::Deadline).map_err(|error| error.to_string())?;
    Ok(())
}
