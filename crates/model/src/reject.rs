//! What is written to `kigen.rejects`: what could not be decoded or applied, and where it came from.

use crate::Instant;
use crate::topic::{Offset, Partition, Topic};

/// The most of the bytes that a reject keeps.
pub const REJECT_BYTES_MAX: usize = 64 * 1024;
/// The most bytes of the key, and of the reason, that a reject of a record keeps.
const TEXT_BYTES_MAX: usize = 1024;

/// One record of `kigen.rejects`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reject {
    /// The topic it was read from, or the Kubernetes resource it was watched on.
    pub source: String,
    /// The partition and offset, where it was read from a topic.
    pub place: Option<(u32, u64)>,
    /// Its key as read, or the beginning of it.
    pub key: String,
    /// Why it was refused and what to do.
    pub reason: String,
    /// Its first [`REJECT_BYTES_MAX`] bytes.
    pub bytes: Vec<u8>,
    /// When it was refused, in the clock of the one who refused it.
    pub rejected_at: Instant,
}

impl Reject {
    /// Of a record that was read from a topic; of what is longer than a reject may be, the beginning is kept.
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
