//! The served resources, with their names and paths in the API.

use serde_json::{Value, json};

/// A resource of the Kubernetes API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Resource {
    /// `batch/v1` CronJobs.
    CronJobs,
    /// `batch/v1` Jobs.
    Jobs,
    /// `v1` Pods.
    Pods,
    /// Kigen's custom resource, if it is installed.
    Objectives,
}

impl Resource {
    /// All resources.
    pub const ALL: [Self; Self::COUNT] = [Self::CronJobs, Self::Jobs, Self::Pods, Self::Objectives];
    /// The resources of every cluster.
    pub const BUILT_IN: [Self; 3] = [Self::CronJobs, Self::Jobs, Self::Pods];
    /// The number of resources.
    pub const COUNT: usize = 4;

    /// The plural in paths and in the streams of recordings.
    pub fn name(self) -> &'static str {
        match self {
            Self::CronJobs => "cronjobs",
            Self::Jobs => "jobs",
            Self::Pods => "pods",
            Self::Objectives => "objectives",
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
            Self::Objectives => "Objective",
        }
    }

    /// The `apiVersion` of its objects.
    pub fn api_version(self) -> &'static str {
        match self {
            Self::CronJobs | Self::Jobs => "batch/v1",
            Self::Pods => "v1",
            Self::Objectives => "kigen.dev/v1alpha1",
        }
    }

    /// The path prefix of its objects, before the segments of a namespace.
    pub(crate) fn prefix(self) -> &'static str {
        match self {
            Self::CronJobs | Self::Jobs => "/apis/batch/v1",
            Self::Pods => "/api/v1",
            Self::Objectives => "/apis/kigen.dev/v1alpha1",
        }
    }

    pub(crate) fn index(self) -> usize {
        match self {
            Self::CronJobs => 0,
            Self::Jobs => 1,
            Self::Pods => 2,
            Self::Objectives => 3,
        }
    }

    /// The object of a bookmark: real API servers send a skeleton with `containers: null`, and for a custom resource,
    /// whose types they do not have, only its metadata.
    pub(crate) fn bookmark(self, resource_version: u64) -> Value {
        let template = json!({"metadata": {}, "spec": {"containers": null}});
        let spec = match self {
            Self::CronJobs => {
                json!({"schedule": "", "jobTemplate": {"metadata": {}, "spec": {"template": template}}})
            }
            Self::Jobs => json!({"template": template}),
            Self::Pods => json!({"containers": null}),
            Self::Objectives => {
                return json!({
                    "kind": self.kind(),
                    "apiVersion": self.api_version(),
                    "metadata": {"resourceVersion": resource_version.to_string()},
                });
            }
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
