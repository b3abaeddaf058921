//! The open store: reads, writes, and refilling a partition.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use kigen_model::Instant;
use kigen_model::key::BatchKey;
use kigen_model::topic::{Offset, Partition};
use kigen_rocks::{
    Batch as Writes, Database, DirectoryLock, Durability, RocksError, Workload, WriteFailure, WriteFailures,
    probe,
};

use crate::batch::Batch;
use crate::error::StoreError;
use crate::patch::{Patcher, is_patched, patched};
use crate::{StoredPosition, keys};

/// How many states are indexed in one write: few, since each may have 64 KiB.
const REFILL_PAGE: usize = 256;
/// How many states are in memory a second time while their patches are made.
const PATCHED_AT_ONCE: usize = 64;

/// The states, due work and positions of a processor's partitions. Owned by one process.
pub struct Store {
    /// `None`: it was closed, and could not be opened or replaced yet.
    db: Option<Database>,
    failures: WriteFailures,
    path: PathBuf,
    /// Declared last: released only after the database is closed.
    _lock: DirectoryLock,
}

/// A store that was unusable and is deleted: all partitions begin without state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dropped {
    /// Why it could not be used.
    pub why: String,
}

impl Store {
    /// Opens the store in the directory `path`, creating it if there is none. A store that is damaged or was written by
    /// another version is replaced by an empty one, and returned as dropped.
    ///
    /// # Errors
    /// Another process uses it, or the disk fails even for an empty store.
    pub fn open(path: &Path) -> Result<(Self, Option<Dropped>), StoreError> {
        fs::create_dir_all(path).map_err(|e| StoreError::of(path, "create", e.into()))?;
        let lock = DirectoryLock::take(path).map_err(|e| StoreError::of(path, "lock", e))?;
        match open_database(path) {
            Ok(db) => Ok((Self::with(db, path, lock), None)),
            Err(full @ StoreError::NoSpace { .. }) => Err(full),
            Err(unusable) => {
                let db = create_database(path)?;
                Ok((Self::with(db, path, lock), Some(Dropped { why: reason(unusable) })))
            }
        }
    }

    fn with(db: Database, path: &Path, lock: DirectoryLock) -> Self {
        Self { db: Some(db), failures: WriteFailures::default(), path: path.to_owned(), _lock: lock }
    }

    /// Deletes everything and opens an empty store in its place, after a read has found damage.
    ///
    /// # Errors
    /// The disk fails. Until a repetition succeeds, every other call fails, too.
    pub fn recreate(&mut self) -> Result<(), StoreError> {
        drop(self.db.take());
        self.db = Some(create_database(&self.path)?);
        self.failures.note(None);
        Ok(())
    }

    /// Whether it must be [opened again](Self::reopen): RocksDB has given up writing after an error of the disk.
    pub fn has_given_up(&self) -> bool {
        self.db.is_none() || self.failures.has_given_up()
    }

    /// Closes it and opens it again, once the disk can be written. The last writes before the error may be missing then: each
    /// partition is at the position that it has now.
    ///
    /// # Errors
    /// The disk fails still. Until a repetition succeeds, every write fails, too.
    pub fn reopen(&mut self) -> Result<(), StoreError> {
        probe(&self.path).map_err(|e| StoreError::of(&self.path, "write", e))?;
        drop(self.db.take());
        self.db = Some(open_database(&self.path)?);
        self.failures.note(None);
        Ok(())
    }

    /// How far a partition is applied; `None` if the store has nothing of it.
    ///
    /// # Errors
    /// The disk fails, or the store is damaged.
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
    /// The disk fails, or the store is damaged.
    pub fn state(&self, partition: Partition, key: &BatchKey) -> Result<Option<Vec<u8>>, StoreError> {
        match self.get(&keys::state(partition, key))? {
            Some(base) => self.current(partition, key, base).map(Some),
            None => Ok(None),
        }
    }

    /// The state of a batch, of which this is stored whole.
    fn current(&self, partition: Partition, key: &BatchKey, base: Vec<u8>) -> Result<Vec<u8>, StoreError> {
        if !is_patched(&base) {
            return Ok(base);
        }
        let Some(patch) = self.get(&keys::patch(partition, key))? else { return Ok(base) };
        patched(&base, &patch).ok_or_else(|| self.corrupt(format!("the patch of {key} is not of its state")))
    }

    /// At most `limit` states in the order of their keys, the first of them after `after`.
    ///
    /// # Errors
    /// The disk fails, or the store is damaged.
    pub fn states(
        &self,
        partition: Partition,
        after: Option<&BatchKey>,
        limit: usize,
    ) -> Result<Vec<(BatchKey, Vec<u8>)>, StoreError> {
        let page = self.bases(partition, after, limit)?;
        let current = |(key, base)| {
            let state = self.current(partition, &key, base)?;
            Ok((key, state))
        };
        page.into_iter().map(current).collect()
    }

