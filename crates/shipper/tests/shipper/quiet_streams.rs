//! A quiet cluster behind the API servers and proxies of `docs/operations.md`: each row of its table is a test here.

use std::time::Duration;

use chrono::TimeDelta;
use kigen_model::Instant;
use kigen_model::event::ClusterBody;
use kigen_playback::cache::{CacheProgress, ConsistentReads};
use kigen_playback::clock::{Clock, Pace};
use kigen_playback::faults::WatchLists;
use kigen_playback::generate::{Cluster, CronJobPlan};
use kigen_playback::resource::Resource;
use kigen_playback::server::{Options, Played, Server};
use kigen_shipper::core::Resume;
use kigen_shipper::input::{Input, StreamEvent};
use kigen_shipper::kubernetes::connect::connect;
use kigen_shipper::server_clock;
use kigen_shipper::settings::{Access, Settings};
use kigen_shipper::shipper::Shipper;

/// How long after the probe's instant its tick may come: the bookmark that proves it comes two to five seconds after it, and
/// the machine may be busy.
const TICK_DELAY_MAX: TimeDelta = TimeDelta::seconds(8);

/// An API server, and what is between it and kigen.
struct Between {
    watch_lists: WatchLists,
    progress: CacheProgress,
    closes_after: Option<Duration>,
    /// A stream that sends nothing from the first tick on.
    frozen: Option<Resource>,
    bookmarks: bool,
    probe_interval_s: u32,
    /// How fast the cluster's time passes.
    speed: f64,
    /// How far apart the Leases are written.
    writes_each: Duration,
    /// How long the cluster is watched. A regular bookmark comes each 60 s, so none does meanwhile.
    watched_s: u32,
}

/// What a shipper made of it.
#[derive(Debug, Default)]
struct Found {
    /// The longest time for which no tick covered the server's time.
    lag_max: TimeDelta,
    /// The longest time between an instant that a tick covers and that tick.
    delay_max: TimeDelta,
    ticks: usize,
    /// All but that of the start.
    gaps: usize,
    behind: Option<kigen_shipper::resource::Resource>,
    failures: Vec<String>,
    /// From the first tick on.
    requests_a_minute: u64,
}

/// Kubernetes 1.32 to 1.36 on etcd's default, without a proxy.
const CURRENT: Between = Between {
    watch_lists: WatchLists::Served,
    progress: reported(600, ConsistentReads::FromCache),
    closes_after: None,
    frozen: None,
    bookmarks: true,
    probe_interval_s: 3,
    speed: 1.0,
    writes_each: Duration::from_millis(300),
    watched_s: 16,
};

const fn reported(every_s: i64, reads: ConsistentReads) -> CacheProgress {
    CacheProgress::Reported { every: TimeDelta::seconds(every_s), reads }
}

/// Watches a cluster in which nothing happens, but that Leases are written, as in any.
async fn watch(between: Between) -> Found {
    let start: Instant = "2026-11-23T08:00:00Z".parse().expect("an instant");
    let mut cluster = Cluster::new(start);
    cluster.cron_job(CronJobPlan::new("ml", "recommend", "0 12 * * *"));
    let clock = Clock::new(start, Pace::Times(between.speed), None);
    let options = Options { cache_progress: between.progress, ..Options::default() };
    let history = cluster.build().expect("a sound plan");
    let played = Played { history, clock: clock.clone(), options };
    let server = Server::start(played).await.expect("a free port");
    server.faults().watch_lists(between.watch_lists);
    server.faults().close_watches_after(between.closes_after);
    server.faults().serve_objectives(true);
    server.faults().stall_bookmarks(!between.bookmarks);
    let settings = Settings {
        probe_interval_ms: u64::from(between.probe_interval_s) * 1000,
        ..Settings::new("test", Access::Url(server.url()))
    };
    let shippers_clock = clock.clone();
    let api = connect(&settings, server_clock::Clock::new(move || shippers_clock.now())).await;
    let mut shipper = Shipper::start(&api.expect("it answers"), &settings, 1, &Resume::default());
    let until = tokio::time::Instant::now() + Duration::from_secs(between.watched_s.into());
    let mut leases = tokio::time::interval(between.writes_each);
    let (mut found, mut covered, mut gaps) = (Found::default(), None, 0);
    let mut began = (0, tokio::time::Instant::now());
    while tokio::time::Instant::now() < until {
        let inputs = tokio::select! {
            inputs = shipper.next() => inputs,
            _ = leases.tick() => {
                server.faults().turn_revision();
                continue;
            }
        };
        for input in inputs {
            if let Input::Stream { event: StreamEvent::Broken { error, .. }, .. } = &input {
                found.failures.push(error.to_string());
            }
            shipper.apply(input);
        }
        for event in shipper.acknowledged().events {
            let ClusterBody::Tick { observed_until, .. } = event.body else {
                gaps += usize::from(matches!(event.body, ClusterBody::Gap(_)));
                continue;
            };
            if covered.is_none() {
                began = (server.requests().total(), tokio::time::Instant::now());
                server.faults().freeze(between.frozen, between.frozen.is_some());
            }
            found.lag_max = found.lag_max.max(clock.now() - covered.unwrap_or(observed_until));
            found.delay_max = found.delay_max.max(clock.now() - observed_until);
            covered = Some(observed_until);
            found.ticks += 1;
        }
    }
    found.lag_max = found.lag_max.max(clock.now() - covered.expect("it ticked"));
    found.gaps = gaps - 1;
    found.behind = shipper.stream_behind();
    let (requests, seconds) = (server.requests().total() - began.0, began.1.elapsed().as_secs().max(1));
    found.requests_a_minute = requests * 60 / seconds;
    found
}

