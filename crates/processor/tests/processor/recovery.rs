//! Each row of the table of recovery, on a real Kafka: where a processor resumes, and that it emits no alert twice.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use kigen_log::kafka::topics::Layout;
use kigen_log::kafka::{Connection, KafkaLog, KafkaReader};
use kigen_log::{ConsumedRecord, EmbeddedLog, Log, LogReader, Settings};
use kigen_model::Instant;
use kigen_model::alert::{Alert, AlertBody};
use kigen_model::key::BatchKey;
use kigen_model::topic::{Offset, Partition, Topic};
use kigen_processor::{GROUP, Processor, TurnBounds};
use kigen_state::{POSITION_KEY, PartitionState};
use kigen_store::{Store, StoredPosition};
use kigen_testkit::admin::Admin;
use kigen_testkit::kafka::Broker;
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tracing::Dispatch;

use crate::feed::{self, Feed};

const PARTITIONS: u32 = 2;
/// The shortest session that Kafka's brokers allow: a group is not empty for so long after its last member is gone.
const SESSION_MS: &str = "6000";
const PATIENCE: Duration = Duration::from_secs(120);
/// The store that every phase uses.
const CURRENT: &str = "current";

#[test]
fn a_processor_resumes_from_the_committed_position_and_emits_no_alert_twice() {
    let lines = Lines::default();
    let runtime = lines.runtime();
    let table = Table::new(lines);
    runtime.block_on(async {
        let log = table.open(Settings::default().tombstone_age_ms_max).await;
        let mut feed = Feed::new(log.reader());
        let expected = undisturbed().await;
        table.stores_of_every_age(&log, &mut feed).await;
        table.a_group_without_positions(&log).await;
        assert_eq!(alerts(&log, Partition(0)), until_day(&expected[0], 2));
        assert_eq!(alerts(&log, Partition(1)), until_day(&expected[1], 2));
        table.expired_events(&log, &mut feed, &expected).await;
        table.a_newer_kigen(&log).await;
        table.other_logs(&expected).await;
    });
}

/// A Kafka, and stores by their names.
struct Table {
    broker: Broker,
    admin: Admin,
    stores: TempDir,
    lines: Lines,
}

impl Table {
    fn new(lines: Lines) -> Self {
        let broker = Broker::start();
        let admin = Admin::new(broker.bootstrap());
        Self { broker, admin, stores: tempfile::tempdir().expect("a folder"), lines }
    }

    async fn open(&self, tombstone_age_ms_max: u64) -> KafkaLog {
        let settings = BTreeMap::from([("session.timeout.ms".to_owned(), SESSION_MS.to_owned())]);
        let connection = Connection::new(self.broker.bootstrap(), settings).expect("valid settings");
        let log = Settings { partitions: PARTITIONS, tombstone_age_ms_max, ..Settings::default() };
        let layout = Layout { log, replication: Some(1) };
        KafkaLog::open(connection, &layout, "one").await.expect("a log")
    }

    fn store(&self, name: &str) -> PathBuf {
        self.stores.path().join(name)
    }

    fn copy(&self, to: &str) {
        let copied = Command::new("cp").arg("-r").args([self.store(CURRENT), self.store(to)]).status();
        assert!(copied.expect("cp runs").success());
    }

    /// Judges all with this store; returns what was decided for each partition.
    async fn judged(&self, log: &KafkaLog, store: &str) -> [String; 2] {
        judge(log, &self.store(store), || self.lines.decisions().is_some()).await;
        let decisions = self.lines.decisions().expect("both were decided");
        self.lines.clear();
        decisions
    }

    async fn stores_of_every_age(&self, log: &KafkaLog, feed: &mut Feed<'_, KafkaReader>) {
        log.append(feed.next_day()).await.expect("a day");
        let first = self.judged(log, CURRENT).await;
        assert_eq!(first, both("FoldFromStart { next: Offset(0) }"), "nothing was ever committed");
        self.copy("old");
        self.copy("older than the tombstones");
        let current = self.judged(log, CURRENT).await;
        assert_eq!(current, both(&at_committed("Keep")), "the store is at the committed position");

        log.append(feed.next_day()).await.expect("a day");
        assert_eq!(self.judged(log, CURRENT).await, both(&at_committed("Keep")), "it judges the next day");
        let tail = self.judged(log, "old").await;
        assert!(tail.iter().all(|decision| decision.starts_with("Resume { restore: ApplyTail")), "{tail:?}");
        assert_eq!(self.judged(log, "none").await, both(&at_committed("Rebuild")), "there is no store");
        let resumed = contents(&self.store(CURRENT));
        assert!(resumed.iter().all(|partition| !partition.states.is_empty() && !partition.due.is_empty()));
        assert_eq!(contents(&self.store("old")), resumed, "applied from the tail");
        assert_eq!(contents(&self.store("none")), resumed, "applied whole");
        let without_tombstones = self.open(1).await;
        let old = self.judged(&without_tombstones, "older than the tombstones").await;
        assert_eq!(old, both(&at_committed("Rebuild")), "it may hold batches that are gone");
    }