    /// The keys of at most `limit` states in their order, the first of them after `after`.
    ///
    /// # Errors
    /// The disk fails, or the store is damaged.
    pub fn keys(
        &self,
        partition: Partition,
        after: Option<&BatchKey>,
        limit: usize,
    ) -> Result<Vec<BatchKey>, StoreError> {
        let (first, beyond) = range_after(partition, after);
        self.page(&first, &beyond, limit, |key, _| keys::state_key(key))
    }

    /// As [`states`](Self::states), without their patches.
    fn bases(
        &self,
        partition: Partition,
        after: Option<&BatchKey>,
        limit: usize,
    ) -> Result<Vec<(BatchKey, Vec<u8>)>, StoreError> {
        let (first, beyond) = range_after(partition, after);
        self.page(&first, &beyond, limit, |key, state| Some((keys::state_key(key)?, state.to_vec())))
    }

    /// At most `limit` entries of a cluster's due work in the order of (instant, key), the first of them after
    /// `after`, with instants up to and including `until`. Costs what it returns, not what exists.
    ///
    /// # Errors
    /// The disk fails, or the store is damaged.
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
    /// The disk fails.
    pub fn commit(&self, batch: Batch) -> Result<(), StoreError> {
        let Batch { partition, states, mut writes } = batch;
        let states: Vec<_> = states.into_iter().collect();
        for states in states.chunks(PATCHED_AT_ONCE) {
            let bases = states.iter().map(|(key, state)| self.base(partition, key, state.as_deref()));
            let bases: Vec<_> = bases.collect::<Result<_, _>>()?;
            let mut patcher = Patcher::new();
            for ((key, state), base) in states.iter().zip(&bases) {
                let patch = state
                    .as_deref()
                    .zip(base.as_deref())
                    .and_then(|(state, base)| patcher.patch(base, state));
                match patch {
                    Some(patch) => writes.put(keys::patch(partition, key), patch),
                    None => self.put_whole(&mut writes, partition, key, state.as_deref())?,
                }
            }
        }
        self.write(writes, Durability::Logged)
    }

    /// What a patch could be applied to that makes this state; `None`: it is to be stored whole.
    fn base(
        &self,
        partition: Partition,
        key: &BatchKey,
        state: Option<&[u8]>,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        if !state.is_some_and(is_patched) {
            return Ok(None);
        }
        let base = self.get(&keys::state(partition, key))?;
        Ok(base.filter(|base| is_patched(base)))
    }

    /// Sets a state without a patch; `None` deletes it.
    fn put_whole(
        &self,
        writes: &mut Writes,
        partition: Partition,
        key: &BatchKey,
        state: Option<&[u8]>,
    ) -> Result<(), StoreError> {
        let patch = keys::patch(partition, key);
        if self.get(&patch)?.is_some() {
            writes.delete(patch);
        }
        match state {
            Some(state) => writes.put(keys::state(partition, key), state),
            None => writes.delete(keys::state(partition, key)),
        }
        Ok(())
    }

    /// Deletes a partition: its states, due work and position.
    ///
    /// # Errors
    /// The disk fails.
    pub fn clear(&self, partition: Partition) -> Result<(), StoreError> {
        let mut writes = Writes::default();
        writes.delete(keys::position(partition));
        for (first, beyond) in [keys::states(partition), keys::patches(partition), keys::all_dues(partition)]
        {
            writes.delete_range(first, beyond);
        }
        self.write(writes, Durability::Logged)
    }

    /// Deletes a partition, and begins to refill it with all that `kigen.status` has of it.
    ///
    /// # Errors
    /// The disk fails.
    pub fn refill(&self, partition: Partition) -> Result<Refill<'_>, StoreError> {
        self.clear(partition)?;
        Ok(Refill { store: self, partition })
    }

    fn write(&self, writes: Writes, durability: Durability) -> Result<(), StoreError> {
        self.written(self.db()?.write(writes, durability))
    }

    fn written(&self, written: Result<(), RocksError>) -> Result<(), StoreError> {
        self.failures.note(match &written {
            Err(RocksError::NoSpace(_)) => Some(WriteFailure::Full),
            Err(RocksError::Io(_)) => Some(WriteFailure::Io),
            Ok(()) | Err(RocksError::InUse | RocksError::Corrupt(_)) => None,
        });
        written.map_err(|e| StoreError::of(&self.path, "write", e))
    }

    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.db()?.get(key).map_err(|e| StoreError::of(&self.path, "read", e))
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
        // RocksDB rejects a range that ends before it begins.
        if first >= beyond {
            return Ok(page);
        }
        let mut entries = self.db()?.scan(beyond);
        entries.seek(first);
        while page.len() < limit
            && let Some((key, value)) = entries.item()
        {
            let entry = decode(key, value).ok_or_else(|| self.corrupt(format!("{key:02x?} is not a key")))?;
            page.push(entry);
            entries.advance();
        }
        entries.status().map_err(|e| StoreError::of(&self.path, "read", e))?;
        Ok(page)
    }

    fn db(&self) -> Result<&Database, StoreError> {
        let closed = || RocksError::Io(io::Error::other("it could not be opened again yet"));
        self.db.as_ref().ok_or_else(|| StoreError::of(&self.path, "open", closed()))
    }

    fn corrupt(&self, why: String) -> StoreError {
        StoreError::Corrupt { path: self.path.clone(), why }
    }
}

