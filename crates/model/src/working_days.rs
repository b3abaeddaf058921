//! Working days: the days on which results are due, by a calendar with a name.

use std::ops::RangeInclusive;

use chrono::{Datelike, NaiveDate};

/// The working days of a calendar over some years.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkingDays {
    /// The days of the week that are working days, from Monday on.
    pub week: [bool; 7],
    /// The first and the last year of which the exceptions are known. In other years the week decides alone.
    pub years: (i32, i32),
    /// The days that the week has and that are none, in increasing order.
    pub days_off: Vec<NaiveDate>,
    /// The days that the week lacks and that are working days, in increasing order.
    pub added: Vec<NaiveDate>,
}

impl WorkingDays {
    /// The most exceptions from the week that a calendar may have.
    pub const EXCEPTIONS_MAX: usize = 2_500;

    /// The days of these years for which `is_working` holds; of other years, those of the week.
    #[must_use]
    pub fn of(week: [bool; 7], years: &RangeInclusive<i32>, is_working: impl Fn(NaiveDate) -> bool) -> Self {
        let first = NaiveDate::from_ymd_opt(*years.start(), 1, 1).unwrap_or_default();
        let days = first.iter_days().take_while(|day| day.year() <= *years.end());
        let exceptions = days.filter(|day| is_working(*day) != is_of_week(week, *day));
        let (days_off, added) = exceptions.partition(|day| is_of_week(week, *day));
        Self { week, years: (*years.start(), *years.end()), days_off, added }
    }

    /// Whether results are due on this day.
    #[must_use]
    pub fn contains(&self, day: NaiveDate) -> bool {
        match is_of_week(self.week, day) {
            true => self.days_off.binary_search(&day).is_err(),
            false => self.added.binary_search(&day).is_ok(),
        }
    }
}

fn is_of_week(week: [bool; 7], day: NaiveDate) -> bool {
    week[day.weekday().num_days_from_monday() as usize]
}
