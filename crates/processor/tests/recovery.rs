//! Each row of the table of recovery on a real Kafka: where a processor goes on, and that it says nothing twice.

mod feed;

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use feed::Feed;
use kigen_log::kafka::topics::Layout;
use kigen_log::kafka::{Connection, KafkaLog};
use kigen_log::{ConsumedRecord, EmbeddedLog, Log, LogReader, Settings};
use kigen_model::Instant;
use kigen_model::alert::{Alert, AlertBody};
use kigen_model::key::BatchKey;
use kigen_model::topic::{Offset, Partition, Topic};
use kigen_processor::{GROUP, Processor, TurnBounds};
use kigen_state::{POSITION_KEY, PartitionState};
use kigen_store::{Store, StoredPosition};
use kigen_testkit::kafka::Broker;
use kigen_testkit::admin::Admin;

const PARTITIONS: u32 = 2;
/// The least that Kafka's brokers let a session be: so long is a group not empty after its last member is gone.
const SESSION_MS: &str = "6000";
const PATIENCE: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_processor_goes_on_from_what_it_finds_and_says_nothing_twice() {
    let (broker, talk) = (Broker::start(), Talk::listen());
    let admin = Admin::new(broker.bootstrap());
    let stores = tempfile::tempdir().expect("a folder");
    let store = stores.path().join("store");
    let kept = |name: &str| stores.path().join(name);
    let log = open(&broker, Settings::default().tombstone_age_ms_max).await;
    let mut feed = Feed::new(log.reader());
    let judged = async |log: &KafkaLog, store: &Path| {
        judge(log, store, || talk.decisions().is_some()).await;
        let decisions = talk.decisions().expect("it was waited for");
        talk.forget();
        decisions
    };

    log.append(feed.next_day()).await.expect("a day");
    let first = judged(&log, &store).await;
    assert_eq!(first, both("FoldFromStart { next: Offset(0) }"), "nothing was ever committed");
    copy(&store, &kept("old"));
    copy(&store, &kept("older than the tombstones"));
    assert_eq!(judged(&log, &store).await, both(&at_c("Resume")), "the store is at C");

    log.append(feed.next_day()).await.expect("a day");
    assert_eq!(judged(&log, &store).await, both(&at_c("Resume")), "it judges on");
    let tail = judged(&log, &kept("old")).await;
    assert!(tail.iter().all(|decision| decision.starts_with("GoOn { restore: ApplyTail")), "{tail:?}");
    assert_eq!(judged(&log, &kept("none")).await, both(&at_c("Rebuild")), "there is no store");
    let resumed = contents(&store);
    assert!(resumed.iter().all(|partition| !partition.states.is_empty() && !partition.due.is_empty()));
    assert_eq!(contents(&kept("old")), resumed, "applied from the tail");
    assert_eq!(contents(&kept("none")), resumed, "applied whole");
    let forgetful = open(&broker, 1).await;
    let old = judged(&forgetful, &kept("older than the tombstones")).await;
    assert_eq!(old, both(&at_c("Rebuild")), "it may keep what is gone");
    admin.delete_group("kigen-processor").await;
    assert_eq!(log.reader().position(GROUP, Topic::Events, Partition(0)).expect("an answer"), None);
    assert_eq!(judged(&log, &store).await, both(&at_c("Resume")), "the group's positions expired");
    admin.delete_group("kigen-processor").await;
    assert_eq!(judged(&log, &kept("none either")).await, both(&at_c("Rebuild")), "and there is no store");
    let expected = undisturbed().await;
    assert_eq!(alerts(&log, Partition(0)), until_day(&expected[0], 2));
    assert_eq!(alerts(&log, Partition(1)), until_day(&expected[1], 2));

    log.append(feed.next_day()).await.expect("a day");
    let last_tick = log.reader().last(Topic::Events, Partition(0)).expect("an answer").expect("a record");
    admin.delete_records("kigen.events", 0, i64::try_from(last_tick.offset.0).expect("small")).await;
    let after = judged(&log, &store).await;
    assert!(after[0].starts_with("GoOn { restore: Resume, reading: AfterGap"), "{after:?}");
    assert_eq!(after[1], at_c("Resume"), "the other partition lost nothing");
    only_unknown_since(&alerts(&log, Partition(0)), &until_day(&expected[0], 2));
    assert_eq!(alerts(&log, Partition(1)), expected[1]);

    let newer = PartitionState { engine_version: 99, ..PartitionState::new(Offset(1)) };
    let newer = kigen_wire::encode_position(&newer);
    admin.write("kigen.status", 1, Some(POSITION_KEY.as_bytes()), Some(&newer)).await;
    let newer = judged(&log, &store).await;
    assert_eq!(newer, [at_c("Resume"), "Pause(NewerEngine { found: 99 })".to_owned()]);

    copy(&store, &kept("ahead"));
    admin.delete_topics(&Topic::ALL.map(Topic::name)).await;
    let log = open(&broker, Settings::default().tombstone_age_ms_max).await;
    log.append(Feed::new(log.reader()).next_day()).await.expect("a day");
    let anew = judged(&log, &store).await;
    assert_eq!(anew, both("FoldFromStart { next: Offset(0) }"), "a store without a C is of another log");
    assert_eq!(judged(&log, &kept("ahead")).await, both(&at_c("Rebuild")), "it is ahead of C");
    assert_eq!(alerts(&log, Partition(0)), until_day(&expected[0], 1));
    admin.delete_topics(&["kigen.events"]).await;
    let log = open(&broker, Settings::default().tombstone_age_ms_max).await;
    let beyond = judged(&log, &store).await;
    assert!(beyond.iter().all(|decision| decision.starts_with("Pause(BeyondEnd")), "{beyond:?}");
}

