//! A member of a group of a simulated log. Partitions move between members at once, so that one that lost a partition
//! learns of it only when a commit is refused, or later.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use kigen_log::{ConsumedRecord, Consumer, ConsumerEvent, GroupPosition, LogError, NewRecord};
use kigen_model::topic::{Offset, Partition, Topic};
use tokio::sync::watch;

use super::members::Share;
use super::state::{Shared, failed};

/// How long a poll takes at least. A paused clock moves only when no blocking task is under way, so that under such a clock
/// the result of a poll does not depend on other threads.
const POLL_TIME: Duration = Duration::from_millis(1);

/// A member of a group. It leaves when it is dropped.
pub struct SimulatedConsumer {
    shared: Arc<Shared>,
    group: &'static str,
    topic: Topic,
    member: u64,
    /// The generation of the last records that it received.
    generation: u64,
    own: Share,
    /// The next offset to read of each partition that is read.
    cursors: BTreeMap<Partition, Offset>,
    changes: watch::Receiver<u64>,
}

impl SimulatedConsumer {
    pub(super) fn join(shared: Arc<Shared>, group: &'static str, topic: Topic) -> Self {
        let changes = shared.changes();
        let partitions = shared.settings.partitions;
        let member = shared.state().groups.entry(group).or_default().join(partitions);
        shared.changed();
        let (own, cursors) = (Share::new(), BTreeMap::new());
        Self { shared, group, topic, member, generation: 0, own, cursors, changes }
    }

    /// The next event, if there is one now.
    fn poll(&mut self, records_max: usize, bytes_max: usize) -> Result<Option<ConsumerEvent>, LogError> {
        let mut state = self.shared.state();
        let (generation, share) = state.groups.entry(self.group).or_default().share(self.member);
        let is_lost = |(partition, assigned): (&Partition, &u64)| share.get(partition) != Some(assigned);
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
            state.happened.unreadable += 1;
            return Err(failed("read"));
        }
        let mut received: Vec<(Partition, Vec<ConsumedRecord>)> = Vec::new();
        let (mut bytes_left, mut partitions_left) = (bytes_max, self.cursors.len());
        for (partition, from) in &mut self.cursors {
            let share = bytes_left / partitions_left;
            partitions_left -= 1;
            let records = state.log_of(self.topic, *partition).read(*from, records_max, share);
            bytes_left -= records.iter().map(ConsumedRecord::payload_bytes).sum::<usize>().min(bytes_left);
            if let Some(last) = records.last() {
                *from = last.offset.next();
                received.push((*partition, records));
            }
        }
        Ok((!received.is_empty()).then_some(ConsumerEvent::Records(received)))
    }
}

impl Consumer for SimulatedConsumer {
    async fn next(&mut self, records_max: usize, bytes_max: usize) -> Result<ConsumerEvent, LogError> {
        tokio::time::sleep(POLL_TIME).await;
        loop {
            // Before the poll, so that a write after the poll ends the wait below at once.
            self.changes.borrow_and_update();
            if let Some(event) = self.poll(records_max, bytes_max)? {
                return Ok(event);
            }
            // With time, all transactions are decided.
            self.shared.state().settle_all();
            if let Some(event) = self.poll(records_max, bytes_max)? {
                return Ok(event);
            }
            // It cannot fail: this member holds the sender itself.
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

    async fn commit_positions(
        &mut self,
        outputs: Vec<NewRecord>,
        positions: Vec<(Partition, GroupPosition)>,
    ) -> Result<Vec<Offset>, LogError> {
        self.shared.check(&outputs)?;
        let committed = {
            let mut state = self.shared.state();
            if state.groups.entry(self.group).or_default().is_fenced(self.member, self.generation) {
                state.happened.fenced += 1;
                return Err(LogError::Fenced { group: self.group });
            }
            let written: BTreeSet<_> =
                outputs.iter().map(|output| (output.topic, output.partition)).collect();
            let faults = state.faults;
            let is_aborted = state.happens(faults.aborted_per_mille);
            let offsets = state.write(&outputs, is_aborted);
            for (topic, partition) in &written {
                // The end of a transaction has an offset of its own.
                state.log_of(*topic, *partition).records.push(None);
            }
            if !is_aborted {
                for (partition, position) in positions {
                    state.positions.insert((self.group.to_owned(), self.topic, partition), position);
                }
            }
            if state.happens(faults.unsettled_per_mille) {
                state.happened.unsettled += 1;
            } else {
                state.settle(written);
            }
            let is_unanswered = !is_aborted && state.happens(faults.unanswered_per_mille);
            state.happened.aborted += u64::from(is_aborted);
            state.happened.unanswered += u64::from(is_unanswered);
            if is_aborted || is_unanswered { Err(failed("commit to")) } else { Ok(offsets) }
        };
        self.shared.changed();
        committed
    }
}

impl Drop for SimulatedConsumer {
    fn drop(&mut self) {
        let partitions = self.shared.settings.partitions;
        self.shared.state().groups.entry(self.group).or_default().leave(self.member, partitions);
        self.shared.changed();
    }
}
