//! Slots, their windows, and the runs that belong to them.

use std::collections::BTreeMap;

use chrono::{NaiveTime, TimeDelta};
use chrono_tz::Tz;
use kigen_model::Instant;
use kigen_model::budget::Target;
use kigen_model::expectation::Expectation;
use kigen_model::objective::{Deadlines, Objective};
use kigen_model::run::{Run, SlotMark};

use crate::calendar::Crontab;
use crate::history::{Batch, Declared};
use crate::judge::known::{Known, KnownCluster, KnownSchedule};

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
    /// Whether there is no CronJob before whose fires the result is due.
    pub(super) lacks_target: bool,
    /// Whether the batch is Jobs without a CronJob.
    pub(super) is_of_jobs: bool,
    /// When such Jobs are expected, if that is given.
    starts: Option<Crontab>,
    /// The slots, from deadline to deadline, that would have followed had the objective not been withdrawn: they bound its
    /// window.
    withdrawn: Vec<(Instant, Instant)>,
    grace: TimeDelta,
    freshness: Option<TimeDelta>,
    /// The crontab whose zone is that of the objective.
    crontab: Crontab,
    /// The calendar of the objective, and the zone of its days.
    calendar: Option<(String, Tz)>,
    /// How long after its expected fire a run must have begun, if that is given.
    start_by: Option<TimeDelta>,
    /// What a run must have done besides ending well.
    expect: Option<Expectation>,
    /// How many of its slots are to be met.
    target: Option<Target>,
    /// Where its deadlines come from.
    source: Source,
    /// Whether it was judged before an edit that came before its deadline, which it outlives.
    is_early: bool,
}

impl Planned {
    /// The same slot, which was judged before its deadline.
    pub(super) fn judged_early(&self) -> Self {
        Self { is_early: true, ..self.clone() }
    }

    /// What a run must have done besides ending well, in order to count; `None`: nothing.
    pub(super) fn demanded(&self) -> Option<&Expectation> {
        self.expect.as_ref().filter(|expect| !expect.counts)
    }

    /// What a run must have done besides ending well, in order not to be warned of.
    pub(super) fn expected(&self) -> Option<&Expectation> {
        self.expect.as_ref()
    }

    /// How many of its objective's slots are to be met.
    pub(super) fn target(&self) -> Option<Target> {
        self.target
    }

    /// The deadlines of its objective in `[from, to)`.
    pub(super) fn deadlines(&self, from: Instant, to: Instant) -> Vec<Instant> {
        self.source.within(from, to)
    }

    /// When a run is made of the slot that its objective expects, within a span: of Jobs the starts that it gives, if it does.
    pub(super) fn fires(&self, known: &Known<'_>, from: Instant, to: Instant) -> Vec<Instant> {
        if self.is_of_jobs {
            return self.starts.map(|starts| starts.fires(from, to)).unwrap_or_default();
        }
        let schedules: Vec<&KnownSchedule> = known.schedules().collect();
        let in_force = (0..schedules.len()).flat_map(|nth| {
            let since = schedules[nth].since.max(from);
            let until = schedules.get(nth + 1).map_or(to, |next| next.since.min(to));
            if since < until { schedules[nth].crontab.fires(since, until) } else { Vec::new() }
        });
        in_force.collect()
    }

    /// Notes the slots of a few days that a withdrawal took away.
    fn ends_with(&mut self, source: &Source) {
        let tiny = TimeDelta::milliseconds(1);
        let deadlines = source.within(self.deadline + tiny, self.deadline + TimeDelta::days(8));
        let begins = std::iter::once(self.deadline).chain(deadlines.iter().copied());
        self.withdrawn = begins.zip(deadlines.iter().copied()).collect();
    }

    /// How long before the deadline a run may start at most, if that is given.
    pub(super) fn freshness(&self) -> Option<TimeDelta> {
        self.freshness
    }

