//! The verdict on a slot whose time has come.

use kigen_model::Instant;
use kigen_model::alert::{Alert, AlertBody, PAST_SUCCESSES_MAX};
use kigen_model::objective::Deadlines;
use kigen_model::slot::{Cause, Excuse, Gap, Slot, Verdict};
use kigen_model::trend::Trend;
use kigen_state::{BatchState, Calendars, Incident, Judged, JudgedSlot, Mutes, OpenSlot, Plan, Window};

use crate::budget::{self, Counted};
use crate::cause;
use crate::context::{Batch, Judge};
use crate::day_off::{is_day_off, is_open_day_off};
use crate::early::{self, Early};
use crate::effect::{instant_text, summary_at};
use crate::evidence::{self, GapEvidence};
use crate::forecast;
use crate::incident::{add_to_incident, end_incident, end_incident_at_once};
use crate::past_runs;
use crate::plan;
use crate::retention;
use crate::risk;
use crate::slot_ends;
use crate::successes;
use crate::unknown;

/// Judges the slots, and decides whether those are at risk, that are due first, all at one instant, if that has come.
pub(crate) fn judge_due(batch: &mut Batch<'_>, gaps: &[Gap], calendars: &Calendars) {
    let Some(due) = batch.state.next_due().filter(|due| *due <= batch.at) else {
        return;
    };
    batch.each_objective(|judge| {
        if judge.objective.unmuted_due() == Some(due) {
            alert_unmuted(judge, gaps);
        } else if judge.objective.risk_due() == Some(due) {
            let early = match is_open_day_off(judge.objective, calendars) {
                true => Early::Nothing,
                false => early::decide(judge, gaps),
            };
            match early {
                Early::Missed { since } => judge_early(judge, since, gaps, calendars),
                Early::Nothing => risk::decide(judge, gaps, calendars),
            }
        } else if judge.objective.due() == Some(due) {
            judge_open(judge, gaps, calendars);
        }
    });
}

/// Judges each slot again whose verdict is unknown, oldest first: a further fact has been observed.
pub(crate) fn judge_again(batch: &mut Batch<'_>) {
    batch.each_objective(|judge| {
        for place in 0..judge.objective.verdicts.len() {
            let known = judge.objective.verdicts[place];
            if let Judged { deadline, verdict: Verdict::Unknown(gap), judged: Some(judged) } = known {
                judge.objective.verdicts[place] = judge_unknown(judge, deadline, judged, gap);
            }
        }
        unknown::close(judge);
    });
}

fn judge_unknown(judge: &mut Judge<'_>, deadline: Instant, mut judged: JudgedSlot, gap: Gap) -> Judged {
    let (slot, known_muted) = (judged.slot, judged.muted);
    let verdict = match evidence::weigh(judge, &judged, &gap) {
        GapEvidence::Unknown => Verdict::Unknown(gap),
        GapEvidence::Missed => {
            let until = judged.until;
            Verdict::Missed(miss(judge, &mut judged, until, &[gap]).kind())
        }
        GapEvidence::Met { ended_at } => {
            if !judged.muted && !unknown::is_of_range(judge.objective, deadline) {
                let (incident, misses, run) = (None, 0, None);
                judge.raise(deadline, AlertBody::SlotRetracted { slot, incident, misses, ended_at, run });
            }
            slot_ends::note(judge.objective, &judged, ended_at);
            Verdict::Met { ended_at }
        }
    };
    if verdict != Verdict::Unknown(gap) {
        // Whether the slot was muted when it was found unknown.
        if !known_muted {
            unknown::count(judge.objective, deadline, verdict);
        }
        let muted = judged.muted && matches!(verdict, Verdict::Missed(_));
        judge.emit_verdict(deadline, verdict, muted);
        budget::count(judge, slot, Counted::Not, Counted::of(verdict, muted));
    }
    Judged { deadline, verdict, judged: Some(judged) }
}

