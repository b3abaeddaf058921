//! Incidents, the misses of an objective in a row, and the successes that meet a slot, retract a verdict or end one.
//!
//! ```text
//!          first miss          a success of the last missed slot or a later one
//!  none ──────────────> open ──────────────────────────────────────────────────> none (recovered)
//!                       │  ^
//!                       ├──┘   a further miss; the retraction of one of several
//!                       │      the retraction of the only miss
//!                       └────────────────────────────────────────────────────────> none (retracted)
//! ```

use kigen_model::Instant;
use kigen_model::alert::{AlertBody, ResultOf};
use kigen_model::objective::Objective;
use kigen_model::slot::Verdict;
use kigen_state::{BatchState, Incident, JudgedSlot, ObjectiveState, OpenSlot, Plan, RunState, Window};
use uuid::Uuid;

use crate::attempts::ended_at;
use crate::budget::{self, Counted};
use crate::context::{Batch, Judge, Past};
use crate::effect::summary_of_run;
use crate::expectation;
use crate::membership::{belongs, marked};
use crate::past_numbers;
use crate::risk;
use crate::slot_ends;
use crate::successes;
use crate::unknown;
use crate::window::slot_after;

/// Applies the success of the run `uid` to each objective for which it counts; without effect if the run has not succeeded.
pub(crate) fn record_success(batch: &mut Batch<'_>, uid: &str) {
    past_numbers::note(batch.state, uid);
    batch.each_objective(|judge| {
        let success = RunState::find(judge.runs, uid).and_then(|run| Some((run, ended_at(run)?)));
        let counts = |run: &RunState| expectation::counts(&judge.objective.objective, judge.past(), run);
        if let Some((run, ended_at)) = success.filter(|(run, _)| counts(run)) {
            meet(judge, run, ended_at);
            note_late(judge, run, ended_at);
            retract(judge, run, ended_at);
        }
    });
}

/// The open slot is met if `run` belongs to it and ended in time.
fn meet(judge: &mut Judge<'_>, run: &RunState, ended_at: Instant) {
    let grace = judge.objective.objective.grace;
    if let Plan::Open(open) = &mut judge.objective.plan
        && open.met_at.is_none()
        && belongs(open.window, open.slot, &run.run, &open.time_zone)
        && ended_at <= open.slot.deadline + grace
    {
        open.met_at = Some(ended_at);
        risk::end(judge, Some(ended_at), Some(run));
    }
}

/// Notes when the result of a slot that was missed came.
fn note_late(judge: &mut Judge<'_>, run: &RunState, ended_at: Instant) {
    let zone = judge.objective.planned_zone().to_owned();
    let missed = judge.objective.verdicts.iter().filter(|known| matches!(known.verdict, Verdict::Missed(_)));
    let of_slot = missed.filter_map(|known| known.judged);
    let late: Vec<JudgedSlot> =
        of_slot.filter(|judged| belongs(judged.window, judged.slot, &run.run, &zone)).collect();
    for judged in late {
        slot_ends::note(judge.objective, &judged, ended_at);
    }
}

/// Retracts the verdicts on slots in which `run` succeeded in time: it was observed only after the verdict.
fn retract(judge: &mut Judge<'_>, run: &RunState, ended_at: Instant) {
    let zone = judge.objective.planned_zone().to_owned();
    let is_served = |judged: &JudgedSlot| {
        belongs(judged.window, judged.slot, &run.run, &zone) && ended_at <= judged.until
    };
    let mut retracted = Vec::new();
    for known in &mut judge.objective.verdicts {
        if let Verdict::Missed(_) | Verdict::Unknown(_) = known.verdict
            && let Some(judged) = known.judged.filter(is_served)
        {
            let was_unknown = matches!(known.verdict, Verdict::Unknown(_));
            known.verdict = Verdict::Met { ended_at };
            retracted.push((judged, was_unknown));
        }
    }
    for (judged, was_unknown) in retracted {
        slot_ends::note(judge.objective, &judged, ended_at);
        let JudgedSlot { slot, incident, muted, .. } = judged;
        let verdict = Verdict::Met { ended_at };
        let misses = incident.map_or(0, |id| remove_from_incident(judge.objective, id, &judged));
        if muted {
            // It was no alert.
        } else if was_unknown && unknown::is_of_range(judge.objective, slot.deadline) {
            unknown::count(judge.objective, slot.deadline, verdict);
        } else {
            let run = Some(summary_of_run(run));
            judge.raise(slot.deadline, AlertBody::SlotRetracted { slot, incident, misses, ended_at, run });
        }
        judge.emit_verdict(slot.deadline, verdict, false);
        let was = if muted || was_unknown { Counted::Not } else { Counted::Missed };
        budget::count(judge, slot, was, Counted::Met);
    }
    unknown::close(judge);
}

