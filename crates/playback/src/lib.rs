//! An in-process Kubernetes API that plays a recorded or generated history.
//!
//! A [`history::History`] has the changes of CronJobs, Jobs, Pods and Objectives, and a [`clock::Clock`] the virtual time
//! in which they become visible. A [`server::Server`] serves them over HTTP as a real API server does: LIST in pages, WATCH
//! with bookmarks, 410 as a line of the stream. [`faults::Faults`] injects failures. Clients can write only Leases, for
//! their leader election, and the statuses of Objectives.

pub mod cache;
pub mod clock;
pub mod error_monitor;
pub mod faults;
pub mod generate;
pub mod history;
mod leases;
mod list;
mod names;
mod objective_statuses;
pub mod recording;
pub mod resource;
mod response;
pub mod rights;
mod selection;
pub mod server;
mod status;
mod timeline;
mod watch;
