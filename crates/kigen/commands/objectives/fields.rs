//! An objective's identity and fields, in words.

use std::collections::BTreeMap;

use kigen_model::objective::{Deadlines, Objective};
use kigen_objective::file::FileObjective;

use crate::output::{human, read_batches};

/// What identifies an objective.
pub(super) fn id(objective: &FileObjective) -> (String, String) {
    (objective.key.to_string(), objective.name.clone())
}

/// Its deadlines.
pub(super) fn deadlines(objective: &Objective) -> String {
    let deadlines = match &objective.deadlines {
        Deadlines::CompleteBy { crontab } => format!("by {crontab}"),
        Deadlines::Before { namespace, cron_job, .. } => format!("before {namespace}/{cron_job}"),
        Deadlines::Reads { sources } => format!("reads {}", read_batches(sources)),
    };
    match &objective.calendar {
        Some(calendar) => format!("{deadlines} on {calendar}"),
        None => deadlines,
    }
}

/// The fields of an objective that are set, in words.
pub(super) fn described(objective: &Objective) -> BTreeMap<&'static str, String> {
    let Objective { time_zone, grace, settle, freshness, starts, start_by, severity, owner, runbook, .. } =
        objective;
    let fields = [
        ("deadline", Some(deadlines(objective))),
        ("time zone", time_zone.clone()),
        ("grace", Some(human(*grace))),
        ("settle", Some(human(*settle))),
        ("freshness", freshness.map(human)),
        ("starts", starts.clone()),
        ("start by", start_by.map(human)),
        ("expect", objective.expect.as_ref().map(|_| "set".to_owned())),
        ("target", objective.target.map(|target| target.to_string())),
        ("severity", Some(severity.label().to_owned())),
        ("owner", owner.clone()),
        ("runbook", runbook.clone()),
        ("labels", Some(objective.labels.to_string()).filter(|labels| !labels.is_empty())),
    ];
    fields.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}
