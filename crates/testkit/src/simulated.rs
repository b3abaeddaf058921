//! A log in memory with Kafka's semantics, and with faults by a seed: commits that are refused or aborted, responses that are
//! lost, records that are committed but not yet visible, members that lose a partition without a notice.
//!
//! The seed decides each fault, in the order of the calls: the same calls in the same order meet the same faults.

mod consumer;
mod members;
mod state;

use std::sync::Arc;

use kigen_log::{ConsumedRecord, GroupPosition, Log, LogError, LogReader, NewRecord, Settings};
use kigen_model::Instant;
use kigen_model::topic::{Offset, Partition, Topic};

pub use consumer::SimulatedConsumer;
pub use state::{Faults, Happened, Written};

use state::{Shared, failed};

/// The log. Clones are handles to the same one.
#[derive(Clone)]
pub struct SimulatedLog(Arc<Shared>);

impl SimulatedLog {
    /// An empty log, whose faults are those of `seed`.
    #[must_use]
    pub fn new(settings: Settings, faults: Faults, seed: u64) -> Self {
        Self(Arc::new(Shared::new(settings, faults, seed)))
    }

    /// Ends all faults.
    pub fn calm(&self) {
        self.0.state().faults = Faults::default();
    }

    /// Refuses writes of more bytes than this.
    pub fn limit_writes(&self, write_bytes_max: usize) {
        self.0.state().write_bytes_max = write_bytes_max;
    }

    /// Everything that was written, in its order.
    #[must_use]
    pub fn journal(&self) -> Vec<Written> {
        self.0.state().journal.clone()
    }

    /// How often faults have happened so far.
    #[must_use]
    pub fn happened(&self) -> Happened {
        self.0.state().happened
    }

    /// Trims a partition up to `start`, as the retention does.
    pub fn trim(&self, topic: Topic, partition: Partition, start: Offset) {
        self.0.state().log_of(topic, partition).trim(start);
    }

    /// Compacts `kigen.status`, as Kafka's log cleaner does at some time.
    pub fn compact(&self) {
        let mut state = self.0.state();
        let statuses = state.partitions.iter_mut().filter(|((topic, _), _)| *topic == Topic::Status);
        statuses.for_each(|(_, log)| log.compact());
    }
}

impl LogReader for SimulatedLog {
    fn partitions(&self) -> u32 {
        self.0.settings.partitions
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
        Ok(self.0.state().log_of(topic, partition).read(from, records_max, bytes_max))
    }

    fn last(&self, topic: Topic, partition: Partition) -> Result<Option<ConsumedRecord>, LogError> {
        Ok(self.0.state().log_of(topic, partition).visible().next_back().cloned())
    }

    fn earliest(&self, topic: Topic, partition: Partition) -> Result<Offset, LogError> {
        Ok(self.0.state().log_of(topic, partition).earliest())
    }

    fn latest(&self, topic: Topic, partition: Partition) -> Result<Offset, LogError> {
        Ok(self.0.state().log_of(topic, partition).end())
    }

    fn last_stable_offset(&self, topic: Topic, partition: Partition) -> Result<Offset, LogError> {
        let mut state = self.0.state();
        state.settle([(topic, partition)]);
        Ok(state.log_of(topic, partition).end())
    }

    fn offset_for_time(&self, topic: Topic, partition: Partition, at: Instant) -> Result<Offset, LogError> {
        let mut state = self.0.state();
        let log = state.log_of(topic, partition);
        let found = log.visible().find(|record| record.timestamp >= at);
        Ok(found.map_or(log.end(), |record| record.offset))
    }

    fn tombstones_start(&self, _: Partition) -> Result<Offset, LogError> {
        Ok(Offset(0))
    }

    /// The end of a transaction.
    fn marker_offsets(&self) -> u64 {
        1
    }

    fn group_position(
        &self,
        group: &str,
        topic: Topic,
        partition: Partition,
    ) -> Result<Option<GroupPosition>, LogError> {
        let mut state = self.0.state();
        let unreadable_per_mille = state.faults.unreadable_per_mille;
        if state.happens(unreadable_per_mille) {
            state.happened.unreadable += 1;
            return Err(failed("read the position of a group"));
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
        self.0.check(&records)?;
        let offsets = {
            let mut state = self.0.state();
            let offsets = state.write(&records, false);
            state.settle(records.iter().map(|record| (record.topic, record.partition)));
            offsets
        };
        self.0.changed();
        Ok(offsets)
    }

    fn join(&self, name: &'static str, topic: Topic) -> Result<SimulatedConsumer, LogError> {
        Ok(SimulatedConsumer::join(Arc::clone(&self.0), name, topic))
    }
}
