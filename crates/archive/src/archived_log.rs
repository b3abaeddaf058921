//! The archive and the log, read as one: the archive up to where the log begins, then the log.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::DateTime;
use kigen_log::{ConsumedRecord, GroupPosition, LogError, LogReader};
use kigen_model::Instant;
use kigen_model::topic::{Offset, Partition, Topic};
use kigen_wire::container::{ContainerError, ContainerReader, ContainerRecord};

use crate::TOPICS;
use crate::address::Address;
use crate::bucket::{Bucket, FileReader};
use crate::error::ArchiveError;
use crate::file_name::FileName;
use crate::index::{Index, open};

/// How many records are read at a time while a time is searched.
const SEARCH_RECORDS_MAX: usize = 4_096;
const SEARCH_BYTES_MAX: usize = 8 * 1024 * 1024;

type Place = (Topic, Partition);

/// A log with its archive before it.
pub struct ArchivedLog<R> {
    live: R,
    bucket: Bucket,
    /// Of each partition that was read. Files of days that were archived meanwhile are in the log, too.
    indexes: Mutex<BTreeMap<Place, Arc<Index>>>,
    /// Where each partition was read last, so that reading on opens no file again.
    cursors: Mutex<BTreeMap<Place, Cursor>>,
}

/// A place in the files of a partition.
struct Cursor {
    /// What it returns next is at or after this offset.
    at: Offset,
    /// The file by its place in the index.
    file: usize,
    /// `None`: the file is not open yet.
    reader: Option<ContainerReader<FileReader>>,
    /// Read, but not returned yet.
    held: Option<ConsumedRecord>,
}

impl<R: LogReader> ArchivedLog<R> {
    /// Reads `live` with this archive before it.
    ///
    /// # Errors
    /// The archive cannot be opened.
    pub fn open(live: R, address: &Address) -> Result<Self, ArchiveError> {
        let bucket = Bucket::open(address)?;
        Ok(Self { live, bucket, indexes: Mutex::default(), cursors: Mutex::default() })
    }

    /// The files before the log of this partition; `None`: it is of a topic that is not archived.
    fn index(&self, place: Place) -> Result<Option<Arc<Index>>, ArchiveError> {
        let (topic, partition) = place;
        if !TOPICS.contains(&topic) {
            return Ok(None);
        }
        if let Some(index) = unpoisoned(&self.indexes).get(&place) {
            return Ok(Some(Arc::clone(index)));
        }
        let index = Arc::new(Index::read(&self.bucket, topic, partition)?);
        if let Some(end) = index.end() {
            self.live.refresh()?;
            if self.live.latest(topic, partition)? < end {
                let address = self.bucket.address().to_string();
                return Err(ArchiveError::AnotherLog { address, topic, partition, next: end });
            }
        }
        unpoisoned(&self.indexes).insert(place, Arc::clone(&index));
        Ok(Some(index))
    }

    /// That nothing is missing between the archive's end and the log's beginning.
    fn check_joint(&self, place: Place, index: &Index, earliest: Offset) -> Result<(), ArchiveError> {
        let (topic, partition) = place;
        match index.files.last() {
            Some(last) if last.next < earliest => Err(ArchiveError::Missing {
                address: self.bucket.address().to_string(),
                topic,
                partition,
                from: last.next,
                to: Offset(earliest.0.saturating_sub(1)),
                after: last.to_string(),
                before: format!("the log, which begins at {earliest}"),
            }),
            Some(_) | None => Ok(()),
        }
    }

    /// Reads from the files at and after `from`; nothing, if they end before.
    fn read_files(
        &self,
        place: Place,
        index: &Index,
        from: Offset,
        (records_max, bytes_max): (usize, usize),
    ) -> Result<Vec<ConsumedRecord>, ArchiveError> {
        let known = unpoisoned(&self.cursors).remove(&place).filter(|cursor| cursor.at == from);
        let at_file = || Cursor { at: from, file: index.place_of(from), reader: None, held: None };
        let mut cursor = known.unwrap_or_else(at_file);
        let (mut records, mut bytes) = (Vec::new(), 0);
        while records.len() < records_max {
            let Some(record) = self.next(place, index, &mut cursor)? else { break };
            if !records.is_empty() && bytes + record.payload_bytes() > bytes_max {
                cursor.held = Some(record);
                break;
            }
            bytes += record.payload_bytes();
            cursor.at = record.offset.next();
            records.push(record);
        }
        if !records.is_empty() {
            unpoisoned(&self.cursors).insert(place, cursor);
        }
        Ok(records)
    }

    /// The next record of the files at or after the cursor; `None`: there are no more.
    fn next(
        &self,
        place: Place,
        index: &Index,
        cursor: &mut Cursor,
    ) -> Result<Option<ConsumedRecord>, ArchiveError> {
        if let Some(held) = cursor.held.take() {
            return Ok(Some(held));
        }
        let (topic, partition) = place;
        while let Some(file) = index.files.get(cursor.file).copied() {
            let reader = match &mut cursor.reader {
                Some(reader) => reader,
                none => none.insert(open(&self.bucket, topic, partition, file)?),
            };
            let read = reader.read().map_err(|source| self.damaged(place, file, source))?;
            let Some(record) = read else {
                (cursor.file, cursor.reader) = (cursor.file + 1, None);
                continue;
            };
            let record = consumed(record).filter(|record| (file.first..file.next).contains(&record.offset));
            let record = record.ok_or_else(|| ArchiveError::Misnamed {
                file: self.bucket.full_name(topic, partition, file),
                found: "a record of another offset".to_owned(),
            })?;
            // A file may begin before the one before it ends if two processes wrote the archive.
            if record.offset >= cursor.at {
                return Ok(Some(record));
            }
        }
        Ok(None)
    }

