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
    /// How often the objective had ended, and begun anew, before.
    pub(super) life: usize,
    /// Whether the CronJob, or that before whose fires the result is due, is gone, so that this slot is the last one.
    pub(super) is_last: bool,
    grace: TimeDelta,
    freshness: Option<TimeDelta>,
    /// The crontab whose zone is that of the objective.
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
    /// `None`: there is no objective.
    plan: Option<(Source, Objective)>,
    /// Without an objective: whether it was withdrawn with its CronJob, or its target is gone.
    has_died: bool,
    is_withdrawn: bool,
}

/// Where deadlines come from: a crontab's instants, or another CronJob's expected fires.
#[derive(Clone, Copy)]
struct Source {
    crontab: Crontab,
    is_of_fires: bool,
}

impl Source {
    fn of(objective: &Objective, zone: Option<&str>) -> Option<Self> {
        Some(match &objective.deadlines {
            Deadlines::CompleteBy { crontab } => {
                let crontab = Crontab::read(crontab, objective.time_zone.as_deref().or(zone))?;
                Self { crontab, is_of_fires: false }
            }
            Deadlines::Before { schedule, .. } => {
                let schedule = schedule.as_ref()?;
                let crontab = Crontab::read(&schedule.crontab, schedule.time_zone.as_deref())?;
                Self { crontab, is_of_fires: true }
            }
        })
    }

    fn within(&self, from: Instant, to: Instant) -> Vec<Instant> {
        if self.is_of_fires { self.crontab.fires(from, to) } else { self.crontab.deadlines(from, to) }
    }

    /// The last deadline at or before `to`.
    fn until(&self, to: Instant) -> Option<Instant> {
        if self.is_of_fires {
            self.crontab.last_fire(to - TimeDelta::days(730), to)
        } else {
            self.crontab.deadline_until(to)
        }
    }
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
            let is_withdrawn = spec.is_none();
            let before = specs.iter().rev().filter(|(at, _)| *at <= since).find_map(|(_, spec)| *spec);
            let withdrawn_at = specs.iter().rfind(|(at, _)| *at <= since).map(|(at, _)| *at);
            // As it was when the objective was withdrawn, whatever became of the CronJob later.
            let is_gone = cron_jobs
                .iter()
                .rfind(|(at, _)| Some(*at) <= withdrawn_at)
                .is_some_and(|(_, cron_job)| cron_job.is_none());
            let has_died = match spec {
                None => is_gone && before.is_some_and(|before| before.source.dies_with_its_cron_job()),
                Some(spec) => matches!(spec.deadlines, Deadlines::Before { schedule: None, .. }),
            };
            let cron_job = cron_jobs.iter().rfind(|(at, cron_job)| *at <= since && cron_job.is_some());
            let zone = cron_job.and_then(|(_, cron_job)| cron_job.and_then(|it| it.time_zone.as_deref()));
            let plan = spec.and_then(|spec| Some((Source::of(spec, zone)?, spec.clone())));
            Plan { since, plan, has_died, is_withdrawn }
        });
        Self { plans: plans.collect() }
    }

    /// The slots with a deadline up to `end`, and the next one.
    pub(super) fn slots(&self, end: Option<Instant>) -> Vec<Planned> {
        let mut slots: Vec<Planned> = Vec::new();
        let Some(end) = end else { return slots };
        let tiny = TimeDelta::milliseconds(1);
        // What was in force last, and until when: of an objective that is not there now.
        let mut ended: Option<(Instant, Source, Objective)> = None;
        let (mut life, mut is_withdrawn, mut is_new) = (0, false, true);
        for (nth, now) in self.plans.iter().enumerate() {
            let since = now.since;
            let until = self.plans.get(nth + 1).map_or(end + TimeDelta::days(8), |next| next.since);
            let Some((source, objective)) = &now.plan else {
                if ended.is_none()
                    && let Some((source, objective)) = nth.checked_sub(1).and_then(|last| self.plans[last].plan.clone())
                {
                    ended = Some((since, source, objective));
                    is_withdrawn = now.is_withdrawn;
                }
                // It is judged once more.
                if let Some((ended_at, source, objective)) = ended.as_ref().filter(|_| now.has_died) {
                    let pending = source.within(*ended_at + tiny, until + tiny).into_iter().find(|at| *at > since);
                    let is_judged = slots.last().is_some_and(|slot| slot.deadline > *ended_at);
                    let is_first = source.within(*ended_at + tiny, since + tiny).is_empty();
                    if let (Some(deadline), true, false) = (pending, is_first, is_judged) {
                        let from = slots.last().filter(|_| !is_new).map(|slot| slot.deadline);
                        if let Some(from) = from.or_else(|| source.until(*ended_at)) {
                            let whole = !is_new;
                            slots.push(Planned::new(from, deadline, whole, (source, objective), life, true));
                            is_new = false;
                        }
                    }
                }
                continue;
            };
            if let Some((ended_at, old, _)) = ended.take()
                && !old.within(ended_at + tiny, since + tiny).is_empty()
            {
                // Its period is over: it begins anew.
                is_new = true;
                life += usize::from(is_withdrawn);
            }
            let after = slots.last().map_or(since, |slot| slot.deadline.max(since));
            for deadline in source.within(after + tiny, until + tiny) {
                let before = slots.last().filter(|_| !is_new).map(|slot| slot.deadline);
                let Some(from) = before.or_else(|| source.until(since)) else { continue };
                slots.push(Planned::new(from, deadline, !is_new, (source, objective), life, false));
                is_new = false;
            }
        }
        slots
    }
}

impl Planned {
    fn new(
        from: Instant,
        deadline: Instant,
        whole: bool,
        (source, objective): (&Source, &Objective),
        life: usize,
        is_last: bool,
    ) -> Self {
        let Objective { settle, grace, freshness, .. } = *objective;
        Self { from, deadline, whole, settle, life, is_last, grace, freshness, crontab: source.crontab }
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
