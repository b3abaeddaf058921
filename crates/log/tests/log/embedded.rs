//! The embedded log: order, bounds, waiting, crashes, and a full or damaged disk.

mod bounds;
mod crash;
mod disk;
mod order;
mod waiting;

use std::path::Path;

use chrono::DateTime;
use kigen_log::{
    ConsumedRecord, Consumer, ConsumerEvent, EmbeddedConsumer, EmbeddedLog, Log, LogReader, NewRecord,
    Position, Settings,
};
use kigen_model::Instant;
use kigen_model::topic::{Offset, Partition, Topic};

/// All partitions are this one, unless a test is about partitions.
const P0: Partition = Partition(0);

fn at(ms: i64) -> Instant {
    DateTime::from_timestamp_millis(ms).expect("in range")
}

fn settings(partitions: u32) -> Settings {
    Settings { partitions, ..Settings::default() }
}

fn open(path: &Path) -> EmbeddedLog {
    EmbeddedLog::open(path, settings(2)).expect("opens")
}

fn record(topic: Topic, key: &str, value: &str, ms: i64) -> NewRecord {
    NewRecord { topic, partition: P0, key: key.to_owned(), value: Some(value.into()), timestamp: at(ms) }
}

fn event(value: &str) -> NewRecord {
    record(Topic::Events, "c/n/b", value, 0)
}

fn tombstone(key: &str, ms: i64) -> NewRecord {
    NewRecord { value: None, ..record(Topic::Status, key, "", ms) }
}

fn position(next: u64) -> Position {
    Position {
        consumer: "process".to_owned(),
        topic: Topic::Events,
        partition: P0,
        next: Offset(next),
        ahead: None,
    }
}

fn read_all(log: &EmbeddedLog, topic: Topic) -> Vec<ConsumedRecord> {
    log.read(topic, P0, Offset(0), usize::MAX, usize::MAX).expect("reads")
}

/// Each record as `offset:key=value`, a tombstone without the value.
fn shown(records: &[ConsumedRecord]) -> Vec<String> {
    let show = |record: &ConsumedRecord| match &record.value {
        Some(value) => format!("{}:{}={}", record.offset, record.key, String::from_utf8_lossy(value)),
        None => format!("{}:{}", record.offset, record.key),
    };
    records.iter().map(show).collect()
}

/// A consumer that reads all partitions from their first records.
async fn joined(log: &EmbeddedLog, topic: Topic) -> EmbeddedConsumer {
    let mut consumer = log.join("process", topic).expect("joins");
    assert_eq!(
        consumer.next(1, 1).await.expect("an event"),
        ConsumerEvent::Assigned((0..log.partitions()).map(Partition).collect())
    );
    for partition in (0..log.partitions()).map(Partition) {
        consumer.seek(partition, Offset(0)).await.expect("seeks");
    }
    consumer
}

/// The next records of all partitions, as they are shown.
async fn received(consumer: &mut EmbeddedConsumer, records_max: usize) -> Vec<String> {
    match consumer.next(records_max, usize::MAX).await.expect("an event") {
        ConsumerEvent::Records(batches) => batches.iter().flat_map(|(_, records)| shown(records)).collect(),
        other => panic!("no records: {other:?}"),
    }
}

/// A directory that is removed with the test.
fn directory() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary directory")
}
