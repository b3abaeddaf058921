//! `kigen up`, `ship`, `process`, `notify` and `archive`: the roles, in one process or each alone. They communicate by the log only; they
//! are wired here, once.

use std::path::Path;
use std::time::{Duration, Instant as RealInstant};

use chrono::Utc;
use kigen_archive::Address;
use kigen_control::{Announcer, Control};
use kigen_log::kafka::{KafkaFailure, KafkaReader};
use kigen_log::{EmbeddedLog, Fate, KafkaLog, Log, LogError, LogReader, Trimmed};
use kigen_notifier::delivery::Delivery;
use kigen_notifier::patience::Patience;
use kigen_notifier::slack::client::Slack;
use kigen_notifier::{dry_run, role as notifier};
use kigen_ops::{RetriedError, Retry, Secret, ThrottledWarnings, error_chain, on_thread};
use kigen_registry::{Intent, RegistryFailure};
use kigen_shipper::health::Health;
use kigen_shipper::role::ShipperRole;
use kigen_shipper::server_clock::Clock;
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::config::Config;
use crate::config::error::ConfigError;
use crate::config::slack::{Notify, SlackAccess};
use crate::exit::{Restart, misused};
use crate::health::board::HealthBoard;
use crate::health::{heartbeat, http, monitor};
use crate::kafka::connect;
use crate::log_kind::LogKind;
use crate::open::{open_log, open_processor};
use crate::role::{Role, until_stopped};
use crate::{metrics, mute_socket, objectives_watcher, sheet_watcher};

/// The longest wait for work in flight at shutdown.
const SHUTDOWN_MS_MAX: u64 = 8_000;
/// How often the embedded log is trimmed to its bounds.
const TRIM_INTERVAL_MS: u64 = 10 * 60 * 1_000;
/// How often the file of Kafka's password is read.
const PASSWORD_INTERVAL_MS: u64 = 10_000;
/// The delays before a Kafka that does not answer is retried.
const KAFKA_DELAY_MS_MIN: u64 = 1_000;
const KAFKA_DELAY_MS_MAX: u64 = 15_000;

const MIB: u64 = 1024 * 1024;

/// Runs these roles until SIGTERM or Ctrl-C, or until one fails for good.
pub(crate) async fn run(mut config: Config, roles: &[Role]) -> anyhow::Result<()> {
    // Installed before there is anything to lose: until then SIGTERM ends the process at once.
    let mut terminate = signal(SignalKind::terminate())?;
    let delivery = if roles.contains(&Role::Notify) { Some(delivery(&config)?) } else { None };
    config.followed_sheet().map_err(misused)?;
    let kafka = match config.log_kind {
        LogKind::Embedded => {
            anyhow::ensure!(
                roles.len() == Role::ALL.len(),
                "a role alone needs a log that several processes share: give Kafka's brokers (--log kafka --brokers \
                 HOST:PORT), or run all in one process with `kigen up`"
            );
            None
        }
        LogKind::Kafka => Some(config.kafka().map_err(misused)?),
    };
    // A dry run is a guest of a log that it shares with the processes that write it.
    let is_guest = kafka.is_some() && config.is_dry_run();
    if is_guest && !roles.contains(&Role::Notify) {
        return Err(misused(ConfigError::NothingToDo));
    }
    let roles = if is_guest { &[Role::Notify] } else { roles };
    let has_work = |role: &Role| *role != Role::Archive || config.archive.is_some();
    let roles: &[Role] = &roles.iter().copied().filter(has_work).collect::<Vec<_>>();
    let mut running = Process::start(&config, roles)?;
    let Some(mut kafka) = kafka else {
        let log = open_log(&config.log_dir(), config.log.clone())?;
        config.name_cluster(log.reader())?;
        let announced =
            Announcer::open(log.clone(), config.control(roles), Utc::now, running.warnings.clone());
        let announced = announced.await?;
        running.serve_mutes(&config.data_dir, log.clone(), announced.1.clone());
        running.wire(&config, roles, log.clone(), announced, delivery)?;
        return running.run(Some(log), terminate).await;
    };
    running.watch_password(&config);
    kafka.connection = kafka.connection.with_warnings(running.warnings.clone());
    if is_guest && let Some(delivery) = delivery {
        let open = async || {
            let connection = connect(&kafka, Intent::Read).await?;
            Ok(KafkaReader::new(connection, &config.log)?)
        };
        let Some(reader) = until_open(open, &running, &mut terminate).await? else { return Ok(()) };
        tracing::info!(
            "a dry run is a guest of the log on Kafka: it prints the alerts that are appended from now on, and ships, judges \
             and commits nothing"
        );
        running.print_alerts(reader.clone(), delivery);
        running.monitor(reader);
        return running.run(None, terminate).await;
    }
    let open = async || {
        let connection = connect(&kafka, Intent::Write).await?;
        let log = KafkaLog::open(connection, &kafka.layout, &kafka.instance).await?;
        let (control, warnings) = (config.control(roles), running.warnings.clone());
        let announced = Announcer::open(log.clone(), control, Utc::now, warnings).await?;
        Ok((log, announced))
    };
    let opened = until_open(open, &running, &mut terminate).await?;
    let Some((log, announced)) = opened else { return Ok(()) };
    if roles.contains(&Role::Ship) {
        let reader = log.reader().clone();
        config = on_thread(move || config.name_cluster(&reader).map(|()| config)).await?;
    }
    running.wire(&config, roles, log, announced, delivery)?;
    running.run(None, terminate).await
}

