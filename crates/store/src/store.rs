//! The open store.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant as RealInstant};

use kigen_model::Instant;
use kigen_model::key::BatchKey;
use kigen_model::topic::{Offset, Partition};
use rocksdb::{
    BlockBasedIndexType, BlockBasedOptions, Cache, DB, DBCompressionType, DBRawIterator, Options,
    ReadOptions, WriteBatch, WriteOptions,
};

use crate::batch::Batch;
use crate::error::StoreError;
use crate::{StoredPosition, keys};

/// How long a lock that another process holds is waited for, and how often it is tried.
const LOCK_WAIT_MS_MAX: u64 = 2_000;
const LOCK_RETRY_DELAY_MS: u64 = 10;
/// How many states are indexed in one write: few, since each may have 64 KiB.
const REFILL_PAGE: usize = 256;
const CACHE_BYTES_MAX: usize = 8 * 1024 * 1024;
const WRITE_BUFFER_BYTES: usize = 8 * 1024 * 1024;
const WAL_BYTES_MAX: u64 = 32 * 1024 * 1024;
const TABLE_FILE_BYTES: u64 = 16 * 1024 * 1024;
const OPEN_FILES_MAX: i32 = 128;
const DIARY_BYTES_MAX: usize = 1024 * 1024;
const DIARY_FILES_MAX: usize = 3;

/// The states, due work and positions of a processor's partitions. Owned by one process.
pub struct Store {
    db: DB,
    path: PathBuf,
    /// Declared last: released only after the tables are closed.
    lock: File,
}

/// A store that was found unusable, and deleted: all partitions begin without one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dropped {
    /// Why it could not be used.
    pub why: String,
}

impl Store {
    /// Opens the store in the directory `path`, creating it if there is none. One that is damaged or was written by
    /// another version is replaced by an empty one, and said to be.
    ///
    /// # Errors
    /// Another process uses it, or the disk refuses to hold even an empty store.
    pub fn open(path: &Path) -> Result<(Self, Option<Dropped>), StoreError> {
        fs::create_dir_all(path).map_err(|e| StoreError::from_io(path, "create", e))?;
        let lock = take_lock(path)?;
        match open_tables(path) {
            Ok(db) => Ok((Self { db, path: path.to_owned(), lock }, None)),
            Err(full @ StoreError::NoSpace { .. }) => Err(full),
            Err(unusable) => {
                let db = create_tables(path)?;
                Ok((Self { db, path: path.to_owned(), lock }, Some(Dropped { why: reason(unusable) })))
            }
        }
    }

