//! Reading a log on Kafka by offset, outside of any group, and only what is committed.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant as RealInstant};

use chrono::{DateTime, TimeDelta, Utc};
use kigen_model::Instant;
use kigen_model::topic::{Offset, Partition, Topic};
use rdkafka::TopicPartitionList;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::KafkaError;

use crate::error::{AclOperation, KafkaFailure, LogError, is_denied};
use crate::interface::LogReader;
use crate::kafka::client_events::ClientEvents;
use crate::kafka::connection::{ANSWER_MAX, Connection, FULL_QUEUE_DELAY};
use crate::kafka::convert::{add, group_id, number, offset, position_of, record_of};
use crate::record::{ConsumedRecord, GroupPosition};
use crate::settings::Settings;

/// How long Kafka may take to answer a ping.
const PING_MAX: Duration = Duration::from_secs(5);
/// How many idle clients are kept for the next read.
const IDLE_MAX: usize = 4;
/// How long a transaction may be open: its time-out, and the delay until the brokers act on it.
const STABLE_MAX: Duration = Duration::from_secs(60);
const STABLE_CHECK_INTERVAL: Duration = Duration::from_millis(20);
/// How many offsets are searched for the last record at first; more each time it is not found.
const BACK_OFFSETS: u64 = 64;
/// A client that reads: it joins no group, and is notified at once of the end of a partition.
pub(super) const READER_SETTINGS: [(&str, &str); 9] = [
    ("auto.offset.reset", "earliest"),
    ("enable.auto.commit", "false"),
    ("enable.partition.eof", "true"),
    FULL_QUEUE_DELAY,
    ("fetch.wait.max.ms", "10"),
    ("group.id", "kigen-look"),
    ("isolation.level", "read_committed"),
    ("queued.max.messages.kbytes", "8192"),
    ("topic.metadata.refresh.interval.ms", "60000"),
];

impl ConsumerContext for ClientEvents {}

/// Reads a log on Kafka. Clones share their clients.
#[derive(Clone)]
pub struct KafkaReader {
    inner: Arc<Inner>,
}

struct Inner {
    connection: Connection,
    partitions: u32,
    tombstone_age_ms_max: u64,
    /// Queries the first and last offsets of committed records.
    committed: BaseConsumer<ClientEvents>,
    /// Queries the last offsets, those of open transactions included.
    uncommitted: BaseConsumer<ClientEvents>,
    idle: Mutex<Vec<PartitionReader>>,
}

/// A client that reads one partition after another.
struct PartitionReader {
    consumer: BaseConsumer<ClientEvents>,
    /// Where it reads next without a seek.
    at: Option<(Topic, Partition, Offset)>,
}

impl KafkaReader {
    /// A reader of the topics at `connection`, which have these settings.
    ///
    /// # Errors
    /// The client cannot be made.
    pub fn new(connection: Connection, settings: &Settings) -> Result<Self, KafkaFailure> {
        let client = |isolation| {
            connection.client_with(&[("isolation.level", isolation)], ClientEvents::of(&connection))
        };
        let (committed, uncommitted) = (client("read_committed")?, client("read_uncommitted")?);
        let Settings { partitions, tombstone_age_ms_max, .. } = *settings;
        let idle = Mutex::default();
        let inner = Inner { connection, partitions, tombstone_age_ms_max, committed, uncommitted, idle };
        Ok(Self { inner: Arc::new(inner) })
    }

    fn bounds(
        &self,
        client: &BaseConsumer<ClientEvents>,
        topic: Topic,
        partition: Partition,
    ) -> Result<(Offset, Offset), LogError> {
        self.check(topic, partition)?;
        let operation = AclOperation::Describe(topic);
        let failed =
            self.inner.connection.refused("does not answer for a topic's first and last offsets", operation);
        // Serves the client's own events.
        let _ = client.poll(Duration::ZERO);
        let (earliest, latest) =
            client.fetch_watermarks(topic.name(), number(partition), ANSWER_MAX).map_err(failed)?;
        Ok((offset(earliest), offset(latest)))
    }

    fn check(&self, topic: Topic, partition: Partition) -> Result<(), LogError> {
        let partitions = self.inner.partitions;
        if partition.0 < partitions {
            Ok(())
        } else {
            Err(LogError::NoSuchPartition { topic, partition, partitions })
        }
    }

