//! The embedded log: one process writes, durably, on RocksDB; others read beside it.

mod consumer;
mod encoding;
mod keys;
mod log;
mod opened;
mod reader;
mod shared;
mod tables;
mod trim;
mod write;

pub use consumer::EmbeddedConsumer;
pub use log::EmbeddedLog;
pub use reader::EmbeddedReader;
pub use trim::Trimmed;
