//! From a spec to the model's objective; every message about an error in a spec is here, or, of what a run must have done, in
//! `expect.rs`.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use chrono::TimeDelta;
use kigen_model::budget::Target;
use kigen_model::expectation::Expectation;
use kigen_model::objective::{Deadlines, Objective, ObjectiveSource, Severity};
use kigen_text::secrets::scrub;

use crate::located::Located;
use crate::name::{NAME_RULE, is_kubernetes_name};
use crate::spec::{BatchSpec, ExpectSpec, ObjectiveSpec, TargetSpec};
use crate::{crontab, duration, expect, reads};

const START_BY_S: RangeInclusive<i64> = 1..=Objective::START_BY_MAX_S;

/// An objective that was read from a spec.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParsedObjective {
    /// Its batches.
    pub batch: NamedBatch,
    /// The objective. The schedule of a CronJob under `before` is not looked up yet.
    pub objective: Objective,
    /// The crontabs and time zones that the calendar refuses. Such an objective is shipped as written, but cannot be judged.
    pub refused: Vec<Fault>,
}

impl ParsedObjective {
    /// All that the calendar refuses, in one line.
    #[must_use]
    pub fn refusal(&self) -> Option<String> {
        let refused = self.refused.iter().map(|Fault { field, text, .. }| format!("`{field}`: {text}"));
        let refused: Vec<String> = refused.collect();
        (!refused.is_empty()).then(|| refused.join("; "))
    }
}

/// The batches of an objective, in its own namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NamedBatch {
    /// The CronJob of this name.
    CronJob(String),
    /// The Jobs that share this label `kigen.dev/batch`.
    Jobs(String),
    /// All CronJobs that have these labels.
    Selector(BTreeMap<String, String>),
}

/// Where a spec was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    File,
    Object,
}

/// An error in a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    field: &'static str,
    line: u64,
    text: String,
}

impl Fault {
    fn new<T>(field: &'static str, at: &Located<T>, text: impl Into<String>) -> Self {
        Self { field, line: at.line(), text: text.into() }
    }

    /// The line of the field, where it was in a file; else 0.
    pub(crate) fn line(&self) -> u64 {
        self.line
    }

    pub(crate) fn into_text(self) -> String {
        self.text
    }
}

/// Reads the spec of an objective of this namespace.
///
/// # Errors
/// All faults of the spec: first those that make it unusable, in the order of the fields, then what the calendar refuses.
pub(crate) fn read(
    spec: ObjectiveSpec,
    namespace: &str,
    source: Source,
) -> Result<ParsedObjective, Vec<Fault>> {
    let refused = refused(&spec);
    let mut faults = Vec::new();
    let batch = batch(&spec.batch, source, &mut faults);
    let deadlines = deadlines(&spec, namespace, &mut faults);
    let calendar = calendar(spec.calendar, &mut faults);
    let severity = severity(spec.severity.as_ref(), &mut faults);
    let grace_s = 0..=Objective::GRACE_MAX_S;
    let settle = duration("settle", spec.settle.as_ref(), &grace_s, &mut faults);
    let grace = duration("grace", spec.grace.as_ref(), &grace_s, &mut faults);
    let freshness_s = 1..=Objective::FRESHNESS_MAX_S;
    let freshness = duration("freshness", spec.freshness.as_ref(), &freshness_s, &mut faults);
    let start_by = duration("startBy", spec.start_by.as_ref(), &START_BY_S, &mut faults);
    let expect = spec.expect.as_ref().and_then(|expect| expectation(expect, &mut faults));
    let target = spec.target.as_ref().and_then(|target| self::target(target, &mut faults));
    let (Some(batch), Some(deadlines), true) = (batch, deadlines, faults.is_empty()) else {
        faults.extend(refused);
        return Err(faults);
    };
    let source = match (source, &batch) {
        (Source::File, _) => ObjectiveSource::File,
        (Source::Object, NamedBatch::Selector(_)) => ObjectiveSource::Selector,
        (Source::Object, NamedBatch::CronJob(_) | NamedBatch::Jobs(_)) => ObjectiveSource::Object,
    };
    let objective = Objective {
        is_of_jobs: matches!(batch, NamedBatch::Jobs(_)),
        time_zone: spec.time_zone.map(Located::into_value),
        grace: grace.unwrap_or_default(),
        settle: settle.unwrap_or(TimeDelta::seconds(Objective::SETTLE_DEFAULT_S)),
        freshness,
        starts: spec.starts.map(Located::into_value),
        calendar,
        start_by,
        expect,
        target,
        severity,
        owner: spec.owner.map(|owner| scrub(&owner).into_owned()),
        runbook: spec.runbook.map(|runbook| scrub(&runbook).into_owned()),
        ..Objective::new(deadlines, source)
    };
    Ok(ParsedObjective { batch, objective, refused })
}

