//! Several shippers of one cluster and one log: one leads, another takes over, and a leader that wakes up late moves no time.

use std::time::{Duration, Instant as RealInstant};

use crate::support::event_log::{cluster_events, facts, open};
use crate::support::gated_log::Gated;
use crate::support::running::{Running, shipper};
use crate::support::shipping::second_after;
use crate::support::{final_states, independent_final_states, recording};
use chrono::TimeDelta;
use kigen_log::{EmbeddedLog, Log, LogReader, NewRecord};
use kigen_model::Instant;
use kigen_model::event::{ClusterBody, ClusterEvent, Event, StreamPosition};
use kigen_model::topic::{Partition, Topic};
use kigen_playback::clock::{Clock, Pace};
use kigen_playback::history::History;
use kigen_playback::server::{Options, Played, Server};
use kigen_shipper::health::Health;
use kigen_shipper::preflight::{self, LeaseState};
use kigen_shipper::server_clock;
use kigen_shipper::settings::{Access, LeaseScope, LeaseSettings, Settings};
use kigen_state::ClusterClock;
use tokio::time::Instant as TimerInstant;

const PARTITIONS: u32 = 2;
const PATIENCE: Duration = Duration::from_secs(60);
const LEASE: &str = "kigen-test";
/// The Lease's duration, the shortest that it can have.
const LEASE_MS: u64 = 1_000;

struct Cluster {
    server: Server,
    clock: Clock,
}

impl Cluster {
    async fn start(history: History) -> Self {
        let end = second_after(history.end()) + TimeDelta::hours(2);
        let clock = Clock::new(history.start(), Pace::Manual, Some(end));
        let options = Options { eager_bookmarks: true, ..Options::default() };
        let played = Played { history, clock: clock.clone(), options };
        Self { server: Server::start(played).await.expect("a free port"), clock }
    }

    async fn of(name: &str) -> Self {
        Self::start(History::from_recording(recording(name)).expect("a recording")).await
    }

    /// With the default times.
    fn default_lease(&self) -> Settings {
        Settings { lease: Some(LeaseSettings::new(LEASE)), ..self.settings() }
    }

    fn settings(&self) -> Settings {
        let lease = LeaseSettings {
            duration_ms: LEASE_MS,
            trusted_ms: 400,
            interval_ms: 40,
            refused_ms_max: 300,
            ..LeaseSettings::new(LEASE)
        };
        Settings {
            probe_interval_ms: 5,
            retry_delay_ms_min: 1,
            retry_delay_ms_max: 20,
            lease: Some(lease),
            ..Settings::new("test", Access::Url(self.server.url()))
        }
    }

    fn ship<L: Log>(&self, log: &L, name: &'static str) -> Running {
        self.ship_with(self.settings(), log, name)
    }

    fn ship_with<L: Log>(&self, settings: Settings, log: &L, name: &'static str) -> Running {
        Running::start(log.clone(), settings, &self.clock, name)
    }

    fn lease(&self) -> serde_json::Value {
        self.server.lease("default", LEASE).expect("a Lease")
    }

    fn advance(&self, seconds: i64) -> Instant {
        let later = second_after(self.clock.now() + TimeDelta::seconds(seconds));
        self.clock.advance_to(later);
        later
    }
}

/// The epochs that began, in their order, with who began them.
fn leaders(log: &EmbeddedLog) -> Vec<(u64, String)> {
    let began = |event: ClusterEvent| match event.body {
        ClusterBody::Epoch { shipper } => Some((event.epoch, shipper)),
        ClusterBody::Tick { .. }
        | ClusterBody::Gap(_)
        | ClusterBody::Calendar { .. }
        | ClusterBody::Mute { .. }
        | ClusterBody::Stalled { .. }
        | ClusterBody::StallOver { .. }
        | ClusterBody::Forgotten { .. } => None,
    };
    cluster_events(log, 0).into_iter().filter_map(began).collect()
}

