//! A record that cannot be decoded goes to `kigen.rejects` with its coordinates, in the commit that skips it.

use chrono::{DateTime, TimeZone, Utc};
use kigen_log::{EmbeddedLog, Log, LogReader, NewRecord, Settings};
use kigen_model::event::{ClusterBody, ClusterEvent, Event, Fact, FactBody, Revision};
use kigen_model::key::BatchKey;
use kigen_model::run::CronJob;
use kigen_model::topic::{Offset, Partition, Topic};
use kigen_processor::{GROUP, TurnBounds};

use crate::{feed, judge_all};

const P0: Partition = Partition(0);

fn noon() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 11, 1, 12, 0, 0).single().expect("an instant")
}

fn garbage(value: Option<&[u8]>) -> NewRecord {
    let value = value.map(<[u8]>::to_vec);
    NewRecord {
        topic: Topic::Events,
        partition: P0,
        key: "who/knows/what".to_owned(),
        value,
        timestamp: noon(),
    }
}

fn alerts(log: &EmbeddedLog) -> Vec<Option<Vec<u8>>> {
    let records = log.read(Topic::Alerts, P0, Offset(0), usize::MAX, usize::MAX).expect("alerts");
    records.into_iter().map(|record| record.value).collect()
}

#[tokio::test]
async fn garbage_among_good_events_goes_to_the_rejects_and_changes_no_alert() {
    let settings = Settings { partitions: 1, ..Settings::default() };
    let (clean, dirty) =
        (tempfile::tempdir().expect("a directory"), tempfile::tempdir().expect("a directory"));
    feed::fill(clean.path(), settings.clone()).await;
    let clean_log = EmbeddedLog::open(&clean.path().join("log"), settings.clone()).expect("the log opens");
    judge_all(&clean_log, &clean.path().join("store"), TurnBounds::default()).await;

    let log = EmbeddedLog::open(&dirty.path().join("log"), settings).expect("the log opens");
    let long = vec![0xc3; 100_000];
    let bad = [Some(&b"not avro"[..]), None, Some(&long[..])];
    log.append(bad.into_iter().map(garbage).collect()).await.expect("an append");
    for record in clean_log.read(Topic::Events, P0, Offset(0), usize::MAX, usize::MAX).expect("events") {
        let (key, value, timestamp) = (record.key, record.value, record.timestamp);
        let record = NewRecord { topic: Topic::Events, partition: P0, key, value, timestamp };
        log.append(vec![record, garbage(Some(b"again"))]).await.expect("an append");
    }
    judge_all(&log, &dirty.path().join("store"), TurnBounds::default()).await;

    assert!(!alerts(&clean_log).is_empty());
    assert_eq!(alerts(&log), alerts(&clean_log));
    let rejects = log.read(Topic::Rejects, P0, Offset(0), usize::MAX, usize::MAX).expect("rejects");
    let rejects: Vec<_> = rejects
        .iter()
        .map(|record| kigen_wire::decode_reject(record.value.as_deref().expect("a value")).expect("a reject"))
        .collect();
    let places: Vec<_> = rejects.iter().take(4).map(|reject| reject.place).collect();
    assert_eq!(places, [Some((0, 0)), Some((0, 1)), Some((0, 2)), Some((0, 4))]);
    assert_eq!(rejects[0].bytes, b"not avro");
    assert_eq!(rejects[2].bytes.len(), 64 * 1024, "a reject is cut");
    assert!(rejects.iter().all(|reject| reject.source == "kigen.events" && reject.key == "who/knows/what"));
    let end = log.latest(Topic::Events, P0).expect("an end");
    assert_eq!(log.position(GROUP, Topic::Events, P0).expect("a position"), Some(end));
}

