//! The commands: one file each, the wiring of roles in `up`.

use std::io::Write;
use std::sync::Arc;

use kigen_log::kafka::Connection;
use kigen_log::on_thread;
use kigen_registry::{Intent, Registry, RegistryFailure};

use crate::config::Kafka;

pub(crate) mod crontab;
pub(crate) mod demo;
pub(crate) mod doctor;
pub(crate) mod events;
pub(crate) mod explain;
pub(crate) mod objectives;
mod pages;
pub(crate) mod replay;
pub(crate) mod status;
pub(crate) mod topics;
pub(crate) mod up;

/// The connection to Kafka with values as they stand there, for which the schema registry is asked, if there is one. It
/// waits for the answers on the caller's thread.
pub(crate) fn framed(kafka: &Kafka, intent: Intent) -> Result<Connection, RegistryFailure> {
    let connection = kafka.connection.clone();
    match kafka.registry.clone() {
        Some(access) => Ok(connection.framed(Arc::new(Registry::open(access, intent)?))),
        None => Ok(connection),
    }
}

/// The same for who must not wait.
pub(crate) async fn framed_beside(kafka: &Kafka, intent: Intent) -> Result<Connection, RegistryFailure> {
    let kafka = kafka.clone();
    on_thread(move || framed(&kafka, intent)).await
}

/// Writes data to stdout.
pub(crate) fn print(text: &str) -> anyhow::Result<()> {
    let mut stdout = std::io::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    stdout.flush()?;
    Ok(())
}
