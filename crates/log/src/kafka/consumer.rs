//! A member of a consumer group: librdkafka's callbacks become events that the member receives in its own loop.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use kigen_model::topic::{Offset, Partition, Topic};
use kigen_ops::{join, on_thread};
use rdkafka::consumer::{BaseConsumer, Consumer as _, ConsumerGroupMetadata};
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode};
use rdkafka::{Message, TopicPartitionList};
use tokio::task::JoinHandle;

use crate::error::{AclOperation, KafkaFailure, LogError, is_denied};
use crate::interface::{Consumer, ConsumerEvent};
use crate::kafka::client_events::ClientEvents;
use crate::kafka::connection::{Connection, FULL_QUEUE_DELAY};
use crate::kafka::convert::{add, group_id, number, offset, record_of, transactional_id};
use crate::kafka::membership::{Membership, Rebalanced, Rebalances};
use crate::kafka::producer::Producer;
use crate::kafka::transaction::{Member, TRANSACTION_MS_MAX, transaction, transactional};
use crate::limits::check_outputs;
use crate::record::{ConsumedRecord, GroupPosition, NewRecord};
use crate::settings::Settings;

/// How long a poll waits for a record or a rebalance.
const POLL_MAX: Duration = Duration::from_millis(100);
/// How long a seek may take.
const SEEK_MAX: Duration = Duration::from_secs(10);

/// What all members of groups in this process share.
pub(super) struct Instance {
    pub(super) connection: Connection,
    pub(super) settings: Settings,
    /// The name of this process: the same after a restart, and no other process has it.
    pub(super) name: String,
}

/// A member of a group in this process.
pub struct KafkaConsumer {
    instance: Arc<Instance>,
    name: &'static str,
    topic: Topic,
    consumer: Arc<Membership>,
    /// A poll that was begun; kept, so that nothing of it is lost when the caller stops waiting.
    polling: Option<JoinHandle<Polled>>,
    /// What was polled and is not yet returned.
    polled: VecDeque<Polled>,
    /// The partitions that are this member's, and the next offset of each; `None`: paused.
    cursors: BTreeMap<Partition, Option<Offset>>,
    /// Of the generation in which the last poll began, whose rebalances were returned; `None`: it was lost.
    metadata: Option<Arc<ConsumerGroupMetadata>>,
    producing: Producing,
    /// Partitions of which the revocation was returned, and is acknowledged once the caller waits for an event again: until then no
    /// other member has them.
    revoking: Vec<Partition>,
    /// The membership ended, and the error of that was returned.
    is_lost: bool,
}

/// The transactional producer.
enum Producing {
    /// There is none, or it can no longer be used.
    Absent,
    /// It is being created; kept, since a second one of its transactional id would fence it.
    Creating(JoinHandle<Result<Producer, KafkaFailure>>),
    Ready(Producer),
}

/// What one poll brought.
struct Polled {
    metadata: Option<ConsumerGroupMetadata>,
    records: Vec<(Partition, ConsumedRecord)>,
    /// After the records.
    rebalanced: Vec<Rebalanced>,
    unreadable: Option<Unreadable>,
    error: Option<KafkaError>,
}

impl Polled {
    /// Whether it brought anything besides its records.
    fn has_more(&self) -> bool {
        !self.rebalanced.is_empty() || self.unreadable.is_some() || self.error.is_some()
    }
}

/// A record whose schema is unavailable now.
struct Unreadable {
    error: KafkaFailure,
    /// The consumer was set back to it, so that the next poll reads it again; else only a new membership does.
    is_sought: bool,
}

impl KafkaConsumer {
    pub(super) fn join(
        instance: Arc<Instance>,
        name: &'static str,
        topic: Topic,
    ) -> Result<Self, KafkaFailure> {
        let consumer = Arc::new(Membership::of(consumer(&instance, name, topic)?));
        Ok(Self {
            instance,
            name,
            topic,
            consumer,
            polling: None,
            polled: VecDeque::new(),
            cursors: BTreeMap::new(),
            metadata: None,
            producing: Producing::Absent,
            revoking: Vec::new(),
            is_lost: false,
        })
    }

    /// Joins again, after an error that ended the membership.
    fn rejoin(&mut self) -> Result<ConsumerEvent, LogError> {
        self.consumer.leave();
        let consumer = Arc::new(Membership::of(consumer(&self.instance, self.name, self.topic)?));
        let left = std::mem::replace(&mut self.consumer, consumer);
        // Closing it may wait for its broker.
        drop(tokio::task::spawn_blocking(move || drop(left)));
        self.is_lost = false;
        self.metadata = None;
        // Of the membership that ended.
        self.revoking.clear();
        self.polling = None;
        self.polled.clear();
        Ok(ConsumerEvent::Revoked(std::mem::take(&mut self.cursors).into_keys().collect()))
    }

