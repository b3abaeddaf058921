//! Restores a partition: gathers the facts, decides, and brings the store to the committed position.

use std::collections::BTreeMap;
use std::sync::mpsc;
use std::{iter, thread};

use kigen_log::{ConsumedRecord, LogError, LogReader};
use kigen_model::Instant;
use kigen_model::event::Event;
use kigen_model::key::BatchKey;
use kigen_model::topic::{Offset, Partition, Topic};
use kigen_state::{ENGINE_VERSION, PartitionState};
use kigen_store::{Batch, Store, StoredPosition};
use kigen_wire::{DecodeError, Level, Status};

use crate::commit::batch_of;
use crate::error::ProcessorError;
use crate::metrics;
use crate::recovery::{CommittedPosition, Decision, Facts, Reading, Restore, StorePosition, decide};

/// The most restores at a time: each reads pages of `kigen.status` ahead and writes to the one disk of the store.
pub(crate) const RUNNING_MAX: usize = 4;
/// The most bytes of records that all restores together have in memory.
const RESTORES_BYTES_MAX: usize = 64 * 1024 * 1024;
/// How many records, and how many bytes of them, are applied to the store in one write. A restore has the pages that are read
/// ahead, the one that is being read, and the one that is being applied.
const RESTORE_RECORDS_MAX: usize = 1_000;
const RESTORE_BYTES_MAX: usize = RESTORES_BYTES_MAX / RUNNING_MAX / (PAGES_AHEAD + 2);
/// How many offsets before the committed position are searched for events that were not judged. There is a tick each 10 s.
const EVENTS_CHECKED_MAX: u64 = 1_000;
/// The number of pages that are read before they are needed.
const PAGES_AHEAD: usize = 2;

/// The position up to which a partition is judged.
pub(crate) struct Judging {
    pub(crate) position: PartitionState,
    /// Events right before it expired before they were read.
    pub(crate) has_lost: bool,
}

/// Restores one partition. Waits for the disk and the network.
pub(crate) fn restore(
    reader: &impl LogReader,
    store: &Store,
    partition: Partition,
) -> Result<Judging, ProcessorError> {
    let facts = gather(reader, store, partition)?;
    let decision = decide(&facts);
    tracing::debug!(%partition, ?decision, "restores a partition");
    match (&decision, facts.committed) {
        (Decision::Pause(pause), _) => {
            metrics::restored(decision.label(), false);
            Err(ProcessorError::Pause(*pause))
        }
        (Decision::FoldFromStart { next }, _) => {
            store.clear(partition)?;
            metrics::restored(decision.label(), false);
            Ok(judging(PartitionState::new(*next), false))
        }
        (Decision::Resume { restore, reading }, Some(committed)) => {
            bring_to(reader, store, partition, *restore, &committed)?;
            let mut position = committed.position;
            let has_lost = matches!(reading, Reading::AfterGap { .. });
            metrics::restored(decision.label(), has_lost);
            if let Reading::AfterGap { from, to } = *reading {
                tracing::error!(
                    %partition,
                    "the events {from} to {to} of partition {partition} expired before they were judged: what they \
                     reported is lost, and deadlines of that time are judged by what is known from elsewhere, or reported as \
                     unknown; keep events longer (retention) than kigen is ever down"
                );
                position.next = to;
                position.cursor = None;
            }
            Ok(judging(position, has_lost))
        }
        (Decision::Resume { .. }, None) => Ok(judging(PartitionState::new(facts.events_start), false)),
    }
}

fn judging(mut position: PartitionState, has_lost: bool) -> Judging {
    // The next position record is this engine's, whichever version wrote the last one.
    position.engine_version = ENGINE_VERSION;
    Judging { position, has_lost }
}

fn gather(reader: &impl LogReader, store: &Store, partition: Partition) -> Result<Facts, ProcessorError> {
    let stored =
        store.position(partition)?.and_then(|stored| match kigen_wire::decode_status(&stored.record) {
            Ok(Status::Position(position)) => {
                let engine_version = position.engine_version;
                Some(StorePosition { status_next: stored.status_next, engine_version })
            }
            // The store is a cache: one that cannot be read is rebuilt.
            Ok(Status::Batch(_)) | Err(_) => None,
        });
    let committed = last_committed(reader, partition)?;
    let unjudged = committed.as_ref().map(|it| unjudged(reader, partition, &it.position)).transpose()?;
    Ok(Facts {
        committed,
        store: stored,
        unjudged: unjudged.flatten(),
        events_start: reader.earliest(Topic::Events, partition)?,
        events_end: reader.latest(Topic::Events, partition)?,
        tombstones_start: reader.tombstones_start(partition)?,
    })
}

/// The first event right before the position that the position's clocks do not cover. Of the topic that was judged there is
/// none; a topic that was re-created since has ticks there of the time after.
fn unjudged(
    reader: &impl LogReader,
    partition: Partition,
    position: &PartitionState,
) -> Result<Option<Offset>, ProcessorError> {
    let end = reader.latest(Topic::Events, partition)?;
    let start = reader.earliest(Topic::Events, partition)?;
    let mut from = Offset(position.next.0.saturating_sub(EVENTS_CHECKED_MAX)).max(start);
    while from < position.next && position.next <= end {
        let events = match reader.read(Topic::Events, partition, from, RESTORE_RECORDS_MAX, RESTORE_BYTES_MAX)
        {
            // It was rejected when it was judged.
            Err(LogError::Corrupt { offset, .. }) => {
                from = offset.next();
                continue;
            }
            events => events?,
        };
        let Some(last) = events.last() else { break };
        from = last.offset.next();
        let before = events.iter().take_while(|event| event.offset < position.next);
        if let Some(unjudged) = before.into_iter().find(|event| !is_judged(position, event)) {
            return Ok(Some(unjudged.offset));
        }
    }
    Ok(None)
}

