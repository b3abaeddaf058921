//! The CronJob controller, as it decides which runs there are.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use fastrand::Rng;
use kigen_model::Instant;
use kigen_model::event::Revision;
use kigen_model::run::{ConcurrencyPolicy, CronJob, RunPhase, SlotMark};

use crate::calendar::Crontab;
use crate::generate::dice::{percent, seconds, version_at};
use crate::generate::ship::Cluster;
use crate::generate::work::{self, Plan};
use crate::history::{TrueRun, Version};
use crate::world::World;

/// The spec of a CronJob.
#[derive(Clone, Debug)]
pub(super) struct Spec {
    pub(super) schedule: String,
    pub(super) time_zone: Option<String>,
    pub(super) suspended: bool,
    pub(super) concurrency: ConcurrencyPolicy,
}

/// What came of it.
pub(super) struct Made {
    pub(super) cron_job: Vec<Version<Option<CronJob>>>,
    pub(super) runs: Vec<TrueRun>,
}

/// A change of what the CronJob object shows.
enum Change {
    Spec(Option<Spec>),
    Scheduled(Instant),
    Succeeded(Instant),
}

struct Controller<'a> {
    specs: &'a [(Instant, Option<Spec>)],
    targets: &'a [Instant],
    cluster: &'a Cluster,
    changes: Vec<(Instant, Change)>,
    runs: Vec<TrueRun>,
    /// When each run that the schedule made is over, or is no more.
    over: Vec<(usize, Instant)>,
    last_scheduled_at: Option<Instant>,
    /// How many deletions of the CronJob its runs have followed.
    deletions: usize,
    wakes: BTreeSet<Instant>,
}

/// Runs the controller over the whole world.
pub(super) fn run(
    rng: &mut Rng,
    specs: &[(Instant, Option<Spec>)],
    targets: &[Instant],
    cluster: &Cluster,
    world: &mut World,
) -> Made {
    let mut controller = Controller::new(specs, targets, cluster);
    while let Some(now) = controller.wakes.pop_first() {
        if now >= world.ends {
            break;
        }
        controller.wake(rng, now, world);
    }
    controller.by_hand(rng, world);
    controller.remove_ended(rng, world);
    let Controller { changes, mut runs, .. } = controller;
    runs.sort_by_key(|run| run.versions.first().map(|version| version.at));
    Made { cron_job: versions(changes), runs }
}

/// The runs of Jobs that something else than a CronJob makes, at about the fires of a crontab.
pub(super) fn run_without(
    rng: &mut Rng,
    crontab: &Crontab,
    targets: &[Instant],
    cluster: &Cluster,
    world: &mut World,
) -> Vec<TrueRun> {
    let mut made_elsewhere = Controller::new(&[], targets, cluster);
    for fire in crontab.fires(world.begins + TimeDelta::hours(1), world.ends) {
        let times = match rng.u8(..100) {
            0..8 => 0,
            8..14 => 2,
            _ => 1,
        };
        for _ in 0..times {
            let created_at =
                fire + if percent(rng, 10) { seconds(rng, 0, 9_000) } else { seconds(rng, 0, 5) };
            let is_marked = percent(rng, 2);
            let slot = is_marked.then(|| made_elsewhere.mark(rng, created_at, world)).flatten();
            made_elsewhere.make(rng, None, slot, created_at, world);
        }
    }
    made_elsewhere.remove_ended(rng, world);
    let mut runs = made_elsewhere.runs;
    runs.retain(|run| run.versions.first().is_some_and(|version| version.at < world.ends));
    runs.sort_by_key(|run| run.versions.first().map(|version| version.at));
    runs
}

impl<'a> Controller<'a> {
    fn new(specs: &'a [(Instant, Option<Spec>)], targets: &'a [Instant], cluster: &'a Cluster) -> Self {
        Self {
            specs,
            targets,
            cluster,
            changes: specs.iter().map(|(at, spec)| (*at, Change::Spec(spec.clone()))).collect(),
            runs: Vec::new(),
            over: Vec::new(),
            last_scheduled_at: None,
            deletions: 0,
            wakes: specs.iter().map(|(at, _)| *at).collect(),
        }
    }
}

