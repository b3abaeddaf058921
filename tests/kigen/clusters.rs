//! `kigen clusters`: the clusters of a log, and one that an operator retires.

use std::path::Path;
use std::process::{Command, Stdio};

use chrono::{DateTime, TimeDelta, Utc};
use kigen_log::{EmbeddedLog, Log, LogReader, NewRecord, Settings};
use kigen_model::control::{Announcement, ControlRecord};
use kigen_model::event::{ClusterBody, ClusterEvent, Event};
use kigen_model::topic::{Offset, Partition, Topic};
use kigen_wire::Level;

use crate::support::kigen;

const PARTITIONS: u32 = 4;

fn open(dir: &Path) -> EmbeddedLog {
    let settings = Settings { partitions: PARTITIONS, ..Settings::default() };
    EmbeddedLog::open(&dir.join("log"), settings).expect("a log")
}

/// An epoch of the cluster with its last tick, in each partition.
fn shipped(cluster: &str, epoch: u64, observed_until: DateTime<Utc>) -> Vec<NewRecord> {
    let epoch_body = ClusterBody::Epoch { shipper: format!("kigen on {cluster}-0") };
    let bodies = [epoch_body, ClusterBody::Tick { observed_until, positions: Vec::new() }];
    let record = |(partition, body): (Partition, ClusterBody)| {
        let event = ClusterEvent { cluster: cluster.to_owned(), cluster_uid: None, epoch, body };
        NewRecord {
            topic: Topic::Events,
            partition,
            key: cluster.to_owned(),
            value: Some(kigen_wire::encode_event(&Event::Cluster(event), Level::NEWEST)),
            timestamp: observed_until,
        }
    };
    let all = (0..PARTITIONS).flat_map(|nth| bodies.clone().map(|body| (Partition(nth), body)));
    all.map(record).collect()
}

/// A process that lets the log have this level.
fn announced(level: u32) -> NewRecord {
    let process = ControlRecord::Process(Announcement {
        instance: "one".to_owned(),
        roles: vec!["process".to_owned()],
        version: "0.1.0".to_owned(),
        level,
        newest_level: level,
        announced_at: Utc::now(),
    });
    NewRecord {
        topic: Topic::Control,
        partition: Partition(0),
        key: process.key(),
        value: Some(kigen_wire::encode_control(&process, Level::NEWEST)),
        timestamp: Utc::now(),
    }
}

fn clusters(dir: &Path, args: &[&str]) -> (Option<i32>, String) {
    let mut command: Command = kigen();
    command.arg("clusters").args(args).arg("--data-dir").arg(dir).current_dir(dir);
    command.env("USER", "ann").env("KIGEN_INSTANCE", "laptop").stdin(Stdio::null());
    let output = command.output().expect("kigen runs");
    (output.status.code(), String::from_utf8([output.stdout, output.stderr].concat()).expect("text"))
}

fn events(dir: &Path, nth: u32) -> Vec<ClusterEvent> {
    let reader = EmbeddedLog::open_beside(&dir.join("log")).expect("a log");
    let records = reader.read(Topic::Events, Partition(nth), Offset(0), 100, usize::MAX).expect("readable");
    let event = |value: Vec<u8>| match kigen_wire::decode_event(&value).expect("an event") {
        Event::Cluster(event) => event,
        Event::Fact(fact) => panic!("a fact of {}", fact.key),
    };
    records.into_iter().filter_map(|record| record.value.map(event)).collect()
}

#[tokio::test]
async fn a_cluster_that_is_gone_is_forgotten_and_one_that_ticks_is_not() {
    let dir = tempfile::tempdir().expect("a folder");
    let log = open(dir.path());
    let now = Utc::now();
    log.append(shipped("gone", 4, now - TimeDelta::hours(30))).await.expect("written");
    log.append(shipped("here", 1, now)).await.expect("written");
    log.append(vec![announced(Level::NEWEST.number())]).await.expect("written");

    let (code, text) = clusters(dir.path(), &["list"]);
    assert_eq!(code, Some(0), "{text}");
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[0].starts_with("CLUSTER") && lines.len() == 3, "{text}");
    assert!(lines[1].starts_with("gone ") && lines[1].contains("(30 h 00 min ago)"), "{text}");
    assert!(lines[1].ends_with("0        0           kigen on gone-0"), "{text}");
    assert!(lines[2].starts_with("here ") && lines[2].contains(" s ago)"), "{text}");

    let (code, text) = clusters(dir.path(), &["forget", "gone"]);
    assert_eq!(code, Some(1));
    assert!(text.contains("stop `kigen up`, run this command, and start it again"), "{text}");
    drop(log);
    let (code, text) = clusters(dir.path(), &["forget", "here"]);
    assert_eq!(code, Some(1));
    assert!(text.contains("the cluster `here` still ticks"), "{text}");
    let (code, text) = clusters(dir.path(), &["forget", "prod"]);
    assert_eq!(code, Some(1));
    assert!(text.contains("the log has no cluster `prod`; it has: gone, here"), "{text}");
    let (code, text) = clusters(dir.path(), &["forget", "gone"]);
    assert_eq!(code, Some(0), "{text}");
    assert!(text.starts_with("the cluster `gone` is forgotten"), "{text}");

    for nth in 0..PARTITIONS {
        let last = events(dir.path(), nth).pop().expect("an event");
        let body = ClusterBody::Forgotten { author: "ann@laptop".to_owned() };
        let expected = ClusterEvent { cluster: "gone".to_owned(), cluster_uid: None, epoch: 5, body };
        assert_eq!(last, expected, "of the epoch after the newest, in each partition");
    }
    let (_, text) = clusters(dir.path(), &["list"]);
    assert!(!text.contains("gone"), "{text}");
    let output = kigen().args(["events", "--data-dir"]).arg(dir.path()).output().expect("kigen runs");
    let text = String::from_utf8(output.stdout).expect("text");
    assert!(text.contains("ann@laptop retires the cluster: its batches are forgotten"), "{text}");
}

#[tokio::test]
async fn a_cluster_is_forgotten_only_if_every_process_can_read_that() {
    let dir = tempfile::tempdir().expect("a folder");
    let log = open(dir.path());
    log.append(shipped("gone", 4, Utc::now() - TimeDelta::hours(30))).await.expect("written");
    drop(log);
    let refused = || {
        let (code, text) = clusters(dir.path(), &["forget", "gone"]);
        assert_eq!(code, Some(1));
        assert!(text.contains("does not know how to forget a cluster"), "{text}");
        text
    };
    // A kigen of before record levels wrote the log.
    refused();
    open(dir.path()).append(vec![announced(2)]).await.expect("written");
    assert!(refused().contains("one (kigen 0.1.0: process)"), "it names the process");
}
