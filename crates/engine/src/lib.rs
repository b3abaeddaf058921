//! The verdicts, pure: a function from state and event to effects.
//!
//! No clock, environment, randomness, I/O, logging or storage trait: time and facts are arguments, and one closed enum,
//! [`effect::Effect`], is everything that the engine asks of the outside world. It cannot fail and cannot wait.
//!
//! The files, from the top; each uses only those below it:
//!
//! ```text
//!  step                                    the function
//!  facts                                   applies a fact to the state
//!  judge      lint                         judges the slots that are due; checks an objective as written
//!  evidence   plan   incident   cause      what a gap may hide; the next slot; misses in a row; why a slot was missed
//!  explain    unknown   forecast           a verdict explained; unknown slots in a row; whether ends come ever later
//!  risk       slot_ends                    whether the open slot is at risk; when the results of past slots came
//!  early      retention                    whether it is missed before its deadline; how much is kept
//!  window     successes                    when runs are expected; successes that are kept apart
//!  expectation   budget                    whether a run did what is expected; how much of a budget is spent
//!  context    past_runs   past_numbers     what a decision depends on; how long runs took, and what they reported
//!  day_off    mute                         whether a deadline is on a day off; whether an objective is muted
//!  deadlines  effect    membership         the deadlines; all effects; which run counts
//!  history                                 what a CronJob and a run did before
//!  attempts   limits                       what a run's pods show; how long a text may be
//! ```
#![deny(clippy::wildcard_enum_match_arm)]

mod attempts;
mod budget;
mod cause;
mod context;
mod day_off;
mod deadlines;
mod early;
pub mod effect;
mod evidence;
mod expectation;
pub mod explain;
mod facts;
mod forecast;
mod history;
mod incident;
mod judge;
mod limits;
pub mod lint;
mod membership;
mod mute;
mod past_numbers;
mod past_runs;
mod plan;
pub mod retention;
mod risk;
mod slot_ends;
pub mod step;
mod successes;
mod unknown;
mod window;
