//! The handle by which roles learn the record level, and the records that are skipped.

use std::collections::BTreeSet;
use std::sync::Arc;

use kigen_log::ConsumedRecord;
use kigen_model::key::is_record_key;
use kigen_model::topic::{Offset, Partition, Topic};
use kigen_wire::{DecodeError, Level};
use tokio::sync::watch;

/// The place of a record.
pub(crate) type Place = (Topic, Partition, Offset);

/// What is in force.
#[derive(Clone, Debug)]
pub(crate) struct InForce {
    pub(crate) level: Level,
    pub(crate) skips: Arc<BTreeSet<Place>>,
}

/// The record level of a log and the records that are skipped in it, as this process knows them. Clones are handles to the
/// same.
#[derive(Clone, Debug)]
pub struct Control(watch::Receiver<InForce>);

impl Control {
    /// A level that never changes, and nothing is skipped.
    #[must_use]
    pub fn at(level: Level) -> Self {
        Self(watch::channel(InForce { level, skips: Arc::default() }).1)
    }

    pub(crate) fn skipping(skips: BTreeSet<Place>) -> Self {
        Self(watch::channel(InForce { level: Level::NEWEST, skips: Arc::new(skips) }).1)
    }

    pub(crate) fn of(in_force: watch::Receiver<InForce>) -> Self {
        Self(in_force)
    }

    /// The level at which records are written.
    #[must_use]
    pub fn level(&self) -> Level {
        self.0.borrow().level
    }

    /// Whether a record that cannot be decoded is not waited for.
    #[must_use]
    pub fn is_skipped(&self, topic: Topic, partition: Partition, offset: Offset) -> bool {
        self.0.borrow().skips.contains(&(topic, partition, offset))
    }

    /// Whether a record that cannot be decoded is waited for: a newer kigen wrote it under a key of kigen's, and no operator
    /// skips it.
    #[must_use]
    pub fn waits_for(
        &self,
        (topic, partition): (Topic, Partition),
        record: &ConsumedRecord,
        error: &DecodeError,
    ) -> bool {
        error.is_newer() && is_record_key(&record.key) && !self.is_skipped(topic, partition, record.offset)
    }

    /// Waits for the next change, such as another record that is skipped. Cancel-safe.
    pub async fn changed(&mut self) {
        if self.0.changed().await.is_err() {
            // Nothing changes any more.
            std::future::pending().await
        }
    }
}

impl Default for Control {
    /// The newest level, as on a log that only this kigen uses.
    fn default() -> Self {
        Self::at(Level::NEWEST)
    }
}