    async fn a_group_without_positions(&self, log: &KafkaLog) {
        self.admin.delete_group("kigen-processor").await;
        assert_eq!(log.reader().position(GROUP, Topic::Events, Partition(0)).expect("a position"), None);
        let current = self.judged(log, CURRENT).await;
        assert_eq!(current, both(&at_committed("Keep")), "the group's positions expired");
        self.admin.delete_group("kigen-processor").await;
        let none = self.judged(log, "none either").await;
        assert_eq!(none, both(&at_committed("Rebuild")), "and there is no store");
    }

    async fn expired_events(
        &self,
        log: &KafkaLog,
        feed: &mut Feed<'_, KafkaReader>,
        expected: &[Vec<Alert>],
    ) {
        log.append(feed.next_day()).await.expect("a day");
        let last_tick = log.reader().last(Topic::Events, Partition(0)).expect("a readable log");
        let offset = i64::try_from(last_tick.expect("a record").offset.0).expect("small");
        self.admin.delete_records("kigen.events", 0, offset).await;
        let after = self.judged(log, CURRENT).await;
        assert!(after[0].starts_with("Resume { restore: Keep, reading: AfterGap"), "{after:?}");
        assert_eq!(after[1], at_committed("Keep"), "the other partition lost nothing");
        only_unknown_since(&alerts(log, Partition(0)), &until_day(&expected[0], 2));
        assert_eq!(alerts(log, Partition(1)), expected[1]);
    }

    async fn a_newer_kigen(&self, log: &KafkaLog) {
        let newer = PartitionState { engine_version: 99, ..PartitionState::new(Offset(1)) };
        let newer = kigen_wire::encode_position(&newer, kigen_wire::Level::NEWEST);
        self.admin.write("kigen.status", 1, Some(POSITION_KEY.as_bytes()), Some(&newer)).await;
        let newer = self.judged(log, CURRENT).await;
        assert_eq!(newer, [at_committed("Keep"), "Pause(NewerEngine { found: 99 })".to_owned()]);
    }

    async fn other_logs(&self, expected: &[Vec<Alert>]) {
        self.copy("ahead");
        self.admin.delete_topics(&Topic::ALL.map(Topic::name)).await;
        let log = self.open(Settings::default().tombstone_age_ms_max).await;
        log.append(Feed::new(log.reader()).next_day()).await.expect("a day");
        let current = self.judged(&log, CURRENT).await;
        let from_start = both("FoldFromStart { next: Offset(0) }");
        assert_eq!(current, from_start, "a store without a committed position is of another log");
        let ahead = self.judged(&log, "ahead").await;
        assert_eq!(ahead, both(&at_committed("Rebuild")), "it is ahead of the committed position");
        assert_eq!(alerts(&log, Partition(0)), until_day(&expected[0], 1));
        self.admin.delete_topics(&["kigen.events"]).await;
        let log = self.open(Settings::default().tombstone_age_ms_max).await;
        let beyond = self.judged(&log, CURRENT).await;
        assert!(beyond.iter().all(|decision| decision.starts_with("Pause(BeyondEnd")), "{beyond:?}");
        let mut feed = Feed::new(log.reader());
        drop(feed.next_day());
        for _ in 0..4 {
            log.append(feed.next_day()).await.expect("a day");
        }
        let grown = self.judged(&log, CURRENT).await;
        assert!(grown.iter().all(|decision| decision.starts_with("Pause(AnotherTopic")), "{grown:?}");
    }
}

fn at_committed(restore: &str) -> String {
    format!("Resume {{ restore: {restore}, reading: AtCommitted }}")
}

fn both(decision: &str) -> [String; 2] {
    [decision.to_owned(), decision.to_owned()]
}

