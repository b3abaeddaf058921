//! Slots, their windows, and the runs that belong to them.

use chrono::{NaiveTime, TimeDelta};
use kigen_model::Instant;
use kigen_model::objective::{Deadlines, Objective};
use kigen_model::run::{Run, SlotMark};

use crate::calendar::Crontab;
use crate::history::{Batch, Declared};
use crate::judge::known::{Known, KnownSchedule};

/// A slot as it is planned.
#[derive(Clone, Debug)]
pub(super) struct Planned {
    pub(super) from: Instant,
    pub(super) deadline: Instant,
    pub(super) whole: bool,
    pub(super) settle: TimeDelta,
    grace: TimeDelta,
    freshness: Option<TimeDelta>,
    crontab: Crontab,
}

impl Planned {
    /// When a success stops counting as in time: after this instant.
    pub(super) fn stops_counting(&self) -> Instant {
        self.deadline + self.grace
    }
}

/// The deadlines of an objective, from edit to edit.
pub(super) struct Plans {
    plans: Vec<Plan>,
}

struct Plan {
    since: Instant,
    /// `None`: it is withdrawn, or cannot be read.
    plan: Option<(Crontab, Objective)>,
}

impl Plans {
    /// Those of this objective, by the edits that were observed.
    pub(super) fn of(batch: &Batch, declared: &Declared) -> Self {
        let known = Known { batch, schedules: &[], before: usize::MAX };
        let specs: Vec<(Instant, Option<&Objective>)> =
            known.seen(&declared.versions).map(|(at, version)| (at, version.value.as_ref())).collect();
        let cron_jobs = known.cron_jobs();
        let mut edits: Vec<Instant> =
            specs.iter().map(|(at, _)| *at).chain(cron_jobs.iter().map(|(at, _)| *at)).collect();
        edits.sort_unstable();
        edits.dedup();
        let first = specs.first().map(|(at, _)| *at);
        edits.retain(|at| Some(*at) >= first);
        let plans = edits.into_iter().map(|since| {
            let spec = specs.iter().rfind(|(at, _)| *at <= since).and_then(|(_, spec)| *spec);
            let cron_job = cron_jobs.iter().rfind(|(at, cron_job)| *at <= since && cron_job.is_some());
            let zone = cron_job.and_then(|(_, cron_job)| cron_job.and_then(|it| it.time_zone.as_deref()));
            Plan { since, plan: spec.and_then(|spec| Some((crontab(spec, zone)?, spec.clone()))) }
        });
        Self { plans: plans.collect() }
    }

    /// The slots with a deadline up to `end`, and the next one.
    pub(super) fn slots(&self, end: Option<Instant>) -> Vec<Planned> {
        let mut slots: Vec<Planned> = Vec::new();
        let Some(end) = end else { return slots };
        for (nth, Plan { since, plan }) in self.plans.iter().enumerate() {
            let until = self.plans.get(nth + 1).map_or(end + TimeDelta::days(8), |next| next.since);
            let Some((crontab, objective)) = plan else { continue };
            let after = slots.last().map_or(*since, |slot| slot.deadline.max(*since));
            let tiny = TimeDelta::milliseconds(1);
            for deadline in crontab.deadlines(after + tiny, until + tiny) {
                let before = slots.last().map(|slot| slot.deadline);
                let Some(from) = before.or_else(|| crontab.deadline_until(*since)) else { continue };
                slots.push(Planned {
                    from,
                    deadline,
                    whole: before.is_some(),
                    settle: objective.settle,
                    grace: objective.grace,
                    freshness: objective.freshness,
                    crontab: *crontab,
                });
            }
        }
        slots
    }
}

fn crontab(objective: &Objective, zone: Option<&str>) -> Option<Crontab> {
    match &objective.deadlines {
        Deadlines::CompleteBy { crontab } => Crontab::read(crontab, objective.time_zone.as_deref().or(zone)),
        Deadlines::Before { schedule, .. } => {
            let schedule = schedule.as_ref()?;
            Crontab::read(&schedule.crontab, schedule.time_zone.as_deref())
        }
    }
}

