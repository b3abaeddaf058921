//! What the log counts.

/// Describes each metric.
pub fn describe() {
    ::metrics::describe_counter!(
        "kigen_log_failures_total",
        "Calls of the event log that failed and are tried again, by cause"
    );
    ::metrics::describe_counter!(
        "kigen_fenced_total",
        "Commits that were refused because another member had taken the partition, by group"
    );
    ::metrics::describe_counter!(
        "kigen_unread_expired_total",
        "Records that the embedded log no longer has, although a group had not read them, by topic"
    );
}

/// A call failed, and is tried again.
pub(crate) fn failed(cause: &'static str) {
    ::metrics::counter!("kigen_log_failures_total", "cause" => cause).increment(1);
}

/// A commit was refused, since another member has the partition.
pub(crate) fn fenced(group: &'static str) {
    ::metrics::counter!("kigen_fenced_total", "group" => group).increment(1);
}

/// So many records of a topic are gone that a group had not read.
pub(crate) fn unread_expired(topic: &'static str, records: u64) {
    ::metrics::counter!("kigen_unread_expired_total", "topic" => topic).increment(records);
}
