//! What can go wrong with Kafka: its address, its ACLs, its topics, its transactions.

use std::path::PathBuf;

use kigen_model::topic::{Offset, Partition, Topic};
use kigen_ops::RetriedError;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};

use crate::error::acl::{AclOperation, code_of};
use crate::error::fate::Fate;
use crate::metrics;

/// Why Kafka cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KafkaFailure {
    /// A setting that kigen itself decides.
    #[error("the Kafka setting `{name}` cannot be given: kigen itself decides it; remove it")]
    OwnSetting {
        /// Its name.
        name: String,
    },
    /// A setting that librdkafka does not know or accept.
    #[error(
        "the Kafka setting `{name} = {value}` is not accepted: {reason}; librdkafka's CONFIGURATION.md lists all settings"
    )]
    Setting {
        /// Its name.
        name: String,
        /// Its value; of secrets nothing.
        value: String,
        /// librdkafka's words.
        reason: String,
    },
    /// The file of the password cannot be read.
    #[error("Kafka's password_file {} cannot be read", path.display())]
    Password {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The client could not be created.
    #[error(
        "no Kafka client can be created for {brokers}: check the paths and credentials among its settings"
    )]
    Client {
        /// The brokers.
        brokers: String,
        /// Why.
        source: KafkaError,
    },
    /// The topics are not as they must be.
    #[error("kigen cannot run on the topics at {brokers}: {problems}")]
    Topics {
        /// The brokers.
        brokers: String,
        /// What is wrong with each, and what to do.
        problems: String,
    },
    /// Another process has this one's instance name, and fenced this one.
    #[error(
        "another kigen runs as the instance `{instance}` and took over: give each process a name of its own (--instance, or \
         `instance` under [kafka])"
    )]
    InstanceFenced {
        /// The name.
        instance: String,
    },
    /// The brokers refuse a transaction that was open for as long as one may be: they have aborted it, or another process has
    /// this one's instance name. They report both alike.
    #[error(
        "Kafka refused the transaction of the instance `{instance}`, which had been open for {open_ms} ms: after \
         {transaction_ms_max} ms the brokers abort one, and nothing of it was written; kigen repeats it. If this remains so, \
         look for brokers that answer slowly, for a process that is stopped or starved of CPU, and for another kigen with \
         the same instance name"
    )]
    TransactionExpired {
        /// The name.
        instance: String,
        /// For how long it had been open, in milliseconds.
        open_ms: u64,
        /// For how long one may be, in milliseconds.
        transaction_ms_max: u64,
    },
    /// An ACL denies an operation.
    #[error(
        "Kafka at {brokers} does not allow {operation}: allow it with `kafka-acls.sh --bootstrap-server {brokers} --add \
         --allow-principal User:NAME --operation {} {}`, or remove the ACL that denies it; `kigen doctor` lists what else is \
         missing",
        operation.operation(),
        operation.option()
    )]
    Denied {
        /// The brokers.
        brokers: String,
        /// The operation.
        operation: AclOperation,
    },
    /// A transaction was begun and is never ended: readers of committed records wait for it for ever.
    #[error(
        "Kafka at {brokers} has a transaction on {topic} [{}] that does not end, and no record after it can be read; if \
         this remains so, query `kafka-transactions.sh --bootstrap-server {brokers} describe-producers --topic {topic} \
         --partition {}` for its CurrentTransactionStartOffset, and end it with `abort --start-offset OFFSET` in place of \
         `describe-producers`",
        partition.0,
        partition.0
    )]
    Hanging {
        /// The brokers.
        brokers: String,
        /// Its topic.
        topic: Topic,
        /// Its partition.
        partition: Partition,
    },
    /// The schema that a value names is unavailable now ([`Framing`](crate::kafka::Framing)).
    #[error("the record at {topic} partition {partition} offset {offset} cannot be read yet")]
    SchemaUnavailable {
        /// The topic.
        topic: Topic,
        /// The partition.
        partition: Partition,
        /// The offset of the record, at which reading resumes.
        offset: Offset,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
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
            Self::Denied { .. }
            | Self::InstanceFenced { .. }
            | Self::TransactionExpired { .. }
            | Self::Hanging { .. }
            | Self::SchemaUnavailable { .. }
            | Self::Password { .. }
            | Self::Broker { .. } => Fate::Retry,
        }
    }

    /// Its name among the metrics' labels.
    pub(crate) fn label(&self) -> &'static str {
        match self {
            Self::OwnSetting { .. } | Self::Setting { .. } | Self::Client { .. } => "kafka_settings",
            Self::Password { .. } => "kafka_password",
            Self::Topics { .. } => "kafka_topics",
            Self::InstanceFenced { .. } => "kafka_twin",
            Self::TransactionExpired { .. } => "kafka_transaction_expired",
            Self::Denied { .. } => "kafka_denied",
            Self::Hanging { .. } => "kafka_hanging_transaction",
            Self::SchemaUnavailable { .. } => "registry",
            Self::Broker { source, .. } if is_unanswered(source) => "kafka_unreachable",
            Self::Broker { .. } => "kafka_refused",
        }
    }
}

impl RetriedError for KafkaFailure {
    fn cause_key(&self) -> String {
        match self {
            Self::Denied { operation, .. } => format!("{} {operation}", self.label()),
            Self::Hanging { topic, partition, .. } => format!("{} {topic} {}", self.label(), partition.0),
            Self::Broker { source, .. } if !is_unanswered(source) => {
                format!("{} {:?}", self.label(), code_of(source))
            }
            _ => self.label().to_owned(),
        }
    }

    fn count(&self) {
        metrics::failed(self.label());
    }
}

/// Whether no broker answered, as opposed to a refusal.
fn is_unanswered(error: &KafkaError) -> bool {
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
