//! The log's tables and everything that only reads them, for the writer and for readers beside it.

use std::path::{Path, PathBuf};

use kigen_model::Instant;
use kigen_model::topic::{Offset, Partition, Topic};
use kigen_rocks::{Batch, Database, Durability, RocksError, Scan, Workload};

use crate::embedded::encoding::{self, Bounds, Header};
use crate::embedded::keys;
use crate::error::{EmbeddedError, LogError};
use crate::record::{ConsumedRecord, GroupPosition, PartAhead, Position};

/// The open tables.
pub(super) struct Tables {
    pub(super) db: Database,
    path: PathBuf,
    partitions: u32,
}

impl Tables {
    /// Opens for writing, with this number of partitions, creating what is missing.
    pub(super) fn open(path: &Path, partitions: u32) -> Result<Self, LogError> {
        let db = Database::open(path, Workload::Log).map_err(|e| EmbeddedError::of(path, "open", e))?;
        let tables = Self { db, path: path.to_owned(), partitions };
        match tables.meta()? {
            Some(existing) if existing == partitions => Ok(tables),
            Some(existing) => {
                Err(EmbeddedError::PartitionsChanged { path: tables.path, existing, wanted: partitions }
                    .into())
            }
            None => {
                let mut batch = Batch::default();
                batch.put(keys::meta(), [keys::FORMAT.to_be_bytes(), partitions.to_be_bytes()].concat());
                tables.write(batch)?;
                Ok(tables)
            }
        }
    }

    /// Opens for reading what a process, perhaps still running, has written.
    pub(super) fn open_beside(path: &Path) -> Result<Self, LogError> {
        let absent = || EmbeddedError::Absent { path: path.to_owned() };
        let db = Database::open_secondary(path).map_err(|e| EmbeddedError::of(path, "read", e))?;
        let mut tables = Self { db: db.ok_or_else(absent)?, path: path.to_owned(), partitions: 0 };
        tables.partitions = tables.meta()?.ok_or_else(absent)?;
        Ok(tables)
    }

    /// Applies what the writing process wrote since; for tables opened beside it.
    pub(super) fn catch_up(&self) -> Result<(), LogError> {
        self.db.catch_up().map_err(|e| self.failed("read", e))
    }

    pub(super) fn partitions(&self) -> u32 {
        self.partitions
    }

    /// Writes a batch, durably.
    pub(super) fn write(&self, batch: Batch) -> Result<(), LogError> {
        self.db.write(batch, Durability::Synced).map_err(|e| self.failed("write", e))
    }

    /// Writes a batch that may be lost with the machine's power, though not with the process.
    pub(super) fn write_lazily(&self, batch: Batch) -> Result<(), LogError> {
        self.db.write(batch, Durability::Logged).map_err(|e| self.failed("write", e))
    }

    pub(super) fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, LogError> {
        self.db.get(key).map_err(|e| self.failed("read", e))
    }

    /// The slot of a partition, see `keys::slot`.
    pub(super) fn slot(&self, topic: Topic, partition: Partition) -> Result<usize, LogError> {
        keys::slot(topic, partition, self.partitions).ok_or(LogError::NoSuchPartition {
            topic,
            partition,
            partitions: self.partitions,
        })
    }

    pub(super) fn bounds(&self, topic: Topic, partition: Partition) -> Result<Bounds, LogError> {
        self.slot(topic, partition)?;
        let key = keys::bounds(topic, partition);
        match self.get(&key)? {
            None => Ok(Bounds::EMPTY),
            Some(bytes) => {
                Bounds::decode(&bytes).ok_or_else(|| self.corrupt(&key, "not the bounds of a partition"))
            }
        }
    }

    pub(super) fn position(
        &self,
        consumer: &str,
        topic: Topic,
        partition: Partition,
    ) -> Result<Option<GroupPosition>, LogError> {
        self.slot(topic, partition)?;
        let key = keys::position(consumer, topic, partition);
        let Some(value) = self.get(&key)? else { return Ok(None) };
        let next = self.next_offset(&key, &value)?;
        Ok(Some(GroupPosition { next, ahead: self.ahead(consumer, topic, partition)? }))
    }

    fn ahead(
        &self,
        consumer: &str,
        topic: Topic,
        partition: Partition,
    ) -> Result<Option<PartAhead>, LogError> {
        let key = keys::ahead(consumer, topic, partition);
        let Some(value) = self.get(&key)? else { return Ok(None) };
        let Some((part, next)) = value.split_first() else {
            return Err(self.corrupt(&key, "not the part of a consumer's work"));
        };
        Ok(Some(PartAhead { part: *part, next: self.next_offset(&key, next)? }))
    }

    pub(super) fn positions(&self) -> Result<Vec<Position>, LogError> {
        let (first, end) = keys::positions();
        let mut positions = Vec::new();
        let mut entries = self.db.scan(&end);
        entries.seek(first);
        while let Some((key, value)) = entries.item() {
            let next = self.next_offset(key, value)?;
            let (consumer, topic, partition) =
                keys::position_of(key).ok_or_else(|| self.corrupt(key, "not the key of a position"))?;
            let ahead = self.ahead(&consumer, topic, partition)?;
            positions.push(Position { consumer, topic, partition, next, ahead });
            entries.advance();
        }
        self.checked(&entries)?;
        Ok(positions)
    }

    /// The least position of all consumers in a partition; `None` if none has one.
    pub(super) fn least_position(
        &self,
        topic: Topic,
        partition: Partition,
    ) -> Result<Option<Offset>, LogError> {
        let (first, end) = keys::positions_in(topic, partition);
        let mut least: Option<Offset> = None;
        let mut entries = self.db.scan(&end);
        entries.seek(first);
        while let Some((key, value)) = entries.item() {
            let next = self.next_offset(key, value)?;
            least = Some(least.map_or(next, |least| least.min(next)));
            entries.advance();
        }
        self.checked(&entries)?;
        Ok(least)
    }

