//! The archive's metrics.

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
    ::metrics::describe_counter!(
        "kigen_archive_lost_records_total",
        "Offsets that had expired in the log before they could be archived"
    );
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
