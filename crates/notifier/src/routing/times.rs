//! Hours and days, by the local time of a zone. Pure.

use std::collections::BTreeSet;
use std::fmt;

use chrono::{Datelike, Days, NaiveTime, Timelike, Weekday};
use kigen_calendar::Zone;
use kigen_model::Instant;
use kigen_model::working_days::WorkingDays;

/// The longest time after which quiet hours end, in days.
const ENDS_WITHIN_DAYS: u64 = 31;

/// When a rule applies, or receivers are left in peace: by the local time of a zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Times {
    /// The zone.
    pub zone: Zone,
    /// From the first to the second, which is not included; before the first: of the next day. `None`: the whole day.
    pub hours: Option<(NaiveTime, NaiveTime)>,
    /// The days of the week, of the local date; none: all.
    pub days: BTreeSet<u8>,
    /// A calendar by its name, and whether its working days are meant, or its days off.
    pub calendar: Option<(String, WorkingDays, bool)>,
}

/// The number of a day of the week, from 0 for Monday.
#[must_use]
pub fn number_of(day: Weekday) -> u8 {
    u8::try_from(day.num_days_from_monday()).unwrap_or_default()
}

impl Times {
    pub(super) fn matches(&self, at: Instant) -> bool {
        let local = self.zone.local(at).date_time;
        let (date, time) = (local.date(), local.time());
        let is_in_hours = self.hours.is_none_or(|(from, until)| match from < until {
            true => from <= time && time < until,
            false => from <= time || time < until,
        });
        let is_of_days = self.days.is_empty() || self.days.contains(&number_of(date.weekday()));
        let is_of_calendar =
            self.calendar.as_ref().is_none_or(|(_, days, wanted)| days.contains(date) == *wanted);
        is_in_hours && is_of_days && is_of_calendar
    }

    /// When it ends that it applies, if it does at this instant; `None`: it does not, or for longer than a month.
    #[must_use]
    pub fn end_after(&self, at: Instant) -> Option<Instant> {
        if !self.matches(at) {
            return None;
        }
        let first = self.zone.local(at).date_time.date();
        let (from, until) = self.hours.unwrap_or_default();
        for date in (0..=ENDS_WITHIN_DAYS).filter_map(|days| first.checked_add_days(Days::new(days))) {
            let ends = [NaiveTime::MIN, from, until].map(|time| self.zone.first_instant(date.and_time(time)));
            let ends = ends.into_iter().flatten().filter(|end| *end > at && !self.matches(*end));
            if let Some(end) = ends.min() {
                return Some(end);
            }
        }
        None
    }

    /// Whether it applies at all times.
    #[must_use]
    pub fn is_always(&self) -> bool {
        self.calendar.is_none() && self.weekly().len() == 7 * 1_440
    }

    /// Whether it never applies when the other one does, as far as that is certain.
    pub(super) fn is_apart_from(&self, other: &Self) -> bool {
        let has_other_days = match (&self.calendar, &other.calendar) {
            (Some((name, _, is_working)), Some((others, _, others_are))) => {
                name == others && is_working != others_are
            }
            _ => false,
        };
        self.zone == other.zone && (has_other_days || self.weekly().is_disjoint(&other.weekly()))
    }

    /// The days of the week and minutes of the day at which it may apply.
    fn weekly(&self) -> BTreeSet<(u8, u32)> {
        let minutes: BTreeSet<u32> = self.hours.map_or((0..1_440).collect(), of_hours);
        let days = (0..7).filter(|day| self.days.is_empty() || self.days.contains(day));
        days.flat_map(|day| minutes.iter().map(move |minute| (day, *minute))).collect()
    }

    /// Whether it applies whenever the other one does, as far as that is certain.
    pub(super) fn covers(&self, other: &Self) -> bool {
        let has_calendar = self.calendar.is_none() || self.calendar == other.calendar;
        let has_days = self.days.is_empty() || (!other.days.is_empty() && self.days.is_superset(&other.days));
        let minutes = |times: &Self| -> BTreeSet<u32> { times.hours.map_or((0..1_440).collect(), of_hours) };
        let has_hours = self.hours.is_none() || minutes(self).is_superset(&minutes(other));
        let is_always = self.hours.is_none() && self.days.is_empty() && self.calendar.is_none();
        is_always || (self.zone == other.zone && has_calendar && has_days && has_hours)
    }
}

/// The minutes of a day.
fn of_hours((from, until): (NaiveTime, NaiveTime)) -> BTreeSet<u32> {
    let minute = |time: NaiveTime| time.hour() * 60 + time.minute();
    let (from, until) = (minute(from), minute(until));
    if from < until { (from..until).collect() } else { (from..1_440).chain(0..until).collect() }
}

impl fmt::Display for Times {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
        let mut parts = Vec::new();
        parts.extend(
            self.hours.map(|(from, until)| format!("{}-{}", from.format("%H:%M"), until.format("%H:%M"))),
        );
        let days: Vec<&str> =
            self.days.iter().filter_map(|day| names.get(usize::from(*day)).copied()).collect();
        parts.extend((!days.is_empty()).then(|| days.join(", ")));
        parts.extend(self.calendar.as_ref().map(|(name, _, is_working)| {
            format!("{} of {name}", if *is_working { "working days" } else { "days off" })
        }));
        write!(f, "{} in {}", parts.join(", "), self.zone.name())
    }
}
