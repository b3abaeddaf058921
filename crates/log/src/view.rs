//! Looking into the log's tables: within the process that writes it, or from another beside it.

use std::path::Path;

use kigen_model::Instant;
use kigen_model::topic::{Offset, Partition, Topic};
use tempfile::TempDir;

use crate::ConsumedRecord;
use crate::embedded::EmbeddedLog;
use crate::error::LogError;
use crate::interface::LogReader;
use crate::tables::Tables;

/// A read-only view of a log as it was when opened or last refreshed.
pub struct EmbeddedReader {
    tables: Tables,
    /// RocksDB wants a directory for the diary of this reader; it is removed with the view, after the tables.
    _scratch: TempDir,
}

impl EmbeddedReader {
    pub(crate) fn open(path: &Path) -> Result<Self, LogError> {
        let scratch = tempfile::Builder::new()
            .prefix("kigen-view-")
            .tempdir()
            .map_err(|e| LogError::of(path, "make a temporary directory beside", e.into()))?;
        let tables = Tables::open_beside(path, scratch.path())?;
        Ok(Self { tables, _scratch: scratch })
    }
}

/// What has the log's tables before it.
trait Tabled: Send + Sync {
    fn tables(&self) -> &Tables;

    fn catch_up(&self) -> Result<(), LogError>;
}

impl Tabled for EmbeddedReader {
    fn tables(&self) -> &Tables {
        &self.tables
    }

    fn catch_up(&self) -> Result<(), LogError> {
        self.tables.catch_up()
    }
}

impl Tabled for EmbeddedLog {
    fn tables(&self) -> &Tables {
        self.tables()
    }

    /// Whoever writes sees all.
    fn catch_up(&self) -> Result<(), LogError> {
        Ok(())
    }
}

impl<T: Tabled> LogReader for T {
    fn partitions(&self) -> u32 {
        self.tables().partitions()
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
        self.tables().read(topic, partition, from, records_max, bytes_max)
    }

    fn last(&self, topic: Topic, partition: Partition) -> Result<Option<ConsumedRecord>, LogError> {
        let Some(last) = self.latest(topic, partition)?.0.checked_sub(1).map(Offset) else {
            return Ok(None);
        };
        Ok(self.tables().read(topic, partition, last, 1, usize::MAX)?.pop())
    }

    fn earliest(&self, topic: Topic, partition: Partition) -> Result<Offset, LogError> {
        Ok(self.tables().bounds(topic, partition)?.start)
    }

    fn latest(&self, topic: Topic, partition: Partition) -> Result<Offset, LogError> {
        Ok(self.tables().bounds(topic, partition)?.end)
    }

    /// A step is one write, so none is ever under way.
    fn last_stable_offset(&self, topic: Topic, partition: Partition) -> Result<Offset, LogError> {
        self.latest(topic, partition)
    }

    fn offset_for_time(&self, topic: Topic, partition: Partition, at: Instant) -> Result<Offset, LogError> {
        self.tables().offset_for_time(topic, partition, at)
    }

    /// A compacted topic has no start but its first record, and tombstones go in their order.
    fn tombstones_start(&self, partition: Partition) -> Result<Offset, LogError> {
        self.earliest(Topic::Status, partition)
    }

    fn position(&self, group: &str, topic: Topic, partition: Partition) -> Result<Option<Offset>, LogError> {
        self.tables().position(group, topic, partition)
    }
}
