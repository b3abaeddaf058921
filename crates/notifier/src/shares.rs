//! What the role shares with its queues: the partitions that they deliver, and what they have delivered.

use std::collections::BTreeMap;

use kigen_log::NewRecord;
use kigen_model::topic::{Offset, Partition};
use tokio::sync::{oneshot, watch};

use crate::queue::{Positions, Queue};

/// What the queues deliver.
#[derive(Debug, Default)]
pub(crate) struct Shares {
    /// The role ends: only what is in flight is finished.
    pub(crate) is_stopped: bool,
    pub(crate) partitions: BTreeMap<Partition, Share>,
}

impl Shares {
    /// Whether more of this start of a partition is to be delivered.
    pub(crate) fn has(&self, partition: Partition, start: u64) -> bool {
        !self.is_stopped && self.holds(partition, start)
    }

    /// Whether this start of a partition still holds.
    pub(crate) fn holds(&self, partition: Partition, start: u64) -> bool {
        self.partitions.get(&partition).is_some_and(|share| share.start == start)
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

/// Of which partitions something is being sent, or committed. Clones share it.
#[derive(Clone, Debug, Default)]
pub(crate) struct UnderWay(watch::Sender<BTreeMap<Partition, usize>>);

impl UnderWay {
    /// Something is, until what is returned is dropped. Whether the partition is shared still is asked after that.
    pub(crate) fn begin(&self, partition: Partition) -> Begun {
        self.0.send_modify(|counts| *counts.entry(partition).or_default() += 1);
        Begun { under_way: self.clone(), partition }
    }

    /// Waits until nothing is of these.
    pub(crate) async fn ended(&self, partitions: &[Partition]) {
        let mut counts = self.0.subscribe();
        let is_ended = |counts: &BTreeMap<Partition, usize>| {
            partitions.iter().all(|partition| !counts.contains_key(partition))
        };
        // The sender lives as long as this.
        let _ = counts.wait_for(is_ended).await;
    }
}

/// Something is being sent, or committed.
pub(crate) struct Begun {
    under_way: UnderWay,
    partition: Partition,
}

impl Drop for Begun {
    fn drop(&mut self) {
        self.under_way.0.send_modify(|counts| {
            let left = counts.get(&self.partition).map_or(0, |count| count.saturating_sub(1));
            match left {
                0 => _ = counts.remove(&self.partition),
                left => _ = counts.insert(self.partition, left),
            }
        });
    }
}
