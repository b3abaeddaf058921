//! Apache Kafka: how it is reached, and the log on it. All of librdkafka's settings can be passed through.

mod acl;
mod consumer;
mod framing;
pub mod permissions;
mod producer;
mod reader;
pub mod topics;
mod transaction;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use kigen_model::topic::{Offset, Partition, Topic};
use kigen_ops::{RetriedError, ThrottledWarnings};
use rdkafka::ClientConfig;
use rdkafka::ClientContext;
use rdkafka::config::{FromClientConfig, FromClientConfigAndContext, RDKafkaLogLevel};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::Producer as _;

use crate::NewRecord;
use crate::error::{Fate, LogError};
use crate::interface::Log;
use crate::settings::Settings;
use crate::{metrics, write};
use acl::{code_of, is_denied};

pub use acl::AclOperation;
pub use consumer::KafkaConsumer;
pub use framing::{Framing, Head, Inward};
use producer::Producer;
pub use reader::KafkaReader;
use topics::{Found, Layout};

/// What kigen decides by itself: without these it would not be exactly once, or would look elsewhere than it says.
const OWN_SETTINGS: [&str; 12] = [
    "auto.offset.reset",
    "bootstrap.servers",
    "enable.auto.commit",
    "enable.auto.offset.store",
    "enable.idempotence",
    "enable.partition.eof",
    "group.id",
    "group.instance.id",
    "isolation.level",
    "partition.assignment.strategy",
    "partitioner",
    "transactional.id",
];
/// What kigen begins with, and a user may set otherwise.
const FIRST_SETTINGS: [(&str, &str); 5] = [
    ("client.id", "kigen"),
    ("compression.type", "lz4"),
    ("linger.ms", "2"),
    ("message.max.bytes", "2000000"),
    // Another member may have this one's partitions after so long without a sign of life.
    ("session.timeout.ms", "10000"),
];
/// After how long a consumer whose queue was full asks for more. By librdkafka's own setting that is a second, in which
/// the queue has long been emptied, and whoever reads waits.
const FULL_QUEUE_DELAY: (&str, &str) = ("fetch.queue.backoff.ms", "10");
/// How long Kafka may take to answer.
const ANSWER_MAX: Duration = Duration::from_secs(30);
/// How long an appended record may wait to be taken, in milliseconds.
const APPEND_MS_MAX: &str = "30000";

/// Where a Kafka is, and how it is spoken to.
#[derive(Clone)]
pub struct Connection {
    /// `bootstrap.servers`: `host:port`, or several with commas.
    brokers: String,
    /// librdkafka's settings by name, such as `security.protocol`.
    settings: BTreeMap<String, String>,
    /// How values stand there; `None`: just as they are handed over.
    framing: Option<Arc<dyn Framing>>,
    /// Shared by all clients of the connection.
    warnings: ThrottledWarnings,
}

