//! What expires from the log before it is read.

use std::ops::Range;

use fastrand::Rng;

use crate::generate::dice::percent;
use crate::history::{Seen, Version};
use crate::world::World;

/// The most events that expire at once: some hours, or a day.
const EXPIRED_MAX: usize = 120;

/// Lets some ranges of each partition's events expire. A version whose fact expires is observed with the next fact of it that
/// is read, if there is one.
pub(super) fn expire(rng: &mut Rng, world: &mut World) {
    for partition in 0..world.partitions.len() {
        let events = world.partitions[partition].len();
        let mut from = events / 10;
        while percent(rng, 60) && from + 10 < events * 9 / 10 {
            let start = rng.usize(from..events * 9 / 10);
            let end = start + rng.usize(1..EXPIRED_MAX);
            world.expired[partition].push(start..end);
            world.count("log: events expire unread");
            // Not adjacent, so that something is judged between two.
            from = end + 10;
        }
    }
    without_their_pods(world);
    world.see_again();
    each_versions(world);
}

/// Of a pod that is observed before its Job nothing is known, so a run has none whose first fact expires.
fn without_their_pods(world: &mut World) {
    let World { batches, expired, .. } = world;
    for batch in batches {
        let expired = &expired[batch.partition];
        for run in &mut batch.runs {
            let first = run.versions.iter().filter_map(|version| version.seen).map(|seen| seen.index).min();
            if first.is_some_and(|first| has(expired, first)) {
                run.attempts.clear();
            }
        }
    }
    world.drop_unknown_facts();
}

fn has(ranges: &[Range<usize>], index: usize) -> bool {
    ranges.iter().any(|range| range.contains(&index))
}

/// A version that is read after a newer one shows nothing.
fn each_versions(world: &mut World) {
    for batch in &mut world.batches {
        forget_stale(&mut batch.cron_job);
        batch.objectives.iter_mut().for_each(|declared| forget_stale(&mut declared.versions));
        for run in &mut batch.runs {
            forget_stale(&mut run.versions);
            run.attempts.iter_mut().for_each(|attempt| forget_stale(&mut attempt.versions));
        }
    }
}

fn forget_stale<T>(versions: &mut [Version<T>]) {
    let mut newer: Option<Seen> = None;
    for version in versions.iter_mut().rev() {
        match (version.seen, newer) {
            (Some(seen), Some(newer)) if newer.index < seen.index => version.seen = None,
            (Some(seen), _) => newer = Some(seen),
            (None, _) => {}
        }
    }
}
