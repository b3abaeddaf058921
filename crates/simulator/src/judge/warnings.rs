//! Whether the warnings of a deadline at risk are right, by the contract's section 9 and ADR 33 alone.
//!
//! Naive, and three-valued: what the contract leaves open (which of two ranks nine in ten is, which of many runs are the last
//! ones) makes a warning possible, and only what every reading demands is demanded. A warning that is not possible is wrong,
//! and so is the lack of one that is certain.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use chrono::TimeDelta;
use kigen_model::Instant;
use kigen_model::alert::{Alert, AlertBody};
use kigen_model::risk::{Risk, RiskKind};
use kigen_model::run::{CronJob, Run, RunPhase};
use kigen_model::slot::Verdict;

use crate::answer::Disagreement;
use crate::history::{Batch, Declared, TrueRun};
use crate::judge::expected::{self, Case, Is};
use crate::judge::known::{Known, KnownCluster, Tick};
use crate::judge::slots::{Early, Planned, Window};
use crate::undisturbed::{Raised, Undisturbed};
use crate::verdicts::disagreement;

/// Fewer past runs show nothing.
const RUNS_MIN: usize = 8;
/// How many of the last good runs are compared.
const RUNS_MAX: usize = 64;
/// How many of them may be other ones, if there are more: some older runs are kept longer than newer ones, since they explain
/// a miss. Two that began in the same second may count once.
const RUNS_OPEN: usize = 4;
/// How long a run may wait after its expected fire, at least.
const START_DELAY_MIN: TimeDelta = TimeDelta::minutes(1);

/// The slots by how many edits of the objective, and of what it takes from the CronJob, are known.
type PlansByEdits = BTreeMap<(usize, usize), Rc<Vec<Planned>>>;

/// The warnings about one objective beside what is right.
pub(super) struct Warnings<'a> {
    case: Case<'a>,
    batch: &'a Batch,
    declared: &'a Declared,
    cluster: &'a KnownCluster,
    /// The slots that were judged before an edit.
    early: Early,
    plans: RefCell<PlansByEdits>,
}

/// A warning as it was raised.
struct Warning<'a> {
    index: usize,
    deadline: Instant,
    risk: &'a Risk,
    decided_at: Instant,
    uid: Option<&'a str>,
}

/// The good runs that a new one is compared with, by one reading.
struct Past {
    /// How many of them may be other ones.
    open: usize,
    /// From start to end.
    took: Vec<TimeDelta>,
    /// From nominal start to start.
    waited: Vec<TimeDelta>,
}

impl Past {
    /// What nine in ten are at most, by each of the ranks that may be meant.
    fn nine_in_ten(&self, spans: &[TimeDelta]) -> Vec<TimeDelta> {
        let mut spans = spans.to_vec();
        spans.sort_unstable();
        let (from, to) = (spans.len() * 9 / 10, (spans.len() * 9).div_ceil(10));
        let (from, to) = (from.saturating_sub(self.open).max(1), (to + self.open).min(spans.len()));
        spans.get(from - 1..to).unwrap_or_default().to_vec()
    }
}

impl<'a> Warnings<'a> {
    pub(super) fn new(case: Case<'a>, early: Early) -> Self {
        let Case { batch, declared, cluster, .. } = case;
        Self { case, batch, declared, cluster, early, plans: RefCell::default() }
    }

    /// Where the warnings are wrong, or one is missing.
    pub(super) fn compare(&self, found: &Undisturbed) -> Vec<Disagreement> {
        let raised: Vec<&Raised> =
            found.alerts[self.batch.partition].iter().filter(|raised| self.is_of_it(&raised.alert)).collect();
        let mut differ = Vec::new();
        for raised in &raised {
            if let AlertBody::SlotAtRisk { slot, risk, run, .. } = &raised.alert.body {
                let warning = Warning {
                    index: raised.index,
                    deadline: slot.deadline,
                    risk,
                    decided_at: raised.alert.decided_at,
                    uid: run.as_ref().map(|run| run.uid.as_str()),
                };
                if let Err(why) = self.is_possible(&warning) {
                    differ.push(self.disagreement(slot.deadline, why, format!("{risk:?}")));
                }
            }
        }
        differ.extend(self.missing(&raised));
        differ.extend(self.over(&raised, found));
        differ
    }

