//! What is known of a batch at a place in its partition.

use std::ops::Range;

use chrono::{NaiveDate, TimeDelta};
use kigen_model::Instant;
use kigen_model::event::{ClusterBody, Event};
use kigen_model::run::{AttemptPhase, CronJob, Run, RunPhase};
use kigen_model::slot::Gap;
use kigen_model::working_days::WorkingDays;

use crate::calendar::Crontab;
use crate::history::{Batch, Seen, TrueRun, Version};

/// What the facts before an index show.
#[derive(Clone, Copy)]
pub(super) struct Known<'a> {
    pub(super) batch: &'a Batch,
    pub(super) schedules: &'a [KnownSchedule],
    pub(super) cluster: &'a KnownCluster,
    /// The index after the last fact that is known.
    pub(super) before: usize,
}

/// What is known of the cluster of a batch.
#[derive(Default)]
pub(super) struct KnownCluster {
    /// The ticks that count, each later than the one before.
    pub(super) ticks: Vec<Tick>,
    pub(super) gaps: Vec<KnownGap>,
    /// What was declared of calendars, in the log's order.
    calendars: Vec<KnownCalendar>,
}

/// A version of a calendar.
struct KnownCalendar {
    index: usize,
    name: String,
    /// When it was declared, in milliseconds since 1970.
    revision: i64,
    /// `None`: it was withdrawn.
    days: Option<WorkingDays>,
}

/// A tick of the cluster of a batch, in its partition.
#[derive(Clone, Copy)]
pub(super) struct Tick {
    pub(super) index: usize,
    pub(super) observed_until: Instant,
}

/// A gap of the cluster of a batch, in its partition.
#[derive(Clone, Copy)]
pub(super) struct KnownGap {
    index: usize,
    /// `None`: since ever.
    pub(super) from: Option<Instant>,
    pub(super) to: Instant,
    /// Whether events expired in the log unread: what is known may be older than that.
    pub(super) is_of_log: bool,
}

impl KnownGap {
    /// Whether the fact at this index shows what was the case after the gap.
    pub(super) fn is_before(&self, index: usize) -> bool {
        !self.is_of_log || self.index < index
    }
}

impl KnownCluster {
    /// What counts in a partition: nothing of an epoch that is older than one before, no tick that goes back, and nothing that
    /// expired unread.
    pub(super) fn of(events: &[Event], expired: &[Range<usize>], cluster: &str) -> Self {
        let mut known = Self::default();
        let mut epoch = 0;
        for (index, event) in events.iter().enumerate() {
            let Event::Cluster(event) = event else { continue };
            if event.cluster != cluster || event.epoch < epoch || expired.iter().any(|it| it.contains(&index))
            {
                continue;
            }
            if let (ClusterBody::Tick { observed_until, .. }, Some(last)) = (&event.body, known.ticks.last())
                && let Some(lost) = expired.iter().find(|lost| last.index < lost.start && lost.end <= index)
                && last.observed_until < *observed_until
            {
                let (from, to) = (Some(last.observed_until), *observed_until);
                known.gaps.push(KnownGap { index: lost.end - 1, from, to, is_of_log: true });
            }
            epoch = event.epoch;
            match &event.body {
                ClusterBody::Tick { observed_until, .. } => {
                    let observed_until = *observed_until;
                    if known.ticks.last().is_none_or(|last| last.observed_until < observed_until) {
                        known.ticks.push(Tick { index, observed_until });
                    }
                }
                ClusterBody::Gap(Gap { from, to, .. }) => {
                    let (from, to) = (*from, *to);
                    known.gaps.push(KnownGap { index, from, to, is_of_log: false })
                }
                ClusterBody::Calendar { name, revision, working_days } => {
                    let (name, days) = (name.clone(), working_days.clone());
                    let revision = i64::try_from(*revision).unwrap_or(i64::MAX);
                    known.calendars.push(KnownCalendar { index, name, revision, days });
                }
                ClusterBody::Epoch { .. }
                | ClusterBody::Mute { .. }
                | ClusterBody::Stalled { .. }
                | ClusterBody::StallOver { .. }
                | ClusterBody::Forgotten { .. } => {}
            }
        }
        known
    }

