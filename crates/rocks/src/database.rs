//! An open database: reads, scans, and atomic batches.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rocksdb::{DB, DBRawIterator, IteratorMode, ReadOptions, WriteBatch, WriteOptions};

use crate::error::RocksError;
use crate::options::{self, Workload};

/// An open database.
pub struct Database {
    pub(crate) db: DB,
    /// RocksDB's folder.
    pub(crate) files: PathBuf,
}

/// Changes that are written together.
#[derive(Default)]
pub struct Batch(WriteBatch);

/// What a write survives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// A loss of power: it is on the disk when the write returns.
    Synced,
    /// A killed process, by the write-ahead log.
    Logged,
    /// Nothing, until [`Database::flush`].
    Unlogged,
}

impl Database {
    /// Opens the database in `directory`, whose lock the caller holds, and creates it if it is absent.
    ///
    /// # Errors
    /// It is damaged, or the disk fails.
    pub fn open(directory: &Path, workload: Workload) -> Result<Self, RocksError> {
        let files = files(directory);
        let db = DB::open(&options::writer(workload), &files).map_err(RocksError::from_rocksdb)?;
        Ok(Self { db, files })
    }

    /// Deletes the database in `directory`, if there is one.
    ///
    /// # Errors
    /// The disk fails.
    pub fn delete(directory: &Path) -> Result<(), RocksError> {
        match fs::remove_dir_all(files(directory)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error.into()),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    /// The value of a key.
    ///
    /// # Errors
    /// The disk fails.
    pub fn get(&self, key: impl AsRef<[u8]>) -> Result<Option<Vec<u8>>, RocksError> {
        self.db.get(key).map_err(RocksError::from_rocksdb)
    }

    /// Whether it has no entry.
    pub fn is_empty(&self) -> bool {
        self.db.iterator(IteratorMode::Start).next().is_none()
    }

    /// A scan of the keys before `end`. It begins where it [seeks](Scan::seek).
    pub fn scan(&self, end: &[u8]) -> Scan<'_> {
        let mut options = ReadOptions::default();
        options.set_iterate_upper_bound(end);
        Scan(self.db.raw_iterator_opt(options))
    }

    /// Writes a batch: all of it or nothing.
    ///
    /// # Errors
    /// The disk fails.
    pub fn write(&self, batch: Batch, durability: Durability) -> Result<(), RocksError> {
        let options = match durability {
            Durability::Synced => options::synced(),
            Durability::Logged => WriteOptions::default(),
            Durability::Unlogged => options::unlogged(),
        };
        self.db.write_opt(batch.0, &options).map_err(RocksError::from_rocksdb)
    }

    /// Puts all that was written on the disk.
    ///
    /// # Errors
    /// The disk fails.
    pub fn flush(&self) -> Result<(), RocksError> {
        self.db.flush().map_err(RocksError::from_rocksdb)
    }

    /// Deletes the files that hold nothing but keys from `first` to `last`, both included: disk space is free at once,
    /// and not at a later compaction. The keys are to be deleted before, by a [batch](Batch::delete_range).
    ///
    /// # Errors
    /// The disk fails.
    pub fn delete_files(&self, first: &[u8], last: &[u8]) -> Result<(), RocksError> {
        self.db.delete_file_in_range(first, last).map_err(RocksError::from_rocksdb)
    }
}

impl Batch {
    /// Sets a key's value.
    pub fn put(&mut self, key: impl AsRef<[u8]>, value: impl AsRef<[u8]>) {
        self.0.put(key, value);
    }

    /// Deletes a key.
    pub fn delete(&mut self, key: impl AsRef<[u8]>) {
        self.0.delete(key);
    }

    /// Deletes the keys from `first` to before `end`.
    pub fn delete_range(&mut self, first: impl AsRef<[u8]>, end: impl AsRef<[u8]>) {
        self.0.delete_range(first.as_ref(), end.as_ref());
    }
}

/// A scan in the order of the keys. It ends at its bound, and also when the disk fails, which [`Scan::status`] reports.
pub struct Scan<'a>(DBRawIterator<'a>);

impl Scan<'_> {
    /// Goes to the first key at or after `key`.
    pub fn seek(&mut self, key: impl AsRef<[u8]>) {
        self.0.seek(key);
    }

    /// The key and value here; `None` at the end.
    pub fn item(&self) -> Option<(&[u8], &[u8])> {
        self.0.item()
    }

    /// The key here; `None` at the end.
    pub fn key(&self) -> Option<&[u8]> {
        self.0.key()
    }

    /// Goes to the next key.
    pub fn advance(&mut self) {
        self.0.next();
    }

    /// Whether it ended at its bound.
    ///
    /// # Errors
    /// The disk failed.
    pub fn status(&self) -> Result<(), RocksError> {
        self.0.status().map_err(RocksError::from_rocksdb)
    }
}

/// RocksDB's folder in a directory.
pub(crate) fn files(directory: &Path) -> PathBuf {
    directory.join("rocksdb")
}