    /// Whether nothing sets when its runs are expected.
    pub(super) fn lacks_start(&self) -> bool {
        self.is_of_jobs && self.starts.is_none()
    }

    /// How long after its expected fire a run must have begun, if that is given.
    pub(super) fn start_by(&self) -> Option<TimeDelta> {
        self.start_by
    }

    /// Whether nothing is due, since the deadline is on a day that the calendar takes away.
    pub(super) fn is_on_day_off(&self, known: &Known<'_>) -> bool {
        self.calendar.as_ref().is_some_and(|(name, zone)| {
            known.is_day_off(name, self.deadline, self.deadline.with_timezone(zone).date_naive())
        })
    }

    /// When a success stops counting as in time: after this instant.
    pub(super) fn stops_counting(&self) -> Instant {
        self.deadline + self.grace
    }
}

/// The deadlines of an objective, from edit to edit.
pub(super) struct Plans {
    plans: Vec<Plan>,
    early: Early,
}

/// The slots that were judged before an edit, and have their deadline after it; each with the instant of the edit.
pub(super) type Early = Vec<(Instant, Planned)>;

struct Plan {
    since: Instant,
    /// The watermark of the last tick before the fact.
    ticked: Instant,
    /// `None`: there is no objective.
    plan: Option<(Source, Objective)>,
    /// Without an objective: whether it was withdrawn with its CronJob, or its target is gone.
    has_died: bool,
    is_withdrawn: bool,
}

/// Where deadlines come from: a crontab's instants, or another CronJob's expected fires.
#[derive(Clone, Copy, Debug)]
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
            Deadlines::Reads { .. } => return None,
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
    /// Those of this objective, by the edits that were observed before an index.
    pub(super) fn of(
        batch: &Batch,
        cluster: &KnownCluster,
        declared: &Declared,
        early: &Early,
        before: usize,
    ) -> Self {
        let known = Known { batch, schedules: &[], cluster, before };
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
            let facts = known.seen(&declared.versions).filter(|(at, _)| *at <= since).last();
            let last = facts.and_then(|(_, version)| cluster.before(version.seen?));
            let ticked = last.map_or(Instant::MIN_UTC, |tick| tick.observed_until);
            Plan { since, ticked, plan, has_died, is_withdrawn }
        });
        Self { plans: plans.collect(), early: early.clone() }
    }

    /// The slots with a deadline up to `end`, and the next one; and when each life of the objective
    /// was over: a withdrawn one is the same until its pending slot stops counting, and is due.
    pub(super) fn slots(&self, end: Option<Instant>) -> (Vec<Planned>, BTreeMap<usize, (Instant, Instant)>) {
        let mut planner = Planner { is_new: true, ..Planner::default() };
        let Some(end) = end else { return (planner.slots, planner.ends) };
        for (nth, now) in self.plans.iter().enumerate() {
            let later = &self.plans[nth + 1..];
            let early = self.early.iter().filter(|(edited_at, _)| *edited_at == now.since);
            planner.slots.extend(early.map(|(_, slot)| slot.clone()));
            let until = later.first().map_or(end + TimeDelta::days(8), |next| next.since);
            if let Some((source, objective)) = &now.plan {
                planner.plan(now, until, source, objective);
                continue;
            }
            if planner.ended.is_none()
                && let Some((source, objective)) =
                    nth.checked_sub(1).and_then(|last| self.plans[last].plan.clone())
            {
                planner.ended = Some((now.since, source, objective));
            }
            if now.is_withdrawn {
                planner.withdraw(now.since, end);
            }
            if now.has_died {
                let back = later.iter().find(|later| later.plan.is_some()).map(|back| back.since);
                planner.once_more(now, until, back);
            }
        }
        (planner.slots, planner.ends)
    }
}

/// The smallest difference between two instants here.
const TINY: TimeDelta = TimeDelta::milliseconds(1);

