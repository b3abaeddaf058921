//! What mutes and stalls make of the alerts of a world: each alert of the same world without them is hidden, sent later or the same, and
//! nothing else is sent.
//!
//! Naive, and without any code of the engine: the times in which a mute is in force are listed one by one. Objectives that are
//! withdrawn, or have unknown slots, are left out: what an incident is there depends on more than its misses.

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;
use kigen_model::Instant;
use kigen_model::alert::{Alert, AlertBody};
use kigen_model::event::{ClusterBody, ClusterEvent, Event, MuteChange};
use kigen_model::key::BatchKey;
use kigen_model::mute::{Mute, MuteScope};
use kigen_model::objective::Objective;
use kigen_model::slot::{Cause, Verdict};

use crate::answer::{Disagreement, ObjectiveAnswer};
use crate::calendar::Crontab;
use crate::history::{Batch, Declared};
use crate::stalls::{self, Stall};
use crate::undisturbed::{Raised, Undisturbed};
use crate::verdicts::disagreement;
use crate::world::World;

/// The world with its mutes replaced by such of nothing, so that each event keeps its place.
#[must_use]
pub fn without(world: &World) -> World {
    let mut world = world.clone();
    for event in world.partitions.iter_mut().flatten() {
        let Event::Cluster(event) = event else { continue };
        if let ClusterBody::Mute { change: MuteChange::Declared(mute), .. } = &mut event.body {
            mute.scope = MuteScope::Owner("no-one".to_owned());
        }
        if let ClusterBody::Stalled { at, .. } = event.body {
            event.body = ClusterBody::StallOver { at };
        }
    }
    world
}

/// Whether it has any.
#[must_use]
pub fn has_mutes(world: &World) -> bool {
    let silences = |event: &Event| match event {
        Event::Cluster(event) => {
            matches!(event.body, ClusterBody::Mute { .. } | ClusterBody::Stalled { .. })
        }
        Event::Fact(_) => false,
    };
    world.partitions.iter().flatten().any(silences)
}

/// Where the alerts with mutes are not what follows from those without.
#[must_use]
pub fn compare(
    world: &World,
    answers: &[ObjectiveAnswer],
    without: &Undisturbed,
    with: &Undisturbed,
) -> Vec<Disagreement> {
    let mut differ = Vec::new();
    for batch in &world.batches {
        for declared in &batch.objectives {
            let is_of_it =
                |answer: &&ObjectiveAnswer| (&answer.key, &answer.objective) == (&batch.key, &declared.name);
            let slots = answers.iter().find(is_of_it).map_or(&[][..], |answer| &answer.slots);
            let early = slots.iter().filter_map(|slot| Some((slot.deadline, slot.early?))).collect();
            let silences = silences(&world.partitions[batch.partition], &batch.key.cluster);
            let of = OfObjective { world, batch, declared, early, silences };
            if of.is_simple(without) {
                differ.extend(of.compare(without, with));
            }
            differ.extend(of.warnings(without, with));
        }
    }
    differ
}

/// How long after a stall the misses of it are still hidden.
const MADE_UP_WITHIN: TimeDelta = TimeDelta::hours(1);

struct OfObjective<'a> {
    world: &'a World,
    batch: &'a Batch,
    declared: &'a Declared,
    /// Of the slots that are judged early, when their last run ended; `None`: that is open.
    early: BTreeMap<Instant, Option<Instant>>,
    /// What may hide its misses, with the index of each event.
    silences: Vec<(usize, &'a ClusterEvent)>,
}

/// The mutes and stalls of a cluster that count, with the index of each event.
fn silences<'a>(events: &'a [Event], cluster: &str) -> Vec<(usize, &'a ClusterEvent)> {
    let (mut epoch, mut found) = (0, Vec::new());
    for (index, event) in events.iter().enumerate() {
        let Event::Cluster(event) = event else { continue };
        let is_mute = matches!(event.body, ClusterBody::Mute { .. });
        if event.cluster != cluster || !is_mute && event.epoch < epoch {
            continue;
        }
        if !is_mute {
            epoch = event.epoch;
        }
        if is_mute || matches!(event.body, ClusterBody::Stalled { .. } | ClusterBody::StallOver { .. }) {
            found.push((index, event));
        }
    }
    found
}

