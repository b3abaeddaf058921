//! An in-process Kubernetes API that plays a recorded or generated history.
//!
//! A [`history::History`] says what happens to CronJobs, Jobs, Pods and Objectives; a [`clock::Clock`] says when; a
//! [`server::Server`] shows it over real HTTP as a real API server would: LIST in pages, WATCH with bookmarks, 410 as a
//! line of the stream. [`faults::Faults`] makes it go wrong. Nothing can be written through it but Leases, by which clients
//! agree who leads, and the statuses of Objectives.

pub mod clock;
pub mod error_monitor;
pub mod faults;
pub mod generate;
pub mod history;
mod leases;
mod list;
mod objectives;
pub mod recording;
pub mod resource;
mod response;
pub mod server;
mod status;
mod timeline;
mod watch;
