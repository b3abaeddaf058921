//! `kind: Objective` of `kigen.dev/v1alpha1`: one reader for a file of objectives and for the custom resource. A file may have
//! `kind: Calendar`, too.
//!
//! [`spec`] has the types that a user fills in, and the manifest of the custom resource is generated from them. [`read`](mod@read) turns a
//! spec into the model's objective, and has every message about an error in it, with [`expect`](mod@expect) for what a run must have done. [`file`](mod@file) and [`object`] are the two sources: a
//! file gives the line of each fault and refuses unknown fields, an object does neither. A [`sheet`] becomes a file.
//!
//! A new field is added in [`spec`] and read in [`read`](mod@read).

pub mod annotation;
pub mod calendars;
pub mod crontab;
mod document;
pub mod duration;
pub mod expect;
pub mod file;
mod located;
#[cfg(test)]
mod manifest;
pub mod mute;
pub mod name;
pub mod next;
pub mod object;
pub mod problems;
pub mod read;
pub mod reads;
#[cfg(test)]
mod schema_crontab;
#[cfg(test)]
mod schema_rules;
#[cfg(test)]
mod schema_zone;
pub mod sheet;
pub mod spec;
mod strict;
