//! The simulator: from one seed a world with its whole true history, what a shipper would have emitted about it, the real
//! processor over it with faults, and an independent judge of what kigen may answer. Never shipped.
//!
//! [`world::World`] is where to begin reading: its [`history`] is what truly happened and when each part of it could be
//! observed, its partitions are what is in the log, and [`answer`] is what the judge returns for each slot.
//!
//! [`input`] is the world's log as the processors read it. [`undisturbed`] folds it in one pass, [`disturbed`] with faults, and
//! [`invariants`] hold of both, whatever the world was.
//! [`mutes`] is what mutes and stalls make of the alerts of a world, [`stalls`] what is reported of these.
//! [`seed`] is all of it for one seed; [`shrink`] makes the world of a failure smaller, and [`story`] writes it down.

pub mod answer;
pub mod calendar;
pub mod compare;
pub mod disturbed;
pub mod failures;
pub mod generate;
pub mod history;
pub mod input;
pub mod invariants;
pub mod judge;
pub mod mutes;
mod progress;
pub mod resolve;
pub mod seed;
pub mod shrink;
pub mod stalls;
pub mod story;
pub mod undisturbed;
pub mod verdicts;
pub mod world;
