//! The parts of Kubernetes objects that kigen reads. Every part may be missing or null: a real object with holes must not
//! stop anything, so `decode` decides by name which parts are essential, and not a deserializer.

use std::collections::HashMap;

use kigen_model::Instant;
use kigen_model::labels::Labels;
use serde::Deserialize;
use serde_json::value::RawValue;

/// Any watched object, as far as it can be named.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AnyObject {
    /// `metadata`.
    pub metadata: Option<Metadata>,
}

/// `metadata` of any object.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Metadata {
    /// The name.
    pub name: Option<String>,
    /// The namespace.
    pub namespace: Option<String>,
    /// The identity: a later object of the same name has another one.
    pub uid: Option<String>,
    /// The version; compared as a number.
    pub resource_version: Option<String>,
    /// Counts the changes of the spec, not those of the status.
    pub generation: Option<i64>,
    /// When it was created, RFC 3339.
    pub creation_timestamp: Option<String>,
    /// Set once its deletion was requested.
    pub deletion_timestamp: Option<String>,
    /// The labels.
    pub labels: Option<HashMap<String, String>>,
    /// The annotations.
    pub annotations: Option<HashMap<String, String>>,
    /// The owners.
    pub owner_references: Option<Vec<OwnerReference>>,
}

impl Metadata {
    /// The controlling owner, if it is a `kind` of Kubernetes' own group `batch`: other groups have a `Job` too, such as
    /// Volcano's `batch.volcano.sh`.
    pub fn controller(&self, kind: &str) -> Option<&OwnerReference> {
        let is_of_batch = |version: &String| version.split('/').next() == Some("batch");
        self.owner_references.iter().flatten().find(|owner| {
            owner.controller == Some(true)
                && owner.kind.as_deref() == Some(kind)
                && owner.api_version.as_ref().is_none_or(is_of_batch)
        })
    }

    /// An owner that is a CronJob: the controlling one, or one that only refers to it, as a dashboard may write it.
    pub fn cron_job(&self) -> Option<&OwnerReference> {
        let is_of_batch = |version: &String| version.split('/').next() == Some("batch");
        let is_cron_job = |owner: &&OwnerReference| {
            owner.kind.as_deref() == Some("CronJob") && owner.api_version.as_ref().is_none_or(is_of_batch)
        };
        self.controller("CronJob").or_else(|| self.owner_references.iter().flatten().find(is_cron_job))
    }

    /// The labels by which alerts are routed.
    pub fn routing_labels(&self) -> Labels {
        Labels::of(self.labels.iter().flatten().map(|(name, value)| (&**name, &**value)))
    }

    /// The label `name`.
    pub fn label(&self, name: &str) -> Option<&str> {
        self.labels.as_ref()?.get(name).map(String::as_str)
    }

    /// The annotation `name`.
    pub fn annotation(&self, name: &str) -> Option<&str> {
        self.annotations.as_ref()?.get(name).map(String::as_str)
    }
}

/// An entry of `metadata.ownerReferences`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct OwnerReference {
    /// The owner's group and version.
    pub api_version: Option<String>,
    /// The owner's kind.
    pub kind: Option<String>,
    /// The owner's name.
    pub name: Option<String>,
    /// The owner's UID.
    pub uid: Option<String>,
    /// True for the one owner that manages the object.
    pub controller: Option<bool>,
}

/// A `batch/v1` CronJob.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CronJobObject {
    /// `metadata`.
    pub metadata: Option<Metadata>,
    /// `spec`.
    pub spec: Option<CronJobSpec>,
    /// `status`.
    pub status: Option<CronJobStatus>,
}

/// `spec` of a CronJob.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CronJobSpec {
    /// The crontab.
    pub schedule: Option<String>,
    /// The zone it is read in.
    pub time_zone: Option<String>,
    /// Whether no runs are started.
    pub suspend: Option<bool>,
    /// What becomes of a fire while an earlier run is under way.
    pub concurrency_policy: Option<String>,
    /// The Jobs that it makes.
    pub job_template: Option<JobTemplate>,
}

/// `spec.jobTemplate` of a CronJob.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct JobTemplate {
    /// `metadata` of its Jobs.
    pub metadata: Option<Metadata>,
    /// `spec` of its Jobs.
    pub spec: Option<JobSpec>,
}

/// `spec.template` of a Job.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodTemplate {
    /// `metadata` of its Pods.
    pub metadata: Option<Metadata>,
    /// `spec` of its Pods.
    pub spec: Option<PodTemplateSpec>,
}

/// `spec` of a template of Pods.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodTemplateSpec {
    /// The containers.
    pub containers: Option<Vec<ContainerTemplate>>,
}

/// A container of a template of Pods, as far as it is the batch's work.
#[derive(Debug, Default, Hash, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ContainerTemplate {
    /// The container's name.
    pub name: Option<String>,
    /// What it runs.
    pub image: Option<String>,
    /// In place of the image's entry point.
    pub command: Option<Vec<String>>,
    /// The arguments.
    pub args: Option<Vec<String>>,
}

/// `status` of a CronJob.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CronJobStatus {
    /// RFC 3339.
    pub last_schedule_time: Option<String>,
    /// RFC 3339.
    pub last_successful_time: Option<String>,
}

/// A `batch/v1` Job.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct JobObject {
    /// `metadata`.
    pub metadata: Option<Metadata>,
    /// `spec`.
    pub spec: Option<JobSpec>,
    /// `status`.
    pub status: Option<JobStatus>,
}

/// `spec` of a Job.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct JobSpec {
    /// Whether its pods are held back.
    pub suspend: Option<bool>,
    /// Its pods.
    pub template: Option<PodTemplate>,
}