    /// Creates the producer where there is none: it aborts what its predecessor of the same transactional id left open.
    async fn create_producer(&mut self) -> Result<(), LogError> {
        if let Producing::Absent = self.producing {
            let id = self.transactional_id();
            let instance = Arc::clone(&self.instance);
            self.producing = Producing::Creating(tokio::task::spawn_blocking(move || {
                transactional(&instance.connection, &id, TRANSACTION_MS_MAX)
            }));
        }
        if let Producing::Creating(creating) = &mut self.producing {
            let created = join(creating).await;
            self.producing = Producing::Absent;
            self.producing = Producing::Ready(created?);
        }
        Ok(())
    }

    fn transactional_id(&self) -> String {
        transactional_id(self.name, &self.instance.name)
    }

    /// Begins a poll, if none is under way.
    fn poll(&mut self, records_max: usize, bytes_max: usize) {
        if self.polling.is_none() {
            let (consumer, instance) = (Arc::clone(&self.consumer), Arc::clone(&self.instance));
            self.polling = Some(tokio::task::spawn_blocking(move || {
                poll(&consumer, &instance.connection, records_max, bytes_max)
            }));
        }
    }

    /// Waits for the poll that is under way, if one is.
    async fn finish_poll(&mut self) {
        if let Some(polling) = &mut self.polling {
            let polled = join(polling).await;
            self.polling = None;
            self.polled.push_back(polled);
        }
    }

    /// The next event or error of a poll; what is left of it is queued again.
    fn event_of(&mut self, mut polled: Polled) -> Result<Option<ConsumerEvent>, LogError> {
        let connection = &self.instance.connection;
        let failed = connection.failed("cannot be read");
        let id = group_id(self.name);
        if !polled.records.is_empty() {
            let records = std::mem::take(&mut polled.records);
            self.metadata = polled.metadata.take().map(Arc::new);
            if polled.has_more() {
                self.polled.push_front(polled);
            }
            return Ok(self.accept(records));
        }
        if !polled.rebalanced.is_empty() {
            let rebalanced = polled.rebalanced.remove(0);
            // It is of the generation before.
            polled.metadata = None;
            self.polled.push_front(polled);
            return self.rebalanced(rebalanced).map(Some).map_err(|error| failed(error).into());
        }
        if let Some(Unreadable { error, is_sought }) = polled.unreadable {
            self.is_lost = !is_sought;
            return Err(error.into());
        }
        match polled.error {
            // librdkafka recovers from it in minutes, and until then waits without reporting it.
            Some(error) if is_denied(&error) => {
                self.is_lost = true;
                let operation = AclOperation::Read(self.topic).or_as(&error, &id, &id);
                Err(self.instance.connection.refused("cannot be read", operation)(error).into())
            }
            Some(error) if is_passing(&error) => {
                self.consumer.context().events().trouble(error, "it cannot be read");
                Ok(None)
            }
            Some(error) => {
                self.is_lost = matches!(error, KafkaError::MessageConsumptionFatal(_));
                let is_fenced = error.rdkafka_error_code() == Some(RDKafkaErrorCode::FencedInstanceId);
                let fenced = || KafkaFailure::InstanceFenced { instance: self.instance.name.clone() };
                Err(if is_fenced { fenced() } else { failed(error) }.into())
            }
            None => {
                // Without records, too, the generation of a later commit is that of the last poll: other members may have
                // joined since, and all rebalances that concern this one were returned before that poll began.
                if let Some(metadata) = polled.metadata {
                    self.metadata = Some(Arc::new(metadata));
                }
                Ok(None)
            }
        }
    }

    /// The records that are to be returned. Some may have been fetched before their partition was paused, revoked or
    /// sought.
    fn accept(&mut self, records: Vec<(Partition, ConsumedRecord)>) -> Option<ConsumerEvent> {
        let mut accepted: BTreeMap<Partition, Vec<ConsumedRecord>> = BTreeMap::new();
        for (partition, record) in records {
            if let Some(Some(next)) = self.cursors.get_mut(&partition)
                && record.offset >= *next
            {
                *next = record.offset.next();
                accepted.entry(partition).or_default().push(record);
            }
        }
        (!accepted.is_empty()).then(|| ConsumerEvent::Records(accepted.into_iter().collect()))
    }

