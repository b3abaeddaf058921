//! The records that several topics share: CronJobs, runs, attempts, objectives, slots.

use chrono::TimeDelta;
use kigen_model::event::Revision;
use kigen_model::objective::{Deadlines, Objective, ObjectiveSource, ReadBatch, Schedule, Severity};
use kigen_model::reported::ReportedMetrics;
use kigen_model::run::{
    Attempt, AttemptPhase, CONTAINERS_MAX, ConcurrencyPolicy, Container, ContainerRole, ContainerState,
    CronJob, Run, RunPhase, SlotMark,
};
use kigen_model::slot::Slot;
use serde::{Deserialize, Serialize};

use crate::budget::TargetRecord;
use crate::error::DecodeError;
use crate::expectation::ExpectationRecord;
use crate::fields::{FieldReader, Millis, Text, int, maybe_text, text};
use crate::labels::LabelRecord;

/// The version of an object: its two fields are flattened into the record that has it.
pub(crate) fn revision(
    of: FieldReader,
    uid: Text<'_>,
    resource_version: i64,
) -> Result<Revision, DecodeError> {
    let resource_version = of.long("resource_version", resource_version)?;
    Ok(Revision { uid: uid.into_owned(), resource_version })
}

pub(crate) fn slot_mark(of: FieldReader, mark: Option<Text<'_>>) -> Result<Option<SlotMark>, DecodeError> {
    let mark = mark.map(|mark| mark.parse()).transpose();
    mark.map_err(|_| of.wrong("slot", "is neither a day nor an instant"))
}

#[derive(Serialize, Deserialize)]
#[serde(rename = "CronJob")]
pub(crate) struct CronJobRecord<'a> {
    schedule: Text<'a>,
    time_zone: Option<Text<'a>>,
    suspended: bool,
    created_at: Millis,
    last_scheduled_at: Option<Millis>,
    last_succeeded_at: Option<Millis>,
    concurrency_policy: Option<ConcurrencyPolicyRecord>,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum ConcurrencyPolicyRecord {
    Unknown,
    Allow,
    Forbid,
    Replace,
}

impl From<ConcurrencyPolicy> for ConcurrencyPolicyRecord {
    fn from(policy: ConcurrencyPolicy) -> Self {
        match policy {
            ConcurrencyPolicy::Allow => Self::Allow,
            ConcurrencyPolicy::Forbid => Self::Forbid,
            ConcurrencyPolicy::Replace => Self::Replace,
        }
    }
}

impl ConcurrencyPolicyRecord {
    fn read(self) -> Option<ConcurrencyPolicy> {
        match self {
            Self::Unknown => None,
            Self::Allow => Some(ConcurrencyPolicy::Allow),
            Self::Forbid => Some(ConcurrencyPolicy::Forbid),
            Self::Replace => Some(ConcurrencyPolicy::Replace),
        }
    }
}

impl<'a> From<&'a CronJob> for CronJobRecord<'a> {
    fn from(cron_job: &'a CronJob) -> Self {
        Self {
            schedule: text(&cron_job.schedule),
            time_zone: maybe_text(&cron_job.time_zone),
            suspended: cron_job.suspended,
            created_at: cron_job.created_at.into(),
            last_scheduled_at: cron_job.last_scheduled_at.map(Millis::from),
            last_succeeded_at: cron_job.last_succeeded_at.map(Millis::from),
            concurrency_policy: cron_job.concurrency.map(ConcurrencyPolicyRecord::from),
        }
    }
}

impl CronJobRecord<'_> {
    pub(crate) fn read(self, of: FieldReader) -> Result<CronJob, DecodeError> {
        Ok(CronJob {
            schedule: self.schedule.into_owned(),
            time_zone: self.time_zone.map(Text::into_owned),
            suspended: self.suspended,
            created_at: of.instant("created_at", self.created_at)?,
            last_scheduled_at: of.maybe_instant("last_scheduled_at", self.last_scheduled_at)?,
            last_succeeded_at: of.maybe_instant("last_succeeded_at", self.last_succeeded_at)?,
            concurrency: self.concurrency_policy.and_then(ConcurrencyPolicyRecord::read),
        })
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename = "Run")]
pub(crate) struct RunRecord<'a> {
    job: Text<'a>,
    scheduled_at: Option<Millis>,
    created_at: Millis,
    started_at: Option<Millis>,
    failed_pods: i32,
    phase: RunPhaseRecord<'a>,
    slot: Option<Text<'a>>,
}

