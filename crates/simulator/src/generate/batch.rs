//! One batch: its schedule, its objectives, and how they are edited.

use chrono::TimeDelta;
use fastrand::Rng;
use kigen_model::Instant;
use kigen_model::event::Revision;
use kigen_model::key::BatchKey;
use kigen_model::objective::{Deadlines, Objective, ObjectiveSource, Schedule};
use kigen_model::run::ConcurrencyPolicy;

use crate::calendar::Crontab;
use crate::generate::controller::{self, Spec};
use crate::generate::dice::{percent, seconds, version_at};
use crate::generate::ship::Cluster;
use crate::history::{Batch, Declared, Version};
use crate::world::World;

/// Zones whose rules are the same in the judge's data and in the engine's.
const ZONES: &[&str] =
    &["UTC", "Asia/Tokyo", "Europe/Berlin", "America/New_York", "Australia/Sydney", "Europe/London"];

/// How often a batch runs.
#[derive(Clone, Copy)]
enum Rhythm {
    Hourly,
    SixHourly,
    Daily,
    Weekdays,
    Weekly,
}

impl Rhythm {
    fn of(rng: &mut Rng) -> Self {
        match rng.u8(..100) {
            0..30 => Self::Hourly,
            30..45 => Self::SixHourly,
            45..85 => Self::Daily,
            85..95 => Self::Weekdays,
            _ => Self::Weekly,
        }
    }

    fn label(self) -> &'static str {
        match self {
            Self::Hourly => "schedule: hourly",
            Self::SixHourly => "schedule: six-hourly",
            Self::Daily => "schedule: daily",
            Self::Weekdays => "schedule: weekdays",
            Self::Weekly => "schedule: weekly",
        }
    }

    /// A crontab at this minute and hour.
    fn crontab(self, minute: u32, hour: u32) -> String {
        match self {
            Self::Hourly => format!("{minute} * * * *"),
            Self::SixHourly => format!("{minute} */6 * * *"),
            Self::Daily => format!("{minute} {hour} * * *"),
            Self::Weekdays => format!("{minute} {hour} * * 1-5"),
            Self::Weekly => format!("{minute} {hour} * * 0"),
        }
    }
}

/// The batch with this number.
pub(super) fn generate(
    rng: &mut Rng,
    number: usize,
    cluster: &Cluster,
    world: &mut World,
    partition_of: &dyn Fn(&str) -> usize,
) -> Batch {
    let key = BatchKey::new(&cluster.name, "ml", format!("batch-{number}"));
    let rhythm = Rhythm::of(rng);
    world.count(rhythm.label());
    let zone = percent(rng, 70).then(|| ZONES[rng.usize(..ZONES.len())].to_owned());
    let (minute, hour) = time_of_day(rng);
    let created_at = world.begins + seconds(rng, 1, 3_000);
    let spec = Spec {
        schedule: rhythm.crontab(minute, hour),
        time_zone: zone.clone(),
        suspended: false,
        concurrency: match rng.u8(..4) {
            0 => ConcurrencyPolicy::Forbid,
            1 => ConcurrencyPolicy::Replace,
            _ => ConcurrencyPolicy::Allow,
        },
    };
    if percent(rng, 15) {
        return without_cron_job(rng, key, (rhythm, minute, hour), cluster, world, partition_of);
    }
    let specs = specs(rng, created_at, spec, world);
    let mut objectives: Vec<Declared> = (0..=usize::from(percent(rng, 25)))
        .map(|nth| objective(rng, nth, (rhythm, minute, hour), &specs, world))
        .collect();
    shorten_grace(&mut objectives, cluster);
    let targets = targets(&objectives, zone.as_deref(), world);
    let made = controller::run(rng, &specs, &targets, cluster, world);
    Batch {
        partition: partition_of(&key.to_string()),
        key,
        cron_job: made.cron_job,
        runs: made.runs,
        objectives,
    }
}

