//! The independent judge: which verdicts are right, read off the true history of a batch by the contract alone.
//!
//! Naive and slow on purpose, and without any code of the engine. Each slot is judged from nothing: what was known of the
//! batch at the tick that judges it, which window the slot has by the schedules of that time, which runs belong to it, and
//! what became of them.

mod broken;
mod budget;
mod cause;
mod expected;
mod gap;
mod known;
mod slots;
mod verdict;
mod warnings;

use std::collections::BTreeMap;

use kigen_model::Instant;
use kigen_model::run::{Run, RunPhase};
use kigen_model::slot::{CauseKind, Verdict as JudgedAs};

use crate::answer::SUCCESSES_SURELY_KEPT;
use crate::answer::{Again, Disagreement, End, Later, ObjectiveAnswer, Open, Right, SlotAnswer, Success};
use crate::history::{Batch, Declared, Version};
use crate::judge::cause::Causes;
use crate::judge::expected::{Case, EarlyVerdict, Is};
use crate::judge::known::{Known, KnownCluster, KnownSchedule, Tick};
use crate::judge::slots::{Planned, Plans, Window};
use crate::judge::verdict::Verdict;
use crate::judge::warnings::Warnings;
use crate::undisturbed::Undisturbed;
use crate::world::World;

/// Judges each slot of each objective of the world. Where it is open at which tick a slot is judged, it is that of `found`.
#[must_use]
pub fn judge(world: &World, found: &Undisturbed) -> Vec<ObjectiveAnswer> {
    let mut answers = Vec::new();
    for batch in &world.batches {
        let cluster = KnownCluster::of(
            &world.partitions[batch.partition],
            &world.expired[batch.partition],
            &batch.key.cluster,
        );
        let schedules = KnownSchedule::all(batch);
        for declared in &batch.objectives {
            let case = Case { batch, schedules: &schedules, cluster: &cluster, declared };
            answers.push(judge_objective(case, &given(found, batch, declared)));
        }
    }
    answers
}

/// Where the warnings of deadlines at risk, of expectations that are broken and of budgets that are spent are wrong, or one is missing.
/// Budgets follow from the answers.
#[must_use]
pub fn judge_warnings(world: &World, answers: &[ObjectiveAnswer], found: &Undisturbed) -> Vec<Disagreement> {
    let mut differ = Vec::new();
    for batch in &world.batches {
        let (events, expired) = (&world.partitions[batch.partition], &world.expired[batch.partition]);
        let cluster = KnownCluster::of(events, expired, &batch.key.cluster);
        let schedules = KnownSchedule::all(batch);
        for declared in &batch.objectives {
            let case = Case { batch, schedules: &schedules, cluster: &cluster, declared };
            let (early, _) = case.early(&given(found, batch, declared));
            let warnings = Warnings::new(case, early.clone());
            differ.extend(warnings.compare(found));
            let is_of_it = |it: &&ObjectiveAnswer| (&it.key, &it.objective) == (&batch.key, &declared.name);
            if let Some(answer) = answers.iter().find(is_of_it) {
                differ.extend(budget::compare(case, &early, answer, found));
            }
            differ.extend(broken::compare(case, &|before| warnings.planned(before), found));
        }
    }
    differ
}

/// The event that led to the first verdict on a slot, if that was a miss.
fn given(found: &Undisturbed, batch: &Batch, declared: &Declared) -> impl Fn(Instant) -> Option<usize> {
    let mut given: BTreeMap<Instant, (usize, bool)> = BTreeMap::new();
    for judged in &found.verdicts[batch.partition] {
        if judged.key == batch.key && judged.objective == declared.name {
            let is_missed = matches!(judged.verdict, JudgedAs::Missed(_));
            given.entry(judged.deadline).or_insert((judged.index, is_missed));
        }
    }
    move |deadline| given.get(&deadline).filter(|(_, is_missed)| *is_missed).map(|(index, _)| *index)
}

