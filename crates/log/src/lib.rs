//! The event log: durable, partitioned, keyed, with atomic writes.
//!
//! Topics hold records in partitions; within a partition each record has an offset, and records of one key keep
//! their order. An [`AtomicWrite`] is "these outputs and these input positions, or neither". The interface offers only
//! what Kafka offers too (no lookup by key, no write at an offset), so that both logs have the same calls: [`Log`],
//! [`LogReader`] and [`Consumer`].
//!
//! [`EmbeddedLog`] is the log of one process, on RocksDB; an [`EmbeddedReader`] reads it from another process.
//! [`KafkaLog`] is Apache Kafka.

mod embedded;
mod error;
mod interface;
pub mod kafka;
mod limits;
pub mod metrics;
mod partitioner;
mod record;
mod settings;

pub use embedded::{EmbeddedConsumer, EmbeddedLog, EmbeddedReader, Trimmed};
pub use error::{EmbeddedError, Fate, LogError};
pub use interface::{Consumer, ConsumerEvent, Log, LogReader};
pub use kafka::KafkaLog;
pub use partitioner::partition_of;
pub use record::{AtomicWrite, ConsumedRecord, GroupPosition, NewRecord, PartAhead, Position, SchemaPrefix};
pub use settings::{Retention, Settings};
