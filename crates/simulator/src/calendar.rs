//! The judge's own calendar: crontabs read minute by minute, with a time-zone library that the engine does not use.
//!
//! Naive on purpose. An expected fire is a minute of the UTC time line whose local time matches the crontab: so a local time
//! that the clocks skip brings no fire, and one that exists twice brings two. A deadline is a minute of the zone-free local
//! calendar that matches, and then the instant that this local time names.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use chrono::{DateTime, Datelike, LocalResult, NaiveDateTime, Offset, TimeDelta, TimeZone, Timelike, Utc};
use chrono_tz::Tz;
use kigen_model::Instant;

/// A crontab of five fields as robfig/cron v3 reads it, in a zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Crontab {
    zone: Tz,
    minutes: u64,
    hours: u64,
    days: u64,
    months: u64,
    weekdays: u64,
    /// Whether the day of the month and the day of the week are `*`: then the other one decides.
    is_any_day: [bool; 2],
}

/// How many days and crontabs are remembered, at most.
const REMEMBERED_MAX: usize = 100_000;

/// What is asked of a day.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Of {
    Fires,
    Deadlines,
}

/// The instants of a crontab on a day, counted in UTC from 1970.
type Day = (Crontab, Of, i64);

/// A crontab as it is written, and the zone beside it.
type Text = (String, Option<String>);

thread_local! {
    /// Each day is walked once.
    static DAYS: RefCell<HashMap<Day, Rc<[Instant]>>> = RefCell::default();
    /// Each text is read once, with its zone.
    static READ: RefCell<HashMap<Text, Option<Crontab>>> = RefCell::default();
}