/// Why Kafka cannot be used as asked.
#[derive(Debug, thiserror::Error)]
pub enum KafkaFailure {
    /// A setting that kigen decides by itself.
    #[error("the Kafka setting `{name}` cannot be given: kigen decides it by itself; take it out")]
    OwnSetting {
        /// Its name.
        name: String,
    },
    /// A setting that librdkafka does not know or take.
    #[error(
        "the Kafka setting `{name} = {value}` is not taken: {reason}; librdkafka's CONFIGURATION.md lists all that can be \
         set"
    )]
    Setting {
        /// Its name.
        name: String,
        /// Its value; of secrets nothing.
        value: String,
        /// librdkafka's words.
        reason: String,
    },
    /// The client could not be made.
    #[error("no Kafka client can be made for {brokers}: check the paths and credentials among its settings")]
    Client {
        /// The brokers.
        brokers: String,
        /// Why.
        source: KafkaError,
    },
    /// The topics are not as they must be.
    #[error("kigen cannot run on the topics at {brokers}: {told}")]
    Topics {
        /// The brokers.
        brokers: String,
        /// What is wrong with each, and what to do.
        told: String,
    },
    /// Another process has this one's name.
    #[error(
        "another kigen runs as the instance `{instance}` and took over: give each process a name of its own (--instance, or \
         `instance` under [kafka])"
    )]
    Twin {
        /// The name.
        instance: String,
    },
    /// An ACL forbids it.
    #[error(
        "Kafka at {brokers} does not allow {asked}: allow it with `kafka-acls.sh --bootstrap-server {brokers} --add \
         --allow-principal User:NAME --operation {} {}`, or remove the ACL that denies it; `kigen doctor` says what else is \
         missing",
        asked.operation(),
        asked.option()
    )]
    Denied {
        /// The brokers.
        brokers: String,
        /// What.
        asked: AclOperation,
    },
    /// A transaction was begun and is never ended: readers of what is committed wait for it for ever.
    #[error(
        "Kafka at {brokers} has a transaction on {topic} [{}] that does not end, and nobody reads what comes after it; if \
         this stays so, ask `kafka-transactions.sh --bootstrap-server {brokers} describe-producers --topic {topic} \
         --partition {}` for its CurrentTransactionStartOffset, and end it with `abort --start-offset OFFSET` in place of \
         `describe-producers`",
        partition.0,
        partition.0
    )]
    Hanging {
        /// The brokers.
        brokers: String,
        /// Where.
        topic: Topic,
        /// Where.
        partition: Partition,
    },
    /// The brokers do not answer, or refuse.
    #[error("Kafka at {brokers} {what}; check the address, and that it is reachable and allowed from here")]
    Broker {
        /// The brokers.
        brokers: String,
        /// What happened.
        what: &'static str,
        /// Why.
        source: KafkaError,
    },
}

impl KafkaFailure {
    /// What to do about it.
    #[must_use]
    pub fn fate(&self) -> Fate {
        match self {
            Self::OwnSetting { .. } | Self::Setting { .. } | Self::Client { .. } | Self::Topics { .. } => {
                Fate::Stop
            }
            Self::Denied { .. } | Self::Twin { .. } | Self::Hanging { .. } | Self::Broker { .. } => {
                Fate::Retry
            }
        }
    }

    /// Its name among the metrics' labels.
    pub(crate) fn label(&self) -> &'static str {
        match self {
            Self::OwnSetting { .. } | Self::Setting { .. } | Self::Client { .. } => "kafka_settings",
            Self::Topics { .. } => "kafka_topics",
            Self::Twin { .. } => "kafka_twin",
            Self::Denied { .. } => "kafka_denied",
            Self::Hanging { .. } => "kafka_hanging_transaction",
            Self::Broker { source, .. } if is_silence(source) => "kafka_unreachable",
            Self::Broker { .. } => "kafka_refused",
        }
    }
}

impl RetriedError for KafkaFailure {
    fn cause_key(&self) -> String {
        match self {
            Self::Denied { asked, .. } => format!("{} {asked}", self.label()),
            Self::Hanging { topic, partition, .. } => format!("{} {topic} {}", self.label(), partition.0),
            Self::Broker { source, .. } if !is_silence(source) => {
                format!("{} {:?}", self.label(), code_of(source))
            }
            _ => self.label().to_owned(),
        }
    }

    fn count(&self) {
        metrics::failed(self.label());
    }
}

/// Without the settings, which have secrets among them.
impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").field("brokers", &self.brokers).finish_non_exhaustive()
    }
}

impl Connection {
    /// A Kafka at `brokers`, spoken to with these settings.
    ///
    /// # Errors
    /// A setting is one that kigen decides by itself, or librdkafka does not take it.
    pub fn new(brokers: &str, settings: BTreeMap<String, String>) -> Result<Self, KafkaFailure> {
        if let Some(name) = settings.keys().find(|name| OWN_SETTINGS.contains(&name.as_str())) {
            return Err(KafkaFailure::OwnSetting { name: name.clone() });
        }
        let warnings = ThrottledWarnings::default();
        let connection = Self { brokers: brokers.to_owned(), settings, framing: None, warnings };
        match connection.config(&[]).create_native_config() {
            Ok(_) => Ok(connection),
            Err(KafkaError::ClientConfig(_, reason, name, value)) => {
                let value = if is_secret(&name) { "(hidden)".to_owned() } else { value };
                Err(KafkaFailure::Setting { name, value, reason })
            }
            Err(source) => Err(connection.no_client(source)),
        }
    }