#[derive(Serialize, Deserialize)]
enum RunPhaseRecord<'a> {
    RunPending,
    RunRunning,
    RunSuspended,
    RunSucceeded { completed_at: Millis },
    RunFailed { failed_at: Millis, reason: Text<'a>, message: Text<'a> },
    RunDeleted { observed_at: Millis },
}

impl<'a> From<&'a Run> for RunRecord<'a> {
    fn from(run: &'a Run) -> Self {
        Self {
            job: text(&run.job),
            scheduled_at: run.scheduled_at.map(Millis::from),
            created_at: run.created_at.into(),
            started_at: run.started_at.map(Millis::from),
            failed_pods: int(run.failed_pods),
            phase: (&run.phase).into(),
            slot: run.slot.map(|mark| Text::Owned(mark.to_string())),
        }
    }
}

impl<'a> From<&'a RunPhase> for RunPhaseRecord<'a> {
    fn from(phase: &'a RunPhase) -> Self {
        match phase {
            RunPhase::Pending => Self::RunPending,
            RunPhase::Running => Self::RunRunning,
            RunPhase::Suspended => Self::RunSuspended,
            RunPhase::Succeeded { completed_at } => {
                Self::RunSucceeded { completed_at: (*completed_at).into() }
            }
            RunPhase::Failed { failed_at, reason, message } => Self::RunFailed {
                failed_at: (*failed_at).into(),
                reason: text(reason),
                message: text(message),
            },
            RunPhase::Deleted { observed_at } => Self::RunDeleted { observed_at: (*observed_at).into() },
        }
    }
}

impl RunRecord<'_> {
    pub(crate) fn read(self, of: FieldReader) -> Result<Run, DecodeError> {
        Ok(Run {
            slot: slot_mark(of, self.slot)?,
            job: self.job.into_owned(),
            scheduled_at: of.maybe_instant("scheduled_at", self.scheduled_at)?,
            created_at: of.instant("created_at", self.created_at)?,
            started_at: of.maybe_instant("started_at", self.started_at)?,
            failed_pods: of.int("failed_pods", self.failed_pods)?,
            phase: self.phase.read(of)?,
        })
    }
}

impl RunPhaseRecord<'_> {
    fn read(self, of: FieldReader) -> Result<RunPhase, DecodeError> {
        Ok(match self {
            Self::RunPending => RunPhase::Pending,
            Self::RunRunning => RunPhase::Running,
            Self::RunSuspended => RunPhase::Suspended,
            Self::RunSucceeded { completed_at } => {
                RunPhase::Succeeded { completed_at: of.instant("completed_at", completed_at)? }
            }
            Self::RunFailed { failed_at, reason, message } => RunPhase::Failed {
                failed_at: of.instant("failed_at", failed_at)?,
                reason: reason.into_owned(),
                message: message.into_owned(),
            },
            Self::RunDeleted { observed_at } => {
                RunPhase::Deleted { observed_at: of.instant("observed_at", observed_at)? }
            }
        })
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename = "Attempt")]
pub(crate) struct AttemptRecord<'a> {
    pod: Text<'a>,
    node: Option<Text<'a>>,
    restarts: i32,
    phase: AttemptPhaseRecord<'a>,
    #[serde(default)]
    metrics: Vec<MetricRecord<'a>>,
    #[serde(default)]
    containers: Vec<ContainerRecord<'a>>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename = "Container")]
struct ContainerRecord<'a> {
    name: Text<'a>,
    role: ContainerRoleRecord,
    state: ContainerStateRecord,
    at: Option<Millis>,
    exit_code: Option<i32>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum ContainerRoleRecord {
    Unknown,
    Init,
    Sidecar,
    Main,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum ContainerStateRecord {
    Unknown,
    Waiting,
    Running,
    Ended,
}

impl<'a> From<&'a Container> for ContainerRecord<'a> {
    fn from(container: &'a Container) -> Self {
        let (state, at, exit_code) = match container.state {
            ContainerState::Waiting => (ContainerStateRecord::Waiting, None, None),
            ContainerState::Running { since } => (ContainerStateRecord::Running, since, None),
            ContainerState::Ended { at, exit_code } => (ContainerStateRecord::Ended, at, exit_code),
        };
        let role = match container.role {
            ContainerRole::Init => ContainerRoleRecord::Init,
            ContainerRole::Sidecar => ContainerRoleRecord::Sidecar,
            ContainerRole::Main => ContainerRoleRecord::Main,
        };
        Self { name: text(&container.name), role, state, at: at.map(Millis::from), exit_code }
    }
}