/// Plans slots from edit to edit.
#[derive(Default)]
struct Planner {
    slots: Vec<Planned>,
    /// When each life was over.
    ends: BTreeMap<usize, (Instant, Instant)>,
    /// What was in force last, and until when: of an objective that is not there now.
    ended: Option<(Instant, Source, Objective)>,
    life: usize,
    is_withdrawn: bool,
    /// Whether the next slot is the first of a life, or follows a time without objective.
    is_new: bool,
}

impl Planner {
    /// The slots of an objective that is in force from now on to `until`.
    fn plan(&mut self, now: &Plan, until: Instant, source: &Source, objective: &Objective) {
        if let Some(ended) = self.ended.take() {
            self.resume(now, ended);
        }
        let since = now.since;
        self.is_withdrawn = false;
        let after = self.slots.last().map_or(since, |slot| slot.deadline.max(since));
        for deadline in source.within(after + TINY, until + TINY) {
            let before = self.slots.last().filter(|_| !self.is_new).map(|slot| slot.deadline);
            let Some(from) = before.or_else(|| source.until(since)) else { continue };
            let whole = !self.is_new;
            self.slots.push(Planned::new(from, deadline, whole, (source, objective), self.life, false));
            self.is_new = false;
        }
    }

    /// The objective is back: the same, while its pending slot is not judged, or it begins anew.
    fn resume(&mut self, now: &Plan, (ended_at, old, was): (Instant, Source, Objective)) {
        let Plan { since, ticked, .. } = *now;
        let last = self.slots.last().filter(|slot| slot.is_last && slot.deadline > ended_at);
        if !self.is_withdrawn && last.is_some_and(|last| last.stops_counting() + last.settle > ticked) {
            // Its target is back before it was judged once more: it goes on, and had no deadlines meanwhile.
            return;
        }
        let from = last.filter(|_| !self.is_withdrawn).map_or(ended_at, |last| last.deadline);
        let from = self.after(from);
        let passed = old.within(from + TINY, since + TINY);
        let waits = passed.first().is_some_and(|deadline| *deadline + was.grace + was.settle > ticked);
        if passed.is_empty() || (self.is_withdrawn && waits) {
            self.ends.remove(&self.life);
        } else {
            // Its period is over.
            self.is_new = true;
            self.life += usize::from(self.is_withdrawn);
            return;
        }
        for deadline in passed {
            let before = self.slots.last().map(|slot| slot.deadline).filter(|before| *before < deadline);
            if let Some(from) = before.filter(|_| !self.is_new) {
                self.slots.push(Planned::new(from, deadline, true, (&old, &was), self.life, false));
            }
        }
    }

    /// The instant after which the next deadline is: that of a slot that was judged early is no more.
    fn after(&self, at: Instant) -> Instant {
        self.slots.last().filter(|slot| slot.is_early).map_or(at, |slot| slot.deadline.max(at))
    }

    /// It is withdrawn. The slots that are planned no more still bound the windows of those before.
    fn withdraw(&mut self, since: Instant, end: Instant) {
        if std::mem::replace(&mut self.is_withdrawn, true) {
            return;
        }
        let Some((_, source, was)) = &self.ended else { return };
        if let (Some(slot), false) = (self.slots.last_mut(), self.is_new) {
            slot.ends_with(source);
        }
        let pending = source.within(self.after(since) + TINY, end).first().copied();
        let due = pending.map(|deadline| (deadline + was.grace, deadline + was.grace + was.settle));
        self.ends.insert(self.life, due.unwrap_or((end, end)));
    }

