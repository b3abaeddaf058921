//! The independent judge: which verdicts are right, read off the true history of a batch by the contract alone.
//!
//! Naive and slow on purpose, and without any code of the engine. Each slot is judged from nothing: what was known of the
//! batch at the tick that judges it, which window the slot has by the schedules of that time, which runs belong to it, and
//! what became of them.

mod cause;
mod gap;
mod known;
mod slots;
mod verdict;
mod warnings;

use kigen_model::Instant;
use kigen_model::run::Run;
use kigen_model::slot::CauseKind;

use crate::answer::SUCCESSES_SURELY_KEPT;
use crate::answer::{Disagreement, End, Later, ObjectiveAnswer, Right, SlotAnswer, Success};
use crate::history::{Batch, Declared, Version};
use crate::judge::cause::Causes;
use crate::judge::known::{Known, KnownCluster, KnownSchedule, Tick};
use crate::judge::slots::{Planned, Plans, Window};
use crate::judge::verdict::Verdict;
use crate::judge::warnings::Warnings;
use crate::undisturbed::Undisturbed;
use crate::world::World;

/// Judges each slot of each objective of the world.
#[must_use]
pub fn judge(world: &World) -> Vec<ObjectiveAnswer> {
    let mut answers = Vec::new();
    for batch in &world.batches {
        let cluster = KnownCluster::of(
            &world.partitions[batch.partition],
            &world.expired[batch.partition],
            &batch.key.cluster,
        );
        let schedules = KnownSchedule::all(batch);
        for declared in &batch.objectives {
            answers.push(judge_objective(batch, &schedules, declared, &cluster));
        }
    }
    answers
}

/// Where the warnings of deadlines at risk are wrong, or one is missing.
#[must_use]
pub fn judge_warnings(world: &World, found: &Undisturbed) -> Vec<Disagreement> {
    let mut differ = Vec::new();
    for batch in &world.batches {
        let (events, expired) = (&world.partitions[batch.partition], &world.expired[batch.partition]);
        let cluster = KnownCluster::of(events, expired, &batch.key.cluster);
        let schedules = KnownSchedule::all(batch);
        for declared in &batch.objectives {
            differ.extend(Warnings::new(batch, declared, &schedules, &cluster).compare(found));
        }
    }
    differ
}

fn judge_objective(
    batch: &Batch,
    schedules: &[KnownSchedule],
    declared: &Declared,
    cluster: &KnownCluster,
) -> ObjectiveAnswer {
    let ticks = &cluster.ticks;
    let end = ticks.last().map(|tick| tick.observed_until);
    let plans = Plans::of(batch, cluster, declared, usize::MAX);
    let (planned, ends) = plans.slots(end);
    let known = |before| Known { batch, schedules, cluster, before };
    let mut slots = Vec::new();
    let mut due_at = None;
    for (nth, slot) in planned.iter().enumerate() {
        // Slots are judged in their order.
        due_at = due_at.max(Some(slot.stops_counting() + slot.settle));
        let tick = ticks.iter().find(|tick| Some(tick.observed_until) >= due_at);
        let verdict = tick.map(|tick| verdict(&known(tick.index), &planned, nth));
        let Verdict { right, open, again } =
            verdict.unwrap_or(Verdict { right: Vec::new(), open: None, again: None });
        let may_change = |right: &Right| matches!(right, Right::Missed { .. } | Right::Unknown);
        let later = match tick {
            Some(tick) if right.iter().any(may_change) => later(known, &planned, nth, tick.index),
            _ => Vec::new(),
        };
        slots.push(SlotAnswer {
            from: slot.from,
            deadline: slot.deadline,
            stops_counting: slot.stops_counting(),
            whole: slot.whole,
            life: slot.life,
            judged_at: tick.map(|tick| tick.index),
            right,
            open,
            later,
            again,
        });
    }
    ObjectiveAnswer {
        key: batch.key.clone(),
        partition: batch.partition,
        objective: declared.name.clone(),
        ends: ends.into_iter().filter_map(|(life, at)| ended_at(ticks, &slots, life, at)).collect(),
        slots,
        successes: successes(known, batch, &planned),
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

/// The verdict on a slot by what is known.
fn verdict(known: &Known<'_>, planned: &[Planned], nth: usize) -> Verdict {
    let slot = &planned[nth];
    let window = Window::of(known, planned, nth);
    let mut in_time: Vec<Instant> = known
        .successes()
        .filter(|success| success.ended_at <= slot.stops_counting() && window.has(success.run))
        .map(|success| success.ended_at)
        .collect();
    in_time.sort_unstable();
    if !in_time.is_empty() {
        // The first of many may be forgotten, which changes no verdict.
        let named = if in_time.len() > SUCCESSES_SURELY_KEPT { in_time.len() } else { 1 };
        let right = in_time.into_iter().take(named).map(|ended_at| Right::Met { ended_at });
        return Verdict { right: right.collect(), open: None, again: None };
    }
    if !slot.whole || window.span.is_none() || slot.is_on_day_off(known) {
        return Verdict::one(Right::Excused, None);
    }
    let causes = if slot.lacks_target {
        Causes { causes: vec![CauseKind::CronJobAbsent], open: None }
    } else {
        cause::causes(known, &window, slot)
    };
    if let Some(verdict) = gap::verdict(known, slot, &window, &causes) {
        return verdict;
    }
    let Causes { causes, open } = causes;
    Verdict::one(Right::Missed { causes }, open)
}

/// What facts after the verdict show about it.
fn later<'a>(
    known: impl Fn(usize) -> Known<'a>,
    planned: &[Planned],
    nth: usize,
    judged_at: usize,
) -> Vec<Later> {
    let stops_counting = planned[nth].stops_counting();
    let batch = known(0).batch;
    let window = Window::of(&known(usize::MAX), planned, nth);
    let mut met: Vec<(usize, Instant)> = Vec::new();
    for run in &batch.runs {
        // It shows at once what can never have been in time.
        let is_early = |version: &Version<Run>| version.at <= stops_counting && window.has(&version.value);
        if !run.versions.iter().any(is_early) {
            continue;
        }
        for index in known::facts_of(run).into_iter().filter(|index| *index > judged_at) {
            if let Some(ended_at) =
                known(index + 1).success(run).filter(|ended_at| *ended_at <= stops_counting)
            {
                met.push((index, ended_at));
                break;
            }
        }
    }
    met.sort_unstable();
    met.into_iter().take(1).map(|(index, ended_at)| Later::Met { index, ended_at }).collect()
}

/// Each success, with the last slot that its run belongs to, as it was known from fact to fact.
fn successes<'a>(known: impl Fn(usize) -> Known<'a>, batch: &Batch, planned: &[Planned]) -> Vec<Success> {
    let last = known(usize::MAX);
    let windows: Vec<Window<'_>> = (0..planned.len()).map(|nth| Window::of(&last, planned, nth)).collect();
    let mut successes: Vec<Success> = Vec::new();
    for run in &batch.runs {
        let Some(as_it_was) = last.run(run) else { continue };
        let Some(slot) = windows.iter().rposition(|window| window.reaches(as_it_was)) else { continue };
        let mut ended_at = None;
        for index in known::facts_of(run) {
            let now = known(index + 1).success(run);
            if now != ended_at {
                successes.extend(now.map(|ended_at| Success { uid: run.uid.clone(), ended_at, index, slot }));
                ended_at = now;
            }
        }
    }
    successes.sort_by_key(|success| success.index);
    successes
}
