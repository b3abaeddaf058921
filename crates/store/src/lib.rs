//! The store of the processor's state on RocksDB: a cache of kigen.status.