    /// The same, where values stand otherwise than as they are handed over.
    #[must_use]
    pub fn framed(self, framing: Arc<dyn Framing>) -> Self {
        Self { framing: Some(framing), ..self }
    }

    /// The same, whose clients log trouble through `warnings`: those that the process shares between its roles.
    #[must_use]
    pub fn with_warnings(self, warnings: ThrottledWarnings) -> Self {
        Self { warnings, ..self }
    }

    /// The brokers, as they were given.
    #[must_use]
    pub fn brokers(&self) -> &str {
        &self.brokers
    }

    /// The settings of a client: `own` are those that its use decides.
    fn config(&self, own: &[(&str, &str)]) -> ClientConfig {
        let mut config = ClientConfig::new();
        for (name, value) in FIRST_SETTINGS {
            config.set(name, value);
        }
        for (name, value) in &self.settings {
            config.set(name, value);
        }
        for (name, value) in own {
            config.set(*name, *value);
        }
        config.set("bootstrap.servers", &self.brokers);
        config
    }

    fn client<C: FromClientConfig>(&self) -> Result<C, KafkaFailure> {
        self.config(&[]).create().map_err(|source| self.no_client(source))
    }

    fn client_with<X: ClientContext, C: FromClientConfigAndContext<X>>(
        &self,
        own: &[(&str, &str)],
        context: X,
    ) -> Result<C, KafkaFailure> {
        self.config(own).create_with_context(context).map_err(|source| self.no_client(source))
    }

    fn no_client(&self, source: KafkaError) -> KafkaFailure {
        KafkaFailure::Client { brokers: self.brokers.clone(), source }
    }

    fn failed(&self, what: &'static str) -> impl Fn(KafkaError) -> KafkaFailure + use<> {
        let brokers = self.brokers.clone();
        move |source| KafkaFailure::Broker { brokers: brokers.clone(), what, source }
    }

    /// As of [`failed`](Self::failed), for what an ACL may forbid.
    fn refused(
        &self,
        what: &'static str,
        asked: AclOperation,
    ) -> impl Fn(KafkaError) -> KafkaFailure + use<> {
        let (brokers, failed) = (self.brokers.clone(), self.failed(what));
        move |source| {
            if is_denied(&source) {
                KafkaFailure::Denied { brokers: brokers.clone(), asked: asked.clone() }
            } else {
                failed(source)
            }
        }
    }
}

/// Whether nobody answered, as opposed to an answer that says no.
fn is_silence(error: &KafkaError) -> bool {
    matches!(
        code_of(error),
        None | Some(
            RDKafkaErrorCode::AllBrokersDown
                | RDKafkaErrorCode::BrokerTransportFailure
                | RDKafkaErrorCode::MessageTimedOut
                | RDKafkaErrorCode::OperationTimedOut
                | RDKafkaErrorCode::RequestTimedOut
                | RDKafkaErrorCode::Resolve
                | RDKafkaErrorCode::TimedOutQueue
                | RDKafkaErrorCode::WaitingForCoordinator
        )
    )
}

/// Whether a setting of this name is one that must not be shown.
#[must_use]
pub fn is_secret(name: &str) -> bool {
    ["password", "secret", "pem", "oauthbearer.config"].iter().any(|word| name.contains(word))
}

/// The log on Kafka. Clones are handles to the same one.
#[derive(Clone)]
pub struct KafkaLog {
    inner: Arc<Inner>,
}

struct Inner {
    connection: Connection,
    settings: Settings,
    /// What this process is called: the same after a restart, and no other's.
    instance: String,
    look: KafkaReader,
    /// Of what is appended outside of transactions.
    producer: Mutex<Producer>,
}

