//! What is known of a batch at a place in its partition.

use kigen_model::Instant;
use kigen_model::run::{AttemptPhase, CronJob, Run, RunPhase};

use crate::calendar::Crontab;
use crate::history::{Batch, TrueRun, Version};

/// What the facts before an index show.
#[derive(Clone, Copy)]
pub(super) struct Known<'a> {
    pub(super) batch: &'a Batch,
    pub(super) schedules: &'a [KnownSchedule],
    /// The index after the last fact that is known.
    pub(super) before: usize,
}

/// A schedule of the CronJob, from when it was observed.
pub(super) struct KnownSchedule {
    /// The index of its fact.
    index: usize,
    /// When it was observed; of the first one the beginning of time.
    pub(super) since: Instant,
    pub(super) crontab: Crontab,
    /// The fire before the edit that Kubernetes may make up for, and whether it is the last scheduled time.
    pub(super) made_up: Option<(Instant, bool)>,
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
            let made_up = made_up.map(|fire| (fire, Some(fire) == last_scheduled));
            schedules.push(Self { index: seen.index, since, crontab, made_up });
        }
        schedules
    }
}

/// A success.
pub(super) struct KnownSuccess<'a> {
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

    /// The schedules, oldest first.
    pub(super) fn schedules(&self) -> impl Iterator<Item = &'a KnownSchedule> {
        let before = self.before;
        self.schedules.iter().take_while(move |schedule| schedule.index < before)
    }

    /// A run as it is known.
    pub(super) fn run(&self, run: &'a TrueRun) -> Option<&'a Run> {
        self.seen(&run.versions).last().map(|(_, version)| &version.value)
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
            Some(KnownSuccess { run: known.run(run)?, ended_at })
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
