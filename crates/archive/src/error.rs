//! What can go wrong with an archive.

use kigen_log::LogError;
use kigen_model::topic::{Offset, Partition, Topic};
use kigen_ops::RetriedError;
use kigen_wire::container::ContainerError;

use crate::metrics;

/// A failure of an archive.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// The address names no archive.
    #[error("`{address}` is no archive: give a folder, s3://BUCKET/FOLDER or gs://BUCKET/FOLDER")]
    Address {
        /// The address.
        address: String,
    },
    /// The folder or bucket cannot be used as it is configured.
    #[error("the archive {address} cannot be opened; what its bucket needs is in docs/archive.md")]
    Open {
        /// The address.
        address: String,
        /// Why.
        source: Box<object_store::Error>,
    },
    /// There is no such folder.
    #[error("there is no folder {address}: `kigen archive` and `kigen up` create it")]
    NoFolder {
        /// The address.
        address: String,
    },
    /// The folder cannot be created or read.
    #[error("the folder {address} of the archive cannot be created or read")]
    Folder {
        /// The address.
        address: String,
        /// Why.
        source: std::io::Error,
    },
    /// A request failed.
    #[error("{file} cannot be {what}")]
    Store {
        /// The file or folder, with the address of the archive.
        file: String,
        /// What was attempted.
        what: &'static str,
        /// Why.
        source: Box<object_store::Error>,
    },
    /// A file is not as it was written.
    #[error(
        "the archive's file {file} is damaged: restore it from a copy; without it, nothing before it can be read (move it and \
         those before it to another folder)"
    )]
    Damaged {
        /// The file.
        file: String,
        /// What is wrong with it.
        source: Box<ContainerError>,
    },
    /// A file has not what its name states.
    #[error("the archive's file {file} has {found}, not what its name states: restore it from a copy")]
    Misnamed {
        /// The file.
        file: String,
        /// What it has.
        found: String,
    },
    /// Records are neither in the archive nor in the log.
    #[error(
        "the archive {address} has no file with the offsets {from} to {to} of {topic}, partition {partition}: {after} is the \
         one before, and what follows is {before}; restore the missing file from a copy, or read the log alone (--archive off)"
    )]
    Missing {
        /// The archive.
        address: String,
        /// The topic.
        topic: Topic,
        /// The partition.
        partition: Partition,
        /// The first offset that is missing.
        from: Offset,
        /// The last one.
        to: Offset,
        /// The file before.
        after: String,
        /// What follows.
        before: String,
    },
    /// The archive is of another log.
    #[error(
        "the archive {address} has records of {topic}, partition {partition}, up to offset {next}, which are not those of \
         this log: it is the archive of another one, or the topic was created anew; give each log an archive of its own"
    )]
    AnotherLog {
        /// The archive.
        address: String,
        /// The topic.
        topic: Topic,
        /// The partition.
        partition: Partition,
        /// Where the archive ends.
        next: Offset,
    },
    /// The log has lost records while they were archived.
    #[error("{topic}, partition {partition}, has lost records while they were archived; they are read anew")]
    Expired {
        /// The topic.
        topic: Topic,
        /// The partition.
        partition: Partition,
    },
    /// The log failed.
    #[error(transparent)]
    Log(#[from] LogError),
}

impl ArchiveError {
    /// Its name among the metrics' labels.
    fn label(&self) -> &'static str {
        match self {
            Self::Address { .. } | Self::Open { .. } | Self::NoFolder { .. } => "address",
            Self::Folder { .. } | Self::Store { .. } => "store",
            Self::Damaged { .. } | Self::Misnamed { .. } => "damaged",
            Self::Missing { .. } => "missing",
            Self::AnotherLog { .. } => "another_log",
            Self::Expired { .. } => "expired",
            Self::Log(_) => "log",
        }
    }
}

impl From<ArchiveError> for LogError {
    fn from(error: ArchiveError) -> Self {
        match error {
            ArchiveError::Log(error) => error,
            error => Self::Archive(Box::new(error)),
        }
    }
}

impl RetriedError for ArchiveError {
    fn cause_key(&self) -> String {
        format!("archive {}", self.label())
    }

    fn count(&self) {
        metrics::failed(self.label());
    }
}
