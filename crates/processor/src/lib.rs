//! The loop that judges: log to engine to log and store.
//!
//! One owner, three verbs: [`Processor::next`] waits for events, [`Processor::apply`] folds them in memory, and
//! [`Staged::commit`] hands alerts, statuses and positions to the log in one atomic step; then, and only then,
//! [`Processor::store`] moves the store. The store is a cache of `kigen.status`: wherever the process dies, the next
//! one decides from the facts how to go on (`recovery.rs`).

use std::collections::HashMap;
use std::time::Duration;

use kigen_engine::partition::PartitionState;
use kigen_log::{EmbeddedLog, LogError, Received};
use kigen_model::Instant;
use kigen_model::key::BatchKey;
use kigen_model::reasons::reasons;
use kigen_model::topic::{Offset, Partition, Topic};
use kigen_store::{Store, StoreError};
use tokio::sync::watch;

mod commit;
mod recovery;
mod replay;
mod restore;
mod states;
mod turn;

pub use commit::{Committed, Staged};
pub use replay::{Replay, Told};
pub use turn::TurnBounds;

use restore::TakenUp;
use states::{Cache, States};
use turn::Turn;

/// The processor's name among the log's consumers.
pub const CONSUMER: &str = "processor";

/// How many bytes of events a round reads from a partition at most.
const READ_BYTES_MAX: usize = 16 * 1024 * 1024;
/// The pause before a failed round is tried again.
const RETRY_DELAY_MS: u64 = 1_000;

/// Why a round failed. Nothing is lost by it: what was not committed is read again.
#[derive(Debug, thiserror::Error)]
pub enum ProcessorError {
    /// The log failed.
    #[error("the event log failed")]
    Log(#[from] LogError),
    /// The store failed.
    #[error("the store failed")]
    Store(#[from] StoreError),
    /// A state in the store cannot be decoded.
    #[error(
        "the stored state of {key} cannot be decoded; stop kigen and delete the folder `store` in its data directory: it is rebuilt from kigen.status"
    )]
    StoredState {
        /// Whose.
        key: BatchKey,
        /// Why.
        source: kigen_wire::DecodeError,
    },
    /// A position stands where a batch's state should.
    #[error(
        "the store holds no batch under {key}; stop kigen and delete the folder `store` in its data directory: it is rebuilt from kigen.status"
    )]
    NotABatch {
        /// Whose state it should be.
        key: BatchKey,
    },
    /// A status record cannot be decoded.
    #[error("kigen.status, partition {partition}, offset {offset} cannot be decoded")]
    Status {
        /// The partition.
        partition: Partition,
        /// The offset.
        offset: Offset,
        /// Why.
        source: kigen_wire::DecodeError,
    },
    /// The last record of a partition of `kigen.status` is no position record.
    #[error(
        "kigen.status, partition {partition} ends at offset {offset} without a position record: something else wrote to it"
    )]
    NoPosition {
        /// The partition.
        partition: Partition,
        /// The offset of its last record.
        offset: Offset,
    },
}

/// Judges all partitions of a log.
pub struct Processor {
    log: EmbeddedLog,
    store: Store,
    bounds: TurnBounds,
    positions: HashMap<Partition, PartitionState>,
    caches: HashMap<Partition, Cache>,
}

/// Events that were read, by partition.
pub struct Round(Vec<(Partition, Vec<Received>)>);

impl Processor {
    /// Takes up all partitions: brings the store to what was committed last.
    pub fn open(log: EmbeddedLog, store: Store, bounds: TurnBounds) -> Result<Self, ProcessorError> {
        let mut processor = Self { log, store, bounds, positions: HashMap::new(), caches: HashMap::new() };
        processor.recover()?;
        Ok(processor)
    }