impl Controller<'_> {
    /// The spec at an instant, and since when there is a CronJob.
    fn spec(&self, now: Instant) -> Option<(Spec, Instant)> {
        let until: Vec<&(Instant, Option<Spec>)> = self.specs.iter().filter(|(at, _)| *at <= now).collect();
        let spec = until.last()?.1.clone()?;
        let born = until.iter().rposition(|(_, spec)| spec.is_none()).map_or(0, |gone| gone + 1);
        Some((spec, until[born].0))
    }

    fn wake(&mut self, rng: &mut Rng, now: Instant, world: &mut World) {
        if let Some(until) = self.cluster.controller_out_until(now) {
            self.wakes.insert(until);
            return;
        }
        self.collect(rng, now, world);
        let Some((spec, born)) = self.spec(now) else { return };
        let Some(crontab) = Crontab::read(&spec.schedule, spec.time_zone.as_deref()) else { return };
        let minute = TimeDelta::minutes(1);
        if let Some(next) = crontab.first_fire(now + TimeDelta::seconds(1), world.ends) {
            self.wakes.insert(next);
        }
        if spec.suspended {
            world.count("controller: suspended");
            return;
        }
        let since = self.last_scheduled_at.filter(|last| *last >= born).map_or(born, |last| last + minute);
        let Some(fire) = crontab.last_fire(since, now) else { return };
        let active: Vec<usize> =
            self.over.iter().filter(|(_, over)| *over > now).map(|(run, _)| *run).collect();
        match spec.concurrency {
            ConcurrencyPolicy::Forbid if !active.is_empty() => {
                world.count("controller: forbidden by the run before");
                return;
            }
            ConcurrencyPolicy::Replace if !active.is_empty() => {
                world.count("controller: replaced");
                for run in active {
                    self.delete(run, now);
                }
            }
            ConcurrencyPolicy::Allow | ConcurrencyPolicy::Forbid | ConcurrencyPolicy::Replace => {}
        }
        if now - fire >= minute {
            world.count("controller: made up for");
        }
        self.last_scheduled_at = Some(fire);
        if percent(rng, 3) {
            world.count("run: never made");
            return;
        }
        let created_at = now + seconds(rng, 0, 1);
        self.changes.push((created_at + TimeDelta::seconds(1), Change::Scheduled(fire)));
        self.make(rng, Some(fire), None, created_at, world);
    }

    /// The garbage collector deletes the runs of a CronJob that is deleted.
    fn collect(&mut self, rng: &mut Rng, now: Instant, world: &mut World) {
        let deleted = self.specs.iter().filter(|(at, spec)| spec.is_none() && *at <= now).count();
        if deleted == self.deletions {
            return;
        }
        self.deletions = deleted;
        let gone_at = now + seconds(rng, 0, 3);
        let active: Vec<usize> =
            self.over.iter().filter(|(_, over)| *over > gone_at).map(|(run, _)| *run).collect();
        for run in active {
            world.count("run: deleted with its CronJob");
            self.delete(run, gone_at);
        }
    }

    fn make(
        &mut self,
        rng: &mut Rng,
        fire: Option<Instant>,
        slot: Option<SlotMark>,
        created_at: Instant,
        world: &mut World,
    ) {
        let uid = format!("run-{}", self.runs.len());
        let plan = Plan { uid, fire, slot, created_at, targets: self.targets };
        let (run, over) = work::generate(rng, &plan, self.cluster, world);
        for version in &run.versions {
            if let RunPhase::Succeeded { completed_at } = version.value.phase {
                self.changes.push((version.at + TimeDelta::seconds(1), Change::Succeeded(completed_at)));
            }
        }
        let over = over.unwrap_or(world.ends + TimeDelta::days(1));
        if fire.is_some() {
            self.over.push((self.runs.len(), over));
            if over < world.ends {
                self.wakes.insert(over + TimeDelta::seconds(1));
            }
        }
        self.runs.push(run);
    }

    /// A slot near a time.
    fn mark(&self, rng: &mut Rng, near: Instant, world: &mut World) -> Option<SlotMark> {
        let next = self.targets.iter().position(|target| *target > near)?;
        let at = self.targets.get(next.saturating_sub(2) + rng.usize(..4))?;
        world.count("run: marked for a slot");
        Some(if rng.bool() {
            SlotMark::At(*at - TimeDelta::seconds(rng.i64(0..2)))
        } else {
            SlotMark::Day(at.date_naive())
        })
    }

    /// A run is deleted before its end.
    fn delete(&mut self, run: usize, now: Instant) {
        let replaced = &mut self.runs[run];
        replaced.versions.retain(|version| version.at < now);
        for attempt in &mut replaced.attempts {
            attempt.versions.retain(|version| version.at < now);
        }
        replaced.attempts.retain(|attempt| !attempt.versions.is_empty());
        replaced.succeeded_at = None;
        replaced.removed_at = Some(now);
        if let Some(last) = replaced.versions.last().cloned() {
            let mut gone = last;
            gone.at = now;
            gone.revision.resource_version = version_at(now, 0);
            gone.value.phase = RunPhase::Deleted { observed_at: now };
            replaced.versions.push(gone);
        }
        self.changes
            .retain(|(at, change)| !matches!(change, Change::Succeeded(done) if *at > now && *done > now));
        for (other, over) in &mut self.over {
            if *other == run {
                *over = now;
            }
        }
    }

    /// Removes the Jobs that have ended, by a TTL or by history limits, and with their CronJob.
    fn remove_ended(&mut self, rng: &mut Rng, world: &mut World) {
        let ttl = percent(rng, 35).then(|| {
            world.count("batch: TTL after the end");
            if percent(rng, 40) { TimeDelta::zero() } else { seconds(rng, 60, 100_000) }
        });
        // Of those that ended well, and of those that failed.
        let limits = [rng.usize(1..4), 1];
        let ends: Vec<Option<(Instant, bool)>> = self.runs.iter().map(ended).collect();
        for (nth, end) in ends.iter().enumerate() {
            let Some((at, is_good)) = *end else { continue };
            let mut later: Vec<Instant> = ends
                .iter()
                .flatten()
                .filter(|(other, other_is_good)| *other > at && *other_is_good == is_good)
                .map(|(other, _)| *other)
                .collect();
            later.sort_unstable();
            let limit = limits[usize::from(!is_good)];
            let by_limit = (!self.specs.is_empty()).then(|| later.get(limit - 1).copied()).flatten();
            let by_ttl = ttl.map(|ttl| at + ttl);
            let with_cron_job = self.specs.iter().find(|(gone, spec)| spec.is_none() && *gone > at);
            let removed_at =
                [by_limit, by_ttl, with_cron_job.map(|(gone, _)| *gone)].into_iter().flatten().min();
            // The CronJob's status shows its end before.
            let removed_at = removed_at.map(|at| at + TimeDelta::seconds(2));
            self.runs[nth].removed_at =
                removed_at.map(|at| self.cluster.controller_out_until(at).unwrap_or(at));
        }
    }

    /// What people start by hand, while there is a CronJob to make it from.
    fn by_hand(&mut self, rng: &mut Rng, world: &mut World) {
        for _ in 0..rng.usize(..3) {
            let at = world.begins + seconds(rng, 3_600, (world.ends - world.begins).num_seconds() - 60);
            if self.spec(at).is_none() {
                continue;
            }
            world.count("run: by hand");
            let slot = percent(rng, 40).then(|| self.mark(rng, at, world)).flatten();
            self.make(rng, None, slot, at, world);
        }
    }
}

