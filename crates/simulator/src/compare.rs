//! The alerts of a processor beside what the judge finds right.

use std::collections::BTreeMap;
use std::fmt::Write;

use kigen_model::Instant;
use kigen_model::alert::{Alert, AlertBody};
use kigen_model::event::{ClusterBody, Event};
use uuid::Uuid;

use crate::answer::{Disagreement, Later, ObjectiveAnswer, Open, Right, SlotAnswer, Success};
use crate::world::World;

/// What was compared.
#[derive(Clone, Debug, Default)]
pub struct Comparison {
    /// How many slots were judged.
    pub slots: u64,
    /// How often each verdict, cause and later change occurred.
    pub occurred: BTreeMap<String, u64>,
    /// How many slots had more than one right answer, by reason.
    pub open: BTreeMap<&'static str, u64>,
    /// Where the alerts differ from what is right.
    pub disagreements: Vec<Disagreement>,
}

/// Compares all alerts of a processor that has read the whole world, those of one objective in the order of their partition.
#[must_use]
pub fn compare(world: &World, answers: &[ObjectiveAnswer], alerts: &[Alert]) -> Comparison {
    let mut comparison = Comparison::default();
    for answer in answers {
        let of_it = alerts.iter().filter(|alert| {
            alert.key == answer.key
                && alert.objective.as_ref().is_some_and(|objective| objective.name == answer.objective)
                && !matches!(alert.body, AlertBody::RunFailed { .. })
        });
        let reported: Vec<&Alert> = of_it.collect();
        Follower::new(world, answer, &reported).follow(&mut comparison);
    }
    comparison
}

/// An open or closed incident.
struct Incident {
    since: Instant,
    /// The slots that are missed, by their place.
    missed: Vec<usize>,
    is_open: bool,
}

/// An alert that is due.
struct Due {
    deadline: Instant,
    right: Vec<String>,
}

/// How many successes after a miss are kept with their runs, whatever else ran: of 32 runs some are under way or failed.
const SUCCESSES_SURELY_KEPT: usize = 16;

struct Follower<'a> {
    world: &'a World,
    answer: &'a ObjectiveAnswer,
    reported: &'a [&'a Alert],
    incidents: Vec<Incident>,
    /// How many slots are judged.
    judged: usize,
    due: Vec<Due>,
}

