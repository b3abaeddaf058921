//! The nouns of kigen: batches, runs, objectives, slots, verdicts, events and alerts.
//!
//! Values only: nothing here reads a clock, knows a storage format or does I/O. Instants are `chrono::DateTime<Utc>` with
//! millisecond precision, which is what the records on disk keep. Names follow Kubernetes and the glossary
//! (`docs/glossary.md`).

pub mod alert;
pub mod budget;
pub mod control;
pub mod delivery;
pub mod event;
pub mod expectation;
pub mod key;
pub mod labels;
pub mod mute;
pub mod objective;
pub mod reject;
pub mod reported;
pub mod risk;
pub mod run;
pub mod silence;
pub mod slot;
pub mod stall;
pub mod topic;
pub mod trend;
pub mod working_days;

/// An instant on the UTC time line, with millisecond precision.
pub type Instant = chrono::DateTime<chrono::Utc>;
