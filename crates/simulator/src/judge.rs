//! The independent judge: which verdicts are right, read off the true history of a batch by the contract alone.
//!
//! Naive and slow on purpose, and without any code of the engine. Each slot is judged from nothing: what was known of the
//! batch at the tick that judges it, which window the slot has by the schedules of that time, which runs belong to it, and
//! what became of them.

mod cause;
mod known;
mod slots;

use kigen_model::Instant;
use kigen_model::event::{ClusterBody, Event};
use kigen_model::run::Run;
use kigen_model::slot::CauseKind;

use crate::answer::{Later, ObjectiveAnswer, Open, Right, SlotAnswer, Success};
use crate::history::{Batch, Declared, Version};
use crate::judge::cause::Causes;
use crate::judge::known::{Known, KnownSchedule};
use crate::judge::slots::{Planned, Plans, Window};
use crate::world::World;

/// A tick of the cluster of a batch, in its partition.
#[derive(Clone, Copy)]
struct Tick {
    index: usize,
    observed_until: Instant,
}

/// Judges each slot of each objective of the world.
#[must_use]
pub fn judge(world: &World) -> Vec<ObjectiveAnswer> {
    let mut answers = Vec::new();
    for batch in &world.batches {
        let ticks = ticks_of(world, batch);
        let schedules = KnownSchedule::all(batch);
        for declared in &batch.objectives {
            answers.push(judge_objective(batch, &schedules, declared, &ticks));
        }
    }
    answers
}

fn ticks_of(world: &World, batch: &Batch) -> Vec<Tick> {
    let events = world.partitions[batch.partition].iter().enumerate();
    let ticks = events.filter_map(|(index, event)| match event {
        Event::Cluster(event) if event.cluster == batch.key.cluster => match event.body {
            ClusterBody::Tick { observed_until, .. } => Some(Tick { index, observed_until }),
            ClusterBody::Epoch { .. } | ClusterBody::Gap(_) | ClusterBody::Forgotten { .. } => None,
        },
        Event::Cluster(_) | Event::Fact(_) => None,
    });
    ticks.collect()
}

fn judge_objective(
    batch: &Batch,
    schedules: &[KnownSchedule],
    declared: &Declared,
    ticks: &[Tick],
) -> ObjectiveAnswer {
    let end = ticks.last().map(|tick| tick.observed_until);
    let plans = Plans::of(batch, declared);
    let planned = plans.slots(end);
    let known = |before| Known { batch, schedules, before };
    let mut slots = Vec::new();
    let mut due_at = None;
    for (nth, slot) in planned.iter().enumerate() {
        // Slots are judged in their order.
        due_at = due_at.max(Some(slot.stops_counting() + slot.settle));
        let tick = ticks.iter().find(|tick| Some(tick.observed_until) >= due_at);
        let verdict = tick.map(|tick| verdict(&known(tick.index), &planned, nth));
        let (right, open) = verdict.map_or((None, None), |verdict| (Some(verdict.right), verdict.open));
        let later = match (tick, &right) {
            (Some(tick), Some(Right::Missed { .. } | Right::Unknown)) => {
                later(known, &planned, nth, tick.index)
            }
            _ => Vec::new(),
        };
        slots.push(SlotAnswer {
            from: slot.from,
            deadline: slot.deadline,
            stops_counting: slot.stops_counting(),
            whole: slot.whole,
            life: slot.life,
            judged_at: tick.map(|tick| tick.index),
            right: right.into_iter().collect(),
            open,
            later,
        });
    }
    ObjectiveAnswer {
        key: batch.key.clone(),
        partition: batch.partition,
        objective: declared.name.clone(),
        slots,
        successes: successes(known, batch, &planned),
    }
}

/// A verdict, and why its cause is not the only one that is right.
struct Verdict {
    right: Right,
    open: Option<Open>,
}

/// The verdict on a slot by what is known.
fn verdict(known: &Known<'_>, planned: &[Planned], nth: usize) -> Verdict {
    let slot = &planned[nth];
    let window = Window::of(known, planned, nth);
    let in_time = known
        .successes()
        .filter(|success| success.ended_at <= slot.stops_counting() && window.has(success.run))
        .map(|success| success.ended_at)
        .min();
    if let Some(ended_at) = in_time {
        return Verdict { right: Right::Met { ended_at }, open: None };
    }
    if !slot.whole || window.span.is_none() {
        return Verdict { right: Right::Excused, open: None };
    }
    if slot.is_last {
        return Verdict { right: Right::Missed { causes: vec![CauseKind::CronJobAbsent] }, open: None };
    }
    let Causes { causes, open } = cause::causes(known, &window, slot.stops_counting());
    Verdict { right: Right::Missed { causes }, open }
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
