//! Batches that are removed: a tombstone in `kigen.status`, nothing in the store, and nothing that brings them back.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use chrono::TimeDelta;
use kigen_log::{EmbeddedLog, Log, LogReader, NewRecord, Settings};
use kigen_model::Instant;
use kigen_model::event::{ClusterBody, ClusterEvent, Event, Fact, FactBody, Revision};
use kigen_model::key::BatchKey;
use kigen_model::run::{Run, RunPhase};
use kigen_model::topic::{Offset, Partition, Topic};
use kigen_processor::{Replay, TurnBounds};
use kigen_state::{POSITION_KEY, REMOVED_AFTER_D};
use kigen_store::{Batch, Store};

use crate::feed::{CLUSTER, start};
use crate::judge_all;

pub(crate) const P0: Partition = Partition(0);
const JOBS: u64 = 40;

fn key(nth: u64) -> BatchKey {
    BatchKey::new(CLUSTER, "ml", format!("labelled-{nth}"))
}

pub(crate) fn record(key: String, timestamp: Instant, event: &Event) -> NewRecord {
    let value = Some(kigen_wire::encode_event(event, kigen_wire::Level::NEWEST));
    NewRecord { topic: Topic::Events, partition: P0, key, value, timestamp }
}

fn job(nth: u64, version: u64, observed_at: Instant, phase: RunPhase) -> NewRecord {
    let run = Run {
        job: format!("job-{nth}"),
        scheduled_at: None,
        created_at: start(),
        started_at: Some(start()),
        phase,
        failed_pods: 0,
        slot: None,
    };
    let revision = Revision { uid: format!("uid-{nth}"), resource_version: version };
    let body = FactBody::Run { revision, run };
    record(key(nth).to_string(), observed_at, &Event::Fact(Fact { key: key(nth), observed_at, body }))
}

fn tick_of(cluster: &str, observed_until: Instant) -> NewRecord {
    let body = ClusterBody::Tick { observed_until, positions: Vec::new() };
    let cluster = cluster.to_owned();
    let event = ClusterEvent { cluster: cluster.clone(), cluster_uid: None, epoch: 1, body };
    record(cluster, observed_until, &Event::Cluster(event))
}

fn tick(observed_until: Instant) -> NewRecord {
    tick_of(CLUSTER, observed_until)
}

fn day(day: i64) -> Instant {
    start() + TimeDelta::days(day)
}

/// Jobs without CronJob, each with a label of its own, one of which still runs and one of which is listed again on the tenth day, with the ticks of 31 days.
fn events() -> Vec<NewRecord> {
    let mut events = Vec::new();
    for nth in 0..JOBS {
        events.push(job(nth, 1, start(), RunPhase::Running));
        let completed_at = start() + TimeDelta::hours(1);
        if nth != 0 {
            events.push(job(nth, 2, completed_at, RunPhase::Succeeded { completed_at }));
        }
    }
    for nth in 0..REMOVED_AFTER_D + 1 {
        if nth == 10 {
            let completed_at = start() + TimeDelta::hours(1);
            events.push(job(1, 2, day(10), RunPhase::Succeeded { completed_at }));
        }
        events.push(tick(day(nth) + TimeDelta::hours(2)));
    }
    events
}

pub(crate) fn open(dir: &Path) -> EmbeddedLog {
    let settings = Settings { partitions: 1, ..Settings::default() };
    EmbeddedLog::open(&dir.join("log"), settings).expect("a log")
}

/// The last record of each batch in `kigen.status`; empty: a tombstone.
pub(crate) fn statuses(log: &EmbeddedLog) -> BTreeMap<String, Vec<u8>> {
    let records = log.read(Topic::Status, P0, Offset(0), usize::MAX, usize::MAX).expect("statuses");
    let batches = records.into_iter().filter(|record| record.key != POSITION_KEY);
    batches.map(|record| (record.key, record.value.unwrap_or_default())).collect()
}

pub(crate) fn living(log: &EmbeddedLog) -> BTreeSet<String> {
    statuses(log).into_iter().filter(|(_, value)| !value.is_empty()).map(|(key, _)| key).collect()
}

pub(crate) fn stored(dir: &Path) -> BTreeSet<String> {
    let (store, dropped) = Store::open(dir).expect("a store");
    assert_eq!(dropped, None);
    let states = store.states(P0, None, usize::MAX).expect("states");
    states.into_iter().map(|(key, _)| key.to_string()).collect()
}

fn keys(of: &[u64]) -> BTreeSet<String> {
    of.iter().map(|nth| key(*nth).to_string()).collect()
}

