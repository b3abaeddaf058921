//! What can go wrong with the embedded log: its directory, its format, its disk.

use std::io;
use std::path::{Path, PathBuf};

use kigen_rocks::RocksError;

use crate::error::fate::Fate;
use crate::settings::Settings;

/// A failure of the embedded log. After a failed write nothing of it counts as written: it may appear again only if
/// this process dies before its next write, and then whole.
#[derive(Debug, thiserror::Error)]
pub enum EmbeddedError {
    /// Another process has the log open for writing.
    #[error(
        "another kigen up uses {}: stop it, or give this one a data directory of its own",
        path.display()
    )]
    InUse {
        /// The log's directory.
        path: PathBuf,
    },
    /// There is no log to read.
    #[error(
        "there is no event log in {}: start `kigen up` with this data directory first, or name another",
        path.display()
    )]
    Absent {
        /// The directory as given.
        path: PathBuf,
    },
    /// The number of partitions is out of range.
    #[error("{partitions} partitions are not possible: choose 1 to {}", Settings::PARTITIONS_MAX)]
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
        /// As the log was created.
        existing: u32,
        /// As configured now.
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
        /// The newest format that this version reads.
        known: u32,
    },
    /// A consumer's name is empty or too long.
    #[error("`{name}` cannot name a consumer: give it 1 to {} bytes", Settings::CONSUMER_BYTES_MAX)]
    BadConsumerName {
        /// The name as given, cut to 256 characters.
        name: String,
    },
    /// An entry beside the records cannot be decoded.
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
        "no space is left for the event log in {}: free some; the log continues by itself a few seconds later",
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
        /// What was attempted, as a verb.
        doing: &'static str,
        /// The failed operation.
        source: io::Error,
    },
    /// The write was abandoned because the process is shutting down.
    #[error("the event log in {} was not written: the process is shutting down", path.display())]
    ShuttingDown {
        /// The log's directory.
        path: PathBuf,
    },
}

impl EmbeddedError {
    /// What failed in the directory `path` while the log was `doing` that, a verb.
    pub(crate) fn of(path: &Path, doing: &'static str, error: RocksError) -> Self {
        let path = path.to_owned();
        match error {
            RocksError::InUse => Self::InUse { path },
            RocksError::NoSpace(source) => Self::NoSpace { path, source },
            RocksError::Corrupt(source) | RocksError::Io(source) => Self::Io { path, doing, source },
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn fate(&self) -> Fate {
        match self {
            Self::NoSpace { .. } | Self::Io { .. } => Fate::Retry,
            Self::InUse { .. }
            | Self::Absent { .. }
            | Self::PartitionsOutOfRange { .. }
            | Self::PartitionsChanged { .. }
            | Self::NewerFormat { .. }
            | Self::BadConsumerName { .. }
            | Self::CorruptTable { .. }
            | Self::ShuttingDown { .. } => Fate::Stop,
        }
    }

    /// Its name among the metrics' labels.
    pub(crate) fn label(&self) -> &'static str {
        match self {
            Self::InUse { .. } => "in_use",
            Self::Absent { .. } => "absent",
            Self::PartitionsOutOfRange { .. } | Self::PartitionsChanged { .. } => "partitions",
            Self::NewerFormat { .. } => "newer_format",
            Self::BadConsumerName { .. } => "bad_consumer_name",
            Self::CorruptTable { .. } => "corrupt",
            Self::NoSpace { .. } => "no_space",
            Self::Io { .. } => "io",
            Self::ShuttingDown { .. } => "shutting_down",
        }
    }
}