    /// Deletes everything and opens an empty store in its place; for one that turned out to be damaged when read.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn recreate(self) -> Result<Self, StoreError> {
        let Self { db, path, lock } = self;
        drop(db);
        let db = create_tables(&path)?;
        Ok(Self { db, path, lock })
    }

    /// Up to where a partition is applied; `None` if nothing of it is here.
    ///
    /// # Errors
    /// The disk refuses, or the store is damaged.
    pub fn position(&self, partition: Partition) -> Result<Option<StoredPosition>, StoreError> {
        let Some(bytes) = self.get(&keys::position(partition))? else { return Ok(None) };
        match bytes.split_first_chunk() {
            Some((next, record)) => Ok(Some(StoredPosition {
                record: record.to_vec(),
                status_next: Offset(u64::from_be_bytes(*next)),
            })),
            None => Err(self.corrupt(format!("the position of partition {partition} is cut short"))),
        }
    }

    /// A batch's state; `None` if there is none.
    ///
    /// # Errors
    /// The disk refuses, or the store is damaged.
    pub fn state(&self, partition: Partition, key: &BatchKey) -> Result<Option<Vec<u8>>, StoreError> {
        self.get(&keys::state(partition, key))
    }

    /// At most `limit` states in the order of their keys, the first of them after `after`.
    ///
    /// # Errors
    /// The disk refuses, or the store is damaged.
    pub fn states(
        &self,
        partition: Partition,
        after: Option<&BatchKey>,
        limit: usize,
    ) -> Result<Vec<(BatchKey, Vec<u8>)>, StoreError> {
        let (first, beyond) = keys::states(partition);
        let first = after.map_or(first, |key| successor(keys::state(partition, key)));
        self.page(&first, &beyond, limit, |key, state| Some((keys::state_key(key)?, state.to_vec())))
    }

    /// At most `limit` entries of a cluster's due work in the order of (instant, key), the first of them after
    /// `after`, with instants up to and including `until`. Costs what it returns, not what exists.
    ///
    /// # Errors
    /// The disk refuses, or the store is damaged.
    pub fn due(
        &self,
        partition: Partition,
        cluster: &str,
        after: Option<&(Instant, BatchKey)>,
        until: Instant,
        limit: usize,
    ) -> Result<Vec<(Instant, BatchKey)>, StoreError> {
        let (first, beyond) = keys::dues(partition, cluster, until);
        let first = after.map_or(first, |(at, key)| successor(keys::due(partition, *at, key)));
        self.page(&first, &beyond, limit, |key, _| keys::due_key(key))
    }

    /// Writes a batch: all of it or nothing.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn commit(&self, batch: Batch) -> Result<(), StoreError> {
        self.write(batch.writes, &WriteOptions::default())
    }

    /// Forgets a partition: its states, due work and position.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn clear(&self, partition: Partition) -> Result<(), StoreError> {
        let mut writes = WriteBatch::default();
        writes.delete(keys::position(partition));
        for (first, beyond) in [keys::states(partition), keys::all_dues(partition)] {
            writes.delete_range(first, beyond);
        }
        self.write(writes, &WriteOptions::default())
    }

    /// Forgets a partition to fill it anew, from all that `kigen.status` holds of it.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn refill(&self, partition: Partition) -> Result<Refill<'_>, StoreError> {
        self.clear(partition)?;
        Ok(Refill { store: self, partition })
    }

    fn write(&self, writes: WriteBatch, options: &WriteOptions) -> Result<(), StoreError> {
        self.db.write_opt(writes, options).map_err(|e| StoreError::from_rocksdb(&self.path, "write", e))
    }

    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.db.get(key).map_err(|e| StoreError::from_rocksdb(&self.path, "read", e))
    }

    /// At most `limit` entries of a range, decoded.
    fn page<T>(
        &self,
        first: &[u8],
        beyond: &[u8],
        limit: usize,
        decode: impl Fn(&[u8], &[u8]) -> Option<T>,
    ) -> Result<Vec<T>, StoreError> {
        let mut page = Vec::new();
        // RocksDB takes a range that ends before it begins for a mistake.
        if first >= beyond {
            return Ok(page);
        }
        let mut entries = self.scan(beyond);
        entries.seek(first);
        while page.len() < limit
            && let Some((key, value)) = entries.item()
        {
            let entry = decode(key, value).ok_or_else(|| self.corrupt(format!("{key:02x?} is not a key")))?;
            page.push(entry);
            entries.next();
        }
        entries.status().map_err(|e| StoreError::from_rocksdb(&self.path, "read", e))?;
        Ok(page)
    }

    fn scan(&self, beyond: &[u8]) -> DBRawIterator<'_> {
        let mut options = ReadOptions::default();
        options.set_iterate_upper_bound(beyond);
        self.db.raw_iterator_opt(options)
    }

    fn corrupt(&self, why: String) -> StoreError {
        StoreError::Corrupt { path: self.path.clone(), why }
    }
}

/// A partition that is filled anew. It has no position until it is [finished](Self::finish): what a process that was killed
/// meanwhile leaves of it is as good as nothing, and so it is not written to RocksDB's write-ahead log.
pub struct Refill<'store> {
    store: &'store Store,
    partition: Partition,
}

impl Refill<'_> {
    /// Keeps states, of which the last one of a key counts; `None`: the batch is forgotten.
    ///
    /// # Errors
    /// A key cannot be kept in order, a state is too large, or the disk refuses.
    pub fn put<'state>(
        &self,
        states: impl Iterator<Item = (&'state BatchKey, Option<&'state [u8]>)>,
    ) -> Result<(), StoreError> {
        let mut batch = Batch::new(self.partition);
        for (key, state) in states {
            match state {
                Some(state) => batch.put(key, state, None, None)?,
                None => batch.forget(key, None),
            }
        }
        self.write_unlogged(batch)
    }

    /// Builds the time-ordered index of all that was put, and moves the partition to `position`. When each batch is due
    /// is asked of the caller.
    ///
    /// # Errors
    /// The caller's, the disk refuses, or the store is damaged.
    pub fn finish<E: From<StoreError>>(
        self,
        position: &StoredPosition,
        due: impl Fn(&BatchKey, &[u8]) -> Result<Option<Instant>, E>,
    ) -> Result<(), E> {
        let mut page = self.store.states(self.partition, None, REFILL_PAGE)?;
        while let Some((last, _)) = page.last() {
            let mut batch = Batch::new(self.partition);
            for (key, state) in &page {
                batch.due(key, due(key, state)?);
            }
            self.write_unlogged(batch)?;
            page = self.store.states(self.partition, Some(last), REFILL_PAGE)?;
        }
        // The position must not be there before what it stands for.
        self.store.db.flush().map_err(|e| StoreError::from_rocksdb(&self.store.path, "write", e))?;
        let mut batch = Batch::new(self.partition);
        batch.position(position);
        Ok(self.store.commit(batch)?)
    }

    fn write_unlogged(&self, batch: Batch) -> Result<(), StoreError> {
        let mut options = WriteOptions::default();
        options.disable_wal(true);
        self.store.write(batch.writes, &options)
    }
}

