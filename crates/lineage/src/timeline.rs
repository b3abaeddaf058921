//! What a run was made for, and which result a reader at an instant should have found.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use kigen_model::Instant;

use crate::history::{BatchHistory, PastRun, PastSlot};

/// What runs are made for: a slot, or a scheduled time.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Period {
    /// The earliest nominal start of its runs.
    pub opens: Instant,
    /// The first nominal start of a later period's run; `None`: there is no later one.
    pub closes: Option<Instant>,
    /// An annotated run belongs to it if its mark is after this and not after `mark`.
    pub marks_after: Option<Instant>,
    /// The value of `kigen.dev/slot` that names it: the deadline, or the scheduled time.
    pub mark: Instant,
    /// The objective whose slot it is; `None`: a scheduled time of a batch without one.
    pub objective: Option<String>,
}

impl Period {
    /// The period that is this slot.
    #[must_use]
    pub fn of_slot(slot: &PastSlot) -> Self {
        Self {
            opens: slot.opens,
            closes: slot.closes,
            marks_after: Some(slot.from),
            mark: slot.deadline,
            objective: Some(slot.objective.clone()),
        }
    }

    /// Whether runs of the one may be runs of the other.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        other.closes.is_none_or(|closes| self.opens < closes)
            && self.closes.is_none_or(|closes| other.opens < closes)
    }

    fn has(&self, nominal_start: Instant) -> bool {
        self.opens <= nominal_start && self.closes.is_none_or(|closes| nominal_start < closes)
    }
}

/// The runs and periods of a batch, sorted.
#[derive(Debug)]
pub struct Timeline<'a> {
    /// The runs, by the latest instant of their start; those that have not started come last.
    pub runs: Vec<&'a PastRun>,
    history: &'a BatchHistory,
    /// Places in `runs` of those without a mark, by nominal start.
    by_nominal_start: Vec<(Instant, usize)>,
    /// Places in `runs` of those with one, by it.
    by_mark: Vec<(Instant, usize)>,
    /// Places in `runs` of those that succeeded, by their end.
    by_end: Vec<(Instant, usize)>,
    /// The slots of each objective, by deadline.
    slots: BTreeMap<&'a str, Vec<&'a PastSlot>>,
    /// The scheduled times of runs; of a batch that has none, when each run began.
    scheduled: Vec<Instant>,
}

impl<'a> Timeline<'a> {
    /// Of this past.
    #[must_use]
    pub fn new(history: &'a BatchHistory) -> Self {
        let mut runs: Vec<&PastRun> = history.runs.iter().collect();
        let start = |run: &PastRun| (run.start.latest().is_none(), run.start.latest());
        runs.sort_by(|one, other| start(one).cmp(&start(other)).then_with(|| one.uid.cmp(&other.uid)));
        let places = |of: fn(&PastRun) -> Option<Instant>| {
            let found = runs.iter().enumerate().filter_map(|(place, run)| Some((of(run)?, place)));
            let mut found: Vec<(Instant, usize)> = found.collect();
            found.sort_unstable();
            found
        };
        let mut slots: BTreeMap<&str, Vec<&PastSlot>> = BTreeMap::new();
        for slot in &history.slots {
            slots.entry(&slot.objective).or_default().push(slot);
        }
        slots.values_mut().for_each(|slots| slots.sort_by_key(|slot| slot.deadline));
        let has_scheduled = runs.iter().any(|run| run.is_scheduled);
        let is_period = |run: &&&PastRun| run.is_scheduled || !has_scheduled && run.mark.is_none();
        let mut scheduled: Vec<Instant> =
            runs.iter().filter(is_period).map(|run| run.nominal_start).collect();
        scheduled.sort_unstable();
        scheduled.dedup();
        Self {
            by_nominal_start: places(|run| run.mark.is_none().then_some(run.nominal_start)),
            by_mark: places(|run| run.mark),
            by_end: places(|run| run.end.good()),
            runs,
            history,
            slots,
            scheduled,
        }
    }

