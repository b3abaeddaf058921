//! The embedded log that a role writes, and the events in it.

use std::path::Path;

use kigen_log::{EmbeddedLog, LogReader};
use kigen_model::event::{ClusterEvent, Event, Fact};
use kigen_model::topic::{Offset, Partition, Topic};

pub(crate) fn open(path: &Path, partitions: u32) -> EmbeddedLog {
    let settings = kigen_log::Settings { partitions, ..kigen_log::Settings::default() };
    EmbeddedLog::open(path, settings).expect("a new log")
}

/// The events of a partition, with their records' keys.
pub(crate) fn keyed_events(log: &EmbeddedLog, nth: u32) -> Vec<(String, Event)> {
    let records =
        log.read(Topic::Events, Partition(nth), Offset(0), usize::MAX, usize::MAX).expect("readable");
    let event = |value: Option<Vec<u8>>| {
        kigen_wire::decode_event(&value.expect("no tombstone")).expect("what was encoded can be decoded")
    };
    records.into_iter().map(|record| (record.key, event(record.value))).collect()
}

pub(crate) fn cluster_events(log: &EmbeddedLog, nth: u32) -> Vec<ClusterEvent> {
    let events = keyed_events(log, nth).into_iter();
    events
        .filter_map(|(_, event)| if let Event::Cluster(event) = event { Some(event) } else { None })
        .collect()
}

pub(crate) fn facts(log: &EmbeddedLog) -> Vec<Fact> {
    let events = (0..log.partitions()).flat_map(|nth| keyed_events(log, nth));
    events.filter_map(|(_, event)| if let Event::Fact(fact) = event { Some(fact) } else { None }).collect()
}
