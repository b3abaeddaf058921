//! `kigen status`: each batch's objectives, next deadlines and last verdicts, beside a running `up`.

use std::fmt::Write;

use kigen_engine::calendar::Zone;
use kigen_engine::partition::{POSITION_KEY, PartitionState};
use kigen_engine::state::{BatchState, ObjectiveState, Plan};
use kigen_log::View;
use kigen_model::Instant;
use kigen_model::slot::{Excuse, Verdict};
use kigen_model::topic::{Partition, Topic};
use kigen_wire::Status;

use super::events::{is_of, open, text};
use super::pages::each_page;
use crate::cli::StatusArgs;
use crate::config::Config;

/// Prints the states.
pub(crate) fn run(config: &Config, args: &StatusArgs) -> anyhow::Result<()> {
    let view = open(config)?;
    let mut rows = Vec::new();
    let mut judged_until: Option<Instant> = None;
    let mut batches = 0_usize;
    for partition in (0..view.partitions()).map(Partition) {
        each_status(&view, partition, |key, bytes| {
            if args.json && key != POSITION_KEY && is_of(key, args.batch.as_deref()) {
                let value = kigen_wire::decode_to_json(Topic::Status, bytes)?;
                return super::print(&format!("{value}\n"));
            }
            match kigen_wire::decode_status(bytes)? {
                Status::Position(position) => judged_until = earliest(judged_until, &position),
                Status::Batch(state) if is_of(key, args.batch.as_deref()) => {
                    batches += 1;
                    rows.extend(rows_of(&state));
                }
                Status::Batch(_) => {}
            }
            Ok(())
        })?;
    }
    if args.json {
        return Ok(());
    }
    rows.sort();
    super::print(&table(&rows, batches, judged_until))
}

fn each_status(
    view: &View,
    partition: Partition,
    mut each: impl FnMut(&str, &[u8]) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    each_page(view, Topic::Status, partition, |records| {
        let valued = records.iter().filter_map(|record| Some((&record.key, record.value.as_ref()?)));
        valued.into_iter().try_for_each(|(key, bytes)| each(key, bytes))
    })
}

/// Time is what the slowest partition has seen: nothing later is judged everywhere.
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
                note(objective),
            ]
        })
        .collect()
}

fn next_deadline(objective: &ObjectiveState) -> String {
    match &objective.plan {
        Plan::Open(open) => local(&open.time_zone, open.slot.deadline),
        Plan::Unresolved { .. } | Plan::Exhausted | Plan::Withdrawn => "-".to_owned(),
    }
}

fn last_verdict(objective: &ObjectiveState) -> String {
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

fn note(objective: &ObjectiveState) -> String {
    if let Plan::Unresolved { reason } = &objective.plan {
        return format!("not judged: {reason}");
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

fn table(rows: &[Vec<String>], batches: usize, judged_until: Option<Instant>) -> String {
    let mut out = columns(&["BATCH", "OBJECTIVE", "NEXT DEADLINE", "LAST VERDICT", "NOTE"], rows);
    let until = judged_until.map_or("not yet, no tick has come".to_owned(), text);
    let _ = writeln!(out, "\n{} objectives of {batches} batches; judged until: {until}", rows.len());
    out
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
