//! A connection to Kafka: its address, its settings, and the clients that are created from them.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use kigen_ops::{Secret, ThrottledWarnings};
use rdkafka::ClientConfig;
use rdkafka::ClientContext;
use rdkafka::config::{FromClientConfig, FromClientConfigAndContext};
use rdkafka::error::KafkaError;

use crate::error::{AclOperation, KafkaFailure, is_denied};
use crate::kafka::framing::Framing;

/// What kigen itself decides: with other values it would not be exactly once, would read elsewhere than it reports, or would
/// exceed its bounds in time and memory. Also librdkafka's other names of these.
const OWN_SETTINGS: [&str; 21] = [
    "auto.commit.enable",
    "auto.offset.reset",
    "bootstrap.servers",
    "delivery.timeout.ms",
    "enable.auto.commit",
    "enable.auto.offset.store",
    "enable.idempotence",
    "enable.partition.eof",
    "fetch.queue.backoff.ms",
    "fetch.wait.max.ms",
    "group.id",
    "group.instance.id",
    "isolation.level",
    "message.timeout.ms",
    "metadata.broker.list",
    "partition.assignment.strategy",
    "partitioner",
    "queued.max.messages.kbytes",
    "topic.metadata.refresh.interval.ms",
    "transaction.timeout.ms",
    "transactional.id",
];
/// kigen's defaults, which a user may override, by either of librdkafka's names.
const DEFAULT_SETTINGS: [(&str, Option<&str>, &str); 5] = [
    ("client.id", None, "kigen"),
    ("compression.type", Some("compression.codec"), "lz4"),
    ("linger.ms", Some("queue.buffering.max.ms"), "2"),
    ("message.max.bytes", None, "2000000"),
    // Another member may have this one's partitions after so long without a heartbeat.
    ("session.timeout.ms", None, "10000"),
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
    /// Overrides `sasl.password`.
    password: Option<Secret>,
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
        let connection =
            Self { brokers: brokers.to_owned(), settings, password: None, framing: None, warnings };
        match connection.config(&[])?.create_native_config() {
            Ok(_) => Ok(connection),
            Err(KafkaError::ClientConfig(_, reason, name, value)) => {
                let value = if is_secret(&name) { "(hidden)".to_owned() } else { value };
                Err(KafkaFailure::Setting { name, value, reason })
            }
            Err(source) => Err(connection.no_client(source)),
        }
    }

    /// The same, where clients log in with this password. A file is read again for each client that is created.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn with_password(self, password: Secret) -> Result<Self, KafkaFailure> {
        let connection = Self { password: Some(password), ..self };
        connection.config(&[]).map(|_| connection)
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
    fn config(&self, own: &[(&str, &str)]) -> Result<ClientConfig, KafkaFailure> {
        let mut config = ClientConfig::new();
        for (name, other_name, value) in DEFAULT_SETTINGS {
            if !other_name.is_some_and(|name| self.settings.contains_key(name)) {
                config.set(name, value);
            }
        }
        for (name, value) in &self.settings {
            config.set(name, value);
        }
        for (name, value) in own {
            debug_assert!(OWN_SETTINGS.contains(name), "`{name}` would override a user's setting");
            config.set(*name, *value);
        }
        config.set("bootstrap.servers", &self.brokers);
        if let Some(password) = &self.password {
            let text = password.read().map_err(|source| KafkaFailure::Password {
                path: password.path().map(Path::to_owned).unwrap_or_default(),
                source,
            })?;
            config.set("sasl.password", text);
        }
        Ok(config)
    }

    pub(super) fn client<C: FromClientConfig>(&self) -> Result<C, KafkaFailure> {
        self.config(&[])?.create().map_err(|source| self.no_client(source))
    }

    pub(super) fn client_with<X: ClientContext, C: FromClientConfigAndContext<X>>(
        &self,
        own: &[(&str, &str)],
        context: X,
    ) -> Result<C, KafkaFailure> {
        self.config(own)?.create_with_context(context).map_err(|source| self.no_client(source))
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

#[cfg(test)]
mod tests {
    use super::*;

    fn refuses(name: &str, value: &str) -> bool {
        let settings = BTreeMap::from([(name.to_owned(), value.to_owned())]);
        matches!(Connection::new("broker:9092", settings), Err(KafkaFailure::OwnSetting { .. }))
    }

    #[test]
    fn librdkafkas_other_names_of_kigens_own_settings_are_refused_too() {
        for (name, value) in [
            ("auto.commit.enable", "true"),
            ("delivery.timeout.ms", "1000"),
            ("metadata.broker.list", "elsewhere:9092"),
        ] {
            assert!(refuses(name, value), "{name}");
        }
    }

    #[test]
    fn a_default_gives_way_to_the_users_setting_under_either_name() {
        for (name, value) in [("compression.codec", "zstd"), ("queue.buffering.max.ms", "70")] {
            let settings = BTreeMap::from([(name.to_owned(), value.to_owned())]);
            let connection = Connection::new("broker:9092", settings).expect("accepted");
            let native = connection.config(&[]).expect("no file");
            let native = native.create_native_config().expect("accepted");
            assert_eq!(native.get(name).expect("known"), value);
        }
    }
}