    pub(super) fn read(
        &self,
        topic: Topic,
        partition: Partition,
        from: Offset,
        records_max: usize,
        bytes_max: usize,
    ) -> Result<Vec<ConsumedRecord>, LogError> {
        let start = self.bounds(topic, partition)?.start;
        let mut records: Vec<ConsumedRecord> = Vec::new();
        let mut bytes = 0;
        let mut entries = self.db.scan(&keys::record_after(topic, partition));
        entries.seek(keys::record(topic, partition, from.max(start)));
        while let Some((key, value)) = entries.item() {
            bytes += value.len();
            if !records.is_empty() && (records.len() >= records_max || bytes > bytes_max) {
                break;
            }
            let offset = self.record_offset(key)?;
            match encoding::decode(offset, value) {
                Ok(record) => records.push(record),
                Err(_) if !records.is_empty() => return Ok(records),
                Err(why) => return Err(LogError::Corrupt { topic, partition, offset, why }),
            }
            entries.advance();
        }
        self.checked(&entries)?;
        Ok(records)
    }

    pub(super) fn offset_for_time(
        &self,
        topic: Topic,
        partition: Partition,
        at: Instant,
    ) -> Result<Offset, LogError> {
        // Timestamps are cut to milliseconds, so an instant within a millisecond is reached by the next one.
        let floor_ms = at.timestamp_millis();
        let at_ms =
            if at.timestamp_subsec_nanos().is_multiple_of(1_000_000) { floor_ms } else { floor_ms + 1 };
        let bounds = self.bounds(topic, partition)?;
        self.first_where(topic, partition, bounds, |header| header.timestamp_ms >= at_ms)
    }

    /// The first record within `bounds` for which `holds`, which must remain true once it is; the end if there is none.
    /// A binary search: it reads a number of headers that grows with the logarithm of the records. The header of the next
    /// record stands in for a damaged one.
    pub(super) fn first_where(
        &self,
        topic: Topic,
        partition: Partition,
        bounds: Bounds,
        holds: impl Fn(&Header) -> bool,
    ) -> Result<Offset, LogError> {
        let (mut low, mut high) = (bounds.start, bounds.end);
        let mut entries = self.db.scan(&keys::record(topic, partition, bounds.end));
        while low < high {
            let middle = Offset(low.0 + (high.0 - low.0) / 2);
            entries.seek(keys::record(topic, partition, middle));
            match self.next_header(&mut entries)? {
                Some((offset, header)) if !holds(&header) => low = offset.next(),
                Some(_) | None => high = middle,
            }
        }
        // In a compacted topic the boundary may be in a hole: the record after it is returned.
        entries.seek(keys::record(topic, partition, low));
        self.checked(&entries)?;
        entries.key().map_or(Ok(bounds.end), |key| self.record_offset(key))
    }

    /// The header of the first undamaged record at or after `from`.
    pub(super) fn header_from(
        &self,
        topic: Topic,
        partition: Partition,
        from: Offset,
    ) -> Result<Option<Header>, LogError> {
        let mut entries = self.db.scan(&keys::record_after(topic, partition));
        entries.seek(keys::record(topic, partition, from));
        Ok(self.next_header(&mut entries)?.map(|(_, header)| header))
    }

    /// The first undamaged record at or after the position of the scan.
    fn next_header(&self, entries: &mut Scan<'_>) -> Result<Option<(Offset, Header)>, LogError> {
        while let Some((key, value)) = entries.item() {
            if let Ok(header) = encoding::header(value) {
                return Ok(Some((self.record_offset(key)?, header)));
            }
            entries.advance();
        }
        self.checked(entries)?;
        Ok(None)
    }

    /// A scan also ends when the disk fails.
    pub(super) fn checked(&self, entries: &Scan<'_>) -> Result<(), LogError> {
        entries.status().map_err(|e| self.failed("read", e))
    }

    pub(super) fn failed(&self, doing: &'static str, error: RocksError) -> LogError {
        EmbeddedError::of(&self.path, doing, error).into()
    }

    pub(super) fn corrupt(&self, key: &[u8], why: &'static str) -> LogError {
        let entry = key.iter().map(|byte| format!("{byte:02x}")).collect();
        EmbeddedError::CorruptTable { path: self.path.clone(), entry, why }.into()
    }

    /// The number of partitions in the log's description, if it is written yet.
    fn meta(&self) -> Result<Option<u32>, LogError> {
        let key = keys::meta();
        let Some(bytes) = self.get(&key)? else { return Ok(None) };
        let mut rest = bytes.as_slice();
        let numbers = (encoding::take(&mut rest), encoding::take(&mut rest));
        let (Some(format), Some(partitions)) = numbers else {
            return Err(self.corrupt(&key, "not the description of a log"));
        };
        let found = u32::from_be_bytes(format);
        if found > keys::FORMAT {
            return Err(
                EmbeddedError::NewerFormat { path: self.path.clone(), found, known: keys::FORMAT }.into()
            );
        }
        Ok(Some(u32::from_be_bytes(partitions)))
    }

    fn record_offset(&self, key: &[u8]) -> Result<Offset, LogError> {
        keys::record_offset(key).ok_or_else(|| self.corrupt(key, "not the key of a record"))
    }

    fn next_offset(&self, key: &[u8], value: &[u8]) -> Result<Offset, LogError> {
        let bytes = value.try_into().map_err(|_| self.corrupt(key, "not a position"))?;
        Ok(Offset(u64::from_be_bytes(bytes)))
    }
}