    fn is_of_it(&self, alert: &Alert) -> bool {
        alert.key == self.batch.key
            && alert.objective.as_ref().is_some_and(|objective| objective.name == self.declared.name)
    }

    fn disagreement(&self, deadline: Instant, right: String, reported: String) -> Disagreement {
        disagreement((&self.batch.key, &self.declared.name, deadline), right, reported)
    }

    fn known(&self, before: usize) -> Known<'a> {
        self.case.known(before)
    }

    /// The slots as they are planned by what is known before an index. Only edits change them.
    pub(super) fn planned(&self, before: usize) -> Rc<Vec<Planned>> {
        let edits = self.known(before).seen(&self.declared.versions).count();
        let mut lives = self.known(before).cron_jobs();
        lives.dedup_by(|(_, one), (_, other)| {
            let zone = |cron_job: &Option<&CronJob>| cron_job.map(|it| it.time_zone.clone());
            zone(one) == zone(other)
        });
        let planned = || Rc::new(self.case.planned(&self.early, before));
        Rc::clone(self.plans.borrow_mut().entry((edits, lives.len())).or_insert_with(planned))
    }

    /// Why a warning is wrong.
    fn is_possible(&self, warning: &Warning<'_>) -> Result<(), String> {
        let planned = self.planned(warning.index + 1);
        let place = planned.iter().position(|slot| slot.deadline == warning.deadline);
        let Some(nth) = place else { return Err("there is no such slot".to_owned()) };
        let (slot, known) = (&planned[nth], self.known(warning.index + 1));
        let window = Window::of(&known, &planned, nth);
        let Some((opens, _)) = window.span else { return Err("no run is expected".to_owned()) };
        if !slot.whole {
            return Err("the slot is partial".to_owned());
        }
        if slot.is_on_day_off(&known) {
            return Err("nothing is due on that day".to_owned());
        }
        // What is about many slots is news also if the result of this one is there.
        let is_of_run = matches!(warning.risk.kind(), RiskKind::NotStarted | RiskKind::RunningLate);
        if is_of_run && self.in_time(&known, &window, slot).any(|(_, counts)| counts == Is::Sure) {
            return Err("its result is there".to_owned());
        }
        let pasts = pasts(&known);
        match *warning.risk {
            Risk::NotStarted { expected_at, needs, of_runs, start_by } => {
                is_expected(&known, slot, opens, expected_at)?;
                if of_slot(&known, &window).iter().any(|(_, run)| has_begun(run)) {
                    return Err("a run has begun".to_owned());
                }
                if let Some(start_by) = start_by {
                    let by = expected_at + start_by;
                    let is_right = slot.start_by() == Some(start_by) && by <= warning.decided_at;
                    return is_right.then_some(()).ok_or_else(|| format!("startBy {:?}", slot.start_by()));
                }
                let left = slot.stops_counting() - warning.decided_at;
                let is_right = |past: &Past| {
                    past.took.len().abs_diff(of_runs as usize) <= past.open
                        && needs.is_some_and(|needs| {
                            is_among(needs, &past.nine_in_ten(&past.took)) && left <= needs
                        })
                };
                let is_right = of_runs as usize >= RUNS_MIN && pasts.iter().any(is_right);
                is_right.then_some(()).ok_or_else(|| format!("{left} is left: {}", shown(&pasts)))
            }
            Risk::RunningLate { since, longer, of_runs } => {
                let begun = self.under_way(&known, &window, warning, since)?;
                let (took, may_take) = (warning.decided_at - begun, slot.stops_counting() - begun);
                let counts = |past: &Past| late(past, took, may_take);
                let is_like = |past: &Past| {
                    let (found_longer, found) = counts(past);
                    found_longer.abs_diff(longer as usize) <= past.open
                        && found.abs_diff(of_runs as usize) <= past.open
                };
                let is_right = pasts.iter().any(is_like);
                let is_late = of_runs as usize >= RUNS_MIN && longer * 10 >= of_runs * 9;
                let is_unlike = pasts.iter().any(|past| is_unlike_any(past, took, may_take, false));
                (is_right && (is_late || is_unlike)).then_some(()).ok_or_else(|| {
                    let counts: Vec<_> = pasts.iter().map(counts).collect();
                    format!("took {took} of {may_take}: {counts:?} {}", shown(&pasts))
                })
            }
            Risk::LongerThanEver { since, longest, of_runs } => {
                let begun = self.under_way(&known, &window, warning, since)?;
                let (took, may_take) = (warning.decided_at - begun, slot.stops_counting() - begun);
                let is_right = |past: &Past| {
                    past.took.len().abs_diff(of_runs as usize) <= past.open
                        && past.took.iter().max() == Some(&longest)
                        && is_unlike_any(past, took, may_take, false)
                };
                let is_right = pasts.iter().any(is_right);
                is_right.then_some(()).ok_or_else(|| format!("took {took} of {may_take}: {}", shown(&pasts)))
            }
            // The lines through many ends are in stories and in the bench `warnings`.
            Risk::Trend { .. } | Risk::NewLevel { .. } => Ok(()),
        }
    }

    /// Since when the run of a warning has been under way.
    fn under_way(
        &self,
        known: &Known<'_>,
        window: &Window<'_>,
        warning: &Warning<'_>,
        since: Instant,
    ) -> Result<Instant, String> {
        let runs = of_slot(known, window);
        let run = runs.iter().find(|(run, _)| Some(run.uid.as_str()) == warning.uid);
        let Some((_, as_known)) = run else { return Err("the run is not of the slot".to_owned()) };
        if as_known.phase.is_terminal() {
            return Err("the run has ended".to_owned());
        }
        // Where the Job does not have it, when a pod of it was observed to run.
        let is_right = match as_known.started_at {
            Some(started_at) => started_at == since,
            None => (as_known.created_at..=warning.decided_at).contains(&since),
        };
        if is_right { Ok(since) } else { Err(format!("it began at {}", began(as_known))) }
    }

    /// The warnings that every reading demands, and that were not raised by then.
    fn missing(&self, raised: &[&Raised]) -> Vec<Disagreement> {
        let mut differ = Vec::new();
        let last = self.planned(usize::MAX);
        for slot in last.iter() {
            let Some(tick) = self.last_tick(slot) else { continue };
            let planned = self.planned(tick.index);
            let place = planned.iter().position(|it| (it.deadline, it.from) == (slot.deadline, slot.from));
            let Some(nth) = place else { continue };
            let Some(kind) = self.is_certain(&planned, nth, tick) else { continue };
            let was_raised = raised.iter().any(|raised| match &raised.alert.body {
                AlertBody::SlotAtRisk { slot, risk, .. } => {
                    slot.deadline == planned[nth].deadline
                        && risk.kind() == kind
                        && raised.index <= tick.index
                }
                _ => false,
            });
            if !was_raised {
                let right = format!("{} at the latest at {}", kind.label(), tick.observed_until);
                differ.push(self.disagreement(slot.deadline, right, "nothing".to_owned()));
            }
        }
        differ
    }

    /// The last tick before a success of the slot stops counting.
    fn last_tick(&self, slot: &Planned) -> Option<Tick> {
        let before = self.cluster.ticks.partition_point(|tick| tick.observed_until < slot.stops_counting());
        before.checked_sub(1).map(|last| self.cluster.ticks[last])
    }

    /// The kind of warning that is certain at a tick.
    fn is_certain(&self, planned: &[Planned], nth: usize, tick: Tick) -> Option<RiskKind> {
        let (slot, known) = (&planned[nth], self.known(tick.index));
        // Of an objective that was withdrawn nothing is warned of, though its slot may still be judged.
        known.seen(&self.declared.versions).last().and_then(|(_, version)| version.value.as_ref())?;
        // Those before it were judged at an earlier tick, and it is the same objective since.
        let before = nth.checked_sub(1).map(|before| &planned[before])?;
        let earlier = self.cluster.ticks.iter().rfind(|it| it.index < tick.index)?;
        let is_judged = |slot: &Planned| slot.stops_counting() + slot.settle <= earlier.observed_until;
        let is_open =
            planned[..nth].iter().all(is_judged) && before.life == slot.life && !slot.is_last && slot.whole;
        let window = Window::of(&known, planned, nth);
        let (opens, _) = window.span?;
        if !is_open
            || slot.is_on_day_off(&known)
            || slot.freshness().is_some()
            || slot.lacks_start()
            || known.gaps().any(|gap| gap.to >= opens)
        {
            return None;
        }
        let runs = of_slot(&known, &window);
        let is_one_under_way = |run: &Run| run.phase == RunPhase::Running && run.failed_pods == 0;
        if !runs.iter().all(|(_, run)| is_one_under_way(run)) || runs.len() > 1 {
            return None;
        }
        let pasts = pasts(&known);
        let (now, stops_counting) = (tick.observed_until, slot.stops_counting());
        match runs.first() {
            None => {
                let is_late = |past: &Past| {
                    past.took.len() >= RUNS_MIN
                        && past.nine_in_ten(&past.took).iter().all(|needs| stops_counting - now <= *needs)
                        && past
                            .nine_in_ten(&past.waited)
                            .iter()
                            .all(|waits| opens + START_DELAY_MIN.max(*waits) <= earlier.observed_until)
                };
                // Of a slot that a made up fire opens, the time begins with the first one that is of a schedule.
                let expected_at = || {
                    let firsts = known.schedules();
                    let firsts = firsts.filter_map(|it| it.crontab.first_fire(slot.from, slot.deadline));
                    firsts.fold(opens, Instant::max)
                };
                let must_have_begun = slot.start_by().is_some_and(|start_by| {
                    expected_at() + start_by <= earlier.observed_until && opens + start_by < stops_counting
                });
                (must_have_begun || pasts.iter().all(is_late)).then_some(RiskKind::NotStarted)
            }
            Some((_, run)) => {
                let begun = began(run);
                let (took, may_take) = (now - begun, stops_counting - begun);
                let is_late = |past: &Past| {
                    let (longer, of_runs) = late(past, took, may_take);
                    let is_long = of_runs >= RUNS_MIN && longer * 10 >= of_runs * 9;
                    past.open == 0 && (is_long || is_unlike_any(past, took, may_take, true))
                };
                pasts.iter().all(is_late).then_some(RiskKind::RunningLate)
            }
        }
    }

    /// A slot at risk is so no more once its result is there, in time.
    fn over(&self, raised: &[&Raised], found: &Undisturbed) -> Vec<Disagreement> {
        let mut differ = Vec::new();
        let mut at_risk: Vec<(Instant, usize)> = Vec::new();
        for raised in raised {
            match &raised.alert.body {
                AlertBody::SlotAtRisk { slot, risk, .. }
                    if matches!(risk.kind(), RiskKind::NotStarted | RiskKind::RunningLate) =>
                {
                    at_risk.push((slot.deadline, raised.index));
                }
                AlertBody::RiskOver { slot, ended_at, .. } => {
                    let warned = at_risk.iter().find(|(deadline, _)| *deadline == slot.deadline).copied();
                    at_risk.retain(|(deadline, _)| *deadline != slot.deadline);
                    let right = match warned {
                        None => Err("not at risk".to_owned()),
                        Some((deadline, planned_at)) => {
                            self.is_over(deadline, planned_at, raised.index, *ended_at)
                        }
                    };
                    // A verdict by the status of the CronJob, which names no run, is judged as a verdict.
                    let is_verdict = found.verdicts[self.batch.partition].iter().any(|judged| {
                        (&judged.key, judged.objective.as_str()) == (&self.batch.key, &self.declared.name)
                            && (judged.deadline, judged.index) == (slot.deadline, raised.index)
                            && matches!(judged.verdict, Verdict::Met { ended_at: at } if Some(at) == *ended_at)
                    });
                    if let Err(right) = right
                        && !is_verdict
                    {
                        let reported = format!("over by {ended_at:?} at event {}", raised.index);
                        differ.push(self.disagreement(slot.deadline, right, reported));
                    }
                }
                AlertBody::SlotMissed { slot, .. } => {
                    at_risk.retain(|(deadline, _)| *deadline != slot.deadline);
                }
                _ => {}
            }
        }
        let last = self.planned(usize::MAX);
        for (deadline, _) in at_risk {
            let judged = last.iter().find(|slot| slot.deadline == deadline);
            let Some(slot) = judged else { continue };
            let due = slot.stops_counting() + slot.settle;
            if let Some(tick) = self.cluster.ticks.iter().find(|tick| tick.observed_until >= due)
                && let Some(ended_at) = self.ends(deadline, tick.index, tick.index)
            {
                let right = format!("over by {ended_at}");
                differ.push(self.disagreement(deadline, right, "at risk to its end".to_owned()));
            }
        }
        differ
    }

    /// What is right, if a warning is not over by this. That of an objective that was withdrawn since may be over by the
    /// withdrawal, or by the result.
    fn is_over(
        &self,
        deadline: Instant,
        planned_at: usize,
        index: usize,
        ended_at: Option<Instant>,
    ) -> Result<(), String> {
        let is_planned = self.planned(index + 1).iter().any(|slot| slot.deadline == deadline);
        let right = self.ends(deadline, if is_planned { index } else { planned_at } + 1, index + 1);
        let may_be = || {
            let planned = self.planned(index + 1);
            let place = planned.iter().position(|slot| slot.deadline == deadline);
            let known = self.known(index + 1);
            place.is_some_and(|nth| {
                let window = Window::of(&known, &planned, nth);
                let mut in_time = self.in_time(&known, &window, &planned[nth]);
                in_time.any(|(at, counts)| counts == Is::Open && Some(at) == ended_at)
            })
        };
        let is_right = ended_at == right || (!is_planned && ended_at.is_none()) || may_be();
        if is_right { Ok(()) } else { Err(format!("over by {right:?}")) }
    }

    /// The result of a slot in time as it is known before an index, by what was planned before another one.
    fn ends(&self, deadline: Instant, planned_before: usize, before: usize) -> Option<Instant> {
        let planned = self.planned(planned_before);
        let nth = planned.iter().position(|slot| slot.deadline == deadline)?;
        let known = self.known(before);
        let window = Window::of(&known, &planned, nth);
        let in_time = self.in_time(&known, &window, &planned[nth]);
        in_time.filter(|(_, counts)| *counts == Is::Sure).map(|(ended_at, _)| ended_at).min()
    }

    /// When the runs of a slot that are known to have succeeded in time ended, and whether they did what is expected.
    fn in_time<'k>(
        &'k self,
        known: &'k Known<'a>,
        window: &'k Window<'k>,
        slot: &'k Planned,
    ) -> impl Iterator<Item = (Instant, Is)> + 'k {
        let in_time =
            known.successes().filter(|it| it.ended_at <= slot.stops_counting() && window.has(it.run));
        in_time.map(|it| (it.ended_at, expected::counts(known, self.declared, it.of, slot.demanded())))
    }
}