/// Only archives, until SIGTERM or Ctrl-C. It reads the log beside the processes that write it.
pub(crate) async fn archive(config: &Config, address: Address) -> anyhow::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut running = Process::start(config, &[Role::Archive])?;
    match config.log_kind {
        LogKind::Embedded => {
            let dir = config.log_dir();
            running.archive(on_thread(move || EmbeddedLog::open_beside(&dir)).await?, address);
        }
        LogKind::Kafka => {
            let mut kafka = config.kafka().map_err(misused)?;
            running.watch_password(config);
            kafka.connection = kafka.connection.with_warnings(running.warnings.clone());
            let open = async || {
                let connection = connect(&kafka, Intent::Read).await?;
                Ok(KafkaReader::new(connection, &config.log)?)
            };
            let Some(reader) = until_open(open, &running, &mut terminate).await? else { return Ok(()) };
            running.archive(reader, address);
        }
    }
    // Whether it answers is seen by what is archived.
    running.board.set_log(Ok("it is read".to_owned()));
    running.run(None, terminate).await
}

/// The running process: its roles, and their health.
struct Process {
    roles: JoinSet<anyhow::Result<()>>,
    stop: watch::Sender<bool>,
    board: HealthBoard,
    /// Shared by all roles and clients: of one cause a line a minute is enough.
    warnings: ThrottledWarnings,
    /// `None`: no address for metrics is configured.
    prometheus: Option<PrometheusHandle>,
}

impl Process {
    /// Starts with the HTTP server, which reports while there is no log yet, and the heartbeat.
    fn start(config: &Config, wanted: &[Role]) -> anyhow::Result<Self> {
        let (stop, stopped) = watch::channel(false);
        let (mut roles, board) = (JoinSet::new(), HealthBoard::of(wanted));
        let warnings = ThrottledWarnings::default();
        let prometheus = config.health.map(|_| metrics::install()).transpose()?;
        if let Some((address, prometheus)) = config.health.zip(prometheus.clone()) {
            let (board, warnings) = (board.clone(), warnings.clone());
            roles.spawn(async move {
                http::serve(address, board, prometheus, &warnings, stopped).await;
                Ok(())
            });
        }
        // A dry run pages no one, so it is no sign that kigen lives.
        if let Some(url) = config.heartbeat.clone().filter(|_| !config.is_dry_run()) {
            let (board, warnings, stopped) = (board.clone(), warnings.clone(), stop.subscribe());
            roles.spawn(async move {
                heartbeat::run(url, heartbeat::INTERVAL, board, &warnings, stopped).await;
                Ok(())
            });
        }
        Ok(Self { roles, stop, board, warnings, prometheus })
    }

