//! One row for each run.

use std::collections::BTreeMap;

use kigen_engine::explain::succeeded_at;
use kigen_log::LogReader;
use kigen_model::Instant;
use kigen_model::event::{Event, FactBody};
use kigen_model::key::BatchKey;
use kigen_model::run::{AttemptPhase, RunPhase};
use kigen_state::RunState;
use kigen_wire::table::{Cell, Column, ColumnType};

use super::judged::judge_again;
use super::table::{Table, Time, optional, text, time};

const COLUMNS: &[Column] = &[
    ("cluster", ColumnType::Text),
    ("namespace", ColumnType::Text),
    ("batch", ColumnType::Text),
    ("job", ColumnType::Text),
    ("job_uid", ColumnType::Text),
    ("nominal_start", ColumnType::Time),
    ("scheduled_at", ColumnType::Time),
    ("created_at", ColumnType::Time),
    ("started_at", ColumnType::Time),
    ("result", ColumnType::Text),
    ("ended_at", ColumnType::Time),
    ("took_s", ColumnType::Number),
    ("reason", ColumnType::Text),
    ("exit_code", ColumnType::Number),
    ("failed_pods", ColumnType::Number),
    ("slot", ColumnType::Text),
];

/// The last that is known of each run; it counts by its nominal start.
pub(super) fn read(reader: &dyn LogReader, of: Time) -> anyhow::Result<Table> {
    let mut rows: BTreeMap<(BatchKey, Instant, String), Vec<Cell>> = BTreeMap::new();
    judge_again(reader, |replay, record, _| {
        let event = kigen_wire::decode_event(record.value.as_deref().unwrap_or_default());
        let Ok(Event::Fact(fact)) = event else { return };
        let uid = match fact.body {
            FactBody::Run { revision, .. } => revision.uid,
            FactBody::Attempt { run_uid, .. } => run_uid,
            _ => return,
        };
        let known = replay.state(&fact.key).and_then(|state| state.run(&uid));
        if let Some(known) = known.filter(|known| of.has(known.run.nominal_start())) {
            let row = row(&fact.key, known);
            rows.insert((fact.key, known.run.nominal_start(), uid), row);
        }
    })?;
    Ok(Table { name: "run", columns: COLUMNS, rows: rows.into_values().collect() })
}

fn row(key: &BatchKey, known: &RunState) -> Vec<Cell> {
    let run = &known.run;
    let (result, ended_at, reason) = match &run.phase {
        RunPhase::Pending => ("pending", None, None),
        RunPhase::Running => ("running", None, None),
        RunPhase::Suspended => ("suspended", None, None),
        RunPhase::Succeeded { .. } => ("succeeded", succeeded_at(known), None),
        RunPhase::Failed { failed_at, reason, .. } => ("failed", Some(*failed_at), Some(reason)),
        RunPhase::Deleted { observed_at } => ("deleted", Some(*observed_at), None),
    };
    let exit_code = known.attempts.iter().rev().find_map(|known| match known.attempt.phase {
        AttemptPhase::Failed { exit_code, .. } => exit_code,
        AttemptPhase::Waiting { .. } | AttemptPhase::Running { .. } | AttemptPhase::Succeeded { .. } => None,
    });
    let took = run.started_at.zip(ended_at).map(|(start, end)| (end - start).num_seconds());
    let number = |of: Option<i64>| of.map_or(Cell::Null, Cell::Number);
    vec![
        text(&key.cluster),
        text(&key.namespace),
        text(&key.batch),
        text(&run.job),
        text(&known.revision.uid),
        Cell::Time(run.nominal_start()),
        time(run.scheduled_at),
        Cell::Time(run.created_at),
        time(run.started_at),
        text(result),
        time(ended_at),
        number(took),
        optional(reason),
        number(exit_code.map(i64::from)),
        Cell::Number(i64::from(run.failed_pods)),
        optional(run.slot.map(|slot| slot.to_string())),
    ]
}
