//! What every event log offers: looking into it, appending to it, and reading it as a member of a group.

use std::future::Future;

use kigen_model::Instant;
use kigen_model::topic::{Offset, Partition, Topic};

use crate::error::LogError;
use crate::{ConsumedRecord, NewRecord, partitioner};

/// Looking into a log, beside whoever writes it. What is part of a step that was not committed is never seen.
///
/// These calls wait for the disk or the network on the caller's thread.
pub trait LogReader: Send + Sync {
    /// The number of partitions of every topic.
    fn partitions(&self) -> u32;

    /// The partition of a key, as Java's default partitioner of Kafka would choose it.
    fn partition_of(&self, key: &str) -> Partition {
        partitioner::partition_of(key, self.partitions())
    }

    /// Asks the log once whether it is there, and waits a few seconds for its answer at most.
    ///
    /// # Errors
    /// It cannot be reached, or does not let itself be seen. One that is in this process always can.
    fn ping(&self) -> Result<(), LogError> {
        Ok(())
    }

    /// Takes in what was written since, where that does not come by itself.
    ///
    /// # Errors
    /// The log cannot be read.
    fn refresh(&self) -> Result<(), LogError>;

    /// Reads records at and after `from`, up to `records_max` or about `bytes_max` of keys and values, but at least one
    /// if there is any. Holes are skipped; below the start it begins at the start.
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

    /// The first offset that is still kept: below it, records were trimmed.
    ///
    /// # Errors
    /// The log cannot be read.
    fn earliest(&self, topic: Topic, partition: Partition) -> Result<Offset, LogError>;

    /// The end of what can be read: beyond it there is nothing yet.
    ///
    /// # Errors
    /// The log cannot be read.
    fn latest(&self, topic: Topic, partition: Partition) -> Result<Offset, LogError>;

    /// The end once each step that has begun by now is committed or given up, which is waited for.
    ///
    /// # Errors
    /// The log cannot be read, or a step hangs for longer than steps may take.
    fn last_stable_offset(&self, topic: Topic, partition: Partition) -> Result<Offset, LogError>;

    /// The offset of the first record with a timestamp at or after `at`; the end if there is none.
    ///
    /// # Errors
    /// The log cannot be read, or a record is damaged.
    fn offset_for_time(&self, topic: Topic, partition: Partition, at: Instant) -> Result<Offset, LogError>;

    /// The offset in `kigen.status` from which on every tombstone is still kept.
    ///
    /// # Errors
    /// The log cannot be read.
    fn tombstones_start(&self, partition: Partition) -> Result<Offset, LogError>;

    /// Where a group stands in a partition; `None` if it never said.
    ///
    /// # Errors
    /// The log cannot be read.
    fn position(&self, group: &str, topic: Topic, partition: Partition) -> Result<Option<Offset>, LogError>;

    /// Where a group goes on in a partition: where it stands, or at the oldest record that is still there.
    ///
    /// # Errors
    /// The log cannot be read.
    fn resume_offset(&self, group: &str, topic: Topic, partition: Partition) -> Result<Offset, LogError> {
        let start = self.earliest(topic, partition)?;
        Ok(self.position(group, topic, partition)?.unwrap_or(start).max(start))
    }
}

/// A log, for those who write to it. Clones are handles to the same one.
pub trait Log: Clone + Send + Sync + 'static {
    /// How it is looked into.
    type Reader: LogReader + Clone + 'static;
    /// How it is read and written by roles.
    type Consumer: Consumer;

    /// Looks into it.
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
    /// The name cannot be used, or the settings are not taken.
    fn join(&self, name: &'static str, topic: Topic) -> Result<Self::Consumer, LogError>;
}

/// What a member of a group hears.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConsumerEvent {
    /// These partitions are this member's from now on. Nothing is read of them before [`Consumer::seek`].
    Assigned(Vec<Partition>),
    /// These are no longer this member's. What it has not committed of them, another will do.
    Revoked(Vec<Partition>),
    /// Records of some partitions, at least one; of each in order.
    Records(Vec<(Partition, Vec<ConsumedRecord>)>),
}

/// A member of a group.
pub trait Consumer: Send {
    /// Waits for the next thing to hear: records up to `records_max` of a partition and about `bytes_max`. If the
    /// future is dropped, nothing is skipped.
    ///
    /// # Errors
    /// The log cannot be read, or a record is damaged: then [`seek`](Self::seek) goes on at a place after it.
    fn next(
        &mut self,
        records_max: usize,
        bytes_max: usize,
    ) -> impl Future<Output = Result<ConsumerEvent, LogError>> + Send;

    /// Goes on at `from` in a partition of this member.
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

    /// One atomic step: all of these outputs and positions become visible and durable together, or none does. Returns
    /// the offsets of the outputs, in their order.
    ///
    /// # Errors
    /// As of [`Log::append`]; or this member has lost a partition since it heard its last records. Then nothing was
    /// committed, or it is not known.
    fn commit(
        &mut self,
        outputs: Vec<NewRecord>,
        positions: Vec<(Partition, Offset)>,
    ) -> impl Future<Output = Result<Vec<Offset>, LogError>> + Send;
}
