//! Whether a run did what an objective expects, and the verdicts that follow before a deadline: by the contract's section 9 and ADR
//! 36 alone.
//!
//! Three-valued, as the warnings: which runs are the last ones before another, and which number of an even count is the median, is
//! open. What follows from it is right either way.

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;
use kigen_model::Instant;
use kigen_model::expectation::{Expectation, NumberRule};
use kigen_model::reported::ReportedMetrics;
use kigen_model::run::{AttemptPhase, RunPhase};

use crate::history::{Batch, Declared, TrueRun};
use crate::judge::cause::RUNS_SURELY_KEPT;
use crate::judge::known::{Known, KnownCluster, KnownSchedule, Tick, facts_of};
use crate::judge::slots::{Early, Planned, Plans, Window};

/// The name of the shortest duration among the names of numbers.
const DURATION: &str = "minDuration";
/// How many runs before another are looked at: more than any rule compares with, those without numbers included.
const RUNS_BEFORE: usize = 120;

/// What is the case by every reading, by some, or by none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Is {
    /// By every reading.
    Sure,
    /// By some.
    Open,
    /// By none.
    Not,
}

impl Is {
    fn of(readings: impl IntoIterator<Item = bool>) -> Self {
        let readings: Vec<bool> = readings.into_iter().collect();
        match (readings.contains(&true), readings.contains(&false)) {
            (true, false) => Self::Sure,
            (true, true) => Self::Open,
            (false, _) => Self::Not,
        }
    }

    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Not, _) | (_, Self::Not) => Self::Not,
            (Self::Sure, Self::Sure) => Self::Sure,
            (Self::Open | Self::Sure, Self::Open | Self::Sure) => Self::Open,
        }
    }
}

/// What a run did otherwise than expected, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Breach {
    /// By every reading.
    pub(super) surely: BTreeSet<String>,
    /// By some.
    pub(super) perhaps: BTreeSet<String>,
}

impl Breach {
    fn note(&mut self, name: &str, is_broken: Is) {
        match is_broken {
            Is::Sure => self.surely.insert(name.to_owned()),
            Is::Open => self.perhaps.insert(name.to_owned()),
            Is::Not => false,
        };
    }

    /// Whether the run did what is expected.
    fn is_none(&self) -> Is {
        match (self.surely.is_empty(), self.perhaps.is_empty()) {
            (false, _) => Is::Not,
            (true, false) => Is::Open,
            (true, true) => Is::Sure,
        }
    }
}

/// Whether a success of a run counts; `None`: nothing is expected of it.
pub(super) fn counts(
    known: &Known<'_>,
    declared: &Declared,
    run: &TrueRun,
    expect: Option<&Expectation>,
) -> Is {
    expect.map_or(Is::Sure, |expect| broken(known, declared, run, expect).is_none())
}

/// Whether a success of a run counts by what is known before an event, or did when a fact about it came. What it is compared with
/// may have changed since.
pub(super) fn has_counted(case: Case<'_>, before: usize, run: &TrueRun, expect: Option<&Expectation>) -> Is {
    let now = counts(&case.known(before), case.declared, run, expect);
    if now == Is::Sure {
        return now;
    }
    let mut facts = facts_of(run).into_iter().filter(|index| *index < before);
    let then = |index: usize| {
        let known = case.known(index + 1);
        known.success(run).is_some() && counts(&known, case.declared, run, expect) != Is::Not
    };
    if facts.any(then) { Is::Open } else { now }
}

/// What a run that succeeded broke.
pub(super) fn broken(known: &Known<'_>, declared: &Declared, run: &TrueRun, expect: &Expectation) -> Breach {
    let mut broken = Breach::default();
    if let Some(min) = expect.min_duration {
        broken.note(DURATION, Is::of(durations(known, run).into_iter().map(|took| took < min)));
    }
    let numbers = reported(known, run);
    for (name, rule) in &expect.metrics {
        let was = numbers.and_then(|numbers| numbers.get(name)).map(|number| number.value());
        let is_broken = match was {
            None => Is::Sure,
            Some(was) => {
                let is_below = rule.min.is_some_and(|min| was < min.value());
                let is_above = rule.max.is_some_and(|max| was > max.value());
                if is_below || is_above { Is::Sure } else { is_drop(known, declared, run, (name, rule), was) }
            }
        };
        broken.note(name, is_broken);
    }
    broken
}

