//! Opens what a process writes: the embedded event log and the store.

use std::path::Path;

use anyhow::Context;
use kigen_log::{EmbeddedError, EmbeddedLog, Log, LogError};
use kigen_model::topic::Topic;
use kigen_processor::{Processor, TurnBounds};
use kigen_store::Store;

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

/// Opens the store, for a processor of the log.
pub(crate) fn open_processor<L: Log>(log: &L, dir: &Path) -> anyhow::Result<Processor<L>> {
    let (store, dropped) = Store::open(dir)?;
    if let Some(dropped) = dropped {
        tracing::warn!("the store was dropped and is rebuilt from {}: {}", Topic::Status, dropped.why);
    }
    Ok(Processor::open(log.clone(), store, TurnBounds::default())?)
}
