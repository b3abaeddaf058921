//! `kigen demo`: the incident kigen is for, played through the very roles of `up`.

mod history;
mod screen;

use std::io::IsTerminal;
use std::path::Path;
use std::time::{Duration, Instant as RealInstant};

use anyhow::Context;
use chrono::TimeDelta;
use kigen_log::{KafkaLog, Log, LogError, LogReader, on_thread};
use kigen_model::topic::{Offset, Partition, Topic};
use kigen_notifier::delivery::Delivery;
use kigen_notifier::role as notifier;
use kigen_playback::clock::{Clock, Pace};
use kigen_playback::history::History;
use kigen_playback::server::{Options, Played, Server};
use kigen_registry::Intent;
use kigen_shipper::health::Health;
use kigen_shipper::role::ShipperRole;
use kigen_shipper::server_clock::Clock as ShipperClock;
use kigen_shipper::settings::{Access, Settings};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use self::screen::{Screen, Seen};
use super::framed_beside;
use super::up::{open_log, open_processor, stop_of};
use crate::cli::DemoArgs;
use crate::config::Config;

/// The clusters' names.
const SHOP: &str = "shop";
const RECORDED: &str = "recorded";
/// The shop's days pass in leaps to each thing that happens, and to 40 seconds after each full hour, when the
/// deadlines there are judged.
const SHOP_LEAP: TimeDelta = TimeDelta::hours(1);
const SHOP_LEAP_OFFSET: TimeDelta = TimeDelta::seconds(40);
const SHOP_DWELL: Duration = Duration::from_millis(30);
/// The recording passes this much faster than it was recorded.
const RECORDED_SPEED: f64 = 60.0;
/// At the demo's speed an API server must be asked for its time more often.
const PROBE_INTERVAL_MS: u64 = 4;
const RECORDED_PROBE_INTERVAL_MS: u64 = 50;
/// How often it is looked whether the log has the clusters.
const LOOK_AGAIN: Duration = Duration::from_millis(20);
/// How long nothing more is written once all is told.
const QUIET: Duration = Duration::from_millis(400);
/// How long the last messages may take after the history's end.
const END_MS_MAX: u64 = 30_000;

/// Plays the demo and draws it; on Kafka, if that is configured.
pub(crate) async fn run(args: DemoArgs, kafka: Option<Config>) -> anyhow::Result<()> {
    let scratch = tempfile::tempdir().context("there is no room for a temporary directory")?;
    let dir = args.keep.clone().unwrap_or_else(|| scratch.path().to_owned());
    match kafka {
        None => {
            let settings = kigen_log::Settings { partitions: 4, ..Default::default() };
            let place = args.keep.as_ref().map(|dir| format!("--data-dir {}", dir.display()));
            play(&args, open_log(&dir.join("log"), settings)?, &dir, place).await
        }
        Some(config) => {
            let kafka = config.kafka()?;
            let connection = framed_beside(&kafka, Intent::Write).await?;
            let brokers = connection.brokers().to_owned();
            let log = KafkaLog::open(connection, &kafka.layout, &kafka.instance).await?;
            let look = log.reader().clone();
            anyhow::ensure!(
                on_thread(move || holds_nothing(&look)).await?,
                "kigen's topics at {brokers} hold something already: the demo plays only on topics that are empty, since it \
                 takes part in judging and telling all that stands there, and tells nothing a second time; name other \
                 brokers, or, if nothing there is needed any more, delete the topics with `kafka-topics.sh \
                 --bootstrap-server {brokers} --delete --topic 'kigen\\.(events|alerts|status|rejects)'`"
            );
            play(&args, log, &dir, Some(format!("--log kafka --brokers {brokers}"))).await
        }
    }
}

/// Whether nothing stands in the topics that whoever judges goes by.
fn holds_nothing(look: &impl LogReader) -> Result<bool, LogError> {
    for partition in (0..look.partitions()).map(Partition) {
        for topic in [Topic::Events, Topic::Status] {
            if is_read_from(look, topic, partition, look.earliest(topic, partition)?)? {
                return Ok(false);
            }
        }
    }
    Ok(true)
}

