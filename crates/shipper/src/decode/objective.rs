//! An Objective: whose it is, what it asks for, or what in it cannot be read.
//!
//! The API server has checked it by the rules of `deploy/objectives.crd.yaml`; those of an older kigen may have let
//! something pass, and a crontab or a time zone is more than a rule can check.

use chrono::TimeDelta;
use kigen_model::objective::{Deadlines, Objective, ObjectiveSource, Severity};

use super::decoded::{Decoded, NamedBatch, ObjectiveObject, Unusable, WrittenObjective};
use super::fields::identity;
use super::names::{ANNOTATED_OBJECTIVE, COMPLETE_BY};
use super::object::CustomObject;
use crate::crontab;
use crate::custom_resource::{BatchSpec, ObjectiveSpec};
use crate::written::{is_kubernetes_name, span};

pub(super) fn decode(object: CustomObject) -> Result<Decoded, Unusable> {
    let id = identity(object.metadata.as_ref())?;
    let generation = object.metadata.and_then(|metadata| metadata.generation);
    let status = object.status.and_then(|status| serde_json::from_str(status.get()).ok()).unwrap_or_default();
    let written = match &object.spec {
        _ if id.name == ANNOTATED_OBJECTIVE => Err(format!(
            "`{ANNOTATED_OBJECTIVE}` is the name of what the annotation {COMPLETE_BY} makes: choose another"
        )),
        None => Err("it has no `spec`".to_owned()),
        Some(spec) => match serde_json::from_str(spec.get()) {
            Ok(spec) => written(spec, &id.namespace),
            Err(error) => Err(format!("its `spec` is not understood: {error}")),
        },
    };
    Ok(Decoded::Objective { id, object: Box::new(ObjectiveObject { generation, status, written }) })
}

fn written(spec: ObjectiveSpec, namespace: &str) -> Result<WrittenObjective, String> {
    let meaningless = meaningless(&spec);
    let batch = batch(spec.batch)?;
    let source = match batch {
        NamedBatch::CronJob(_) | NamedBatch::Jobs(_) => ObjectiveSource::Object,
        NamedBatch::Selector(_) => ObjectiveSource::Selector,
    };
    let deadlines = match (spec.complete_by, spec.before) {
        (Some(crontab), None) => Deadlines::CompleteBy { crontab },
        (None, Some(target)) => Deadlines::Before {
            namespace: target.namespace.unwrap_or_else(|| namespace.to_owned()),
            cron_job: target.cron_job,
            schedule: None,
        },
        (Some(_), Some(_)) => {
            return Err("`completeBy` and `before` both name the deadlines: keep one".to_owned());
        }
        (None, None) => return Err("nothing names the deadlines: add `completeBy` or `before`".to_owned()),
    };
    let severity = match spec.severity.as_deref() {
        None | Some("fatal") => Severity::Fatal,
        Some("warning") => Severity::Warning,
        Some(other) => return Err(format!("`severity` is `{other}`: it may be fatal or warning")),
    };
    let settle = read_span(spec.settle.as_deref(), "settle", 0, Objective::GRACE_MAX_S)?;
    let objective = Objective {
        is_of_jobs: matches!(batch, NamedBatch::Jobs(_)),
        time_zone: spec.time_zone,
        grace: read_span(spec.grace.as_deref(), "grace", 0, Objective::GRACE_MAX_S)?.unwrap_or_default(),
        settle: settle.unwrap_or(TimeDelta::seconds(Objective::SETTLE_DEFAULT_S)),
        freshness: read_span(spec.freshness.as_deref(), "freshness", 1, Objective::FRESHNESS_MAX_S)?,
        starts: spec.starts,
        severity,
        owner: spec.owner,
        runbook: spec.runbook,
        ..Objective::new(deadlines, source)
    };
    Ok(WrittenObjective { batch, objective, meaningless })
}

fn batch(spec: BatchSpec) -> Result<NamedBatch, String> {
    let batch = match spec {
        BatchSpec { cron_job: Some(name), name: None, selector: None } => NamedBatch::CronJob(name),
        BatchSpec { cron_job: None, name: Some(name), selector: None } => NamedBatch::Jobs(name),
        BatchSpec { cron_job: None, name: None, selector: Some(selector) } => {
            NamedBatch::Selector(selector.match_labels)
        }
        BatchSpec { .. } => {
            return Err("name the batch by one of `cronJob`, `name` and `selector`".to_owned());
        }
    };
    match &batch {
        NamedBatch::CronJob(name) | NamedBatch::Jobs(name) if !is_kubernetes_name(name) => {
            Err(format!("the batch's name `{name}` cannot be one"))
        }
        NamedBatch::Selector(labels) if labels.is_empty() => {
            Err("a selector without a label would select every CronJob: name one".to_owned())
        }
        NamedBatch::CronJob(_) | NamedBatch::Jobs(_) | NamedBatch::Selector(_) => Ok(batch),
    }
}

fn read_span(
    text: Option<&str>,
    what: &str,
    seconds_min: i64,
    seconds_max: i64,
) -> Result<Option<TimeDelta>, String> {
    let Some(text) = text else { return Ok(None) };
    let days = seconds_max / 86_400;
    let wrong = || format!("`{what}` is `{text}`: write a number with s, m, h or d, at most {days}d");
    span(text, &(seconds_min..=seconds_max)).map(Some).ok_or_else(wrong)
}

/// What the engine would not understand either.
fn meaningless(spec: &ObjectiveSpec) -> Option<String> {
    let in_zone = |error| format!("`timeZone`: {error}");
    let zone = spec.time_zone.as_deref().and_then(|zone| crontab::zone(zone).err()).map(in_zone);
    let deadlines = spec.complete_by.as_deref().and_then(|text| crontab::complete_by(text).err());
    let starts = spec.starts.as_deref().and_then(|text| crontab::starts(text).err());
    let all = [
        deadlines.map(|error| format!("`completeBy`: {error}")),
        zone,
        starts.map(|error| format!("`starts`: {error}")),
    ];
    let all: Vec<String> = all.into_iter().flatten().collect();
    (!all.is_empty()).then(|| all.join("; "))
}
