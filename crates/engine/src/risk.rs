//! Whether the open slot of an objective is at risk, by what its batch's past runs took.
//!
//! When that must be decided next is planned with the slot, and again when a run of it begins: it is an instant in the same
//! time-ordered index as the deadlines, and a tick decides. What is known then may be more than when it was planned.
//!
//! ```text
//!            no run has begun, and what is left is          a run begins
//!            what nine in ten runs need, or the                 │
//!            objective wants one to have begun                  │
//!  planned ─────────────────────────> not started ──────────────┤
//!     │                                                         v
//!     └──────────── a run begins ──────────────────────> under way ──> running late
//!
//!  from each:  a run succeeds in time, the deadline is moved, nothing is judged any more ──> over, if it was warned of
//!              the slot is missed ──> the miss
//! ```

use chrono::TimeDelta;
use kigen_model::Instant;
use kigen_model::alert::{AlertBody, PAST_SUCCESSES_MAX};
use kigen_model::risk::{Risk, RiskKind};
use kigen_model::run::RunPhase;
use kigen_model::slot::{Gap, RunSummary};
use kigen_state::{Activity, Calendars, OpenSlot, Plan, RunState, Window};

use crate::context::Judge;
use crate::day_off::is_open_day_off;
use crate::early;
use crate::effect::{summary_at, summary_of_run};
use crate::membership::{Place, belongs};
use crate::past_runs::{self, PAST_RUNS_MIN, RunTimes, nine_in_ten, shortest_but};
use crate::successes;
use crate::window;

/// How long after its expected fire a run has not begun late, in seconds: a pod is scheduled and its image pulled.
const BEGINS_WITHIN_S: i64 = 60;

/// Plans when it must be decided next whether the open slot is at risk.
pub(crate) fn plan(judge: &mut Judge<'_>) {
    let due = next(judge).map(|next| next.due).into_iter().chain(early::due(judge)).min();
    if let Plan::Open(open) = &mut judge.objective.plan {
        open.risk_due = due;
    }
}

/// Decides whether the open slot is at risk, and warns of it.
pub(crate) fn decide(judge: &mut Judge<'_>, gaps: &[Gap], calendars: &Calendars) {
    let at = judge.at;
    // After an outage the deadline may have passed: the verdict comes with the same tick.
    let is_day_off = is_open_day_off(judge.objective, calendars);
    let found = next(judge).filter(|next| next.due <= at && at < next.until && !is_day_off);
    // Of a muted slot there is no warning; of one after the mute, when that has ended.
    let found = found.filter(|next| judge.muted_until(next.until).is_none());
    if let Some(ended) = found.as_ref().and_then(|_| judge.muted_until(at)) {
        if let Plan::Open(open) = &mut judge.objective.plan {
            open.risk_due = Some(ended);
        }
        return;
    }
    // A run that vanished unobserved may have begun, and ended well.
    let is_hidden =
        |next: &Next<'_>| next.run.is_none() && gaps.iter().any(|gap| gap.overlaps(next.opens, at));
    let found = found.filter(|next| !is_hidden(next));
    if let Some((risk, run)) = found.map(|next| (next.risk(at), next.explained_by(judge))) {
        warn(judge, risk, run.map(|run| summary_at(run, at)));
    }
    plan(judge);
    if let Plan::Open(open) = &mut judge.objective.plan {
        // What has not put it at risk by now does so only after another fact, which plans anew.
        open.risk_due = open.risk_due.filter(|due| *due > at);
    }
}

/// Emits a warning about the open slot, once of each kind.
pub(crate) fn warn(judge: &mut Judge<'_>, risk: Risk, run: Option<RunSummary>) {
    let Plan::Open(open) = &mut judge.objective.plan else {
        return;
    };
    if open.warned_of.contains(&risk.kind()) {
        return;
    }
    open.warned_of.push(risk.kind());
    let (slot, opens) = (open.slot, open.opens());
    let past = past_runs::before(judge.runs, judge.past_runs, opens, PAST_SUCCESSES_MAX);
    judge.raise(slot.deadline, AlertBody::SlotAtRisk { slot, risk, run, past });
}