fn has_ticked(log: &EmbeddedLog, epoch: u64, instant: Instant) -> bool {
    let reached = |event: &ClusterEvent| match event.body {
        ClusterBody::Tick { observed_until, .. } => event.epoch == epoch && observed_until >= instant,
        ClusterBody::Epoch { .. }
        | ClusterBody::Gap(_)
        | ClusterBody::Calendar { .. }
        | ClusterBody::Mute { .. }
        | ClusterBody::Stalled { .. }
        | ClusterBody::StallOver { .. }
        | ClusterBody::Forgotten { .. } => false,
    };
    (0..PARTITIONS).all(|nth| cluster_events(log, nth).iter().any(reached))
}

async fn until(log: &EmbeddedLog, what: &str, is_so: impl Fn(&EmbeddedLog) -> bool) {
    let mut changes = log.changes();
    let waiting = async {
        while !is_so(log) {
            changes.changed().await.expect("the log is open");
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.unwrap_or_else(|_| panic!("in vain until {what}"));
}

async fn until_ticked(log: &EmbeddedLog, epoch: u64, instant: Instant) {
    until(log, "it ticks", |log| has_ticked(log, epoch, instant)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_shippers_one_leads_and_when_it_dies_the_other_resumes_from_the_log() {
    let name = "cron_ttl_history";
    let history = History::from_recording(recording(name)).expect("a recording");
    let (start, end) = (second_after(history.start()), second_after(history.end()));
    let folder = tempfile::tempdir().expect("a folder");
    let log = open(folder.path(), PARTITIONS);
    let cluster = Cluster::start(history).await;
    let both = [cluster.ship(&log, "one"), cluster.ship(&log, "other")];
    until_ticked(&log, 1, start - TimeDelta::seconds(1)).await;
    let middle = start + (end - start) / 2;
    cluster.clock.advance_to(second_after(middle));
    until_ticked(&log, 1, second_after(middle) - TimeDelta::seconds(1)).await;
    let [(_, first)] = leaders(&log).try_into().expect("one leads");
    let [one, other] = both;
    let (leader, standby) = if first == "one" { (one, other) } else { (other, one) };
    leader.kill().await;
    // The successor emits the changes from the time without a leader. It resumes from the log, since it has watched nothing.
    cluster.clock.advance_to(end + TimeDelta::seconds(2));
    until_ticked(&log, 2, end).await;
    assert_eq!(leaders(&log).len(), 2);
    assert_ne!(leaders(&log)[1].1, first);
    standby.stop().await;
    assert_eq!(final_states(&facts(&log)), independent_final_states(&recording(name)));
    let gaps = cluster_events(&log, 0).into_iter().filter(|event| matches!(event.body, ClusterBody::Gap(_)));
    assert_eq!(gaps.count(), 1, "only that of the first start");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_the_default_times_another_shipper_has_taken_over_within_20_s() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = open(folder.path(), PARTITIONS);
    let cluster = Cluster::of("cron_success").await;
    let first = cluster.ship_with(cluster.default_lease(), &log, "first");
    let begun = cluster.advance(3);
    until_ticked(&log, 1, begun).await;
    let second = cluster.ship_with(cluster.default_lease(), &log, "second");
    let deadline = TimerInstant::now() + PATIENCE;
    let others = cluster.server.requests().others;
    // It connects, reads the Lease, and reads it again.
    while cluster.server.requests().others < others + 3 {
        assert!(TimerInstant::now() < deadline, "it stands by");
        tokio::task::yield_now().await;
    }
    let died_at = TimerInstant::now();
    first.kill().await;
    let later = cluster.advance(3);
    until_ticked(&log, 2, later).await;
    let taken_over = died_at.elapsed();
    println!("taken over after {taken_over:?}");
    assert!(taken_over < Duration::from_secs(20), "{taken_over:?}");
    second.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_leader_that_is_stopped_hands_over_at_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = open(folder.path(), PARTITIONS);
    let cluster = Cluster::of("cron_success").await;
    let first = cluster.ship(&log, "first");
    let begun = cluster.advance(3);
    until_ticked(&log, 1, begun).await;
    let second = cluster.ship(&log, "second");
    first.stop().await;
    assert_eq!(cluster.lease()["spec"]["leaseTransitions"].as_u64().map(|count| count <= 1), Some(true));
    let later = cluster.advance(3);
    until_ticked(&log, 2, later).await;
    assert_eq!(leaders(&log), [(1, "first".to_owned()), (2, "second".to_owned())]);
    let holder = cluster.lease()["spec"]["holderIdentity"].clone();
    assert!(holder.as_str().is_some_and(|holder| holder.starts_with("second, ")), "{holder}");
    second.stop().await;
    assert_eq!(cluster.lease()["spec"]["holderIdentity"], "");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_leader_that_is_frozen_before_it_writes_a_tick_wakes_up_and_moves_no_time() {
    let name = "cron_ttl_history";
    let history = History::from_recording(recording(name)).expect("a recording");
    let (start, end) = (second_after(history.start()), second_after(history.end()));
    let folder = tempfile::tempdir().expect("a folder");
    let log = open(folder.path(), PARTITIONS);
    let cluster = Cluster::start(history).await;
    let gated = Gated::new(&log);
    let (stop, shipper) =
        shipper(gated.clone(), cluster.settings(), &cluster.clock, "frozen", Health::default());
    let frozen = std::thread::spawn(|| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(shipper).expect("it ends well");
    });
    until_ticked(&log, 1, start - TimeDelta::seconds(1)).await;
    gated.shut(true);
    let middle = second_after(start + (end - start) / 2);
    cluster.clock.advance_to(middle);
    let deadline = TimerInstant::now() + PATIENCE;
    while !gated.waits() {
        assert!(TimerInstant::now() < deadline, "it wants to tick");
        tokio::task::yield_now().await;
    }
    let standby = cluster.ship(&log, "standby");
    let later = middle + TimeDelta::seconds(5);
    cluster.clock.advance_to(later);
    until_ticked(&log, 2, later).await;
    let before = log.latest(Topic::Events, Partition(0)).expect("an end");
    gated.shut(false);
    until(&log, "the frozen one has written its tick", |log| {
        log.latest(Topic::Events, Partition(0)).expect("an end") > before
            && cluster_events(log, 0).last().is_some_and(|event| event.epoch == 1)
    })
    .await;
    assert_that_zombies_move_no_time(&log);
    // It has noticed by itself that it no longer leads, and is a standby.
    cluster.clock.advance_to(end + TimeDelta::seconds(2));
    until_ticked(&log, 2, end).await;
    standby.stop().await;
    until(&log, "the one that was frozen leads again", |log| leaders(log).len() == 3).await;
    assert_eq!(leaders(&log)[2], (3, "frozen".to_owned()));
    let later = cluster.advance(2);
    until_ticked(&log, 3, later).await;
    stop.send(()).expect("it runs");
    frozen.join().expect("it does not panic");
    assert_eq!(final_states(&facts(&log)), independent_final_states(&recording(name)));
}

/// Records of an older epoch after those of a newer one do not move the clock by which batches are judged.
fn assert_that_zombies_move_no_time(log: &EmbeddedLog) {
    for nth in 0..PARTITIONS {
        let mut clock = ClusterClock::default();
        let mut ignored = 0;
        for event in cluster_events(log, nth) {
            let (before, newest) = (clock.clone(), clock.epoch);
            let counts = clock.step(&event);
            assert_eq!(counts, event.epoch >= newest);
            if !counts {
                ignored += 1;
                assert_eq!(clock, before, "a zombie's record changes nothing");
            }
        }
        assert!(ignored > 0, "partition {nth}: the zombie has written its tick");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_next_leader_does_not_resume_from_a_zombies_last_tick() {
    let name = "cron_ttl_history";
    let history = History::from_recording(recording(name)).expect("a recording");
    let (start, end) = (second_after(history.start()), second_after(history.end()));
    let newest = history.changes().last().expect("changes").resource_version();
    let folder = tempfile::tempdir().expect("a folder");
    let log = open(folder.path(), PARTITIONS);
    let cluster = Cluster::start(history).await;
    for epoch in 1..=2 {
        let running = cluster.ship(&log, "leader");
        let later = second_after(start + TimeDelta::seconds(epoch));
        cluster.clock.advance_to(later);
        until_ticked(&log, u64::try_from(epoch).expect("positive"), later).await;
        running.stop().await;
    }
    cluster.clock.advance_to(end + TimeDelta::seconds(2));
    // Its watches had expired and it lists again: its gap is ignored, like all of its records.
    let positions = ["cronjobs", "jobs", "pods"]
        .map(|stream| StreamPosition { stream: stream.to_owned(), resource_version: newest });
    let body = ClusterBody::Tick { observed_until: end, positions: positions.to_vec() };
    let zombie =
        Event::Cluster(ClusterEvent { cluster: "test".to_owned(), cluster_uid: None, epoch: 1, body });
    let record = |nth| NewRecord {
        topic: Topic::Events,
        partition: Partition(nth),
        key: "test".to_owned(),
        value: Some(kigen_wire::encode_event(&zombie, kigen_wire::Level::NEWEST)),
        timestamp: cluster.clock.now(),
    };
    log.append((0..PARTITIONS).map(record).collect()).await.expect("appended");
    let running = cluster.ship(&log, "leader");
    until_ticked(&log, 3, end).await;
    running.stop().await;
    assert_eq!(final_states(&facts(&log)), independent_final_states(&recording(name)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_leader_that_cannot_renew_stops_ticking_before_its_lease_expires_until_it_leads_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = open(folder.path(), PARTITIONS);
    let cluster = Cluster::of("cron_success").await;
    let gated = Gated::new(&log);
    let running = cluster.ship(&gated, "leader");
    let begun = cluster.advance(3);
    until_ticked(&log, 1, begun).await;
    cluster.server.faults().refuse_leases(Some(500));
    let free_at = TimerInstant::now() + Duration::from_millis(LEASE_MS);
    // All else works, and time passes in the cluster: it ticks, until it no longer may.
    let mut changes = log.changes();
    loop {
        let later = cluster.advance(1);
        let ticked = async {
            while !has_ticked(&log, 1, later) {
                changes.changed().await.expect("the log is open");
            }
        };
        if tokio::time::timeout(Duration::from_millis(LEASE_MS), ticked).await.is_err() {
            break;
        }
    }
    let ticked_at = gated.ticked_at().expect("it has ticked");
    assert!(ticked_at < free_at, "it ticked when another could lead, {:?} late", ticked_at - free_at);
    cluster.server.faults().refuse_leases(None);
    let later = cluster.advance(1);
    until_ticked(&log, 2, later).await;
    running.stop().await;
    assert_eq!(leaders(&log).len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster_that_grants_no_lease_is_shipped_without_and_epochs_follow_the_log() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = open(folder.path(), PARTITIONS);
    let cluster = Cluster::of("cron_success").await;
    cluster.server.faults().refuse_leases(Some(403));
    for epoch in 1..=3 {
        let running = cluster.ship(&log, "alone");
        let later = cluster.advance(2);
        until_ticked(&log, epoch, later).await;
        running.stop().await;
    }
    assert!(cluster.server.lease("default", LEASE).is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lease_that_is_refused_only_at_the_start_is_taken() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = open(folder.path(), PARTITIONS);
    let cluster = Cluster::of("cron_success").await;
    cluster.server.faults().refuse_leases(Some(403));
    let running = cluster.ship(&log, "leader");
    let others = cluster.server.requests().others;
    let deadline = TimerInstant::now() + PATIENCE;
    while cluster.server.requests().others < others + 3 {
        assert!(TimerInstant::now() < deadline, "it retries");
        tokio::task::yield_now().await;
    }
    cluster.server.faults().refuse_leases(None);
    let later = cluster.advance(2);
    until_ticked(&log, 1, later).await;
    assert!(cluster.lease()["spec"]["holderIdentity"].as_str().is_some_and(|it| it.starts_with("leader, ")));
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_lease_was_deleted_epochs_continue_from_the_log_and_none_is_used_twice() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = open(folder.path(), PARTITIONS);
    let cluster = Cluster::of("cron_success").await;
    for epoch in 1..=2 {
        let running = cluster.ship(&log, "leader");
        let later = cluster.advance(1);
        until_ticked(&log, epoch, later).await;
        running.stop().await;
    }
    cluster.server.delete_lease("default", LEASE);
    let running = cluster.ship(&log, "leader");
    let later = cluster.advance(1);
    until_ticked(&log, 3, later).await;
    let deadline = TimerInstant::now() + PATIENCE;
    while cluster.lease()["spec"]["leaseTransitions"] != 2 {
        assert!(TimerInstant::now() < deadline, "the Lease counts the leaders: {}", cluster.lease());
        tokio::task::yield_now().await;
    }
    // Also while a leader holds it.
    cluster.server.delete_lease("default", LEASE);
    until(&log, "it leads again", |log| leaders(log).len() == 4).await;
    running.stop().await;
    let epochs: Vec<u64> = leaders(&log).into_iter().map(|(epoch, _)| epoch).collect();
    assert_eq!(epochs, [1, 2, 3, 4]);
}

/// By their Leases' default names, as on a laptop, or of a namespace each.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_shippers_of_different_clusters_scopes_or_logs_in_one_namespace_both_lead() {
    let folders = [(); 2].map(|()| tempfile::tempdir().expect("a folder"));
    let [log, other_log] = folders.each_ref().map(|folder| open(folder.path(), PARTITIONS));
    let cluster = Cluster::of("cron_success").await;
    let ship = |of: &str, namespace: Option<&str>, log: &EmbeddedLog, of_log: &str| {
        let scope = LeaseScope { cluster: of, namespace, log: of_log };
        let settings = cluster.settings();
        let lease = LeaseSettings { name: scope.lease_name(), ..settings.lease.expect("one") };
        let namespace = namespace.map(str::to_owned);
        let settings =
            Settings { cluster: of.to_owned(), namespace, lease: Some(lease), ..cluster.settings() };
        cluster.ship_with(settings, log, "any")
    };
    let shippers = [
        ship("prod", None, &log, "kafka:9092"),
        ship("stage", None, &log, "kafka:9092"),
        ship("ml", Some("ml"), &log, "kafka:9092"),
        ship("prod", None, &other_log, "other:9092"),
    ];
    let leads = |log: &EmbeddedLog, name: &str| {
        cluster_events(log, 0)
            .iter()
            .any(|event| event.cluster == name && matches!(event.body, ClusterBody::Tick { .. }))
    };
    cluster
        .pass_until("all lead", || {
            ["prod", "stage", "ml"].iter().all(|name| leads(&log, name)) && leads(&other_log, "prod")
        })
        .await;
    for shipper in shippers {
        shipper.stop().await;
    }
}

/// How long a leader stands aside for a successor that writes nothing.
const SILENCE_MS: u64 = 4_000;

impl Cluster {
    /// A shipper elsewhere: its Lease is another one, so that both lead.
    fn ship_elsewhere(&self, log: &EmbeddedLog, name: &'static str) -> Running {
        let lease =
            LeaseSettings { name: "kigen-elsewhere".to_owned(), ..self.settings().lease.expect("one") };
        self.ship_with(Settings { lease: Some(lease), ..self.settings() }, log, name)
    }

    /// Lets time pass in the cluster until `is_so`.
    async fn pass_until(&self, what: &str, is_so: impl Fn() -> bool) {
        let deadline = TimerInstant::now() + PATIENCE;
        while !is_so() {
            assert!(TimerInstant::now() < deadline, "in vain until {what}");
            self.advance(1);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

fn is_superseded(running: &Running) -> bool {
    running
        .health
        .readiness(RealInstant::now())
        .is_err_and(|why| why.contains("(laptop) has begun the newer epoch"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_leader_that_another_lease_supersedes_stands_aside_and_leads_again_once_the_other_is_gone() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = open(folder.path(), PARTITIONS);
    let cluster = Cluster::of("cron_ttl_history").await;
    let settings = Settings { successor_silence_ms_max: SILENCE_MS, ..cluster.settings() };
    let first = cluster.ship_with(settings, &log, "first");
    let begun = cluster.advance(1);
    until_ticked(&log, 1, begun).await;
    let laptop = cluster.ship_elsewhere(&log, "laptop");
    cluster.pass_until("the other ticks", || has_ticked(&log, 2, begun)).await;
    cluster.pass_until("it is not ready, since its ticks are ignored", || is_superseded(&first)).await;
    // As long as the other ticks.
    let ticks_of_first = || cluster_events(&log, 0).iter().filter(|event| event.epoch == 1).count();
    let (before, since) = (ticks_of_first(), TimerInstant::now());
    let silence = Duration::from_millis(SILENCE_MS);
    cluster.pass_until("more than the silence is over", || since.elapsed() > silence * 5 / 4).await;
    assert!(is_superseded(&first));
    assert_eq!((ticks_of_first(), leaders(&log).len()), (before, 2));
    laptop.stop().await;
    cluster.pass_until("it leads again", || leaders(&log).len() == 3).await;
    assert_eq!(leaders(&log)[2], (3, "first".to_owned()));
    let is_ready = || first.health.readiness(RealInstant::now()).is_ok();
    cluster.pass_until("its ticks count", is_ready).await;
    first.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_shippers_that_begin_one_epoch_at_the_same_time_the_later_in_the_log_leads() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = open(folder.path(), PARTITIONS);
    let cluster = Cluster::of("cron_ttl_history").await;
    let settings = Settings { successor_silence_ms_max: SILENCE_MS, ..cluster.settings() };
    let first = cluster.ship_with(settings, &log, "first");
    let begun = cluster.advance(1);
    until_ticked(&log, 1, begun).await;
    let body = ClusterBody::Epoch { shipper: "laptop".to_owned() };
    let event =
        Event::Cluster(ClusterEvent { cluster: "test".to_owned(), cluster_uid: None, epoch: 1, body });
    let record = |nth| NewRecord {
        topic: Topic::Events,
        partition: Partition(nth),
        key: "test".to_owned(),
        value: Some(kigen_wire::encode_event(&event, kigen_wire::Level::NEWEST)),
        timestamp: cluster.clock.now(),
    };
    log.append((0..PARTITIONS).map(record).collect()).await.expect("appended");
    cluster.pass_until("it stands aside", || is_superseded(&first)).await;
    cluster.pass_until("it leads again", || leaders(&log).len() == 3).await;
    assert_eq!(leaders(&log)[2], (2, "first".to_owned()));
    first.stop().await;
}

#[tokio::test]
async fn a_check_shows_who_holds_the_lease_and_whether_it_is_gone() {
    let cluster = Cluster::of("cron_success").await;
    let clock = cluster.clock.clone();
    let settings = cluster.default_lease();
    let checked = async || {
        let clock = clock.clone();
        preflight::lease(&settings, server_clock::Clock::new(move || clock.now())).await.expect("it answers")
    };
    assert_eq!(checked().await, Some(LeaseState::Free), "there is none");
    let folder = tempfile::tempdir().expect("a folder");
    let log = open(folder.path(), PARTITIONS);
    let running = cluster.ship_with(settings.clone(), &log, "first");
    let held = |state: &Option<LeaseState>| match state {
        Some(LeaseState::Held { holder, since, renewed_s, is_expired }) => {
            Some((holder.starts_with("first, "), since.starts_with("20"), *renewed_s, *is_expired))
        }
        _ => None,
    };
    let deadline = TimerInstant::now() + PATIENCE;
    let mut state = checked().await;
    while held(&state).is_none() {
        assert!(TimerInstant::now() < deadline, "it never leads: {state:?}");
        tokio::time::sleep(Duration::from_millis(5)).await;
        state = checked().await;
    }
    assert_eq!(held(&state), Some((true, true, 0, false)));
    running.kill().await;
    clock.advance_to(clock.now() + TimeDelta::seconds(60));
    let gone = checked().await;
    assert!(matches!(held(&gone), Some((true, true, 60.., true))), "{gone:?}");
    cluster.server.faults().refuse_leases(Some(403));
    assert_eq!(checked().await, Some(LeaseState::Refused));
}
