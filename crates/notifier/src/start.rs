//! Where the notifiers' group begins in a partition.
//!
//! A position of the group always holds. Without one (the first notifier on an old log, or the group's offsets
//! expired) delivery begins with the alerts of the last day: old pages help no person, and those of an hour ago may be
//! what the notifier is started for. What is left out is counted and logged, once: the start is committed before anything is
//! delivered.

use kigen_log::{LogError, LogReader};
use kigen_model::Instant;
use kigen_model::topic::{Offset, Partition, Topic};

use crate::metrics;
use crate::queue::Positions;

/// The age in hours, by the time of the record, up to which alerts are delivered by a group without a position.
const FIRST_ALERTS_AGE_HOURS_MAX: i64 = 24;

/// Decides where `group` begins in a partition, and reports what it leaves out.
///
/// # Errors
/// The log cannot be read.
pub(crate) fn start(
    reader: &impl LogReader,
    group: &str,
    partition: Partition,
    now: Instant,
) -> Result<Positions, LogError> {
    let earliest = reader.earliest(Topic::Alerts, partition)?;
    if let Some(position) = reader.group_position(group, Topic::Alerts, partition)? {
        report_expired(reader, partition, position.next, earliest);
        return Ok(Positions::of(&position).within(earliest));
    }
    let age_max = chrono::TimeDelta::hours(FIRST_ALERTS_AGE_HOURS_MAX);
    let oldest = now.checked_sub_signed(age_max).unwrap_or(Instant::UNIX_EPOCH);
    let at = reader.offset_for_time(Topic::Alerts, partition, oldest)?.max(earliest);
    let old = alerts_max(reader, earliest, at);
    if old > 0 {
        metrics::left_out("old", old);
        tracing::warn!(
            "the notifiers have no position in partition {partition} of {}: up to {old} alerts that are older than \
             {FIRST_ALERTS_AGE_HOURS_MAX} hours are not delivered",
            Topic::Alerts
        );
    }
    tracing::info!(
        "delivery begins without a position in partition {partition} of {} at {at}",
        Topic::Alerts
    );
    Ok(Positions::at(at))
}

/// Reports the alerts that expired between the next one to be delivered and the earliest one.
pub(crate) fn report_expired(reader: &impl LogReader, partition: Partition, next: Offset, earliest: Offset) {
    let expired = alerts_max(reader, next, earliest);
    if expired > 0 {
        metrics::left_out("expired", expired);
        tracing::error!(
            "up to {expired} alerts in partition {partition} of {} expired before they were delivered",
            Topic::Alerts
        );
    }
}

/// How many alerts there may be, at most, at these offsets: none where one write's marker fills them.
fn alerts_max(reader: &impl LogReader, from: Offset, to: Offset) -> u64 {
    let offsets = to.0.saturating_sub(from.0);
    if offsets <= reader.marker_offsets() { 0 } else { offsets }
}