/// What is wrong with when a run is expected.
fn is_expected(
    known: &Known<'_>,
    slot: &Planned,
    opens: Instant,
    expected_at: Instant,
) -> Result<(), String> {
    // Kubernetes makes no run at an hour that the clocks skip; the slot opens with it all the same.
    let is_skipped = || {
        let mut schedules = known.schedules();
        schedules.any(|it| it.crontab.skipped(slot.from, opens).contains(&expected_at))
    };
    // After an edit Kubernetes may make up for an earlier fire.
    let is_fire = || {
        let mut schedules = known.schedules();
        schedules.any(|it| it.crontab.fires(slot.from, slot.deadline).contains(&expected_at))
    };
    let is_right = slot.freshness().is_some()
        || expected_at == opens
        || is_skipped()
        || (slot.start_by().is_some() && is_fire());
    is_right.then_some(()).ok_or_else(|| format!("it is expected at {opens}"))
}

/// The runs of a slot that are known.
fn of_slot<'a>(known: &Known<'a>, window: &Window<'_>) -> Vec<(&'a TrueRun, &'a Run)> {
    let all = known.batch.runs.iter().filter_map(|run| Some((run, known.run(run)?)));
    all.filter(|(_, run)| window.has(run)).collect()
}

fn has_begun(run: &Run) -> bool {
    matches!(run.phase, RunPhase::Running | RunPhase::Succeeded { .. } | RunPhase::Failed { .. })
}

