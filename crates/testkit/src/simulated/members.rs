//! How the members of a group share its partitions.

use std::collections::{BTreeMap, BTreeSet};

use kigen_model::topic::Partition;

/// The members of a group.
#[derive(Default)]
pub(super) struct Members {
    /// The number of rebalances so far.
    generation: u64,
    joined: u64,
    shares: BTreeMap<u64, Share>,
}

/// The partitions of a member, each with the generation in which it was assigned. A partition that another member owned
/// meanwhile has another generation: it is revoked, then assigned again.
pub(super) type Share = BTreeMap<Partition, u64>;

impl Members {
    /// Adds a member; returns its number.
    pub(super) fn join(&mut self, partitions: u32) -> u64 {
        self.joined += 1;
        self.shares.insert(self.joined, Share::new());
        self.rebalance(partitions);
        self.joined
    }

    pub(super) fn leave(&mut self, member: u64, partitions: u32) {
        if self.shares.remove(&member).is_some() {
            self.rebalance(partitions);
        }
    }

    /// The current generation, and the partitions of a member in it.
    pub(super) fn share(&self, member: u64) -> (u64, Share) {
        (self.generation, self.shares.get(&member).cloned().unwrap_or_default())
    }

    /// Whether a member that last saw this generation may not commit.
    pub(super) fn is_fenced(&self, member: u64, generation: u64) -> bool {
        self.generation != generation || !self.shares.contains_key(&member)
    }

    /// Assigns free partitions to the members that have least, then moves partitions until no two members differ by more
    /// than one.
    fn rebalance(&mut self, partitions: u32) {
        self.generation += 1;
        let taken: BTreeSet<Partition> = self.shares.values().flat_map(BTreeMap::keys).copied().collect();
        let free = (0..partitions).map(Partition).filter(|partition| !taken.contains(partition));
        for partition in free.collect::<Vec<_>>() {
            self.assign(partition);
        }
        loop {
            let counts = self.shares.values().map(BTreeMap::len);
            let (Some(most), Some(least)) = (counts.clone().max(), counts.min()) else { return };
            if most <= least + 1 {
                return;
            }
            let share = self.shares.values_mut().max_by_key(|share| share.len());
            if let Some((partition, _)) = share.and_then(BTreeMap::pop_last) {
                self.assign(partition);
            }
        }
    }

    fn assign(&mut self, partition: Partition) {
        let generation = self.generation;
        if let Some(least) = self.shares.values_mut().min_by_key(|share| share.len()) {
            least.insert(partition, generation);
        }
    }
}
