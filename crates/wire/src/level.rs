//! Record levels: the versions in which records are written, so that every reader of a log can read them.

use std::fmt;

use kigen_model::topic::Topic;

/// What a level writes.
struct Versions {
    /// The versions of the topics' schemas.
    events: usize,
    alerts: usize,
    status: usize,
    rejects: usize,
    control: usize,
    deliveries: usize,
    /// The newest engine whose states and positions are in those versions.
    engine: u32,
}

/// All levels, oldest first. A version that was released with a level never changes in it: a new version of a schema or of
/// the engine is a new level, or part of one that is not released yet.
const LEVELS: [Versions; 3] = [
    // Every kigen before record levels reads these.
    Versions { events: 5, alerts: 3, status: 5, rejects: 1, control: 1, deliveries: 1, engine: 4 },
    Versions { events: 6, alerts: 5, status: 8, rejects: 1, control: 1, deliveries: 1, engine: 6 },
    Versions { events: 7, alerts: 7, status: 9, rejects: 1, control: 1, deliveries: 1, engine: 7 },
];

/// A record level: for each topic the version of its schema in which records are written, from 1. A kigen reads the records of
/// its newest level and of all before it. The processes of a log write at the newest level that all of them read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Level(u16);

impl Level {
    /// The oldest level, which every kigen reads.
    pub const OLDEST: Self = Self(1);
    /// The newest level of this kigen.
    pub const NEWEST: Self = Self(LEVELS.len() as u16);

    /// The level of a number, or the nearest one that this kigen can write.
    #[must_use]
    pub fn nearest(number: u32) -> Self {
        Self(u16::try_from(number).unwrap_or(u16::MAX)).clamp(Self::OLDEST, Self::NEWEST)
    }

    /// Its number, from 1.
    #[must_use]
    pub fn number(self) -> u32 {
        self.0.into()
    }

    /// The version of a topic's schema at this level, from 1.
    #[must_use]
    pub fn version(self, topic: Topic) -> usize {
        let versions = self.versions();
        match topic {
            Topic::Events => versions.events,
            Topic::Alerts => versions.alerts,
            Topic::Status => versions.status,
            Topic::Rejects => versions.rejects,
            Topic::Control => versions.control,
            Topic::Deliveries => versions.deliveries,
        }
    }

    /// The newest engine whose states and positions are written at this level. A position record of this level names no newer
    /// one, so that the engine of an older kigen resumes from it.
    #[must_use]
    pub fn engine_version(self) -> u32 {
        self.versions().engine
    }

    fn versions(self) -> &'static Versions {
        &LEVELS[usize::from(self.0 - 1)]
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use kigen_state::ENGINE_VERSION;

    use super::*;

    #[test]
    fn the_newest_level_has_the_newest_version_of_each_schema_and_of_the_engine() {
        for topic in Topic::ALL {
            assert_eq!(Level::NEWEST.version(topic), crate::schemas(topic).len(), "{topic}");
        }
        assert_eq!(Level::NEWEST.engine_version(), ENGINE_VERSION);
    }

    #[test]
    fn no_level_goes_back_to_an_older_version() {
        for (older, newer) in (1..LEVELS.len()).map(|nth| (Level(nth as u16), Level(nth as u16 + 1))) {
            for topic in Topic::ALL {
                assert!(older.version(topic) <= newer.version(topic), "{topic} at level {newer}");
            }
            assert!(older.engine_version() <= newer.engine_version(), "level {newer}");
        }
    }

    #[test]
    fn the_level_of_an_unknown_number_is_the_nearest() {
        assert_eq!(Level::nearest(0), Level::OLDEST);
        assert_eq!(Level::nearest(1), Level::OLDEST);
        assert_eq!(Level::nearest(u32::MAX), Level::NEWEST);
        assert_eq!(Level::nearest(Level::NEWEST.number()), Level::NEWEST);
    }
}