impl<'a> Follower<'a> {
    fn new(world: &'a World, answer: &'a ObjectiveAnswer, reported: &'a [&'a Alert]) -> Self {
        Self { world, answer, reported, incidents: Vec::new(), judged: 0, due: Vec::new() }
    }

    fn follow(mut self, comparison: &mut Comparison) {
        let mut moments: Vec<usize> = self.answer.slots.iter().filter_map(|slot| slot.judged_at).collect();
        moments.extend(self.answer.successes.iter().map(|success| success.index));
        moments.extend(self.answer.slots.iter().flat_map(|slot| &slot.later).map(Later::index));
        moments.sort_unstable();
        moments.dedup();
        for index in moments {
            self.moment(index, comparison);
        }
        self.report(comparison);
    }

    /// What the event at this index brings.
    fn moment(&mut self, index: usize, comparison: &mut Comparison) {
        let at = self.time(index);
        while let Some(slot) = self.answer.slots.get(self.judged).filter(|slot| slot.judged_at == Some(index))
        {
            let nth = self.judged;
            self.judged += 1;
            comparison.slots += 1;
            if let Some(open) = slot.open {
                *comparison.open.entry(open.label()).or_default() += 1;
            }
            let Some(right) = slot.right.first() else { continue };
            *comparison.occurred.entry(label(right)).or_default() += 1;
            if let Right::Missed { causes } = right {
                let incident = self.miss(nth);
                let (since, misses) = (incident.since, incident.missed.len());
                let right =
                    causes.iter().map(|cause| missed(at, slot.deadline, since, misses, cause.label()));
                self.due.push(Due { deadline: slot.deadline, right: right.collect() });
            }
            // A success may be after this slot and before the next one that this tick judges.
            self.recover(at, index, comparison);
        }
        for nth in 0..self.judged {
            let slot = &self.answer.slots[nth];
            for later in slot.later.iter().filter(|later| later.index() == index) {
                let Later::Met { ended_at, .. } = later else { continue };
                *comparison.occurred.entry("later: retracted".to_owned()).or_default() += 1;
                self.retract(at, nth, *ended_at);
            }
        }
        self.recover(at, index, comparison);
    }

    fn miss(&mut self, nth: usize) -> &Incident {
        let SlotAnswer { deadline: since, life, .. } = self.answer.slots[nth];
        let goes_on = |last: &Incident| {
            last.is_open && last.missed.iter().all(|missed| self.answer.slots[*missed].life == life)
        };
        if !self.incidents.last().is_some_and(goes_on) {
            self.incidents.iter_mut().for_each(|last| last.is_open = false);
            self.incidents.push(Incident { since, missed: Vec::new(), is_open: true });
        }
        let incident = self.incidents.last_mut().expect("one is open");
        incident.missed.push(nth);
        incident
    }

    fn retract(&mut self, at: Instant, nth: usize, ended_at: Instant) {
        let Some(incident) = self.incidents.iter_mut().find(|incident| incident.missed.contains(&nth)) else {
            return;
        };
        incident.missed.retain(|missed| *missed != nth);
        incident.is_open &= !incident.missed.is_empty();
        let deadline = self.answer.slots[nth].deadline;
        // None is left of an incident that is over, however it ended.
        let left = if incident.is_open { incident.missed.len() } else { 0 };
        let right = retracted(at, deadline, incident.since, left, ended_at);
        self.due.push(Due { deadline, right: vec![right] });
    }

    /// Ends the open incident if a success is known that ends it.
    fn recover(&mut self, at: Instant, index: usize, comparison: &mut Comparison) {
        let Some(incident) = self.incidents.last_mut().filter(|incident| incident.is_open) else { return };
        let Some(last) = incident.missed.last().copied() else { return };
        let slots = &self.answer.slots;
        // Of a success that was corrected the last is what is known.
        let mut known = BTreeMap::new();
        for success in self.answer.successes.iter().filter(|success| success.index <= index) {
            known.insert(&success.uid, success);
        }
        let mut ending: Vec<_> = known
            .into_values()
            .filter(|success| success.slot >= last && success.ended_at > slots[last].stops_counting)
            .collect();
        ending.sort_by_key(|success| success.ended_at);
        let Some(first) = ending.first() else { return };
        // It waits for the verdicts on what it is too late for, where there is something to judge.
        let mut open = slots[self.judged..].iter().take_while(|slot| slot.stops_counting < first.ended_at);
        if open.any(|slot| slot.right != [Right::Excused]) {
            return;
        }
        incident.is_open = false;
        *comparison.occurred.entry("later: recovered".to_owned()).or_default() += 1;
        let deadline = slots[last].deadline;
        let right = |success: &&Success| {
            recovered(at, deadline, incident.since, incident.missed.len(), success.ended_at)
        };
        // The first of many may be among the runs that are kept no more.
        let is_bounded = ending.len() > SUCCESSES_SURELY_KEPT;
        let right = if is_bounded { ending.iter().map(right).collect() } else { vec![right(first)] };
        if is_bounded {
            *comparison.open.entry(Open::Bounded.label()).or_default() += 1;
        }
        self.due.push(Due { deadline, right });
    }

    /// The time of an event, which is that of the alerts it causes.
    fn time(&self, index: usize) -> Instant {
        match &self.world.partitions[self.answer.partition][index] {
            Event::Fact(fact) => fact.observed_at,
            Event::Cluster(event) => match &event.body {
                ClusterBody::Tick { observed_until, .. } => *observed_until,
                ClusterBody::Gap(gap) => gap.to,
                ClusterBody::Epoch { .. } | ClusterBody::Forgotten { .. } => self.world.begins,
            },
        }
    }

    fn report(self, comparison: &mut Comparison) {
        let mut incidents: BTreeMap<Uuid, Instant> = BTreeMap::new();
        let mut reported = self.reported.iter().map(|alert| described(alert, &mut incidents));
        let mut differ = |deadline: Instant, right: String, reported: String| {
            comparison.disagreements.push(Disagreement {
                key: self.answer.key.clone(),
                objective: self.answer.objective.clone(),
                deadline,
                right,
                reported,
            });
        };
        for due in &self.due {
            match reported.next() {
                Some((_, text)) if due.right.contains(&text) => {}
                Some((_, text)) => return differ(due.deadline, due.right.join(" or "), text),
                None => return differ(due.deadline, due.right.join(" or "), "nothing".to_owned()),
            }
        }
        if let Some((deadline, text)) = reported.next() {
            differ(deadline, "nothing".to_owned(), text);
        }
    }
}

