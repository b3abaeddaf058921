//! A member of a consumer group: what librdkafka's callbacks tell becomes what the member hears, in its own loop.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use kigen_model::topic::{Offset, Partition, Topic};
use kigen_ops::{join, on_thread};
use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, Consumer as _, ConsumerContext, ConsumerGroupMetadata};
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode};
use rdkafka::types::RDKafkaRespErr;
use rdkafka::{Message, TopicPartitionList};
use tokio::task::JoinHandle;

use crate::error::LogError;
use crate::interface::{Consumer, ConsumerEvent};
use crate::kafka::acl::is_denied;
use crate::kafka::producer::Producer;
use crate::kafka::reader::{number, offset, received};
use crate::kafka::transaction::{Member, TRANSACTION_MS_MAX, add, transaction, transactional};
use crate::kafka::{AclOperation, FULL_QUEUE_DELAY, Inner, KafkaFailure, Talk};
use crate::{ConsumedRecord, NewRecord, write};

/// How long a poll waits for something.
const POLL_MAX: Duration = Duration::from_millis(100);
/// How long a partition may take to go to another place.
const SEEK_MAX: Duration = Duration::from_secs(10);

/// A member of a group in this process.
pub struct KafkaConsumer {
    log: Arc<Inner>,
    name: &'static str,
    topic: Topic,
    consumer: Arc<BaseConsumer<Rebalances>>,
    /// A poll that was begun; kept, so that nothing is lost of it when nobody waits any more.
    polling: Option<JoinHandle<Polled>>,
    /// What was polled and is still to be heard.
    polled: VecDeque<Polled>,
    /// The partitions that are this member's, and where they are read on; `None`: not read.
    cursors: BTreeMap<Partition, Option<Offset>>,
    /// Of the generation in which the last records were read; `None`: it was lost.
    metadata: Option<Arc<ConsumerGroupMetadata>>,
    producing: Producing,
    /// The membership ended, which was told.
    is_lost: bool,
}

/// The transactional producer.
enum Producing {
    /// There is none, or it cannot be used any more.
    Wanted,
    /// It is being made; kept, since another with its name would fence it.
    Making(JoinHandle<Result<Producer, KafkaFailure>>),
    Made(Producer),
}

/// What one poll brought.
struct Polled {
    metadata: Option<ConsumerGroupMetadata>,
    records: Vec<(Partition, ConsumedRecord)>,
    /// After the records.
    rebalanced: Vec<Rebalanced>,
    unframed: Option<Unframed>,
    error: Option<KafkaError>,
}

impl Polled {
    /// Whether it brought something besides its records.
    fn is_more_to_hear(&self) -> bool {
        !self.rebalanced.is_empty() || self.unframed.is_some() || self.error.is_some()
    }
}

/// A record that cannot be read yet.
struct Unframed {
    error: LogError,
    /// It comes again by itself; else only to who joins anew.
    is_sought: bool,
}

/// What the group's leader decided, as far as it concerns this member.
enum Rebalanced {
    Assigned(Vec<Partition>),
    Revoked(Vec<Partition>),
}

impl KafkaConsumer {
    pub(super) fn join(log: Arc<Inner>, name: &'static str, topic: Topic) -> Result<Self, KafkaFailure> {
        let consumer = Arc::new(consumer(&log, name, topic)?);
        Ok(Self {
            log,
            name,
            topic,
            consumer,
            polling: None,
            polled: VecDeque::new(),
            cursors: BTreeMap::new(),
            metadata: None,
            producing: Producing::Wanted,
            is_lost: false,
        })
    }

    /// Joins anew, after an error that ended the membership.
    fn rejoin(&mut self) -> Result<ConsumerEvent, LogError> {
        self.leave();
        let consumer = Arc::new(consumer(&self.log, self.name, self.topic)?);
        let left = std::mem::replace(&mut self.consumer, consumer);
        // It may wait for its broker before it is gone.
        drop(tokio::task::spawn_blocking(move || drop(left)));
        self.is_lost = false;
        self.metadata = None;
        // Of the membership that ended.
        self.polling = None;
        self.polled.clear();
        Ok(ConsumerEvent::Revoked(std::mem::take(&mut self.cursors).into_keys().collect()))
    }

