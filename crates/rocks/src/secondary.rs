//! A reader beside a running writer, in another process.

use std::fs;
use std::io;
use std::path::Path;

use rocksdb::DB;

use crate::database::{Database, files};
use crate::error::RocksError;
use crate::options;

/// How often a read beside the writer is attempted: the writer may delete a file that was just listed.
const ATTEMPTS_MAX: u32 = 100;

impl Database {
    /// Opens the database in `directory` for reading, whether or not a process writes it now; `None`: there is none.
    /// Nothing is written, so the directory and all others may be read-only.
    ///
    /// # Errors
    /// It is damaged, or the disk fails.
    pub fn open_secondary(directory: &Path) -> Result<Option<Self>, RocksError> {
        let files = files(directory);
        if !files.join("CURRENT").exists() {
            return Ok(None);
        }
        let options = options::secondary();
        // RocksDB would write its diary into the second directory; that of these options goes nowhere.
        let db = retried(|| DB::open_as_secondary(&options, files.as_path(), files.as_path()))
            .map_err(RocksError::from_rocksdb)?;
        let database = Self { db, files };
        database.catch_up()?;
        Ok(Some(database))
    }

    /// Applies what the writer wrote since; for a database that was opened beside it.
    ///
    /// RocksDB reads the list of table files first and the write-ahead logs then. A flush between the two moves
    /// records from a log that is gone by then to a table not yet listed, which leaves a hole in the middle. Each flush
    /// writes to the manifest before it deletes a log, so a read during which the manifest stayed has no hole.
    ///
    /// # Errors
    /// The disk fails, or the writer writes faster than can be read.
    pub fn catch_up(&self) -> Result<(), RocksError> {
        for _ in 0..ATTEMPTS_MAX {
            let before = self.manifest()?;
            retried(|| self.db.try_catch_up_with_primary()).map_err(RocksError::from_rocksdb)?;
            if self.manifest()? == before {
                return Ok(());
            }
        }
        Err(RocksError::Io(io::Error::new(
            io::ErrorKind::WouldBlock,
            "it is written faster than it can be read",
        )))
    }

    /// The name of the manifest in use, and its bytes so far.
    fn manifest(&self) -> Result<(String, u64), RocksError> {
        let read = || {
            let name = fs::read_to_string(self.files.join("CURRENT"))?;
            let bytes = fs::metadata(self.files.join(name.trim_end()))?.len();
            Ok::<_, io::Error>((name, bytes))
        };
        Ok(retried(read)?)
    }
}

/// Repeats what fails because the writer just deleted a file.
fn retried<T, E>(attempt: impl Fn() -> Result<T, E>) -> Result<T, E> {
    let mut result = attempt();
    for _ in 1..ATTEMPTS_MAX {
        if result.is_ok() {
            break;
        }
        result = attempt();
    }
    result
}
