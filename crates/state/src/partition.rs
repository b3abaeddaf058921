//! How far one partition of `kigen.events` is judged: the position record, the last one in each commit.

use std::collections::BTreeMap;

use kigen_model::Instant;
use kigen_model::key::BatchKey;
use kigen_model::slot::Gap;
use kigen_model::topic::Offset;

use crate::clock::ClusterClock;

/// The version of the engine that writes states and positions; a store or topic written by a newer one is not touched.
pub const ENGINE_VERSION: u32 = 7;

/// The key of a position record in `kigen.status`. It is no batch's key, since those have two slashes.
pub const POSITION_KEY: &str = "position";

/// How far one partition is judged, with its clusters' clocks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartitionState {
    /// The offset of the next record of `kigen.events` to read.
    pub next: Offset,
    /// Set while the tick at `next` is partly processed: the due work up to and including this place is done.
    pub cursor: Option<Cursor>,
    /// The clusters' clocks, by cluster.
    pub clocks: BTreeMap<String, ClusterClock>,
    /// The version of the engine that wrote this.
    pub engine_version: u32,
}

impl PartitionState {
    /// A partition of which nothing is judged yet; reading begins at `next`.
    pub fn new(next: Offset) -> Self {
        Self { next, cursor: None, clocks: BTreeMap::new(), engine_version: ENGINE_VERSION }
    }

    /// Adds a gap to each cluster's time: events expired before they were read, and the first that did not is of `until`.
    pub fn add_gap_of_log(&mut self, until: Instant) {
        for clock in self.clocks.values_mut() {
            let from = clock.observed_until;
            clock.add_gap(Gap { from, to: from.map_or(until, |from| from.max(until)), is_of_log: true });
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
