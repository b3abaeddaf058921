//! What an operator does about the alerts that no receiver has accepted: reads them, and wants them sent again.

use std::collections::BTreeMap;

use kigen_log::{LogError, LogReader, NewRecord};
use kigen_model::Instant;
use kigen_model::delivery::{DeliveryRecord, RETRY_KEY, RetryRequest, Undelivered};
use kigen_model::topic::{Offset, Partition, Topic};
use kigen_wire::Level;

/// How much is read at a time.
const RECORDS_READ_MAX: usize = 1_000;
const BYTES_READ_MAX: usize = 4 * 1024 * 1024;

/// The alerts of a log that no receiver has accepted yet.
#[derive(Debug, Default)]
pub struct AllUndelivered {
    /// Those that are tried again by themselves.
    pub waiting: Vec<Undelivered>,
    /// Those that are given up, unless an operator wants them sent again.
    pub failed: Vec<Undelivered>,
}

/// Reads them from `kigen.deliveries`; records that this kigen does not understand are left out.
///
/// # Errors
/// The log cannot be read.
pub fn read(reader: &(impl LogReader + ?Sized)) -> Result<AllUndelivered, LogError> {
    let mut all = AllUndelivered::default();
    for partition in (0..reader.partitions()).map(Partition) {
        let values = latest(reader, partition)?;
        let records = values.into_values().filter_map(|value| kigen_wire::decode_delivery(&value).ok());
        let (mut undelivered, mut retried_at) = (Vec::new(), None);
        for record in records {
            match record {
                DeliveryRecord::Message(_) => {}
                DeliveryRecord::Undelivered(record) => undelivered.push(record),
                DeliveryRecord::Retry(request) => retried_at = Some(request.requested_at),
            }
        }
        let is_failed = |record: &Undelivered| {
            record.failed_at.is_some_and(|at| retried_at.is_none_or(|retried_at| retried_at < at))
        };
        let (failed, waiting): (Vec<_>, Vec<_>) = undelivered.into_iter().partition(is_failed);
        all.failed.extend(failed);
        all.waiting.extend(waiting);
    }
    Ok(all)
}

/// The records by which an operator wants all that have failed by then sent again: one for each partition.
#[must_use]
pub fn retry(partitions: u32, author: &str, requested_at: Instant) -> Vec<NewRecord> {
    let request = DeliveryRecord::Retry(RetryRequest { author: author.to_owned(), requested_at });
    let value = kigen_wire::encode_delivery(&request, Level::NEWEST);
    let of = |partition| NewRecord {
        topic: Topic::Deliveries,
        partition: Partition(partition),
        key: RETRY_KEY.to_owned(),
        value: Some(value.clone()),
        timestamp: requested_at,
    };
    (0..partitions).map(of).collect()
}

/// The latest value of each key.
fn latest(
    reader: &(impl LogReader + ?Sized),
    partition: Partition,
) -> Result<BTreeMap<String, Vec<u8>>, LogError> {
    let topic = Topic::Deliveries;
    let mut values = BTreeMap::new();
    let mut next: Offset = reader.earliest(topic, partition)?;
    loop {
        let records = reader.read(topic, partition, next, RECORDS_READ_MAX, BYTES_READ_MAX)?;
        let Some(last) = records.last() else { return Ok(values) };
        next = last.offset.next();
        for record in records {
            match record.value {
                Some(value) => values.insert(record.key, value),
                None => values.remove(&record.key),
            };
        }
    }
}
