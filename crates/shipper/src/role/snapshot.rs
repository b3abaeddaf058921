//! The snapshot of a partition: the live facts that the states in `kigen.status` have, up to the position at which the processor
//! judges. What is read of it costs by the batches that there are, not by the events of two resync periods.
//!
//! The states are as of the last position record: both are of one write, and the position is its last record.

use std::collections::HashMap;
use std::fmt;

use chrono::TimeDelta;
use kigen_log::kafka::KafkaFailure;
use kigen_log::{Fate, LogError, LogReader};
use kigen_model::event::Event;
use kigen_model::topic::{Offset, Partition, Topic};
use kigen_state::{BatchState, ClusterClock, ENGINE_VERSION, POSITION_KEY, PartitionState};
use kigen_wire::Status;

use super::cluster_tail::ClusterTail;
use super::live_facts::LiveFacts;
use super::partition_tail::PartitionTail;

/// How much is read at once.
const RECORDS_PER_READ_MAX: usize = 1_000;
const BYTES_PER_READ_MAX: usize = 4 << 20;
/// How many events before the position are checked for one that was not judged. There is a tick each 10 s.
const EVENTS_CHECKED_MAX: u64 = 1_000;

/// The last value of each key.
type Values = HashMap<String, Vec<u8>>;

/// Why the states of a partition do not have what its events have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Insufficient {
    /// No processor has committed a position.
    NeverJudged,
    /// What it has was not written by the processor of this kigen, or not in its newest record version.
    AnotherVersion,
    /// The position is before the events that are read without states, or not within those that the log has.
    Elsewhere,
    /// Events before the position were not judged: the topic was re-created.
    AnotherTopic,
    /// A state leaves out a part of what was emitted since the last resync.
    LeftOut,
    /// A record cannot be read, or kigen may not read the topic.
    Unreadable,
}

impl fmt::Display for Insufficient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NeverJudged => "nothing of it was judged",
            Self::AnotherVersion => {
                "its states are of an older or newer kigen, or are written at an older record level"
            }
            Self::Elsewhere => "the position of the processor is not among its recent events",
            Self::AnotherTopic => "its events are not those that were judged",
            Self::LeftOut => "the state of a batch leaves out a part of what holds",
            Self::Unreadable => "kigen.status cannot be read",
        })
    }
}

/// Reads the snapshots of one cluster.
pub(super) struct Snapshots<'a, R> {
    pub(super) reader: &'a R,
    pub(super) cluster: &'a str,
    /// After how long all live facts were emitted again.
    pub(super) resynced_after: Option<TimeDelta>,
}

