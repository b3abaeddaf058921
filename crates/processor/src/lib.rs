//! The loop that judges: log to engine to log and store.
//!
//! One owner, three verbs: [`Processor::next`] waits for events, [`Processor::apply`] folds them in memory, and
//! [`Processor::commit`] hands alerts, statuses and positions to the log in one atomic step; then, and only then,
//! [`Processor::store`] moves the store. The store is a cache of `kigen.status`: wherever the process dies, the next
//! one decides from the facts how to go on (`recovery.rs`).
//!
//! Several processors divide the partitions between them. A partition that comes is taken up beside the judging of the
//! others; one that goes is forgotten, and what was not committed of it is another's.

use std::collections::HashMap;
use std::sync::Arc;

use kigen_log::back_off::BackOff;
use kigen_log::{ConsumedRecord, Consumer, ConsumerEvent, Log, LogError, LogReader, Telling};
use kigen_model::Instant;
use kigen_model::key::BatchKey;
use kigen_model::reasons::reasons;
use kigen_model::topic::{Offset, Partition, Topic};
use kigen_store::{Store, StoreError};
use tokio::sync::watch;
use tokio::task::JoinSet;

mod commit;
mod events;
pub mod health;
pub mod metrics;
mod recovery;
mod replay;
mod restore;
mod states;
mod turn;

pub use commit::{Committed, Staged};
pub use replay::{Replay, Told};
pub use turn::TurnBounds;

use health::Health;
use restore::{Judging, TakenUp};
use states::{Cache, States};
use turn::Turn;

/// The processors' group among the log's readers.
pub const GROUP: &str = "processor";

/// How many bytes of events a round reads from a partition at most.
const READ_BYTES_MAX: usize = 16 * 1024 * 1024;
/// The pauses before a failed round is tried again.
const RETRY_DELAY_MS_MIN: u64 = 1_000;
const RETRY_DELAY_MS_MAX: u64 = 15_000;

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
    /// A state in `kigen.status` cannot be decoded.
    #[error("the state of {key} in kigen.status, partition {partition}, cannot be decoded")]
    RestoredState {
        /// The partition.
        partition: Partition,
        /// Whose.
        key: BatchKey,
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

impl ProcessorError {
    /// What tells its cause from others.
    fn label(&self) -> &'static str {
        match self {
            Self::Log(error) => error.label(),
            Self::Store(_) => "store",
            Self::StoredState { .. } | Self::NotABatch { .. } => "stored_state",
            Self::Status { .. } | Self::RestoredState { .. } | Self::NoPosition { .. } => "status",
        }
    }
}

/// Judges the partitions of a log that are its own.
pub struct Processor<L: Log> {
    log: L,
    group: L::Consumer,
    store: Arc<Store>,
    bounds: TurnBounds,
    partitions: HashMap<Partition, Ownership>,
    caches: HashMap<Partition, Cache>,
    /// What was read and had no place in a full turn: it comes first in the next.
    left: HashMap<Partition, Vec<ConsumedRecord>>,
    taking_up: JoinSet<(Partition, Result<TakenUp, ProcessorError>)>,
    health: Health,
}

/// How it stands with a partition.
enum Ownership {
    /// The store is brought to what was committed last. A second taking up of one partition would write to the same
    /// store, so one that is under way is waited for.
    TakingUp {
        /// It must be done once more: what it began with no longer holds.
        is_stale: bool,
        /// The partition is still this processor's.
        is_own: bool,
    },
    /// It is judged, and this far.
    Judging(Judging),
    /// It cannot be judged, which was told.
    Paused,
}

/// Events that were read, by partition.
pub struct Round(Vec<(Partition, Vec<ConsumedRecord>)>);

impl Round {
    /// How many there are.
    #[must_use]
    pub fn events(&self) -> usize {
        self.0.iter().map(|(_, records)| records.len()).sum()
    }
}

impl<L: Log> Processor<L> {
    /// A processor that knows nothing yet: which partitions are its own, it is told by the log.
    pub fn open(log: L, store: Store, bounds: TurnBounds) -> Result<Self, ProcessorError> {
        let group = log.join(GROUP, Topic::Events)?;
        let (partitions, caches, left) = (HashMap::new(), HashMap::new(), HashMap::new());
        let (store, taking_up) = (Arc::new(store), JoinSet::new());
        let health = Health::default();
        Ok(Self { log, group, store, bounds, partitions, caches, left, taking_up, health })
    }