    /// The past that it is of.
    #[must_use]
    pub fn history(&self) -> &'a BatchHistory {
        self.history
    }

    /// What a run was made for: the slot of the batch's first objective, by name, that it belongs to, else the scheduled time
    /// that it repeats or is of.
    #[must_use]
    pub fn period_of(&self, run: &PastRun) -> Period {
        self.slot_of(run).unwrap_or_else(|| self.scheduled_period_of(run))
    }

    /// Whether a run repeats what it is made for: it is annotated, or made by hand after another one for the same period.
    #[must_use]
    pub fn is_repetition(&self, run: &PastRun) -> bool {
        if run.mark.is_some() || run.is_scheduled {
            return run.mark.is_some();
        }
        let period = self.period_of(run);
        let started = self.runs_of(&period).map(|place| self.runs[place]);
        let first = started.filter_map(|run| Some((run.start.latest()?, &run.uid))).min();
        first.is_some_and(|(_, first)| *first != run.uid)
    }

    /// The instant from which a run's sources are seen: when it was due to start. A repetition was due with what it repeats.
    #[must_use]
    pub fn seen_from(&self, run: &PastRun) -> Instant {
        match run.mark {
            Some(_) => self.period_of(run).opens.min(run.nominal_start),
            None => run.nominal_start,
        }
    }

    /// The period for whose runs those of `period` are made, too: that of the batch's first objective, where `period` is of
    /// another one.
    #[must_use]
    pub fn canonical(&self, period: &Period) -> Period {
        self.slot_from(period.opens).unwrap_or_else(|| period.clone())
    }

    /// The value of `kigen.dev/slot` by which a run belongs to a period, and to the slots of the batch's other objectives with the
    /// same runs: the earliest of their deadlines.
    #[must_use]
    pub fn mark_for(&self, period: &Period) -> Instant {
        let of_same_runs = self.slots.values().filter_map(|slots| {
            let place = slots.partition_point(|slot| slot.opens < period.opens);
            slots.get(place).filter(|slot| slot.opens == period.opens)
        });
        let deadlines = of_same_runs.map(|slot| slot.deadline);
        let names_it = |mark: &Instant| period.marks_after.is_none_or(|after| after < *mark);
        deadlines.filter(names_it).min().map_or(period.mark, |earliest| earliest.min(period.mark))
    }

    fn slot_of(&self, run: &PastRun) -> Option<Period> {
        let Some(mark) = run.mark else { return self.slot_from(run.nominal_start) };
        let slots = self.slots.values().next()?;
        let first = slots.partition_point(|slot| slot.deadline < mark);
        slots.get(first).filter(|slot| slot.from < mark).map(|slot| Period::of_slot(slot))
    }

    fn slot_from(&self, nominal_start: Instant) -> Option<Period> {
        let slots = self.slots.values().next()?;
        let after = slots.partition_point(|slot| slot.opens <= nominal_start);
        let period = Period::of_slot(slots.get(after.checked_sub(1)?)?);
        Some(period).filter(|period| period.has(nominal_start))
    }

    fn scheduled_period_of(&self, run: &PastRun) -> Period {
        let place = match run.mark {
            Some(mark) if self.has_forgotten(mark) => None,
            Some(mark) => Some(self.scheduled.partition_point(|at| *at < mark)),
            None => self.scheduled.partition_point(|at| *at <= run.nominal_start).checked_sub(1),
        };
        let found = place.and_then(|place| self.scheduled_period(place));
        found.unwrap_or_else(|| {
            let at = run.mark.unwrap_or(run.nominal_start);
            let place = self.scheduled.partition_point(|other| *other <= at);
            Period {
                opens: at,
                closes: self.scheduled.get(place).copied(),
                marks_after: place.checked_sub(1).and_then(|before| self.scheduled.get(before).copied()),
                mark: at,
                objective: None,
            }
        })
    }

    fn scheduled_period(&self, place: usize) -> Option<Period> {
        let opens = *self.scheduled.get(place)?;
        let before = place.checked_sub(1).and_then(|before| self.scheduled.get(before));
        let closes = self.scheduled.get(place + 1).copied();
        Some(Period { opens, closes, marks_after: before.copied(), mark: opens, objective: None })
    }

    /// The period whose result a reader should find that is due to start at `at`: the last slot with a deadline up to then, of
    /// this objective or else of any; of a batch without one, or before its first
    /// deadline, that of the last run that was scheduled before `at`.
    #[must_use]
    pub fn due_at(&self, objective: Option<&str>, at: Instant) -> Option<Period> {
        let last = |slots: &Vec<&'a PastSlot>| {
            let after = slots.partition_point(|slot| slot.deadline <= at);
            slots.get(after.checked_sub(1)?).copied()
        };
        let is_wanted = |name: &str| objective.is_none_or(|objective| objective == name);
        let wanted = self.slots.iter().filter(|(name, _)| is_wanted(name));
        let slot = wanted.filter_map(|(_, slots)| last(slots)).max_by_key(|slot| (slot.opens, slot.deadline));
        slot.map(Period::of_slot).or_else(|| {
            let first = self.slots.values().filter_map(|slots| slots.first()).map(|slot| slot.deadline).min();
            // Its slot is forgotten, of before the incident.
            if self.history.forgotten.has_slots && first.is_some_and(|first| at < first) {
                return None;
            }
            let before = self.scheduled.partition_point(|scheduled| *scheduled < at).checked_sub(1)?;
            self.scheduled_period(before).map(|period| self.canonical(&period))
        })
    }

    /// Whether runs that were due at `at` are forgotten, since that was before the incident.
    #[must_use]
    pub fn has_forgotten(&self, at: Instant) -> bool {
        self.history.forgotten.runs_until.is_some_and(|until| at <= until)
    }

    /// The instants from `from` to `to` from which on another period is [due](Self::due_at).
    pub fn changes_of_due(
        &self,
        objective: Option<&str>,
        from: Instant,
        to: Instant,
    ) -> impl Iterator<Item = Instant> + '_ {
        let of_slots = self.slots.iter().filter(|(name, _)| objective.is_none_or(|wanted| wanted == **name));
        let deadlines: Vec<Instant> =
            of_slots.flat_map(|(_, slots)| slots.iter().map(|slot| slot.deadline)).collect();
        let scheduled = self.scheduled.iter().map(|at| *at + TimeDelta::milliseconds(1));
        deadlines.into_iter().chain(scheduled).filter(move |at| (from..=to).contains(at))
    }

    /// Places of the runs that were made for a period.
    pub fn runs_of<'b>(&'b self, period: &'b Period) -> impl Iterator<Item = usize> + 'b {
        let from = self.by_nominal_start.partition_point(|(at, _)| *at < period.opens);
        let unmarked = self.by_nominal_start[from..].iter();
        let unmarked = unmarked.take_while(|(at, _)| period.closes.is_none_or(|closes| *at < closes));
        let from = match period.marks_after {
            Some(after) => self.by_mark.partition_point(|(mark, _)| *mark <= after),
            None => 0,
        };
        let marked = self.by_mark[from..].iter().take_while(|(mark, _)| *mark <= period.mark);
        unmarked.chain(marked).map(|(_, place)| *place)
    }

    /// Whether a run that was made for a period succeeded.
    #[must_use]
    pub fn has_result(&self, period: &Period) -> bool {
        self.runs_of(period).any(|place| self.runs[place].end.good().is_some())
    }

    /// The runs that had succeeded by `at`, latest end first.
    pub fn successes_by(&self, at: Instant) -> impl Iterator<Item = usize> + '_ {
        let after = self.by_end.partition_point(|(end, _)| *end <= at);
        self.by_end[..after].iter().rev().map(|(_, place)| *place)
    }

    /// The last runs that succeeded and whose start is known, at most `max`.
    pub fn last_successes(&self, max: usize) -> impl Iterator<Item = (Instant, Instant)> + '_ {
        let runs = self.by_end.iter().rev().map(|(_, place)| self.runs[*place]);
        let times = runs.filter_map(|run| {
            let (earliest, latest) = (run.start.earliest()?, run.start.latest()?);
            Some((earliest, run.end.good()?)).filter(|_| earliest == latest)
        });
        times.take(max)
    }
}
