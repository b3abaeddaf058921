//! `kigen replay`: judges the past again by the same engine, with the objectives of the log or those of a file. Sends and writes
//! nothing.

mod difference;
mod past;
mod slots;
mod table;
mod what_if;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use anyhow::Context;
use kigen_log::LogReader;
use kigen_model::Instant;
use kigen_model::key::BatchKey;
use kigen_model::topic::{Partition, Topic};
use kigen_objective::file::{Contents, read_file};

pub(crate) use self::table::verdict_parts;

use self::past::{Past, Playing};
use self::what_if::{Change, WhatIf};
use crate::cli::ReplayArgs;
use crate::config::Config;
use crate::exit::{Misused, misused};
use crate::reader::{Pages, on_all_processors, open, skips};

/// Judges the past and prints the verdicts.
pub(crate) fn run(config: &Config, args: &ReplayArgs) -> anyhow::Result<()> {
    let file = match &args.objectives {
        Some(path) => Some(
            read_file(path, &config.cluster).and_then(|contents| contents.whole(path)).map_err(misused)?,
        ),
        None => None,
    };
    let reader = open(config)?;
    let mut past = Past::new(args.from, args.to);
    if !args.slots && args.what_if.is_empty() {
        past = past.summed();
    }
    if !args.what_if.is_empty() {
        let changes = Change::read_all(&args.what_if, &config.cluster).context(Misused)?;
        let what_if = WhatIf::read(config, &*reader, changes)?;
        judge(&*reader, None, &mut past)?;
        let mut changed = past.empty();
        what_if.judge(&*reader, &mut changed)?;
        return difference::print_difference(&past, &changed, args.format);
    }
    let alerts = Pages::of(&*reader, Topic::Alerts)?;
    for partition in (0..reader.partitions()).map(Partition) {
        alerts.each(partition, |records| past.add_alerts(records))?;
    }
    drop(alerts);
    judge(&*reader, file, &mut past)?;
    for warning in &past.warnings {
        tracing::warn!("{warning}");
    }
    table::print(&past, args)
}

/// The misses of these objectives in the past, by batch and name: deadlines in `[from, to)`.
pub(crate) fn misses(
    reader: &dyn LogReader,
    objectives: Contents,
    (from, to): (Instant, Instant),
) -> anyhow::Result<BTreeMap<(String, String), BTreeSet<Instant>>> {
    let mut past = Past::new(Some(from), Some(to)).summed();
    judge(reader, Some(objectives), &mut past)?;
    let misses = past
        .slots
        .into_iter()
        .map(|((key, name), slots)| ((key.to_string(), name), slots.sums().missed.into_keys().collect()));
    Ok(misses.collect())
}

/// How often an objective was met and missed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Met {
    pub(crate) met: usize,
    pub(crate) missed: usize,
}

/// How often these objectives, one of a batch, would have been met: deadlines in `[from, to)`.
pub(crate) fn met(
    reader: &dyn LogReader,
    objectives: Contents,
    (from, to): (Instant, Instant),
) -> anyhow::Result<BTreeMap<BatchKey, Met>> {
    let mut past = Past::new(Some(from), Some(to)).summed();
    judge(reader, Some(objectives), &mut past)?;
    let met = past.slots.into_iter().map(|((key, _), slots)| {
        let sums = slots.sums();
        (key, Met { met: sums.met, missed: sums.missed.len() })
    });
    Ok(met.collect())
}

/// Judges the past by the objectives of a file, or those of the log.
fn judge(reader: &dyn LogReader, file: Option<Contents>, past: &mut Past) -> anyhow::Result<()> {
    let mut playing = Playing::new(file, skips(reader));
    if playing.follows_schedules() {
        let events = Pages::of(reader, Topic::Events)?;
        for partition in (0..reader.partitions()).map(Partition) {
            events.each(partition, |records| {
                playing.add_schedules(records);
                Ok(())
            })?;
        }
    }
    for (partition_past, seen) in play(reader, &playing, past)? {
        past.merge(partition_past);
        playing.add_seen(seen);
    }
    past.warnings.extend(playing.missing());
    Ok(())
}

/// Plays the partitions, which are independent, in parallel on all processors. The results are in the order of the partitions.
fn play(
    reader: &dyn LogReader,
    playing: &Playing,
    past: &Past,
) -> anyhow::Result<Vec<(Past, BTreeSet<BatchKey>)>> {
    let events = Pages::of(reader, Topic::Events)?;
    let results = Mutex::new(BTreeMap::new());
    on_all_processors((0..reader.partitions()).map(Partition).collect(), |partition| {
        let mut partition_past = past.empty();
        let mut played = playing.partition(partition, reader.partitions());
        events.each(partition, |records| played.play(records, &mut partition_past))?;
        let mut results = results.lock().unwrap_or_else(PoisonError::into_inner);
        results.insert(partition, (partition_past, played.seen()));
        Ok(())
    })?;
    Ok(results.into_inner().unwrap_or_else(PoisonError::into_inner).into_values().collect())
}
