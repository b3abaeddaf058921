//! Whether the alerts about spent budgets follow from the judge's own verdicts, by the contract's section 9 and ADR 44 alone.
//!
//! What these leave open (how a share of slots is rounded, which spec of an edited deadline counts the slots) is read each way, and
//! each alert must be right by one of the readings that were right so far.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Days, NaiveDate, NaiveTime, TimeDelta};
use kigen_model::Instant;
use kigen_model::alert::{Alert, AlertBody};
use kigen_model::budget::{BudgetReport, Target};

use crate::answer::{Disagreement, Later, ObjectiveAnswer, Right};
use crate::judge::expected::Case;
use crate::judge::slots::{Early, Planned};
use crate::undisturbed::Undisturbed;
use crate::verdicts::disagreement;

/// How much of a budget is spent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Spent {
    Less,
    Half,
    All,
}

/// What becomes of the count of a slot.
#[derive(Clone, Copy)]
enum Change {
    Met,
    Missed,
    Excused {
        is_whole: bool,
    },
    /// It was counted as missed, and is met.
    Retracted,
    /// It is judged, and not counted.
    Uncounted,
}

/// The slots of a day.
#[derive(Clone, Copy, Default)]
struct Day {
    met: u32,
    missed: u32,
    excused: u32,
    /// Excused, of a first, partial slot.
    partial: u32,
}

/// A reading of how much may be missed.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Reading {
    slots: u32,
    missed: u32,
    spent: Spent,
}

impl Reading {
    /// Whether this is alerted of a miss, if so much was alerted to be spent before.
    fn allows(&self, flag: Spent, alert: Option<(Spent, BudgetReport)>) -> bool {
        let is_alerted = self.spent > flag;
        match alert {
            None => !is_alerted,
            Some((spent, report)) => {
                is_alerted
                    && spent == self.spent
                    && (report.slots, report.missed) == (self.slots, self.missed)
            }
        }
    }
}

/// Where they do not.
pub(super) fn compare(
    case: Case<'_>,
    early: &Early,
    answer: &ObjectiveAnswer,
    found: &Undisturbed,
) -> Vec<Disagreement> {
    let planned = case.planned(early, usize::MAX);
    let mut reported: BTreeMap<(usize, Instant), (Spent, BudgetReport)> = BTreeMap::new();
    let is_of_it = |alert: &Alert| {
        alert.key == answer.key && alert.objective.as_ref().is_some_and(|it| it.name == answer.objective)
    };
    let differ = |deadline: Instant, right: String, reported: String| {
        vec![disagreement((&answer.key, &answer.objective, deadline), right, reported)]
    };
    for raised in found.alerts[answer.partition].iter().filter(|raised| is_of_it(&raised.alert)) {
        if let AlertBody::BudgetSpent { slot, is_all, budget } = raised.alert.body {
            let spent = if is_all { Spent::All } else { Spent::Half };
            if reported.insert((raised.index, slot.deadline), (spent, budget)).is_some() {
                return differ(slot.deadline, "one alert for a miss".to_owned(), format!("{budget:?}"));
            }
        }
    }
    let mut of_life = None;
    let mut budget = Budget::default();
    for (index, nth, change) in changes(answer) {
        let (slot, life) = (&planned[nth], answer.slots[nth].life);
        if of_life.replace(life).is_some_and(|before| before != life) {
            budget = Budget::default();
        }
        let Some(target) = slot.target() else { continue };
        budget.note(slot.deadline, change);
        let readings = budget.readings(target, &planned, nth);
        let alert = reported.remove(&(index, slot.deadline));
        if !matches!(change, Change::Missed) {
            budget.flags = budget
                .flags
                .iter()
                .flat_map(|flag| readings.iter().map(|reading| reading.spent.min(*flag)))
                .collect();
            if alert.is_some() {
                return differ(
                    slot.deadline,
                    "no budget is spent without a miss".to_owned(),
                    format!("{alert:?}"),
                );
            }
            continue;
        }
        let pairs = readings.iter().flat_map(|reading| budget.flags.iter().map(move |flag| (reading, *flag)));
        let right = pairs.filter(|(reading, flag)| reading.allows(*flag, alert));
        let flags: BTreeSet<Spent> = right.map(|(reading, _)| reading.spent).collect();
        if flags.is_empty() {
            let shown = readings.iter().map(|it| format!("{:?}: {} of {}", it.spent, it.missed, it.slots));
            let right =
                format!("after {:?}, by {target}: {}", budget.flags, shown.collect::<Vec<_>>().join(" or "));
            return differ(slot.deadline, right, format!("{alert:?}"));
        }
        budget.flags = flags;
    }
    match reported.into_iter().next() {
        Some(((_, deadline), alert)) => differ(deadline, "no miss".to_owned(), format!("{alert:?}")),
        None => Vec::new(),
    }
}

