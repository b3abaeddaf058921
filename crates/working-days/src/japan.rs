//! The public holidays of Japan, by the Act on National Holidays (国民の祝日に関する法律, Act No. 178 of 1948) as it has been in
//! force since 2007, with the years in which other acts moved or added some: 2019 (accession and enthronement), 2020 and 2021
//! (the Olympic Games).
//!
//! The equinoxes are those of the formula in 『新こよみ便利帳』 (Japan Coast Guard, valid from 1980 to 2099). The Cabinet Office
//! announces both for a year in the February before (<https://www8.cao.go.jp/chosei/shukujitsu/gaiyou.html>); its dates from
//! 2007 to 2027 are those of `tests/cabinet-office.txt`, against which this is tested. A later year is known as far as the law
//! and the formula are.

use std::ops::RangeInclusive;

use chrono::{Datelike, NaiveDate, TimeDelta, Weekday};

/// The years that are known: from the last general change of the law to the last of the formula.
pub(crate) const YEARS: RangeInclusive<i32> = 2007..=2099;

/// The name of the holiday on this day, in the Cabinet Office's English; `None`: it is none, or the year is not known.
pub(crate) fn holiday(day: NaiveDate) -> Option<&'static str> {
    if !YEARS.contains(&day.year()) {
        return None;
    }
    if let Some(name) = national_holiday(day) {
        return Some(name);
    }
    let is_national = |days: i64| national_holiday(day + TimeDelta::days(days)).is_some();
    // Article 3, paragraph 2: a holiday on a Sunday is followed by a day off, the first that is no holiday itself.
    let since_sunday = i64::from(day.weekday().num_days_from_sunday());
    if since_sunday > 0 && (1..=since_sunday).all(|back| is_national(-back)) {
        return Some("substitute holiday");
    }
    // Article 3, paragraph 3: between two holidays.
    (is_national(-1) && is_national(1)).then_some("citizens' holiday")
}

/// Whether the day is in the pause from 29 December to 3 January, in which offices are closed: administrative organs by Act No.
/// 91 of 1988, most others by custom.
pub(crate) fn is_year_end(day: NaiveDate) -> bool {
    matches!((day.month(), day.day()), (12, 29..=31) | (1, 1..=3))
}

/// The holidays of article 2, and those of a single year.
fn national_holiday(day: NaiveDate) -> Option<&'static str> {
    let year = day.year();
    let nth_monday = (day.weekday() == Weekday::Mon).then(|| day.day().div_ceil(7));
    Some(match (day.month(), day.day()) {
        (1, 1) => "New Year's Day",
        (1, _) if nth_monday == Some(2) => "Coming of Age Day",
        (2, 11) => "National Foundation Day",
        (2, 23) if year >= 2020 => "Emperor's Birthday",
        (3, date) if date == equinox(year, VERNAL_MICRODAYS) => "Vernal Equinox Day",
        (4, 29) => "Showa Day",
        (5, 1) if year == 2019 => "Day of the Emperor's accession",
        (5, 3) => "Constitution Memorial Day",
        (5, 4) => "Greenery Day",
        (5, 5) => "Children's Day",
        (7, 23) if year == 2020 => "Marine Day",
        (7, 22) if year == 2021 => "Marine Day",
        (7, 24) if year == 2020 => "Sports Day",
        (7, 23) if year == 2021 => "Sports Day",
        (7, _) if nth_monday == Some(3) && !is_olympic(year) => "Marine Day",
        (8, 10) if year == 2020 => "Mountain Day",
        (8, 8) if year == 2021 => "Mountain Day",
        (8, 11) if year >= 2016 && !is_olympic(year) => "Mountain Day",
        (9, _) if nth_monday == Some(3) => "Respect for the Aged Day",
        (9, date) if date == equinox(year, AUTUMNAL_MICRODAYS) => "Autumnal Equinox Day",
        (10, 22) if year == 2019 => "Day of the enthronement ceremony",
        (10, _) if nth_monday == Some(2) && !is_olympic(year) => "Sports Day",
        (11, 3) => "Culture Day",
        (11, 23) => "Labor Thanksgiving Day",
        (12, 23) if year <= 2018 => "Emperor's Birthday",
        _ => return None,
    })
}

/// Whether three holidays were moved in that year.
fn is_olympic(year: i32) -> bool {
    matches!(year, 2020 | 2021)
}

/// The equinoxes of 1980, in millionths of a day of March and September.
const VERNAL_MICRODAYS: i32 = 20_843_100;
const AUTUMNAL_MICRODAYS: i32 = 23_248_800;
/// By how much an equinox is later each year, without leap days.
const YEAR_MICRODAYS: i32 = 242_194;

/// The day of the month on which the equinox is that was at this instant in 1980.
fn equinox(year: i32, microdays_1980: i32) -> u32 {
    let years = year - 1980;
    let day = (microdays_1980 + YEAR_MICRODAYS * years) / 1_000_000 - years / 4;
    day.unsigned_abs()
}
