//! How the encoding of values on Kafka differs from the one that the log's users know.
//!
//! Where a schema registry numbers the schemas, a value begins with its schema's number. Only the log on Kafka knows that:
//! it replaces the prefix of a value as it is written and as it is read, where the bytes are copied anyway.

use std::borrow::Cow;
use std::error::Error;

use kigen_model::topic::Topic;

use crate::record::SchemaPrefix;

/// Replaces the prefix of values.
pub trait Framing: Send + Sync {
    /// A value as it is written to Kafka.
    fn frame<'a>(&self, topic: Topic, value: &'a [u8]) -> Cow<'a, [u8]>;

    /// A value as the log's users know it; `None`: as it is on Kafka, whether that is their encoding or foreign bytes. It
    /// is called on threads that may block.
    ///
    /// # Errors
    /// The schema is unavailable now, and may be available later.
    fn unframe(&self, topic: Topic, value: &[u8]) -> Result<Option<Unframed>, Box<dyn Error + Send + Sync>>;
}

/// A value whose prefix was replaced.
pub struct Unframed {
    /// The value as the log's users know it.
    pub value: Vec<u8>,
    /// What was replaced.
    pub prefix: SchemaPrefix,
}
