//! The alerts of a processor beside what the judge finds right.

use std::collections::BTreeMap;
use std::fmt::Write;

use kigen_model::Instant;
use kigen_model::alert::{Alert, AlertBody};
use kigen_model::event::{ClusterBody, Event};
use kigen_model::slot::CauseKind;
use uuid::Uuid;

use crate::answer::SUCCESSES_SURELY_KEPT;
use crate::answer::{Disagreement, Later, ObjectiveAnswer, Open, Right, SlotAnswer, Success};
use crate::resolve::VERDICTS_KEPT;
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
                && !matches!(
                    alert.body,
                    AlertBody::RunFailed { .. }
                        | AlertBody::SlotAtRisk { .. }
                        | AlertBody::RiskOver { .. }
                        | AlertBody::ExpectationBroken { .. }
                        | AlertBody::BudgetSpent { .. }
                )
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

/// Unknown slots in a row that are judged at one watermark: one alert.
struct Unknown {
    /// The slots, by their place.
    slots: Vec<usize>,
    /// Those that are still unknown.
    left: Vec<usize>,
    met: usize,
    missed: usize,
    is_reported: bool,
    is_closed: bool,
}

/// An alert that is due.
struct Due {
    at: Instant,
    /// Whether it is about unknown slots, which is reported before all else of that instant.
    is_first: bool,
    deadline: Instant,
    right: Vec<String>,
}

struct Follower<'a> {
    world: &'a World,
    answer: &'a ObjectiveAnswer,
    reported: &'a [&'a Alert],
    incidents: Vec<Incident>,
    unknown: Vec<Unknown>,
    /// The index of the last event.
    before: usize,
    /// How many slots are judged.
    judged: usize,
    due: Vec<Due>,
}

