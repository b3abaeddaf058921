//! Apache Kafka: how it is reached. All of librdkafka's settings can be passed through.

pub mod topics;

use std::collections::BTreeMap;
use std::fmt;

use rdkafka::ClientConfig;
use rdkafka::config::FromClientConfig;
use rdkafka::error::KafkaError;

/// What kigen decides by itself: without these it would not be exactly once, or would look elsewhere than it says.
const OWN_SETTINGS: [&str; 8] = [
    "bootstrap.servers",
    "enable.auto.commit",
    "enable.auto.offset.store",
    "enable.idempotence",
    "group.id",
    "isolation.level",
    "partitioner",
    "transactional.id",
];

/// Where a Kafka is, and how it is spoken to.
#[derive(Clone, PartialEq, Eq)]
pub struct Connection {
    /// `bootstrap.servers`: `host:port`, or several with commas.
    brokers: String,
    /// librdkafka's settings by name, such as `security.protocol`.
    settings: BTreeMap<String, String>,
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
        let connection = Self { brokers: brokers.to_owned(), settings };
        match connection.config().create_native_config() {
            Ok(_) => Ok(connection),
            Err(KafkaError::ClientConfig(_, reason, name, value)) => {
                let value = if is_secret(&name) { "(hidden)".to_owned() } else { value };
                Err(KafkaFailure::Setting { name, value, reason })
            }
            Err(source) => Err(connection.no_client(source)),
        }
    }

    /// The brokers, as they were given.
    #[must_use]
    pub fn brokers(&self) -> &str {
        &self.brokers
    }

    fn config(&self) -> ClientConfig {
        let mut config = ClientConfig::new();
        config.set("client.id", "kigen");
        for (name, value) in &self.settings {
            config.set(name, value);
        }
        config.set("bootstrap.servers", &self.brokers);
        config
    }

    fn client<C: FromClientConfig>(&self) -> Result<C, KafkaFailure> {
        self.config().create().map_err(|source| self.no_client(source))
    }

    fn no_client(&self, source: KafkaError) -> KafkaFailure {
        KafkaFailure::Client { brokers: self.brokers.clone(), source }
    }

    fn failed(&self, what: &'static str) -> impl Fn(KafkaError) -> KafkaFailure {
        let brokers = self.brokers.clone();
        move |source| KafkaFailure::Broker { brokers: brokers.clone(), what, source }
    }
}

/// Whether a setting of this name is one that must not be shown.
#[must_use]
pub fn is_secret(name: &str) -> bool {
    ["password", "secret", "pem", "oauthbearer.config"].iter().any(|word| name.contains(word))
}