/// `status` of a Job.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct JobStatus {
    /// RFC 3339.
    pub start_time: Option<String>,
    /// RFC 3339; only of Jobs that succeeded.
    pub completion_time: Option<String>,
    /// Pods that exist and have not ended; absent means none.
    pub active: Option<i64>,
    /// Pods of these that are ready.
    pub ready: Option<i64>,
    /// Pods that succeeded.
    pub succeeded: Option<i64>,
    /// Pods that failed.
    pub failed: Option<i64>,
    /// Pods that have ended and are in neither counter yet.
    pub uncounted_terminated_pods: Option<UncountedPods>,
    /// The conditions, in the order in which they came.
    pub conditions: Option<Vec<Condition>>,
}

/// `status.uncountedTerminatedPods` of a Job: UIDs.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct UncountedPods {
    /// Pods that succeeded.
    pub succeeded: Option<Vec<String>>,
    /// Pods that failed.
    pub failed: Option<Vec<String>>,
}

impl UncountedPods {
    /// Whether there are any.
    pub fn has_any(&self) -> bool {
        self.succeeded.iter().chain(&self.failed).any(|uids| !uids.is_empty())
    }
}

/// A condition of a Job or a Pod.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Condition {
    /// The condition's name.
    pub r#type: Option<String>,
    /// `True`, `False` or `Unknown`.
    pub status: Option<String>,
    /// One word.
    pub reason: Option<String>,
    /// A sentence.
    pub message: Option<String>,
    /// RFC 3339.
    pub last_transition_time: Option<String>,
}

impl Condition {
    /// Whether it is the condition `name` with this status.
    pub fn is(&self, name: &str, status: &str) -> bool {
        self.r#type.as_deref() == Some(name) && self.status.as_deref() == Some(status)
    }
}

/// A `v1` Pod.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodObject {
    /// `metadata`.
    pub metadata: Option<Metadata>,
    /// `spec`.
    pub spec: Option<PodSpec>,
    /// `status`.
    pub status: Option<PodStatus>,
}

/// `spec` of a Pod.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodSpec {
    /// The node it is bound to.
    pub node_name: Option<String>,
    /// Whether the kubelet starts containers again: `Never` or `OnFailure` in a Job.
    pub restart_policy: Option<String>,
    /// The init containers.
    pub init_containers: Option<Vec<ContainerSpec>>,
}

/// A container in the `spec` of a Pod.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ContainerSpec {
    /// The container's name in the Pod.
    pub name: Option<String>,
    /// `Always` of an init container that is a sidecar.
    pub restart_policy: Option<String>,
}

/// `status` of a Pod.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodStatus {
    /// `Pending`, `Running`, `Succeeded`, `Failed` or `Unknown`.
    pub phase: Option<String>,
    /// Such as `Evicted`.
    pub reason: Option<String>,
    /// A sentence.
    pub message: Option<String>,
    /// The conditions.
    pub conditions: Option<Vec<Condition>>,
    /// The init containers.
    pub init_container_statuses: Option<Vec<ContainerStatus>>,
    /// The containers.
    pub container_statuses: Option<Vec<ContainerStatus>>,
}

impl PodStatus {
    /// The init containers, then the containers.
    pub fn containers(&self) -> impl Iterator<Item = &ContainerStatus> {
        self.init_container_statuses.iter().flatten().chain(self.container_statuses.iter().flatten())
    }
}

/// A container of a Pod.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ContainerStatus {
    /// The container's name in the Pod.
    pub name: Option<String>,
    /// How often it was restarted in place.
    pub restart_count: Option<i64>,
    /// Whether its startup probe has passed.
    pub started: Option<bool>,
    /// How it is.
    pub state: Option<ContainerState>,
    /// How it was before the last restart.
    pub last_state: Option<ContainerState>,
}

impl ContainerStatus {
    /// How it ended, if it has.
    pub fn terminated(&self) -> Option<&Terminated> {
        self.state.as_ref()?.terminated.as_ref()
    }

    /// How it ended before its last restart.
    pub fn terminated_before(&self) -> Option<&Terminated> {
        self.last_state.as_ref()?.terminated.as_ref()
    }
}

/// How a container is: one of the three.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ContainerState {
    /// It does not run yet, or not again.
    pub waiting: Option<Waiting>,
    /// It runs.
    pub running: Option<Running>,
    /// It has ended.
    pub terminated: Option<Terminated>,
}

/// Why a container waits.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Waiting {
    /// Such as `ImagePullBackOff`.
    pub reason: Option<String>,
    /// A sentence.
    pub message: Option<String>,
}

/// Since when a container runs.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Running {
    /// RFC 3339.
    pub started_at: Option<String>,
}

/// How a container ended.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Terminated {
    /// 0 is good.
    pub exit_code: Option<i32>,
    /// Such as `OOMKilled` or `Error`.
    pub reason: Option<String>,
    /// The termination message.
    pub message: Option<String>,
    /// RFC 3339.
    pub finished_at: Option<String>,
}

/// An Objective, kigen's own custom resource. Its spec is read apart, so that an object whose spec cannot be read is still
/// an Objective.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CustomObject {
    /// `metadata`.
    pub metadata: Option<Metadata>,
    /// `spec`.
    pub spec: Option<Box<RawValue>>,
    /// `status`.
    pub status: Option<Box<RawValue>>,
}

/// The log of a container of a Pod, which may have the error by which it failed, or why it does not end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContainerLog {
    /// The container.
    pub container: String,
    /// The container was restarted since, and the log from before is meant.
    pub is_previous: bool,
    /// Since when the other containers wait for its end; `None`: it has ended.
    pub hangs_since: Option<Instant>,
}
