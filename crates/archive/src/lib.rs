//! Files of the records of `kigen.events` and `kigen.alerts`, in a folder or a bucket: one for each topic, partition and day.
//!
//! The archive is written from the log alone, and what it has is in the names of its files:
//!
//! ```text
//! kigen.events/partition=3/2026-11-23.1200-9840.avro    the records of that day, offsets 1200 to 9839
//! kigen.events/partition=3/2026-11-24.9840-18480.avro   begins where the one before ends
//! ```
//!
//! A file is there as a whole or not at all. So where the archive goes on after a crash is a question to the folder, no position
//! is stored anywhere, and no record is in two files. What is read is the archive up to where the log begins, then the log.
//!
//! ```text
//!  role, health, metrics    writes a day once it is over, until the process stops
//!  archiver                 which records are of which day, and when a day is over
//!  archived_log             the archive and the log, read as one
//!  inspect                  whether an archive is as it should be
//!  index                    which files there are, and whether one is missing
//!  bucket                   the folder or bucket, for blocking calls
//!  address, http            where it is, and how it is reached
//!  file_name, error
//! ```

mod address;
mod archived_log;
mod archiver;
mod bucket;
mod error;
mod file_name;
pub mod health;
mod http;
mod index;
mod inspect;
pub mod metrics;
mod role;

pub use address::Address;
pub use archived_log::ArchivedLog;
pub use archiver::Archiver;
pub use error::ArchiveError;
pub use inspect::{Inspection, inspect};
pub use role::run;

use kigen_model::topic::Topic;

/// The topics that are archived.
pub const TOPICS: [Topic; 2] = [Topic::Events, Topic::Alerts];
