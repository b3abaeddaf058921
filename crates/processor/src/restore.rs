//! Taking up a partition: gathers the facts, decides, and brings the store to the last committed position.

use std::collections::BTreeMap;

use kigen_engine::partition::{ENGINE_VERSION, PartitionState};
use kigen_log::{Look, Received};
use kigen_model::topic::{Offset, Partition, Topic};
use kigen_store::{Batch, Store, StoredPosition};
use kigen_wire::Status;

use crate::commit::batch_of;
use crate::recovery::{Committed, Decision, Facts, Pause, Reading, Restore, Stored, decide};
use crate::{ProcessorError, metrics};

/// How many records, and how many bytes of them, are applied to the store in one write.
const RESTORE_RECORDS_MAX: usize = 1_000;
const RESTORE_BYTES_MAX: usize = 8 * 1024 * 1024;

/// A partition that is taken up.
pub(crate) enum TakenUp {
    /// It is judged.
    Judging(Judging),
    /// It is not judged.
    Paused { why: String },
}

/// How far a partition is judged.
pub(crate) struct Judging {
    pub(crate) position: PartitionState,
    /// Events right before it expired unread.
    pub(crate) has_lost: bool,
}

/// Takes up one partition.
pub(crate) fn take_up(
    look: &impl Look,
    store: &Store,
    partition: Partition,
) -> Result<TakenUp, ProcessorError> {
    let facts = gather(look, store, partition)?;
    let decision = decide(&facts);
    tracing::debug!(%partition, ?decision, "takes up a partition");
    match (&decision, facts.committed) {
        (Decision::Pause(pause), _) => {
            metrics::taken_up(decision.label(), false);
            let why = pause.told(partition);
            tracing::error!("{why}");
            Ok(TakenUp::Paused { why })
        }
        (Decision::FoldFromStart { next }, _) => {
            store.clear(partition)?;
            metrics::taken_up(decision.label(), false);
            Ok(judging(PartitionState::new(*next), false))
        }
        (Decision::GoOn { restore, reading }, Some(committed)) => {
            bring_to(look, store, partition, *restore, &committed)?;
            let mut position = committed.position;
            let has_lost = matches!(reading, Reading::AfterGap { .. });
            metrics::taken_up(decision.label(), has_lost);
            if let Reading::AfterGap { from, to } = *reading {
                tracing::error!(
                    %partition,
                    "the events {from} to {to} of partition {partition} expired before they were judged: what they told \
                     is lost, and deadlines of that time are judged by what is known from elsewhere, or told as unknown; \
                     keep events longer (retention) than kigen is ever down"
                );
                position.next = to;
                position.cursor = None;
            }
            Ok(judging(position, has_lost))
        }
        (Decision::GoOn { .. }, None) => Ok(judging(PartitionState::new(facts.events_start), false)),
    }
}

fn judging(mut position: PartitionState, has_lost: bool) -> TakenUp {
    // Whoever wrote the last one: the next is this engine's.
    position.engine_version = ENGINE_VERSION;
    TakenUp::Judging(Judging { position, has_lost })
}

fn gather(look: &impl Look, store: &Store, partition: Partition) -> Result<Facts, ProcessorError> {
    let stored =
        store.position(partition)?.and_then(|stored| match kigen_wire::decode_status(&stored.record) {
            Ok(Status::Position(position)) => {
                Some(Stored { status_next: stored.status_next, engine_version: position.engine_version })
            }
            // A store that cannot be read is no store: it is a cache.
            Ok(Status::Batch(_)) | Err(_) => None,
        });
    Ok(Facts {
        committed: last_committed(look, partition)?,
        store: stored,
        events_start: look.start(Topic::Events, partition)?,
        events_end: look.end(Topic::Events, partition)?,
        tombstones_start: look.tombstones_start(partition)?,
    })
}

/// The position record is the last of its commit, so it is the last record of the partition. Whoever judged before may
/// have a commit under way, which is waited for.
fn last_committed(look: &impl Look, partition: Partition) -> Result<Option<Committed>, ProcessorError> {
    look.settled_end(Topic::Status, partition)?;
    let Some(record) = look.last(Topic::Status, partition)? else {
        return Ok(None);
    };
    let status_next = record.offset.next();
    match kigen_wire::decode_status(record.value.as_deref().unwrap_or_default()) {
        Ok(Status::Position(position)) => Ok(Some(Committed { position, status_next })),
        Ok(Status::Batch(_)) => Err(ProcessorError::NoPosition { partition, offset: record.offset }),
        Err(source) => Err(ProcessorError::Status { partition, offset: record.offset, source }),
    }
}

fn bring_to(
    look: &impl Look,
    store: &Store,
    partition: Partition,
    restore: Restore,
    committed: &Committed,
) -> Result<(), ProcessorError> {
    let from = match restore {
        Restore::Resume => return Ok(()),
        Restore::ApplyTail { from } => from,
        Restore::Rebuild => {
            store.clear(partition)?;
            look.start(Topic::Status, partition)?
        }
    };
    let mut next = from;
    while next < committed.status_next {
        let records = look.read(Topic::Status, partition, next, RESTORE_RECORDS_MAX, RESTORE_BYTES_MAX)?;
        let Some(last) = records.last() else { break };
        next = last.offset.next();
        let mut batch = Batch::new(partition);
        // A log that is not compacted yet holds several states of a key; the last one counts.
        let latest: BTreeMap<&str, &Received> =
            records.iter().map(|record| (record.key.as_str(), record)).collect();
        for record in latest.into_values() {
            let Some(key) = batch_of(&record.key) else { continue };
            let due_before = match store.state(partition, &key)? {
                Some(bytes) => due_of(&bytes, partition, record.offset)?,
                None => None,
            };
            match record.value.as_deref() {
                Some(bytes) => {
                    batch.put(&key, bytes, due_before, due_of(bytes, partition, record.offset)?)?
                }
                None => batch.forget(&key, due_before),
            }
        }
        if next >= committed.status_next {
            let record = kigen_wire::encode_position(&committed.position);
            batch.position(&StoredPosition { record, status_next: committed.status_next });
        }
        store.commit(batch)?;
    }
    Ok(())
}

fn due_of(
    bytes: &[u8],
    partition: Partition,
    offset: Offset,
) -> Result<Option<kigen_model::Instant>, ProcessorError> {
    match kigen_wire::decode_status(bytes) {
        Ok(Status::Batch(state)) => Ok(state.next_due()),
        Ok(Status::Position(_)) => Ok(None),
        Err(source) => Err(ProcessorError::Status { partition, offset, source }),
    }
}

impl Pause {
    /// What an operator is told of it.
    fn told(&self, partition: Partition) -> String {
        match self {
            Self::BeyondEnd { next, end } => format!(
                "partition {partition} is not judged: the next event to read is {next}, but the log ends at {end}, so the log \
                 was truncated or is another one; restore the log, or set kigen up with a new data directory"
            ),
            Self::NewerEngine { found } => format!(
                "partition {partition} is not judged: its state was written by a newer kigen (engine {found}); start that \
                 version again, or set kigen up with a new data directory"
            ),
        }
    }
}
