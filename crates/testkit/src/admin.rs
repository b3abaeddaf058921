//! What others do to a Kafka beside kigen: an administrator, and a producer that is not kigen's.

use std::time::{Duration, Instant};

use rdkafka::admin::{AdminClient, AdminOptions};
use rdkafka::client::DefaultClientContext;
use rdkafka::producer::{FutureProducer, FutureRecord};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};

/// How long Kafka may take to respond.
const RESPONSE_MAX: Duration = Duration::from_secs(30);

/// An administrator and a producer.
pub struct Admin {
    admin: AdminClient<DefaultClientContext>,
    producer: FutureProducer,
}

impl Admin {
    /// A client of the Kafka at `brokers`.
    ///
    /// # Panics
    /// librdkafka refuses to create a client.
    #[must_use]
    pub fn new(brokers: &str) -> Self {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", brokers);
        let admin = config.create().expect("an admin client");
        let producer = config.set("message.max.bytes", "100000000").create().expect("a producer");
        Self { admin, producer }
    }

    /// Deletes topics, and with them the positions of groups in them. Waits until they are gone.
    ///
    /// # Panics
    /// Kafka does not delete them.
    pub async fn delete_topics(&self, names: &[&str]) {
        self.admin.delete_topics(names, &options()).await.expect("a response");
        let until = Instant::now() + RESPONSE_MAX;
        loop {
            let metadata = self.admin.inner().fetch_metadata(None, RESPONSE_MAX).expect("a response");
            if !metadata.topics().iter().any(|topic| names.contains(&topic.name())) {
                return;
            }
            assert!(Instant::now() < until, "{names:?} are still there");
            tokio::task::yield_now().await;
        }
    }

    /// Deletes the records of a partition before `offset`, as the topic's retention would.
    ///
    /// # Panics
    /// Kafka does not delete them.
    pub async fn delete_records(&self, topic: &str, partition: i32, offset: i64) {
        let mut before = TopicPartitionList::new();
        before.add_partition_offset(topic, partition, Offset::Offset(offset)).expect("an offset");
        let deleted = self.admin.delete_records(&before, &options()).await.expect("a response");
        deleted.elements().iter().for_each(|element| element.error().expect("they are deleted"));
    }

    /// Deletes a group with its positions, as the brokers do when it had no member for longer than
    /// `offsets.retention.minutes`. Waits until the session of its last member has expired.
    ///
    /// # Panics
    /// Kafka does not delete it, because it has members for example.
    pub async fn delete_group(&self, group: &str) {
        let until = Instant::now() + RESPONSE_MAX;
        loop {
            let deleted = self.admin.delete_groups(&[group], &options()).await.expect("a response");
            match deleted.into_iter().find_map(Result::err) {
                None => return,
                Some((_, error)) => assert!(Instant::now() < until, "{group} is still there: {error}"),
            }
            tokio::task::yield_now().await;
        }
    }

    /// Writes a record.
    ///
    /// # Panics
    /// Kafka refuses it.
    pub async fn write(&self, topic: &str, partition: i32, key: Option<&[u8]>, value: Option<&[u8]>) {
        let record = FutureRecord {
            topic,
            partition: Some(partition),
            payload: value,
            key,
            timestamp: None,
            headers: None,
        };
        self.producer.send(record, RESPONSE_MAX).await.expect("the record is accepted");
    }
}

fn options() -> AdminOptions {
    AdminOptions::new().request_timeout(Some(RESPONSE_MAX)).operation_timeout(Some(RESPONSE_MAX))
}