/// From the Job's start to the end of its work, or to its completion.
fn durations(known: &Known<'_>, run: &TrueRun) -> Vec<TimeDelta> {
    let Some(as_known) = known.run(run) else { return Vec::new() };
    let RunPhase::Succeeded { completed_at } = as_known.phase else { return Vec::new() };
    let started_at = as_known.started_at.unwrap_or(as_known.created_at);
    let ends = known.success(run).into_iter().chain([completed_at]);
    ends.map(|ended_at| ended_at - started_at).collect()
}

/// What the good pod of a run reported.
fn reported<'a>(known: &Known<'a>, run: &'a TrueRun) -> Option<&'a ReportedMetrics> {
    // Of a pod that is observed before its Job nothing is kept.
    let job = run.versions.iter().filter_map(|version| version.seen).map(|seen| seen.index).min()?;
    let pods = run.attempts.iter().filter_map(|pod| known.seen(&pod.versions).last());
    let pods = pods.filter(|(_, version)| version.seen.is_some_and(|seen| seen.index > job));
    let mut good = pods.filter(|(_, version)| matches!(version.value.phase, AttemptPhase::Succeeded { .. }));
    good.next_back().map(|(_, version)| &version.value.metrics)
}

/// Whether a number is too far below what is usual.
fn is_drop(
    known: &Known<'_>,
    declared: &Declared,
    run: &TrueRun,
    (name, rule): (&str, &NumberRule),
    was: f64,
) -> Is {
    let Some(percent) = rule.drop_max_percent else { return Is::Not };
    let drops_from = |usual: f64| (usual - was) * 100.0 > usual.abs() * f64::from(percent);
    let pasts = pasts(known, run, name);
    // What was compared is dropped with the objective, and may be kept for another one.
    let mut versions = known.seen(&declared.versions);
    if versions.any(|(_, version)| version.value.is_none()) {
        let is_open = pasts.iter().flatten().any(|usual| drops_from(*usual));
        return if is_open { Is::Open } else { Is::Not };
    }
    let of_past = |past: &Vec<f64>| {
        let usual = usual(past, rule.over);
        if usual.is_empty() { vec![false] } else { usual.into_iter().map(drops_from).collect() }
    };
    Is::of(pasts.iter().flat_map(of_past))
}

/// The numbers of the runs before another one, by each reading of *before*: by nominal start, by end, and by observation.
fn pasts(known: &Known<'_>, run: &TrueRun, name: &str) -> Vec<Vec<f64>> {
    let runs = &known.batch.runs;
    let place = runs.iter().position(|other| other.uid == run.uid).unwrap_or(0);
    let order = |run: &TrueRun| {
        let as_known = known.run(run)?;
        Some((as_known.nominal_start(), known.success(run)?, observed_to_succeed(run)?))
    };
    let Some(own) = order(run) else { return vec![Vec::new()] };
    let others: Vec<_> = runs[place.saturating_sub(RUNS_BEFORE)..]
        .iter()
        .filter(|other| other.uid != run.uid)
        .filter_map(|other| Some((order(other)?, reported(known, other)?.get(name)?.value())))
        .collect();
    let past = |is_before: &dyn Fn(&(Instant, Instant, usize)) -> bool, by: usize| {
        let mut past: Vec<_> = others.iter().filter(|(order, _)| is_before(order)).copied().collect();
        past.sort_by_key(|((nominal, ended_at, index), _)| match by {
            0 => (nominal.timestamp_millis(), *index),
            1 => (ended_at.timestamp_millis(), *index),
            _ => (0, *index),
        });
        past.into_iter().map(|(_, number)| number).collect()
    };
    vec![
        past(&|other| other.0 < own.0, 0),
        past(&|other| other.0 <= own.0, 0),
        past(&|other| other.1 < own.1, 1),
        past(&|other| other.1 <= own.1, 1),
        past(&|other| other.2 < own.2, 2),
    ]
}

