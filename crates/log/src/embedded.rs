//! The embedded log: one process writes, durably, on RocksDB.

use std::fs::File;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use kigen_model::Instant;
use kigen_model::topic::{Offset, Partition, Topic};
use tokio::sync::watch;

use crate::consumer::Consumer;
use crate::error::LogError;
use crate::keys;
use crate::settings::Settings;
use crate::tables::Tables;
use crate::trim::{self, Trimmed};
use crate::view::View;
use crate::write::{self, Tails};
use crate::{Position, Received, Record, Step, lock, options, partitioner};

/// An open log. Clones are handles to the same one; it closes with the last of them.
///
/// Writes are serialised by one lock around the assignment of offsets and leave the async threads; reads take no
/// lock and see whole steps only.
#[derive(Clone)]
pub struct EmbeddedLog {
    inner: Arc<Inner>,
}

struct Inner {
    tables: Tables,
    settings: Settings,
    tails: Mutex<Tails>,
    /// The end of each partition once its records can be read, so that waiting consumers need not ask the disk.
    ends: Vec<AtomicU64>,
    changes: watch::Sender<u64>,
    /// Declared last: released only after the tables are closed.
    _lock: File,
}

impl EmbeddedLog {
    /// Opens the log in the directory `path`, creating it if there is none.
    ///
    /// # Errors
    /// The directory is in use by another process, was created with another number of partitions or by a newer
    /// kigen, or cannot be read or written.
    pub fn open(path: &Path, settings: Settings) -> Result<Self, LogError> {
        settings.check()?;
        std::fs::create_dir_all(path).map_err(|e| LogError::from_io(path, "create", e))?;
        let lock = lock::take(path)?;
        let tables = Tables::open(path, options::writing(), settings.partitions)?;
        let tails = Tails::load(&tables)?;
        let ends = tails.ends().map(AtomicU64::new).collect();
        let (changes, _) = watch::channel(0);
        Ok(Self {
            inner: Arc::new(Inner { tables, settings, tails: Mutex::new(tails), ends, changes, _lock: lock }),
        })
    }

    /// Opens a read-only view of the log in `path`, whether or not a process writes it now.
    ///
    /// # Errors
    /// There is no log, or it cannot be read.
    pub fn open_beside(path: &Path) -> Result<View, LogError> {
        View::open(path)
    }

    /// The number of partitions of every topic.
    pub fn partitions(&self) -> u32 {
        self.inner.tables.partitions()
    }

    /// The partition of a key, as Java's default partitioner of Kafka would choose it.
    pub fn partition_of(&self, key: &str) -> Partition {
        partitioner::partition_of(key, self.partitions())
    }

    /// Writes records, all or none, and returns their offsets in the same order. They are on the disk when it
    /// returns. If the future is dropped, they may be written or not, but not in part.
    ///
    /// # Errors
    /// A record or the whole is too large, a partition does not exist, or the disk refuses.
    pub async fn append(&self, records: Vec<Record>) -> Result<Vec<Offset>, LogError> {
        self.commit(Step { outputs: records, positions: Vec::new() }).await
    }

    /// Makes one atomic step and returns the offsets of its outputs in the same order; durable when it returns, and
    /// whole or not at all if the future is dropped.
    ///
    /// # Errors
    /// As for [`append`](Self::append).
    pub async fn commit(&self, step: Step) -> Result<Vec<Offset>, LogError> {
        let inner = Arc::clone(&self.inner);
        blocking(self.path(), move || inner.commit(&step)).await
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
        self.inner.tables.position(consumer, topic, partition)
    }

    /// All positions ever committed, by topic, partition and consumer.
    ///
    /// # Errors
    /// The disk refuses, or an entry is damaged.
    pub fn positions(&self) -> Result<Vec<Position>, LogError> {
        self.inner.tables.positions()
    }

    /// Reads records at and after `from`, up to `records_max` or `bytes_max` of keys and values, but at least one if
    /// there is any. Holes of a compacted topic are skipped; below the start it begins at the start.
    ///
    /// # Errors
    /// The disk refuses, or the first record is damaged (those before a damaged one are returned first).
    pub fn read(
        &self,
        topic: Topic,
        partition: Partition,
        from: Offset,
        records_max: usize,
        bytes_max: usize,
    ) -> Result<Vec<Received>, LogError> {
        self.inner.tables.read(topic, partition, from, records_max, bytes_max)
    }

    /// The first offset that is still kept: below it, records were trimmed.
    ///
    /// # Errors
    /// The disk refuses, or the entry is damaged.
    pub fn start(&self, topic: Topic, partition: Partition) -> Result<Offset, LogError> {
        Ok(self.inner.tables.bounds(topic, partition)?.start)
    }

    /// The offset the next record will get.
    ///
    /// # Errors
    /// The disk refuses, or the entry is damaged.
    pub fn end(&self, topic: Topic, partition: Partition) -> Result<Offset, LogError> {
        Ok(self.inner.tables.bounds(topic, partition)?.end)
    }

    /// The offset of the first record with a timestamp at or after `at`; the end if there is none.
    ///
    /// # Errors
    /// The disk refuses, or a record is damaged.
    pub fn offset_at(&self, topic: Topic, partition: Partition, at: Instant) -> Result<Offset, LogError> {
        self.inner.tables.offset_at(topic, partition, at)
    }

    /// Removes what is older or more than the settings allow, seen from `now`: records of the topics that are
    /// cleaned up by deletion, and old tombstones of `kigen.status`; never a state.
    ///
    /// # Errors
    /// The disk refuses, or a record is damaged.
    pub async fn trim(&self, now: Instant) -> Result<Trimmed, LogError> {
        let inner = Arc::clone(&self.inner);
        blocking(self.path(), move || trim::trim(&inner.tables, &inner.settings, &inner.tails, now)).await
    }

    /// A number that changes after each write, for waiting.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.inner.changes.subscribe()
    }

    /// A reader of several partitions of a topic, each from the offset given with it.
    pub fn consumer(&self, topic: Topic, from: Vec<(Partition, Offset)>) -> Consumer {
        Consumer::new(self.clone(), topic, from)
    }

    /// Whether there is anything at or after `from`; answered from memory.
    pub(crate) fn has_more(&self, topic: Topic, partition: Partition, from: Offset) -> bool {
        keys::slot(topic, partition, self.partitions())
            .and_then(|slot| self.inner.ends.get(slot))
            .is_some_and(|end| end.load(Ordering::Acquire) > from.0)
    }

    pub(crate) fn path(&self) -> &Path {
        self.inner.tables.path()
    }
}

impl Inner {
    fn commit(&self, step: &Step) -> Result<Vec<Offset>, LogError> {
        let written = write::commit(&self.tables, &self.settings, &self.tails, step)?;
        for ((topic, partition), bounds) in &written.moved {
            let slot = self.tables.slot(*topic, *partition)?;
            if let Some(known) = self.ends.get(slot) {
                known.fetch_max(bounds.end.0, Ordering::Release);
            }
        }
        self.changes.send_modify(|count| *count = count.wrapping_add(1));
        Ok(written.offsets)
    }
}

/// Runs `work` where it may wait for the disk.
pub(crate) async fn blocking<T: Send + 'static>(
    path: &Path,
    work: impl FnOnce() -> Result<T, LogError> + Send + 'static,
) -> Result<T, LogError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(failed) => match failed.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => Err(LogError::ShuttingDown { path: path.to_owned() }),
        },
    }
}