    /// Applies a rebalance, and only here: no record of the partitions is being processed now.
    fn rebalanced(&mut self, rebalanced: Rebalanced) -> KafkaResult<ConsumerEvent> {
        match rebalanced {
            Rebalanced::Assigned(partitions) => {
                let mut list = TopicPartitionList::with_capacity(partitions.len());
                for partition in &partitions {
                    let (name, number) = (self.topic.name(), number(*partition));
                    list.add_partition_offset(name, number, rdkafka::Offset::Beginning)?;
                }
                self.consumer.incremental_assign(&list)?;
                if !partitions.is_empty() {
                    self.consumer.pause(&list)?;
                }
                self.cursors.extend(partitions.iter().map(|partition| (*partition, None)));
                self.metadata = metadata_of(&self.consumer).map(Arc::new);
                Ok(ConsumerEvent::Assigned(partitions))
            }
            Rebalanced::Revoked(partitions) => {
                for partition in &partitions {
                    self.cursors.remove(partition);
                }
                // What the caller has done of them by now is committed in this generation.
                self.metadata = metadata_of(&self.consumer).map(Arc::new);
                self.revoking.extend(&partitions);
                Ok(ConsumerEvent::Revoked(partitions))
            }
        }
    }

    /// The caller has nothing more to commit of what was revoked.
    fn acknowledge(&mut self) -> KafkaResult<()> {
        match std::mem::take(&mut self.revoking) {
            revoked if revoked.is_empty() => Ok(()),
            revoked => self.consumer.incremental_unassign(&self.list(&revoked)),
        }
    }

    fn list(&self, partitions: &[Partition]) -> TopicPartitionList {
        let mut list = TopicPartitionList::with_capacity(partitions.len());
        for partition in partitions {
            list.add_partition(self.topic.name(), number(*partition));
        }
        list
    }
}

impl Consumer for KafkaConsumer {
    async fn next(&mut self, records_max: usize, bytes_max: usize) -> Result<ConsumerEvent, LogError> {
        if self.is_lost {
            return self.rejoin();
        }
        let failed = self.instance.connection.failed("cannot be read");
        self.acknowledge().map_err(failed)?;
        loop {
            while let Some(polled) = self.polled.pop_front() {
                if let Some(event) = self.event_of(polled)? {
                    // More is fetched while these records are processed.
                    if matches!(event, ConsumerEvent::Records(_)) && self.polled.is_empty() {
                        self.poll(records_max, bytes_max);
                    }
                    return Ok(event);
                }
            }
            self.create_producer().await?;
            self.poll(records_max, bytes_max);
            self.finish_poll().await;
        }
    }

    async fn seek(&mut self, partition: Partition, from: Offset) -> Result<(), LogError> {
        // What was polled before is of another offset.
        self.finish_poll().await;
        for polled in &mut self.polled {
            polled.records.retain(|(of, _)| *of != partition);
        }
        if !self.cursors.contains_key(&partition) {
            return Ok(());
        }
        let (consumer, topic) = (Arc::clone(&self.consumer), self.topic);
        let list = self.list(&[partition]);
        let sought = on_thread(move || {
            consumer.resume(&list)?;
            seek(&consumer, topic, partition, from)
        });
        let failed = self.instance.connection.failed("does not seek in a partition");
        sought.await.map_err(failed)?;
        self.cursors.insert(partition, Some(from));
        Ok(())
    }

    fn pause(&mut self, partition: Partition) {
        if let Some(cursor) = self.cursors.get_mut(&partition) {
            *cursor = None;
            // If it fails, the records that are fetched are left out all the same.
            let _ = self.consumer.pause(&self.list(&[partition]));
        }
    }

    async fn commit_positions(
        &mut self,
        outputs: Vec<NewRecord>,
        positions: Vec<(Partition, GroupPosition)>,
    ) -> Result<Vec<Offset>, LogError> {
        check_outputs(&self.instance.settings, &outputs)?;
        self.create_producer().await?;
        let (Producing::Ready(producer), Some(metadata)) = (&self.producing, &self.metadata) else {
            return Err(LogError::Fenced { group: self.name });
        };
        let (producer, metadata) = (producer.clone(), Arc::clone(metadata));
        let instance = self.instance.name.clone();
        let id = self.transactional_id();
        let member = Member { group: self.name, id, topic: self.topic, instance, metadata };
        // The caller may drop this future; until the transaction is over, it is unknown whether the producer is usable.
        self.producing = Producing::Absent;
        let connection = &self.instance.connection;
        match transaction(connection, &producer, &member, &outputs, &positions).await {
            Ok(offsets) => {
                self.producing = Producing::Ready(producer);
                Ok(offsets)
            }
            Err(failed) => {
                if failed.is_usable {
                    self.producing = Producing::Ready(producer);
                }
                Err(failed.error)
            }
        }
    }
}

