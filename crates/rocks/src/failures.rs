//! Whether RocksDB has given up writing, and whether its disk can be written again.
//!
//! RocksDB refuses all writes after most errors of the disk, and its binding has no way to resume it. From a full disk it
//! recovers by itself, but not if that ends in another error. Then the database must be closed and opened again, once a
//! file can be written beside it.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::error::RocksError;

/// How long RocksDB has to recover from a full disk, which it tries every 5 seconds.
const RECOVERY: Duration = Duration::from_secs(30);
/// What must fit on the disk before a database is closed: opening it writes what is in the write-ahead log again.
const PROBE_BYTES: usize = 4 * 1024 * 1024;

/// Why a write failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WriteFailure {
    /// No space was left.
    Full,
    /// Another error of the disk.
    Io,
}

/// The failures of a database's writes.
#[derive(Default)]
pub struct WriteFailures(Mutex<Option<Failing>>);

/// Writes fail.
#[derive(Clone, Copy)]
struct Failing {
    since: Instant,
    last: WriteFailure,
}

impl WriteFailures {
    /// Notes the outcome of a write; `None`: it did not fail by the disk.
    pub fn note(&self, failure: Option<WriteFailure>) {
        let mut failing = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let since = failing.map_or_else(Instant::now, |failing| failing.since);
        *failing = failure.map(|last| Failing { since, last });
    }

    /// Whether RocksDB does not recover by itself.
    pub fn has_given_up(&self) -> bool {
        let failing = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        failing.is_some_and(|failing| failing.last == WriteFailure::Io || failing.since.elapsed() >= RECOVERY)
    }
}

/// Writes a file into the directory of a database and deletes it.
///
/// # Errors
/// The disk fails, or is full: a database that is closed now could not be opened again.
pub fn probe(directory: &Path) -> Result<(), RocksError> {
    let path = directory.join("probe");
    let write = || {
        let mut file = File::create(&path)?;
        file.write_all(&vec![0; PROBE_BYTES])?;
        file.sync_all()
    };
    let written = write();
    fs::remove_file(&path)?;
    Ok(written?)
}
