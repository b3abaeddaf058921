//! `kigen demo`: plays the incident that kigen is built for through the same roles as `kigen up`.

mod history;
mod screen;

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant as RealInstant};

use anyhow::Context;
use chrono::TimeDelta;
use kigen_log::{KafkaLog, Log, LogError, LogReader};
use kigen_model::Instant;
use kigen_model::topic::{Offset, Partition, Topic};
use kigen_notifier::delivery::Delivery;
use kigen_notifier::role as notifier;
use kigen_ops::on_thread;
use kigen_playback::clock::{Clock, Pace};
use kigen_playback::history::History;
use kigen_playback::server::{Options, Played, Server};
use kigen_processor::health::Health as ProcessorHealth;
use kigen_registry::Intent;
use kigen_shipper::health::Health;
use kigen_shipper::role::ShipperRole;
use kigen_shipper::server_clock::Clock as ShipperClock;
use kigen_shipper::settings::{Access, Settings};
use tempfile::TempDir;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use self::history::{RECORDED, SHOP};
use self::screen::{Screen, Seen};
use crate::cli::DemoArgs;
use crate::config::Config;
use crate::kafka::connect;
use crate::open::{open_log, open_processor};
use crate::role::until_stopped;

/// The shop's clock jumps to each event, and to 40 seconds after each full hour, when its deadlines are judged.
const SHOP_LEAP: TimeDelta = TimeDelta::hours(1);
const SHOP_LEAP_OFFSET: TimeDelta = TimeDelta::seconds(40);
const SHOP_DWELL: Duration = Duration::from_millis(12);
/// The recording is played this much faster than it was recorded.
const RECORDED_SPEED: f64 = 60.0;
/// At the demo's speed the API server must be probed more often.
const PROBE_INTERVAL_MS: u64 = 4;
const RECORDED_PROBE_INTERVAL_MS: u64 = 50;
/// How often the readiness of the shippers is checked.
const READINESS_INTERVAL: Duration = Duration::from_millis(20);
/// How long the log must not change before everything is taken to be delivered.
const QUIET: Duration = Duration::from_millis(400);
/// The longest wait for the last messages after the history's end.
const END_MS_MAX: u64 = 30_000;

/// Plays and draws the demo; on Kafka, if that is configured. `data_dir` is that of the configuration.
pub(crate) async fn run(
    args: DemoArgs,
    data_dir: Option<PathBuf>,
    kafka: Option<Config>,
) -> anyhow::Result<()> {
    let scratch = if args.keep.is_none() { Some(scratch(data_dir.as_deref())?) } else { None };
    let scratch_dir = scratch.as_ref().map(|scratch| scratch.path().to_owned());
    let dir = args.keep.clone().or(scratch_dir).unwrap_or_default();
    match kafka {
        None => {
            let settings = kigen_log::Settings { partitions: 4, ..Default::default() };
            let location = args.keep.as_ref().map(|dir| format!("--data-dir {}", dir.display()));
            play(&args, open_log(&dir.join("log"), settings)?, &dir, location).await
        }
        Some(config) => {
            let kafka = config.kafka()?;
            let connection = connect(&kafka, Intent::Write).await?;
            let brokers = connection.brokers().to_owned();
            let log = KafkaLog::open(connection, &kafka.layout, &kafka.instance).await?;
            let reader = log.reader().clone();
            anyhow::ensure!(
                on_thread(move || is_empty(&reader)).await?,
                "kigen's topics at {brokers} are not empty: the demo plays only on empty topics, since it judges and delivers \
                 everything in them, and delivers nothing a second time; name other brokers, or, if the topics are no \
                 longer needed, delete them with `kafka-topics.sh \
                 --bootstrap-server {brokers} --delete --topic 'kigen\\.(events|alerts|status|rejects)'`"
            );
            play(&args, log, &dir, Some(format!("--log kafka --brokers {brokers}"))).await
        }
    }
}

/// A directory that is removed at the end: among the temporary ones, or, in a container that has none, in the data directory.
fn scratch(data_dir: Option<&Path>) -> anyhow::Result<TempDir> {
    let within = |dir: &Path| tempfile::Builder::new().prefix("demo-").tempdir_in(dir);
    tempfile::tempdir()
        .or_else(|error| data_dir.map_or(Err(error), within))
        .context("a temporary directory cannot be created; name one by --keep")
}

/// Whether the topics that a processor reads are empty.
fn is_empty(reader: &impl LogReader) -> Result<bool, LogError> {
    for partition in (0..reader.partitions()).map(Partition) {
        for topic in [Topic::Events, Topic::Status] {
            if has_records(reader, topic, partition, reader.earliest(topic, partition)?)? {
                return Ok(false);
            }
        }
    }
    Ok(true)
}

/// Whether there is a committed record at `from` or later. Offsets alone do not show it: aborted records have offsets, too.
fn has_records(
    reader: &impl LogReader,
    topic: Topic,
    partition: Partition,
    from: Offset,
) -> Result<bool, LogError> {
    Ok(!reader.read(topic, partition, from, 1, 1)?.is_empty())
}

