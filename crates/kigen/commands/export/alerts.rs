//! One row for each alert.

use kigen_log::LogReader;
use kigen_model::Instant;
use kigen_model::alert::{Alert, AlertBody};
use kigen_model::slot::RunSummary;
use kigen_model::topic::{Partition, Topic};
use kigen_wire::table::{Cell, Column, ColumnType};

use super::table::{Table, Time, optional, text, time};
use crate::reader::Pages;

const COLUMNS: &[Column] = &[
    ("id", ColumnType::Text),
    ("kind", ColumnType::Text),
    ("decided_at", ColumnType::Time),
    ("cluster", ColumnType::Text),
    ("namespace", ColumnType::Text),
    ("batch", ColumnType::Text),
    ("objective", ColumnType::Text),
    ("deadline", ColumnType::Time),
    ("cause", ColumnType::Text),
    ("incident", ColumnType::Text),
    ("ended_at", ColumnType::Time),
    ("job", ColumnType::Text),
    ("job_uid", ColumnType::Text),
    ("severity", ColumnType::Text),
    ("owner", ColumnType::Text),
];

/// The alerts that were raised, by the times at which they were decided.
pub(super) fn read(reader: &dyn LogReader, of: Time) -> anyhow::Result<Table> {
    let mut alerts = Vec::new();
    let pages = Pages::of(reader, Topic::Alerts)?;
    for partition in (0..reader.partitions()).map(Partition) {
        pages.each(partition, |records| {
            for record in records {
                // What is no alert is shown by `kigen events --topic rejects`.
                let alert = kigen_wire::decode_alert(record.value.as_deref().unwrap_or_default());
                alerts.extend(alert.into_iter().filter(|alert| of.has(alert.decided_at)));
            }
            Ok(())
        })?;
    }
    alerts.sort_by_key(|alert| (alert.decided_at, alert.id));
    Ok(Table { name: "alert", columns: COLUMNS, rows: alerts.iter().map(row).collect() })
}

/// What an alert is about, as far as its kind has it.
#[derive(Default)]
struct Subject<'a> {
    deadline: Option<Instant>,
    cause: Option<&'static str>,
    incident: Option<String>,
    ended_at: Option<Instant>,
    run: Option<&'a RunSummary>,
}

fn subject(body: &AlertBody) -> Subject<'_> {
    match body {
        AlertBody::SlotMissed { slot, incident, cause, run, .. } => Subject {
            deadline: Some(slot.deadline),
            cause: Some(cause.kind().label()),
            incident: Some(incident.to_string()),
            run: run.as_ref(),
            ended_at: None,
        },
        AlertBody::SlotRecovered { slot, incident, ended_at, run, .. } => Subject {
            deadline: Some(slot.deadline),
            incident: Some(incident.to_string()),
            ended_at: Some(*ended_at),
            run: Some(run),
            cause: None,
        },
        AlertBody::SlotRetracted { slot, incident, ended_at, run, .. } => Subject {
            deadline: Some(slot.deadline),
            incident: incident.map(|incident| incident.to_string()),
            ended_at: Some(*ended_at),
            run: run.as_ref(),
            cause: None,
        },
        AlertBody::SlotUnknown { slot, .. }
        | AlertBody::UnknownClosed { slot, .. }
        | AlertBody::BudgetSpent { slot, .. } => {
            Subject { deadline: Some(slot.deadline), ..Subject::default() }
        }
        AlertBody::ExpectationBroken { slot, run, .. } => {
            Subject { deadline: Some(slot.deadline), run: Some(run), ..Subject::default() }
        }
        AlertBody::SlotAtRisk { slot, run, .. } => {
            Subject { deadline: Some(slot.deadline), run: run.as_ref(), ..Subject::default() }
        }
        AlertBody::RiskOver { slot, ended_at, run } => Subject {
            deadline: Some(slot.deadline),
            ended_at: *ended_at,
            run: run.as_ref(),
            ..Subject::default()
        },
        AlertBody::RunFailed { run, .. } => Subject { run: Some(run), ..Subject::default() },
        AlertBody::ClusterSilent { next, .. } => {
            Subject { deadline: next.as_ref().map(|next| next.deadline), ..Subject::default() }
        }
        AlertBody::ClusterStalled(_) => Subject::default(),
        AlertBody::StallOver { stalled, until, .. } => {
            Subject { incident: Some(stalled.to_string()), ended_at: Some(*until), ..Subject::default() }
        }
        AlertBody::SilenceOver { silent, until, .. } => {
            Subject { incident: Some(silent.to_string()), ended_at: *until, ..Subject::default() }
        }
    }
}

fn row(alert: &Alert) -> Vec<Cell> {
    let Subject { deadline, cause, incident, ended_at, run } = subject(&alert.body);
    let objective = alert.objective.as_ref();
    vec![
        text(alert.id.to_string()),
        text(alert.body.kind()),
        Cell::Time(alert.decided_at),
        text(&alert.key.cluster),
        text(&alert.key.namespace),
        text(&alert.key.batch),
        optional(objective.map(|objective| &objective.name)),
        time(deadline),
        optional(cause),
        optional(incident),
        time(ended_at),
        optional(run.map(|run| &run.run.job)),
        optional(run.map(|run| &run.uid)),
        optional(objective.map(|objective| objective.severity.label())),
        optional(objective.and_then(|objective| objective.owner.as_ref())),
    ]
}