fn judge_objective(case: Case<'_>, given: &dyn Fn(Instant) -> Option<usize>) -> ObjectiveAnswer {
    let Case { batch, cluster, declared, .. } = case;
    let ticks = &cluster.ticks;
    let end = ticks.last().map(|tick| tick.observed_until);
    let (early, early_verdicts) = case.early(given);
    let (planned, ends) = Plans::of(batch, cluster, declared, &early, usize::MAX).slots(end);
    let known = |before| case.known(before);
    let mut slots = Vec::new();
    let mut due_at = None;
    for (nth, slot) in planned.iter().enumerate() {
        // Slots are judged in their order.
        due_at = due_at.max(Some(slot.stops_counting() + slot.settle));
        let early = early_verdicts.get(&slot.deadline).copied();
        let is_due = |tick: &&Tick| match early {
            Some(early) => tick.index == early.index,
            None => Some(tick.observed_until) >= due_at,
        };
        let tick = ticks.iter().find(is_due);
        let verdict = tick.map(|tick| verdict(case, tick.index, &planned, nth));
        let mut verdict = verdict.unwrap_or(Verdict { right: Vec::new(), open: None, again: None });
        if early.is_some() {
            verdict.right.retain(|right| matches!(right, Right::Missed { .. }));
        }
        let Verdict { right, open, mut again } = verdict;
        let may_change = |right: &Right| matches!(right, Right::Missed { .. } | Right::Unknown);
        let mut later_verdicts = Vec::new();
        if let Some(tick) = tick.filter(|_| right.iter().any(may_change)) {
            let may_be_met;
            (later_verdicts, may_be_met) = later(case, &planned, nth, tick.index);
            if may_be_met {
                let may_be_missed = again.is_some_and(|again| again.may_be_missed);
                again = Some(Again { may_be_met, may_be_missed });
            }
        }
        slots.push(SlotAnswer {
            from: slot.from,
            deadline: slot.deadline,
            stops_counting: slot.stops_counting(),
            whole: slot.whole,
            is_day_off: tick.is_some_and(|tick| slot.is_on_day_off(&known(tick.index))),
            life: slot.life,
            judged_at: tick.map(|tick| tick.index),
            right,
            open,
            later: later_verdicts,
            again,
            early: early.map(|EarlyVerdict { since, .. }| since),
        });
    }
    ObjectiveAnswer {
        key: batch.key.clone(),
        partition: batch.partition,
        objective: declared.name.clone(),
        ends: ends.into_iter().filter_map(|(life, at)| ended_at(ticks, &slots, life, at)).collect(),
        slots,
        successes: successes(case, &planned),
    }
}

/// The index of the event with which a life of the objective is over: the tick at which its pending slot is due, or the last
/// verdict after it.
fn ended_at(
    ticks: &[Tick],
    slots: &[SlotAnswer],
    life: usize,
    (stops_counting, at): (Instant, Instant),
) -> Option<End> {
    let due = ticks.iter().find(|tick| tick.observed_until >= at)?.index;
    let last = slots.iter().rfind(|slot| slot.life == life);
    let index = last.map_or(Some(due), |last| last.judged_at.map(|judged_at| judged_at.max(due)))?;
    Some(End { index, stops_counting })
}

/// The verdict on a slot by what is known before an event.
fn verdict(case: Case<'_>, before: usize, planned: &[Planned], nth: usize) -> Verdict {
    let (slot, known) = (&planned[nth], &case.known(before));
    let window = Window::of(known, planned, nth);
    let in_time = known
        .successes()
        .filter(|success| success.ended_at <= slot.stops_counting() && window.has(success.run))
        .map(|it| (it, expected::has_counted(case, before, it.of, slot.demanded())));
    let (mut sure, mut open): (Vec<Instant>, Vec<Instant>) = (Vec::new(), Vec::new());
    for (success, counts) in in_time {
        match counts {
            Is::Sure => sure.push(success.ended_at),
            Is::Open => {
                open.push(success.ended_at);
                // What counted may have done so before its pod was observed.
                if let RunPhase::Succeeded { completed_at } = success.run.phase {
                    open.push(completed_at);
                }
            }
            Is::Not => {}
        }
    }
    sure.sort_unstable();
    if let Some(first) = sure.first().copied() {
        // The first of many may be forgotten, which changes no verdict.
        let named = if sure.len() > SUCCESSES_SURELY_KEPT { sure.len() } else { 1 };
        open.retain(|ended_at| *ended_at < first);
        let right = open.into_iter().chain(sure.into_iter().take(named));
        let right = right.map(|ended_at| Right::Met { ended_at }).collect();
        return Verdict { right, open: None, again: None };
    }
    let verdict = without_success(known, slot, &window);
    if open.is_empty() {
        return verdict;
    }
    let met = open.into_iter().map(|ended_at| Right::Met { ended_at });
    let right = met.chain(verdict.right).collect();
    let again = Some(Again { may_be_met: true, may_be_missed: true });
    Verdict { right, open: Some(Open::Usual), again }
}

