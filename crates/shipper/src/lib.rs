//! Kubernetes to events: watches CronJobs, Jobs, Pods and Objectives, and says what happened and how far that is all.
//!
//! One task a watched resource ([`watching`]) and one that probes ([`probe`]) feed one bounded channel. The loop that
//! owns the other end ([`shipper::Shipper`]) turns inputs into events by a sync function ([`core::Core`]), the role
//! ([`role`]) appends them to the log, and only what is appended counts as evidence for a tick ([`evidence`]).

pub mod api;
pub mod client;
pub mod connect;
pub mod core;
mod crontab;
pub mod custom_resource;
pub mod decode;
pub mod error_text;
pub mod evidence;
pub mod examine;
pub mod health;
pub mod input;
pub mod known;
pub mod lease;
pub mod logs;
pub mod metrics;
pub mod notice;
pub mod object;
pub mod probe;
pub mod resource;
pub mod restating;
pub mod role;
pub mod server_clock;
pub mod settings;
pub mod shipper;
mod statuses;
pub mod watching;
pub mod written;
