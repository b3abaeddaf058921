//! Where the runs of the past move: to other starts, to other ends, and behind what they read.
//!
//! A run keeps its own duration. A batch that reads another does not start earlier when that is done earlier. It starts later only
//! where in truth it found the result that was due: then it waits for that result, and so do those who read it.

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;
use kigen_calendar::{Calendar, Crontab, Reading, Timetable, Zone};
use kigen_lineage::history::Edge;
use kigen_model::Instant;
use kigen_model::event::{Fact, FactBody};
use kigen_model::key::BatchKey;
use kigen_model::run::{Attempt, AttemptPhase, ContainerState, CronJob, Run, RunPhase};

use super::change::Change;

/// The most starts of a batch that are moved.
const STARTS_MAX: usize = 500_000;

/// A run: its facts in their order, and its times in truth and as moved.
#[derive(Clone, Debug)]
struct Moving {
    facts: Vec<Fact>,
    nominal: Instant,
    is_scheduled: bool,
    truth: Times,
    now: Times,
    /// Added to its UID and to those of its pods, where one run stands for several.
    suffix: String,
}

/// When a run was made for, started and ended well.
#[derive(Clone, Copy, Debug)]
struct Times {
    nominal: Instant,
    started: Option<Instant>,
    good: Option<Instant>,
}

/// The facts of these batches with the moved runs, in their new order.
pub(super) fn moved(
    facts: BTreeMap<BatchKey, Vec<Fact>>,
    edges: &[Edge],
    changes: &[Change],
) -> anyhow::Result<BTreeMap<BatchKey, Vec<Fact>>> {
    let mut others: BTreeMap<BatchKey, Vec<Fact>> = BTreeMap::new();
    let mut runs: BTreeMap<BatchKey, Vec<Moving>> = BTreeMap::new();
    for (key, facts) in facts {
        let until = facts.iter().map(|fact| fact.observed_at).max();
        let (own, rest) = taken_apart(facts);
        let mut own: Vec<Moving> = own.into_values().filter_map(Moving::of).collect();
        own.sort_by_key(|run| run.nominal);
        for change in changes.iter().filter(|change| *change.batch() == key) {
            match change {
                Change::Starts { crontab, .. } => own = restarted(&own, &rest, crontab, until)?,
                Change::Faster { permille, .. } => own.iter_mut().for_each(|run| run.scale(*permille)),
                Change::Deadline { .. } | Change::Calendar { .. } => {}
            }
        }
        others.insert(key.clone(), rest);
        runs.insert(key, own);
    }
    for key in sources_first(runs.keys(), edges) {
        let Some(mut own) = runs.remove(&key) else { continue };
        for run in &mut own {
            let read = edges.iter().filter(|edge| edge.reader == key && edge.is_in_force(run.truth.nominal));
            let waits = read.filter_map(|edge| run.waits_for(runs.get(&edge.source)?)).max();
            if let Some(until) = waits {
                run.wait(until);
            }
        }
        runs.insert(key, own);
    }
    let all = others.into_iter().map(|(key, mut facts)| {
        facts.extend(runs.remove(&key).into_iter().flatten().flat_map(|run| run.facts_now()));
        facts.sort_by_key(|fact| fact.observed_at);
        (key, facts)
    });
    Ok(all.collect())
}

/// The facts of each run by its UID, and all others.
fn taken_apart(facts: Vec<Fact>) -> (BTreeMap<String, Vec<Fact>>, Vec<Fact>) {
    let (mut runs, mut others): (BTreeMap<String, Vec<Fact>>, Vec<Fact>) = Default::default();
    for fact in facts {
        let uid = match &fact.body {
            FactBody::Run { revision, .. } => revision.uid.clone(),
            FactBody::Attempt { run_uid, .. } => run_uid.clone(),
            FactBody::CronJob { .. } | FactBody::Objective { .. } => {
                others.push(fact);
                continue;
            }
        };
        runs.entry(uid).or_default().push(fact);
    }
    (runs, others)
}

