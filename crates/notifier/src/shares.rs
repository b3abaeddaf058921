//! What the role shares with its queues: the partitions that they deliver, and what they have delivered.

use std::collections::BTreeMap;

use kigen_log::NewRecord;
use kigen_model::topic::{Offset, Partition};
use tokio::sync::oneshot;

use crate::queue::{Positions, Queue};

/// What the queues deliver.
#[derive(Debug, Default)]
pub(crate) struct Shares {
    /// The role ends: only what is in flight is finished.
    pub(crate) is_stopped: bool,
    pub(crate) partitions: BTreeMap<Partition, Share>,
}

impl Shares {
    /// Whether this start of a partition still holds.
    pub(crate) fn has(&self, partition: Partition, start: u64) -> bool {
        !self.is_stopped && self.partitions.get(&partition).is_some_and(|share| share.start == start)
    }
}

/// A partition that the queues deliver.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Share {
    /// The number of this start: another one begins with the positions that are committed.
    pub(crate) start: u64,
    pub(crate) positions: Positions,
    /// The offset after the last record that is known.
    pub(crate) end: Offset,
}

/// What a queue has delivered, to be committed.
pub(crate) struct Done {
    pub(crate) queue: Queue,
    pub(crate) partition: Partition,
    pub(crate) start: u64,
    /// The offset after it; 0: it is one that waited.
    pub(crate) next: Offset,
    pub(crate) outputs: Vec<NewRecord>,
    /// Answered once it is committed; dropped if it is not.
    pub(crate) committed: oneshot::Sender<()>,
}
