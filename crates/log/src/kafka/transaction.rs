//! Records to Kafka, and transactions around them.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use kigen_model::topic::{Offset, Partition, Topic};
use kigen_ops::on_thread;
use rdkafka::TopicPartitionList;
use rdkafka::consumer::ConsumerGroupMetadata;
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode};
use rdkafka::producer::Producer as _;

use crate::NewRecord;
use crate::error::LogError;
use crate::kafka::acl::is_denied;
use crate::kafka::consumer::group_id;
use crate::kafka::producer::Producer;
use crate::kafka::{ANSWER_MAX, AclOperation, Connection, KafkaFailure};
use crate::metrics;

/// The pause before a full queue is tried again.
const QUEUE_DELAY: Duration = Duration::from_millis(5);
/// How often a call that can be tried again is.
const TRIES_MAX: u32 = 10;

/// A transaction that its producer no longer ends is given up after so long, in milliseconds.
pub(super) const TRANSACTION_MS_MAX: &str = "10000";
/// How often it is looked whether a transaction has failed already.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// A commit that came to nothing, or of which it is not known.
pub(super) struct Failed {
    pub(super) error: LogError,
    /// Whether the producer can make the next one; else it must be made anew.
    pub(super) is_usable: bool,
}

/// A producer of transactions: what its predecessor of the same id left open is ended, and where that still runs, it is fenced.
/// Waits for Kafka on the caller's thread.
pub(super) fn transactional(
    connection: &Connection,
    id: &str,
    transaction_ms_max: &str,
) -> Result<Producer, KafkaFailure> {
    let own = [
        ("transactional.id", id),
        ("enable.idempotence", "true"),
        ("transaction.timeout.ms", transaction_ms_max),
    ];
    let producer = Producer::new(connection, &own)?;
    let refused = connection.refused("begins no transactions", AclOperation::Transactions(id.to_owned()));
    producer.init_transactions(ANSWER_MAX).map_err(refused)?;
    Ok(producer)
}

/// Hands records to Kafka and waits until it has taken all; their offsets, in the same order.
pub(super) async fn all(
    connection: &Connection,
    producer: &Producer,
    records: &[NewRecord],
) -> Result<Vec<Offset>, LogError> {
    let mut taken = Vec::with_capacity(records.len());
    for record in records {
        let value = record.value.as_deref().map(|value| match &connection.framing {
            Some(framing) => framing.outward(record.topic, value),
            None => Cow::Borrowed(value),
        });
        let delivery = loop {
            match producer.send(record, value.as_deref()) {
                Ok(delivery) => break delivery,
                Err(KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull)) => {
                    tokio::time::sleep(QUEUE_DELAY).await;
                }
                Err(error) => return Err(refused(connection, producer, record.topic, error)),
            }
        };
        taken.push(delivery);
    }
    let mut offsets = Vec::with_capacity(records.len());
    for (record, delivery) in records.iter().zip(taken) {
        match delivery.await {
            Ok(Ok(offset)) => offsets.push(offset),
            Ok(Err(error)) => return Err(refused(connection, producer, record.topic, error)),
            Err(_) => return Err(connection.failed("gave no answer")(KafkaError::Canceled).into()),
        }
    }
    Ok(offsets)
}

fn refused(connection: &Connection, producer: &Producer, topic: Topic, error: KafkaError) -> LogError {
    let what = match topic {
        Topic::Events => "took no record for kigen.events",
        Topic::Alerts => "took no record for kigen.alerts",
        Topic::Status => "took no record for kigen.status",
        Topic::Rejects => "took no record for kigen.rejects",
    };
    // What can go on no more says of each record only that.
    let fatal = producer.client().fatal_error().map(|(code, _)| KafkaError::MessageProduction(code));
    connection.refused(what, AclOperation::Write(topic))(fatal.unwrap_or(error)).into()
}

