//! Whether what alerts state of expectations is right: which number of which run, and the alerts about runs that count all the same.

use std::collections::BTreeSet;
use std::rc::Rc;

use chrono::TimeDelta;
use kigen_model::Instant;
use kigen_model::alert::{Alert, AlertBody};
use kigen_model::expectation::Broken;
use kigen_model::slot::Cause;

use crate::answer::Disagreement;
use crate::judge::expected::{Case, Decided, Is, broken, observed_to_succeed};
use crate::judge::slots::Planned;
use crate::undisturbed::Undisturbed;
use crate::verdicts::disagreement;

/// Where they are wrong, or one is missing.
pub(super) fn compare(
    case: Case<'_>,
    planned_before: &dyn Fn(usize) -> Rc<Vec<Planned>>,
    found: &Undisturbed,
) -> Vec<Disagreement> {
    let Case { batch, declared, .. } = case;
    let differ = |deadline: Instant, right: String, reported: String| {
        disagreement((&batch.key, &declared.name, deadline), right, reported)
    };
    let is_of_it = |alert: &Alert| {
        alert.key == batch.key
            && alert.objective.as_ref().is_some_and(|objective| objective.name == declared.name)
    };
    let mut differing = Vec::new();
    let mut warned_of: Vec<(Instant, usize)> = Vec::new();
    for raised in found.alerts[batch.partition].iter().filter(|raised| is_of_it(&raised.alert)) {
        let (slot, uid, broken) = match &raised.alert.body {
            AlertBody::SlotMissed { slot, cause: Cause::Expectation(broken), run: Some(run), .. } => {
                (slot, &run.uid, broken)
            }
            AlertBody::ExpectationBroken { slot, broken, run } => {
                warned_of.push((slot.deadline, raised.index));
                (slot, &run.uid, broken)
            }
            _ => continue,
        };
        if let Err(right) = is_right(case, raised.index, uid, broken) {
            differing.push(differ(slot.deadline, right, format!("{broken:?}")));
        }
    }
    let planned = planned_before(usize::MAX);
    for (nth, slot) in planned.iter().enumerate() {
        let warnings: Vec<usize> = warned_of
            .iter()
            .filter(|(deadline, _)| *deadline == slot.deadline)
            .map(|(_, index)| *index)
            .collect();
        let due = planned[..=nth].iter().map(|slot| slot.stops_counting() + slot.settle).max();
        let is_warned_of = slot.expected().is_some_and(|expect| expect.counts);
        let reported = format!("{warnings:?}");
        match (is_warned_of, &warnings[..]) {
            (true, []) => {
                if let Some(certain) = certain(case, planned_before, slot, due) {
                    differing.push(differ(
                        slot.deadline,
                        format!("not as expected at event {certain}"),
                        reported,
                    ));
                }
            }
            (true, [index]) => {
                if !is_possible(case, planned_before, slot.deadline, *index) {
                    differing.push(differ(slot.deadline, "as expected".to_owned(), reported));
                }
            }
            (false, []) => {}
            (_, _) => differing.push(differ(
                slot.deadline,
                "at most one warning, if it counts".to_owned(),
                reported,
            )),
        }
    }
    differing
}

/// Whether exactly these are broken; else what is.
fn is_right(case: Case<'_>, index: usize, uid: &str, reported: &[Broken]) -> Result<(), String> {
    let known = case.known(index + 1);
    let specs = known.seen(&case.declared.versions).filter_map(|(_, version)| version.value.as_ref());
    let expect = specs.filter_map(|spec| spec.expect.as_ref()).last();
    let run = case.batch.runs.iter().find(|run| run.uid == uid);
    let (Some(expect), Some(run)) = (expect, run) else { return Err("no run that is expected".to_owned()) };
    let right = broken(&known, case.declared, run, expect);
    let reported: BTreeSet<String> = reported
        .iter()
        .map(|broken| match broken {
            Broken::Duration { .. } => "minDuration".to_owned(),
            Broken::Number { name, .. } => name.clone(),
        })
        .collect();
    let is_known = reported.iter().all(|name| right.surely.contains(name) || right.perhaps.contains(name));
    if is_known && right.surely.is_subset(&reported) { Ok(()) } else { Err(format!("{right:?}")) }
}

/// The first tick before the slot is due that must warn of it.
fn certain(
    case: Case<'_>,
    planned_before: &dyn Fn(usize) -> Rc<Vec<Planned>>,
    slot: &Planned,
    due: Option<Instant>,
) -> Option<usize> {
    // Of what ended long before, nothing is of this slot.
    let earliest = slot.from - TimeDelta::days(8);
    let good = case
        .batch
        .runs
        .iter()
        .filter(|run| run.succeeded_at.is_some_and(|at| at >= earliest && at <= slot.stops_counting()));
    let from = good.filter_map(observed_to_succeed).min()?;
    let ticks = case.cluster.ticks.iter().skip_while(|tick| tick.index < from);
    let ticks = ticks.skip_while(|tick| tick.observed_until < slot.from);
    for tick in ticks.take_while(|tick| Some(tick.observed_until) < due) {
        let planned = planned_before(tick.index);
        let Some(nth) = planned.iter().position(|it| it.deadline == slot.deadline) else { continue };
        // Those before it are judged.
        let earlier = planned[..nth].iter().map(|slot| slot.stops_counting() + slot.settle).max();
        if earlier > Some(tick.observed_until) {
            continue;
        }
        match case.is_decided(&planned, nth, *tick) {
            Decided::Met => return None,
            Decided::By { is: Is::Sure, .. } => return Some(tick.index),
            Decided::By { is: Is::Open | Is::Not, .. } => {}
        }
    }
    None
}

fn is_possible(
    case: Case<'_>,
    planned_before: &dyn Fn(usize) -> Rc<Vec<Planned>>,
    deadline: Instant,
    index: usize,
) -> bool {
    let planned = planned_before(index);
    let nth = planned.iter().position(|slot| slot.deadline == deadline);
    let tick = case.cluster.ticks.iter().find(|tick| tick.index == index);
    let (Some(nth), Some(tick)) = (nth, tick) else { return false };
    matches!(case.is_decided(&planned, nth, *tick), Decided::By { is: Is::Sure | Is::Open, .. })
}
