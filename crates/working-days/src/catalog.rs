//! The calendars that may be named, and what each means.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;

use chrono::{Datelike, NaiveDate, Weekday};
use kigen_model::working_days::WorkingDays;

use crate::japan;

/// How many calendars one calendar may be made of, those that it joins and those that they join.
pub const JOINED_MAX: usize = 32;
/// The most days that one span of dates may have.
const SPAN_DAYS_MAX: i64 = 366;

/// The calendars that kigen knows, with what they are.
const BUILT_IN: [(&str, BuiltIn, &str); 3] = [
    ("weekdays", BuiltIn::Weekdays, "Monday to Friday, of every year"),
    ("jp-business-days", BuiltIn::Japan { pauses: false }, "weekdays without the public holidays of Japan"),
    ("jp-office-days", BuiltIn::Japan { pauses: true }, "the same without 29 December to 3 January"),
];

/// The calendars that may be named: those that kigen knows, and those that a user defines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Catalog {
    defined: BTreeMap<String, Definition>,
}

/// A calendar as a user defines it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Definition {
    /// The calendars that it joins: a day that is off in one of them is off.
    pub joined: Vec<String>,
    /// The days of the week that are off; `None`: Saturday and Sunday, or those of the calendars that it joins.
    pub weekend: Option<Vec<Weekday>>,
    /// The days off of each of its iCalendar files, with their names.
    pub files: Vec<BTreeMap<NaiveDate, String>>,
    /// Its own days off.
    pub days_off: Vec<Span>,
    /// Its own working days, which are that whatever else it has.
    pub working_days: Vec<Span>,
}

/// Days in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    from: NaiveDate,
    until: NaiveDate,
}

/// Why a calendar has no meaning.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CatalogError {
    /// There is none of that name.
    #[error("there is no calendar `{name}`: there are {known}")]
    Unknown {
        /// The name.
        name: String,
        /// The names that there are.
        known: String,
    },
    /// It joins itself.
    #[error("the calendar `{name}` joins itself: {path}")]
    Circle {
        /// The name.
        name: String,
        /// From the calendar that was named to the one that is there twice.
        path: String,
    },
    /// It joins too many.
    #[error("the calendar `{name}` joins more than {JOINED_MAX} calendars")]
    TooManyJoined {
        /// The name.
        name: String,
    },
    /// What it joins has no year in common.
    #[error("there is no year of which all that the calendar `{name}` is made of have data")]
    NoYear {
        /// The name.
        name: String,
    },
    /// The name is taken.
    #[error("there is a calendar `{name}` already: choose another name")]
    Taken {
        /// The name.
        name: String,
    },
    /// A day is off and a working day.
    #[error("{day} is both a day off and a working day of the calendar `{name}`")]
    Contradiction {
        /// The name.
        name: String,
        /// The day.
        day: NaiveDate,
    },
}

/// A day in a calendar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Day {
    /// Whether it is a working day.
    pub is_working: bool,
    /// What makes it an exception from the week, such as the name of a holiday.
    pub why: Option<String>,
}

#[derive(Clone, Copy, Debug)]
enum BuiltIn {
    Weekdays,
    Japan { pauses: bool },
}

impl Catalog {
    /// Adds a calendar.
    ///
    /// # Errors
    /// The name is taken, or a day is off and a working day. What it joins is checked by [`Catalog::find`].
    pub fn define(&mut self, name: String, definition: Definition) -> Result<(), CatalogError> {
        if built_in(&name).is_some() || self.defined.contains_key(&name) {
            return Err(CatalogError::Taken { name });
        }
        let is_working = |day: &NaiveDate| definition.working_days.iter().any(|span| span.contains(*day));
        if let Some(day) = definition.days_off.iter().flat_map(Span::days).find(is_working) {
            return Err(CatalogError::Contradiction { name, day });
        }
        self.defined.insert(name, definition);
        Ok(())
    }

    /// Removes a calendar that a user has defined.
    pub fn remove(&mut self, name: &str) {
        self.defined.remove(name);
    }

    /// Adds the calendars of `other` that it lacks.
    pub fn add_missing(&mut self, other: Self) {
        for (name, definition) in other.defined {
            self.defined.entry(name).or_insert(definition);
        }
    }

