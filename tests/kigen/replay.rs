//! Every recording of a real cluster, shipped and judged: the same log gives the same alerts, byte for byte, however it is read.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::TimeDelta;
use kigen_log::{ConsumedRecord, EmbeddedLog, Log, LogReader, Settings};
use kigen_model::Instant;
use kigen_model::alert::Alert;
use kigen_model::event::{ClusterBody, ClusterEvent, Event};
use kigen_model::key::BatchKey;
use kigen_model::objective::{Deadlines, Objective, ObjectiveSource};
use kigen_model::topic::{Offset, Partition, Topic};
use kigen_playback::clock::{Clock, Pace};
use kigen_playback::history::History;
use kigen_playback::resource::Resource;
use kigen_playback::server::{Options, Played, Server};
use kigen_processor::{Processor, Replay, TurnBounds};
use kigen_shipper::health::Health;
use kigen_shipper::input::{Declaration, Declared};
use kigen_shipper::role::ShipperRole;
use kigen_shipper::settings::Access;
use kigen_shipper::{server_clock, settings};
use kigen_store::Store;
use tokio::sync::{oneshot, watch};

use crate::support::{HEAVY, kigen};

const SEED: &str = "KIGEN_TEST_SEED";
/// The number of suffixes of each partition that are delivered twice.
const SUFFIXES: usize = 12;
const CLUSTER: &str = "recorded";
const PARTITIONS: u32 = 2;
const PATIENCE: Duration = Duration::from_secs(120);
/// A clock that pauses at each second.
const STEPS: Pace = Pace::Steps {
    every: TimeDelta::seconds(1),
    offset: TimeDelta::zero(),
    dwell: Duration::from_micros(500),
};

#[tokio::test(flavor = "multi_thread")]
async fn every_replay_of_a_recording_gives_the_same_alerts() {
    let _heavy = HEAVY.lock().await;
    let seed = std::env::var(SEED).map_or_else(|_| fastrand::u64(..), |seed| seed.parse().expect("a seed"));
    // Printed before anything can fail, and shown if it does.
    println!("{SEED}={seed}");
    let mut random = fastrand::Rng::with_seed(seed);
    let mut alerts = 0;
    for path in recordings() {
        let dir = tempfile::tempdir().expect("a folder");
        let log = EmbeddedLog::open(&dir.path().join("log"), settings(PARTITIONS)).expect("a log");
        ship(History::from_recording(&path).expect("a recording"), &log).await;
        judge(&log, dir.path(), TurnBounds::default()).await;
        let judged = judged(&log);
        let replayed: Vec<Vec<Vec<u8>>> = partitions().map(|partition| replayed(&log, partition)).collect();
        assert_eq!(replayed, judged, "{}", path.display());
        small_turns_give_the_same(&log, &judged).await;
        duplicates_give_the_same(&log, &judged, &mut random);
        the_command_prints_the_same_twice(dir.path());
        alerts += judged.iter().flatten().count();
    }
    assert!(alerts > 100, "the recordings must give alerts: {alerts}");
}

fn recordings() -> Vec<PathBuf> {
    let folder = std::fs::read_dir("tests/fixtures/kubernetes").expect("the folder of recordings");
    let mut recordings: Vec<PathBuf> = folder.map(|entry| entry.expect("a readable folder").path()).collect();
    // Recordings of the watch protocol have another form.
    let name = |path: &PathBuf| path.file_name().map(|name| name.to_string_lossy().into_owned());
    recordings.retain(|path| {
        name(path).is_some_and(|name| name.ends_with(".jsonl.gz") && !name.starts_with("watch_semantics"))
    });
    recordings.sort();
    assert!(recordings.len() > 30, "{recordings:?}");
    recordings
}

fn settings(partitions: u32) -> Settings {
    Settings { partitions, ..Settings::default() }
}

fn partitions() -> impl Iterator<Item = Partition> {
    (0..PARTITIONS).map(Partition)
}