/// Judges the open slot of an objective and plans the next, unless the objective is withdrawn.
fn judge_open(judge: &mut Judge<'_>, gaps: &[Gap], calendars: &Calendars) {
    let Plan::Open(open) = judge.objective.plan.clone() else {
        return;
    };
    let (slot, place) = (open.slot, judge.place());
    let mut judged = judged_now(judge, &open);
    let withdrawn_at = judge.objective.withdrawn_at.filter(|at| *at < slot.deadline);
    if withdrawn_at.is_some_and(|at| !died_with_its_cron_job(judge, at)) {
        let range = unknown::alert(judge);
        unknown::report(judge, place, range);
        risk::end(judge, None, None);
        return withdraw(judge);
    }
    let verdict = match successes::met_at(judge, &open, judged.until) {
        Some(ended_at) => Verdict::Met { ended_at },
        None if open.window == Window::NoFire => {
            warn_of_no_fire(judge, slot);
            Verdict::Excused(Excuse::NoFire)
        }
        None if is_day_off(&judge.objective.objective, &open, calendars) => {
            Verdict::Excused(Excuse::Calendar)
        }
        None if !slot.whole => Verdict::Excused(Excuse::Partial),
        None => without_success(judge, &mut judged, gaps),
    };
    match verdict {
        Verdict::Met { ended_at } => {
            slot_ends::note(judge.objective, &judged, ended_at);
            risk::end(judge, Some(ended_at), None);
        }
        Verdict::Excused(_) => risk::end(judge, None, None),
        // The verdict has an alert of its own.
        Verdict::Missed(_) | Verdict::Unknown(_) => {}
    }
    let range = note_verdict(judge, judged, verdict);
    // An objective that died with its CronJob is judged once more, at the first deadline after that.
    if withdrawn_at.is_some() {
        unknown::report(judge, place, range);
        return withdraw(judge);
    }
    go_on(judge, slot, verdict, (place, range), calendars);
}

/// Judges the open slot before its deadline: no run of it that is expected did what the objective expects. One that does, and
/// still ends in time, retracts that.
fn judge_early(judge: &mut Judge<'_>, since: Instant, gaps: &[Gap], calendars: &Calendars) {
    let Plan::Open(open) = judge.objective.plan.clone() else {
        return;
    };
    let place = judge.place();
    let mut judged = judged_now(judge, &open);
    let verdict = Verdict::Missed(miss(judge, &mut judged, since, gaps).kind());
    let range = note_verdict(judge, judged, verdict);
    go_on(judge, open.slot, verdict, (place, range), calendars);
}

/// The open slot as it is judged now.
fn judged_now(judge: &Judge<'_>, open: &OpenSlot) -> JudgedSlot {
    let until = open.slot.deadline + judge.objective.objective.grace;
    JudgedSlot { slot: open.slot, window: open.window, until, incident: None, unobserved: None, muted: false }
}

/// Notes a verdict, and returns the alert of the unknown slots before it.
fn note_verdict(judge: &mut Judge<'_>, judged: JudgedSlot, verdict: Verdict) -> Option<Box<Alert>> {
    let deadline = judged.slot.deadline;
    judge.objective.verdicts.push(Judged { deadline, verdict, judged: Some(judged) });
    judge.emit_verdict(deadline, verdict, judged.muted);
    budget::count(judge, judged.slot, Counted::Not, Counted::of(verdict, judged.muted));
    retention::drop_oldest_verdicts(&mut judge.objective.verdicts);
    unknown::alert(judge)
}

/// Plans the slot after one that was judged; `unknown`: the alert of the unknown slots before it, and its place.
fn go_on(
    judge: &mut Judge<'_>,
    slot: Slot,
    verdict: Verdict,
    unknown: (usize, Option<Box<Alert>>),
    calendars: &Calendars,
) {
    let (place, range) = unknown;
    plan::next(judge, slot);
    let may_go_on = matches!(verdict, Verdict::Unknown(_) | Verdict::Excused(_));
    if !(may_go_on && judge.objective.due().is_some_and(|due| due <= judge.at)) {
        unknown::report(judge, place, range);
    }
    unknown::close(judge);
    end_incident(judge);
    forecast::decide(judge, calendars);
}

/// Nothing is judged any more that a success could wait for.
fn withdraw(judge: &mut Judge<'_>) {
    end_incident_at_once(judge);
    judge.objective.withdraw();
}