#[tokio::test]
async fn a_removed_batch_is_a_tombstone_and_no_restore_brings_it_back() {
    let dir = tempfile::tempdir().expect("a folder");
    let log = open(dir.path());
    log.append(events()).await.expect("events");
    let (used, behind) = (dir.path().join("store"), dir.path().join("behind"));
    judge_all(&log, &used, TurnBounds::default()).await;
    // The one that runs, and the one that was listed again.
    let left = keys(&[0, 1]);
    assert_eq!(living(&log), left);
    assert_eq!(statuses(&log).len() as u64, JOBS, "each other one is a tombstone");
    assert_eq!(stored(&used), left);

    // A store that is rebuilt, and one that was made before the removal and gets the tail applied.
    judge_all(&log, &behind, TurnBounds::default()).await;
    log.append(vec![tick(day(REMOVED_AFTER_D + 11))]).await.expect("a tick");
    judge_all(&log, &used, TurnBounds::default()).await;
    assert_eq!((living(&log), stored(&used)), (keys(&[0]), keys(&[0])));
    assert_eq!(stored(&behind), left, "it is behind");
    log.append(vec![tick(day(REMOVED_AFTER_D + 12))]).await.expect("a tick");
    judge_all(&log, &behind, TurnBounds::default()).await;
    judge_all(&log, &dir.path().join("new"), TurnBounds::default()).await;
    assert_eq!((stored(&behind), stored(&dir.path().join("new"))), (keys(&[0]), keys(&[0])));

    // A later fact begins a new state.
    let again = day(REMOVED_AFTER_D + 13);
    log.append(vec![job(7, 9, again, RunPhase::Running), tick(again)]).await.expect("a fact");
    judge_all(&log, &used, TurnBounds::default()).await;
    assert_eq!((living(&log), stored(&used)), (keys(&[0, 7]), keys(&[0, 7])));
}

#[tokio::test]
async fn a_removal_is_a_function_of_the_log_however_turns_are_cut() {
    let dir = tempfile::tempdir().expect("a folder");
    let log = open(dir.path());
    log.append(events()).await.expect("events");
    judge_all(&log, &dir.path().join("store"), TurnBounds::default()).await;
    let whole = statuses(&log);

    let records = log.read(Topic::Events, P0, Offset(0), usize::MAX, usize::MAX).expect("events");
    let mut replay = Replay::new(P0, 1);
    replay.fold(&records).expect("a replay");
    let replayed: BTreeMap<String, Vec<u8>> = replay
        .states()
        .map(|state| (state.key.to_string(), kigen_wire::encode_batch(state, kigen_wire::Level::NEWEST)))
        .collect();
    let left = whole.iter().filter(|(_, value)| !value.is_empty());
    assert_eq!(replayed, left.map(|(key, value)| (key.clone(), value.clone())).collect());
    assert_eq!(replay.state(&key(2)), None, "removed");

    for batches_max in [1, 2, 3, 7] {
        let dir = tempfile::tempdir().expect("a folder");
        let log = open(dir.path());
        log.append(events()).await.expect("events");
        let bounds = TurnBounds { batches_max, due_page_max: 2, ..TurnBounds::default() };
        judge_all(&log, &dir.path().join("store"), bounds).await;
        assert_eq!(statuses(&log), whole, "commits of {batches_max} batches");
    }
}

/// A store has the removal at the instant that the kigen which wrote it has computed.
#[tokio::test]
async fn a_batch_that_an_older_kigen_would_have_removed_later_is_removed_once() {
    let dir = tempfile::tempdir().expect("a folder");
    let (log, used) = (open(dir.path()), dir.path().join("store"));
    let completed_at = start() + TimeDelta::hours(1);
    let job = job(1, 1, completed_at, RunPhase::Succeeded { completed_at });
    log.append(vec![job, tick(day(1))]).await.expect("events");
    judge_all(&log, &used, TurnBounds::default()).await;
    let due = completed_at + TimeDelta::days(REMOVED_AFTER_D);
    let (store, _) = Store::open(&used).expect("a store");
    let state = store.state(P0, &key(1)).expect("readable").expect("the state");
    let mut batch = Batch::new(P0);
    batch.put(&key(1), &state, Some(due), Some(due + TimeDelta::days(2))).expect("a batch");
    store.commit(batch).expect("a commit");
    drop(store);
    for nth in 1..5 {
        log.append(vec![tick(day(REMOVED_AFTER_D + nth))]).await.expect("a tick");
        judge_all(&log, &used, TurnBounds::default()).await;
        let records = log.read(Topic::Status, P0, Offset(0), usize::MAX, usize::MAX).expect("statuses");
        let tombstones = records.iter().filter(|record| record.key != POSITION_KEY && record.value.is_none());
        assert_eq!(tombstones.count(), usize::from(nth >= 3), "day {nth}");
    }
    assert_eq!(stored(&used), keys(&[]));
}
