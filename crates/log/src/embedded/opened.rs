//! The tables of the log's writer, which are opened again after an error on which RocksDB gives up.
//!
//! RocksDB refuses all writes after most errors of the disk, and its binding has no way to resume it. From a full disk it
//! recovers by itself, but not if that ends in another error. So the tables are closed and opened again once a file can be
//! written beside them. Until then they are read.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::embedded::tables::Tables;
use crate::error::{EmbeddedError, LogError};

/// How long RocksDB has to recover from a full disk, which it tries every 5 seconds.
const RECOVERY: Duration = Duration::from_secs(30);

/// What must fit on the disk before the tables are closed: opening them writes what is in the write-ahead log again.
const PROBE_BYTES: usize = 4 * 1024 * 1024;

/// The writer's tables.
pub(super) struct Opened {
    path: PathBuf,
    partitions: u32,
    /// `None` after they were closed, until they can be opened.
    tables: Mutex<Option<Arc<Tables>>>,
    failing: Mutex<Option<Failing>>,
}

/// Writes fail.
#[derive(Clone, Copy)]
struct Failing {
    since: Instant,
    /// The last one failed for want of space.
    is_full: bool,
}

impl Opened {
    pub(super) fn open(path: &Path, partitions: u32) -> Result<Self, LogError> {
        let tables = Mutex::new(Some(Arc::new(Tables::open(path, partitions)?)));
        Ok(Self { path: path.to_owned(), partitions, tables, failing: Mutex::default() })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn partitions(&self) -> u32 {
        self.partitions
    }

    /// The tables to read. They are not closed while this is held.
    pub(super) fn tables(&self) -> Result<Arc<Tables>, LogError> {
        let mut tables = unpoisoned(&self.tables);
        match &*tables {
            Some(open) => Ok(Arc::clone(open)),
            None => {
                let open = tables.insert(Arc::new(Tables::open(&self.path, self.partitions)?));
                Ok(Arc::clone(open))
            }
        }
    }

    /// Writes to the tables, which are opened again before if RocksDB has given up.
    pub(super) fn write<T>(&self, write: impl FnOnce(&Tables) -> Result<T, LogError>) -> Result<T, LogError> {
        if self.has_given_up() && self.probe().is_ok() {
            self.close();
        }
        let written = write(&*self.tables()?);
        let mut failing = unpoisoned(&self.failing);
        let is_full = match &written {
            Err(LogError::Embedded(EmbeddedError::NoSpace { .. })) => Some(true),
            Err(LogError::Embedded(EmbeddedError::Io { .. })) => Some(false),
            Ok(_) | Err(_) => None,
        };
        let since = failing.map_or_else(Instant::now, |failing| failing.since);
        *failing = is_full.map(|is_full| Failing { since, is_full });
        written
    }

    fn has_given_up(&self) -> bool {
        unpoisoned(&self.failing)
            .is_some_and(|failing| !failing.is_full || failing.since.elapsed() >= RECOVERY)
    }

    /// Writes a file and deletes it.
    fn probe(&self) -> io::Result<()> {
        let path = self.path.join("probe");
        let write = || {
            let mut file = File::create(&path)?;
            file.write_all(&vec![0; PROBE_BYTES])?;
            file.sync_all()
        };
        let written = write();
        fs::remove_file(&path)?;
        written
    }

    /// Closes the tables unless they are being read: then the next write tries it again.
    fn close(&self) {
        let mut tables = unpoisoned(&self.tables);
        match tables.take().map(Arc::try_unwrap) {
            Some(Err(in_use)) => *tables = Some(in_use),
            Some(Ok(_)) | None => {
                tracing::warn!(
                    "the event log in {} is opened again after a failed write",
                    self.path.display()
                );
                *unpoisoned(&self.failing) = None;
            }
        }
    }
}

/// What is under these locks is whole after each statement, so a panic elsewhere does not matter.
fn unpoisoned<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
