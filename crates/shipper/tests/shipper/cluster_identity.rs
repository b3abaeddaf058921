//! Two clusters under one name: the UID of a namespace distinguishes them, and the second is refused.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::support::event_log::{cluster_events, open};
use crate::support::recording;
use crate::support::running::{Ended, Running};
use chrono::TimeDelta;
use expect_test::expect;
use kigen_log::{EmbeddedLog, Log, LogError, LogReader, NewRecord};
use kigen_model::event::{ClusterBody, ClusterEvent, Event};
use kigen_model::topic::{Offset, Partition, Topic};
use kigen_playback::clock::{Clock, Pace};
use kigen_playback::history::History;
use kigen_playback::server::{Options, Played, Server};
use kigen_shipper::settings::{Access, Settings};

const PARTITIONS: u32 = 2;
const ONE: &str = "00000000-0000-4000-8000-000000000001";
const OTHER: &str = "00000000-0000-4000-8000-000000000002";

/// A cluster whose `kube-system` has this UID, at this port.
async fn cluster(uid: &str, port: u16) -> Server {
    let history = History::from_recording(recording("cron_success")).expect("a recording");
    let clock = Clock::new(history.start(), Pace::Manual, None);
    let options = Options { port, cluster_uid: uid.to_owned(), eager_bookmarks: true, ..Options::default() };
    Server::start(Played { history, clock, options }).await.expect("a free port")
}

/// Starts a shipper two seconds later, so that a tick is due.
fn ship(server: &Server, log: &impl Log, namespace: Option<&str>) -> Running {
    server.clock().advance_to(server.clock().now() + TimeDelta::seconds(2));
    let settings = Settings {
        namespace: namespace.map(str::to_owned),
        probe_interval_ms: 5,
        retry_delay_ms_min: 1,
        retry_delay_ms_max: 20,
        start_ms_max: 50,
        ..Settings::new("prod", Access::Url(server.url()))
    };
    Running::start(log.clone(), settings, server.clock(), "the test")
}

