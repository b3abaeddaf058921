//! `kigen replay`: judges the past again by the same engine, with the objectives of the log or those of a file. Sends and writes
//! nothing.

mod difference;
mod past;
mod table;
mod what_if;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};

use anyhow::Context;
use kigen_log::LogReader;
use kigen_model::Instant;
use kigen_model::key::BatchKey;
use kigen_model::slot::Verdict;
use kigen_model::topic::{Partition, Topic};
use kigen_objective::file::{Contents, read_file};

pub(crate) use self::table::verdict_parts;

use self::past::{Past, Playing};
use self::what_if::{Change, WhatIf};
use crate::cli::ReplayArgs;
use crate::config::Config;
use crate::exit::{Misused, misused};
use crate::reader::{Pages, open, skips};

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
    let mut past = Past::new(Some(from), Some(to));
    judge(reader, Some(objectives), &mut past)?;
    let misses = past.verdicts.into_iter().map(|((key, name), verdicts)| {
        let missed = verdicts.into_iter().filter(|(_, verdict)| matches!(verdict, Verdict::Missed(_)));
        ((key.to_string(), name), missed.map(|(deadline, _)| deadline).collect())
    });
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
    let mut past = Past::new(Some(from), Some(to));
    judge(reader, Some(objectives), &mut past)?;
    let met = past.verdicts.into_iter().map(|((key, _), verdicts)| {
        let count = |is: fn(&Verdict) -> bool| verdicts.values().filter(|verdict| is(verdict)).count();
        let met = count(|verdict| matches!(verdict, Verdict::Met { .. }));
        (key, Met { met, missed: count(|verdict| matches!(verdict, Verdict::Missed(_))) })
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
    let next = AtomicU32::new(0);
    let results = Mutex::new(BTreeMap::new());
    let work = || -> anyhow::Result<()> {
        loop {
            let partition = Partition(next.fetch_add(1, Ordering::Relaxed));
            if partition.0 >= reader.partitions() {
                return Ok(());
            }
            let mut partition_past = past.empty();
            let mut played = playing.partition(partition, reader.partitions());
            events.each(partition, |records| played.play(records, &mut partition_past))?;
            let mut results = results.lock().unwrap_or_else(PoisonError::into_inner);
            results.insert(partition, (partition_past, played.seen()));
        }
    };
    std::thread::scope(|scope| {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        workers.into_iter().try_for_each(|worker| match worker.join() {
            Ok(outcome) => outcome,
            Err(panic) => std::panic::resume_unwind(panic),
        })
    })?;
    Ok(results.into_inner().unwrap_or_else(PoisonError::into_inner).into_values().collect())
}