const MONTHS: &[&str] = &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const WEEKDAYS: &[&str] = &["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

impl Crontab {
    /// Reads a crontab; `None`: it cannot be read, or is `@every`, or there is no such zone.
    #[must_use]
    pub fn read(text: &str, zone: Option<&str>) -> Option<Self> {
        let key = (text.to_owned(), zone.map(str::to_owned));
        if let Some(known) = READ.with_borrow(|known| known.get(&key).copied()) {
            return known;
        }
        let read = Self::read_anew(text, zone);
        READ.with_borrow_mut(|known| {
            if known.len() >= REMEMBERED_MAX {
                known.clear();
            }
            known.insert(key, read);
        });
        read
    }

    fn read_anew(text: &str, zone: Option<&str>) -> Option<Self> {
        let prefixed = text.strip_prefix("TZ=").or_else(|| text.strip_prefix("CRON_TZ="));
        let (zone, text) = match prefixed {
            Some(rest) => {
                let (zone, text) = rest.split_once(' ')?;
                (Some(zone), text.trim())
            }
            None => (zone, text),
        };
        let zone = zone.unwrap_or("UTC").parse::<Tz>().ok()?;
        let text = match text {
            "@yearly" | "@annually" => "0 0 1 1 *",
            "@monthly" => "0 0 1 * *",
            "@weekly" => "0 0 * * 0",
            "@daily" | "@midnight" => "0 0 * * *",
            "@hourly" => "0 * * * *",
            other => other,
        };
        let fields: Vec<&str> = text.split_whitespace().collect();
        let [minutes, hours, days, months, weekdays] = fields.as_slice() else { return None };
        Some(Self {
            zone,
            minutes: field(minutes, 0, 59, &[])?.0,
            hours: field(hours, 0, 23, &[])?.0,
            days: field(days, 1, 31, &[])?.0,
            months: field(months, 1, 12, MONTHS)?.0,
            weekdays: field(weekdays, 0, 6, WEEKDAYS)?.0,
            is_any_day: [field(days, 1, 31, &[])?.1, field(weekdays, 0, 6, WEEKDAYS)?.1],
        })
    }

    /// The zone.
    #[must_use]
    pub fn zone(&self) -> Tz {
        self.zone
    }

    fn matches(&self, local: NaiveDateTime) -> bool {
        let has = |set: u64, value: u32| set >> value & 1 == 1;
        let day = has(self.days, local.day());
        let weekday = has(self.weekdays, local.weekday().num_days_from_sunday());
        let is_day = if self.is_any_day.contains(&true) { day && weekday } else { day || weekday };
        has(self.minutes, local.minute())
            && has(self.hours, local.hour())
            && has(self.months, local.month())
            && is_day
    }

    /// The expected fires in `[from, to)`.
    #[must_use]
    pub fn fires(&self, from: Instant, to: Instant) -> Vec<Instant> {
        self.within(Of::Fires, from, to)
    }

    /// The first expected fire in `[from, to)`.
    #[must_use]
    pub fn first_fire(&self, from: Instant, to: Instant) -> Option<Instant> {
        days(from, to)
            .find_map(|day| self.day(Of::Fires, day).iter().copied().find(|at| (from..to).contains(at)))
    }

    /// The last expected fire in `[from, to]`.
    #[must_use]
    pub fn last_fire(&self, from: Instant, to: Instant) -> Option<Instant> {
        days(from, to + TimeDelta::milliseconds(1))
            .rev()
            .find_map(|day| self.day(Of::Fires, day).iter().copied().rfind(|at| (from..=to).contains(at)))
    }

    /// The deadlines in `[from, to)`, each instant once.
    #[must_use]
    pub fn deadlines(&self, from: Instant, to: Instant) -> Vec<Instant> {
        self.within(Of::Deadlines, from, to)
    }

    fn within(&self, of: Of, from: Instant, to: Instant) -> Vec<Instant> {
        let all = days(from, to).flat_map(|day| self.day(of, day).to_vec());
        all.filter(|at| (from..to).contains(at)).collect()
    }

    /// The instants on a day, from memory if it was walked before.
    fn day(&self, of: Of, day: i64) -> Rc<[Instant]> {
        let key = (*self, of, day);
        if let Some(known) = DAYS.with_borrow(|known| known.get(&key).cloned()) {
            return known;
        }
        let begins = DateTime::from_timestamp(day * 86_400, 0).unwrap_or_default();
        let ends = begins + TimeDelta::days(1);
        let walked: Rc<[Instant]> = match of {
            Of::Fires => minutes(begins, ends).filter(|at| self.matches(self.local(*at))).collect(),
            Of::Deadlines => self.walk_deadlines(begins, ends).into(),
        };
        DAYS.with_borrow_mut(|known| {
            if known.len() >= REMEMBERED_MAX {
                known.clear();
            }
            known.insert(key, Rc::clone(&walked));
        });
        walked
    }

    fn walk_deadlines(&self, from: Instant, to: Instant) -> Vec<Instant> {
        let margin = TimeDelta::hours(4);
        let (first, last) = (self.local(from - margin), self.local(to + margin));
        let mut deadlines: Vec<Instant> = local_minutes(first, last)
            .filter(|local| self.matches(*local))
            .map(|local| self.instant(local))
            .filter(|at| (from..to).contains(at))
            .collect();
        deadlines.sort_unstable();
        deadlines.dedup();
        deadlines
    }

    /// The first deadline at or after `from`, if there is one within two years.
    #[must_use]
    pub fn deadline_from(&self, from: Instant) -> Option<Instant> {
        (0..730).find_map(|day| {
            let begins = from + TimeDelta::days(day);
            self.deadlines(begins, begins + TimeDelta::days(1)).first().copied()
        })
    }

    /// The last deadline at or before `to`, if there is one within two years.
    #[must_use]
    pub fn deadline_until(&self, to: Instant) -> Option<Instant> {
        let end = to + TimeDelta::milliseconds(1);
        (0..730).find_map(|day| {
            let ends = end - TimeDelta::days(day);
            self.deadlines(ends - TimeDelta::days(1), ends).last().copied()
        })
    }

    /// The instants in `[from, to)` on which a fire would fall that the clocks skip: the first one after the skipped time.
    #[must_use]
    pub fn skipped(&self, from: Instant, to: Instant) -> Vec<Instant> {
        let margin = TimeDelta::hours(4);
        local_minutes(self.local(from - margin), self.local(to + margin))
            .filter(|local| self.matches(*local))
            .filter(|local| matches!(self.zone.from_local_datetime(local), LocalResult::None))
            .map(|local| self.instant(local))
            .filter(|at| (from..to).contains(at))
            .collect()
    }

    fn local(&self, at: Instant) -> NaiveDateTime {
        at.naive_utc() + self.zone.offset_from_utc_datetime(&at.naive_utc()).fix()
    }

    /// The instant that a local time names: of two the first, and of none the first one after the skipped time.
    #[must_use]
    pub fn instant(&self, local: NaiveDateTime) -> Instant {
        let mut local = local;
        loop {
            match self.zone.from_local_datetime(&local) {
                LocalResult::Single(at) | LocalResult::Ambiguous(at, _) => return at.with_timezone(&Utc),
                LocalResult::None => local += TimeDelta::minutes(1),
            }
        }
    }
}

/// The days, counted in UTC from 1970, that `[from, to)` touches.
fn days(from: Instant, to: Instant) -> std::ops::RangeInclusive<i64> {
    from.timestamp().div_euclid(86_400)..=to.timestamp().div_euclid(86_400)
}

/// The full minutes in `[from, to)`.
fn minutes(from: Instant, to: Instant) -> impl Iterator<Item = Instant> {
    let begun = from.timestamp().div_euclid(60);
    let is_full = from.timestamp().rem_euclid(60) == 0 && from.timestamp_subsec_nanos() == 0;
    let first = if is_full { begun } else { begun + 1 };
    (first..).map_while(move |minute| {
        let at = DateTime::from_timestamp(minute * 60, 0)?;
        (at < to).then_some(at)
    })
}

fn local_minutes(from: NaiveDateTime, to: NaiveDateTime) -> impl Iterator<Item = NaiveDateTime> {
    let from = from.with_second(0).and_then(|from| from.with_nanosecond(0)).unwrap_or(from);
    std::iter::successors(Some(from), |local| Some(*local + TimeDelta::minutes(1)))
        .take_while(move |local| *local < to)
}

/// The values of a field as bits, and whether it is `*`.
fn field(text: &str, min: u64, max: u64, names: &[&str]) -> Option<(u64, bool)> {
    let mut bits = 0;
    let mut is_any = false;
    for part in text.split(',').filter(|part| !part.is_empty()) {
        let (range, step) = match part.split_once('/') {
            Some((range, step)) => (range, Some(step.parse::<u64>().ok().filter(|step| *step > 0)?)),
            None => (part, None),
        };
        // Whatever follows the star: `*-5` is `*`.
        let is_star = matches!(range.split('-').next(), Some("*" | "?"));
        let (low, high) = match range.split_once('-') {
            _ if is_star => (min, max),
            Some((low, high)) => (value(low, min, names)?, value(high, min, names)?),
            None => {
                let low = value(range, min, names)?;
                (low, if step.is_some() { max } else { low })
            }
        };
        if low < min || high > max || low > high {
            return None;
        }
        is_any |= is_star && step.unwrap_or(1) == 1;
        for value in (low..=high).step_by(usize::try_from(step.unwrap_or(1)).unwrap_or(usize::MAX)) {
            bits |= 1 << value;
        }
    }
    Some((bits, is_any))
}

fn value(text: &str, min: u64, names: &[&str]) -> Option<u64> {
    if let Some(named) = names.iter().position(|name| name.eq_ignore_ascii_case(text)) {
        return Some(named as u64 + min);
    }
    text.parse().ok()
}
