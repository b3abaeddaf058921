//! Reading the log's tables by offset: within the process that writes them, or from another process beside it.

use std::ops::Deref;
use std::path::Path;

use kigen_model::Instant;
use kigen_model::topic::{Offset, Partition, Topic};

use crate::embedded::tables::Tables;
use crate::error::LogError;
use crate::interface::LogReader;
use crate::record::{ConsumedRecord, GroupPosition};

/// A read-only view of a log as it was when opened or last refreshed.
pub struct EmbeddedReader {
    tables: Tables,
}

impl EmbeddedReader {
    pub(super) fn open(path: &Path) -> Result<Self, LogError> {
        Ok(Self { tables: Tables::open_beside(path)? })
    }
}

/// What has open tables to read.
pub(super) trait Readable: Send + Sync {
    fn tables(&self) -> Result<impl Deref<Target = Tables>, LogError>;

    fn partitions(&self) -> u32;

    /// Makes visible what another process wrote since.
    fn catch_up(&self) -> Result<(), LogError>;
}

impl Readable for EmbeddedReader {
    fn tables(&self) -> Result<impl Deref<Target = Tables>, LogError> {
        Ok(&self.tables)
    }

    fn partitions(&self) -> u32 {
        self.tables.partitions()
    }

    fn catch_up(&self) -> Result<(), LogError> {
        self.tables.catch_up()
    }
}

impl<T: Readable> LogReader for T {
    fn partitions(&self) -> u32 {
        Readable::partitions(self)
    }

    fn refresh(&self) -> Result<(), LogError> {
        self.catch_up()
    }

    fn read(
        &self,
        topic: Topic,
        partition: Partition,
        from: Offset,
        records_max: usize,
        bytes_max: usize,
    ) -> Result<Vec<ConsumedRecord>, LogError> {
        self.tables()?.read(topic, partition, from, records_max, bytes_max)
    }

    fn last(&self, topic: Topic, partition: Partition) -> Result<Option<ConsumedRecord>, LogError> {
        let Some(last) = self.latest(topic, partition)?.0.checked_sub(1).map(Offset) else {
            return Ok(None);
        };
        Ok(self.tables()?.read(topic, partition, last, 1, usize::MAX)?.pop())
    }

    fn earliest(&self, topic: Topic, partition: Partition) -> Result<Offset, LogError> {
        Ok(self.tables()?.bounds(topic, partition)?.start)
    }

    fn latest(&self, topic: Topic, partition: Partition) -> Result<Offset, LogError> {
        Ok(self.tables()?.bounds(topic, partition)?.end)
    }

    /// An atomic write is one write of RocksDB, so none is ever under way.
    fn last_stable_offset(&self, topic: Topic, partition: Partition) -> Result<Offset, LogError> {
        self.latest(topic, partition)
    }

    fn offset_for_time(&self, topic: Topic, partition: Partition, at: Instant) -> Result<Offset, LogError> {
        self.tables()?.offset_for_time(topic, partition, at)
    }

    /// A compacted topic begins at its first record, and tombstones are removed in their order.
    fn tombstones_start(&self, partition: Partition) -> Result<Offset, LogError> {
        self.earliest(Topic::Status, partition)
    }

    fn group_position(
        &self,
        group: &str,
        topic: Topic,
        partition: Partition,
    ) -> Result<Option<GroupPosition>, LogError> {
        self.tables()?.position(group, topic, partition)
    }
}