/// Ships the whole recording, with an objective for each of its batches: a success every other minute.
async fn ship(history: History, log: &EmbeddedLog) {
    let second = Instant::from_timestamp(history.end().timestamp() + 1, 0).expect("near the end");
    let end = second + TimeDelta::seconds(150);
    let clock = Clock::new(history.start(), STEPS, Some(end));
    let options = Options { hold_clock: true, eager_bookmarks: true, ..Options::default() };
    let declaration = Declaration { all: objectives(&history), is_whole: true, ..Declaration::default() };
    let server = Server::start(Played { history: history.clone(), clock: clock.clone(), options });
    let server = server.await.expect("a free port");
    let settings = settings::Settings {
        probe_interval_ms: 5,
        retry_delay_ms_min: 1,
        ..settings::Settings::new(CLUSTER, Access::Url(server.url()))
    };
    let (_declarations, declared) = watch::channel(Some(declaration));
    let (stop, stopped) = oneshot::channel::<()>();
    let shutdown = async move {
        let _ = stopped.await;
    };
    let of_shipper = server_clock::Clock::new(move || clock.now());
    let role = ShipperRole {
        log: log.clone(),
        settings,
        clock: of_shipper,
        shipper: "the test".to_owned(),
        declared,
        health: Health::default(),
        warnings: Default::default(),
        control: Default::default(),
    };
    let shipping = tokio::spawn(role.run(shutdown));
    until_ticked(log, history.start() - TimeDelta::seconds(1)).await;
    server.begin();
    until_ticked(log, end - TimeDelta::seconds(1)).await;
    stop.send(()).expect("it runs");
    shipping.await.expect("it does not panic").expect("it ends without an error");
    server.shutdown().await;
}

fn objectives(history: &History) -> Vec<Declared> {
    let mut batches = BTreeSet::new();
    for change in history.changes() {
        let is_bare = change.object["metadata"]["ownerReferences"].is_null();
        let is_of_jobs = change.resource == Resource::Jobs;
        if change.resource == Resource::CronJobs || is_of_jobs && is_bare {
            batches.insert((change.namespace().to_owned(), change.name().to_owned(), is_of_jobs));
        }
    }
    let declared = |(namespace, batch, is_of_jobs): (String, String, bool)| Declared {
        key: BatchKey::new(CLUSTER, namespace, batch),
        name: "other-minute".to_owned(),
        objective: Objective {
            is_of_jobs,
            ..Objective::new(
                Deadlines::CompleteBy { crontab: "*/2 * * * *".to_owned() },
                ObjectiveSource::File,
            )
        },
    };
    batches.into_iter().map(declared).collect()
}

async fn until_ticked(log: &EmbeddedLog, instant: Instant) {
    let mut changes = log.changes();
    let mut next = vec![Offset(0); PARTITIONS as usize];
    let mut has_ticked = [false; PARTITIONS as usize];
    let ticked = async {
        loop {
            for ((partition, next), has_ticked) in partitions().zip(&mut next).zip(&mut has_ticked) {
                for record in read(log, Topic::Events, partition, *next) {
                    *next = record.offset.next();
                    *has_ticked |= tick(&record).is_some_and(|observed_until| observed_until >= instant);
                }
            }
            if has_ticked.iter().all(|has_ticked| *has_ticked) {
                return;
            }
            changes.changed().await.expect("the log is open");
        }
    };
    tokio::time::timeout(PATIENCE, ticked).await.expect("it ticks in time");
}

fn tick(record: &ConsumedRecord) -> Option<Instant> {
    match kigen_wire::decode_event(record.value.as_deref()?).ok()? {
        Event::Cluster(ClusterEvent { body: ClusterBody::Tick { observed_until, .. }, .. }) => {
            Some(observed_until)
        }
        Event::Cluster(_) | Event::Fact(_) => None,
    }
}

fn read(log: &EmbeddedLog, topic: Topic, partition: Partition, from: Offset) -> Vec<ConsumedRecord> {
    log.read(topic, partition, from, usize::MAX, usize::MAX).expect("readable")
}

