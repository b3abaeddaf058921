//! What is stored of an objective: its plan, its open incident and its latest verdicts.
//!
//! The transitions of a slot's [`Plan`], all made by the engine's `plan.rs` and `facts.rs`:
//!
//! ```text
//!  declared, or declared again
//!     │
//!     v
//!  ┌──────┐  has a next deadline
//!  │      ├────────────────────────────> Open ──────── judged after its withdrawal ──┐
//!  │      │  does not parse, or its                                                  v
//!  │ plan │  target is gone
//!  │      ├────────────────────────────> Unresolved ── withdrawn ──────────────> Withdrawn
//!  │      │  no deadline in five years                                               ^
//!  │      ├────────────────────────────> Exhausted ─── withdrawn ────────────────────┘
//!  └──────┘
//!     ^
//!     ├── Open:       judged (the next slot); edited, or the CronJob's zone edited, before its deadline
//!     ├── Unresolved: edited, or the CronJob edited
//!     └── Exhausted:  edited
//! ```
//!
//! An edit that is observed after the open slot's deadline waits as a [`Successor`] until that slot is judged. Several may
//! wait: after an outage facts are far ahead of the ticks, and each edit is in force in its own time.

use chrono::TimeDelta;
use kigen_model::Instant;
use kigen_model::budget::BudgetReport;
use kigen_model::event::Revision;
use kigen_model::objective::Objective;
use kigen_model::risk::RiskKind;
use kigen_model::slot::{Gap, Slot, Verdict};
use uuid::Uuid;

use crate::budget::Budget;

/// How many past verdicts of an objective are kept; the oldest is dropped first.
pub const VERDICTS_MAX: usize = 16;
/// How many ends of past slots of an objective are kept; the oldest is dropped first. Five weeks of a daily objective show
/// whether its weekdays differ.
pub const SLOT_ENDS_MAX: usize = 35;
/// How many edits of an objective may wait; a further one replaces the last.
pub const SUCCESSORS_MAX: usize = 4;

/// What is known of an objective, and how far it is judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectiveState {
    /// The newest version observed.
    pub revision: Revision,
    /// The spec by which the open slot was planned.
    pub objective: Objective,
    /// The edits that were observed after the open slot's deadline, oldest first; each is in force once the slots before it
    /// are judged.
    pub successors: Vec<Successor>,
    /// When it was first observed, in the API server's time.
    pub since: Instant,
    /// When its withdrawal was observed; it takes effect once the open slot is judged.
    pub withdrawn_at: Option<Instant>,
    /// The open slot, or why there is none.
    pub plan: Plan,
    /// The consecutive misses that no success has ended yet.
    pub incident: Option<Incident>,
    /// The latest verdicts, oldest first.
    pub verdicts: Vec<Judged>,
    /// Whether the warning about slots without an expected fire was emitted.
    pub warned_of_no_fire: bool,
    /// The range of unknown slots that goes on, and those of which some slots can be judged again; oldest first, at most one
    /// for each verdict that is kept.
    pub unknown: Vec<UnknownRange>,
    /// When the results of the latest slots came, oldest first, the late ones included.
    pub ends: Vec<SlotEnd>,
    /// When a trend was last warned of, in the cluster's time.
    pub trend_warned_at: Option<Instant>,
    /// When a new level was last warned of, in the cluster's time.
    pub level_warned_at: Option<Instant>,
    /// The verdicts of the days that its target is about; empty without a target.
    pub budget: Budget,
}

impl ObjectiveState {
    /// One that begins at an instant, of which nothing is planned or judged.
    pub fn new(revision: Revision, objective: Objective, since: Instant) -> Self {
        Self {
            revision,
            objective,
            successors: Vec::new(),
            since,
            withdrawn_at: None,
            plan: Plan::Exhausted,
            incident: None,
            verdicts: Vec::new(),
            warned_of_no_fire: false,
            unknown: Vec::new(),
            ends: Vec::new(),
            trend_warned_at: None,
            level_warned_at: None,
            budget: Budget::default(),
        }
    }

