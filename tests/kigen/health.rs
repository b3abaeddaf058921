//! `/healthz`, `/readyz` and `/metrics` of a running `kigen up`, over HTTP.

use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use chrono::TimeDelta;
use kigen_playback::clock::{Clock, Pace};
use kigen_playback::server::{Options, Played, Server};

use crate::support::http::free_port;
use crate::support::{PATIENCE, Up, kigen, play, start, steady_and_absent};

#[tokio::test(flavor = "multi_thread")]
async fn kigen_is_ready_once_it_judges_and_its_metrics_count_its_work() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let server = play(steady_and_absent(3, None)).await;
    let mut up = Up::start(dir.path(), &server.url());
    let body = up.wait_for_readyz(200, "ready\n").await;
    assert!(body.starts_with("ready\nlog "), "{body}");
    for words in ["the last tick was written", "it judges 4 partitions", "0 messages were printed"] {
        assert!(body.contains(words), "{words}: {body}");
    }
    let alive = up.get("/healthz").expect("it answers");
    assert_eq!((alive.status, alive.body.as_str()), (200, "alive\n"));
    let json = up.get("/readyz?format=json").expect("it answers");
    assert!(json.head.contains("content-type: application/json"), "{}", json.head);
    let json: serde_json::Value = serde_json::from_str(&json.body).expect("JSON");
    assert_eq!(json["ready"], true);
    assert_eq!(json["parts"][1]["part"], "shipper");

    server.clock().advance_to(start() + TimeDelta::days(1) + TimeDelta::hours(13));
    up.wait_for_message("ml/absent has no good result for 12:00").await;
    let page = up.get("/metrics").expect("it answers");
    assert!(page.head.contains("text/plain; version=0.0.4"), "{}", page.head);
    for line in [
        "# TYPE kigen_commit_seconds histogram",
        "kigen_alerts_total{kind=\"slot_missed\"} 1",
        "kigen_deliveries_total{kind=\"slot_missed\"} 1",
        "kigen_lists_total{resource=\"cronjobs\"} 1",
        "kigen_watches_opened_total{resource=\"pods\"} 1",
        "kigen_recoveries_total{decision=\"fold_from_start\"} 4",
        "kigen_build_info{version=\"",
        // Gauges that change rarely are there before they do.
        "kigen_withdrawals_held 0",
        "kigen_delivery_blocked_partitions 0",
    ] {
        assert!(page.body.contains(line), "{line}\n{}", page.body);
    }
    for name in [
        "kigen_ticks_total",
        "kigen_facts_total",
        "kigen_events_judged_total",
        "kigen_commits_total",
        "kigen_commit_seconds_count",
    ] {
        assert!(up.metric(name) >= 1.0, "{name}\n{}", page.body);
    }
    // Sampled every ten seconds: the second sample finds partitions that are judged.
    let page = up.wait_for_metrics("kigen_lag_seconds{partition=\"3\",cluster=\"shop\"}").await;
    for line in ["kigen_lag_records{partition=\"0\"} 0", "kigen_partitions{state=\"judging\"} 4"] {
        assert!(page.contains(line), "{line}\n{page}");
    }
    let (status, _) = up.terminate();
    assert!(status.success(), "{status}");
    server.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn kigen_reports_an_api_server_that_is_down_at_the_start_or_later_and_waits_for_it() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let port = free_port();
    let mut up = Up::start(dir.path(), &format!("http://127.0.0.1:{port}"));
    let body = up.wait_for_readyz(503, "the cluster is not seen: ").await;
    assert!(body.contains("processor  ready"), "the other roles continue: {body}");
    assert_eq!(up.get("/healthz").map(|answer| answer.status), Some(200));

    let clock = Clock::new(start(), Pace::Manual, None);
    let on = |clock: &Clock| {
        let options = Options { eager_bookmarks: true, port, ..Options::default() };
        Server::start(Played { history: steady_and_absent(3, None), clock: clock.clone(), options })
    };
    let server = on(&clock).await.expect("a free port");
    up.wait_for_readyz(200, "the last tick was written").await;
    server.shutdown().await;
    up.wait_for_readyz(503, "the cluster is not seen: ").await;
    clock.advance_to(start() + TimeDelta::days(1) + TimeDelta::hours(13));
    let server = on(&clock).await.expect("the port it had");
    up.wait_for_readyz(200, "the last tick was written").await;
    up.wait_for_message("ml/absent has no good result for 12:00").await;
    let logged = up.log().lines().filter(|line| line.contains("kigen tries again")).count();
    assert!(logged <= 3, "once at the start, and once for each outage later\n{}", up.log());
    let (status, _) = up.terminate();
    assert!(status.success(), "{status}");
    server.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_health_port_in_use_is_reported_and_retried_while_judging_continues() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let server = play(steady_and_absent(3, None)).await;
    let port = free_port();
    let other = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).expect("it was free");
    let mut up = Up::start_at(dir.path(), &server.url(), port);
    up.wait_for_log("give another address and port by --health-address").await;
    up.wait_until_it_watches().await;
    drop(other);
    up.wait_for_readyz(200, "ready\n").await;
    let (status, _) = up.terminate();
    assert!(status.success(), "{status}");
    server.shutdown().await;
}

