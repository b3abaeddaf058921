//! Which runs read what they should not have read, and why.
//!
//! A run is *affected* if, when it started, for one of the batches that it reads
//!
//! - the result that was due was not there, since its slot is one of those that the impact is of, or since the run that should
//!   have made it is itself affected;
//! - the result that was due was there, but is wrong: called so, or made by an affected run;
//! - no result that was due was there, and what it found instead, the last one for an earlier period, is wrong.
//!
//! An affected run is listed unless its period has a good result by now. A run reads what had ended by its start, so the runs
//! are followed in the order of their starts, around a cycle of edges as well.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use chrono::TimeDelta;
use kigen_model::Instant;
use kigen_model::key::BatchKey;
use kigen_model::slot::Gap;

use crate::history::{Edge, End, History, PastRun, SlotVerdict, downstream};
use crate::left_out::LeftOut;
use crate::timeline::{Period, Timeline};

/// What was wrong at the source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// The results of these periods were not there when they were due.
    Late(Vec<Period>),
    /// The results that came from `from` on and before `until` were wrong, though their runs succeeded.
    Results {
        /// From when on.
        from: Instant,
        /// Before when.
        until: Instant,
    },
}

/// What followed from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Impact {
    /// The affected runs that were not repeated since, by their starts.
    pub affected: Vec<Affected>,
    /// The periods without a good result by now, of the source and of the affected runs, and whether that is certain.
    pub periods: BTreeMap<(BatchKey, Period), bool>,
    /// Those that are left out: they are not among these.
    pub left_out: BTreeSet<(BatchKey, Period)>,
    /// The affected runs whose periods have a good result by now, by batch and start.
    pub repeated: Vec<Repeated>,
    /// The times in which nothing was observed of the batches concerned, since the first period that is wrong.
    pub gaps: Vec<Gap>,
}

/// A run that read what it should not have read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Affected {
    /// The batch.
    pub batch: BatchKey,
    /// The run.
    pub run: PastRun,
    /// What it was made for.
    pub period: Period,
    /// The verdict on its own slot, if its period is one.
    pub verdict: Option<SlotVerdict>,
    /// Why it is affected.
    pub reason: Reason,
    /// Why it is only possibly affected; `None`: it certainly is.
    pub doubt: Option<Doubt>,
}

/// An affected run that was repeated since.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repeated {
    /// The batch.
    pub batch: BatchKey,
    /// The Job of the affected run.
    pub job: String,
    /// What it was made for.
    pub period: Period,
    /// The Job that made the good result.
    pub by: String,
    /// When that was there.
    pub ended_at: Instant,
}

/// Why a run is affected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// The batch that it read.
    pub source: BatchKey,
    /// The period whose result it should have read.
    pub due: Period,
    /// What it found.
    pub found: Found,
}

/// What an affected run found when it started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// No good result of the period.
    Nothing {
        /// When the first one came; `None`: none has come yet.
        came_at: Option<Instant>,
    },
    /// A result of the period that is wrong.
    WrongResult {
        /// The Job that made it.
        job: String,
        /// When it was there.
        ended_at: Instant,
    },
    /// No result of the period, and the last one before it is wrong.
    EarlierWrongResult {
        /// The Job that made it.
        job: String,
        /// When it was there.
        ended_at: Instant,
    },
    /// No result of the period, since the run that should have made it is affected.
    Unfinished {
        /// The Job of that run.
        job: String,
    },
    /// The result of a run that was not observed.
    Unobserved,
}

/// Why it is not certain that a run is affected, or that it was not repeated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// The run that should have made the result may have come and gone while nothing was observed.
    Gap(Gap),
    /// The end of this Job, which may have made the result, was not observed.
    Gone(String),
    /// Its own start was not observed.
    Start,
    /// It is not certain that what it read is wrong.
    Source,
    /// Whether it was repeated is not certain.
    Repetition,
}

