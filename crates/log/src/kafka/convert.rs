//! kigen's names, numbers and records as Kafka's, and back.

use chrono::DateTime;
use kigen_model::Instant;
use kigen_model::topic::{Offset, Partition, Topic};
use rdkafka::TopicPartitionList;
use rdkafka::error::KafkaResult;
use rdkafka::message::{BorrowedMessage, Message};

use crate::error::KafkaFailure;
use crate::kafka::connection::Connection;
use crate::kafka::framing::Unframed;
use crate::record::ConsumedRecord;

/// The name of a group on Kafka.
pub(super) fn group_id(name: &str) -> String {
    format!("kigen-{name}")
}

/// The transactional id of an instance's member of a group. It is stable: an instance that restarts ends what it left
/// open, and fences itself where it still runs.
pub(super) fn transactional_id(name: &str, instance: &str) -> String {
    format!("{}-{instance}", group_id(name))
}

/// An offset of Kafka.
pub(super) fn offset(raw: i64) -> Offset {
    Offset(u64::try_from(raw).unwrap_or_default())
}

/// A partition's number on Kafka.
pub(super) fn number(partition: Partition) -> i32 {
    i32::try_from(partition.0).unwrap_or(i32::MAX)
}

/// Adds an offset of a partition to a list.
pub(super) fn add(
    list: &mut TopicPartitionList,
    topic: Topic,
    partition: Partition,
    offset: Offset,
) -> KafkaResult<()> {
    let offset = rdkafka::Offset::Offset(i64::try_from(offset.0).unwrap_or(i64::MAX));
    list.add_partition_offset(topic.name(), number(partition), offset)
}

/// The record of a message. In a key that is not UTF-8, foreign bytes are replaced.
pub(super) fn record_of(
    connection: &Connection,
    topic: Topic,
    message: &BorrowedMessage<'_>,
) -> Result<ConsumedRecord, KafkaFailure> {
    let offset = offset(message.offset());
    let timestamp = message.timestamp().to_millis().and_then(DateTime::from_timestamp_millis);
    let unframed = match (connection.framing(), message.payload()) {
        (Some(framing), Some(value)) => framing.unframe(topic, value).map_err(|source| {
            let partition = Partition(u32::try_from(message.partition()).unwrap_or(u32::MAX));
            KafkaFailure::SchemaUnavailable { topic, partition, offset, source }
        })?,
        (None, _) | (_, None) => None,
    };
    let (value, schema_prefix) = match unframed {
        Some(Unframed { value, prefix }) => (Some(value), Some(prefix)),
        None => (message.payload().map(<[u8]>::to_vec), None),
    };
    Ok(ConsumedRecord {
        offset,
        key: message.key().map_or(String::new(), |key| String::from_utf8_lossy(key).into_owned()),
        value,
        schema_prefix,
        timestamp: timestamp.unwrap_or(Instant::UNIX_EPOCH),
    })
}
