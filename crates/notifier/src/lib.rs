//! Alerts to Slack: rendered purely, delivered once.
//!
//! [`role`] is the loop that consumes `kigen.alerts`, [`delivery`] delivers one record and draws its states, [`render`]
//! makes the message of an alert, [`slack`] posts it, and [`terminal`] draws it as Slack would show it.

mod clean;
pub mod delivery;
pub mod error;
mod exit_codes;
pub mod health;
pub mod metrics;
pub mod render;
pub mod role;
pub mod slack;
pub mod terminal;
mod time_text;
