//! The store of the processor's state on RocksDB: a cache of `kigen.status`.
//!
//! Bytes in, bytes out: what a state or a position record means is not known here. State, due work and position of a
//! partition change in one write, so what is found after a crash is the state at some position, never between two.
//!
//! Writes go through RocksDB's write-ahead log, so a killed process loses none. They are not forced to the disk:
//! `kigen.status` is the truth, and after a loss of power the store is at most a little older, which recovery mends
//! by reading on from the store's offset. For the same reason deleting the store is always safe, and a damaged one is
//! dropped and reported instead of stopping anybody.

mod batch;
mod error;
mod keys;
mod store;

pub use batch::Batch;
pub use error::StoreError;
pub use store::{Dropped, Refill, Store};

use kigen_model::topic::Offset;

/// Up to where the store has applied a partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredPosition {
    /// The position record, as in `kigen.status`.
    pub record: Vec<u8>,
    /// The offset in `kigen.status` up to which it is applied: the next one to apply.
    pub status_next: Offset,
}