    /// The last tick before an observation.
    pub(super) fn before(&self, seen: Seen) -> Option<&Tick> {
        self.ticks[..self.ticks.partition_point(|tick| tick.index < seen.index)].last()
    }

    /// When a change counts as having happened that was observed at `seen`: at the beginning of the time without
    /// observation before it, if there was one.
    pub(super) fn dated(&self, seen: Seen) -> Instant {
        match self.before(seen) {
            Some(tick) if seen.at - tick.observed_until > UNOBSERVED_MIN => tick.observed_until,
            Some(_) | None => seen.at,
        }
    }
}

/// How long no tick came, at least, if the time before an observation counts as unobserved.
const UNOBSERVED_MIN: TimeDelta = TimeDelta::minutes(2);

/// A schedule of the CronJob, from when it was observed.
pub(super) struct KnownSchedule {
    /// The index of its fact.
    index: usize,
    /// When it was observed; of the first one the beginning of time.
    pub(super) since: Instant,
    pub(super) crontab: Crontab,
    /// The fire before the edit that Kubernetes may make up for, and the index of the fact that shows that it is the last
    /// scheduled time.
    pub(super) made_up: Option<(Instant, Option<usize>)>,
}

impl KnownSchedule {
    /// The schedules of a batch. A deletion leaves the last one in force.
    pub(super) fn all(batch: &Batch) -> Vec<Self> {
        let mut schedules: Vec<Self> = Vec::new();
        let mut last: Option<(&str, Option<&str>)> = None;
        for version in &batch.cron_job {
            let (Some(seen), Some(cron_job)) = (version.seen, &version.value) else { continue };
            let schedule = (cron_job.schedule.as_str(), cron_job.time_zone.as_deref());
            if last == Some(schedule) {
                continue;
            }
            last = Some(schedule);
            let Some(crontab) = Crontab::read(schedule.0, schedule.1) else { continue };
            let is_first = schedules.is_empty();
            let since = if is_first { Instant::MIN_UTC } else { seen.at };
            let last_scheduled = cron_job.last_scheduled_at;
            let from = last_scheduled.unwrap_or(cron_job.created_at);
            let made_up = (!is_first).then(|| crontab.last_fire(from, seen.at)).flatten();
            let made_up = made_up.map(|fire| {
                let facts = batch.cron_job.iter().filter_map(|version| Some((version.seen?, version)));
                let mut later = facts.filter(|(later, _)| later.index >= seen.index);
                let shows = |it: &Version<Option<CronJob>>| {
                    it.value.as_ref().is_some_and(|it| it.last_scheduled_at == Some(fire))
                };
                (fire, later.find(|(_, version)| shows(version)).map(|(seen, _)| seen.index))
            });
            schedules.push(Self { index: seen.index, since, crontab, made_up });
        }
        schedules
    }
}

/// A success.
#[derive(Clone, Copy)]
pub(super) struct KnownSuccess<'a> {
    pub(super) of: &'a TrueRun,
    pub(super) run: &'a Run,
    pub(super) ended_at: Instant,
}

impl<'a> Known<'a> {
    /// The versions that were seen, oldest first.
    pub(super) fn seen<T>(
        &self,
        versions: &'a [Version<T>],
    ) -> impl Iterator<Item = (Instant, &'a Version<T>)> {
        let before = self.before;
        versions.iter().filter_map(move |version| {
            let seen = version.seen.filter(|seen| seen.index < before)?;
            Some((seen.at, version))
        })
    }

