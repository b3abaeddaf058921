//! The embedded log's consumer: all partitions of a group are those of the consumer that joined last.

use std::collections::BTreeMap;
use std::sync::Arc;

use kigen_model::topic::{Offset, Partition, Topic};
use tokio::sync::watch;

use crate::embedded::shared::{Shared, blocking};
use crate::error::{EmbeddedError, LogError};
use crate::interface::{Consumer, ConsumerEvent};
use crate::record::{AtomicWrite, ConsumedRecord, GroupPosition, NewRecord, Position};

/// The consumer of a group in this process.
pub struct EmbeddedConsumer {
    log: Arc<Shared>,
    group: &'static str,
    topic: Topic,
    generation: u64,
    /// The next offset of each partition that is read.
    cursors: BTreeMap<Partition, Offset>,
    state: State,
    changes: watch::Receiver<u64>,
}

enum State {
    /// Its partitions are not assigned yet.
    Joined,
    Member,
    /// Another consumer took its place.
    Fenced,
}

impl EmbeddedConsumer {
    pub(super) fn join(log: Arc<Shared>, group: &'static str, topic: Topic) -> Self {
        let generation = log.next_generation(group);
        let changes = log.changes();
        Self { log, group, topic, generation, cursors: BTreeMap::new(), state: State::Joined, changes }
    }

    fn all_partitions(&self) -> Vec<Partition> {
        (0..self.log.partitions()).map(Partition).collect()
    }

    /// Reads each partition that has more records: an equal share of the bytes that are left, at least one record.
    async fn read(
        &mut self,
        records_max: usize,
        bytes_max: usize,
    ) -> Result<Vec<(Partition, Vec<ConsumedRecord>)>, LogError> {
        let (log, topic) = (Arc::clone(&self.log), self.topic);
        let ready: Vec<(Partition, Offset)> = self
            .cursors
            .iter()
            .filter(|(partition, from)| log.has_more(topic, **partition, **from))
            .map(|(partition, from)| (*partition, *from))
            .collect();
        if ready.is_empty() {
            return Ok(Vec::new());
        }
        let read = blocking(self.log.path(), move || {
            let mut read = Vec::with_capacity(ready.len());
            let (mut bytes_left, mut partitions_left) = (bytes_max, ready.len());
            for (partition, from) in ready {
                let latest = log.tables()?.bounds(topic, partition)?.end;
                let share = bytes_left / partitions_left;
                partitions_left -= 1;
                let records = log.tables()?.read(topic, partition, from, records_max, share);
                match records {
                    Ok(records) => {
                        let bytes: usize = records.iter().map(ConsumedRecord::payload_bytes).sum();
                        bytes_left = bytes_left.saturating_sub(bytes);
                        read.push((partition, records, latest));
                    }
                    // The records of other partitions come first; the next read meets this error again.
                    Err(_) if read.iter().any(|(_, records, _)| !records.is_empty()) => {}
                    Err(error) => return Err(error),
                }
            }
            Ok(read)
        })
        .await?;
        let mut batches = Vec::with_capacity(read.len());
        for (partition, records, latest) in read {
            // Without records, all up to the latest offset are holes of compaction, which need no second read.
            let next = records.last().map_or(latest, |last| last.offset.next());
            self.cursors.insert(partition, next);
            if !records.is_empty() {
                batches.push((partition, records));
            }
        }
        Ok(batches)
    }
}

impl Consumer for EmbeddedConsumer {
    async fn next(&mut self, records_max: usize, bytes_max: usize) -> Result<ConsumerEvent, LogError> {
        if let State::Joined = self.state {
            self.state = State::Member;
            return Ok(ConsumerEvent::Assigned(self.all_partitions()));
        }
        loop {
            // Marked as seen before the read, so that a write after the read ends the wait below at once.
            self.changes.borrow_and_update();
            if let State::Member = self.state
                && self.log.generation(self.group) != self.generation
            {
                self.state = State::Fenced;
                self.cursors.clear();
                return Ok(ConsumerEvent::Revoked(self.all_partitions()));
            }
            let batches = self.read(records_max, bytes_max).await?;
            if !batches.is_empty() {
                return Ok(ConsumerEvent::Records(batches));
            }
            if self.changes.changed().await.is_err() {
                return Err(EmbeddedError::ShuttingDown { path: self.log.path().to_owned() }.into());
            }
        }
    }

    async fn seek(&mut self, partition: Partition, from: Offset) -> Result<(), LogError> {
        self.cursors.insert(partition, from);
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
        let position = |(partition, GroupPosition { next, ahead })| Position {
            consumer: self.group.to_owned(),
            topic: self.topic,
            partition,
            next,
            ahead,
        };
        let write = AtomicWrite { outputs, positions: positions.into_iter().map(position).collect() };
        let (log, group, generation) = (Arc::clone(&self.log), self.group, self.generation);
        blocking(self.log.path(), move || log.commit_as(group, generation, &write)).await
    }
}
