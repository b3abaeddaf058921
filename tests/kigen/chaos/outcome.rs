//! What a run has written, and what one undisturbed run writes.

use std::collections::BTreeMap;

use kigen_log::{ConsumedRecord, EmbeddedLog, LogReader};
use kigen_model::Instant;
use kigen_model::topic::{Offset, Partition, Topic};
use kigen_processor::{Processor, TurnBounds};
use kigen_store::Store;
use kigen_testkit::fleet;

use super::year::{GARBAGE, PARTITIONS, layout, size};

/// The result of a run.
pub(super) struct Outcome {
    /// The alerts of each partition in their order, with their bytes.
    pub(super) alerts: Vec<Vec<Entry>>,
    /// The last state of each batch.
    pub(super) states: BTreeMap<String, Option<Vec<u8>>>,
    /// The partition and offset of each record that is no event, and of each that was rejected.
    pub(super) garbage: Vec<(u32, u64)>,
    pub(super) rejected: Vec<(u32, u64)>,
}

/// Key, value and timestamp of a record.
pub(super) type Entry = (String, Option<Vec<u8>>, Instant);

impl Outcome {
    pub(super) fn of(log: &impl LogReader) -> Self {
        let all = |topic| (0..PARTITIONS).map(move |partition| records(log, topic, Partition(partition)));
        let states = all(Topic::Status).flatten().map(|(key, value, _)| (key, value));
        let states = states.filter(|(key, _)| key != "position").collect();
        let (mut garbage, mut rejected) = (Vec::new(), Vec::new());
        for partition in (0..PARTITIONS).map(Partition) {
            each(log, Topic::Events, partition, |record| {
                if record.key == GARBAGE {
                    garbage.push((partition.0, record.offset.0));
                }
            });
            each(log, Topic::Rejects, partition, |record| {
                let reject = kigen_wire::decode_reject(record.value.as_deref().unwrap_or_default());
                rejected.extend(reject.expect("a reject").place);
            });
        }
        Self { alerts: all(Topic::Alerts).collect(), states, garbage, rejected }
    }
}

fn records(log: &impl LogReader, topic: Topic, partition: Partition) -> Vec<Entry> {
    let mut all = Vec::new();
    each(log, topic, partition, |record| all.push((record.key, record.value, record.timestamp)));
    all
}

fn each(log: &impl LogReader, topic: Topic, partition: Partition, mut take: impl FnMut(ConsumedRecord)) {
    let mut next = Offset(0);
    loop {
        let records = log.read(topic, partition, next, 10_000, 8 << 20).expect("records");
        let Some(last) = records.last() else { return };
        next = last.offset.next();
        records.into_iter().for_each(&mut take);
    }
}

pub(super) fn differing(found: &[Entry], expected: &[Entry]) -> String {
    let first = found.iter().zip(expected).position(|(found, expected)| found != expected);
    let decoded =
        |entry: Option<&Entry>| entry.and_then(|entry| entry.1.as_deref()).map(kigen_wire::decode_alert);
    let at = first.unwrap_or(found.len().min(expected.len()));
    format!(
        "{} alerts instead of {}; the first that differs is number {at}, {:?} instead of {:?}",
        found.len(),
        expected.len(),
        decoded(found.get(at)),
        decoded(expected.get(at)),
    )
}

/// The same year in an embedded log, judged without interruption.
pub(super) async fn undisturbed() -> Outcome {
    let dir = tempfile::tempdir().expect("a folder");
    let log = EmbeddedLog::open(&dir.path().join("log"), layout(1).log).expect("a log");
    fleet::fill(&log, &size()).await;
    let (store, _) = Store::open(&dir.path().join("store")).expect("a store");
    let mut processor = Processor::open(log.clone(), store, TurnBounds::default()).expect("a processor");
    while !processor.is_idle().expect("a readable log") {
        processor.turn().await.expect("a turn");
    }
    Outcome::of(&log)
}