impl<R: LogReader> Snapshots<'_, R> {
    /// The snapshot of a partition, if its position is at or after `least`.
    pub(super) fn read(
        &self,
        partition: Partition,
        least: Offset,
    ) -> Result<Result<PartitionTail, Insufficient>, LogError> {
        match self.read_if_sufficient(partition, least) {
            Ok(snapshot) => Ok(Ok(snapshot)),
            Err(Failure::Insufficient(why)) => Ok(Err(why)),
            Err(Failure::Log(error)) if may_pass(&error) => Err(error),
            // The processor meets the same error and reports it.
            Err(Failure::Log(_)) => Ok(Err(Insufficient::Unreadable)),
        }
    }

    fn read_if_sufficient(&self, partition: Partition, least: Offset) -> Result<PartitionTail, Failure> {
        let last = self.reader.last(Topic::Status, partition)?.ok_or(Insufficient::NeverJudged)?;
        self.position(partition, last.value.as_deref(), least)?;
        let (states, position) = self.latest(partition)?;
        // More may have been judged meanwhile.
        let position = self.position(partition, position.as_deref(), least)?;
        let clock = position.clocks.get(self.cluster);
        self.check_topic(partition, &position, clock)?;
        let cluster = match clock {
            Some(clock) => ClusterTail::of(clock).ok_or(Insufficient::AnotherVersion)?,
            None => ClusterTail::default(),
        };
        let mut live = LiveFacts::default();
        for value in states.into_values() {
            live.apply_state(self.state(&value, clock)?);
        }
        Ok(PartitionTail { cluster, live, end: position.next, events: 0, newer: None })
    }

    /// The position of this record, if states of it can be read here.
    fn position(
        &self,
        partition: Partition,
        record: Option<&[u8]>,
        least: Offset,
    ) -> Result<PartitionState, Failure> {
        let bytes = record.ok_or(Insufficient::Unreadable)?;
        if !kigen_wire::is_of_newest_version(Topic::Status, bytes) {
            return Err(Insufficient::AnotherVersion.into());
        }
        let Ok(Status::Position(position)) = kigen_wire::decode_status(bytes) else {
            return Err(Insufficient::Unreadable.into());
        };
        if position.engine_version != ENGINE_VERSION {
            return Err(Insufficient::AnotherVersion.into());
        }
        let latest = self.reader.latest(Topic::Events, partition)?;
        if position.next < least || position.next > latest {
            return Err(Insufficient::Elsewhere.into());
        }
        Ok(position)
    }

    /// The last values of the cluster's batches, and of the position.
    fn latest(&self, partition: Partition) -> Result<(Values, Option<Vec<u8>>), LogError> {
        let (mut states, mut position) = (Values::new(), None);
        let mut from = self.reader.earliest(Topic::Status, partition)?;
        loop {
            let records =
                self.reader.read(Topic::Status, partition, from, RECORDS_PER_READ_MAX, BYTES_PER_READ_MAX)?;
            let Some(last) = records.last() else { return Ok((states, position)) };
            from = last.offset.next();
            for record in records {
                if record.key == POSITION_KEY {
                    position = record.value;
                } else if self.is_of_cluster(&record.key) {
                    match record.value {
                        Some(value) => drop(states.insert(record.key, value)),
                        None => drop(states.remove(&record.key)),
                    }
                }
            }
        }
    }

    fn is_of_cluster(&self, key: &str) -> bool {
        key.strip_prefix(self.cluster).is_some_and(|rest| rest.starts_with('/'))
    }

    /// A state that has all that still holds of its batch.
    fn state(&self, bytes: &[u8], clock: Option<&ClusterClock>) -> Result<BatchState, Insufficient> {
        if !kigen_wire::is_of_newest_version(Topic::Status, bytes) {
            return Err(Insufficient::AnotherVersion);
        }
        let Ok(Status::Batch(state)) = kigen_wire::decode_status(bytes) else {
            return Err(Insufficient::Unreadable);
        };
        let observed_until = clock.and_then(|clock| clock.observed_until);
        let resynced_since = observed_until
            .zip(self.resynced_after)
            .and_then(|(observed_until, after)| observed_until.checked_sub_signed(after));
        // None is less than any instant.
        if state.left_out_at.is_some() && state.left_out_at >= resynced_since {
            return Err(Insufficient::LeftOut);
        }
        Ok(state)
    }

    /// Events right before the position that the clock does not cover are of a topic that was re-created since.
    fn check_topic(
        &self,
        partition: Partition,
        position: &PartitionState,
        clock: Option<&ClusterClock>,
    ) -> Result<(), Failure> {
        let Some(clock) = clock else { return Ok(()) };
        let mut from = Offset(position.next.0.saturating_sub(EVENTS_CHECKED_MAX));
        while from < position.next {
            let records = match self.reader.read(
                Topic::Events,
                partition,
                from,
                RECORDS_PER_READ_MAX,
                BYTES_PER_READ_MAX,
            ) {
                Ok(records) => records,
                Err(LogError::Corrupt { offset, .. }) => {
                    from = offset.next();
                    continue;
                }
                Err(error) => return Err(error.into()),
            };
            let Some(last) = records.last() else { return Ok(()) };
            from = last.offset.next();
            let judged = records.iter().filter(|record| record.offset < position.next);
            let values =
                judged.filter(|record| record.key == self.cluster).filter_map(|it| it.value.as_deref());
            if !values.into_iter().all(|value| is_covered(clock, value)) {
                return Err(Insufficient::AnotherTopic.into());
            }
        }
        Ok(())
    }
}

/// Whether the same may be read later. A shipper whose user may only read and write events does not wait for more.
fn may_pass(error: &LogError) -> bool {
    let is_denied = matches!(error, LogError::Kafka(KafkaFailure::Denied { .. }));
    error.fate() == Fate::Retry && !is_denied
}

/// Whether the clock is at least where this event of its cluster moves it. Facts move none.
fn is_covered(clock: &ClusterClock, value: &[u8]) -> bool {
    let Ok(Event::Cluster(event)) = kigen_wire::decode_event(value) else { return true };
    clock.covers(&event)
}

/// Why there is no snapshot.
enum Failure {
    Insufficient(Insufficient),
    Log(LogError),
}

impl From<Insufficient> for Failure {
    fn from(why: Insufficient) -> Self {
        Self::Insufficient(why)
    }
}

impl From<LogError> for Failure {
    fn from(error: LogError) -> Self {
        Self::Log(error)
    }
}
