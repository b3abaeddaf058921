//! Announces this process, and follows what the others announce.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use kigen_log::{Log, LogError, LogReader};
use kigen_model::Instant;
use kigen_model::control::{Announcement, ControlRecord};
use kigen_model::topic::{Offset, Partition, Topic};
use kigen_ops::{ThrottledWarnings, on_thread};
use kigen_wire::Level;
use tokio::sync::watch;

use crate::handle::{Control, InForce};
use crate::members::{Members, Standing};
use crate::record::{keyed, new_record};

/// How often `kigen.control` is read.
const REFRESH_INTERVAL: Duration = Duration::from_secs(5);
/// How often a process announces itself.
const ANNOUNCE_INTERVAL: TimeDelta = TimeDelta::minutes(1);
/// How long a process counts as running after it announced itself, whatever the setting.
const RUNNING: TimeDelta = TimeDelta::minutes(3);
/// How long the announcement of a process that has ended is kept.
const ENDED_KEPT: TimeDelta = TimeDelta::days(30);
/// The name of the processes that wrote to the log before record levels existed.
const BEFORE_LEVELS: &str = "processes before record levels";

/// How a process takes part.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The name of this process, which no other has.
    pub instance: String,
    /// What it does: ship, process, notify.
    pub roles: Vec<String>,
    /// kigen's version.
    pub version: String,
    /// The newest level that the log may have; `None`: the newest of this kigen.
    pub level_max: Option<Level>,
    /// How long records stay readable for an older kigen after one was last seen.
    pub rollback: TimeDelta,
}

/// Announces this process in the log, and follows the others.
pub struct Announcer<L> {
    log: L,
    settings: Settings,
    clock: fn() -> Instant,
    members: Members,
    announced_at: Option<Instant>,
    standing: Standing,
    in_force: watch::Sender<InForce>,
    warnings: ThrottledWarnings,
}

impl<L: Log> Announcer<L> {
    /// Reads what the others announced, and announces this process: before it writes anything else. On a log that was written
    /// to before there were levels, processes of that time may still run, or run again.
    ///
    /// # Errors
    /// The log cannot be read or written.
    pub async fn open(
        log: L,
        settings: Settings,
        clock: fn() -> Instant,
        warnings: ThrottledWarnings,
    ) -> Result<(Self, Control), LogError> {
        let level = settings.level_max.unwrap_or(Level::NEWEST);
        let (in_force, receiver) = watch::channel(InForce { level, skips: Arc::default() });
        let standing = Standing { level, held_by: Vec::new(), held_until: None };
        let (members, announced_at) = Default::default();
        let mut announcer =
            Self { log, settings, clock, members, announced_at, standing, in_force, warnings };
        announcer.refresh().await?;
        if announcer.members.is_empty() && has_events(announcer.log.reader()).await? {
            announcer.announce(&announcer.before_levels()).await?;
        }
        announcer.turn().await?;
        Ok((announcer, Control::of(receiver)))
    }

    /// Announces this process once a minute and follows the others, until the future is dropped. A log that cannot be read or
    /// written is retried; the level stays meanwhile.
    pub async fn run(mut self) {
        loop {
            tokio::time::sleep(REFRESH_INTERVAL).await;
            if let Err(error) = self.turn().await {
                self.warnings.retried(&error);
            }
        }
    }

    async fn turn(&mut self) -> Result<(), LogError> {
        let now = (self.clock)();
        if self.announced_at.is_none_or(|at| at + ANNOUNCE_INTERVAL <= now) {
            self.announce(&self.own(now)).await?;
            self.forget_ended(now).await?;
            self.announced_at = Some(now);
        }
        self.refresh().await?;
        let standing = self.members.standing(now, self.window());
        metrics::gauge!("kigen_record_level").set(standing.level.number());
        if !standing.reads_as(&self.standing) {
            tracing::info!("records are written at record level {standing}");
        }
        self.in_force.send_if_modified(|in_force| {
            let changed = in_force.level != standing.level || *in_force.skips != self.members.skips;
            if changed {
                *in_force = InForce { level: standing.level, skips: Arc::new(self.members.skips.clone()) };
            }
            changed
        });
        self.standing = standing;
        Ok(())
    }

    fn window(&self) -> TimeDelta {
        self.settings.rollback.max(RUNNING)
    }

    fn own(&self, now: Instant) -> Announcement {
        let Settings { instance, roles, version, level_max, .. } = self.settings.clone();
        let (newest_level, level) = (Level::NEWEST.number(), level_max.unwrap_or(Level::NEWEST).number());
        Announcement { instance, roles, version, level, newest_level, announced_at: now }
    }

    fn before_levels(&self) -> Announcement {
        let oldest = Level::OLDEST.number();
        Announcement {
            instance: BEFORE_LEVELS.to_owned(),
            roles: Vec::new(),
            version: "0.1".to_owned(),
            level: oldest,
            newest_level: oldest,
            announced_at: (self.clock)(),
        }
    }

    async fn announce(&self, announcement: &Announcement) -> Result<(), LogError> {
        let record = ControlRecord::Process(announcement.clone());
        self.log.append(vec![new_record(&record, announcement.announced_at)]).await.map(drop)
    }

    /// Removes the announcements of processes that ended long ago.
    async fn forget_ended(&self, now: Instant) -> Result<(), LogError> {
        let tombstone = |key: &String| keyed(key.clone(), None, now);
        let ended: Vec<_> = self.members.keys_before(now, ENDED_KEPT).map(tombstone).collect();
        if ended.is_empty() { Ok(()) } else { self.log.append(ended).await.map(drop) }
    }

