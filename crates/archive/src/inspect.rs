//! Whether an archive is as it should be, for `kigen doctor`: it can be written, no file is missing or of another log, the newest
//! ones are whole, and the log has nothing that should be archived since long. Changes nothing.

use std::fmt;

use chrono::TimeDelta;
use kigen_log::LogReader;
use kigen_model::Instant;
use kigen_model::topic::{Partition, Topic};

use crate::TOPICS;
use crate::address::Address;
use crate::archiver::Work;
use crate::bucket::Bucket;
use crate::error::ArchiveError;
use crate::index::{Index, open};

/// How much older than the newest record of the log one may be that is not archived: a day is, and the hour after it.
const BEHIND_MAX: TimeDelta = TimeDelta::hours(36);

/// An archive, as it was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inspection {
    /// How many files can be read with the log.
    pub files: usize,
    /// The time of the oldest record of the log that is not archived.
    pub since: Option<Instant>,
    /// That of the newest record.
    pub latest: Option<Instant>,
}

/// Inspects an archive and the log that it is of; `reader` reads the log alone; without one it is only found out whether the archive can
/// be written.
///
/// # Errors
/// What is wrong with it.
pub fn inspect(address: &Address, reader: Option<&dyn LogReader>) -> Result<Inspection, ArchiveError> {
    let bucket = Bucket::open(address)?;
    bucket.try_to_write()?;
    let mut found = Inspection { files: 0, since: None, latest: None };
    let Some(reader) = reader else { return Ok(found) };
    for topic in TOPICS {
        for partition in (0..reader.partitions()).map(Partition) {
            found.files += inspect_partition(&bucket, reader, (topic, partition), &mut found)?;
        }
    }
    Ok(found)
}

fn inspect_partition(
    bucket: &Bucket,
    reader: &dyn LogReader,
    (topic, partition): (Topic, Partition),
    found: &mut Inspection,
) -> Result<usize, ArchiveError> {
    let index = Index::read(bucket, topic, partition)?;
    let earliest = reader.earliest(topic, partition)?;
    if let Some(newest) = index.files.last().copied() {
        Work { reader, bucket }.check_log(topic, partition, newest, earliest)?;
        let mut file = open(bucket, topic, partition, newest)?;
        let damaged = |source| ArchiveError::Damaged {
            file: bucket.full_name(topic, partition, newest),
            source: Box::new(source),
        };
        while file.read().map_err(damaged)?.is_some() {}
    }
    let next = index.end().map_or(earliest, |end| end.max(earliest));
    let oldest = reader.read(topic, partition, next, 1, 1)?;
    let oldest = oldest.first().map(|record| record.timestamp);
    found.since = [found.since, oldest].into_iter().flatten().min();
    let newest = reader.last(topic, partition)?.map(|record| record.timestamp);
    found.latest = found.latest.max(newest);
    Ok(index.files.len())
}

impl Inspection {
    /// The times of the oldest record that is not archived and of the newest one, if days are over since long that are not archived.
    #[must_use]
    pub fn behind(&self) -> Option<(Instant, Instant)> {
        self.since.zip(self.latest).filter(|(since, latest)| *latest - *since > BEHIND_MAX)
    }
}

impl fmt::Display for Inspection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} files; it can be written", self.files)?;
        match self.since {
            Some(since) => write!(f, "; the log has more since {}", since.format("%Y-%m-%dT%H:%M:%SZ")),
            None => Ok(()),
        }
    }
}
