//! What every event log offers: reading by offset, appending, and reading as a member of a consumer group.

use std::future::Future;

use kigen_model::Instant;
use kigen_model::topic::{Offset, Partition, Topic};

use crate::error::LogError;
use crate::partitioner;
use crate::record::{ConsumedRecord, GroupPosition, NewRecord};

/// Reads a log by offset, beside its writers. Records of an uncommitted write are never visible.
///
/// These calls block the caller's thread on the disk or the network.
pub trait LogReader: Send + Sync {
    /// The number of partitions of every topic.
    fn partitions(&self) -> u32;

    /// The partition of a key, as Java's default partitioner of Kafka chooses it.
    fn partition_of(&self, key: &str) -> Partition {
        partitioner::partition_of(key, self.partitions())
    }

    /// Checks once that the log answers, within a few seconds.
    ///
    /// # Errors
    /// It cannot be reached, or access is denied. A log in this process always answers.
    fn ping(&self) -> Result<(), LogError> {
        Ok(())
    }

    /// Makes visible what was written since, where that does not happen by itself.
    ///
    /// # Errors
    /// The log cannot be read.
    fn refresh(&self) -> Result<(), LogError>;

    /// Reads records at and after `from`, up to `records_max` or about `bytes_max` of keys and values, but at least one
    /// if there is any. Holes are skipped; below the earliest offset it begins at the earliest.
    ///
    /// # Errors
    /// The log cannot be read, or the first record is damaged (those before a damaged one are returned first).
    fn read(
        &self,
        topic: Topic,
        partition: Partition,
        from: Offset,
        records_max: usize,
        bytes_max: usize,
    ) -> Result<Vec<ConsumedRecord>, LogError>;

    /// The last record of a partition.
    ///
    /// # Errors
    /// The log cannot be read, or the record is damaged.
    fn last(&self, topic: Topic, partition: Partition) -> Result<Option<ConsumedRecord>, LogError>;

    /// The earliest offset that is still kept: below it, records were trimmed.
    ///
    /// # Errors
    /// The log cannot be read.
    fn earliest(&self, topic: Topic, partition: Partition) -> Result<Offset, LogError>;

    /// The offset after the last record that can be read.
    ///
    /// # Errors
    /// The log cannot be read.
    fn latest(&self, topic: Topic, partition: Partition) -> Result<Offset, LogError>;

    /// The offset after the last record once each write that has begun by now is committed or aborted, which is waited
    /// for.
    ///
    /// # Errors
    /// The log cannot be read, or a write hangs for longer than writes may take.
    fn last_stable_offset(&self, topic: Topic, partition: Partition) -> Result<Offset, LogError>;

    /// The offset of the first record with a timestamp at or after `at`; the latest offset if there is none.
    ///
    /// # Errors
    /// The log cannot be read, or a record is damaged.
    fn offset_for_time(&self, topic: Topic, partition: Partition, at: Instant) -> Result<Offset, LogError>;

    /// The offset in `kigen.status` from which on every tombstone is still kept.
    ///
    /// # Errors
    /// The log cannot be read.
    fn tombstones_start(&self, partition: Partition) -> Result<Offset, LogError>;

    /// How many offsets behind its records a write may take for the log itself, as a marker that is no record.
    fn marker_offsets(&self) -> u64 {
        0
    }

    /// The committed position of a group in a partition, with the part that is further; `None` if it has committed none.
    ///
    /// # Errors
    /// The log cannot be read.
    fn group_position(
        &self,
        group: &str,
        topic: Topic,
        partition: Partition,
    ) -> Result<Option<GroupPosition>, LogError>;

    /// The committed position of a group in a partition; `None` if it has committed none.
    ///
    /// # Errors
    /// The log cannot be read.
    fn position(&self, group: &str, topic: Topic, partition: Partition) -> Result<Option<Offset>, LogError> {
        Ok(self.group_position(group, topic, partition)?.map(|position| position.next))
    }

