//! A Pod to an attempt.

use std::borrow::Cow;
use std::collections::BTreeMap;

use kigen_model::Instant;
use kigen_model::reported::ReportedMetrics;
use kigen_model::run::{Attempt, AttemptPhase, ContainerRole};
use kigen_text::error::kept;
use serde::Deserialize;

use super::containers::{WaitedFor, containers, has_failed_beside_others, of_attempt, waited_for};
use super::decoded::{Decoded, Unusable};
use super::fields::{counter, identity, optional_instant, resource_version};
use super::object::{ContainerLog, ContainerStatus, Metadata, PodObject, PodStatus, Terminated};

/// Reasons of a container's end that explain nothing: a reason of the Pod takes precedence.
const GENERIC_REASONS: [&str; 3] = ["Error", "Completed", "ContainerStatusUnknown"];

pub(super) fn decode(object: &PodObject) -> Result<Decoded, Unusable> {
    let metadata = object.metadata.as_ref().ok_or(Unusable::Missing("metadata"))?;
    // Most pods of a cluster belong to no Job; nothing else of them is decoded.
    let Some(run_uid) = run_uid(metadata) else {
        return Ok(Decoded::Ignored { resource_version: resource_version(metadata)? });
    };
    let id = identity(object.metadata.as_ref())?;
    let empty = PodStatus::default();
    let status = object.status.as_ref().unwrap_or(&empty);
    let deleted = metadata.deletion_timestamp.is_some();
    let mut attempt = Attempt {
        pod: id.name.clone(),
        node: object.spec.as_ref().and_then(|spec| spec.node_name.clone()),
        restarts: restarts(object),
        phase: phase(object, status, deleted),
        metrics: metrics(status),
        containers: Vec::new(),
    };
    let is_waiting = matches!(attempt.phase, AttemptPhase::Waiting { .. });
    if deleted && is_waiting
        || matches!(attempt.phase, AttemptPhase::Running { .. } | AttemptPhase::Failed { .. })
    {
        attempt.containers = of_attempt(object);
    }
    let log = log(object, deleted, &attempt.phase);
    Ok(Decoded::Pod { id, run_uid: run_uid.to_owned(), attempt, log })
}

/// The Job's UID by the owner, or, when the Job was deleted and its pods kept, by the label that the Job left.
fn run_uid(metadata: &Metadata) -> Option<&str> {
    metadata
        .controller("Job")
        .and_then(|owner| owner.uid.as_deref())
        .or_else(|| metadata.label("batch.kubernetes.io/controller-uid"))
        .or_else(|| metadata.label("controller-uid"))
        .filter(|uid| !uid.is_empty())
}

fn phase(object: &PodObject, status: &PodStatus, deleted: bool) -> AttemptPhase {
    match status.phase.as_deref() {
        Some("Succeeded") => AttemptPhase::Succeeded { finished_at: finished_at(status) },
        Some("Failed") => failed(object, status, deleted),
        // A proxy beside the work keeps the Pod in phase Running.
        Some("Running") if has_failed_beside_others(object) => failed(object, status, deleted),
        Some("Running") => running(object, status),
        _ => waiting(object, status),
    }
}

/// A pod whose only container waits to be restarted (`CrashLoopBackOff`) is still in phase Running.
fn running(object: &PodObject, status: &PodStatus) -> AttemptPhase {
    let running: Vec<_> = status
        .container_statuses
        .iter()
        .flatten()
        .filter_map(|container| container.state.as_ref()?.running.as_ref())
        .collect();
    let waits =
        |container: &ContainerStatus| container.state.as_ref().is_some_and(|state| state.waiting.is_some());
    if running.is_empty() && status.containers().any(waits) {
        return waiting(object, status);
    }
    let since = running.iter().filter_map(|running| optional_instant(running.started_at.as_ref())).min();
    AttemptPhase::Running { since }
}

