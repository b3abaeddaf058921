//! Kubernetes to events: watches CronJobs, Jobs, Pods and Objectives, and emits facts about them, and ticks up to which the
//! facts are complete.
//!
//! One task per watched resource ([`kubernetes::watcher`]) and one that probes ([`kubernetes::probe`]) feed one bounded
//! channel. The loop that owns the other end ([`shipper::Shipper`]) turns inputs into events by a sync function
//! ([`core::Core`]), the role ([`role`]) appends them to the log, and only appended events count as evidence for a tick
//! ([`watermark`]).
//!
//! ```text
//!                        role           term by term: read back, append, Lease
//!                         │
//!                      shipper          the loop; beside it preflight and status_writer
//!                 ┌───────┴───────┐
//!               core              │     input in, facts out
//!   index, watermark, resync  kubernetes   the only folder that sends requests
//!                 └───────┬───────┘
//!               input, notice, past
//!                      decode           objects in, facts out
//! ```

pub mod core;
pub mod decode;
pub mod error;
pub mod health;
pub mod index;
pub mod input;
pub mod kubernetes;
pub mod metrics;
pub mod notice;
mod panics;
pub mod past;
pub mod preflight;
pub mod quotas;
mod refusal;
pub mod resource;
pub mod resync;
pub mod role;
pub mod server_clock;
pub mod settings;
pub mod shipper;
mod status_writer;
pub mod watched;
pub mod watermark;
