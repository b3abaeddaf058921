//! Alerts to Slack and other receivers: rendered purely, delivered once.
//!
//! [`role`] is the member of the group that consumes `kigen.alerts`, with two queues that deliver its records; [`dry_run`]
//! is the loop that only looks. [`delivery`] delivers one record and draws its states, `plan` decides what an alert does to the
//! messages that receivers have, which `ledger` remembers, [`dispatch`] gives it to what it is for: to [`slack`], or to another
//! [`receiver`]. [`render`] makes the message of an alert, and [`terminal`] draws it as Slack would show it.

mod around;
mod backlog;
mod clean;
mod containers;
pub mod delivery;
mod digest;
mod digests;
pub mod dispatch;
pub mod dry_run;
pub mod error;
mod exit_codes;
mod failure;
pub mod failures;
pub mod health;
mod known_errors;
mod lane;
pub mod language;
mod ledger;
mod log_retry;
pub mod metrics;
mod notice;
pub mod patience;
mod pauses;
mod plan;
mod queue;
mod quiet;
pub mod receiver;
mod records;
pub mod render;
mod repeater;
pub mod role;
pub mod routing;
pub mod samples;
mod sending;
mod shares;
pub mod slack;
mod start;
mod status_view;
pub mod surroundings;
pub mod terminal;
mod time_text;
pub mod undelivered;
mod waiting;