    /// Whether it has deadlines, and is not withdrawn.
    pub fn is_judged(&self) -> bool {
        self.plan != Plan::Withdrawn && self.objective.reads().is_none()
    }

    /// Ends the judging: nothing but the revision is kept.
    pub fn withdraw(&mut self) {
        self.plan = Plan::Withdrawn;
        self.successors.clear();
        self.incident = None;
        self.verdicts.clear();
        self.unknown.clear();
        self.ends.clear();
        self.trend_warned_at = None;
        self.level_warned_at = None;
        self.budget = Budget::default();
    }

    /// When something about it must be decided next: whether its open slot is at risk, the verdict on it, or whether a muted
    /// miss has outlasted its mute.
    pub fn next_due(&self) -> Option<Instant> {
        self.risk_due().into_iter().chain(self.due()).chain(self.unmuted_due()).min()
    }

    /// When a muted miss must be alerted that is not over by then: when the mutes end, and settle.
    pub fn unmuted_due(&self) -> Option<Instant> {
        Some(self.incident?.muted_until? + self.objective.settle)
    }

    /// When it must be decided next whether its open slot is at risk.
    pub fn risk_due(&self) -> Option<Instant> {
        self.plan.open()?.risk_due
    }

    /// When its open slot must be judged: deadline, grace and settle.
    pub fn due(&self) -> Option<Instant> {
        match &self.plan {
            Plan::Open(open) => Some(open.slot.deadline + self.objective.grace + self.objective.settle),
            Plan::Unresolved { .. } | Plan::Exhausted | Plan::Withdrawn => None,
        }
    }

    /// How much of its budget is spent; `None`: it has no target, or nothing was judged by it yet.
    pub fn budget_report(&self) -> Option<BudgetReport> {
        let target = self.objective.target.filter(|_| !self.budget.days.is_empty())?;
        Some(self.budget.report(target))
    }

    /// The zone of the open slot's deadline, by its IANA name.
    pub fn planned_zone(&self) -> &str {
        match &self.plan {
            Plan::Open(open) => &open.time_zone,
            Plan::Unresolved { .. } | Plan::Exhausted | Plan::Withdrawn => {
                self.objective.time_zone.as_deref().unwrap_or("UTC")
            }
        }
    }
}

/// An edit that waits for the open slot to be judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Successor {
    /// The edited spec.
    pub objective: Objective,
    /// When the edit was observed, in the API server's time: earlier deadlines are not its own.
    pub edited_at: Instant,
}

/// The open slot, or why there is none; the transitions are drawn at the top of this file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Plan {
    /// This slot is judged next.
    Open(OpenSlot),
    /// The deadlines cannot be computed.
    Unresolved {
        /// Why, and what to write instead.
        reason: String,
    },
    /// There is no deadline: the crontab has none within five years, or the objective only names what the batch reads.
    Exhausted,
    /// It is no longer judged. Its revision is kept, so that a stale fact cannot re-create it.
    Withdrawn,
}

impl Plan {
    /// The open slot, if there is one.
    pub fn open(&self) -> Option<&OpenSlot> {
        match self {
            Self::Open(open) => Some(open),
            Self::Unresolved { .. } | Self::Exhausted | Self::Withdrawn => None,
        }
    }
}

/// A slot that is not judged yet. It was planned once; new zone data changes nothing of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenSlot {
    /// The slot.
    pub slot: Slot,
    /// The zone of its deadline, by its IANA name.
    pub time_zone: String,
    /// Which runs belong to it.
    pub window: Window,
    /// When the success that met it ended, if there is one.
    pub met_at: Option<Instant>,
    /// When it must be decided next whether it is at risk; `None`: nothing that happens by then can put it at risk.
    pub risk_due: Option<Instant>,
    /// What was warned of, each kind once.
    pub warned_of: Vec<RiskKind>,
}

