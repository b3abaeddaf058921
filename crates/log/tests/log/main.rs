//! What the embedded log promises, each promise a test.

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
    Position { consumer: "process".to_owned(), topic: Topic::Events, partition: P0, next: Offset(next) }
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

/// The member of a group that reads all partitions from their starts.
async fn joined(log: &EmbeddedLog, topic: Topic) -> EmbeddedConsumer {
    let mut group = log.join("process", topic).expect("joins");
    assert_eq!(
        group.next(1, 1).await.expect("hears"),
        ConsumerEvent::Assigned((0..log.partitions()).map(Partition).collect())
    );
    for partition in (0..log.partitions()).map(Partition) {
        group.seek(partition, Offset(0)).await.expect("begins");
    }
    group
}

/// The records of all partitions that it hears next, as they are shown.
async fn heard(group: &mut EmbeddedConsumer, records_max: usize) -> Vec<String> {
    match group.next(records_max, usize::MAX).await.expect("hears") {
        ConsumerEvent::Records(batches) => batches.iter().flat_map(|(_, records)| shown(records)).collect(),
        other => panic!("no records: {other:?}"),
    }
}

/// A directory on the disk that outlives no test.
fn directory() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary directory")
}