/// The index of the first fact that shows that a run succeeded.
pub(super) fn observed_to_succeed(run: &TrueRun) -> Option<usize> {
    let good = run.versions.iter().filter(|it| matches!(it.value.phase, RunPhase::Succeeded { .. }));
    good.filter_map(|version| version.seen).map(|seen| seen.index).min()
}

/// Each number that may be the median of the last ones; none: there are too few.
fn usual(past: &[f64], over: u32) -> Vec<f64> {
    let over_max = over as usize;
    let mut last = past[past.len().saturating_sub(over_max)..].to_vec();
    if last.is_empty() || last.len() < over_max.min(NumberRule::OVER_MIN as usize) {
        return Vec::new();
    }
    last.sort_unstable_by(f64::total_cmp);
    let (lower, upper) = (last[(last.len() - 1) / 2], last[last.len() / 2]);
    vec![lower, upper, f64::midpoint(lower, upper)]
}

/// A verdict before the deadline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct EarlyVerdict {
    /// The index of its tick.
    pub(super) index: usize,
    /// When the last run of the slot ended; `None`: that is open.
    pub(super) since: Option<Instant>,
}

/// What an objective is judged by.
#[derive(Clone, Copy)]
pub(super) struct Case<'a> {
    pub(super) batch: &'a Batch,
    pub(super) schedules: &'a [KnownSchedule],
    pub(super) cluster: &'a KnownCluster,
    pub(super) declared: &'a Declared,
}

