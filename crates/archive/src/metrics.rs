//! The archive's metrics.

use chrono::Utc;
use kigen_model::Instant;
use kigen_model::topic::Topic;

/// Describes each metric.
pub fn describe() {
    ::metrics::describe_counter!(
        "kigen_archived_files_total",
        "Files that were written to the archive, by topic"
    );
    ::metrics::describe_counter!("kigen_archived_records_total", "Records in these files, by topic");
    ::metrics::describe_counter!(
        "kigen_archive_failures_total",
        "Rounds of the archive that failed and were retried, by reason"
    );
    ::metrics::describe_gauge!(
        "kigen_archive_unarchived_since_seconds",
        "When the oldest record was written that is not archived yet, in seconds since 1970"
    );
    ::metrics::describe_counter!(
        "kigen_archive_lost_records_total",
        "Offsets that had expired in the log before they could be archived"
    );
}

/// Sets when the oldest record was written that is not archived; `None`: all are.
pub(crate) fn unarchived_since(since: Option<Instant>) {
    let since = since.unwrap_or_else(Utc::now).timestamp();
    #[expect(clippy::cast_precision_loss, reason = "a time in seconds has fewer than 53 bits")]
    ::metrics::gauge!("kigen_archive_unarchived_since_seconds").set(since as f64);
}

/// Counts a file.
pub(crate) fn written(topic: Topic, records: u64) {
    ::metrics::counter!("kigen_archived_files_total", "topic" => topic.name()).increment(1);
    ::metrics::counter!("kigen_archived_records_total", "topic" => topic.name()).increment(records);
}

/// Counts a failed round.
pub(crate) fn failed(reason: &'static str) {
    ::metrics::counter!("kigen_archive_failures_total", "reason" => reason).increment(1);
}

/// Counts offsets that are lost.
pub(crate) fn lost(offsets: u64) {
    ::metrics::counter!("kigen_archive_lost_records_total").increment(offsets);
}