    /// Tells `health` how it goes from here on.
    #[must_use]
    pub fn telling(self, health: Health) -> Self {
        Self { health, ..self }
    }

    /// Waits until there are events, and reads a bounded number of them; or until a partition is taken up, with which
    /// there are none. Cancelling it loses nothing.
    pub async fn next(&mut self) -> Result<Round, ProcessorError> {
        if !self.left.is_empty() {
            return Ok(Round(self.left.drain().collect()));
        }
        loop {
            let heard = tokio::select! {
                biased;
                Some(taken_up) = self.taking_up.join_next() => {
                    match taken_up {
                        Ok((partition, taken_up)) => self.taken_up(partition, taken_up).await?,
                        Err(failed) => {
                            if let Ok(panic) = failed.try_into_panic() {
                                std::panic::resume_unwind(panic);
                            }
                        }
                    }
                    return Ok(Round(Vec::new()));
                }
                heard = self.group.next(self.bounds.events_max, READ_BYTES_MAX) => heard,
            };
            match heard {
                Ok(ConsumerEvent::Assigned(partitions)) => {
                    self.health.joined();
                    partitions.into_iter().for_each(|partition| self.assigned(partition));
                }
                Ok(ConsumerEvent::Revoked(partitions)) => {
                    partitions.into_iter().for_each(|partition| self.revoked(partition))
                }
                Ok(ConsumerEvent::Records(records)) => return Ok(Round(records)),
                Err(error @ LogError::Corrupt { partition, offset, .. }) => {
                    self.group.seek(partition, offset.next()).await?;
                    return Ok(Round(vec![(partition, vec![unreadable(offset, &error)])]));
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Whether everything in the log is judged: each partition is this processor's, and it is at its end.
    pub fn is_idle(&self) -> Result<bool, ProcessorError> {
        for partition in (0..self.log.reader().partitions()).map(Partition) {
            let next = match self.partitions.get(&partition) {
                Some(Ownership::Judging(judging)) => Some(judging.position.next),
                // Nothing more comes of it.
                Some(Ownership::Paused) => continue,
                Some(Ownership::TakingUp { .. }) | None => None,
            };
            let end = self.log.reader().latest(Topic::Events, partition)?;
            // A log without events has none to judge, whosever it is.
            if next.unwrap_or(Offset(0)) < end {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Folds a round in memory.
    pub fn apply(&mut self, round: Round) -> Result<Staged, ProcessorError> {
        let mut turns = Vec::with_capacity(round.0.len());
        for (partition, mut records) in round.0 {
            let Some(Ownership::Judging(judging)) = self.partitions.get(&partition) else { continue };
            let Judging { position, has_lost } = judging;
            let mut turn = Turn::new(partition, self.log.reader().partitions(), position.clone(), *has_lost);
            let cache = self.caches.entry(partition).or_default();
            turn.fold(&records, &mut States { partition, store: Some(&self.store), cache }, self.bounds)?;
            if !turn.is_empty() {
                let left = records.split_off(records.partition_point(|of| of.offset < turn.position.next));
                if !left.is_empty() {
                    self.left.insert(partition, left);
                }
                turns.push(turn);
            }
        }
        Staged::of(turns)
    }

    /// Hands what was folded to the log: all of it, or nothing.
    pub async fn commit(&mut self, staged: Staged) -> Result<Committed, ProcessorError> {
        staged.commit(&mut self.group).await
    }

    /// Moves the store to what the log has taken.
    pub fn store(&mut self, committed: Committed) -> Result<(), ProcessorError> {
        for moved in committed.into_store(&self.store, &mut self.caches)? {
            self.health.judging(moved.partition, &moved.position);
            self.health.judged();
            let judging = Judging { position: moved.position, has_lost: false };
            self.partitions.insert(moved.partition, Ownership::Judging(judging));
        }
        Ok(())
    }

    /// Drops what is in memory and takes up all partitions anew: the way out of every failed or unknown commit.
    pub fn recover(&mut self) {
        let own: Vec<Partition> = self.partitions.keys().copied().collect();
        for partition in own {
            self.group.pause(partition);
            match self.partitions.get_mut(&partition) {
                Some(Ownership::TakingUp { is_stale, .. }) => *is_stale = true,
                Some(Ownership::Judging(_) | Ownership::Paused) | None => self.take_up(partition),
            }
        }
    }

    /// One round, from reading to the store.
    pub async fn turn(&mut self) -> Result<(), ProcessorError> {
        let round = self.next().await?;
        self.judge(round).await
    }

    async fn judge(&mut self, round: Round) -> Result<(), ProcessorError> {
        let staged = self.apply(round)?;
        let committed = self.commit(staged).await?;
        self.store(committed)
    }

    fn assigned(&mut self, partition: Partition) {
        match self.partitions.get_mut(&partition) {
            Some(Ownership::TakingUp { is_stale, is_own }) => (*is_stale, *is_own) = (true, true),
            Some(Ownership::Judging(_) | Ownership::Paused) | None => self.take_up(partition),
        }
    }

    fn revoked(&mut self, partition: Partition) {
        self.forget(partition);
        self.health.lost(partition);
        match self.partitions.get_mut(&partition) {
            Some(Ownership::TakingUp { is_own, .. }) => *is_own = false,
            Some(Ownership::Judging(_) | Ownership::Paused) | None => {
                self.partitions.remove(&partition);
            }
        }
    }

    /// Drops what is in memory of a partition.
    fn forget(&mut self, partition: Partition) {
        self.caches.remove(&partition);
        self.left.remove(&partition);
    }

    /// Begins to take up a partition, beside the judging of others.
    fn take_up(&mut self, partition: Partition) {
        self.forget(partition);
        self.health.taking_up(partition);
        self.partitions.insert(partition, Ownership::TakingUp { is_stale: false, is_own: true });
        let (look, store) = (self.log.reader().clone(), Arc::clone(&self.store));
        self.taking_up.spawn_blocking(move || (partition, restore::take_up(&look, &store, partition)));
    }

    async fn taken_up(
        &mut self,
        partition: Partition,
        taken_up: Result<TakenUp, ProcessorError>,
    ) -> Result<(), ProcessorError> {
        match self.partitions.get(&partition) {
            Some(Ownership::TakingUp { is_own: false, .. }) => {
                self.partitions.remove(&partition);
                return Ok(());
            }
            Some(Ownership::TakingUp { is_stale: true, .. }) => {
                self.take_up(partition);
                return Ok(());
            }
            Some(Ownership::TakingUp { .. } | Ownership::Judging(_) | Ownership::Paused) | None => {}
        }
        // Until it was begun, and after a failure, it is one to be taken up when all is recovered.
        self.partitions.insert(partition, Ownership::Paused);
        match taken_up? {
            TakenUp::Judging(judging) => {
                self.group.seek(partition, judging.position.next).await?;
                self.health.judging(partition, &judging.position);
                self.partitions.insert(partition, Ownership::Judging(judging));
            }
            TakenUp::Paused { why } => self.health.paused(partition, why),
        }
        Ok(())
    }

    /// Tells of a failed round; it is tried again after a pause.
    fn tell(&self, error: &ProcessorError, telling: &Telling) {
        match error {
            ProcessorError::Log(error) => self.log.tell(error),
            error => telling.say(error.label(), || format!("judging waits: {}", reasons(error))),
        }
        // That another has the partition is no failure of this one.
        if !matches!(error, ProcessorError::Log(LogError::Fenced { .. })) {
            self.health.failed(reasons(error));
        }
    }
}

/// Judges until `shutdown` says true, then finishes what is in flight. A failed round is told and tried again: nothing
/// that can go wrong here is helped by ending the process.
pub async fn run<L: Log>(mut processor: Processor<L>, mut shutdown: watch::Receiver<bool>) {
    let mut back_off = BackOff::new(RETRY_DELAY_MS_MIN, RETRY_DELAY_MS_MAX);
    let telling = Telling::default();
    loop {
        let round = tokio::select! {
            biased;
            _ = shutdown.wait_for(|stop| *stop) => return,
            round = processor.next() => round,
        };
        let outcome = match round {
            Ok(round) => {
                let events = round.events();
                processor.judge(round).await.map(|()| events)
            }
            Err(error) => Err(error),
        };
        match outcome {
            // That a partition was taken up says nothing of what comes next.
            Ok(0) => {}
            Ok(_) => back_off.reset(),
            Err(error) => {
                processor.tell(&error, &telling);
                tokio::select! {
                    _ = shutdown.wait_for(|stop| *stop) => return,
                    () = tokio::time::sleep(back_off.next_delay(None)) => {}
                }
                processor.recover();
            }
        }
    }
}

/// What stands for a record whose bytes the log cannot give: one without a value, which goes to the rejects.
fn unreadable(offset: Offset, error: &LogError) -> ConsumedRecord {
    tracing::error!("{error}");
    ConsumedRecord { offset, key: String::new(), value: None, head: None, timestamp: Instant::UNIX_EPOCH }
}
