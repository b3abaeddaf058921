//! How far one partition of `kigen.events` is judged: the position record, the last one in each commit.

use std::collections::BTreeMap;

use kigen_model::Instant;
use kigen_model::key::BatchKey;
use kigen_model::slot::Gap;
use kigen_model::topic::Offset;

use crate::clock::ClusterClock;

/// The version of the engine that writes states and positions; a store or topic written by a newer one is not touched.
pub const ENGINE_VERSION: u32 = 4;

/// The key of a position record in `kigen.status`; no batch's key, since those have two slashes.
pub const POSITION_KEY: &str = "position";

/// How far one partition is judged, and what its clusters' clocks show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartitionState {
    /// The next record of `kigen.events` to read.
    pub next: Offset,
    /// Set while the tick at `next` is half worked off: the due work up to and with this place is done.
    pub cursor: Option<Cursor>,
    /// The clusters' clocks, by cluster.
    pub clocks: BTreeMap<String, ClusterClock>,
    /// The engine that wrote this.
    pub engine_version: u32,
}

impl PartitionState {
    /// Nothing is judged yet; reading begins at `next`.
    pub fn new(next: Offset) -> Self {
        Self { next, cursor: None, clocks: BTreeMap::new(), engine_version: ENGINE_VERSION }
    }

    /// Events expired before they were read, and the first that did not is of `until`: a gap in each cluster's time.
    pub fn lose(&mut self, until: Instant) {
        for clock in self.clocks.values_mut() {
            let from = clock.observed_until;
            clock.remember(Gap { from, to: from.map_or(until, |from| from.max(until)), is_of_log: true });
        }
    }
}

/// A place in a tick's due work, which is ordered by instant, then by key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cursor {
    /// When the last judged batch was due.
    pub due: Instant,
    /// The last judged batch.
    pub key: BatchKey,
}