    /// From here on nobody listens to what the group's leader decides.
    fn leave(&self) {
        self.consumer.context().is_closing.store(true, Ordering::Release);
    }

    /// Makes the producer where there is none: it ends what its predecessor of the same name left open.
    async fn made(&mut self) -> Result<(), LogError> {
        if let Producing::Wanted = self.producing {
            let id = self.transactional_id();
            let log = Arc::clone(&self.log);
            self.producing = Producing::Making(tokio::task::spawn_blocking(move || {
                transactional(&log.connection, &id, TRANSACTION_MS_MAX)
            }));
        }
        if let Producing::Making(making) = &mut self.producing {
            let made = join(making).await;
            self.producing = Producing::Wanted;
            self.producing = Producing::Made(made?);
        }
        Ok(())
    }

    /// Stable, so that one that comes back ends what it left, and fences itself out where it still runs.
    fn transactional_id(&self) -> String {
        transactional_id(self.name, &self.log.instance)
    }

    /// Begins a poll, if none is under way.
    fn poll(&mut self, records_max: usize, bytes_max: usize) {
        if self.polling.is_none() {
            let (consumer, log) = (Arc::clone(&self.consumer), Arc::clone(&self.log));
            let polling = tokio::task::spawn_blocking(move || poll(&consumer, &log, records_max, bytes_max));
            self.polling = Some(polling);
        }
    }

    /// Waits for the poll that is under way, if one is.
    async fn polled(&mut self) {
        if let Some(polling) = &mut self.polling {
            let polled = join(polling).await;
            self.polling = None;
            self.polled.push_back(polled);
        }
    }

    /// What a poll says, one thing at a time.
    fn heard(&mut self, mut polled: Polled) -> Result<Option<ConsumerEvent>, LogError> {
        let failed = self.log.connection.failed("cannot be read");
        let id = group_id(self.name);
        if !polled.records.is_empty() {
            let records = std::mem::take(&mut polled.records);
            self.metadata = polled.metadata.take().map(Arc::new);
            if polled.is_more_to_hear() {
                self.polled.push_front(polled);
            }
            return Ok(self.taken(records));
        }
        if !polled.rebalanced.is_empty() {
            let rebalanced = polled.rebalanced.remove(0);
            self.polled.push_front(polled);
            return self.rebalanced(rebalanced).map(Some).map_err(|error| failed(error).into());
        }
        if let Some(Unframed { error, is_sought }) = polled.unframed {
            self.is_lost = !is_sought;
            return Err(error);
        }
        match polled.error {
            // It would mend itself in minutes, and until then wait without a word.
            Some(error) if is_denied(&error) => {
                self.is_lost = true;
                let asked = AclOperation::Read(self.topic).or_as(&error, &id, &id);
                Err(self.log.connection.refused("cannot be read", asked)(error).into())
            }
            Some(error) if is_passing(&error) => {
                self.consumer.context().talk.trouble(error, "it cannot be read");
                Ok(None)
            }
            Some(error) => {
                self.is_lost = matches!(error, KafkaError::MessageConsumptionFatal(_));
                let is_twin = error.rdkafka_error_code() == Some(RDKafkaErrorCode::FencedInstanceId);
                let twin = || KafkaFailure::Twin { instance: self.log.instance.clone() };
                Err(if is_twin { twin() } else { failed(error) }.into())
            }
            None => Ok(None),
        }
    }

    /// The records that are to be read: of a partition that is not read, or before its place, there may be some that were
    /// on their way.
    fn taken(&mut self, records: Vec<(Partition, ConsumedRecord)>) -> Option<ConsumerEvent> {
        let mut taken: BTreeMap<Partition, Vec<ConsumedRecord>> = BTreeMap::new();
        for (partition, record) in records {
            if let Some(Some(next)) = self.cursors.get_mut(&partition)
                && record.offset >= *next
            {
                *next = record.offset.next();
                taken.entry(partition).or_default().push(record);
            }
        }
        (!taken.is_empty()).then(|| ConsumerEvent::Records(taken.into_iter().collect()))
    }

