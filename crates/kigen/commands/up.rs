//! `kigen up`: all roles in one process. They meet in the log only; the wiring happens here, once.

use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use chrono::Utc;
use kigen_log::EmbeddedLog;
use kigen_model::topic::Topic;
use kigen_notifier::role::{self as notifying, Delivery, Patience};
use kigen_notifier::slack::Slack;
use kigen_processor::{Processor, TurnBounds};
use kigen_shipper::input::Declaration;
use kigen_shipper::role as shipping;
use kigen_shipper::server_clock::Clock;
use kigen_store::Store;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::config::{Config, Notify};
use crate::objectives::followed;

/// How long the roles may take to finish what is in flight.
const SHUTDOWN_MS_MAX: u64 = 8_000;
/// How often the log is cut to its bounds.
const TRIM_INTERVAL_MS: u64 = 10 * 60 * 1_000;

/// Runs until SIGTERM or Ctrl-C, or until a role cannot go on.
pub(crate) async fn run(config: Config) -> anyhow::Result<()> {
    // Listened to before there is anything to lose: until then SIGTERM ends the process where it stands.
    let terminate = signal(SignalKind::terminate())?;
    let delivery = delivery(&config)?;
    let log = open_log(&config.log_dir(), config.log.clone())?;
    let processor = open_processor(&log, &config.store_dir())?;
    let (stop, stopped) = watch::channel(false);
    let mut roles: JoinSet<anyhow::Result<()>> = JoinSet::new();
    let (declaring, declared) = watch::channel(None);
    match config.objectives_file.clone() {
        Some(path) => {
            let (cluster, until) = (config.cluster.clone(), stop_of(stopped.clone()));
            roles.spawn(async move {
                followed::run(path, cluster, declaring, until).await;
                Ok(())
            });
        }
        // What a file said that is no longer named is withdrawn.
        None => {
            declaring.send_replace(Some(Declaration { all: Vec::new(), is_whole: true }));
        }
    }
    let until = stopped.clone();
    let (shipper_log, kubernetes) = (log.clone(), config.kubernetes.clone());
    roles.spawn(async move {
        let clock = Clock::new(Utc::now);
        let who = format!("kigen up, process {}", std::process::id());
        let until = stop_of(until);
        shipping::run(shipper_log, kubernetes, clock, &who, declared, until).await.map_err(Into::into)
    });
    let until = stopped.clone();
    roles.spawn(async move {
        kigen_processor::run(processor, until).await;
        Ok(())
    });
    let until = stopped.clone();
    let notifier_log = log.clone();
    roles.spawn(
        async move { notifying::run(notifier_log, delivery, stop_of(until)).await.map_err(Into::into) },
    );
    roles.spawn(trim(log, stopped));
    tracing::info!(cluster = config.cluster, data_dir = %config.data_dir.display(), "kigen starts");
    supervise(roles, stop, terminate).await
}

/// Opens the event log for writing.
pub(super) fn open_log(dir: &Path, settings: kigen_log::Settings) -> anyhow::Result<EmbeddedLog> {
    std::fs::create_dir_all(dir).with_context(|| {
        format!("the data directory {} cannot be made; name another by --data-dir", dir.display())
    })?;
    Ok(EmbeddedLog::open(dir, settings)?)
}

/// Opens the store, and takes up all partitions of the log.
pub(super) fn open_processor(log: &EmbeddedLog, dir: &Path) -> anyhow::Result<Processor> {
    let (store, dropped) = Store::open(dir)?;
    if let Some(dropped) = dropped {
        tracing::warn!("the store was dropped and is built anew from {}: {}", Topic::Status, dropped.why);
    }
    Ok(Processor::open(log.clone(), store, TurnBounds::default())?)
}

/// Ends when `stopped` says so.
pub(super) async fn stop_of(mut stopped: watch::Receiver<bool>) {
    // The sender is gone only when everything ends anyway.
    let _ = stopped.wait_for(|stop| *stop).await;
}

fn delivery(config: &Config) -> anyhow::Result<Delivery> {
    match config.notify().map_err(|error| anyhow::Error::from(error).context(crate::Misused))? {
        Notify::DryRun { failures } => Ok(Delivery::dry_run(std::io::stdout(), failures)),
        Notify::Slack { token, channels, api_url } => {
            Ok(Delivery::slack(Slack::new(token, channels, api_url.as_deref())?, Patience::default()))
        }
    }
}

/// Waits for a signal or for a role that ends, tells the others to stop, and waits for them, but not for ever.
async fn supervise(
    mut roles: JoinSet<anyhow::Result<()>>,
    stop: watch::Sender<bool>,
    mut terminate: Signal,
) -> anyhow::Result<()> {
    let first = tokio::select! {
        _ = terminate.recv() => Ok(()),
        interrupt = tokio::signal::ctrl_c() => interrupt.map_err(Into::into),
        ended = roles.join_next() => ended.map_or(Ok(()), |ended| ended?),
    };
    stop.send_replace(true);
    let rest = async {
        let mut outcome = first;
        while let Some(ended) = roles.join_next().await {
            outcome = outcome.and(ended.map_err(anyhow::Error::from).flatten());
        }
        outcome
    };
    let outcome = tokio::time::timeout(Duration::from_millis(SHUTDOWN_MS_MAX), rest).await;
    tracing::info!("kigen has stopped");
    outcome.unwrap_or_else(|_| {
        anyhow::bail!("some work did not end in {SHUTDOWN_MS_MAX} ms and was left; nothing of it is lost")
    })
}

async fn trim(log: EmbeddedLog, stopped: watch::Receiver<bool>) -> anyhow::Result<()> {
    let mut every = tokio::time::interval(Duration::from_millis(TRIM_INTERVAL_MS));
    loop {
        tokio::select! {
            () = stop_of(stopped.clone()) => return Ok(()),
            _ = every.tick() => {
                if let Err(error) = log.trim(Utc::now()).await {
                    tracing::warn!("the event log could not be cut to its bounds, and will be in a while: {error}");
                }
            }
        }
    }
}
