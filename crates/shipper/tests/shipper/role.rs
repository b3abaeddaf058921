//! The role with a real log: what it appends, and how it resumes after it was stopped.

use std::time::Duration;

use crate::support::event_log::{cluster_events, facts, keyed_events, open};
use crate::support::running::Running;
use crate::support::shipping::second_after;
use crate::support::{final_states, independent_final_states, recording};
use chrono::TimeDelta;
use kigen_log::{EmbeddedLog, LogReader};
use kigen_model::Instant;
use kigen_model::event::{ClusterBody, ClusterEvent, Event};
use kigen_model::topic::Partition;
use kigen_playback::clock::{Clock, Pace};
use kigen_playback::history::History;
use kigen_playback::server::{Options, Played, Server};
use kigen_shipper::settings::{Access, Settings};

const PARTITIONS: u32 = 3;

struct Cluster {
    server: Server,
    clock: Clock,
}

impl Cluster {
    async fn start(history: History) -> Self {
        let end = second_after(history.end()) + TimeDelta::seconds(60);
        let clock = Clock::new(history.start(), Pace::Manual, Some(end));
        let options = Options { eager_bookmarks: true, ..Options::default() };
        let played = Played { history, clock: clock.clone(), options };
        Self { server: Server::start(played).await.expect("a free port"), clock }
    }

    fn ship(&self, log: &EmbeddedLog) -> Running {
        let settings = Settings {
            probe_interval_ms: 5,
            retry_delay_ms_min: 1,
            ..Settings::new("test", Access::Url(self.server.url()))
        };
        Running::start(log.clone(), settings, &self.clock, "the test")
    }
}

async fn until_ticked(log: &EmbeddedLog, epoch: u64, instant: Instant) {
    until_reached(log, |event| event.epoch == epoch, instant).await;
}

async fn until_ticked_by_any(log: &EmbeddedLog, instant: Instant) {
    until_reached(log, |_| true, instant).await;
}

