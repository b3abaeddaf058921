//! Consumers: waiting, fairness, cancellation; and changes.

use std::time::Duration;

use kigen_log::{Consumer, EmbeddedLog, Log, LogReader, NewRecord, Settings};
use kigen_model::topic::{Offset, Partition, Topic};

use super::{P0, at, directory, event, joined, open, received, record, settings, tombstone};

/// Generous: reached only when something hangs.
const DEADLINE: Duration = Duration::from_secs(30);

#[tokio::test]
async fn a_waiting_consumer_is_woken_by_an_append() {
    let dir = directory();
    let log = open(dir.path());
    let mut consumer = joined(&log, Topic::Events).await;
    let waiting = tokio::spawn(async move { received(&mut consumer, 10).await });
    log.append(vec![record(Topic::Alerts, "k", "not this", 0)]).await.expect("appends");
    tokio::task::yield_now().await;
    assert!(!waiting.is_finished(), "a record of another topic does not wake it");
    log.append(vec![event("a"), event("b")]).await.expect("appends");
    let received = tokio::time::timeout(DEADLINE, waiting).await.expect("in time").expect("runs");
    assert_eq!(received, ["0:c/n/b=a", "1:c/n/b=b"]);
}

#[tokio::test]
async fn a_busy_partition_does_not_starve_another() {
    let dir = directory();
    let log = open(dir.path());
    let quiet = NewRecord { partition: Partition(1), ..event("quiet") };
    let mut records: Vec<_> = (0..100).map(|i| event(&i.to_string())).collect();
    records.push(quiet);
    log.append(records).await.expect("appends");
    let mut consumer = joined(&log, Topic::Events).await;
    assert_eq!(received(&mut consumer, 2).await, ["0:c/n/b=0", "1:c/n/b=1", "0:c/n/b=quiet"]);
    assert_eq!(received(&mut consumer, 2).await, ["2:c/n/b=2", "3:c/n/b=3"]);
}

#[tokio::test]
async fn a_consumer_whose_future_is_dropped_reads_the_same_again() {
    let dir = directory();
    let log = open(dir.path());
    log.append((0..50).map(|i| event(&i.to_string())).collect()).await.expect("appends");
    let mut consumer = joined(&log, Topic::Events).await;
    let mut seen = Vec::new();
    while seen.len() < 50 {
        tokio::select! {
            biased;
            // Ready after a few turns of the scheduler, sometimes before the read and sometimes after it.
            () = turns(seen.len() % 7) => {}
            one = received(&mut consumer, 1) => seen.extend(one),
        }
        if seen.len() % 7 == 0 {
            seen.extend(received(&mut consumer, 1).await);
        }
    }
    let all = (0..50).map(|i| format!("{i}:c/n/b={i}"));
    assert!(all.eq(seen.iter().cloned()), "{seen:?}");
}

async fn turns(count: usize) {
    for _ in 0..count * 20 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn holes_at_the_end_of_a_compacted_topic_do_not_delay_a_consumer() {
    let dir = directory();
    let settings = Settings { tombstone_age_ms_max: 0, ..settings(2) };
    let log = EmbeddedLog::open(dir.path(), settings).expect("opens");
    log.append(vec![record(Topic::Status, "a", "1", 0), tombstone("a", 1)]).await.expect("appends");
    log.trim(at(100)).await.expect("trims");
    let mut consumer = joined(&log, Topic::Status).await;
    let waiting = tokio::spawn(async move { received(&mut consumer, 10).await });
    tokio::task::yield_now().await;
    log.append(vec![record(Topic::Status, "a", "2", 3)]).await.expect("appends");
    let received = tokio::time::timeout(DEADLINE, waiting).await.expect("in time").expect("runs");
    assert_eq!(received, ["2:a=2"]);
}

#[tokio::test]
async fn a_paused_partition_is_not_read() {
    let dir = directory();
    let log = open(dir.path());
    let other = NewRecord { partition: Partition(1), ..event("other") };
    log.append(vec![event("a"), other]).await.expect("appends");
    let mut consumer = joined(&log, Topic::Events).await;
    consumer.pause(P0);
    assert_eq!(received(&mut consumer, 10).await, ["0:c/n/b=other"]);
    consumer.seek(P0, Offset(0)).await.expect("seeks");
    assert_eq!(received(&mut consumer, 10).await, ["0:c/n/b=a"]);
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