/// The verdict on a slot of which no success in time is known.
fn without_success(known: &Known<'_>, slot: &Planned, window: &Window<'_>) -> Verdict {
    if !slot.whole || window.span.is_none() || slot.is_on_day_off(known) {
        return Verdict::one(Right::Excused, None);
    }
    let causes = if slot.lacks_target {
        Causes { causes: vec![CauseKind::CronJobAbsent], open: None }
    } else {
        cause::causes(known, window, slot)
    };
    if let Some(verdict) = gap::verdict(known, slot, window, &causes) {
        return verdict;
    }
    let Causes { causes, open } = causes;
    Verdict::one(Right::Missed { causes }, open)
}

/// What facts after the verdict show about it, and whether they may show that it was met.
fn later(case: Case<'_>, planned: &[Planned], nth: usize, judged_at: usize) -> (Vec<Later>, bool) {
    let stops_counting = planned[nth].stops_counting();
    let Case { batch, declared, .. } = case;
    let known = |before| case.known(before);
    let mut may_be_met = false;
    let window = Window::of(&known(usize::MAX), planned, nth);
    let mut met: Vec<(usize, Instant)> = Vec::new();
    for run in &batch.runs {
        // It shows at once what can never have been in time.
        let is_early = |version: &Version<Run>| version.at <= stops_counting && window.has(&version.value);
        if !run.versions.iter().any(is_early) {
            continue;
        }
        for index in known::facts_of(run).into_iter().filter(|index| *index > judged_at) {
            let now = known(index + 1);
            let Some(ended_at) = now.success(run).filter(|ended_at| *ended_at <= stops_counting) else {
                continue;
            };
            match expected::counts(&now, declared, run, planned[nth].demanded()) {
                Is::Sure => {
                    met.push((index, ended_at));
                    break;
                }
                Is::Open => may_be_met = true,
                Is::Not => {}
            }
        }
    }
    met.sort_unstable();
    let met = met.into_iter().take(1).map(|(index, ended_at)| Later::Met { index, ended_at });
    (met.collect(), may_be_met)
}

/// Each success, with the last slot that its run belongs to, as it was known from fact to fact.
fn successes(case: Case<'_>, planned: &[Planned]) -> Vec<Success> {
    let Case { batch, declared, .. } = case;
    let known = |before| case.known(before);
    let last = known(usize::MAX);
    let windows: Vec<Window<'_>> = (0..planned.len()).map(|nth| Window::of(&last, planned, nth)).collect();
    let mut successes: Vec<Success> = Vec::new();
    for run in &batch.runs {
        let Some(as_it_was) = last.run(run) else { continue };
        let Some(slot) = windows.iter().rposition(|window| window.reaches(as_it_was)) else { continue };
        let mut ended_at = None;
        for index in known::facts_of(run) {
            let known = known(index + 1);
            let counts = expected::counts(&known, declared, run, planned[slot].demanded());
            let now = known.success(run).filter(|_| counts != Is::Not).map(|at| (at, counts == Is::Open));
            if now != ended_at {
                successes.extend(now.map(|(ended_at, is_open)| Success {
                    uid: run.uid.clone(),
                    ended_at,
                    index,
                    slot,
                    is_open,
                }));
                ended_at = now;
            }
        }
    }
    successes.sort_by_key(|success| success.index);
    successes
}
