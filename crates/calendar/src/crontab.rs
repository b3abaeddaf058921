//! A crontab that has been parsed, with its text.

use crate::parse::{self, CrontabError, Meaning};

/// A crontab: five fields (minute, hour, day of month, month, day of week), a descriptor such as `@daily`, or `@every 5m`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Crontab {
    pub(crate) text: String,
    pub(crate) meaning: Meaning,
}

impl Crontab {
    /// Parses what Kubernetes accepts as `CronJob.spec.schedule`.
    ///
    /// # Errors
    /// What Kubernetes refuses, a text with a time zone in it (`TZ=`, `CRON_TZ=`) included, and a text of more than
    /// [`CRONTAB_BYTES_MAX`](crate::CRONTAB_BYTES_MAX) bytes.
    pub fn parse(text: &str) -> Result<Self, CrontabError> {
        Ok(Self { text: text.to_owned(), meaning: parse::meaning(text)? })
    }

    /// The text as it was written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether this is `@every`, which counts from the instant given and names no local times.
    #[must_use]
    pub fn is_every(&self) -> bool {
        matches!(self.meaning, Meaning::Every { .. })
    }
}