/// The first key after this one.
fn successor(mut key: Vec<u8>) -> Vec<u8> {
    key.push(0);
    key
}

/// A process that was just killed, or that forked at this moment, may hold the lock for a little longer.
///
/// RocksDB has a lock of its own, but tells of it only in a text among other I/O errors.
fn take_lock(path: &Path) -> Result<File, StoreError> {
    let file = File::options()
        .create(true)
        .write(true)
        .truncate(false)
        .open(path.join("lock"))
        .map_err(|e| StoreError::from_io(path, "lock", e))?;
    let until = RealInstant::now() + Duration::from_millis(LOCK_WAIT_MS_MAX);
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) if RealInstant::now() < until => {
                std::thread::sleep(Duration::from_millis(LOCK_RETRY_DELAY_MS));
            }
            Err(TryLockError::WouldBlock) => return Err(StoreError::InUse { path: path.to_owned() }),
            Err(TryLockError::Error(e)) => return Err(StoreError::from_io(path, "lock", e)),
        }
    }
}

/// RocksDB has a directory to itself beside the lock, so that it can be deleted whole under the lock.
fn files(path: &Path) -> PathBuf {
    path.join("rocksdb")
}

fn create_tables(path: &Path) -> Result<DB, StoreError> {
    match fs::remove_dir_all(files(path)) {
        Ok(()) => open_tables(path),
        Err(e) if e.kind() == io::ErrorKind::NotFound => open_tables(path),
        Err(e) => Err(StoreError::from_io(path, "delete", e)),
    }
}

/// Why the tables are unusable, without the advice to a person: it is followed already.
fn reason(unusable: StoreError) -> String {
    match unusable {
        StoreError::Corrupt { why, .. } => why,
        other => std::error::Error::source(&other).map_or_else(|| other.to_string(), ToString::to_string),
    }
}

/// Opens the tables, of this format or new ones.
fn open_tables(path: &Path) -> Result<DB, StoreError> {
    let failed = |e| StoreError::from_rocksdb(path, "open", e);
    let db = DB::open(&options(), files(path)).map_err(failed)?;
    let known = keys::FORMAT.to_be_bytes();
    match db.get(keys::meta()).map_err(failed)? {
        Some(format) if format == known => Ok(db),
        Some(format) => {
            let why = format!("its format is {format:02x?}, and this kigen writes {known:02x?}");
            Err(StoreError::Corrupt { path: path.to_owned(), why })
        }
        None if db.iterator(rocksdb::IteratorMode::Start).next().is_none() => {
            db.put(keys::meta(), known).map_err(failed)?;
            Ok(db)
        }
        None => {
            Err(StoreError::Corrupt { path: path.to_owned(), why: "it does not say its format".to_owned() })
        }
    }
}

/// Small in memory and files, since the store shares a process with everything else.
fn options() -> Options {
    let mut table = BlockBasedOptions::default();
    table.set_block_cache(&Cache::new_lru_cache(CACHE_BYTES_MAX));
    table.set_cache_index_and_filter_blocks(true);
    table.set_bloom_filter(10.0, false);
    // Of index and filter a look takes up the few kilobytes that it needs: those of a whole table of a million batches
    // would push each other out of the cache.
    table.set_index_type(BlockBasedIndexType::TwoLevelIndexSearch);
    table.set_partition_filters(true);
    table.set_format_version(6);
    let mut options = Options::default();
    options.set_block_based_table_factory(&table);
    options.create_if_missing(true);
    options.set_compression_type(DBCompressionType::Lz4);
    options.set_bottommost_compression_type(DBCompressionType::Zstd);
    options.set_write_buffer_size(WRITE_BUFFER_BYTES);
    options.set_max_write_buffer_number(2);
    options.set_max_total_wal_size(WAL_BYTES_MAX);
    options.set_target_file_size_base(TABLE_FILE_BYTES);
    options.set_max_open_files(OPEN_FILES_MAX);
    options.set_max_background_jobs(2);
    options.set_max_log_file_size(DIARY_BYTES_MAX);
    options.set_keep_log_file_num(DIARY_FILES_MAX);
    options.set_manifest_preallocation_size(64 * 1024);
    // Due work that is done leaves deletions at the front of the index, where each look begins.
    options.add_compact_on_deletion_collector_factory(8192, 4096, 0.5);
    options
}
