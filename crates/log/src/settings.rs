//! How large and how old the log may become.

use kigen_model::topic::Topic;

const DAY_MS: u64 = 86_400_000;
const MIB: u64 = 1024 * 1024;

/// The bounds of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Partitions of every topic, 1 to 1024. Fixed when the log is created.
    pub partitions: u32,
    /// What of `kigen.events` is kept.
    pub events: Retention,
    /// What of `kigen.alerts` is kept.
    pub alerts: Retention,
    /// What of `kigen.rejects` is kept.
    pub rejects: Retention,
    /// How long a tombstone stays in `kigen.status` for readers to see, in milliseconds.
    pub tombstone_age_ms_max: u64,
    /// The most bytes of one record, key and value together.
    pub record_bytes_max: usize,
}

/// What of one topic is kept: older or more than this is removed by a trim, oldest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// The age at which a record goes, in milliseconds of record time.
    pub age_ms_max: u64,
    /// The most bytes of records in each partition, before compression. `kigen.events` exceeds it rather than lose a live
    /// fact, see [`Settings::resynced_age_ms_min`].
    pub partition_bytes_max: u64,
}

impl Retention {
    fn times(self, times: u64) -> Self {
        Self {
            age_ms_max: self.age_ms_max.saturating_mul(times),
            partition_bytes_max: self.partition_bytes_max.saturating_mul(times),
        }
    }
}

impl Settings {
    /// The most partitions a topic may have.
    pub const PARTITIONS_MAX: u32 = 1024;

    /// How often all live facts are written to `kigen.events` again while it keeps one.
    pub const RESYNCS_IN_RETENTION: u64 = 3;

    /// How many times its age and its bytes an alert is kept in an embedded log that a group has not read yet.
    pub const UNREAD_RETENTIONS_MAX: u64 = 4;

    /// The most bytes of all outputs of one write.
    pub const WRITE_BYTES_MAX: usize = 32 * 1024 * 1024;

    /// The most bytes of a consumer's name, which is Kafka's limit on names.
    pub const CONSUMER_BYTES_MAX: usize = 249;

    /// The bounds of a topic that is cleaned up by deletion; `None` for the compacted ones.
    pub fn retention(&self, topic: Topic) -> Option<Retention> {
        match topic {
            Topic::Events => Some(self.events),
            Topic::Alerts => Some(self.alerts),
            Topic::Rejects => Some(self.rejects),
            Topic::Status | Topic::Control | Topic::Deliveries => None,
        }
    }

    /// The larger bounds of a topic for what a group with a position in it has not read yet. Only alerts have them: events
    /// that expire before they are judged are made up for by a gap.
    pub fn unread_retention(&self, topic: Topic) -> Option<Retention> {
        match topic {
            Topic::Alerts => Some(self.alerts.times(Self::UNREAD_RETENTIONS_MAX)),
            Topic::Events | Topic::Rejects | Topic::Status | Topic::Control | Topic::Deliveries => None,
        }
    }

    /// The age in milliseconds, by the last record of the partition, up to which a record is kept whatever the size: a fact in
    /// it may be live and not be written again yet. It is a resync period and half of one, for a shipper that was down; 0 for a
    /// topic without facts.
    pub fn resynced_age_ms_min(&self, topic: Topic) -> u64 {
        match topic {
            Topic::Events => {
                let period_ms = self.events.age_ms_max / Self::RESYNCS_IN_RETENTION;
                period_ms + period_ms / 2
            }
            Topic::Alerts | Topic::Rejects | Topic::Status | Topic::Control | Topic::Deliveries => 0,
        }
    }
}

impl Default for Settings {
    /// 16 partitions; a quarter's events, a year's alerts, a month's rejects; records of at most 1 MiB.
    fn default() -> Self {
        Self {
            partitions: 16,
            events: Retention { age_ms_max: 90 * DAY_MS, partition_bytes_max: 1024 * MIB },
            alerts: Retention { age_ms_max: 365 * DAY_MS, partition_bytes_max: 64 * MIB },
            rejects: Retention { age_ms_max: 30 * DAY_MS, partition_bytes_max: 64 * MIB },
            tombstone_age_ms_max: 7 * DAY_MS,
            record_bytes_max: 1024 * 1024,
        }
    }
}