/// When a run began, as its Job has it.
fn began(run: &Run) -> Instant {
    run.started_at.unwrap_or(run.created_at)
}

/// The good runs that are compared: the last ones by their nominal start, or by their end.
fn pasts(known: &Known<'_>) -> Vec<Past> {
    let mut good: Vec<(Instant, Instant, Option<Instant>)> = known
        .successes()
        .map(|success| (success.run.nominal_start(), success.ended_at, success.run.started_at))
        .collect();
    let mut began: Vec<(Instant, Option<Instant>)> =
        good.iter().map(|(nominal, _, started)| (*nominal, *started)).collect();
    began.sort_unstable();
    let is_open = began.len() > RUNS_MAX || began.windows(2).any(|pair| pair[0] == pair[1]);
    let past = |good: &[(Instant, Instant, Option<Instant>)]| {
        let last = &good[good.len().saturating_sub(RUNS_MAX)..];
        // A start by another clock may seem later than the end.
        let started = || {
            last.iter().map(|(nominal, ended, started)| {
                (*nominal, *ended, started.filter(|started| started <= ended).unwrap_or(*nominal))
            })
        };
        Past {
            open: if is_open { RUNS_OPEN } else { 0 },
            took: started().map(|(_, ended, started)| ended - started).collect(),
            waited: started().map(|(nominal, _, started)| started - nominal).collect(),
        }
    };
    good.sort_unstable();
    let by_start = past(&good);
    good.sort_unstable_by_key(|(_, ended_at, _)| *ended_at);
    vec![by_start, past(&good)]
}