/// Each instant is covered by a tick within a probe's interval and what a bookmark takes, and nothing is lost.
async fn assert_that_time_moves(between: Between) -> Found {
    let lag_max = TimeDelta::seconds(between.probe_interval_s.into()) + TICK_DELAY_MAX;
    let found = watch(between).await;
    assert!(found.lag_max <= lag_max, "{found:?}");
    assert_eq!(found.gaps, 0, "nothing is lost: {found:?}");
    found
}

#[tokio::test]
async fn kubernetes_1_32_and_later_moves_within_seconds_on_an_etcd_that_reports_each_ten_minutes() {
    let found = assert_that_time_moves(CURRENT).await;
    assert_eq!(found.failures, [""; 0], "the end of a watch is no failure");
}

#[tokio::test]
async fn kubernetes_1_31_moves_within_seconds_on_an_etcd_that_reports_each_ten_minutes() {
    let progress = reported(600, ConsistentReads::FromCacheIfUnlimited);
    assert_that_time_moves(Between { watch_lists: WatchLists::Refused, progress, ..CURRENT }).await;
}

/// As kubeadm configures etcd. A bookmark may then be five seconds behind the probe before it, and the next one is not.
#[tokio::test]
async fn kubernetes_1_29_and_1_30_move_within_two_probes_on_an_etcd_that_reports_each_five_seconds() {
    let progress = reported(5, ConsistentReads::FromStore);
    let found = watch(Between { watch_lists: WatchLists::Refused, progress, ..CURRENT }).await;
    assert!(found.lag_max <= TimeDelta::seconds(3 + 5) + TICK_DELAY_MAX, "{found:?}");
    assert_eq!(found.gaps, 0, "nothing is lost: {found:?}");
}

/// The watch loses nothing, and a list would not show what came and went: time waits for etcd, and the stream is named.
#[tokio::test]
async fn kubernetes_1_29_and_1_30_wait_for_an_etcd_that_reports_each_ten_minutes_and_name_the_stream() {
    let progress = reported(600, ConsistentReads::FromStore);
    let found = watch(Between { watch_lists: WatchLists::Refused, progress, speed: 10.0, ..CURRENT }).await;
    assert_eq!(found.behind, Some(kigen_shipper::resource::Resource::CronJobs), "{found:?}");
    assert_eq!(found.gaps, 0, "{found:?}");
}

/// The streams list after the first probe, so that the lists prove its instant.
#[tokio::test]
async fn the_first_tick_comes_at_the_start_without_a_bookmark_however_much_is_written() {
    let writes_each = Duration::from_millis(1);
    let progress = reported(600, ConsistentReads::FromStore);
    let found = watch(Between {
        watch_lists: WatchLists::Refused,
        progress,
        bookmarks: false,
        writes_each,
        watched_s: 2,
        ..CURRENT
    });
    assert_eq!(found.await.ticks, 1);
}

/// At the shipped interval: no more requests than one a second, and a tick within ten seconds of what is due at a multiple of
/// ten seconds.
#[tokio::test]
async fn a_proxy_that_closes_watches_after_twenty_seconds_does_not_matter() {
    let closes_after = Some(Duration::from_secs(20));
    let between = Between { closes_after, probe_interval_s: 10, watched_s: 48, ..CURRENT };
    let found = assert_that_time_moves(between).await;
    assert_eq!(found.failures, [""; 0]);
    assert!(found.requests_a_minute <= 60, "{found:?}");
    assert!(found.delay_max <= TimeDelta::seconds(8), "{found:?}");
}

#[tokio::test]
async fn a_proxy_that_closes_watches_before_their_time_is_worked_around() {
    let closes_after = Some(Duration::from_millis(2_500));
    let found = watch(Between { closes_after, watched_s: 24, ..CURRENT }).await;
    assert!(found.lag_max <= TimeDelta::seconds(14), "{found:?}");
    assert_eq!(found.gaps, 0, "nothing is lost: {found:?}");
}

#[tokio::test]
async fn a_proxy_that_closes_watches_at_once_leaves_lists_as_evidence_and_a_gap_for_what_may_be_lost() {
    let closes_after = Some(Duration::from_millis(300));
    let found = watch(Between { closes_after, watched_s: 40, ..CURRENT }).await;
    assert!(found.ticks >= 2 && found.gaps >= 1, "{found:?}");
    let advice = "/apis/batch/v1/jobs was closed after";
    let named = |failure: &&String| failure.contains(advice) && failure.contains("Look for a proxy");
    assert!(found.failures.iter().any(|failure| named(&failure)), "{found:?}");
}

#[tokio::test]
async fn a_proxy_that_passes_no_bookmarks_leaves_lists_as_evidence_too() {
    let found = watch(Between { bookmarks: false, watched_s: 40, ..CURRENT }).await;
    assert!(found.ticks >= 2 && found.gaps >= 1, "{found:?}");
    assert!(found.failures.iter().any(|failure| failure.contains("Look for a proxy")), "{found:?}");
}

#[tokio::test]
async fn an_optional_stream_that_sends_nothing_holds_no_tick_for_longer_than_a_few_probes() {
    let frozen = Some(Resource::Objectives);
    let found = watch(Between { frozen, watched_s: 45, ..CURRENT }).await;
    assert!(found.lag_max <= TimeDelta::seconds(25 + 3) + TICK_DELAY_MAX, "{found:?}");
    assert!(found.ticks >= 3, "{found:?}");
}
