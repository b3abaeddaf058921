//! What is written to `kigen.rejects`: what could not be decoded or applied, and where it came from.

use crate::Instant;

/// The most of the bytes that a reject keeps.
pub const REJECT_BYTES_MAX: usize = 64 * 1024;

/// One record of `kigen.rejects`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reject {
    /// The topic it was read from, or the Kubernetes resource it was watched on.
    pub source: String,
    /// The partition and offset, where it was read from a topic.
    pub place: Option<(u32, u64)>,
    /// Its key as read.
    pub key: String,
    /// Why it was refused and what to do.
    pub reason: String,
    /// Its first [`REJECT_BYTES_MAX`] bytes.
    pub bytes: Vec<u8>,
    /// When it was refused, in the clock of the one who refused it.
    pub rejected_at: Instant,
}
