//! Successes: which slot they meet, and which incident they end.

use kigen_model::Instant;
use kigen_model::alert::{Alert, AlertBody, ObjectiveSummary, alert_id};
use kigen_model::key::BatchKey;
use kigen_model::run::{AttemptPhase, RunPhase};
use kigen_model::slot::{RunSummary, Slot};

use crate::state::{BatchState, ObjectiveState, Plan, RunState, Window};
use crate::step::Effect;

/// Notes what the run `uid` means for each objective, if it has succeeded.
pub(crate) fn note_success(state: &mut BatchState, uid: &str, at: Instant) -> Vec<Effect> {
    let BatchState { key, runs, objectives, .. } = state;
    let Some(run) = runs.iter().find(|run| run.revision.uid == uid) else {
        return Vec::new();
    };
    let Some(ended_at) = ended_at(run) else {
        return Vec::new();
    };
    let mut effects = Vec::new();
    for (name, objective) in objectives {
        let limit = objective.objective.grace;
        if let Plan::Open(open) = &mut objective.plan
            && open.met_at.is_none()
            && belongs(open.window, open.slot, run.run.nominal_start())
            && ended_at <= open.slot.deadline + limit
        {
            open.met_at = Some(ended_at);
        }
        effects.extend(end_incident(key, name, objective, run, at));
    }
    effects
}

/// Ends the open incident if `run` is a success of its last missed slot or of a later one.
pub(crate) fn end_incident(
    key: &BatchKey,
    name: &str,
    objective: &mut ObjectiveState,
    run: &RunState,
    at: Instant,
) -> Option<Effect> {
    let ended_at = ended_at(run)?;
    let incident = objective.incident.take_if(|incident| run.run.nominal_start() >= incident.opens)?;
    let body = AlertBody::SlotRecovered {
        slot: incident.last,
        incident: incident.id,
        since: incident.since,
        misses: incident.misses,
        ended_at,
        run: summary_of(run),
    };
    Some(raise(key, name, objective, incident.since, at, body))
}

/// When the work of a run that succeeded ended: the last counted pod's end where it was seen and is plausible, else
/// the controller's word, which is late after a controller outage.
pub(crate) fn ended_at(run: &RunState) -> Option<Instant> {
    let RunPhase::Succeeded { completed_at } = run.run.phase else {
        return None;
    };
    let starts = run.run.started_at.unwrap_or(run.run.created_at);
    let finished = run.attempts.iter().filter_map(|attempt| match attempt.attempt.phase {
        AttemptPhase::Succeeded { finished_at } => finished_at,
        AttemptPhase::Waiting { .. } | AttemptPhase::Running { .. } | AttemptPhase::Failed { .. } => None,
    });
    Some(finished.max().filter(|finished| (starts..=completed_at).contains(finished)).unwrap_or(completed_at))
}

/// Whether a run with this nominal start belongs to the slot.
pub(crate) fn belongs(window: Window, slot: Slot, nominal_start: Instant) -> bool {
    match window {
        Window::NoFire => false,
        Window::Fires { opens, closes } => {
            nominal_start >= opens && closes.is_none_or(|closes| nominal_start < closes)
        }
        Window::Slot => (slot.from..slot.deadline).contains(&nominal_start),
    }
}

/// A run as an alert tells of it, with the attempt that tells most: the last that failed, else the last.
pub(crate) fn summary_of(run: &RunState) -> RunSummary {
    let failed =
        run.attempts.iter().rev().find(|known| matches!(known.attempt.phase, AttemptPhase::Failed { .. }));
    let ended_well = matches!(run.run.phase, RunPhase::Succeeded { .. });
    let last_attempt =
        failed.filter(|_| !ended_well).or(run.attempts.last()).map(|known| known.attempt.clone());
    RunSummary { uid: run.revision.uid.clone(), run: run.run.clone(), last_attempt }
}

/// The effect that raises `body`; `subject` is the instant in its id.
pub(crate) fn raise(
    key: &BatchKey,
    name: &str,
    objective: &ObjectiveState,
    subject: Instant,
    decided_at: Instant,
    body: AlertBody,
) -> Effect {
    let time_zone = match &objective.plan {
        Plan::Open(open) => open.time_zone.clone(),
        Plan::Unresolved { .. } | Plan::Exhausted => {
            objective.objective.time_zone.clone().unwrap_or_else(|| "UTC".to_owned())
        }
    };
    let wording = &objective.objective;
    Effect::Raise(Box::new(Alert {
        id: alert_id(key, name, body.kind(), &instant_text(subject)),
        key: key.clone(),
        objective: ObjectiveSummary {
            name: name.to_owned(),
            complete_by: wording.complete_by.clone(),
            time_zone,
            severity: wording.severity,
            owner: wording.owner.clone(),
            runbook: wording.runbook.clone(),
        },
        decided_at,
        body,
    }))
}

/// An instant as it stands in an id: RFC 3339 in UTC, whole seconds.
pub(crate) fn instant_text(at: Instant) -> String {
    at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
}