fn waiting(object: &PodObject, status: &PodStatus) -> AttemptPhase {
    let unscheduled =
        status.conditions.iter().flatten().find(|condition| condition.is("PodScheduled", "False"));
    if let Some(condition) = unscheduled {
        let message = condition.message.as_deref().map(kept);
        return AttemptPhase::Waiting { reason: condition.reason.clone(), message };
    }
    // `PodInitializing` only means that an init container comes first: what that one waits for is the reason.
    let waiting = status
        .containers()
        .filter_map(|container| Some((container, container.state.as_ref()?.waiting.as_ref()?)))
        .find(|(_, waiting)| waiting.reason.as_deref() != Some("PodInitializing"));
    let Some((container, waiting)) = waiting else {
        let message = waited_for(object).map(|waited_for| waited_for.explanation());
        return AttemptPhase::Waiting { reason: None, message };
    };
    let message = waiting.message.as_deref().map(kept);
    // Of a container that waits to be restarted, how it ended is the reason for that.
    let message = match container.terminated_before().and_then(|ended| ended.exit_code) {
        Some(code) if code != 0 => Some(match message {
            Some(message) => format!("it ended with exit code {code}; {message}"),
            None => format!("it ended with exit code {code}"),
        }),
        _ => message,
    };
    AttemptPhase::Waiting { reason: waiting.reason.clone(), message }
}

/// A pod fails by a container, or, without one, by an eviction or the loss of its node.
fn failed(object: &PodObject, status: &PodStatus, deleted: bool) -> AttemptPhase {
    let disruption =
        status.conditions.iter().flatten().find(|condition| condition.is("DisruptionTarget", "True"));
    let container = failed_container(object, deleted).map(|ended| ended.how);
    let of_container = container.and_then(|ended| ended.reason.clone());
    let of_pod =
        || status.reason.clone().or_else(|| disruption.and_then(|condition| condition.reason.clone()));
    // A container that was killed because its pod was evicted has only `Error`.
    let reason = match of_container {
        Some(reason) if !GENERIC_REASONS.contains(&reason.as_str()) => Some(reason),
        generic => of_pod().or(generic),
    };
    let of_pod = || {
        status.message.as_deref().or_else(|| disruption.and_then(|condition| condition.message.as_deref()))
    };
    let message = container.and_then(error_message).or_else(of_pod).map(kept);
    AttemptPhase::Failed {
        finished_at: finished_at(status),
        exit_code: container.and_then(|ended| ended.exit_code),
        reason,
        message,
    }
}

/// A container that ended badly.
struct Ended<'a> {
    name: Option<&'a str>,
    how: &'a Terminated,
    /// It was restarted since.
    is_previous: bool,
}

/// The container by which the pod failed: one of the work rather than one beside it; of several the first to end, since the
/// others are killed for it; of those that ended within the same second one that is not an init container, since a sidecar may
/// run as one.
fn failed_container(object: &PodObject, deleted: bool) -> Option<Ended<'_>> {
    let mut containers = containers(object);
    containers.sort_by_key(|container| container.is_of_init);
    let failed = containers.into_iter().filter_map(|container| {
        let ended = ended_badly(container.status, deleted)?;
        Some((container.role == ContainerRole::Sidecar, ended))
    });
    let first = failed.min_by_key(|(is_beside, ended)| {
        let finished_at = optional_instant(ended.how.finished_at.as_ref());
        (*is_beside, finished_at.is_none(), finished_at)
    });
    first.map(|(_, ended)| ended)
}

/// Restarts in place: a proxy's are no attempts of the work.
fn restarts(object: &PodObject) -> u32 {
    let of_work = containers(object).into_iter().filter(|container| container.role != ContainerRole::Sidecar);
    of_work.map(|container| counter(container.status.restart_count)).fold(0, u32::saturating_add)
}

/// When the Job controller abandons a pod that restarts in place, it kills the pod. The kill (exit code 143) hides the
/// failure that led to it, which is then the container's last state.
fn ended_badly(container: &ContainerStatus, deleted: bool) -> Option<Ended<'_>> {
    let is_bad = |ended: &&Terminated| ended.exit_code != Some(0);
    let name = container.name.as_deref();
    let now = container.terminated().filter(is_bad);
    let before = container.terminated_before().filter(is_bad).filter(|_| deleted);
    match (before, now) {
        (Some(how), _) if container.terminated().is_none() || now.is_some() => {
            Some(Ended { name, how, is_previous: true })
        }
        (_, now) => now.map(|how| Ended { name, how, is_previous: false }),
    }
}

