//! The state of a simulated log: its records, its groups, and the faults still to come.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use fastrand::Rng;
use kigen_log::{ConsumedRecord, EmbeddedError, GroupPosition, LogError, NewRecord, Settings};
use kigen_model::topic::{Offset, Partition, Topic};
use tokio::sync::watch;

use super::members::Members;

/// How often each fault happens, of a thousand occasions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Faults {
    /// A commit is aborted, and leaves records that no reader sees.
    pub aborted_per_mille: u32,
    /// A commit succeeds, and its response is lost.
    pub unanswered_per_mille: u32,
    /// A commit returns before its records are visible.
    pub unsettled_per_mille: u32,
    /// A member cannot read, or a group's position cannot be read.
    pub unreadable_per_mille: u32,
}

/// How often faults have happened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Happened {
    /// Commits that were aborted.
    pub aborted: u64,
    /// Commits whose response was lost.
    pub unanswered: u64,
    /// Commits that returned before their records were visible.
    pub unsettled: u64,
    /// Reads that failed.
    pub unreadable: u64,
    /// Commits of members that had lost a partition.
    pub fenced: u64,
    /// Writes that were too large.
    pub too_large: u64,
}

/// What the handles to one log share.
pub(super) struct Shared {
    pub(super) settings: Settings,
    state: Mutex<State>,
    changes: watch::Sender<u64>,
}

/// All that changes.
pub(super) struct State {
    pub(super) partitions: BTreeMap<(Topic, Partition), PartitionLog>,
    pub(super) groups: BTreeMap<&'static str, Members>,
    pub(super) positions: BTreeMap<(String, Topic, Partition), GroupPosition>,
    pub(super) faults: Faults,
    pub(super) happened: Happened,
    pub(super) journal: Vec<Written>,
    /// The most bytes of all outputs of one write.
    pub(super) write_bytes_max: usize,
    rng: Rng,
}

/// A record as it was written: in the journal it stays also when it was aborted or is compacted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// Its topic.
    pub topic: Topic,
    /// Its partition.
    pub partition: Partition,
    /// The record.
    pub record: ConsumedRecord,
    /// Its transaction was aborted.
    pub is_aborted: bool,
}

/// The records of a partition.
#[derive(Default)]
pub(super) struct PartitionLog {
    /// By offset; `None`: the end of a transaction, a record of an aborted one, or one that was compacted.
    pub(super) records: Vec<Option<ConsumedRecord>>,
    /// The earliest offset that is still kept: all before it are `None`.
    pub(super) start: usize,
    /// The last stable offset: every transaction before it is decided, so that its records are visible.
    pub(super) settled: usize,
}

impl Shared {
    pub(super) fn new(settings: Settings, faults: Faults, seed: u64) -> Self {
        let (changes, _) = watch::channel(0);
        let state = State {
            partitions: BTreeMap::new(),
            groups: BTreeMap::new(),
            positions: BTreeMap::new(),
            faults,
            happened: Happened::default(),
            journal: Vec::new(),
            write_bytes_max: Settings::WRITE_BYTES_MAX,
            rng: Rng::with_seed(seed),
        };
        Self { settings, state: Mutex::new(state), changes }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wakes the members that wait for a change.
    pub(super) fn changed(&self) {
        self.changes.send_modify(|count| *count = count.wrapping_add(1));
    }

    pub(super) fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// Refuses the records that every log refuses.
    pub(super) fn check(&self, records: &[NewRecord]) -> Result<(), LogError> {
        let Settings { partitions, record_bytes_max, .. } = self.settings;
        let mut write_bytes = 0;
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
            write_bytes += bytes;
        }
        let mut state = self.state();
        if write_bytes > state.write_bytes_max {
            state.happened.too_large += 1;
            return Err(LogError::WriteTooLarge { bytes: write_bytes });
        }
        Ok(())
    }
}

