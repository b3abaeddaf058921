//! A log in memory with Kafka's ways, and with faults by a seed: commits that are refused, that come to nothing, or whose
//! answer is lost; records that are committed and not yet to be seen; members that lose their place without knowing.
//!
//! Each choice is made by the seed, in the order of the calls: whoever calls in the same order meets the same faults.

mod group;

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use fastrand::Rng;
use kigen_log::{ConsumedRecord, Log, LogError, LogReader, NewRecord, Settings};
use kigen_model::Instant;
use kigen_model::topic::{Offset, Partition, Topic};
use tokio::sync::watch;

use group::Members;
pub use group::SimulatedConsumer;

/// How often what goes wrong, of a thousand times each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Faults {
    /// A commit is aborted, and leaves records that nobody sees.
    pub aborted_per_mille: u32,
    /// A commit is made, and its answer is lost.
    pub unanswered_per_mille: u32,
    /// A commit is answered before its records can be seen.
    pub unsettled_per_mille: u32,
    /// A member cannot read, or nobody is told where a group stands.
    pub unreadable_per_mille: u32,
}

/// The log. Clones are handles to the same one.
#[derive(Clone)]
pub struct SimulatedLog {
    inner: Arc<Inner>,
}

struct Inner {
    settings: Settings,
    state: Mutex<State>,
    changes: watch::Sender<u64>,
}

struct State {
    partitions: BTreeMap<(Topic, Partition), Kept>,
    groups: BTreeMap<&'static str, Members>,
    positions: BTreeMap<(String, Topic, Partition), Offset>,
    faults: Faults,
    rng: Rng,
}

/// What is kept of a partition.
#[derive(Default)]
struct Kept {
    /// By offset; `None`: an end of a transaction, what an aborted one wrote, or what was compacted.
    records: Vec<Option<ConsumedRecord>>,
    /// Before it all is decided, and so can be seen.
    settled: usize,
}

impl SimulatedLog {
    /// An empty log, whose faults are those of `seed`.
    #[must_use]
    pub fn new(settings: Settings, faults: Faults, seed: u64) -> Self {
        let (changes, _) = watch::channel(0);
        let state = State {
            partitions: BTreeMap::new(),
            groups: BTreeMap::new(),
            positions: BTreeMap::new(),
            faults,
            rng: Rng::with_seed(seed),
        };
        Self { inner: Arc::new(Inner { settings, state: Mutex::new(state), changes }) }
    }

    /// From now on nothing goes wrong.
    pub fn calm(&self) {
        self.state().faults = Faults::default();
    }

