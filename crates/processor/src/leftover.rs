//! Records that were read but did not fit into a full turn: they come first in the next one. Nothing more is read of their
//! partitions meanwhile, while the others are.

use std::collections::{BTreeMap, BTreeSet};

use kigen_log::ConsumedRecord;
use kigen_model::topic::Partition;

/// The records, by partition.
#[derive(Default)]
pub(crate) struct Leftover {
    /// Ordered, so that one seed of a test gives the same run twice.
    records: BTreeMap<Partition, Vec<ConsumedRecord>>,
    /// The partitions that are not read because they have, or had, leftover records.
    held: BTreeSet<Partition>,
}

impl Leftover {
    /// Retains records for the next round. True: the partition is to be read no further.
    pub(crate) fn hold(&mut self, partition: Partition, records: Vec<ConsumedRecord>) -> bool {
        self.records.insert(partition, records);
        self.held.insert(partition)
    }

    /// The leftover records, and of the other partitions those that were just read.
    pub(crate) fn take_with(
        &mut self,
        read: Vec<(Partition, Vec<ConsumedRecord>)>,
    ) -> Vec<(Partition, Vec<ConsumedRecord>)> {
        let mut taken = std::mem::take(&mut self.records);
        for (partition, records) in read {
            taken.entry(partition).or_insert(records);
        }
        taken.into_iter().collect()
    }

    /// The partitions whose leftover records are judged, once each: they are read on.
    pub(crate) fn drained(&mut self) -> Vec<Partition> {
        let records = &self.records;
        self.held.extract_if(.., |partition| !records.contains_key(partition)).collect()
    }

    /// Drops what is left of a partition.
    pub(crate) fn forget(&mut self, partition: Partition) {
        self.records.remove(&partition);
        self.held.remove(&partition);
    }

    /// The number of partitions that have some.
    pub(crate) fn partitions(&self) -> usize {
        self.records.len()
    }

    /// The bytes of all of them.
    pub(crate) fn bytes(&self) -> usize {
        self.records.values().flatten().map(ConsumedRecord::payload_bytes).sum()
    }
}