impl State {
    /// Whether a fault of this frequency happens now.
    pub(super) fn happens(&mut self, per_mille: u32) -> bool {
        per_mille > 0 && self.rng.u32(0..1_000) < per_mille
    }

    pub(super) fn log_of(&mut self, topic: Topic, partition: Partition) -> &mut PartitionLog {
        self.partitions.entry((topic, partition)).or_default()
    }

    /// Writes records, not yet visible, and returns their offsets.
    pub(super) fn write(&mut self, records: &[NewRecord], is_aborted: bool) -> Vec<Offset> {
        let mut offsets = Vec::with_capacity(records.len());
        for record in records {
            let NewRecord { topic, partition, key, value, timestamp } = record.clone();
            let log = self.log_of(topic, partition);
            let offset = offset_of(log.records.len());
            let latest = log.records.iter().rev().flatten().next().map(|before| before.timestamp);
            let timestamp = latest.map_or(timestamp, |latest| latest.max(timestamp));
            let record = ConsumedRecord { offset, key, value, timestamp, schema_prefix: None };
            log.records.push((!is_aborted).then(|| record.clone()));
            self.journal.push(Written { topic, partition, record, is_aborted });
            offsets.push(offset);
        }
        offsets
    }

    /// Makes all records of these partitions visible.
    pub(super) fn settle(&mut self, partitions: impl IntoIterator<Item = (Topic, Partition)>) {
        for (topic, partition) in partitions {
            self.log_of(topic, partition).settle();
        }
    }

    pub(super) fn settle_all(&mut self) {
        self.partitions.values_mut().for_each(PartitionLog::settle);
    }
}

impl PartitionLog {
    fn settle(&mut self) {
        self.settled = self.records.len();
    }

    /// The visible records.
    pub(super) fn visible(&self) -> impl DoubleEndedIterator<Item = &ConsumedRecord> {
        self.records[..self.settled].iter().flatten()
    }

    /// The offset after the last visible record or end of a transaction.
    pub(super) fn end(&self) -> Offset {
        offset_of(self.settled)
    }

    pub(super) fn read(&self, from: Offset, records_max: usize, bytes_max: usize) -> Vec<ConsumedRecord> {
        let mut read = Vec::new();
        let mut bytes = 0;
        for record in self.records[..self.settled].iter().skip(index_of(from).max(self.start)).flatten() {
            if read.len() >= records_max || (bytes >= bytes_max && !read.is_empty()) {
                break;
            }
            bytes += record.key.len() + record.value.as_ref().map_or(0, Vec::len);
            read.push(record.clone());
        }
        read
    }

    /// Trims what is before `start`, as the retention does.
    pub(super) fn trim(&mut self, start: Offset) {
        let start = index_of(start).min(self.settled);
        self.records[..start].fill(None);
        self.start = self.start.max(start);
    }

    /// The earliest offset that is still kept.
    pub(super) fn earliest(&self) -> Offset {
        offset_of(self.start)
    }

    /// Keeps only the last visible record of each key, as Kafka's log cleaner does.
    pub(super) fn compact(&mut self) {
        let mut latest = BTreeMap::new();
        let settled = &mut self.records[..self.settled];
        for (offset, record) in settled.iter().enumerate() {
            if let Some(record) = record {
                latest.insert(record.key.clone(), offset);
            }
        }
        for (offset, slot) in settled.iter_mut().enumerate() {
            slot.take_if(|record| latest.get(&record.key) != Some(&offset));
        }
    }
}

fn offset_of(index: usize) -> Offset {
    Offset(index as u64)
}

fn index_of(offset: Offset) -> usize {
    usize::try_from(offset.0).unwrap_or(usize::MAX)
}

/// A failure that a retry may mend.
pub(super) fn failed(doing: &'static str) -> LogError {
    let source = io::Error::other("a fault of the seed");
    EmbeddedError::Io { path: PathBuf::from("memory"), doing, source }.into()
}
