//! The watched resources and where they are found in the Kubernetes API.

use std::fmt;

use kigen_objective::spec::{GROUP, VERSION};

/// A watched resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Resource {
    /// `batch/v1` CronJobs.
    CronJobs,
    /// `batch/v1` Jobs.
    Jobs,
    /// `v1` Pods.
    Pods,
    /// Objectives, a custom resource of kigen's own.
    Objectives,
}

impl Resource {
    /// All of them.
    pub const ALL: [Self; Self::COUNT] = [Self::CronJobs, Self::Jobs, Self::Pods, Self::Objectives];
    /// How many there are.
    pub const COUNT: usize = 4;

    /// Its plural name in paths, positions and labels.
    pub fn name(self) -> &'static str {
        match self {
            Self::CronJobs => "cronjobs",
            Self::Jobs => "jobs",
            Self::Pods => "pods",
            Self::Objectives => "objectives",
        }
    }

    /// The kind of its objects.
    pub fn kind(self) -> &'static str {
        match self {
            Self::CronJobs => "CronJob",
            Self::Jobs => "Job",
            Self::Pods => "Pod",
            Self::Objectives => "Objective",
        }
    }

    /// Whether kigen works where it is unavailable, and only its present state counts: what came and went unwatched is no loss
    /// of history.
    pub fn is_optional(self) -> bool {
        match self {
            Self::CronJobs | Self::Jobs | Self::Pods => false,
            Self::Objectives => true,
        }
    }

    /// The path of its collection, in one namespace or in the whole cluster.
    pub fn path(self, namespace: Option<&str>) -> String {
        let group = match self {
            Self::CronJobs | Self::Jobs => "/apis/batch/v1".to_owned(),
            Self::Pods => "/api/v1".to_owned(),
            Self::Objectives => format!("/apis/{GROUP}/{VERSION}"),
        };
        match namespace {
            Some(namespace) => format!("{group}/namespaces/{namespace}/{self}"),
            None => format!("{group}/{self}"),
        }
    }

    /// The label selector of its lists and watches; `None`: all objects are read. Of Pods only those of Jobs: the Job
    /// controller gives them the label `job-name`, in every version of Kubernetes.
    pub fn label_selector(self) -> Option<&'static str> {
        match self {
            Self::Pods => Some("job-name"),
            Self::CronJobs | Self::Jobs | Self::Objectives => None,
        }
    }

    /// Its place in [`Resource::ALL`].
    pub(crate) fn index(self) -> usize {
        match self {
            Self::CronJobs => 0,
            Self::Jobs => 1,
            Self::Pods => 2,
            Self::Objectives => 3,
        }
    }
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