/// What becomes of the slots, in the log's order: the index of the event, the slot's place, and the change.
fn changes(answer: &ObjectiveAnswer) -> Vec<(usize, usize, Change)> {
    let mut changes = Vec::new();
    for (nth, slot) in answer.slots.iter().enumerate() {
        let (Some(judged_at), Some(right)) = (slot.judged_at, slot.right.first()) else { continue };
        let change = match right {
            Right::Met { .. } => Change::Met,
            Right::Missed { .. } => Change::Missed,
            Right::Excused => Change::Excused { is_whole: slot.whole },
            Right::Unknown => Change::Uncounted,
        };
        changes.push((judged_at, nth, change));
        let mut is_missed = matches!(right, Right::Missed { .. });
        for later in &slot.later {
            let change = match later {
                Later::Met { .. } if is_missed => Change::Retracted,
                Later::Met { .. } => Change::Met,
                Later::Missed { .. } => Change::Missed,
            };
            is_missed = matches!(later, Later::Missed { .. });
            changes.push((later.index(), nth, change));
        }
    }
    changes.sort_by_key(|(index, nth, _)| (*index, *nth));
    changes
}

struct Budget {
    days: BTreeMap<NaiveDate, Day>,
    /// The last day of which a slot was judged, and of which one was counted.
    judged: Option<NaiveDate>,
    counted: Option<NaiveDate>,
    /// How much is alerted to be spent, by each reading.
    flags: BTreeSet<Spent>,
}

impl Default for Budget {
    fn default() -> Self {
        let flags = BTreeSet::from([Spent::Less]);
        Self { days: BTreeMap::new(), judged: None, counted: None, flags }
    }
}

impl Budget {
    fn note(&mut self, deadline: Instant, change: Change) {
        let date = deadline.date_naive();
        self.judged = self.judged.max(Some(date));
        let day = self.days.entry(date).or_default();
        match change {
            Change::Met => day.met += 1,
            Change::Missed => day.missed += 1,
            Change::Excused { is_whole: true } => day.excused += 1,
            Change::Excused { is_whole: false } => day.partial += 1,
            Change::Retracted => (day.missed, day.met) = (day.missed.saturating_sub(1), day.met + 1),
            Change::Uncounted => {}
        }
        if !matches!(change, Change::Uncounted | Change::Excused { is_whole: false }) {
            self.counted = self.counted.max(Some(date));
        }
    }

    fn readings(&self, target: Target, planned: &[Planned], nth: usize) -> Vec<Reading> {
        let mut readings: Vec<Reading> = Vec::new();
        let lasts: BTreeSet<NaiveDate> = [self.judged, self.counted].into_iter().flatten().collect();
        for last in lasts {
            let first = last - Days::new(u64::from(target.over_d) - 1);
            let begin = |date: NaiveDate| date.and_time(NaiveTime::MIN).and_utc();
            let (from, to) = (begin(first), begin(last + Days::new(1)));
            let of_days = || self.days.range(first..=last).map(|(_, day)| day);
            let missed = of_days().map(|day| day.missed).sum();
            // An edit is in force for the slot after those that were planned before it.
            let sources = planned[nth..].iter().take(2);
            // As many days up to the last deadline may be meant as well, of which the clocks' changes make another number.
            let until = planned[nth].deadline + TimeDelta::milliseconds(1);
            let since = until - TimeDelta::days(i64::from(target.over_d));
            let spans = [(from, to), (since, until)];
            let counts: BTreeSet<usize> =
                sources.flat_map(|slot| spans.map(|(from, to)| slot.deadlines(from, to).len())).collect();
            for count in counts.into_iter().filter_map(|count| u32::try_from(count).ok()) {
                for has_partial in [false, true] {
                    let excused: u32 =
                        of_days().map(|day| day.excused + if has_partial { day.partial } else { 0 }).sum();
                    let judged = excused + of_days().map(|day| day.met + day.missed).sum::<u32>();
                    // After an edit there may have been more.
                    for slots in less_share(count, excused, judged).into_iter().chain([judged - excused]) {
                        let slots = slots.max(judged - excused);
                        let allowed = target.misses_allowed(slots);
                        let spent = if missed >= allowed.max(1) {
                            Spent::All
                        } else if allowed >= 2 && missed * 2 >= allowed {
                            Spent::Half
                        } else {
                            Spent::Less
                        };
                        let reading = Reading { slots, missed, spent };
                        if !readings.contains(&reading) {
                            readings.push(reading);
                        }
                    }
                }
            }
        }
        readings
    }
}

/// A count less the share that was excused of those that were judged, rounded either way.
fn less_share(count: u32, excused: u32, judged: u32) -> Vec<u32> {
    if judged == 0 {
        return vec![count];
    }
    let (least, most) = ((count * excused) / judged, (count * excused).div_ceil(judged));
    vec![count.saturating_sub(least), count.saturating_sub(most)]
}
