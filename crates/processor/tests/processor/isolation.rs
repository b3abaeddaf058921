//! A fault of one partition stops only that one, and is over once its cause is.

use std::path::Path;
use std::time::{Duration, Instant as RealInstant};

use kigen_log::{Log, LogReader, NewRecord, Settings};
use kigen_model::topic::{Offset, Partition, Topic};
use kigen_processor::health::Health;
use kigen_processor::{Processor, TurnBounds};
use kigen_state::{POSITION_KEY, PartitionState};
use kigen_store::{Batch, Store};
use kigen_testkit::simulated::{Faults, SimulatedLog};

use crate::feed::{self, Feed};
use crate::{chaos, judge_all};

const PARTITIONS: u32 = 2;
pub(crate) const FAULTY: Partition = Partition(1);
pub(crate) const GOOD: Partition = Partition(0);
const TURN_TIME: Duration = Duration::from_millis(100);

#[test]
fn a_partition_that_cannot_be_restored_stops_no_other_and_is_judged_once_it_can_be() {
    chaos::paused_runtime().block_on(async {
        let dir = tempfile::tempdir().expect("a folder");
        let log = filled().await;
        write_status(&log, "a stranger's key", b"a stranger's record").await;
        let health = Health::default();
        let mut processor = processor(&log, &dir.path().join("store"), &health);
        judge(&mut processor).await;
        let expected = undisturbed(&dir.path().join("undisturbed")).await;
        assert!(!expected[0].is_empty() && !expected[1].is_empty(), "both must have alerts");
        assert_eq!(alerts(&log, GOOD), expected[0]);
        assert_eq!(alerts(&log, FAULTY), []);
        let why = health.readiness(RealInstant::now()).expect_err("one partition is not judged");
        assert!(why.starts_with("partition 1 is not judged: kigen.status, partition 1, offset 0"), "{why}");
        assert!(why.contains("set kigen up with a new kigen.status"), "{why}");

        let position =
            kigen_wire::encode_position(&PartitionState::new(Offset(0)), kigen_wire::Level::NEWEST);
        write_status(&log, POSITION_KEY, &position).await;
        while health.readiness(RealInstant::now()).is_err() {
            processor.turn().await.expect("a turn");
        }
        judge(&mut processor).await;
        assert_eq!(all_alerts(&log), expected);
    });
}

#[test]
fn a_stored_state_that_cannot_be_read_is_replaced_by_the_one_in_the_log() {
    chaos::paused_runtime().block_on(async {
        let dir = tempfile::tempdir().expect("a folder");
        let (log, store) = (new_log(), dir.path().join("store"));
        let mut feed = Feed::new(&log);
        log.append(feed.next_day()).await.expect("it is in memory");
        judge_all(&log, &store, TurnBounds::default()).await;
        let damaged = damage(&store);
        log.append(feed.next_day()).await.expect("it is in memory");
        log.append(feed.next_day()).await.expect("it is in memory");
        judge_all(&log, &store, TurnBounds::default()).await;
        let expected = undisturbed(&dir.path().join("undisturbed")).await;
        assert!(!expected[damaged.0 as usize].is_empty(), "its batches must have alerts");
        assert_eq!(all_alerts(&log), expected);
    });
}

#[test]
fn a_store_whose_files_are_damaged_is_replaced_while_it_is_open() {
    chaos::paused_runtime().block_on(async {
        let dir = tempfile::tempdir().expect("a folder");
        let (log, store) = (new_log(), dir.path().join("store"));
        let mut feed = Feed::new(&log);
        log.append(feed.next_day()).await.expect("it is in memory");
        judge_all(&log, &store, TurnBounds::default()).await;
        // Opening it again writes what is in RocksDB's write-ahead log to its tables.
        drop(Store::open(&store).expect("a store"));
        log.append(feed.next_day()).await.expect("it is in memory");
        log.append(feed.next_day()).await.expect("it is in memory");
        let health = Health::default();
        let mut processor = processor(&log, &store, &health);
        let damaged = damage_tables(&store.join("rocksdb"));
        assert!(damaged > 0, "the store must have tables");
        judge(&mut processor).await;
        let expected = undisturbed(&dir.path().join("undisturbed")).await;
        assert_eq!(all_alerts(&log), expected);
        assert_eq!(health.readiness(RealInstant::now()), Ok("it judges 2 partitions".to_owned()));
        drop(processor);
        let (store, dropped) = Store::open(&store).expect("a store");
        assert_eq!(dropped, None, "it was replaced already");
        assert!(store.position(GOOD).expect("readable").is_some());
    });
}

/// Overwrites the data blocks of RocksDB's tables with zeros; their ends, which are read when they are opened, stay.
fn damage_tables(folder: &Path) -> usize {
    let mut damaged = 0;
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.extension().is_some_and(|extension| extension == "sst") {
            let mut bytes = std::fs::read(&path).expect("a table");
            let data = bytes.len() / 2;
            bytes[..data].fill(0);
            // In place, as a disk damages it: the database has the file open.
            std::fs::write(&path, bytes).expect("writable");
            damaged += 1;
        }
    }
    damaged
}

