//! Kubernetes objects to facts, without identity of the batch: one object in, one decoded object or one reason out.

mod cron_job;
mod job;
mod objective;
mod pod;

use chrono::{DateTime, Utc};
use kigen_model::Instant;
use kigen_model::event::Revision;
use kigen_model::objective::Objective;
use kigen_model::run::{Attempt, CronJob, NotASlotMark, Run};
pub use objective::{NamedBatch, ObjectiveObject, WrittenObjective};
use serde::de::DeserializeOwned;
use thiserror::Error;

use crate::known::Labels;
use crate::object::{AnyObject, Metadata};
use crate::resource::Resource;

/// The annotation on a CronJob that is a whole objective: its value is the deadlines' crontab.
pub const COMPLETE_BY: &str = "kigen.dev/complete-by";
/// The annotation on a CronJob that names who is responsible.
pub const OWNER: &str = "kigen.dev/owner";
/// The annotation on a CronJob that says where it is written what to do.
pub const RUNBOOK: &str = "kigen.dev/runbook";
/// The label that makes bare Jobs one batch.
pub const BATCH: &str = "kigen.dev/batch";
/// The slot that a Job was made for: a day or an instant.
pub const SLOT: &str = "kigen.dev/slot";
/// The annotation with which the CronJob controller says which fire a Job is for.
pub const SCHEDULED_AT: &str = "batch.kubernetes.io/cronjob-scheduled-timestamp";
/// The name of the objective that the annotation makes.
pub const ANNOTATED_OBJECTIVE: &str = "complete-by";

/// What every object has.
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
pub enum Decoded {
    /// A CronJob, and the objective in its annotations.
    CronJob {
        /// Which.
        id: Identity,
        /// Its labels.
        labels: Labels,
        /// What is known of it.
        cron_job: CronJob,
        /// What `kigen.dev/complete-by` asks for.
        objective: Option<Objective>,
    },
    /// A Job.
    Job {
        /// Which.
        id: Identity,
        /// What is known of it.
        run: Run,
        /// Whose it says it is.
        batch: BatchHint,
        /// Its annotation `kigen.dev/slot`, where that names no slot.
        not_a_slot: Option<NotASlotMark>,
    },
    /// A Pod of a Job.
    Pod {
        /// Which.
        id: Identity,
        /// The UID of its Job.
        run_uid: String,
        /// What is known of it.
        attempt: Attempt,
        /// Where it may say why it failed, if it failed without a word.
        log: Option<LogPlace>,
    },
    /// An Objective.
    Objective {
        /// Which.
        id: Identity,
        /// What it says.
        object: Box<ObjectiveObject>,
    },
    /// A Pod of something else.
    Ignored {
        /// Its version.
        resource_version: u64,
    },
}

/// A container of a Pod, whose log may say why it failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogPlace {
    /// The container.
    pub container: String,
    /// It was restarted since, and the log of before is meant.
    pub is_previous: bool,
}

impl Decoded {
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

/// What a Job itself says of the batch it belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BatchHint {
    /// A CronJob controls it.
    CronJob(String),
    /// It has no owner but the name and the annotation that the CronJob controller gave it: its CronJob was deleted
    /// with `--cascade=orphan`.
    Orphan(String),
    /// The label `kigen.dev/batch`.
    Label(String),
    /// Nothing.
    None,
}

/// Why an object could not be used, and what it was.
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

/// Why an object could not be used.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Unusable {
    /// The bytes are not what Kubernetes sends.
    #[error("it is not the JSON that Kubernetes sends ({0})")]
    NotReadable(String),
    /// Something is not there without which nothing can be said of it.
    #[error("it has no `{0}`")]
    Missing(&'static str),
    /// Something is there and cannot be read.
    #[error("its `{field}` is `{text}`, which is not {expected}")]
    Malformed {
        /// The field.
        field: &'static str,
        /// What it says.
        text: String,
        /// What it should be.
        expected: &'static str,
    },
}

/// Decodes one object of `resource`. `observed_at` stands in for instants that Kubernetes always gives and that are
/// missing nevertheless.
pub fn decode(resource: Resource, bytes: &[u8], observed_at: Instant) -> Result<Decoded, Box<Undecodable>> {
    let decoded = match resource {
        Resource::CronJobs => parse(bytes).and_then(|object| cron_job::decode(&object)),
        Resource::Jobs => parse(bytes).and_then(|object| job::decode(&object, observed_at)),
        Resource::Pods => parse(bytes).and_then(|object| pod::decode(&object)),
        Resource::Objectives => parse(bytes).and_then(objective::decode),
    };
    decoded.map_err(|reason| {
        let named = parse::<AnyObject>(bytes).ok().and_then(|object| object.metadata).unwrap_or_default();
        Box::new(Undecodable {
            resource_version: resource_version(&named).ok(),
            namespace: named.namespace,
            uid: named.uid,
            name: named.name,
            reason,
        })
    })
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Unusable> {
    serde_json::from_slice(bytes).map_err(|error| Unusable::NotReadable(error.to_string()))
}

fn identity(metadata: Option<&Metadata>) -> Result<Identity, Unusable> {
    let metadata = metadata.ok_or(Unusable::Missing("metadata"))?;
    let created_at = present(metadata.creation_timestamp.as_deref(), "metadata.creationTimestamp")?;
    Ok(Identity {
        revision: Revision {
            uid: present(metadata.uid.as_deref(), "metadata.uid")?.to_owned(),
            resource_version: resource_version(metadata)?,
        },
        namespace: key_part(metadata.namespace.as_deref(), "metadata.namespace")?,
        name: key_part(metadata.name.as_deref(), "metadata.name")?,
        created_at: instant(created_at).ok_or_else(|| Unusable::Malformed {
            field: "metadata.creationTimestamp",
            text: created_at.to_owned(),
            expected: "an RFC 3339 instant",
        })?,
    })
}

fn resource_version(metadata: &Metadata) -> Result<u64, Unusable> {
    let text = present(metadata.resource_version.as_deref(), "metadata.resourceVersion")?;
    text.parse().map_err(|_| Unusable::Malformed {
        field: "metadata.resourceVersion",
        text: text.to_owned(),
        expected: "a number",
    })
}

/// A name that becomes a part of a batch's key, in which `/` separates.
fn key_part(text: Option<&str>, field: &'static str) -> Result<String, Unusable> {
    let text = present(text, field)?;
    if text.contains('/') {
        return Err(Unusable::Malformed { field, text: text.to_owned(), expected: "a Kubernetes name" });
    }
    Ok(text.to_owned())
}

fn present<'a>(text: Option<&'a str>, field: &'static str) -> Result<&'a str, Unusable> {
    text.filter(|text| !text.is_empty()).ok_or(Unusable::Missing(field))
}

fn instant(text: &str) -> Option<Instant> {
    DateTime::parse_from_rfc3339(text).ok().map(|instant| instant.with_timezone(&Utc))
}

fn optional_instant(text: Option<&String>) -> Option<Instant> {
    instant(text?)
}

fn counter(number: Option<i64>) -> u32 {
    u32::try_from(number.unwrap_or(0).max(0)).unwrap_or(u32::MAX)
}