    /// The names of the calendars that a user defines.
    pub fn defined(&self) -> impl Iterator<Item = &str> {
        self.defined.keys().map(String::as_str)
    }

    /// All names, each with what the calendar is; `None`: a user defines it.
    pub fn all(&self) -> impl Iterator<Item = (&str, Option<&'static str>)> {
        let built_in = BUILT_IN.iter().map(|(name, _, text)| (*name, Some(*text)));
        built_in.chain(self.defined().map(|name| (name, None)))
    }

    /// The calendar of this name.
    ///
    /// # Errors
    /// There is none of that name, or of one that it joins; or it joins itself, or too many; or it has no year.
    pub fn find(&self, name: &str) -> Result<Found<'_>, CatalogError> {
        let found = Found { rules: self.rules(name, &mut Vec::new(), &mut 0)? };
        match found.years() {
            Some(years) if years.is_empty() => Err(CatalogError::NoYear { name: name.to_owned() }),
            _ => Ok(found),
        }
    }

    fn rules<'a>(
        &'a self,
        name: &str,
        path: &mut Vec<String>,
        joined: &mut usize,
    ) -> Result<Rules<'a>, CatalogError> {
        let is_circle = path.iter().any(|above| above == name);
        path.push(name.to_owned());
        if is_circle {
            return Err(CatalogError::Circle { name: name.to_owned(), path: path.join(" joins ") });
        }
        *joined += 1;
        if *joined > JOINED_MAX {
            let name = path.first().cloned().unwrap_or_default();
            return Err(CatalogError::TooManyJoined { name });
        }
        let rules = match (built_in(name), self.defined.get(name)) {
            (Some(built_in), _) => Rules::BuiltIn(built_in),
            (None, Some(definition)) => {
                let parts = definition.joined.iter().map(|part| self.rules(part, path, joined));
                Rules::Defined(definition, parts.collect::<Result<_, _>>()?)
            }
            (None, None) => {
                let known: Vec<&str> = self.all().map(|(name, _)| name).collect();
                return Err(CatalogError::Unknown { name: name.to_owned(), known: known.join(", ") });
            }
        };
        path.pop();
        Ok(rules)
    }
}

fn built_in(name: &str) -> Option<BuiltIn> {
    BUILT_IN.iter().find(|(known, ..)| *known == name).map(|(_, built_in, _)| *built_in)
}

/// A calendar that has a meaning.
#[derive(Debug)]
pub struct Found<'a> {
    rules: Rules<'a>,
}

#[derive(Debug)]
enum Rules<'a> {
    BuiltIn(BuiltIn),
    Defined(&'a Definition, Vec<Rules<'a>>),
}

impl Found<'_> {
    /// The years of which it has data; `None`: of every year.
    #[must_use]
    pub fn years(&self) -> Option<RangeInclusive<i32>> {
        self.rules.years()
    }

    /// Whether this day of the week is a working day, exceptions aside.
    #[must_use]
    pub fn has(&self, weekday: Weekday) -> bool {
        self.rules.has(weekday)
    }

    /// Its working days from one year to another, both included, as far as it has data of them.
    #[must_use]
    pub fn working_days(&self, from: i32, until: i32) -> WorkingDays {
        let years = match self.years() {
            Some(years) => {
                from.clamp(*years.start(), *years.end())..=until.clamp(*years.start(), *years.end())
            }
            None => from..=until,
        };
        let week = [
            Weekday::Mon,
            Weekday::Tue,
            Weekday::Wed,
            Weekday::Thu,
            Weekday::Fri,
            Weekday::Sat,
            Weekday::Sun,
        ];
        WorkingDays::of(week.map(|weekday| self.has(weekday)), &years, |day| self.day(day).is_working)
    }

    /// What this day is. Of a year of which it has no data, some of its exceptions may be unknown.
    #[must_use]
    pub fn day(&self, day: NaiveDate) -> Day {
        self.rules.day(day)
    }
}

