//! The three resources that are served, and what the API says of each.

use serde_json::{Value, json};

/// A resource of the Kubernetes API that is played.
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

    /// The plural in paths and in the streams of recordings.
    pub fn name(self) -> &'static str {
        match self {
            Self::CronJobs => "cronjobs",
            Self::Jobs => "jobs",
            Self::Pods => "pods",
        }
    }

    /// The resource with that plural.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|resource| resource.name() == name)
    }

    /// The `kind` of its objects.
    pub fn kind(self) -> &'static str {
        match self {
            Self::CronJobs => "CronJob",
            Self::Jobs => "Job",
            Self::Pods => "Pod",
        }
    }

    /// The `apiVersion` of its objects.
    pub fn api_version(self) -> &'static str {
        match self {
            Self::CronJobs | Self::Jobs => "batch/v1",
            Self::Pods => "v1",
        }
    }

    /// The path that all objects of the resource are under, cluster-wide or with the namespaces' segments between.
    pub(crate) fn prefix(self) -> &'static str {
        match self {
            Self::CronJobs | Self::Jobs => "/apis/batch/v1",
            Self::Pods => "/api/v1",
        }
    }

    pub(crate) fn index(self) -> usize {
        match self {
            Self::CronJobs => 0,
            Self::Jobs => 1,
            Self::Pods => 2,
        }
    }

    /// The object of a bookmark: a skeleton whose `containers: null` is what real API servers send.
    pub(crate) fn bookmark(self, resource_version: u64) -> Value {
        let template = json!({"metadata": {}, "spec": {"containers": null}});
        let spec = match self {
            Self::CronJobs => {
                json!({"schedule": "", "jobTemplate": {"metadata": {}, "spec": {"template": template}}})
            }
            Self::Jobs => json!({"template": template}),
            Self::Pods => json!({"containers": null}),
        };
        json!({
            "kind": self.kind(),
            "apiVersion": self.api_version(),
            "metadata": {"resourceVersion": resource_version.to_string()},
            "spec": spec,
            "status": {},
        })
    }
}
