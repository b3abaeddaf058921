//! One writer at a time.

use std::fs::{File, TryLockError};
use std::path::Path;

use crate::error::LogError;

/// Takes the directory's lock until the file is dropped or the process dies. RocksDB has a lock of its own, but tells
/// of it only in a text among other I/O errors.
pub(crate) fn take(path: &Path) -> Result<File, LogError> {
    let file = File::options()
        .create(true)
        .write(true)
        .truncate(false)
        .open(path.join("lock"))
        .map_err(|e| LogError::from_io(path, "lock", e))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(LogError::InUse { path: path.to_owned() }),
        Err(TryLockError::Error(e)) => Err(LogError::from_io(path, "lock", e)),
    }
}
