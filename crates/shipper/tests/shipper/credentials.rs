//! Credentials that are replaced while the shipper runs: the next refusal makes it read them again.

use std::path::Path;
use std::time::Duration;

use crate::support::recording;
use crate::support::shipping::second_after;
use chrono::TimeDelta;
use kigen_model::Instant;
use kigen_model::event::ClusterBody;
use kigen_playback::clock::{Clock, Pace};
use kigen_playback::history::History;
use kigen_playback::server::{Options, Played, Server};
use kigen_shipper::core::Resume;
use kigen_shipper::kubernetes::connect::connect;
use kigen_shipper::server_clock;
use kigen_shipper::settings::{Access, Settings};
use kigen_shipper::shipper::Shipper;

/// A kubeconfig with this user.
fn write(path: &Path, server: &str, user: &str) {
    let text = format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: test\n\
         clusters: [{{name: test, cluster: {{server: \"{server}\"}}}}]\n\
         users: [{{name: test, user: {user}}}]\n\
         contexts: [{{name: test, context: {{cluster: test, user: test}}}}]\n"
    );
    std::fs::write(path, text).expect("a writable folder");
}

async fn until_ticked(shipper: &mut Shipper, instant: Instant) {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(60);
    loop {
        let inputs = tokio::time::timeout_at(deadline, shipper.next()).await.expect("it ticks in time");
        for input in inputs {
            shipper.apply(input);
        }
        let events = shipper.acknowledged().events;
        let is_late = |event: &kigen_model::event::ClusterEvent| match event.body {
            ClusterBody::Tick { observed_until, .. } => observed_until < instant,
            ClusterBody::Gap(_)
            | ClusterBody::Epoch { .. }
            | ClusterBody::Calendar { .. }
            | ClusterBody::Mute { .. }
            | ClusterBody::Stalled { .. }
            | ClusterBody::StallOver { .. }
            | ClusterBody::Forgotten { .. } => true,
        };
        if !events.iter().all(is_late) {
            return;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_is_replaced_in_the_kubeconfig_or_in_the_file_it_names_is_used_from_then_on() {
    let folder = tempfile::tempdir().expect("a folder");
    let (kubeconfig, token) = (folder.path().join("kubeconfig"), folder.path().join("token"));
    for is_in_a_file in [false, true] {
        let history = History::from_recording(recording("cron_success")).expect("a recording");
        let clock = Clock::new(history.start(), Pace::Manual, None);
        let options = Options { eager_bookmarks: true, ..Options::default() };
        let played = Played { history, clock: clock.clone(), options };
        let server = Server::start(played).await.expect("a free port");
        let give = |text: &str| {
            if is_in_a_file {
                std::fs::write(&token, text).expect("a writable folder");
                write(&kubeconfig, &server.url(), &format!("{{tokenFile: \"{}\"}}", token.display()));
            } else {
                write(&kubeconfig, &server.url(), &format!("{{token: {text}}}"));
            }
            server.faults().accept_only(Some(text));
        };
        give("first");
        let settings = Settings {
            probe_interval_ms: 10,
            retry_delay_ms_min: 1,
            retry_delay_ms_max: 100,
            ..Settings::new("test", Access::Kubeconfig { path: kubeconfig.clone(), context: None })
        };
        let shippers_clock = clock.clone();
        let shippers_clock = server_clock::Clock::new(move || shippers_clock.now());
        let api = connect(&settings, shippers_clock).await.expect("the server answers");
        let mut shipper = Shipper::start(&api, &settings, 1, &Resume::default());
        until_ticked(&mut shipper, clock.now() - TimeDelta::seconds(1)).await;
        for text in ["second", "third"] {
            give(text);
            server.faults().break_streams(None);
            clock.advance_to(second_after(clock.now() + TimeDelta::seconds(20)));
            until_ticked(&mut shipper, clock.now()).await;
        }
        server.shutdown().await;
    }
}

#[tokio::test]
async fn a_plugin_that_makes_credentials_slowly_delays_nothing_else() {
    let folder = tempfile::tempdir().expect("a folder");
    let kubeconfig = folder.path().join("kubeconfig");
    let history = History::from_recording(recording("cron_success")).expect("a recording");
    let clock = Clock::new(history.start(), Pace::Manual, None);
    let played = Played { history, clock: clock.clone(), options: Options::default() };
    let server = Server::start(played).await.expect("a free port");
    server.faults().accept_only(Some("made"));
    // A credential that is about to expire: it is made for the client, and again for its first request.
    let script = "sleep 2; echo '{\"apiVersion\": \"client.authentication.k8s.io/v1\", \"kind\": \"ExecCredential\", \
                  \"status\": {\"token\": \"made\", \"expirationTimestamp\": \"2000-01-01T00:00:00Z\"}}'";
    let plugin = serde_json::json!({"exec": {
        "apiVersion": "client.authentication.k8s.io/v1",
        "command": "sh",
        "args": ["-c", script],
        "interactiveMode": "Never",
    }});
    write(&kubeconfig, &server.url(), &plugin.to_string());
    let access = Access::Kubeconfig { path: kubeconfig, context: None };
    let settings = Settings::new("test", access);
    let shippers_clock = server_clock::Clock::new(move || clock.now());
    let longest_pause = async {
        let (mut last, mut longest) = (std::time::Instant::now(), Duration::ZERO);
        loop {
            tokio::time::sleep(Duration::from_millis(10)).await;
            longest = longest.max(last.elapsed());
            last = std::time::Instant::now();
            if longest > Duration::from_millis(1_500) {
                break longest;
            }
        }
    };
    tokio::select! {
        connected = connect(&settings, shippers_clock) => { connected.expect("the server answers"); }
        longest = longest_pause => panic!("the thread of the runtime stood still for {longest:?}"),
    }
    server.shutdown().await;
}