/// A batch of bare Jobs, which a file or an object names.
fn without_cron_job(
    rng: &mut Rng,
    key: BatchKey,
    rhythm: (Rhythm, u32, u32),
    cluster: &Cluster,
    world: &mut World,
    partition_of: &dyn Fn(&str) -> usize,
) -> Batch {
    world.count("batch: of bare Jobs");
    let created_at = world.begins + seconds(rng, 1, 3_000);
    let mut declared = objective(rng, 0, rhythm, &[(created_at, None)], world);
    let zone = percent(rng, 50).then(|| ZONES[rng.usize(..ZONES.len())].to_owned());
    let starts = rhythm.0.crontab(rhythm.1, rhythm.2);
    let has_starts = percent(rng, 60);
    if has_starts {
        world.count("objective: starts");
    }
    for objective in declared.versions.iter_mut().filter_map(|version| version.value.as_mut()) {
        objective.is_of_jobs = true;
        objective.starts = has_starts.then(|| starts.clone());
        objective.time_zone = objective.time_zone.take().or_else(|| zone.clone());
    }
    let mut objectives = vec![declared];
    shorten_grace(&mut objectives, cluster);
    let targets = targets(&objectives, None, world);
    let runs = match Crontab::read(&starts, zone.as_deref()) {
        Some(crontab) => controller::run_without(rng, &crontab, &targets, cluster, world),
        None => Vec::new(),
    };
    let partition = partition_of(&key.to_string());
    Batch { key, partition, cron_job: Vec::new(), runs, objectives }
}

/// Often one that some zone's clocks skip or repeat.
fn time_of_day(rng: &mut Rng) -> (u32, u32) {
    let minute = [0, 0, 5, 30, 59][rng.usize(..5)];
    (minute, if percent(rng, 40) { rng.u32(1..=3) } else { rng.u32(..24) })
}

fn objective(
    rng: &mut Rng,
    nth: usize,
    (rhythm, minute, hour): (Rhythm, u32, u32),
    specs: &[(Instant, Option<Spec>)],
    world: &mut World,
) -> Declared {
    let created_at = specs[0].0;
    let hours = rng.u32(0..=6);
    let crontab = match rhythm {
        Rhythm::Hourly if percent(rng, 60) => format!("{} * * * *", (minute + rng.u32(0..=40)) % 60),
        Rhythm::SixHourly if percent(rng, 50) => format!("{} {}-23/6 * * *", minute, 1 + hours % 5),
        Rhythm::Weekdays if percent(rng, 30) => format!("{minute} {} * * 1-5", (hour + hours) % 24),
        Rhythm::Hourly | Rhythm::SixHourly | Rhythm::Daily | Rhythm::Weekdays | Rhythm::Weekly => {
            format!("{} {} * * *", (minute + rng.u32(0..=20)) % 60, (hour + hours) % 24)
        }
    };
    // Nothing is declared on a CronJob that there is not.
    let kind_of = if specs[0].1.is_some() { rng.u8(..5) } else { rng.u8(2..4) };
    let (source, kind) = match kind_of {
        0 | 1 => (ObjectiveSource::Annotation, "objective: annotation"),
        2 => (ObjectiveSource::File, "objective: file"),
        3 => (ObjectiveSource::Object, "objective: object"),
        _ => (ObjectiveSource::Selector, "objective: selector"),
    };
    world.count(kind);
    let is_before = !source.dies_with_its_cron_job() && percent(rng, 30);
    let deadlines = if is_before {
        world.count("objective: before another CronJob");
        before(Some((crontab, ZONES[rng.usize(..ZONES.len())])))
    } else {
        Deadlines::CompleteBy { crontab }
    };
    let (grace, settle) = delays(rng);
    if grace > TimeDelta::zero() {
        world.count("objective: grace");
    }
    let freshness = percent(rng, 10).then(|| {
        world.count("objective: freshness");
        TimeDelta::hours([1, 7, 30, 72][rng.usize(..4)])
    });
    let objective = Objective { grace, settle, freshness, ..Objective::new(deadlines, source) };
    world.count("objective: declared");
    let at = created_at + seconds(rng, 0, 60);
    let mut declared = vec![(at, Some(objective.clone()))];
    match rng.u8(..100) {
        0..40 if is_before => declared.extend(target_edited(rng, &objective, world)),
        0..40 => {
            let at = some_time(rng, world);
            declared.push((at, Some(edited(rng, objective, world))));
        }
        40..55 => {
            world.count("objective: withdrawn");
            let at = some_time(rng, world);
            declared.push((at, None));
            if percent(rng, 60) {
                world.count("objective: declared again");
                declared.push((at + TimeDelta::minutes(rng.i64(1..6_000)), Some(objective)));
            }
        }
        _ => {}
    }
    if source.dies_with_its_cron_job() {
        declared = with_its_cron_job(declared, specs, world);
    }
    let versions = declared.into_iter().map(|(at, objective)| Version {
        at,
        revision: Revision { uid: format!("objective-{nth}"), resource_version: version_at(at, 0) },
        value: objective,
        seen: None,
    });
    let name = if nth == 0 { "complete-by".to_owned() } else { format!("also-{nth}") };
    Declared { name, versions: versions.collect() }
}

