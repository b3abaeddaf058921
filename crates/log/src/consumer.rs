//! Reading several partitions in turn, and waiting when there is nothing.

use kigen_model::topic::{Offset, Partition, Topic};
use tokio::sync::watch;

use crate::Received;
use crate::embedded::{EmbeddedLog, blocking};
use crate::error::LogError;

/// A reader of several partitions of one topic. It remembers where it is in each, and commits nothing by itself.
pub struct Consumer {
    log: EmbeddedLog,
    topic: Topic,
    cursors: Vec<(Partition, Offset)>,
    /// The cursor to look at first, so that a busy partition does not starve the others.
    turn: usize,
    changes: watch::Receiver<u64>,
}

/// Records of one partition, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// Where they were read.
    pub partition: Partition,
    /// At least one.
    pub records: Vec<Received>,
}

impl Consumer {
    pub(crate) fn new(log: EmbeddedLog, topic: Topic, cursors: Vec<(Partition, Offset)>) -> Self {
        let changes = log.changes();
        Self { log, topic, cursors, turn: 0, changes }
    }

    /// The next records of one partition, the partitions in turn: up to `records_max` or `bytes_max`, but at least
    /// one, waiting until there is one. If the future is dropped, nothing is skipped.
    ///
    /// # Errors
    /// The disk refuses, or a record is damaged; then the place stays, and [`seek`](Self::seek) moves past it.
    pub async fn next(&mut self, records_max: usize, bytes_max: usize) -> Result<Batch, LogError> {
        loop {
            // Seen before looking, so that a write after the look ends the wait below at once.
            self.changes.borrow_and_update();
            while let Some(at) = self.ready() {
                let (partition, from) = self.cursors[at];
                let (log, topic) = (self.log.clone(), self.topic);
                let (records, end) = blocking(self.log.path(), move || {
                    let end = log.end(topic, partition)?;
                    Ok((log.read(topic, partition, from, records_max, bytes_max)?, end))
                })
                .await?;
                self.turn = (at + 1) % self.cursors.len();
                // Without records all up to the end are holes of compaction, which are behind once seen.
                self.cursors[at].1 = records.last().map_or(end, |last| last.offset.next());
                if !records.is_empty() {
                    return Ok(Batch { partition, records });
                }
            }
            if self.changes.changed().await.is_err() {
                return Err(LogError::ShuttingDown { path: self.log.path().to_owned() });
            }
        }
    }

    /// The offset to be read next in each partition.
    pub fn cursors(&self) -> &[(Partition, Offset)] {
        &self.cursors
    }

    /// Goes on at `offset` in a partition of this consumer; other partitions are left alone.
    pub fn seek(&mut self, partition: Partition, offset: Offset) {
        for cursor in self.cursors.iter_mut().filter(|cursor| cursor.0 == partition) {
            cursor.1 = offset;
        }
    }

    /// The first cursor, from the turn on, that has something to read.
    fn ready(&self) -> Option<usize> {
        let count = self.cursors.len();
        (0..count).map(|i| (self.turn + i) % count).find(|&at| {
            let (partition, from) = self.cursors[at];
            self.log.has_more(self.topic, partition, from)
        })
    }
}
