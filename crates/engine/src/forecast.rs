//! Whether the results of an objective come ever later, so that a deadline within days is missed, or have come later by a
//! step. Integers only: a float could differ between machines.

use chrono::TimeDelta;
use kigen_model::Instant;
use kigen_model::risk::{Risk, RiskKind};
use kigen_model::slot::Verdict;
use kigen_state::{Calendars, OpenSlot, Plan, SlotEnd, Window};

use crate::context::Judge;
use crate::day_off::is_open_day_off;
use crate::risk;
use crate::slot_ends::{came_after, reference};

/// How many of the latest slots show a trend.
const TREND_SLOTS: usize = 14;
/// How many must confirm it where there are so many: a growth that only the latest two weeks show is mostly noise.
const CONFIRMING_SLOTS: usize = 28;
/// How far ahead a miss is warned of, in days; by the confirming slots it may be twice as far ahead.
const AHEAD_D: i64 = 14;
/// A result that comes earlier than the line by so many times the noise, and so many milliseconds, ends the trend.
const LEFT_BY_NOISES: i64 = 3;
const LEFT_BY_MS_MIN: i64 = 1_000;
/// A trend or a new level is warned of at most once in so many days: a step looks like a trend, too.
const AGAIN_AFTER_D: i64 = 14;
/// How many of the latest slots are the new level, and how many before them the old one.
const LEVEL_SLOTS: usize = 5;
const LEVEL_BEFORE_SLOTS: usize = 20;

/// Decides, after the verdict on a slot that was met, whether to warn of the next ones.
pub(crate) fn decide(judge: &mut Judge<'_>, calendars: &Calendars) {
    let until = judge.objective.plan.open().map(|open| open.slot.deadline + judge.objective.objective.grace);
    let is_muted = until.into_iter().chain([judge.at]).any(|at| judge.muted_until(at).is_some());
    if is_muted || is_open_day_off(judge.objective, calendars) {
        return;
    }
    let Some(Forecast { trend, level }) = forecast(judge) else {
        return;
    };
    let at = judge.at;
    let objective = &*judge.objective;
    let warned_at = objective.trend_warned_at.max(objective.level_warned_at);
    if warned_at.is_some_and(|warned_at| at - warned_at < TimeDelta::days(AGAIN_AFTER_D)) {
        return;
    }
    // Of the two the trend has more content: when the deadline is missed.
    let found = trend.or(level);
    match found.as_ref().map(Risk::kind) {
        Some(RiskKind::Trend) => judge.objective.trend_warned_at = Some(at),
        Some(RiskKind::NewLevel) => judge.objective.level_warned_at = Some(at),
        Some(RiskKind::NotStarted | RiskKind::RunningLate | RiskKind::Expectation) | None => {}
    }
    if let Some(found) = found {
        risk::warn(judge, found, None);
    }
}

struct Forecast {
    trend: Option<Risk>,
    level: Option<Risk>,
}

/// What follows for the open slot from the ends of the past ones, after a verdict; `None`: nothing, since the last slot was not met,
/// or the open one is no whole slot with a run, or its time is over, as after an outage.
fn forecast(judge: &Judge<'_>) -> Option<Forecast> {
    let objective = &*judge.objective;
    let Plan::Open(open) = &objective.plan else {
        return None;
    };
    let is_met = objective.verdicts.last().is_some_and(|known| matches!(known.verdict, Verdict::Met { .. }));
    let is_excused = !open.slot.whole || open.window == Window::NoFire;
    let is_leaving = objective.withdrawn_at.is_some() || objective.incident.is_some();
    let is_over = open.slot.deadline + objective.objective.grace <= judge.at;
    if !is_met || is_excused || is_leaving || is_over || objective.ends.len() < TREND_SLOTS {
        return None;
    }
    let next = NextSlot::of(open, objective.objective.grace);
    Some(Forecast { trend: trend(&objective.ends, &next), level: new_level(&objective.ends, &next) })
}

/// The open slot, as the ends of past slots are compared with it.
struct NextSlot {
    reference: Instant,
    deadline: Instant,
    /// How long after the reference its result may come.
    room: TimeDelta,
}