    /// The gaps.
    pub(super) fn gaps(&self) -> impl Iterator<Item = &'a KnownGap> {
        let before = self.before;
        self.cluster.gaps.iter().filter(move |gap| gap.index < before)
    }

    /// Whether a calendar takes this day away from a deadline at this instant: the version that was declared last before the
    /// deadline, else the first one. One that nothing declares takes none away.
    pub(super) fn is_day_off(&self, calendar: &str, deadline: Instant, day: NaiveDate) -> bool {
        let mut versions: Vec<&KnownCalendar> = Vec::new();
        for version in
            self.cluster.calendars.iter().filter(|it| it.index < self.before && it.name == calendar)
        {
            let is_news = match versions.last() {
                Some(last) => version.revision > last.revision && version.days != last.days,
                None => version.days.is_some(),
            };
            if is_news {
                versions.push(version);
            }
        }
        let before = versions.iter().rfind(|version| version.revision < deadline.timestamp_millis());
        let days = before.or(versions.first()).and_then(|version| version.days.as_ref());
        days.is_some_and(|days| !days.contains(day))
    }

    /// The versions that were seen up to `at`, or that count as having come to be by then.
    pub(super) fn dated<T>(
        &self,
        versions: &'a [Version<T>],
        at: Instant,
    ) -> impl DoubleEndedIterator<Item = &'a Version<T>> {
        let (before, cluster) = (self.before, self.cluster);
        let is_past = move |seen: Seen| seen.index < before && cluster.dated(seen) <= at;
        versions.iter().filter(move |version| version.seen.is_some_and(is_past))
    }

    /// The schedules, oldest first.
    pub(super) fn schedules(&self) -> impl Iterator<Item = &'a KnownSchedule> {
        let before = self.before;
        self.schedules.iter().take_while(move |schedule| schedule.index < before)
    }

    /// A run as it is known.
    pub(super) fn run(&self, run: &'a TrueRun) -> Option<&'a Run> {
        self.seen(&run.versions).last().map(|(_, version)| &version.value)
    }

    /// Between which two observations a run was deleted: the tick before its deletion was seen, and that.
    pub(super) fn deletion(&self, run: &TrueRun) -> Option<(Instant, Instant)> {
        let before = self.before;
        let is_deletion = |version: &&Version<Run>| matches!(version.value.phase, RunPhase::Deleted { .. });
        let seen = run.versions.iter().find(is_deletion)?.seen.filter(|seen| seen.index < before)?;
        Some((self.cluster.before(seen).map_or(seen.at, |tick| tick.observed_until), seen.at))
    }

    /// The CronJob from observation to observation.
    pub(super) fn cron_jobs(&self) -> Vec<(Instant, Option<&'a CronJob>)> {
        self.seen(&self.batch.cron_job).map(|(at, version)| (at, version.value.as_ref())).collect()
    }

    /// When the work of a run ended well: the last good pod's end where it lies within the Job's times, else its completion.
    pub(super) fn success(&self, run: &'a TrueRun) -> Option<Instant> {
        let known = self.run(run)?;
        let RunPhase::Succeeded { completed_at } = known.phase else { return None };
        let finished = run
            .attempts
            .iter()
            .filter_map(|attempt| self.seen(&attempt.versions).last())
            .filter_map(|(_, version)| match version.value.phase {
                AttemptPhase::Succeeded { finished_at } => finished_at,
                AttemptPhase::Waiting { .. } | AttemptPhase::Running { .. } | AttemptPhase::Failed { .. } => {
                    None
                }
            })
            .max();
        let started_at = known.started_at.unwrap_or(known.created_at);
        Some(finished.filter(|at| (started_at..=completed_at).contains(at)).unwrap_or(completed_at))
    }

    /// All successes.
    pub(super) fn successes(&self) -> impl Iterator<Item = KnownSuccess<'a>> {
        let known = *self;
        self.batch.runs.iter().filter_map(move |run| {
            let ended_at = known.success(run)?;
            Some(KnownSuccess { of: run, run: known.run(run)?, ended_at })
        })
    }
}

/// The indexes of the facts about a run, in the log's order.
pub(super) fn facts_of(run: &TrueRun) -> Vec<usize> {
    let of_run = run.versions.iter().filter_map(|version| version.seen);
    let of_attempts = run.attempts.iter().flat_map(|attempt| &attempt.versions);
    let mut indexes: Vec<usize> =
        of_run.chain(of_attempts.filter_map(|version| version.seen)).map(|seen| seen.index).collect();
    indexes.sort_unstable();
    indexes
}
