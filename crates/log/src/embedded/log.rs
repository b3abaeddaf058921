//! The handle to the embedded log.

use std::ops::Deref;
use std::path::Path;
use std::sync::Arc;

use kigen_model::Instant;
use kigen_model::topic::{Offset, Topic};
use tokio::sync::watch;

use crate::embedded::consumer::EmbeddedConsumer;
use crate::embedded::reader::{EmbeddedReader, Readable};
use crate::embedded::shared::{Shared, blocking};
use crate::embedded::tables::Tables;
use crate::embedded::trim::Trimmed;
use crate::error::LogError;
use crate::interface::Log;
use crate::record::{AtomicWrite, NewRecord, Position};
use crate::settings::Settings;

/// An open log. Clones are handles to the same one; it closes with the last of them.
///
/// Writes are serialised by one lock around the assignment of offsets and leave the async threads; reads take no
/// lock and see whole writes only.
#[derive(Clone)]
pub struct EmbeddedLog {
    shared: Arc<Shared>,
}

impl EmbeddedLog {
    /// Opens the log in the directory `path`, creating it if there is none.
    ///
    /// # Errors
    /// The directory is in use by another process, was created with another number of partitions or by a newer
    /// kigen, or cannot be read or written.
    pub fn open(path: &Path, settings: Settings) -> Result<Self, LogError> {
        Ok(Self { shared: Arc::new(Shared::open(path, settings)?) })
    }

    /// Opens a reader of the log in `path`, whether or not a process writes it now.
    ///
    /// # Errors
    /// There is no log, or it cannot be read.
    pub fn open_beside(path: &Path) -> Result<EmbeddedReader, LogError> {
        EmbeddedReader::open(path)
    }

    /// Writes atomically and returns the offsets of the outputs in the same order; durable when it returns, and whole
    /// or not at all if the future is dropped.
    ///
    /// # Errors
    /// A record or the whole is too large, a partition does not exist, or the disk fails.
    pub async fn commit(&self, write: AtomicWrite) -> Result<Vec<Offset>, LogError> {
        let shared = Arc::clone(&self.shared);
        blocking(self.shared.path(), move || shared.commit(&write)).await
    }

    /// All positions ever committed, by topic, partition and consumer.
    ///
    /// # Errors
    /// The disk fails, or an entry is damaged.
    pub fn positions(&self) -> Result<Vec<Position>, LogError> {
        self.shared.tables()?.positions()
    }

    /// Removes what is older or more than the settings allow, at the time `now`: records of the topics that are
    /// cleaned up by deletion, and old tombstones of `kigen.status`; never a state.
    ///
    /// # Errors
    /// The disk fails, or a record is damaged.
    pub async fn trim(&self, now: Instant) -> Result<Trimmed, LogError> {
        let shared = Arc::clone(&self.shared);
        blocking(self.shared.path(), move || shared.trim(now)).await
    }

    /// A number that changes after each write, for waiting.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.shared.changes()
    }
}

impl Log for EmbeddedLog {
    type Reader = Self;
    type Consumer = EmbeddedConsumer;

    fn reader(&self) -> &Self {
        self
    }

    /// All or none.
    async fn append(&self, records: Vec<NewRecord>) -> Result<Vec<Offset>, LogError> {
        self.commit(AtomicWrite { outputs: records, positions: Vec::new() }).await
    }

    /// Fences the group's consumer of before.
    fn join(&self, name: &'static str, topic: Topic) -> Result<EmbeddedConsumer, LogError> {
        Ok(EmbeddedConsumer::join(Arc::clone(&self.shared), name, topic))
    }
}

impl Readable for EmbeddedLog {
    fn tables(&self) -> Result<impl Deref<Target = Tables>, LogError> {
        self.shared.tables()
    }

    fn partitions(&self) -> u32 {
        self.shared.partitions()
    }

    /// The writer's own tables are never behind.
    fn catch_up(&self) -> Result<(), LogError> {
        Ok(())
    }
}
