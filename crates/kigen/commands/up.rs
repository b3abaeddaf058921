//! `kigen up`, `ship`, `process` and `notify`: the roles, in one process or each alone. They meet in the log only; the
//! wiring happens here, once.

use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use chrono::Utc;
use kigen_log::back_off::BackOff;
use kigen_log::kafka::{Connection, KafkaFailure};
use kigen_log::{EmbeddedLog, Fate, KafkaLog, Log};
use kigen_model::reasons::reasons;
use kigen_model::topic::Topic;
use kigen_notifier::delivery::Delivery;
use kigen_notifier::role as notifier;
use kigen_notifier::slack::client::Slack;
use kigen_notifier::slack::sender::Patience;
use kigen_processor::{Processor, TurnBounds};
use kigen_registry::{Intent, RegistryFailure};
use kigen_shipper::input::Declaration;
use kigen_shipper::role::ShipperRole;
use kigen_shipper::server_clock::Clock;
use kigen_store::Store;
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::framed_beside;
use crate::config::{Config, Kafka, LogKind, Notify};
use crate::health::board::Board;
use crate::objectives_watcher;
use crate::{health, metrics};

/// How long the roles may take to finish what is in flight.
const SHUTDOWN_MS_MAX: u64 = 8_000;
/// How often the log is cut to its bounds.
const TRIM_INTERVAL_MS: u64 = 10 * 60 * 1_000;
/// The pauses before a Kafka that does not answer is tried again.
const KAFKA_DELAY_MS_MIN: u64 = 1_000;
const KAFKA_DELAY_MS_MAX: u64 = 15_000;

/// What a process does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// Kubernetes to events.
    Ship,
    /// Events to alerts.
    Process,
    /// Alerts to Slack.
    Notify,
}

impl Role {
    /// Those of `kigen up`.
    pub(crate) const ALL: [Self; 3] = [Self::Ship, Self::Process, Self::Notify];
}

/// Runs these roles until SIGTERM or Ctrl-C, or until one cannot go on.
pub(crate) async fn run(config: Config, roles: &[Role]) -> anyhow::Result<()> {
    // Listened to before there is anything to lose: until then SIGTERM ends the process where it stands.
    let mut terminate = signal(SignalKind::terminate())?;
    let delivery = if roles.contains(&Role::Notify) { Some(delivery(&config)?) } else { None };
    let kafka = match config.log_kind {
        LogKind::Embedded => {
            anyhow::ensure!(
                roles.len() == Role::ALL.len(),
                "a role alone needs a log that several processes share: give Kafka's brokers (--log kafka --brokers \
                 HOST:PORT), or run all in one process with `kigen up`"
            );
            None
        }
        LogKind::Kafka => {
            Some(config.kafka().map_err(|error| anyhow::Error::from(error).context(crate::Misused))?)
        }
    };
    let mut begun = Begun::begin(&config, roles)?;
    let Some(kafka) = kafka else {
        let log = open_log(&config.log_dir(), config.log.clone())?;
        begun.wire(&config, roles, log.clone(), delivery)?;
        return begun.run(Some(log), terminate).await;
    };
    let Some(log) = open_kafka(&kafka, &begun.board, &mut terminate).await? else { return Ok(()) };
    begun.wire(&config, roles, log, delivery)?;
    begun.run(None, terminate).await
}

/// What was begun, roles and what tells of them.
struct Begun {
    roles: JoinSet<anyhow::Result<()>>,
    stop: watch::Sender<bool>,
    board: Board,
    /// What is counted, where somebody can ask for it.
    kept: Option<PrometheusHandle>,
}

impl Begun {
    /// Tells how it goes from here on, also while there is no log yet.
    fn begin(config: &Config, wanted: &[Role]) -> anyhow::Result<Self> {
        let (stop, stopped) = watch::channel(false);
        let (mut roles, board) = (JoinSet::new(), Board::of(wanted));
        let kept = config.health.map(|_| metrics::keep()).transpose()?;
        if let Some((address, kept)) = config.health.zip(kept.clone()) {
            let board = board.clone();
            roles.spawn(async move {
                health::serve(address, board, kept, stopped).await;
                Ok(())
            });
        }
        Ok(Self { roles, stop, board, kept })
    }

    fn wire<L: Log>(
        &mut self,
        config: &Config,
        wanted: &[Role],
        log: L,
        delivery: Option<Delivery>,
    ) -> anyhow::Result<()> {
        let Self { roles, stop, board, kept } = self;
        let stopped = stop.subscribe();
        if let Some(health) = board.processor.clone() {
            let processor = open_processor(&log, &config.store_dir())?.with_health(health);
            let until = stopped.clone();
            roles.spawn(async move {
                kigen_processor::run(processor, until).await;
                Ok(())
            });
        }
        if wanted.contains(&Role::Ship) {
            ship(config, &log, board, &stopped, roles);
        }
        if let Some((delivery, health)) = delivery.zip(board.notifier.clone()) {
            let (log, delivery, until) =
                (log.clone(), delivery.with_health(health), stop_of(stopped.clone()));
            roles.spawn(async move { notifier::run(log, delivery, until).await.map_err(Into::into) });
        }
        let (board, kept) = (board.clone(), kept.clone());
        roles.spawn(async move {
            health::pulse(log, board, kept, stopped).await;
            Ok(())
        });
        tracing::info!(cluster = config.cluster, data_dir = %config.data_dir.display(), "kigen starts");
        Ok(())
    }
}

