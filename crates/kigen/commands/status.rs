//! `kigen status`: each batch's objectives, next deadlines and last verdicts, beside a running `up`.

use std::collections::BTreeMap;
use std::fmt::Write;

use kigen_calendar::Zone;
use kigen_engine::explain::last_reported;
use kigen_log::LogReader;
use kigen_model::Instant;
use kigen_model::key::BatchKey;
use kigen_model::slot::{Excuse, Verdict};
use kigen_model::topic::{Partition, Topic};
use kigen_state::{BatchState, ObjectiveState, POSITION_KEY, PartitionState, Plan};
use kigen_wire::Status;

use super::events::{is_of, open, text};
use super::pages::Pages;
use crate::cli::StatusArgs;
use crate::config::Config;

/// How many reported numbers a row shows.
const REPORTED_MAX: usize = 3;

/// All that is known of the batches, and until when they are judged.
#[derive(Default)]
pub(crate) struct Known {
    /// By key.
    pub(crate) batches: BTreeMap<BatchKey, BatchState>,
    /// What the slowest partition has seen: nothing later is judged everywhere.
    pub(crate) judged_until: Option<Instant>,
}

impl Known {
    /// Reads the states of all batches, or of the one that is asked for, given as `namespace/batch`.
    pub(crate) fn read(view: &dyn LogReader, batch: Option<&str>) -> anyhow::Result<Self> {
        let mut known = Self::default();
        let pages = Pages::of(view, Topic::Status)?;
        for partition in (0..view.partitions()).map(Partition) {
            each_status(&pages, partition, |key, bytes| {
                if key != POSITION_KEY && !is_of(key, batch) {
                    return Ok(());
                }
                match kigen_wire::decode_status(bytes)? {
                    Status::Position(position) => {
                        known.judged_until = earliest(known.judged_until, &position);
                    }
                    Status::Batch(state) => {
                        known.batches.insert(state.key.clone(), state);
                    }
                }
                Ok(())
            })?;
        }
        Ok(known)
    }
}

/// Prints the states.
pub(crate) fn run(config: &Config, args: &StatusArgs) -> anyhow::Result<()> {
    let view = open(config)?;
    let batch = args.batch.as_deref();
    if args.json {
        return print_json(&*view, batch);
    }
    let known = Known::read(&*view, batch)?;
    let rows: Vec<Vec<String>> = known.batches.values().flat_map(rows_of).collect();
    let mut out = columns(&["BATCH", "OBJECTIVE", "NEXT DEADLINE", "LAST VERDICT", "NOTE"], &rows);
    let _ = writeln!(out, "\n{}", sum(&known, rows.len()));
    super::print(&out)
}

fn print_json(view: &dyn LogReader, batch: Option<&str>) -> anyhow::Result<()> {
    let pages = Pages::of(view, Topic::Status)?;
    for partition in (0..view.partitions()).map(Partition) {
        each_status(&pages, partition, |key, bytes| {
            if key == POSITION_KEY || !is_of(key, batch) {
                return Ok(());
            }
            let value = kigen_wire::decode_to_json(Topic::Status, bytes)?;
            super::print(&format!("{value}\n"))
        })?;
    }
    Ok(())
}

/// How many objectives these are, and until when they are judged.
pub(crate) fn sum(known: &Known, objectives: usize) -> String {
    let until = known.judged_until.map_or("not yet, no tick has come".to_owned(), text);
    format!("{objectives} objectives of {} batches; judged until: {until}", known.batches.len())
}

fn each_status(
    pages: &Pages<'_>,
    partition: Partition,
    mut each: impl FnMut(&str, &[u8]) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    pages.each(partition, |records| {
        let valued = records.iter().filter_map(|record| Some((&record.key, record.value.as_ref()?)));
        valued.into_iter().try_for_each(|(key, bytes)| each(key, bytes))
    })
}

fn earliest(so_far: Option<Instant>, position: &PartitionState) -> Option<Instant> {
    let of_partition = position.clocks.values().filter_map(|clock| clock.observed_until).min();
    match (so_far, of_partition) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

fn rows_of(state: &BatchState) -> Vec<Vec<String>> {
    state
        .objectives
        .iter()
        .filter(|(_, objective)| objective.plan != Plan::Withdrawn)
        .map(|(name, objective)| {
            vec![
                state.key.to_string(),
                name.clone(),
                next_deadline(objective),
                last_verdict(objective),
                [note(objective), reported(state)]
                    .into_iter()
                    .filter(|said| !said.is_empty())
                    .collect::<Vec<_>>()
                    .join("; "),
            ]
        })
        .collect()
}

/// The numbers that the batch reported last.
fn reported(state: &BatchState) -> String {
    last_reported(state).map_or(String::new(), |metrics| format!("reported {}", metrics.brief(REPORTED_MAX)))
}

pub(crate) fn next_deadline(objective: &ObjectiveState) -> String {
    match &objective.plan {
        Plan::Open(open) => local(&open.time_zone, open.slot.deadline),
        Plan::Unresolved { .. } | Plan::Exhausted | Plan::Withdrawn => "-".to_owned(),
    }
}

pub(crate) fn last_verdict(objective: &ObjectiveState) -> String {
    let Some(last) = objective.verdicts.last() else {
        return "none yet".to_owned();
    };
    match last.verdict {
        Verdict::Met { ended_at } => {
            format!("met, {} before", human(last.deadline - ended_at))
        }
        Verdict::Missed(cause) => format!("MISSED, {}", cause.label().replace('_', " ")),
        Verdict::Unknown(_) => "unknown, nobody watched".to_owned(),
        Verdict::Excused(Excuse::NoFire) => "excused, no fire".to_owned(),
        Verdict::Excused(Excuse::Partial) => "excused, began within".to_owned(),
    }
}

pub(crate) fn note(objective: &ObjectiveState) -> String {
    if let Plan::Unresolved { reason } = &objective.plan {
        return format!("not judged: {reason}");
    }
    if let Some(at) = objective.withdrawn_at {
        return format!("withdrawn at {}", text(at));
    }
    match &objective.incident {
        Some(incident) => format!("{} missed since {}", incident.misses, text(incident.since)),
        None => String::new(),
    }
}

fn local(zone: &str, at: Instant) -> String {
    match Zone::named(zone) {
        Ok(known) => format!("{} {zone}", known.local(at).date_time.format("%a %Y-%m-%d %H:%M")),
        Err(_) => text(at),
    }
}

/// A span as people say it, of minutes and hours.
pub(crate) fn human(span: chrono::TimeDelta) -> String {
    let minutes = span.num_minutes();
    match minutes {
        ..0 => format!("-{}", human(-span)),
        0..60 => format!("{minutes} min"),
        _ => format!("{} h {:02} min", minutes / 60, minutes % 60),
    }
}

/// Rows under heads, each column as wide as its widest cell.
pub(crate) fn columns(heads: &[&str], rows: &[Vec<String>]) -> String {
    let heads: Vec<String> = heads.iter().map(|head| (*head).to_owned()).collect();
    let lines = || std::iter::once(&heads).chain(rows);
    let width = |column: usize| lines().filter_map(|line| Some(line.get(column)?.chars().count())).max();
    let widths: Vec<usize> = (0..heads.len()).map(|column| width(column).unwrap_or_default()).collect();
    let mut out = String::new();
    for line in lines() {
        let cells: Vec<String> =
            line.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        let _ = writeln!(out, "{}", cells.join("  ").trim_end());
    }
    out
}
