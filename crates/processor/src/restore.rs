//! Taking up a partition: gathers the facts, decides, and brings the store to the last committed position.

use std::collections::BTreeMap;
use std::sync::mpsc;
use std::{iter, thread};

use kigen_log::{ConsumedRecord, LogReader};
use kigen_model::Instant;
use kigen_model::key::BatchKey;
use kigen_model::topic::{Offset, Partition, Topic};
use kigen_state::{ENGINE_VERSION, PartitionState};
use kigen_store::{Batch, Store, StoredPosition};
use kigen_wire::{DecodeError, Status};

use crate::commit::batch_of;
use crate::recovery::{Committed, Decision, Facts, Pause, Reading, Restore, Stored, decide};
use crate::{ProcessorError, metrics};

/// How many records, and how many bytes of them, are applied to the store in one write.
const RESTORE_RECORDS_MAX: usize = 1_000;
const RESTORE_BYTES_MAX: usize = 8 * 1024 * 1024;
/// So many times as much is read before it is needed.
const PAGES_AHEAD: usize = 2;

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
    look: &impl LogReader,
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

fn gather(look: &impl LogReader, store: &Store, partition: Partition) -> Result<Facts, ProcessorError> {
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
        events_start: look.earliest(Topic::Events, partition)?,
        events_end: look.latest(Topic::Events, partition)?,
        tombstones_start: look.tombstones_start(partition)?,
    })
}

/// The position record is the last of its commit, so it is the last record of the partition. Whoever judged before may
/// have a commit under way, which is waited for.
fn last_committed(look: &impl LogReader, partition: Partition) -> Result<Option<Committed>, ProcessorError> {
    look.last_stable_offset(Topic::Status, partition)?;
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
    look: &impl LogReader,
    store: &Store,
    partition: Partition,
    restore: Restore,
    committed: &Committed,
) -> Result<(), ProcessorError> {
    match restore {
        Restore::Resume => Ok(()),
        Restore::ApplyTail { from } => apply_tail(look, store, partition, from, committed),
        Restore::Rebuild => rebuild(look, store, partition, committed),
    }
}

fn apply_tail(
    look: &impl LogReader,
    store: &Store,
    partition: Partition,
    from: Offset,
    committed: &Committed,
) -> Result<(), ProcessorError> {
    for page in pages(look, partition, from, committed.status_next) {
        let page = page?;
        let mut batch = Batch::new(partition);
        for (key, record) in latest(&page) {
            let due = |state: &[u8]| {
                due_of(state).map_err(|source| ProcessorError::Status {
                    partition,
                    offset: record.offset,
                    source,
                })
            };
            let due_before = store.state(partition, &key)?.as_deref().map(due).transpose()?.flatten();
            match record.value.as_deref() {
                Some(state) => batch.put(&key, state, due_before, due(state)?)?,
                None => batch.forget(&key, due_before),
            }
        }
        if page.last().is_some_and(|last| last.offset.next() >= committed.status_next) {
            batch.position(&stored(committed));
        }
        store.commit(batch)?;
    }
    Ok(())
}

/// Fills the store anew. One thread reads while this one writes.
fn rebuild(
    look: &impl LogReader,
    store: &Store,
    partition: Partition,
    committed: &Committed,
) -> Result<(), ProcessorError> {
    let refill = store.refill(partition)?;
    let from = look.earliest(Topic::Status, partition)?;
    thread::scope(|scope| {
        let (sender, read) = mpsc::sync_channel(PAGES_AHEAD);
        scope.spawn(move || {
            // Nobody waits for more when the other one failed.
            pages(look, partition, from, committed.status_next).all(|page| sender.send(page).is_ok())
        });
        for page in read {
            let page = page?;
            let latest = latest(&page);
            refill.put(latest.iter().map(|(key, record)| (key, record.value.as_deref())))?;
        }
        refill.finish(&stored(committed), |key, state| {
            due_of(state).map_err(|source| ProcessorError::RestoredState {
                partition,
                key: key.clone(),
                source,
            })
        })
    })
}

/// The records of `kigen.status` from one offset up to another.
fn pages(
    look: &impl LogReader,
    partition: Partition,
    from: Offset,
    until: Offset,
) -> impl Iterator<Item = Result<Vec<ConsumedRecord>, ProcessorError>> {
    let mut next = from;
    iter::from_fn(move || {
        if next >= until {
            return None;
        }
        let page = look.read(Topic::Status, partition, next, RESTORE_RECORDS_MAX, RESTORE_BYTES_MAX);
        next = match &page {
            Ok(records) => records.last()?.offset.next(),
            Err(_) => until,
        };
        Some(page.map_err(ProcessorError::from))
    })
}

/// The last record of each batch: a log that is not compacted yet holds several.
fn latest(page: &[ConsumedRecord]) -> BTreeMap<BatchKey, &ConsumedRecord> {
    page.iter().filter_map(|record| Some((batch_of(&record.key)?, record))).collect()
}

fn stored(committed: &Committed) -> StoredPosition {
    let record = kigen_wire::encode_position(&committed.position);
    StoredPosition { record, status_next: committed.status_next }
}

/// When a batch is due, by its encoded state.
fn due_of(state: &[u8]) -> Result<Option<Instant>, DecodeError> {
    Ok(match kigen_wire::decode_status(state)? {
        Status::Batch(state) => state.next_due(),
        Status::Position(_) => None,
    })
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
