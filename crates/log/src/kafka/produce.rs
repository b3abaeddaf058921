//! Records to Kafka, and transactions around them.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use kigen_model::topic::{Offset, Partition, Topic};
use rdkafka::TopicPartitionList;
use rdkafka::consumer::ConsumerGroupMetadata;
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode};
use rdkafka::producer::{FutureProducer, FutureRecord, Producer};

use crate::Record;
use crate::error::LogError;
use crate::kafka::{ANSWER_MAX, Connection, KafkaFailure, Talk};

/// The pause before a full queue is tried again.
const QUEUE_DELAY: Duration = Duration::from_millis(5);
/// How often a call that can be tried again is.
const TRIES_MAX: u32 = 10;

/// A commit that came to nothing, or of which it is not known.
pub(super) struct Failed {
    pub(super) error: LogError,
    /// Whether the producer can make the next one; else it must be made anew.
    pub(super) is_usable: bool,
}

/// Hands records to Kafka and waits until it has taken all; their offsets, in the same order.
pub(super) async fn all(
    connection: &Connection,
    producer: &FutureProducer<Talk>,
    records: &[Record],
) -> Result<Vec<Offset>, LogError> {
    let mut taken = Vec::with_capacity(records.len());
    for record in records {
        let value = record.value.as_deref().map(|value| match &connection.framing {
            Some(framing) => framing.outward(record.topic, value),
            None => Cow::Borrowed(value),
        });
        let mut to_send = FutureRecord {
            topic: record.topic.name(),
            partition: i32::try_from(record.partition.0).ok(),
            payload: value.as_deref(),
            key: Some(record.key.as_str()),
            timestamp: Some(record.timestamp.timestamp_millis().max(0)),
            headers: None,
        };
        let delivery = loop {
            match producer.send_result(to_send) {
                Ok(delivery) => break delivery,
                Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), unsent)) => {
                    to_send = unsent;
                    tokio::time::sleep(QUEUE_DELAY).await;
                }
                Err((error, _)) => return Err(refused(connection, record, error)),
            }
        };
        taken.push(delivery);
    }
    let mut offsets = Vec::with_capacity(records.len());
    for (record, delivery) in records.iter().zip(taken) {
        match delivery.await {
            Ok(Ok(delivered)) => offsets.push(Offset(u64::try_from(delivered.offset).unwrap_or_default())),
            Ok(Err((error, _))) => return Err(refused(connection, record, error)),
            Err(_) => return Err(connection.failed("gave no answer")(KafkaError::Canceled).into()),
        }
    }
    Ok(offsets)
}

fn refused(connection: &Connection, record: &Record, error: KafkaError) -> LogError {
    let what = match record.topic {
        Topic::Events => "took no record for kigen.events",
        Topic::Alerts => "took no record for kigen.alerts",
        Topic::Status => "took no record for kigen.status",
        Topic::Rejects => "took no record for kigen.rejects",
    };
    connection.failed(what)(error).into()
}

/// One transaction: the records, and where the group stands after them.
pub(super) async fn transaction(
    connection: &Connection,
    producer: &FutureProducer<Talk>,
    member: &Member,
    records: &[Record],
    positions: &[(Partition, Offset)],
) -> Result<Vec<Offset>, Failed> {
    let failed = |error| member.failed(connection, error);
    producer.begin_transaction().map_err(failed)?;
    let offsets = match all(connection, producer, records).await {
        Ok(offsets) => offsets,
        Err(error) => return Err(given_up(producer, error).await),
    };
    let mut stands = TopicPartitionList::with_capacity(positions.len());
    for (partition, next) in positions {
        add(&mut stands, member.topic, *partition, *next).map_err(failed)?;
    }
    let (ending, metadata) = (producer.clone(), Arc::clone(&member.metadata));
    let ended = on_thread(move || {
        // Nothing is in flight any more, so that neither call waits for a poll.
        again(|| ending.send_offsets_to_transaction(&stands, &metadata, ANSWER_MAX))?;
        again(|| ending.commit_transaction(ANSWER_MAX))
    });
    match ended.await {
        Ok(()) => Ok(offsets),
        Err(error) => {
            let requires_abort =
                matches!(&error, KafkaError::Transaction(error) if error.txn_requires_abort());
            let failed = failed(error);
            Err(if requires_abort { given_up(producer, failed.error).await } else { failed })
        }
    }
}

/// Adds a place in a partition to a list.
pub(super) fn add(
    list: &mut TopicPartitionList,
    topic: Topic,
    partition: Partition,
    offset: Offset,
) -> KafkaResult<()> {
    let partition = i32::try_from(partition.0).unwrap_or(i32::MAX);
    let offset = rdkafka::Offset::Offset(i64::try_from(offset.0).unwrap_or(i64::MAX));
    list.add_partition_offset(topic.name(), partition, offset)
}

/// Who commits.
pub(super) struct Member {
    pub(super) group: &'static str,
    pub(super) topic: Topic,
    pub(super) instance: String,
    /// Of the generation in which that was read from which the records follow.
    pub(super) metadata: Arc<ConsumerGroupMetadata>,
}

impl Member {
    fn failed(&self, connection: &Connection, error: KafkaError) -> Failed {
        let KafkaError::Transaction(reason) = &error else {
            return Failed {
                error: connection.failed("took no transaction")(error).into(),
                is_usable: false,
            };
        };
        let error = match reason.code() {
            RDKafkaErrorCode::IllegalGeneration
            | RDKafkaErrorCode::UnknownMemberId
            | RDKafkaErrorCode::RebalanceInProgress
            | RDKafkaErrorCode::FencedInstanceId => LogError::Fenced { group: self.group },
            RDKafkaErrorCode::ProducerFenced
            | RDKafkaErrorCode::InvalidProducerEpoch
            | RDKafkaErrorCode::Fenced => KafkaFailure::Twin { instance: self.instance.clone() }.into(),
            _ => connection.failed("took no transaction")(error).into(),
        };
        Failed { error, is_usable: false }
    }
}

/// Aborts the transaction under way.
async fn given_up(producer: &FutureProducer<Talk>, error: LogError) -> Failed {
    let producer = producer.clone();
    let is_usable = on_thread(move || again(|| producer.abort_transaction(ANSWER_MAX))).await.is_ok();
    Failed { error, is_usable }
}

/// Runs what waits for Kafka where it may.
pub(super) async fn on_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(failed) => match failed.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // The runtime is ending, and whoever waits with it.
            Err(_) => std::future::pending().await,
        },
    }
}

/// Tries again while that may help.
fn again(call: impl Fn() -> KafkaResult<()>) -> KafkaResult<()> {
    let mut result = call();
    for _ in 1..TRIES_MAX {
        match &result {
            Err(KafkaError::Transaction(error)) if error.is_retriable() => result = call(),
            Ok(()) | Err(_) => break,
        }
    }
    result
}
