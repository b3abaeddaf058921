//! `Turn -> Staged -> Committed`: only what the log has committed may move the store.
//!
//! ```text
//!  events
//!    |  fold (turn.rs): in memory, one partition each
//!    v
//!  Turn ...      dropped, if an event or a state cannot be read
//!    |  Staged::of: encodes the turns of all partitions
//!    v
//!  Staged        one transaction of the log: alerts, rejects, statuses, the position record of each
//!    |           partition in kigen.status, and the group's offsets in kigen.events
//!    |  commit   refused, or the outcome is unknown: dropped, and its partitions are restored
//!    v
//!  Committed     one write of the store per partition: its states, its position record, and the offset in
//!    |           kigen.status after that record; then the cache
//!    |  into_store
//!    v
//!  Moved         the position in memory
//! ```
//!
//! If the process ends between the transaction and the write, the store is behind `kigen.status`, and the restore applies
//! the difference (`recovery.rs`).

use std::thread;
use std::time::Instant as RealInstant;

use kigen_log::{Consumer, NewRecord};
use kigen_model::key::BatchKey;
use kigen_model::topic::{Offset, Partition, Topic};
use kigen_state::{BatchState, POSITION_KEY, PartitionState};
use kigen_store::{Batch, Store, StoredPosition};
use kigen_wire::Level;

use crate::error::ProcessorError;
use crate::metrics::{self, Tally};
use crate::states::{Cache, decoded};
use crate::turn::{Changed, Raised, Turn};

/// From this many changed states on, a second thread encodes half of them.
const STATES_SHARED_MIN: usize = 32;

/// Turns of several partitions, encoded for one transaction.
pub struct Staged {
    outputs: Vec<NewRecord>,
    /// The offset up to which each partition is judged with it.
    positions: Vec<(Partition, Offset)>,
    partitions: Vec<StoreWrite>,
    tally: Tally,
}

/// What the log has committed; the only thing that moves the store.
pub struct Committed {
    partitions: Vec<StoreWrite>,
}

/// What one partition's turn changes in the store.
struct StoreWrite {
    batch: Batch,
    /// The index of its position record among the outputs.
    position_output: usize,
    position_record: Vec<u8>,
    status_next: Option<Offset>,
    pub(crate) partition: Partition,
    pub(crate) position: PartitionState,
    /// Each with an upper bound of its encoded bytes.
    states: Vec<(BatchState, usize)>,
}

/// What the processor keeps in memory of a partition after a commit.
pub(crate) struct Moved {
    pub(crate) partition: Partition,
    pub(crate) position: PartitionState,
}

impl Staged {
    /// Encodes turns: alerts, rejects, changed statuses with a tombstone for each batch that is removed, and last, in each
    /// partition, its position record. Those that cannot be are left out and returned with the reason.
    ///
    /// The states that stay in memory are those that were written: at an older record level, without what that has no place
    /// for, as after a restore.
    pub(crate) fn of(turns: Vec<Turn>, level: Level) -> (Self, Vec<(Partition, ProcessorError)>) {
        let (outputs, positions, partitions) = (Vec::new(), Vec::new(), Vec::new());
        let mut staged = Self { outputs, positions, partitions, tally: Tally::default() };
        let mut failed = Vec::new();
        for turn in turns {
            let (partition, outputs) = (turn.partition, staged.outputs.len());
            if let Err(error) = staged.add(turn, level) {
                staged.outputs.truncate(outputs);
                failed.push((partition, error));
            }
        }
        (staged, failed)
    }

    /// Commits to the log: all of it, or nothing.
    pub(crate) async fn commit(self, consumer: &mut impl Consumer) -> Result<Committed, ProcessorError> {
        if self.partitions.is_empty() {
            return Ok(Committed { partitions: Vec::new() });
        }
        let began = RealInstant::now();
        let offsets = consumer.commit(self.outputs, self.positions).await?;
        metrics::committed(&self.tally, began.elapsed());
        let mut partitions = self.partitions;
        for write in &mut partitions {
            write.status_next = offsets.get(write.position_output).map(|offset| offset.next());
        }
        Ok(Committed { partitions })
    }

