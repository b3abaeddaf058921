//! A partition's events from an offset to its end: what they make of the live facts and of the cluster's last records.

use kigen_control::Control;
use kigen_log::{ConsumedRecord, LogError, LogReader};
use kigen_model::event::Event;
use kigen_model::key::BatchKey;
use kigen_model::topic::{Offset, Partition, Topic};
use kigen_wire::DecodeError;
use thiserror::Error;

use super::cluster_tail::{ClusterRecords, ClusterTail};
use super::live_facts::LiveFacts;

/// How much is read at once.
const RECORDS_PER_READ_MAX: usize = 1_000;
const BYTES_PER_READ_MAX: usize = 4 << 20;

/// A record that a newer kigen wrote.
#[derive(Debug, Error)]
#[error(
    "a newer kigen wrote the event at offset {offset} of kigen.events, partition {partition}, and this one does not begin to \
     ship without it: upgrade this process; or, to ship without it, which may cause a false alert: kigen skip kigen.events \
     {partition} {offset}"
)]
pub struct NewerRecord {
    partition: Partition,
    offset: Offset,
    source: DecodeError,
}

/// What a partition has of the cluster up to an offset.
#[derive(Debug, Default)]
pub(super) struct PartitionTail {
    pub(super) cluster: ClusterTail,
    pub(super) live: LiveFacts,
    /// The offset up to which it was read.
    pub(super) end: Offset,
    /// How many events were read.
    pub(super) events: usize,
    /// The first record of the cluster that a newer kigen wrote.
    pub(super) newer: Option<NewerRecord>,
}

/// Reads events of one cluster.
pub(super) struct Events<'a, R> {
    pub(super) reader: &'a R,
    pub(super) cluster: &'a str,
    pub(super) control: &'a Control,
}

impl<R: LogReader> Events<'_, R> {
    /// Reads a partition from the end of `before` to its own.
    pub(super) fn read(
        &self,
        partition: Partition,
        before: PartitionTail,
    ) -> Result<PartitionTail, LogError> {
        let PartitionTail { cluster, mut live, mut end, mut events, mut newer } = before;
        let mut of_cluster = ClusterRecords::after(cluster, self.cluster);
        loop {
            let records = match self.reader.read(
                Topic::Events,
                partition,
                end,
                RECORDS_PER_READ_MAX,
                BYTES_PER_READ_MAX,
            ) {
                Ok(records) => records,
                // The processor meets the same error and logs it.
                Err(LogError::Corrupt { offset, .. }) => {
                    end = offset.next();
                    continue;
                }
                Err(error) => return Err(error),
            };
            let Some(last) = records.last() else {
                return Ok(PartitionTail { cluster: of_cluster.into_tail(), live, end, events, newer });
            };
            end = last.offset.next();
            events += records.len();
            for mut record in records {
                let Some(value) = record.value.take() else { continue };
                if record.key == self.cluster {
                    if kigen_wire::decode_forgotten(&value).is_some() {
                        // Whatever is live must be emitted anew, as of a cluster that was never observed.
                        live = LiveFacts::default();
                    }
                    of_cluster.push(record.timestamp, value);
                    continue;
                }
                match kigen_wire::decode_event(&value) {
                    Ok(Event::Fact(fact)) if fact.key.cluster == self.cluster => live.apply(fact),
                    Err(source) if source.is_newer() && self.is_waited_for(partition, &record) => {
                        newer.get_or_insert(NewerRecord { partition, offset: record.offset, source });
                    }
                    Ok(Event::Fact(_) | Event::Cluster(_)) | Err(_) => {}
                }
            }
        }
    }

    /// A record of a newer kigen is waited for if it is of this cluster and no operator skips it.
    fn is_waited_for(&self, partition: Partition, record: &ConsumedRecord) -> bool {
        let is_of_cluster = record.key.parse::<BatchKey>().is_ok_and(|key| key.cluster == self.cluster);
        is_of_cluster && !self.control.is_skipped(Topic::Events, partition, record.offset)
    }
}
