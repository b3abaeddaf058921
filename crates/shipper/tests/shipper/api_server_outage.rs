//! A long outage of the API server: requests back off exponentially with jitter, and once it answers, time moves on.

use std::time::{Duration, Instant as RealInstant};

use chrono::TimeDelta;
use kigen_log::{EmbeddedLog, LogReader};
use kigen_model::topic::{Partition, Topic};
use kigen_playback::clock::{Clock, Pace};
use kigen_playback::generate::Cluster;
use kigen_playback::server::{Options, Played, Server};
use kigen_shipper::health::Health;
use kigen_shipper::role::ShipperRole;
use kigen_shipper::server_clock;
use kigen_shipper::settings::{Access, Settings};
use tokio::sync::{oneshot, watch};

/// An hour passes in so many milliseconds, and each delay of the shipper is as much shorter.
const HOUR_MS: u64 = 3_600;
const FASTER: u64 = 1_000;
const PATIENCE: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread")]
async fn an_api_server_that_is_away_for_an_hour_gets_no_more_requests_than_each_stream_and_probe_may_send() {
    let dir = tempfile::tempdir().expect("a folder");
    let start = chrono::DateTime::from_timestamp(1_794_000_000, 0).expect("an instant");
    let history = Cluster::new(start).build().expect("a history");
    let clock = Clock::new(start, Pace::Manual, None);
    let options = Options { eager_bookmarks: true, ..Options::default() };
    let played = Played { history, clock: clock.clone(), options };
    let server = Server::start(played).await.expect("a free port");
    let defaults = Settings::new("test", Access::Url(server.url()));
    let settings = Settings {
        probe_interval_ms: defaults.probe_interval_ms / FASTER,
        retry_delay_ms_min: 1,
        retry_delay_ms_max: defaults.retry_delay_ms_max / FASTER,
        ..defaults
    };
    let log = EmbeddedLog::open(dir.path(), kigen_log::Settings::default()).expect("a log");
    let (stop, stopped) = oneshot::channel::<()>();
    let (health, of_shipper) = (Health::default(), clock.clone());
    let running = {
        let (log, settings, health) = (log.clone(), settings.clone(), health.clone());
        let clock = server_clock::Clock::new(move || of_shipper.now());
        let (_, declared) = watch::channel(None);
        let shutdown = async move {
            let _ = stopped.await;
        };
        let role = ShipperRole {
            log,
            settings,
            clock,
            shipper: "the test".to_owned(),
            declared,
            health,
            warnings: Default::default(),
            control: Default::default(),
        };
        tokio::spawn(async move { role.run(shutdown).await })
    };
    until(|| health.readiness(RealInstant::now()).is_ok()).await;

    server.faults().break_streams(None);
    server.faults().refuse(None, Some(503));
    let (began, before) = (RealInstant::now(), server.requests().total());
    let hour = Duration::from_millis(HOUR_MS);
    until(|| began.elapsed() >= hour).await;
    let (requests, took_ms) = (server.requests().total() - before, began.elapsed().as_millis());
    let took_ms = u64::try_from(took_ms).expect("not long");
    // A stream waits for at least half of the longest delay once that is reached, which takes a few attempts; the probe for
    // its interval, and fails with its first request.
    let of_streams = 3 * (10 + took_ms / (settings.retry_delay_ms_max / 2));
    let of_probe = 1 + took_ms / settings.probe_interval_ms;
    assert!(requests <= of_streams + of_probe, "{requests} requests in {took_ms} ms");
    assert!(requests >= took_ms / settings.retry_delay_ms_max, "it keeps retrying: {requests}");
    let why = health.readiness(RealInstant::now()).expect_err("it is not ready");
    assert!(why.contains("the cluster is not seen") && why.contains("503"), "{why}");

    server.faults().refuse(None, None);
    clock.advance_to(start + TimeDelta::hours(1));
    let ends = || (0..log.partitions()).map(|nth| log.latest(Topic::Events, Partition(nth)).expect("an end"));
    let end: Vec<_> = ends().collect();
    until(|| ends().zip(&end).all(|(now, before)| now > *before)).await;
    until(|| health.readiness(RealInstant::now()).is_ok()).await;
    stop.send(()).expect("it runs");
    running.await.expect("no panic").expect("it ends well");
    server.shutdown().await;
}

async fn until(there: impl Fn() -> bool) {
    let deadline = RealInstant::now() + PATIENCE;
    while !there() {
        assert!(RealInstant::now() < deadline, "waited in vain");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