    async fn refresh(&mut self) -> Result<(), LogError> {
        let (mut members, reader) = (self.members.clone(), self.log.reader().clone());
        self.members = on_thread(move || members.refresh(&reader).map(|()| members)).await?;
        Ok(())
    }
}

/// Whether an event was ever written to the log.
async fn has_events(reader: &(impl LogReader + Clone + 'static)) -> Result<bool, LogError> {
    let reader = reader.clone();
    on_thread(move || {
        for partition in (0..reader.partitions()).map(Partition) {
            if reader.latest(Topic::Events, partition)? > Offset(0) {
                return Ok(true);
            }
        }
        Ok(false)
    })
    .await
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicI64, Ordering::Relaxed};

    use kigen_log::{EmbeddedLog, NewRecord};
    use kigen_model::control::Skip;
    use kigen_model::topic::CONTROL_PARTITION;

    use super::*;

    fn clock() -> Instant {
        Instant::UNIX_EPOCH + TimeDelta::days(20_000)
    }

    fn settings(instance: &str) -> Settings {
        Settings {
            instance: instance.to_owned(),
            roles: vec!["process".to_owned()],
            version: "0.1.0".to_owned(),
            level_max: None,
            rollback: TimeDelta::hours(24),
        }
    }

    fn log() -> (tempfile::TempDir, EmbeddedLog) {
        let dir = tempfile::tempdir().expect("a folder");
        let log = EmbeddedLog::open(dir.path(), kigen_log::Settings::default()).expect("a log");
        (dir, log)
    }

    async fn open(log: &EmbeddedLog, settings: Settings) -> (Announcer<EmbeddedLog>, Control) {
        Announcer::open(log.clone(), settings, clock, ThrottledWarnings::default()).await.expect("a log")
    }

    async fn append(log: &EmbeddedLog, topic: Topic, key: &str, value: Vec<u8>) {
        let (partition, key, value) = (CONTROL_PARTITION, key.to_owned(), Some(value));
        let record = NewRecord { topic, partition, key, value, timestamp: clock() };
        log.append(vec![record]).await.expect("a writable log");
    }

    #[tokio::test]
    async fn a_new_log_has_the_newest_level_and_one_of_before_levels_the_oldest() {
        let (_dir, new) = log();
        let (_announcer, control) = open(&new, settings("a")).await;
        assert_eq!(control.level(), Level::NEWEST);
        let (_dir, older) = log();
        append(&older, Topic::Events, "prod", Vec::new()).await;
        let (announcer, control) = open(&older, settings("a")).await;
        assert_eq!(control.level(), Level::OLDEST);
        assert_eq!(announcer.standing.held_until, Some(clock() + TimeDelta::hours(24)));
        // The next start finds the announcement of the first.
        let (_announcer, control) = open(&older, settings("b")).await;
        assert_eq!(control.level(), Level::OLDEST);
    }

    #[tokio::test]
    async fn a_setting_of_one_process_holds_the_level_for_all() {
        let (_dir, log) = log();
        let (mut one, control) = open(&log, settings("one")).await;
        assert_eq!(control.level(), Level::NEWEST);
        let held = Settings { level_max: Some(Level::OLDEST), ..settings("two") };
        let (_two, of_two) = open(&log, held).await;
        one.turn().await.expect("a log");
        assert_eq!((control.level(), of_two.level()), (Level::OLDEST, Level::OLDEST));
        // Started again without the setting, it holds nothing any more.
        let (_two, of_two) = open(&log, settings("two")).await;
        one.turn().await.expect("a log");
        assert_eq!((control.level(), of_two.level()), (Level::NEWEST, Level::NEWEST));
    }

    #[tokio::test]
    async fn the_level_rises_a_day_after_the_last_process_before_levels_was_seen() {
        static HOURS: AtomicI64 = AtomicI64::new(0);
        let moving = || clock() + TimeDelta::hours(HOURS.load(Relaxed));
        let (_dir, log) = log();
        append(&log, Topic::Events, "prod", Vec::new()).await;
        let opened = Announcer::open(log.clone(), settings("a"), moving, ThrottledWarnings::default()).await;
        let (mut announcer, mut control) = opened.expect("a log");
        for (hours, level) in [(0, Level::OLDEST), (24, Level::OLDEST), (25, Level::NEWEST)] {
            HOURS.store(hours, Relaxed);
            announcer.turn().await.expect("a log");
            assert_eq!(control.level(), level, "after {hours} h");
        }
        control.changed().await;
    }

    #[tokio::test]
    async fn a_skip_reaches_the_roles_and_what_is_not_understood_is_ignored() {
        let (_dir, log) = log();
        let (mut announcer, mut control) = open(&log, settings("one")).await;
        let place = (Topic::Events, Partition(3), Offset(7));
        let skip = ControlRecord::Skip(Skip { place, author: "ann@laptop".to_owned(), skipped_at: clock() });
        append(&log, Topic::Control, "x", b"something else".to_vec()).await;
        append(&log, Topic::Control, &skip.key(), kigen_wire::encode_control(&skip, Level::NEWEST)).await;
        assert!(!control.is_skipped(place.0, place.1, place.2));
        announcer.turn().await.expect("a log");
        control.changed().await;
        assert!(control.is_skipped(place.0, place.1, place.2));
        assert!(!control.is_skipped(place.0, place.1, Offset(8)));
        assert_eq!(control.level(), Level::NEWEST);
    }
}
