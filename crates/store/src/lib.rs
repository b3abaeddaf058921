//! The store of the processor's state on RocksDB: a cache of `kigen.status`.
//!
//! Bytes in, bytes out: the store does not know what a state or a position record means. State, due work and position of
//! a partition change in one write, so that after a crash the store has the state at some position, never between two.
//!
//! Writes go through RocksDB's write-ahead log, so that a killed process loses none. They are not synced to the disk:
//! `kigen.status` is the source of truth, and after a loss of power the store is at most a little older, from where recovery
//! reads on. For the same reason it is always safe to delete the store, and a damaged one is dropped and reported instead
//! of stopping the process.

mod batch;
mod error;
mod keys;
mod patch;
mod store;

pub use batch::Batch;
pub use error::StoreError;
pub use store::{Dropped, Refill, Store};

use kigen_model::topic::Offset;

/// How far the store has applied a partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredPosition {
    /// The position record, as in `kigen.status`.
    pub record: Vec<u8>,
    /// The next offset in `kigen.status` to apply.
    pub status_next: Offset,
}
