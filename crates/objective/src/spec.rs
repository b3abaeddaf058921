//! `kind: Objective` as a user writes it: `deploy/objectives.crd.yaml` is generated from these types, and the API server refuses
//! what that schema does not allow.
//!
//! The doc comments of the fields are the descriptions in that schema, which `kubectl explain` shows.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::located::Located;
#[cfg(test)]
use crate::schema_rules::{NAME, at_most};
#[cfg(test)]
use crate::{schema_crontab, schema_zone};

/// The API group.
pub const GROUP: &str = "kigen.dev";
/// The version of the API group.
pub const VERSION: &str = "v1alpha1";
/// The kind.
pub const KIND: &str = "Objective";
/// The kind of a calendar, which files have.
pub(crate) const CALENDAR_KIND: &str = "Calendar";

/// `spec` of an Objective: by when a batch must have a good result.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(extend("x-kubernetes-validations" = [
    {
        "rule": "[has(self.completeBy), has(self.before), has(self.reads)].filter(named, named).size() == 1",
        "message": "name the deadlines by one of completeBy and before, or, without deadlines, what is read by reads",
    },
    {
        "rule": "!has(self.reads) || !(has(self.timeZone) || has(self.grace) || has(self.freshness) || has(self.settle) || \
                 has(self.starts) || has(self.calendar) || has(self.startBy) || has(self.expect) || has(self.target) || has(self.severity))",
        "message": "reads declares no deadline: give what belongs to one an Objective of its own",
    }
])))]
pub(crate) struct ObjectiveSpec {
    /// Whose result it is.
    pub(crate) batch: Located<BatchSpec>,
    /// The deadlines as a crontab of five fields, such as `0 12 * * *`. In place of `before`.
    #[cfg_attr(test, schemars(extend("x-kubernetes-validations" = schema_crontab::complete_by())))]
    #[cfg_attr(test, schemars(length(min = 1, max = 4096)))]
    pub(crate) complete_by: Option<Located<String>>,
    /// The result must be there before this CronJob starts. In place of `completeBy`.
    pub(crate) before: Option<BeforeSpec>,
    /// The batches whose results it reads, each `NAMESPACE/NAME` or a name of the same namespace. In place of deadlines: an
    /// objective with `reads` judges nothing.
    #[cfg_attr(test, schemars(length(min = 1, max = 64), inner(length(min = 1, max = 507))))]
    pub(crate) reads: Option<Located<Vec<String>>>,
    /// The IANA time zone of the crontabs, such as `Asia/Tokyo`. By default that of the batch's CronJob, else UTC.
    #[cfg_attr(test, schemars(extend("x-kubernetes-validations" = schema_zone::zone())))]
    #[cfg_attr(test, schemars(length(min = 1, max = 64)))]
    pub(crate) time_zone: Option<Located<String>>,
    /// How long after the deadline a result still is in time: a number with s, m, h or d, at most 31d. By default 0s.
    #[cfg_attr(test, schemars(extend("x-kubernetes-validations" = [at_most("31d", 2_678_400)])))]
    #[cfg_attr(test, schemars(length(max = 9), regex(pattern = r"^[0-9]+[smhd]$")))]
    pub(crate) grace: Option<Located<String>>,
    /// Only runs that were scheduled within so long before the deadline count: a number with s, m, h or d, at most 366d.
    #[cfg_attr(test, schemars(extend("x-kubernetes-validations" = [at_most("366d", 31_622_400)])))]
    #[cfg_attr(test, schemars(length(max = 9), regex(pattern = r"^0*[1-9][0-9]*[smhd]$")))]
    pub(crate) freshness: Option<Located<String>>,
    /// How long the verdict waits for late facts: a number with s, m, h or d, at most 31d. By default 30s.
    #[cfg_attr(test, schemars(extend("x-kubernetes-validations" = [at_most("31d", 2_678_400)])))]
    #[cfg_attr(test, schemars(length(max = 9), regex(pattern = r"^[0-9]+[smhd]$")))]
    pub(crate) settle: Option<Located<String>>,
    /// For Jobs without a CronJob, the crontab of their expected starts.
    #[cfg_attr(test, schemars(extend("x-kubernetes-validations" = schema_crontab::starts())))]
    #[cfg_attr(test, schemars(length(min = 1, max = 4096)))]
    pub(crate) starts: Option<Located<String>>,
    /// The calendar on whose working days a result is due, such as `jp-business-days`: slots whose deadline is on another day are
    /// excused. By default every day.
    #[cfg_attr(test, schemars(length(max = 253), regex(pattern = NAME)))]
    pub(crate) calendar: Option<Located<String>>,
    /// How long after its expected start a run must have begun, else kigen warns: a number with s, m, h or d, at most 31d.
    #[cfg_attr(test, schemars(extend("x-kubernetes-validations" = [at_most("31d", 2_678_400)])))]
    #[cfg_attr(test, schemars(length(max = 9), regex(pattern = r"^0*[1-9][0-9]*[smhd]$")))]
    pub(crate) start_by: Option<Located<String>>,
    /// What a run must have done besides ending well.
    pub(crate) expect: Option<Located<ExpectSpec>>,
    /// Which ratio of the deadlines is to be met. What that leaves is a budget of misses: kigen alerts when half of it is spent, and
    /// when all is.
    pub(crate) target: Option<Located<TargetSpec>>,
    /// The severity of a miss. By default fatal.
    #[cfg_attr(test, schemars(extend("enum" = ["fatal", "warning"])))]
    pub(crate) severity: Option<Located<String>>,
    /// Who is responsible.
    #[cfg_attr(test, schemars(length(max = 512)))]
    pub(crate) owner: Option<String>,
    /// The URL of the runbook.
    #[cfg_attr(test, schemars(length(max = 512)))]
    pub(crate) runbook: Option<String>,
}