/// Whether an objective that was withdrawn at this instant died with its CronJob. A person who removed it while the CronJob
/// lived no longer wants it, whatever became of the CronJob later.
fn died_with_its_cron_job(judge: &Judge<'_>, withdrawn_at: Instant) -> bool {
    judge.objective.objective.source.dies_with_its_cron_job()
        && judge
            .cron_job
            .is_none_or(|known| known.deleted_at.is_some_and(|deleted_at| deleted_at <= withdrawn_at))
}

/// The verdict on a slot without a known success in time.
fn without_success(judge: &mut Judge<'_>, judged: &mut JudgedSlot, gaps: &[Gap]) -> Verdict {
    let (opens, settled) = (judged.opens(), judged.until + judge.objective.objective.settle);
    let overlapping = || gaps.iter().rev().filter(|gap| gap.overlaps(opens, settled));
    // Each gap counts: what vanished in an older one is not observed again after the latest. Those of the log come first,
    // since what is known may be older than they are.
    let (of_log, of_watch) =
        (overlapping().filter(|gap| gap.is_of_log), overlapping().filter(|gap| !gap.is_of_log));
    let (mut met, mut hidden_by) = (None, Vec::new());
    for gap in of_log.chain(of_watch) {
        match evidence::weigh(judge, judged, gap) {
            GapEvidence::Met { ended_at } => met = met.or(Some(ended_at)),
            GapEvidence::Unknown => hidden_by.push(*gap),
            GapEvidence::Missed => {}
        }
    }
    if let Some(gap) = hidden_by.first().copied() {
        judged.muted = judge.muted_until(judged.until).is_some();
        if !judged.muted {
            unknown::add(judge.objective, judged.slot, gap);
        }
        // Judged again only by evidence on all of them.
        return Verdict::Unknown(hidden_by.into_iter().fold(gap, Gap::covering));
    }
    match met {
        Some(ended_at) => Verdict::Met { ended_at },
        None => {
            let until = judged.until;
            Verdict::Missed(miss(judge, judged, until, gaps).kind())
        }
    }
}

/// Adds the miss of a slot to the incident, raises it unless the objective was muted at `since`, and returns its cause.
fn miss(judge: &mut Judge<'_>, judged: &mut JudgedSlot, since: Instant, gaps: &[Gap]) -> Cause {
    let muted_until = judge.muted_until(since).max(stalled_until(judge, judged, gaps));
    let incident = add_to_incident(judge, judged, muted_until);
    (judged.incident, judged.muted) = (Some(incident.id), muted_until.is_some());
    match judged.muted {
        true => {
            let cause = cause::of(judge, judged, gaps).0;
            judged.unobserved = cause.gap().copied();
            cause
        }
        false => raise_miss(judge, judged, &incident, gaps),
    }
}

/// Until when the miss of a slot is silent because of a stall of its cluster.
fn stalled_until(judge: &Judge<'_>, judged: &JudgedSlot, gaps: &[Gap]) -> Option<Instant> {
    if !judge.has_stalled() {
        return None;
    }
    match cause::of(judge, judged, gaps).0 {
        Cause::NeverStarted { expected_at } => judge.stalled_until(expected_at),
        Cause::CronJobAbsent
        | Cause::TargetAbsent
        | Cause::Suspended
        | Cause::Failed(_)
        | Cause::Expectation(_)
        | Cause::StillRunning { .. }
        | Cause::Pending { .. }
        | Cause::NotObserved { .. } => None,
    }
}

/// Raises the last muted miss of the incident, unless the objective is still muted. What was missed before it has no alert of its
/// own: the alert counts the misses of the incident.
fn alert_unmuted(judge: &mut Judge<'_>, gaps: &[Gap]) {
    let Some((mut incident, ended)) =
        judge.objective.incident.and_then(|incident| Some((incident, incident.muted_until?)))
    else {
        return;
    };
    incident.muted_until = judge.muted_until(ended).max(judge.stalled_until(ended));
    judge.objective.incident = Some(incident);
    if incident.muted_until.is_some() {
        return;
    }
    incident.muted = incident.muted.saturating_sub(1);
    judge.objective.incident = Some(incident);
    let is_muted = |judged: &JudgedSlot| judged.muted && judged.incident == Some(incident.id);
    let missed = judge.objective.verdicts.iter().rposition(|known| {
        matches!(known.verdict, Verdict::Missed(_)) && known.judged.as_ref().is_some_and(is_muted)
    });
    let kept = missed.and_then(|place| judge.objective.verdicts[place].judged);
    let mut judged = kept.unwrap_or_else(|| last_missed(judge, &incident));
    judged.muted = false;
    let verdict = Verdict::Missed(raise_miss(judge, &mut judged, &incident, gaps).kind());
    let deadline = judged.slot.deadline;
    if let Some(place) = missed {
        judge.objective.verdicts[place] = Judged { deadline, verdict, judged: Some(judged) };
    }
    judge.emit_verdict(deadline, verdict, false);
    budget::count(judge, judged.slot, Counted::Not, Counted::Missed);
    end_incident(judge);
}

