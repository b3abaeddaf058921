//! Alerts to Slack: rendered purely, delivered once.
//!
//! [`render`] makes of an alert what a person who is woken by it needs, [`terminal`] draws that as Slack would show it,
//! [`slack`] sends it, and [`role`] is the loop that reads `kigen.alerts` and keeps its position.

mod clean;
mod exit_codes;
pub mod health;
pub mod metrics;
pub mod render;
pub mod role;
pub mod slack;
pub mod terminal;
mod words;