/// What a run must have done besides ending well. One that did not is none that counts.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(extend("x-kubernetes-validations" = [
    {"rule": "has(self.minDuration) || has(self.metrics)", "message": "expect minDuration, metrics or both"}
])))]
pub(crate) struct ExpectSpec {
    /// The least time from its start to its end: a number with s, m, h or d, at most 31d.
    #[cfg_attr(test, schemars(extend("x-kubernetes-validations" = [at_most("31d", 2_678_400)])))]
    #[cfg_attr(test, schemars(length(max = 9), regex(pattern = r"^0*[1-9][0-9]*[smhd]$")))]
    pub(crate) min_duration: Option<Located<String>>,
    /// The numbers that it must report, by name, with their limits.
    #[cfg_attr(test, schemars(extend("minProperties" = 1, "maxProperties" = 32)))]
    pub(crate) metrics: Option<BTreeMap<String, Located<MetricSpec>>>,
    /// Whether a run counts nevertheless: then that is only warned of. By default false.
    pub(crate) counts: Option<bool>,
}

/// A ratio of deadlines over some days.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct TargetSpec {
    /// The ratio, between 0 and 1, such as 0.99.
    // Without an exponent: parsers of YAML 1.1 read 1e-6 as a text.
    #[cfg_attr(test, schemars(range(min = 0.001, max = 0.999_999)))]
    pub(crate) ratio: f64,
    /// Over how many days, 1d to 90d.
    #[cfg_attr(test, schemars(length(max = 3), regex(pattern = r"^([1-9]|[1-8][0-9]|90)d$")))]
    pub(crate) over: String,
}

/// What is expected of a number. Without a limit, it must be reported.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(extend("x-kubernetes-validations" = [
    {"rule": "!has(self.min) || !has(self.max) || self.min <= self.max", "message": "min is at most max"}
])))]
pub(crate) struct MetricSpec {
    /// The least that it may be.
    pub(crate) min: Option<f64>,
    /// The most that it may be.
    pub(crate) max: Option<f64>,
    /// By how much it may be less than usual, 1% to 99%. Usual is the median of the latest runs.
    #[cfg_attr(test, schemars(length(max = 3), regex(pattern = r"^[1-9][0-9]?%$")))]
    pub(crate) drop_max: Option<String>,
    /// The median of how many runs is usual, 1 to 64. By default 14.
    #[cfg_attr(test, schemars(range(min = 1, max = 64)))]
    pub(crate) over: Option<i32>,
}