fn at_c(restore: &str) -> String {
    format!("GoOn {{ restore: {restore}, reading: AtC }}")
}

fn both(decision: &str) -> [String; 2] {
    [decision.to_owned(), decision.to_owned()]
}

async fn open(broker: &Broker, tombstone_age_ms_max: u64) -> KafkaLog {
    let settings = BTreeMap::from([("session.timeout.ms".to_owned(), SESSION_MS.to_owned())]);
    let connection = Connection::new(broker.bootstrap(), settings).expect("settings that are taken");
    let log = Settings { partitions: PARTITIONS, tombstone_age_ms_max, ..Settings::default() };
    let layout = Layout { log, replication: Some(1) };
    KafkaLog::open(connection, &layout, "one").await.expect("it opens")
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
    let look = log.reader();
    look.last_stable_offset(Topic::Alerts, partition).expect("an end");
    let records = look.read(Topic::Alerts, partition, Offset(0), usize::MAX, usize::MAX).expect("alerts");
    let alert =
        |record: ConsumedRecord| kigen_wire::decode_alert(record.value.as_deref().unwrap_or_default());
    records.into_iter().map(|record| alert(record).expect("an alert")).collect()
}

/// Those that were decided on the first so many days.
fn until_day(alerts: &[Alert], days: u64) -> Vec<Alert> {
    let first = feed::start() + chrono::Days::new(days);
    alerts.iter().filter(|alert| alert.decided_at < first).cloned().collect()
}

/// Of a day of which nothing but the last tick is left, nothing is said but that it is unknown.
fn only_unknown_since(all: &[Alert], before: &[Alert]) {
    let (first, since) = all.split_at(before.len());
    assert_eq!(first, before);
    assert!(!since.is_empty(), "deadlines passed that day");
    for alert in since {
        assert!(matches!(alert.body, AlertBody::SlotUnknown { .. }), "{alert:?}");
    }
}

/// All that a store holds of a partition.
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

fn copy(from: &Path, to: &Path) {
    assert!(Command::new("cp").arg("-r").args([from, to]).status().expect("cp runs").success());
}

/// Listens to what the processor says of its decisions.
#[derive(Clone, Default)]
struct Talk(Arc<Mutex<Vec<u8>>>);

impl Talk {
    fn listen() -> Self {
        let talk = Self::default();
        let writer = talk.clone();
        tracing_subscriber::fmt()
            .with_env_filter("kigen_processor=debug")
            .with_ansi(false)
            .with_writer(move || writer.clone())
            .init();
        talk
    }

    /// What was decided of each partition; `None`: of one it is not yet.
    fn decisions(&self) -> Option<[String; 2]> {
        let text = String::from_utf8(self.0.lock().expect("nobody panicked").clone()).expect("text");
        let of = |partition: u32| {
            let of_it = format!("takes up a partition partition={partition} decision=");
            Some(text.lines().filter_map(|line| line.split_once(&of_it)).next_back()?.1.to_owned())
        };
        Some([of(0)?, of(1)?])
    }

    fn forget(&self) {
        self.0.lock().expect("nobody panicked").clear();
    }
}

impl Write for Talk {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("nobody panicked").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
