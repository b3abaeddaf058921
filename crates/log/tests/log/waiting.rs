//! Consumers: waiting, fairness, giving up; and changes.

use std::time::Duration;

use kigen_log::{EmbeddedLog, Record, Settings};
use kigen_model::topic::{Offset, Partition, Topic};

use crate::{P0, at, directory, event, open, record, settings, shown, tombstone};

/// Generous: reached only when something hangs.
const DEADLINE: Duration = Duration::from_secs(30);

#[tokio::test]
async fn a_waiting_consumer_is_woken_by_an_append() {
    let dir = directory();
    let log = open(dir.path());
    let mut consumer = log.consumer(Topic::Events, vec![(P0, Offset(0))]);
    let waiting = tokio::spawn(async move { consumer.next(10, 1000).await });
    log.append(vec![record(Topic::Alerts, "k", "not this", 0)]).await.expect("appends");
    tokio::task::yield_now().await;
    assert!(!waiting.is_finished(), "another topic is none of its business");
    log.append(vec![event("a"), event("b")]).await.expect("appends");
    let batch =
        tokio::time::timeout(DEADLINE, waiting).await.expect("in time").expect("runs").expect("reads");
    assert_eq!((batch.partition, shown(&batch.records)), (P0, vec!["0:c/n/b=a".into(), "1:c/n/b=b".into()]));
}

#[tokio::test]
async fn a_busy_partition_does_not_starve_another() {
    let dir = directory();
    let log = open(dir.path());
    let quiet = Record { partition: Partition(1), ..event("quiet") };
    let mut records: Vec<_> = (0..100).map(|i| event(&i.to_string())).collect();
    records.push(quiet);
    log.append(records).await.expect("appends");
    let mut consumer = log.consumer(Topic::Events, vec![(P0, Offset(0)), (Partition(1), Offset(0))]);
    let mut turns = Vec::new();
    for _ in 0..3 {
        turns.push(consumer.next(10, usize::MAX).await.expect("reads").partition.0);
    }
    assert_eq!(turns, [0, 1, 0]);
    assert_eq!(consumer.cursors(), [(P0, Offset(20)), (Partition(1), Offset(1))]);
}

#[tokio::test]
async fn a_consumer_whose_caller_gave_up_reads_the_same_again() {
    let dir = directory();
    let log = open(dir.path());
    log.append((0..50).map(|i| event(&i.to_string())).collect()).await.expect("appends");
    let mut consumer = log.consumer(Topic::Events, vec![(P0, Offset(0))]);
    let mut seen = Vec::new();
    while seen.len() < 50 {
        tokio::select! {
            biased;
            // Ready after a few turns of the scheduler, sometimes before the read and sometimes after it.
            () = turns(seen.len() % 7) => {}
            batch = consumer.next(1, usize::MAX) => {
                seen.extend(batch.expect("reads").records.iter().map(|r| r.offset.0));
            }
        }
        if seen.len() % 7 == 0 {
            let batch = consumer.next(1, usize::MAX).await.expect("reads");
            seen.extend(batch.records.iter().map(|r| r.offset.0));
        }
    }
    assert!(seen.iter().copied().eq(0..50), "{seen:?}");
}

async fn turns(count: usize) {
    for _ in 0..count * 20 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn holes_at_the_end_of_a_compacted_topic_do_not_hold_a_consumer_up() {
    let dir = directory();
    let settings = Settings { tombstone_age_ms_max: 0, ..settings(2) };
    let log = EmbeddedLog::open(dir.path(), settings).expect("opens");
    log.append(vec![record(Topic::Status, "a", "1", 0), tombstone("a", 1)]).await.expect("appends");
    log.trim(at(100)).await.expect("trims");
    let mut consumer = log.consumer(Topic::Status, vec![(P0, Offset(0))]);
    let waiting = tokio::spawn(async move { (consumer.next(10, 1000).await, consumer) });
    tokio::task::yield_now().await;
    log.append(vec![record(Topic::Status, "a", "2", 3)]).await.expect("appends");
    let (batch, consumer) = tokio::time::timeout(DEADLINE, waiting).await.expect("in time").expect("runs");
    assert_eq!(shown(&batch.expect("reads").records), ["2:a=2"]);
    assert_eq!(consumer.cursors(), [(P0, Offset(3))]);
}

#[tokio::test]
async fn each_write_is_a_change_and_a_read_is_none() {
    let dir = directory();
    let log = open(dir.path());
    let mut changes = log.changes();
    log.append(vec![event("a")]).await.expect("appends");
    assert!(changes.has_changed().expect("the log is open"));
    changes.borrow_and_update();
    log.read(Topic::Events, P0, Offset(0), 1, 1).expect("reads");
    assert!(!changes.has_changed().expect("the log is open"));
}
