//! A world: a fleet of batches with its true history, and the log that a shipper wrote about it.

use std::collections::BTreeMap;

use kigen_model::Instant;
use kigen_model::event::Event;

use crate::history::Batch;

/// A fleet over some weeks or months.
#[derive(Clone, Debug)]
pub struct World {
    /// The seed that it was generated from.
    pub seed: u64,
    /// Its first instant.
    pub begins: Instant,
    /// Its last instant: `observed_until` of the last tick of each cluster.
    pub ends: Instant,
    /// What a shipper emitted: the events of each partition of `kigen.events` in the log's order. An event's index here is its
    /// offset there. A cluster's events (ticks, gaps, epochs) are in every partition; a fact is in that of its batch.
    pub partitions: Vec<Vec<Event>>,
    /// The ranges of each partition's events that expire in the log, unread: everything before them was judged.
    pub expired: Vec<Vec<std::ops::Range<usize>>>,
    /// What truly happened.
    pub batches: Vec<Batch>,
    /// How often each kind of thing was generated, by its name. A kind that never occurred is not tested.
    pub kinds: BTreeMap<&'static str, u64>,
}

impl World {
    /// Notes that a kind of thing occurred.
    pub fn count(&mut self, kind: &'static str) {
        *self.kinds.entry(kind).or_default() += 1;
    }
}