/// What was found about a run; the places are those of a [`Timeline`].
#[derive(Clone, Debug)]
struct Finding<'a> {
    source: &'a BatchKey,
    due: Option<Period>,
    found: Seen,
    doubt: Option<Doubt>,
}

#[derive(Clone, Copy, Debug)]
enum Seen {
    Nothing,
    Wrong(usize),
    Earlier(usize),
    Unfinished(usize),
    Called,
    Unobserved,
}

/// Follows what was wrong at a batch.
#[must_use]
pub fn impact(history: &History, of: &BatchKey, wrong: &Wrong, left_out: &LeftOut) -> Impact {
    let concerned = downstream(&history.edges, of);
    let mut follower = Follower::new(history, of, wrong, left_out, &concerned);
    follower.follow();
    follower.impact(history.until)
}

struct Follower<'a> {
    of: &'a BatchKey,
    wrong: &'a Wrong,
    left_out: &'a LeftOut,
    timelines: BTreeMap<&'a BatchKey, Timeline<'a>>,
    /// By reader, the sources that are concerned.
    edges: BTreeMap<&'a BatchKey, Vec<&'a Edge>>,
    /// By batch and place of the run; `None`: it is not affected, or has not started.
    findings: BTreeMap<&'a BatchKey, Vec<Option<Finding<'a>>>>,
}

impl<'a> Follower<'a> {
    fn new(
        history: &'a History,
        of: &'a BatchKey,
        wrong: &'a Wrong,
        left_out: &'a LeftOut,
        concerned: &BTreeSet<BatchKey>,
    ) -> Self {
        let batches = history.batches.iter().filter(|(key, _)| concerned.contains(*key));
        let timelines: BTreeMap<_, _> = batches.map(|(key, batch)| (key, Timeline::new(batch))).collect();
        let findings = timelines.iter().map(|(key, of)| (*key, vec![None; of.runs.len()])).collect();
        let mut edges: BTreeMap<_, Vec<&Edge>> = BTreeMap::new();
        for edge in history.edges.iter().filter(|edge| timelines.contains_key(&edge.source)) {
            edges.entry(&edge.reader).or_default().push(edge);
        }
        Self { of, wrong, left_out, timelines, edges, findings }
    }

    fn follow(&mut self) {
        let starts = self.timelines.iter().flat_map(|(key, timeline)| {
            let runs = timeline.runs.iter().enumerate();
            runs.filter_map(|(place, run)| Some((run.start.latest()?, *key, place)))
        });
        let mut starts: Vec<(Instant, &BatchKey, usize)> = starts.collect();
        starts.sort_unstable();
        for (_, key, place) in starts {
            let finding = self.check(key, place);
            if let Some(of_run) = self.findings.get_mut(key).and_then(|of| of.get_mut(place)) {
                *of_run = finding;
            }
        }
    }

    /// What a run read that it should not have read.
    fn check(&self, key: &'a BatchKey, place: usize) -> Option<Finding<'a>> {
        let timeline = self.timelines.get(key)?;
        let run = *timeline.runs.get(place)?;
        if let (Wrong::Results { from, until }, Some(end)) = (self.wrong, run.end.good())
            && key == self.of
            && (*from..*until).contains(&end)
        {
            return Some(Finding { source: key, due: None, found: Seen::Called, doubt: None });
        }
        let (earliest, latest) = (run.start.earliest()?, run.start.latest()?);
        let seen_from = timeline.seen_from(run);
        let is_repetition = timeline.is_repetition(run);
        let at_latest = self.worst(key, is_repetition, seen_from, latest);
        if earliest == latest {
            return at_latest;
        }
        match (self.worst(key, is_repetition, seen_from, earliest), at_latest) {
            (Some(_), Some(finding)) => Some(finding),
            (Some(finding), None) | (None, Some(finding)) => {
                Some(Finding { doubt: Some(Doubt::Start), ..finding })
            }
            (None, None) => None,
        }
    }

    /// The worst that a run of a batch reads which starts at `at` and was due at `seen_from`.
    fn worst(
        &self,
        key: &BatchKey,
        is_repetition: bool,
        seen_from: Instant,
        at: Instant,
    ) -> Option<Finding<'a>> {
        self.worst_of(key, is_repetition, seen_from, at, &mut BTreeSet::new())
    }