/// The termination message, unless it is numbers.
fn error_message(ended: &Terminated) -> Option<&str> {
    let message = ended.message.as_deref().filter(|message| !message.trim().is_empty())?;
    numbers(message).is_none().then_some(message)
}

/// The numbers that containers reported when they ended.
fn metrics(status: &PodStatus) -> ReportedMetrics {
    let messages = status.containers().filter_map(|container| container.terminated()?.message.as_deref());
    ReportedMetrics::new(messages.filter_map(numbers).flatten())
}

/// A termination message that is a JSON object of numbers, and nothing else: those that are finite.
fn numbers(message: &str) -> Option<BTreeMap<String, f64>> {
    let message = message.trim();
    if !message.starts_with('{') {
        return None;
    }
    let numbers: BTreeMap<String, Reported> = serde_json::from_str(&with_quoted_words(message)).ok()?;
    let finite = |(name, number)| match number {
        Reported::Finite(number) => Some((name, number)),
        Reported::NotFinite(NotFinite::NaN | NotFinite::Infinity | NotFinite::NegativeInfinity) => None,
    };
    Some(numbers.into_iter().filter_map(finite).collect())
}

/// A value of an object of numbers.
#[derive(Deserialize)]
#[serde(untagged)]
enum Reported {
    Finite(f64),
    NotFinite(NotFinite),
}

/// The words that stand in JSON for numbers which JSON does not know: Python's `json` writes them bare, other writers as
/// texts.
#[derive(Deserialize)]
enum NotFinite {
    NaN,
    Infinity,
    #[serde(rename = "-Infinity")]
    NegativeInfinity,
}

/// The text with such words in quotation marks, where they are values of an object.
fn with_quoted_words(json: &str) -> Cow<'_, str> {
    if !json.contains("NaN") && !json.contains("Infinity") {
        return Cow::Borrowed(json);
    }
    let mut quoted = String::with_capacity(json.len() + 16);
    let (mut is_text, mut is_escaped) = (false, false);
    let mut rest = json;
    while let Some(c) = rest.chars().next() {
        let word =
            ["NaN", "-Infinity", "Infinity"].into_iter().find(|word| !is_text && rest.starts_with(word));
        if let Some(word) = word {
            quoted.extend(["\"", word, "\""]);
            rest = &rest[word.len()..];
            continue;
        }
        if c == '"' && !is_escaped {
            is_text = !is_text;
        }
        is_escaped = c == '\\' && !is_escaped;
        quoted.push(c);
        rest = &rest[c.len_utf8()..];
    }
    Cow::Owned(quoted)
}

/// The log that may have the error by which the attempt failed, if the Pod has none, or why its init container does not end.
fn log(object: &PodObject, deleted: bool, phase: &AttemptPhase) -> Option<ContainerLog> {
    match phase {
        AttemptPhase::Failed { message: None, .. } => {
            let ended = failed_container(object, deleted)?;
            Some(ContainerLog {
                container: ended.name?.to_owned(),
                is_previous: ended.is_previous,
                hangs_since: None,
            })
        }
        AttemptPhase::Waiting { reason: None, message: Some(_) } => {
            let WaitedFor { name, since, .. } = waited_for(object)?;
            Some(ContainerLog { container: name.to_owned(), is_previous: false, hangs_since: Some(since?) })
        }
        AttemptPhase::Failed { message: Some(_), .. }
        | AttemptPhase::Waiting { .. }
        | AttemptPhase::Running { .. }
        | AttemptPhase::Succeeded { .. } => None,
    }
}

fn finished_at(status: &PodStatus) -> Option<Instant> {
    status
        .container_statuses
        .iter()
        .flatten()
        .filter_map(|container| optional_instant(container.terminated()?.finished_at.as_ref()))
        .max()
}