impl NextSlot {
    fn of(open: &OpenSlot, grace: TimeDelta) -> Self {
        let (reference, deadline) = (reference(open.window, open.slot), open.slot.deadline);
        Self { reference, deadline, room: deadline + grace - reference }
    }
}

/// The trend that reaches a deadline within [`AHEAD_D`] days: of the latest slots, confirmed by more of them, or the other way
/// round.
fn trend(ends: &[SlotEnd], next: &NextSlot) -> Option<Risk> {
    let ahead = TimeDelta::days(AHEAD_D);
    let short = latest(ends, TREND_SLOTS)?;
    let line = Line::through(short, next.reference)?;
    if line.is_left_by(short.last()?, next.reference) {
        return None;
    }
    let reaches = |line: &Line| line.reaches(next.room);
    let grows_to = |line: &Line| reaches(line).filter(|it| *it <= ahead && line.growth_ms_d > 0);
    let long = latest(ends, CONFIRMING_SLOTS).and_then(|more| Line::through(more, next.reference));
    let confirms = |line: &Line| reaches(line).is_some_and(|it| it <= ahead * 2);
    let of_short = grows_to(&line).filter(|_| long.as_ref().is_none_or(confirms));
    let of_long = long.as_ref().and_then(grows_to).filter(|_| line.growth_ms_d > 0 && confirms(&line));
    let (line, slots, reaches) = match (of_short, of_long, long) {
        (Some(reaches), ..) => (line, TREND_SLOTS, reaches),
        (None, Some(reaches), Some(long)) => (long, CONFIRMING_SLOTS, reaches),
        (None, ..) => return None,
    };
    let period = line.period;
    let slots_ahead = reaches.num_milliseconds().div_euclid(period.num_milliseconds().max(1));
    let misses = next.deadline + TimeDelta::milliseconds(period.num_milliseconds() * slots_ahead);
    Some(Risk::Trend {
        misses,
        by: TimeDelta::milliseconds(line.growth_in(period)),
        margin: next.room - line.level,
        of_slots: count(slots),
    })
}

/// The new level that the latest slots have, if the step up to it uses up more than half of the time that was left. Each of
/// them is above the old level by at least half of the step: an end of a month is no new level.
fn new_level(ends: &[SlotEnd], next: &NextSlot) -> Option<Risk> {
    let latest = latest(ends, LEVEL_BEFORE_SLOTS + LEVEL_SLOTS)?;
    let (before, since) = latest.split_at(LEVEL_BEFORE_SLOTS);
    let level_of = |ends: &[SlotEnd]| median(ends.iter().map(came_after).collect());
    let (before, now) = (level_of(before)?, level_of(since)?);
    let (left, step) = (next.room - before, now - before);
    let are_above = since.iter().all(|end| (came_after(end) - before) * 2 >= step);
    let is_new = left > TimeDelta::zero() && step * 2 > left && are_above;
    is_new.then_some(Risk::NewLevel { before: left, now: next.room - now, of_slots: count(LEVEL_SLOTS) })
}

/// A line through the ends of slots by Theil and Sen: the median of the slopes between each two, which half of the points must
/// agree on. Neither a test of significance nor least squares, as measured (ADR 33).
struct Line {
    /// Growth a day, in milliseconds.
    growth_ms_d: i64,
    /// How long after its reference the next slot's result comes.
    level: TimeDelta,
    /// How far the ends are from the line, in the median.
    noise: TimeDelta,
    /// From one slot to the next, in the median.
    period: TimeDelta,
}

const DAY_MS: i64 = 86_400_000;

