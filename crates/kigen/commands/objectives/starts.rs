//! The expected starts of each CronJob in the past, and when the result of each was there.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context;
use chrono::{TimeDelta, Timelike};
use kigen_calendar::{Calendar, Crontab, Reading, Timetable, Zone};
use kigen_log::{ConsumedRecord, LogReader};
use kigen_model::Instant;
use kigen_model::event::{ClusterBody, Event, FactBody};
use kigen_model::key::BatchKey;
use kigen_model::run::{CronJob, RunPhase};
use kigen_model::slot::Gap;
use kigen_model::topic::{Partition, Topic};

use crate::output::{human, text};
use crate::reader::Pages;

/// The most starts of a batch that are looked at, the latest first: those of a quarter, one each five minutes.
const STARTS_MAX: usize = 26_000;

/// Fewer starts show nothing.
const STARTS_MIN: usize = 8;

/// The past of all batches of a cluster.
pub(super) struct FleetPast {
    pub(super) batches: BTreeMap<BatchKey, BatchPast>,
    pub(super) from: Instant,
    /// The last tick.
    pub(super) until: Instant,
    /// When nothing was observed.
    gaps: Vec<Gap>,
}

/// The past of a batch.
#[derive(Default)]
pub(super) struct BatchPast {
    /// The living CronJob, and since when it has its schedule.
    cron_job: Option<(CronJob, Instant)>,
    /// The names of its objectives in force.
    objectives: BTreeSet<String>,
    /// The end of the first good run of each nominal start.
    good: BTreeMap<Instant, Instant>,
}

/// The expected starts of a CronJob.
pub(super) struct Starts {
    pub(super) schedule: String,
    /// Those that are over, in their order.
    pub(super) all: Vec<Start>,
    /// The shortest time between two starts.
    pub(super) gap_min: TimeDelta,
    problem: Option<String>,
}

/// An expected start.
pub(super) struct Start {
    pub(super) at: Instant,
    pub(super) result: StartResult,
}

/// What came of a start.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum StartResult {
    /// A run that was made for it, or by hand before the next start, ended well then.
    Good(Instant),
    /// None did.
    Missing,
    /// None was observed to, but not all of its time was observed.
    Hidden,
}

impl FleetPast {
    /// Reads the log.
    pub(super) fn read(reader: &dyn LogReader, cluster: &str, past: TimeDelta) -> anyhow::Result<Self> {
        let pages = Pages::of(reader, Topic::Events)?;
        let mut batches: BTreeMap<BatchKey, BatchPast> = BTreeMap::new();
        let (mut until, mut gaps) = (None, Vec::new());
        for partition in (0..reader.partitions()).map(Partition) {
            pages.each(partition, |records| {
                add(records, cluster, &mut batches, (&mut until, &mut gaps));
                Ok(())
            })?;
        }
        let until = until.with_context(|| {
            format!("the log has no tick of cluster `{cluster}`: nothing is known to be over")
        })?;
        let from = until - past;
        batches.retain(|_, batch| batch.cron_job.is_some());
        Ok(Self { batches, from, until, gaps })
    }
}

fn add(
    records: &[ConsumedRecord],
    cluster: &str,
    batches: &mut BTreeMap<BatchKey, BatchPast>,
    (until, gaps): (&mut Option<Instant>, &mut Vec<Gap>),
) {
    for record in records {
        match kigen_wire::decode_event(record.value.as_deref().unwrap_or_default()) {
            Ok(Event::Fact(fact)) if fact.key.cluster == cluster => {
                let of_run = matches!(fact.body, FactBody::Run { .. });
                let batch = match (batches.contains_key(&fact.key), of_run) {
                    // A run of a bare Job is no batch's.
                    (false, true) => continue,
                    _ => batches.entry(fact.key).or_default(),
                };
                batch.add(fact.body, fact.observed_at);
            }
            Ok(Event::Cluster(event)) if event.cluster == cluster => match event.body {
                ClusterBody::Tick { observed_until, .. } => *until = (*until).max(Some(observed_until)),
                // Each partition has it.
                ClusterBody::Gap(gap) if !gaps.contains(&gap) => gaps.push(gap),
                ClusterBody::Gap(_)
                | ClusterBody::Epoch { .. }
                | ClusterBody::Calendar { .. }
                | ClusterBody::Mute { .. }
                | ClusterBody::Stalled { .. }
                | ClusterBody::StallOver { .. }
                | ClusterBody::Forgotten { .. } => {}
            },
            Ok(Event::Fact(_) | Event::Cluster(_)) | Err(_) => {}
        }
    }
}

impl BatchPast {
    fn add(&mut self, body: FactBody, at: Instant) {
        match body {
            FactBody::CronJob { cron_job, .. } => {
                let since = match (&self.cron_job, &cron_job) {
                    (Some((known, since)), Some(now)) if is_same_schedule(known, now) => *since,
                    (None, Some(now)) => now.created_at,
                    (Some(_), Some(_)) | (_, None) => at,
                };
                self.cron_job = cron_job.map(|cron_job| (cron_job, since));
            }
            FactBody::Objective { name, objective, .. } => {
                match objective.filter(|objective| objective.reads().is_none()) {
                    Some(_) => self.objectives.insert(name),
                    None => self.objectives.remove(&name),
                };
            }
            FactBody::Run { run, .. } => {
                if let RunPhase::Succeeded { completed_at } = run.phase {
                    let end = self.good.entry(run.nominal_start()).or_insert(completed_at);
                    *end = completed_at.min(*end);
                }
            }
            FactBody::Attempt { .. } => {}
        }
    }

