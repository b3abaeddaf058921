//! The embedded log: one process writes, durably, on RocksDB.

use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use kigen_model::Instant;
use kigen_model::topic::{Offset, Partition, Topic};
use kigen_rocks::DirectoryLock;
use tokio::sync::watch;

use crate::error::LogError;
use crate::group::EmbeddedConsumer;
use crate::interface::Log;
use crate::keys;
use crate::settings::Settings;
use crate::tables::Tables;
use crate::trim::{self, Trimmed};
use crate::view::EmbeddedReader;
use crate::write::{self, Tails};
use crate::{AtomicWrite, NewRecord, Position, metrics};

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
    /// Of each group's member, how many there were with it.
    generations: Mutex<HashMap<&'static str, u64>>,
    /// Declared last: released only after the tables are closed.
    _lock: DirectoryLock,
}

impl EmbeddedLog {
    /// Opens the log in the directory `path`, creating it if there is none.
    ///
    /// # Errors
    /// The directory is in use by another process, was created with another number of partitions or by a newer
    /// kigen, or cannot be read or written.
    pub fn open(path: &Path, settings: Settings) -> Result<Self, LogError> {
        settings.check()?;
        std::fs::create_dir_all(path).map_err(|e| LogError::of(path, "create", e.into()))?;
        let lock = DirectoryLock::take(path).map_err(|e| LogError::of(path, "lock", e))?;
        let tables = Tables::open(path, settings.partitions)?;
        let tails = Tails::load(&tables)?;
        let ends = tails.ends().map(AtomicU64::new).collect();
        let (changes, _) = watch::channel(0);
        Ok(Self {
            inner: Arc::new(Inner {
                tables,
                settings,
                tails: Mutex::new(tails),
                ends,
                changes,
                generations: Mutex::default(),
                _lock: lock,
            }),
        })
    }

    /// Opens a read-only view of the log in `path`, whether or not a process writes it now.
    ///
    /// # Errors
    /// There is no log, or it cannot be read.
    pub fn open_beside(path: &Path) -> Result<EmbeddedReader, LogError> {
        EmbeddedReader::open(path)
    }

    /// Makes one atomic step and returns the offsets of its outputs in the same order; durable when it returns, and
    /// whole or not at all if the future is dropped.
    ///
    /// # Errors
    /// A record or the whole is too large, a partition does not exist, or the disk refuses.
    pub async fn commit(&self, step: AtomicWrite) -> Result<Vec<Offset>, LogError> {
        let inner = Arc::clone(&self.inner);
        blocking(self.path(), move || inner.commit(&step)).await
    }

    /// All positions ever committed, by topic, partition and consumer.
    ///
    /// # Errors
    /// The disk refuses, or an entry is damaged.
    pub fn positions(&self) -> Result<Vec<Position>, LogError> {
        self.inner.tables.positions()
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

    /// Makes a step as the member of a group, unless another took its place.
    pub(crate) async fn commit_as(
        &self,
        name: &'static str,
        generation: u64,
        step: AtomicWrite,
    ) -> Result<Vec<Offset>, LogError> {
        let inner = Arc::clone(&self.inner);
        blocking(self.path(), move || {
            // Held until the step is made, so that who joins meanwhile reads what it left.
            let generations = inner.generations();
            if generations.get(name) != Some(&generation) {
                metrics::fenced(name);
                return Err(LogError::Fenced { group: name });
            }
            inner.commit(&step)
        })
        .await
    }

    /// The generation of the group's member that joined last.
    pub(crate) fn generation(&self, name: &str) -> u64 {
        self.inner.generations().get(name).copied().unwrap_or_default()
    }

    /// Whether there is anything at or after `from`; answered from memory.
    pub(crate) fn has_more(&self, topic: Topic, partition: Partition, from: Offset) -> bool {
        keys::slot(topic, partition, self.tables().partitions())
            .and_then(|slot| self.inner.ends.get(slot))
            .is_some_and(|end| end.load(Ordering::Acquire) > from.0)
    }

    pub(crate) fn path(&self) -> &Path {
        self.tables().path()
    }

    pub(crate) fn tables(&self) -> &Tables {
        &self.inner.tables
    }
}

impl Log for EmbeddedLog {
    type Reader = Self;
    type Consumer = EmbeddedConsumer;

    fn reader(&self) -> &Self {
        self
    }

    /// All or none.
    async fn append(&self, records: Vec<NewRecord>) -> Result<Vec<Offset>, LogError> {
        self.commit(AtomicWrite { outputs: records, positions: Vec::new() }).await
    }

    /// Whoever was the member before is none from now on.
    fn join(&self, name: &'static str, topic: Topic) -> Result<EmbeddedConsumer, LogError> {
        let generation = {
            let mut generations = self.inner.generations();
            let generation = generations.entry(name).or_insert(0);
            *generation += 1;
            *generation
        };
        self.inner.changed();
        Ok(EmbeddedConsumer::new(self.clone(), name, topic, generation))
    }
}

impl Inner {
    fn commit(&self, step: &AtomicWrite) -> Result<Vec<Offset>, LogError> {
        let written = write::commit(&self.tables, &self.settings, &self.tails, step)?;
        for ((topic, partition), bounds) in &written.moved {
            let slot = self.tables.slot(*topic, *partition)?;
            if let Some(known) = self.ends.get(slot) {
                known.fetch_max(bounds.end.0, Ordering::Release);
            }
        }
        self.changed();
        Ok(written.offsets)
    }

    fn changed(&self) {
        self.changes.send_modify(|count| *count = count.wrapping_add(1));
    }

    fn generations(&self) -> MutexGuard<'_, HashMap<&'static str, u64>> {
        self.generations.lock().unwrap_or_else(PoisonError::into_inner)
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
