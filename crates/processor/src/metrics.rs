//! The processor's metrics.

use std::collections::BTreeMap;
use std::time::Duration;

use kigen_model::topic::{Partition, Topic};

use crate::events::Refusal;

/// The upper bounds of the histogram of commits, in seconds.
pub const COMMIT_SECONDS: [f64; 10] = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 10.0];
/// The histogram of commits.
pub const COMMIT: &str = "kigen_commit_seconds";

/// Describes each metric.
pub fn describe() {
    ::metrics::describe_counter!("kigen_events_judged_total", "Events that were judged and committed");
    ::metrics::describe_counter!("kigen_commits_total", "Commits of alerts, states and positions");
    ::metrics::describe_histogram!(COMMIT, "Seconds that a commit to the log takes");
    ::metrics::describe_counter!("kigen_alerts_total", "Alerts that were committed, by kind");
    ::metrics::describe_counter!(
        "kigen_rejects_total",
        "Records that were not understood and went to kigen.rejects, by topic and reason"
    );
    ::metrics::describe_counter!(
        "kigen_recoveries_total",
        "Partitions that were restored, by the decision where to resume"
    );
    ::metrics::describe_counter!(
        "kigen_expired_gaps_total",
        "Restored partitions of which events had expired before they were judged"
    );
    ::metrics::describe_counter!(
        "kigen_judging_failures_total",
        "Rounds of the loop that failed and were retried"
    );
    ::metrics::describe_gauge!("kigen_partitions", "Partitions of this processor, by state");
    ::metrics::describe_gauge!("kigen_lag_records", "Records that are not yet judged, by partition");
    ::metrics::describe_gauge!(
        "kigen_lag_seconds",
        "Seconds from the time up to which a cluster is judged until now, by partition and cluster"
    );
}

/// The content of a commit, for the counters.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    pub(crate) events: usize,
    pub(crate) alerts: BTreeMap<&'static str, u64>,
    pub(crate) rejects: BTreeMap<Refusal, u64>,
}

/// Counts a commit.
pub(crate) fn committed(tally: &Tally, took: Duration) {
    ::metrics::counter!("kigen_commits_total").increment(1);
    ::metrics::histogram!(COMMIT).record(took.as_secs_f64());
    let events = u64::try_from(tally.events).unwrap_or(u64::MAX);
    ::metrics::counter!("kigen_events_judged_total").increment(events);
    for (kind, count) in &tally.alerts {
        ::metrics::counter!("kigen_alerts_total", "kind" => *kind).increment(*count);
    }
    for (refusal, count) in &tally.rejects {
        let (topic, reason) = (Topic::Events.name(), refusal.label());
        ::metrics::counter!("kigen_rejects_total", "topic" => topic, "reason" => reason).increment(*count);
    }
}

/// Counts a restore.
pub(crate) fn restored(decision: &'static str, is_after_gap: bool) {
    ::metrics::counter!("kigen_recoveries_total", "decision" => decision).increment(1);
    if is_after_gap {
        ::metrics::counter!("kigen_expired_gaps_total").increment(1);
    }
}

/// Counts a failed round.
pub(crate) fn failed() {
    ::metrics::counter!("kigen_judging_failures_total").increment(1);
}

/// Sets the number of partitions in a state.
pub(crate) fn partitions(state: &'static str, count: u32) {
    ::metrics::gauge!("kigen_partitions", "state" => state).set(f64::from(count));
}

/// Sets the number of records of a partition that are not yet judged.
#[expect(clippy::cast_precision_loss, reason = "exact up to 9 quadrillion records")]
pub(crate) fn lag_records(partition: Partition, records: u64) {
    ::metrics::gauge!("kigen_lag_records", "partition" => partition.to_string()).set(records as f64);
}

/// Sets how far the judged time of a cluster is behind.
pub(crate) fn lag_seconds(partition: Partition, cluster: &str, behind_seconds: f64) {
    let labels = [("partition", partition.to_string()), ("cluster", cluster.to_owned())];
    ::metrics::gauge!("kigen_lag_seconds", &labels).set(behind_seconds.max(0.0));
}