/// Reads how long after its expected fire a run must have begun, as an annotation has it.
///
/// # Errors
/// What to write instead.
pub fn start_by(text: &str) -> Result<TimeDelta, String> {
    duration::parse(text, &START_BY_S).ok_or_else(|| duration::advice(&START_BY_S))
}

fn batch(spec: &Located<BatchSpec>, source: Source, faults: &mut Vec<Fault>) -> Option<NamedBatch> {
    let BatchSpec { cron_job, name, selector } = spec.value();
    let mut fault = |text: String| {
        faults.push(Fault::new("batch", spec, text));
        None
    };
    match (source, cron_job, name, selector) {
        (_, Some(name), None, None) | (_, None, Some(name), None) if !is_kubernetes_name(name) => {
            fault(format!("the batch's name `{name}` is invalid: {NAME_RULE}"))
        }
        (_, Some(name), None, None) => Some(NamedBatch::CronJob(name.clone())),
        (_, None, Some(name), None) => Some(NamedBatch::Jobs(name.clone())),
        (Source::Object, None, None, Some(selector)) if selector.match_labels.is_empty() => {
            fault("a selector without a label would select every CronJob: name one".to_owned())
        }
        (Source::Object, None, None, Some(selector)) => {
            Some(NamedBatch::Selector(selector.match_labels.clone()))
        }
        (Source::Object, ..) => fault("name the batch by one of `cronJob`, `name` and `selector`".to_owned()),
        // Labels are known in the cluster only.
        (Source::File, ..) => fault("name the batch by `cronJob` or, for bare Jobs, by `name`".to_owned()),
    }
}

fn deadlines(spec: &ObjectiveSpec, namespace: &str, faults: &mut Vec<Fault>) -> Option<Deadlines> {
    if let Some(reads) = &spec.reads {
        return what_is_read(spec, reads, namespace, faults);
    }
    match (&spec.complete_by, &spec.before) {
        (Some(crontab), None) => Some(Deadlines::CompleteBy { crontab: crontab.value().clone() }),
        (None, Some(target)) => Some(Deadlines::Before {
            namespace: target.namespace.clone().unwrap_or_else(|| namespace.to_owned()),
            cron_job: target.cron_job.clone(),
            schedule: None,
        }),
        (Some(crontab), Some(_)) => {
            let text = "`completeBy` and `before` both name the deadlines: keep one";
            faults.push(Fault::new("completeBy", crontab, text));
            None
        }
        (None, None) => {
            let text =
                "nothing names the deadlines: add `completeBy` or `before`, or, without deadlines, `reads`";
            faults.push(Fault::new("batch", &spec.batch, text));
            None
        }
    }
}