/// Opens an incident with the miss of a slot, or extends the one that is open; `muted_until`: when the mutes of the miss end.
pub(crate) fn add_to_incident(
    judge: &mut Judge<'_>,
    judged: &JudgedSlot,
    muted_until: Option<Instant>,
) -> Incident {
    let (slot, opens) = (judged.slot, judged.opens());
    let incident = match judge.objective.incident {
        // A slot that was unknown until now.
        Some(open) if slot.deadline < open.last.deadline => Incident { misses: open.misses + 1, ..open },
        Some(open) => Incident { misses: open.misses + 1, last: slot, opens, ..open },
        None => Incident {
            id: judge.alert_id("incident", slot.deadline),
            since: slot.deadline,
            misses: 1,
            last: slot,
            opens,
            muted: 0,
            muted_until: None,
        },
    };
    // An alert counts the muted misses before it, so that they need none of their own.
    let incident =
        Incident { muted: incident.muted + u32::from(muted_until.is_some()), muted_until, ..incident };
    judge.objective.incident = Some(incident);
    incident
}

/// Removes a slot from the open incident, if it is that one. Returns how many misses are left in it.
fn remove_from_incident(objective: &mut ObjectiveState, id: Uuid, judged: &JudgedSlot) -> u32 {
    let slot = judged.slot;
    let Some(incident) = objective.incident.as_mut().filter(|incident| incident.id == id) else {
        return 0;
    };
    incident.misses = incident.misses.saturating_sub(1);
    incident.muted = incident.muted.saturating_sub(judged.muted.into());
    incident.muted_until = incident.muted_until.filter(|_| incident.muted > 0);
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

/// Ends the open incident by the first success to end that ends it, unless a deadline before that success is not judged yet:
/// one that is missed, too, belongs to the incident, and the success ends both at once.
pub(crate) fn end_incident(judge: &mut Judge<'_>) {
    end_unless(judge, |judge, incident, ended_at| {
        // A tick alerts what outlasts the mutes first.
        let outlasts = incident.muted_until.is_some_and(|until| ended_at > until);
        outlasts || is_judged_later(judge, ended_at)
    });
}

/// Ends the open incident by the first success to end that ends it.
pub(crate) fn end_incident_at_once(judge: &mut Judge<'_>) {
    end_unless(judge, |_, _, _| false);
}

fn end_unless(judge: &mut Judge<'_>, waits: impl FnOnce(&Judge<'_>, &Incident, Instant) -> bool) {
    let Some(incident) = judge.objective.incident else {
        return;
    };
    let Some((run, ended_at)) = ending(judge.objective, &incident, judge.past()) else {
        return;
    };
    if !waits(judge, &incident, ended_at) {
        recover(judge, incident, run, ended_at);
    }
}

/// How many slots are looked at that are not planned yet.
const SLOTS_AHEAD_MAX: usize = 32;

/// Whether the open slot, or one after it, may turn out to be missed although a success came at `ended_at`, after the time for
/// it. One of which a success in time is known will not, also if it came while the slot before was open.
fn is_judged_later(judge: &Judge<'_>, ended_at: Instant) -> bool {
    let Plan::Open(open) = &judge.objective.plan else { return false };
    let until = |slot: &OpenSlot| slot.slot.deadline + judge.objective.objective.grace;
    let may_be_missed = |slot: &OpenSlot| {
        let is_excused = !slot.slot.whole || slot.window == Window::NoFire;
        !is_excused && successes::met_at(judge, slot, until(slot)).is_none()
    };
    let mut ahead = Some(open.clone());
    for _ in 0..SLOTS_AHEAD_MAX {
        let Some(slot) = ahead.filter(|slot| ended_at > until(slot)) else { return false };
        if may_be_missed(&slot) {
            return true;
        }
        let is_last = judge.objective.withdrawn_at.is_some();
        ahead = if is_last { None } else { slot_after(&judge.objective.objective, judge.cron_job, &slot) };
    }
    true
}

/// The first success to end that ends the incident.
fn ending<'r>(
    objective: &ObjectiveState,
    incident: &Incident,
    past: Past<'r>,
) -> Option<(&'r RunState, Instant)> {
    let (from, opens) = (incident.last.from, incident.opens);
    Missed { from, opens, until: until(objective, incident), zone: objective.planned_zone() }
        .first_to_end(past, &objective.objective)
}