impl ContainerRecord<'_> {
    /// A role or a state that only a newer kigen knows explains nothing.
    fn read(self, of: FieldReader) -> Result<Container, DecodeError> {
        let at = of.maybe_instant("at", self.at)?;
        Ok(Container {
            name: self.name.into_owned(),
            role: match self.role {
                ContainerRoleRecord::Init => ContainerRole::Init,
                ContainerRoleRecord::Unknown | ContainerRoleRecord::Sidecar => ContainerRole::Sidecar,
                ContainerRoleRecord::Main => ContainerRole::Main,
            },
            state: match self.state {
                ContainerStateRecord::Unknown | ContainerStateRecord::Waiting => ContainerState::Waiting,
                ContainerStateRecord::Running => ContainerState::Running { since: at },
                ContainerStateRecord::Ended => ContainerState::Ended { at, exit_code: self.exit_code },
            },
        })
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename = "Metric")]
struct MetricRecord<'a> {
    name: Text<'a>,
    value: f64,
}

#[derive(Serialize, Deserialize)]
enum AttemptPhaseRecord<'a> {
    AttemptWaiting {
        reason: Option<Text<'a>>,
        message: Option<Text<'a>>,
    },
    AttemptRunning {
        since: Option<Millis>,
    },
    AttemptSucceeded {
        finished_at: Option<Millis>,
    },
    AttemptFailed {
        finished_at: Option<Millis>,
        exit_code: Option<i32>,
        reason: Option<Text<'a>>,
        message: Option<Text<'a>>,
    },
}

impl<'a> From<&'a Attempt> for AttemptRecord<'a> {
    fn from(attempt: &'a Attempt) -> Self {
        Self {
            pod: text(&attempt.pod),
            node: maybe_text(&attempt.node),
            restarts: int(attempt.restarts),
            phase: (&attempt.phase).into(),
            metrics: attempt
                .metrics
                .iter()
                .map(|(name, number)| MetricRecord { name: text(name), value: number.value() })
                .collect(),
            containers: attempt.containers.iter().map(ContainerRecord::from).collect(),
        }
    }
}

impl<'a> From<&'a AttemptPhase> for AttemptPhaseRecord<'a> {
    fn from(phase: &'a AttemptPhase) -> Self {
        match phase {
            AttemptPhase::Waiting { reason, message } => {
                Self::AttemptWaiting { reason: maybe_text(reason), message: maybe_text(message) }
            }
            AttemptPhase::Running { since } => Self::AttemptRunning { since: since.map(Millis::from) },
            AttemptPhase::Succeeded { finished_at } => {
                Self::AttemptSucceeded { finished_at: finished_at.map(Millis::from) }
            }
            AttemptPhase::Failed { finished_at, exit_code, reason, message } => Self::AttemptFailed {
                finished_at: finished_at.map(Millis::from),
                exit_code: *exit_code,
                reason: maybe_text(reason),
                message: maybe_text(message),
            },
        }
    }
}

impl AttemptRecord<'_> {
    pub(crate) fn read(self, of: FieldReader) -> Result<Attempt, DecodeError> {
        Ok(Attempt {
            pod: self.pod.into_owned(),
            node: self.node.map(Text::into_owned),
            restarts: of.int("restarts", self.restarts)?,
            phase: self.phase.read(of)?,
            metrics: ReportedMetrics::new(
                self.metrics.into_iter().map(|metric| (metric.name.into_owned(), metric.value)),
            ),
            containers: self
                .containers
                .into_iter()
                .take(CONTAINERS_MAX)
                .map(|container| container.read(of))
                .collect::<Result<_, _>>()?,
        })
    }
}

