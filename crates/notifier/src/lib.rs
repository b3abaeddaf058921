//! Alerts to Slack: rendered purely, delivered once.
//!
//! [`role`] is the member of the group that consumes `kigen.alerts`, with two queues that deliver its records; [`dry_run`]
//! is the loop that only looks. [`delivery`] delivers one record and draws its states, `plan` decides what an alert does to the
//! messages that Slack has, which `ledger` remembers, [`render`] makes the message of an alert, [`slack`] posts it, and
//! [`terminal`] draws it as Slack would show it.

mod around;
mod backlog;
mod clean;
mod containers;
pub mod delivery;
pub mod dry_run;
pub mod error;
mod exit_codes;
pub mod failures;
pub mod health;
mod known_errors;
mod lane;
pub mod language;
mod ledger;
mod log_retry;
pub mod metrics;
mod plan;
mod queue;
pub mod render;
pub mod role;
pub mod routing;
pub mod samples;
mod shares;
pub mod slack;
mod start;
mod status_view;
pub mod surroundings;
pub mod terminal;
mod time_text;
pub mod undelivered;
mod waiting;