/// A partition that is being refilled. It has no position until it is [finished](Self::finish), so that the remains of a
/// process that was killed before count for nothing; therefore the states are not written to RocksDB's write-ahead log.
pub struct Refill<'store> {
    store: &'store Store,
    partition: Partition,
}

impl Refill<'_> {
    /// Sets states, of which the last one of a key counts; `None`: the batch is deleted.
    ///
    /// # Errors
    /// A key cannot be ordered, a state is too large, or the disk fails.
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
        // There are no patches yet.
        let mut writes = Writes::default();
        for (key, state) in &batch.states {
            match state {
                Some(state) => writes.put(keys::state(self.partition, key), state),
                None => writes.delete(keys::state(self.partition, key)),
            }
        }
        self.write_unlogged(writes)
    }

    /// Builds the time-ordered index of all states, and sets the partition's position. `due` reads from a state when its
    /// batch is due.
    ///
    /// # Errors
    /// Those of `due`; the disk fails, or the store is damaged.
    pub fn finish<E: From<StoreError>>(
        self,
        position: &StoredPosition,
        due: impl Fn(&BatchKey, &[u8]) -> Result<Option<Instant>, E>,
    ) -> Result<(), E> {
        let mut page = self.store.bases(self.partition, None, REFILL_PAGE)?;
        while let Some((last, _)) = page.last() {
            let mut batch = Batch::new(self.partition);
            for (key, state) in &page {
                batch.due(key, due(key, state)?);
            }
            self.write_unlogged(batch.writes)?;
            page = self.store.bases(self.partition, Some(last), REFILL_PAGE)?;
        }
        // The position must not be on the disk before the states that it is the position of.
        self.store.written(self.store.db()?.flush())?;
        let mut batch = Batch::new(self.partition);
        batch.position(position);
        Ok(self.store.commit(batch)?)
    }

    fn write_unlogged(&self, writes: Writes) -> Result<(), StoreError> {
        self.store.write(writes, Durability::Unlogged)
    }
}

/// The keys of the states after `after`.
fn range_after(partition: Partition, after: Option<&BatchKey>) -> (Vec<u8>, Vec<u8>) {
    let (first, beyond) = keys::states(partition);
    (after.map_or(first, |key| successor(keys::state(partition, key))), beyond)
}

/// The first key after this one.
fn successor(mut key: Vec<u8>) -> Vec<u8> {
    key.push(0);
    key
}

fn create_database(path: &Path) -> Result<Database, StoreError> {
    Database::delete(path).map_err(|e| StoreError::of(path, "delete", e))?;
    open_database(path)
}

/// Why the database is unusable, without the advice to the operator, which was already followed.
fn reason(unusable: StoreError) -> String {
    match unusable {
        StoreError::Corrupt { why, .. } => why,
        other => std::error::Error::source(&other).map_or_else(|| other.to_string(), ToString::to_string),
    }
}

/// Opens the database, of this format or a new one.
fn open_database(path: &Path) -> Result<Database, StoreError> {
    let failed = |e| StoreError::of(path, "open", e);
    let corrupt = |why| StoreError::Corrupt { path: path.to_owned(), why };
    let db = Database::open(path, Workload::States).map_err(failed)?;
    let known = keys::FORMAT.to_be_bytes();
    match db.get(keys::meta()).map_err(failed)? {
        Some(format) if format == known => Ok(db),
        Some(format) if format == keys::FORMAT_WITHOUT_PATCHES.to_be_bytes() => {
            of_this_format(db).map_err(failed)
        }
        Some(format) => {
            Err(corrupt(format!("its format is {format:02x?}, and this kigen writes {known:02x?}")))
        }
        None if db.is_empty() => of_this_format(db).map_err(failed),
        None => Err(corrupt("it has no format".to_owned())),
    }
}

fn of_this_format(db: Database) -> Result<Database, RocksError> {
    let mut writes = Writes::default();
    writes.put(keys::meta(), keys::FORMAT.to_be_bytes());
    db.write(writes, Durability::Logged)?;
    Ok(db)
}
