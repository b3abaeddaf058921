//! A cluster that is silent: what waits meanwhile, and what is judged once it is over.

use crate::Instant;
use crate::key::BatchKey;

/// A deadline that comes while a cluster is silent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NextDeadline {
    /// The batch.
    pub key: BatchKey,
    /// The objective.
    pub objective: String,
    /// The deadline.
    pub deadline: Instant,
    /// Its zone, by its IANA name.
    pub time_zone: String,
}

/// How many slots have which verdict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SlotCounts {
    /// Those with a good result in time.
    pub met: u32,
    /// Those without, the muted ones included; each has an alert of its own, unless it is muted.
    pub missed: u32,
    /// Those without evidence for a verdict.
    pub unknown: u32,
    /// Those of which nothing was expected.
    pub excused: u32,
    /// Whether there may be more: of an objective with many deadlines only the latest verdicts are kept.
    pub has_more: bool,
}
