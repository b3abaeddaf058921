//! Instants and spans as text, in the objective's time zone.

use chrono::{NaiveDate, NaiveDateTime, TimeDelta};
use kigen_calendar::Zone;
use kigen_model::Instant;

/// Formats instants in one time zone, and leaves out the date where it is today's.
pub(crate) struct TimeFormatter {
    zone: Zone,
    today: NaiveDateTime,
}

impl TimeFormatter {
    /// In the zone of that name (UTC if the bundled tz data has none), with the day of `today` as today.
    pub(crate) fn new(zone: &str, today: Instant) -> Self {
        let zone = Zone::named(zone).unwrap_or_else(|_| Zone::utc());
        let today = zone.local(today).date_time;
        Self { zone, today }
    }

    /// The zone's name.
    pub(crate) fn zone(&self) -> &str {
        self.zone.name()
    }

    /// The day of today.
    pub(crate) fn date(&self) -> NaiveDate {
        self.today.date()
    }

    /// `12:00`; seconds only if they are not zero.
    pub(crate) fn clock(&self, at: Instant) -> String {
        let local = self.zone.local(at).date_time;
        let format = if at.timestamp() % 60 == 0 { "%H:%M" } else { "%H:%M:%S" };
        local.format(format).to_string()
    }

    /// `Mon 23 Nov`.
    pub(crate) fn day(&self, at: Instant) -> String {
        self.zone.local(at).date_time.format("%a %-d %b").to_string()
    }

    /// `12:00`; with the day unless it is today.
    pub(crate) fn when(&self, at: Instant) -> String {
        if self.zone.local(at).date_time.date() == self.today.date() {
            self.clock(at)
        } else {
            format!("{} {}", self.day(at), self.clock(at))
        }
    }
}

/// A span in its two largest units: `4 h 2 min`, `20 s`, `3 d 4 h`.
pub(crate) fn span(span: TimeDelta) -> String {
    let seconds = span.num_seconds().abs();
    // Rounded to the nearest minute: a run that starts a second late has not taken a minute less.
    let minutes = if seconds < 60 { 0 } else { (seconds + 30) / 60 };
    let (hours, days) = (minutes / 60, minutes / 1_440);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, _) => format!("{minutes} min"),
        (0, ..) => format!("{hours} h {} min", minutes % 60),
        _ => format!("{days} d {} h", hours % 24),
    }
}

/// `1st`, `2nd`, `3rd`, `11th`.
pub(crate) fn ordinal(number: u32) -> String {
    let ending = match (number % 10, number % 100) {
        (1, hundred) if hundred != 11 => "st",
        (2, hundred) if hundred != 12 => "nd",
        (3, hundred) if hundred != 13 => "rd",
        _ => "th",
    };
    format!("{number}{ending}")
}
