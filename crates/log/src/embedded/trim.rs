//! Keeping the log within its bounds: old records go, and tombstones that every reader has had time to see.

use std::sync::Mutex;

use kigen_model::Instant;
use kigen_model::topic::{Offset, Partition, Topic};
use kigen_rocks::Batch;

use crate::embedded::encoding::{self, Header};
use crate::embedded::keys;
use crate::embedded::tables::Tables;
use crate::embedded::write::{self, Moved, Tails};
use crate::error::LogError;
use crate::metrics;
use crate::settings::{Retention, Settings};

/// How many tombstones are removed before writers get the lock.
const TOMBSTONES_AT_ONCE_MAX: usize = 1000;

/// Whole files are deleted only when at least this much was trimmed from a partition.
const FILES_BYTES_MIN: u64 = 4 * 1024 * 1024;

/// What a trim removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Trimmed {
    /// Records older or more than is kept.
    pub records: u64,
    /// Their bytes, before compression.
    pub bytes: u64,
    /// Tombstones of the compacted topic.
    pub tombstones: u64,
    /// Bytes of records beyond their partition's size that are kept, since no resync has written their facts again yet.
    pub bytes_over: u64,
    /// Of `records`, those that a group had not read yet: an alert goes so only at its larger bounds, see
    /// [`Settings::unread_retention`].
    pub unread: u64,
}

/// Trims every partition. One that cannot be trimmed does not stop the others; its error is returned at the end.
pub(super) fn trim(
    tables: &Tables,
    settings: &Settings,
    tails: &Mutex<Tails>,
    now: Instant,
) -> Result<Trimmed, LogError> {
    let mut trim = Trim { tables, settings, tails, trimmed: Trimmed::default() };
    let mut failed = None;
    for (topic, partition) in keys::slots(tables.partitions()) {
        let result = match settings.retention(topic) {
            Some(retention) => trim.records(topic, partition, now, retention),
            None => trim.tombstones(topic, partition, age_limit(now, settings.tombstone_age_ms_max)),
        };
        if let Err(error) = result {
            failed.get_or_insert(error);
        }
    }
    failed.map_or(Ok(trim.trimmed), Err)
}

/// A trim under way.
struct Trim<'a> {
    tables: &'a Tables,
    settings: &'a Settings,
    tails: &'a Mutex<Tails>,
    trimmed: Trimmed,
}

