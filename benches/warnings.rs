//! How good the warnings are: precision and recall on generated years and on real histories.
//!
//! The engine is driven as by a tick for each instant at which something is due. A *degradation* is a miss from which on at
//! least three of seven slots are missed (four of five in the real histories): what a trend warns of. A warning about many
//! slots is right if one goes on within 28 days, or if a deadline is missed by a growth: the same run would have been in time
//! without it. Recall counts the degradations by misses that a growth causes which were warned of at least a week before. A
//! warning about one slot is right if that slot is missed; counted are those of half an hour before the deadline or earlier.
//! Recall counts the misses that half an hour before the deadline looked like none of the past runs.

use std::path::Path;

use chrono::{DateTime, TimeDelta, Utc};
use kigen_engine::effect::Effect;
use kigen_engine::step::{Input, step};
use kigen_model::Instant;
use kigen_model::alert::AlertBody;
use kigen_model::event::{Fact, FactBody, Revision};
use kigen_model::key::BatchKey;
use kigen_model::objective::{Deadlines, Objective, ObjectiveSource};
use kigen_model::risk::RiskKind;
use kigen_model::run::{CronJob, Run, RunPhase};
use kigen_model::slot::Verdict;
use kigen_state::{BatchState, Calendars, Mutes};
use kigen_testkit::bench::{is_measured, report};

const DAYS: usize = 365;
const AHEAD_D: usize = 28;
const WEEK_D: usize = 7;
/// The longest room and the longest run of a generated batch, which is due each day.
const LONGEST_S: f64 = 80_000.0;

fn main() {
    let batches = if is_measured() { 300 } else { 10 };
    report(&format!("a year of {batches} generated batches"));
    generated(batches);
    report("real histories, with deadlines at seven quantiles of each");
    real();
}

/// What became of one slot.
#[derive(Clone, Default)]
struct Day {
    missed: bool,
    warned_of: Vec<(RiskKind, Instant)>,
}

/// A run as it happens; `None`: there is none on that day.
type Happens = Option<(Instant, Instant)>;

/// The facts of a batch that is due each day at the time of `first`, with its deadline `room` later, in the order of their times.
fn facts(first: Instant, room: TimeDelta, runs: &[Happens]) -> Vec<(Instant, FactBody)> {
    let crontab = |at: Instant| at.format("%-M %-H * * *").to_string();
    let cron_job = CronJob {
        schedule: crontab(first),
        time_zone: None,
        suspended: false,
        concurrency: None,
        created_at: first - TimeDelta::days(1),
        last_scheduled_at: None,
        last_succeeded_at: None,
    };
    let deadlines = Deadlines::CompleteBy { crontab: crontab(first + room) };
    let objective = Objective::new(deadlines, ObjectiveSource::Annotation);
    let mut facts = vec![
        (
            first - TimeDelta::minutes(2),
            fact_body(0, |revision| FactBody::CronJob { revision, cron_job: Some(cron_job) }),
        ),
        (
            first - TimeDelta::minutes(1),
            fact_body(1, |revision| FactBody::Objective {
                name: "complete-by".to_owned(),
                revision,
                objective: Some(objective),
            }),
        ),
    ];
    for (day, happens) in runs.iter().enumerate() {
        let due = first + TimeDelta::days(day as i64);
        let Some((began_at, ended_at)) = *happens else { continue };
        let run = |phase| Run {
            job: format!("batch-{day}"),
            scheduled_at: Some(due),
            created_at: due,
            started_at: Some(began_at),
            phase,
            failed_pods: 0,
            slot: None,
        };
        let body = |nth: usize, phase| {
            let revision = Revision { uid: format!("{day}"), resource_version: (day * 2 + nth + 2) as u64 };
            FactBody::Run { revision, run: run(phase) }
        };
        facts.push((began_at, body(0, RunPhase::Running)));
        facts.push((ended_at, body(1, RunPhase::Succeeded { completed_at: ended_at })));
    }
    facts.sort_by_key(|(at, _)| *at);
    facts
}

