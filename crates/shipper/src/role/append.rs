//! Turns events into records, and appends these to the log, with retries for as long as that takes.

use kigen_control::Control;
use kigen_log::{Fate, Log, LogError, LogReader, NewRecord};
use kigen_model::Instant;
use kigen_model::event::{ClusterEvent, Event, Fact};
use kigen_model::reject::{REJECT_BYTES_MAX, Reject};
use kigen_model::topic::{Partition, Topic};
use kigen_ops::{Retry, ThrottledWarnings, error_chain};

use super::term_end::EndOfTerm;
use crate::health::Health;
use crate::notice::Rejected;
use crate::server_clock::Clock;

/// How many records are appended at once.
const RECORDS_PER_WRITE_MAX: usize = 1_000;
/// How many bytes of values are appended at once, the last record aside.
const BYTES_PER_WRITE_MAX: usize = 4 << 20;
/// The delays between two attempts on a log that cannot be used, in milliseconds.
const RETRY_DELAY_MS_MIN: u64 = 500;
const RETRY_DELAY_MS_MAX: u64 = 10_000;

/// The retries of one operation on the log, and how they show in the role's health.
pub(super) struct LogRetry {
    retry: Retry,
    health: Health,
}

impl LogRetry {
    pub(super) fn new(health: &Health, warnings: &ThrottledWarnings) -> Self {
        let retry = Retry::new(warnings.clone(), RETRY_DELAY_MS_MIN, RETRY_DELAY_MS_MAX);
        Self { retry, health: health.clone() }
    }

    /// The operation succeeded.
    pub(super) fn succeeded(&self) {
        self.health.log_answered();
    }

    /// Logs a failure, and waits until the next attempt.
    pub(super) async fn failed(&mut self, error: &LogError) {
        self.health.log_failed(error_chain(error));
        self.retry.failed(error).await;
    }
}

/// The outcome of an append.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Appended {
    /// The records are in the log.
    All,
    /// The log could not be written until the term ended.
    Interrupted,
}

/// The writing end of the role.
pub(super) struct Appender<'a, L> {
    log: L,
    clock: Clock,
    health: Health,
    warnings: ThrottledWarnings,
    control: Control,
    end: EndOfTerm<'a>,
}

impl<'a, L: Log> Appender<'a, L> {
    pub(super) fn new(
        log: L,
        clock: Clock,
        health: Health,
        warnings: ThrottledWarnings,
        control: Control,
        end: EndOfTerm<'a>,
    ) -> Self {
        Self { log, clock, health, warnings, control, end }
    }

    /// Whether all readers of the log know calendars. Until then they wait, and a result is due on every day.
    pub(super) fn may_write_calendars(&self) -> bool {
        kigen_wire::has_calendars(self.control.level())
    }

    /// Facts go to their key's partition.
    pub(super) fn records_of_facts(&self, facts: &[Fact]) -> Vec<NewRecord> {
        let timestamp = self.clock.now();
        let record = |fact: &Fact| {
            let key = fact.key.to_string();
            let partition = self.log.reader().partition_of(&key);
            self.event_record(partition, key, &Event::Fact(fact.clone()), timestamp)
        };
        facts.iter().map(record).collect()
    }

    /// Events of the cluster go to every partition, under the cluster's name.
    pub(super) fn records_of_cluster(&self, events: &[ClusterEvent]) -> Vec<NewRecord> {
        let timestamp = self.clock.now();
        let mut records = Vec::new();
        for event in events {
            let key = event.cluster.clone();
            let first = self.event_record(Partition(0), key, &Event::Cluster(event.clone()), timestamp);
            records.extend(
                (1..self.log.reader().partitions())
                    .map(|nth| NewRecord { partition: Partition(nth), ..first.clone() }),
            );
            records.push(first);
        }
        records
    }

    /// Rejected objects go to `kigen.rejects`.
    pub(super) fn records_of_rejected(&self, rejected: Vec<Rejected>) -> Vec<NewRecord> {
        let now = self.clock.now();
        rejected.into_iter().map(|rejected| self.reject_record(&rejected.into_reject(now))).collect()
    }

    /// Appends all, in this order, in as many writes as it takes. A log that cannot be written is retried until it can, and
    /// meanwhile nothing is read from the cluster.
    pub(super) async fn append(&self, records: Vec<NewRecord>) -> Result<Appended, LogError> {
        let mut records = records.into_iter().peekable();
        while records.peek().is_some() {
            let mut write = Vec::new();
            let mut bytes = 0;
            while write.len() < RECORDS_PER_WRITE_MAX
                && bytes < BYTES_PER_WRITE_MAX
                && let Some(record) = records.next()
            {
                bytes += record.value.as_ref().map_or(0, Vec::len);
                write.push(record);
            }
            if self.append_at_once(write).await? == Appended::Interrupted {
                return Ok(Appended::Interrupted);
            }
        }
        Ok(Appended::All)
    }

    async fn append_at_once(&self, mut records: Vec<NewRecord>) -> Result<Appended, LogError> {
        let mut retry = LogRetry::new(&self.health, &self.warnings);
        let mut has_rejected = false;
        loop {
            let error = match self.log.append(records.clone()).await {
                Ok(_) => {
                    retry.succeeded();
                    return Ok(Appended::All);
                }
                Err(error) => error,
            };
            match error {
                LogError::RecordTooLarge { record_bytes_max, .. } if !has_rejected => {
                    has_rejected = true;
                    records = self.without_too_large(records, record_bytes_max, &error.to_string());
                    continue;
                }
                error if error.fate() != Fate::Retry => return Err(error),
                error => tokio::select! {
                    () = retry.failed(&error) => {}
                    _ = self.end.clone() => {
                        let records = records.len();
                        tracing::warn!(records, "left unwritten at the end; the next start receives their events again");
                        return Ok(Appended::Interrupted);
                    }
                },
            }
        }
    }

    /// A record that is too large for the log goes to the rejects, cut to less than the log takes.
    fn without_too_large(
        &self,
        records: Vec<NewRecord>,
        record_bytes_max: usize,
        reason: &str,
    ) -> Vec<NewRecord> {
        let now = self.clock.now();
        let bytes = |record: &NewRecord| record.key.len() + record.value.as_ref().map_or(0, Vec::len);
        records
            .into_iter()
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

    fn event_record(
        &self,
        partition: Partition,
        key: String,
        event: &Event,
        timestamp: Instant,
    ) -> NewRecord {
        let value = Some(kigen_wire::encode_event(event, self.control.level()));
        NewRecord { topic: Topic::Events, partition, key, value, timestamp }
    }

    fn reject_record(&self, reject: &Reject) -> NewRecord {
        NewRecord {
            topic: Topic::Rejects,
            partition: self.log.reader().partition_of(&reject.key),
            key: reject.key.clone(),
            value: Some(kigen_wire::encode_reject(reject, self.control.level())),
            timestamp: reject.rejected_at,
        }
    }
}
