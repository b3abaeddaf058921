//! The committed states of one partition, as a turn reads them: a bounded cache in front of the store.

use std::collections::HashMap;

use kigen_model::Instant;
use kigen_model::key::BatchKey;
use kigen_model::topic::Partition;
use kigen_state::{BatchState, Cursor};
use kigen_store::Store;
use kigen_wire::Status;

use crate::error::ProcessorError;

/// The most states in a partition's cache. At the limit it is cleared: it fills again from the store.
pub(crate) const STATES_CACHED_MAX: usize = 4_096;

/// Committed states that need no read from the store.
#[derive(Default)]
pub(crate) struct Cache(HashMap<BatchKey, BatchState>);

impl Cache {
    /// Adds a committed state, unless the batch is removed.
    pub(crate) fn put(&mut self, state: BatchState) {
        if state.is_empty() {
            return;
        }
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
    /// The state of `key`, taken out of the cache: the commit that changes it puts it back.
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