    /// An idle client that is at this offset already, or else any, or else a new one.
    fn partition_reader(
        &self,
        topic: Topic,
        partition: Partition,
        from: Offset,
    ) -> Result<PartitionReader, LogError> {
        let mut idle = self.inner.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let there = idle.iter().position(|reader| reader.at == Some((topic, partition, from)));
        if let Some(reader) = there.map(|at| idle.swap_remove(at)).or_else(|| idle.pop()) {
            return Ok(reader);
        }
        drop(idle);
        let connection = &self.inner.connection;
        let consumer = connection.client_with(&READER_SETTINGS, ClientEvents::of(connection))?;
        Ok(PartitionReader { consumer, at: None })
    }
}

impl LogReader for KafkaReader {
    fn partitions(&self) -> u32 {
        self.inner.partitions
    }

    fn ping(&self) -> Result<(), LogError> {
        let (topic, client) = (Topic::Events, &self.inner.committed);
        let failed = self.inner.connection.refused("does not answer", AclOperation::Describe(topic));
        // Serves the client's own events.
        let _ = client.poll(Duration::ZERO);
        let metadata = client.fetch_metadata(Some(topic.name()), PING_MAX).map_err(&failed)?;
        match metadata.topics().iter().find_map(|found| found.error()) {
            Some(code) => Err(failed(KafkaError::MetadataFetch(code.into())).into()),
            None => Ok(()),
        }
    }

    /// Each call queries Kafka.
    fn refresh(&self) -> Result<(), LogError> {
        Ok(())
    }

    fn read(
        &self,
        topic: Topic,
        partition: Partition,
        from: Offset,
        records_max: usize,
        bytes_max: usize,
    ) -> Result<Vec<ConsumedRecord>, LogError> {
        self.check(topic, partition)?;
        let mut reader = self.partition_reader(topic, partition, from)?;
        let connection = &self.inner.connection;
        let records = reader.read(connection, (topic, partition, from), records_max, bytes_max)?;
        let mut idle = self.inner.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < IDLE_MAX {
            idle.push(reader);
        }
        Ok(records)
    }

    /// The last offsets are often those of markers and of aborted transactions, which hold no record: the search begins
    /// further and further back.
    fn last(&self, topic: Topic, partition: Partition) -> Result<Option<ConsumedRecord>, LogError> {
        let (earliest, latest) = self.bounds(&self.inner.committed, topic, partition)?;
        let mut back = BACK_OFFSETS;
        loop {
            let from = Offset(latest.0.saturating_sub(back)).max(earliest);
            let mut next = from;
            let mut last = None;
            while let Some(record) = self.read(topic, partition, next, usize::MAX, 1 << 20)?.pop() {
                next = record.offset.next();
                last = Some(record);
            }
            if last.is_some() || from == earliest {
                return Ok(last);
            }
            back = back.saturating_mul(8);
        }
    }

    fn earliest(&self, topic: Topic, partition: Partition) -> Result<Offset, LogError> {
        Ok(self.bounds(&self.inner.committed, topic, partition)?.0)
    }

    fn latest(&self, topic: Topic, partition: Partition) -> Result<Offset, LogError> {
        Ok(self.bounds(&self.inner.committed, topic, partition)?.1)
    }

    /// A commit is acknowledged before its markers are written, and until then its records cannot be read.
    fn last_stable_offset(&self, topic: Topic, partition: Partition) -> Result<Offset, LogError> {
        let (_, begun) = self.bounds(&self.inner.uncommitted, topic, partition)?;
        let until = RealInstant::now() + STABLE_MAX;
        loop {
            if self.latest(topic, partition)? >= begun {
                return Ok(begun);
            }
            if RealInstant::now() >= until {
                let brokers = self.inner.connection.brokers().to_owned();
                return Err(KafkaFailure::Hanging { brokers, topic, partition }.into());
            }
            std::thread::sleep(STABLE_CHECK_INTERVAL);
        }
    }