/// The warnings about the run of the open slot are over: its result came in time, or (`None`) its deadline was moved, or
/// nothing is judged there any more. Those that are about many slots stay.
pub(crate) fn end(judge: &mut Judge<'_>, ended_at: Option<Instant>, run: Option<&RunState>) {
    let Plan::Open(open) = &mut judge.objective.plan else {
        return;
    };
    open.risk_due = None;
    let is_of_run = |kind: &RiskKind| matches!(kind, RiskKind::NotStarted | RiskKind::RunningLate);
    if open.warned_of.iter().any(is_of_run) {
        open.warned_of.retain(|kind| !is_of_run(kind));
        let (slot, run) = (open.slot, run.map(summary_of_run));
        judge.raise(slot.deadline, AlertBody::RiskOver { slot, ended_at, run });
    }
}

/// Since when a run is under way or was, if it has begun: a pod of it ran. A Job that waits for its pods has not begun.
pub(crate) fn began_at(run: &RunState) -> Option<Instant> {
    let runs_since = run.moments.iter().find(|moment| moment.activity == Activity::Runs);
    let has_begun = match run.run.phase {
        RunPhase::Running | RunPhase::Succeeded { .. } | RunPhase::Failed { .. } => true,
        RunPhase::Pending | RunPhase::Suspended | RunPhase::Deleted { .. } => runs_since.is_some(),
    };
    let since = run.run.started_at.or(runs_since.map(|moment| moment.from));
    has_begun.then(|| since.unwrap_or(run.run.created_at))
}

/// What puts the open slot at risk next if nothing changes.
struct Next<'r> {
    /// From when on.
    due: Instant,
    /// When the slot's window opens.
    opens: Instant,
    /// Until when a success counts.
    until: Instant,
    /// When the objective wants a run to have begun, if none has.
    must_begin: Option<MustBegin>,
    /// The run that is under way, and since when; `None`: no run has begun.
    run: Option<(&'r RunState, Instant)>,
    times: RunTimes,
}

/// What puts the open slot at risk next, unless that was warned of.
fn next<'r>(judge: &Judge<'r>) -> Option<Next<'r>> {
    let Plan::Open(open) = &judge.objective.plan else {
        return None;
    };
    let is_excused = !open.slot.whole || open.window == Window::NoFire;
    let (opens, until) = (open.opens(), open.slot.deadline + judge.objective.objective.grace);
    // Its result may have come while the slot before it was open.
    let is_met = || successes::met_at(judge, open, until).is_some();
    if is_excused || judge.objective.withdrawn_at.is_some() || is_met() {
        return None;
    }
    let is_of_slot = |run: &&RunState| belongs(open.window, open.slot, &run.run, &open.time_zone);
    let began = judge.runs.iter().filter(is_of_slot).filter_map(|run| Some((run, began_at(run)?)));
    let (has_begun, under_way) = began.fold((false, Vec::new()), |(_, mut under_way), begun| {
        under_way.extend(Some(begun).filter(|(run, _)| !run.run.phase.is_terminal()));
        (true, under_way)
    });
    let kind = if has_begun { RiskKind::RunningLate } else { RiskKind::NotStarted };
    // A run that does not count may have been dropped, behind many newer ones.
    let was_there = || {
        let has_marks = judge.successes.iter().any(|success| success.slot.is_some());
        let marks = if has_marks { judge.successes } else { &[] };
        let mut places = judge.past_runs.iter().map(|past| Place::of_past(past, marks));
        places.any(|place| belongs(open.window, open.slot, place, &open.time_zone))
    };
    if open.warned_of.contains(&kind) || under_way.is_empty() && (has_begun || was_there()) {
        return None;
    }
    let times = RunTimes::of(judge.runs, judge.past_runs);
    let must_begin = must_begin(judge, open).filter(|_| !has_begun);
    let (due, run) = match has_begun {
        // Each of several runs may bring the result in time: the slot is at risk when the last of them is late.
        true => {
            let late = under_way.into_iter().map(|run| Some((late_from(&times, run.1, until)?, Some(run))));
            late.collect::<Option<Vec<_>>>()?.into_iter().max_by_key(|(due, _)| *due)?
        }
        false => {
            let by = must_begin.map(|must_begin| must_begin.by);
            (not_started_from(&times, opens, until).into_iter().chain(by).min()?, None)
        }
    };
    (due < until).then_some(Next { due, opens, until, must_begin, run, times })
}

