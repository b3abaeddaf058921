//! The tables of the log's writer, which are opened again after an error on which RocksDB gives up. Until then they are
//! read.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use kigen_rocks::{WriteFailure, WriteFailures, probe};

use crate::embedded::tables::Tables;
use crate::error::{EmbeddedError, LogError};

/// The writer's tables.
pub(super) struct Opened {
    path: PathBuf,
    partitions: u32,
    /// `None` after they were closed, until they can be opened.
    tables: Mutex<Option<Arc<Tables>>>,
    failures: WriteFailures,
}

impl Opened {
    pub(super) fn open(path: &Path, partitions: u32) -> Result<Self, LogError> {
        let tables = Mutex::new(Some(Arc::new(Tables::open(path, partitions)?)));
        Ok(Self { path: path.to_owned(), partitions, tables, failures: WriteFailures::default() })
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
        if self.failures.has_given_up() && probe(&self.path).is_ok() {
            self.close();
        }
        let written = write(&*self.tables()?);
        self.failures.note(match &written {
            Err(LogError::Embedded(EmbeddedError::NoSpace { .. })) => Some(WriteFailure::Full),
            Err(LogError::Embedded(EmbeddedError::Io { .. })) => Some(WriteFailure::Io),
            Ok(_) | Err(_) => None,
        });
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
                self.failures.note(None);
            }
        }
    }
}

/// What is under these locks is whole after each statement, so a panic elsewhere does not matter.
fn unpoisoned<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