    /// Waits until there are events, and reads a bounded number of them. Cancelling it loses nothing.
    pub async fn next(&mut self) -> Result<Round, ProcessorError> {
        let mut changes = self.log.changes();
        loop {
            // Marked as seen before the look, so that a write during the look wakes the wait after it.
            changes.borrow_and_update();
            let round = self.read()?;
            if !round.0.is_empty() {
                return Ok(round);
            }
            if changes.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }

    /// Whether everything in the log is judged.
    pub fn is_idle(&self) -> Result<bool, ProcessorError> {
        Ok(self.read()?.0.is_empty())
    }

    /// Folds a round in memory.
    pub fn apply(&mut self, round: Round) -> Result<Staged, ProcessorError> {
        let mut turns = Vec::with_capacity(round.0.len());
        for (partition, records) in round.0 {
            let Some(position) = self.positions.get(&partition) else { continue };
            let mut turn = Turn::new(partition, position.clone());
            let cache = self.caches.entry(partition).or_default();
            turn.fold(&records, &mut States { partition, store: Some(&self.store), cache }, self.bounds)?;
            if !turn.is_empty() {
                turns.push(turn);
            }
        }
        Staged::of(turns)
    }

    /// Moves the store to what the log has taken.
    pub fn store(&mut self, committed: Committed) -> Result<(), ProcessorError> {
        for moved in committed.into_store(&self.store, &mut self.caches)? {
            self.positions.insert(moved.partition, moved.position);
        }
        Ok(())
    }

    /// Drops what is in memory and takes up all partitions anew: the way out of every failed or unknown commit.
    pub fn recover(&mut self) -> Result<(), ProcessorError> {
        self.caches.clear();
        self.positions.clear();
        for partition in (0..self.log.partitions()).map(Partition) {
            match restore::take_up(&self.log, &self.store, partition)? {
                TakenUp::Judging(position) => {
                    self.positions.insert(partition, position);
                }
                TakenUp::Paused => {}
            }
        }
        Ok(())
    }

    /// One round, from reading to the store.
    pub async fn turn(&mut self) -> Result<(), ProcessorError> {
        let round = self.next().await?;
        self.judge(round).await
    }

    async fn judge(&mut self, round: Round) -> Result<(), ProcessorError> {
        let committed = self.apply(round)?.commit(&self.log).await?;
        self.store(committed)
    }

    fn read(&self) -> Result<Round, ProcessorError> {
        let mut round = Vec::new();
        for (partition, position) in &self.positions {
            let (events_max, next) = (self.bounds.events_max, position.next);
            let records = match self.log.read(Topic::Events, *partition, next, events_max, READ_BYTES_MAX) {
                Ok(records) => records,
                Err(error @ LogError::Corrupt { offset, .. }) => vec![unreadable(offset, &error)],
                Err(error) => return Err(error.into()),
            };
            if !records.is_empty() {
                round.push((*partition, records));
            }
        }
        round.sort_by_key(|(partition, _)| *partition);
        Ok(Round(round))
    }
}

/// Judges until `shutdown` says true, then finishes what is in flight. A failed round is told and tried again: nothing
/// that can go wrong here is helped by ending the process.
pub async fn run(mut processor: Processor, mut shutdown: watch::Receiver<bool>) {
    loop {
        let round = tokio::select! {
            biased;
            _ = shutdown.wait_for(|stop| *stop) => return,
            round = processor.next() => round,
        };
        let outcome = match round {
            Ok(round) => processor.judge(round).await,
            Err(error) => Err(error),
        };
        if let Err(error) = outcome {
            tell(&error);
            loop {
                tokio::select! {
                    _ = shutdown.wait_for(|stop| *stop) => return,
                    () = tokio::time::sleep(Duration::from_millis(RETRY_DELAY_MS)) => {}
                }
                match processor.recover() {
                    Ok(()) => break,
                    Err(error) => tell(&error),
                }
            }
        }
    }
}

/// What stands for a record whose bytes the log cannot give: one without a value, which goes to the rejects.
fn unreadable(offset: Offset, error: &LogError) -> Received {
    tracing::error!("{error}");
    Received { offset, key: String::new(), value: None, timestamp: Instant::UNIX_EPOCH }
}

/// The error with its sources in one line; it is tried again after a pause.
fn tell(error: &ProcessorError) {
    tracing::error!("judging waits, nothing is lost: {}", reasons(error));
}
