//! Connects to Kafka, with the framing that a schema registry gives to values there.

use std::sync::Arc;

use kigen_log::kafka::Connection;
use kigen_ops::on_thread;
use kigen_registry::{Intent, Registry, RegistryFailure};

use crate::config::Kafka;

/// The connection. If there is a schema registry, it is queried on the caller's thread.
pub(crate) fn connect_blocking(kafka: &Kafka, intent: Intent) -> Result<Connection, RegistryFailure> {
    let connection = kafka.connection.clone();
    match kafka.registry.clone() {
        Some(access) => Ok(connection.framed(Arc::new(Registry::open(access, intent)?))),
        None => Ok(connection),
    }
}

/// The connection. If there is a schema registry, it is queried on a thread for blocking calls.
pub(crate) async fn connect(kafka: &Kafka, intent: Intent) -> Result<Connection, RegistryFailure> {
    let kafka = kafka.clone();
    on_thread(move || connect_blocking(&kafka, intent)).await
}