/// Names one batch of the objective's namespace, or selects many.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(extend("x-kubernetes-validations" = [{
    "rule": "[has(self.cronJob), has(self.name), has(self.selector)].filter(named, named).size() == 1",
    "message": "name the batch by one of cronJob, name and selector"
}])))]
pub(crate) struct BatchSpec {
    /// A CronJob.
    #[cfg_attr(test, schemars(length(max = 253), regex(pattern = NAME)))]
    pub(crate) cron_job: Option<String>,
    /// Jobs without a CronJob that share this value of the label `kigen.dev/batch`.
    #[cfg_attr(test, schemars(length(max = 253), regex(pattern = NAME)))]
    pub(crate) name: Option<String>,
    /// All CronJobs with these labels, each with an objective of its own.
    pub(crate) selector: Option<SelectorSpec>,
}

/// CronJobs by their labels.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct SelectorSpec {
    /// The labels that a CronJob must have, all of them.
    #[cfg_attr(test, schemars(extend("minProperties" = 1, "maxProperties" = 32)))]
    pub(crate) match_labels: BTreeMap<String, String>,
}

/// A CronJob that reads the result.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct BeforeSpec {
    /// Its name.
    #[cfg_attr(test, schemars(length(max = 253), regex(pattern = NAME)))]
    pub(crate) cron_job: String,
    /// Its namespace. By default that of the objective.
    #[cfg_attr(test, schemars(length(max = 253), regex(pattern = NAME)))]
    pub(crate) namespace: Option<String>,
}

/// `spec` of a Calendar: on which days results are due.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct CalendarSpec {
    /// The calendars that it joins: a day that is off in one of them is off.
    pub(crate) join: Option<Vec<String>>,
    /// The days of the week that are off. By default Saturday and Sunday, or those of the calendars that it joins.
    pub(crate) weekend: Option<Vec<Located<String>>>,
    /// The iCalendar files whose all-day events are days off, beside the file that names them.
    pub(crate) ics: Option<Vec<Located<String>>>,
    /// Days off, each a date, or the first and the last as in `2026-08-13/2026-08-15`.
    pub(crate) days_off: Option<Vec<Located<String>>>,
    /// Working days, whatever else would make them days off.
    pub(crate) working_days: Option<Vec<Located<String>>>,
}

/// One of the `mutes` of a file.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct MuteSpec {
    /// What is muted: `ml/recommend`, `ml/recommend/complete-by`, `owner:ml-team`, `namespace:ml` or `cluster`.
    pub(crate) of: Located<String>,
    /// From when on, with its offset.
    pub(crate) from: Located<String>,
    /// Until when, with its offset. In place of `for`.
    pub(crate) until: Option<Located<String>>,
    /// For how long: a number with s, m, h or d, at most 366d. In place of `until`.
    #[serde(rename = "for")]
    pub(crate) lasting: Option<Located<String>>,
    /// A crontab: the mute is in force only from each of its instants on, for `eachFor`.
    pub(crate) each: Option<String>,
    /// How long it is in force each time.
    pub(crate) each_for: Option<String>,
    /// The zone of `each`. By default UTC.
    pub(crate) time_zone: Option<String>,
    /// Why.
    pub(crate) reason: String,
    /// Who declares it. By default the file.
    pub(crate) author: Option<String>,
}

/// `status` of an Objective, which kigen writes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ObjectiveStatus {
    /// The `metadata.generation` that the rest is about.
    pub observed_generation: Option<i64>,
    /// The number of its batches.
    pub batches: Option<i32>,
    /// The next deadline, the earliest of all batches.
    #[cfg_attr(test, schemars(extend("format" = "date-time")))]
    pub next_deadline: Option<String>,
    /// The verdict on the last deadline; of many batches the worst of the last verdict on each.
    pub last_verdict: Option<String>,
    /// How many of the misses that its target allows are left; of many batches the fewest.
    pub misses_left: Option<i32>,
    /// What of it cannot be used, and why.
    pub problem: Option<String>,
}
