//! The processes that use a log, and the level that all of them read: a function of what they announced, and of the time.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use chrono::TimeDelta;
use kigen_log::{ConsumedRecord, LogError, LogReader};
use kigen_model::Instant;
use kigen_model::control::{Announcement, ControlRecord};
use kigen_model::topic::{CONTROL_PARTITION, Offset, Topic};
use kigen_wire::Level;

use crate::handle::{Control, Place};

/// How much is read at a time.
const RECORDS_READ_MAX: usize = 1_000;
const BYTES_READ_MAX: usize = 1024 * 1024;

/// What is known from `kigen.control`.
#[derive(Clone, Debug, Default)]
pub struct Members {
    /// The last announcement of each process, by the record's key.
    processes: BTreeMap<String, Announcement>,
    pub(crate) skips: BTreeSet<Place>,
    next: Offset,
}

/// The record level of a log, and why it is not a newer one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The level.
    pub level: Level,
    /// The processes that read no newer one, or let the log have none.
    pub held_by: Vec<Announcement>,
    /// When the last of them is no longer waited for, if it announces nothing more; `None`: nothing holds the level.
    pub held_until: Option<Instant>,
}

impl Standing {
    /// Whether the level and the processes that hold it are the same: they announce themselves again each minute.
    pub(crate) fn reads_as(&self, other: &Self) -> bool {
        let names = |it: &Self| it.held_by.iter().map(ToString::to_string).collect::<Vec<_>>();
        (self.level, names(self)) == (other.level, names(other))
    }
}

/// One line for a person.
impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { level, held_by, held_until } = self;
        let Some(until) = held_until else { return write!(f, "{level}, the newest of this kigen") };
        let held_by: BTreeSet<String> = held_by.iter().map(ToString::to_string).collect();
        let (held_by, until) = (Vec::from_iter(held_by).join(", "), until.format("%Y-%m-%d %H:%M UTC"));
        write!(f, "{level}, of {} that this kigen has: for {held_by}, until {until} or longer", Level::NEWEST)
    }
}

impl Members {
    /// Reads what was written to `kigen.control` since.
    ///
    /// # Errors
    /// The log cannot be read.
    pub fn refresh(&mut self, reader: &(impl LogReader + ?Sized)) -> Result<(), LogError> {
        loop {
            let records =
                reader.read(Topic::Control, CONTROL_PARTITION, self.next, RECORDS_READ_MAX, BYTES_READ_MAX);
            let records = match records {
                Err(LogError::Corrupt { offset, .. }) => {
                    self.next = offset.next();
                    continue;
                }
                records => records?,
            };
            let Some(last) = records.last() else { return Ok(()) };
            self.next = last.offset.next();
            records.iter().for_each(|record| self.apply(record));
        }
    }

    /// What a newer kigen or another program wrote is ignored: it announces no older level, and skips nothing.
    fn apply(&mut self, record: &ConsumedRecord) {
        let Some(value) = &record.value else {
            self.processes.remove(&record.key);
            return;
        };
        match kigen_wire::decode_control(value) {
            Ok(ControlRecord::Process(announcement)) => {
                self.processes.insert(record.key.clone(), announcement);
            }
            Ok(ControlRecord::Skip(skip)) => {
                self.skips.insert(skip.place);
            }
            Err(error) => {
                tracing::debug!(offset = %record.offset, "a record of {} is ignored: {error}", Topic::Control);
            }
        }
    }

    /// Whether no process has announced itself yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.processes.is_empty()
    }

    /// The processes that announced themselves within `window` before `now`, by name.
    pub fn since(&self, now: Instant, window: TimeDelta) -> impl Iterator<Item = &Announcement> {
        self.processes.values().filter(move |process| process.announced_at + window >= now)
    }

    /// The keys of the processes that were not seen within `window` before `now`.
    pub(crate) fn keys_before(&self, now: Instant, window: TimeDelta) -> impl Iterator<Item = &String> {
        self.processes.iter().filter(move |(_, it)| it.announced_at + window < now).map(|(key, _)| key)
    }

    /// What is skipped, and the newest level, as of a log that is only read.
    #[must_use]
    pub fn reading(&self) -> Control {
        Control::skipping(self.skips.clone())
    }

    /// The newest level that all processes of the last `window` read, and let the log have.
    #[must_use]
    pub fn standing(&self, now: Instant, window: TimeDelta) -> Standing {
        let lowest = self.since(now, window).map(|process| process.level).min();
        let level = lowest.map_or(Level::NEWEST, Level::nearest);
        let holds = |process: &&Announcement| level < Level::NEWEST && Level::nearest(process.level) == level;
        let held_by: Vec<Announcement> = self.since(now, window).filter(holds).cloned().collect();
        let last_seen = held_by.iter().map(|process| process.announced_at).max();
        Standing { level, held_until: last_seen.map(|at| at + window), held_by }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINDOW: TimeDelta = TimeDelta::hours(24);

    fn at(hours: i64) -> Instant {
        Instant::UNIX_EPOCH + TimeDelta::hours(hours)
    }

    fn process(instance: &str, level: u32, hours: i64) -> Announcement {
        Announcement {
            instance: instance.to_owned(),
            roles: vec!["process".to_owned()],
            version: "0.1.0".to_owned(),
            level,
            newest_level: level,
            announced_at: at(hours),
        }
    }

    fn members(processes: &[Announcement]) -> Members {
        let keyed = processes.iter().map(|it| (ControlRecord::Process(it.clone()).key(), it.clone()));
        Members { processes: keyed.collect(), ..Members::default() }
    }

    #[test]
    fn the_level_is_the_newest_that_all_processes_read() {
        let newest = Level::NEWEST.number();
        assert_eq!(members(&[]).standing(at(0), WINDOW).level, Level::NEWEST);
        let all_new = members(&[process("a", newest, 0), process("b", newest, 0)]);
        assert_eq!(
            all_new.standing(at(1), WINDOW),
            Standing { level: Level::NEWEST, held_by: Vec::new(), held_until: None }
        );
        let mixed = members(&[process("a", newest, 0), process("b", 1, 0), process("c", 1, 3)]);
        let standing = mixed.standing(at(4), WINDOW);
        assert_eq!((standing.level, standing.held_until), (Level::OLDEST, Some(at(27))));
        assert_eq!(standing.held_by, [process("b", 1, 0), process("c", 1, 3)]);
        let later = members(&[process("a", newest, 0), process("b", 1, 4), process("c", 1, 4)]);
        assert!(later.standing(at(4), WINDOW).reads_as(&standing), "the same processes, a minute later");
        assert!(!all_new.standing(at(1), WINDOW).reads_as(&standing));
    }

    #[test]
    fn a_process_of_an_older_kigen_holds_the_level_for_the_window_after_it_was_last_seen() {
        let newest = Level::NEWEST.number();
        let upgraded = members(&[process("a", newest, 30), process("a", 1, 6)]);
        assert_eq!(upgraded.standing(at(30), WINDOW).level, Level::OLDEST, "it may be rolled back");
        assert_eq!(upgraded.standing(at(31), WINDOW).level, Level::NEWEST);
    }

    #[test]
    fn a_process_of_a_newer_kigen_holds_nothing_and_one_that_is_older_than_all_levels_holds_the_oldest() {
        let newer = members(&[process("a", Level::NEWEST.number() + 7, 0)]);
        assert_eq!(newer.standing(at(0), WINDOW).level, Level::NEWEST);
        assert_eq!(members(&[process("a", 0, 0)]).standing(at(0), WINDOW).level, Level::OLDEST);
    }
}
