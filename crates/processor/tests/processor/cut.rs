//! The due work of one tick may be cut into several commits: the alerts are the same as of one.

use kigen_log::{EmbeddedLog, Log, LogReader, Settings};
use kigen_model::alert::AlertBody;
use kigen_model::topic::{Offset, Partition, Topic};
use kigen_processor::TurnBounds;
use tempfile::TempDir;

use crate::feed::{self, Feed};
use crate::judge_all;

#[tokio::test]
async fn a_tick_that_is_cut_anywhere_emits_the_same_alerts_in_the_same_order() {
    let whole = alerts(TurnBounds::default()).await;
    assert!(whole.len() > 20, "the feed must make alerts: {}", whole.len());
    for batches_max in 1..12 {
        let bounds = TurnBounds { batches_max, due_page_max: 2, ..TurnBounds::default() };
        let cut = alerts(bounds).await;
        let first = cut.iter().zip(&whole).position(|(cut, whole)| cut != whole);
        assert_eq!((first, cut.len()), (None, whole.len()), "commits of {batches_max} batches");
    }
}

#[tokio::test]
async fn an_outage_is_one_alert_for_each_objective_wherever_its_tick_is_cut() {
    let whole = alerts_after_outage(TurnBounds::default()).await;
    let ranges: Vec<u32> = whole.iter().filter_map(|(_, alert)| unknown_slots(alert.as_deref()?)).collect();
    assert_eq!(ranges, [30; 24], "two objectives of twelve batches");
    for batches_max in [1, 5, 12] {
        let bounds = TurnBounds { batches_max, due_page_max: 2, ..TurnBounds::default() };
        let cut = alerts_after_outage(bounds).await;
        assert!(cut == whole, "commits of {batches_max} batches");
    }
}

/// How many slots an alert reports as unknown.
fn unknown_slots(alert: &[u8]) -> Option<u32> {
    match kigen_wire::decode_alert(alert).expect("an alert").body {
        AlertBody::SlotUnknown { slots, .. } => Some(slots),
        _ => None,
    }
}

async fn alerts_after_outage(bounds: TurnBounds) -> Vec<(String, Option<Vec<u8>>)> {
    let dir = tempfile::tempdir().expect("a folder");
    let log = EmbeddedLog::open(&dir.path().join("log"), one_partition()).expect("a log");
    let mut feed = Feed::new(log.reader());
    log.append(feed.next_day()).await.expect("the events are written");
    log.append(feed.outage(30)).await.expect("the events are written");
    judged(&log, &dir, bounds).await
}

fn one_partition() -> Settings {
    Settings { partitions: 1, ..Settings::default() }
}

/// The keys and bytes of all alerts, in their order.
async fn alerts(bounds: TurnBounds) -> Vec<(String, Option<Vec<u8>>)> {
    let dir = tempfile::tempdir().expect("a folder");
    feed::fill(dir.path(), one_partition()).await;
    let log = EmbeddedLog::open(&dir.path().join("log"), one_partition()).expect("a log");
    judged(&log, &dir, bounds).await
}

async fn judged(log: &EmbeddedLog, dir: &TempDir, bounds: TurnBounds) -> Vec<(String, Option<Vec<u8>>)> {
    judge_all(log, &dir.path().join("store"), bounds).await;
    let alerts = log.read(Topic::Alerts, Partition(0), Offset(0), usize::MAX, usize::MAX).expect("alerts");
    alerts.into_iter().map(|alert| (alert.key, alert.value)).collect()
}