/// Grace and settle.
fn delays(rng: &mut Rng) -> (TimeDelta, TimeDelta) {
    let grace = match rng.u8(..10) {
        0 => TimeDelta::minutes(10),
        1 => TimeDelta::hours(2),
        2 => TimeDelta::hours(GRACE_LONG_HOURS),
        _ => TimeDelta::zero(),
    };
    let settle = match rng.u8(..10) {
        0 => TimeDelta::minutes(5),
        1 => TimeDelta::zero(),
        _ => TimeDelta::seconds(Objective::SETTLE_DEFAULT_S),
    };
    (grace, settle)
}

const GRACE_LONG_HOURS: i64 = 30;

/// In a cluster whose shipper was away no grace is longer than two hours: with a longer one the runs of later slots end
/// within it, and the bounds of the state decide which of many listed at once are still known.
fn shorten_grace(objectives: &mut [Declared], cluster: &Cluster) {
    if !cluster.has_outages() {
        return;
    }
    let versions = objectives.iter_mut().flat_map(|declared| &mut declared.versions);
    for objective in versions.filter_map(|version| version.value.as_mut()) {
        objective.grace = objective.grace.min(TimeDelta::hours(2));
    }
}

/// Before the fires of another CronJob, which has this schedule, or is gone.
fn before(schedule: Option<(String, &str)>) -> Deadlines {
    let schedule = schedule.map(|(crontab, zone)| Schedule { crontab, time_zone: Some(zone.to_owned()) });
    Deadlines::Before { namespace: "dwh".to_owned(), cron_job: "reader".to_owned(), schedule }
}

/// The CronJob before whose fires the result is due has another schedule, or is gone, for ever or some time.
fn target_edited(
    rng: &mut Rng,
    objective: &Objective,
    world: &mut World,
) -> Vec<(Instant, Option<Objective>)> {
    let at = some_time(rng, world);
    let with = |deadlines| Some(Objective { deadlines, ..objective.clone() });
    if percent(rng, 40) {
        world.count("edit: schedule of the target");
        let (minute, hour) = time_of_day(rng);
        let crontab = format!("{minute} {hour} * * *");
        return vec![(at, with(before(Some((crontab, ZONES[rng.usize(..ZONES.len())])))))];
    }
    world.count("edit: target deleted");
    let mut versions = vec![(at, with(before(None)))];
    if percent(rng, 60) {
        world.count("edit: target created again");
        versions.push((at + TimeDelta::minutes(rng.i64(1..6_000)), Some(objective.clone())));
    }
    versions
}

/// What an annotation, or a selector, declares while there is a CronJob.
fn with_its_cron_job(
    declared: Vec<(Instant, Option<Objective>)>,
    specs: &[(Instant, Option<Spec>)],
    world: &mut World,
) -> Vec<(Instant, Option<Objective>)> {
    let lives =
        |at: Instant| specs.iter().rfind(|(since, _)| *since <= at).is_some_and(|(_, spec)| spec.is_some());
    let mut edits: Vec<Instant> = declared.iter().map(|(at, _)| *at).collect();
    edits.extend(specs.iter().map(|(at, _)| *at));
    edits.sort_unstable();
    let mut versions: Vec<(Instant, Option<Objective>)> = Vec::new();
    for at in edits {
        let wanted = declared.iter().rfind(|(since, _)| *since <= at).and_then(|(_, wanted)| wanted.clone());
        let now = wanted.filter(|_| lives(at));
        if versions.last().map_or(now.is_some(), |(_, last)| *last != now) {
            if now.is_none() && !lives(at) {
                world.count("objective: died with its CronJob");
            }
            versions.push((at, now));
        }
    }
    versions
}

