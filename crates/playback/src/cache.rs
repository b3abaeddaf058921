//! How up to date the watch caches of an API server are: with a change of their resource at once, else as the store reports.

use std::sync::atomic::{AtomicU64, Ordering};

use chrono::TimeDelta;

use crate::resource::Resource;

/// By what a watch cache notices that the store has moved without a change of its resource.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CacheProgress {
    /// At once.
    #[default]
    Immediate,
    /// By reports of etcd, and by consistent reads.
    Reported {
        /// Played time between the reports: ten minutes by etcd's default, five seconds as kubeadm configures it.
        every: TimeDelta,
        /// Which reads request a report.
        reads: ConsistentReads,
    },
}

/// Which consistent reads are served from the watch cache, which requests a report of etcd for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConsistentReads {
    /// None: Kubernetes 1.29 and 1.30, or an etcd that cannot be requested to report.
    FromStore,
    /// Those without a limit: Kubernetes 1.31.
    FromCacheIfUnlimited,
    /// All: Kubernetes 1.32 and later.
    FromCache,
}

/// The revision that each watch cache has noticed.
#[derive(Debug, Default)]
pub(crate) struct Caches {
    progress: CacheProgress,
    noticed: [AtomicU64; Resource::COUNT],
}

impl Caches {
    pub(crate) fn new(progress: CacheProgress) -> Self {
        Self { progress, noticed: Default::default() }
    }

    /// Played time between the reports of etcd, if the caches depend on them.
    pub(crate) fn reported_every(&self) -> Option<TimeDelta> {
        match self.progress {
            CacheProgress::Immediate => None,
            CacheProgress::Reported { every, .. } => Some(every),
        }
    }

    /// A list without a version was read, when the store was at this revision.
    pub(crate) fn read(&self, resource: Resource, is_limited: bool, revision: u64) {
        let is_from_cache = match self.progress {
            CacheProgress::Immediate | CacheProgress::Reported { reads: ConsistentReads::FromStore, .. } => {
                false
            }
            CacheProgress::Reported { reads: ConsistentReads::FromCacheIfUnlimited, .. } => !is_limited,
            CacheProgress::Reported { reads: ConsistentReads::FromCache, .. } => true,
        };
        if is_from_cache {
            self.notice(resource, revision);
        }
    }

    pub(crate) fn notice(&self, resource: Resource, revision: u64) {
        self.noticed[resource.index()].fetch_max(revision, Ordering::Relaxed);
    }

    /// The revision of a bookmark: `store` is that of the store, `changed` that of the last change of the resource.
    pub(crate) fn revision(&self, resource: Resource, store: u64, changed: impl FnOnce() -> u64) -> u64 {
        match self.progress {
            CacheProgress::Immediate => store,
            CacheProgress::Reported { .. } => {
                self.noticed[resource.index()].load(Ordering::Relaxed).max(changed()).min(store)
            }
        }
    }
}
