//! Records to Kafka, and transactions around them.
//!
//! ```text
//!                 init_transactions             begin               all records acknowledged
//!   no producer -------------------> ready --------------> begun ---------------------------> sent
//!     ^    ^                         ^   ^                   |                                  |
//!     |    |                         |   |                   | a record fails                   | send_offsets,
//!     |    |                         |   |                   v                                  | commit
//!     |    |                         |   '--- abort ------ failed <------- requires abort ------+
//!     |    |                         |                       |                                  |
//!     |    '--- an ACL denies a record, or the abort fails --'                                  |
//!     |                              |                                                          |
//!     |                              '------------------- committed <---------------------------+
//!     |                                                                                         |
//!     '------------------ fenced, or the outcome is unknown (also: the future was dropped) -----'
//! ```
//!
//! Whatever ends without a usable producer is ended by the next one: `init_transactions` of the same transactional id
//! aborts what its predecessor left open, and fences the predecessor where it still runs.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::{Duration, Instant as RealInstant};

use kigen_model::topic::{Offset, Partition, Topic};
use kigen_ops::on_thread;
use rdkafka::TopicPartitionList;
use rdkafka::consumer::ConsumerGroupMetadata;
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode};
use rdkafka::producer::Producer as _;

use crate::error::{AclOperation, KafkaFailure, LogError, code_of, is_denied};
use crate::kafka::connection::{ANSWER_MAX, Connection};
use crate::kafka::convert::{add_position, group_id};
use crate::kafka::producer::Producer;
use crate::metrics;
use crate::record::{GroupPosition, NewRecord};

/// The pause before a full queue is tried again.
const QUEUE_DELAY: Duration = Duration::from_millis(5);
/// How often a call is attempted that can be repeated.
const ATTEMPTS_MAX: u32 = 10;

/// The brokers abort a transaction that its producer no longer ends after so long, in milliseconds.
pub(super) const TRANSACTION_MS_MAX: &str = "10000";
/// The same as a duration.
const TRANSACTION_MAX: Duration = Duration::from_millis(10_000);
/// How often it is checked whether a transaction has failed already.
const CHECK_INTERVAL: Duration = Duration::from_millis(100);

/// A commit that failed, or whose outcome is unknown.
#[derive(Debug)]
pub(super) struct Failed {
    pub(super) error: LogError,
    /// Whether the producer can make the next transaction; else it must be re-created.
    pub(super) is_usable: bool,
}

/// Creates a producer of transactions: what its predecessor of the same id left open is aborted, and the predecessor is
/// fenced where it still runs. Blocks the caller's thread on Kafka.
pub(super) fn transactional(
    connection: &Connection,
    id: &str,
    transaction_ms_max: &str,
) -> Result<Producer, KafkaFailure> {
    let producer = Producer::new(connection, &transaction_settings(id, transaction_ms_max))?;
    let refused = connection.refused("begins no transactions", AclOperation::Transactions(id.to_owned()));
    producer.init_transactions(ANSWER_MAX).map_err(refused)?;
    Ok(producer)
}

/// The settings that transactions decide.
pub(super) fn transaction_settings<'a>(id: &'a str, transaction_ms_max: &'a str) -> [(&'a str, &'a str); 3] {
    [("transactional.id", id), ("enable.idempotence", "true"), ("transaction.timeout.ms", transaction_ms_max)]
}

