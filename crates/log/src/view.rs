//! Looking into the log from another process, beside the one that writes it.

use std::path::Path;

use kigen_model::Instant;
use kigen_model::topic::{Offset, Partition, Topic};
use tempfile::TempDir;

use crate::error::LogError;
use crate::tables::Tables;
use crate::{Position, Received, options, partitioner};

/// A read-only view of a log as it was when opened or last refreshed.
pub struct View {
    tables: Tables,
    /// RocksDB wants a directory for the diary of this reader; it is removed with the view, after the tables.
    _scratch: TempDir,
}

impl View {
    pub(crate) fn open(path: &Path) -> Result<Self, LogError> {
        let scratch = tempfile::Builder::new()
            .prefix("kigen-view-")
            .tempdir()
            .map_err(|e| LogError::from_io(path, "make a temporary directory beside", e))?;
        let tables = Tables::open_beside(path, scratch.path(), options::looking())?;
        Ok(Self { tables, _scratch: scratch })
    }

    /// Takes in what was written since.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn refresh(&self) -> Result<(), LogError> {
        self.tables.catch_up()
    }

    /// The number of partitions of every topic.
    pub fn partitions(&self) -> u32 {
        self.tables.partitions()
    }

    /// The partition of a key, as Java's default partitioner of Kafka would choose it.
    pub fn partition_of(&self, key: &str) -> Partition {
        partitioner::partition_of(key, self.partitions())
    }

    /// Where a consumer stands in a partition; `None` if it never said.
    ///
    /// # Errors
    /// The disk refuses, or the entry is damaged.
    pub fn position(
        &self,
        consumer: &str,
        topic: Topic,
        partition: Partition,
    ) -> Result<Option<Offset>, LogError> {
        self.tables.position(consumer, topic, partition)
    }

    /// All positions ever committed, by topic, partition and consumer.
    ///
    /// # Errors
    /// The disk refuses, or an entry is damaged.
    pub fn positions(&self) -> Result<Vec<Position>, LogError> {
        self.tables.positions()
    }

    /// Reads as [`EmbeddedLog::read`](crate::EmbeddedLog::read) does.
    ///
    /// # Errors
    /// The disk refuses, or the first record is damaged.
    pub fn read(
        &self,
        topic: Topic,
        partition: Partition,
        from: Offset,
        records_max: usize,
        bytes_max: usize,
    ) -> Result<Vec<Received>, LogError> {
        self.tables.read(topic, partition, from, records_max, bytes_max)
    }

    /// The first offset that is still kept: below it, records were trimmed.
    ///
    /// # Errors
    /// The disk refuses, or the entry is damaged.
    pub fn start(&self, topic: Topic, partition: Partition) -> Result<Offset, LogError> {
        Ok(self.tables.bounds(topic, partition)?.start)
    }

    /// The offset the next record will get.
    ///
    /// # Errors
    /// The disk refuses, or the entry is damaged.
    pub fn end(&self, topic: Topic, partition: Partition) -> Result<Offset, LogError> {
        Ok(self.tables.bounds(topic, partition)?.end)
    }

    /// The offset of the first record with a timestamp at or after `at`; the end if there is none.
    ///
    /// # Errors
    /// The disk refuses, or a record is damaged.
    pub fn offset_at(&self, topic: Topic, partition: Partition, at: Instant) -> Result<Offset, LogError> {
        self.tables.offset_at(topic, partition, at)
    }
}
