//! The name of a file: the topic, partition and day of its records, and their offsets.

use std::fmt;

use chrono::NaiveDate;
use kigen_model::topic::{Offset, Partition, Topic};

/// A file of the archive. Its order is that of the records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct FileName {
    pub(crate) day: NaiveDate,
    /// The offset at which it begins.
    pub(crate) first: Offset,
    /// The offset at which the next one begins.
    pub(crate) next: Offset,
}

impl FileName {
    /// Of the last part of a path; `None`: it is no file of the archive.
    pub(crate) fn of(name: &str) -> Option<Self> {
        let (day, offsets) = name.strip_suffix(".avro")?.split_once('.')?;
        let (first, next) = offsets.split_once('-')?;
        let offset = |text: &str| text.parse().ok().map(Offset);
        let (day, first, next) = (day.parse().ok()?, offset(first)?, offset(next)?);
        (first <= next).then_some(Self { day, first, next })
    }
}

impl fmt::Display for FileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}-{}.avro", self.day, self.first, self.next)
    }
}

/// The folder of a partition's files.
pub(crate) fn folder(topic: Topic, partition: Partition) -> [String; 2] {
    [topic.to_string(), format!("partition={partition}")]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_read_as_it_was_written_and_nothing_else_is_a_name() {
        let name = "2026-11-23.1200-9840.avro";
        assert_eq!(FileName::of(name).expect("a name").to_string(), name);
        for other in ["2026-11-23.avro", "2026-11-23.9-3.avro", "2026-11-23.1-2.avro#1", "notes.txt", ""] {
            assert_eq!(FileName::of(other), None, "{other}");
        }
    }
}
