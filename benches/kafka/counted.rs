//! A Kafka log that counts what is committed to it, in bytes of keys and values before compression.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use kigen_log::kafka::KafkaReader;
use kigen_log::{Consumer, ConsumerEvent, GroupPosition, KafkaLog, Log, LogError, NewRecord};
use kigen_model::topic::{Offset, Partition, Topic};

/// The log.
#[derive(Clone)]
pub(crate) struct CountedLog {
    log: KafkaLog,
    status_bytes: Arc<AtomicU64>,
}

impl CountedLog {
    pub(crate) fn new(log: KafkaLog) -> Self {
        Self { log, status_bytes: Arc::default() }
    }

    /// The bytes that were committed to `kigen.status` so far.
    pub(crate) fn status_bytes(&self) -> u64 {
        self.status_bytes.load(Ordering::Relaxed)
    }
}

impl Log for CountedLog {
    type Reader = KafkaReader;
    type Consumer = CountedConsumer;

    fn reader(&self) -> &KafkaReader {
        self.log.reader()
    }

    async fn append(&self, records: Vec<NewRecord>) -> Result<Vec<Offset>, LogError> {
        self.log.append(records).await
    }

    fn join(&self, name: &'static str, topic: Topic) -> Result<CountedConsumer, LogError> {
        let status_bytes = Arc::clone(&self.status_bytes);
        Ok(CountedConsumer { consumer: self.log.join(name, topic)?, status_bytes })
    }
}

/// A member of a group of it.
pub(crate) struct CountedConsumer {
    consumer: <KafkaLog as Log>::Consumer,
    status_bytes: Arc<AtomicU64>,
}

impl Consumer for CountedConsumer {
    async fn next(&mut self, records_max: usize, bytes_max: usize) -> Result<ConsumerEvent, LogError> {
        self.consumer.next(records_max, bytes_max).await
    }

    async fn seek(&mut self, partition: Partition, from: Offset) -> Result<(), LogError> {
        self.consumer.seek(partition, from).await
    }

    fn pause(&mut self, partition: Partition) {
        self.consumer.pause(partition);
    }

    async fn commit_positions(
        &mut self,
        outputs: Vec<NewRecord>,
        positions: Vec<(Partition, GroupPosition)>,
    ) -> Result<Vec<Offset>, LogError> {
        let of_status = outputs.iter().filter(|output| output.topic == Topic::Status);
        let bytes: usize =
            of_status.map(|output| output.key.len() + output.value.as_ref().map_or(0, Vec::len)).sum();
        let offsets = self.consumer.commit_positions(outputs, positions).await?;
        self.status_bytes.fetch_add(u64::try_from(bytes).unwrap_or(u64::MAX), Ordering::Relaxed);
        Ok(offsets)
    }
}
