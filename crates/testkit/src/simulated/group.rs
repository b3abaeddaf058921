//! The groups of a simulated log: partitions are given and taken at once, so that whoever lost them learns of it only by
//! being refused, or later.

use std::collections::{BTreeMap, BTreeSet};

use kigen_log::{ConsumedRecord, Consumer, ConsumerEvent, LogError, NewRecord};
use kigen_model::topic::{Offset, Partition, Topic};
use tokio::sync::watch;

use super::{SimulatedLog, failed};

/// Who shares the partitions of a group.
#[derive(Default)]
pub(super) struct Members {
    /// How often they were divided anew.
    generation: u64,
    joined: u64,
    shares: BTreeMap<u64, Share>,
}

/// What a member has, and of each partition in which generation it was given: one that was another's meanwhile is lost,
/// and given anew.
type Share = BTreeMap<Partition, u64>;

impl Members {
    fn join(&mut self, partitions: u32) -> u64 {
        self.joined += 1;
        self.shares.insert(self.joined, Share::new());
        self.divide(partitions);
        self.joined
    }

    fn leave(&mut self, member: u64, partitions: u32) {
        if self.shares.remove(&member).is_some() {
            self.divide(partitions);
        }
    }

    /// Gives what is nobody's to whoever has least, and takes from who has most until all have as many, to one more or
    /// less.
    fn divide(&mut self, partitions: u32) {
        self.generation += 1;
        let taken: BTreeSet<Partition> = self.shares.values().flat_map(BTreeMap::keys).copied().collect();
        let free = (0..partitions).map(Partition).filter(|partition| !taken.contains(partition));
        for partition in free.collect::<Vec<_>>() {
            self.give(partition);
        }
        loop {
            let counts = self.shares.values().map(BTreeMap::len);
            let (Some(most), Some(least)) = (counts.clone().max(), counts.min()) else { return };
            if most <= least + 1 {
                return;
            }
            let share = self.shares.values_mut().max_by_key(|share| share.len());
            if let Some((partition, _)) = share.and_then(BTreeMap::pop_last) {
                self.give(partition);
            }
        }
    }

    fn give(&mut self, partition: Partition) {
        let generation = self.generation;
        if let Some(least) = self.shares.values_mut().min_by_key(|share| share.len()) {
            least.insert(partition, generation);
        }
    }
}

/// A member of a group. It leaves when it is dropped.
pub struct SimulatedConsumer {
    log: SimulatedLog,
    name: &'static str,
    topic: Topic,
    member: u64,
    /// The generation in which it heard its last records.
    generation: u64,
    own: Share,
    /// Where reading goes on, of each partition that is read.
    cursors: BTreeMap<Partition, Offset>,
    changes: watch::Receiver<u64>,
}

impl SimulatedConsumer {
    pub(super) fn join(log: SimulatedLog, name: &'static str, topic: Topic) -> Self {
        let changes = log.inner.changes.subscribe();
        let partitions = log.inner.settings.partitions;
        let member = log.state().groups.entry(name).or_default().join(partitions);
        log.changed();
        let (own, cursors) = (Share::new(), BTreeMap::new());
        Self { log, name, topic, member, generation: 0, own, cursors, changes }
    }

    /// What there is to hear now.
    fn hear(&mut self, records_max: usize, bytes_max: usize) -> Result<Option<ConsumerEvent>, LogError> {
        let mut state = self.log.state();
        let members = state.groups.entry(self.name).or_default();
        let share = members.shares.get(&self.member).cloned().unwrap_or_default();
        let generation = members.generation;
        let is_lost = |(partition, given): (&Partition, &u64)| share.get(partition) != Some(given);
        let lost: Vec<Partition> =
            self.own.iter().filter(|own| is_lost(*own)).map(|(partition, _)| *partition).collect();
        if !lost.is_empty() {
            self.own.retain(|partition, _| !lost.contains(partition));
            self.cursors.retain(|partition, _| !lost.contains(partition));
            return Ok(Some(ConsumerEvent::Revoked(lost)));
        }
        let gained: Vec<Partition> =
            share.keys().filter(|partition| !self.own.contains_key(partition)).copied().collect();
        self.generation = generation;
        if !gained.is_empty() {
            self.own = share;
            return Ok(Some(ConsumerEvent::Assigned(gained)));
        }
        let unreadable_per_mille = state.faults.unreadable_per_mille;
        if state.happens(unreadable_per_mille) {
            return Err(failed("read"));
        }
        let mut heard: Vec<(Partition, Vec<ConsumedRecord>)> = Vec::new();
        for (partition, from) in &mut self.cursors {
            let records = state.kept(self.topic, *partition).read(*from, records_max, bytes_max);
            if let Some(last) = records.last() {
                *from = last.offset.next();
                heard.push((*partition, records));
            }
        }
        Ok((!heard.is_empty()).then_some(ConsumerEvent::Records(heard)))
    }
}

impl Consumer for SimulatedConsumer {
    async fn next(&mut self, records_max: usize, bytes_max: usize) -> Result<ConsumerEvent, LogError> {
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

    async fn seek(&mut self, partition: Partition, from: Offset) -> Result<(), LogError> {
        if self.own.contains_key(&partition) {
            self.cursors.insert(partition, from);
        }
        Ok(())
    }

    fn pause(&mut self, partition: Partition) {
        self.cursors.remove(&partition);
    }

    async fn commit(
        &mut self,
        outputs: Vec<NewRecord>,
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

impl Drop for SimulatedConsumer {
    fn drop(&mut self) {
        let partitions = self.log.inner.settings.partitions;
        self.log.state().groups.entry(self.name).or_default().leave(self.member, partitions);
        self.log.changed();
    }
}
