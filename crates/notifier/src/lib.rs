//! Alerts to Slack: rendered purely, delivered once.
//!
//! [`role`] is the loop that consumes `kigen.alerts`, [`dry_run`] the one that only looks, [`delivery`] delivers one record and draws its states, [`render`]
//! makes the message of an alert, [`slack`] posts it, and [`terminal`] draws it as Slack would show it.

mod clean;
mod containers;
pub mod delivery;
pub mod dry_run;
pub mod error;
mod exit_codes;
pub mod health;
mod log_retry;
pub mod metrics;
pub mod render;
pub mod role;
pub mod slack;
mod start;
pub mod terminal;
mod time_text;
