//! `kigen replay`: the past judged anew by the same engine, with the objectives of the log or those of a file. Nothing is
//! sent, and nothing is written.

mod past;
mod table;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};

use kigen_log::LogReader;
use kigen_model::key::BatchKey;
use kigen_model::topic::{Partition, Topic};
use kigen_objective::file::read_file;

use self::past::{Past, Playing};
use super::events::open;
use super::pages::Pages;
use crate::cli::ReplayArgs;
use crate::config::Config;

/// Judges the past and prints what it comes to.
pub(crate) fn run(config: &Config, args: &ReplayArgs) -> anyhow::Result<()> {
    let written = match &args.objectives {
        Some(path) => Some(
            read_file(path, &config.cluster)
                .and_then(|contents| contents.whole(path))
                .map_err(|error| anyhow::Error::from(error).context(crate::Misused))?,
        ),
        None => None,
    };
    let view = open(config)?;
    let mut past = Past::new(args.from, args.to);
    let alerts = Pages::of(&*view, Topic::Alerts)?;
    for partition in (0..view.partitions()).map(Partition) {
        alerts.each(partition, |records| past.was_said(records))?;
    }
    drop(alerts);
    let mut playing = Playing::new(written);
    if playing.follows_schedules() {
        let events = Pages::of(&*view, Topic::Events)?;
        for partition in (0..view.partitions()).map(Partition) {
            events.each(partition, |records| {
                playing.note_schedules(records);
                Ok(())
            })?;
        }
    }
    for (partition_past, heard_of) in played(&*view, &playing, &past)? {
        past.take(partition_past);
        playing.took(heard_of);
    }
    for warning in past.warnings.iter().cloned().chain(playing.unheard_of()) {
        tracing::warn!("{warning}");
    }
    table::print(&past, args)
}

/// Plays each partition, as many at once as there are processors: none knows of another. What they find comes in the order
/// of the partitions.
fn played(
    view: &dyn LogReader,
    playing: &Playing,
    past: &Past,
) -> anyhow::Result<Vec<(Past, BTreeSet<BatchKey>)>> {
    let events = Pages::of(view, Topic::Events)?;
    let next = AtomicU32::new(0);
    let found = Mutex::new(BTreeMap::new());
    let work = || -> anyhow::Result<()> {
        loop {
            let partition = Partition(next.fetch_add(1, Ordering::Relaxed));
            if partition.0 >= view.partitions() {
                return Ok(());
            }
            let mut partition_past = past.empty();
            let mut played = playing.partition(partition, view.partitions());
            events.each(partition, |records| played.play(records, &mut partition_past))?;
            let mut found = found.lock().unwrap_or_else(PoisonError::into_inner);
            found.insert(partition, (partition_past, played.heard_of()));
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
    Ok(found.into_inner().unwrap_or_else(PoisonError::into_inner).into_values().collect())
}