    pub(super) fn has_objective(&self) -> bool {
        !self.objectives.is_empty()
    }

    pub(super) fn schedule(&self) -> Option<&str> {
        self.cron_job.as_ref().map(|(cron_job, _)| cron_job.schedule.as_str())
    }

    /// The starts that are over: the next has come.
    pub(super) fn starts(&self, past: &FleetPast) -> Starts {
        let Some((cron_job, since)) = &self.cron_job else { return Starts::none("", "there is no CronJob") };
        let schedule = &cron_job.schedule;
        if cron_job.suspended {
            return Starts::none(schedule, "the CronJob is suspended");
        }
        let timetable = Timetable::of(schedule, cron_job.time_zone.as_deref());
        let calendar = Crontab::parse(timetable.crontab).ok().zip(Zone::named(timetable.time_zone).ok());
        let calendar =
            calendar.and_then(|(crontab, zone)| Calendar::new(crontab, zone, Reading::Kubernetes).ok());
        let Some(calendar) = calendar else {
            return Starts::none(schedule, "its schedule or zone is not understood");
        };
        let from = past.from.max(*since);
        let mut fires: Vec<Instant> = calendar.after(from).take_while(|at| *at <= past.until).collect();
        fires.drain(..fires.len().saturating_sub(STARTS_MAX));
        let start = |pair: &[Instant]| {
            let [at, next] = pair else { return None };
            let result = match self.good.range(*at..*next).map(|(_, end)| *end).min() {
                Some(end) => StartResult::Good(end),
                None if past.gaps.iter().any(|gap| hides(gap, *at, *next)) => StartResult::Hidden,
                None => StartResult::Missing,
            };
            Some(Start { at: *at, result })
        };
        let all: Vec<Start> = fires.windows(2).filter_map(start).collect();
        let gap_min = fires.windows(2).map(|pair| pair[1] - pair[0]).min().unwrap_or(TimeDelta::zero());
        Starts { schedule: schedule.clone(), all, gap_min, problem: None }
    }
}

fn is_same_schedule(known: &CronJob, now: &CronJob) -> bool {
    (&known.schedule, &known.time_zone, known.suspended) == (&now.schedule, &now.time_zone, now.suspended)
}

impl Start {
    fn took(&self) -> Option<TimeDelta> {
        match self.result {
            StartResult::Good(end) => Some((end - self.at).max(TimeDelta::zero())),
            StartResult::Missing | StartResult::Hidden => None,
        }
    }
}

/// Whether the gap overlaps a time.
fn hides(gap: &Gap, from: Instant, to: Instant) -> bool {
    gap.from.is_none_or(|begins| begins < to) && from < gap.to
}

impl Starts {
    fn none(schedule: &str, problem: &str) -> Self {
        Self {
            schedule: schedule.to_owned(),
            all: Vec::new(),
            gap_min: TimeDelta::zero(),
            problem: Some(problem.to_owned()),
        }
    }

    /// How long after their starts so many of a hundred results were there, by nearest rank.
    ///
    /// # Errors
    /// Not so many ever were, or there were too few starts.
    pub(super) fn takes(&self, percent: usize) -> Result<TimeDelta, String> {
        if let Some(problem) = &self.problem {
            return Err(problem.clone());
        }
        let observed = self.observed();
        if observed < STARTS_MIN {
            return Err(format!("{observed} starts were observed, and {STARTS_MIN} are needed"));
        }
        let took = self.took();
        let rank = (observed * percent).div_ceil(100).max(1);
        took.get(rank - 1)
            .copied()
            .ok_or_else(|| format!("of {observed} starts {} had no good result", observed - took.len()))
    }

    /// How many starts were observed.
    fn observed(&self) -> usize {
        self.all.iter().filter(|start| start.result != StartResult::Hidden).count()
    }

    /// How long after their starts the results were there, shortest first.
    fn took(&self) -> Vec<TimeDelta> {
        let mut took: Vec<TimeDelta> = self.all.iter().filter_map(Start::took).collect();
        took.sort_unstable();
        took
    }

    /// The evidence in one line.
    pub(super) fn summary(&self) -> String {
        let (observed, took) = (self.observed(), self.took());
        let (Some(median), Some(slowest)) = (took.get(took.len().saturating_sub(1) / 2), took.last()) else {
            return format!("starts at {}; of {observed} starts none had a good result", self.schedule);
        };
        let slow = self.all.iter().find(|start| start.took() == Some(*slowest));
        let when = slow.map_or(String::new(), |start| text(start.at));
        format!(
            "starts at {}; of {observed} starts {} had a good result, half of them within {}, the slowest after {} ({when})",
            self.schedule,
            took.len(),
            human(*median),
            human(*slowest)
        )
    }

    /// The minute of the hour of the first start in the crontab's zone, as far as whole hours go.
    pub(super) fn first_minute(&self) -> u32 {
        self.all.first().map_or(0, |start| start.at.minute())
    }

    /// The crontab so long after the schedule.
    pub(super) fn later(&self, by: TimeDelta) -> Option<String> {
        let crontab = Timetable::of(&self.schedule, None).crontab;
        Crontab::parse(crontab).ok()?.later(u32::try_from(by.num_minutes()).ok()?)
    }
}