/// A service that records the paths of its requests.
async fn recorder() -> (String, Arc<Mutex<Vec<String>>>) {
    let paths = Arc::new(Mutex::new(Vec::new()));
    let recorded = paths.clone();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    let base = format!("http://{}", listener.local_addr().expect("bound"));
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = BufReader::new(stream.expect("a connection"));
            let mut line = String::new();
            stream.read_line(&mut line).expect("a request");
            recorded.lock().expect("no panic").push(line.trim_end().to_owned());
            stream
                .get_mut()
                .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nOK")
                .expect("a response");
        }
    });
    (base, paths)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outside_service_has_a_heartbeat_once_all_parts_work_and_none_of_a_dry_run() {
    let (base, requests) = recorder().await;
    let seen = || requests.lock().expect("no panic").clone();
    let heartbeat = format!("[heartbeat]\nurl = \"{base}/ping/c0ffee\"\n");
    let (dir, port) = (tempfile::tempdir().expect("a temporary directory"), free_port());
    let mut up = Up::start_with_slack(dir.path(), &format!("http://127.0.0.1:{port}"), &heartbeat).await;
    up.wait_for_readyz(503, "the cluster is not seen: ").await;
    assert_eq!(seen(), [""; 0], "the shipper does not work");

    let clock = Clock::new(start(), Pace::Manual, None);
    let options = Options { eager_bookmarks: true, port, ..Options::default() };
    let played = Played { history: steady_and_absent(3, None), clock, options };
    let server = Server::start(played).await.expect("a free port");
    up.wait_for_readyz(200, "ready\n").await;
    let until = Instant::now() + PATIENCE;
    while seen().is_empty() {
        assert!(Instant::now() < until, "no heartbeat\n{}", up.log());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(seen(), ["GET /ping/c0ffee HTTP/1.1"]);
    assert!(!up.log().contains("c0ffee"), "the URL is a secret\n{}", up.log());
    let (status, _) = up.terminate();
    assert!(status.success(), "{status}");

    let dir = tempfile::tempdir().expect("a temporary directory");
    let mut up =
        Up::start_with_slack(dir.path(), &server.url(), &format!("dry_run = true\n{heartbeat}")).await;
    up.wait_for_readyz(200, "ready\n").await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(seen().len(), 1, "a dry run pages no one");
    let (status, _) = up.terminate();
    assert!(status.success(), "{status}");
    server.shutdown().await;

    let mut config = kigen();
    config.arg("config").current_dir(dir.path()).env("KIGEN_HEARTBEAT_URL", format!("{base}/ping/c0ffee"));
    let shown = String::from_utf8(config.output().expect("it runs").stdout).expect("text");
    assert!(shown.contains("[heartbeat]\nurl = \"(hidden)\"") && !shown.contains("c0ffee"), "{shown}");
}
