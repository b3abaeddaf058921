//! The highest version of each resource that the API server has shown, by which streams and probe detect that its store has
//! gone back.
//!
//! A list without a resource version is a consistent read: it shows at least what was stored when it was requested, whichever
//! API server answers, so it is not below a version that was shown before the request. If it is, the store was restored from a
//! backup. A watch proves nothing of the kind: the cache that serves it may lag behind another API server's.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::input::WentBack;
use crate::resource::Resource;

/// The highest versions that were shown; clones share them.
#[derive(Clone, Debug, Default)]
pub struct KnownVersions(Arc<[AtomicU64; Resource::COUNT]>);

/// The highest version of a resource when a request was sent.
#[derive(Clone, Copy, Debug)]
pub(super) struct KnownBefore {
    resource: Resource,
    known: u64,
}

impl KnownVersions {
    /// This version was shown.
    pub(crate) fn raise(&self, resource: Resource, version: u64) {
        self.0[resource.index()].fetch_max(version, Ordering::Relaxed);
    }

    /// Whether the API server has shown a version beyond `position`: a stream there is behind, or nothing of it has changed
    /// since.
    pub(super) fn is_behind(&self, resource: Resource, position: u64) -> bool {
        self.0[resource.index()].load(Ordering::Relaxed) > position
    }

    /// To be called before a consistent read is requested.
    pub(super) fn before_request(&self, resource: Resource) -> KnownBefore {
        KnownBefore { resource, known: self.0[resource.index()].load(Ordering::Relaxed) }
    }

    /// Checks the version of the answer.
    pub(super) fn check(&self, before: KnownBefore, version: u64) -> Result<(), WentBack> {
        let KnownBefore { resource, known } = before;
        if version < known {
            return Err(WentBack { resource, version, known });
        }
        self.raise(resource, version);
        Ok(())
    }
}
