//! One batch: its schedule, its objectives, and how they are edited.

use chrono::TimeDelta;
use fastrand::Rng;
use kigen_model::Instant;
use kigen_model::event::Revision;
use kigen_model::key::BatchKey;
use kigen_model::objective::{Deadlines, Objective, ObjectiveSource};
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
    let objectives: Vec<Declared> = (0..=usize::from(percent(rng, 25)))
        .map(|nth| objective(rng, nth, (rhythm, minute, hour), created_at, world))
        .collect();
    let targets = targets(&objectives, zone.as_deref(), world);
    let specs = specs(rng, created_at, spec, world);
    let made = controller::run(rng, &specs, &targets, cluster, world);
    Batch {
        partition: partition_of(&key.to_string()),
        key,
        cron_job: made.cron_job,
        runs: made.runs,
        objectives,
    }
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
    created_at: Instant,
    world: &mut World,
) -> Declared {
    let hours = rng.u32(0..=6);
    let crontab = match rhythm {
        Rhythm::Hourly if percent(rng, 60) => format!("{} * * * *", (minute + rng.u32(0..=40)) % 60),
        Rhythm::SixHourly if percent(rng, 50) => format!("{} {}-23/6 * * *", minute, 1 + hours % 5),
        Rhythm::Weekdays if percent(rng, 30) => format!("{minute} {} * * 1-5", (hour + hours) % 24),
        Rhythm::Hourly | Rhythm::SixHourly | Rhythm::Daily | Rhythm::Weekdays | Rhythm::Weekly => {
            format!("{} {} * * *", (minute + rng.u32(0..=20)) % 60, (hour + hours) % 24)
        }
    };
    let source = if percent(rng, 50) { ObjectiveSource::Annotation } else { ObjectiveSource::File };
    let grace = match rng.u8(..10) {
        0 => TimeDelta::minutes(10),
        1 => TimeDelta::hours(2),
        2 => TimeDelta::hours(30),
        _ => TimeDelta::zero(),
    };
    let settle = match rng.u8(..10) {
        0 => TimeDelta::minutes(5),
        1 => TimeDelta::zero(),
        _ => TimeDelta::seconds(Objective::SETTLE_DEFAULT_S),
    };
    if grace > TimeDelta::zero() {
        world.count("objective: grace");
    }
    let freshness = percent(rng, 10).then(|| {
        world.count("objective: freshness");
        TimeDelta::hours([1, 7, 30, 72][rng.usize(..4)])
    });
    let objective =
        Objective { grace, settle, freshness, ..Objective::new(Deadlines::CompleteBy { crontab }, source) };
    world.count("objective: declared");
    let at = created_at + seconds(rng, 0, 60);
    let uid = format!("objective-{nth}");
    let version = |at: Instant, objective| Version {
        at,
        revision: Revision { uid: uid.clone(), resource_version: version_at(at, 0) },
        value: Some(objective),
        seen: None,
    };
    let mut versions = vec![version(at, objective.clone())];
    if percent(rng, 40) {
        let at = some_time(rng, world);
        versions.push(version(at, edited(rng, objective, world)));
    }
    Declared { name: if nth == 0 { "complete-by".to_owned() } else { format!("also-{nth}") }, versions }
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
    let mut specs = vec![(created_at, spec.clone())];
    if percent(rng, 25) {
        world.count("edit: suspended and resumed");
        let from = some_time(rng, world);
        specs.push((from, Spec { suspended: true, ..spec.clone() }));
        specs.push((from + TimeDelta::minutes(rng.i64(1..6_000)), spec.clone()));
    } else if percent(rng, 30) {
        world.count("edit: schedule");
        let at = some_time(rng, world);
        let (minute, hour) = time_of_day(rng);
        specs.push((at, Spec { schedule: Rhythm::of(rng).crontab(minute, hour), ..spec }));
    }
    specs.into_iter().map(|(at, spec)| (at, Some(spec))).collect()
}

/// The instants at which a success stops counting, for ends that are right there.
fn targets(objectives: &[Declared], zone: Option<&str>, world: &World) -> Vec<Instant> {
    let mut targets = Vec::new();
    for objective in objectives.iter().flat_map(|declared| &declared.versions) {
        let Some(Objective { deadlines: Deadlines::CompleteBy { crontab }, time_zone, grace, .. }) =
            &objective.value
        else {
            continue;
        };
        let Some(crontab) = Crontab::read(crontab, time_zone.as_deref().or(zone)) else { continue };
        targets.extend(crontab.deadlines(world.begins, world.ends).into_iter().map(|at| at + *grace));
    }
    targets.sort_unstable();
    targets
}