/// The batches in an order in which each comes after those that it reads; in a cycle in any.
fn sources_first<'a>(keys: impl Iterator<Item = &'a BatchKey>, edges: &[Edge]) -> Vec<BatchKey> {
    fn visit(key: &BatchKey, edges: &[Edge], seen: &mut BTreeSet<BatchKey>, order: &mut Vec<BatchKey>) {
        if seen.insert(key.clone()) {
            for edge in edges.iter().filter(|edge| edge.reader == *key) {
                visit(&edge.source, edges, seen, order);
            }
            order.push(key.clone());
        }
    }
    let (mut seen, mut order) = (BTreeSet::new(), Vec::new());
    keys.for_each(|key| visit(key, edges, &mut seen, &mut order));
    order
}

/// The runs at the starts of another crontab: each new start has the run of the old start that is nearest to it, if that had one.
/// Runs by hand stay.
fn restarted(
    runs: &[Moving],
    others: &[Fact],
    crontab: &str,
    until: Option<Instant>,
) -> anyhow::Result<Vec<Moving>> {
    let (Some(first), Some(until)) = (runs.iter().map(|run| run.nominal).min(), until) else {
        return Ok(runs.to_vec());
    };
    let versions: Vec<(Instant, &CronJob)> = others
        .iter()
        .filter_map(|fact| match &fact.body {
            FactBody::CronJob { cron_job: Some(cron_job), .. } => Some((fact.observed_at, cron_job)),
            FactBody::CronJob { cron_job: None, .. }
            | FactBody::Run { .. }
            | FactBody::Attempt { .. }
            | FactBody::Objective { .. } => None,
        })
        .collect();
    let mut old: Vec<Instant> = Vec::new();
    for (nth, (since, cron_job)) in versions.iter().enumerate() {
        let from = if nth == 0 { first - TimeDelta::days(1) } else { *since };
        let to = versions.get(nth + 1).map_or(until, |(next, _)| *next);
        let timetable = Timetable::of(&cron_job.schedule, cron_job.time_zone.as_deref());
        old.extend(fires(timetable, from, to)?);
    }
    let zone = versions.last().and_then(|(_, cron_job)| cron_job.time_zone.as_deref());
    let new = fires(Timetable::of(crontab, zone), first - TimeDelta::days(1), until)?;
    let by_fire: BTreeMap<Instant, &Moving> =
        runs.iter().filter(|run| run.is_scheduled).map(|run| (run.nominal, run)).collect();
    let mut used: BTreeMap<Instant, usize> = BTreeMap::new();
    let mut moved: Vec<Moving> = runs
        .iter()
        .filter(|run| !run.is_scheduled || old.binary_search(&run.nominal).is_err())
        .cloned()
        .collect();
    for start in new {
        let Some(nearest) = nearest(&old, start) else { continue };
        let Some(run) = by_fire.get(&nearest) else { continue };
        let nth = used.entry(nearest).or_default();
        let mut run = (*run).clone();
        run.shift(start - nearest);
        if *nth > 0 {
            run.suffix = format!("+{nth}");
        }
        *nth += 1;
        moved.push(run);
    }
    moved.sort_by_key(|run| run.now.nominal);
    Ok(moved)
}

fn fires(timetable: Timetable<'_>, from: Instant, to: Instant) -> anyhow::Result<Vec<Instant>> {
    let zone = Zone::named(timetable.time_zone)?;
    let calendar = Calendar::new(Crontab::parse(timetable.crontab)?, zone, Reading::Kubernetes)?;
    Ok(calendar.after(from).take_while(|at| *at <= to).take(STARTS_MAX).collect())
}

/// The nearest of these instants, which are in order; of two the earlier.
fn nearest(of: &[Instant], to: Instant) -> Option<Instant> {
    let after = of.partition_point(|at| *at < to);
    let candidates = [after.checked_sub(1).and_then(|before| of.get(before)), of.get(after)];
    candidates.into_iter().flatten().copied().min_by_key(|at| ((*at - to).abs(), *at))
}

