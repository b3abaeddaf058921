//! Events to records, and records to the log, for as long as that takes.

use kigen_log::back_off::BackOff;
use kigen_log::{Fate, Log, LogError, LogReader, NewRecord};
use kigen_model::Instant;
use kigen_model::event::{ClusterEvent, Event, Fact};
use kigen_model::reasons::reasons;
use kigen_model::reject::{REJECT_BYTES_MAX, Reject};
use kigen_model::topic::{Partition, Topic};

use crate::health::Health;
use crate::notice::Rejected;
use crate::server_clock::Clock;

/// How many records are appended at once.
const RECORDS_PER_STEP_MAX: usize = 1_000;
/// How many bytes of values are appended at once, but for the last record of them.
const BYTES_PER_STEP_MAX: usize = 4 << 20;
/// Between the tries of a log that cannot be written, in milliseconds.
const RETRY_DELAY_MS_MIN: u64 = 500;
const RETRY_DELAY_MS_MAX: u64 = 10_000;

/// A log that is tried again and again.
pub(super) struct Trying(BackOff);

impl Default for Trying {
    fn default() -> Self {
        Self(BackOff::new(RETRY_DELAY_MS_MIN, RETRY_DELAY_MS_MAX))
    }
}

impl Trying {
    /// Tells of a failure, and waits until the log may be tried again.
    pub(super) async fn failed(&mut self, log: &impl Log, health: &Health, error: &LogError) {
        log.tell(error);
        health.unwritten(reasons(error));
        tokio::time::sleep(self.0.next_delay(None)).await;
    }
}

/// What became of records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Appended {
    /// They are in the log.
    All,
    /// The log could not be written, and then the process was told to stop.
    Interrupted,
}

/// The writing end of the role.
pub(super) struct Appender<L, S> {
    log: L,
    clock: Clock,
    health: Health,
    shutdown: S,
}

impl<L: Log, S: Future<Output = ()> + Clone> Appender<L, S> {
    pub(super) fn new(log: L, clock: Clock, health: Health, shutdown: S) -> Self {
        Self { log, clock, health, shutdown }
    }

    /// Facts go to their key's partition.
    pub(super) fn records_of_facts(&self, facts: &[Fact]) -> Vec<NewRecord> {
        let timestamp = self.clock.now();
        let record = |fact: &Fact| {
            let key = fact.key.to_string();
            let partition = self.log.reader().partition_of(&key);
            event_record(partition, key, &Event::Fact(fact.clone()), timestamp)
        };
        facts.iter().map(record).collect()
    }

    /// What concerns the cluster goes to every partition, under the cluster's name.
    pub(super) fn records_of_cluster(&self, events: &[ClusterEvent]) -> Vec<NewRecord> {
        let timestamp = self.clock.now();
        let mut records = Vec::new();
        for event in events {
            let key = event.cluster.clone();
            let first = event_record(Partition(0), key, &Event::Cluster(event.clone()), timestamp);
            records.extend(
                (1..self.log.reader().partitions())
                    .map(|nth| NewRecord { partition: Partition(nth), ..first.clone() }),
            );
            records.push(first);
        }
        records
    }

    /// What could not be used goes to `kigen.rejects`.
    pub(super) fn records_of_rejected(&self, rejected: Vec<Rejected>) -> Vec<NewRecord> {
        let now = self.clock.now();
        rejected.into_iter().map(|rejected| self.reject_record(&rejected.into_reject(now))).collect()
    }

    /// Appends all, in this order, in as many steps as it takes; a log that cannot be written is tried again until it
    /// can, and meanwhile nothing is read from the cluster.
    pub(super) async fn append(&self, records: Vec<NewRecord>) -> Result<Appended, LogError> {
        let mut records = records.into_iter().peekable();
        while records.peek().is_some() {
            let mut step = Vec::new();
            let mut bytes = 0;
            while step.len() < RECORDS_PER_STEP_MAX
                && bytes < BYTES_PER_STEP_MAX
                && let Some(record) = records.next()
            {
                bytes += record.value.as_ref().map_or(0, Vec::len);
                step.push(record);
            }
            if self.append_step(step).await? == Appended::Interrupted {
                return Ok(Appended::Interrupted);
            }
        }
        Ok(Appended::All)
    }

    async fn append_step(&self, mut step: Vec<NewRecord>) -> Result<Appended, LogError> {
        let mut trying = Trying::default();
        let mut has_rejected = false;
        loop {
            let error = match self.log.append(step.clone()).await {
                Ok(_) => {
                    self.health.written();
                    return Ok(Appended::All);
                }
                Err(error) => error,
            };
            match error {
                LogError::RecordTooLarge { record_bytes_max, .. } if !has_rejected => {
                    has_rejected = true;
                    step = self.without_too_large(step, record_bytes_max, &error.to_string());
                    continue;
                }
                error if error.fate() != Fate::Retry => return Err(error),
                error => tokio::select! {
                    () = trying.failed(&self.log, &self.health, &error) => {}
                    () = self.shutdown.clone() => {
                        let records = step.len();
                        tracing::warn!(records, "left unwritten at the end; the next start hears them again");
                        return Ok(Appended::Interrupted);
                    }
                },
            }
        }
    }

    /// What the log does not take goes to the rejects, which keep less of it than the log takes.
    fn without_too_large(
        &self,
        step: Vec<NewRecord>,
        record_bytes_max: usize,
        reason: &str,
    ) -> Vec<NewRecord> {
        let now = self.clock.now();
        let bytes = |record: &NewRecord| record.key.len() + record.value.as_ref().map_or(0, Vec::len);
        step.into_iter()
            .map(|record| {
                if bytes(&record) <= record_bytes_max {
                    return record;
                }
                tracing::warn!("{reason}; it is left out, its beginning is in kigen.rejects");
                let mut value = record.value.unwrap_or_default();
                value.truncate(REJECT_BYTES_MAX);
                let reject = Reject {
                    source: record.topic.name().to_owned(),
                    place: None,
                    key: record.key,
                    reason: reason.to_owned(),
                    bytes: value,
                    rejected_at: now,
                };
                self.reject_record(&reject)
            })
            .collect()
    }

    fn reject_record(&self, reject: &Reject) -> NewRecord {
        NewRecord {
            topic: Topic::Rejects,
            partition: self.log.reader().partition_of(&reject.key),
            key: reject.key.clone(),
            value: Some(kigen_wire::encode_reject(reject)),
            timestamp: reject.rejected_at,
        }
    }
}

fn event_record(partition: Partition, key: String, event: &Event, timestamp: Instant) -> NewRecord {
    let value = Some(kigen_wire::encode_event(event));
    NewRecord { topic: Topic::Events, partition, key, value, timestamp }
}
