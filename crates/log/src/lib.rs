//! The event log: durable, partitioned, keyed, with an atomic step.
//!
//! Topics hold records in partitions; within a partition each record has an offset, and records of one key keep
//! their order. A [`AtomicWrite`] is "these outputs and these input positions, or neither". What is offered here is what
//! Kafka offers too (no look-up by key, no write at an offset), so that either log stands behind the same calls: [`Log`],
//! [`LogReader`] and [`Consumer`].
//!
//! [`EmbeddedLog`] is the log of one process, on RocksDB; a [`EmbeddedReader`] looks into it from another process. [`KafkaLog`] is
//! Apache Kafka.

use kigen_model::Instant;
use kigen_model::topic::{Offset, Partition, Topic};

mod embedded;
mod error;
mod group;
mod interface;
pub mod kafka;
mod keys;
pub mod metrics;
mod partitioner;
mod record;
mod settings;
mod tables;
mod trim;
mod view;
mod write;

pub use embedded::EmbeddedLog;
pub use error::{Fate, LogError};
pub use group::EmbeddedConsumer;
pub use interface::{Consumer, ConsumerEvent, Log, LogReader};
pub use kafka::KafkaLog;
pub use partitioner::partition_of;
pub use settings::{Retention, Settings};
pub use trim::Trimmed;
pub use view::EmbeddedReader;

/// A record to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewRecord {
    /// The topic it goes to.
    pub topic: Topic,
    /// The partition it goes to: `partition_of` the key of its batch.
    pub partition: Partition,
    /// The record's key; in a compacted topic a later record of the same key replaces it.
    pub key: String,
    /// The value; `None` is a tombstone, which in a compacted topic removes the key.
    pub value: Option<Vec<u8>>,
    /// The writer's time for it. Kept no earlier than that of the partition's record before it.
    pub timestamp: Instant,
}

/// A record as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsumedRecord {
    /// Its place in the partition.
    pub offset: Offset,
    /// The record's key.
    pub key: String,
    /// The value; `None` is a tombstone.
    pub value: Option<Vec<u8>>,
    /// What the value began with where it was read, if that was exchanged ([`kafka::Framing`]).
    pub head: Option<kafka::Head>,
    /// The time it was kept under; never decreasing within a partition.
    pub timestamp: Instant,
}

/// How far a named consumer has come in one partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    /// The consumer's name (Kafka: the group), of 1 to 249 bytes.
    pub consumer: String,
    /// The topic it reads.
    pub topic: Topic,
    /// The partition of that topic.
    pub partition: Partition,
    /// The offset it will read next: the last one done, plus one.
    pub next: Offset,
}

/// One atomic step: all of these outputs and positions become visible and durable together, or none does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AtomicWrite {
    /// What is written, in this order within each partition.
    pub outputs: Vec<NewRecord>,
    /// Where consumers stand after it.
    pub positions: Vec<Position>,
}