/// When the window of a slot opens, if a run is expected in it.
fn opens(known: &Known<'_>, slot: &Planned) -> Option<Instant> {
    if let Some(freshness) = slot.freshness {
        return Some(slot.deadline - freshness);
    }
    let schedules: Vec<&KnownSchedule> = known.schedules().collect();
    let in_force = |nth: usize| {
        let since = schedules[nth].since.max(slot.from);
        let until = schedules.get(nth + 1).map_or(slot.deadline, |next| next.since.min(slot.deadline));
        (since, until)
    };
    let fires = (0..schedules.len()).filter_map(|nth| {
        let (since, until) = in_force(nth);
        (since < until).then(|| schedules[nth].crontab.first_fire(since, until)).flatten()
    });
    // What fell to an edit within the slot, or to the clocks.
    let lost = || {
        let of_edits = (0..schedules.len()).filter_map(|nth| {
            let (since, until) = in_force(nth);
            (since < until).then(|| schedules[nth].crontab.first_fire(since, slot.deadline)).flatten()
        });
        let of_clocks = (0..schedules.len()).filter_map(|nth| {
            let (since, until) = in_force(nth);
            // Strictly within the slot: a deadline of the skipped hour itself is at the instant after it.
            let tiny = TimeDelta::milliseconds(1);
            let skipped = || schedules[nth].crontab.skipped(since + tiny, until).into_iter().min();
            (since < until).then(skipped).flatten()
        });
        of_edits.chain(of_clocks).min()
    };
    let opens = fires.min().or_else(lost)?;
    let made_up = schedules.iter().filter_map(|schedule| {
        let (fire, is_last_scheduled) = schedule.made_up?;
        let counts = slot.deadline > schedule.since || is_last_scheduled;
        (counts && slot.from <= fire && fire < slot.deadline).then_some(fire)
    });
    Some(made_up.fold(opens, Instant::min))
}

/// A slot with its window, by what is known at a place in the log.
pub(super) struct Window<'a> {
    slot: &'a Planned,
    /// From when on and until when the nominal start of a run must be; `None`: no run is expected.
    pub(super) span: Option<(Instant, Option<Instant>)>,
}

impl<'a> Window<'a> {
    /// That of the `nth` slot. Without an end: no later slot expects a run so far.
    pub(super) fn of(known: &Known<'_>, planned: &'a [Planned], nth: usize) -> Self {
        let slot = &planned[nth];
        let span = opens(known, slot).map(|from| {
            let starts = known.batch.runs.iter().filter_map(|run| Some(known.run(run)?.nominal_start()));
            let last = starts.max().unwrap_or(from);
            let mut next = planned[nth + 1..].iter().take_while(|next| next.from <= last);
            (from, next.find_map(|next| opens(known, next)))
        });
        Self { slot, span }
    }

    /// Whether a run, as far as recoveries go, is of this slot or a later one. Where a freshness is given, a repetition after
    /// the deadline is of no slot; it is not of an earlier one either.
    pub(super) fn reaches(&self, run: &Run) -> bool {
        match self.slot.freshness {
            Some(freshness) if run.slot.is_none() => self.slot.deadline - freshness < run.nominal_start(),
            Some(_) | None => self.has(run),
        }
    }

    /// Whether a run belongs to the slot.
    pub(super) fn has(&self, run: &Run) -> bool {
        let slot = self.slot;
        if let Some(mark) = run.slot {
            let at = match mark {
                SlotMark::At(at) => at,
                SlotMark::Day(day) => slot.crontab.instant(day.and_time(NaiveTime::MIN)),
            };
            return slot.from < at && at <= slot.deadline;
        }
        let start = run.nominal_start();
        if let Some(freshness) = slot.freshness {
            return slot.deadline - freshness < start && start <= slot.deadline;
        }
        self.span.is_some_and(|(from, until)| from <= start && until.is_none_or(|until| start < until))
    }
}