#[tokio::test]
async fn a_record_that_is_damaged_on_disk_is_skipped_and_the_next_ones_are_judged() {
    let dir = tempfile::tempdir().expect("a directory");
    let settings = Settings { partitions: 1, ..Settings::default() };
    let log = EmbeddedLog::open(&dir.path().join("log"), settings.clone()).expect("the log opens");
    log.append(vec![garbage(Some(b"damaged soon"))]).await.expect("an append");
    drop(log);
    // The record at the first offset of the first partition of events, as the log keys it.
    let database = rocksdb::DB::open_default(dir.path().join("log/rocksdb")).expect("the database opens");
    database.put(b"\x02\x01\0\0\0\0\0\0\0\0\0\0\0\0", b"\x09noise").expect("a write");
    drop(database);
    feed::fill(dir.path(), settings.clone()).await;

    let log = EmbeddedLog::open(&dir.path().join("log"), settings).expect("the log opens");
    judge_all(&log, &dir.path().join("store"), TurnBounds::default()).await;
    assert!(!alerts(&log).is_empty());
    let rejects = log.read(Topic::Rejects, P0, Offset(0), usize::MAX, usize::MAX).expect("rejects");
    let reject = kigen_wire::decode_reject(rejects[0].value.as_deref().expect("a value")).expect("a reject");
    assert_eq!((rejects.len(), reject.place), (1, Some((0, 0))));
}

/// The events of batches and clusters that cannot have a key, each under the text that its parts make.
fn events_without_a_key() -> Vec<NewRecord> {
    let keys = [
        ("prod", "a/b", "c"),
        ("prod/a", "b", "c"),
        ("prod", "a", "b/c"),
        ("prod", "a\0b", "c"),
        ("prod", "a", ""),
        ("prod", "", "c"),
        ("", "a", "c"),
    ];
    let facts = keys.into_iter().enumerate().map(|(nth, (cluster, namespace, batch))| {
        let key = BatchKey::new(cluster, namespace, batch);
        let revision = Revision { uid: format!("uid-{nth}"), resource_version: 1 };
        let cron_job = CronJob {
            schedule: "0 * * * *".to_owned(),
            time_zone: None,
            suspended: false,
            concurrency: None,
            created_at: noon(),
            last_scheduled_at: None,
            last_succeeded_at: None,
        };
        let body = FactBody::CronJob { revision, cron_job: Some(cron_job) };
        (key.to_string(), Event::Fact(Fact { key, observed_at: noon(), body }))
    });
    let ticks = ["", "a/b", "a\0b"].into_iter().map(|cluster| {
        let body = ClusterBody::Tick { observed_until: noon(), positions: Vec::new() };
        let event = ClusterEvent { cluster: cluster.to_owned(), cluster_uid: None, epoch: 1, body };
        (cluster.to_owned(), Event::Cluster(event))
    });
    let record = |(key, event): (String, Event)| NewRecord {
        topic: Topic::Events,
        partition: P0,
        key,
        value: Some(kigen_wire::encode_event(&event, kigen_wire::Level::NEWEST)),
        timestamp: noon(),
    };
    facts.chain(ticks).map(record).collect()
}

#[tokio::test]
async fn an_event_whose_key_has_an_impossible_part_goes_to_the_rejects_and_the_next_ones_are_judged() {
    let dir = tempfile::tempdir().expect("a directory");
    let settings = Settings { partitions: 1, ..Settings::default() };
    let log = EmbeddedLog::open(&dir.path().join("log"), settings.clone()).expect("the log opens");
    let bad = events_without_a_key();
    log.append(bad.clone()).await.expect("an append");
    drop(log);
    feed::fill(dir.path(), settings.clone()).await;

    let log = EmbeddedLog::open(&dir.path().join("log"), settings).expect("the log opens");
    judge_all(&log, &dir.path().join("store"), TurnBounds::default()).await;
    assert!(!alerts(&log).is_empty());
    let rejects = log.read(Topic::Rejects, P0, Offset(0), usize::MAX, usize::MAX).expect("rejects");
    assert_eq!(rejects.len(), bad.len());
    for (record, bad) in rejects.iter().zip(&bad) {
        let reject = kigen_wire::decode_reject(record.value.as_deref().expect("a value")).expect("a reject");
        assert_eq!(reject.key, bad.key);
        assert!(reject.reason.contains("empty or contain a slash or a zero byte"), "{}", reject.reason);
    }
    let end = log.latest(Topic::Events, P0).expect("an end");
    assert_eq!(log.position(GROUP, Topic::Events, P0).expect("a position"), Some(end));
}
