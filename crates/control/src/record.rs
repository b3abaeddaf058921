//! The records of `kigen.control`, as the log takes them.

use kigen_log::NewRecord;
use kigen_model::Instant;
use kigen_model::control::ControlRecord;
use kigen_model::topic::{CONTROL_PARTITION, Topic};
use kigen_wire::Level;

/// The record that announces or decides this.
#[must_use]
pub fn new_record(record: &ControlRecord, at: Instant) -> NewRecord {
    keyed(record.key(), Some(kigen_wire::encode_control(record, Level::NEWEST)), at)
}

/// A record of `kigen.control`, or a tombstone where it has no value.
pub(crate) fn keyed(key: String, value: Option<Vec<u8>>, timestamp: Instant) -> NewRecord {
    NewRecord { topic: Topic::Control, partition: CONTROL_PARTITION, key, value, timestamp }
}
