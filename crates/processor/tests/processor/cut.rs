//! The due work of one tick may be cut into several commits: the alerts are the same as of one.

use kigen_log::{EmbeddedLog, LogReader, Settings};
use kigen_model::topic::{Offset, Partition, Topic};
use kigen_processor::TurnBounds;

use crate::{feed, judge_all};

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

/// The keys and bytes of all alerts, in their order.
async fn alerts(bounds: TurnBounds) -> Vec<(String, Option<Vec<u8>>)> {
    let dir = tempfile::tempdir().expect("a folder");
    let settings = Settings { partitions: 1, ..Settings::default() };
    feed::fill(dir.path(), settings.clone()).await;
    let log = EmbeddedLog::open(&dir.path().join("log"), settings).expect("a log");
    judge_all(&log, &dir.path().join("store"), bounds).await;
    let alerts = log.read(Topic::Alerts, Partition(0), Offset(0), usize::MAX, usize::MAX).expect("alerts");
    alerts.into_iter().map(|alert| (alert.key, alert.value)).collect()
}
