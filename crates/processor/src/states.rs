//! The committed states of one partition, as a turn reads them: a bounded cache, which the partitions share, in front of the
//! store.

use std::collections::{BTreeMap, HashMap};

use kigen_model::Instant;
use kigen_model::key::BatchKey;
use kigen_model::topic::Partition;
use kigen_state::{BatchState, Cursor};
use kigen_store::Store;
use kigen_wire::Status;

use crate::error::ProcessorError;

/// The most bytes of all cached states, by an upper bound of their encoding: in memory a state has about three times as many.
/// At the limit the states of the partition that has most are dropped: they are read again from the store.
const CACHED_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Committed states of all partitions that need no read from the store.
pub(crate) struct Cache {
    partitions: BTreeMap<Partition, CachedStates>,
    bytes: usize,
    bytes_max: usize,
}

#[derive(Default)]
struct CachedStates {
    states: HashMap<BatchKey, CachedState>,
    bytes: usize,
}

/// A state, and its weight.
struct CachedState {
    state: BatchState,
    bytes: usize,
}

impl Default for Cache {
    fn default() -> Self {
        Self::new(CACHED_BYTES_MAX)
    }
}

impl Cache {
    fn new(bytes_max: usize) -> Self {
        Self { partitions: BTreeMap::new(), bytes: 0, bytes_max }
    }

    /// Adds a committed state of at most `bytes` encoded bytes, unless the batch is removed.
    pub(crate) fn put(&mut self, partition: Partition, state: BatchState, bytes: usize) {
        self.take(partition, &state.key);
        if state.is_empty() || bytes > self.bytes_max {
            return;
        }
        while self.bytes + bytes > self.bytes_max {
            let largest = self.partitions.iter().max_by_key(|(_, cached)| cached.bytes);
            let Some(largest) = largest.map(|(partition, _)| *partition) else { return };
            self.forget(largest);
        }
        let cached = self.partitions.entry(partition).or_default();
        cached.states.insert(state.key.clone(), CachedState { state, bytes });
        cached.bytes += bytes;
        self.bytes += bytes;
    }

    /// Drops the states of a partition.
    pub(crate) fn forget(&mut self, partition: Partition) {
        let bytes = self.partitions.remove(&partition).map_or(0, |cached| cached.bytes);
        self.bytes -= bytes;
    }

    fn take(&mut self, partition: Partition, key: &BatchKey) -> Option<BatchState> {
        let cached = self.partitions.get_mut(&partition)?;
        let CachedState { state, bytes } = cached.states.remove(key)?;
        cached.bytes -= bytes;
        self.bytes -= bytes;
        Some(state)
    }
}

/// The state of `key` in an entry of the store.
pub(crate) fn decoded(key: &BatchKey, bytes: &[u8]) -> Result<BatchState, ProcessorError> {
    match kigen_wire::decode_status(bytes) {
        Ok(Status::Batch(state)) => Ok(state),
        Ok(Status::Position(_)) => Err(ProcessorError::NotABatch { key: key.clone() }),
        Err(source) => Err(ProcessorError::StoredState { key: key.clone(), source }),
    }
}

/// The committed states of one partition.
pub(crate) struct States<'a> {
    pub(crate) partition: Partition,
    /// `None`: nothing was ever committed, as in a replay, which is one turn.
    pub(crate) store: Option<&'a Store>,
    pub(crate) cache: &'a mut Cache,
}

impl States<'_> {
    /// The state of `key`, taken out of the cache: the commit that changes it puts it back.
    pub(crate) fn load(&mut self, key: &BatchKey) -> Result<BatchState, ProcessorError> {
        if let Some(state) = self.cache.take(self.partition, key) {
            return Ok(state);
        }
        let stored = self.store.map(|store| store.state(self.partition, key)).transpose()?.flatten();
        let Some(bytes) = stored else {
            return Ok(BatchState::new(key.clone()));
        };
        decoded(key, &bytes)
    }

    /// A page of the keys of the cluster's batches in the store, in their order.
    pub(crate) fn of_cluster(
        &self,
        cluster: &str,
        after: Option<&BatchKey>,
        page_max: usize,
    ) -> Result<Vec<BatchKey>, ProcessorError> {
        let Some(store) = self.store else {
            return Ok(Vec::new());
        };
        // No batch's key, and before those of all batches of the cluster.
        let first = BatchKey::new(cluster, "", "");
        let page = store.keys(self.partition, Some(after.unwrap_or(&first)), page_max)?;
        Ok(page.into_iter().take_while(|key| key.cluster == cluster).collect())
    }

    /// A page of the store's index of due work, in the order of time, whether due yet or not.
    pub(crate) fn due(
        &self,
        cluster: &str,
        after: Option<&Cursor>,
        page_max: usize,
    ) -> Result<Vec<Cursor>, ProcessorError> {
        let Some(store) = self.store else {
            return Ok(Vec::new());
        };
        let after = after.map(|cursor| (cursor.due, cursor.key.clone()));
        let page = store.due(self.partition, cluster, after.as_ref(), Instant::MAX_UTC, page_max)?;
        Ok(page.into_iter().map(|(due, key)| Cursor { due, key }).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: Partition = Partition(1);
    const OTHER: Partition = Partition(2);

    fn put(cache: &mut Cache, partition: Partition, batch: &str, bytes: usize) {
        let mut state = BatchState::new(BatchKey::new("prod", "ml", batch));
        state.since = Some(Instant::UNIX_EPOCH);
        cache.put(partition, state, bytes);
    }

    fn has(cache: &mut Cache, partition: Partition, batch: &str) -> bool {
        cache.take(partition, &BatchKey::new("prod", "ml", batch)).is_some()
    }

    #[test]
    fn the_partitions_share_the_bytes_and_the_largest_gives_way() {
        let mut cache = Cache::new(100);
        put(&mut cache, ONE, "a", 40);
        put(&mut cache, ONE, "b", 30);
        put(&mut cache, OTHER, "c", 30);
        assert_eq!(cache.bytes, 100);
        put(&mut cache, OTHER, "d", 1);
        assert_eq!(cache.bytes, 31);
        assert!(!has(&mut cache, ONE, "a") && !has(&mut cache, ONE, "b"));
        assert!(has(&mut cache, OTHER, "c") && has(&mut cache, OTHER, "d"));
        assert_eq!(cache.bytes, 0);
    }

    #[test]
    fn a_state_counts_once_and_one_that_is_larger_than_the_cache_is_not_kept() {
        let mut cache = Cache::new(100);
        put(&mut cache, ONE, "a", 40);
        put(&mut cache, ONE, "a", 50);
        assert_eq!(cache.bytes, 50);
        put(&mut cache, ONE, "large", 101);
        assert_eq!(cache.bytes, 50);
        cache.forget(ONE);
        assert_eq!(cache.bytes, 0);
    }
}
