//! RocksDB as kigen uses it: bounded in memory and files, one writer, and errors that distinguish a full disk.
//!
//! The only crate that knows rocksdb. It offers what the event log and the store need and no more: ordered byte keys in
//! one column family, atomic batches of three durabilities, scans up to a bound, and a reader beside a running writer.
//! What the bytes mean is their users' business.
//!
//! A database has a directory of its own: the file `lock`, and the folder `rocksdb`, which can be deleted whole while
//! the lock is held.

mod database;
mod error;
mod failures;
mod lock;
mod options;
mod secondary;

pub use database::{Batch, Database, Durability, Scan};
pub use error::RocksError;
pub use failures::{WriteFailure, WriteFailures, probe};
pub use lock::DirectoryLock;
pub use options::Workload;
