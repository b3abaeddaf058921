//! The custom resource `Objective` as people write it: `deploy/objectives.crd.yaml` is generated from these types, and the
//! API server refuses what that says no to.
//!
//! What it takes is what a file of objectives takes, and a selector beside it.

#[cfg(test)]
mod manifest;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Its API group.
pub const GROUP: &str = "kigen.dev";
/// Its version.
pub const VERSION: &str = "v1alpha1";

/// `spec` of an Objective: by when a batch must have a good result.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(extend("x-kubernetes-validations" = [
    {"rule": "has(self.completeBy) != has(self.before)", "message": "name the deadlines by one of completeBy and before"}
])))]
pub struct ObjectiveSpec {
    /// Whose result it is.
    pub batch: BatchSpec,
    /// The deadlines as a crontab of five fields, such as `0 12 * * *`. In place of `before`.
    #[cfg_attr(test, schemars(length(min = 1, max = 4096)))]
    pub complete_by: Option<String>,
    /// The result must be there before this CronJob starts. In place of `completeBy`.
    pub before: Option<BeforeSpec>,
    /// The IANA time zone of the crontabs, such as `Asia/Tokyo`. By default that of the batch's CronJob, else UTC.
    #[cfg_attr(test, schemars(length(min = 1, max = 64)))]
    pub time_zone: Option<String>,
    /// How long after the deadline a result still is in time: a number with s, m, h or d, at most 31d. By default 0s.
    #[cfg_attr(test, schemars(extend("x-kubernetes-validations" = [manifest::at_most("31d", 2_678_400)])))]
    #[cfg_attr(test, schemars(length(max = 9), regex(pattern = r"^[0-9]+[smhd]$")))]
    pub grace: Option<String>,
    /// Only runs that were scheduled within so long before the deadline count: a number with s, m, h or d, at most 366d.
    #[cfg_attr(test, schemars(extend("x-kubernetes-validations" = [manifest::at_most("366d", 31_622_400)])))]
    #[cfg_attr(test, schemars(length(max = 9), regex(pattern = r"^0*[1-9][0-9]*[smhd]$")))]
    pub freshness: Option<String>,
    /// How long the verdict waits for late news: a number with s, m, h or d, at most 31d. By default 30s.
    #[cfg_attr(test, schemars(extend("x-kubernetes-validations" = [manifest::at_most("31d", 2_678_400)])))]
    #[cfg_attr(test, schemars(length(max = 9), regex(pattern = r"^[0-9]+[smhd]$")))]
    pub settle: Option<String>,
    /// For Jobs without a CronJob, the crontab of their expected starts.
    #[cfg_attr(test, schemars(length(min = 1, max = 4096)))]
    pub starts: Option<String>,
    /// How loudly a miss is told. By default fatal.
    #[cfg_attr(test, schemars(extend("enum" = ["fatal", "warning"])))]
    pub severity: Option<String>,
    /// Who is responsible.
    #[cfg_attr(test, schemars(length(max = 512)))]
    pub owner: Option<String>,
    /// Where it says what to do.
    #[cfg_attr(test, schemars(length(max = 512)))]
    pub runbook: Option<String>,
}

/// Names one batch of the objective's namespace, or selects many.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(extend("x-kubernetes-validations" = [{
    "rule": "[has(self.cronJob), has(self.name), has(self.selector)].filter(named, named).size() == 1",
    "message": "name the batch by one of cronJob, name and selector"
}])))]
pub struct BatchSpec {
    /// A CronJob.
    #[cfg_attr(test, schemars(length(max = 253), regex(pattern = manifest::NAME)))]
    pub cron_job: Option<String>,
    /// Jobs without a CronJob that share this value of the label `kigen.dev/batch`.
    #[cfg_attr(test, schemars(length(max = 253), regex(pattern = manifest::NAME)))]
    pub name: Option<String>,
    /// All CronJobs with these labels, each with an objective of its own.
    pub selector: Option<SelectorSpec>,
}

/// CronJobs by their labels.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct SelectorSpec {
    /// The labels that a CronJob must have, all of them.
    #[cfg_attr(test, schemars(extend("minProperties" = 1, "maxProperties" = 32)))]
    pub match_labels: BTreeMap<String, String>,
}

/// A CronJob that reads the result.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct BeforeSpec {
    /// Its name.
    #[cfg_attr(test, schemars(length(max = 253), regex(pattern = manifest::NAME)))]
    pub cron_job: String,
    /// Its namespace. By default that of the objective.
    #[cfg_attr(test, schemars(length(max = 253), regex(pattern = manifest::NAME)))]
    pub namespace: Option<String>,
}

/// `status` of an Objective, which kigen writes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ObjectiveStatus {
    /// The `metadata.generation` that the rest is about.
    pub observed_generation: Option<i64>,
    /// How many batches it holds for.
    pub batches: Option<i32>,
    /// The next deadline, the earliest of all batches.
    #[cfg_attr(test, schemars(extend("format" = "date-time")))]
    pub next_deadline: Option<String>,
    /// What was said of the last deadline; of many batches, of the one that was judged last.
    pub last_verdict: Option<String>,
    /// What of it cannot be used, and why.
    pub problem: Option<String>,
}