/// Judges until there is nothing more to judge, and it `is_enough`.
async fn judge<L: Log>(log: &L, store: &Path, is_enough: impl Fn() -> bool) {
    let (store, _) = Store::open(store).expect("a store");
    let mut processor = Processor::open(log.clone(), store, TurnBounds::default()).expect("a processor");
    let all = async {
        while !processor.is_idle().expect("a readable log") || !is_enough() {
            processor.turn().await.expect("a turn");
        }
    };
    tokio::time::timeout(PATIENCE, all).await.expect("all is judged");
}

/// The same three days in an embedded log, judged in one go.
async fn undisturbed() -> Vec<Vec<Alert>> {
    let dir = tempfile::tempdir().expect("a folder");
    let settings = Settings { partitions: PARTITIONS, ..Settings::default() };
    feed::fill(dir.path(), settings.clone()).await;
    let log = EmbeddedLog::open(&dir.path().join("log"), settings).expect("a log");
    judge(&log, &dir.path().join("store"), || true).await;
    (0..PARTITIONS).map(|partition| alerts(&log, Partition(partition))).collect()
}

fn alerts(log: &impl Log, partition: Partition) -> Vec<Alert> {
    let reader = log.reader();
    reader.last_stable_offset(Topic::Alerts, partition).expect("an end");
    let records = reader.read(Topic::Alerts, partition, Offset(0), usize::MAX, usize::MAX).expect("alerts");
    let alert =
        |record: ConsumedRecord| kigen_wire::decode_alert(record.value.as_deref().unwrap_or_default());
    records.into_iter().map(|record| alert(record).expect("an alert")).collect()
}

/// Those that were decided on the first `days` days.
fn until_day(alerts: &[Alert], days: u64) -> Vec<Alert> {
    let first = feed::start() + chrono::Days::new(days);
    alerts.iter().filter(|alert| alert.decided_at < first).cloned().collect()
}

/// Of a day of which only the last tick is left, every slot is unknown.
fn only_unknown_since(all: &[Alert], before: &[Alert]) {
    let (first, since) = all.split_at(before.len());
    assert_eq!(first, before);
    assert!(!since.is_empty(), "deadlines passed that day");
    for alert in since {
        assert!(matches!(alert.body, AlertBody::SlotUnknown { .. }), "{alert:?}");
    }
}

/// The content of a store for a partition.
#[derive(Debug, PartialEq)]
struct Contents {
    position: Option<StoredPosition>,
    states: Vec<(BatchKey, Vec<u8>)>,
    due: Vec<(Instant, BatchKey)>,
}

fn contents(store: &Path) -> Vec<Contents> {
    let (store, _) = Store::open(store).expect("a store");
    let of = |partition| Contents {
        position: store.position(partition).expect("a position"),
        states: store.states(partition, None, usize::MAX).expect("states"),
        due: store.due(partition, feed::CLUSTER, None, Instant::MAX_UTC, usize::MAX).expect("due work"),
    };
    (0..PARTITIONS).map(|partition| of(Partition(partition))).collect()
}

/// The lines that the processor logs.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Lines {
    /// A runtime whose threads log here: other tests of this binary, which run meanwhile, do not.
    fn runtime(&self) -> Runtime {
        let writer = self.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_env_filter("kigen_processor=debug")
            .with_ansi(false)
            .with_writer(move || writer.clone());
        let dispatch = Dispatch::new(subscriber.finish());
        let mut runtime = tokio::runtime::Builder::new_multi_thread();
        runtime.worker_threads(2).enable_all().on_thread_start(move || {
            // For as long as the thread lives.
            std::mem::forget(tracing::dispatcher::set_default(&dispatch));
        });
        runtime.build().expect("a runtime")
    }

    /// What was decided for each partition; `None` while one is undecided.
    fn decisions(&self) -> Option<[String; 2]> {
        let text = String::from_utf8(self.0.lock().expect("no thread has panicked").clone()).expect("text");
        let of = |partition: u32| {
            let of_it = format!("restores a partition partition={partition} decision=");
            Some(text.lines().filter_map(|line| line.split_once(&of_it)).next_back()?.1.to_owned())
        };
        Some([of(0)?, of(1)?])
    }

    fn clear(&self) {
        self.0.lock().expect("no thread has panicked").clear();
    }
}

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("no thread has panicked").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
