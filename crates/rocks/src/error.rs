//! What can go wrong with a database. Its user adds the directory and what it was doing.

use std::io;

/// A failure of RocksDB or of the file system below it.
#[derive(Debug, thiserror::Error)]
pub enum RocksError {
    /// Another process holds the directory's lock.
    #[error("another process uses the directory")]
    InUse,
    /// The disk is full.
    #[error("no space is left")]
    NoSpace(#[source] io::Error),
    /// The files contradict their checksums or each other.
    #[error("the files are damaged")]
    Corrupt(#[source] io::Error),
    /// The files cannot be read or written.
    #[error("the files cannot be read or written")]
    Io(#[source] io::Error),
}

impl RocksError {
    /// RocksDB distinguishes a full disk from other I/O errors by its text alone.
    pub(crate) fn from_rocksdb(error: rocksdb::Error) -> Self {
        let is_full = error.as_ref().contains("No space left on device");
        let is_corrupt = error.kind() == rocksdb::ErrorKind::Corruption;
        let source = io::Error::other(error);
        match (is_full, is_corrupt) {
            (true, _) => Self::NoSpace(source),
            (false, true) => Self::Corrupt(source),
            (false, false) => Self::Io(source),
        }
    }
}

impl From<io::Error> for RocksError {
    fn from(source: io::Error) -> Self {
        if source.kind() == io::ErrorKind::StorageFull { Self::NoSpace(source) } else { Self::Io(source) }
    }
}
