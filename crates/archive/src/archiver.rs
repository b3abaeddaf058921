//! Which records are of which day, when a day is over, and the writing of its file.
//!
//! ```text
//!            record of a later day, or the log an hour past its end
//!  open day ────────────────────────────────────────────────> file written ──> the next day is open
//!     │ read on                                                  │ failed
//!     └──<──                                                     └──> read anew from where the archive ends
//! ```
//!
//! Time is that of the log's records, never a clock's: a log that is caught up with late has its days all the same.
//!
//! A record is of the day of its timestamp in UTC, or, if that day's file is written already, of the day after. So the records of
//! a day are one range of offsets, and the next day begins where it ends. The log is read once while the day goes on, and once
//! more to write the file: what is held in memory is one part of a file.

use std::collections::BTreeMap;

use chrono::{NaiveDate, NaiveTime, TimeDelta};
use kigen_log::{ConsumedRecord, LogReader};
use kigen_model::Instant;
use kigen_model::topic::{Offset, Partition, Topic};
use kigen_wire::container::{ContainerRecord, ContainerWriter, Contents};

use crate::TOPICS;
use crate::address::Address;
use crate::bucket::Bucket;
use crate::error::ArchiveError;
use crate::file_name::FileName;
use crate::index::{Index, open};
use crate::metrics;

/// The most of a partition that is read at a time.
const PAGE_RECORDS_MAX: usize = 4_096;
const PAGE_BYTES_MAX: usize = 8 * 1024 * 1024;
/// How long after a day's end the newest record of the log is, for the day to be over in a partition without later ones.
const CLOSED_AFTER: TimeDelta = TimeDelta::hours(1);

/// Writes the days that are over. It only reads the log.
pub struct Archiver<R> {
    reader: R,
    address: Address,
    /// `None`: it could not be opened yet.
    bucket: Option<Bucket>,
    partitions: BTreeMap<(Topic, Partition), Progress>,
    /// The newest time of a record that was read.
    latest: Option<Instant>,
}

/// The log and its archive.
pub(crate) struct Work<'a, R: ?Sized> {
    pub(crate) reader: &'a R,
    pub(crate) bucket: &'a Bucket,
}

/// How far a partition is archived and read.
#[derive(Clone, Debug)]
struct Progress {
    /// The day of the last file.
    written: Option<NaiveDate>,
    /// The offset from which on records had expired, before `first`.
    lost_from: Option<Offset>,
    /// Where the next file begins.
    first: Offset,
    /// What is read next.
    next: Offset,
    /// What was read of the day that the next file is of.
    open: Option<OpenDay>,
}

/// What was read of a day that is not over.
#[derive(Clone, Copy, Debug)]
struct OpenDay {
    day: NaiveDate,
    records: u64,
    /// When its first record was written.
    since: Instant,
    last: Offset,
    last_timestamp: Instant,
}

impl<R: LogReader> Archiver<R> {
    /// Of this log, in this archive.
    pub fn new(reader: R, address: Address) -> Self {
        Self { reader, address, bucket: None, partitions: BTreeMap::new(), latest: None }
    }

    /// Reads what the log has had since, and writes the days that are over. Returns the number of files.
    ///
    /// # Errors
    /// The log cannot be read, or the archive not be read or written. What was written stays, and the next call goes on with
    /// the file that failed.
    pub fn round(&mut self) -> Result<u64, ArchiveError> {
        self.reader.refresh()?;
        let bucket = match &self.bucket {
            Some(bucket) => bucket.clone(),
            None => self.bucket.insert(Bucket::create(&self.address)?).clone(),
        };
        let work = Work { reader: &self.reader, bucket: &bucket };
        let mut written = 0;
        for topic in TOPICS {
            for partition in (0..self.reader.partitions()).map(Partition) {
                let place = (topic, partition);
                // After a failure the archive itself has the answer to what was written.
                let mut progress = match self.partitions.remove(&place) {
                    Some(progress) => progress,
                    None => work.begin(topic, partition)?,
                };
                written += work.advance(place, &mut progress)?;
                self.latest = self.latest.max(progress.open.map(|open| open.last_timestamp));
                self.partitions.insert(place, progress);
            }
        }
        for ((topic, partition), progress) in &mut self.partitions {
            if let (Some(open), Some(latest)) = (progress.open, self.latest)
                && is_closed(open.day, latest)
            {
                let next = progress.next;
                work.write(*topic, *partition, progress, open, next)?;
                written += 1;
            }
        }
        let open = self.partitions.values().filter_map(|progress| progress.open);
        metrics::unarchived_since(open.map(|open| open.since).min());
        Ok(written)
    }
}

