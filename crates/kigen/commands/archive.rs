//! `kigen archive`: writes each day of events and alerts to the archive, once it is over, beside the processes that write the log.

use kigen_archive::{Address, Archiver};
use kigen_log::kafka::KafkaReader;
use kigen_log::{EmbeddedLog, LogReader};
use kigen_ops::on_thread;
use kigen_registry::Intent;

use crate::cli::ArchiveArgs;
use crate::commands::up;
use crate::config::Config;
use crate::config::error::ConfigError;
use crate::exit::misused;
use crate::kafka::connect;
use crate::log_kind::LogKind;
use crate::output::print;

/// Archives until SIGTERM or Ctrl-C, or once.
pub(crate) async fn run(config: Config, args: ArchiveArgs) -> anyhow::Result<()> {
    let address = config.archive.clone().ok_or_else(|| misused(ConfigError::NoArchive))?;
    if !args.once {
        return up::archive(&config, address).await;
    }
    match config.log_kind {
        LogKind::Embedded => {
            let dir = config.log_dir();
            once(on_thread(move || EmbeddedLog::open_beside(&dir)).await?, address).await
        }
        LogKind::Kafka => {
            let kafka = config.kafka().map_err(misused)?;
            let connection = connect(&kafka, Intent::Read).await?;
            once(KafkaReader::new(connection, &config.log)?, address).await
        }
    }
}

async fn once(reader: impl LogReader + 'static, address: Address) -> anyhow::Result<()> {
    let shown = address.to_string();
    let written = on_thread(move || Archiver::new(reader, address).round()).await?;
    print(&format!("{written} files were written to {shown}.\n"))
}
