//! The calendar without zones: the local times that five fields name, found by the `cron` crate.

use std::fmt::Write as _;
use std::ops::RangeInclusive;
use std::str::FromStr as _;

use chrono::{Datelike, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta};
use cron::Schedule;

use crate::parse::{Field, Fields, Set};

/// Kubernetes searches no further: to the end of the fifth year after the one in which the search begins.
pub(crate) const SEARCH_YEARS_MAX: i32 = 5;

/// Years from which the `cron` crate covers the whole search; its calendar is that of 1970 to 2100.
const CRATE_YEARS: RangeInclusive<i32> = 1970..=2100 - SEARCH_YEARS_MAX;

/// Years among which there is one of each kind: leap or not, beginning on any day of the week.
const TWIN_YEARS: RangeInclusive<i32> = 1973..=2000;

/// How many times of the crate are tried, since the first may be too early.
const ATTEMPTS_MAX: usize = 2;

/// The schedules whose union is the crontab: none (`0 0 , * *` names no day), one, or two where a day of the month
/// *or* a day of the week matches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Walk {
    schedules: Vec<Schedule>,
    hours: Set,
}

impl Walk {
    /// Kubernetes' rule for days: if both fields are restricted, either may match; else both must. The crate implements
    /// only "both", so the first case is two schedules.
    pub(crate) fn new(fields: &Fields) -> Self {
        let either = !fields.day_of_month.star && !fields.day_of_week.star;
        let (all_days, all_weekdays) = (Set::all(Field::DayOfMonth), Set::all(Field::DayOfWeek));
        let days: &[(Set, Set)] = if either {
            &[(fields.day_of_month, all_weekdays), (all_days, fields.day_of_week)]
        } else {
            &[(fields.day_of_month, fields.day_of_week)]
        };
        let schedules = days.iter().filter_map(|(day, weekday)| schedule(fields, *day, *weekday)).collect();
        Self { schedules, hours: fields.hour }
    }

    /// Whether the hour field contains `hour`.
    pub(crate) fn has_hour(&self, hour: u32) -> bool {
        self.hours.contains(hour)
    }

    /// The first local time at or after `from`, a whole second, up to the end of the fifth year after its own.
    pub(crate) fn first_from(&self, from: NaiveDateTime) -> Option<NaiveDateTime> {
        let year_max = from.year() + SEARCH_YEARS_MAX;
        if CRATE_YEARS.contains(&from.year()) {
            return self.crate_first_from(from).filter(|first| first.year() <= year_max);
        }
        // Outside the crate's calendar each year is walked as a twin year within it.
        (from.year()..=year_max).find_map(|year| {
            let first_day = NaiveDate::from_ymd_opt(year, 1, 1)?;
            let begin = from.max(first_day.and_time(NaiveTime::MIN));
            let twin = TWIN_YEARS.clone().find(|twin| is_twin(*twin, first_day))?;
            let first = self.crate_first_from(begin.with_year(twin)?)?;
            if first.year() == twin { first.with_year(year) } else { None }
        })
    }

    fn crate_first_from(&self, from: NaiveDateTime) -> Option<NaiveDateTime> {
        let from = from.and_utc();
        let before = from.checked_sub_signed(TimeDelta::seconds(1))?;
        let first = |schedule: &Schedule| schedule.after(&before).take(ATTEMPTS_MAX).find(|at| *at >= from);
        self.schedules.iter().filter_map(first).min().map(|first| first.naive_utc())
    }
}

fn is_twin(year: i32, first_day: NaiveDate) -> bool {
    NaiveDate::from_ymd_opt(year, 1, 1).is_some_and(|twin| {
        twin.leap_year() == first_day.leap_year() && twin.weekday() == first_day.weekday()
    })
}

/// `None` if a field is empty: nothing matches. The crate takes seconds first and years last, and counts the days
/// of the week from 1.
fn schedule(fields: &Fields, day_of_month: Set, day_of_week: Set) -> Option<Schedule> {
    let mut text = String::from("0");
    for (set, field, shift) in [
        (fields.minute, Field::Minute, 0),
        (fields.hour, Field::Hour, 0),
        (day_of_month, Field::DayOfMonth, 0),
        (fields.month, Field::Month, 0),
        (day_of_week, Field::DayOfWeek, 1),
    ] {
        push(&mut text, set, field, shift)?;
    }
    text.push_str(" *");
    Some(Schedule::from_str(&text).expect("plain lists within each field's range are a schedule"))
}

fn push(text: &mut String, set: Set, field: Field, shift: u32) -> Option<()> {
    if set.bits == Set::all(field).bits {
        text.push_str(" *");
        return Some(());
    }
    let mut separator = ' ';
    for value in set.values() {
        write!(text, "{separator}{}", value + shift).ok()?;
        separator = ',';
    }
    (separator == ',').then_some(())
}
