//! The verdicts, pure: a function from state and event to effects.
//!
//! No clock, environment, randomness, I/O, logging or storage trait: time and facts come in as values, and one
//! closed enum, [`step::Effect`], is the whole outside world. It cannot fail and cannot wait.
#![deny(clippy::wildcard_enum_match_arm)]

pub mod advice;
mod attempts;
pub mod bound;
mod evidence;
pub mod explain;
mod facts;
mod judge;
mod plan;
mod recover;
pub mod step;
mod window;
