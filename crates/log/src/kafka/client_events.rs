//! What a client reports by itself, from librdkafka's own threads.

use kigen_ops::{RetriedError, ThrottledWarnings};
use rdkafka::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};

use crate::error::{KafkaFailure, code_of};
use crate::kafka::connection::Connection;

/// Logs a client's trouble: throttled, since it lasts and ends by itself.
pub(super) struct ClientEvents {
    brokers: String,
    warnings: ThrottledWarnings,
}

impl ClientEvents {
    pub(super) fn of(connection: &Connection) -> Self {
        Self { brokers: connection.brokers().to_owned(), warnings: connection.warnings().clone() }
    }

    pub(super) fn trouble(&self, error: KafkaError, reason: &str) {
        let code = code_of(&error).map_or(String::new(), |code| format!(" ({code})"));
        let cause =
            KafkaFailure::Broker { brokers: String::new(), what: "is in trouble", source: error }.cause_key();
        self.warnings.warn(&cause, || format!("Kafka at {}: {reason}{code}", self.brokers));
    }
}

impl ClientContext for ClientEvents {
    fn log(&self, _level: RDKafkaLogLevel, facility: &str, message: &str) {
        tracing::debug!("librdkafka: {facility}: {message}");
    }

    fn error(&self, error: KafkaError, reason: &str) {
        match code_of(&error) {
            // One broker of several, which another stands in for; an error of its own reports that all are down.
            Some(RDKafkaErrorCode::BrokerTransportFailure) => {}
            // No trouble: a reader has reached the end of a partition.
            Some(RDKafkaErrorCode::PartitionEOF) => {}
            _ => self.trouble(error, reason),
        }
    }
}