/// Whether the clock of the event's cluster is at least where the event moves it. Facts move none.
fn is_judged(position: &PartitionState, event: &ConsumedRecord) -> bool {
    // Only cluster events have a key without a slash; nearly all others are facts.
    let value = event.value.as_deref().filter(|_| !event.key.contains('/'));
    let Some(Ok(Event::Cluster(event))) = value.map(kigen_wire::decode_event) else { return true };
    position.clocks.get(&event.cluster).is_none_or(|clock| clock.covers(&event))
}

/// The position record is the last of its commit, so it is the last record of the partition. A commit of the previous owner
/// may be under way, which is waited for.
fn last_committed(
    reader: &impl LogReader,
    partition: Partition,
) -> Result<Option<CommittedPosition>, ProcessorError> {
    reader.last_stable_offset(Topic::Status, partition)?;
    let Some(record) = reader.last(Topic::Status, partition)? else {
        return Ok(None);
    };
    let status_next = record.offset.next();
    match kigen_wire::decode_status(record.value.as_deref().unwrap_or_default()) {
        Ok(Status::Position(position)) => Ok(Some(CommittedPosition { position, status_next })),
        Ok(Status::Batch(_)) => Err(ProcessorError::NoPosition { partition, offset: record.offset }),
        Err(source) => Err(ProcessorError::Status { partition, offset: record.offset, source }),
    }
}

fn bring_to(
    reader: &impl LogReader,
    store: &Store,
    partition: Partition,
    restore: Restore,
    committed: &CommittedPosition,
) -> Result<(), ProcessorError> {
    match restore {
        Restore::Keep => Ok(()),
        Restore::ApplyTail { from } => apply_tail(reader, store, partition, from, committed),
        Restore::Rebuild => rebuild(reader, store, partition, committed),
    }
}

fn apply_tail(
    reader: &impl LogReader,
    store: &Store,
    partition: Partition,
    from: Offset,
    committed: &CommittedPosition,
) -> Result<(), ProcessorError> {
    for page in pages(reader, partition, from, committed.status_next) {
        let page = page?;
        let mut batch = Batch::new(partition);
        for (key, record) in latest(&page) {
            let stored = store.state(partition, &key)?;
            let unreadable = |source| ProcessorError::StoredState { key: key.clone(), source };
            let due_before = stored.as_deref().map(due_of).transpose().map_err(unreadable)?.flatten();
            let due = |state: &[u8]| {
                due_of(state).map_err(|source| ProcessorError::Status {
                    partition,
                    offset: record.offset,
                    source,
                })
            };
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

/// Replaces the store's content. Another thread reads while this one writes.
fn rebuild(
    reader: &impl LogReader,
    store: &Store,
    partition: Partition,
    committed: &CommittedPosition,
) -> Result<(), ProcessorError> {
    let refill = store.refill(partition)?;
    let from = reader.earliest(Topic::Status, partition)?;
    thread::scope(|scope| {
        let (sender, read) = mpsc::sync_channel(PAGES_AHEAD);
        scope.spawn(move || {
            // Sending fails once the writer has failed: then there is nothing more to read.
            pages(reader, partition, from, committed.status_next).all(|page| sender.send(page).is_ok())
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
    reader: &impl LogReader,
    partition: Partition,
    from: Offset,
    until: Offset,
) -> impl Iterator<Item = Result<Vec<ConsumedRecord>, ProcessorError>> {
    let mut next = from;
    iter::from_fn(move || {
        if next >= until {
            return None;
        }
        let page = reader.read(Topic::Status, partition, next, RESTORE_RECORDS_MAX, RESTORE_BYTES_MAX);
        next = match &page {
            Ok(records) => records.last()?.offset.next(),
            Err(_) => until,
        };
        Some(page.map_err(ProcessorError::from))
    })
}

/// The last record of each batch: a log that is not yet compacted holds several.
fn latest(page: &[ConsumedRecord]) -> BTreeMap<BatchKey, &ConsumedRecord> {
    page.iter().filter_map(|record| Some((batch_of(&record.key)?, record))).collect()
}

fn stored(committed: &CommittedPosition) -> StoredPosition {
    // What is due by this engine is in its index.
    let position = PartitionState { engine_version: ENGINE_VERSION, ..committed.position.clone() };
    let record = kigen_wire::encode_position(&position, Level::NEWEST);
    StoredPosition { record, status_next: committed.status_next }
}

/// The next due work of a batch, by its encoded state.
fn due_of(state: &[u8]) -> Result<Option<Instant>, DecodeError> {
    Ok(match kigen_wire::decode_status(state)? {
        Status::Batch(state) => state.next_due(),
        Status::Position(_) => None,
    })
}
