//! What can go wrong with the store, and what to do then.

use std::io;
use std::path::{Path, PathBuf};

use kigen_model::key::BatchKey;
use kigen_rocks::RocksError;

/// A failure of the store. The store is a cache, so that `recreate` is a way out of each.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another process has the store open.
    #[error("another kigen uses the store in {}: stop it, or give this one a directory of its own", path.display())]
    InUse {
        /// The store's directory.
        path: PathBuf,
    },
    /// A key that cannot be ordered: a part is empty, or contains a `/` or a zero byte.
    #[error("{} cannot be stored: no part of a batch's key is empty or contains a slash or a zero byte", key.to_string().escape_debug())]
    BadKey {
        /// The key as given.
        key: BatchKey,
    },
    /// A state that is too large.
    #[error(
        "the state of {key} has {bytes} bytes, and {} is the most: shorten its history",
        crate::batch::STATE_BYTES_MAX
    )]
    StateTooLarge {
        /// The batch.
        key: BatchKey,
        /// Its bytes.
        bytes: usize,
    },
    /// An entry of the store cannot be decoded.
    #[error("the store in {} is damaged ({why}): delete the directory, it is filled again from kigen.status", path.display())]
    Corrupt {
        /// The store's directory.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The disk is full.
    #[error("no space is left for the store in {}: free some; it continues by itself a few seconds later", path.display())]
    NoSpace {
        /// The store's directory.
        path: PathBuf,
        /// The failed operation.
        source: io::Error,
    },
    /// The files could not be read or written.
    #[error("could not {doing} the store in {}: check the disk and the directory's permissions", path.display())]
    Io {
        /// The store's directory.
        path: PathBuf,
        /// What was attempted, as a verb.
        doing: &'static str,
        /// The failed operation.
        source: io::Error,
    },
}

impl StoreError {
    /// What failed in the directory `path` while the store was `doing` that, a verb.
    pub(crate) fn of(path: &Path, doing: &'static str, error: RocksError) -> Self {
        let path = path.to_owned();
        match error {
            RocksError::InUse => Self::InUse { path },
            RocksError::NoSpace(source) => Self::NoSpace { path, source },
            RocksError::Corrupt(source) => Self::Corrupt { path, why: source.to_string() },
            RocksError::Io(source) => Self::Io { path, doing, source },
        }
    }
}