/// Plays such a batch.
fn play(first: Instant, room: TimeDelta, runs: &[Happens]) -> Vec<Day> {
    let mut state = BatchState::new(BatchKey::new("bench", "ml", "batch"));
    let mut days = vec![Day::default(); runs.len()];
    let mut note = |effects: Vec<Effect>| {
        for effect in effects {
            let (deadline, what) = match effect {
                Effect::Judge(judged) => (judged.deadline, Err(judged.verdict)),
                Effect::Raise(alert) => match alert.body {
                    AlertBody::SlotAtRisk { slot, risk, .. } => {
                        (slot.deadline, Ok((risk.kind(), alert.decided_at)))
                    }
                    _ => continue,
                },
                Effect::Warn(_) => continue,
            };
            let day = (deadline - room - first).num_days();
            let Some(day) = usize::try_from(day).ok().and_then(|day| days.get_mut(day)) else { continue };
            match what {
                Ok(warning) => day.warned_of.push(warning),
                Err(verdict) => day.missed = matches!(verdict, Verdict::Missed(_)) || day.missed,
            }
        }
    };
    let mut tick_until = |state: &mut BatchState, at: Instant| {
        while let Some(due) = state.next_due().filter(|due| *due <= at) {
            note(step(
                state,
                Input::Due { observed_until: due, gaps: &[], calendars: Calendars::NONE, mutes: Mutes::NONE },
            ));
        }
    };
    for (at, body) in facts(first, room, runs) {
        tick_until(&mut state, at);
        let key = state.key.clone();
        step(&mut state, Fact { key, observed_at: at, body }.into());
    }
    tick_until(&mut state, first + TimeDelta::days(runs.len() as i64));
    days
}

fn fact_body(version: u64, body: impl FnOnce(Revision) -> FactBody) -> FactBody {
    body(Revision { uid: "object".to_owned(), resource_version: version + 1 })
}

#[derive(Default)]
struct Score {
    right: usize,
    wrong: usize,
    found: usize,
    lost: usize,
}

impl Score {
    fn warning(&mut self, is_right: bool) {
        *if is_right { &mut self.right } else { &mut self.wrong } += 1;
    }

    fn event(&mut self, is_found: bool) {
        *if is_found { &mut self.found } else { &mut self.lost } += 1;
    }

    fn print(&self, what: &str) {
        let of = |part: usize, rest: usize| part as f64 / (part + rest).max(1) as f64;
        let (warnings, events) = (self.right + self.wrong, self.found + self.lost);
        let precision = format!("precision {:.2} of {warnings:4} warnings", of(self.right, self.wrong));
        let recall = format!(", recall {:.2} of {events:4}", of(self.found, self.lost));
        report(&format!("{what:28} {precision}{}", if events == 0 { "" } else { &recall }));
    }
}

/// The days on which a degradation goes on, by which days are missed.
fn degraded(is_missed: &[bool], of: usize, missed: usize) -> Vec<usize> {
    let misses = |from: usize| is_missed[from..].iter().take(of).filter(|is_missed| **is_missed).count();
    (0..is_missed.len()).filter(|day| is_missed[*day] && misses(*day) >= missed).collect()
}

/// The days on which a degradation begins.
fn begins(degraded: &[usize], of: usize) -> impl Iterator<Item = usize> {
    let is_first = move |(nth, day): &(usize, &usize)| *nth == 0 || **day - degraded[nth - 1] > of;
    degraded.iter().enumerate().filter(is_first).map(|(_, day)| *day)
}

fn is_forecast(kind: RiskKind) -> bool {
    matches!(kind, RiskKind::Trend | RiskKind::NewLevel)
}

/// The days on which a trend was warned of.
fn trend_days(days: &[Day]) -> Vec<usize> {
    let warned = |day: &Day| day.warned_of.iter().any(|(kind, _)| *kind == RiskKind::Trend);
    (0..days.len()).filter(|day| warned(&days[*day])).collect()
}

