//! What the judge answers: for each slot the verdicts that are right, and what may be reported about it later.

use kigen_model::Instant;
use kigen_model::key::BatchKey;
use kigen_model::slot::CauseKind;

/// How many successes are kept, whatever else ran.
pub const SUCCESSES_SURELY_KEPT: usize = 16;

/// The answers about one objective.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectiveAnswer {
    /// The batch.
    pub key: BatchKey,
    /// The partition of the batch, to which all indexes refer.
    pub partition: usize,
    /// The objective's name.
    pub objective: String,
    /// With which events it was over, and with it an incident: it was withdrawn, and all is judged.
    pub ends: Vec<End>,
    /// Its slots, by deadline.
    pub slots: Vec<SlotAnswer>,
    /// The successes of its runs in the order in which they became known; one whose end was corrected is there again.
    pub successes: Vec<Success>,
}

/// The end of an objective that was withdrawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct End {
    /// The event at which its pending slot would have been judged.
    pub index: usize,
    /// When that slot would have stopped counting: a success after it waits for that event.
    pub stops_counting: Instant,
}

/// A success as it became known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Success {
    /// The UID of the Job.
    pub uid: String,
    /// When the work ended.
    pub ended_at: Instant,
    /// The index of the fact that shows it.
    pub index: usize,
    /// The last slot that the run belongs to, by its place among the objective's slots.
    pub slot: usize,
    /// Whether it is open that it did what is expected.
    pub is_open: bool,
}

/// The answers about one slot of one objective.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlotAnswer {
    /// The deadline before it.
    pub from: Instant,
    /// The deadline, which with batch and objective is the slot's identity.
    pub deadline: Instant,
    /// Deadline and grace: a success that ends after this is late.
    pub stops_counting: Instant,
    /// False for the first, partial slot of an objective.
    pub whole: bool,
    /// Whether nothing is due since a calendar takes the day away, which is asked only when the slot is judged.
    pub is_day_off: bool,
    /// How often the objective had been withdrawn, and declared anew, before: an incident ends with the withdrawal.
    pub life: usize,
    /// The index, in the partition of the batch, of the tick that judges it; `None`: no tick of this world does.
    pub judged_at: Option<usize>,
    /// The verdicts that are right at that tick; one as a rule, never none.
    pub right: Vec<Right>,
    /// Why there is more than one, if there is.
    pub open: Option<Open>,
    /// What evidence after the verdict changes about it, in the log's order.
    pub later: Vec<Later>,
    /// What else evidence may change about it, at any time, if a gap overlaps it.
    pub again: Option<Again>,
    /// Of a slot that is judged before it is due, since its runs did not do what is expected: when the last one ended, or `None` where
    /// that is open.
    pub early: Option<Option<Instant>>,
}

/// What a slot that a gap overlaps may turn out to be: the truth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Again {
    /// A run of it succeeded in time.
    pub may_be_met: bool,
    /// None did that the CronJob made.
    pub may_be_missed: bool,
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
        causes: Vec<CauseKind>,
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
    /// Kubernetes does not date whether a Job runs or waits: the change was before, and its observation after.
    Undated,
    /// Two changes have the same instant as the deadline, or as each other.
    SameInstant,
    /// The state is bounded, and what decides may be among what was dropped.
    Bounded,
    /// Which runs came before another, and which number is usual.
    Usual,
}

impl Open {
    /// Its name in tables.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Gap => "gap",
            Self::Undated => "undated",
            Self::SameInstant => "same instant",
            Self::Bounded => "bounded",
            Self::Usual => "usual",
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
        /// Why.
        cause: CauseKind,
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