fn is_among(span: TimeDelta, spans: &[TimeDelta]) -> bool {
    spans.first().is_some_and(|least| *least <= span) && spans.last().is_some_and(|most| span <= *most)
}

/// Of the past runs that took at least as long, how many took longer than this one may, and how many there are.
fn late(past: &Past, took: TimeDelta, may_take: TimeDelta) -> (usize, usize) {
    let as_long = past.took.iter().filter(|other| **other >= took);
    (as_long.clone().filter(|other| **other > may_take).count(), as_long.count())
}

/// Whether a run takes longer than the longest of those that were in time, by three quarters of what that one took longer than
/// the median, and what is left is less than half of what has passed: by every median that may be meant, or by one of them.
fn is_unlike_any(past: &Past, took: TimeDelta, may_take: TimeDelta, by_all: bool) -> bool {
    let mut all = past.took.clone();
    all.sort_unstable();
    let in_time: Vec<TimeDelta> = all.iter().copied().filter(|took| *took <= may_take).collect();
    // If none was in time, none is there that it could be like.
    let longest = in_time.last().copied().unwrap_or_default();
    let medians = [&all, &in_time].into_iter().filter(|of| !of.is_empty());
    let mut medians = medians.flat_map(|of| [of[(of.len() - 1) / 2], of[of.len() / 2]]);
    let exceeds = |median: TimeDelta| took > longest + (longest - median).max(TimeDelta::zero()) * 3 / 4;
    let is_unlike = if by_all { medians.all(exceeds) } else { medians.any(exceeds) };
    past.took.len() >= RUNS_MIN && (may_take - took) * 2 < took && is_unlike
}

fn shown(pasts: &[Past]) -> String {
    let one = |past: &Past| {
        let mut took: Vec<i64> = past.took.iter().map(TimeDelta::num_seconds).collect();
        took.sort_unstable();
        format!("{took:?}")
    };
    pasts.iter().map(one).collect::<Vec<_>>().join(" or ")
}