/// Sends records and waits until Kafka has acknowledged all; their offsets, in the same order.
pub(super) async fn send_all(
    connection: &Connection,
    producer: &Producer,
    records: &[NewRecord],
) -> Result<Vec<Offset>, KafkaFailure> {
    let mut deliveries = Vec::with_capacity(records.len());
    for record in records {
        let value = record.value.as_deref().map(|value| match connection.framing() {
            Some(framing) => framing.frame(record.topic, value),
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
        deliveries.push(delivery);
    }
    let mut offsets = Vec::with_capacity(records.len());
    for (record, delivery) in records.iter().zip(deliveries) {
        match delivery.await {
            Ok(Ok(offset)) => offsets.push(offset),
            Ok(Err(error)) => return Err(refused(connection, producer, record.topic, error)),
            Err(_) => return Err(connection.failed("gave no answer")(KafkaError::Canceled)),
        }
    }
    Ok(offsets)
}

fn refused(connection: &Connection, producer: &Producer, topic: Topic, error: KafkaError) -> KafkaFailure {
    let what = match topic {
        Topic::Events => "took no record for kigen.events",
        Topic::Alerts => "took no record for kigen.alerts",
        Topic::Status => "took no record for kigen.status",
        Topic::Rejects => "took no record for kigen.rejects",
        Topic::Control => "took no record for kigen.control",
        Topic::Deliveries => "took no record for kigen.deliveries",
    };
    // After a fatal error of the producer, the error of each record is only that there was one.
    let fatal = producer.client().fatal_error().map(|(code, _)| KafkaError::MessageProduction(code));
    connection.refused(what, AclOperation::Write(topic))(fatal.unwrap_or(error))
}

/// One transaction: the records, and the group's positions after them.
pub(super) async fn transaction(
    connection: &Connection,
    producer: &Producer,
    member: &Member,
    records: &[NewRecord],
    positions: &[(Partition, GroupPosition)],
) -> Result<Vec<Offset>, Failed> {
    let begun_at = RealInstant::now();
    let failed = |error| member.failed(connection, error, begun_at.elapsed());
    producer.begin_transaction().map_err(failed)?;
    let offsets = match send_in_transaction(connection, producer, records).await {
        Ok(offsets) => offsets,
        // This producer checks only every few minutes whether it may write by now.
        Err(Unsent { error, cause: UnsentCause::Denied }) => {
            let error = denied_topic(connection, &member.id, records).await.unwrap_or(error);
            return Err(Failed { error: error.into(), is_usable: false });
        }
        Err(Unsent { cause: UnsentCause::Fenced, .. }) => {
            let error = fenced(member.instance.clone(), begun_at.elapsed());
            return Err(abort_after(producer, error.into()).await);
        }
        Err(Unsent { error, cause: UnsentCause::Other }) => {
            return Err(abort_after(producer, error.into()).await);
        }
    };
    end(connection, producer, member, positions, begun_at).await?;
    Ok(offsets)
}

/// Commits the transaction that began at `begun_at`, whose records are acknowledged, with the group's positions.
async fn end(
    connection: &Connection,
    producer: &Producer,
    member: &Member,
    positions: &[(Partition, GroupPosition)],
    begun_at: RealInstant,
) -> Result<(), Failed> {
    let failed = |error| member.failed(connection, error, begun_at.elapsed());
    let mut list = TopicPartitionList::with_capacity(positions.len());
    for (partition, position) in positions {
        add_position(&mut list, member.topic, *partition, position).map_err(failed)?;
    }
    let (ending, metadata) = (producer.clone(), Arc::clone(&member.metadata));
    let ended = on_thread(move || {
        // Nothing is in flight any more, so that neither call waits for a poll.
        repeated(|| ending.send_offsets_to_transaction(&list, &metadata, ANSWER_MAX))?;
        repeated(|| ending.commit_transaction(ANSWER_MAX))
    });
    match ended.await {
        Ok(()) => Ok(()),
        Err(error) => {
            let requires_abort =
                matches!(&error, KafkaError::Transaction(error) if error.txn_requires_abort());
            let failed = failed(error);
            Err(if requires_abort { abort_after(producer, failed.error).await } else { failed })
        }
    }
}

/// As [`send_all`], within a transaction that was begun. A transaction that has failed is not waited for: its records
/// would wait until it times out, and their errors would then be only that.
async fn send_in_transaction(
    connection: &Connection,
    producer: &Producer,
    records: &[NewRecord],
) -> Result<Vec<Offset>, Unsent> {
    let failing = async {
        loop {
            tokio::time::sleep(CHECK_INTERVAL).await;
            if let Some(error) = failure_of(producer) {
                return error;
            }
        }
    };
    let error = tokio::select! {
        biased;
        sent = send_all(connection, producer, records) => match sent {
            Ok(offsets) => return Ok(offsets),
            Err(error) => match failure_of(producer) {
                Some(failure) => failure,
                None => return Err(Unsent { error, cause: UnsentCause::Other }),
            },
        },
        error = failing => error,
    };
    let cause = match code_of(&error) {
        _ if is_denied(&error) => UnsentCause::Denied,
        Some(code) if is_fencing(code) => UnsentCause::Fenced,
        _ => UnsentCause::Other,
    };
    let error = match records {
        [record] => refused(connection, producer, record.topic, error),
        _ => connection.failed("took no transaction")(error),
    };
    Err(Unsent { error, cause })
}

/// Records that were not acknowledged.
struct Unsent {
    error: KafkaFailure,
    cause: UnsentCause,
}

/// Why records were not acknowledged.
enum UnsentCause {
    /// An ACL denies one of them.
    Denied,
    /// The brokers no longer know the producer's epoch.
    Fenced,
    Other,
}

/// Whether the brokers no longer know the producer's epoch.
fn is_fencing(code: RDKafkaErrorCode) -> bool {
    matches!(
        code,
        RDKafkaErrorCode::ProducerFenced | RDKafkaErrorCode::InvalidProducerEpoch | RDKafkaErrorCode::Fenced
    )
}

/// Why the transaction that was begun can no longer be committed, if it cannot. Queries the client only, not the brokers;
/// on the caller's thread, so that it has returned before the caller ends the transaction.
fn failure_of(producer: &Producer) -> Option<KafkaError> {
    // Of a producer in a transaction this reads the transaction's state, and changes nothing.
    producer.begin_transaction().err().filter(|error| match error {
        KafkaError::Transaction(reason) => reason.code() != RDKafkaErrorCode::State,
        _ => true,
    })
}

/// Which topic may not be written: Kafka reports the transaction only. Each is tried alone, by a producer in place of the
/// one that failed: Kafka may be unable to end what that one began.
async fn denied_topic(connection: &Connection, id: &str, records: &[NewRecord]) -> Option<KafkaFailure> {
    let making = (connection.clone(), id.to_owned());
    let producer = on_thread(move || transactional(&making.0, &making.1, TRANSACTION_MS_MAX)).await.ok()?;
    for topic in Topic::ALL {
        let Some(record) = records.iter().find(|record| record.topic == topic) else { continue };
        producer.begin_transaction().ok()?;
        let tried = send_in_transaction(connection, &producer, std::slice::from_ref(record)).await;
        if let Err(Unsent { error, cause: UnsentCause::Denied }) = tried {
            return Some(error);
        }
        abort(&producer).await.ok()?;
    }
    None
}

/// Tries to write a record, in a transaction that is aborted: it is never visible.
pub(super) async fn try_write(
    connection: &Connection,
    producer: &Producer,
    record: NewRecord,
) -> Result<(), KafkaFailure> {
    let begun = producer.begin_transaction();
    begun.map_err(connection.refused("begins no transaction", AclOperation::Write(record.topic)))?;
    let sent = send_in_transaction(connection, producer, &[record]).await;
    let aborted = abort(producer).await;
    sent.map_err(|unsent| unsent.error)?;
    aborted.map_err(connection.failed("aborts no transaction"))
}

/// The consumer that commits.
pub(super) struct Member {
    pub(super) group: &'static str,
    /// Its transactional id.
    pub(super) id: String,
    pub(super) topic: Topic,
    pub(super) instance: String,
    /// Of the generation in which the inputs of these outputs were read.
    pub(super) metadata: Arc<ConsumerGroupMetadata>,
}

impl Member {
    /// The error of a transaction that had been open for so long.
    fn failed(&self, connection: &Connection, error: KafkaError, open: Duration) -> Failed {
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
            code if is_fencing(code) => fenced(self.instance.clone(), open).into(),
            _ => {
                let operation = AclOperation::Read(self.topic).or_as(&error, &group_id(self.group), &self.id);
                connection.refused("took no transaction", operation)(error).into()
            }
        };
        Failed { error, is_usable: false }
    }
}

/// Why the brokers no longer know the producer's epoch: another process has taken it, or they have taken it themselves to
/// abort a transaction that was open for too long. They report both alike, but the second takes its time.
fn fenced(instance: String, open: Duration) -> KafkaFailure {
    if open < TRANSACTION_MAX {
        return KafkaFailure::InstanceFenced { instance };
    }
    let ms = |duration: Duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    let (open_ms, transaction_ms_max) = (ms(open), ms(TRANSACTION_MAX));
    KafkaFailure::TransactionExpired { instance, open_ms, transaction_ms_max }
}

/// Aborts the transaction that failed with `error`.
async fn abort_after(producer: &Producer, error: LogError) -> Failed {
    let is_usable = abort(producer).await.is_ok();
    Failed { error, is_usable }
}

async fn abort(producer: &Producer) -> KafkaResult<()> {
    let producer = producer.clone();
    on_thread(move || repeated(|| producer.abort_transaction(ANSWER_MAX))).await
}

/// Repeats a call while that may help.
fn repeated(call: impl Fn() -> KafkaResult<()>) -> KafkaResult<()> {
    let mut result = call();
    for _ in 1..ATTEMPTS_MAX {
        match &result {
            Err(KafkaError::Transaction(error)) if error.is_retriable() => result = call(),
            Ok(()) | Err(_) => break,
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use kigen_model::Instant;
    use kigen_testkit::admin::Admin;
    use kigen_testkit::kafka::Broker;
    use rdkafka::consumer::{BaseConsumer, Consumer as _, DefaultConsumerContext};

    use super::*;
    use crate::kafka::KafkaLog;
    use crate::kafka::topics::Layout;
    use crate::settings::Settings;

    /// The brokers look for transactions to abort every 10 s.
    const ABORTED_WITHIN: Duration = Duration::from_secs(25);

    #[test]
    fn a_transaction_that_was_open_for_too_long_is_not_reported_as_another_instance() {
        assert_eq!(TRANSACTION_MS_MAX.parse(), Ok(TRANSACTION_MAX.as_millis()));
        let of = |seconds| fenced("one".to_owned(), Duration::from_secs(seconds));
        assert!(matches!(of(9), KafkaFailure::InstanceFenced { .. }), "the brokers have aborted nothing yet");
        assert!(matches!(of(10), KafkaFailure::TransactionExpired { open_ms: 10_000, .. }));
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_broker_refuses_a_transaction_that_expired_and_one_of_another_instance_each_by_its_name() {
        let broker = Broker::start();
        let admin = Admin::new(broker.bootstrap());
        // Of an existing broker.
        admin.delete_topics(&Topic::ALL.map(Topic::name)).await;
        let connection = Connection::new(broker.bootstrap(), BTreeMap::new()).expect("no settings");
        let layout = Layout { log: Settings { partitions: 1, ..Settings::default() }, replication: Some(1) };
        let _log =
            KafkaLog::open(connection.clone(), &layout, "topics").await.expect("it creates the topics");
        expired_before_the_commit(&connection).await;
        fenced_before_the_records(&connection).await;
        admin.delete_topics(&Topic::ALL.map(Topic::name)).await;
    }

    async fn expired_before_the_commit(connection: &Connection) {
        let (producer, member) = (producer(connection, "expired").await, member(connection, "expired"));
        let begun_at = RealInstant::now();
        producer.begin_transaction().expect("it begins");
        let sent = send_in_transaction(connection, &producer, &[event()]).await;
        assert_eq!(sent.map_err(|unsent| unsent.error.to_string()).map(|offsets| offsets.len()), Ok(1));
        tokio::time::sleep(ABORTED_WITHIN).await;
        let failed = end(connection, &producer, &member, &[(Partition(0), Offset(1).into())], begun_at).await;
        let text = failed.expect_err("the brokers have aborted it").error.to_string();
        assert!(text.starts_with("Kafka refused the transaction of the instance `expired`"), "{text}");
        assert!(text.contains("after 10000 ms the brokers abort one"), "{text}");
    }

    async fn fenced_before_the_records(connection: &Connection) {
        let (older, member) = (producer(connection, "twin").await, member(connection, "twin"));
        let _younger = producer(connection, "twin").await;
        let failed = transaction(connection, &older, &member, &[event(), event()], &[]).await;
        let failed = failed.expect_err("the younger has its epoch");
        let text = failed.error.to_string();
        assert!(text.starts_with("another kigen runs as the instance `twin` and took over"), "{text}");
        assert!(!failed.is_usable);
    }

    async fn producer(connection: &Connection, id: &'static str) -> Producer {
        let connection = connection.clone();
        let created = on_thread(move || transactional(&connection, id, TRANSACTION_MS_MAX)).await;
        created.expect("it begins transactions")
    }

    fn member(connection: &Connection, instance: &str) -> Member {
        let own = [("group.id", "processor")];
        let consumer: BaseConsumer<_> =
            connection.client_with(&own, DefaultConsumerContext).expect("a consumer");
        let metadata = Arc::new(consumer.group_metadata().expect("it has a group"));
        let (id, instance) = (instance.to_owned(), instance.to_owned());
        Member { group: "processor", id, topic: Topic::Events, instance, metadata }
    }

    fn event() -> NewRecord {
        NewRecord {
            topic: Topic::Events,
            partition: Partition(0),
            key: "c/n/b".to_owned(),
            value: Some(b"event".to_vec()),
            timestamp: Instant::UNIX_EPOCH,
        }
    }
}
