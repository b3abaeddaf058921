//! The working days of a calendar, in events and in the position of a partition.

use chrono::{NaiveDate, TimeDelta};
use kigen_model::working_days::WorkingDays;
use serde::{Deserialize, Serialize};

use crate::error::DecodeError;
use crate::fields::FieldReader;

#[derive(Serialize, Deserialize)]
#[serde(rename = "WorkingDays")]
pub(crate) struct WorkingDaysRecord {
    /// The numbers of the days, from 1 for Monday.
    weekend: Vec<i32>,
    first_year: i32,
    last_year: i32,
    days_off: Vec<Date>,
    added: Vec<Date>,
}

/// A date, in days since 1970-01-01.
#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(transparent)]
struct Date(i32);

impl From<&NaiveDate> for Date {
    fn from(day: &NaiveDate) -> Self {
        Self(i32::try_from((*day - NaiveDate::default()).num_days()).unwrap_or(i32::MAX))
    }
}

impl From<&WorkingDays> for WorkingDaysRecord {
    fn from(days: &WorkingDays) -> Self {
        Self {
            weekend: (1..).zip(days.week).filter(|(_, is_working)| !is_working).map(|(day, _)| day).collect(),
            first_year: days.years.0,
            last_year: days.years.1,
            days_off: days.days_off.iter().map(Date::from).collect(),
            added: days.added.iter().map(Date::from).collect(),
        }
    }
}

impl WorkingDaysRecord {
    pub(crate) fn read(self, of: FieldReader) -> Result<WorkingDays, DecodeError> {
        let mut week = [true; 7];
        for day in &self.weekend {
            let nth = usize::try_from(*day).ok().and_then(|day| day.checked_sub(1));
            let place = nth.and_then(|nth| week.get_mut(nth));
            *place.ok_or_else(|| of.wrong("weekend", "has a day that is not 1 to 7"))? = false;
        }
        Ok(WorkingDays {
            week,
            years: (self.first_year, self.last_year),
            days_off: dates(of, "days_off", &self.days_off)?,
            added: dates(of, "added", &self.added)?,
        })
    }
}

fn dates(of: FieldReader, field: &str, days: &[Date]) -> Result<Vec<NaiveDate>, DecodeError> {
    if days.len() > WorkingDays::EXCEPTIONS_MAX {
        return Err(of.wrong(field, "has too many days"));
    }
    if !days.is_sorted_by(|one, next| one.0 < next.0) {
        return Err(of.wrong(field, "is not in increasing order"));
    }
    let date = |day: &Date| NaiveDate::default().checked_add_signed(TimeDelta::days(day.0.into()));
    days.iter().map(|day| date(day).ok_or_else(|| of.wrong(field, "has a day that is no date"))).collect()
}