/// Of an objective that has no deadlines.
fn what_is_read(
    spec: &ObjectiveSpec,
    names: &Located<Vec<String>>,
    namespace: &str,
    faults: &mut Vec<Fault>,
) -> Option<Deadlines> {
    let of_deadlines = [
        ("completeBy", spec.complete_by.is_some()),
        ("before", spec.before.is_some()),
        ("timeZone", spec.time_zone.is_some()),
        ("grace", spec.grace.is_some()),
        ("freshness", spec.freshness.is_some()),
        ("settle", spec.settle.is_some()),
        ("starts", spec.starts.is_some()),
        ("calendar", spec.calendar.is_some()),
        ("startBy", spec.start_by.is_some()),
        ("expect", spec.expect.is_some()),
        ("target", spec.target.is_some()),
        ("severity", spec.severity.is_some()),
    ];
    if let Some((field, _)) = of_deadlines.into_iter().find(|(_, is_given)| *is_given) {
        let text = format!(
            "`reads` declares no deadline, so `{field}` has no place beside it: give it an objective of its own"
        );
        faults.push(Fault::new("reads", names, text));
        return None;
    }
    let given: Vec<&str> = names.value().iter().map(|name| name.trim()).collect();
    match reads::all(&given, namespace) {
        Ok(sources) => Some(Deadlines::Reads { sources }),
        Err(text) => {
            faults.push(Fault::new("reads", names, format!("`reads`: {text}")));
            None
        }
    }
}

fn calendar(name: Option<Located<String>>, faults: &mut Vec<Fault>) -> Option<String> {
    let name = name?;
    if !is_kubernetes_name(name.value()) {
        let text = format!("the calendar's name `{}` is invalid: {NAME_RULE}", name.value());
        faults.push(Fault::new("calendar", &name, text));
    }
    Some(name.into_value())
}

fn expectation(spec: &Located<ExpectSpec>, faults: &mut Vec<Fault>) -> Option<Expectation> {
    let read = expect::read(spec.value());
    let of = |(line, text): (u64, String)| Fault { field: "expect", line: line.max(spec.line()), text };
    read.map_err(|found| faults.extend(found.into_iter().map(of))).ok()
}

/// Millionths of a ratio are all that is read of it.
fn target(spec: &Located<TargetSpec>, faults: &mut Vec<Fault>) -> Option<Target> {
    let TargetSpec { ratio, over } = spec.value();
    let read = format!("{ratio} over {over}").parse::<Target>();
    let of =
        |error| Fault::new("target", spec, format!("`target` is a ratio of {ratio} over `{over}`: {error}"));
    read.map_err(|error| faults.push(of(error))).ok()
}

fn severity(text: Option<&Located<String>>, faults: &mut Vec<Fault>) -> Severity {
    match text.map(|text| (text, text.value().as_str())) {
        None | Some((_, "fatal")) => Severity::Fatal,
        Some((_, "warning")) => Severity::Warning,
        Some((at, other)) => {
            let text = format!("`severity` is `{other}`: it may be fatal or warning");
            faults.push(Fault::new("severity", at, text));
            Severity::Fatal
        }
    }
}

fn duration(
    field: &'static str,
    text: Option<&Located<String>>,
    seconds: &RangeInclusive<i64>,
    faults: &mut Vec<Fault>,
) -> Option<TimeDelta> {
    let text = text?;
    let duration = duration::parse(text.value(), seconds);
    if duration.is_none() {
        let advice = duration::advice(seconds);
        faults.push(Fault::new(field, text, format!("`{field}` is `{}`: {advice}", text.value())));
    }
    duration
}

fn refused(spec: &ObjectiveSpec) -> Vec<Fault> {
    type Check = fn(&str) -> Result<(), String>;
    let checks: [(&'static str, &Option<Located<String>>, Check); 3] = [
        ("completeBy", &spec.complete_by, crontab::complete_by),
        ("timeZone", &spec.time_zone, crontab::zone),
        ("starts", &spec.starts, crontab::starts),
    ];
    let refused = |(field, text, check): (_, &Option<Located<String>>, Check)| {
        let text = text.as_ref()?;
        Some(Fault::new(field, text, check(text.value()).err()?))
    };
    checks.into_iter().filter_map(refused).collect()
}