/// Plays the demo through a log; `location`: the flags by which its log is read afterwards.
async fn play<L: Log>(args: &DemoArgs, log: L, dir: &Path, location: Option<String>) -> anyhow::Result<()> {
    let (shop, recorded) = (history::shop()?, history::recorded()?);
    let mut errors: Vec<Seen> = Vec::new();
    for (cluster, history) in [(SHOP, &shop), (RECORDED, &recorded)] {
        errors.extend(history.error_monitor().into_iter().map(|error| Seen { cluster, error }));
    }
    let mut screen = Screen::new(!args.plain && std::io::stdout().is_terminal(), errors);
    screen.begin()?;

    let shop = Play::start(
        SHOP,
        shop,
        Pace::Steps { every: SHOP_LEAP, offset: SHOP_LEAP_OFFSET, dwell: SHOP_DWELL },
        PROBE_INTERVAL_MS,
    )
    .await?;
    let recorded =
        Play::start(RECORDED, recorded, Pace::Times(RECORDED_SPEED), RECORDED_PROBE_INTERVAL_MS).await?;
    let judging = ProcessorHealth::default();
    let processor = open_processor(&log, &dir.join("store"))?.with_health(judging.clone());
    let (stop, stopped) = watch::channel(false);
    let (messages, mut delivered) = mpsc::channel(64);
    let mut roles: JoinSet<anyhow::Result<()>> = JoinSet::new();
    for play in [&shop, &recorded] {
        roles.spawn(play.ship(log.clone(), stopped.clone()));
    }
    let until = stopped.clone();
    roles.spawn(async move {
        kigen_processor::run(processor, until).await;
        Ok(())
    });
    let notifier_log = log.clone();
    roles.spawn(async move {
        let delivery = Delivery::channel(messages);
        // The played times are of the past, and none of them is old.
        let now = || Instant::UNIX_EPOCH;
        notifier::run(notifier_log, delivery, now, until_stopped(stopped)).await.map_err(Into::into)
    });
    let mut end = Box::pin(async {
        shop.begin_when_shipped().await;
        recorded.begin_when_shipped().await;
        shop.clock.finished().await;
        recorded.clock.finished().await;
        let all = async {
            shop.judged(&judging).await;
            recorded.judged(&judging).await;
            all_delivered(&log).await;
        };
        tokio::time::timeout(Duration::from_millis(END_MS_MAX), all).await
    });
    loop {
        tokio::select! {
            Some((alert, message)) = delivered.recv() => screen.message(&alert, &message)?,
            ended = &mut end => {
                ended.context("the demo is incomplete: the last events were not judged and delivered within 30 s")?;
                break;
            }
            Some(ended) = roles.join_next() => ended??,
        }
    }
    while let Ok((alert, message)) = delivered.try_recv() {
        screen.message(&alert, &message)?;
    }
    drop(end);
    stop.send_replace(true);
    while roles.join_next().await.is_some() {}
    shop.server.shutdown().await;
    recorded.server.shutdown().await;
    screen.end(location.as_deref())
}

/// A cluster that is played.
struct Play {
    cluster: &'static str,
    clock: Clock,
    server: Server,
    probe_interval_ms: u64,
    health: Health,
    /// The end of its history.
    history_end: Instant,
}

impl Play {
    async fn start(
        cluster: &'static str,
        history: History,
        pace: Pace,
        probe_interval_ms: u64,
    ) -> anyhow::Result<Self> {
        let history_end = history.end();
        let until = history_end + TimeDelta::minutes(10);
        let clock = Clock::new(history.start(), pace, Some(until));
        let options = Options { eager_bookmarks: true, hold_clock: true, ..Options::default() };
        let server = Server::start(Played { history, clock: clock.clone(), options }).await?;
        Ok(Self { cluster, clock, server, probe_interval_ms, health: Health::default(), history_end })
    }

    /// Ships the cluster as `up` does, by this cluster's clock.
    fn ship<L: Log>(
        &self,
        log: L,
        stopped: watch::Receiver<bool>,
    ) -> impl Future<Output = anyhow::Result<()>> + use<L> {
        let mut settings = Settings::new(self.cluster, Access::Url(self.server.url()));
        settings.probe_interval_ms = self.probe_interval_ms;
        let (clock, health) = (self.clock.clone(), self.health.clone());
        async move {
            let clock = ShipperClock::new(move || clock.now());
            let (_, declared) = watch::channel(None);
            let until = until_stopped(stopped);
            let role = ShipperRole {
                log,
                settings,
                clock,
                shipper: "kigen demo".to_owned(),
                declared,
                health,
                warnings: Default::default(),
                control: Default::default(),
            };
            role.run(until).await.map_err(Into::into)
        }
    }

    /// Starts the clock once the log has the initial state of the cluster, so that the demo misses nothing.
    async fn begin_when_shipped(&self) {
        while self.health.readiness(RealInstant::now()).is_err() {
            tokio::time::sleep(READINESS_INTERVAL).await;
        }
        self.server.begin();
    }

    /// Waits until the whole history is judged.
    async fn judged(&self, judging: &ProcessorHealth) {
        while judging.judged_until(self.cluster) < Some(self.history_end) {
            tokio::time::sleep(READINESS_INTERVAL).await;
        }
    }
}

/// Waits until all events are judged and all alerts are delivered.
async fn all_delivered<L: Log>(log: &L) {
    // The last ticks are still to come; a log that does not change for a while has nothing left to judge.
    let mut before = None;
    loop {
        tokio::time::sleep(QUIET).await;
        let reader = log.reader().clone();
        let now = on_thread(move || ends_if_all_delivered(&reader)).await.ok().flatten();
        if now.is_some() && now == before {
            return;
        }
        before = now;
    }
}

/// The ends of events and alerts; `None`: some are still to be judged or delivered.
fn ends_if_all_delivered(reader: &impl LogReader) -> Result<Option<Vec<Offset>>, LogError> {
    let mut ends = Vec::new();
    for (group, topic) in [(kigen_processor::GROUP, Topic::Events), (notifier::GROUP, Topic::Alerts)] {
        for partition in (0..reader.partitions()).map(Partition) {
            if has_records(reader, topic, partition, reader.resume_offset(group, topic, partition)?)? {
                return Ok(None);
            }
            ends.push(reader.latest(topic, partition)?);
        }
    }
    Ok(Some(ends))
}