/// When a run ended, and whether well.
fn ended(run: &TrueRun) -> Option<(Instant, bool)> {
    let last = run.versions.last()?;
    match last.value.phase {
        RunPhase::Succeeded { .. } => Some((last.at, true)),
        RunPhase::Failed { .. } => Some((last.at, false)),
        RunPhase::Pending | RunPhase::Running | RunPhase::Suspended | RunPhase::Deleted { .. } => None,
    }
}

/// The CronJob from change to change.
fn versions(mut changes: Vec<(Instant, Change)>) -> Vec<Version<Option<CronJob>>> {
    changes.sort_by_key(|(at, _)| *at);
    let mut versions: Vec<Version<Option<CronJob>>> = Vec::new();
    let mut lives = 0;
    for (order, (at, change)) in (0..).zip(changes) {
        let now: Option<CronJob> = versions.last().and_then(|version| version.value.clone());
        let value = match (change, now) {
            (Change::Spec(None), _) => None,
            (Change::Spec(Some(spec)), now) => {
                lives += u32::from(now.is_none());
                let status = now.as_ref();
                Some(CronJob {
                    schedule: spec.schedule,
                    time_zone: spec.time_zone,
                    suspended: spec.suspended,
                    concurrency: Some(spec.concurrency),
                    created_at: status.map_or(at, |now| now.created_at),
                    last_scheduled_at: status.and_then(|now| now.last_scheduled_at),
                    last_succeeded_at: status.and_then(|now| now.last_succeeded_at),
                })
            }
            (_, None) => continue,
            (Change::Scheduled(fire), Some(now)) => Some(CronJob { last_scheduled_at: Some(fire), ..now }),
            (Change::Succeeded(done), Some(now)) => {
                let last = now.last_succeeded_at.map_or(done, |last| last.max(done));
                Some(CronJob { last_succeeded_at: Some(last), ..now })
            }
        };
        let revision =
            Revision { uid: format!("cron-job-{lives}"), resource_version: version_at(at, order % 64) };
        versions.push(Version { at, revision, value, seen: None });
    }
    versions
}
