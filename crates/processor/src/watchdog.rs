//! The watchdog: reports a cluster whose time stands still, and that it goes on. The only part of the processor that reads a wall
//! clock.
//!
//! The process that owns the partition to which a cluster's name hashes reports on that cluster. Its probes ask the log for the
//! ends of such partitions, on another thread; `silence.rs` decides. A report is written by a turn of the partition: with
//! the alert the position record gets that the silence is reported, so that no process reports it again, whatever crashes.
//!
//! ```text
//!                   silent, and read what waits               a tick (turn.rs)
//!  clock.silence: None ─────────────────────────> Some(since) ────────────────> Some(since, until)
//!                   ^                                                                │
//!                   └── each partition has judged until then, or does not in time ────┘
//! ```

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::SubsecRound;
use kigen_log::{LogError, LogReader};
use kigen_model::Instant;
use kigen_model::alert::{Alert, AlertBody, CronJobPresence, cluster_alert_id};
use kigen_model::key::BatchKey;
use kigen_model::silence::SlotCounts;
use kigen_model::topic::{Offset, Partition, Topic};
use kigen_ops::join;
use kigen_state::{ClusterClock, PartitionState, Silence};
use tokio::task::{JoinHandle, spawn_blocking};
use tokio::time::Instant as RealInstant;

use crate::error::ProcessorError;
use crate::silence::{Listener, Probed};
use crate::survey;

/// The kind of the alert that a cluster is silent, as its id has it.
const SILENT: &str = "cluster_silent";
/// A cluster is listened to by this many probes before it is silent.
const PROBES: u32 = 18;
/// How many intervals may be between two probes.
const LATE_PROBES: u32 = 3;
/// How long, in intervals, the report that a silence is over waits for the partitions that have not judged yet.
const JUDGED_WITHIN: u32 = 12;

/// How far partitions are read.
pub(crate) type Positions<'a> = BTreeMap<Partition, &'a PartitionState>;

/// Watches the clusters whose names hash to the partitions of this process.
pub(crate) struct Watchdog {
    /// `None`: it is off.
    settings: Option<Settings>,
    running: Option<JoinHandle<Ended>>,
    probe_due: RealInstant,
    listener: Listener,
    /// Since when a silence is known to be over, by cluster.
    over_since: BTreeMap<String, RealInstant>,
    /// What is reported next.
    found: Vec<Finding>,
}

#[derive(Clone, Copy)]
struct Settings {
    interval: Duration,
    /// The wall clock.
    now: fn() -> Instant,
}

/// The next thing that happens to it.
pub(crate) enum WatchdogEvent {
    /// A probe is due.
    Due,
    /// What ran on another thread has ended.
    Ended(Ended),
}

/// What has ended.
pub(crate) enum Ended {
    /// A probe that began then: the ends of partitions.
    Probe(RealInstant, Result<BTreeMap<Partition, Offset>, LogError>),
    /// What a report needs was read; `None`: it is not all there yet.
    Survey(Result<Option<Box<Report>>, ProcessorError>),
}

/// A report is due.
#[derive(Clone, Debug)]
struct Finding {
    partition: Partition,
    cluster: String,
    /// What is reported already.
    reported: Option<Silence>,
    /// The cluster's time.
    time: Option<Instant>,
    /// Whether what is not judged yet is not waited for.
    is_overdue: bool,
}

/// An alert, and what the clock of its cluster has from then on.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) partition: Partition,
    pub(crate) alert: Alert,
    /// What it has now; else the report is outdated.
    pub(crate) before: Option<Silence>,
    pub(crate) after: Option<Silence>,
}

impl Watchdog {
    pub(crate) fn off() -> Self {
        let never = Duration::MAX;
        Self {
            settings: None,
            running: None,
            probe_due: RealInstant::now(),
            listener: Listener::new(never, never),
            over_since: BTreeMap::new(),
            found: Vec::new(),
        }
    }

    /// Reports clusters without a tick for `silent_after`, by the wall clock `now`.
    pub(crate) fn new(silent_after: Duration, now: fn() -> Instant) -> Self {
        let interval = silent_after / PROBES;
        let settings = Some(Settings { interval, now });
        Self { settings, listener: Listener::new(silent_after, interval * LATE_PROBES), ..Self::off() }
    }

    /// Waits for a probe to be due, or for what runs to end; for ever if it is off. Cancel-safe.
    pub(crate) async fn next(&mut self) -> WatchdogEvent {
        if self.settings.is_none() {
            return std::future::pending().await;
        }
        match &mut self.running {
            Some(running) => {
                let ended = join(running).await;
                self.running = None;
                WatchdogEvent::Ended(ended)
            }
            None => {
                tokio::time::sleep_until(self.probe_due).await;
                WatchdogEvent::Due
            }
        }
    }

