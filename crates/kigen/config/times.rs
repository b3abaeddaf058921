//! Hours and days in the configuration file: when a rule matches, and quiet hours.

use std::collections::BTreeSet;
use std::path::Path;

use chrono::{NaiveTime, Weekday};
use kigen_calendar::Zone;
use kigen_model::delivery::SLACK;
use kigen_model::working_days::WorkingDays;
use kigen_notifier::receiver::discord::DISCORD;
use kigen_notifier::receiver::email::EMAIL;
use kigen_notifier::receiver::teams::TEAMS;
use kigen_notifier::routing::times::{Times, number_of};
use kigen_objective::file::read_file;
use kigen_working_days::Catalog;
use serde::{Deserialize, Serialize};

/// The years for which the days of a calendar are computed.
const CALENDAR_YEARS: (i32, i32) = (2020, 2050);

/// Hours and days. A rule has these keys beside its others, quiet hours as a table of their own.
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TimesFile {
    /// These hours of the day, such as `22:00-07:00`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) hours: Option<String>,
    /// These days of the week, such as `sat-sun`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) days: Vec<String>,
    /// The working days of this calendar.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) working_days: Option<String>,
    /// The other days of this calendar.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) days_off: Option<String>,
    /// The time zone of hours and days, which need one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) zone: Option<String>,
}

/// Why a program has no quiet hours of kigen's.
pub(super) const NO_QUIET: &str = "quiet hours are for Slack, email, teams and discord; what receives alerts for people decides itself \
                                   when to disturb them";

/// Whether a kind of receiver may have quiet hours: a digest is for people to read.
pub(super) fn has_quiet_hours(kind: &str) -> bool {
    matches!(kind, SLACK | EMAIL | TEAMS | DISCORD)
}

/// The calendars that may be named.
#[derive(Clone, Copy)]
pub(super) struct Calendars<'a> {
    /// A file of objectives, which may define some.
    pub(super) objectives_file: Option<&'a Path>,
    pub(super) cluster: &'a str,
}

impl TimesFile {
    /// The times; `None`: there are none.
    pub(super) fn read(&self, calendars: &Calendars<'_>) -> Result<Option<Times>, String> {
        let Self { hours, days, working_days, days_off, zone } = self;
        let has_times = hours.is_some() || !days.is_empty() || working_days.is_some() || days_off.is_some();
        let zone = match (zone, has_times) {
            (None, false) => return Ok(None),
            (Some(_), false) => {
                return Err("it has a zone, but no hours, days, working_days or days_off".to_owned());
            }
            (None, true) => return Err("its times need a zone, such as `zone = \"Asia/Tokyo\"`".to_owned()),
            (Some(zone), true) => Zone::named(zone).map_err(|error| error.to_string())?,
        };
        let calendar = match (working_days, days_off) {
            (Some(_), Some(_)) => return Err("it has both working_days and days_off: keep one".to_owned()),
            (Some(calendar), None) => Some((calendar.clone(), calendars.find(calendar)?, true)),
            (None, Some(calendar)) => Some((calendar.clone(), calendars.find(calendar)?, false)),
            (None, None) => None,
        };
        let hours = hours.as_ref().map(|text| {
            parse_hours(text).ok_or_else(|| {
                format!("`{text}` are no hours; they are two times of the day, as in `22:00-07:00`")
            })
        });
        let mut numbers = BTreeSet::new();
        for text in days {
            numbers.extend(parse_days(text).ok_or_else(|| {
                format!("`{text}` is no day; it is `mon` to `sun`, or several as in `mon-fri`")
            })?);
        }
        Ok(Some(Times { zone, hours: hours.transpose()?, days: numbers, calendar }))
    }

    /// The times, as quiet hours.
    pub(super) fn read_quiet(&self, calendars: &Calendars<'_>) -> Result<Times, String> {
        let of_quiet = |why: String| format!("of its quiet hours: {why}");
        match self.read(calendars).map_err(of_quiet)? {
            None => Err("its quiet hours have no hours or days, as in `quiet = {hours = \"22:00-07:00\", zone = \"Asia/Tokyo\"}`".to_owned()),
            Some(times) if times.is_always() => {
                Err("its quiet hours have no end: what they hold back would never come".to_owned())
            }
            Some(times) => Ok(times),
        }
    }
}

impl Calendars<'_> {
    fn find(&self, name: &str) -> Result<WorkingDays, String> {
        let mut catalog = Catalog::default();
        if catalog.find(name).is_err()
            && let Some(path) = self.objectives_file
            && let Ok(contents) = read_file(path, self.cluster)
        {
            catalog = contents.catalog;
        }
        let found = catalog.find(name).map_err(|error| error.to_string())?;
        Ok(found.working_days(CALENDAR_YEARS.0, CALENDAR_YEARS.1))
    }
}

/// `22:00-07:00`; two equal times would be no time or the whole day.
fn parse_hours(text: &str) -> Option<(NaiveTime, NaiveTime)> {
    let (from, until) = text.split_once('-')?;
    let time = |text: &str| NaiveTime::parse_from_str(text.trim(), "%H:%M").ok();
    let (from, until) = (time(from)?, if until.trim() == "24:00" { NaiveTime::MIN } else { time(until)? });
    (from != until).then_some((from, until))
}

/// `mon`, or `fri-mon`.
fn parse_days(text: &str) -> Option<Vec<u8>> {
    let day = |text: &str| {
        let day: Weekday = text.parse().ok().filter(|_| text.len() == 3)?;
        Some(number_of(day))
    };
    match text.split_once('-') {
        None => Some(vec![day(text)?]),
        Some((from, until)) => {
            let (from, until) = (day(from)?, day(until)?);
            let length = (until + 7 - from) % 7;
            Some((0..=length).map(|nth| (from + nth) % 7).collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_hours_are_read_over_the_ends_of_week_and_day() {
        assert_eq!(parse_days("mon"), Some(vec![0]));
        assert_eq!(parse_days("fri-mon"), Some(vec![4, 5, 6, 0]));
        assert_eq!((parse_days("monday"), parse_days("mon-")), (None, None));
        let time = |hour, minute| NaiveTime::from_hms_opt(hour, minute, 0).expect("a time");
        assert_eq!(parse_hours("22:00-07:30"), Some((time(22, 0), time(7, 30))));
        assert_eq!(parse_hours("09:00-24:00"), Some((time(9, 0), time(0, 0))));
        assert_eq!((parse_hours("9"), parse_hours("09:00-09:00")), (None, None));
    }
}