    /// The offset at which a group resumes in a partition: its position, or the earliest record that is still kept.
    ///
    /// # Errors
    /// The log cannot be read.
    fn resume_offset(&self, group: &str, topic: Topic, partition: Partition) -> Result<Offset, LogError> {
        let earliest = self.earliest(topic, partition)?;
        Ok(self.position(group, topic, partition)?.unwrap_or(earliest).max(earliest))
    }
}

/// A log, for its writers. Clones are handles to the same one.
pub trait Log: Clone + Send + Sync + 'static {
    /// Reads it by offset.
    type Reader: LogReader + Clone + 'static;
    /// Reads and writes it as a member of a group.
    type Consumer: Consumer;

    /// Its reader.
    fn reader(&self) -> &Self::Reader;

    /// Appends records; those of one partition in their order. They are durable when it returns. After a failure, or if
    /// the future is dropped, some may be written.
    ///
    /// # Errors
    /// A record or the whole is too large, a partition does not exist, or the log cannot be written.
    fn append(&self, records: Vec<NewRecord>) -> impl Future<Output = Result<Vec<Offset>, LogError>> + Send;

    /// Joins the group `name`, whose members divide the partitions of `topic` between them.
    ///
    /// # Errors
    /// The name or the settings are not accepted.
    fn join(&self, name: &'static str, topic: Topic) -> Result<Self::Consumer, LogError>;
}

/// What a consumer receives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConsumerEvent {
    /// These partitions are this consumer's from now on. Nothing of them is read before [`Consumer::seek`].
    Assigned(Vec<Partition>),
    /// These are no longer this consumer's from the next wait for an event on. Until then what was done of them may be committed,
    /// where no other has them already; another repeats the rest.
    Revoked(Vec<Partition>),
    /// Records of some partitions, at least one; of each partition in order.
    Records(Vec<(Partition, Vec<ConsumedRecord>)>),
}

/// A member of a consumer group.
pub trait Consumer: Send {
    /// Waits for the next event: records up to `records_max` of a partition, and about `bytes_max` bytes of all partitions
    /// together, but at least one record. If the future is dropped, nothing is skipped.
    ///
    /// # Errors
    /// The log cannot be read, or a record is damaged: then [`seek`](Self::seek) to an offset after it.
    fn next(
        &mut self,
        records_max: usize,
        bytes_max: usize,
    ) -> impl Future<Output = Result<ConsumerEvent, LogError>> + Send;

    /// Reads on from `from` in a partition of this consumer.
    ///
    /// # Errors
    /// The log cannot be reached.
    fn seek(
        &mut self,
        partition: Partition,
        from: Offset,
    ) -> impl Future<Output = Result<(), LogError>> + Send;

    /// Reads nothing more of a partition until [`seek`](Self::seek).
    fn pause(&mut self, partition: Partition);

    /// One atomic write: all of these outputs and positions become visible and durable together, or none does. Returns
    /// the offsets of the outputs, in their order. A consumer may commit from its first assignment on.
    ///
    /// # Errors
    /// As of [`Log::append`]; or this consumer has lost a partition since it last waited for an event. Then nothing was
    /// committed, or the outcome is unknown.
    fn commit_positions(
        &mut self,
        outputs: Vec<NewRecord>,
        positions: Vec<(Partition, GroupPosition)>,
    ) -> impl Future<Output = Result<Vec<Offset>, LogError>> + Send;

    /// As [`commit_positions`](Self::commit_positions), by a group whose work is all done before these offsets.
    ///
    /// # Errors
    /// As there.
    fn commit(
        &mut self,
        outputs: Vec<NewRecord>,
        positions: Vec<(Partition, Offset)>,
    ) -> impl Future<Output = Result<Vec<Offset>, LogError>> + Send {
        let positions = positions.into_iter().map(|(partition, next)| (partition, next.into())).collect();
        self.commit_positions(outputs, positions)
    }
}