impl Line {
    fn through(ends: &[SlotEnd], next: Instant) -> Option<Self> {
        let points: Vec<(i64, i64)> = ends
            .iter()
            .map(|end| ((end.reference - next).num_milliseconds(), came_after(end).num_milliseconds()))
            .collect();
        let mut slopes = Vec::with_capacity(points.len() * (points.len() - 1) / 2);
        for (place, (x, y)) in points.iter().enumerate() {
            slopes.extend(points[place + 1..].iter().map(|(later, end)| per_day(end - y, later - x)));
        }
        let growth_ms_d = median(slopes)?;
        let at_next = |(x, y): &(i64, i64)| y - in_time(growth_ms_d, *x);
        let level = median(points.iter().map(at_next).collect())?;
        let noise = median(points.iter().map(|point| (at_next(point) - level).abs()).collect())?;
        let steps = points.windows(2).map(|pair| pair[1].0 - pair[0].0);
        Some(Self {
            growth_ms_d,
            level: TimeDelta::milliseconds(level),
            noise: TimeDelta::milliseconds(noise),
            period: TimeDelta::milliseconds(median(steps.collect())?),
        })
    }

    /// Whether the last end is far earlier than the line: what made it grow was mended.
    fn is_left_by(&self, last: &SlotEnd, next: Instant) -> bool {
        let by_line = self.level.num_milliseconds()
            + in_time(self.growth_ms_d, (last.reference - next).num_milliseconds());
        let earlier = by_line - came_after(last).num_milliseconds();
        earlier > (self.noise.num_milliseconds() * LEFT_BY_NOISES).max(LEFT_BY_MS_MIN)
    }

    /// How long after the next slot a slot's result needs more than this room; `None`: never.
    fn reaches(&self, room: TimeDelta) -> Option<TimeDelta> {
        let left = (room - self.level).num_milliseconds();
        if left < 0 {
            return Some(TimeDelta::zero());
        }
        if self.growth_ms_d <= 0 {
            return None;
        }
        let after = bounded(left.saturating_mul(DAY_MS) / self.growth_ms_d) + 1;
        // The first slot at or after that.
        let period = self.period.num_milliseconds().max(1);
        Some(TimeDelta::milliseconds((after + period - 1) / period * period))
    }

    fn growth_in(&self, time: TimeDelta) -> i64 {
        in_time(self.growth_ms_d, time.num_milliseconds())
    }
}

/// The latest ends; `None`: there are too few.
fn latest(ends: &[SlotEnd], count: usize) -> Option<&[SlotEnd]> {
    ends.len().checked_sub(count).map(|from| &ends[from..])
}

fn count(slots: usize) -> u32 {
    u32::try_from(slots).unwrap_or(u32::MAX)
}

/// A growth in a time as one a day.
fn per_day(growth_ms: i64, time_ms: i64) -> i64 {
    bounded(growth_ms.saturating_mul(DAY_MS) / time_ms.max(1))
}

/// A growth a day as that in a time.
fn in_time(growth_ms_d: i64, time_ms: i64) -> i64 {
    bounded(growth_ms_d.saturating_mul(time_ms) / DAY_MS)
}

/// At most a thousand years, so that sums of several never overflow.
fn bounded(ms: i64) -> i64 {
    const MAX_MS: i64 = 365_000 * DAY_MS;
    ms.clamp(-MAX_MS, MAX_MS)
}

