//! The year of a fleet that is judged, and the log that it is in.

use std::collections::BTreeMap;
use std::time::{Duration, Instant as RealInstant};

use kigen_log::kafka::topics::Layout;
use kigen_log::kafka::{Connection, KafkaLog};
use kigen_log::{Log, LogError, NewRecord, Retention, Settings};
use kigen_model::topic::{Partition, Topic};
use kigen_testkit::fleet::Size;

pub(super) const PARTITIONS: u32 = 4;
/// The key of records that are not events.
pub(super) const GARBAGE: &str = "written/by/others";
pub(super) const DAYS: i32 = 365;
/// The shortest session timeout that Kafka's brokers allow.
pub(super) const SESSION_MS: u32 = 6_000;
/// The longest wait until Kafka answers, and until everything is judged after the last kill.
pub(super) const PATIENCE: Duration = Duration::from_secs(300);
pub(super) const POLL_INTERVAL: Duration = Duration::from_millis(20);

pub(super) fn size() -> Size {
    Size {
        cron_jobs: 12,
        days: DAYS,
        partitions: PARTITIONS,
        minutes_per_tick: 5,
        late_each_days: 7,
        ..Size::default()
    }
}

/// The year is in the past, and must not expire.
pub(super) fn layout(replicas: u16) -> Layout {
    let kept = Retention { age_ms_max: 10 * 365 * 86_400_000, partition_bytes_max: 1 << 40 };
    let log =
        Settings { partitions: PARTITIONS, events: kept, alerts: kept, rejects: kept, ..Settings::default() };
    Layout { log, replication: Some(replicas) }
}

pub(super) async fn open(brokers: &str, replicas: u16, instance: &str) -> KafkaLog {
    let settings = BTreeMap::from([("session.timeout.ms".to_owned(), SESSION_MS.to_string())]);
    let connection = Connection::new(brokers, settings).expect("valid settings");
    let until = RealInstant::now() + PATIENCE;
    loop {
        match KafkaLog::open(connection.clone(), &layout(replicas), instance).await {
            Ok(log) => return log,
            Err(error) => assert!(RealInstant::now() < until, "Kafka: {error}"),
        }
    }
}

/// Retries until Kafka answers: it may have just started.
pub(super) fn retried<T>(request: impl Fn() -> Result<T, LogError>) -> T {
    let until = RealInstant::now() + PATIENCE;
    loop {
        match request() {
            Ok(answer) => return answer,
            Err(error) => assert!(RealInstant::now() < until, "Kafka: {error}"),
        }
        std::thread::sleep(POLL_INTERVAL);
    }
}

/// A day's events, and among them a record that is none.
pub(super) fn with_garbage(mut records: Vec<NewRecord>, day: u64) -> Vec<NewRecord> {
    let middle = records.len() / 2;
    let timestamp = records[middle].timestamp;
    let partition = Partition(u32::try_from(day).expect("a year") % PARTITIONS);
    let (key, value) = (GARBAGE.to_owned(), Some(b"no event".to_vec()));
    records.insert(middle, NewRecord { topic: Topic::Events, partition, key, value, timestamp });
    records
}

/// Appends until it succeeds. A broker that is being killed may have stored the records or not: duplicates are harmless.
pub(super) async fn append(log: &KafkaLog, records: Vec<NewRecord>) {
    let until = RealInstant::now() + PATIENCE;
    while let Err(error) = log.append(records.clone()).await {
        assert!(RealInstant::now() < until, "the year cannot be appended: {error}");
    }
}