    fn damaged(&self, (topic, partition): Place, file: FileName, source: ContainerError) -> ArchiveError {
        let file = self.bucket.full_name(topic, partition, file);
        ArchiveError::Damaged { file, source: Box::new(source) }
    }

    /// The first offset in the files of a record at or after `at`; `None`: it is in the log, or nowhere.
    fn search(&self, place: Place, index: &Index, at: Instant) -> Result<Option<Offset>, ArchiveError> {
        // A file's records are of its day or earlier.
        let file = index.files.partition_point(|file| file.day < at.date_naive());
        let Some(mut from) = index.files.get(file).map(|file| file.first) else { return Ok(None) };
        loop {
            let records = self.read_files(place, index, from, (SEARCH_RECORDS_MAX, SEARCH_BYTES_MAX))?;
            let Some(last) = records.last() else { return Ok(None) };
            if let Some(found) = records.iter().find(|record| record.timestamp >= at) {
                return Ok(Some(found.offset));
            }
            from = last.offset.next();
        }
    }
}

impl<R: LogReader> LogReader for ArchivedLog<R> {
    fn partitions(&self) -> u32 {
        self.live.partitions()
    }

    fn ping(&self) -> Result<(), LogError> {
        self.live.ping()
    }

    fn refresh(&self) -> Result<(), LogError> {
        self.live.refresh()
    }

    fn read(
        &self,
        topic: Topic,
        partition: Partition,
        from: Offset,
        records_max: usize,
        bytes_max: usize,
    ) -> Result<Vec<ConsumedRecord>, LogError> {
        let live = |from| self.live.read(topic, partition, from, records_max, bytes_max);
        if from >= self.live.earliest(topic, partition)? {
            let records = live(from)?;
            // What the log has trimmed meanwhile is in the archive.
            if self.live.earliest(topic, partition)? <= from {
                return Ok(records);
            }
        }
        let place = (topic, partition);
        let Some(mut index) = self.index(place)? else { return live(from) };
        // What was archived and trimmed since the files were listed.
        if index.end() < Some(self.live.earliest(topic, partition)?) {
            unpoisoned(&self.indexes).remove(&place);
            index = self.index(place)?.unwrap_or(index);
        }
        let records = self.read_files(place, &index, from, (records_max, bytes_max))?;
        if !records.is_empty() {
            return Ok(records);
        }
        self.check_joint(place, &index, self.live.earliest(topic, partition)?)?;
        live(index.end().map_or(from, |end| end.max(from)))
    }

    fn last(&self, topic: Topic, partition: Partition) -> Result<Option<ConsumedRecord>, LogError> {
        self.live.last(topic, partition)
    }

    fn earliest(&self, topic: Topic, partition: Partition) -> Result<Offset, LogError> {
        let live = self.live.earliest(topic, partition)?;
        let place = (topic, partition);
        let Some(index) = self.index(place)? else { return Ok(live) };
        self.check_joint(place, &index, live)?;
        Ok(index.first().map_or(live, |first| first.min(live)))
    }

    fn latest(&self, topic: Topic, partition: Partition) -> Result<Offset, LogError> {
        self.live.latest(topic, partition)
    }

    fn last_stable_offset(&self, topic: Topic, partition: Partition) -> Result<Offset, LogError> {
        self.live.last_stable_offset(topic, partition)
    }

    fn offset_for_time(&self, topic: Topic, partition: Partition, at: Instant) -> Result<Offset, LogError> {
        let place = (topic, partition);
        let Some(index) = self.index(place)? else { return self.live.offset_for_time(topic, partition, at) };
        match self.search(place, &index, at)? {
            Some(found) => Ok(found),
            None => self.live.offset_for_time(topic, partition, at),
        }
    }

    fn tombstones_start(&self, partition: Partition) -> Result<Offset, LogError> {
        self.live.tombstones_start(partition)
    }

    fn marker_offsets(&self) -> u64 {
        self.live.marker_offsets()
    }

    fn group_position(
        &self,
        group: &str,
        topic: Topic,
        partition: Partition,
    ) -> Result<Option<GroupPosition>, LogError> {
        self.live.group_position(group, topic, partition)
    }
}

fn consumed(record: ContainerRecord) -> Option<ConsumedRecord> {
    Some(ConsumedRecord {
        offset: Offset(u64::try_from(record.offset).ok()?),
        key: record.key,
        value: record.value,
        schema_prefix: None,
        timestamp: DateTime::from_timestamp_millis(record.timestamp)?,
    })
}

/// What is under these locks is whole after each statement, so a panic elsewhere does not matter.
fn unpoisoned<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
