//! A cluster whose API server is gone, from the user's side: one alert, and one when it is there again.

use std::time::Duration;

use chrono::{TimeDelta, Utc};
use kigen_model::alert::AlertBody;
use kigen_playback::clock::{Clock, Pace};
use kigen_playback::server::{Options, Played, Server};

use crate::support::http::free_port;
use crate::support::{Up, kigen, noon, start, steady_and_absent};

/// The clock of the cluster passes as the real one does, and is a day later once the cluster is there again.
#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_that_is_not_seen_is_reported_with_what_waits_and_then_with_what_was_judged() {
    let dir = tempfile::tempdir().expect("a folder");
    let port = free_port();
    let on = |start| {
        let clock = Clock::new(start, Pace::Times(1.0), None);
        let options = Options { eager_bookmarks: true, port, ..Options::default() };
        Server::start(Played { history: steady_and_absent(3, None), clock, options })
    };
    let server = on(start()).await.expect("a free port");
    let url = server.url();
    let config = "[processor]\nsilent_after_s = 3\n";
    let mut up = Up::start_with_config(dir.path(), &url, config);
    up.wait_until_it_watches().await;
    server.shutdown().await;
    let alerts = up.wait_for_alerts(|alerts| !alerts.is_empty()).await;
    let [silent] = alerts.as_slice() else { panic!("{alerts:#?}") };
    let AlertBody::ClusterSilent { since, objectives: 2, next: Some(next) } = &silent.body else {
        panic!("{silent:#?}")
    };
    assert_eq!((&*next.key.batch, next.deadline), ("absent", noon(0)));
    assert!((Utc::now() - silent.decided_at).num_seconds().abs() < 120, "by the wall clock");
    up.wait_for_readyz(503, "; cluster shop is silent since 2026-11-09T00:0").await;
    let words = "Cluster shop is silent since";
    up.wait_for_message(words).await;
    // The commands beside it name it, too.
    let printed = |args: &[&str]| {
        let output = kigen().args(args).args(["--cluster", "shop", "--data-dir"]).arg(dir.path()).output();
        String::from_utf8(output.expect("kigen runs").stdout).expect("text")
    };
    let words_of_commands = "cluster shop is silent since 2026-11-09T00:0";
    assert!(printed(&["status"]).starts_with(words_of_commands), "at the head of the table");
    let (checks, wrong) = (printed(&["doctor", "--api-url", &url]), "WRONG  cluster shop ");
    assert!(checks.lines().any(|line| line.starts_with(wrong) && line.contains("`kigen up`")), "{checks}");

    // A restart reports nothing again.
    let (status, _) = up.terminate();
    assert!(status.success(), "{status}");
    let mut up = Up::start_with_config(dir.path(), &url, config);
    up.wait_for_readyz(503, "; cluster shop is silent since 2026-11-09T00:0").await;
    tokio::time::sleep(Duration::from_secs(5)).await;
    let server = on(noon(1) + TimeDelta::minutes(5)).await.expect("the port it had");
    let is_over = |body: &AlertBody| matches!(body, AlertBody::SilenceOver { .. });
    let alerts = up.wait_for_alerts(|alerts| alerts.iter().any(|alert| is_over(&alert.body))).await;
    let of_cluster: Vec<&AlertBody> =
        alerts.iter().filter(|alert| alert.key.is_of_cluster()).map(|alert| &alert.body).collect();
    let [_, AlertBody::SilenceOver { silent: id, since: again, until: Some(until), judged }] = *of_cluster
    else {
        panic!("{alerts:#?}")
    };
    assert_eq!((id, again), (&silent.id, since));
    assert!(*until >= noon(1) + TimeDelta::minutes(5), "{until}");
    assert_eq!((judged.met, judged.missed, judged.unknown), (2, 1, 0), "{judged:?}");
    up.wait_for_message("is silent no more, after").await;
    up.wait_for_message("ml/absent has no good result for 12:00").await;
    assert_eq!(up.messages().matches(words).count(), 1, "once over the restart");

    let (status, _) = up.terminate();
    assert!(status.success(), "{status}");
    let output = kigen().args(["events", "--topic", "alerts", "--data-dir"]).arg(dir.path()).output();
    let text = String::from_utf8(output.expect("kigen runs").stdout).expect("text");
    assert!(text.contains("the cluster is silent since 2026-11-09T00:0"), "{text}");
    assert!(text.contains("2 deadlines were met and 1 missed"), "{text}");
    let table = printed(&["status"]);
    assert!(table.starts_with("BATCH"), "it is over: {table}");
    server.shutdown().await;
}
