//! Looking into a log on Kafka: by offset, beside the groups, and only what is committed.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant as RealInstant};

use chrono::{DateTime, TimeDelta, Utc};
use kigen_model::Instant;
use kigen_model::topic::{Offset, Partition, Topic};
use rdkafka::TopicPartitionList;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::KafkaError;
use rdkafka::message::{BorrowedMessage, Message};

use crate::ConsumedRecord;
use crate::error::LogError;
use crate::interface::LogReader;
use crate::kafka::acl::is_denied;
use crate::kafka::consumer::group_id;
use crate::kafka::transaction::add;
use crate::kafka::{ANSWER_MAX, AclOperation, Connection, FULL_QUEUE_DELAY, Inward, KafkaFailure, Talk};
use crate::settings::Settings;

/// How long Kafka may take to say that it is there.
const REACH_MAX: Duration = Duration::from_secs(5);
/// How many readers are kept for the next look.
const IDLE_MAX: usize = 4;
/// How long a step may be under way: the transactions' time-out, and what the brokers take to see it.
const SETTLED_MAX: Duration = Duration::from_secs(60);
const SETTLED_DELAY: Duration = Duration::from_millis(20);
/// How far back the last record is looked for at first; further each time it is not found.
const BACK_OFFSETS: u64 = 64;
/// A reader of its own: it joins no group, and hears at once where a partition ends.
const READER_SETTINGS: [(&str, &str); 9] = [
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

impl ConsumerContext for Talk {}

/// Looks into a log on Kafka. Clones share their readers.
#[derive(Clone)]
pub struct KafkaReader {
    inner: Arc<Inner>,
}

struct Inner {
    connection: Connection,
    partitions: u32,
    tombstone_age_ms_max: u64,
    /// Asks where partitions begin and end for those who read what is committed.
    committed: BaseConsumer<Talk>,
    /// Asks where they end with what is under way.
    under_way: BaseConsumer<Talk>,
    idle: Mutex<Vec<Reader>>,
}

/// Reads one partition after another.
struct Reader {
    consumer: BaseConsumer<Talk>,
    /// What it reads next by itself.
    at: Option<(Topic, Partition, Offset)>,
}

impl KafkaReader {
    /// A look at the topics at `connection`, which are as `settings` say.
    ///
    /// # Errors
    /// The client cannot be made.
    pub fn new(connection: Connection, settings: &Settings) -> Result<Self, KafkaFailure> {
        let asking =
            |isolation| connection.client_with(&[("isolation.level", isolation)], Talk::of(&connection));
        let (committed, under_way) = (asking("read_committed")?, asking("read_uncommitted")?);
        let Settings { partitions, tombstone_age_ms_max, .. } = *settings;
        let idle = Mutex::default();
        let inner = Inner { connection, partitions, tombstone_age_ms_max, committed, under_way, idle };
        Ok(Self { inner: Arc::new(inner) })
    }

    fn bounds(
        &self,
        asking: &BaseConsumer<Talk>,
        topic: Topic,
        partition: Partition,
    ) -> Result<(Offset, Offset), LogError> {
        self.check(topic, partition)?;
        let asked = AclOperation::Describe(topic);
        let failed = self.inner.connection.refused("does not tell where a topic begins and ends", asked);
        // Serves what the client has to say meanwhile.
        let _ = asking.poll(Duration::ZERO);
        let (start, end) =
            asking.fetch_watermarks(topic.name(), number(partition), ANSWER_MAX).map_err(failed)?;
        Ok((offset(start), offset(end)))
    }

    fn check(&self, topic: Topic, partition: Partition) -> Result<(), LogError> {
        let partitions = self.inner.partitions;
        if partition.0 < partitions {
            Ok(())
        } else {
            Err(LogError::NoSuchPartition { topic, partition, partitions })
        }
    }

    /// A reader that stands there, or one that can go there.
    fn reader(&self, topic: Topic, partition: Partition, from: Offset) -> Result<Reader, LogError> {
        let mut idle = self.inner.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let standing = idle.iter().position(|reader| reader.at == Some((topic, partition, from)));
        if let Some(reader) = standing.map(|at| idle.swap_remove(at)).or_else(|| idle.pop()) {
            return Ok(reader);
        }
        drop(idle);
        let connection = &self.inner.connection;
        let consumer = connection.client_with(&READER_SETTINGS, Talk::of(connection))?;
        Ok(Reader { consumer, at: None })
    }
}

impl LogReader for KafkaReader {
    fn partitions(&self) -> u32 {
        self.inner.partitions
    }

    fn ping(&self) -> Result<(), LogError> {
        let (topic, asking) = (Topic::Events, &self.inner.committed);
        let failed = self.inner.connection.refused("does not answer", AclOperation::Describe(topic));
        // Serves what the client has to say meanwhile.
        let _ = asking.poll(Duration::ZERO);
        let metadata = asking.fetch_metadata(Some(topic.name()), REACH_MAX).map_err(&failed)?;
        match metadata.topics().iter().find_map(|found| found.error()) {
            Some(code) => Err(failed(KafkaError::MetadataFetch(code.into())).into()),
            None => Ok(()),
        }
    }

    /// Each look asks Kafka.
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
        let mut reader = self.reader(topic, partition, from)?;
        let connection = &self.inner.connection;
        let records = reader.read(connection, (topic, partition, from), records_max, bytes_max)?;
        let mut idle = self.inner.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < IDLE_MAX {
            idle.push(reader);
        }
        Ok(records)
    }

    /// The last offsets are often those of markers and of steps that were given up: it is looked for from further and
    /// further back.
    fn last(&self, topic: Topic, partition: Partition) -> Result<Option<ConsumedRecord>, LogError> {
        let (start, end) = self.bounds(&self.inner.committed, topic, partition)?;
        let mut back = BACK_OFFSETS;
        loop {
            let from = Offset(end.0.saturating_sub(back)).max(start);
            let mut next = from;
            let mut last = None;
            while let Some(record) = self.read(topic, partition, next, usize::MAX, 1 << 20)?.pop() {
                next = record.offset.next();
                last = Some(record);
            }
            if last.is_some() || from == start {
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

    /// A commit is acknowledged before its markers are written, and until then nobody can read it.
    fn last_stable_offset(&self, topic: Topic, partition: Partition) -> Result<Offset, LogError> {
        let (_, begun) = self.bounds(&self.inner.under_way, topic, partition)?;
        let until = RealInstant::now() + SETTLED_MAX;
        loop {
            if self.latest(topic, partition)? >= begun {
                return Ok(begun);
            }
            if RealInstant::now() >= until {
                let brokers = self.inner.connection.brokers.clone();
                return Err(KafkaFailure::Hanging { brokers, topic, partition }.into());
            }
            std::thread::sleep(SETTLED_DELAY);
        }
    }

    fn offset_for_time(&self, topic: Topic, partition: Partition, at: Instant) -> Result<Offset, LogError> {
        self.check(topic, partition)?;
        let asked = AclOperation::Describe(topic);
        let failed = self.inner.connection.refused("does not tell the offset of a time", asked);
        // Timestamps are cut to milliseconds, so an instant within one is first reached in the next.
        let at_ms = (at + TimeDelta::nanoseconds(999_999)).timestamp_millis().max(0);
        let mut asked = TopicPartitionList::with_capacity(1);
        let wanted = rdkafka::Offset::Offset(at_ms);
        asked.add_partition_offset(topic.name(), number(partition), wanted).map_err(&failed)?;
        let told = self.inner.committed.offsets_for_times(asked, ANSWER_MAX).map_err(&failed)?;
        let found = told.find_partition(topic.name(), number(partition));
        match found.map(|found| found.error().map(|()| found.offset())).transpose().map_err(failed)? {
            Some(rdkafka::Offset::Offset(found)) => Ok(offset(found)),
            _ => self.latest(topic, partition),
        }
    }

    /// By the time at which the brokers took it, which is the one that `kigen.status` keeps.
    fn tombstones_start(&self, partition: Partition) -> Result<Offset, LogError> {
        let age_ms = i64::try_from(self.inner.tombstone_age_ms_max).unwrap_or(i64::MAX);
        let age = TimeDelta::try_milliseconds(age_ms).unwrap_or(TimeDelta::MAX);
        let oldest = Utc::now().checked_sub_signed(age).unwrap_or(DateTime::UNIX_EPOCH);
        self.offset_for_time(Topic::Status, partition, oldest)
    }

    fn position(&self, group: &str, topic: Topic, partition: Partition) -> Result<Option<Offset>, LogError> {
        self.check(topic, partition)?;
        let connection = &self.inner.connection;
        let id = group_id(group);
        let failed =
            connection.refused("does not tell where a group stands", AclOperation::Group(id.clone()));
        let own = [("group.id", id.as_str()), ("enable.auto.commit", "false")];
        let member: BaseConsumer<Talk> = connection.client_with(&own, Talk::of(connection))?;
        let mut asked = TopicPartitionList::with_capacity(1);
        asked.add_partition(topic.name(), number(partition));
        let told = member.committed_offsets(asked, ANSWER_MAX).map_err(&failed)?;
        Ok(match told.find_partition(topic.name(), number(partition)).map(|found| found.offset()) {
            Some(rdkafka::Offset::Offset(next)) => Some(offset(next)),
            _ => None,
        })
    }
}

impl Reader {
    fn read(
        &mut self,
        connection: &Connection,
        (topic, partition, from): (Topic, Partition, Offset),
        records_max: usize,
        bytes_max: usize,
    ) -> Result<Vec<ConsumedRecord>, LogError> {
        let failed = connection.refused("gives no records", AclOperation::Read(topic));
        if self.at.take() != Some((topic, partition, from)) {
            let mut place = TopicPartitionList::with_capacity(1);
            add(&mut place, topic, partition, from).map_err(&failed)?;
            self.consumer.assign(&place).map_err(&failed)?;
        }
        let mut records = Vec::new();
        let mut bytes = 0;
        let mut until = RealInstant::now() + ANSWER_MAX;
        let mut trouble = KafkaError::NoMessageReceived;
        loop {
            match self.consumer.poll(until.saturating_duration_since(RealInstant::now())) {
                Some(Ok(message)) => {
                    let record = received(connection, topic, &message)?;
                    bytes += record.key.len() + record.value.as_ref().map_or(0, Vec::len);
                    let next = record.offset.next();
                    records.push(record);
                    until = RealInstant::now() + ANSWER_MAX;
                    if records.len() >= records_max.max(1) || bytes >= bytes_max {
                        self.at = Some((topic, partition, next));
                        return Ok(records);
                    }
                }
                // It says so once only, so that the next read begins anew. Until then it would ask the broker a hundred
                // times a second for what is not there.
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

/// The record of a message. A key that is no text is kept as well as it can be.
pub(super) fn received(
    connection: &Connection,
    topic: Topic,
    message: &BorrowedMessage<'_>,
) -> Result<ConsumedRecord, LogError> {
    let offset = offset(message.offset());
    let timestamp = message.timestamp().to_millis().and_then(DateTime::from_timestamp_millis);
    let inward = match (&connection.framing, message.payload()) {
        (Some(framing), Some(value)) => framing.inward(topic, value).map_err(|source| {
            let partition = Partition(u32::try_from(message.partition()).unwrap_or(u32::MAX));
            LogError::Unframed { topic, partition, offset, source }
        })?,
        (None, _) | (_, None) => None,
    };
    let (value, head) = match inward {
        Some(Inward { value, head }) => (Some(value), Some(head)),
        None => (message.payload().map(<[u8]>::to_vec), None),
    };
    Ok(ConsumedRecord {
        offset,
        key: message.key().map_or(String::new(), |key| String::from_utf8_lossy(key).into_owned()),
        value,
        head,
        timestamp: timestamp.unwrap_or(Instant::UNIX_EPOCH),
    })
}

/// A place as Kafka counts.
pub(super) fn offset(raw: i64) -> Offset {
    Offset(u64::try_from(raw).unwrap_or_default())
}

/// A partition's number as Kafka counts.
pub(super) fn number(partition: Partition) -> i32 {
    i32::try_from(partition.0).unwrap_or(i32::MAX)
}