impl Drop for KafkaConsumer {
    fn drop(&mut self) {
        self.consumer.leave();
        // The member leaves in any case.
        let _ = self.acknowledge();
    }
}

/// The settings that membership decides.
pub(super) fn member_settings<'a>(group_id: &'a str, instance: &'a str) -> [(&'a str, &'a str); 10] {
    [
        ("group.id", group_id),
        ("group.instance.id", instance),
        ("auto.offset.reset", "error"),
        ("enable.auto.commit", "false"),
        ("enable.auto.offset.store", "false"),
        FULL_QUEUE_DELAY,
        ("fetch.wait.max.ms", "100"),
        ("isolation.level", "read_committed"),
        ("partition.assignment.strategy", "cooperative-sticky"),
        ("queued.max.messages.kbytes", "32768"),
    ]
}

/// The client of a member. By its instance's name a process that restarts within the session's time-out has its partitions
/// again at once, and no other member is disturbed.
fn consumer(instance: &Instance, name: &str, topic: Topic) -> Result<BaseConsumer<Rebalances>, KafkaFailure> {
    let id = group_id(name);
    let own = member_settings(&id, &instance.name);
    let context = Rebalances::of(ClientEvents::of(&instance.connection), topic);
    let consumer: BaseConsumer<Rebalances> = instance.connection.client_with(&own, context)?;
    let refused = instance.connection.failed("takes no subscription");
    consumer.subscribe(&[topic.name()]).map_err(refused)?;
    Ok(consumer)
}

/// The metadata by which a member commits; `None`: it has lost its partitions.
fn metadata_of(consumer: &BaseConsumer<Rebalances>) -> Option<ConsumerGroupMetadata> {
    let metadata = consumer.group_metadata();
    // Checked after the metadata was read: metadata of a member that has lost its partitions names no generation, and a
    // commit with it would not be fenced.
    metadata.filter(|_| !consumer.assignment_lost())
}

/// Fetches the records that are available, and waits a little if there are none. A rebalance ends it: later records belong
/// to another generation.
fn poll(
    consumer: &BaseConsumer<Rebalances>,
    connection: &Connection,
    records_max: usize,
    bytes_max: usize,
) -> Polled {
    let topic = consumer.context().topic();
    let metadata = metadata_of(consumer);
    let mut polled =
        Polled { metadata, records: Vec::new(), rebalanced: Vec::new(), unreadable: None, error: None };
    let mut bytes = 0;
    while polled.records.len() < records_max && bytes < bytes_max {
        let wait = if polled.records.is_empty() { POLL_MAX } else { Duration::ZERO };
        match consumer.poll(wait) {
            Some(Ok(message)) => {
                bytes += message.key_len() + message.payload_len();
                let partition = Partition(u32::try_from(message.partition()).unwrap_or(u32::MAX));
                match record_of(connection, topic, &message) {
                    Ok(record) => polled.records.push((partition, record)),
                    Err(error) => {
                        let is_sought = seek(consumer, topic, partition, offset(message.offset())).is_ok();
                        polled.unreadable = Some(Unreadable { error, is_sought });
                        break;
                    }
                }
            }
            Some(Err(error)) => {
                polled.error = Some(error);
                break;
            }
            None => break,
        }
    }
    polled.rebalanced = consumer.context().take();
    if polled.metadata.is_none() {
        polled.records.clear();
    }
    polled
}

/// Sets the consumer to an offset of a partition.
fn seek(
    consumer: &BaseConsumer<Rebalances>,
    topic: Topic,
    partition: Partition,
    to: Offset,
) -> KafkaResult<()> {
    let mut list = TopicPartitionList::with_capacity(1);
    add(&mut list, topic, partition, to)?;
    let sought = consumer.seek_partitions(list, SEEK_MAX)?;
    sought.elements().iter().try_for_each(|element| element.error())
}

/// Whether librdkafka recovers from it by itself.
fn is_passing(error: &KafkaError) -> bool {
    !matches!(
        error,
        KafkaError::MessageConsumptionFatal(_)
            | KafkaError::MessageConsumption(
                RDKafkaErrorCode::AutoOffsetReset | RDKafkaErrorCode::OffsetOutOfRange
            )
    )
}
