//! Who reads whose result: which runs read one that was missing or wrong, and in which order they are repeated.
//!
//! Pure: the past is an argument, as the caller has read it from the log, and nothing here knows a clock or a log.
//!
//! ```text
//!  progress    how far the repetition is
//!  plan        what is repeated, in which order, and how long that takes
//!  forget      what of a long past an impact does not need
//!  impact      which runs read what they should not have read, and why
//!  left_out    what the user leaves out of the repetition
//!  graph       who reads whom now: as a tree, and its cycles
//!  timeline    what a run was made for, and which result a reader at an instant should have found
//!  history     the past: runs, slots, gaps, and who read whom
//! ```
//!
//! A *period* is what a run is made for: a slot of the batch's objective, or, of a batch without one, a scheduled time. Each
//! period has one result at a time: that of its run that ended last.
#![deny(clippy::wildcard_enum_match_arm)]

pub mod forget;
pub mod graph;
pub mod history;
pub mod impact;
pub mod left_out;
pub mod plan;
pub mod progress;
pub mod timeline;