/// What a trend warns of.
struct Wanted<'a> {
    /// How many of how many slots are missed in a degradation.
    missed: usize,
    of: usize,
    /// How many days before it is warned of.
    ahead_min: usize,
    /// Whether its degradations are caused by a growth, and count for the recall.
    counts: bool,
    /// Which days are missed by a growth; `None`: unknown, and each counts.
    by_growth: Option<&'a [bool]>,
}

fn score_trends(score: &mut Score, days: &[Day], wanted: &Wanted<'_>) {
    let Wanted { missed, of, ahead_min, counts, by_growth } = *wanted;
    let is_missed: Vec<bool> = days.iter().map(|day| day.missed).collect();
    let all = degraded(&is_missed, of, missed);
    let warned = trend_days(days);
    for day in &warned {
        let soon = *day..=day + AHEAD_D;
        let is_by_growth =
            || soon.clone().any(|day| by_growth.is_some_and(|days| days.get(day) == Some(&true)));
        score.warning(all.iter().any(|bad| soon.contains(bad)) || is_by_growth());
    }
    let caused = by_growth.map_or(all, |by_growth| degraded(by_growth, of, missed));
    for begins in begins(&caused, of).filter(|_| counts) {
        score.event(warned.iter().any(|day| day + ahead_min <= begins && begins <= day + AHEAD_D));
    }
}

fn generated(batches: usize) {
    let mut rng = fastrand::Rng::with_seed(1);
    let first: Instant = DateTime::<Utc>::UNIX_EPOCH + TimeDelta::days(20_000) + TimeDelta::hours(1);
    let (mut trends, mut levels, mut slots) = (Score::default(), Score::default(), Score::default());
    let (mut begins, mut lates) = (Score::default(), Score::default());
    for _ in 0..batches {
        let batch = generate(&mut rng);
        let runs: Vec<Happens> = batch
            .days
            .iter()
            .enumerate()
            .map(|(day, planned)| {
                let due = first + TimeDelta::days(day as i64);
                let (waits, takes) = (*planned)?;
                Some((due + waits, due + waits + takes))
            })
            .collect();
        let days = play(first, batch.room, &runs);
        let (counts, by_growth) = (batch.kind == Kind::Growth, Some(batch.missed_by_growth.as_slice()));
        let wanted = Wanted { missed: 3, of: 7, ahead_min: WEEK_D, counts, by_growth };
        score_trends(&mut trends, &days, &wanted);
        score_levels(&mut levels, &days, &batch);
        score_slots(&mut slots, &days, &runs, first, batch.room);
        score_kind(&mut begins, &days, RiskKind::NotStarted);
        score_kind(&mut lates, &days, RiskKind::RunningLate);
    }
    trends.print("trend, a week ahead");
    levels.print("new level");
    slots.print("not started, running late");
    begins.print("  not started alone");
    lates.print("  running late alone");
}

/// A new level is right where the batch has one, or grows.
fn score_levels(score: &mut Score, days: &[Day], batch: &Batch) {
    for day in days {
        if day.warned_of.iter().any(|(kind, _)| *kind == RiskKind::NewLevel) {
            score.warning(matches!(batch.kind, Kind::Step | Kind::Growth));
        }
    }
    if let Some(step) = batch.step_at.filter(|_| batch.kind == Kind::Step && batch.is_step_large) {
        let soon = &days[step..(step + 14).min(days.len())];
        score.event(soon.iter().any(|day| day.warned_of.iter().any(|(kind, _)| is_forecast(*kind))));
    }
}

fn score_kind(score: &mut Score, days: &[Day], kind: RiskKind) {
    for day in days.iter().filter(|day| day.warned_of.iter().any(|(warned_of, _)| *warned_of == kind)) {
        score.warning(day.missed);
    }
}

