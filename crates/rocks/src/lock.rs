//! One writer at a time.

use std::fs::{File, TryLockError};
use std::path::Path;
use std::time::{Duration, Instant};

use crate::error::RocksError;

/// How long a lock that another process holds is waited for, and the pause between attempts.
const WAIT_MS_MAX: u64 = 2_000;
const RETRY_DELAY_MS: u64 = 10;

/// The right to write in a directory, until it is dropped or the process dies.
///
/// RocksDB has a lock of its own, but reports it only as a text among other I/O errors.
pub struct DirectoryLock {
    /// Holds the lock.
    _file: File,
}

impl DirectoryLock {
    /// Takes the lock of an existing directory. A process that was just killed, or that forked at this moment, may hold
    /// it a little longer, and is waited for.
    ///
    /// # Errors
    /// Another process holds it, or the file cannot be created.
    pub fn take(directory: &Path) -> Result<Self, RocksError> {
        let file = File::options().create(true).write(true).truncate(false).open(directory.join("lock"))?;
        let until = Instant::now() + Duration::from_millis(WAIT_MS_MAX);
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Self { _file: file }),
                Err(TryLockError::WouldBlock) if Instant::now() < until => {
                    std::thread::sleep(Duration::from_millis(RETRY_DELAY_MS));
                }
                Err(TryLockError::WouldBlock) => return Err(RocksError::InUse),
                Err(TryLockError::Error(error)) => return Err(error.into()),
            }
        }
    }
}
