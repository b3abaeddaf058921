//! The records of `kigen.deliveries` for changes of what a receiver has.

use kigen_log::NewRecord;
use kigen_model::Instant;
use kigen_model::delivery::{DeliveryRecord, delivery_key, undelivered_key};
use kigen_model::topic::{Partition, Topic};
use kigen_wire::Level;

use crate::ledger::Change;

/// The records of changes of what a receiver has.
pub(crate) fn records(
    partition: Partition,
    changes: &[Change],
    level: Level,
    timestamp: Instant,
) -> Vec<NewRecord> {
    let new = |change: &Change| {
        let (key, value) = record(change, level);
        NewRecord { topic: Topic::Deliveries, partition, key, value, timestamp }
    };
    changes.iter().map(new).collect()
}

/// The key and value of the record of a change.
fn record(change: &Change, level: Level) -> (String, Option<Vec<u8>>) {
    let value = |record: DeliveryRecord| Some(kigen_wire::encode_delivery(&record, level));
    match change {
        Change::Put(entry) => {
            let key = delivery_key(&entry.delivery.receiver, entry.delivery.subject);
            (key, value(DeliveryRecord::Message(entry.delivery.clone())))
        }
        Change::Forget { receiver, subject } => (delivery_key(receiver, *subject), None),
        Change::Wait(waiting) => {
            let key = undelivered_key(&waiting.record.receiver, waiting.record.id);
            (key, value(DeliveryRecord::Undelivered(waiting.record.clone())))
        }
        Change::Accepted { receiver, id } => (undelivered_key(receiver, *id), None),
    }
}