impl<'r> Next<'r> {
    /// The warning at `at`.
    fn risk(&self, at: Instant) -> Risk {
        let took = &self.times.took;
        let of_runs = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        let Some((_, since)) = self.run else {
            let expected_at = self.must_begin.map_or(self.opens, |must_begin| must_begin.expected_at);
            let (needs, of_runs) = (nine_in_ten(took), of_runs(took.len()));
            let start_by = self.must_begin.filter(|must_begin| must_begin.by <= at);
            let start_by = start_by.map(|must_begin| must_begin.by - must_begin.expected_at);
            return Risk::NotStarted { expected_at, needs, of_runs, start_by };
        };
        let longer = longer_than(took, self.until - since);
        let as_long = took.iter().filter(|took| **took >= at - since).count();
        match took.iter().max() {
            Some(longest) if longer == 0 => {
                Risk::LongerThanEver { since, longest: *longest, of_runs: of_runs(took.len()) }
            }
            _ => Risk::RunningLate { since, longer: of_runs(longer), of_runs: of_runs(as_long) },
        }
    }

    /// The run that the warning describes: the one that runs late; else the one that waits, or else an earlier one that is under
    /// way and may be in the way.
    fn explained_by(&self, judge: &Judge<'r>) -> Option<&'r RunState> {
        let is_open = |run: &&RunState| !run.run.phase.is_terminal();
        let waits = |run: &&RunState| run.run.nominal_start() >= self.opens;
        let open = || judge.runs.iter().rev().filter(is_open);
        self.run.map(|(run, _)| run).or_else(|| open().find(waits)).or_else(|| open().next())
    }
}

/// When the first run of a slot is expected, and when the objective wants it to have begun.
#[derive(Clone, Copy)]
struct MustBegin {
    expected_at: Instant,
    by: Instant,
}

/// When a run of the open slot must have begun, if the objective sets that and a run is expected.
fn must_begin(judge: &Judge<'_>, open: &OpenSlot) -> Option<MustBegin> {
    let spec = &judge.objective.objective;
    let start_by = spec.start_by?;
    let (slot, opens) = (open.slot, open.opens());
    let expected_at = match open.window {
        Window::Fires { .. } => window::expected_at(spec, judge.cron_job, slot, opens),
        Window::Fresh { .. } => {
            *window::fires_between(spec, judge.cron_job, opens, slot.deadline, 1)?.first()?
        }
        Window::NoFire | Window::Slot => return None,
    };
    Some(MustBegin { expected_at, by: expected_at + start_by })
}

/// From when on it is too late that no run has begun: what is left is what nine in ten runs need. Not before nine in ten runs
/// have begun, as far after their expected fire.
fn not_started_from(times: &RunTimes, opens: Instant, until: Instant) -> Option<Instant> {
    let needs = nine_in_ten(&times.took)?;
    let waits = nine_in_ten(&times.waited)?.max(TimeDelta::seconds(BEGINS_WITHIN_S));
    Some((until - needs).max(opens + waits))
}

/// From when on a run that began at `since` is late: at least nine in ten of the past runs that took as long took longer than
/// until `until`, and there are enough of them; or it is unlike all that were in time, and what is left is less than half of
/// what has passed. Unlike them is what takes longer than the longest of them by three quarters of what that one took longer than
/// usual:
/// where runs grow, each is a little longer than all before it.
fn late_from(times: &RunTimes, since: Instant, until: Instant) -> Option<Instant> {
    let took = &times.took;
    if took.len() < PAST_RUNS_MIN {
        return None;
    }
    let may_take = until - since;
    let longer = longer_than(took, may_take);
    // What is as long as all but so many.
    let longest_but = |but: usize| match took.len().checked_sub(but + 1) {
        Some(shorter) => shortest_but(took, shorter),
        None => TimeDelta::zero(),
    };
    let (longest, usual) = (longest_but(longer), shortest_but(took, took.len() / 2));
    let unlike_any = (longest + (longest - usual).max(TimeDelta::zero()) * 3 / 4).max(may_take * 2 / 3);
    let compared = longer * 10 / 9;
    let passed = match compared >= PAST_RUNS_MIN {
        true => longest_but(compared).min(unlike_any),
        false => unlike_any,
    };
    Some(since + passed + TimeDelta::milliseconds(1))
}

/// How many past runs took longer than this.
fn longer_than(took: &[TimeDelta], than: TimeDelta) -> usize {
    took.iter().filter(|took| **took > than).count()
}