impl Rules<'_> {
    fn years(&self) -> Option<RangeInclusive<i32>> {
        let (definition, parts) = match self {
            Self::BuiltIn(BuiltIn::Weekdays) => return None,
            Self::BuiltIn(BuiltIn::Japan { .. }) => return Some(japan::YEARS),
            Self::Defined(definition, parts) => (definition, parts),
        };
        let of_files = definition
            .files
            .iter()
            .filter_map(|days| Some(days.first_key_value()?.0.year()..=days.last_key_value()?.0.year()));
        let shared = parts.iter().filter_map(Rules::years).chain(of_files).reduce(common);
        let is_alone = parts.is_empty() && definition.files.is_empty();
        shared.or_else(|| definition.years_of_own_dates().filter(|_| is_alone))
    }

    fn has(&self, weekday: Weekday) -> bool {
        match self {
            Self::BuiltIn(_) => !is_weekend(weekday),
            Self::Defined(definition, parts) => {
                let is_off = match &definition.weekend {
                    Some(weekend) => weekend.contains(&weekday),
                    None => parts.is_empty() && is_weekend(weekday),
                };
                !is_off && parts.iter().all(|part| part.has(weekday))
            }
        }
    }

    fn day(&self, day: NaiveDate) -> Day {
        match self {
            Self::BuiltIn(BuiltIn::Weekdays) => Day { is_working: self.has(day.weekday()), why: None },
            Self::BuiltIn(BuiltIn::Japan { pauses }) => {
                let pause = (*pauses && japan::is_year_end(day)).then_some("year-end pause");
                let why = japan::holiday(day).or(pause);
                Day { is_working: self.has(day.weekday()) && why.is_none(), why: why.map(str::to_owned) }
            }
            Self::Defined(definition, parts) => definition.day(day).unwrap_or_else(|| {
                let of_parts = parts.iter().map(|part| part.day(day));
                let off = of_parts.filter(|day| !day.is_working).max_by_key(|day| day.why.is_some());
                off.unwrap_or_else(|| Day { is_working: self.has(day.weekday()), why: None })
            }),
        }
    }
}

impl Definition {
    /// What its own dates and files make of this day, if they name it.
    fn day(&self, day: NaiveDate) -> Option<Day> {
        let is_in = |spans: &[Span]| spans.iter().any(|span| span.contains(day));
        if is_in(&self.working_days) {
            return Some(Day { is_working: true, why: Some("added".to_owned()) });
        }
        let of_files = || self.files.iter().find_map(|days| days.get(&day).cloned());
        let why = is_in(&self.days_off).then(|| "taken away".to_owned()).or_else(of_files)?;
        Some(Day { is_working: false, why: Some(why) })
    }

    fn years_of_own_dates(&self) -> Option<RangeInclusive<i32>> {
        let spans = || self.days_off.iter().chain(&self.working_days);
        let from = spans().map(|span| span.from.year()).min()?;
        Some(from..=spans().map(|span| span.until.year()).max()?)
    }
}

fn is_weekend(weekday: Weekday) -> bool {
    matches!(weekday, Weekday::Sat | Weekday::Sun)
}

fn common(one: RangeInclusive<i32>, other: RangeInclusive<i32>) -> RangeInclusive<i32> {
    *one.start().max(other.start())..=*one.end().min(other.end())
}

impl Span {
    /// From the first day to the last, both included; `None`: the last is before the first, or a year or more after it.
    #[must_use]
    pub fn new(from: NaiveDate, until: NaiveDate) -> Option<Self> {
        (0..SPAN_DAYS_MAX).contains(&(until - from).num_days()).then_some(Self { from, until })
    }

    fn contains(&self, day: NaiveDate) -> bool {
        (self.from..=self.until).contains(&day)
    }

    fn days(&self) -> impl Iterator<Item = NaiveDate> {
        self.from.iter_days().take_while(|day| *day <= self.until)
    }
}

/// A date such as `2026-08-13`, or the first and the last, `2026-08-13/2026-08-15`.
impl FromStr for Span {
    type Err = SpanError;

    fn from_str(text: &str) -> Result<Self, SpanError> {
        let (from, until) = text.split_once('/').unwrap_or((text, text));
        let date = |text: &str| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok();
        let span = date(from).zip(date(until)).and_then(|(from, until)| Self::new(from, until));
        span.ok_or_else(|| SpanError { text: text.to_owned() })
    }
}

/// A text is no [`Span`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpanError {
    text: String,
}

impl fmt::Display for SpanError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "`{}` is no date such as 2026-08-13, nor the first and last of at most {SPAN_DAYS_MAX} days such as \
             2026-08-13/2026-08-15",
            self.text
        )
    }
}

impl std::error::Error for SpanError {}
