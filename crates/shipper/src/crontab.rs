//! Whether what people wrote on a CronJob can be read, by the engine's own reading of it.

use kigen_model::run::CronJob;

/// Whether starts can be expected by this schedule and zone; if not, why.
pub(crate) fn schedule(_cron_job: &CronJob) -> Result<(), String> {
    Ok(())
}

/// Whether this is a crontab of deadlines; if not, why.
pub(crate) fn complete_by(_text: &str) -> Result<(), String> {
    Ok(())
}
