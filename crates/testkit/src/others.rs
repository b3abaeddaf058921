//! What others do to a Kafka behind kigen's back: an administrator, and a producer that is not kigen's.

use std::time::{Duration, Instant};

use rdkafka::admin::{AdminClient, AdminOptions};
use rdkafka::client::DefaultClientContext;
use rdkafka::producer::{FutureProducer, FutureRecord};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};

/// How long Kafka may take.
const ANSWER_MAX: Duration = Duration::from_secs(30);

/// An administrator and a producer.
pub struct Others {
    admin: AdminClient<DefaultClientContext>,
    producer: FutureProducer,
}

impl Others {
    /// Those of the Kafka at `brokers`.
    ///
    /// # Panics
    /// No client can be made.
    #[must_use]
    pub fn of(brokers: &str) -> Self {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", brokers);
        let admin = config.create().expect("a client");
        let producer = config.set("message.max.bytes", "100000000").create().expect("a producer");
        Self { admin, producer }
    }

    /// Deletes these topics, and with them where groups stand in them; waits until they are gone.
    ///
    /// # Panics
    /// Kafka does not delete them.
    pub async fn delete_topics(&self, names: &[&str]) {
        self.admin.delete_topics(names, &options()).await.expect("it answers");
        let until = Instant::now() + ANSWER_MAX;
        loop {
            let there = self.admin.inner().fetch_metadata(None, ANSWER_MAX).expect("it answers");
            if !there.topics().iter().any(|topic| names.contains(&topic.name())) {
                return;
            }
            assert!(Instant::now() < until, "{names:?} do not go");
            tokio::task::yield_now().await;
        }
    }

    /// Deletes the records of a partition that are before `offset`, as its retention would.
    ///
    /// # Panics
    /// Kafka does not delete them.
    pub async fn delete_records(&self, topic: &str, partition: i32, offset: i64) {
        let mut before = TopicPartitionList::new();
        before.add_partition_offset(topic, partition, Offset::Offset(offset)).expect("an offset");
        let deleted = self.admin.delete_records(&before, &options()).await.expect("it answers");
        deleted.elements().iter().for_each(|element| element.error().expect("they are deleted"));
    }

    /// Deletes a group, and with it where it stands: as it goes when a group was away for longer than the brokers'
    /// `offsets.retention.minutes`. Waits until its last member's session is over.
    ///
    /// # Panics
    /// Kafka does not delete it: it has members, perhaps.
    pub async fn delete_group(&self, group: &str) {
        let until = Instant::now() + ANSWER_MAX;
        loop {
            let deleted = self.admin.delete_groups(&[group], &options()).await.expect("it answers");
            match deleted.into_iter().find_map(Result::err) {
                None => return,
                Some((_, error)) => assert!(Instant::now() < until, "{group} does not go: {error}"),
            }
            tokio::task::yield_now().await;
        }
    }

    /// Writes a record.
    ///
    /// # Panics
    /// Kafka does not take it.
    pub async fn write(&self, topic: &str, partition: i32, key: Option<&[u8]>, value: Option<&[u8]>) {
        let record = FutureRecord {
            topic,
            partition: Some(partition),
            payload: value,
            key,
            timestamp: None,
            headers: None,
        };
        self.producer.send(record, ANSWER_MAX).await.expect("it is taken");
    }
}

fn options() -> AdminOptions {
    AdminOptions::new().request_timeout(Some(ANSWER_MAX)).operation_timeout(Some(ANSWER_MAX))
}
