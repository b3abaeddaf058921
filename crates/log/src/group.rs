//! The embedded log's groups: all partitions are the one member's that joined last.

use std::collections::BTreeMap;

use kigen_model::topic::{Offset, Partition, Topic};
use tokio::sync::watch;

use crate::embedded::{EmbeddedLog, blocking};
use crate::error::LogError;
use crate::interface::{Consumer, ConsumerEvent, LogReader};
use crate::{AtomicWrite, ConsumedRecord, NewRecord, Position};

/// The member of a group in this process.
pub struct EmbeddedConsumer {
    log: EmbeddedLog,
    name: &'static str,
    topic: Topic,
    generation: u64,
    /// Where reading goes on, of each partition that is read.
    cursors: BTreeMap<Partition, Offset>,
    state: State,
    changes: watch::Receiver<u64>,
}

enum State {
    /// It was not yet told its partitions.
    Joined,
    Member,
    /// Another took its place.
    Fenced,
}

impl EmbeddedConsumer {
    pub(crate) fn new(log: EmbeddedLog, name: &'static str, topic: Topic, generation: u64) -> Self {
        let changes = log.changes();
        Self { log, name, topic, generation, cursors: BTreeMap::new(), state: State::Joined, changes }
    }

    /// Reads each partition in which there is something.
    async fn read(
        &mut self,
        records_max: usize,
        bytes_max: usize,
    ) -> Result<Vec<(Partition, Vec<ConsumedRecord>)>, LogError> {
        let (log, topic) = (self.log.clone(), self.topic);
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
            for (partition, from) in ready {
                let end = log.latest(topic, partition)?;
                match log.read(topic, partition, from, records_max, bytes_max) {
                    Ok(records) => read.push((partition, records, end)),
                    // What was read of others comes first; this is met again then.
                    Err(_) if read.iter().any(|(_, records, _)| !records.is_empty()) => {}
                    Err(error) => return Err(error),
                }
            }
            Ok(read)
        })
        .await?;
        let mut heard = Vec::with_capacity(read.len());
        for (partition, records, end) in read {
            // Without records all up to the end are holes of compaction, which are behind once seen.
            let next = records.last().map_or(end, |last| last.offset.next());
            self.cursors.insert(partition, next);
            if !records.is_empty() {
                heard.push((partition, records));
            }
        }
        Ok(heard)
    }
}

impl Consumer for EmbeddedConsumer {
    async fn next(&mut self, records_max: usize, bytes_max: usize) -> Result<ConsumerEvent, LogError> {
        let all = || (0..self.log.partitions()).map(Partition).collect();
        if let State::Joined = self.state {
            let assigned = ConsumerEvent::Assigned(all());
            self.state = State::Member;
            return Ok(assigned);
        }
        loop {
            // Seen before looking, so that a write after the look ends the wait below at once.
            self.changes.borrow_and_update();
            if let State::Member = self.state
                && self.log.generation(self.name) != self.generation
            {
                self.state = State::Fenced;
                self.cursors.clear();
                return Ok(ConsumerEvent::Revoked((0..self.log.partitions()).map(Partition).collect()));
            }
            let heard = self.read(records_max, bytes_max).await?;
            if !heard.is_empty() {
                return Ok(ConsumerEvent::Records(heard));
            }
            if self.changes.changed().await.is_err() {
                return Err(LogError::ShuttingDown { path: self.log.path().to_owned() });
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

    async fn commit(
        &mut self,
        outputs: Vec<NewRecord>,
        positions: Vec<(Partition, Offset)>,
    ) -> Result<Vec<Offset>, LogError> {
        let position = |(partition, next)| Position {
            consumer: self.name.to_owned(),
            topic: self.topic,
            partition,
            next,
        };
        let step = AtomicWrite { outputs, positions: positions.into_iter().map(position).collect() };
        self.log.commit_as(self.name, self.generation, step).await
    }
}
