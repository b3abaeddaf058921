//! Whether what people wrote on a CronJob can be read, by the engine's own reading of it.

use kigen_engine::calendar::{Calendar, Crontab, Reading, Zone};
use kigen_model::run::CronJob;

/// Whether starts can be expected by this schedule and zone; if not, why.
pub(crate) fn schedule(cron_job: &CronJob) -> Result<(), String> {
    Crontab::parse(&cron_job.schedule).map_err(|error| error.to_string())?;
    if let Some(name) = &cron_job.time_zone {
        Zone::named(name).map_err(|error| error.to_string())?;
    }
    Ok(())
}

/// Whether this is a crontab of deadlines; if not, why.
pub(crate) fn complete_by(text: &str) -> Result<(), String> {
    let crontab = Crontab::parse(text).map_err(|error| error.to_string())?;
    Calendar::new(crontab, Zone::utc(), Reading::Deadline).map_err(|error| error.to_string())?;
    Ok(())
}
