//! How values stand on Kafka, where that is not as they are handed to the log and read from it.
//!
//! A log's users know one encoding. Where a schema registry numbers the schemas, only the log on Kafka is told: it
//! exchanges what stands before a value on the way out and on the way in, where the bytes are copied anyway.

use std::borrow::Cow;
use std::error::Error;

use kigen_model::topic::Topic;

use crate::ConsumedRecord;

/// Exchanges what values begin with.
pub trait Framing: Send + Sync {
    /// A value as it is to stand on Kafka.
    fn outward<'a>(&self, topic: Topic, value: &'a [u8]) -> Cow<'a, [u8]>;

    /// A value as the log's users know it; `None`: just as it stands, which may be how they know it, or be nothing of
    /// theirs. It is called on threads that may wait.
    ///
    /// # Errors
    /// It cannot be told now; later it can.
    fn inward(&self, topic: Topic, value: &[u8]) -> Result<Option<Inward>, Box<dyn Error + Send + Sync>>;
}

/// A value whose beginning was exchanged.
pub struct Inward {
    /// The value as the log's users know it.
    pub value: Vec<u8>,
    /// What was exchanged.
    pub head: Head,
}

/// What a value began with where it was read, and how much of it stands for that now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// What it began with.
    pub was: [u8; 5],
    /// So many bytes of the value stand for it.
    pub now_bytes: usize,
}

impl ConsumedRecord {
    /// The value's bytes as they stand where they were read; empty for a tombstone.
    #[must_use]
    pub fn bytes_as_read(&self) -> Cow<'_, [u8]> {
        let value = self.value.as_deref().unwrap_or_default();
        match &self.head {
            Some(head) => Cow::Owned([&head.was, value.get(head.now_bytes..).unwrap_or_default()].concat()),
            None => Cow::Borrowed(value),
        }
    }
}