impl Moving {
    fn of(facts: Vec<Fact>) -> Option<Self> {
        let mut runs = facts.iter().filter_map(|fact| match &fact.body {
            FactBody::Run { run, .. } => Some(run),
            FactBody::Attempt { .. } | FactBody::CronJob { .. } | FactBody::Objective { .. } => None,
        });
        let last = runs.next_back()?;
        let good = match last.phase {
            RunPhase::Succeeded { completed_at } => Some(completed_at),
            RunPhase::Pending
            | RunPhase::Running
            | RunPhase::Suspended
            | RunPhase::Failed { .. }
            | RunPhase::Deleted { .. } => None,
        };
        let (nominal, is_scheduled) = (last.nominal_start(), last.scheduled_at.is_some());
        let times = Times { nominal, started: last.started_at, good };
        Some(Self { facts, nominal, is_scheduled, truth: times, now: times, suffix: String::new() })
    }

    /// Moves all of it.
    fn shift(&mut self, by: TimeDelta) {
        self.each(|at| at + by);
    }

    /// Makes its time from its start to its end so many thousandths of what it was.
    fn scale(&mut self, permille: i32) {
        let Some(started) = self.now.started else { return };
        self.each(|at| if at > started { started + (at - started) * permille / 1_000 } else { at });
    }

    /// Starts it later, at this instant.
    fn wait(&mut self, until: Instant) {
        let Some(started) = self.now.started else { return };
        let by = until - started;
        let nominal = self.now.nominal;
        self.each(|at| if at >= started { at + by } else { at });
        self.now.nominal = nominal;
    }

    /// Until when it waits for the result that is due, if it found that in truth; `None`: it does not wait.
    fn waits_for(&self, source: &[Self]) -> Option<Instant> {
        let due = |times: fn(&Self) -> Times, at: Instant| {
            source.iter().map(times).filter(|of| of.nominal <= at).max_by_key(|of| of.nominal)
        };
        let found = due(|run| run.truth, self.truth.nominal)?.good?;
        let result = due(|run| run.now, self.now.nominal)?.good?;
        let is_there = found <= self.truth.started?;
        (is_there && result > self.now.started?).then_some(result)
    }

    /// Moves each of its times.
    fn each(&mut self, to: impl Fn(Instant) -> Instant + Copy) {
        let Times { nominal, started, good } = self.now;
        self.now = Times { nominal: to(nominal), started: started.map(to), good: good.map(to) };
        for fact in &mut self.facts {
            fact.observed_at = to(fact.observed_at);
            match &mut fact.body {
                FactBody::Run { run, .. } => move_run(run, to),
                FactBody::Attempt { attempt, .. } => move_attempt(attempt, to),
                FactBody::CronJob { .. } | FactBody::Objective { .. } => {}
            }
        }
    }

    fn facts_now(self) -> Vec<Fact> {
        let Self { mut facts, suffix, now, is_scheduled, .. } = self;
        for fact in &mut facts {
            match &mut fact.body {
                FactBody::Run { revision, run } => {
                    revision.uid.push_str(&suffix);
                    // A run that waits is still of its own time.
                    match is_scheduled {
                        true => run.scheduled_at = Some(now.nominal),
                        false => run.created_at = now.nominal,
                    }
                }
                FactBody::Attempt { revision, run_uid, .. } => {
                    revision.uid.push_str(&suffix);
                    run_uid.push_str(&suffix);
                }
                FactBody::CronJob { .. } | FactBody::Objective { .. } => {}
            }
        }
        facts
    }
}

fn move_run(run: &mut Run, to: impl Fn(Instant) -> Instant) {
    run.scheduled_at = run.scheduled_at.map(&to);
    run.created_at = to(run.created_at);
    run.started_at = run.started_at.map(&to);
    match &mut run.phase {
        RunPhase::Succeeded { completed_at: at }
        | RunPhase::Failed { failed_at: at, .. }
        | RunPhase::Deleted { observed_at: at } => *at = to(*at),
        RunPhase::Pending | RunPhase::Running | RunPhase::Suspended => {}
    }
}

fn move_attempt(attempt: &mut Attempt, to: impl Fn(Instant) -> Instant) {
    match &mut attempt.phase {
        AttemptPhase::Running { since: at }
        | AttemptPhase::Succeeded { finished_at: at }
        | AttemptPhase::Failed { finished_at: at, .. } => *at = at.map(&to),
        AttemptPhase::Waiting { .. } => {}
    }
    for container in &mut attempt.containers {
        match &mut container.state {
            ContainerState::Running { since: at } | ContainerState::Ended { at, .. } => *at = at.map(&to),
            ContainerState::Waiting => {}
        }
    }
}
