//! What objectives have besides their deadlines: the calendar of their working days, and until when a run must begin.
//!
//! Of a source of its own, as the calendars are, so that the rest of the world is as without them.

use std::collections::BTreeSet;

use chrono::{DateTime, Datelike, NaiveDate, TimeDelta};
use fastrand::Rng;
use kigen_model::Instant;
use kigen_model::event::ClusterBody;
use kigen_model::working_days::WorkingDays;

use crate::generate::dice::{percent, seconds};
use crate::history::Batch;
use crate::world::World;

/// The names of the calendars of a cluster; of the last one nothing is ever declared.
const CALENDARS: [&str; 3] = ["office", "shop", "misspelled"];

/// Gives some of the objectives of the batch with this number a calendar, and a time by which a run must begin.
pub(super) fn add(number: usize, batch: &mut Batch, world: &mut World) {
    let rng = &mut Rng::with_seed(world.seed ^ 0x0072_756c_6573 ^ ((number as u64) << 48));
    for objective in batch.objectives.iter_mut() {
        let calendar = percent(rng, 30).then(|| CALENDARS[[0, 0, 0, 0, 1, 1, 1, 1, 1, 2][rng.usize(..10)]]);
        let is_edited = percent(rng, 30);
        let start_by = percent(rng, 30).then(|| TimeDelta::minutes([1, 10, 60, 300][rng.usize(..4)]));
        if calendar.is_some() {
            world.count("objective: calendar");
        }
        if start_by.is_some() {
            world.count("objective: startBy");
        }
        let mut versions = objective.versions.iter_mut().filter_map(|version| version.value.as_mut());
        let without = if is_edited { versions.next() } else { None };
        if without.is_some() && calendar.is_some() {
            world.count("edit: calendar of the objective");
        }
        for version in without.into_iter().filter(|_| rng.bool()).chain(versions) {
            version.calendar = calendar.map(str::to_owned);
            version.start_by = start_by;
        }
    }
}

/// When each version of the calendars of a cluster is written, and the version.
pub(super) fn calendars(world: &mut World, cluster: &str) -> Vec<(Instant, ClusterBody)> {
    let salt = cluster.bytes().fold(0, |salt, byte| salt * 31 + u64::from(byte));
    let rng = &mut Rng::with_seed(world.seed ^ 0x0063_616c ^ (salt << 24));
    let mut versions = Vec::new();
    for name in &CALENDARS[..2] {
        let mut at = world.begins;
        if percent(rng, 30) {
            world.count("calendar: declared later");
            at += seconds(rng, 3_600, (world.ends - world.begins).num_seconds() - 3_600);
        }
        let mut last: Option<Option<WorkingDays>> = None;
        for _ in 0..rng.u8(1..=3) {
            let days = match &last {
                Some(_) if percent(rng, 15) => {
                    world.count("calendar: withdrawn");
                    None
                }
                Some(same) if percent(rng, 20) => {
                    world.count("calendar: restated");
                    same.clone()
                }
                Some(_) | None => {
                    world.count("calendar: version");
                    Some(working_days(rng, world))
                }
            };
            let revision = at.timestamp_millis().unsigned_abs();
            let (name, working_days) = ((*name).to_owned(), days.clone());
            versions.push((at, ClusterBody::Calendar { name, revision, working_days }));
            last = Some(days);
            at += seconds(rng, 3_600, 1_000_000);
            // A version of the very second of a deadline.
            if percent(rng, 30) {
                at = DateTime::from_timestamp(at.timestamp() / 3_600 * 3_600, 0).unwrap_or(at);
            }
        }
    }
    versions.retain(|(at, _)| *at < world.ends);
    versions
}

/// A week, with some days off and some worked.
fn working_days(rng: &mut Rng, world: &World) -> WorkingDays {
    let days_off = if rng.bool() { [5, 6] } else { [4, 5] };
    let week = std::array::from_fn(|day| !days_off.contains(&day));
    let (first, last) = (world.begins.date_naive(), world.ends.date_naive());
    let exceptions = first.iter_days().take_while(|day| *day <= last).filter(|_| percent(rng, 12));
    let exceptions: BTreeSet<NaiveDate> = exceptions.collect();
    WorkingDays::of(week, &(first.year()..=last.year()), |day| {
        week[day.weekday().num_days_from_monday() as usize] != exceptions.contains(&day)
    })
}
