//! What is repeated, in which order, and how long that takes.
//!
//! One run for each period that has no good result. A run comes after those of the same batch for earlier periods, and after
//! the repetition of what it reads. Each of these is for an earlier time than its own, so there is no cycle among them, also
//! where the batches read each other in one.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use kigen_model::Instant;
use kigen_model::key::BatchKey;

use crate::history::History;
use crate::impact::Impact;
use crate::timeline::{Period, Timeline};

/// How many of a batch's latest successes show how long it takes.
const SUCCESSES_MAX: usize = 64;

/// The repetitions, in an order in which they can run one after the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The repetitions.
    pub steps: Vec<Step>,
}

/// The repetition of one period of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The batch.
    pub batch: BatchKey,
    /// The period.
    pub period: Period,
    /// The value of `kigen.dev/slot` of its run.
    pub mark: Instant,
    /// Whether it certainly must be repeated.
    pub is_certain: bool,
    /// The steps that must have ended before, by their places.
    pub after: Vec<usize>,
    /// One more than the largest of those: the steps of one wave can run in parallel.
    pub wave: usize,
    /// How long its batch takes; `None`: no success of it with a known start is in the log.
    pub usual: Option<Usual>,
    /// How long after the beginning of the plan it ends, if each run takes what half of the runs took at most.
    pub done_after: TimeDelta,
    /// The same, if each run takes what nine in ten took at most.
    pub done_after_slow: TimeDelta,
}

/// How long the latest successes of a batch took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Usual {
    /// What half of them took at most.
    pub median: TimeDelta,
    /// What nine in ten took at most.
    pub slow: TimeDelta,
    /// How many they are.
    pub runs: usize,
}

impl Usual {
    fn of(timeline: &Timeline<'_>) -> Option<Self> {
        let mut took: Vec<TimeDelta> =
            timeline.last_successes(SUCCESSES_MAX).map(|(start, end)| end - start).collect();
        took.sort_unstable();
        let nth = |tenths: usize| took.get((took.len() * tenths).div_ceil(10).checked_sub(1)?).copied();
        Some(Self { median: nth(5)?, slow: nth(9)?, runs: took.len() })
    }
}

impl Plan {
    /// How long the whole plan takes, by the median of each run and by what nine in ten take at most.
    #[must_use]
    pub fn takes(&self) -> (TimeDelta, TimeDelta) {
        let last = |done: fn(&Step) -> TimeDelta| self.steps.iter().map(done).max().unwrap_or_default();
        (last(|step| step.done_after), last(|step| step.done_after_slow))
    }

    /// The batches of which no success shows how long they take: they count as nothing.
    #[must_use]
    pub fn without_durations(&self) -> Vec<&BatchKey> {
        let unknown = self.steps.iter().filter(|step| step.usual.is_none());
        let mut unknown: Vec<&BatchKey> = unknown.map(|step| &step.batch).collect();
        unknown.sort_unstable();
        unknown.dedup();
        unknown
    }
}

/// Plans the repetitions, by the edges that are in force now.
#[must_use]
pub fn plan(history: &History, impact: &Impact) -> Plan {
    let timelines: BTreeMap<&BatchKey, Timeline<'_>> =
        history.batches.iter().map(|(key, batch)| (key, Timeline::new(batch))).collect();
    let usual: BTreeMap<&BatchKey, Option<Usual>> =
        timelines.iter().map(|(key, timeline)| (*key, Usual::of(timeline))).collect();
    let mut periods: Vec<(&BatchKey, &Period, bool)> =
        impact.periods.iter().map(|((key, period), certain)| (key, period, *certain)).collect();
    periods.sort_by(|(one, of_one, _), (other, of_other, _)| (of_one, one).cmp(&(of_other, other)));
    let mut steps: Vec<Step> = Vec::new();
    // The steps of each batch so far, oldest first.
    let mut of_batch: BTreeMap<&BatchKey, Vec<usize>> = BTreeMap::new();
    for (key, period, is_certain) in periods {
        let mut after: Vec<usize> = of_batch.get(key).and_then(|of| of.last()).copied().into_iter().collect();
        let edges =
            history.edges.iter().filter(|edge| edge.reader == *key && edge.is_in_force(history.until));
        for edge in edges {
            let due = timelines
                .get(&edge.source)
                .and_then(|timeline| timeline.due_at(edge.objective.as_deref(), period.opens));
            let (Some(due), Some(of_source)) = (due, of_batch.get(&edge.source)) else { continue };
            let overlapping = of_source.iter().filter(|place| steps[**place].period.overlaps(&due));
            let overlapping: Vec<usize> = overlapping.copied().collect();
            // Of a period without any result it reads the last one before.
            if overlapping.is_empty() && !timelines[&edge.source].has_result(&due) {
                let before = of_source.iter().rev().find(|place| steps[**place].period.opens < due.opens);
                after.extend(before);
            }
            after.extend(overlapping);
        }
        after.sort_unstable();
        after.dedup();
        let usual = usual.get(key).copied().flatten();
        let latest = |of: fn(&Step) -> TimeDelta| {
            after.iter().map(|place| of(&steps[*place])).max().unwrap_or_default()
        };
        let took = |of: fn(Usual) -> TimeDelta| usual.map(of).unwrap_or_default();
        let step = Step {
            batch: key.clone(),
            period: period.clone(),
            mark: timelines.get(key).map_or(period.mark, |timeline| timeline.mark_for(period)),
            is_certain,
            wave: after.iter().map(|place| steps[*place].wave + 1).max().unwrap_or_default(),
            usual,
            done_after: latest(|step| step.done_after) + took(|usual| usual.median),
            done_after_slow: latest(|step| step.done_after_slow) + took(|usual| usual.slow),
            after,
        };
        of_batch.entry(key).or_default().push(steps.len());
        steps.push(step);
    }
    Plan { steps }
}
