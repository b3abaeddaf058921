//! What a person asks for: a good result by a crontab.

use chrono::TimeDelta;

/// What an objective says, as written; the engine reads the crontab and the zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Objective {
    /// The deadlines' crontab, five fields or a descriptor.
    pub complete_by: String,
    /// The zone in which the crontab is read; without one the CronJob's, else UTC.
    pub time_zone: Option<String>,
    /// How long after the deadline a success still counts as in time.
    pub grace: TimeDelta,
    /// How long after deadline and grace a verdict waits for news: Kubernetes tells of a completion late.
    pub settle: TimeDelta,
    /// How loudly a miss is told.
    pub severity: Severity,
    /// Who is responsible.
    pub owner: Option<String>,
    /// Where it says what to do.
    pub runbook: Option<String>,
    /// Where the objective was written down.
    pub source: ObjectiveSource,
}

impl Objective {
    /// The `settle` of an objective that does not say, in seconds.
    pub const SETTLE_DEFAULT_S: i64 = 30;
    /// The largest grace and settle, in seconds: 31 days.
    pub const GRACE_MAX_S: i64 = 31 * 86_400;
}

/// How loudly a miss is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Worth a look in working hours.
    Warning,
    /// Wakes a person.
    Fatal,
}

impl Severity {
    /// The word for it in records, labels and files.
    pub fn label(self) -> &'static str {
        match self {
            Self::Warning => "warning",
            Self::Fatal => "fatal",
        }
    }
}

/// Where an objective was written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ObjectiveSource {
    /// The annotation `kigen.dev/complete-by` on a CronJob.
    Annotation,
}