#[test]
fn a_commit_that_fails_restores_the_partitions_of_its_round_only() {
    chaos::paused_runtime().block_on(async {
        let dir = tempfile::tempdir().expect("a folder");
        let (log, health) = (filled().await, Health::default());
        let mut processor = processor(&log, &dir.path().join("store"), &health);
        judge(&mut processor).await;
        assert_eq!(health.readiness(RealInstant::now()), Ok("it judges 2 partitions".to_owned()));
        log.append(vec![record_in(GOOD, "a stranger's key")]).await.expect("it is in memory");
        log.limit_writes(1);
        processor.turn().await.expect_err("the write is too large");
        processor.restart_partitions();
        let why = health.readiness(RealInstant::now()).expect_err("it restores");
        assert_eq!(why, "it is bringing its store up to date for partition 0");
    });
}

#[test]
fn a_partition_is_read_while_another_has_more_than_fits_into_a_turn() {
    chaos::paused_runtime().block_on(async {
        let dir = tempfile::tempdir().expect("a folder");
        let (log, health) = (new_log(), Health::default());
        let of_good = record_in(GOOD, "a stranger's key");
        log.append(vec![of_good; 1_000]).await.expect("it is in memory");
        let (store, _) = Store::open(&dir.path().join("store")).expect("a store");
        let bounds = TurnBounds { bytes_max: 1_000, ..TurnBounds::default() };
        let processor = Processor::open(log.clone(), store, bounds).expect("a processor");
        let mut processor = processor.with_health(health.clone());
        while latest(&log, GOOD) == Offset(0) || latest(&log, FAULTY) == Offset(0) {
            processor.turn().await.expect("a turn");
            tokio::time::advance(TURN_TIME).await;
            if latest(&log, GOOD) > Offset(0) && latest(&log, FAULTY) == Offset(0) {
                log.append(vec![record_in(FAULTY, "another")]).await.expect("it is in memory");
            }
        }
        let rejected = log.latest(Topic::Rejects, GOOD).expect("it is in memory");
        assert!(rejected < Offset(100), "the other partition waited for {rejected} of 1,000 records");
        judge(&mut processor).await;
        let rejects = log.read(Topic::Rejects, GOOD, Offset(0), usize::MAX, usize::MAX);
        assert_eq!(rejects.expect("it is in memory").len(), 1_000, "each is judged once");
    });
}

fn record_in(partition: Partition, key: &str) -> NewRecord {
    NewRecord { partition, ..record(Topic::Events, key, b"no event") }
}

/// The end of the partition's statuses.
fn latest(log: &SimulatedLog, partition: Partition) -> Offset {
    log.latest(Topic::Status, partition).expect("it is in memory")
}

pub(crate) fn processor(log: &SimulatedLog, store: &Path, health: &Health) -> Processor<SimulatedLog> {
    let (store, _) = Store::open(store).expect("a store");
    Processor::open(log.clone(), store, TurnBounds::default())
        .expect("a processor")
        .with_health(health.clone())
}

pub(crate) async fn judge(processor: &mut Processor<SimulatedLog>) {
    while !processor.is_idle().expect("a readable log") {
        processor.turn().await.expect("a fault of one partition fails no turn");
    }
}

pub(crate) fn new_log() -> SimulatedLog {
    let settings = Settings { partitions: PARTITIONS, ..Settings::default() };
    SimulatedLog::new(settings, Faults::default(), 0)
}

/// A log with three days of events.
pub(crate) async fn filled() -> SimulatedLog {
    let log = new_log();
    fill(&log).await;
    log
}

pub(crate) async fn fill(log: &SimulatedLog) {
    let mut feed = Feed::new(log);
    for _ in 0..3 {
        log.append(feed.next_day()).await.expect("it is in memory");
    }
}

/// The alerts of each partition without a fault.
pub(crate) async fn undisturbed(store: &Path) -> Vec<Vec<Option<Vec<u8>>>> {
    let log = filled().await;
    judge_all(&log, store, TurnBounds::default()).await;
    all_alerts(&log)
}

/// The alerts of each partition, in their order.
pub(crate) fn all_alerts(log: &SimulatedLog) -> Vec<Vec<Option<Vec<u8>>>> {
    (0..PARTITIONS).map(|partition| alerts(log, Partition(partition))).collect()
}

pub(crate) fn alerts(log: &SimulatedLog, partition: Partition) -> Vec<Option<Vec<u8>>> {
    let read = log.read(Topic::Alerts, partition, Offset(0), usize::MAX, usize::MAX);
    read.expect("it is in memory").into_iter().map(|record| record.value).collect()
}

pub(crate) fn record(topic: Topic, key: &str, value: &[u8]) -> NewRecord {
    let (key, value) = (key.to_owned(), Some(value.to_vec()));
    NewRecord { topic, partition: FAULTY, key, value, timestamp: feed::start() }
}

async fn write_status(log: &SimulatedLog, key: &str, value: &[u8]) {
    log.append(vec![record(Topic::Status, key, value)]).await.expect("it is in memory");
}

/// Replaces the first state of the store by bytes that are none; returns its partition.
fn damage(store: &Path) -> Partition {
    let (store, _) = Store::open(store).expect("a store");
    let of_partition = |partition| {
        let first = store.states(partition, None, 1).expect("a readable store").pop();
        first.map(|(key, _)| (partition, key))
    };
    let (partition, key) = (0..PARTITIONS).map(Partition).find_map(of_partition).expect("there are states");
    let mut batch = Batch::new(partition);
    batch.put(&key, b"no state", None, None).expect("a key that can be stored");
    store.commit(batch).expect("written");
    partition
}