    /// Asks the log for the ends of the partitions that clusters of these positions hash to.
    pub(crate) fn probe<R: LogReader + Clone + 'static>(&mut self, reader: &R, positions: &Positions<'_>) {
        let Some(settings) = self.settings else { return };
        let began = RealInstant::now();
        self.probe_due = began + settings.interval;
        let is_home = |(partition, position): &(&Partition, &&PartitionState)| {
            position.clocks.keys().any(|cluster| reader.partition_of(cluster) == **partition)
        };
        let partitions: Vec<Partition> = positions.iter().filter(is_home).map(|(home, _)| *home).collect();
        let reader = reader.clone();
        self.running = Some(spawn_blocking(move || {
            let end = |partition: &Partition| Ok((*partition, reader.latest(Topic::Events, *partition)?));
            Ended::Probe(began, partitions.iter().map(end).collect())
        }));
    }

    /// A probe has found these ends, while the partitions are read up to these positions. Begins to read what is reported next.
    pub(crate) fn probed<R: LogReader + Clone + 'static>(
        &mut self,
        (began, ends): (RealInstant, BTreeMap<Partition, Offset>),
        reader: &R,
        positions: &Positions<'_>,
    ) {
        let mut homes: Vec<(Partition, &String, &ClusterClock, Offset, Offset)> = Vec::new();
        for (partition, end) in ends {
            let Some(position) = positions.get(&partition) else { continue };
            // Behind the last record there may be offsets that are none.
            let next = Offset(position.next.0 + reader.marker_offsets());
            let of_home =
                position.clocks.iter().filter(|(cluster, _)| reader.partition_of(cluster) == partition);
            homes.extend(of_home.map(|(cluster, clock)| (partition, cluster, clock, next, end)));
        }
        let probed = homes.iter().filter_map(|(_, cluster, clock, next, end)| {
            Some(Probed { cluster, time: clock.observed_until?, next: *next, end: *end })
        });
        let silent = self.listener.probed(began, probed);
        let is_over = |clock: &ClusterClock| {
            clock.silence.is_some_and(|silence| clock.observed_until != Some(silence.since))
        };
        self.over_since
            .retain(|of, _| homes.iter().any(|(_, cluster, clock, ..)| *cluster == of && is_over(clock)));
        let judged_within = self.settings.map_or(Duration::MAX, |settings| settings.interval * JUDGED_WITHIN);
        self.found.clear();
        for (partition, cluster, clock, ..) in homes {
            let is_new = clock.silence.is_none() && silent.contains(cluster);
            if !is_new && !is_over(clock) {
                continue;
            }
            let since = self.over_since.entry(cluster.clone()).or_insert(began);
            let is_overdue = began.duration_since(*since) >= judged_within;
            let (reported, time) = (clock.silence, clock.observed_until);
            self.found.push(Finding { partition, cluster: cluster.clone(), reported, time, is_overdue });
        }
        self.survey(reader);
    }

    /// A probe has failed: the log cannot be read.
    pub(crate) fn failed(&mut self) {
        self.listener.failed();
    }

    /// Begins to read what the next report needs, if there is one.
    pub(crate) fn survey<R: LogReader + Clone + 'static>(&mut self, reader: &R) {
        let (Some(settings), Some(finding)) = (self.settings, self.found.pop()) else { return };
        let reader = reader.clone();
        self.running =
            Some(spawn_blocking(move || Ended::Survey(report_on(&reader, finding, (settings.now)()))));
    }
}

/// The report on a finding; `None`: it has to wait.
fn report_on(
    reader: &impl LogReader,
    finding: Finding,
    now: Instant,
) -> Result<Option<Box<Report>>, ProcessorError> {
    let Finding { partition, cluster, reported, time, is_overdue } = finding;
    let Some(since) = reported.map(|silence| silence.since).or(time) else { return Ok(None) };
    let body = match reported {
        None => {
            let (objectives, next) = survey::waiting(reader, &cluster)?;
            AlertBody::ClusterSilent { since, objectives, next }
        }
        Some(silence) => {
            // A cluster that was forgotten, and is there again, may have begun at any time.
            let until = silence.until.or(time);
            let judged = match until {
                Some(until) if !is_overdue && !survey::is_judged_until(reader, &cluster, until)? => {
                    return Ok(None);
                }
                Some(until) => survey::judged(reader, &cluster, (since, until))?,
                None => SlotCounts::default(),
            };
            let silent = cluster_alert_id(&cluster, SILENT, since);
            AlertBody::SilenceOver { silent, since, until, judged }
        }
    };
    let after = reported.is_none().then_some(Silence { since, until: None });
    let alert = Alert {
        id: cluster_alert_id(&cluster, body.kind(), since),
        key: BatchKey::of_cluster(&cluster),
        objective: None,
        decided_at: now.trunc_subsecs(3),
        cron_job: CronJobPresence::NotExpected,
        body,
    };
    Ok(Some(Box::new(Report { partition, alert, before: reported, after })))
}
