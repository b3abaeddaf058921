//! A Pod to an attempt.

use kigen_model::Instant;
use kigen_model::run::{Attempt, AttemptPhase, ERROR_TEXT_BYTES_MAX};

use super::{Decoded, Unusable, counter, identity, optional_instant, resource_version};
use crate::object::{ContainerStatus, Metadata, PodObject, PodStatus, Terminated};

pub(super) fn decode(object: &PodObject) -> Result<Decoded, Unusable> {
    let metadata = object.metadata.as_ref().ok_or(Unusable::Missing("metadata"))?;
    // Most pods of a cluster belong to no Job; nothing else is asked of them.
    let Some(run_uid) = run_uid(metadata) else {
        return Ok(Decoded::Ignored { resource_version: resource_version(metadata)? });
    };
    let id = identity(object.metadata.as_ref())?;
    let empty = PodStatus::default();
    let status = object.status.as_ref().unwrap_or(&empty);
    let attempt = Attempt {
        pod: id.name.clone(),
        node: object.spec.as_ref().and_then(|spec| spec.node_name.clone()),
        restarts: status.containers().map(|container| counter(container.restart_count)).sum(),
        phase: phase(status, metadata.deletion_timestamp.is_some()),
    };
    Ok(Decoded::Pod { id, run_uid: run_uid.to_owned(), attempt })
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

fn phase(status: &PodStatus, deleted: bool) -> AttemptPhase {
    match status.phase.as_deref() {
        Some("Succeeded") => AttemptPhase::Succeeded { finished_at: finished_at(status) },
        Some("Failed") => failed(status, deleted),
        Some("Running") => running(status),
        _ => waiting(status),
    }
}

/// A pod whose only container waits to be restarted (`CrashLoopBackOff`) is still in phase Running.
fn running(status: &PodStatus) -> AttemptPhase {
    let running: Vec<_> = status
        .container_statuses
        .iter()
        .flatten()
        .filter_map(|container| container.state.as_ref()?.running.as_ref())
        .collect();
    let waits =
        |container: &ContainerStatus| container.state.as_ref().is_some_and(|state| state.waiting.is_some());
    if running.is_empty() && status.containers().any(waits) {
        return waiting(status);
    }
    let since = running.iter().filter_map(|running| optional_instant(running.started_at.as_ref())).min();
    AttemptPhase::Running { since }
}

fn waiting(status: &PodStatus) -> AttemptPhase {
    let unscheduled =
        status.conditions.iter().flatten().find(|condition| condition.is("PodScheduled", "False"));
    if let Some(condition) = unscheduled {
        return AttemptPhase::Waiting {
            reason: condition.reason.clone(),
            message: condition.message.as_deref().map(last_bytes),
        };
    }
    // `PodInitializing` only says that an init container comes first: what that one waits for is the reason.
    let waiting = status
        .containers()
        .filter_map(|container| container.state.as_ref()?.waiting.as_ref())
        .find(|waiting| waiting.reason.as_deref() != Some("PodInitializing"));
    AttemptPhase::Waiting {
        reason: waiting.and_then(|waiting| waiting.reason.clone()),
        message: waiting.and_then(|waiting| waiting.message.as_deref().map(last_bytes)),
    }
}

/// A pod fails by a container, or, without one, by an eviction or the loss of its node.
fn failed(status: &PodStatus, deleted: bool) -> AttemptPhase {
    let finished_at = finished_at(status);
    if let Some(container) = failed_container(status, deleted) {
        return AttemptPhase::Failed {
            finished_at,
            exit_code: container.exit_code,
            reason: container.reason.clone(),
            message: container.message.as_deref().or(status.message.as_deref()).map(last_bytes),
        };
    }
    let disruption =
        status.conditions.iter().flatten().find(|condition| condition.is("DisruptionTarget", "True"));
    AttemptPhase::Failed {
        finished_at,
        exit_code: None,
        reason: status.reason.clone().or_else(|| disruption.and_then(|condition| condition.reason.clone())),
        message: status
            .message
            .as_deref()
            .or_else(|| disruption.and_then(|condition| condition.message.as_deref()))
            .map(last_bytes),
    }
}

/// When the Job controller gives up on a pod that restarts in place, it kills it, and the kill (exit code 143) hides
/// the failure that led to it, which then is the container's state before.
fn failed_container(status: &PodStatus, deleted: bool) -> Option<&Terminated> {
    let bad = |ended: &&Terminated| ended.exit_code != Some(0);
    let before = status.containers().filter_map(|container| container.terminated_before()).find(bad);
    let now = status.containers().filter_map(|container| container.terminated()).find(bad);
    if deleted { before.or(now) } else { now }
}

fn finished_at(status: &PodStatus) -> Option<Instant> {
    status
        .container_statuses
        .iter()
        .flatten()
        .filter_map(|container| optional_instant(container.terminated()?.finished_at.as_ref()))
        .max()
}

/// The last [`ERROR_TEXT_BYTES_MAX`] bytes, from a character's first byte on: of a traceback the end tells most.
fn last_bytes(text: &str) -> String {
    let mut start = text.len().saturating_sub(ERROR_TEXT_BYTES_MAX);
    while !text.is_char_boundary(start) {
        start += 1;
    }
    text[start..].to_owned()
}
