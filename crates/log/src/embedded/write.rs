//! The one place that assigns offsets: outputs and positions become one atomic, durable write of RocksDB.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use kigen_model::topic::{Offset, Partition, Topic};
use kigen_rocks::Batch;

use crate::embedded::encoding::{self, Bounds};
use crate::embedded::keys;
use crate::embedded::tables::Tables;
use crate::error::{EmbeddedError, LogError};
use crate::limits::{check_outputs, quoted};
use crate::record::{AtomicWrite, NewRecord, PartAhead, Position};
use crate::settings::Settings;

/// The bounds of all partitions, kept for writing.
pub(super) struct Tails {
    partitions: u32,
    /// By slot, see `keys::slot`.
    bounds: Vec<Bounds>,
    /// Set while the outcome of a write is unknown: the bounds are read from the disk again before the next one.
    doubtful: bool,
}

/// The bounds that a write moves.
pub(super) type Moved = BTreeMap<(Topic, Partition), Bounds>;

/// The outcome of a write.
pub(super) struct Written {
    /// The offsets of the outputs, in their order.
    pub(super) offsets: Vec<Offset>,
    /// The bounds after it, of the partitions it wrote to.
    pub(super) moved: Moved,
}

/// Where a compacted topic has a key's latest record.
#[derive(Clone, Copy)]
pub(super) struct Latest {
    pub(super) offset: Offset,
    pub(super) tombstone: bool,
}

impl Tails {
    pub(super) fn load(tables: &Tables) -> Result<Self, LogError> {
        let partitions = tables.partitions();
        let bounds = keys::slots(partitions)
            .map(|(topic, partition)| tables.bounds(topic, partition))
            .collect::<Result<_, _>>()?;
        Ok(Self { partitions, bounds, doubtful: false })
    }

    /// The latest offset of all partitions, by slot.
    pub(super) fn latest(&self) -> impl Iterator<Item = u64> {
        self.bounds.iter().map(|bounds| bounds.end.0)
    }

    pub(super) fn at(&self, topic: Topic, partition: Partition) -> Bounds {
        let slot = keys::slot(topic, partition, self.partitions);
        slot.and_then(|slot| self.bounds.get(slot)).copied().unwrap_or(Bounds::EMPTY)
    }

    /// Adds the moved bounds to the batch and writes it with `write`; the bounds in memory move only with it.
    pub(super) fn write(
        &mut self,
        mut batch: Batch,
        moved: &Moved,
        write: impl FnOnce(Batch) -> Result<(), LogError>,
    ) -> Result<(), LogError> {
        for ((topic, partition), bounds) in moved {
            batch.put(keys::bounds(*topic, *partition), bounds.encode());
        }
        self.doubtful = true;
        write(batch)?;
        for ((topic, partition), bounds) in moved {
            let slot = keys::slot(*topic, *partition, self.partitions);
            if let Some(known) = slot.and_then(|slot| self.bounds.get_mut(slot)) {
                *known = *bounds;
            }
        }
        self.doubtful = false;
        Ok(())
    }
}

/// Takes the lock, with bounds that can be trusted. A panic under the lock leaves the bounds doubtful, not the lock
/// unusable.
pub(super) fn lock<'a>(tables: &Tables, tails: &'a Mutex<Tails>) -> Result<MutexGuard<'a, Tails>, LogError> {
    let mut tails = tails.lock().unwrap_or_else(PoisonError::into_inner);
    if tails.doubtful {
        *tails = Tails::load(tables)?;
    }
    Ok(tails)
}

/// Writes atomically, durably, and waits for the disk.
pub(super) fn commit(
    tables: &Tables,
    settings: &Settings,
    tails: &Mutex<Tails>,
    write: &AtomicWrite,
) -> Result<Written, LogError> {
    check_outputs(settings, &write.outputs)?;
    check_positions(tables, &write.positions)?;
    if write.outputs.is_empty() && write.positions.is_empty() {
        return Ok(Written { offsets: Vec::new(), moved: Moved::new() });
    }
    let mut tails = lock(tables, tails)?;
    let mut draft = Draft::new(tables, &tails);
    let offsets = write.outputs.iter().map(|output| draft.output(output)).collect::<Result<Vec<_>, _>>()?;
    for position in &write.positions {
        draft.position(position)?;
    }
    let Draft { batch, moved, .. } = draft;
    tails.write(batch, &moved, |batch| tables.write(batch))?;
    Ok(Written { offsets, moved })
}

