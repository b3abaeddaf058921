//! Records, as they are written and read; positions; and the atomic write of both.

use std::borrow::Cow;

use kigen_model::Instant;
use kigen_model::topic::{Offset, Partition, Topic};

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
    /// The writer's time for it. Stored no earlier than that of the partition's record before it.
    pub timestamp: Instant,
}

impl NewRecord {
    /// The bytes of its key and value.
    pub(crate) fn payload_bytes(&self) -> usize {
        self.key.len() + self.value.as_ref().map_or(0, Vec::len)
    }
}

/// A record as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsumedRecord {
    /// Its offset in the partition.
    pub offset: Offset,
    /// The record's key.
    pub key: String,
    /// The value; `None` is a tombstone.
    pub value: Option<Vec<u8>>,
    /// The prefix of the value where it was read, if it was replaced ([`Framing`](crate::kafka::Framing)).
    pub schema_prefix: Option<SchemaPrefix>,
    /// Its stored time; never decreasing within a partition.
    pub timestamp: Instant,
}

impl ConsumedRecord {
    /// The bytes of its key and value.
    #[must_use]
    pub fn payload_bytes(&self) -> usize {
        self.key.len() + self.value.as_ref().map_or(0, Vec::len)
    }

    /// The value's bytes as they are where they were read; empty for a tombstone.
    #[must_use]
    pub fn bytes_as_read(&self) -> Cow<'_, [u8]> {
        let value = self.value.as_deref().unwrap_or_default();
        match &self.schema_prefix {
            Some(prefix) => {
                Cow::Owned([&prefix.read, value.get(prefix.replaced_by_bytes..).unwrap_or_default()].concat())
            }
            None => Cow::Borrowed(value),
        }
    }
}

/// The prefix of a value that names its schema where the value was read, and how many bytes replace it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SchemaPrefix {
    /// The prefix as it was read.
    pub read: [u8; 5],
    /// How many bytes at the beginning of the value replace it.
    pub replaced_by_bytes: usize,
}

/// How far a group has come in one partition, where parts of its work may be further than the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GroupPosition {
    /// The offset that the group reads next: all of its work before it is done.
    pub next: Offset,
    /// The one part of its work that is done beyond `next`, if one is.
    pub ahead: Option<PartAhead>,
}

impl From<Offset> for GroupPosition {
    /// All of the group's work is done before `next`.
    fn from(next: Offset) -> Self {
        Self { next, ahead: None }
    }
}

/// A part of a group's work that is further than the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PartAhead {
    /// The group's own number of this part.
    pub part: u8,
    /// The offset that this part reads next.
    pub next: Offset,
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
    /// The offset it reads next: the last one done, plus one.
    pub next: Offset,
    /// The part of its work that is further.
    pub ahead: Option<PartAhead>,
}

/// One atomic write: all of these outputs and positions become visible and durable together, or none does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AtomicWrite {
    /// What is written, in this order within each partition.
    pub outputs: Vec<NewRecord>,
    /// The positions of consumers after it.
    pub positions: Vec<Position>,
}