impl AttemptPhaseRecord<'_> {
    fn read(self, of: FieldReader) -> Result<AttemptPhase, DecodeError> {
        Ok(match self {
            Self::AttemptWaiting { reason, message } => AttemptPhase::Waiting {
                reason: reason.map(Text::into_owned),
                message: message.map(Text::into_owned),
            },
            Self::AttemptRunning { since } => {
                AttemptPhase::Running { since: of.maybe_instant("since", since)? }
            }
            Self::AttemptSucceeded { finished_at } => {
                AttemptPhase::Succeeded { finished_at: of.maybe_instant("finished_at", finished_at)? }
            }
            Self::AttemptFailed { finished_at, exit_code, reason, message } => AttemptPhase::Failed {
                finished_at: of.maybe_instant("finished_at", finished_at)?,
                exit_code,
                reason: reason.map(Text::into_owned),
                message: message.map(Text::into_owned),
            },
        })
    }
}

/// A severity; the first variant replaces one that only a newer kigen knows.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum SeverityRecord {
    Unknown,
    Warning,
    Fatal,
}

impl From<Severity> for SeverityRecord {
    fn from(severity: Severity) -> Self {
        match severity {
            Severity::Warning => Self::Warning,
            Severity::Fatal => Self::Fatal,
        }
    }
}

impl SeverityRecord {
    /// An unknown severity is read as the most urgent: a message that is too urgent is better than one that is missed.
    pub(crate) fn read(self) -> Severity {
        match self {
            Self::Warning => Severity::Warning,
            Self::Unknown | Self::Fatal => Severity::Fatal,
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum SourceRecord {
    Unknown,
    Annotation,
    File,
    Object,
    Selector,
}

#[derive(Serialize, Deserialize)]
#[serde(rename = "Objective")]
pub(crate) struct ObjectiveRecord<'a> {
    complete_by: Text<'a>,
    time_zone: Option<Text<'a>>,
    grace_s: i64,
    settle_s: i64,
    severity: SeverityRecord,
    owner: Option<Text<'a>>,
    runbook: Option<Text<'a>>,
    source: SourceRecord,
    #[serde(default)]
    is_of_jobs: bool,
    freshness_s: Option<i64>,
    starts: Option<Text<'a>>,
    before: Option<BeforeRecord<'a>>,
    calendar: Option<Text<'a>>,
    start_by_s: Option<i64>,
    expect: Option<ExpectationRecord<'a>>,
    target: Option<TargetRecord>,
    #[serde(default)]
    reads: Vec<ReadBatchRecord<'a>>,
    #[serde(default)]
    labels: Vec<LabelRecord<'a>>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename = "ReadBatch")]
struct ReadBatchRecord<'a> {
    namespace: Text<'a>,
    batch: Text<'a>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename = "Before")]
struct BeforeRecord<'a> {
    namespace: Text<'a>,
    cron_job: Text<'a>,
    schedule: Option<Text<'a>>,
    time_zone: Option<Text<'a>>,
}

impl<'a> From<&'a Objective> for ObjectiveRecord<'a> {
    fn from(objective: &'a Objective) -> Self {
        let (complete_by, before) = match &objective.deadlines {
            Deadlines::CompleteBy { crontab } => (crontab.as_str(), None),
            Deadlines::Reads { .. } => ("", None),
            Deadlines::Before { namespace, cron_job, schedule } => {
                let schedule = schedule.as_ref();
                let before = BeforeRecord {
                    namespace: text(namespace),
                    cron_job: text(cron_job),
                    schedule: schedule.map(|schedule| text(&schedule.crontab)),
                    time_zone: schedule.and_then(|schedule| maybe_text(&schedule.time_zone)),
                };
                ("", Some(before))
            }
        };
        let read = |source: &'a ReadBatch| ReadBatchRecord {
            namespace: text(&source.namespace),
            batch: text(&source.batch),
        };
        Self {
            complete_by: text(complete_by),
            time_zone: maybe_text(&objective.time_zone),
            grace_s: objective.grace.num_seconds(),
            settle_s: objective.settle.num_seconds(),
            severity: objective.severity.into(),
            owner: maybe_text(&objective.owner),
            runbook: maybe_text(&objective.runbook),
            source: match objective.source {
                ObjectiveSource::Annotation => SourceRecord::Annotation,
                ObjectiveSource::File => SourceRecord::File,
                ObjectiveSource::Object => SourceRecord::Object,
                ObjectiveSource::Selector => SourceRecord::Selector,
            },
            is_of_jobs: objective.is_of_jobs,
            freshness_s: objective.freshness.map(|freshness| freshness.num_seconds()),
            starts: maybe_text(&objective.starts),
            before,
            calendar: maybe_text(&objective.calendar),
            start_by_s: objective.start_by.map(|start_by| start_by.num_seconds()),
            expect: objective.expect.as_ref().map(ExpectationRecord::from),
            target: objective.target.as_ref().map(TargetRecord::from),
            reads: objective.reads().unwrap_or_default().iter().map(read).collect(),
            labels: LabelRecord::all(&objective.labels),
        }
    }
}

