//! A decoded object, or why an object cannot be decoded.

use kigen_model::Instant;
use kigen_model::event::Revision;
use kigen_model::objective::Objective;
use kigen_model::run::{Attempt, CronJob, NotASlotMark, Run, RunPhase};
use kigen_objective::read::ParsedObjective;
use kigen_objective::spec::ObjectiveStatus;
use thiserror::Error;

use super::annotations::Unread;
use super::labels::Labels;
use super::object::ContainerLog;
use super::work::Work;

/// The identity of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The version.
    pub revision: Revision,
    /// The namespace.
    pub namespace: String,
    /// The name.
    pub name: String,
    /// `metadata.creationTimestamp`.
    pub created_at: Instant,
}

/// A decoded object.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "there is one at a time, and it is taken apart at once")]
pub enum Decoded {
    /// A CronJob, and the objective in its annotations.
    CronJob {
        /// Which.
        id: Identity,
        /// Its labels.
        labels: Labels,
        /// What its Jobs run.
        work: Option<Work>,
        /// Its schedule and state.
        cron_job: CronJob,
        /// The objective that `kigen.dev/complete-by` declares.
        objective: Option<Objective>,
        /// What `kigen.dev/reads` names, as an objective without deadlines.
        reads: Option<Objective>,
        /// Until when `kigen.dev/mute-until` mutes the batch, and why.
        mute: Option<(Instant, String)>,
        /// The annotations and labels that kigen does not read where they are.
        unread: Vec<Unread>,
    },
    /// A Job.
    Job {
        /// Which.
        id: Identity,
        /// The run.
        run: Run,
        /// That it has failed, although pods of it have not ended.
        failing: Option<AnnouncedFailure>,
        /// The batch that it names.
        batch: BatchHint,
        /// The fault of its annotation `kigen.dev/slot`, where that names no slot.
        not_a_slot: Option<NotASlotMark>,
        /// The annotations and labels that kigen does not read where they are, of a Job without a CronJob.
        unread: Vec<Unread>,
    },
    /// A Pod of a Job.
    Pod {
        /// Which.
        id: Identity,
        /// The UID of its Job.
        run_uid: String,
        /// The attempt.
        attempt: Attempt,
        /// The log that may have the error, if it failed without an error text.
        log: Option<ContainerLog>,
    },
    /// An Objective.
    Objective {
        /// Which.
        id: Identity,
        /// What it declares.
        object: Box<ObjectiveObject>,
    },
    /// A Pod of no Job.
    Ignored {
        /// Its version.
        resource_version: u64,
    },
}

impl Decoded {
    /// The same with `version` of its resource version.
    #[must_use]
    pub fn with_version(mut self, version: impl FnOnce(u64) -> u64) -> Self {
        let resource_version = match &mut self {
            Self::CronJob { id, .. }
            | Self::Job { id, .. }
            | Self::Pod { id, .. }
            | Self::Objective { id, .. } => &mut id.revision.resource_version,
            Self::Ignored { resource_version } => resource_version,
        };
        *resource_version = version(*resource_version);
        self
    }

    /// The object's resource version.
    pub fn resource_version(&self) -> u64 {
        match self {
            Self::CronJob { id, .. }
            | Self::Job { id, .. }
            | Self::Pod { id, .. }
            | Self::Objective { id, .. } => id.revision.resource_version,
            Self::Ignored { resource_version } => *resource_version,
        }
    }
}

/// The condition `FailureTarget` of a Job that is not `Failed` yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnnouncedFailure {
    /// When it failed.
    pub failed_at: Instant,
    /// From when on the failure is emitted, if its pods have not ended.
    pub emit_at: Instant,
    /// The phase that it has then.
    pub phase: RunPhase,
}

/// The batch that a Job itself names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BatchHint {
    /// A CronJob controls it.
    CronJob(String),
    /// It has no owner but the name and the annotation that the CronJob controller gave it: its CronJob was deleted
    /// with `--cascade=orphan`.
    Orphan(String),
    /// The label `kigen.dev/batch`.
    Label(String),
    /// Nothing. If it has a CronJob's name and runs the same work, it repeats a run of that by hand, whatever made it.
    None(Option<Work>),
}

/// Why an object could not be decoded, and its identity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undecodable {
    /// The namespace, where it could be read.
    pub namespace: Option<String>,
    /// The name, where it could be read.
    pub name: Option<String>,
    /// The UID, where it could be read.
    pub uid: Option<String>,
    /// The resource version, where it could be read.
    pub resource_version: Option<u64>,
    /// Why.
    pub reason: Unusable,
}

/// Why an object could not be decoded.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Unusable {
    /// The bytes are not what Kubernetes sends.
    #[error("it is not the JSON that Kubernetes sends ({0})")]
    NotReadable(String),
    /// An essential field is missing.
    #[error("it has no `{0}`")]
    Missing(&'static str),
    /// A field cannot be parsed.
    #[error("its `{field}` is `{text}`, which is not {expected}")]
    Malformed {
        /// The field.
        field: &'static str,
        /// Its value.
        text: String,
        /// The expected form.
        expected: &'static str,
    },
}

/// An Objective as it is in the cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectiveObject {
    /// `metadata.generation`.
    pub generation: Option<i64>,
    /// `status`, as far as it can be read.
    pub status: ObjectiveStatus,
    /// What it declares, or why that cannot be read.
    pub parsed: Result<ParsedObjective, String>,
    /// The annotations and labels that kigen does not read where they are, in one line.
    pub unread: Option<String>,
}