impl<R: LogReader + ?Sized> Work<'_, R> {
    /// Where the archive of a partition goes on.
    fn begin(&self, topic: Topic, partition: Partition) -> Result<Progress, ArchiveError> {
        self.bucket.clean(topic, partition)?;
        let files = Index::read(self.bucket, topic, partition)?;
        let earliest = self.reader.earliest(topic, partition)?;
        let Some(last) = files.files.last().copied() else {
            return Ok(Progress {
                written: None,
                lost_from: None,
                first: earliest,
                next: earliest,
                open: None,
            });
        };
        self.check_log(topic, partition, last, earliest)?;
        let first = last.next.max(earliest);
        let lost_from = (first > last.next).then_some(last.next);
        if lost_from.is_some() {
            let lost = first.0 - last.next.0;
            metrics::lost(lost);
            tracing::error!(
                "{topic}, partition {partition}: {lost} offsets from {} on expired in the log before they were archived; what is \
                 before them is not read with the log any more. Keep records longer (log.retention_days_max, or Kafka's \
                 retention.ms) than the archive may be unavailable",
                last.next
            );
        }
        Ok(Progress { written: Some(last.day), lost_from, first, next: first, open: None })
    }

    /// Checks that the archive is of this log, as far as the log still has the last record that was archived.
    pub(crate) fn check_log(
        &self,
        topic: Topic,
        partition: Partition,
        file: FileName,
        earliest: Offset,
    ) -> Result<(), ArchiveError> {
        let another = || ArchiveError::AnotherLog {
            address: self.bucket.address().to_string(),
            topic,
            partition,
            next: file.next,
        };
        if self.reader.latest(topic, partition)? < file.next {
            return Err(another());
        }
        let last = open(self.bucket, topic, partition, file)?.contents().clone();
        if Offset(last.last) < earliest {
            return Ok(());
        }
        let of_log = self.reader.read(topic, partition, Offset(last.last), 1, PAGE_BYTES_MAX)?;
        let is_same = |record: &ConsumedRecord| {
            (record.offset.0, record.timestamp.timestamp_millis()) == (last.last, last.last_timestamp)
        };
        if of_log.first().is_some_and(is_same) { Ok(()) } else { Err(another()) }
    }

    /// Reads on, and writes each day that is over.
    fn advance(
        &self,
        (topic, partition): (Topic, Partition),
        progress: &mut Progress,
    ) -> Result<u64, ArchiveError> {
        let mut written = 0;
        loop {
            let page = self.reader.read(topic, partition, progress.next, PAGE_RECORDS_MAX, PAGE_BYTES_MAX)?;
            self.check_expired(topic, partition, progress)?;
            if page.is_empty() {
                break;
            }
            for record in page {
                let day = progress.day_of(&record);
                if let Some(open) = progress.open.filter(|open| open.day < day) {
                    self.write(topic, partition, progress, open, record.offset)?;
                    written += 1;
                }
                progress.note(&record, day);
            }
        }
        Ok(written)
    }

    /// That the log still has the records of the open day.
    fn check_expired(
        &self,
        topic: Topic,
        partition: Partition,
        progress: &Progress,
    ) -> Result<(), ArchiveError> {
        if progress.open.is_some() && self.reader.earliest(topic, partition)? > progress.first {
            return Err(ArchiveError::Expired { topic, partition });
        }
        Ok(())
    }

    /// Writes the file of a day, whose records end before `next`.
    fn write(
        &self,
        topic: Topic,
        partition: Partition,
        progress: &mut Progress,
        open: OpenDay,
        next: Offset,
    ) -> Result<(), ArchiveError> {
        let file = FileName { day: open.day, first: progress.first, next };
        let contents = Contents {
            topic: topic.to_string(),
            partition: partition.0,
            day: open.day.to_string(),
            first: file.first.0,
            next: next.0,
            records: open.records,
            last: open.last.0,
            last_timestamp: open.last_timestamp.timestamp_millis(),
            lost_from: progress.lost_from.map(|from| from.0),
        };
        let refused = |source| ArchiveError::Damaged {
            file: self.bucket.full_name(topic, partition, file),
            source: Box::new(source),
        };
        let mut to = self.bucket.write(topic, partition, file);
        let mut container = ContainerWriter::new(&contents).map_err(refused)?;
        let (mut from, mut records) = (file.first, 0);
        while from <= open.last {
            let page = self.reader.read(topic, partition, from, PAGE_RECORDS_MAX, PAGE_BYTES_MAX)?;
            let Some(last) = page.last() else { break };
            from = last.offset.next();
            for record in page.into_iter().filter(|record| record.offset <= open.last) {
                container.append(&archived(record)).map_err(refused)?;
                records += 1;
            }
            to.append(container.take())?;
        }
        if records != open.records {
            return Err(ArchiveError::Expired { topic, partition });
        }
        to.append(container.finish().map_err(refused)?)?;
        to.finish()?;
        metrics::written(topic, records);
        tracing::debug!("{} has {records} records", self.bucket.full_name(topic, partition, file));
        progress.written = Some(open.day);
        progress.lost_from = None;
        progress.first = next;
        progress.open = None;
        Ok(())
    }
}

impl Progress {
    /// The day of a record: no earlier than that of what was read before, and later than that of the last file.
    fn day_of(&self, record: &ConsumedRecord) -> NaiveDate {
        let after_written = self.written.and_then(|written| written.succ_opt());
        let open = self.open.map(|open| open.day);
        let day = record.timestamp.date_naive();
        [after_written, open].into_iter().flatten().fold(day, NaiveDate::max)
    }

    fn note(&mut self, record: &ConsumedRecord, day: NaiveDate) {
        let (last, last_timestamp) = (record.offset, record.timestamp);
        let records = self.open.map_or(0, |open| open.records) + 1;
        let since = self.open.map_or(last_timestamp, |open| open.since);
        self.open = Some(OpenDay { day, records, since, last, last_timestamp });
        self.next = record.offset.next();
    }
}

/// Whether a day is over for a partition without later records.
fn is_closed(day: NaiveDate, latest: Instant) -> bool {
    let end = day.succ_opt().map(|next| next.and_time(NaiveTime::MIN).and_utc());
    end.is_some_and(|end| end + CLOSED_AFTER <= latest)
}

fn archived(record: ConsumedRecord) -> ContainerRecord {
    ContainerRecord {
        offset: i64::try_from(record.offset.0).unwrap_or(i64::MAX),
        timestamp: record.timestamp.timestamp_millis(),
        key: record.key,
        value: record.value,
    }
}
