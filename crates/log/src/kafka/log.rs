//! The handle to the log on Kafka.

use std::sync::{Arc, Mutex, PoisonError};

use kigen_model::topic::{Offset, Topic};
use rdkafka::producer::Producer as _;

use crate::error::{KafkaFailure, LogError};
use crate::interface::Log;
use crate::kafka::connection::Connection;
use crate::kafka::consumer::{Instance, KafkaConsumer};
use crate::kafka::producer::Producer;
use crate::kafka::reader::KafkaReader;
use crate::kafka::topics::{self, Found, Layout};
use crate::kafka::transaction;
use crate::limits::check_outputs;
use crate::record::NewRecord;

/// How long an appended record may wait to be acknowledged, in milliseconds.
const APPEND_MS_MAX: &str = "30000";

/// The log on Kafka. Clones are handles to the same one.
#[derive(Clone)]
pub struct KafkaLog {
    inner: Arc<Inner>,
}

struct Inner {
    instance: Arc<Instance>,
    reader: KafkaReader,
    /// Appends outside of transactions.
    producer: Mutex<Producer>,
}

impl KafkaLog {
    /// Opens the log at `connection`, and creates the topics that are missing. `instance` is the name of this process: the
    /// same after a restart, and no other process has it.
    ///
    /// # Errors
    /// Kafka does not answer, or refuses; the topics are not as they must be.
    pub async fn open(connection: Connection, layout: &Layout, instance: &str) -> Result<Self, KafkaFailure> {
        let mut found = topics::check(&connection, layout).await?;
        if found.iter().any(|found| found.partitions.is_none()) {
            found = topics::create(&connection, layout).await?;
        }
        if !found.iter().all(Found::is_usable) {
            let problems = found.iter().flat_map(Found::fatal_problems).collect::<Vec<_>>().join("; ");
            return Err(KafkaFailure::Topics { brokers: connection.brokers().to_owned(), problems });
        }
        let settings = layout.log.clone();
        let reader = KafkaReader::new(connection.clone(), &settings)?;
        let producer = Mutex::new(appender(&connection)?);
        let instance = Arc::new(Instance { connection, settings, name: instance.to_owned() });
        Ok(Self { inner: Arc::new(Inner { instance, reader, producer }) })
    }
}

/// The settings of a producer that appends outside of transactions.
pub(super) const APPENDER_SETTINGS: [(&str, &str); 2] =
    [("enable.idempotence", "true"), ("message.timeout.ms", APPEND_MS_MAX)];

/// A producer that appends outside of transactions.
fn appender(connection: &Connection) -> Result<Producer, KafkaFailure> {
    Producer::new(connection, &APPENDER_SETTINGS)
}

impl Inner {
    fn producer(&self) -> Producer {
        self.producer.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Replaces a producer that would continue to fail: for good, or until it checks its permissions again, which takes it
    /// minutes.
    fn renew_producer(&self) -> Result<(), KafkaFailure> {
        let renewed = appender(&self.instance.connection)?;
        *self.producer.lock().unwrap_or_else(PoisonError::into_inner) = renewed;
        Ok(())
    }
}

impl Log for KafkaLog {
    type Reader = KafkaReader;
    type Consumer = KafkaConsumer;

    fn reader(&self) -> &KafkaReader {
        &self.inner.reader
    }

    async fn append(&self, records: Vec<NewRecord>) -> Result<Vec<Offset>, LogError> {
        let Instance { connection, settings, .. } = &*self.inner.instance;
        check_outputs(settings, &records)?;
        let producer = self.inner.producer();
        let appended = transaction::send_all(connection, &producer, &records).await;
        let is_denied = matches!(appended, Err(KafkaFailure::Denied { .. }));
        if is_denied || producer.client().fatal_error().is_some() {
            self.inner.renew_producer()?;
        }
        Ok(appended?)
    }

    fn join(&self, name: &'static str, topic: Topic) -> Result<KafkaConsumer, LogError> {
        Ok(KafkaConsumer::join(Arc::clone(&self.inner.instance), name, topic)?)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::kafka::consumer::member_settings;
    use crate::kafka::reader::READER_SETTINGS;
    use crate::kafka::transaction::transaction_settings;

    #[test]
    fn no_setting_that_kigen_overrides_is_accepted() {
        let member = member_settings("group", "instance");
        let transactions = transaction_settings("id", "10000");
        let own = [&member[..], &transactions, &APPENDER_SETTINGS, &READER_SETTINGS].concat();
        let is_accepted = |(name, value): &&(&str, &str)| {
            let settings = BTreeMap::from([((*name).to_owned(), (*value).to_owned())]);
            !matches!(Connection::new("broker:9092", settings), Err(KafkaFailure::OwnSetting { .. }))
        };
        let accepted: Vec<_> = own.iter().filter(is_accepted).collect();
        assert!(own.len() > 20 && accepted.is_empty(), "accepted and overridden: {accepted:?}");
    }
}
