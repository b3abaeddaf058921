//! iCalendar files (RFC 5545): the days of all-day events, such as the public holidays that a vendor or a state publishes.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use icalendar::{Calendar, Component, DatePerhapsTime, Event, EventStatus};

/// The largest file, in bytes.
pub const ICS_BYTES_MAX: u64 = 1024 * 1024;
/// The most days that one event may last.
const EVENT_DAYS_MAX: usize = 366;
/// The most days that all events of a file may have.
const DAYS_MAX: usize = 10_000;

/// Why the text is not used as a calendar.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IcsError {
    /// It does not parse.
    #[error("it is no iCalendar file (RFC 5545)")]
    Unreadable,
    /// It has no all-day event.
    #[error("it has no all-day event, so no day off")]
    Empty,
    /// An event has dates that cannot be read.
    #[error(
        "its event `{event}` has no days that can be read: an all-day event has DTSTART and, where it lasts longer, DTEND"
    )]
    NoDays {
        /// Its summary.
        event: String,
    },
    /// An event repeats.
    #[error(
        "its event `{event}` repeats ({property}), which kigen does not follow: export the file with each date of its own"
    )]
    Repeats {
        /// Its summary.
        event: String,
        /// The property that makes it repeat.
        property: &'static str,
    },
    /// An event, or the file, has too many days.
    #[error("it has more days than kigen reads: {EVENT_DAYS_MAX} of an event, {DAYS_MAX} of a file")]
    TooMany,
}

/// The days of the all-day events in the text, each with its event's summary. Events with a time of day and those that are
/// cancelled have none.
///
/// # Errors
/// The text does not parse, or an event cannot be used; an unread event could be a day on which a miss is reported wrongly.
pub fn days(text: &str) -> Result<BTreeMap<NaiveDate, String>, IcsError> {
    let text = text.trim_start_matches('\u{feff}');
    let calendar: Calendar = text.parse().map_err(|_| IcsError::Unreadable)?;
    let mut days = BTreeMap::new();
    for event in calendar.events() {
        let summary = event.get_summary().unwrap_or("no summary");
        for day in days_of(event, summary)? {
            days.entry(day).or_insert_with(|| summary.to_owned());
        }
        if days.len() > DAYS_MAX {
            return Err(IcsError::TooMany);
        }
    }
    if days.is_empty() { Err(IcsError::Empty) } else { Ok(days) }
}

fn days_of(event: &Event, summary: &str) -> Result<Vec<NaiveDate>, IcsError> {
    if event.get_status() == Some(EventStatus::Cancelled) {
        return Ok(Vec::new());
    }
    let from = match event.get_start() {
        Some(DatePerhapsTime::Date(from)) => from,
        Some(DatePerhapsTime::DateTime(_)) => return Ok(Vec::new()),
        None => return Err(IcsError::NoDays { event: summary.to_owned() }),
    };
    for property in ["RRULE", "RDATE"] {
        if event.property_value(property).is_some() || event.multi_properties().contains_key(property) {
            return Err(IcsError::Repeats { event: summary.to_owned(), property });
        }
    }
    let until = match event.get_end() {
        // It is the first day after the event.
        Some(DatePerhapsTime::Date(until)) if until > from => until,
        None if event.property_value("DURATION").is_none() => return Ok(vec![from]),
        Some(_) | None => return Err(IcsError::NoDays { event: summary.to_owned() }),
    };
    let days: Vec<NaiveDate> =
        from.iter_days().take_while(|day| *day < until).take(EVENT_DAYS_MAX + 1).collect();
    if days.len() > EVENT_DAYS_MAX { Err(IcsError::TooMany) } else { Ok(days) }
}
