//! The error budget of an objective with a target: how many of its slots may be missed in the days up to the last deadline.
//!
//! A slot counts once it is judged, on the day of its deadline. Not counted are those that are excused, unknown, or missed while
//! muted; one that is judged again, retracted or outlasts its mute is counted anew. A miss that recovers stays one.
//!
//! A new objective has few slots. So the budget is that of all the deadlines that its days have, of which as large a part is taken
//! off as is excused among those that were judged.

use kigen_model::Instant;
use kigen_model::alert::AlertBody;
use kigen_model::budget::Target;
use kigen_model::slot::{Excuse, Slot, Verdict};
use kigen_state::{Budget, BudgetDay};

use crate::context::Judge;
use crate::deadlines::deadlines;

/// How many deadlines are counted; of more the number is estimated by the time in which these are.
const DEADLINES_MAX: usize = 5_000;
const HOURS_PER_DAY: i64 = 24;

/// As what a slot counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Counted {
    /// It does not.
    Not,
    Excused,
    Met,
    Missed,
}

impl Counted {
    pub(crate) fn of(verdict: Verdict, muted: bool) -> Self {
        match verdict {
            Verdict::Met { .. } => Self::Met,
            // A first, partial slot shows nothing of the others.
            Verdict::Excused(Excuse::Partial) => Self::Not,
            Verdict::Excused(Excuse::NoFire | Excuse::Calendar) => Self::Excused,
            Verdict::Missed(_) if !muted => Self::Missed,
            Verdict::Missed(_) | Verdict::Unknown(_) => Self::Not,
        }
    }

    fn counter(self, day: &mut BudgetDay) -> Option<&mut u32> {
        match self {
            Self::Not => None,
            Self::Excused => Some(&mut day.excused),
            Self::Met => Some(&mut day.met),
            Self::Missed => Some(&mut day.missed),
        }
    }
}

/// Counts the verdict on a slot, which counted as `was` before, and alerts what that spends of the budget.
pub(crate) fn count(judge: &mut Judge<'_>, slot: Slot, was: Counted, is: Counted) {
    let Some(target) = judge.objective.objective.target else {
        judge.objective.budget = Budget::default();
        return;
    };
    let day = Budget::day_of(slot.deadline);
    let last_day = judge.objective.budget.days.last().map(|last| last.day);
    let Some(counts) = judge.objective.budget.day_mut(day, target) else { return };
    if let Some(counter) = was.counter(counts) {
        *counter = counter.saturating_sub(1);
    }
    if let Some(counter) = is.counter(counts) {
        *counter = counter.saturating_add(1);
    }
    // Once a day, and for each decision.
    if is == Counted::Missed || last_day.is_none_or(|last| last < day) {
        judge.objective.budget.slots = expected(judge, slot.deadline, target);
    }
    let report = judge.objective.budget.report(target);
    let (is_half, is_all) =
        (is_spent(report.missed, report.allowed(), 2), is_spent(report.missed, report.allowed(), 1));
    let budget = &mut judge.objective.budget;
    let (is_new_half, is_new_all) = (is_half && !budget.is_half_alerted, is_all && !budget.is_all_alerted);
    if is != Counted::Missed {
        // It may be spent once more.
        (budget.is_half_alerted, budget.is_all_alerted) =
            (budget.is_half_alerted && is_half, budget.is_all_alerted && is_all);
        return;
    }
    (budget.is_half_alerted, budget.is_all_alerted) = (is_half, is_all);
    if is_new_all || is_new_half && !is_all {
        let body = AlertBody::BudgetSpent { slot, is_all, budget: report };
        judge.raise(slot.deadline, body);
    }
}

/// Whether an n-th part of the misses that are allowed is missed. Where none is, or one, the first miss spends all.
fn is_spent(missed: u32, allowed: u32, part: u32) -> bool {
    missed > 0 && u64::from(missed) * u64::from(part) >= u64::from(allowed)
}

/// How many slots the days of the target have up to a deadline, those that are excused not counted.
fn expected(judge: &Judge<'_>, until: Instant, target: Target) -> u32 {
    let BudgetDay { met, missed, excused, .. } = judge.objective.budget.sum();
    let judged = u64::from(met) + u64::from(missed);
    let days = i64::from(target.over_d);
    let span = chrono::TimeDelta::hours(HOURS_PER_DAY * days);
    let Ok(deadlines) = deadlines(&judge.objective.objective, judge.objective.planned_zone()) else {
        return u32::try_from(judged).unwrap_or(u32::MAX);
    };
    let from = until - span;
    let mut last = from;
    let counted = deadlines.after(from).take_while(|at| *at <= until).take(DEADLINES_MAX);
    let count = u64::try_from(counted.inspect(|at| last = *at).count()).unwrap_or(u64::MAX);
    let all = match count < DEADLINES_MAX as u64 {
        true => count,
        false => {
            let (span, counted) =
                (span.num_seconds().unsigned_abs(), (last - from).num_seconds().unsigned_abs());
            count * span / counted.max(1)
        }
    };
    let share = judged + u64::from(excused);
    // Rounded up: a part of a slot is one that may be missed.
    let expected = if share == 0 { all } else { (all * judged).div_ceil(share) };
    u32::try_from(expected.max(judged)).unwrap_or(u32::MAX)
}