impl ObjectiveRecord<'_> {
    pub(crate) fn read(self, of: FieldReader) -> Result<Objective, DecodeError> {
        let span = |field, seconds| match seconds {
            0..=Objective::GRACE_MAX_S => Ok(TimeDelta::seconds(seconds)),
            _ => Err(of.wrong(field, "is not 0 to 31 days")),
        };
        let freshness = match self.freshness_s {
            None => None,
            Some(seconds @ 1..=Objective::FRESHNESS_MAX_S) => Some(TimeDelta::seconds(seconds)),
            Some(_) => return Err(of.wrong("freshness_s", "is not 1 second to 366 days")),
        };
        let start_by = match self.start_by_s {
            None => None,
            Some(seconds @ 1..=Objective::START_BY_MAX_S) => Some(TimeDelta::seconds(seconds)),
            Some(_) => return Err(of.wrong("start_by_s", "is not 1 second to 31 days")),
        };
        let source = |read: ReadBatchRecord<'_>| ReadBatch {
            namespace: read.namespace.into_owned(),
            batch: read.batch.into_owned(),
        };
        let deadlines = match self.before {
            None if !self.reads.is_empty() => {
                Deadlines::Reads { sources: self.reads.into_iter().map(source).collect() }
            }
            None => Deadlines::CompleteBy { crontab: self.complete_by.into_owned() },
            Some(before) => before.read(),
        };
        Ok(Objective {
            is_of_jobs: self.is_of_jobs,
            deadlines,
            time_zone: self.time_zone.map(Text::into_owned),
            grace: span("grace_s", self.grace_s)?,
            settle: span("settle_s", self.settle_s)?,
            freshness,
            starts: self.starts.map(Text::into_owned),
            calendar: self.calendar.map(Text::into_owned),
            start_by,
            expect: self.expect.map(|expect| expect.read(of)).transpose()?,
            target: self.target.map(|target| target.read(of)).transpose()?,
            severity: self.severity.read(),
            owner: self.owner.map(Text::into_owned),
            runbook: self.runbook.map(Text::into_owned),
            labels: LabelRecord::read(self.labels),
            source: match self.source {
                SourceRecord::File => ObjectiveSource::File,
                SourceRecord::Object => ObjectiveSource::Object,
                SourceRecord::Selector => ObjectiveSource::Selector,
                SourceRecord::Unknown | SourceRecord::Annotation => ObjectiveSource::Annotation,
            },
        })
    }
}

impl BeforeRecord<'_> {
    fn read(self) -> Deadlines {
        let time_zone = self.time_zone.map(Text::into_owned);
        Deadlines::Before {
            namespace: self.namespace.into_owned(),
            cron_job: self.cron_job.into_owned(),
            schedule: self.schedule.map(|crontab| Schedule { crontab: crontab.into_owned(), time_zone }),
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename = "Slot")]
pub(crate) struct SlotRecord {
    from: Millis,
    deadline: Millis,
    whole: bool,
}

impl From<&Slot> for SlotRecord {
    fn from(slot: &Slot) -> Self {
        Self { from: slot.from.into(), deadline: slot.deadline.into(), whole: slot.whole }
    }
}

impl SlotRecord {
    pub(crate) fn read(self, of: FieldReader) -> Result<Slot, DecodeError> {
        Ok(Slot {
            from: of.instant("from", self.from)?,
            deadline: of.instant("deadline", self.deadline)?,
            whole: self.whole,
        })
    }
}