impl Later {
    /// The index of the event that shows it.
    fn index(&self) -> usize {
        match self {
            Self::Met { index, .. } | Self::Missed { index } => *index,
        }
    }
}

fn label(right: &Right) -> String {
    match right {
        Right::Met { .. } => "met".to_owned(),
        Right::Missed { causes } => {
            let mut text = "missed".to_owned();
            for cause in causes {
                let _ = write!(text, ", {}", cause.label());
            }
            text
        }
        Right::Unknown => "unknown".to_owned(),
        Right::Excused => "excused".to_owned(),
    }
}

fn missed(at: Instant, deadline: Instant, since: Instant, misses: usize, cause: &str) -> String {
    format!("at {at} missed {deadline}: {cause}, miss {misses} since {since}")
}

fn retracted(at: Instant, deadline: Instant, since: Instant, misses: usize, ended_at: Instant) -> String {
    format!("at {at} retracted {deadline}, met at {ended_at}, {misses} left since {since}")
}

fn recovered(at: Instant, deadline: Instant, since: Instant, misses: usize, ended_at: Instant) -> String {
    format!("at {at} recovered {deadline} at {ended_at}, {misses} since {since}")
}

/// An alert as the judge would write it, with the deadline that it is about.
fn described(alert: &Alert, incidents: &mut BTreeMap<Uuid, Instant>) -> (Instant, String) {
    let at = alert.decided_at;
    match &alert.body {
        AlertBody::SlotMissed { slot, incident, misses, cause, .. } => {
            let since = *incidents.entry(*incident).or_insert(slot.deadline);
            (slot.deadline, missed(at, slot.deadline, since, *misses as usize, cause.kind().label()))
        }
        AlertBody::SlotRecovered { slot, incident, since, misses, ended_at, .. } => {
            let first = incidents.get(incident).copied();
            let since = if first == Some(*since) { *since } else { Instant::MIN_UTC };
            (slot.deadline, recovered(at, slot.deadline, since, *misses as usize, *ended_at))
        }
        AlertBody::SlotRetracted { slot, incident, misses, ended_at, .. } => {
            let since = incident.and_then(|incident| incidents.get(&incident).copied());
            let since = since.unwrap_or(Instant::MIN_UTC);
            (slot.deadline, retracted(at, slot.deadline, since, *misses as usize, *ended_at))
        }
        AlertBody::SlotUnknown { slot, since, slots, .. } => {
            (slot.deadline, format!("at {at} unknown {since} to {}, {slots}", slot.deadline))
        }
        AlertBody::UnknownClosed { slot, since, slots, met, missed, .. } => (
            slot.deadline,
            format!("at {at} closed {since} to {}, {slots}: {met} met, {missed} missed", slot.deadline),
        ),
        AlertBody::RunFailed { run, failure } => {
            (run.run.created_at, format!("at {at} failed: {}", failure.reason))
        }
    }
}
