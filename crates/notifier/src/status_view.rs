//! What messages need of `kigen.status`: of each batch how its deadlines went, what it reads, and when it starts. Pure.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use kigen_calendar::{Reading, Timetable, cached};
use kigen_lineage::graph::Graph;
use kigen_lineage::history::Edge;
use kigen_model::Instant;
use kigen_model::alert::{Alert, AlertBody};
use kigen_model::key::BatchKey;
use kigen_model::objective::{Deadlines, Schedule};
use kigen_model::risk::RiskKind;
use kigen_model::slot::Verdict;
use kigen_state::{BatchState, Judged, ObjectiveState, SlotEnd};

use crate::surroundings::{
    End, LateSource, Lateness, MARKS_MAX, Mark, NAMED_MAX, NextRead, Surroundings, Usual,
};

/// With fewer runs than this, nothing is usual.
const USUAL_RUNS_MIN: usize = 3;
/// Over how many of the latest runs.
const USUAL_RUNS_MAX: usize = 14;
/// For how long before a failed run a source counts as late that has come since, in hours.
const SOURCES_BEFORE_H: i64 = 24;

/// The batches of all clusters.
#[derive(Debug, Default)]
pub(crate) struct StatusView(BTreeMap<BatchKey, Known>);

/// What is kept of a batch.
#[derive(Debug)]
struct Known {
    /// The schedule, if it has a CronJob that makes runs.
    schedule: Option<Schedule>,
    usual: Option<Usual>,
    objectives: BTreeMap<String, KnownObjective>,
}

/// What is kept of an objective.
#[derive(Debug)]
struct KnownObjective {
    /// Who reads whom by it.
    edges: Vec<Edge>,
    /// The schedule of the batch whose start needs the result, as the objective has it.
    schedule_of_reader: Option<Schedule>,
    marks: Vec<(Instant, Mark)>,
    ends: Vec<End>,
    /// The last deadline that was missed, and when its result came then.
    came_late: Option<(Instant, Instant)>,
    /// The last deadline of the open incident.
    missing: Option<Instant>,
    /// The deadline of the open slot that is warned of.
    at_risk: Option<Instant>,
}

impl KnownObjective {
    fn of(key: &BatchKey, name: &str, state: &ObjectiveState) -> Self {
        let schedule_of_reader = match &state.objective.deadlines {
            Deadlines::Before { schedule, .. } => schedule.clone(),
            Deadlines::CompleteBy { .. } | Deadlines::Reads { .. } => None,
        };
        let marks = state.verdicts.iter().map(|judged| {
            let mark = match judged.verdict {
                Verdict::Met { .. } => Mark::Met,
                Verdict::Missed(_) => Mark::Missed,
                Verdict::Excused(_) => Mark::Excused,
                Verdict::Unknown(_) => Mark::Unknown,
            };
            (judged.deadline, mark)
        });
        let marks: Vec<(Instant, Mark)> = marks.collect();
        let last_missed = marks.iter().rev().find(|(_, mark)| *mark == Mark::Missed).map(|(at, _)| *at);
        let came_late = last_missed.and_then(|deadline| {
            let mut ends = state.ends.iter().rev();
            let late = ends.find(|end| end.reference <= deadline && deadline < end.ended_at)?;
            Some((deadline, late.ended_at))
        });
        let is_warned = |kind: &RiskKind| matches!(kind, RiskKind::NotStarted | RiskKind::RunningLate);
        let open = state.plan.open().filter(|open| open.met_at.is_none());
        let at_risk = open.filter(|open| open.warned_of.iter().any(is_warned));
        Self {
            edges: Edge::declared(key, name, &state.objective, state.since),
            schedule_of_reader,
            marks,
            ends: ends(state),
            came_late,
            missing: state.incident.map(|incident| incident.last.deadline),
            at_risk: at_risk.map(|open| open.slot.deadline),
        }
    }

