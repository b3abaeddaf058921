//! The six topics, their partitions and offsets.

use std::fmt;

/// One of kigen's topics.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Topic {
    /// Everything that can change a verdict.
    Events,
    /// What a person should know.
    Alerts,
    /// The whole state of each batch; compacted.
    Status,
    /// Records that could not be decoded or applied.
    Rejects,
    /// What the processes of the log announce, and an operator decides; compacted. All of it is in [`CONTROL_PARTITION`].
    Control,
    /// The messages that receivers have; compacted. Those about a batch are in its partition.
    Deliveries,
}

/// The partition of `kigen.control` that has all of its records, so that they have one order.
pub const CONTROL_PARTITION: Partition = Partition(0);

impl Topic {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Events, Self::Alerts, Self::Status, Self::Rejects, Self::Control, Self::Deliveries];

    /// The topic's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Events => "kigen.events",
            Self::Alerts => "kigen.alerts",
            Self::Status => "kigen.status",
            Self::Rejects => "kigen.rejects",
            Self::Control => "kigen.control",
            Self::Deliveries => "kigen.deliveries",
        }
    }
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A partition of every topic: partition i of `kigen.status` is the state of partition i of `kigen.events`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Partition(pub u32);

impl fmt::Display for Partition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The offset of a record in a partition of a topic, from 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Offset(pub u64);

impl Offset {
    /// The next offset.
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl fmt::Display for Offset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
