//! A connection to Kafka: its address, its settings, and the clients that are created from them.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use kigen_ops::ThrottledWarnings;
use rdkafka::ClientConfig;
use rdkafka::ClientContext;
use rdkafka::config::{FromClientConfig, FromClientConfigAndContext};
use rdkafka::error::KafkaError;

use crate::error::{AclOperation, KafkaFailure, is_denied};
use crate::kafka::framing::Framing;

/// What kigen itself decides: with other values it would not be exactly once, or would read elsewhere than it reports.
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
/// kigen's defaults, which a user may override.
const DEFAULT_SETTINGS: [(&str, &str); 5] = [
    ("client.id", "kigen"),
    ("compression.type", "lz4"),
    ("linger.ms", "2"),
    ("message.max.bytes", "2000000"),
    // Another member may have this one's partitions after so long without a heartbeat.
    ("session.timeout.ms", "10000"),
];
/// After how long a consumer whose queue was full fetches again. librdkafka's default is a second, in which the queue has
/// long been emptied, and its reader waits.
pub(super) const FULL_QUEUE_DELAY: (&str, &str) = ("fetch.queue.backoff.ms", "10");
/// How long Kafka may take to answer.
pub(super) const ANSWER_MAX: Duration = Duration::from_secs(30);

/// A Kafka, and how clients connect to it.
#[derive(Clone)]
pub struct Connection {
    /// `bootstrap.servers`: `host:port`, or several with commas.
    brokers: String,
    /// librdkafka's settings by name, such as `security.protocol`.
    settings: BTreeMap<String, String>,
    /// How values are encoded there; `None`: as the log's users encode them.
    framing: Option<Arc<dyn Framing>>,
    /// Shared by all clients of the connection.
    warnings: ThrottledWarnings,
}

/// Without the settings, which have secrets among them.
impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").field("brokers", &self.brokers).finish_non_exhaustive()
    }
}

impl Connection {
    /// A Kafka at `brokers`, and the settings of its clients.
    ///
    /// # Errors
    /// A setting is one that kigen itself decides, or librdkafka does not accept it.
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

    /// The same, where values are encoded otherwise than by the log's users.
    #[must_use]
    pub fn framed(self, framing: Arc<dyn Framing>) -> Self {
        Self { framing: Some(framing), ..self }
    }

    /// The same, whose clients log trouble through `warnings`, which the roles of a process share.
    #[must_use]
    pub fn with_warnings(self, warnings: ThrottledWarnings) -> Self {
        Self { warnings, ..self }
    }

    /// The brokers, as they were given.
    #[must_use]
    pub fn brokers(&self) -> &str {
        &self.brokers
    }

    pub(super) fn framing(&self) -> Option<&dyn Framing> {
        self.framing.as_deref()
    }

    pub(super) fn warnings(&self) -> &ThrottledWarnings {
        &self.warnings
    }

    /// The settings of a client: `own` are those that its use decides.
    fn config(&self, own: &[(&str, &str)]) -> ClientConfig {
        let mut config = ClientConfig::new();
        for (name, value) in DEFAULT_SETTINGS {
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

    pub(super) fn client<C: FromClientConfig>(&self) -> Result<C, KafkaFailure> {
        self.config(&[]).create().map_err(|source| self.no_client(source))
    }

    pub(super) fn client_with<X: ClientContext, C: FromClientConfigAndContext<X>>(
        &self,
        own: &[(&str, &str)],
        context: X,
    ) -> Result<C, KafkaFailure> {
        self.config(own).create_with_context(context).map_err(|source| self.no_client(source))
    }

    pub(super) fn no_client(&self, source: KafkaError) -> KafkaFailure {
        KafkaFailure::Client { brokers: self.brokers.clone(), source }
    }

    /// The error of a call that failed: `what` is what Kafka does or does not do, as the end of a sentence.
    pub(super) fn failed(&self, what: &'static str) -> impl Fn(KafkaError) -> KafkaFailure + use<> {
        let brokers = self.brokers.clone();
        move |source| KafkaFailure::Broker { brokers: brokers.clone(), what, source }
    }

    /// As of [`failed`](Self::failed), for an operation that an ACL may deny.
    pub(super) fn refused(
        &self,
        what: &'static str,
        operation: AclOperation,
    ) -> impl Fn(KafkaError) -> KafkaFailure + use<> {
        let (brokers, failed) = (self.brokers.clone(), self.failed(what));
        move |source| {
            if is_denied(&source) {
                KafkaFailure::Denied { brokers: brokers.clone(), operation: operation.clone() }
            } else {
                failed(source)
            }
        }
    }
}

/// Whether a setting of this name must not be shown.
#[must_use]
pub fn is_secret(name: &str) -> bool {
    ["password", "secret", "pem", "oauthbearer.config"].iter().any(|word| name.contains(word))
}
