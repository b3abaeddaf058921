//! What can go wrong with a log, and what to do then. What only one of the logs meets is its part's error.

mod acl;
mod embedded;
mod fate;
mod kafka;

use kigen_model::topic::{Offset, Partition, Topic};
use kigen_ops::RetriedError;

use crate::metrics;
use crate::settings::Settings;
pub use acl::AclOperation;
pub(crate) use acl::{code_of, is_denied};
pub use embedded::EmbeddedError;
pub use fate::Fate;
pub use kafka::KafkaFailure;

/// A failure of a log.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// A partition that does not exist.
    #[error("{topic} has no partition {partition}: there are {partitions}, counted from 0")]
    NoSuchPartition {
        /// The topic.
        topic: Topic,
        /// The partition requested.
        partition: Partition,
        /// How many there are.
        partitions: u32,
    },
    /// A record that is too large.
    #[error(
        "the record of {key} for {topic} partition {partition} has {bytes} bytes, and {record_bytes_max} is the \
         most: shorten its value"
    )]
    RecordTooLarge {
        /// The topic.
        topic: Topic,
        /// The partition.
        partition: Partition,
        /// The record's key, cut to 256 characters.
        key: String,
        /// The bytes of its key and value.
        bytes: usize,
        /// The most that is allowed.
        record_bytes_max: usize,
    },
    /// A write that is too large.
    #[error(
        "a write of {bytes} bytes is more than the {} allowed, so nothing of it was written",
        Settings::WRITE_BYTES_MAX
    )]
    WriteTooLarge {
        /// The bytes of its outputs' keys and values.
        bytes: usize,
    },
    /// A record that cannot be decoded.
    #[error(
        "the record at {topic} partition {partition} offset {offset} is damaged ({why}): check the disk; reading \
         continues at the next offset"
    )]
    Corrupt {
        /// The topic.
        topic: Topic,
        /// The partition.
        partition: Partition,
        /// The offset of the record.
        offset: Offset,
        /// What is wrong with its bytes.
        why: &'static str,
    },
    /// The consumer that committed has lost its partitions.
    #[error(
        "another member of the group {group} has this one's partitions, so nothing of its commit was written; the other \
         repeats the work"
    )]
    Fenced {
        /// The group.
        group: &'static str,
    },
    /// The embedded log failed.
    #[error(transparent)]
    Embedded(#[from] EmbeddedError),
    /// Kafka failed.
    #[error(transparent)]
    Kafka(#[from] KafkaFailure),
    /// What was archived of the log cannot be read.
    #[error(transparent)]
    Archive(Box<dyn std::error::Error + Send + Sync>),
}

impl LogError {
    /// What to do about it.
    #[must_use]
    pub fn fate(&self) -> Fate {
        match self {
            Self::Embedded(error) => error.fate(),
            Self::Kafka(failure) => failure.fate(),
            Self::Fenced { .. } => Fate::Retry,
            Self::RecordTooLarge { .. } | Self::Corrupt { .. } => Fate::Reject,
            Self::NoSuchPartition { .. } | Self::WriteTooLarge { .. } | Self::Archive(_) => Fate::Stop,
        }
    }

    /// Its name among the metrics' labels.
    #[must_use]
    pub fn label(&self) -> &'static str {
        match self {
            Self::Embedded(error) => error.label(),
            Self::Kafka(failure) => failure.label(),
            Self::NoSuchPartition { .. } => "no_such_partition",
            Self::RecordTooLarge { .. } | Self::WriteTooLarge { .. } => "too_large",
            Self::Corrupt { .. } => "corrupt",
            Self::Fenced { .. } => "fenced",
            Self::Archive(_) => "archive",
        }
    }
}

impl RetriedError for LogError {
    fn cause_key(&self) -> String {
        match self {
            Self::Kafka(failure) => failure.cause_key(),
            error => error.label().to_owned(),
        }
    }

    fn count(&self) {
        metrics::failed(self.label());
    }
}
