//! What a person asks for: a good result by a crontab.

use chrono::TimeDelta;

use crate::run::CronJob;

/// What an objective says, as written; the engine reads the crontab and the zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Objective {
    /// Whether the batch is Jobs without a CronJob.
    pub is_of_jobs: bool,
    /// What names the deadlines.
    pub deadlines: Deadlines,
    /// The zone in which the crontabs are read; without one the CronJob's, else UTC.
    pub time_zone: Option<String>,
    /// How long after the deadline a success still counts as in time.
    pub grace: TimeDelta,
    /// How long after deadline and grace a verdict waits for news: Kubernetes tells of a completion late.
    pub settle: TimeDelta,
    /// Where given, a run belongs to a slot if its nominal start is in `(deadline - freshness, deadline]`, whatever the
    /// CronJob's schedule; so one run may serve several slots.
    pub freshness: Option<TimeDelta>,
    /// The crontab of the expected fires of a batch that has no CronJob.
    pub starts: Option<String>,
    /// How loudly a miss is told.
    pub severity: Severity,
    /// Who is responsible.
    pub owner: Option<String>,
    /// Where it says what to do.
    pub runbook: Option<String>,
    /// Where the objective was written down.
    pub source: ObjectiveSource,
}

/// What names the deadlines of an objective.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deadlines {
    /// A crontab, five fields or a descriptor.
    CompleteBy {
        /// As written.
        crontab: String,
    },
    /// The expected fires of another CronJob, which reads the result.
    Before {
        /// Its namespace.
        namespace: String,
        /// Its name.
        cron_job: String,
        /// When it fires, as known when this was written; `None`: there is no such CronJob.
        schedule: Option<Schedule>,
    },
}

/// When a CronJob fires.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// `spec.schedule`, as written.
    pub crontab: String,
    /// `spec.timeZone`; without one UTC.
    pub time_zone: Option<String>,
}

impl Schedule {
    /// When this CronJob fires.
    #[must_use]
    pub fn of(cron_job: &CronJob) -> Self {
        Self { crontab: cron_job.schedule.clone(), time_zone: cron_job.time_zone.clone() }
    }
}

impl Objective {
    /// An objective of a CronJob that says no more than its deadlines.
    #[must_use]
    pub fn new(deadlines: Deadlines, source: ObjectiveSource) -> Self {
        Self {
            is_of_jobs: false,
            deadlines,
            time_zone: None,
            grace: TimeDelta::zero(),
            settle: TimeDelta::seconds(Self::SETTLE_DEFAULT_S),
            freshness: None,
            starts: None,
            severity: Severity::Fatal,
            owner: None,
            runbook: None,
            source,
        }
    }

    /// The CronJob before whose fires the result must be there, if it names one: namespace and name.
    #[must_use]
    pub fn target(&self) -> Option<(&str, &str)> {
        match &self.deadlines {
            Deadlines::Before { namespace, cron_job, .. } => Some((namespace, cron_job)),
            Deadlines::CompleteBy { .. } => None,
        }
    }

    /// The same, with this as the schedule of its target, if it has one; `None`: there is no such CronJob.
    #[must_use]
    pub fn with_target_schedule(&self, of_target: Option<Schedule>) -> Self {
        let mut objective = self.clone();
        if let Deadlines::Before { schedule, .. } = &mut objective.deadlines {
            *schedule = of_target;
        }
        objective
    }

    /// The `settle` of an objective that does not say, in seconds.
    pub const SETTLE_DEFAULT_S: i64 = 30;
    /// The largest grace and settle, in seconds: 31 days.
    pub const GRACE_MAX_S: i64 = 31 * 86_400;
    /// The largest freshness, in seconds: 366 days.
    pub const FRESHNESS_MAX_S: i64 = 366 * 86_400;
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
    /// A file of objectives.
    File,
    /// An object `Objective` in Kubernetes that names the batch.
    Object,
    /// An object `Objective` in Kubernetes that selects CronJobs by their labels.
    Selector,
}

impl ObjectiveSource {
    /// Whether it is taken away with its CronJob, though no person has taken it away.
    #[must_use]
    pub fn dies_with_its_cron_job(self) -> bool {
        match self {
            Self::Annotation | Self::Selector => true,
            Self::File | Self::Object => false,
        }
    }

    /// The word for it in lists.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Annotation => "annotation",
            Self::File => "file",
            Self::Object => "object",
            Self::Selector => "selector",
        }
    }
}
