//! What objectives expect of their runs besides a good end, which of their misses are in the budget, and what the runs report.
//!
//! Of a source of its own, so that the schedules, edits and ends of the world are as without it.

use chrono::TimeDelta;
use fastrand::Rng;
use kigen_model::budget::Target;
use kigen_model::event::Revision;
use kigen_model::expectation::{Expectation, NumberRule};
use kigen_model::objective::Objective;
use kigen_model::reported::{Number, ReportedMetrics};
use kigen_model::run::{AttemptPhase, RunPhase};

use crate::generate::dice::{percent, version_at};
use crate::generate::work::pod;
use crate::history::{Batch, Declared, TrueAttempt, TrueRun, Version};
use crate::world::World;

/// What the rows of a usual run are near to.
const ROWS_USUAL: i64 = 1_000;

/// Gives some of the objectives of the batch with this number an expectation and a target, and its runs numbers.
pub(super) fn add(number: usize, batch: &mut Batch, world: &mut World) {
    let rng = &mut Rng::with_seed(world.seed ^ 0x6578_7065_6374 ^ ((number as u64) << 48));
    let has_numbers = percent(rng, 35);
    if has_numbers {
        world.count("batch: its runs report numbers");
        report(rng, &mut batch.runs, world);
    }
    for declared in &mut batch.objectives {
        if percent(rng, 50) {
            world.count("objective: target");
            let target = target(rng);
            in_force(declared, |objective| objective.target = Some(target));
        }
        if percent(rng, if has_numbers { 70 } else { 8 }) {
            let expect = expectation(rng, has_numbers, world);
            in_force(declared, |objective| objective.expect = Some(expect.clone()));
        }
    }
}

fn in_force(declared: &mut Declared, change: impl FnMut(&mut Objective)) {
    declared.versions.iter_mut().filter_map(|version| version.value.as_mut()).for_each(change);
}

fn target(rng: &mut Rng) -> Target {
    let ratio_ppm = [500_000, 700_000, 800_000, 900_000, 950_000, 990_000][rng.usize(..6)];
    Target { ratio_ppm, over_d: [1, 3, 5, 7, 10, 30][rng.usize(..6)] }
}

fn expectation(rng: &mut Rng, has_numbers: bool, world: &mut World) -> Expectation {
    let number = |value: f64| Number::new(value);
    let mut expect = Expectation {
        min_duration: None,
        metrics: std::collections::BTreeMap::new(),
        counts: percent(rng, 30),
    };
    if !has_numbers || percent(rng, 30) {
        world.count("expect: minDuration");
        expect.min_duration = Some(TimeDelta::seconds([5, 60, 300][rng.usize(..3)]));
    }
    if has_numbers {
        let mut rows = NumberRule {
            min: None,
            max: None,
            drop_max_percent: None,
            over: [14, 14, 3, 5, 20][rng.usize(..5)],
        };
        if percent(rng, 50) {
            world.count("expect: min");
            rows.min = number(700.0);
        }
        if percent(rng, 40) {
            world.count("expect: max");
            rows.max = number(1_500.0);
        }
        if percent(rng, 60) {
            world.count("expect: dropMax");
            rows.drop_max_percent = Some(30);
        }
        expect.metrics.insert("rows".to_owned(), rows);
        if percent(rng, 30) {
            world.count("expect: two numbers");
            let auc = NumberRule {
                min: number(0.7),
                max: None,
                drop_max_percent: None,
                over: NumberRule::OVER_DEFAULT,
            };
            expect.metrics.insert("auc".to_owned(), auc);
        }
    }
    if expect.counts {
        world.count("expect: counts");
    }
    expect
}

/// Lets the good pod of most runs report numbers, and some failed ones.
fn report(rng: &mut Rng, runs: &mut [TrueRun], world: &mut World) {
    // From some run on the rows are half as many, which is usual after a while.
    let halved_from = if percent(rng, 30) { rng.usize(..runs.len().max(1)) } else { usize::MAX };
    for (nth, run) in runs.iter_mut().enumerate() {
        if run.attempts.is_empty() && percent(rng, 90) {
            add_pod(run);
        }
        let usual = if nth < halved_from { ROWS_USUAL } else { ROWS_USUAL / 2 };
        for pod in &mut run.attempts {
            let Some(last) = pod.versions.last_mut() else { continue };
            last.value.metrics = match last.value.phase {
                AttemptPhase::Succeeded { .. } => numbers(rng, usual, world),
                AttemptPhase::Failed { .. } if percent(rng, 30) => numbers(rng, 2 * usual, world),
                AttemptPhase::Failed { .. } | AttemptPhase::Running { .. } | AttemptPhase::Waiting { .. } => {
                    continue;
                }
            };
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "small numbers")]
fn numbers(rng: &mut Rng, usual: i64, world: &mut World) -> ReportedMetrics {
    let rows = match rng.u8(..100) {
        0..4 => {
            world.count("run: reports far fewer rows");
            usual * rng.i64(0..50) / 100
        }
        // Right at the limits of the rules.
        4..7 => 700,
        7..9 => 1_500,
        9..11 => 1_501,
        _ => usual + rng.i64(-100..=100),
    };
    let auc = if percent(rng, 3) { 0.69 } else { 0.7 + rng.f64() * 0.2 };
    let all = [("rows".to_owned(), rows as f64), ("auc".to_owned(), auc)];
    match rng.u8(..100) {
        0..3 => {
            world.count("run: reports no numbers");
            ReportedMetrics::default()
        }
        3..5 => ReportedMetrics::new(all.into_iter().skip(1)),
        _ => {
            world.count("run: reports numbers");
            ReportedMetrics::new(all)
        }
    }
}

/// The one pod of a run that succeeded.
fn add_pod(run: &mut TrueRun) {
    let Some(ended_at) = run.succeeded_at else { return };
    let Some(began_at) = run.versions.iter().rfind(|it| it.value.phase == RunPhase::Running).map(|it| it.at)
    else {
        return;
    };
    let uid = format!("{}-0", run.uid);
    let version = |order, at, phase| Version {
        at,
        revision: Revision { uid: uid.clone(), resource_version: version_at(at, order) },
        value: pod(&uid, phase),
        seen: None,
    };
    let began = version(0, began_at, AttemptPhase::Running { since: Some(began_at) });
    let ended = version(1, ended_at, AttemptPhase::Succeeded { finished_at: Some(ended_at) });
    run.attempts.push(TrueAttempt { uid: uid.clone(), versions: vec![began, ended] });
}
