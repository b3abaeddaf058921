//! A cluster that an operator retires: its batches and its time are dropped in each partition, by a record of the log.

use std::path::Path;

use chrono::TimeDelta;
use kigen_log::{EmbeddedLog, Log, LogReader, NewRecord};
use kigen_model::Instant;
use kigen_model::event::{ClusterBody, ClusterEvent, Event, Fact, FactBody, Revision};
use kigen_model::key::BatchKey;
use kigen_model::objective::{Deadlines, Objective, ObjectiveSource};
use kigen_model::topic::{Offset, Topic};
use kigen_processor::health::Health;
use kigen_processor::{Processor, Replay, TurnBounds};
use kigen_state::{ClusterClock, PartitionState};
use kigen_store::Store;
use kigen_wire::Status;

use crate::feed::start;
use crate::judge_all;
use crate::removal::{P0, living, open, record, statuses, stored};

const BATCHES: u64 = 20;

fn at(hours: i64) -> Instant {
    start() + TimeDelta::hours(hours)
}

/// An objective that is missed each hour, since nothing runs.
fn objective(cluster: &str, nth: u64) -> NewRecord {
    let key = BatchKey::new(cluster, "ml", format!("batch-{nth}"));
    let deadlines = Deadlines::CompleteBy { crontab: "0 * * * *".to_owned() };
    let objective = Objective {
        starts: Some("30 * * * *".to_owned()),
        is_of_jobs: true,
        ..Objective::new(deadlines, ObjectiveSource::File)
    };
    let revision = Revision { uid: "file".to_owned(), resource_version: 1 };
    let body = FactBody::Objective { name: "each".to_owned(), revision, objective: Some(objective) };
    let fact = Fact { key: key.clone(), observed_at: at(0), body };
    record(key.to_string(), at(0), &Event::Fact(fact))
}

fn of_cluster(cluster: &str, epoch: u64, body: ClusterBody, timestamp: Instant) -> NewRecord {
    let event = ClusterEvent { cluster: cluster.to_owned(), cluster_uid: None, epoch, body };
    record(cluster.to_owned(), timestamp, &Event::Cluster(event))
}

fn tick(cluster: &str, epoch: u64, hours: i64) -> NewRecord {
    let body = ClusterBody::Tick { observed_until: at(hours), positions: Vec::new() };
    of_cluster(cluster, epoch, body, at(hours))
}

fn forget(cluster: &str, epoch: u64, hours: i64) -> NewRecord {
    of_cluster(cluster, epoch, ClusterBody::Forgotten { author: "ann@laptop".to_owned() }, at(hours))
}

/// Two clusters with misses, of which one is forgotten while its shipper still runs.
fn events() -> Vec<NewRecord> {
    let mut events = Vec::new();
    for cluster in ["gone", "here"] {
        events.extend((0..BATCHES).map(|nth| objective(cluster, nth)));
        events.extend([tick(cluster, 1, 1), tick(cluster, 1, 3)]);
    }
    // One that this turn has changed, too.
    events.extend([objective("gone", BATCHES), forget("gone", 2, 4)]);
    events.extend([tick("gone", 1, 5), tick("here", 1, 5)]);
    events
}

fn position(log: &EmbeddedLog) -> PartitionState {
    let record = log.last(Topic::Status, P0).expect("readable").expect("a position");
    match kigen_wire::decode_status(&record.value.expect("a value")).expect("a status") {
        Status::Position(position) => position,
        Status::Batch(state) => panic!("{} is no position", state.key),
    }
}

fn alerts_of(log: &EmbeddedLog, cluster: &str) -> usize {
    let records = log.read(Topic::Alerts, P0, Offset(0), usize::MAX, usize::MAX).expect("alerts");
    records.iter().filter(|record| record.key.starts_with(cluster)).count()
}

fn are_only_of_here(keys: impl IntoIterator<Item = String>) -> bool {
    let keys: Vec<String> = keys.into_iter().collect();
    keys.len() as u64 == BATCHES && keys.iter().all(|key| key.starts_with("here/"))
}

async fn judged(dir: &Path, bounds: TurnBounds) -> EmbeddedLog {
    let log = open(dir);
    log.append(events()).await.expect("events");
    judge_all(&log, &dir.join("store"), bounds).await;
    log
}

#[tokio::test]
async fn a_forgotten_cluster_has_no_batches_no_time_and_no_more_alerts() {
    let dir = tempfile::tempdir().expect("a folder");
    let log = judged(dir.path(), TurnBounds::default()).await;
    assert!(are_only_of_here(living(&log)) && are_only_of_here(stored(&dir.path().join("store"))));
    let clocks = position(&log).clocks;
    assert_eq!(
        clocks["gone"],
        ClusterClock { epoch: 2, ..ClusterClock::default() },
        "only the epoch is left"
    );
    assert_eq!(clocks["here"].observed_until, Some(at(5)));
    let before = alerts_of(&log, "gone/");
    assert!(before > 0 && alerts_of(&log, "here/") > before, "misses of the hours before");

    // Restored from `kigen.status`, and with a shipper that begins anew.
    let health = Health::default();
    let again = dir.path().join("again");
    let (store, _) = Store::open(&again).expect("a store");
    let processor = Processor::open(log.clone(), store, TurnBounds::default()).expect("a processor");
    let mut processor = processor.with_health(health.clone());
    log.append(vec![tick("here", 1, 6)]).await.expect("a tick");
    while !processor.is_idle().expect("a readable log") {
        processor.turn().await.expect("a turn");
    }
    assert_eq!((health.judged_until("gone"), health.judged_until("here")), (None, Some(at(6))));
    drop(processor);
    assert!(are_only_of_here(stored(&again)));
    log.append(vec![objective("gone", 3), tick("gone", 3, 7)]).await.expect("events");
    judge_all(&log, &again, TurnBounds::default()).await;
    assert_eq!(stored(&again).len() as u64, BATCHES + 1);
    assert_eq!(position(&log).clocks["gone"].observed_until, Some(at(7)));
}

#[tokio::test]
async fn that_a_cluster_is_forgotten_is_a_function_of_the_log_however_turns_are_cut() {
    let dir = tempfile::tempdir().expect("a folder");
    let log = judged(dir.path(), TurnBounds::default()).await;
    let whole = statuses(&log);
    let records = log.read(Topic::Events, P0, Offset(0), usize::MAX, usize::MAX).expect("events");
    let mut replay = Replay::new(P0, 1);
    replay.fold(&records).expect("a replay");
    assert!(are_only_of_here(replay.states().map(|state| state.key.to_string())));
    for batches_max in [1, 2, 3, 7] {
        let dir = tempfile::tempdir().expect("a folder");
        let bounds = TurnBounds { batches_max, due_page_max: 2, ..TurnBounds::default() };
        let log = judged(dir.path(), bounds).await;
        assert_eq!(statuses(&log), whole, "commits of {batches_max} batches");
        assert!(are_only_of_here(stored(&dir.path().join("store"))));
    }
}