impl KafkaLog {
    /// Opens the log at `connection`, and makes the topics that are not there. `instance` is what this process is
    /// called: the same after a restart, and no other's.
    ///
    /// # Errors
    /// Kafka does not answer, or refuses; the topics are not as they must be.
    pub async fn open(connection: Connection, layout: &Layout, instance: &str) -> Result<Self, KafkaFailure> {
        let mut found = topics::check(&connection, layout).await?;
        if found.iter().any(|found| found.partitions.is_none()) {
            found = topics::create(&connection, layout).await?;
        }
        if !found.iter().all(Found::is_usable) {
            let told = found.iter().flat_map(Found::told).collect::<Vec<_>>().join("; ");
            return Err(KafkaFailure::Topics { brokers: connection.brokers, told });
        }
        let settings = layout.log.clone();
        let look = KafkaReader::new(connection.clone(), &settings)?;
        let producer = Mutex::new(appender(&connection)?);
        let instance = instance.to_owned();
        Ok(Self { inner: Arc::new(Inner { connection, settings, instance, look, producer }) })
    }
}

/// Makes what appends.
fn appender(connection: &Connection) -> Result<Producer, KafkaFailure> {
    let own = [("enable.idempotence", "true"), ("message.timeout.ms", APPEND_MS_MAX)];
    Producer::new(connection, &own)
}

impl Inner {
    fn producer(&self) -> Producer {
        self.producer.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Another producer in place of one that would go on failing: for good, or until it looks again at what it may do,
    /// which takes it minutes.
    fn renew_producer(&self) -> Result<(), KafkaFailure> {
        *self.producer.lock().unwrap_or_else(PoisonError::into_inner) = appender(&self.connection)?;
        Ok(())
    }
}

impl Log for KafkaLog {
    type Reader = KafkaReader;
    type Consumer = KafkaConsumer;

    fn reader(&self) -> &KafkaReader {
        &self.inner.look
    }

    async fn append(&self, records: Vec<NewRecord>) -> Result<Vec<Offset>, LogError> {
        let Inner { connection, settings, .. } = &*self.inner;
        write::check_outputs(settings.partitions, settings, &records)?;
        let producer = self.inner.producer();
        let appended = transaction::all(connection, &producer, &records).await;
        let is_denied = matches!(appended, Err(LogError::Kafka(KafkaFailure::Denied { .. })));
        if is_denied || producer.client().fatal_error().is_some() {
            self.inner.renew_producer()?;
        }
        appended
    }

    fn join(&self, name: &'static str, topic: Topic) -> Result<KafkaConsumer, LogError> {
        Ok(KafkaConsumer::join(Arc::clone(&self.inner), name, topic)?)
    }
}

/// What a client says by itself: trouble is told of, once a minute at most, since it lasts and mends itself.
struct Talk {
    brokers: String,
    warnings: ThrottledWarnings,
}

impl Talk {
    fn of(connection: &Connection) -> Self {
        Self { brokers: connection.brokers.clone(), warnings: connection.warnings.clone() }
    }

    fn trouble(&self, error: KafkaError, reason: &str) {
        let code = code_of(&error).map_or(String::new(), |code| format!(" ({code})"));
        let cause =
            KafkaFailure::Broker { brokers: String::new(), what: "is in trouble", source: error }.cause_key();
        self.warnings.warn(&cause, || format!("Kafka at {}: {reason}{code}", self.brokers));
    }
}

impl ClientContext for Talk {
    fn log(&self, _level: RDKafkaLogLevel, facility: &str, message: &str) {
        tracing::debug!("librdkafka: {facility}: {message}");
    }

    fn error(&self, error: KafkaError, reason: &str) {
        match code_of(&error) {
            // One broker of several, which another stands in for; when all are away, that is told.
            Some(RDKafkaErrorCode::BrokerTransportFailure) => {}
            // No trouble: a reader that has come to the end.
            Some(RDKafkaErrorCode::PartitionEOF) => {}
            _ => self.trouble(error, reason),
        }
    }
}