/// Waits for a tick of that epoch in every partition, and returns its cluster's UID.
async fn uid_of_tick(log: &EmbeddedLog, epoch: u64) -> Option<String> {
    let mut changes = log.changes();
    let is_tick = |event: &ClusterEvent| match event.body {
        ClusterBody::Tick { .. } => event.epoch == epoch,
        ClusterBody::Epoch { .. }
        | ClusterBody::Gap(_)
        | ClusterBody::Calendar { .. }
        | ClusterBody::Mute { .. }
        | ClusterBody::Stalled { .. }
        | ClusterBody::StallOver { .. }
        | ClusterBody::Forgotten { .. } => false,
    };
    let ticked = async {
        loop {
            let ticks: Option<Vec<_>> =
                (0..PARTITIONS).map(|nth| cluster_events(log, nth).into_iter().find(is_tick)).collect();
            match ticks {
                Some(mut ticks) => return ticks.remove(0).cluster_uid,
                None => changes.changed().await.expect("the log is open"),
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(60), ticked).await.expect("it ticks in time")
}

fn refusal(ended: Ended) -> String {
    ended.expect_err("it is refused").to_string()
}

fn ends(log: &EmbeddedLog) -> Vec<Offset> {
    (0..PARTITIONS).map(|nth| log.latest(Topic::Events, Partition(nth)).expect("an end")).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_cluster_of_the_same_name_is_refused_and_the_first_continues() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = open(folder.path(), PARTITIONS);
    let (one, other) = (cluster(ONE, 0).await, cluster(OTHER, 0).await);
    let running = ship(&one, &log, None);
    assert_eq!(uid_of_tick(&log, 1).await.as_deref(), Some(ONE));
    running.stop().await;
    assert!((0..PARTITIONS).flat_map(|nth| cluster_events(&log, nth)).all(|event| {
        // Every record has the UID, the epoch of a leader included, so that no other cluster has the name meanwhile.
        event.cluster_uid.as_deref() == Some(ONE)
    }));

    let before = ends(&log);
    let refused = refusal(ship(&other, &log, None).ended().await);
    expect![[r#"
        kigen.events knows the cluster `prod` by the UID 00000000-0000-4000-8000-000000000001, but the one that answers has the UID 00000000-0000-4000-8000-000000000002 (of its namespace kube-system); kigen ships nothing of it, since verdicts would mix the two. Give each a name of its own (--cluster, KIGEN_CLUSTER, or `cluster` in kigen.toml). One that was re-created, or is watched in another scope than before, counts as another too, since no record of the old one applies to it: choose another name, or retire the old one (kigen clusters forget)
    "#]]
    .assert_eq(&format!("{refused}\n"));
    assert_eq!(ends(&log), before, "it has written nothing");

    let running = ship(&one, &log, None);
    assert_eq!(uid_of_tick(&log, 2).await.as_deref(), Some(ONE));
    running.stop().await;
}

/// A log to which another shipper appends just before the first append of the shipper under test.
#[derive(Clone)]
struct Overtaken {
    log: EmbeddedLog,
    before: Arc<Mutex<Vec<NewRecord>>>,
}

impl Log for Overtaken {
    type Reader = <EmbeddedLog as Log>::Reader;
    type Consumer = <EmbeddedLog as Log>::Consumer;

    fn reader(&self) -> &Self::Reader {
        self.log.reader()
    }

    async fn append(&self, records: Vec<NewRecord>) -> Result<Vec<Offset>, LogError> {
        let before = std::mem::take(&mut *self.before.lock().expect("no panic"));
        self.log.append(before).await?;
        self.log.append(records).await
    }

    fn join(&self, name: &'static str, topic: Topic) -> Result<Self::Consumer, LogError> {
        self.log.join(name, topic)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_clusters_that_find_an_empty_log_the_second_to_append_is_refused() {
    let one = cluster(ONE, 0).await;
    let folder = tempfile::tempdir().expect("a folder");
    let log = open(folder.path(), PARTITIONS);
    let body = ClusterBody::Epoch { shipper: "the other".to_owned() };
    let begun =
        ClusterEvent { cluster: "prod".to_owned(), cluster_uid: Some(OTHER.to_owned()), epoch: 1, body };
    let record = |nth| NewRecord {
        topic: Topic::Events,
        partition: Partition(nth),
        key: "prod".to_owned(),
        value: Some(kigen_wire::encode_event(&Event::Cluster(begun.clone()), kigen_wire::Level::NEWEST)),
        timestamp: one.clock().now(),
    };
    let before = Arc::new(Mutex::new((0..PARTITIONS).map(record).collect()));
    let refused = refusal(ship(&one, &Overtaken { log: log.clone(), before }, None).ended().await);
    assert!(refused.contains(&format!("by the UID {OTHER}")), "{refused}");
    assert_eq!(cluster_events(&log, 0).len(), 2, "it has written its epoch, and nothing else");

    // A cluster that appends after it does not stop the first.
    let folder = tempfile::tempdir().expect("a folder");
    let log = open(folder.path(), PARTITIONS);
    let running = ship(&one, &log, None);
    uid_of_tick(&log, 1).await;
    log.append((0..PARTITIONS).map(record).collect()).await.expect("taken");
    one.clock().advance_to(one.clock().now() + TimeDelta::seconds(2));
    let ticked =
        || cluster_events(&log, 0).last().is_some_and(|event| event.cluster_uid.as_deref() == Some(ONE));
    tokio::time::timeout(Duration::from_secs(60), async {
        while !ticked() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await
    .expect("it continues");
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_watched_namespace_identifies_the_cluster() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = open(folder.path(), PARTITIONS);
    let server = cluster(ONE, 0).await;
    let running = ship(&server, &log, Some("s-cron-success"));
    let uid = uid_of_tick(&log, 1).await.expect("a UID");
    running.stop().await;
    assert_ne!(uid, ONE);
    let running = ship(&server, &log, Some("s-cron-success"));
    assert_eq!(uid_of_tick(&log, 2).await, Some(uid.clone()));
    running.stop().await;
    for namespace in [None, Some("another")] {
        let refused = refusal(ship(&server, &log, namespace).ended().await);
        assert!(refused.contains(&uid) && refused.contains("watched in another scope"), "{refused}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shipper_that_may_not_read_the_uid_continues_without() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = open(folder.path(), PARTITIONS);
    let (one, other) = (cluster(ONE, 0).await, cluster(OTHER, 0).await);
    one.faults().refuse_namespaces(Some(403));
    let running = ship(&one, &log, None);
    assert_eq!(uid_of_tick(&log, 1).await, None);
    running.stop().await;

    // The name is free until a shipper writes a UID, which counts even when that can no longer be read.
    one.faults().refuse_namespaces(None);
    let running = ship(&one, &log, None);
    assert_eq!(uid_of_tick(&log, 2).await.as_deref(), Some(ONE));
    running.stop().await;
    one.faults().refuse_namespaces(Some(403));
    let running = ship(&one, &log, None);
    assert_eq!(uid_of_tick(&log, 3).await, None);
    running.stop().await;
    assert!(refusal(ship(&other, &log, None).ended().await).contains(ONE));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_uid_is_requested_until_the_api_server_answers() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = open(folder.path(), PARTITIONS);
    let server = cluster(ONE, 0).await;
    server.faults().refuse_namespaces(Some(500));
    let running = ship(&server, &log, None);
    let enough = server.requests().others + 20;
    let deadline = tokio::time::Instant::now() + Duration::from_secs(60);
    while server.requests().others < enough {
        assert!(tokio::time::Instant::now() < deadline, "it retries");
        tokio::task::yield_now().await;
    }
    assert_eq!(ends(&log), [Offset(0); 2], "nothing is written while the cluster is not identified");
    server.faults().refuse_namespaces(None);
    assert_eq!(uid_of_tick(&log, 1).await.as_deref(), Some(ONE));
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_cluster_at_the_same_address_ends_the_role() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = open(folder.path(), PARTITIONS);
    let one = cluster(ONE, 0).await;
    let port = one.url().rsplit(':').next().and_then(|port| port.parse().ok()).expect("a port");
    let running = ship(&one, &log, None);
    uid_of_tick(&log, 1).await;
    one.shutdown().await;
    let other = cluster(OTHER, port).await;
    let refused = refusal(running.ended().await);
    assert!(refused.contains(ONE) && refused.contains(OTHER), "{refused}");
    let of_other =
        cluster_events(&log, 0).into_iter().filter(|event| event.cluster_uid.as_deref() != Some(ONE));
    assert_eq!(of_other.count(), 0);
    other.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_permission_to_read_the_uid_that_is_revoked_later_does_not_stop_time() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = open(folder.path(), PARTITIONS);
    let server = cluster(ONE, 0).await;
    let running = ship(&server, &log, None);
    assert_eq!(uid_of_tick(&log, 1).await.as_deref(), Some(ONE));
    server.faults().refuse_namespaces(Some(403));
    let later = server.clock().now() + TimeDelta::seconds(50);
    server.clock().advance_to(later);
    let is_later = |event: &ClusterEvent| match event.body {
        ClusterBody::Tick { observed_until, .. } => observed_until + TimeDelta::seconds(1) > later,
        ClusterBody::Epoch { .. }
        | ClusterBody::Gap(_)
        | ClusterBody::Calendar { .. }
        | ClusterBody::Mute { .. }
        | ClusterBody::Stalled { .. }
        | ClusterBody::StallOver { .. }
        | ClusterBody::Forgotten { .. } => false,
    };
    let mut changes = log.changes();
    let ticked = async {
        while !cluster_events(&log, 0).iter().any(is_later) {
            changes.changed().await.expect("the log is open");
        }
    };
    tokio::time::timeout(Duration::from_secs(60), ticked).await.expect("it ticks in time");
    running.stop().await;
}
