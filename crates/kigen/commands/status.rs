//! `kigen status`: each batch's objectives, next deadlines and last verdicts, also beside a running `up`.

use std::fmt::Write;

use kigen_engine::explain::last_reported;
use kigen_log::LogReader;
use kigen_model::topic::{Partition, Topic};
use kigen_state::{BatchState, POSITION_KEY};

use crate::batch_table::{BatchTable, last_verdict, latest_statuses, next_deadline, note, sum};
use crate::cli::StatusArgs;
use crate::config::Config;
use crate::output::{columns, print, print_json};
use crate::reader::{Pages, is_of, open, unknown_batch};

/// The most reported numbers that a row shows.
const REPORTED_MAX: usize = 3;

/// Prints the states.
pub(crate) fn run(config: &Config, args: &StatusArgs) -> anyhow::Result<()> {
    let reader = open(config)?;
    let batch = args.batch.as_deref();
    if args.json {
        return print_states(&*reader, batch);
    }
    let table = BatchTable::read(&*reader, batch)?;
    if let Some(batch) = batch.filter(|_| table.batches.is_empty()) {
        return Err(unknown_batch(batch));
    }
    let rows: Vec<Vec<String>> = table.batches.values().flat_map(rows_of).collect();
    let mut out = table.outages.lines();
    out.push_str(&columns(&["BATCH", "OBJECTIVE", "NEXT DEADLINE", "LAST VERDICT", "NOTE"], &rows));
    let _ = writeln!(out, "\n{}", sum(&table, rows.len()));
    print(&out)
}

fn print_states(reader: &dyn LogReader, batch: Option<&str>) -> anyhow::Result<()> {
    let pages = Pages::of(reader, Topic::Status)?;
    let mut is_known = false;
    for partition in (0..reader.partitions()).map(Partition) {
        let is_wanted = |key: &str| key != POSITION_KEY && is_of(key, batch);
        for bytes in latest_statuses(&pages, partition, is_wanted)?.values() {
            let value = kigen_wire::decode_to_json(Topic::Status, bytes)?;
            print_json(value)?;
            is_known = true;
        }
    }
    match batch {
        Some(batch) if !is_known => Err(unknown_batch(batch)),
        Some(_) | None => Ok(()),
    }
}

fn rows_of(state: &BatchState) -> Vec<Vec<String>> {
    state
        .objectives
        .iter()
        .filter(|(_, objective)| objective.is_judged())
        .map(|(name, objective)| {
            vec![
                state.key.to_string(),
                name.clone(),
                next_deadline(objective),
                last_verdict(objective),
                [note(objective), reported(state)]
                    .into_iter()
                    .filter(|text| !text.is_empty())
                    .collect::<Vec<_>>()
                    .join("; "),
            ]
        })
        .collect()
}

/// The numbers that the batch last reported.
fn reported(state: &BatchState) -> String {
    last_reported(state).map_or(String::new(), |metrics| format!("reported {}", metrics.brief(REPORTED_MAX)))
}