/// One transaction: the records, and where the group stands after them.
pub(super) async fn transaction(
    connection: &Connection,
    producer: &Producer,
    member: &Member,
    records: &[NewRecord],
    positions: &[(Partition, Offset)],
) -> Result<Vec<Offset>, Failed> {
    let failed = |error| member.failed(connection, error);
    producer.begin_transaction().map_err(failed)?;
    let offsets = match all_in_transaction(connection, producer, records).await {
        Ok(offsets) => offsets,
        // The producer looks only every few minutes whether it may write by now.
        Err(Untaken { error, is_denied: true }) => {
            let error = denied_topic(connection, &member.id, records).await.unwrap_or(error);
            return Err(Failed { error, is_usable: false });
        }
        Err(Untaken { error, is_denied: false }) => return Err(given_up(producer, error).await),
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
    producer: &Producer,
    records: &[NewRecord],
) -> Result<Vec<Offset>, Untaken> {
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
                None => return Err(Untaken { error, is_denied: false }),
            },
        },
        error = failing => error,
    };
    let is_denied = is_denied(&error);
    let error = match records {
        [record] => refused(connection, producer, record.topic, error),
        _ => connection.failed("took no transaction")(error).into(),
    };
    Err(Untaken { error, is_denied })
}

/// Records that were not taken.
struct Untaken {
    error: LogError,
    /// It is an ACL that forbids one of them.
    is_denied: bool,
}

/// Why the transaction that was begun can no longer be committed, if it cannot. Asks the client, and nobody else; on the
/// caller's thread, so that it is over when whoever asks goes on to the transaction's end.
fn failure_of(producer: &Producer) -> Option<KafkaError> {
    // Of a producer in a transaction this asks how that is, and changes nothing.
    producer.begin_transaction().err().filter(|error| match error {
        KafkaError::Transaction(reason) => reason.code() != RDKafkaErrorCode::State,
        _ => true,
    })
}

/// Which topic it is that may not be written: Kafka tells of the transaction only. Each is tried alone, by a producer in place
/// of the one that met it: what that one began may be nothing that Kafka can end.
async fn denied_topic(connection: &Connection, id: &str, records: &[NewRecord]) -> Option<LogError> {
    let making = (connection.clone(), id.to_owned());
    let producer = on_thread(move || transactional(&making.0, &making.1, TRANSACTION_MS_MAX)).await.ok()?;
    for topic in Topic::ALL {
        let Some(record) = records.iter().find(|record| record.topic == topic) else { continue };
        producer.begin_transaction().ok()?;
        let tried = all_in_transaction(connection, &producer, std::slice::from_ref(record)).await;
        if let Err(Untaken { error, is_denied: true }) = tried {
            return Some(error);
        }
        aborted(&producer).await.ok()?;
    }
    None
}

/// Tries to write a record, in a transaction that is given up: nobody reads it.
pub(super) async fn try_write(
    connection: &Connection,
    producer: &Producer,
    record: NewRecord,
) -> Result<(), LogError> {
    let begun = producer.begin_transaction();
    begun.map_err(connection.refused("begins no transaction", AclOperation::Write(record.topic)))?;
    let tried = all_in_transaction(connection, producer, &[record]).await;
    let ended = aborted(producer).await;
    tried.map_err(|untaken| untaken.error)?;
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
                let asked = AclOperation::Read(self.topic).or_as(&error, &group_id(self.group), &self.id);
                connection.refused("took no transaction", asked)(error).into()
            }
        };
        Failed { error, is_usable: false }
    }
}

/// Aborts the transaction under way.
async fn given_up(producer: &Producer, error: LogError) -> Failed {
    let is_usable = aborted(producer).await.is_ok();
    Failed { error, is_usable }
}

async fn aborted(producer: &Producer) -> KafkaResult<()> {
    let producer = producer.clone();
    on_thread(move || again(|| producer.abort_transaction(ANSWER_MAX))).await
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