    /// Keeps of each key of `kigen.status` the last record only, as Kafka's cleaner does when it comes by.
    pub fn compact(&self) {
        let mut state = self.state();
        let statuses = state.partitions.iter_mut().filter(|((topic, _), _)| *topic == Topic::Status);
        for (_, kept) in statuses {
            let mut latest = BTreeMap::new();
            let settled = &mut kept.records[..kept.settled];
            for (offset, record) in settled.iter().enumerate() {
                if let Some(record) = record {
                    latest.insert(record.key.clone(), offset);
                }
            }
            for (offset, place) in settled.iter_mut().enumerate() {
                place.take_if(|record| latest.get(&record.key) != Some(&offset));
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.inner.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn changed(&self) {
        self.inner.changes.send_modify(|count| *count = count.wrapping_add(1));
    }

    /// What the log takes; as of every log.
    fn check(&self, records: &[NewRecord]) -> Result<(), LogError> {
        let Settings { partitions, record_bytes_max, .. } = self.inner.settings;
        for NewRecord { topic, partition, key, value, .. } in records {
            let (topic, partition) = (*topic, *partition);
            if partition.0 >= partitions {
                return Err(LogError::NoSuchPartition { topic, partition, partitions });
            }
            let bytes = key.len() + value.as_ref().map_or(0, Vec::len);
            if bytes > record_bytes_max {
                let key = key.clone();
                return Err(LogError::RecordTooLarge { topic, partition, key, bytes, record_bytes_max });
            }
        }
        Ok(())
    }
}

impl State {
    /// Whether what happens so often happens now.
    fn happens(&mut self, per_mille: u32) -> bool {
        per_mille > 0 && self.rng.u32(0..1_000) < per_mille
    }

    fn kept(&mut self, topic: Topic, partition: Partition) -> &mut Kept {
        self.partitions.entry((topic, partition)).or_default()
    }

    /// Writes records and returns their offsets; seen are they not yet.
    fn write(&mut self, records: &[NewRecord], is_aborted: bool) -> Vec<Offset> {
        let mut offsets = Vec::with_capacity(records.len());
        for record in records {
            let NewRecord { topic, partition, key, value, timestamp } = record.clone();
            let kept = self.kept(topic, partition);
            let offset = offset_of(kept.records.len());
            let latest = kept.records.iter().rev().flatten().next().map(|before| before.timestamp);
            let timestamp = latest.map_or(timestamp, |latest| latest.max(timestamp));
            kept.records.push((!is_aborted).then_some(ConsumedRecord {
                offset,
                key,
                value,
                timestamp,
                head: None,
            }));
            offsets.push(offset);
        }
        offsets
    }

    /// All that was written in these partitions can be seen; the end of a transaction takes an offset of each.
    fn settle(&mut self, places: impl IntoIterator<Item = (Topic, Partition)>) {
        for (topic, partition) in places {
            let kept = self.kept(topic, partition);
            kept.settled = kept.records.len();
        }
    }

    fn settle_all(&mut self) {
        self.partitions.values_mut().for_each(|kept| kept.settled = kept.records.len());
    }
}

impl Kept {
    fn read(&self, from: Offset, records_max: usize, bytes_max: usize) -> Vec<ConsumedRecord> {
        let mut read = Vec::new();
        let mut bytes = 0;
        for record in self.records[..self.settled].iter().skip(index_of(from)).flatten() {
            if read.len() >= records_max || (bytes >= bytes_max && !read.is_empty()) {
                break;
            }
            bytes += record.key.len() + record.value.as_ref().map_or(0, Vec::len);
            read.push(record.clone());
        }
        read
    }
}

impl LogReader for SimulatedLog {
    fn partitions(&self) -> u32 {
        self.inner.settings.partitions
    }

    fn refresh(&self) -> Result<(), LogError> {
        Ok(())
    }

    fn read(
        &self,
        topic: Topic,
        partition: Partition,
        from: Offset,
        records_max: usize,
        bytes_max: usize,
    ) -> Result<Vec<ConsumedRecord>, LogError> {
        Ok(self.state().kept(topic, partition).read(from, records_max, bytes_max))
    }

    fn last(&self, topic: Topic, partition: Partition) -> Result<Option<ConsumedRecord>, LogError> {
        let mut state = self.state();
        let kept = state.kept(topic, partition);
        Ok(kept.records[..kept.settled].iter().rev().flatten().next().cloned())
    }

    fn earliest(&self, _: Topic, _: Partition) -> Result<Offset, LogError> {
        Ok(Offset(0))
    }

    fn latest(&self, topic: Topic, partition: Partition) -> Result<Offset, LogError> {
        Ok(offset_of(self.state().kept(topic, partition).settled))
    }

    fn last_stable_offset(&self, topic: Topic, partition: Partition) -> Result<Offset, LogError> {
        let mut state = self.state();
        state.settle([(topic, partition)]);
        Ok(offset_of(state.kept(topic, partition).settled))
    }

    fn offset_for_time(&self, topic: Topic, partition: Partition, at: Instant) -> Result<Offset, LogError> {
        let mut state = self.state();
        let kept = state.kept(topic, partition);
        let found = kept.records[..kept.settled].iter().flatten().find(|record| record.timestamp >= at);
        Ok(found.map_or(offset_of(kept.settled), |record| record.offset))
    }

    fn tombstones_start(&self, _: Partition) -> Result<Offset, LogError> {
        Ok(Offset(0))
    }

    fn position(&self, group: &str, topic: Topic, partition: Partition) -> Result<Option<Offset>, LogError> {
        let mut state = self.state();
        let unreadable_per_mille = state.faults.unreadable_per_mille;
        if state.happens(unreadable_per_mille) {
            return Err(failed("tell where a group stands"));
        }
        Ok(state.positions.get(&(group.to_owned(), topic, partition)).copied())
    }
}

impl Log for SimulatedLog {
    type Reader = Self;
    type Consumer = SimulatedConsumer;

    fn reader(&self) -> &Self {
        self
    }

    async fn append(&self, records: Vec<NewRecord>) -> Result<Vec<Offset>, LogError> {
        self.check(&records)?;
        let offsets = {
            let mut state = self.state();
            let offsets = state.write(&records, false);
            state.settle(records.iter().map(|record| (record.topic, record.partition)));
            offsets
        };
        self.changed();
        Ok(offsets)
    }

    fn join(&self, name: &'static str, topic: Topic) -> Result<SimulatedConsumer, LogError> {
        Ok(SimulatedConsumer::join(self.clone(), name, topic))
    }
}

fn offset_of(index: usize) -> Offset {
    Offset(index as u64)
}

fn index_of(offset: Offset) -> usize {
    usize::try_from(offset.0).unwrap_or(usize::MAX)
}

/// A failure that may be over the next time.
fn failed(doing: &'static str) -> LogError {
    LogError::Io { path: PathBuf::from("memory"), doing, source: io::Error::other("a fault of the seed") }
}
