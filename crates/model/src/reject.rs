//! Rejects, the records of `kigen.rejects`: what could not be decoded or applied, and where it came from.

use crate::Instant;
use crate::topic::{Offset, Partition, Topic};

/// How many bytes of a record a reject keeps.
pub const REJECT_BYTES_MAX: usize = 64 * 1024;
/// How many bytes of the key, and of the reason, a reject keeps.
const TEXT_BYTES_MAX: usize = 1024;

/// One record of `kigen.rejects`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reject {
    /// The topic it was read from, or the Kubernetes resource it was watched on.
    pub source: String,
    /// The partition and offset, if it was read from a topic.
    pub place: Option<(u32, u64)>,
    /// Its key as read, or the beginning of it.
    pub key: String,
    /// Why it was refused and what to do.
    pub reason: String,
    /// Its first [`REJECT_BYTES_MAX`] bytes.
    pub bytes: Vec<u8>,
    /// When it was refused, by the clock of the process that refused it.
    pub rejected_at: Instant,
}

impl Reject {
    /// The reject of a record that was read from a topic. Of the parts that are too long, the beginning is kept.
    #[must_use]
    pub fn of_record(
        (topic, partition, offset): (Topic, Partition, Offset),
        key: &str,
        bytes: &[u8],
        reason: &str,
        rejected_at: Instant,
    ) -> Self {
        let cut = |text: &str| text[..text.floor_char_boundary(TEXT_BYTES_MAX)].to_owned();
        Self {
            source: topic.name().to_owned(),
            place: Some((partition.0, offset.0)),
            key: cut(key),
            reason: cut(reason),
            bytes: bytes[..bytes.len().min(REJECT_BYTES_MAX)].to_vec(),
            rejected_at,
        }
    }
}