/// A time for an edit, of which none is at a full minute, as deadlines and fires are.
fn some_time(rng: &mut Rng, world: &World) -> Instant {
    let minutes = (world.ends - world.begins).num_minutes();
    world.begins + TimeDelta::minutes(rng.i64(2_000..minutes)) + seconds(rng, 5, 50)
}

fn edited(rng: &mut Rng, objective: Objective, world: &mut World) -> Objective {
    match rng.u8(..4) {
        0 => {
            world.count("edit: grace");
            Objective { grace: TimeDelta::minutes(rng.i64(0..=90)), ..objective }
        }
        1 => {
            world.count("edit: wording");
            Objective { owner: Some("night-shift".to_owned()), ..objective }
        }
        2 => {
            world.count("edit: zone of the objective");
            Objective { time_zone: Some(ZONES[rng.usize(..ZONES.len())].to_owned()), ..objective }
        }
        _ => {
            world.count("edit: deadline");
            let (minute, hour) = time_of_day(rng);
            let crontab = format!("{minute} {hour} * * *");
            Objective { deadlines: Deadlines::CompleteBy { crontab }, ..objective }
        }
    }
}

/// The spec of a CronJob from edit to edit.
fn specs(rng: &mut Rng, created_at: Instant, spec: Spec, world: &mut World) -> Vec<(Instant, Option<Spec>)> {
    let mut specs = vec![(created_at, Some(spec.clone()))];
    let other = |rng: &mut Rng| {
        let (minute, hour) = time_of_day(rng);
        Spec { schedule: Rhythm::of(rng).crontab(minute, hour), ..spec.clone() }
    };
    match rng.u8(..100) {
        0..25 => {
            world.count("edit: suspended and resumed");
            let from = some_time(rng, world);
            specs.push((from, Some(Spec { suspended: true, ..spec.clone() })));
            specs.push((from + TimeDelta::minutes(rng.i64(1..6_000)), Some(spec)));
        }
        25..47 => {
            world.count("edit: schedule");
            specs.push((some_time(rng, world), Some(other(rng))));
        }
        47..65 => {
            world.count("CronJob: deleted");
            let from = some_time(rng, world);
            specs.push((from, None));
            if percent(rng, 75) {
                world.count("CronJob: created again");
                let spec = if percent(rng, 30) { other(rng) } else { spec.clone() };
                let minutes = if rng.bool() { rng.i64(1..30) } else { rng.i64(30..6_000) };
                specs.push((from + TimeDelta::minutes(minutes), Some(spec)));
            }
        }
        _ => {}
    }
    specs
}

/// The instants at which a success stops counting, for ends that are right there.
fn targets(objectives: &[Declared], zone: Option<&str>, world: &World) -> Vec<Instant> {
    let mut targets = Vec::new();
    for objective in objectives.iter().flat_map(|declared| &declared.versions) {
        let Some(Objective { deadlines, time_zone, grace, .. }) = &objective.value else { continue };
        let instants = match deadlines {
            Deadlines::CompleteBy { crontab } => Crontab::read(crontab, time_zone.as_deref().or(zone))
                .map(|crontab| crontab.deadlines(world.begins, world.ends)),
            Deadlines::Before { schedule, .. } => schedule
                .as_ref()
                .and_then(|schedule| Crontab::read(&schedule.crontab, schedule.time_zone.as_deref()))
                .map(|crontab| crontab.fires(world.begins, world.ends)),
            Deadlines::Reads { .. } => None,
        };
        targets.extend(instants.into_iter().flatten().map(|at| at + *grace));
    }
    targets.sort_unstable();
    targets
}