async fn until_reached(log: &EmbeddedLog, is_meant: impl Fn(&ClusterEvent) -> bool, instant: Instant) {
    let mut changes = log.changes();
    let is_reached = |event: &ClusterEvent| match &event.body {
        ClusterBody::Tick { observed_until, .. } => is_meant(event) && *observed_until >= instant,
        ClusterBody::Epoch { .. }
        | ClusterBody::Gap { .. }
        | ClusterBody::Calendar { .. }
        | ClusterBody::Mute { .. }
        | ClusterBody::Stalled { .. }
        | ClusterBody::StallOver { .. }
        | ClusterBody::Forgotten { .. } => false,
    };
    let reached = async {
        while !(0..PARTITIONS).all(|nth| cluster_events(log, nth).iter().any(&is_reached)) {
            changes.changed().await.expect("the log is open");
        }
    };
    tokio::time::timeout(Duration::from_secs(60), reached).await.expect("it ticks in time");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_role_that_is_stopped_and_started_resumes_under_a_new_epoch() {
    let path = recording("cron_ttl_history");
    let history = History::from_recording(&path).expect("a recording");
    let (start, end) = (second_after(history.start()), second_after(history.end()));
    let folder = tempfile::tempdir().expect("a folder");
    let log = open(folder.path(), PARTITIONS);
    let cluster = Cluster::start(history).await;
    let mut epoch = 0;
    for third in 1..=3 {
        // The first ships only the beginning; changes while none runs are emitted by the next.
        epoch += 1;
        let until = cluster.clock.now();
        let running = cluster.ship(&log);
        until_ticked(&log, epoch, until - TimeDelta::seconds(1)).await;
        let middle = start + (end - start) * (2 * third - 1) / 6;
        let middle = second_after(middle);
        cluster.clock.advance_to(middle);
        until_ticked(&log, epoch, middle).await;
        running.stop().await;
        cluster.clock.advance_to(second_after(start + (end - start) * (2 * third) / 6));
    }
    epoch += 1;
    cluster.clock.advance_to(end + TimeDelta::seconds(2));
    let running = cluster.ship(&log);
    until_ticked(&log, epoch, end).await;
    running.stop().await;

    assert_eq!(final_states(&facts(&log)), independent_final_states(&path));
    assert_partitions_agree(&log, epoch);
}

fn assert_partitions_agree(log: &EmbeddedLog, epoch: u64) {
    let first = cluster_events(log, 0);
    let epochs: Vec<_> = first
        .iter()
        .filter(|event| matches!(event.body, ClusterBody::Epoch { .. }))
        .map(|event| event.epoch)
        .collect();
    assert_eq!(epochs, (1..=epoch).collect::<Vec<_>>());
    let gaps = first.iter().filter(|event| matches!(event.body, ClusterBody::Gap { .. })).count();
    assert_eq!(gaps, 1, "only that of the first start");
    for nth in 0..PARTITIONS {
        assert_eq!(cluster_events(log, nth), first, "each partition has each tick");
        for (key, event) in keyed_events(log, nth) {
            match event {
                Event::Fact(fact) => {
                    assert_eq!(key, fact.key.to_string());
                    assert_eq!(log.partition_of(&key), Partition(nth));
                }
                Event::Cluster(event) => assert_eq!(key, event.cluster),
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_role_that_is_killed_at_any_write_loses_nothing() {
    let path = recording("job_ttl");
    let history = History::from_recording(&path).expect("a recording");
    let (start, end) = (second_after(history.start()), second_after(history.end()));
    let folder = tempfile::tempdir().expect("a folder");
    let log = open(folder.path(), PARTITIONS);
    let cluster = Cluster::start(history).await;
    let running = cluster.ship(&log);
    until_ticked(&log, 1, start - TimeDelta::seconds(1)).await;
    running.kill().await;
    let seconds = (end - start).num_seconds();
    for second in 1..=seconds {
        // Killed after none, one or two writes; it makes at least two, its epoch and a tick.
        let mut changes = log.changes();
        let before = *changes.borrow();
        let writes = u64::try_from(second % 3).expect("small");
        cluster.clock.advance_to(start + TimeDelta::seconds(second));
        let running = cluster.ship(&log);
        let written = changes.wait_for(|now| now - before >= writes);
        let written = tokio::time::timeout(Duration::from_secs(60), written).await;
        drop(written.expect("it writes").expect("the log is open"));
        running.kill().await;
    }
    cluster.clock.advance_to(end + TimeDelta::seconds(2));
    let running = cluster.ship(&log);
    until_ticked_by_any(&log, end).await;
    running.stop().await;
    assert_eq!(final_states(&facts(&log)), independent_final_states(&path));
    let gaps =
        cluster_events(&log, 0).into_iter().filter(|event| matches!(event.body, ClusterBody::Gap { .. }));
    assert_eq!(gaps.count(), 1, "only that of the first start");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_role_started_twice_over_the_same_cluster_emits_nothing_twice() {
    let path = recording("cron_success");
    let history = History::from_recording(&path).expect("a recording");
    let end = second_after(history.end());
    let folder = tempfile::tempdir().expect("a folder");
    let log = open(folder.path(), PARTITIONS);
    let cluster = Cluster::start(history).await;
    let running = cluster.ship(&log);
    until_ticked(&log, 1, cluster.clock.now() - TimeDelta::seconds(1)).await;
    cluster.clock.advance_to(end);
    until_ticked(&log, 1, end).await;
    running.stop().await;
    let emitted = |log: &EmbeddedLog| {
        let cron_jobs = facts(log)
            .into_iter()
            .filter(|fact| matches!(fact.body, kigen_model::event::FactBody::CronJob { .. }));
        cron_jobs.count()
    };
    let before = emitted(&log);
    cluster.clock.advance_to(end + TimeDelta::seconds(5));
    let running = cluster.ship(&log);
    until_ticked(&log, 2, end + TimeDelta::seconds(5)).await;
    running.stop().await;
    assert_eq!(emitted(&log), before);
}