    /// How late it is, for a reader that needed it after `from` and until `until`.
    fn lateness(&self, from: Instant, until: Instant) -> Option<(Instant, Lateness)> {
        let missing = self.missing.map(|deadline| (deadline, Lateness::Missing));
        let at_risk = self.at_risk.map(|deadline| (deadline, Lateness::AtRisk));
        let came = self.came_late.filter(|(deadline, _)| from < *deadline && *deadline <= until);
        let came = came.map(|(deadline, at)| (deadline, Lateness::Came(at)));
        missing.or(at_risk).or(came)
    }
}

impl StatusView {
    /// Takes a batch's newest state.
    pub(crate) fn put(&mut self, state: &BatchState) {
        let objectives: BTreeMap<String, KnownObjective> = state
            .objectives
            .iter()
            .filter(|(_, objective)| objective.withdrawn_at.is_none())
            .map(|(name, objective)| (name.clone(), KnownObjective::of(&state.key, name, objective)))
            .collect();
        let makes_runs =
            state.cron_job.as_ref().filter(|it| it.deleted_at.is_none() && !it.cron_job.suspended);
        let schedule = makes_runs.map(|known| Schedule::of(&known.cron_job));
        if objectives.is_empty() && schedule.is_none() {
            self.remove(&state.key);
            return;
        }
        let known = Known { schedule, usual: usual(state), objectives };
        self.0.insert(state.key.clone(), known);
    }

    /// A batch is removed.
    pub(crate) fn remove(&mut self, key: &BatchKey) {
        self.0.remove(key);
    }

    /// What is around an alert.
    pub(crate) fn around(&self, alert: &Alert) -> Surroundings {
        let objective = alert.objective.as_ref().map(|objective| objective.name.as_str());
        let batch = self.0.get(&alert.key);
        let known = batch.zip(objective).and_then(|(batch, name)| batch.objectives.get(name));
        let graph = self.graph(&alert.key.cluster);
        let (readers, more_readers) = self.readers(&graph, alert);
        Surroundings {
            marks: marks(known, alert),
            ends: ends_until(known, alert),
            usual: batch.and_then(|batch| batch.usual),
            readers,
            more_readers,
            sources: self.sources(&graph, alert),
        }
    }

    /// Who reads whom in a cluster.
    fn graph(&self, cluster: &str) -> Graph {
        let of_cluster = self.0.iter().filter(|(key, _)| key.cluster == cluster);
        let objectives = of_cluster.flat_map(|(_, known)| known.objectives.values());
        Graph::of(objectives.flat_map(|objective| &objective.edges))
    }

    fn readers(&self, graph: &Graph, alert: &Alert) -> (Vec<NextRead>, usize) {
        let own = self.0.get(&alert.key);
        let mut all: Vec<NextRead> = graph
            .readers_of(&alert.key)
            .map(|key| {
                let declared = own.into_iter().flat_map(|own| own.objectives.values());
                let mut declared = declared.filter(|it| it.edges.iter().any(|edge| edge.reader == *key));
                let declared = declared.find_map(|objective| objective.schedule_of_reader.as_ref());
                // A reader that makes no runs starts never.
                let schedule = match self.0.get(key) {
                    Some(known) => known.schedule.as_ref(),
                    None => declared,
                };
                let starts_at = schedule.and_then(|schedule| next_start(schedule, alert.decided_at));
                NextRead { batch: name(key), starts_at }
            })
            .collect();
        all.sort_by_key(|read| (read.starts_at.is_none(), read.starts_at));
        let more = all.len().saturating_sub(NAMED_MAX);
        all.truncate(NAMED_MAX);
        (all, more)
    }

    fn sources(&self, graph: &Graph, alert: &Alert) -> Vec<LateSource> {
        let from = match alert.body.slot() {
            Some(slot) => slot.from,
            None => alert.decided_at - TimeDelta::hours(SOURCES_BEFORE_H),
        };
        let late = graph.sources_of(&alert.key).into_iter().filter_map(|key| {
            let own = self.0.get(&alert.key).into_iter().flat_map(|own| own.objectives.values());
            let reads_it = own.flat_map(|objective| &objective.edges).any(|edge| edge.source == *key);
            let of_source = self.0.get(key)?.objectives.values();
            let is_read =
                |objective: &&KnownObjective| objective.edges.iter().any(|edge| edge.source == *key);
            let edges = of_source.filter(|objective| reads_it || is_read(objective));
            let late = edges.filter_map(|objective| objective.lateness(from, alert.decided_at));
            let (deadline, lateness) = late.min_by_key(|(deadline, _)| *deadline)?;
            Some(LateSource { batch: name(key), deadline, lateness })
        });
        late.take(NAMED_MAX).collect()
    }
}

