//! The one place that assigns offsets: a step becomes one atomic, durable write.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use kigen_model::topic::{Offset, Partition, Topic};
use kigen_rocks::Batch;

use crate::error::LogError;
use crate::record::{self, Bounds};
use crate::settings::Settings;
use crate::tables::Tables;
use crate::{AtomicWrite, NewRecord, Position, keys};

/// How much of a key or name an error quotes.
const QUOTED_CHARS_MAX: usize = 256;

/// The bounds of all partitions, kept for writing.
pub(crate) struct Tails {
    partitions: u32,
    /// By slot, see `keys::slot`.
    bounds: Vec<Bounds>,
    /// Set while the outcome of a write is not known: the disk is asked again before the next.
    doubtful: bool,
}

/// The bounds that a write moves.
pub(crate) type Moved = BTreeMap<(Topic, Partition), Bounds>;

/// What a step came to.
pub(crate) struct Written {
    /// The offsets of the outputs, in their order.
    pub(crate) offsets: Vec<Offset>,
    /// The bounds after it, of the partitions it wrote to.
    pub(crate) moved: Moved,
}

/// Where a compacted topic has a key's latest record.
#[derive(Clone, Copy)]
pub(crate) struct Latest {
    pub(crate) offset: Offset,
    pub(crate) tombstone: bool,
}

impl Tails {
    pub(crate) fn load(tables: &Tables) -> Result<Self, LogError> {
        let partitions = tables.partitions();
        let bounds = keys::slots(partitions)
            .map(|(topic, partition)| tables.bounds(topic, partition))
            .collect::<Result<_, _>>()?;
        Ok(Self { partitions, bounds, doubtful: false })
    }

    /// The ends of all partitions, by slot.
    pub(crate) fn ends(&self) -> impl Iterator<Item = u64> {
        self.bounds.iter().map(|bounds| bounds.end.0)
    }

    pub(crate) fn at(&self, topic: Topic, partition: Partition) -> Bounds {
        let slot = keys::slot(topic, partition, self.partitions);
        slot.and_then(|slot| self.bounds.get(slot)).copied().unwrap_or(Bounds::EMPTY)
    }

    /// Adds the moved bounds to the batch and writes it with `write`; the bounds kept here move only with it.
    pub(crate) fn write(
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

/// Takes the lock, with bounds that can be trusted. A panic under the lock leaves them doubtful, not the lock useless.
pub(crate) fn take<'a>(tables: &Tables, tails: &'a Mutex<Tails>) -> Result<MutexGuard<'a, Tails>, LogError> {
    let mut tails = tails.lock().unwrap_or_else(PoisonError::into_inner);
    if tails.doubtful {
        *tails = Tails::load(tables)?;
    }
    Ok(tails)
}

/// Writes the step, durably, and waits for the disk.
pub(crate) fn commit(
    tables: &Tables,
    settings: &Settings,
    tails: &Mutex<Tails>,
    step: &AtomicWrite,
) -> Result<Written, LogError> {
    check_outputs(tables.partitions(), settings, &step.outputs)?;
    check_positions(tables, &step.positions)?;
    if step.outputs.is_empty() && step.positions.is_empty() {
        return Ok(Written { offsets: Vec::new(), moved: Moved::new() });
    }
    let mut tails = take(tables, tails)?;
    let mut draft = Draft::new(tables, &tails);
    let offsets = step.outputs.iter().map(|output| draft.output(output)).collect::<Result<Vec<_>, _>>()?;
    for position in &step.positions {
        draft.position(position);
    }
    let Draft { batch, moved, .. } = draft;
    tails.write(batch, &moved, |batch| tables.write(batch))?;
    Ok(Written { offsets, moved })
}

/// Reads an entry of the table of latest records.
pub(crate) fn latest(tables: &Tables, key: &[u8]) -> Result<Option<Latest>, LogError> {
    let Some(bytes) = tables.get(key)? else { return Ok(None) };
    let mut rest = bytes.as_slice();
    match (record::take(&mut rest), rest) {
        (Some(offset), [tombstone @ (0 | 1)]) => {
            Ok(Some(Latest { offset: Offset(u64::from_be_bytes(offset)), tombstone: *tombstone == 1 }))
        }
        _ => Err(tables.corrupt(key, "not the place of a record")),
    }
}

/// Whether a log of so many partitions takes these records in one step.
pub(crate) fn check_outputs(
    partitions: u32,
    settings: &Settings,
    outputs: &[NewRecord],
) -> Result<(), LogError> {
    let mut step_bytes = 0;
    for output in outputs {
        let NewRecord { topic, partition, .. } = *output;
        if partition.0 >= partitions {
            return Err(LogError::NoSuchPartition { topic, partition, partitions });
        }
        let bytes = record::payload_bytes(output);
        if bytes > settings.record_bytes_max {
            return Err(LogError::RecordTooLarge {
                topic,
                partition,
                key: quoted(&output.key),
                bytes,
                record_bytes_max: settings.record_bytes_max,
            });
        }
        step_bytes += bytes;
    }
    if step_bytes > Settings::STEP_BYTES_MAX {
        return Err(LogError::StepTooLarge { bytes: step_bytes });
    }
    Ok(())
}

fn check_positions(tables: &Tables, positions: &[Position]) -> Result<(), LogError> {
    for position in positions {
        tables.slot(position.topic, position.partition)?;
        if !(1..=keys::CONSUMER_BYTES_MAX).contains(&position.consumer.len()) {
            return Err(LogError::BadConsumerName { name: quoted(&position.consumer) });
        }
    }
    Ok(())
}

fn quoted(text: &str) -> String {
    text.chars().take(QUOTED_CHARS_MAX).collect()
}

/// A step on its way into a batch. Nothing of it is seen before the batch is written.
struct Draft<'a> {
    tables: &'a Tables,
    tails: &'a Tails,
    batch: Batch,
    moved: Moved,
    /// The latest records within this step, which the tables do not know yet.
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
        let bytes = record::encode(output, timestamp_ms, bounds.bytes);
        bounds.end = offset.next();
        bounds.timestamp_ms = timestamp_ms;
        bounds.bytes += record::stored_bytes(output);
        self.batch.put(keys::record(output.topic, output.partition, offset), bytes);
        if is_compacted(output.topic) {
            self.replace(output, offset, timestamp_ms)?;
        }
        Ok(offset)
    }

    /// Removes the key's earlier record, so that a compacted topic is compact at every moment.
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

    fn position(&mut self, position: &Position) {
        let Position { consumer, topic, partition, next } = position;
        self.batch.put(keys::position(consumer, *topic, *partition), next.0.to_be_bytes());
    }
}

fn is_compacted(topic: Topic) -> bool {
    match topic {
        Topic::Status => true,
        Topic::Events | Topic::Alerts | Topic::Rejects => false,
    }
}
