//! Crontabs as Kubernetes reads them, and the instants that they name in a time zone.
//!
//! One grammar, that of robfig/cron v3's `ParseStandard`, which Kubernetes uses for `CronJob.spec.schedule`; two readings
//! of it, see [`Reading`]. Zone rules come from the data bundled with kigen ([`tzdata_version`]), never from the
//! machine's.
//!
//! The `cron` crate walks a timeline without zones and ends with the year 2100, so a crontab has no instants
//! outside 1970 to 2100; `@every` has no end.

mod every;
mod parse;
mod walk;
mod zone;

use chrono::{Datelike, NaiveDateTime, TimeDelta};
use kigen_model::Instant;

use parse::Meaning;
pub use parse::{CrontabError, Fault, Field, TEXT_BYTES_MAX};
use walk::Walk;
pub use zone::{LocalTime, UnknownZone, Zone, tzdata_version};

/// Kubernetes looks no further for the next fire: the end of the fifth year after this one, in the calendar's zone.
const SEARCH_YEARS_MAX: i32 = 5;

/// A crontab: five fields (minute, hour, day of month, month, day of week), a descriptor such as `@daily`, or `@every 5m`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Crontab {
    text: String,
    meaning: Meaning,
}

impl Crontab {
    /// Reads what Kubernetes would accept as `CronJob.spec.schedule`.
    ///
    /// # Errors
    /// What Kubernetes refuses, a text with a time zone in it (`TZ=`, `CRON_TZ=`) included, and a text of more than
    /// [`TEXT_BYTES_MAX`] bytes.
    pub fn parse(text: &str) -> Result<Self, CrontabError> {
        Ok(Self { text: text.to_owned(), meaning: parse::meaning(text)? })
    }

    /// The text as it was written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether this is `@every`, which counts from the instant asked about and knows no calendar.
    #[must_use]
    pub fn is_every(&self) -> bool {
        matches!(self.meaning, Meaning::Every { .. })
    }
}

/// What a crontab says where a local time exists twice, or not at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reading {
    /// When Kubernetes starts a Job: a local time that does not exist is skipped that day, one that exists twice
    /// fires twice.
    Kubernetes,
    /// When something has to be there: never skipped, never doubled. A local time that does not exist falls on the first
    /// instant after the gap, one that exists twice means the first.
    Deadline,
}

/// The instants of a crontab in a zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Calendar {
    crontab: Crontab,
    zone: Zone,
    reading: Reading,
    pace: Pace,
}

/// What [`Crontab`] means, made ready for walking.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Pace {
    Every { delay_s: i64 },
    Walk(Walk),
}

impl Calendar {
    /// The instants of `crontab` in `zone`. Costs some microseconds and kilobytes: make it once.
    ///
    /// # Errors
    /// [`CrontabError::EveryAsDeadline`]: `@every` names no time of day that something could be due at.
    pub fn new(crontab: Crontab, zone: Zone, reading: Reading) -> Result<Self, CrontabError> {
        let pace = match (&crontab.meaning, reading) {
            (Meaning::Every { .. }, Reading::Deadline) => {
                return Err(CrontabError::EveryAsDeadline { text: crontab.text });
            }
            (Meaning::Every { delay_s }, Reading::Kubernetes) => Pace::Every { delay_s: *delay_s },
            (Meaning::Fields(fields), _) => Pace::Walk(Walk::new(fields)),
        };
        Ok(Self { crontab, zone, reading, pace })
    }

    /// The crontab walked.
    #[must_use]
    pub fn crontab(&self) -> &Crontab {
        &self.crontab
    }

    /// The zone whose local time the crontab speaks of.
    #[must_use]
    pub fn zone(&self) -> &Zone {
        &self.zone
    }

    /// Which of the two readings this is.
    #[must_use]
    pub fn reading(&self) -> Reading {
        self.reading
    }

    /// The first instant strictly after `after`, on a whole second. `None`: there is none up to the end of the fifth
    /// year after `after`'s (`0 0 30 2 *` has none at all), or `after` is outside 1970 to 2100.
    #[must_use]
    pub fn next_after(&self, after: Instant) -> Option<Instant> {
        match (&self.pace, self.reading) {
            (Pace::Every { delay_s }, _) => every::next_after(*delay_s, after),
            (Pace::Walk(walk), Reading::Kubernetes) => next_fire(walk, &self.zone, after),
            (Pace::Walk(walk), Reading::Deadline) => next_deadline(walk, &self.zone, after),
        }
    }

    /// All instants strictly after `after`, each [`Calendar::next_after`] the one before; in increasing order.
    pub fn after(&self, after: Instant) -> impl Iterator<Item = Instant> {
        std::iter::successors(self.next_after(after), |instant| self.next_after(*instant))
    }
}

/// Walks within stretches of constant offset: a local time in a gap belongs to no stretch, one in an overlap to two.
/// Each turn of the loop is one stretch further, and a zone has a few of them a year.
fn next_fire(walk: &Walk, zone: &Zone, after: Instant) -> Option<Instant> {
    let mut stretch = zone.stretch(after)?;
    let mut local = stretch.local(after)?;
    let year_max = year_max(local)?;
    loop {
        let next = walk.next_after(local).filter(|next| next.year() <= year_max)?;
        let fire = stretch.instant(next)?;
        match stretch.end {
            Some(end) if end <= fire => {
                stretch = zone.stretch(end)?;
                local = stretch.local(end)?.checked_sub_signed(TimeDelta::nanoseconds(1))?;
            }
            Some(_) | None => return Some(fire),
        }
    }
}

/// Walks local times and maps each to its instant. The mapping never decreases, so what is to come lies after the
/// local time of `after`; a local time that maps to no later instant is one of the second pass of an overlap, so the loop
/// turns at most once for each minute of it.
fn next_deadline(walk: &Walk, zone: &Zone, after: Instant) -> Option<Instant> {
    let mut local = zone.stretch(after)?.local(after)?;
    let year_max = year_max(local)?;
    loop {
        local = walk.next_after(local).filter(|next| next.year() <= year_max)?;
        let deadline = zone.first_instant(local)?;
        if deadline > after {
            return Some(deadline);
        }
    }
}

/// Kubernetes counts the years from the second after.
fn year_max(local: NaiveDateTime) -> Option<i32> {
    Some(local.checked_add_signed(TimeDelta::seconds(1))?.year() + SEARCH_YEARS_MAX)
}
