//! One writer at a time.

use std::fs::{File, TryLockError};
use std::path::Path;
use std::time::{Duration, Instant};

use crate::error::LogError;

/// How long a lock that another process holds is waited for, and how often it is tried.
const WAIT_MS_MAX: u64 = 2_000;
const RETRY_DELAY_MS: u64 = 10;

/// Takes the directory's lock until the file is dropped or the process dies. A process that was just killed, or that
/// forked at this moment, may hold it for a little longer, and is waited for.
///
/// RocksDB has a lock of its own, but tells of it only in a text among other I/O errors.
pub(crate) fn take(path: &Path) -> Result<File, LogError> {
    let file = File::options()
        .create(true)
        .write(true)
        .truncate(false)
        .open(path.join("lock"))
        .map_err(|e| LogError::from_io(path, "lock", e))?;
    let until = Instant::now() + Duration::from_millis(WAIT_MS_MAX);
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) if Instant::now() < until => {
                std::thread::sleep(Duration::from_millis(RETRY_DELAY_MS));
            }
            Err(TryLockError::WouldBlock) => return Err(LogError::InUse { path: path.to_owned() }),
            Err(TryLockError::Error(e)) => return Err(LogError::from_io(path, "lock", e)),
        }
    }
}