    fn worst_of(
        &self,
        key: &BatchKey,
        is_repetition: bool,
        seen_from: Instant,
        at: Instant,
        visited: &mut BTreeSet<&'a BatchKey>,
    ) -> Option<Finding<'a>> {
        let edges = self.edges.get(key)?.iter().filter(|edge| edge.is_in_force(at));
        let mut worst: Option<Finding<'a>> = None;
        for edge in edges {
            let finding = self.read(edge, seen_from, at, visited);
            let finding = finding.filter(|finding| !(is_repetition && self.is_left_out(finding)));
            if finding.is_some()
                && worst
                    .as_ref()
                    .is_none_or(|worst| worst.doubt.is_some() && finding.as_ref().is_some_and(is_certain))
            {
                worst = finding;
            }
        }
        worst
    }

    /// Whether the result that was found is left out of the repetition.
    fn is_left_out(&self, finding: &Finding<'_>) -> bool {
        let Some(timeline) = self.timelines.get(finding.source) else { return false };
        let earlier = match finding.found {
            Seen::Earlier(place) => timeline.runs.get(place).map(|run| timeline.period_of(run)),
            Seen::Nothing | Seen::Wrong(_) | Seen::Unfinished(_) | Seen::Called | Seen::Unobserved => None,
        };
        let period = earlier.as_ref().or(finding.due.as_ref());
        period.is_some_and(|period| self.left_out.has(finding.source, timeline, period))
    }

    /// What a reader finds that it should not find.
    fn read(
        &self,
        edge: &'a Edge,
        seen_from: Instant,
        at: Instant,
        visited: &mut BTreeSet<&'a BatchKey>,
    ) -> Option<Finding<'a>> {
        let (source, timeline) = (&edge.source, self.timelines.get(&edge.source)?);
        let due = timeline.due_at(edge.objective.as_deref(), seen_from)?;
        match self.result(source, &due, at) {
            PeriodResult::Bad(finding) => return Some(finding),
            PeriodResult::Good(end) => return self.overwritten(edge, due, end, seen_from, at, visited),
            PeriodResult::None if timeline.has_forgotten(due.opens) => return None,
            PeriodResult::None => {}
        }
        let hidden = self.hidden(source, &due, at, None);
        let is_earlier = |place: &usize| {
            let run = timeline.runs.get(*place);
            self.has_started_before(source, *place, at)
                && run.is_some_and(|run| timeline.period_of(run).opens <= due.opens)
        };
        let last = timeline.successes_by(at).find(is_earlier);
        if let Some((place, finding)) = last.and_then(|place| Some((place, self.finding(source, place)?))) {
            let doubt = hidden.or_else(|| finding.doubt.as_ref().map(|_| Doubt::Source));
            return Some(Finding { source, due: Some(due), found: Seen::Earlier(place), doubt });
        }
        if let Some(Doubt::Gap(gap)) = hidden {
            let time = due.opens..at;
            let finding = self.unobserved(source, due.clone(), gap, time, &mut visited.clone());
            if finding.is_some() {
                return finding;
            }
        }
        // A later one for an earlier period may have come and gone unobserved.
        let since = last.and_then(|place| timeline.runs.get(place)?.end.good()).unwrap_or(due.opens);
        let mut gaps = timeline.history().gaps.iter();
        let gap = *gaps.find(|gap| gap.overlaps(since, at) && since < gap.to)?;
        self.unobserved(source, due, gap, since..at, visited)
    }

    /// What a reader finds if a wrong result may have come unobserved after the good one that ended at `end`.
    fn overwritten(
        &self,
        edge: &'a Edge,
        due: Period,
        end: Instant,
        seen_from: Instant,
        at: Instant,
        visited: &mut BTreeSet<&'a BatchKey>,
    ) -> Option<Finding<'a>> {
        let (source, timeline) = (&edge.source, self.timelines.get(&edge.source)?);
        match self.hidden(source, &due, at, Some(end)) {
            Some(Doubt::Gap(gap)) => {
                let since = due.opens;
                return self.unobserved(source, due, gap, since..at, visited);
            }
            Some(doubt) => return self.gone_and_affected(source, &due, doubt),
            // Without an objective only its runs show when one was due: a later one may have come and gone.
            None if due.objective.is_none() => {}
            None => return None,
        }
        let later = due.opens + TimeDelta::milliseconds(1);
        let gap = *timeline.history().gaps.iter().find(|gap| gap.overlaps(later, seen_from))?;
        self.unobserved(source, due, gap, later..at, visited)
    }

    /// What a reader finds if an affected run of a period, whose end was not observed, made the last result.
    fn gone_and_affected(&self, source: &'a BatchKey, due: &Period, doubt: Doubt) -> Option<Finding<'a>> {
        let timeline = self.timelines.get(source)?;
        let is_gone = |place: &usize| matches!(timeline.runs[*place].end, End::Gone(..));
        let gone = timeline.runs_of(due).filter(is_gone);
        let place = gone.into_iter().find(|place| self.finding(source, *place).is_some())?;
        let (due, doubt) = (Some(due.clone()), Some(doubt));
        Some(Finding { source, due, found: Seen::Unfinished(place), doubt })
    }

    /// What a reader finds of a run that may have begun in a gap within `time`, and gone: what would that one have read?
    fn unobserved(
        &self,
        source: &'a BatchKey,
        due: Period,
        gap: Gap,
        time: Range<Instant>,
        visited: &mut BTreeSet<&'a BatchKey>,
    ) -> Option<Finding<'a>> {
        if !visited.insert(source) {
            return None;
        }
        let first = gap.from.map_or(time.start, |from| from.max(time.start));
        let last = gap.to.min(time.end);
        let edges = self.edges.get(source)?.iter();
        let changes = edges.filter_map(|edge| Some((edge, self.timelines.get(&edge.source)?)));
        let changes =
            changes.flat_map(|(edge, of)| of.changes_of_due(edge.objective.as_deref(), first, last));
        let mut starts = std::iter::once(first).chain(changes);
        starts.find(|start| self.worst_of(source, false, *start, *start, &mut visited.clone()).is_some())?;
        let (due, doubt) = (Some(due), Some(Doubt::Gap(gap)));
        Some(Finding { source, due, found: Seen::Unobserved, doubt })
    }

    /// The result of a period, as it was at `at`.
    fn result(&self, source: &'a BatchKey, due: &Period, at: Instant) -> PeriodResult<'a> {
        let Some(timeline) = self.timelines.get(source) else { return PeriodResult::None };
        let started = |place: &usize| self.has_started_before(source, *place, at);
        let places: Vec<usize> = timeline.runs_of(due).filter(started).collect();
        let ended = |place: &usize| {
            let end = timeline.runs.get(*place)?.end.good().filter(|end| *end <= at)?;
            Some((end, *place))
        };
        if let Some((end, place)) = places.iter().filter_map(ended).max() {
            return match self.finding(source, place) {
                None => PeriodResult::Good(end),
                Some(finding) => {
                    let of_source = || finding.doubt.as_ref().map(|_| Doubt::Source);
                    let doubt = self.hidden(source, due, at, Some(end)).or_else(of_source);
                    let (due, found) = (Some(due.clone()), Seen::Wrong(place));
                    PeriodResult::Bad(Finding { source, due, found, doubt })
                }
            };
        }
        let (found, doubt) =
            match places.iter().find_map(|place| Some((*place, self.finding(source, *place)?))) {
                _ if self.is_late(source, due) => (Seen::Nothing, None),
                Some((place, finding)) => {
                    (Seen::Unfinished(place), finding.doubt.as_ref().map(|_| Doubt::Source))
                }
                None => return PeriodResult::None,
            };
        let doubt = self.hidden(source, due, at, None).or(doubt);
        PeriodResult::Bad(Finding { source, due: Some(due.clone()), found, doubt })
    }

    /// Whether the period is one of those whose result was late.
    fn is_late(&self, source: &BatchKey, due: &Period) -> bool {
        match self.wrong {
            Wrong::Late(periods) => source == self.of && periods.iter().any(|late| late.overlaps(due)),
            Wrong::Results { .. } => false,
        }
    }

    /// Why a result of a period may have been there at `at` that is not known, one after `after`.
    fn hidden(&self, source: &BatchKey, due: &Period, at: Instant, after: Option<Instant>) -> Option<Doubt> {
        let timeline = self.timelines.get(source)?;
        let runs: Vec<&PastRun> =
            timeline.runs_of(due).filter_map(|place| timeline.runs.get(place).copied()).collect();
        let may_have_ended = |run: &&&PastRun| match run.end {
            End::Gone(seen, by) => {
                run.start.latest().is_some()
                    && seen.is_none_or(|seen| seen < at)
                    && after.is_none_or(|after| after < by)
            }
            End::Open | End::Good(_) | End::Failed(_) => false,
        };
        if let Some(gone) = runs.iter().find(may_have_ended) {
            return Some(Doubt::Gone(gone.job.clone()));
        }
        if runs.iter().any(|run| run.is_scheduled) {
            return None;
        }
        let until = due.closes.map_or(at, |closes| closes.min(at));
        let gaps = &timeline.history().gaps;
        let is_hiding =
            |gap: &&Gap| gap.overlaps(due.opens, until) && after.is_none_or(|after| after < gap.to);
        gaps.iter().find(is_hiding).copied().map(Doubt::Gap)
    }

    fn has_started_before(&self, key: &BatchKey, place: usize, at: Instant) -> bool {
        let run = self.timelines.get(key).and_then(|timeline| timeline.runs.get(place));
        run.and_then(|run| run.start.latest()).is_some_and(|start| start < at)
    }

    fn finding(&self, key: &BatchKey, place: usize) -> Option<&Finding<'a>> {
        self.findings.get(key)?.get(place)?.as_ref()
    }

    fn impact(&self, until: Instant) -> Impact {
        // What started or ended at the last known instant is known, too.
        let now = until + TimeDelta::milliseconds(1);
        let mut impact = Impact {
            affected: Vec::new(),
            periods: BTreeMap::new(),
            left_out: BTreeSet::new(),
            repeated: Vec::new(),
            gaps: Vec::new(),
        };
        if let (Wrong::Late(periods), Some((of, timeline))) =
            (self.wrong, self.timelines.get_key_value(self.of))
        {
            for period in periods {
                if let PeriodResult::Bad(finding) = self.result(of, period, now) {
                    impact.add_period(of, timeline.canonical(period), is_certain(&finding));
                }
            }
        }
        for (key, timeline) in &self.timelines {
            for (place, run) in timeline.runs.iter().enumerate() {
                let Some(finding) = self.finding(key, place) else { continue };
                let period = timeline.period_of(run);
                let of_now = match self.result(key, &period, now) {
                    PeriodResult::Bad(of_now) => of_now.doubt,
                    PeriodResult::Good(end) => match self.hidden(key, &period, now, Some(end)) {
                        None => {
                            impact.repeated.push(self.repeated(key, run, period, end));
                            continue;
                        }
                        hidden => hidden,
                    },
                    // There is one, since the run is affected and has started.
                    PeriodResult::None => continue,
                };
                let doubt = finding.doubt.clone().or(of_now.map(|_| Doubt::Repetition));
                impact.add_period(key, period.clone(), doubt.is_none());
                if let Some(reason) = self.reason(finding) {
                    let verdict = self.verdict(key, &period);
                    let (batch, run) = ((*key).clone(), (*run).clone());
                    impact.affected.push(Affected { batch, run, period, verdict, reason, doubt });
                }
            }
        }
        let by_start = |one: &Affected| (one.run.start.latest(), one.batch.clone(), one.run.uid.clone());
        impact.affected.sort_by_key(by_start);
        let is_left_out = |(key, period): &(BatchKey, Period)| {
            self.timelines.get(key).is_some_and(|timeline| self.left_out.has(key, timeline, period))
        };
        let left_out = impact.periods.keys().filter(|step| is_left_out(step)).cloned().collect();
        impact.periods.retain(|step, _| !is_left_out(step));
        impact.left_out = left_out;
        let since = impact.periods.keys().map(|(_, period)| period.opens).min().unwrap_or(now);
        let gaps = self.timelines.values().flat_map(|timeline| &timeline.history().gaps);
        for gap in gaps.filter(|gap| gap.overlaps(since, now)) {
            if !impact.gaps.contains(gap) {
                impact.gaps.push(*gap);
            }
        }
        impact.gaps.sort_by_key(|gap| (gap.from, gap.to));
        impact
    }

    /// An affected run of a period that has had a good result since `ended_at`.
    fn repeated(&self, key: &BatchKey, run: &PastRun, period: Period, ended_at: Instant) -> Repeated {
        let timeline = self.timelines.get(key);
        let runs = timeline.into_iter().flat_map(|of| of.runs_of(&period).filter_map(|at| of.runs.get(at)));
        let by =
            runs.filter(|other| other.end.good() == Some(ended_at)).map(|other| other.job.clone()).last();
        let (batch, job) = (key.clone(), run.job.clone());
        Repeated { batch, job, period, by: by.unwrap_or_default(), ended_at }
    }

    /// The reason as it is reported; `None`: the result is one that was called wrong, which is the cause and no effect.
    fn reason(&self, finding: &Finding<'a>) -> Option<Reason> {
        let timeline = self.timelines.get(finding.source)?;
        let job = |place: usize| timeline.runs.get(place).map(|run| run.job.clone());
        let ended = |place: usize| timeline.runs.get(place).and_then(|run| run.end.good());
        let found = match finding.found {
            Seen::Called => return None,
            Seen::Unobserved => Found::Unobserved,
            Seen::Unfinished(place) => Found::Unfinished { job: job(place)? },
            Seen::Wrong(place) => Found::WrongResult { job: job(place)?, ended_at: ended(place)? },
            Seen::Earlier(place) => Found::EarlierWrongResult { job: job(place)?, ended_at: ended(place)? },
            Seen::Nothing => {
                let due = finding.due.as_ref()?;
                let good =
                    timeline.runs_of(due).filter(|place| self.finding(finding.source, *place).is_none());
                Found::Nothing { came_at: good.filter_map(ended).min() }
            }
        };
        Some(Reason { source: finding.source.clone(), due: finding.due.clone()?, found })
    }

    fn verdict(&self, key: &BatchKey, period: &Period) -> Option<SlotVerdict> {
        let objective = period.objective.as_ref()?;
        let slots = &self.timelines.get(key)?.history().slots;
        let slot = slots.iter().find(|slot| slot.deadline == period.mark && slot.objective == *objective)?;
        Some(slot.verdict)
    }
}

impl Impact {
    fn add_period(&mut self, key: &BatchKey, period: Period, is_certain: bool) {
        let certain = self.periods.entry((key.clone(), period)).or_default();
        *certain |= is_certain;
    }
}

/// The result of a period.
enum PeriodResult<'a> {
    /// There is a good one, which ended then.
    Good(Instant),
    /// There is a wrong one, or none for a reason that matters here.
    Bad(Finding<'a>),
    /// There is none, for no such reason.
    None,
}

fn is_certain(finding: &Finding<'_>) -> bool {
    finding.doubt.is_none()
}
