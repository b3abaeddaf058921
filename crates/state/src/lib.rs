//! What is stored: the state of a batch, how far a partition is judged, and a cluster's time on it.
//!
//! Plain values with their limits. The engine alone decides what they become, `kigen-wire` how they are encoded.
#![deny(clippy::wildcard_enum_match_arm)]

mod batch;
mod budget;
mod calendars;
mod clock;
mod mutes;
mod objective;
mod partition;
mod stalls;

pub use batch::{
    ATTEMPTS_MAX, Activity, AttemptState, BARE_REMOVED_AFTER_H, BatchState, CronJobState, EDITS_MAX,
    ForgottenFailure, MOMENTS_MAX, OBJECTIVES_MAX, PAST_NUMBERS_MAX, PAST_RUNS_MAX, PastNumber, PastNumbers,
    PastRun, REFUSED_MAX, REMOVED_AFTER_D, RUNS_MAX, RefusedObjective, RunMoment, RunState, STANDINGS_MAX,
    STATE_BYTES_MAX, SUCCESSES_MAX, ScheduleEdit, Standing, StandingKind, Success,
};
pub use budget::{Budget, BudgetDay};
pub use calendars::{CALENDAR_VERSIONS_MAX, CALENDARS_MAX, CalendarVersion, Calendars};
pub use clock::{ClusterClock, GAPS_MAX, Silence};
pub use mutes::{MUTES_MAX, Mutes};
pub use objective::{
    Incident, Judged, JudgedSlot, ObjectiveState, OpenSlot, Plan, SLOT_ENDS_MAX, SUCCESSORS_MAX, SlotEnd,
    Successor, UnknownRange, VERDICTS_MAX, Window,
};
pub use partition::{Cursor, ENGINE_VERSION, POSITION_KEY, PartitionState};
pub use stalls::{MADE_UP_WITHIN_M, STALLS_MAX, Stall, Stalls};
