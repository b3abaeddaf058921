//! What this user may do on a Kafka: found by trying each thing, harmlessly.
//!
//! Nothing of it disturbs a kigen that runs, and nothing of it is left: records are written in transactions that are given
//! up, and a group's place is asked to be kept in a partition that no topic has.

use kigen_model::Instant;
use kigen_model::topic::{Offset, Partition, Topic};
use kigen_ops::on_thread;
use rdkafka::TopicPartitionList;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};

use crate::NewRecord;
use crate::error::LogError;
use crate::interface::LogReader;
use crate::kafka::acl::code_of;
use crate::kafka::consumer::{group_id, transactional_id};
use crate::kafka::producer::Producer;
use crate::kafka::topics::Layout;
use crate::kafka::transaction::{add, transactional, try_write};
use crate::kafka::{ANSWER_MAX, AclOperation, Connection, KafkaFailure, KafkaReader, Talk};

/// A trial's transactions are given up by the brokers after so long, in milliseconds.
const TRANSACTION_MS_MAX: &str = "5000";
/// A partition that no topic has.
const NO_PARTITION: Partition = Partition(1_000_000);

/// Counts the brokers that answer for the cluster.
///
/// # Errors
/// None does.
pub async fn brokers(connection: &Connection) -> Result<usize, KafkaFailure> {
    let asking: BaseConsumer<Talk> = connection.client_with(&[], Talk::of(connection))?;
    let failed = connection.failed("does not answer");
    let metadata = on_thread(move || asking.fetch_metadata(None, ANSWER_MAX)).await.map_err(failed)?;
    Ok(metadata.brokers().len())
}

/// Tries to read a topic.
///
/// # Errors
/// It may not be read, or cannot be.
pub async fn read(connection: &Connection, layout: &Layout, topic: Topic) -> Result<(), LogError> {
    let look = KafkaReader::new(connection.clone(), &layout.log)?;
    let partition = Partition(0);
    on_thread(move || look.read(topic, partition, look.latest(topic, partition)?, 1, 1).map(|_| ())).await
}

/// Tries to be a member of a group that reads `topic`: to note a place for it.
///
/// # Errors
/// It may not, or Kafka cannot say.
pub async fn join(connection: &Connection, group: &str, topic: Topic) -> Result<(), LogError> {
    let id = group_id(group);
    let own = [("group.id", id.as_str()), ("enable.auto.commit", "false")];
    let member: BaseConsumer<Talk> = connection.client_with(&own, Talk::of(connection))?;
    let asked = AclOperation::Read(topic);
    let connection = connection.clone();
    on_thread(move || {
        let failed = |error: KafkaError| {
            let asked = asked.clone().or_as(&error, &id, "");
            connection.refused("does not keep where a group stands", asked)(error)
        };
        let mut place = TopicPartitionList::with_capacity(1);
        add(&mut place, topic, NO_PARTITION, Offset(0)).map_err(failed)?;
        match member.commit(&place, CommitMode::Sync) {
            // Whoever may not is told so first.
            Err(error) if is_about_the_place(&error) => Ok(()),
            Err(error) => Err(failed(error).into()),
            Ok(()) => Ok(()),
        }
    })
    .await
}

fn is_about_the_place(error: &KafkaError) -> bool {
    matches!(
        code_of(error),
        Some(RDKafkaErrorCode::UnknownTopicOrPartition | RDKafkaErrorCode::UnknownPartition)
    )
}

/// What makes transactions, under an id beside that of the instance: a kigen that runs under that one would be fenced.
pub struct Transactions {
    connection: Connection,
    producer: Producer,
}

impl Transactions {
    /// Begins to make transactions, as a member of `group` would.
    ///
    /// # Errors
    /// It may not, or this Kafka makes none.
    pub async fn of(connection: &Connection, group: &str, instance: &str) -> Result<Self, KafkaFailure> {
        let id = transactional_id(group, &format!("{instance}-doctor"));
        let making = connection.clone();
        let producer = on_thread(move || transactional(&making, &id, TRANSACTION_MS_MAX)).await?;
        Ok(Self { connection: connection.clone(), producer })
    }

    /// Tries to write to a topic.
    ///
    /// # Errors
    /// It may not be written to, or cannot be.
    pub async fn write(&self, topic: Topic, now: Instant) -> Result<(), LogError> {
        let (partition, key) = (Partition(0), "kigen-doctor".to_owned());
        let record = NewRecord { topic, partition, key, value: None, timestamp: now };
        try_write(&self.connection, &self.producer, record).await
    }
}