fn score_slots(score: &mut Score, days: &[Day], runs: &[Happens], first: Instant, room: TimeDelta) {
    let half_an_hour = TimeDelta::minutes(30);
    let mut took: Vec<TimeDelta> = Vec::new();
    for (day, (fate, happens)) in days.iter().zip(runs).enumerate() {
        let deadline = first + TimeDelta::days(day as i64) + room;
        let by_then = deadline - half_an_hour;
        let of_slot: Vec<Instant> =
            fate.warned_of.iter().filter(|(kind, _)| !is_forecast(*kind)).map(|(_, at)| *at).collect();
        if of_slot.iter().any(|at| *at <= by_then) {
            score.warning(fate.missed);
        }
        let mut recent: Vec<TimeDelta> = took.iter().rev().take(64).copied().collect();
        recent.sort_unstable();
        if fate.missed && recent.len() >= 8 {
            let (median, longest) = (recent[recent.len() / 2], recent[recent.len() - 1]);
            let is_visible = match happens {
                Some((began_at, _)) if *began_at <= by_then => {
                    let passed = by_then - *began_at;
                    passed > longest && half_an_hour * 2 < passed
                }
                Some(_) | None => median > half_an_hour,
            };
            if is_visible {
                score.event(of_slot.iter().any(|at| *at <= by_then));
            }
        }
        took.extend(happens.map(|(began_at, ended_at)| ended_at - began_at));
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Flat,
    Growth,
    Step,
    MonthEnd,
}

struct Batch {
    kind: Kind,
    room: TimeDelta,
    /// How long the run of each day waits and takes; `None`: there is none.
    days: Vec<Option<(TimeDelta, TimeDelta)>>,
    /// Whether the run of each day is late, and would have been in time without the growth.
    missed_by_growth: Vec<bool>,
    step_at: Option<usize>,
    /// Whether the step uses up more than half of what was left.
    is_step_large: bool,
}

/// A batch with one kind of change, weekdays that differ in a third, outliers, days without a run and days on which it hangs.
fn generate(rng: &mut fastrand::Rng) -> Batch {
    let between = |rng: &mut fastrand::Rng, low: f64, high: f64| low + (high - low) * rng.f64();
    let base_s = between(rng, f64::ln(300.0), f64::ln(14_400.0)).exp();
    let noise = [0.02, 0.05, 0.1, 0.15, 0.25][rng.usize(..5)];
    let kind = match rng.u32(..100) {
        0..55 => Kind::Flat,
        55..80 => Kind::Growth,
        80..90 => Kind::Step,
        _ => Kind::MonthEnd,
    };
    let mut weekdays = [1.0; 7];
    if rng.u32(..10) < 3 {
        let (day, factor) = (rng.usize(..7), [0.5, 0.7, 1.4, 2.0][rng.usize(..4)]);
        weekdays[day] = factor;
        if rng.bool() {
            weekdays[(day + 1) % 7] = factor;
        }
    }
    let slowest = base_s * weekdays.iter().copied().fold(0.0, f64::max);
    // The deadline is on the day of the run.
    let room_s = (slowest * f64::exp(3.0 * noise) * between(rng, 1.1, 2.5)).min(LONGEST_S);
    let (outliers, faults) = ([0.0, 0.01, 0.03][rng.usize(..3)], [0.0, 0.005, 0.01][rng.usize(..3)]);
    let (mut grows_from, reaches_after) = (rng.usize(20..150), rng.usize(30..200));
    let (step_at, step) = (rng.usize(60..300), between(rng, 1.2, 2.0));
    let (mut days, mut missed_by_growth) = (Vec::new(), Vec::new());
    for day in 0..DAYS {
        let factor = match kind {
            Kind::Growth => {
                let grown = day.saturating_sub(grows_from) as f64 / reaches_after as f64;
                1.0 + (room_s / slowest - 1.0) * grown
            }
            Kind::Step if day >= step_at => step,
            Kind::MonthEnd if day % 30 >= 28 => between(rng, 1.2, 1.6),
            Kind::Flat | Kind::Step | Kind::MonthEnd => 1.0,
        };
        // It is mended two weeks after it began to miss.
        if kind == Kind::Growth && day > grows_from + reaches_after + 14 {
            grows_from = day + rng.usize(20..60);
        }
        let gauss = f64::sqrt(-2.0 * (1.0 - rng.f64()).ln()) * f64::cos(std::f64::consts::TAU * rng.f64());
        let without_s = base_s * weekdays[day % 7] * f64::exp(gauss * noise);
        let mut takes_s = without_s * factor;
        let by_growth = kind == Kind::Growth && takes_s > room_s && without_s <= room_s;
        let is_outlier = rng.f64() < outliers;
        if is_outlier {
            takes_s *= between(rng, 2.0, 8.0);
        }
        let mut waits_s = between(rng, 1.0, 30.0);
        let fault = rng.f64();
        if fault < faults {
            waits_s += between(rng, 0.5, 1.5) * room_s;
        } else if fault < 2.0 * faults {
            takes_s += 2.0 * room_s;
        }
        let span = |seconds: f64| TimeDelta::milliseconds((seconds.min(LONGEST_S) * 1_000.0) as i64);
        missed_by_growth.push(by_growth && !is_outlier && fault >= 3.0 * faults);
        let is_made = fault >= 3.0 * faults || fault < 2.0 * faults;
        days.push(is_made.then(|| (span(waits_s), span(takes_s))));
    }
    let room = TimeDelta::minutes((room_s / 60.0).ceil() as i64);
    let is_step_large = slowest * (step - 1.0) > (room_s - slowest) * 0.6 && slowest * step < room_s * 0.95;
    Batch { kind, room, days, missed_by_growth, step_at: Some(step_at), is_step_large }
}

fn real() {
    const QUANTILES: [f64; 7] = [0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99];
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/histories");
    let mut files: Vec<_> = std::fs::read_dir(&folder)
        .expect("the folder of the histories")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "csv"))
        .collect();
    files.sort();
    let mut all = Score::default();
    for path in files {
        let text = std::fs::read_to_string(&path).expect("a history");
        let rows: Vec<(Instant, Instant)> = text.lines().skip(1).map(row).collect();
        let first = rows[0].0;
        let mut runs: Vec<Happens> = vec![None; (rows[rows.len() - 1].0 - first).num_days() as usize + 1];
        for (due, ended_at) in &rows {
            let day = (*due - first).num_days() as usize;
            // A day's run goes on until a minute before the next one at most: one run a day.
            let last = *due + TimeDelta::days(1) - TimeDelta::minutes(1);
            runs[day] = Some((*due, (*ended_at).min(last)));
        }
        let mut took: Vec<TimeDelta> = rows.iter().map(|(due, ended_at)| *ended_at - *due).collect();
        took.sort_unstable();
        let mut of_file = Score::default();
        for quantile in QUANTILES {
            let place = ((took.len() as f64 * quantile) as usize).min(took.len() - 1);
            let room = TimeDelta::minutes(took[place].num_minutes().clamp(1, 1_400));
            // A day on which the job published nothing is no miss that a trend causes.
            let days: Vec<Day> = play(first, room, &runs)
                .into_iter()
                .zip(&runs)
                .filter_map(|(day, run)| run.map(|_| day))
                .collect();
            for score in [&mut of_file, &mut all] {
                let wanted = Wanted { missed: 4, of: 5, ahead_min: 0, counts: true, by_growth: None };
                score_trends(score, &days, &wanted);
            }
        }
        of_file.print(&path.file_stem().expect("a name").to_string_lossy());
    }
    all.print("trend, all");
}

fn row(line: &str) -> (Instant, Instant) {
    let (due, ended_at) = line.split_once(',').expect("two columns");
    let instant = |text: &str| text.parse::<Instant>().expect("an instant");
    (instant(due), instant(ended_at))
}