/// The last missed slot of an incident, whose verdict is no longer kept.
fn last_missed(judge: &Judge<'_>, incident: &Incident) -> JudgedSlot {
    JudgedSlot {
        slot: incident.last,
        window: Window::Fires { opens: incident.opens, closes: None },
        until: incident.last.deadline + judge.objective.objective.grace,
        incident: Some(incident.id),
        unobserved: None,
        muted: true,
    }
}

/// Moves the ends of mutes that have ended before their time, and of stalls that are over.
pub(crate) fn end_mutes(state: &mut BatchState, mutes: &Mutes) {
    // Nothing is decided here, so that no instant is needed.
    let mut batch = Batch::new(state, Instant::UNIX_EPOCH, mutes);
    batch.each_objective(|judge| {
        let Some(muted) = judge.objective.incident.filter(|incident| incident.muted_until.is_some()) else {
            return;
        };
        let of_incident = |judged: &JudgedSlot| judged.muted && judged.incident == Some(muted.id);
        let known = judge.objective.verdicts.iter().rev().filter_map(|known| known.judged);
        let last = known.clone().find(of_incident);
        let since = last.map_or(muted.last.deadline, |judged| judged.until);
        let stalled_until = last.and_then(|judged| stalled_until(judge, &judged, &[]));
        let until = judge.muted_until(since).max(stalled_until).unwrap_or(since);
        let until = until.min(muted.muted_until.unwrap_or(since));
        judge.objective.incident = Some(Incident { muted_until: Some(until), ..muted });
    });
}

/// Raises the miss of a slot and returns its cause.
fn raise_miss(judge: &mut Judge<'_>, judged: &mut JudgedSlot, incident: &Incident, gaps: &[Gap]) -> Cause {
    let (cause, run) = cause::of(judge, judged, gaps);
    judged.unobserved = cause.gap().copied();
    let past = past_runs::before(judge.runs, judge.past_runs, judged.opens(), PAST_SUCCESSES_MAX);
    // A run that has ended since the deadline is no evidence of how long it takes.
    let running =
        run.filter(|run| matches!(cause, Cause::StillRunning { .. }) && !run.run.phase.is_terminal());
    let trend = Trend::of(&past, running.map(|run| judged.until - run.run.nominal_start()));
    let body = AlertBody::SlotMissed {
        slot: judged.slot,
        incident: incident.id,
        misses: incident.misses,
        cause: cause.clone(),
        run: run.map(|run| summary_at(run, judge.at)),
        past,
        trend,
    };
    judge.raise(judged.slot.deadline, body);
    cause
}

/// Warns, once in the life of an objective, of slots in which no run is expected.
fn warn_of_no_fire(judge: &mut Judge<'_>, slot: Slot) {
    if std::mem::replace(&mut judge.objective.warned_of_no_fire, true) {
        return;
    }
    judge.warn(format!(
        "objective `{}` of {}: no run is expected between {} and the deadline {}, so there is nothing to judge there; \
         if that is not meant, change {} or the schedule of the runs (said once)",
        judge.name,
        judge.key,
        instant_text(slot.from),
        instant_text(slot.deadline),
        match &judge.objective.objective.deadlines {
            Deadlines::CompleteBy { crontab } => format!("`{crontab}`"),
            Deadlines::Before { namespace, cron_job, .. } => format!("`before: {namespace}/{cron_job}`"),
            Deadlines::Reads { .. } => "`reads`".to_owned(),
        },
    ));
}
