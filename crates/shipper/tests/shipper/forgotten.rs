//! A cluster that an operator had forgotten: a shipper of its name begins anew, also one that still leads.

use std::time::Duration;

use chrono::TimeDelta;
use kigen_log::{EmbeddedLog, Log, NewRecord};
use kigen_model::event::{ClusterBody, ClusterEvent, Event};
use kigen_model::topic::{Partition, Topic};
use kigen_playback::clock::{Clock, Pace};
use kigen_playback::history::History;
use kigen_playback::server::{Options, Played, Server};
use kigen_shipper::settings::{Access, LeaseSettings, Settings};

use crate::support::event_log::{cluster_events, keyed_events, open};
use crate::support::running::Running;
use crate::support::shipping::second_after;
use crate::support::{final_states, independent_final_states, recording};

const PARTITIONS: u32 = 2;
const RECORDING: &str = "cron_success";

async fn play() -> Server {
    let history = History::from_recording(recording(RECORDING)).expect("a recording");
    let end = second_after(history.end()) + TimeDelta::hours(2);
    let clock = Clock::new(history.start(), Pace::Manual, Some(end));
    let options = Options { eager_bookmarks: true, ..Options::default() };
    Server::start(Played { history, clock, options }).await.expect("a free port")
}

fn settings(server: &Server, lease: Option<LeaseSettings>) -> Settings {
    Settings {
        probe_interval_ms: 5,
        retry_delay_ms_min: 1,
        retry_delay_ms_max: 20,
        lease,
        ..Settings::new("test", Access::Url(server.url()))
    }
}

/// Retires the cluster, as the command does.
async fn forget(log: &EmbeddedLog, epoch: u64) {
    let body = ClusterBody::Forgotten { author: "ann@laptop".to_owned() };
    let event = Event::Cluster(ClusterEvent { cluster: "test".to_owned(), cluster_uid: None, epoch, body });
    let record = |nth| NewRecord {
        topic: Topic::Events,
        partition: Partition(nth),
        key: "test".to_owned(),
        value: Some(kigen_wire::encode_event(&event, kigen_wire::Level::NEWEST)),
        timestamp: chrono::Utc::now(),
    };
    log.append((0..PARTITIONS).map(record).collect()).await.expect("appended");
}

/// The time passes until this epoch has ticked after the end of the history.
async fn until_ticked(server: &Server, log: &EmbeddedLog, epoch: u64) {
    let ticked = async {
        loop {
            let now = second_after(server.clock().now() + TimeDelta::seconds(1));
            server.clock().advance_to(now);
            tokio::time::sleep(Duration::from_millis(20)).await;
            let has_ticked =
                |event: &ClusterEvent| event.epoch == epoch && matches!(event.body, ClusterBody::Tick { .. });
            if (0..PARTITIONS).all(|nth| cluster_events(log, nth).iter().any(has_ticked)) {
                return;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(60), ticked).await.expect("it ticks");
}

/// What was emitted after the cluster was forgotten is all that there is.
fn assert_that_it_began_anew(log: &EmbeddedLog) {
    let facts: Vec<_> = (0..PARTITIONS)
        .flat_map(|nth| {
            let events: Vec<Event> = keyed_events(log, nth).into_iter().map(|(_, event)| event).collect();
            let is_it = |event: &Event| match event {
                Event::Cluster(event) => matches!(event.body, ClusterBody::Forgotten { .. }),
                Event::Fact(_) => false,
            };
            let place = events.iter().position(is_it).expect("it is forgotten");
            events.into_iter().skip(place)
        })
        .filter_map(|event| if let Event::Fact(fact) = event { Some(fact) } else { None })
        .collect();
    assert_eq!(final_states(&facts), independent_final_states(&recording(RECORDING)));
}

fn to_the_end(server: &Server) {
    let history = History::from_recording(recording(RECORDING)).expect("a recording");
    server.clock().advance_to(second_after(history.end()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shipper_of_a_forgotten_cluster_emits_everything_anew() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = open(folder.path(), PARTITIONS);
    let server = play().await;
    to_the_end(&server);
    let running = Running::start(log.clone(), settings(&server, None), server.clock(), "one");
    until_ticked(&server, &log, 1).await;
    running.stop().await;
    forget(&log, 2).await;
    let running = Running::start(log.clone(), settings(&server, None), server.clock(), "one");
    until_ticked(&server, &log, 3).await;
    running.stop().await;
    assert_that_it_began_anew(&log);
}

/// The command refuses a cluster that still ticks, but a shipper may start while it runs.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_leader_whose_cluster_is_forgotten_begins_anew_by_itself() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = open(folder.path(), PARTITIONS);
    let server = play().await;
    to_the_end(&server);
    let lease = LeaseSettings::new("kigen-test");
    let running = Running::start(log.clone(), settings(&server, Some(lease)), server.clock(), "one");
    until_ticked(&server, &log, 1).await;
    forget(&log, 2).await;
    until_ticked(&server, &log, 3).await;
    running.stop().await;
    assert_that_it_began_anew(&log);
}
