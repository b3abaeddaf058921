//! Kubernetes to events: watches CronJobs, Jobs, Pods and Objectives, and says what happened and how far that is all.
//!
//! One task a watched resource ([`kubernetes::watcher`]) and one that probes ([`kubernetes::probe`]) feed one bounded channel. The loop that
//! owns the other end ([`shipper::Shipper`]) turns inputs into events by a sync function ([`core::Core`]), the role
//! ([`role`]) appends them to the log, and only what is appended counts as evidence for a tick ([`watermark`]).

pub mod core;
mod crontab;
pub mod custom_resource;
pub mod decode;
pub mod error;
pub mod health;
pub mod index;
pub mod input;
pub mod kubernetes;
pub mod metrics;
pub mod notice;
pub mod preflight;
pub mod resource;
pub mod resync;
pub mod role;
pub mod server_clock;
pub mod settings;
pub mod shipper;
mod status_writer;
pub mod watermark;
pub mod written;