    /// Writes the mutes of commands. Without the socket, all else works.
    fn serve_mutes(&mut self, data_dir: &Path, log: EmbeddedLog, control: Control) {
        match mute_socket::bind(data_dir) {
            Ok(listener) => {
                let stopped = self.stop.subscribe();
                self.roles.spawn(async move {
                    mute_socket::serve(listener, log, control, stopped).await;
                    Ok(())
                });
            }
            Err(error) => tracing::warn!(
                "`kigen mute` cannot write beside this process, since {} gives no Unix socket: {error}",
                data_dir.display()
            ),
        }
    }

    fn wire<L: Log>(
        &mut self,
        config: &Config,
        wanted: &[Role],
        log: L,
        (announcer, control): Announced<L>,
        delivery: Option<Delivery>,
    ) -> anyhow::Result<()> {
        let Self { roles, stop, board, warnings, .. } = self;
        let stopped = stop.subscribe();
        let until = until_stopped(stopped.clone());
        roles.spawn(async move {
            tokio::select! {
                () = announcer.run() => {}
                () = until => {}
            }
            Ok(())
        });
        if let Some(health) = board.processor.clone() {
            let processor = open_processor(&log, &config.store_dir())?;
            let processor = processor.with_health(health).with_warnings(warnings.clone());
            let processor = processor.with_control(control.clone());
            let processor = processor.with_watchdog(config.silent_after, Utc::now);
            let until = stopped.clone();
            roles.spawn(async move {
                kigen_processor::run(processor, until).await;
                Ok(())
            });
        }
        if wanted.contains(&Role::Ship) {
            tracing::info!("the cluster is named `{}`, {}", config.cluster, config.cluster_named_by);
            let health = board.shipper.clone().unwrap_or_default();
            ship(config, &log, (health, warnings.clone(), control.clone()), &stopped, roles)?;
        }
        if let Some(delivery) = delivery {
            if config.is_dry_run() {
                self.print_alerts(log.reader().clone(), delivery);
            } else {
                self.notify(log.clone(), delivery.with_control(control));
            }
        }
        if let Some(address) = config.archive.clone().filter(|_| wanted.contains(&Role::Archive)) {
            self.archive(log.reader().clone(), address);
        }
        self.monitor(log.reader().clone());
        tracing::info!(cluster = config.cluster, data_dir = %config.data_dir.display(), "kigen starts");
        Ok(())
    }

    /// Delivers alerts as a member of the notifiers' group.
    fn notify(&mut self, log: impl Log, delivery: Delivery) {
        let (delivery, until) = (self.observed(delivery), until_stopped(self.stop.subscribe()));
        self.roles
            .spawn(async move { notifier::run(log, delivery, Utc::now, until).await.map_err(Into::into) });
    }