impl Trim<'_> {
    /// Deletes the records of a partition that are older than is kept, or beyond its bytes and older than
    /// `resynced_age_ms_min`; those of them that a group has not read yet only at their larger bounds.
    fn records(
        &mut self,
        topic: Topic,
        partition: Partition,
        now: Instant,
        retention: Retention,
    ) -> Result<(), LogError> {
        let tables = self.tables;
        let mut tails = write::lock(tables, self.tails)?;
        let mut bounds = tails.at(topic, partition);
        let bytes_min = bounds.bytes.saturating_sub(retention.partition_bytes_max);
        let is_within = |header: &Header, retention: Retention| {
            header.timestamp_ms >= age_limit(now, retention.age_ms_max)
                && header.bytes_before >= bounds.bytes.saturating_sub(retention.partition_bytes_max)
        };
        // By the last record and not by the clock: a fact does not become one that was written again while no shipper runs.
        let latest_ms = bounds.timestamp_ms.min(now.timestamp_millis());
        let resynced_age_ms_min = self.settings.resynced_age_ms_min(topic);
        let resynced_ms = latest_ms.saturating_sub_unsigned(resynced_age_ms_min);
        let kept = |header: &Header| {
            let is_young = resynced_age_ms_min > 0 && header.timestamp_ms >= resynced_ms;
            let of_any_size = Retention { partition_bytes_max: u64::MAX, ..retention };
            is_within(header, if is_young { of_any_size } else { retention })
        };
        let Some(first) = tables.header_from(topic, partition, bounds.start)? else { return Ok(()) };
        if kept(&first) {
            self.trimmed.bytes_over += bytes_min.saturating_sub(first.bytes_before);
            return Ok(());
        }
        let mut cut = tables.first_where(topic, partition, bounds, kept)?;
        let mut unread = 0;
        if let Some(retention) = self.settings.unread_retention(topic)
            && let Some(position) = tables.least_position(topic, partition)?
            && position < cut
        {
            let unread_cut =
                tables.first_where(topic, partition, bounds, |header| is_within(header, retention))?;
            let read_until = position.max(bounds.start);
            cut = cut.min(unread_cut.max(read_until));
            unread = cut.0 - read_until.0;
            if cut == bounds.start {
                return Ok(());
            }
        }
        let after = tables.header_from(topic, partition, cut)?;
        let bytes_cut = after.map_or(bounds.bytes, |header| header.bytes_before);
        self.trimmed.bytes_over += bytes_min.saturating_sub(bytes_cut);
        let bytes = bytes_cut - first.bytes_before;
        let last = Offset(cut.0 - 1);
        self.trimmed.records += cut.0 - bounds.start.0;
        self.trimmed.bytes += bytes;
        self.trimmed.unread += unread;
        bounds.start = cut;

        // From 0 and not from the old start: deleting whole files below may delete the marker of an earlier range deletion,
        // while records that it covered are still in another file.
        let from = keys::record(topic, partition, Offset(0));
        let mut batch = Batch::default();
        batch.delete_range(&from, keys::record(topic, partition, cut));
        tails
            .write(batch, &Moved::from([((topic, partition), bounds)]), |batch| tables.write_lazily(batch))?;
        drop(tails);
        if unread > 0 {
            metrics::unread_expired(topic.name(), unread);
            tracing::error!(
                "{unread} records of partition {partition} of {topic} before offset {cut} are lost: they were not delivered \
                 within {} times the age or the size that is kept",
                Settings::UNREAD_RETENTIONS_MAX
            );
        }
        if bytes >= FILES_BYTES_MIN {
            let removed = tables.db.delete_files(&from, &keys::record(topic, partition, last));
            removed.map_err(|e| tables.failed("trim", e))?;
        }
        Ok(())
    }

    /// Deletes the tombstones of a partition that are older than `oldest_ms`.
    fn tombstones(&mut self, topic: Topic, partition: Partition, oldest_ms: i64) -> Result<(), LogError> {
        let tables = self.tables;
        loop {
            let mut tails = write::lock(tables, self.tails)?;
            let mut batch = Batch::default();
            let count = collect_tombstones(tables, topic, partition, oldest_ms, &mut batch)?;
            if count > 0 {
                tails.write(batch, &Moved::new(), |batch| tables.write_lazily(batch))?;
            }
            self.trimmed.tombstones += count as u64;
            if count < TOMBSTONES_AT_ONCE_MAX {
                return Ok(());
            }
        }
    }
}

/// Adds the deletion of tombstones before `oldest_ms` to the batch and returns how many.
fn collect_tombstones(
    tables: &Tables,
    topic: Topic,
    partition: Partition,
    oldest_ms: i64,
    batch: &mut Batch,
) -> Result<usize, LogError> {
    let (first, end) = keys::tombstones(topic, partition);
    let mut entries = tables.db.scan(&end);
    entries.seek(&first);
    let mut count = 0;
    while count < TOMBSTONES_AT_ONCE_MAX
        && let Some((entry, timestamp)) = entries.item()
    {
        let offset = keys::tombstone_offset(entry)
            .ok_or_else(|| tables.corrupt(entry, "not the key of a tombstone"))?;
        let bytes = timestamp.try_into().map_err(|_| tables.corrupt(entry, "not a timestamp"))?;
        // Offsets and timestamps grow together, so all later ones are younger.
        if i64::from_be_bytes(bytes) >= oldest_ms {
            break;
        }
        let key = keys::record(topic, partition, offset);
        if let Some(bytes) = tables.get(&key)? {
            let tombstone = encoding::decode(offset, &bytes).map_err(|why| LogError::Corrupt {
                topic,
                partition,
                offset,
                why,
            })?;
            batch.delete(keys::latest(topic, partition, &tombstone.key));
            batch.delete(&key);
        }
        batch.delete(entry);
        count += 1;
        entries.advance();
    }
    tables.checked(&entries)?;
    Ok(count)
}

/// The earliest timestamp that is young enough, in milliseconds.
fn age_limit(now: Instant, age_ms_max: u64) -> i64 {
    now.timestamp_millis().saturating_sub_unsigned(age_ms_max)
}