/// What is compared of an alert: the event that led to it, what it is, the deadline that it is about, and its misses.
type Line = (usize, &'static str, Instant, u32);

/// Why a miss may be hidden.
#[derive(Clone, Copy)]
struct Hidden {
    /// When its success stopped counting, or its run decided.
    since: Instant,
    /// When its run was expected, if that was never made.
    expected_at: Option<Instant>,
}

/// Misses in a row of which none is alerted yet.
#[derive(Default)]
struct Pending {
    /// The last hidden miss: its deadline, and the misses of the incident then.
    last: Option<(Hidden, Instant, u32)>,
    /// Whether a miss of the incident is alerted.
    is_alerted: bool,
    /// The deadlines whose misses are hidden, of incidents that are over, too.
    hidden: BTreeSet<Instant>,
}

impl Pending {
    /// The incident is over.
    fn end(&mut self) {
        (self.last, self.is_alerted) = (None, false);
    }

    /// A slot was met in time; returns whether its miss is hidden.
    fn retract(&mut self, deadline: Instant, misses: u32) -> bool {
        let is_hidden = self.hidden.remove(&deadline);
        if is_hidden {
            self.last = self.last.filter(|(_, last, _)| *last != deadline);
        }
        if misses == 0 {
            self.end();
        }
        is_hidden
    }
}

impl OfObjective<'_> {
    fn is_of_it(&self, key: &BatchKey, objective: &str) -> bool {
        *key == self.batch.key && objective == self.declared.name
    }

    fn alerts<'f>(&self, found: &'f Undisturbed) -> Vec<&'f Raised> {
        let of_it = |alert: &Alert| {
            alert.objective.as_ref().is_some_and(|objective| self.is_of_it(&alert.key, &objective.name))
        };
        found.alerts[self.batch.partition].iter().filter(|raised| of_it(&raised.alert)).collect()
    }

    /// The specs that are ever in force.
    fn specs(&self) -> impl Iterator<Item = Option<&Objective>> {
        self.declared.versions.iter().filter(|version| version.seen.is_some()).map(|it| it.value.as_ref())
    }

    fn is_simple(&self, found: &Undisturbed) -> bool {
        let mut verdicts = found.verdicts[self.batch.partition].iter();
        let has_unknown = verdicts.any(|judged| {
            self.is_of_it(&judged.key, &judged.objective) && matches!(judged.verdict, Verdict::Unknown(_))
        });
        let spec = |spec: Option<&Objective>| spec.map(|it| (it.settle, it.owner.clone(), it.grace));
        let mut specs: Vec<_> = self.specs().map(spec).collect();
        specs.dedup();
        let is_open = self.early.values().any(Option::is_none);
        !has_unknown && !is_open && specs.len() == 1 && specs[0].is_some()
    }

    /// The times in which the mutes that are known before an event mute the objective, by their beginnings; `by_any`: also if it had
    /// that owner some time only.
    fn times(&self, before: usize, by_any: bool) -> Vec<(Instant, Instant)> {
        let owners: Vec<Option<&String>> = self.specs().flatten().map(|spec| spec.owner.as_ref()).collect();
        let mut known: BTreeMap<&String, Mute> = BTreeMap::new();
        for (_, event) in self.silences.iter().filter(|(index, _)| *index < before) {
            let ClusterBody::Mute { id, change } = &event.body else { continue };
            match change {
                MuteChange::Declared(mute) => {
                    known.entry(id).or_insert_with(|| mute.clone());
                }
                MuteChange::Ended { at, .. } => {
                    if let Some(mute) = known.get_mut(id) {
                        mute.until = mute.until.min(*at);
                    }
                }
            }
        }
        let (key, name) = (&self.batch.key, &self.declared.name);
        let concerns = |mute: &&Mute| match &mute.scope {
            MuteScope::Cluster => true,
            MuteScope::Namespace(namespace) => *namespace == key.namespace,
            MuteScope::Owner(of) if by_any => owners.contains(&Some(of)),
            MuteScope::Owner(of) => owners.iter().all(|owner| *owner == Some(of)),
            MuteScope::Batch { namespace, batch } => *namespace == key.namespace && *batch == key.batch,
            MuteScope::Objective { namespace, batch, objective } => {
                *namespace == key.namespace && *batch == key.batch && objective == name
            }
        };
        known.values().filter(concerns).flat_map(times_of).collect()
    }

    /// Until when it is muted that is so at `at`.
    fn muted_until(&self, before: usize, at: Instant) -> Option<Instant> {
        self.until(before, Hidden { since: at, expected_at: None })
    }

    /// Until when a miss is hidden, by mutes or since its run fell into a stall: an hour after that.
    fn until(&self, before: usize, miss: Hidden) -> Option<Instant> {
        let times = self.times(before, false);
        let events = self.silences.iter().filter(|(index, _)| *index < before);
        let stalls = stalls::known(events.map(|(_, event)| *event));
        let hidden_until = |muted_at: Instant, expected_at: Option<Instant>| {
            let in_force = times.iter().filter(|(begins, ends)| *begins <= muted_at && muted_at < *ends);
            let has = |stall: &&Stall| {
                let is_in = |at: Instant| stall.since < at && stall.until.is_none_or(|until| at < until);
                expected_at.is_some_and(is_in)
            };
            let of_stalls = stalls.iter().filter(has);
            let of_stalls =
                of_stalls.map(|stall| stall.until.map_or(Instant::MAX_UTC, |it| it + MADE_UP_WITHIN));
            in_force.map(|(_, ends)| *ends).chain(of_stalls).max()
        };
        let mut until = hidden_until(miss.since, miss.expected_at)?;
        let later = |until: Instant| hidden_until(until, miss.expected_at.map(|_| until));
        while let Some(later) = later(until).filter(|later| *later > until) {
            until = later;
        }
        Some(until)
    }

    fn compare(&self, without: &Undisturbed, with: &Undisturbed) -> Vec<Disagreement> {
        let (mut right, mut reported) = (self.right(without), self.reported(with));
        right.sort_unstable();
        reported.sort_unstable();
        let nth = (0..right.len().max(reported.len())).find(|nth| right.get(*nth) != reported.get(*nth));
        let Some(nth) = nth else { return Vec::new() };
        let (right, reported) = (right.get(nth), reported.get(nth));
        let deadline = right.or(reported).map_or(self.world.begins, |line| line.2);
        let place = (&self.batch.key, self.declared.name.as_str(), deadline);
        vec![disagreement(place, format!("with its mutes {right:?}"), format!("{reported:?}"))]
    }

    fn reported(&self, found: &Undisturbed) -> Vec<Line> {
        let line = |raised: &&Raised| match &raised.alert.body {
            AlertBody::SlotMissed { slot, misses, .. } => {
                Some((raised.index, "missed", slot.deadline, *misses))
            }
            AlertBody::SlotRecovered { slot, misses, .. } => {
                Some((raised.index, "recovered", slot.deadline, *misses))
            }
            AlertBody::SlotRetracted { slot, misses, .. } => {
                Some((raised.index, "retracted", slot.deadline, *misses))
            }
            _ => None,
        };
        self.alerts(found).iter().filter_map(line).collect()
    }

    /// What is right, by the alerts without mutes.
    fn right(&self, without: &Undisturbed) -> Vec<Line> {
        let spec = self.specs().flatten().next();
        let (grace, settle) = spec.map_or_else(Default::default, |spec| (spec.grace, spec.settle));
        let mut lines = Vec::new();
        let mut pending = Pending::default();
        // A recovery that waits for the alert of what it ends.
        let mut waiting: Option<(Instant, u32)> = None;
        let alerts = self.alerts(without);
        let mut alerts = alerts.iter().peekable();
        for (index, tick) in self.ticks().into_iter().enumerate() {
            while let Some(raised) = alerts.next_if(|raised| raised.index == index) {
                match &raised.alert.body {
                    AlertBody::SlotMissed { slot, misses, cause, .. } => {
                        // Where a run decides earlier, at its end.
                        let early = self.early.get(&slot.deadline).copied().flatten();
                        let since = early.unwrap_or(slot.deadline + grace);
                        // At one tick what is due first comes first.
                        if let Some(tick) = tick {
                            self.outlasted(
                                index,
                                since.min(tick - settle),
                                &mut pending,
                                &mut waiting,
                                &mut lines,
                            );
                        }
                        if *misses == 1 {
                            pending.end();
                        }
                        let expected_at = match cause {
                            Cause::NeverStarted { expected_at } => Some(*expected_at),
                            _ => None,
                        };
                        let miss = Hidden { since, expected_at };
                        match self.until(index, miss) {
                            Some(_) => {
                                pending.last = Some((miss, slot.deadline, *misses));
                                pending.hidden.insert(slot.deadline);
                            }
                            None => {
                                (pending.last, pending.is_alerted) = (None, true);
                                lines.push((index, "missed", slot.deadline, *misses));
                            }
                        }
                    }
                    AlertBody::SlotRecovered { slot, misses, ended_at, .. } => {
                        let until =
                            pending.last.map(|(miss, ..)| self.until(index, miss).unwrap_or(miss.since));
                        match until {
                            Some(until) if *ended_at > until => waiting = Some((slot.deadline, *misses)),
                            _ => {
                                if pending.is_alerted {
                                    lines.push((index, "recovered", slot.deadline, *misses));
                                }
                                pending.end();
                            }
                        }
                    }
                    AlertBody::SlotRetracted { slot, misses, .. }
                        if !pending.retract(slot.deadline, *misses) =>
                    {
                        lines.push((index, "retracted", slot.deadline, *misses));
                    }
                    _ => {}
                }
            }
            if let Some(tick) = tick {
                self.outlasted(index, tick - settle, &mut pending, &mut waiting, &mut lines);
            }
        }
        lines
    }

    /// Alerts the last hidden miss if its mutes have ended by `until`.
    fn outlasted(
        &self,
        index: usize,
        until: Instant,
        pending: &mut Pending,
        waiting: &mut Option<(Instant, u32)>,
        lines: &mut Vec<Line>,
    ) {
        let Some((miss, deadline, misses)) = pending.last else { return };
        if self.until(index, miss).unwrap_or(miss.since) > until {
            return;
        }
        (pending.last, pending.is_alerted) = (None, true);
        pending.hidden.remove(&deadline);
        lines.push((index, "missed", deadline, misses));
        if let Some((deadline, misses)) = waiting.take() {
            lines.push((index, "recovered", deadline, misses));
            pending.end();
        }
    }

    /// For each event of the partition the watermark, if it moves that: a tick that is later than those before it, and of no older
    /// epoch.
    fn ticks(&self) -> Vec<Option<Instant>> {
        let (mut epoch, mut last) = (0, Instant::MIN_UTC);
        let events = self.world.partitions[self.batch.partition].iter();
        let tick = events.map(|event| {
            let Event::Cluster(event) = event else { return None };
            let is_mute = matches!(event.body, ClusterBody::Mute { .. });
            if event.cluster != self.batch.key.cluster || event.epoch < epoch || is_mute {
                return None;
            }
            epoch = event.epoch;
            let ClusterBody::Tick { observed_until, .. } = event.body else { return None };
            (observed_until > last).then(|| {
                last = observed_until;
                last
            })
        });
        tick.collect()
    }

    /// No warning of a muted slot or within a mute; one that no mute concerns is the same.
    fn warnings(&self, without: &Undisturbed, with: &Undisturbed) -> Vec<Disagreement> {
        let at_risk = |raised: &&Raised| match &raised.alert.body {
            AlertBody::SlotAtRisk { slot, risk, .. } => {
                let grace = raised.alert.objective.as_ref().map(|it| it.grace).unwrap_or_default();
                Some((raised.index, slot.deadline, slot.deadline + grace, risk.kind()))
            }
            _ => None,
        };
        let mut differ = Vec::new();
        for raised in self.alerts(with) {
            let Some((index, deadline, until, _)) = at_risk(&raised) else { continue };
            let is_muted = |at: Instant| self.muted_until(index, at).is_some();
            if is_muted(until) || is_muted(raised.alert.decided_at) {
                let place = (&self.batch.key, self.declared.name.as_str(), deadline);
                differ.push(disagreement(place, "muted".to_owned(), format!("{:?}", raised.alert)));
            }
        }
        // Where none was ever in force, not even for a later warning of the same slot.
        if self.times(self.world.partitions[self.batch.partition].len(), true).is_empty() {
            let lines = |found| self.alerts(found).iter().filter_map(at_risk).collect::<Vec<_>>();
            if lines(without) != lines(with) {
                let place = (&self.batch.key, self.declared.name.as_str(), self.world.begins);
                differ.push(disagreement(place, "the same warnings".to_owned(), "others".to_owned()));
            }
        }
        differ
    }
}

/// The times in which a mute is in force.
fn times_of(mute: &Mute) -> Vec<(Instant, Instant)> {
    let Some(repeat) = &mute.repeats else { return vec![(mute.from, mute.until)] };
    let Some(crontab) = Crontab::read(&repeat.crontab, Some(&repeat.time_zone)) else { return Vec::new() };
    let begins = crontab.deadlines(mute.from, mute.until);
    let begins = begins.into_iter().filter(|begins| *begins >= mute.from && *begins < mute.until);
    begins
        .map(|begins| (begins, (begins + repeat.length).min(mute.until)))
        .filter(|(from, to)| from < to)
        .collect()
}