    /// Follows the group's leader, and only here: nothing that was read is under way now.
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
                Ok(ConsumerEvent::Assigned(partitions))
            }
            Rebalanced::Revoked(partitions) => {
                self.consumer.incremental_unassign(&self.list(&partitions))?;
                for partition in &partitions {
                    self.cursors.remove(partition);
                }
                Ok(ConsumerEvent::Revoked(partitions))
            }
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
        loop {
            while let Some(polled) = self.polled.pop_front() {
                if let Some(heard) = self.heard(polled)? {
                    // More is read while these are worked off.
                    if matches!(heard, ConsumerEvent::Records(_)) && self.polled.is_empty() {
                        self.poll(records_max, bytes_max);
                    }
                    return Ok(heard);
                }
            }
            self.made().await?;
            self.poll(records_max, bytes_max);
            self.polled().await;
        }
    }

    async fn seek(&mut self, partition: Partition, from: Offset) -> Result<(), LogError> {
        // What was polled before is of another place.
        self.polled().await;
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
        let failed = self.log.connection.failed("does not go to a place in a partition");
        sought.await.map_err(failed)?;
        self.cursors.insert(partition, Some(from));
        Ok(())
    }

    fn pause(&mut self, partition: Partition) {
        if let Some(cursor) = self.cursors.get_mut(&partition) {
            *cursor = None;
            // If it fails, what comes is left out as well.
            let _ = self.consumer.pause(&self.list(&[partition]));
        }
    }

    async fn commit(
        &mut self,
        outputs: Vec<NewRecord>,
        positions: Vec<(Partition, Offset)>,
    ) -> Result<Vec<Offset>, LogError> {
        write::check_outputs(self.log.settings.partitions, &self.log.settings, &outputs)?;
        self.made().await?;
        let (Producing::Made(producer), Some(metadata)) = (&self.producing, &self.metadata) else {
            return Err(LogError::Fenced { group: self.name });
        };
        let (producer, metadata) = (producer.clone(), Arc::clone(metadata));
        let instance = self.log.instance.clone();
        let id = self.transactional_id();
        let member = Member { group: self.name, id, topic: self.topic, instance, metadata };
        // Whoever asks may no longer wait; until it is over, it is not known whether the producer can be used.
        self.producing = Producing::Wanted;
        let made = transaction(&self.log.connection, &producer, &member, &outputs, &positions).await;
        match made {
            Ok(offsets) => {
                self.producing = Producing::Made(producer);
                Ok(offsets)
            }
            Err(failed) => {
                if failed.is_usable {
                    self.producing = Producing::Made(producer);
                }
                Err(failed.error)
            }
        }
    }
}

impl Drop for KafkaConsumer {
    fn drop(&mut self) {
        self.leave();
    }
}

/// The consumer of a member. By its instance's name a process that comes back within the session's time has its
/// partitions again at once, and nobody else is disturbed.
fn consumer(log: &Inner, name: &str, topic: Topic) -> Result<BaseConsumer<Rebalances>, KafkaFailure> {
    let id = group_id(name);
    let own = [
        ("group.id", id.as_str()),
        ("group.instance.id", &log.instance),
        ("auto.offset.reset", "error"),
        ("enable.auto.commit", "false"),
        ("enable.auto.offset.store", "false"),
        FULL_QUEUE_DELAY,
        ("fetch.wait.max.ms", "100"),
        ("isolation.level", "read_committed"),
        ("partition.assignment.strategy", "cooperative-sticky"),
        ("queued.max.messages.kbytes", "32768"),
    ];
    let context = Rebalances {
        talk: Talk::of(&log.connection),
        topic,
        heard: Mutex::default(),
        is_closing: AtomicBool::new(false),
    };
    let consumer: BaseConsumer<Rebalances> = log.connection.client_with(&own, context)?;
    let refused = log.connection.failed("takes no subscription");
    consumer.subscribe(&[topic.name()]).map_err(refused)?;
    Ok(consumer)
}