    /// Prints new alerts beside that group.
    fn print_alerts<R: LogReader + Clone + 'static>(&mut self, reader: R, delivery: Delivery) {
        let (delivery, until) = (self.observed(delivery), until_stopped(self.stop.subscribe()));
        self.roles.spawn(async move { dry_run::run(reader, delivery, until).await.map_err(Into::into) });
    }

    /// Writes the days that are over to the archive.
    fn archive<R: LogReader + 'static>(&mut self, reader: R, address: Address) {
        let observed = (self.board.archive.clone().unwrap_or_default(), self.warnings.clone());
        let until = until_stopped(self.stop.subscribe());
        self.roles.spawn(async move {
            kigen_archive::run(reader, address, observed, until).await;
            Ok(())
        });
    }

    fn observed(&self, delivery: Delivery) -> Delivery {
        let health = self.board.notifier.clone().unwrap_or_default();
        delivery.with_health(health).with_warnings(self.warnings.clone())
    }

    /// Ends the process, to be started again, once the file of Kafka's password has another one: librdkafka's clients keep the
    /// one that they were created with.
    fn watch_password(&mut self, config: &Config) {
        let Some(password) = config.kafka_password() else { return };
        let stopped = self.stop.subscribe();
        self.roles.spawn(async move {
            tokio::select! {
                () = until_changed(password) => Err(Restart("the file of Kafka's password has changed").into()),
                () = until_stopped(stopped) => Ok(()),
            }
        });
    }

    /// Checks the log at an interval.
    fn monitor<R: LogReader + Clone + 'static>(&mut self, reader: R) {
        let (board, warnings, prometheus) =
            (self.board.clone(), self.warnings.clone(), self.prometheus.clone());
        let stopped = self.stop.subscribe();
        self.roles.spawn(async move {
            monitor::run(reader, board, &warnings, prometheus, stopped).await;
            Ok(())
        });
    }
}

fn ship<L: Log>(
    config: &Config,
    log: &L,
    (health, warnings, control): (Health, ThrottledWarnings, Control),
    stopped: &watch::Receiver<bool>,
    roles: &mut JoinSet<anyhow::Result<()>>,
) -> anyhow::Result<()> {
    let (declarations, declared) = watch::channel(None);
    // Without a file or sheet, what one has declared stays in force: only these withdraw.
    if let Some(sheet) = config.followed_sheet().map_err(misused)? {
        let (cluster, until) = (config.cluster.clone(), until_stopped(stopped.clone()));
        roles.spawn(async move {
            sheet_watcher::run(sheet, cluster, declarations, until).await;
            Ok(())
        });
    } else if let Some(path) = config.objectives_file.clone() {
        let (cluster, until) = (config.cluster.clone(), until_stopped(stopped.clone()));
        roles.spawn(async move {
            objectives_watcher::run(path, cluster, declarations, until).await;
            Ok(())
        });
    }
    let (log, kubernetes, until) = (log.clone(), config.kubernetes.clone(), stopped.clone());
    let shipper = format!("kigen on {}, process {}", config.instance(), std::process::id());
    roles.spawn(async move {
        let (started, at_start) = (RealInstant::now(), Utc::now());
        let clock = Clock::new(Utc::now).with_steady(move || at_start + started.elapsed());
        let until = until_stopped(until);
        let settings = kubernetes;
        let role = ShipperRole { log, settings, clock, shipper, declared, health, warnings, control };
        role.run(until).await.map_err(Into::into)
    });
    Ok(())
}

