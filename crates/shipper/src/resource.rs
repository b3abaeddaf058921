//! The watched resources and where they are found in the Kubernetes API.

use std::fmt;

/// A watched resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Resource {
    /// `batch/v1` CronJobs.
    CronJobs,
    /// `batch/v1` Jobs.
    Jobs,
    /// `v1` Pods.
    Pods,
}

impl Resource {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::CronJobs, Self::Jobs, Self::Pods];

    /// Its plural name in paths, positions and labels.
    pub fn name(self) -> &'static str {
        match self {
            Self::CronJobs => "cronjobs",
            Self::Jobs => "jobs",
            Self::Pods => "pods",
        }
    }

    /// The kind of its objects.
    pub fn kind(self) -> &'static str {
        match self {
            Self::CronJobs => "CronJob",
            Self::Jobs => "Job",
            Self::Pods => "Pod",
        }
    }

    /// The path of its collection, in one namespace or in the whole cluster.
    pub fn path(self, namespace: Option<&str>) -> String {
        let group = match self {
            Self::CronJobs | Self::Jobs => "/apis/batch/v1",
            Self::Pods => "/api/v1",
        };
        match namespace {
            Some(namespace) => format!("{group}/namespaces/{namespace}/{self}"),
            None => format!("{group}/{self}"),
        }
    }

    /// Its place in [`Resource::ALL`].
    pub(crate) fn index(self) -> usize {
        match self {
            Self::CronJobs => 0,
            Self::Jobs => 1,
            Self::Pods => 2,
        }
    }
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
