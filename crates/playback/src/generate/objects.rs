//! The objects as the API server returns them, field for field as recorded.

use chrono::TimeDelta;
use kigen_calendar::Zone;
use kigen_model::Instant;
use serde_json::{Map, Value, json};

use super::plan::CronJobPlan;
use crate::names;

/// An instant in Kubernetes' format: UTC, truncated to seconds.
pub(super) fn time(at: Instant) -> Value {
    Value::from(at.format("%Y-%m-%dT%H:%M:%SZ").to_string())
}

/// A CronJob after the edits so far.
#[derive(Clone, Debug)]
pub(super) struct CronJob {
    pub(super) plan: CronJobPlan,
    pub(super) uid: String,
    pub(super) created_at: Instant,
    pub(super) generation: u64,
}

impl CronJob {
    pub(super) fn object(&self, status: Value) -> Value {
        let plan = &self.plan;
        let mut metadata = json!({
            "name": plan.name,
            "namespace": plan.namespace,
            "uid": self.uid,
            "generation": self.generation,
            "creationTimestamp": time(self.created_at),
        });
        if !plan.labels.is_empty() {
            metadata["labels"] = json!(plan.labels);
        }
        if !plan.annotations.is_empty() {
            metadata["annotations"] = json!(plan.annotations);
        }
        let mut job_spec =
            json!({"template": {"metadata": {"labels": {"app": plan.name}}, "spec": pod_spec(plan)}});
        if let Some(limit) = plan.backoff_limit {
            job_spec["backoffLimit"] = json!(limit);
        }
        let mut spec = json!({
            "schedule": plan.schedule,
            "concurrencyPolicy": if plan.forbids_concurrency { "Forbid" } else { "Allow" },
            "suspend": plan.suspended,
            "jobTemplate": {"metadata": {}, "spec": job_spec},
            "successfulJobsHistoryLimit": 3,
            "failedJobsHistoryLimit": 1,
        });
        if let Some(zone) = &plan.time_zone {
            spec["timeZone"] = json!(zone);
        }
        json!({"kind": "CronJob", "apiVersion": "batch/v1", "metadata": metadata, "spec": spec, "status": status})
    }
}

/// A Job of a CronJob.
#[derive(Clone, Debug)]
pub(super) struct Job {
    pub(super) cron_job: CronJob,
    pub(super) name: String,
    pub(super) uid: String,
    pub(super) created_at: Instant,
    scheduled_at: String,
}

impl Job {
    pub(super) fn new(cron_job: &CronJob, scheduled_at: Instant, zone: &Zone) -> Self {
        let name = format!("{}-{}", cron_job.plan.name, scheduled_at.timestamp().div_euclid(60));
        let uid = names::uid(&["job", &cron_job.uid, &name]);
        let created_at = scheduled_at + names::controller_delay(&[&uid]);
        let scheduled_at = in_zone(scheduled_at, zone);
        Self { cron_job: cron_job.clone(), name, uid, created_at, scheduled_at }
    }

    pub(super) fn object(&self, status: Value) -> Value {
        let plan = &self.cron_job.plan;
        json!({
            "kind": "Job",
            "apiVersion": "batch/v1",
            "metadata": {
                "name": self.name,
                "namespace": plan.namespace,
                "uid": self.uid,
                "generation": 1,
                "creationTimestamp": time(self.created_at),
                "labels": self.labels(),
                "annotations": {"batch.kubernetes.io/cronjob-scheduled-timestamp": self.scheduled_at},
                "ownerReferences": [owner("batch/v1", "CronJob", &plan.name, &self.cron_job.uid)],
            },
            "spec": {
                "parallelism": 1,
                "completions": 1,
                "backoffLimit": plan.backoff_limit.unwrap_or(6),
                "selector": {"matchLabels": {"batch.kubernetes.io/controller-uid": self.uid}},
                "manualSelector": false,
                "template": {"metadata": {"labels": self.labels()}, "spec": pod_spec(plan)},
                "completionMode": "NonIndexed",
                "suspend": false,
                "podReplacementPolicy": "TerminatingOrFailed",
            },
            "status": status,
        })
    }