/// Why the log on Kafka cannot be opened.
#[derive(Debug, thiserror::Error)]
enum OpenError {
    #[error(transparent)]
    Kafka(#[from] KafkaFailure),
    #[error(transparent)]
    Registry(#[from] RegistryFailure),
    #[error(transparent)]
    Log(#[from] LogError),
}

impl OpenError {
    fn fate(&self) -> Fate {
        match self {
            Self::Kafka(failure) => failure.fate(),
            Self::Registry(failure) => failure.fate(),
            Self::Log(error) => error.fate(),
        }
    }
}

impl RetriedError for OpenError {
    fn cause_key(&self) -> String {
        match self {
            Self::Kafka(failure) => failure.cause_key(),
            Self::Registry(_) => "schema registry".to_owned(),
            Self::Log(error) => error.cause_key(),
        }
    }

    fn count(&self) {
        match self {
            Self::Kafka(failure) => failure.count(),
            Self::Log(error) => error.count(),
            Self::Registry(_) => {}
        }
    }
}

/// What announces this process, and what its roles learn from the others.
type Announced<L> = (Announcer<L>, Control);

/// Opens the log on Kafka by `open`. While Kafka or the schema registry is unavailable, logs that and retries; `None`: a signal
/// came first.
async fn until_open<T>(
    open: impl AsyncFn() -> Result<T, OpenError>,
    process: &Process,
    terminate: &mut Signal,
) -> anyhow::Result<Option<T>> {
    let mut retry = Retry::new(process.warnings.clone(), KAFKA_DELAY_MS_MIN, KAFKA_DELAY_MS_MAX);
    loop {
        let opened = tokio::select! {
            opened = open() => opened,
            _ = terminate.recv() => return Ok(None),
        };
        let pause = match opened {
            Ok(opened) => return Ok(Some(opened)),
            Err(error) if error.fate() == Fate::Retry => {
                process.board.set_log(Err(error_chain(&error)));
                retry.failed(&error)
            }
            Err(error) => return Err(error.into()),
        };
        tokio::select! {
            () = pause => {}
            _ = terminate.recv() => return Ok(None),
            interrupt = tokio::signal::ctrl_c() => {
                interrupt?;
                return Ok(None);
            }
        }
    }
}

fn delivery(config: &Config) -> anyhow::Result<Delivery> {
    match config.notify().map_err(misused)? {
        Notify::DryRun { failures, language } => {
            Ok(Delivery::dry_run(std::io::stdout(), failures).in_language(language))
        }
        Notify::Receivers { slack, receivers, routes, failures, remind_after } => {
            let of_slack =
                |SlackAccess { token, api_url }| Slack::new(token, (*routes).clone(), api_url.as_deref());
            let slack = slack.map(of_slack).transpose()?;
            let delivery = Delivery::receivers(slack, receivers, *routes, Patience::default());
            Ok(delivery.with_failures(failures).reminding_after(remind_after))
        }
    }
}

impl Process {
    /// Waits for a signal or for the end of a role, then stops the others and waits for them, up to a limit.
    /// Meanwhile an embedded log is trimmed to its bounds; Kafka trims its own.
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
        let restart = first.as_ref().err().and_then(|error| error.downcast_ref::<Restart>()).copied();
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
            if let Some(restart) = restart {
                return Err(restart.into());
            }
            anyhow::bail!(
                "some work did not end within {SHUTDOWN_MS_MAX} ms and was aborted; nothing is lost"
            )
        })
    }
}

/// Completes once a secret has another text. While its file cannot be read, it has not changed.
async fn until_changed(secret: Secret) {
    let mut first = None;
    let mut every = tokio::time::interval(Duration::from_millis(PASSWORD_INTERVAL_MS));
    loop {
        every.tick().await;
        let of_file = secret.clone();
        match on_thread(move || of_file.read()).await {
            Ok(text) if first.as_ref().is_some_and(|first| *first != text) => return,
            Ok(text) => first = Some(text),
            Err(error) => tracing::warn!("the file of Kafka's password cannot be read: {error}"),
        }
    }
}

/// Trims the log at an interval, and warns once when it becomes larger than its setting.
async fn trim(log: EmbeddedLog, stopped: watch::Receiver<bool>) -> anyhow::Result<()> {
    let mut is_over = false;
    let mut every = tokio::time::interval(Duration::from_millis(TRIM_INTERVAL_MS));
    loop {
        tokio::select! {
            () = until_stopped(stopped.clone()) => return Ok(()),
            _ = every.tick() => {
                match log.trim(Utc::now()).await {
                    Ok(Trimmed { bytes_over, .. }) => {
                        if bytes_over > 0 && !is_over {
                            tracing::warn!(
                                "kigen.events is {} MiB larger than log.partition_mib_max permits: what is younger than \
                                 half of log.retention_days_max is kept, since live facts in it have not been written \
                                 again yet; raise the first setting, or lower the second",
                                bytes_over.div_ceil(MIB)
                            );
                        }
                        is_over = bytes_over > 0;
                    }
                    Err(error) => tracing::warn!(
                        "the event log could not be trimmed to its bounds; this is retried: {error}"
                    ),
                }
            }
        }
    }
}