fn name(key: &BatchKey) -> String {
    format!("{}/{}", key.namespace, key.batch)
}

/// The marks until the alert's own deadline, whose verdict may be newer than what was read.
fn marks(known: Option<&KnownObjective>, alert: &Alert) -> Vec<Mark> {
    let until = alert.body.slot().map_or(alert.decided_at, |slot| slot.deadline);
    let mut marks: Vec<(Instant, Mark)> = known
        .map_or(Vec::new(), |known| known.marks.iter().copied().filter(|(at, _)| *at <= until).collect());
    let own = match &alert.body {
        AlertBody::SlotMissed { slot, .. } | AlertBody::BudgetSpent { slot, .. } => {
            Some((slot.deadline, Mark::Missed))
        }
        AlertBody::SlotUnknown { slot, .. } => Some((slot.deadline, Mark::Unknown)),
        AlertBody::SlotRetracted { slot, .. } => Some((slot.deadline, Mark::Met)),
        AlertBody::SlotRecovered { .. }
        | AlertBody::UnknownClosed { .. }
        | AlertBody::SlotAtRisk { .. }
        | AlertBody::RiskOver { .. }
        | AlertBody::ExpectationBroken { .. }
        | AlertBody::RunFailed { .. }
        | AlertBody::ClusterSilent { .. }
        | AlertBody::SilenceOver { .. }
        | AlertBody::ClusterStalled(_)
        | AlertBody::StallOver { .. } => None,
    };
    if let Some((deadline, mark)) = own {
        match marks.iter_mut().find(|(at, _)| *at == deadline) {
            Some(known) => known.1 = mark,
            None => marks.push((deadline, mark)),
        }
    }
    let surplus = marks.len().saturating_sub(MARKS_MAX);
    marks.into_iter().skip(surplus).map(|(_, mark)| mark).collect()
}

/// When the results of the judged slots came, each with its deadline.
fn ends(state: &ObjectiveState) -> Vec<End> {
    let mut before: Option<Instant> = None;
    let of = |judged: &Judged| {
        let from = judged.judged.map(|judged| judged.slot.from).or(before.replace(judged.deadline))?;
        let is_of_slot = |end: &&SlotEnd| from < end.reference && end.reference <= judged.deadline;
        let end = state.ends.iter().find(is_of_slot)?;
        Some(End { deadline: judged.deadline, ended_at: end.ended_at })
    };
    state.verdicts.iter().filter_map(of).collect()
}

/// The latest ends until the alert's own deadline.
fn ends_until(known: Option<&KnownObjective>, alert: &Alert) -> Vec<End> {
    let until = alert.body.slot().map_or(alert.decided_at, |slot| slot.deadline);
    let ends = known.map_or(&[][..], |known| &known.ends).iter().filter(|end| end.deadline <= until);
    let ends: Vec<End> = ends.copied().collect();
    let surplus = ends.len().saturating_sub(MARKS_MAX);
    ends.into_iter().skip(surplus).collect()
}

/// How long the latest successful runs took, as far as their starts are known.
fn usual(state: &BatchState) -> Option<Usual> {
    let took = state.past_runs.iter().rev().filter_map(|run| Some(run.ended_at - run.started_at?));
    let took: Vec<TimeDelta> = took.take(USUAL_RUNS_MAX).collect();
    let (shortest, longest) = (*took.iter().min()?, *took.iter().max()?);
    (took.len() >= USUAL_RUNS_MIN).then_some(Usual { shortest, longest, runs: took.len() })
}

/// The next start of a CronJob after an instant.
fn next_start(schedule: &Schedule, after: Instant) -> Option<Instant> {
    let timetable = Timetable::of(&schedule.crontab, schedule.time_zone.as_deref());
    cached(timetable.crontab, timetable.time_zone, Reading::Kubernetes).ok()?.next_after(after)
}