/// Reads an entry of the table of latest records.
pub(super) fn latest(tables: &Tables, key: &[u8]) -> Result<Option<Latest>, LogError> {
    let Some(bytes) = tables.get(key)? else { return Ok(None) };
    let mut rest = bytes.as_slice();
    match (encoding::take(&mut rest), rest) {
        (Some(offset), [tombstone @ (0 | 1)]) => {
            Ok(Some(Latest { offset: Offset(u64::from_be_bytes(offset)), tombstone: *tombstone == 1 }))
        }
        _ => Err(tables.corrupt(key, "not the place of a record")),
    }
}

fn check_positions(tables: &Tables, positions: &[Position]) -> Result<(), LogError> {
    for position in positions {
        tables.slot(position.topic, position.partition)?;
        if !(1..=Settings::CONSUMER_BYTES_MAX).contains(&position.consumer.len()) {
            return Err(EmbeddedError::BadConsumerName { name: quoted(&position.consumer) }.into());
        }
    }
    Ok(())
}

/// An atomic write that becomes a batch. Nothing of it is visible before the batch is written.
struct Draft<'a> {
    tables: &'a Tables,
    tails: &'a Tails,
    batch: Batch,
    moved: Moved,
    /// The latest records within this write, which are not in the tables yet.
    latest: HashMap<Vec<u8>, Latest>,
}

impl<'a> Draft<'a> {
    fn new(tables: &'a Tables, tails: &'a Tails) -> Self {
        Self { tables, tails, batch: Batch::default(), moved: Moved::new(), latest: HashMap::new() }
    }

    fn output(&mut self, output: &NewRecord) -> Result<Offset, LogError> {
        let place = (output.topic, output.partition);
        let bounds = self.moved.entry(place).or_insert_with(|| self.tails.at(place.0, place.1));
        let offset = bounds.end;
        let timestamp_ms = bounds.timestamp_ms.max(output.timestamp.timestamp_millis());
        let bytes = encoding::encode(output, timestamp_ms, bounds.bytes);
        bounds.end = offset.next();
        bounds.timestamp_ms = timestamp_ms;
        bounds.bytes += encoding::stored_bytes(output);
        self.batch.put(keys::record(output.topic, output.partition, offset), bytes);
        if is_compacted(output.topic) {
            self.replace(output, offset, timestamp_ms)?;
        }
        Ok(offset)
    }

    /// Deletes the key's earlier record, so that a compacted topic is compact at every moment.
    fn replace(&mut self, output: &NewRecord, offset: Offset, timestamp_ms: i64) -> Result<(), LogError> {
        let NewRecord { topic, partition, .. } = *output;
        let key = keys::latest(topic, partition, &output.key);
        let earlier = match self.latest.get(&key) {
            Some(earlier) => Some(*earlier),
            None => latest(self.tables, &key)?,
        };
        if let Some(earlier) = earlier {
            self.batch.delete(keys::record(topic, partition, earlier.offset));
            if earlier.tombstone {
                self.batch.delete(keys::tombstone(topic, partition, earlier.offset));
            }
        }
        let tombstone = output.value.is_none();
        if tombstone {
            self.batch.put(keys::tombstone(topic, partition, offset), timestamp_ms.to_be_bytes());
        }
        self.batch.put(&key, [offset.0.to_be_bytes().as_slice(), &[u8::from(tombstone)]].concat());
        self.latest.insert(key, Latest { offset, tombstone });
        Ok(())
    }

    fn position(&mut self, position: &Position) -> Result<(), LogError> {
        let Position { consumer, topic, partition, next, ahead } = position;
        self.batch.put(keys::position(consumer, *topic, *partition), next.0.to_be_bytes());
        let key = keys::ahead(consumer, *topic, *partition);
        match ahead {
            Some(PartAhead { part, next }) => {
                self.batch.put(key, [[*part].as_slice(), &next.0.to_be_bytes()].concat());
            }
            // Most groups never have one.
            None if self.tables.get(&key)?.is_some() => self.batch.delete(key),
            None => {}
        }
        Ok(())
    }
}

fn is_compacted(topic: Topic) -> bool {
    match topic {
        Topic::Status | Topic::Control | Topic::Deliveries => true,
        Topic::Events | Topic::Alerts | Topic::Rejects => false,
    }
}