async fn judge(log: &EmbeddedLog, dir: &Path, bounds: TurnBounds) {
    let (store, _) = Store::open(&dir.join("store")).expect("a store");
    let mut processor = Processor::open(log.clone(), store, bounds).expect("a processor");
    while !processor.is_idle().expect("a log") {
        processor.turn().await.expect("judged");
    }
}

/// The alerts in the log, by partition.
fn judged(log: &EmbeddedLog) -> Vec<Vec<Vec<u8>>> {
    let of = |partition| {
        let records = read(log, Topic::Alerts, partition, Offset(0));
        records.into_iter().map(|record| record.value.expect("an alert")).collect()
    };
    partitions().map(of).collect()
}

/// The alerts of a replay. Each prefix of the partition gives a prefix of them, since it is folded a record at a time.
fn replayed(log: &EmbeddedLog, partition: Partition) -> Vec<Vec<u8>> {
    let mut replay = Replay::new(partition, PARTITIONS);
    let mut alerts: Vec<Alert> = Vec::new();
    for record in read(log, Topic::Events, partition, Offset(0)) {
        alerts.extend(replay.fold(std::slice::from_ref(&record)).expect("folded").alerts);
    }
    alerts.iter().map(|alert| kigen_wire::encode_alert(alert, kigen_wire::Level::NEWEST)).collect()
}

/// Each partition, with a suffix of what came before delivered again, or all of it: no alert is added or changed.
fn duplicates_give_the_same(log: &EmbeddedLog, expected: &[Vec<Vec<u8>>], random: &mut fastrand::Rng) {
    for (partition, expected) in partitions().zip(expected) {
        let records = read(log, Topic::Events, partition, Offset(0));
        for nth in 0..SUFFIXES {
            let end = if nth < SUFFIXES / 2 { records.len() } else { random.usize(0..=records.len()) };
            let begin = if nth == 0 { 0 } else { random.usize(0..=end) };
            let again = [&records[..end], &records[begin..end], &records[end..]].concat();
            let alerts = Replay::new(partition, PARTITIONS).fold(&again).expect("folded").alerts;
            let alerts: Vec<Vec<u8>> = alerts
                .iter()
                .map(|alert| kigen_wire::encode_alert(alert, kigen_wire::Level::NEWEST))
                .collect();
            assert_eq!(alerts.len(), expected.len(), "{partition}, records {begin} to {end} delivered twice");
            assert!(alerts == *expected, "{partition}, records {begin} to {end} delivered twice");
        }
    }
}

/// The same events in another log, judged a few at a time, so that ticks are cut by their cursors.
async fn small_turns_give_the_same(log: &EmbeddedLog, expected: &[Vec<Vec<u8>>]) {
    let dir = tempfile::tempdir().expect("a folder");
    let copy = EmbeddedLog::open(&dir.path().join("log"), settings(PARTITIONS)).expect("a log");
    for partition in partitions() {
        let records = read(log, Topic::Events, partition, Offset(0)).into_iter();
        let record = |ConsumedRecord { key, value, timestamp, .. }| kigen_log::NewRecord {
            topic: Topic::Events,
            partition,
            key,
            value,
            timestamp,
        };
        copy.append(records.map(record).collect()).await.expect("appended");
    }
    judge(
        &copy,
        dir.path(),
        TurnBounds { events_max: 7, batches_max: 3, slots_max: 5, bytes_max: 16 * 1024, due_page_max: 2 },
    )
    .await;
    assert_eq!(judged(&copy), expected);
}

fn the_command_prints_the_same_twice(dir: &Path) {
    let print = || {
        let mut command = kigen();
        command.args(["replay", "--slots", "--format", "json", "--cluster", CLUSTER, "--data-dir"]).arg(dir);
        let output = command.output().expect("kigen runs");
        assert!(output.status.success(), "{output:?}");
        output.stdout
    };
    assert_eq!(print(), print());
}