/// The upper one of two medians; `None`: there is nothing.
fn median<T: Ord + Copy>(mut of: Vec<T>) -> Option<T> {
    let middle = of.len() / 2;
    (middle < of.len()).then(|| *of.select_nth_unstable(middle).1)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Slots a day apart, whose results come after so many minutes.
    fn ends(minutes: impl IntoIterator<Item = i64>) -> Vec<SlotEnd> {
        let days = (0..).zip(minutes);
        let reference = |day| Instant::UNIX_EPOCH + TimeDelta::days(day);
        days.map(|(day, minutes)| SlotEnd {
            reference: reference(day),
            ended_at: reference(day) + TimeDelta::minutes(minutes),
        })
        .collect()
    }

    fn next(ends: &[SlotEnd], room: i64) -> NextSlot {
        let reference = Instant::UNIX_EPOCH + TimeDelta::days(ends.len() as i64);
        let room = TimeDelta::minutes(room);
        NextSlot { reference, deadline: reference + room, room }
    }

    fn trend_of(minutes: impl IntoIterator<Item = i64>, room: i64) -> Option<Risk> {
        let ends = ends(minutes);
        trend(&ends, &next(&ends, room))
    }

    #[test]
    fn a_trend_needs_fourteen_slots_and_names_the_first_deadline_that_is_missed() {
        assert_eq!(trend_of((0..13).map(|day| 100 + 4 * day), 160), None);
        // The next result comes after 156 minutes, that of the second day after after 164.
        let margin = TimeDelta::minutes(4);
        let misses = Instant::UNIX_EPOCH + TimeDelta::days(16) + TimeDelta::minutes(160);
        let by = TimeDelta::minutes(4);
        assert_eq!(
            trend_of((0..14).map(|day| 100 + 4 * day), 160),
            Some(Risk::Trend { misses, by, margin, of_slots: 14 })
        );
    }

    #[test]
    fn a_trend_reaches_the_deadline_within_fourteen_days() {
        let grows = || (0..14).map(|day| 100 + 4 * day);
        // The result of the fourteenth day after the next comes after 156 + 56 minutes.
        assert!(trend_of(grows(), 211).is_some());
        assert_eq!(trend_of(grows(), 212), None);
        assert_eq!(trend_of((0..14).map(|day| 160 - day), 150), None, "it comes earlier from day to day");
        assert_eq!(trend_of(std::iter::repeat_n(100, 14), 100), None, "it is as it was");
    }

    #[test]
    fn outliers_are_no_trend_and_hide_none() {
        let outliers = (0..14).map(|day| if day % 5 == 4 { 900 } else { 100 });
        assert_eq!(trend_of(outliers, 120), None);
        let grows = (0..14).map(|day| if day % 5 == 1 { 900 } else { 100 + 4 * day });
        assert!(matches!(trend_of(grows, 180), Some(Risk::Trend { .. })));
    }

    #[test]
    fn a_growth_that_four_weeks_do_not_show_is_no_trend() {
        let falls_and_rises = (0..28).map(|day| if day < 14 { 160 - 4 * day } else { 100 + 4 * (day - 14) });
        assert_eq!(trend_of(falls_and_rises, 180), None);
        assert!(trend_of((0..28).map(|day| 100 + 2 * day), 180).is_some());
    }

    #[test]
    fn after_a_repair_nothing_is_warned_of() {
        let grows = |days: i64| (0..days).map(|day| 100 + 4 * day);
        for days in [13, 20, 27] {
            assert_eq!(trend_of(grows(days).chain([100]), 160), None, "{days} days, then as it was");
        }
        let noisy = (0..13).map(|day| 100 + 4 * day + if day % 2 == 0 { 9 } else { -9 });
        let is_warned_of = |last| trend_of(noisy.clone().chain([last]), 180).is_some();
        assert!(is_warned_of(130), "as far below the line as others are above it");
        assert!(!is_warned_of(100));
    }

    #[test]
    fn what_two_weeks_show_no_more_four_weeks_show() {
        // The line of the latest two weeks reaches it after nineteen days, that of four weeks within two weeks.
        let grows = (0..28).map(|day| if day < 14 { 100 + 6 * day } else { 184 + 2 * (day - 14) });
        let Some(Risk::Trend { of_slots, .. }) = trend_of(grows, 252) else { panic!("no trend") };
        assert_eq!(of_slots, 28);
    }

    #[test]
    fn a_step_that_eats_more_than_half_of_what_was_left_is_a_new_level() {
        let step = |from: i64, to: i64| {
            let ends = ends((0..25).map(|day| if day < 20 { from } else { to }));
            new_level(&ends, &next(&ends, 200))
        };
        assert_eq!(step(100, 150), None, "just half");
        let minutes = TimeDelta::minutes;
        let found = Risk::NewLevel { before: minutes(100), now: minutes(49), of_slots: 5 };
        assert_eq!(step(100, 151), Some(found));
        assert_eq!(step(210, 300), None, "nothing was left before");
        let month_end = ends((0..25).map(|day| if day > 21 { 190 } else { 100 }));
        assert_eq!(new_level(&month_end, &next(&month_end, 200)), None, "two of five are as before");
    }
}