    /// The entry in the CronJob's `status.active`. Its resource version is set when all changes are numbered.
    pub(super) fn reference(&self) -> Value {
        json!({
            "kind": "Job",
            "namespace": self.cron_job.plan.namespace,
            "name": self.name,
            "uid": self.uid,
            "apiVersion": "batch/v1",
        })
    }

    fn labels(&self) -> Value {
        json!({
            "app": self.cron_job.plan.name,
            "batch.kubernetes.io/controller-uid": self.uid,
            "batch.kubernetes.io/job-name": self.name,
            "controller-uid": self.uid,
            "job-name": self.name,
        })
    }
}

/// A Pod of a Job.
#[derive(Clone, Debug)]
pub(super) struct Pod {
    job: Job,
    name: String,
    pub(super) uid: String,
    created_at: Instant,
}

impl Pod {
    pub(super) fn new(job: &Job, attempt: usize, created_at: Instant) -> Self {
        let attempt = attempt.to_string();
        let uid = names::uid(&["pod", &job.uid, &attempt]);
        let name = format!("{}-{}", job.name, names::suffix(&[&uid]));
        Self { job: job.clone(), name, uid, created_at }
    }

    /// The Pod: with a node if it is scheduled, and with the finalizer until the Job has counted it.
    pub(super) fn object(&self, status: Value, is_scheduled: bool, is_counted: bool) -> Value {
        let plan = &self.job.cron_job.plan;
        let mut metadata = json!({
            "name": self.name,
            "generateName": format!("{}-", self.job.name),
            "namespace": plan.namespace,
            "uid": self.uid,
            "generation": 1,
            "creationTimestamp": time(self.created_at),
            "labels": self.job.labels(),
            "ownerReferences": [owner("batch/v1", "Job", &self.job.name, &self.job.uid)],
        });
        if !is_counted {
            metadata["finalizers"] = json!(["batch.kubernetes.io/job-tracking"]);
        }
        let mut spec = admitted_pod_spec(plan, &names::suffix(&["volume", &self.uid]));
        if is_scheduled {
            spec["nodeName"] = json!(names::node(&[&self.uid]));
        }
        json!({"kind": "Pod", "apiVersion": "v1", "metadata": metadata, "spec": spec, "status": status})
    }

    /// The status of a Pod with a container on a node.
    pub(super) fn status(
        &self,
        phase: &str,
        conditions: Vec<Value>,
        starts: &StartTimes,
        state: Value,
    ) -> Value {
        let mut container = json!({
            "name": CONTAINER,
            "state": state,
            "lastState": {},
            "ready": phase == "Running",
            "restartCount": 0,
            "image": image(&self.job.cron_job.plan),
            "imageID": "",
            "started": phase == "Running",
        });
        let mut status = json!({
            "phase": phase,
            "conditions": conditions,
            "hostIP": "127.0.0.1",
            "hostIPs": [{"ip": "127.0.0.1"}],
            "startTime": time(starts.kubelet_at),
            "qosClass": "BestEffort",
        });
        if starts.container_at.is_some() {
            container["imageID"] = json!(format!("sha256:{:064}", 0));
            container["containerID"] = json!(self.container_id());
            let ip = names::pod_ip(&[&self.uid]);
            status["podIPs"] = json!([{"ip": ip}]);
            status["podIP"] = json!(ip);
        }
        status["containerStatuses"] = json!([container]);
        status
    }

    pub(super) fn container_id(&self) -> String {
        let hex = self.uid.replace('-', "");
        format!("containerd://{hex}{hex}")
    }
}

/// The start times of a Pod.
#[derive(Clone, Copy, Debug)]
pub(super) struct StartTimes {
    /// When the kubelet accepted it.
    pub(super) kubelet_at: Instant,
    /// When its container started.
    pub(super) container_at: Option<Instant>,
}