fn ship<L: Log>(
    config: &Config,
    log: &L,
    board: &Board,
    stopped: &watch::Receiver<bool>,
    roles: &mut JoinSet<anyhow::Result<()>>,
) {
    let (declaring, declared) = watch::channel(None);
    match config.objectives_file.clone() {
        Some(path) => {
            let (cluster, until) = (config.cluster.clone(), stop_of(stopped.clone()));
            roles.spawn(async move {
                objectives_watcher::run(path, cluster, declaring, until).await;
                Ok(())
            });
        }
        // What a file said that is no longer named is withdrawn.
        None => {
            declaring.send_replace(Some(Declaration { all: Vec::new(), is_whole: true }));
        }
    }
    let (log, kubernetes, until) = (log.clone(), config.kubernetes.clone(), stopped.clone());
    let health = board.shipper.clone().unwrap_or_default();
    let shipper = format!("kigen on {}, process {}", config.instance(), std::process::id());
    roles.spawn(async move {
        let clock = Clock::new(Utc::now);
        let until = stop_of(until);
        let role = ShipperRole { log, settings: kubernetes, clock, shipper, declared, health };
        role.run(until).await.map_err(Into::into)
    });
}

/// Opens the event log for writing.
pub(super) fn open_log(dir: &Path, settings: kigen_log::Settings) -> anyhow::Result<EmbeddedLog> {
    std::fs::create_dir_all(dir).with_context(|| {
        format!("the data directory {} cannot be made; name another by --data-dir", dir.display())
    })?;
    Ok(EmbeddedLog::open(dir, settings)?)
}

/// Why there is no log on Kafka.
#[derive(Debug, thiserror::Error)]
enum NoKafka {
    #[error(transparent)]
    Kafka(#[from] KafkaFailure),
    #[error(transparent)]
    Registry(#[from] RegistryFailure),
}

impl NoKafka {
    fn fate(&self) -> Fate {
        match self {
            Self::Kafka(failure) => failure.fate(),
            Self::Registry(failure) => failure.fate(),
        }
    }

    /// Tells the operator, who hears of each cause once a minute.
    fn tell(self, connection: &Connection) {
        match self {
            Self::Kafka(failure) => connection.tell(failure),
            Self::Registry(failure) => connection.telling().say("schema registry", || reasons(&failure)),
        }
    }
}

/// Opens the log on Kafka. It and the schema registry may not be there yet, which is told and waited for; `None`: a signal
/// came first.
async fn open_kafka(
    kafka: &Kafka,
    board: &Board,
    terminate: &mut Signal,
) -> anyhow::Result<Option<KafkaLog>> {
    let mut back_off = BackOff::new(KAFKA_DELAY_MS_MIN, KAFKA_DELAY_MS_MAX);
    let open = async || {
        let connection = framed_beside(kafka, Intent::Write).await?;
        Ok::<_, NoKafka>(KafkaLog::open(connection, &kafka.layout, &kafka.instance).await?)
    };
    loop {
        let opened = tokio::select! {
            opened = open() => opened,
            _ = terminate.recv() => return Ok(None),
        };
        match opened {
            Ok(log) => return Ok(Some(log)),
            Err(error) if error.fate() == Fate::Retry => {
                board.log_is(Err(reasons(&error)));
                error.tell(&kafka.connection);
            }
            Err(error) => return Err(error.into()),
        }
        tokio::select! {
            () = tokio::time::sleep(back_off.next_delay(None)) => {}
            _ = terminate.recv() => return Ok(None),
            interrupt = tokio::signal::ctrl_c() => {
                interrupt?;
                return Ok(None);
            }
        }
    }
}

/// Opens the store, for a processor of the log.
pub(super) fn open_processor<L: Log>(log: &L, dir: &Path) -> anyhow::Result<Processor<L>> {
    let (store, dropped) = Store::open(dir)?;
    if let Some(dropped) = dropped {
        tracing::warn!("the store was dropped and is built anew from {}: {}", Topic::Status, dropped.why);
    }
    Ok(Processor::open(log.clone(), store, TurnBounds::default())?)
}

/// Ends when `stopped` says so.
pub(crate) async fn stop_of(mut stopped: watch::Receiver<bool>) {
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

impl Begun {
    /// Waits for a signal or for a role that ends, tells the others to stop, and waits for them, but not for ever.
    /// An embedded log is cut to its bounds meanwhile; Kafka does that by itself.
    async fn run(self, embedded: Option<EmbeddedLog>, mut terminate: Signal) -> anyhow::Result<()> {
        let Self { mut roles, stop, .. } = self;
        if let Some(log) = embedded {
            roles.spawn(trim(log, stop.subscribe()));
        }
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
