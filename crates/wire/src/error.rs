//! Why bytes cannot be decoded as a record.

use kigen_model::topic::Topic;

impl DecodeError {
    /// Whether a newer kigen wrote the record: it has kigen's marker, and a schema that this kigen does not know.
    #[must_use]
    pub fn is_newer(&self) -> bool {
        matches!(self, Self::UnknownSchema { .. })
    }
}

/// Why bytes are not a record of a topic. A retry fixes none of these.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// It is empty, as a tombstone is.
    #[error("{topic}: the record has no value")]
    Empty {
        /// The topic whose schema was expected.
        topic: Topic,
    },
    /// It is longer than any record kigen writes.
    #[error("{topic}: the record has {bytes} bytes, the most is {max}")]
    TooLong {
        /// The topic whose schema was expected.
        topic: Topic,
        /// Its length.
        bytes: usize,
        /// The limit.
        max: usize,
    },
    /// It does not begin as a single-object encoded Avro value.
    #[error(
        "{topic}: the record begins with {found:02x?}, not with the marker c3 01 of Avro's single-object encoding: something else than kigen wrote it"
    )]
    NotSingleObject {
        /// The topic whose schema was expected.
        topic: Topic,
        /// Its first bytes, at most ten.
        found: Vec<u8>,
    },
    /// It is a record of another topic of kigen.
    #[error(
        "{topic}: the record is one of {found}: whatever copies records between topics must not write them here"
    )]
    AnotherTopic {
        /// The topic whose schema was expected.
        topic: Topic,
        /// The topic of its schema.
        found: Topic,
    },
    /// No version of any topic's schema has this fingerprint.
    #[error(
        "{topic}: no schema of this kigen has the fingerprint {fingerprint:016x}: a newer kigen or something else wrote it; upgrade kigen to read it"
    )]
    UnknownSchema {
        /// The topic whose schema was expected.
        topic: Topic,
        /// Its bytes in the order of the record, as in `schemas/fingerprints.txt`.
        fingerprint: u64,
    },
    /// It is in Confluent's wire format, with a number that no registry has mapped to a schema.
    #[error(
        "{topic}: the record names its schema by the number {id} of a schema registry, which is none of this kigen's \
         schemas there: a newer kigen or something else wrote it; upgrade kigen to read it, or, if no registry is \
         configured, set `url` under [kafka.registry]"
    )]
    UnknownId {
        /// The topic whose schema was expected.
        topic: Topic,
        /// The number.
        id: u32,
    },
    /// The datum does not follow its schema.
    #[error("{topic}: the record is damaged after its schema's fingerprint")]
    Damaged {
        /// The topic whose schema was expected.
        topic: Topic,
        /// Where Avro stopped.
        source: Box<apache_avro::Error>,
    },
    /// The datum ends before its schema does.
    #[error("{topic}: the record is cut short")]
    Cut {
        /// The topic whose schema was expected.
        topic: Topic,
    },
    /// There are bytes after the datum.
    #[error("{topic}: {bytes} bytes follow the record")]
    Trailing {
        /// The topic whose schema was expected.
        topic: Topic,
        /// How many.
        bytes: usize,
    },
    /// A field has a value that the schema allows and kigen does not.
    #[error("{topic}: the field `{field}` {problem}")]
    Field {
        /// The topic whose schema was expected.
        topic: Topic,
        /// The field.
        field: String,
        /// What is wrong with it.
        problem: &'static str,
    },
}
