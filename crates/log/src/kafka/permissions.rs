//! What this user may do on a Kafka: found by trying each operation, harmlessly.
//!
//! None of it disturbs a kigen that runs, and none of it is visible afterwards: records are written in transactions that
//! are aborted, and a group's position is committed for a partition that no topic has.

use kigen_model::Instant;
use kigen_model::topic::{Offset, Partition, Topic};
use kigen_ops::on_thread;
use rdkafka::TopicPartitionList;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};

use crate::error::{AclOperation, KafkaFailure, LogError, code_of};
use crate::interface::LogReader;
use crate::kafka::client_events::ClientEvents;
use crate::kafka::connection::{ANSWER_MAX, Connection};
use crate::kafka::convert::{add, group_id, transactional_id};
use crate::kafka::producer::Producer;
use crate::kafka::reader::KafkaReader;
use crate::kafka::topics::Layout;
use crate::kafka::transaction::{transactional, try_write};
use crate::record::NewRecord;

/// The brokers abort a trial's transaction after so long, in milliseconds.
const TRANSACTION_MS_MAX: &str = "5000";
/// A partition that no topic has.
const NO_PARTITION: Partition = Partition(1_000_000);

/// Counts the brokers of the cluster.
///
/// # Errors
/// None answers.
pub async fn brokers(connection: &Connection) -> Result<usize, KafkaFailure> {
    let client: BaseConsumer<ClientEvents> = connection.client_with(&[], ClientEvents::of(connection))?;
    let failed = connection.failed("does not answer");
    let metadata = on_thread(move || client.fetch_metadata(None, ANSWER_MAX)).await.map_err(failed)?;
    Ok(metadata.brokers().len())
}

/// Tries to read a topic.
///
/// # Errors
/// It is denied, or fails.
pub async fn read(connection: &Connection, layout: &Layout, topic: Topic) -> Result<(), LogError> {
    let reader = KafkaReader::new(connection.clone(), &layout.log)?;
    let partition = Partition(0);
    on_thread(move || reader.read(topic, partition, reader.latest(topic, partition)?, 1, 1).map(|_| ())).await
}

/// Tries to commit a position, as a member of a group that reads `topic`.
///
/// # Errors
/// It is denied, or fails.
pub async fn join(connection: &Connection, group: &str, topic: Topic) -> Result<(), LogError> {
    let id = group_id(group);
    let own = [("group.id", id.as_str()), ("enable.auto.commit", "false")];
    let member: BaseConsumer<ClientEvents> = connection.client_with(&own, ClientEvents::of(connection))?;
    let operation = AclOperation::Read(topic);
    let connection = connection.clone();
    on_thread(move || {
        let failed = |error: KafkaError| {
            let operation = operation.clone().or_as(&error, &id, "");
            connection.refused("does not store a group's position", operation)(error)
        };
        let mut position = TopicPartitionList::with_capacity(1);
        add(&mut position, topic, NO_PARTITION, Offset(0)).map_err(failed)?;
        match member.commit(&position, CommitMode::Sync) {
            // A denial is reported before the missing partition.
            Err(error) if is_missing_partition(&error) => Ok(()),
            Err(error) => Err(failed(error).into()),
            Ok(()) => Ok(()),
        }
    })
    .await
}

fn is_missing_partition(error: &KafkaError) -> bool {
    matches!(
        code_of(error),
        Some(RDKafkaErrorCode::UnknownTopicOrPartition | RDKafkaErrorCode::UnknownPartition)
    )
}

/// A producer of trial transactions, under an id beside that of the instance: a kigen that runs under that one would be
/// fenced.
pub struct Transactions {
    connection: Connection,
    producer: Producer,
}

impl Transactions {
    /// Begins to make transactions, as a member of `group` would.
    ///
    /// # Errors
    /// They are denied, or this Kafka supports none.
    pub async fn of(connection: &Connection, group: &str, instance: &str) -> Result<Self, KafkaFailure> {
        let id = transactional_id(group, &format!("{instance}-doctor"));
        let making = connection.clone();
        let producer = on_thread(move || transactional(&making, &id, TRANSACTION_MS_MAX)).await?;
        Ok(Self { connection: connection.clone(), producer })
    }

    /// Tries to write to a topic.
    ///
    /// # Errors
    /// It is denied, or fails.
    pub async fn write(&self, topic: Topic, now: Instant) -> Result<(), LogError> {
        let (partition, key) = (Partition(0), "kigen-doctor".to_owned());
        let record = NewRecord { topic, partition, key, value: None, timestamp: now };
        Ok(try_write(&self.connection, &self.producer, record).await?)
    }
}
