//! The simulator: from one seed a world with its whole true history, what a shipper would have emitted about it, and an
//! independent judge of what kigen may answer. Never shipped.
//!
//! [`world::World`] is where to begin reading: its [`history`] is what truly happened and when each part of it could be
//! observed, its partitions are what is in the log, and [`answer`] is what the judge returns for each slot.

pub mod answer;
pub mod history;
pub mod world;
