//! A tick's due work that is cut into several commits is told as in one.

mod feed;

use kigen_log::{EmbeddedLog, LogReader, Settings};
use kigen_model::topic::{Offset, Partition, Topic};
use kigen_processor::{Processor, TurnBounds};
use kigen_store::Store;

#[tokio::test]
async fn a_tick_cut_anywhere_tells_the_same_in_the_same_order() {
    let whole = told(TurnBounds::default()).await;
    assert!(whole.len() > 20, "the feed must make alerts: {}", whole.len());
    for batches_max in 1..12 {
        let bounds = TurnBounds { batches_max, due_page_max: 2, ..TurnBounds::default() };
        let cut = told(bounds).await;
        let first = cut.iter().zip(&whole).position(|(cut, whole)| cut != whole);
        assert_eq!((first, cut.len()), (None, whole.len()), "commits of {batches_max} batches");
    }
}

/// The keys and bytes of all alerts, in their order.
async fn told(bounds: TurnBounds) -> Vec<(String, Option<Vec<u8>>)> {
    let dir = tempfile::tempdir().expect("a directory");
    let settings = Settings { partitions: 1, ..Settings::default() };
    feed::fill(dir.path(), settings.clone()).await;
    let log = EmbeddedLog::open(&dir.path().join("log"), settings).expect("the log opens");
    let (store, _) = Store::open(&dir.path().join("store")).expect("the store opens");
    let mut processor = Processor::open(log.clone(), store, bounds).expect("the processor opens");
    while !processor.is_idle().expect("the log is readable") {
        processor.turn().await.expect("a turn");
    }
    let alerts = log.read(Topic::Alerts, Partition(0), Offset(0), usize::MAX, usize::MAX).expect("alerts");
    alerts.into_iter().map(|alert| (alert.key, alert.value)).collect()
}
