//! Where the notifiers' group begins in a partition.
//!
//! A position of the group always holds. Without one (the first notifier on an old log, or the group's offsets
//! expired) delivery begins with the alerts of the last day: old pages help no person, and those of an hour ago may be
//! what the notifier is started for. What is left out is counted and logged.

use kigen_log::{LogError, LogReader};
use kigen_model::Instant;
use kigen_model::topic::{Offset, Partition, Topic};

use crate::metrics;

/// The age in hours, by the time of the record, up to which alerts are delivered by a group without a position.
const FIRST_ALERTS_AGE_HOURS_MAX: i64 = 24;

/// Where to begin in a partition.
pub(crate) struct Start {
    /// The first offset that is delivered.
    pub(crate) at: Offset,
    /// The group has a position there, if only before the earliest alert that is still kept.
    pub(crate) is_committed: bool,
}

/// Decides where `group` begins in a partition, and reports what it leaves out.
///
/// # Errors
/// The log cannot be read.
pub(crate) fn start(
    reader: &impl LogReader,
    group: &str,
    partition: Partition,
    now: Instant,
) -> Result<Start, LogError> {
    let earliest = reader.earliest(Topic::Alerts, partition)?;
    if let Some(position) = reader.position(group, Topic::Alerts, partition)? {
        let expired = earliest.0.saturating_sub(position.0);
        if expired > 0 {
            metrics::left_out("expired", expired);
            tracing::error!(
                "up to {expired} alerts in partition {partition} of {} expired before they were delivered",
                Topic::Alerts
            );
        }
        return Ok(Start { at: position.max(earliest), is_committed: true });
    }
    let age_max = chrono::TimeDelta::hours(FIRST_ALERTS_AGE_HOURS_MAX);
    let oldest = now.checked_sub_signed(age_max).unwrap_or(Instant::UNIX_EPOCH);
    let at = reader.offset_for_time(Topic::Alerts, partition, oldest)?.max(earliest);
    let old = at.0 - earliest.0;
    if old > 0 {
        metrics::left_out("old", old);
        tracing::warn!(
            "the notifiers have no position in partition {partition} of {}: up to {old} alerts that are older than \
             {FIRST_ALERTS_AGE_HOURS_MAX} hours are not delivered",
            Topic::Alerts
        );
    }
    Ok(Start { at, is_committed: false })
}
