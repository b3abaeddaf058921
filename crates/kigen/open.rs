//! Opens what a process writes: the event log, for a command, and the store.

use std::path::Path;

use anyhow::Context;
use kigen_log::{EmbeddedError, EmbeddedLog, KafkaLog, Log, LogError};
use kigen_model::topic::Topic;
use kigen_processor::{Processor, TurnBounds};
use kigen_registry::Intent;
use kigen_store::Store;

use crate::config::Config;
use crate::exit::misused;
use crate::kafka::connect;

/// Opens the event log for writing.
pub(crate) fn open_log(dir: &Path, settings: kigen_log::Settings) -> anyhow::Result<EmbeddedLog> {
    std::fs::create_dir_all(dir).with_context(|| {
        format!("the data directory {} cannot be created; name another by --data-dir", dir.display())
    })?;
    Ok(EmbeddedLog::open(dir, settings)?)
}

/// Opens the event log for writing, in a command that cannot run beside `kigen up`.
pub(crate) fn open_log_alone(dir: &Path, settings: kigen_log::Settings) -> anyhow::Result<EmbeddedLog> {
    open_log(dir, settings).map_err(|error| match error.downcast_ref() {
        Some(LogError::Embedded(EmbeddedError::InUse { .. })) => error.context(
            "an embedded log has one process at a time: stop `kigen up`, run this command, and start it again",
        ),
        _ => error,
    })
}

/// Opens the log on Kafka for writing, in a command of this name beside the running processes.
pub(crate) async fn open_kafka_beside(config: &Config, command: &str) -> anyhow::Result<KafkaLog> {
    let kafka = config.kafka().map_err(misused)?;
    let connection = connect(&kafka, Intent::Write).await?;
    // Not the name of a process that writes transactions.
    let instance = format!("{}-{command}", kafka.instance);
    Ok(KafkaLog::open(connection, &kafka.layout, &instance).await?)
}

/// Opens the store, for a processor of the log.
pub(crate) fn open_processor<L: Log>(log: &L, dir: &Path) -> anyhow::Result<Processor<L>> {
    let (store, dropped) = Store::open(dir)?;
    if let Some(dropped) = dropped {
        tracing::warn!("the store was dropped and is rebuilt from {}: {}", Topic::Status, dropped.why);
    }
    Ok(Processor::open(log.clone(), store, TurnBounds::default())?)
}
