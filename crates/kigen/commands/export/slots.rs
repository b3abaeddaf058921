//! One row for each slot that was judged.

use std::collections::BTreeMap;

use kigen_engine::effect::Judgement;
use kigen_engine::explain::explain;
use kigen_log::LogReader;
use kigen_model::Instant;
use kigen_model::key::BatchKey;
use kigen_state::BatchState;
use kigen_wire::table::{Cell, Column, ColumnType};

use super::judged::judge_again;
use super::table::{Table, Time, optional, text, time};
use crate::commands::replay::verdict_parts;

const COLUMNS: &[Column] = &[
    ("cluster", ColumnType::Text),
    ("namespace", ColumnType::Text),
    ("batch", ColumnType::Text),
    ("objective", ColumnType::Text),
    ("slot_from", ColumnType::Time),
    ("deadline", ColumnType::Time),
    ("time_zone", ColumnType::Text),
    ("verdict", ColumnType::Text),
    ("cause", ColumnType::Text),
    ("muted", ColumnType::Flag),
    ("ended_at", ColumnType::Time),
    ("margin_s", ColumnType::Number),
    ("job", ColumnType::Text),
    ("job_uid", ColumnType::Text),
    ("severity", ColumnType::Text),
    ("owner", ColumnType::Text),
];

/// Judges the log again; a slot counts by its deadline.
pub(super) fn read(reader: &dyn LogReader, of: Time) -> anyhow::Result<Table> {
    let mut rows: BTreeMap<(BatchKey, String, Instant), Vec<Cell>> = BTreeMap::new();
    judge_again(reader, |replay, _, judgements| {
        for judgement in judgements {
            if of.has(judgement.deadline) {
                let row = row(&judgement, replay.state(&judgement.key));
                let Judgement { key, objective, deadline, .. } = judgement;
                // A slot that is judged again has its last verdict.
                rows.insert((key, objective, deadline), row);
            }
        }
    })?;
    Ok(Table { name: "slot", columns: COLUMNS, rows: rows.into_values().collect() })
}

fn row(judgement: &Judgement, state: Option<&BatchState>) -> Vec<Cell> {
    let Judgement { key, objective, deadline, verdict, muted } = judgement;
    let explanation = state.and_then(|state| explain(state, objective, *deadline));
    let (label, cause, ended_at) = verdict_parts(verdict);
    let run = explanation.as_ref().and_then(|explanation| {
        let mut of_slot = explanation.runs.iter().filter(|run| run.belongs);
        let made_it = of_slot.clone().find(|run| ended_at.is_some() && run.ended_at == ended_at);
        made_it.or_else(|| of_slot.next_back().filter(|_| ended_at.is_none()))
    });
    let spec = explanation.as_ref().map(|explanation| &explanation.objective.objective);
    vec![
        text(&key.cluster),
        text(&key.namespace),
        text(&key.batch),
        text(objective),
        time(explanation.as_ref().map(|explanation| explanation.slot.from)),
        Cell::Time(*deadline),
        optional(explanation.as_ref().map(|explanation| &explanation.time_zone)),
        text(label),
        optional(cause),
        Cell::Flag(*muted),
        time(ended_at),
        ended_at.map_or(Cell::Null, |ended_at| Cell::Number((*deadline - ended_at).num_seconds())),
        optional(run.map(|run| &run.run.run.job)),
        optional(run.map(|run| &run.run.revision.uid)),
        optional(spec.map(|spec| spec.severity.label())),
        optional(spec.and_then(|spec| spec.owner.as_ref())),
    ]
}