pub(super) const CONTAINER: &str = "main";

/// A condition of a Pod.
pub(super) fn condition(kind: &str, is_true: bool, since: Instant, reason: &str, message: &str) -> Value {
    let status = if is_true { "True" } else { "False" };
    let mut condition =
        json!({"type": kind, "status": status, "lastProbeTime": null, "lastTransitionTime": time(since)});
    if !reason.is_empty() {
        condition["reason"] = json!(reason);
    }
    if !message.is_empty() {
        condition["message"] = json!(message);
    }
    condition
}

/// A condition of a Job.
pub(super) fn job_condition(kind: &str, at: Instant, reason: &str, message: &str) -> Value {
    let mut condition = condition(kind, true, at, reason, message);
    condition["lastProbeTime"] = time(at);
    condition
}

fn owner(api_version: &str, kind: &str, name: &str, uid: &str) -> Value {
    json!({
        "apiVersion": api_version,
        "kind": kind,
        "name": name,
        "uid": uid,
        "controller": true,
        "blockOwnerDeletion": true,
    })
}

fn image(plan: &CronJobPlan) -> String {
    format!("registry.example/{}/{}:1", plan.namespace, plan.name)
}

fn pod_spec(plan: &CronJobPlan) -> Value {
    json!({
        "containers": [{
            "name": CONTAINER,
            "image": image(plan),
            "command": ["python", "-m", plan.name.replace('-', "_")],
            "resources": {},
            "terminationMessagePath": "/dev/termination-log",
            "terminationMessagePolicy": "File",
            "imagePullPolicy": "IfNotPresent",
        }],
        "restartPolicy": "Never",
        "terminationGracePeriodSeconds": 30,
        "dnsPolicy": "ClusterFirst",
        "securityContext": {},
        "schedulerName": "default-scheduler",
    })
}

/// The Pod spec after admission.
fn admitted_pod_spec(plan: &CronJobPlan, volume_suffix: &str) -> Value {
    let mut spec = pod_spec(plan);
    let volume = format!("kube-api-access-{volume_suffix}");
    spec["containers"][0]["volumeMounts"] = json!([
        {"name": volume, "readOnly": true, "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount"}
    ]);
    let namespace =
        json!({"path": "namespace", "fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"}});
    let sources = json!([
        {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}},
        {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
        {"downwardAPI": {"items": [namespace]}},
    ]);
    let toleration = |key: &str| {
        json!({
            "key": format!("node.kubernetes.io/{key}"),
            "operator": "Exists",
            "effect": "NoExecute",
            "tolerationSeconds": 300,
        })
    };
    let mut admitted = Map::new();
    admitted.insert(
        "volumes".to_owned(),
        json!([{"name": volume, "projected": {"sources": sources, "defaultMode": 420}}]),
    );
    admitted.insert("serviceAccountName".to_owned(), json!("default"));
    admitted.insert("serviceAccount".to_owned(), json!("default"));
    admitted.insert("tolerations".to_owned(), json!([toleration("not-ready"), toleration("unreachable")]));
    admitted.insert("priority".to_owned(), json!(0));
    admitted.insert("enableServiceLinks".to_owned(), json!(true));
    admitted.insert("preemptionPolicy".to_owned(), json!("PreemptLowerPriority"));
    for (field, value) in admitted {
        spec[field] = value;
    }
    spec
}

/// The fire as the controller annotates the Job: RFC 3339 in the CronJob's time zone.
fn in_zone(at: Instant, zone: &Zone) -> String {
    let offset_s = zone.local(at).offset_s;
    if offset_s == 0 {
        return at.format("%Y-%m-%dT%H:%M:%SZ").to_string();
    }
    let local = at + TimeDelta::seconds(i64::from(offset_s));
    let (sign, minutes) = (if offset_s < 0 { '-' } else { '+' }, offset_s.abs() / 60);
    format!("{}{sign}{:02}:{:02}", local.format("%Y-%m-%dT%H:%M:%S"), minutes / 60, minutes % 60)
}