impl OpenSlot {
    /// The earliest nominal start of a run that belongs to the slot.
    pub fn opens(&self) -> Instant {
        self.window.opens(self.slot)
    }
}

/// Which runs belong to a slot, by their nominal starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Window {
    /// The CronJob has no expected fire in the slot.
    NoFire,
    /// From the first expected fire of the slot to the next slot's.
    Fires {
        /// The first expected fire in the slot.
        opens: Instant,
        /// The first expected fire at or after the deadline; `None`: there is none within five years.
        closes: Option<Instant>,
    },
    /// The slot itself: there is no schedule of expected runs.
    Slot,
    /// Those in `(after, deadline]`, by the objective's freshness.
    Fresh {
        /// The deadline less the freshness.
        after: Instant,
    },
}

impl Window {
    /// The earliest nominal start of a run that belongs to `slot`.
    fn opens(self, slot: Slot) -> Instant {
        match self {
            Self::Fires { opens, .. } => opens,
            Self::Fresh { after } => after + TimeDelta::milliseconds(1),
            Self::NoFire | Self::Slot => slot.from,
        }
    }
}

/// When the result of a slot came, for comparison with other slots.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SlotEnd {
    /// What the end is compared with: the expected start, or, where the batch has no schedule or its objective a freshness,
    /// the deadline.
    pub reference: Instant,
    /// When the work of the first success ended.
    pub ended_at: Instant,
}

/// Consecutive misses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Incident {
    /// Its id, contained in each of its alerts.
    pub id: Uuid,
    /// The deadline of its first miss.
    pub since: Instant,
    /// How many slots are missed in it.
    pub misses: u32,
    /// The last slot that was missed.
    pub last: Slot,
    /// The earliest nominal start of a run whose success ends it: the opening of the last missed slot's window.
    pub opens: Instant,
    /// How many of its misses are muted, and not alerted.
    pub muted: u32,
    /// When the mutes of its last miss end, if that is muted.
    pub muted_until: Option<Instant>,
}

impl Incident {
    /// Whether none of its misses is alerted.
    pub fn is_silent(&self) -> bool {
        self.muted >= self.misses
    }
}

/// Unknown slots in a row, of which one alert is raised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownRange {
    /// The deadline of its first slot.
    pub since: Instant,
    /// Its last slot.
    pub last: Slot,
    /// How many slots it has.
    pub slots: u32,
    /// The shortest gap that covers those that leave its slots unknown.
    pub gap: Gap,
    /// Whether it is reported; then no slot is added any more.
    pub is_reported: bool,
    /// How many of its slots were judged again, and met.
    pub met: u32,
    /// How many of its slots were judged again, and missed.
    pub missed: u32,
}

impl UnknownRange {
    /// Whether the slot of this deadline is in the range.
    pub fn contains(&self, deadline: Instant) -> bool {
        (self.since..=self.last.deadline).contains(&deadline)
    }
}

/// A past verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Judged {
    /// The slot's deadline.
    pub deadline: Instant,
    /// The verdict.
    pub verdict: Verdict,
    /// The slot, against which a success that is observed later is checked; `None`: an older kigen wrote this state.
    pub judged: Option<JudgedSlot>,
}

/// A slot after its verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JudgedSlot {
    /// The slot.
    pub slot: Slot,
    /// Which runs belong to it.
    pub window: Window,
    /// Until when a success counted: deadline and grace.
    pub until: Instant,
    /// The incident that it belongs to, if it was missed.
    pub incident: Option<Uuid>,
    /// When nothing was observed, if it was missed and that hides the cause.
    pub unobserved: Option<Gap>,
    /// Whether it was muted when it was missed or found unknown, and was not alerted since.
    pub muted: bool,
}

impl JudgedSlot {
    /// The earliest nominal start of a run that belongs to the slot.
    pub fn opens(&self) -> Instant {
        self.window.opens(self.slot)
    }
}
