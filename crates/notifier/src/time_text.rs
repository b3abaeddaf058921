//! Instants and spans as text, in the objective's time zone and the reader's language.

use chrono::{Datelike, NaiveDate, NaiveDateTime, TimeDelta};
use kigen_calendar::Zone;
use kigen_model::Instant;

use crate::language::{Language, phrase};

/// Formats instants in one time zone, and leaves out the date where it is today's.
pub(crate) struct TimeFormatter {
    language: Language,
    zone: Zone,
    today: NaiveDateTime,
}

impl TimeFormatter {
    /// In the zone of that name (UTC if the bundled tz data has none), with the day of `today` as today.
    pub(crate) fn new(language: Language, zone: &str, today: Instant) -> Self {
        let zone = Zone::named(zone).unwrap_or_else(|_| Zone::utc());
        let today = zone.local(today).date_time;
        Self { language, zone, today }
    }

    /// The language.
    pub(crate) fn language(&self) -> Language {
        self.language
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

    /// `-again-1123-1230`, for a name in Kubernetes.
    pub(crate) fn digits(&self, at: Instant) -> String {
        self.zone.local(at).date_time.format("-again-%m%d-%H%M").to_string()
    }

    /// `11/23`, for an axis.
    pub(crate) fn short_day(&self, at: Instant) -> String {
        self.zone.local(at).date_time.format("%-m/%-d").to_string()
    }

    /// `Mon 23 Nov`.
    pub(crate) fn day(&self, at: Instant) -> String {
        let date = self.zone.local(at).date_time.date();
        let weekday = date.weekday().number_from_monday();
        phrase!(self.language, "day", weekday = weekday, day = date.day(), month = date.month())
    }

    /// `Mon 23 Nov 12:00`.
    pub(crate) fn day_and_clock(&self, at: Instant) -> String {
        phrase!(self.language, "day-and-clock", day = self.day(at), clock = self.clock(at))
    }

    /// `12:00`; with the day unless it is today.
    pub(crate) fn when(&self, at: Instant) -> String {
        let is_today = self.zone.local(at).date_time.date() == self.today.date();
        if is_today { self.clock(at) } else { self.day_and_clock(at) }
    }

    /// See [`span`].
    pub(crate) fn span(&self, time: TimeDelta) -> String {
        span(self.language, time)
    }

    /// `9 min to 12 min`.
    pub(crate) fn range(&self, shortest: TimeDelta, longest: TimeDelta) -> String {
        range(self.language, shortest, longest)
    }
}

/// See [`TimeFormatter::range`].
pub(crate) fn range(language: Language, shortest: TimeDelta, longest: TimeDelta) -> String {
    let (shortest, longest) = (span(language, shortest), span(language, longest));
    if shortest == longest {
        return longest;
    }
    phrase!(language, "span-range", shortest = shortest, longest = longest)
}

/// A span in its two largest units: `4 h 2 min`, `20 s`, `3 d 4 h`.
pub(crate) fn span(language: Language, span: TimeDelta) -> String {
    let seconds = span.num_seconds().abs();
    // Rounded to the nearest minute: a run that starts a second late has not taken a minute less.
    let minutes = if seconds < 60 { 0 } else { (seconds + 30) / 60 };
    let (hours, days) = (minutes / 60, minutes / 1_440);
    match (days, hours, minutes) {
        (0, 0, 0) => phrase!(language, "span-seconds", seconds = seconds),
        (0, 0, _) => phrase!(language, "span-minutes", minutes = minutes),
        (0, ..) => phrase!(language, "span-hours", hours = hours, minutes = minutes % 60),
        _ => phrase!(language, "span-days", days = days, hours = hours % 24),
    }
}

/// A span that is compared with a limit: in whole seconds below two minutes, else in minutes.
pub(crate) fn exact_span(language: Language, span: TimeDelta) -> String {
    match span.num_seconds() {
        seconds @ ..120 => phrase!(language, "span-seconds", seconds = seconds),
        seconds if seconds % 60 == 0 => phrase!(language, "span-minutes", minutes = seconds / 60),
        seconds => {
            phrase!(language, "span-minutes-and-seconds", minutes = seconds / 60, seconds = seconds % 60)
        }
    }
}
