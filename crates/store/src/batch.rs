//! The changes of a partition's next write.

use std::collections::BTreeMap;

use kigen_model::Instant;
use kigen_model::key::BatchKey;
use kigen_model::topic::Partition;
use kigen_rocks::Batch as Writes;

use crate::error::StoreError;
use crate::{StoredPosition, keys};

/// The most bytes of one state: as many as a record of `kigen.status` may have.
pub(crate) const STATE_BYTES_MAX: usize = 1024 * 1024;

/// Changes of one partition that are written together.
pub struct Batch {
    pub(crate) partition: Partition,
    /// The new states; `None`: it is deleted.
    pub(crate) states: BTreeMap<BatchKey, Option<Vec<u8>>>,
    /// What changes beside the states.
    pub(crate) writes: Writes,
}

impl Batch {
    /// A batch without changes.
    pub fn new(partition: Partition) -> Self {
        Self { partition, states: BTreeMap::new(), writes: Writes::default() }
    }

    /// Sets a batch's state, and moves its entry in the time-ordered index from `due_before` to `due_after`. The caller
    /// knows the former from the state that it has read.
    ///
    /// # Errors
    /// The key cannot be ordered, or the state is too large.
    pub fn put(
        &mut self,
        key: &BatchKey,
        state: &[u8],
        due_before: Option<Instant>,
        due_after: Option<Instant>,
    ) -> Result<(), StoreError> {
        if key.check().is_err() {
            return Err(StoreError::BadKey { key: key.clone() });
        }
        if state.len() > STATE_BYTES_MAX {
            return Err(StoreError::StateTooLarge { key: key.clone(), bytes: state.len() });
        }
        self.states.insert(key.clone(), Some(state.to_vec()));
        if due_before != due_after {
            self.forget_due(key, due_before);
            self.due(key, due_after);
        }
        Ok(())
    }

    /// Deletes a batch's state and its entry in the index.
    pub fn forget(&mut self, key: &BatchKey, due_before: Option<Instant>) {
        self.states.insert(key.clone(), None);
        self.forget_due(key, due_before);
    }

    /// Sets the partition's position.
    pub fn position(&mut self, position: &StoredPosition) {
        let value = [&position.status_next.0.to_be_bytes(), position.record.as_slice()].concat();
        self.writes.put(keys::position(self.partition), value);
    }

    /// Adds the entry of a batch to the time-ordered index.
    pub(crate) fn due(&mut self, key: &BatchKey, due: Option<Instant>) {
        if let Some(at) = due {
            self.writes.put(keys::due(self.partition, at, key), []);
        }
    }

    fn forget_due(&mut self, key: &BatchKey, due: Option<Instant>) {
        if let Some(at) = due {
            self.writes.delete(keys::due(self.partition, at, key));
        }
    }
}
