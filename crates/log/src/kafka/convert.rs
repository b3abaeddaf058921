//! kigen's names, numbers and records as Kafka's, and back.

use chrono::DateTime;
use kigen_model::Instant;
use kigen_model::topic::{Offset, Partition, Topic};
use rdkafka::TopicPartitionList;
use rdkafka::error::KafkaResult;
use rdkafka::message::{BorrowedMessage, Message};
use rdkafka::topic_partition_list::TopicPartitionListElem;

use crate::error::KafkaFailure;
use crate::kafka::connection::Connection;
use crate::kafka::framing::Unframed;
use crate::record::{ConsumedRecord, GroupPosition, PartAhead};

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

/// Adds the position of a group to a list: Kafka keeps what is ahead of the offset as the offset's metadata.
pub(super) fn add_position(
    list: &mut TopicPartitionList,
    topic: Topic,
    partition: Partition,
    position: &GroupPosition,
) -> KafkaResult<()> {
    add(list, topic, partition, position.next)?;
    if let Some(ahead) = &position.ahead
        && let Some(mut added) = list.find_partition(topic.name(), number(partition))
    {
        added.set_metadata(text_of(ahead));
    }
    Ok(())
}

/// The position of a group that was found in a list.
pub(super) fn position_of(found: &TopicPartitionListElem<'_>) -> Option<GroupPosition> {
    match found.offset() {
        rdkafka::Offset::Offset(next) => {
            Some(GroupPosition { next: offset(next), ahead: ahead_of(found.metadata()) })
        }
        _ => None,
    }
}

/// As `part PART at OFFSET`.
fn text_of(ahead: &PartAhead) -> String {
    format!("part {} at {}", ahead.part, ahead.next)
}

/// What the metadata of an offset names as ahead of it; nothing, if other software committed it.
fn ahead_of(metadata: &str) -> Option<PartAhead> {
    let (part, next) = metadata.strip_prefix("part ")?.split_once(" at ")?;
    Some(PartAhead { part: part.parse().ok()?, next: Offset(next.parse().ok()?) })
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