/// Whether a record is read from there on. Offsets alone do not say so: what was given up has some, too.
fn is_read_from(
    look: &impl LogReader,
    topic: Topic,
    partition: Partition,
    from: Offset,
) -> Result<bool, LogError> {
    Ok(!look.read(topic, partition, from, 1, 1)?.is_empty())
}

/// Plays the demo through a log; `place`: by what its log is found when it has ended.
async fn play<L: Log>(args: &DemoArgs, log: L, dir: &Path, place: Option<String>) -> anyhow::Result<()> {
    let (shop, recorded) = (history::shop()?, history::recorded()?);
    let mut seen: Vec<Seen> = Vec::new();
    for (cluster, history) in [(SHOP, &shop), (RECORDED, &recorded)] {
        seen.extend(history.error_monitor().into_iter().map(|error| Seen { cluster, error }));
    }
    let mut screen = Screen::new(!args.plain && std::io::stdout().is_terminal(), seen);
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
    let processor = open_processor(&log, &dir.join("store"))?;
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
        notifier::run(notifier_log, delivery, stop_of(stopped)).await.map_err(Into::into)
    });
    let mut end = Box::pin(async {
        shop.begin_when_shipped().await;
        recorded.begin_when_shipped().await;
        shop.clock.finished().await;
        recorded.clock.finished().await;
        all_told(&log).await;
    });
    loop {
        tokio::select! {
            Some((alert, message)) = delivered.recv() => screen.message(&alert, &message)?,
            () = &mut end => break,
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
    screen.end(place.as_deref())
}

/// One cluster that is played.
struct Play {
    cluster: &'static str,
    clock: Clock,
    server: Server,
    probe_interval_ms: u64,
    health: Health,
}

impl Play {
    async fn start(
        cluster: &'static str,
        history: History,
        pace: Pace,
        probe_interval_ms: u64,
    ) -> anyhow::Result<Self> {
        let until = history.end() + TimeDelta::minutes(10);
        let clock = Clock::new(history.start(), pace, Some(until));
        let options = Options { eager_bookmarks: true, hold_clock: true, ..Options::default() };
        let server = Server::start(Played { history, clock: clock.clone(), options }).await?;
        Ok(Self { cluster, clock, server, probe_interval_ms, health: Health::default() })
    }

    /// Ships the cluster as `up` does, by this cluster's time.
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
            let until = stop_of(stopped);
            let role =
                ShipperRole { log, settings, clock, shipper: "kigen demo".to_owned(), declared, health };
            role.run(until).await.map_err(Into::into)
        }
    }

    /// Lets time pass once the log has the cluster as it was, so that the demo misses nothing of it.
    async fn begin_when_shipped(&self) {
        while self.health.readiness(RealInstant::now()).is_err() {
            tokio::time::sleep(LOOK_AGAIN).await;
        }
        self.server.begin();
    }
}

/// Waits until what is in the log is judged, and what was decided is told; not for ever.
async fn all_told<L: Log>(log: &L) {
    let quiet = async {
        // The last ticks come in by themselves; a log that stays the same for a while has nothing left to judge.
        let mut before = None;
        loop {
            tokio::time::sleep(QUIET).await;
            let look = log.reader().clone();
            let now = on_thread(move || ends_if_all_told(&look)).await.ok().flatten();
            if now.is_some() && now == before {
                return;
            }
            before = now;
        }
    };
    // What is not told by then is not told in the demo; the error would be visible in its end.
    let _ = tokio::time::timeout(Duration::from_millis(END_MS_MAX), quiet).await;
}

/// Where events and alerts end; `None`: some are still to be judged, or to be told.
fn ends_if_all_told(look: &impl LogReader) -> Result<Option<Vec<Offset>>, LogError> {
    let mut ends = Vec::new();
    for (group, topic) in [(kigen_processor::GROUP, Topic::Events), (notifier::GROUP, Topic::Alerts)] {
        for partition in (0..look.partitions()).map(Partition) {
            if is_read_from(look, topic, partition, look.resume_offset(group, topic, partition)?)? {
                return Ok(None);
            }
            ends.push(look.latest(topic, partition)?);
        }
    }
    Ok(Some(ends))
}