/// What a group's member of this instance is called when it makes transactions.
pub(super) fn transactional_id(name: &str, instance: &str) -> String {
    format!("{}-{instance}", group_id(name))
}

/// What Kafka calls a group.
pub(super) fn group_id(name: &str) -> String {
    format!("kigen-{name}")
}

/// Takes what is there, and waits a little if there is nothing. A rebalance ends it: what follows is read in another
/// generation.
fn poll(consumer: &BaseConsumer<Rebalances>, log: &Inner, records_max: usize, bytes_max: usize) -> Polled {
    let topic = consumer.context().topic;
    let metadata = consumer.group_metadata();
    // Asked after it was taken: whoever has lost its partitions has none that says which generation it was, and nothing
    // of such a one would be fenced.
    let metadata = metadata.filter(|_| !consumer.assignment_lost());
    let mut polled =
        Polled { metadata, records: Vec::new(), rebalanced: Vec::new(), unframed: None, error: None };
    let mut bytes = 0;
    while polled.records.len() < records_max && bytes < bytes_max {
        let wait = if polled.records.is_empty() { POLL_MAX } else { Duration::ZERO };
        match consumer.poll(wait) {
            Some(Ok(message)) => {
                bytes += message.key_len() + message.payload_len();
                let partition = Partition(u32::try_from(message.partition()).unwrap_or(u32::MAX));
                match received(&log.connection, topic, &message) {
                    Ok(record) => polled.records.push((partition, record)),
                    Err(error) => {
                        let is_sought = seek(consumer, topic, partition, offset(message.offset())).is_ok();
                        polled.unframed = Some(Unframed { error, is_sought });
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

/// Goes to a place in a partition.
fn seek(
    consumer: &BaseConsumer<Rebalances>,
    topic: Topic,
    partition: Partition,
    to: Offset,
) -> KafkaResult<()> {
    let mut place = TopicPartitionList::with_capacity(1);
    add(&mut place, topic, partition, to)?;
    let sought = consumer.seek_partitions(place, SEEK_MAX)?;
    sought.elements().iter().try_for_each(|element| element.error())
}

/// What librdkafka mends by itself.
fn is_passing(error: &KafkaError) -> bool {
    !matches!(
        error,
        KafkaError::MessageConsumptionFatal(_)
            | KafkaError::MessageConsumption(
                RDKafkaErrorCode::AutoOffsetReset | RDKafkaErrorCode::OffsetOutOfRange
            )
    )
}

/// Keeps what the callback for rebalances is told, for the loop.
struct Rebalances {
    talk: Talk,
    topic: Topic,
    heard: Mutex<Vec<Rebalanced>>,
    /// The member is leaving, and nobody listens.
    is_closing: AtomicBool,
}

impl Rebalances {
    fn take(&self) -> Vec<Rebalanced> {
        std::mem::take(&mut *self.heard.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl ClientContext for Rebalances {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        self.talk.log(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.talk.error(error, reason);
    }
}

impl ConsumerContext for Rebalances {
    /// The default would unassign within the poll; here the loop does, once nothing of the partitions is under way.
    fn rebalance(
        &self,
        consumer: &BaseConsumer<Self>,
        event: RDKafkaRespErr,
        partitions: &mut TopicPartitionList,
    ) {
        let is_assigned = event == RDKafkaRespErr::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS;
        if self.is_closing.load(Ordering::Acquire) {
            let answered = if is_assigned {
                consumer.incremental_assign(partitions)
            } else {
                consumer.incremental_unassign(partitions)
            };
            if let Err(error) = answered {
                tracing::debug!("leaving the group: {error}");
            }
            return;
        }
        let of_topic = partitions.elements_for_topic(self.topic.name());
        let numbers = of_topic.iter().filter_map(|element| u32::try_from(element.partition()).ok());
        let numbers = numbers.map(Partition).collect();
        let rebalanced =
            if is_assigned { Rebalanced::Assigned(numbers) } else { Rebalanced::Revoked(numbers) };
        self.heard.lock().unwrap_or_else(PoisonError::into_inner).push(rebalanced);
    }
}
