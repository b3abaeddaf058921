//! A calendar: the instants that a crontab names in a time zone, in one of two readings.

use chrono::{Datelike, NaiveDateTime, TimeDelta, Timelike};
use kigen_model::Instant;

use crate::crontab::Crontab;
use crate::every;
use crate::parse::{CrontabError, Meaning};
use crate::walk::{SEARCH_YEARS_MAX, Walk};
use crate::zone::{Stretch, Zone};

/// How a local time is resolved that exists twice, or not at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reading {
    /// When Kubernetes starts a Job: a local time that does not exist is skipped that day, one that exists twice
    /// fires twice.
    Kubernetes,
    /// When a result is due: never skipped, never doubled. A local time that does not exist falls on the first instant
    /// after the gap, one that exists twice means the first.
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

/// The meaning of a [`Crontab`], prepared for walking.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Pace {
    Every { delay_s: i64 },
    Walk(Walk),
}

impl Calendar {
    /// The instants of `crontab` in `zone`. Costs some microseconds and kilobytes: see [`cached`](crate::cached).
    ///
    /// # Errors
    /// [`CrontabError::EveryAsDeadline`]: `@every` names no time of day at which a result could be due.
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

    /// The crontab.
    #[must_use]
    pub fn crontab(&self) -> &Crontab {
        &self.crontab
    }

    /// The zone of the crontab's local times.
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
    /// year after `after`'s, in the calendar's zone; `0 0 30 2 *` has none at all.
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
/// Each iteration advances by one stretch, and a zone has a few of them a year.
fn next_fire(walk: &Walk, zone: &Zone, after: Instant) -> Option<Instant> {
    let begin = next_second(after)?;
    let mut stretch = zone.stretch(begin)?;
    let mut local = stretch.local(begin)?;
    let year_max = local.year() + SEARCH_YEARS_MAX;
    if let Some(second_pass) = second_pass(walk, zone, stretch, local) {
        (stretch, local) = second_pass;
    }
    loop {
        let next = walk.first_from(local).filter(|next| next.year() <= year_max)?;
        let fire = stretch.instant(next)?;
        match stretch.end {
            Some(end) if end <= fire => {
                stretch = zone.stretch(end)?;
                local = stretch.local(end)?;
            }
            Some(_) | None => return Some(fire),
        }
    }
}

/// Where Kubernetes searches from if the search begins in the first pass of an overlap, in an hour that the crontab does
/// not name. It moves to the top of that hour first, which exists twice; Go's `time.Date` takes the local time for UTC
/// to guess which is meant, and returns the one in the second pass. This makes a difference only where an overlap is
/// longer than an hour, as in `Antarctica/Troll`.
fn second_pass(
    walk: &Walk,
    zone: &Zone,
    first: Stretch,
    local: NaiveDateTime,
) -> Option<(Stretch, NaiveDateTime)> {
    let end = first.end?;
    let top = local.with_minute(0)?.with_second(0)?;
    if top.and_utc() < end || walk.has_hour(local.hour()) {
        return None;
    }
    let second = zone.stretch(end)?;
    (second.local(end)? <= top).then_some((second, top))
}

/// Walks local times and maps each to its instant. The mapping never decreases, so the next deadline lies after the
/// local time of `after`; a local time that maps to no later instant is in the second pass of an overlap, so the loop
/// iterates at most once for each minute of it.
fn next_deadline(walk: &Walk, zone: &Zone, after: Instant) -> Option<Instant> {
    let begin = next_second(after)?;
    let mut local = zone.stretch(begin)?.local(begin)?;
    let year_max = local.year() + SEARCH_YEARS_MAX;
    loop {
        let next = walk.first_from(local).filter(|next| next.year() <= year_max)?;
        let deadline = zone.first_instant(next)?;
        if deadline > after {
            return Some(deadline);
        }
        local = next.checked_add_signed(TimeDelta::seconds(1))?;
    }
}

/// The first whole second after `after`: crontabs name nothing smaller than a minute.
fn next_second(after: Instant) -> Option<Instant> {
    Instant::from_timestamp(after.timestamp().checked_add(1)?, 0)
}