    fn add(&mut self, turn: Turn, level: Level) -> Result<(), ProcessorError> {
        let Turn { partition, position, changed, alerts, rejects, warnings, at, events, .. } = turn;
        self.tally.events += events;
        for warning in warnings {
            tracing::warn!("{}", warning.text);
        }
        let outputs = &mut self.outputs;
        let mut write = |topic, key: String, value, timestamp| {
            outputs.push(NewRecord { topic, partition, key, value, timestamp });
        };
        for Raised { alert, value } in alerts {
            *self.tally.alerts.entry(alert.body.kind()).or_default() += 1;
            // Not the time of the turn: alerts are the same wherever turns are cut.
            write(Topic::Alerts, alert.key.to_string(), Some(value), alert.decided_at);
        }
        for (refusal, reject) in rejects {
            *self.tally.rejects.entry(refusal).or_default() += 1;
            tracing::error!(
                place = ?reject.place,
                key = reject.key,
                "a record of {} is not understood and goes to {}: {}",
                reject.source,
                Topic::Rejects,
                reject.reason
            );
            let value = kigen_wire::encode_reject(&reject, level);
            write(Topic::Rejects, reject.key.clone(), Some(value), reject.rejected_at);
        }
        let mut batch = Batch::new(partition);
        let mut changed: Vec<(BatchKey, Changed)> = changed.into_iter().collect();
        changed.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
        let encoded = encode_states(&changed, level);
        let mut states = Vec::with_capacity(changed.len());
        for ((key, changed), bytes) in changed.into_iter().zip(encoded) {
            let changed_bytes = changed.bytes;
            let state = match &bytes {
                Some(bytes) if level < Level::NEWEST => decoded(&key, bytes)?,
                Some(_) | None => changed.state,
            };
            match &bytes {
                Some(bytes) => batch.put(&key, bytes, changed.due_before, state.next_due())?,
                None => batch.forget(&key, changed.due_before),
            }
            states.push((state, changed_bytes));
            write(Topic::Status, key.to_string(), bytes, at);
        }
        let engine_version = position.engine_version.min(level.engine_version());
        let written = PartitionState { engine_version, ..position.clone() };
        let value = kigen_wire::encode_position(&written, level);
        write(Topic::Status, POSITION_KEY.to_owned(), Some(value), at);
        // The store is of this engine, whatever the level of the log.
        let position_record = kigen_wire::encode_position(&position, Level::NEWEST);
        let position_output = outputs.len() - 1;
        self.positions.push((partition, position.next));
        self.partitions.push(StoreWrite {
            batch,
            position_output,
            position_record,
            status_next: None,
            partition,
            position,
            states,
        });
        Ok(())
    }
}

impl Committed {
    /// Whether nothing was written.
    pub(crate) fn is_empty(&self) -> bool {
        self.partitions.is_empty()
    }

    /// Moves the store: for each partition one write of its states, its position and the offset in `kigen.status`.
    pub(crate) fn into_store(self, store: &Store, cache: &mut Cache) -> Result<Vec<Moved>, ProcessorError> {
        let mut moved = Vec::with_capacity(self.partitions.len());
        for write in self.partitions {
            let StoreWrite { mut batch, position_record, status_next, partition, position, states, .. } =
                write;
            if let Some(status_next) = status_next {
                batch.position(&StoredPosition { record: position_record, status_next });
            }
            store.commit(batch)?;
            states.into_iter().for_each(|(state, bytes)| cache.put(partition, state, bytes));
            moved.push(Moved { partition, position });
        }
        Ok(moved)
    }
}

/// The changed states as their records' values, in their order; `None`, a tombstone: the batch is removed.
fn encode_states(changed: &[(BatchKey, Changed)], level: Level) -> Vec<Option<Vec<u8>>> {
    let encode = |part: &[(BatchKey, Changed)]| -> Vec<Option<Vec<u8>>> {
        let states = part.iter().map(|(_, changed)| &changed.state);
        states.map(|state| (!state.is_empty()).then(|| kigen_wire::encode_batch(state, level))).collect()
    };
    if changed.len() < STATES_SHARED_MIN {
        return encode(changed);
    }
    let (one, other) = changed.split_at(changed.len() / 2);
    thread::scope(|scope| {
        let other = scope.spawn(|| encode(other));
        let mut encoded = encode(one);
        match other.join() {
            Ok(other) => encoded.extend(other),
            Err(panic) => std::panic::resume_unwind(panic),
        }
        encoded
    })
}

/// The batch of a status record, by its key; `None`: it is the position record.
pub(crate) fn batch_of(key: &str) -> Option<BatchKey> {
    key.parse().ok()
}
