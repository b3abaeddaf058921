//! The name of a cluster that none is configured for: the log's only one, or that of the kubeconfig's context.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use chrono::Utc;
use kigen_log::{EmbeddedLog, Log, NewRecord, Settings};
use kigen_model::topic::{Offset, Partition, Topic};
use kigen_state::{ClusterClock, POSITION_KEY, PartitionState};
use kigen_wire::Level;

use crate::support::http::free_port;
use crate::support::{HEAVY, Up, kigen, play, steady_and_absent};

/// Without the environment and the directory of the test, which may name a cluster.
fn without_a_name(dir: &Path) -> Command {
    let mut command = kigen();
    command.env_clear().current_dir(dir).env("HOME", dir).stdin(Stdio::null());
    command
}

fn text(output: Output) -> String {
    String::from_utf8([output.stdout, output.stderr].concat()).expect("text")
}

/// What `kigen doctor` reports about the name.
fn checked(dir: &Path, args: &[&str]) -> String {
    let mut command = without_a_name(dir);
    let output = command.args(["doctor", "--dry-run"]).args(args).output().expect("kigen runs");
    let text = text(output);
    let line = text.lines().find(|line| line.split_whitespace().nth(1) == Some("cluster"));
    line.unwrap_or_else(|| panic!("no line of the cluster\n{text}"))
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}

#[test]
fn a_kubeconfigs_context_names_the_cluster() {
    let dir = tempfile::tempdir().expect("a folder");
    let kubeconfig = "apiVersion: v1\nkind: Config\ncurrent-context: arn:aws:eks:cluster/prod\n";
    std::fs::write(dir.path().join("kubeconfig"), kubeconfig).expect("a file");
    let config = |args: &[&str]| {
        let mut command = without_a_name(dir.path());
        command.arg("config").env("KUBECONFIG", dir.path().join("kubeconfig")).args(args);
        text(command.output().expect("kigen runs"))
    };
    let of_file = config(&[]);
    assert!(of_file.contains("cluster = \"arn:aws:eks:cluster-prod\""), "{of_file}");
    assert!(of_file.contains("# after the kubeconfig's context `arn:aws:eks:cluster/prod`"), "{of_file}");
    let of_flag = config(&["--context", "kind-dev"]);
    assert!(of_flag.contains("cluster = \"kind-dev\""), "{of_flag}");
    let configured = config(&["--cluster", "shop"]);
    assert!(configured.starts_with("cluster = \"shop\""), "{configured}");
    let of_url = config(&["--api-url", "http://127.0.0.1:1"]);
    assert!(of_url.starts_with("# cluster: not set"), "{of_url}");
    let kubeconfig = dir.path().join("kubeconfig");
    let checked = checked(dir.path(), &["--kubeconfig", kubeconfig.to_str().expect("a text")]);
    let expected =
        "ok cluster `arn:aws:eks:cluster-prod`, after the kubeconfig's context `arn:aws:eks:cluster/prod`";
    assert_eq!(checked, expected);
}

#[test]
fn no_cluster_is_shipped_without_a_name() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut command = without_a_name(dir.path());
    command.args(["up", "--dry-run", "--api-url", "http://127.0.0.1:1", "--health-address", "off"]);
    let output = command.output().expect("kigen runs");
    assert_eq!(output.status.code(), Some(2));
    let error = text(output);
    assert!(error.contains("the cluster has no name"), "{error}");
    assert!(error.contains("--cluster NAME"), "{error}");
    let checked = checked(dir.path(), &["--api-url", "http://127.0.0.1:1"]);
    assert!(checked.starts_with("WRONG cluster the cluster has no name"), "{checked}");
    assert!(checked.contains("--cluster NAME"), "{checked}");
}

/// An upgrade of a kigen that named a cluster without a name `default`.
#[tokio::test(flavor = "multi_thread")]
async fn a_log_keeps_the_name_of_its_only_cluster() {
    let _heavy = HEAVY.lock().await;
    let dir = tempfile::tempdir().expect("a folder");
    let settings = Settings { partitions: 4, ..Settings::default() };
    let log = EmbeddedLog::open(&dir.path().join("kigen-data/log"), settings).expect("a log");
    let mut position = PartitionState::new(Offset(0));
    let clock = ClusterClock { epoch: 1, observed_until: Some(Utc::now()), ..ClusterClock::default() };
    position.clocks.insert("default".to_owned(), clock);
    let record = |nth| NewRecord {
        topic: Topic::Status,
        partition: Partition(nth),
        key: POSITION_KEY.to_owned(),
        value: Some(kigen_wire::encode_position(&position, Level::NEWEST)),
        timestamp: Utc::now(),
    };
    log.append((0..4).map(record).collect()).await.expect("written");
    drop(log);
    let server = play(steady_and_absent(3, None)).await;
    let mut command = without_a_name(dir.path());
    let port = free_port();
    command.args(["up", "--dry-run", "--api-url", &server.url(), "--health-address"]);
    command.arg(format!("127.0.0.1:{port}"));
    let mut up = Up::spawn(command, dir.path(), dir.path().join("kigen-data"), port);
    up.wait_for_readyz(200, "").await;
    let log = up.log();
    assert!(
        log.contains("the cluster is named `default`, as in the log, which has no other cluster"),
        "{log}"
    );
    let checked = checked(dir.path(), &["--api-url", &server.url()]);
    assert_eq!(checked, "ok cluster `default`, as in the log, which has no other cluster");
    let (status, _) = up.terminate();
    assert!(status.success(), "{status}");
    server.shutdown().await;
}