impl<'a> Follower<'a> {
    fn new(world: &'a World, answer: &'a ObjectiveAnswer, reported: &'a [&'a Alert]) -> Self {
        Self {
            world,
            answer,
            reported,
            incidents: Vec::new(),
            unknown: Vec::new(),
            before: 0,
            judged: 0,
            due: Vec::new(),
        }
    }

    fn follow(mut self, comparison: &mut Comparison) {
        let mut moments: Vec<usize> = self.answer.slots.iter().filter_map(|slot| slot.judged_at).collect();
        moments.extend(self.answer.successes.iter().map(|success| success.index));
        moments.extend(self.answer.slots.iter().flat_map(|slot| &slot.later).map(Later::index));
        moments.extend(self.answer.ends.iter().map(|end| end.index));
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
        let answer = self.answer;
        if answer.ends.iter().any(|end| self.before <= end.index && end.index < index) {
            self.incidents.iter_mut().for_each(|incident| incident.is_open = false);
        }
        self.before = index;
        while let Some(slot) = answer.slots.get(self.judged).filter(|slot| slot.judged_at == Some(index)) {
            let nth = self.judged;
            self.judged += 1;
            comparison.slots += 1;
            if let Some(open) = slot.open {
                *comparison.open.entry(open.label()).or_default() += 1;
            }
            let Some(right) = slot.right.first() else { continue };
            *comparison.occurred.entry(label(right)).or_default() += 1;
            match right {
                Right::Unknown => self.unknown(nth),
                Right::Excused => {}
                Right::Met { .. } | Right::Missed { .. } => self.report_unknown(at, comparison),
            }
            if let Right::Missed { causes } = right {
                self.miss(at, nth, causes);
            }
            self.close_ranges(at, comparison);
            // A success may be after this slot and before the next one that this tick judges.
            self.recover(at, index, comparison);
        }
        self.report_unknown(at, comparison);
        for nth in 0..self.judged {
            let slot = &answer.slots[nth];
            for later in slot.later.iter().filter(|later| later.index() == index) {
                match later {
                    Later::Met { ended_at, .. } => {
                        *comparison.occurred.entry("later: met".to_owned()).or_default() += 1;
                        self.retract(at, nth, *ended_at);
                    }
                    Later::Missed { cause, .. } => {
                        *comparison.occurred.entry("later: missed".to_owned()).or_default() += 1;
                        self.miss(at, nth, &[*cause]);
                    }
                }
                self.close_unknown(nth, matches!(later, Later::Met { .. }));
            }
        }
        self.close_ranges(at, comparison);
        self.recover(at, index, comparison);
    }

    /// The slot goes on the range of those before it, or begins one.
    fn unknown(&mut self, nth: usize) {
        if self.unknown.last().is_none_or(|last| last.is_reported) {
            let (slots, left) = (Vec::new(), Vec::new());
            self.unknown.push(Unknown {
                slots,
                left,
                met: 0,
                missed: 0,
                is_reported: false,
                is_closed: false,
            });
        }
        if let Some(last) = self.unknown.last_mut() {
            last.slots.push(nth);
            last.left.push(nth);
        }
    }

    /// Ends the range of unknown slots, if there is one.
    fn report_unknown(&mut self, at: Instant, comparison: &mut Comparison) {
        let Some(last) = self.unknown.last_mut().filter(|last| !last.is_reported) else { return };
        last.is_reported = true;
        let deadline = |nth: &usize| self.answer.slots[*nth].deadline;
        let (Some(from), Some(to)) = (last.slots.first().map(deadline), last.slots.last().map(deadline))
        else {
            return;
        };
        let kind =
            if last.slots.len() == 1 { "alert: one unknown slot" } else { "alert: unknown slots in a row" };
        *comparison.occurred.entry(kind.to_owned()).or_default() += 1;
        let right = vec![unknown(at, from, to, last.slots.len())];
        self.due.push(Due { at, is_first: true, deadline: to, right });
    }

    /// Notes what an unknown slot turned out to be.
    fn close_unknown(&mut self, nth: usize, is_met: bool) {
        let Some(range) = self.unknown.iter_mut().find(|range| range.left.contains(&nth)) else { return };
        range.left.retain(|left| *left != nth);
        if is_met {
            range.met += 1;
        } else {
            range.missed += 1;
        }
    }

    /// Closes the ranges of which some slot was judged again, with the last unknown one that is kept.
    fn close_ranges(&mut self, at: Instant, comparison: &mut Comparison) {
        let slots = &self.answer.slots;
        let judged = self.judged;
        // Of the verdicts those that excuse a slot are dropped first, but for the newest.
        let is_verdict = |nth: &usize| *nth + 1 == judged || slots[*nth].right != [Right::Excused];
        let is_kept = |left: &usize| (*left..judged).filter(is_verdict).count() <= VERDICTS_KEPT;
        for range in &mut self.unknown {
            let is_judged_again = range.met + range.missed > 0 && range.slots.len() > 1;
            if range.is_closed || !is_judged_again || range.left.iter().any(is_kept) {
                continue;
            }
            range.is_closed = true;
            let deadline = |nth: &usize| slots[*nth].deadline;
            let (Some(from), Some(to)) =
                (range.slots.first().map(deadline), range.slots.last().map(deadline))
            else {
                continue;
            };
            *comparison.occurred.entry("alert: unknown slots closed".to_owned()).or_default() += 1;
            let right = vec![closed(at, from, to, range.slots.len(), range.met, range.missed)];
            self.due.push(Due { at, is_first: false, deadline: to, right });
        }
    }

    /// A further miss of the open incident, or the first of one.
    fn miss(&mut self, at: Instant, nth: usize, causes: &[CauseKind]) {
        let SlotAnswer { deadline, life, .. } = self.answer.slots[nth];
        let goes_on = |last: &Incident| {
            last.is_open && last.missed.iter().all(|missed| self.answer.slots[*missed].life == life)
        };
        if !self.incidents.last().is_some_and(goes_on) {
            self.incidents.iter_mut().for_each(|last| last.is_open = false);
            self.incidents.push(Incident { since: deadline, missed: Vec::new(), is_open: true });
        }
        let incident = self.incidents.last_mut().expect("one is open");
        incident.missed.push(nth);
        let (since, misses) = (incident.since, incident.missed.len());
        let right = causes.iter().map(|cause| missed(at, deadline, since, misses, cause.label()));
        self.due.push(Due { at, is_first: false, deadline, right: right.collect() });
    }

    fn retract(&mut self, at: Instant, nth: usize, ended_at: Instant) {
        let deadline = self.answer.slots[nth].deadline;
        if let Some(range) = self.unknown.iter().find(|range| range.left.contains(&nth)) {
            if range.slots.len() == 1 {
                let right = vec![retracted(at, deadline, Instant::MIN_UTC, 0, ended_at)];
                self.due.push(Due { at, is_first: false, deadline, right });
            }
            return;
        }
        let Some(incident) = self.incidents.iter_mut().find(|incident| incident.missed.contains(&nth)) else {
            return;
        };
        incident.missed.retain(|missed| *missed != nth);
        incident.is_open &= !incident.missed.is_empty();
        // None is left of an incident that is over, however it ended.
        let left = if incident.is_open { incident.missed.len() } else { 0 };
        let right = retracted(at, deadline, incident.since, left, ended_at);
        self.due.push(Due { at, is_first: false, deadline, right: vec![right] });
    }

    /// Ends the open incident if a success is known that ends it.
    fn recover(&mut self, at: Instant, index: usize, comparison: &mut Comparison) {
        let Some(incident) = self.incidents.last_mut().filter(|incident| incident.is_open) else { return };
        let Some(last) = incident.missed.iter().max().copied() else { return };
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
        // What is open may end it, or not.
        let sure = ending.iter().position(|success| !success.is_open);
        let is_open = sure != Some(0) && !ending.is_empty();
        if is_open {
            ending.truncate(sure.map_or(ending.len(), |sure| sure + 1));
        }
        let Some(first) = ending.first().copied() else { return };
        let mut ends = self.answer.ends.iter();
        let begins = slots.get(last + 1).map(|next| next.life) == Some(slots[last].life);
        if !begins && ends.any(|end| index < end.index && end.stops_counting < first.ended_at) {
            return;
        }
        // It waits for the verdicts on what it is too late for, where there is something to judge.
        let mut open = slots[self.judged..].iter().take_while(|slot| slot.stops_counting < first.ended_at);
        // One that is met by what is known will not be missed.
        let is_met = |slot: &SlotAnswer| {
            slot.right.iter().any(|right| match right {
                Right::Met { ended_at } => {
                    let mut successes = self.answer.successes.iter();
                    successes.any(|success| success.index <= index && success.ended_at == *ended_at)
                }
                Right::Missed { .. } | Right::Unknown | Right::Excused => false,
            })
        };
        let is_excused = |slot: &SlotAnswer| slot.right == [Right::Excused] && !slot.is_day_off;
        if open.any(|slot| !is_excused(slot) && !is_met(slot)) {
            return;
        }
        let deadline = slots[last].deadline;
        // Of what is open any end that was known of it.
        if is_open {
            let uids: Vec<&String> = ending.iter().map(|success| &success.uid).collect();
            let of_them =
                self.answer.successes.iter().filter(|it| it.index <= index && uids.contains(&&it.uid));
            ending = of_them.filter(|it| it.ended_at > slots[last].stops_counting).collect();
        }
        let right = |success: &&Success| {
            recovered(at, deadline, incident.since, incident.missed.len(), success.ended_at)
        };
        // The first of many may be among the runs that are kept no more.
        let is_bounded = ending.len() > SUCCESSES_SURELY_KEPT;
        let is_reported = |alert: &&&Alert| {
            let of_it =
                matches!(&alert.body, AlertBody::SlotRecovered { slot, .. } if slot.deadline == deadline);
            alert.decided_at == at && of_it
        };
        let may_wait = is_bounded || is_open && sure.is_none();
        if may_wait && !self.reported.iter().any(|alert| is_reported(&alert)) {
            return;
        }
        *comparison.occurred.entry("later: recovered".to_owned()).or_default() += 1;
        let right =
            if is_bounded || is_open { ending.iter().map(right).collect() } else { vec![right(&first)] };
        if is_bounded {
            *comparison.open.entry(Open::Bounded.label()).or_default() += 1;
        }
        incident.is_open = false;
        self.due.push(Due { at, is_first: false, deadline, right });
    }

    /// The time of an event, which is that of the alerts it causes.
    fn time(&self, index: usize) -> Instant {
        match &self.world.partitions[self.answer.partition][index] {
            Event::Fact(fact) => fact.observed_at,
            Event::Cluster(event) => match &event.body {
                ClusterBody::Tick { observed_until, .. } => *observed_until,
                ClusterBody::Gap(gap) => gap.to,
                ClusterBody::Epoch { .. }
                | ClusterBody::Calendar { .. }
                | ClusterBody::Mute { .. }
                | ClusterBody::Stalled { .. }
                | ClusterBody::StallOver { .. }
                | ClusterBody::Forgotten { .. } => self.world.begins,
            },
        }
    }

    fn report(mut self, comparison: &mut Comparison) {
        let mut incidents: BTreeMap<Uuid, Instant> = BTreeMap::new();
        self.due.sort_by_key(|due| (due.at, !due.is_first));
        let mut reported = self.reported.to_vec();
        reported
            .sort_by_key(|alert| (alert.decided_at, !matches!(alert.body, AlertBody::SlotUnknown { .. })));
        let mut reported = reported.into_iter().map(|alert| described(alert, &mut incidents));
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
    pub(crate) fn index(&self) -> usize {
        match self {
            Self::Met { index, .. } | Self::Missed { index, .. } => *index,
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

fn unknown(at: Instant, from: Instant, to: Instant, slots: usize) -> String {
    format!("at {at} unknown {from} to {to}, {slots}")
}

fn closed(at: Instant, from: Instant, to: Instant, slots: usize, met: usize, missed: usize) -> String {
    format!("at {at} closed {from} to {to}, {slots}: {met} met, {missed} missed")
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
            (slot.deadline, unknown(at, *since, slot.deadline, *slots as usize))
        }
        AlertBody::UnknownClosed { slot, since, slots, met, missed, .. } => {
            let [slots, met, missed] = [slots, met, missed].map(|number| *number as usize);
            (slot.deadline, closed(at, *since, slot.deadline, slots, met, missed))
        }
        AlertBody::SlotAtRisk { slot, risk, .. } => {
            (slot.deadline, format!("at {at} {}", risk.kind().label()))
        }
        AlertBody::RiskOver { slot, .. } => (slot.deadline, format!("at {at} at risk no more")),
        AlertBody::ExpectationBroken { slot, .. } => (slot.deadline, format!("at {at} expectation broken")),
        AlertBody::RunFailed { run, failure } => {
            (run.run.created_at, format!("at {at} failed: {}", failure.reason))
        }
        AlertBody::BudgetSpent { slot, .. } => (slot.deadline, format!("at {at} of the budget is spent")),
        AlertBody::ClusterSilent { since, .. } => (*since, format!("at {at} the cluster is silent")),
        AlertBody::SilenceOver { since, .. } => (*since, format!("at {at} the silence is over")),
        AlertBody::ClusterStalled(report) => (report.since, format!("at {at} the cluster is stalled")),
        AlertBody::StallOver { since, .. } => (*since, format!("at {at} the stall is over")),
    }
}
