//! The states of one partition, as a turn reads them: a bounded cache before the store.

use std::collections::HashMap;

use kigen_model::Instant;
use kigen_model::key::BatchKey;
use kigen_model::topic::Partition;
use kigen_state::{BatchState, Cursor};
use kigen_store::Store;
use kigen_wire::Status;

use crate::ProcessorError;

/// How many states a partition's cache holds at most; at the limit it is emptied, and filled again from the store.
pub(crate) const STATES_CACHED_MAX: usize = 4_096;

/// The committed states that are at hand without a look into the store.
#[derive(Default)]
pub(crate) struct Cache(HashMap<BatchKey, BatchState>);

impl Cache {
    /// Remembers a committed state.
    pub(crate) fn put(&mut self, state: BatchState) {
        if self.0.len() >= STATES_CACHED_MAX {
            self.0.clear();
        }
        self.0.insert(state.key.clone(), state);
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
    /// The state of `key`, taken out of the cache: it comes back with the commit that changes it.
    pub(crate) fn load(&mut self, key: &BatchKey) -> Result<BatchState, ProcessorError> {
        if let Some(state) = self.cache.0.remove(key) {
            return Ok(state);
        }
        let stored = self.store.map(|store| store.state(self.partition, key)).transpose()?.flatten();
        let Some(bytes) = stored else {
            return Ok(BatchState::new(key.clone()));
        };
        match kigen_wire::decode_status(&bytes) {
            Ok(Status::Batch(state)) => Ok(state),
            Ok(Status::Position(_)) => Err(ProcessorError::NotABatch { key: key.clone() }),
            Err(source) => Err(ProcessorError::StoredState { key: key.clone(), source }),
        }
    }

    /// A page of the time-ordered index of the store, due or not.
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
