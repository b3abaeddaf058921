//! Control records, the records of `kigen.control`: what the processes of a log announce, and what an operator decides.

use std::fmt;

use crate::Instant;
use crate::topic::{Offset, Partition, Topic};

/// One record of `kigen.control`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ControlRecord {
    /// A process uses the log.
    Process(Announcement),
    /// A record is not waited for.
    Skip(Skip),
}

/// A process uses the log. It announces that at its start, and once a minute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Announcement {
    /// The name of the process, such as its host.
    pub instance: String,
    /// What it does: ship, process, notify.
    pub roles: Vec<String>,
    /// kigen's version.
    pub version: String,
    /// The number of the newest record level that it lets the log have, from 1.
    pub level: u32,
    /// The number of the newest record level that it reads; above `level` where a setting holds that down.
    pub newest_level: u32,
    /// When, by the clock of the process.
    pub announced_at: Instant,
}

/// A record that a newer kigen wrote is not waited for: it goes to `kigen.rejects`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skip {
    /// The record.
    pub place: (Topic, Partition, Offset),
    /// The user and host that ran the command.
    pub author: String,
    /// When.
    pub skipped_at: Instant,
}

impl ControlRecord {
    /// The key of its record: a later record of the same key replaces it. Processes of one name with different newest levels
    /// have different keys, so that an upgrade does not hide the level of the version before, to which it may be rolled back.
    #[must_use]
    pub fn key(&self) -> String {
        match self {
            Self::Process(Announcement { instance, newest_level, .. }) => {
                format!("process/{instance}/{newest_level}")
            }
            Self::Skip(Skip { place: (topic, partition, offset), .. }) => {
                format!("skip/{topic}/{partition}/{offset}")
            }
        }
    }
}

impl fmt::Display for Announcement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { instance, roles, version, .. } = self;
        write!(f, "{instance} (kigen {version}: {})", roles.join(", "))
    }
}