    fn offset_for_time(&self, topic: Topic, partition: Partition, at: Instant) -> Result<Offset, LogError> {
        self.check(topic, partition)?;
        let operation = AclOperation::Describe(topic);
        let failed = self.inner.connection.refused("does not answer for the offset of a time", operation);
        // Timestamps are cut to milliseconds, so an instant within a millisecond is reached by the next one.
        let at_ms = (at + TimeDelta::nanoseconds(999_999)).timestamp_millis().max(0);
        let mut query = TopicPartitionList::with_capacity(1);
        let time = rdkafka::Offset::Offset(at_ms);
        query.add_partition_offset(topic.name(), number(partition), time).map_err(&failed)?;
        let answer = self.inner.committed.offsets_for_times(query, ANSWER_MAX).map_err(&failed)?;
        let found = answer.find_partition(topic.name(), number(partition));
        match found.map(|found| found.error().map(|()| found.offset())).transpose().map_err(failed)? {
            Some(rdkafka::Offset::Offset(found)) => Ok(offset(found)),
            _ => self.latest(topic, partition),
        }
    }

    /// By the time of the append, which `kigen.status` has as the timestamp of its records.
    fn tombstones_start(&self, partition: Partition) -> Result<Offset, LogError> {
        let age_ms = i64::try_from(self.inner.tombstone_age_ms_max).unwrap_or(i64::MAX);
        let age = TimeDelta::try_milliseconds(age_ms).unwrap_or(TimeDelta::MAX);
        let oldest = Utc::now().checked_sub_signed(age).unwrap_or(DateTime::UNIX_EPOCH);
        self.offset_for_time(Topic::Status, partition, oldest)
    }

    /// A commit and an abort of a transaction each.
    fn marker_offsets(&self) -> u64 {
        1
    }

    fn group_position(
        &self,
        group: &str,
        topic: Topic,
        partition: Partition,
    ) -> Result<Option<GroupPosition>, LogError> {
        self.check(topic, partition)?;
        let connection = &self.inner.connection;
        let id = group_id(group);
        let failed =
            connection.refused("does not answer for a group's position", AclOperation::Group(id.clone()));
        let own = [("group.id", id.as_str()), ("enable.auto.commit", "false")];
        let member: BaseConsumer<ClientEvents> =
            connection.client_with(&own, ClientEvents::of(connection))?;
        let mut query = TopicPartitionList::with_capacity(1);
        query.add_partition(topic.name(), number(partition));
        let answer = member.committed_offsets(query, ANSWER_MAX).map_err(&failed)?;
        Ok(answer.find_partition(topic.name(), number(partition)).and_then(|found| position_of(&found)))
    }
}

impl PartitionReader {
    fn read(
        &mut self,
        connection: &Connection,
        (topic, partition, from): (Topic, Partition, Offset),
        records_max: usize,
        bytes_max: usize,
    ) -> Result<Vec<ConsumedRecord>, LogError> {
        let failed = connection.refused("gives no records", AclOperation::Read(topic));
        if self.at.take() != Some((topic, partition, from)) {
            let mut assignment = TopicPartitionList::with_capacity(1);
            add(&mut assignment, topic, partition, from).map_err(&failed)?;
            self.consumer.assign(&assignment).map_err(&failed)?;
        }
        let mut records = Vec::new();
        let mut bytes = 0;
        let mut until = RealInstant::now() + ANSWER_MAX;
        let mut trouble = KafkaError::NoMessageReceived;
        loop {
            match self.consumer.poll(until.saturating_duration_since(RealInstant::now())) {
                Some(Ok(message)) => {
                    let record = record_of(connection, topic, &message)?;
                    bytes += record.key.len() + record.value.as_ref().map_or(0, Vec::len);
                    let next = record.offset.next();
                    records.push(record);
                    until = RealInstant::now() + ANSWER_MAX;
                    if records.len() >= records_max.max(1) || bytes >= bytes_max {
                        self.at = Some((topic, partition, next));
                        return Ok(records);
                    }
                }
                // The end is reported only once, so that the next read has to assign again. Without the unassignment, the
                // client would fetch from the broker a hundred times a second until then.
                Some(Err(KafkaError::PartitionEOF(_))) => {
                    self.consumer.unassign().map_err(failed)?;
                    return Ok(records);
                }
                Some(Err(error @ KafkaError::MessageConsumptionFatal(_))) => return Err(failed(error).into()),
                Some(Err(error)) if is_denied(&error) => return Err(failed(error).into()),
                Some(Err(error)) => trouble = error,
                None => {}
            }
            if RealInstant::now() >= until {
                return Err(failed(trouble).into());
            }
        }
    }
}
