//! What all handles to the one open log share: its tables, the tails of its partitions, and its groups.

use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use kigen_model::Instant;
use kigen_model::topic::{Offset, Partition, Topic};
use kigen_rocks::{DirectoryLock, RocksError};
use tokio::sync::watch;

use crate::embedded::keys;
use crate::embedded::opened::Opened;
use crate::embedded::tables::Tables;
use crate::embedded::trim::{self, Trimmed};
use crate::embedded::write::{self, Tails};
use crate::error::{EmbeddedError, LogError};
use crate::metrics;
use crate::record::AtomicWrite;
use crate::settings::Settings;

/// The open log.
pub(super) struct Shared {
    tables: Opened,
    settings: Settings,
    tails: Mutex<Tails>,
    /// The latest offset of each partition once it can be read, so that waiting consumers do not read the disk.
    latest: Vec<AtomicU64>,
    changes: watch::Sender<u64>,
    /// For each group, how many consumers have joined it.
    generations: Mutex<HashMap<&'static str, u64>>,
    /// Declared last: released only after the tables are closed.
    _lock: DirectoryLock,
}

impl Shared {
    pub(super) fn open(path: &Path, settings: Settings) -> Result<Self, LogError> {
        let partitions = settings.partitions;
        if !(1..=Settings::PARTITIONS_MAX).contains(&partitions) {
            return Err(EmbeddedError::PartitionsOutOfRange { partitions }.into());
        }
        let created = std::fs::create_dir_all(path).map_err(RocksError::from);
        created.map_err(|error| EmbeddedError::of(path, "create", error))?;
        let lock = DirectoryLock::take(path).map_err(|error| EmbeddedError::of(path, "lock", error))?;
        let tables = Opened::open(path, partitions)?;
        let tails = Tails::load(&*tables.tables()?)?;
        let latest = tails.latest().map(AtomicU64::new).collect();
        let (changes, _) = watch::channel(0);
        let (tails, generations) = (Mutex::new(tails), Mutex::default());
        Ok(Self { tables, settings, tails, latest, changes, generations, _lock: lock })
    }

    pub(super) fn path(&self) -> &Path {
        self.tables.path()
    }

    pub(super) fn tables(&self) -> Result<Arc<Tables>, LogError> {
        self.tables.tables()
    }

    pub(super) fn partitions(&self) -> u32 {
        self.tables.partitions()
    }

    pub(super) fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// Writes atomically, durably, and waits for the disk.
    pub(super) fn commit(&self, write: &AtomicWrite) -> Result<Vec<Offset>, LogError> {
        let commit = |tables: &Tables| write::commit(tables, &self.settings, &self.tails, write);
        let written = self.tables.write(commit)?;
        for ((topic, partition), bounds) in &written.moved {
            let slot = keys::slot(*topic, *partition, self.partitions());
            if let Some(latest) = slot.and_then(|slot| self.latest.get(slot)) {
                latest.fetch_max(bounds.end.0, Ordering::Release);
            }
        }
        self.changed();
        Ok(written.offsets)
    }

    /// Writes as a consumer of a group, unless another one took its place.
    pub(super) fn commit_as(
        &self,
        group: &'static str,
        generation: u64,
        write: &AtomicWrite,
    ) -> Result<Vec<Offset>, LogError> {
        // Held until the write is done, so that a consumer that joins meanwhile reads what it left.
        let generations = self.generations();
        if generations.get(group) != Some(&generation) {
            metrics::fenced(group);
            return Err(LogError::Fenced { group });
        }
        self.commit(write)
    }

    /// Begins a generation of a group: its consumer of before is fenced.
    pub(super) fn next_generation(&self, group: &'static str) -> u64 {
        let generation = {
            let mut generations = self.generations();
            let generation = generations.entry(group).or_insert(0);
            *generation += 1;
            *generation
        };
        self.changed();
        generation
    }

    /// The generation of the consumer that joined the group last.
    pub(super) fn generation(&self, group: &str) -> u64 {
        self.generations().get(group).copied().unwrap_or_default()
    }

    /// Whether there is a record at or after `from`; answered from memory.
    pub(super) fn has_more(&self, topic: Topic, partition: Partition, from: Offset) -> bool {
        keys::slot(topic, partition, self.tables.partitions())
            .and_then(|slot| self.latest.get(slot))
            .is_some_and(|latest| latest.load(Ordering::Acquire) > from.0)
    }

    pub(super) fn trim(&self, now: Instant) -> Result<Trimmed, LogError> {
        trim::trim(&*self.tables()?, &self.settings, &self.tails, now)
    }

    fn changed(&self) {
        self.changes.send_modify(|count| *count = count.wrapping_add(1));
    }

    fn generations(&self) -> MutexGuard<'_, HashMap<&'static str, u64>> {
        self.generations.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Runs `work`, which waits for the disk, on a blocking thread.
pub(super) async fn blocking<T: Send + 'static>(
    path: &Path,
    work: impl FnOnce() -> Result<T, LogError> + Send + 'static,
) -> Result<T, LogError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(failed) => match failed.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => Err(EmbeddedError::ShuttingDown { path: path.to_owned() }.into()),
        },
    }
}