/// The runs that end an incident, at once or once the open slots are missed: each is kept until then, since the alert
/// describes it.
pub(crate) fn would_end(state: &BatchState) -> Vec<&str> {
    let of_incident = |objective: &ObjectiveState| {
        let incident = objective.incident.as_ref()?;
        Some(ending(objective, incident, Past::of(state))?.0)
    };
    let of_open_slot = |objective: &ObjectiveState| {
        let Plan::Open(open) = &objective.plan else {
            return None;
        };
        let until = open.slot.deadline + objective.objective.grace;
        let missed = Missed { from: open.slot.from, opens: open.opens(), until, zone: &open.time_zone };
        Some(missed.first_to_end(Past::of(state), &objective.objective)?.0)
    };
    let runs = state.objectives.values().flat_map(|known| [of_incident(known), of_open_slot(known)]);
    runs.flatten().map(|run| run.revision.uid.as_str()).collect()
}

/// The last missed slot of an incident.
struct Missed<'a> {
    from: Instant,
    opens: Instant,
    until: Instant,
    zone: &'a str,
}

impl Missed<'_> {
    /// Whether a success ends the incident: its run is of the last missed slot or a later one, and it ended after a success
    /// of that slot stopped counting. A run made ahead for a later slot may have ended long before.
    fn is_ended_by(&self, run: &RunState, ended_at: Instant) -> bool {
        let is_of_slot_or_later = match marked(run.run.slot, self.zone) {
            Some(mark) => mark > self.from,
            None => run.run.nominal_start() >= self.opens,
        };
        is_of_slot_or_later && ended_at > self.until
    }

    fn first_to_end<'r>(&self, past: Past<'r>, objective: &Objective) -> Option<(&'r RunState, Instant)> {
        let successes = past.runs.iter().filter_map(|run| Some((run, ended_at(run)?)));
        let ending = successes.filter(|(run, ended_at)| self.is_ended_by(run, *ended_at));
        let ending = ending.filter(|(run, _)| expectation::counts(objective, past, run));
        ending.min_by_key(|(_, ended_at)| *ended_at)
    }
}

/// Until when a success of the incident's last slot counted: its deadline and grace. Of a verdict that is no longer kept the
/// grace is that of today.
fn until(objective: &ObjectiveState, incident: &Incident) -> Instant {
    let judged = objective.verdicts.iter().rev().find(|known| known.deadline == incident.last.deadline);
    let unknown = incident.last.deadline + objective.objective.grace;
    judged.and_then(|known| known.judged).map_or(unknown, |judged| judged.until)
}

fn recover(judge: &mut Judge<'_>, incident: Incident, run: &RunState, ended_at: Instant) {
    let result_of = result_of(judge, &incident, run);
    let Incident { id, since, misses, last: slot, .. } = incident;
    judge.objective.incident = None;
    if incident.is_silent() {
        return;
    }
    let run = summary_of_run(run);
    judge.raise(
        since,
        AlertBody::SlotRecovered { slot, incident: id, since, misses, ended_at, run, result_of },
    );
}

/// Of which slot a run that ends an incident is the result: of the last missed one if it belongs to it. A run that no schedule
/// made repeats that one, too, unless it came after an expected fire of a later slot: where no schedule is known, or a
/// freshness is given, no run that is made after the deadline belongs to the slot.
fn result_of(judge: &Judge<'_>, incident: &Incident, run: &RunState) -> ResultOf {
    let slot = incident.last;
    let of_slot = judge.objective.verdicts.iter().rev().find(|known| known.deadline == slot.deadline);
    // The verdict may be one that is no longer kept.
    let window = of_slot.and_then(|known| known.judged).map_or(Window::Slot, |judged| judged.window);
    let next_fire = match window {
        Window::Fires { closes, .. } => closes.filter(|closes| *closes > slot.deadline),
        Window::NoFire | Window::Slot | Window::Fresh { .. } => None,
    };
    let is_unscheduled = run.run.scheduled_at.is_none() && run.run.slot.is_none();
    let repeats = is_unscheduled && next_fire.is_none_or(|fire| run.run.nominal_start() < fire);
    match repeats || belongs(window, slot, &run.run, judge.objective.planned_zone()) {
        true => ResultOf::MissedSlot,
        false => ResultOf::LaterSlot,
    }
}
