//! What can go wrong with the log, and what to do then.

use std::io;
use std::path::{Path, PathBuf};

use kigen_model::topic::{Offset, Partition, Topic};
use kigen_ops::RetriedError;
use kigen_rocks::RocksError;

use crate::kafka::KafkaFailure;
use crate::metrics;
use crate::settings::Settings;

/// A failure of the log. After a failed write nothing of it counts as written: it may come to light again only if
/// this process dies before its next write, and then whole.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// Another process has the log open for writing.
    #[error(
        "another kigen up uses {}: stop it, or give this one a data directory of its own",
        path.display()
    )]
    InUse {
        /// The log's directory.
        path: PathBuf,
    },
    /// There is no log to look into.
    #[error(
        "there is no event log in {}: start `kigen up` with this data directory first, or name another",
        path.display()
    )]
    Absent {
        /// The directory as given.
        path: PathBuf,
    },
    /// The number of partitions cannot be had.
    #[error("{partitions} partitions cannot be had: choose 1 to {}", Settings::PARTITIONS_MAX)]
    PartitionsOutOfRange {
        /// As configured.
        partitions: u32,
    },
    /// The log was created with another number of partitions.
    #[error(
        "the event log in {} has {existing} partitions, not {wanted}: the place of every key depends on it; \
         set partitions to {existing}, or start with an empty data directory",
        path.display()
    )]
    PartitionsChanged {
        /// The log's directory.
        path: PathBuf,
        /// What the log was created with.
        existing: u32,
        /// What is configured now.
        wanted: u32,
    },
    /// The log was written by a newer kigen.
    #[error(
        "the event log in {} has format {found}, and this kigen knows {known}: run the newer kigen that wrote it",
        path.display()
    )]
    NewerFormat {
        /// The log's directory.
        path: PathBuf,
        /// The format found.
        found: u32,
        /// The newest format this version reads.
        known: u32,
    },
    /// A partition that does not exist.
    #[error("{topic} has no partition {partition}: there are {partitions}, counted from 0")]
    NoSuchPartition {
        /// The topic.
        topic: Topic,
        /// The partition asked for.
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
        /// The most there may be.
        record_bytes_max: usize,
    },
    /// A step that is too large.
    #[error(
        "a step of {bytes} bytes is more than the {} there may be: write it in several",
        Settings::STEP_BYTES_MAX
    )]
    StepTooLarge {
        /// The bytes of its outputs' keys and values.
        bytes: usize,
    },
    /// A consumer's name that is empty or too long.
    #[error("`{name}` cannot name a consumer: give it 1 to {max} bytes", max = crate::keys::CONSUMER_BYTES_MAX)]
    BadConsumerName {
        /// The name as given, cut to 256 characters.
        name: String,
    },
    /// A record that cannot be decoded.
    #[error(
        "the record at {topic} partition {partition} offset {offset} is damaged ({why}): check the disk; reading \
         goes on at the next offset"
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
    /// An entry beside the records that cannot be decoded.
    #[error(
        "the event log in {} is damaged (entry {entry}: {why}): check the disk and restore the directory from a backup",
        path.display()
    )]
    CorruptTable {
        /// The log's directory.
        path: PathBuf,
        /// The entry's key in hexadecimal.
        entry: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The disk is full.
    #[error(
        "no space is left for the event log in {}: free some; the log goes on by itself a few seconds later",
        path.display()
    )]
    NoSpace {
        /// The log's directory.
        path: PathBuf,
        /// The failed operation.
        source: io::Error,
    },
    /// The files could not be read or written.
    #[error("could not {doing} the event log in {}: check the disk and the directory's permissions", path.display())]
    Io {
        /// The log's directory.
        path: PathBuf,
        /// What was tried, as a verb.
        doing: &'static str,
        /// The failed operation.
        source: io::Error,
    },
    /// The member of a group that wrote has lost its place.
    #[error(
        "another member of the group {group} took this one's place, so what it wanted to commit was not written; it is \
         done by the other"
    )]
    Fenced {
        /// The group.
        group: &'static str,
    },
    /// What a value begins with cannot be told now ([`Framing`](crate::kafka::Framing)).
    #[error("the record at {topic} partition {partition} offset {offset} cannot be read yet")]
    Unframed {
        /// The topic.
        topic: Topic,
        /// The partition.
        partition: Partition,
        /// The offset of the record, where reading goes on.
        offset: Offset,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Kafka failed.
    #[error(transparent)]
    Kafka(#[from] KafkaFailure),
    /// The write was given up because the process is shutting down.
    #[error("the event log in {} was not written: the process is shutting down", path.display())]
    ShuttingDown {
        /// The log's directory.
        path: PathBuf,
    },
}

/// What to do about a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Try the same again, after a while.
    Retry,
    /// The record is at fault: set it aside and go on.
    Reject,
    /// A person must do something first.
    Stop,
}

impl LogError {
    /// What to do about it.
    pub fn fate(&self) -> Fate {
        match self {
            Self::NoSpace { .. } | Self::Io { .. } | Self::Fenced { .. } | Self::Unframed { .. } => {
                Fate::Retry
            }
            Self::Kafka(failure) => failure.fate(),
            Self::RecordTooLarge { .. } | Self::Corrupt { .. } => Fate::Reject,
            Self::InUse { .. }
            | Self::Absent { .. }
            | Self::PartitionsOutOfRange { .. }
            | Self::PartitionsChanged { .. }
            | Self::NewerFormat { .. }
            | Self::NoSuchPartition { .. }
            | Self::StepTooLarge { .. }
            | Self::BadConsumerName { .. }
            | Self::CorruptTable { .. }
            | Self::ShuttingDown { .. } => Fate::Stop,
        }
    }

    /// Its name among the metrics' labels.
    #[must_use]
    pub fn label(&self) -> &'static str {
        match self {
            Self::InUse { .. } => "in_use",
            Self::Absent { .. } => "absent",
            Self::PartitionsOutOfRange { .. } | Self::PartitionsChanged { .. } => "partitions",
            Self::NewerFormat { .. } => "newer_format",
            Self::NoSuchPartition { .. } => "no_such_partition",
            Self::RecordTooLarge { .. } | Self::StepTooLarge { .. } => "too_large",
            Self::BadConsumerName { .. } => "bad_consumer_name",
            Self::Corrupt { .. } | Self::CorruptTable { .. } => "corrupt",
            Self::NoSpace { .. } => "no_space",
            Self::Io { .. } => "io",
            Self::Fenced { .. } => "fenced",
            Self::Unframed { .. } => "registry",
            Self::Kafka(failure) => failure.label(),
            Self::ShuttingDown { .. } => "shutting_down",
        }
    }

    /// What failed in the directory `path` while the log was `doing` that, a verb.
    pub(crate) fn of(path: &Path, doing: &'static str, error: RocksError) -> Self {
        let path = path.to_owned();
        match error {
            RocksError::InUse => Self::InUse { path },
            RocksError::NoSpace(source) => Self::NoSpace { path, source },
            RocksError::Corrupt(source) | RocksError::Io(source) => Self::Io { path, doing, source },
        }
    }
}

impl RetriedError for LogError {
    fn cause_key(&self) -> String {
        match self {
            Self::Kafka(failure) => failure.cause_key(),
            _ => self.label().to_owned(),
        }
    }

    fn count(&self) {
        metrics::failed(self.label());
    }
}
