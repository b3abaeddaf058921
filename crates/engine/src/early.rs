//! What is decided before the deadline of a slot whose runs did not do what the objective expects.
//!
//! ```text
//!                                  no run of the slot is under way or expected any more
//!  a run succeeds ──> broken ──────────────────────────────────────────────────────────> missed, before the deadline
//!     │                 │  a pod, observed later, shows the numbers                            │  another run succeeds
//!     v                 │                                                                      v
//!    met <──────────────┘                                                                  retracted
//! ```
//!
//! What is observed late is waited for as long as for a verdict: the objective's settle.

use chrono::TimeDelta;
use kigen_model::Instant;
use kigen_model::alert::AlertBody;
use kigen_model::expectation::Broken;
use kigen_model::risk::RiskKind;
use kigen_model::run::RunPhase;
use kigen_model::slot::Gap;
use kigen_state::{OpenSlot, Plan, RunState, Window};

use crate::attempts::ended_at;
use crate::context::Judge;
use crate::effect::summary_of_run;
use crate::expectation;
use crate::membership::belongs;
use crate::successes;
use crate::window;

/// What must be decided before the deadline: every run of the open slot that succeeded broke the expectation.
struct Next<'r> {
    /// From when on: then what is observed late is known.
    due: Instant,
    /// When the slot's window opens.
    opens: Instant,
    /// The latest of the runs.
    run: &'r RunState,
    broken: Vec<Broken>,
    counts: bool,
}

/// When it must be decided whether the runs of the open slot did what is expected; `None`: that is not in question, or other runs
/// may still do it.
pub(crate) fn due(judge: &Judge<'_>) -> Option<Instant> {
    next(judge).map(|next| next.due)
}

fn next<'r>(judge: &Judge<'r>) -> Option<Next<'r>> {
    let (spec, objective) = (&judge.objective.objective, &*judge.objective);
    let expect = spec.expect.as_ref()?;
    let open = objective.plan.open()?;
    let is_excused = !open.slot.whole || open.window == Window::NoFire;
    let is_decided =
        open.met_at.is_some() && !expect.counts || open.warned_of.contains(&RiskKind::Expectation);
    let until = open.slot.deadline + spec.grace;
    let is_met_apart = || successes::of_slot(judge, open, until).next().is_some();
    if is_excused || is_decided || objective.withdrawn_at.is_some() || is_met_apart() {
        return None;
    }
    let is_of_slot = |run: &&RunState| belongs(open.window, open.slot, &run.run, &open.time_zone);
    let of_slot: Vec<&RunState> = judge.runs.iter().filter(is_of_slot).collect();
    let ends: Option<Vec<Instant>> = of_slot.iter().map(|run| over_at(run)).collect();
    // Else one is under way.
    let last_end = ends?.into_iter().max()?;
    let last_start = of_slot.iter().map(|run| run.run.nominal_start()).max()?;
    let succeeded = of_slot.into_iter().filter_map(|run| Some((run, ended_at(run)?)));
    let succeeded: Vec<_> = succeeded.filter(|(_, ended_at)| *ended_at <= until).collect();
    let (run, _) = *succeeded.iter().max_by_key(|(_, ended_at)| *ended_at)?;
    let past = judge.past();
    let broken = expectation::broken(expect, past, run);
    let is_met = |(run, _): &(&RunState, Instant)| expectation::broken(expect, past, run).is_empty();
    if broken.is_empty() || expects_more(judge, open, last_start, until) || succeeded.iter().any(is_met) {
        return None;
    }
    // A slot that has not begun is not judged: by a freshness, or by its mark, a run may belong to it as well.
    let due = (last_end + spec.settle).max(open.slot.from);
    Some(Next { due, opens: open.opens(), run, broken, counts: expect.counts })
}

/// When a run was over, however it ended; `None`: it is not.
fn over_at(run: &RunState) -> Option<Instant> {
    match run.run.phase {
        RunPhase::Succeeded { .. } => ended_at(run),
        RunPhase::Failed { failed_at, .. } => Some(failed_at),
        RunPhase::Deleted { observed_at } => Some(observed_at),
        RunPhase::Pending | RunPhase::Running | RunPhase::Suspended => None,
    }
}

/// Whether a further run of the slot than the last one is expected that may end in time; of Jobs without a schedule that is not
/// known, and where a freshness is given any may come.
fn expects_more(judge: &Judge<'_>, open: &OpenSlot, last_start: Instant, until: Instant) -> bool {
    let moment = TimeDelta::milliseconds(1);
    let closes = match open.window {
        Window::Fires { closes: Some(closes), .. } => closes.min(until),
        Window::Fresh { .. } => until.min(open.slot.deadline + moment),
        Window::Fires { closes: None, .. } | Window::NoFire | Window::Slot => until,
    };
    let (from, to) = (last_start + moment, closes - moment);
    match window::fires_between(&judge.objective.objective, judge.cron_job, from, to, 1) {
        Some(fires) => !fires.is_empty(),
        None => matches!(open.window, Window::Fresh { .. }),
    }
}

/// What follows from the runs of the open slot before its deadline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Early {
    /// Nothing yet.
    Nothing,
    /// It is missed.
    Missed {
        /// When the last of its runs had ended.
        since: Instant,
    },
}

/// Decides whether the open slot is missed before its deadline, or warns that the run that met it broke the expectation.
pub(crate) fn decide(judge: &mut Judge<'_>, gaps: &[Gap]) -> Early {
    let at = judge.at;
    let found = next(judge).filter(|next| next.due <= at);
    // A run that came and went unobserved may have done what is expected.
    let found = found.filter(|next| !gaps.iter().any(|gap| gap.overlaps(next.opens, at)));
    let Some(Next { due, run, broken, counts, .. }) = found else {
        return Early::Nothing;
    };
    let since = due - judge.objective.objective.settle;
    if !counts {
        return Early::Missed { since };
    }
    if judge.muted_until(since).is_some() {
        return Early::Nothing;
    }
    if let Plan::Open(open) = &mut judge.objective.plan {
        open.warned_of.push(RiskKind::Expectation);
        let slot = open.slot;
        let run = summary_of_run(run);
        judge.raise(slot.deadline, AlertBody::ExpectationBroken { slot, broken, run });
    }
    Early::Nothing
}
