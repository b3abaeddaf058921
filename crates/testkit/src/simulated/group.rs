//! The groups of a simulated log: partitions are given and taken at once, so that whoever lost them learns of it only by
//! being refused, or later.

use std::collections::{BTreeMap, BTreeSet};

use kigen_log::{Group, Heard, LogError, Received, Record};
use kigen_model::topic::{Offset, Partition, Topic};
use tokio::sync::watch;

use super::{SimulatedLog, failed};

/// Who shares the partitions of a group.
#[derive(Default)]
pub(super) struct Members {
    /// How often they were divided anew.
    generation: u64,
    joined: u64,
    /// What each has.
    shares: BTreeMap<u64, BTreeSet<Partition>>,
}

impl Members {
    fn join(&mut self, partitions: u32) -> u64 {
        self.joined += 1;
        self.shares.insert(self.joined, BTreeSet::new());
        self.divide(partitions);
        self.joined
    }

    fn leave(&mut self, member: u64, partitions: u32) {
        if self.shares.remove(&member).is_some() {
            self.divide(partitions);
        }
    }

    /// Gives each member as many as the others, to one more or less, and takes no more than that from anybody.
    fn divide(&mut self, partitions: u32) {
        self.generation += 1;
        let members = u32::try_from(self.shares.len()).unwrap_or(u32::MAX);
        if members == 0 {
            return;
        }
        let fair = partitions.div_ceil(members) as usize;
        let mut free: BTreeSet<Partition> = (0..partitions).map(Partition).collect();
        for share in self.shares.values_mut() {
            while share.len() > fair {
                share.pop_last();
            }
            free.retain(|partition| !share.contains(partition));
        }
        for partition in free {
            if let Some(least) = self.shares.values_mut().min_by_key(|share| share.len()) {
                least.insert(partition);
            }
        }
        // Where all have their fair share and one has two less, the last ones give.
        while let (Some(most), Some(least)) = (self.of_most(), self.of_least())
            && self.shares[&most].len() > self.shares[&least].len() + 1
        {
            let given = self.shares.get_mut(&most).and_then(BTreeSet::pop_last);
            self.shares.entry(least).or_default().extend(given);
        }
    }

    fn of_most(&self) -> Option<u64> {
        self.shares.iter().max_by_key(|(_, share)| share.len()).map(|(member, _)| *member)
    }

    fn of_least(&self) -> Option<u64> {
        self.shares.iter().min_by_key(|(_, share)| share.len()).map(|(member, _)| *member)
    }
}

/// A member of a group. It leaves when it is dropped.
pub struct SimulatedGroup {
    log: SimulatedLog,
    name: &'static str,
    topic: Topic,
    member: u64,
    /// The generation in which it heard its last records.
    generation: u64,
    own: BTreeSet<Partition>,
    /// Where reading goes on, of each partition that is read.
    cursors: BTreeMap<Partition, Offset>,
    changes: watch::Receiver<u64>,
}

impl SimulatedGroup {
    pub(super) fn join(log: SimulatedLog, name: &'static str, topic: Topic) -> Self {
        let changes = log.inner.changes.subscribe();
        let partitions = log.inner.settings.partitions;
        let member = log.state().groups.entry(name).or_default().join(partitions);
        log.changed();
        let (own, cursors) = (BTreeSet::new(), BTreeMap::new());
        Self { log, name, topic, member, generation: 0, own, cursors, changes }
    }

    /// What there is to hear now.
    fn hear(&mut self, records_max: usize, bytes_max: usize) -> Result<Option<Heard>, LogError> {
        let mut state = self.log.state();
        let members = state.groups.entry(self.name).or_default();
        let share = members.shares.get(&self.member).cloned().unwrap_or_default();
        let generation = members.generation;
        let lost: Vec<Partition> = self.own.difference(&share).copied().collect();
        if !lost.is_empty() {
            self.own.retain(|partition| share.contains(partition));
            self.cursors.retain(|partition, _| share.contains(partition));
            return Ok(Some(Heard::Revoked(lost)));
        }
        let gained: Vec<Partition> = share.difference(&self.own).copied().collect();
        self.generation = generation;
        if !gained.is_empty() {
            self.own = share;
            return Ok(Some(Heard::Assigned(gained)));
        }
        let unreadable_per_mille = state.faults.unreadable_per_mille;
        if state.happens(unreadable_per_mille) {
            return Err(failed("read"));
        }
        let mut heard: Vec<(Partition, Vec<Received>)> = Vec::new();
        for (partition, from) in &mut self.cursors {
            let records = state.kept(self.topic, *partition).read(*from, records_max, bytes_max);
            if let Some(last) = records.last() {
                *from = last.offset.next();
                heard.push((*partition, records));
            }
        }
        Ok((!heard.is_empty()).then_some(Heard::Records(heard)))
    }
}

impl Group for SimulatedGroup {
    async fn next(&mut self, records_max: usize, bytes_max: usize) -> Result<Heard, LogError> {
        loop {
            // Seen before looking, so that a write after the look ends the wait below at once.
            self.changes.borrow_and_update();
            if let Some(heard) = self.hear(records_max, bytes_max)? {
                return Ok(heard);
            }
            // With time, all that is under way is decided.
            self.log.state().settle_all();
            if let Some(heard) = self.hear(records_max, bytes_max)? {
                return Ok(heard);
            }
            // The log is held by this member itself, so that there is always one who may change it.
            let _ = self.changes.changed().await;
        }
    }

    async fn begin(&mut self, partition: Partition, from: Offset) -> Result<(), LogError> {
        if self.own.contains(&partition) {
            self.cursors.insert(partition, from);
        }
        Ok(())
    }

    fn hold(&mut self, partition: Partition) {
        self.cursors.remove(&partition);
    }

    async fn commit(
        &mut self,
        outputs: Vec<Record>,
        positions: Vec<(Partition, Offset)>,
    ) -> Result<Vec<Offset>, LogError> {
        self.log.check(&outputs)?;
        let committed = {
            let mut state = self.log.state();
            let members = state.groups.entry(self.name).or_default();
            if members.generation != self.generation || !members.shares.contains_key(&self.member) {
                return Err(LogError::Fenced { group: self.name });
            }
            let places: BTreeSet<_> = outputs.iter().map(|output| (output.topic, output.partition)).collect();
            let faults = state.faults;
            let is_aborted = state.happens(faults.aborted_per_mille);
            let offsets = state.write(&outputs, is_aborted);
            for (topic, partition) in &places {
                // The end of a transaction has an offset of its own.
                state.kept(*topic, *partition).records.push(None);
            }
            if !is_aborted {
                for (partition, next) in positions {
                    state.positions.insert((self.name.to_owned(), self.topic, partition), next);
                }
            }
            if !state.happens(faults.unsettled_per_mille) {
                state.settle(places);
            }
            if is_aborted || state.happens(faults.unanswered_per_mille) {
                Err(failed("commit to"))
            } else {
                Ok(offsets)
            }
        };
        self.log.changed();
        committed
    }
}

impl Drop for SimulatedGroup {
    fn drop(&mut self) {
        let partitions = self.log.inner.settings.partitions;
        self.log.state().groups.entry(self.name).or_default().leave(self.member, partitions);
        self.log.changed();
    }
}
