//! Objectives: a good result is required by a deadline; or, without one, only whose results a batch reads.

use chrono::TimeDelta;

use crate::budget::Target;
use crate::expectation::Expectation;
use crate::labels::Labels;
use crate::run::CronJob;

/// The name of the objective that a CronJob's annotation declares, reserved for it.
pub const ANNOTATED_OBJECTIVE: &str = "complete-by";
/// The name of the objective that has what a CronJob's annotation lists as read, reserved for it.
pub const ANNOTATED_READS: &str = "reads";

/// The spec of an objective, as written; the engine parses the crontab and the zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Objective {
    /// Whether the batch is Jobs without a CronJob.
    pub is_of_jobs: bool,
    /// Where the deadlines come from.
    pub deadlines: Deadlines,
    /// The zone of the crontabs; without one the CronJob's, else UTC.
    pub time_zone: Option<String>,
    /// How long after the deadline a success still counts as in time.
    pub grace: TimeDelta,
    /// How long after deadline and grace a verdict waits for facts: Kubernetes reports a completion late.
    pub settle: TimeDelta,
    /// Where given, a run belongs to a slot if its nominal start is in `(deadline - freshness, deadline]`, whatever the
    /// CronJob's schedule; so one run may serve several slots.
    pub freshness: Option<TimeDelta>,
    /// The crontab of the expected fires of a batch that has no CronJob.
    pub starts: Option<String>,
    /// The name of the calendar on whose working days the result is due.
    pub calendar: Option<String>,
    /// How long after its expected fire a run must have begun; else the slot is at risk, however few runs were observed.
    pub start_by: Option<TimeDelta>,
    /// What a run must have done besides ending well; `None`: nothing.
    pub expect: Option<Expectation>,
    /// Which ratio of its slots is to be met; `None`: it has no budget of misses.
    pub target: Option<Target>,
    /// How urgent a miss is.
    pub severity: Severity,
    /// Who is responsible.
    pub owner: Option<String>,
    /// A link to what to do.
    pub runbook: Option<String>,
    /// The labels of the object in which it is written.
    pub labels: Labels,
    /// Where the objective is written.
    pub source: ObjectiveSource,
}

/// Where the deadlines of an objective come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deadlines {
    /// A crontab, five fields or a descriptor.
    CompleteBy {
        /// As written.
        crontab: String,
    },
    /// The expected fires of another CronJob, which needs the result.
    Before {
        /// Its namespace.
        namespace: String,
        /// Its name.
        cron_job: String,
        /// Its schedule, as known when the fact was emitted; `None`: there is no such CronJob.
        schedule: Option<Schedule>,
    },
    /// None: nothing is judged. The batch reads the results of others, which is all that the objective states.
    Reads {
        /// The batches that it reads, at most [`Objective::READS_MAX`].
        sources: Vec<ReadBatch>,
    },
}

/// A batch of the same cluster whose result another one reads.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ReadBatch {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub batch: String,
}

/// The schedule of a CronJob.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// `spec.schedule`, as written.
    pub crontab: String,
    /// `spec.timeZone`; without one UTC.
    pub time_zone: Option<String>,
}

impl Schedule {
    /// The schedule of this CronJob.
    #[must_use]
    pub fn of(cron_job: &CronJob) -> Self {
        Self { crontab: cron_job.schedule.clone(), time_zone: cron_job.time_zone.clone() }
    }
}

impl Objective {
    /// An objective of a CronJob with nothing but its deadlines.
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
            calendar: None,
            start_by: None,
            expect: None,
            target: None,
            severity: Severity::Fatal,
            owner: None,
            runbook: None,
            labels: Labels::default(),
            source,
        }
    }

    /// The CronJob before whose fires the result must be there, if it names one: namespace and name.
    #[must_use]
    pub fn target(&self) -> Option<(&str, &str)> {
        match &self.deadlines {
            Deadlines::Before { namespace, cron_job, .. } => Some((namespace, cron_job)),
            Deadlines::CompleteBy { .. } | Deadlines::Reads { .. } => None,
        }
    }

    /// The batches that the batch reads, of an objective without deadlines; `None`: it has deadlines.
    #[must_use]
    pub fn reads(&self) -> Option<&[ReadBatch]> {
        match &self.deadlines {
            Deadlines::Reads { sources } => Some(sources),
            Deadlines::CompleteBy { .. } | Deadlines::Before { .. } => None,
        }
    }

    /// The same objective with this schedule of its target, if it has a target; `None`: there is no such CronJob.
    #[must_use]
    pub fn with_target_schedule(&self, of_target: Option<Schedule>) -> Self {
        let mut objective = self.clone();
        if let Deadlines::Before { schedule, .. } = &mut objective.deadlines {
            *schedule = of_target;
        }
        objective
    }

    /// The default of `settle`, in seconds.
    pub const SETTLE_DEFAULT_S: i64 = 30;
    /// The largest grace and settle, in seconds: 31 days.
    pub const GRACE_MAX_S: i64 = 31 * 86_400;
    /// The largest time within which a run must have begun, in seconds: 31 days.
    pub const START_BY_MAX_S: i64 = 31 * 86_400;
    /// The largest time that a run may be expected to take, in seconds: 31 days.
    pub const MIN_DURATION_MAX_S: i64 = 31 * 86_400;
    /// The most batches that an objective without deadlines may name.
    pub const READS_MAX: usize = 64;
    /// The largest freshness, in seconds: 366 days.
    pub const FRESHNESS_MAX_S: i64 = 366 * 86_400;
}

/// How urgent a miss is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// It can wait for working hours.
    Warning,
    /// Wakes a person.
    Fatal,
}

impl Severity {
    /// Its name in records, labels and files.
    pub fn label(self) -> &'static str {
        match self {
            Self::Warning => "warning",
            Self::Fatal => "fatal",
        }
    }
}

/// Where an objective is written.
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
    /// Whether it is withdrawn when its CronJob is deleted, without a person who withdraws it.
    #[must_use]
    pub fn dies_with_its_cron_job(self) -> bool {
        match self {
            Self::Annotation | Self::Selector => true,
            Self::File | Self::Object => false,
        }
    }

    /// Its name in lists.
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