impl<'a> Case<'a> {
    pub(super) fn known(&self, before: usize) -> Known<'a> {
        Known { batch: self.batch, schedules: self.schedules, cluster: self.cluster, before }
    }

    pub(super) fn planned(&self, early: &Early, before: usize) -> Vec<Planned> {
        let end = self.cluster.ticks.last().map(|tick| tick.observed_until);
        Plans::of(self.batch, self.cluster, self.declared, early, before).slots(end).0
    }

    /// Whether a miss of it may come before a deadline.
    fn is_demanding(&self) -> bool {
        let specs = self.declared.versions.iter().filter_map(|version| version.value.as_ref());
        specs.filter_map(|spec| spec.expect.as_ref()).any(|expect| !expect.counts)
    }

    /// The verdicts that come before their deadlines, by these, and the slots that an edit would have planned otherwise. Where that is
    /// open, `given` has the event that led to a verdict.
    pub(super) fn early(
        &self,
        given: &dyn Fn(Instant) -> Option<usize>,
    ) -> (Early, BTreeMap<Instant, EarlyVerdict>) {
        let (mut early, mut verdicts) = (Early::new(), BTreeMap::new());
        if !self.is_demanding() {
            return (early, verdicts);
        }
        let edits = self.edits();
        let mut begins = 0;
        for end in edits.iter().copied().map(Some).chain([None]) {
            let (before, edited_at) = end.map_or((usize::MAX, None), |(index, at)| (index, Some(at)));
            let planned = self.planned(&early, before);
            let (mut judged_at, mut due) = (0, Instant::MIN_UTC);
            for (nth, slot) in planned.iter().enumerate() {
                due = due.max(slot.stops_counting() + slot.settle);
                let due_at = self.cluster.ticks.iter().find(|tick| tick.observed_until >= due);
                let last = due_at.map_or(usize::MAX, |tick| tick.index);
                if !verdicts.contains_key(&slot.deadline)
                    && let Some(verdict) =
                        self.search(&planned, nth, (judged_at.max(begins), last, before), given)
                {
                    verdicts.insert(slot.deadline, verdict);
                    if let Some(at) = edited_at.filter(|at| slot.deadline > *at) {
                        early.push((at, slot.judged_early()));
                    }
                }
                judged_at = verdicts.get(&slot.deadline).map_or(last, |early| early.index.max(judged_at));
                if judged_at >= before {
                    break;
                }
            }
            begins = before;
        }
        (early, verdicts)
    }

    /// The edits that may change what is planned: the index of each fact, and when it was observed.
    fn edits(&self) -> Vec<(usize, Instant)> {
        let all = self.known(usize::MAX);
        let of_spec = all.seen(&self.declared.versions).filter_map(|(_, version)| version.seen);
        let mut last = None;
        let of_cron_job = all.seen(&self.batch.cron_job).filter_map(|(_, version)| {
            let now = version.value.as_ref().map(|it| it.time_zone.clone());
            (last.replace(now.clone()) != Some(now)).then_some(version.seen).flatten()
        });
        let mut edits: Vec<(usize, Instant)> =
            of_spec.chain(of_cron_job).map(|seen| (seen.index, seen.at)).collect();
        edits.sort_unstable();
        edits
    }

    /// The first tick that judges a slot early, from one event on, up to the tick at which it is due, and before another event.
    fn search(
        &self,
        planned: &[Planned],
        nth: usize,
        (from, due_at, before): (usize, usize, usize),
        given: &dyn Fn(Instant) -> Option<usize>,
    ) -> Option<EarlyVerdict> {
        let slot = &planned[nth];
        slot.demanded()?;
        let last = self.known(due_at.saturating_add(1).min(before));
        let window = Window::of(&last, planned, nth);
        let in_time = |run: &&TrueRun| {
            last.success(run).is_some_and(|at| at <= slot.stops_counting())
                && last.run(run).is_some_and(|it| window.has(it))
        };
        // Nothing is decided before the first of them is known.
        let known_at = last.batch.runs.iter().filter(in_time).filter_map(observed_to_succeed).min()?;
        let from = from.max(known_at);
        let ticks = self.cluster.ticks.iter();
        for tick in ticks.filter(|tick| (from..=due_at).contains(&tick.index) && tick.index < before) {
            match self.is_decided(planned, nth, *tick) {
                Decided::Met => return None,
                Decided::By { is, since } => {
                    if is == Is::Sure || (is == Is::Open && given(slot.deadline) == Some(tick.index)) {
                        return Some(EarlyVerdict { index: tick.index, since });
                    }
                }
            }
        }
        None
    }

    /// Whether a tick finds that no run that did what is expected will be there.
    pub(super) fn is_decided(&self, planned: &[Planned], nth: usize, tick: Tick) -> Decided {
        let (slot, known) = (&planned[nth], self.known(tick.index));
        let not = Decided::By { is: Is::Not, since: None };
        let (now, window) = (tick.observed_until, Window::of(&known, planned, nth));
        let (Some(expect), Some((opens, _))) = (slot.expected(), window.span) else { return not };
        if !slot.whole || slot.is_on_day_off(&known) || now < slot.from {
            return not;
        }
        let of_slot = |run: &&TrueRun| known.run(run).is_some_and(|it| window.has(it));
        let runs: Vec<&TrueRun> = known.batch.runs.iter().filter(of_slot).collect();
        let in_time = |run: &&&TrueRun| known.success(run).is_some_and(|at| at <= slot.stops_counting());
        let good = runs.iter().filter(in_time);
        let good: Vec<Is> = good.map(|run| counts(&known, self.declared, run, Some(expect))).collect();
        if good.contains(&Is::Sure) {
            return Decided::Met;
        }
        let is_under_way = |run: &&TrueRun| known.run(run).is_some_and(|it| !it.phase.is_terminal());
        // A run may have come and gone.
        let is_hidden = known.gaps().any(|gap| gap.to >= opens);
        if good.is_empty() || runs.iter().any(is_under_way) || is_hidden {
            return not;
        }
        let ends: Vec<Vec<Instant>> = runs.iter().map(|run| ends(&known, run)).collect();
        let least = ends.iter().filter_map(|ends| ends.iter().min()).max();
        let most = ends.iter().flatten().max();
        let (Some(least), Some(most)) = (least, most) else { return not };
        let has_settled = match (*least + slot.settle <= now, *most + slot.settle <= now) {
            (false, _) => Is::Not,
            (true, false) => Is::Open,
            (true, true) => Is::Sure,
        };
        let all_broke = if good.contains(&Is::Open) { Is::Open } else { Is::Sure };
        let is = has_settled.and(all_broke).and(self.is_none_left(&known, (planned, nth), (&window, now)));
        let is_there = known.seen(&self.declared.versions).last().is_some_and(|(_, it)| it.value.is_some());
        // Of many runs some are kept no more.
        let since = runs.iter().filter_map(|run| known.run(run)).map(|run| run.created_at).min();
        let newer = known.batch.runs.iter().filter_map(|run| known.run(run));
        let newer = newer.filter(|run| Some(run.created_at) > since || !run.phase.is_terminal());
        let is_bounded = newer.count() >= RUNS_SURELY_KEPT;
        let is = if !is_there || slot.is_last || is_bounded { is.and(Is::Open) } else { is };
        Decided::By { is, since: Some(*least).filter(|_| is == Is::Sure) }
    }

    /// Whether the schedule makes no further run of a slot that could end in time.
    fn is_none_left(
        &self,
        known: &Known<'_>,
        (planned, nth): (&[Planned], usize),
        (window, now): (&Window<'_>, Instant),
    ) -> Is {
        let Some((opens, _)) = window.span else { return Is::Not };
        let (slot, closes) = (&planned[nth], window.closes(known, planned, nth));
        // Nothing sets when Jobs come, and any that is fresh enough may be of the slot: ADR 36 does not state whether one is expected.
        if slot.lacks_start() && slot.freshness().is_some() {
            return Is::Open;
        }
        let until = slot.freshness().map_or(slot.stops_counting(), |_| slot.deadline);
        let fires = slot.fires(known, opens, until + TimeDelta::milliseconds(1));
        let fires = fires.into_iter().filter(|fire| closes.is_none_or(|closes| *fire < closes));
        let of_slot = known.batch.runs.iter().filter_map(|run| known.run(run)).filter(|run| window.has(run));
        let last = of_slot.map(|run| run.nominal_start()).max();
        let left: Vec<Instant> = fires.filter(|fire| last.is_none_or(|last| *fire > last)).collect();
        if left.is_empty() {
            return Is::Sure;
        }
        let is_active = slot.is_of_jobs
            || known.cron_jobs().last().is_some_and(|(_, it)| it.is_some_and(|it| !it.suspended));
        let comes = left.iter().any(|fire| *fire > now && *fire < slot.stops_counting());
        if comes && is_active { Is::Not } else { Is::Open }
    }
}

/// What a tick finds about a slot.
pub(super) enum Decided {
    /// It is met.
    Met,
    /// It will not be met.
    By {
        /// Whether it is so.
        is: Is,
        /// When the last run ended; `None`: that is open.
        since: Option<Instant>,
    },
}

/// When a run ended, by each reading.
fn ends(known: &Known<'_>, run: &TrueRun) -> Vec<Instant> {
    match known.run(run).map(|run| &run.phase) {
        Some(RunPhase::Succeeded { completed_at }) => {
            known.success(run).into_iter().chain([*completed_at]).collect()
        }
        Some(RunPhase::Failed { failed_at, .. }) => vec![*failed_at],
        Some(RunPhase::Deleted { observed_at }) => vec![*observed_at],
        Some(RunPhase::Pending | RunPhase::Running | RunPhase::Suspended) | None => Vec::new(),
    }
}
