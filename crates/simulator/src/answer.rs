//! What the judge answers: for each slot the verdicts that are right, and what may be reported about it later.

use std::collections::BTreeSet;

use kigen_model::Instant;
use kigen_model::key::BatchKey;
use kigen_model::slot::CauseKind;

/// The answers about one slot of one objective.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlotAnswer {
    /// The batch.
    pub key: BatchKey,
    /// The objective's name.
    pub objective: String,
    /// The deadline before it.
    pub from: Instant,
    /// The deadline, which with batch and objective is the slot's identity.
    pub deadline: Instant,
    /// False for the first, partial slot of an objective.
    pub whole: bool,
    /// The index, in the partition of the batch, of the tick that judges it; `None`: no tick of this world does.
    pub judged_at: Option<usize>,
    /// The verdicts that are right at that tick; one as a rule, never none.
    pub right: Vec<Right>,
    /// Why there is more than one, if there is.
    pub open: Option<Open>,
    /// What evidence after the verdict changes about it, in the log's order.
    pub later: Vec<Later>,
}

/// A verdict that is right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Right {
    /// A success in time. No alert.
    Met {
        /// When the work ended.
        ended_at: Instant,
    },
    /// No success in time, for one of these causes.
    Missed {
        /// The causes that are right.
        causes: BTreeSet<CauseKind>,
    },
    /// A success in time may have come and vanished unobserved.
    Unknown,
    /// No expected fire, or a partial slot without a success. No alert.
    Excused,
}

/// Why more than one verdict, or more than one cause, is right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Open {
    /// A gap overlaps the slot, and the evidence allows a vanished success as well as none.
    Gap,
    /// Events expired in the log, unread.
    Expired,
    /// Two changes have the same instant as the deadline, or as each other.
    SameInstant,
    /// The state is bounded, and what decides may be among what was dropped.
    Bounded,
}

impl Open {
    /// Its name in tables.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Gap => "gap",
            Self::Expired => "expired",
            Self::SameInstant => "same instant",
            Self::Bounded => "bounded",
        }
    }
}

/// What evidence after the verdict changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Later {
    /// A success in time was observed: a miss is retracted, an unknown slot is met.
    Met {
        /// The index of the event that shows it.
        index: usize,
        /// When the work ended.
        ended_at: Instant,
    },
    /// A slot that was unknown was missed.
    Missed {
        /// The index of the event that proves it.
        index: usize,
    },
}

/// Where the alerts differ from what is right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disagreement {
    /// The batch.
    pub key: BatchKey,
    /// The objective's name; empty for a failed run.
    pub objective: String,
    /// The deadline, or when the run was created.
    pub deadline: Instant,
    /// What is right.
    pub right: String,
    /// What was reported.
    pub reported: String,
}
