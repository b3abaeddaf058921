//! Warnings for the operator: objects that cannot be used, and fields of objects that cannot be used as written.

use std::borrow::Cow;
use std::fmt;

use kigen_model::Instant;
use kigen_model::key::BatchKey;
use kigen_model::reject::{REJECT_BYTES_MAX, Reject};
use kigen_model::run::NotASlotMark;
use kigen_text::secrets::scrub;

use crate::decode::{SLOT, Undecodable, Unusable};
use crate::quotas::{OverQuota, Quota};
use crate::resource::Resource;

/// An object or a line that could not be used. It goes to `kigen.rejects`, and stops nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejected {
    /// The stream it came on.
    pub resource: Resource,
    /// The parts that could be read, and why they are not enough.
    pub what: Undecodable,
    /// Its bytes without secrets, of the first [`REJECT_BYTES_MAX`].
    pub bytes: Vec<u8>,
}

impl Rejected {
    /// An object that could not be used.
    pub fn new(resource: Resource, what: Undecodable, bytes: &[u8]) -> Self {
        let bytes = &bytes[..bytes.len().min(REJECT_BYTES_MAX)];
        let text = String::from_utf8_lossy(bytes);
        // An object names its secrets, such as the environment of a container.
        let bytes = match scrub(&text) {
            Cow::Owned(scrubbed) => scrubbed.into_bytes(),
            Cow::Borrowed(_) => bytes.to_vec(),
        };
        Self { resource, what, bytes }
    }

    /// A line that is not an event of a watch.
    pub fn line(resource: Resource, reason: String, line: &[u8]) -> Self {
        let what = Undecodable {
            namespace: None,
            name: None,
            uid: None,
            resource_version: None,
            reason: Unusable::NotReadable(reason),
        };
        Self::new(resource, what, line)
    }

    /// The record for `kigen.rejects`.
    pub fn into_reject(self, rejected_at: Instant) -> Reject {
        let name = |name: &Option<String>| name.clone().unwrap_or_else(|| "?".to_owned());
        Reject {
            source: self.resource.name().to_owned(),
            place: None,
            key: format!("{}/{}", name(&self.what.namespace), name(&self.what.name)),
            reason: scrub(&self.to_string()).into_owned(),
            bytes: self.bytes,
            rejected_at,
        }
    }
}

impl fmt::Display for Rejected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = self.resource.kind();
        let Undecodable { namespace, name, resource_version, reason, .. } = &self.what;
        let Some(name) = name else {
            return write!(
                f,
                "an event of the watch on {} is left out: {reason}; its bytes are in kigen.rejects; if this goes on, \
                 look for a proxy between kigen and the API server that changes answers",
                self.resource
            );
        };
        let namespace = namespace.as_deref().unwrap_or("?");
        let version = resource_version.map_or_else(|| "?".to_owned(), |version| version.to_string());
        write!(
            f,
            "{kind} {namespace}/{name} (resource version {version}) is left out: {reason}; its bytes are in \
             kigen.rejects; look at it with `kubectl get {} {name} -n {namespace} -o yaml`",
            kind.to_lowercase()
        )
    }
}

/// A field that is shipped as written but cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// `spec.schedule` is not a crontab, or `spec.timeZone` not a zone: no start can be expected.
    Schedule {
        /// The CronJob.
        key: BatchKey,
        /// `spec.schedule`.
        schedule: String,
        /// `spec.timeZone`.
        time_zone: Option<String>,
        /// Why.
        reason: String,
    },
    /// `spec.schedule` has a time zone in it, by which Kubernetes and kigen expect the starts.
    ZoneInSchedule {
        /// The CronJob.
        key: BatchKey,
        /// `spec.schedule`.
        schedule: String,
    },
    /// An annotation or a label of Jobs is not read where it is.
    Unread {
        /// The batch.
        key: BatchKey,
        /// What is wrong with it, and what to write instead.
        text: String,
    },
    /// The annotation `kigen.dev/slot` of a Job names no slot: the run's nominal start decides.
    Slot {
        /// The batch.
        key: BatchKey,
        /// The Job.
        job: String,
        /// Why.
        reason: NotASlotMark,
    },
    /// A namespace has taken more than its quota of a day; once for each of them.
    OverQuota(OverQuota),
    /// Pods whose Job never appeared were forgotten.
    PodsForgotten {
        /// How many since the start.
        pods: u64,
        /// The limit.
        pods_waiting_max: usize,
    },
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Schedule { key, schedule, time_zone, reason } => {
                let zone =
                    time_zone.as_ref().map_or_else(String::new, |zone| format!(" in time zone `{zone}`"));
                write!(
                    f,
                    "CronJob {key} has the schedule `{schedule}`{zone}, by which kigen expects no start: {reason}; correct \
                     spec.schedule or spec.timeZone"
                )
            }
            Self::ZoneInSchedule { key, schedule } => write!(
                f,
                "CronJob {key} has the schedule `{schedule}`, with a time zone in it: Kubernetes runs by it, and so does kigen, but \
                 Kubernetes refuses it in new CronJobs; write the zone in spec.timeZone instead"
            ),
            Self::Unread { key, text } => write!(f, "Jobs of {key}: {text}"),
            Self::Slot { key, job, reason } => write!(
                f,
                "Job {job} of {key} has an annotation {SLOT} that names no slot, so the run counts by when it started: \
                 {reason}; correct the annotation"
            ),
            Self::OverQuota(OverQuota { namespace, quota, limit }) => {
                let lost = match quota {
                    Quota::Keys => {
                        "further ones are not written to the log, and their failures are not reported"
                    }
                    Quota::Bytes => {
                        "its further error texts, and Jobs without CronJob and objective, are not written to the log"
                    }
                    Quota::LogReads => "its further alerts lack the ends of logs",
                };
                let key = match quota {
                    Quota::Keys => "keys_a_day_max",
                    Quota::Bytes => "mib_a_day_max",
                    Quota::LogReads => "log_reads_a_day_max",
                };
                write!(
                    f,
                    "namespace {namespace} is over its quota of {limit} {quota} a day: until midnight UTC {lost}; no verdict \
                     depends on that; to allow more: {key} in [kubernetes.quotas]"
                )
            }
            Self::PodsForgotten { pods, pods_waiting_max } => write!(
                f,
                "{pods} pods were forgotten, because more than pods_waiting_max = {pods_waiting_max} waited for a Job \
                 that was never seen; alerts may lack exit codes; check that kigen may list jobs where it lists pods"
            ),
        }
    }
}
