//! Plans: which CronJobs and Objectives a cluster has, and the course of each run.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use kigen_model::Instant;
use serde_json::Value;
use thiserror::Error;

/// A CronJob at its creation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CronJobPlan {
    /// The namespace.
    pub namespace: String,
    /// The name, at most 52 characters.
    pub name: String,
    /// `spec.schedule`. It causes no runs: each is planned.
    pub schedule: String,
    /// `spec.timeZone`; the default is the controller's, UTC.
    pub time_zone: Option<String>,
    /// The annotations.
    pub annotations: BTreeMap<String, String>,
    /// The labels.
    pub labels: BTreeMap<String, String>,
    /// `spec.suspend`, until an edit.
    pub suspended: bool,
    /// Whether its `concurrencyPolicy` is `Forbid`; the default is `Allow`. It prevents no runs: each is planned.
    pub forbids_concurrency: bool,
    /// `backoffLimit` of its Jobs; the default is 6. It has no effect: a run fails with the last attempt of its plan.
    pub backoff_limit: Option<u32>,
    /// When it is created; the default is 30 days before the start.
    pub created_at: Option<Instant>,
}

impl CronJobPlan {
    /// A CronJob with defaults for the rest.
    pub fn new(namespace: &str, name: &str, schedule: &str) -> Self {
        Self {
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            schedule: schedule.to_owned(),
            ..Self::default()
        }
    }

    /// Sets the time zone (an IANA name).
    #[must_use]
    pub fn zone(mut self, time_zone: &str) -> Self {
        self.time_zone = Some(time_zone.to_owned());
        self
    }

    /// Sets `concurrencyPolicy: Forbid`.
    #[must_use]
    pub fn forbidding_concurrency(mut self) -> Self {
        self.forbids_concurrency = true;
        self
    }

    /// Adds an annotation.
    #[must_use]
    pub fn annotation(mut self, key: &str, value: &str) -> Self {
        self.annotations.insert(key.to_owned(), value.to_owned());
        self
    }
}

/// The course of one run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RunPlan {
    /// One attempt after the other, with Kubernetes' back-off between (10 s, doubling up to 10 minutes); the run ends as
    /// the last one does.
    Attempts(Vec<Attempt>),
    /// The container starts and never ends.
    Hangs {
        /// From the Pod's creation to the container's start.
        starts_after: TimeDelta,
    },
    /// The Pod never starts: with the reason `Unschedulable` it has no node, with any other its container waits.
    Pends {
        /// The reason, such as `Unschedulable` or `ImagePullBackOff`.
        reason: String,
        /// Kubernetes' message.
        message: String,
    },
}

impl RunPlan {
    /// A run that starts at once and succeeds.
    pub fn succeeds(lasts: TimeDelta) -> Self {
        Self::Attempts(vec![Attempt { starts_after: TimeDelta::zero(), lasts, outcome: Outcome::Succeeds }])
    }

    /// A run that starts at once and never ends.
    pub fn hangs() -> Self {
        Self::Hangs { starts_after: TimeDelta::zero() }
    }

    /// A run for which no node has room.
    pub fn unschedulable(message: &str) -> Self {
        Self::Pends { reason: "Unschedulable".to_owned(), message: message.to_owned() }
    }
}

/// One Pod of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// From the Pod's creation to the container's start; at least the 0.6 s that a node needs.
    pub starts_after: TimeDelta,
    /// From the container's start to its end.
    pub lasts: TimeDelta,
    /// The end.
    pub outcome: Outcome,
}

impl Attempt {
    /// An attempt that starts at once and fails with the reason `Error`.
    pub fn fails(lasts: TimeDelta, exit_code: i32, message: &str) -> Self {
        let outcome = Outcome::Fails { exit_code, reason: "Error".to_owned(), message: message.to_owned() };
        Self { starts_after: TimeDelta::zero(), lasts, outcome }
    }

    /// An attempt that starts at once and succeeds.
    pub fn succeeds(lasts: TimeDelta) -> Self {
        Self { starts_after: TimeDelta::zero(), lasts, outcome: Outcome::Succeeds }
    }
}

/// How an attempt ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Exit code 0.
    Succeeds,
    /// Another exit code.
    Fails {
        /// The exit code.
        exit_code: i32,
        /// The container's reason, such as `Error` or `OOMKilled`.
        reason: String,
        /// The container's termination message; none if empty.
        message: String,
    },
}

/// Why a history cannot be built from a plan.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PlanError {
    /// A run or an edit is planned for a CronJob that is not planned.
    #[error("no CronJob {namespace}/{name} is planned: plan it before its runs and edits")]
    NoCronJob {
        /// The namespace.
        namespace: String,
        /// The name.
        name: String,
    },
    /// A time zone is not in the bundled data.
    #[error(
        "CronJob {namespace}/{name} has the unknown time zone {zone:?}: use an IANA name such as Asia/Tokyo"
    )]
    NoZone {
        /// The namespace.
        namespace: String,
        /// The name.
        name: String,
        /// The zone.
        zone: String,
    },
}

/// A CronJob with its runs and edits.
#[derive(Clone, Debug)]
pub(super) struct PlannedCronJob {
    pub(super) plan: CronJobPlan,
    pub(super) runs: Vec<(Instant, RunPlan)>,
    pub(super) edits: Vec<(Instant, Edit)>,
    pub(super) deleted_at: Option<Instant>,
}

#[derive(Clone, Debug)]
pub(super) enum Edit {
    Suspend(bool),
    Schedule(String),
    Annotation(String, Option<String>),
    Label(String, Option<String>),
}

/// An Objective with its edits.
#[derive(Clone, Debug)]
pub(super) struct PlannedObjective {
    pub(super) namespace: String,
    pub(super) name: String,
    /// Its `spec` from each instant on; `None`: it is deleted.
    pub(super) specs: Vec<(Instant, Option<Value>)>,
}
