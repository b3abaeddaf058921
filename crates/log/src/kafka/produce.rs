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
use crate::kafka::asked::is_denied;
use crate::kafka::group::group_id;
use crate::kafka::{ANSWER_MAX, Asked, Connection, KafkaFailure, Talk};
use crate::metrics;

/// The pause before a full queue is tried again.
const QUEUE_DELAY: Duration = Duration::from_millis(5);
/// How often a call that can be tried again is.
const TRIES_MAX: u32 = 10;

/// How often it is looked whether a transaction has failed already.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

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
                Err((error, _)) => return Err(refused(connection, producer, record.topic, error)),
            }
        };
        taken.push(delivery);
    }
    let mut offsets = Vec::with_capacity(records.len());
    for (record, delivery) in records.iter().zip(taken) {
        match delivery.await {
            Ok(Ok(delivered)) => offsets.push(Offset(u64::try_from(delivered.offset).unwrap_or_default())),
            Ok(Err((error, _))) => return Err(refused(connection, producer, record.topic, error)),
            Err(_) => return Err(connection.failed("gave no answer")(KafkaError::Canceled).into()),
        }
    }
    Ok(offsets)
}

fn refused(
    connection: &Connection,
    producer: &FutureProducer<Talk>,
    topic: Topic,
    error: KafkaError,
) -> LogError {
    let what = match topic {
        Topic::Events => "took no record for kigen.events",
        Topic::Alerts => "took no record for kigen.alerts",
        Topic::Status => "took no record for kigen.status",
        Topic::Rejects => "took no record for kigen.rejects",
    };
    // What can go on no more says of each record only that.
    let fatal = producer.client().fatal_error().map(|(code, _)| KafkaError::MessageProduction(code));
    connection.refused(what, Asked::Write(topic))(fatal.unwrap_or(error)).into()
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
    let offsets = match all_in_transaction(connection, producer, records).await {
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

/// As [`all`], within a transaction that was begun. One that has failed is not waited for: its records would wait until
/// it times out, and then say no more than that.
async fn all_in_transaction(
    connection: &Connection,
    producer: &FutureProducer<Talk>,
    records: &[Record],
) -> Result<Vec<Offset>, LogError> {
    let failing = async {
        loop {
            tokio::time::sleep(LOOK_AGAIN).await;
            if let Some(error) = failure_of(producer) {
                return error;
            }
        }
    };
    let error = tokio::select! {
        biased;
        taken = all(connection, producer, records) => match taken {
            Ok(offsets) => return Ok(offsets),
            Err(error) => match failure_of(producer) {
                Some(failure) => failure,
                None => return Err(error),
            },
        },
        error = failing => error,
    };
    let topic = match records {
        [record] => record.topic,
        records if is_denied(&error) => match denied_topic(connection, producer, records).await {
            Some(denied) => return Err(denied),
            None => return Err(connection.failed("took no transaction")(error).into()),
        },
        _ => return Err(connection.failed("took no transaction")(error).into()),
    };
    Err(refused(connection, producer, topic, error))
}

/// Why the transaction that was begun can no longer be committed, if it cannot. Asks the client, and nobody else; on the
/// caller's thread, so that it is over when whoever asks goes on to the transaction's end.
fn failure_of(producer: &FutureProducer<Talk>) -> Option<KafkaError> {
    // Of a producer in a transaction this asks how that is, and changes nothing.
    producer.begin_transaction().err().filter(|error| match error {
        KafkaError::Transaction(reason) => reason.code() != RDKafkaErrorCode::State,
        _ => true,
    })
}

/// Which topic it is that may not be written: Kafka tells of the transaction only. Each is tried alone.
async fn denied_topic(
    connection: &Connection,
    producer: &FutureProducer<Talk>,
    records: &[Record],
) -> Option<LogError> {
    for topic in Topic::ALL {
        let Some(record) = records.iter().find(|record| record.topic == topic) else { continue };
        // What went before must be given up first; also the failed transaction that led here.
        aborted(producer).await.ok()?;
        producer.begin_transaction().ok()?;
        let tried = Box::pin(all_in_transaction(connection, producer, std::slice::from_ref(record))).await;
        if let Err(error @ LogError::Kafka(KafkaFailure::Denied { .. })) = tried {
            return Some(error);
        }
    }
    None
}

/// Tries to write a record, in a transaction that is given up: nobody reads it.
pub(super) async fn try_write(
    connection: &Connection,
    producer: &FutureProducer<Talk>,
    record: Record,
) -> Result<(), LogError> {
    let begun = producer.begin_transaction();
    begun.map_err(connection.refused("begins no transaction", Asked::Write(record.topic)))?;
    let tried = all_in_transaction(connection, producer, &[record]).await;
    let ended = aborted(producer).await;
    tried?;
    ended.map_err(connection.failed("gives up no transaction"))?;
    Ok(())
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
    /// Its transactional id.
    pub(super) id: String,
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
            | RDKafkaErrorCode::FencedInstanceId => {
                metrics::fenced(self.group);
                LogError::Fenced { group: self.group }
            }
            RDKafkaErrorCode::ProducerFenced
            | RDKafkaErrorCode::InvalidProducerEpoch
            | RDKafkaErrorCode::Fenced => KafkaFailure::Twin { instance: self.instance.clone() }.into(),
            _ => {
                let asked = Asked::Read(self.topic).or_as(&error, &group_id(self.group), &self.id);
                connection.refused("took no transaction", asked)(error).into()
            }
        };
        Failed { error, is_usable: false }
    }
}

/// Aborts the transaction under way. After a refusal the producer is made anew, since it looks only every few minutes
/// whether it may write.
async fn given_up(producer: &FutureProducer<Talk>, error: LogError) -> Failed {
    let is_denied = matches!(error, LogError::Kafka(KafkaFailure::Denied { .. }));
    let is_usable = aborted(producer).await.is_ok() && !is_denied;
    Failed { error, is_usable }
}

async fn aborted(producer: &FutureProducer<Talk>) -> KafkaResult<()> {
    let producer = producer.clone();
    on_thread(move || again(|| producer.abort_transaction(ANSWER_MAX))).await
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