    /// What died is judged once more, at its next deadline, if that is before `until`.
    fn once_more(&mut self, now: &Plan, until: Instant, back: Option<Instant>) {
        let Some((ended_at, source, objective)) = &self.ended else { return };
        let pending = source.within(self.after(*ended_at) + TINY, until + TINY).first().copied();
        let is_judged = self.slots.last().is_some_and(|slot| slot.deadline > *ended_at && !slot.is_early);
        let Some(deadline) = pending.filter(|at| *at > now.since && !is_judged) else { return };
        let from = self.slots.last().filter(|_| !self.is_new).map(|slot| slot.deadline);
        let Some(from) = from.or_else(|| source.until(*ended_at)) else { return };
        let mut last = Planned::new(from, deadline, !self.is_new, (source, objective), self.life, true);
        last.lacks_target = !now.is_withdrawn && back.is_none_or(|back| back > deadline + objective.grace);
        // The slots that are planned no more still bound its window.
        last.ends_with(source);
        self.slots.push(last);
        self.is_new = false;
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
        let Objective { settle, grace, freshness, is_of_jobs, .. } = *objective;
        let starts = objective.starts.as_deref();
        let starts = starts.and_then(|starts| Crontab::read(starts, objective.time_zone.as_deref()));
        let crontab = source.crontab;
        let zone = objective.time_zone.as_deref().and_then(|zone| zone.parse().ok());
        let calendar = objective.calendar.clone().map(|name| (name, zone.unwrap_or(crontab.zone())));
        Self {
            from,
            deadline,
            whole,
            settle,
            life,
            is_last,
            lacks_target: false,
            is_of_jobs,
            starts,
            withdrawn: Vec::new(),
            grace,
            freshness,
            crontab,
            calendar,
            start_by: objective.start_by,
            expect: objective.expect.clone(),
            target: objective.target,
            source: *source,
            is_early: false,
        }
    }
}

/// When the window of a slot opens, if a run is expected in it.
fn opens(known: &Known<'_>, slot: &Planned) -> Option<Instant> {
    if let Some(freshness) = slot.freshness {
        return Some(slot.deadline - freshness);
    }
    if slot.is_of_jobs {
        let Some(starts) = slot.starts else { return Some(slot.from) };
        let tiny = TimeDelta::milliseconds(1);
        let skipped = || starts.skipped(slot.from + tiny, slot.deadline).into_iter().min();
        return starts.first_fire(slot.from, slot.deadline).or_else(skipped);
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
        let (fire, shown_at) = schedule.made_up?;
        let is_last_scheduled = shown_at.is_some_and(|index| index < known.before);
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
    /// When the window of a slot would open that was withdrawn.
    withdrawn: Option<Instant>,
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
        let withdrawn = slot.withdrawn.iter().filter_map(|(from, deadline)| {
            let (from, deadline) = (*from, *deadline);
            opens(known, &Planned { from, deadline, withdrawn: Vec::new(), ..slot.clone() })
        });
        let withdrawn = withdrawn.min();
        Self { slot, span, withdrawn }
    }

    /// Whether a run, as far as recoveries go, is of this slot or a later one. Where a freshness is given, a repetition after
    /// the deadline is of no slot; it is not of an earlier one either.
    pub(super) fn reaches(&self, run: &Run) -> bool {
        match self.slot.freshness {
            Some(freshness) if run.slot.is_none() => self.slot.deadline - freshness < run.nominal_start(),
            Some(_) | None => self.has_until(run, None),
        }
    }

    /// Until when the nominal start of a run must be, if a later slot expects one, also one that has not begun.
    pub(super) fn closes(&self, known: &Known<'_>, planned: &[Planned], nth: usize) -> Option<Instant> {
        // A freshness bounds its slots by itself.
        let later = planned[nth + 1..].iter().filter(|_| self.slot.freshness.is_none());
        let next = later.into_iter().find_map(|next| opens(known, next));
        next.into_iter().chain(self.withdrawn).min()
    }

    /// Whether a run belongs to the slot.
    pub(super) fn has(&self, run: &Run) -> bool {
        self.has_until(run, self.withdrawn)
    }

    fn has_until(&self, run: &Run, end: Option<Instant>) -> bool {
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
        self.span.is_some_and(|(from, until)| {
            from <= start && until.into_iter().chain(end).all(|until| start < until)
        })
    }
}
