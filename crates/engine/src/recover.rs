//! Successes: which slot they meet, and which incident they end.

use chrono::NaiveTime;
use kigen_calendar::Zone;
use kigen_model::Instant;
use kigen_model::alert::{Alert, AlertBody, DeadlineWords, ObjectiveSummary, alert_id};
use kigen_model::key::BatchKey;
use kigen_model::objective::Deadlines;
use kigen_model::run::{Run, RunPhase, SlotMark};
use kigen_model::slot::{RunSummary, Slot, Verdict};
use kigen_state::{BatchState, JudgedSlot, ObjectiveState, Plan, RunState, Window};
use uuid::Uuid;

use crate::attempts;
use crate::step::{Effect, Judgement};

/// Notes what the run `uid` means for each objective, if it has succeeded.
pub(crate) fn note_success(state: &mut BatchState, uid: &str, at: Instant) -> Vec<Effect> {
    let BatchState { key, runs, objectives, .. } = state;
    let Some(run) = RunState::find(runs, uid) else {
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
            && belongs(open.window, open.slot, &run.run, &open.time_zone)
            && ended_at <= open.slot.deadline + limit
        {
            open.met_at = Some(ended_at);
        }
        effects.extend(retract(key, name, objective, run, ended_at, at));
        effects.extend(end_incident(key, name, objective, run, at));
    }
    effects
}

/// Takes back what was said of slots in which `run` succeeded in time: it was seen only after the verdict.
fn retract(
    key: &BatchKey,
    name: &str,
    objective: &mut ObjectiveState,
    run: &RunState,
    ended_at: Instant,
    at: Instant,
) -> Vec<Effect> {
    let zone = objective.planned_zone().to_owned();
    let is_served = |judged: &JudgedSlot| {
        belongs(judged.window, judged.slot, &run.run, &zone) && ended_at <= judged.until
    };
    let mut retracted = Vec::new();
    for known in &mut objective.verdicts {
        if let Verdict::Missed(_) | Verdict::Unknown(_) = known.verdict
            && let Some(judged) = known.judged.filter(is_served)
        {
            known.verdict = Verdict::Met { ended_at };
            retracted.push(judged);
        }
    }
    let mut effects = Vec::new();
    for judged in retracted {
        let misses = judged.incident.map_or(0, |incident| take_out(objective, incident, judged.slot));
        let body = AlertBody::SlotRetracted {
            slot: judged.slot,
            incident: judged.incident,
            misses,
            ended_at,
            run: Some(summary_of(run)),
        };
        effects.push(raise(key, name, objective, judged.slot.deadline, at, body));
        effects.push(judgement(key, name, judged.slot.deadline, Verdict::Met { ended_at }));
    }
    effects
}

/// Takes a slot out of the incident that is open, if it is that one; how many misses are left in it.
fn take_out(objective: &mut ObjectiveState, id: Uuid, slot: Slot) -> u32 {
    let Some(incident) = objective.incident.as_mut().filter(|incident| incident.id == id) else {
        return 0;
    };
    incident.misses = incident.misses.saturating_sub(1);
    let left = incident.misses;
    if left == 0 {
        objective.incident = None;
        return 0;
    }
    if incident.last.deadline == slot.deadline {
        let is_of_it = |judged: &JudgedSlot| judged.incident == Some(id);
        let last =
            objective.verdicts.iter().rev().filter(|known| matches!(known.verdict, Verdict::Missed(_)));
        if let Some(last) = last.filter_map(|known| known.judged).find(is_of_it) {
            incident.opens = last.opens();
            incident.last = last.slot;
        }
    }
    left
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
    let zone = objective.planned_zone().to_owned();
    let incident = objective.incident.take_if(|incident| match marked(&run.run, &zone) {
        Some(mark) => mark > incident.last.from,
        None => run.run.nominal_start() >= incident.opens,
    })?;
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
    let finished = attempts::finished_at(run).filter(|finished| (starts..=completed_at).contains(finished));
    Some(finished.unwrap_or(completed_at))
}

/// Whether a run belongs to a slot whose deadline was read in `time_zone`: by the mark that it carries, else by its
/// nominal start.
pub(crate) fn belongs(window: Window, slot: Slot, run: &Run, time_zone: &str) -> bool {
    if let Some(mark) = marked(run, time_zone) {
        return slot.from < mark && mark <= slot.deadline;
    }
    let nominal_start = run.nominal_start();
    match window {
        Window::NoFire => false,
        Window::Fires { opens, closes } => {
            nominal_start >= opens && closes.is_none_or(|closes| nominal_start < closes)
        }
        Window::Slot => (slot.from..slot.deadline).contains(&nominal_start),
        Window::Fresh { after } => nominal_start > after && nominal_start <= slot.deadline,
    }
}

/// The instant of a run's mark: it belongs to the slot whose deadline is the first at or after it.
fn marked(run: &Run, time_zone: &str) -> Option<Instant> {
    match run.slot? {
        SlotMark::At(at) => Some(at),
        SlotMark::Day(day) => {
            let zone = Zone::named(time_zone).unwrap_or_else(|_| Zone::utc());
            zone.first_instant(day.and_time(NaiveTime::MIN))
        }
    }
}

/// A run as an alert tells of it, with the attempt that tells most.
pub(crate) fn summary_of(run: &RunState) -> RunSummary {
    let last_attempt = attempts::telling(run).cloned();
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
    Effect::Raise(Box::new(Alert {
        id: alert_id(key, name, body.kind(), &instant_text(subject)),
        key: key.clone(),
        objective: Some(wording(name, objective)),
        decided_at,
        body,
    }))
}

/// The effect that says a slot's verdict.
pub(crate) fn judgement(key: &BatchKey, name: &str, deadline: Instant, verdict: Verdict) -> Effect {
    Effect::Judge(Judgement { key: key.clone(), objective: name.to_owned(), deadline, verdict })
}

/// An objective as an alert tells of it.
pub(crate) fn wording(name: &str, objective: &ObjectiveState) -> ObjectiveSummary {
    let said = &objective.objective;
    let deadlines = match &said.deadlines {
        Deadlines::CompleteBy { crontab } => DeadlineWords::CompleteBy(crontab.clone()),
        Deadlines::Before { namespace, cron_job, .. } => {
            DeadlineWords::Before(format!("{namespace}/{cron_job}"))
        }
    };
    ObjectiveSummary {
        name: name.to_owned(),
        deadlines,
        time_zone: objective.planned_zone().to_owned(),
        severity: said.severity,
        owner: said.owner.clone(),
        runbook: said.runbook.clone(),
    }
}

/// An instant as it stands in an id: RFC 3339 in UTC, whole seconds.
pub(crate) fn instant_text(at: Instant) -> String {
    at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
}
