//! `kind: Objective` of `kigen.dev/v1alpha1`: one reader for a file of objectives and for the custom resource.
//!
//! [`spec`] is what a user writes, and the schema of the custom resource is generated from it. [`read`](mod@read) turns it into the
//! model's objective and has every sentence about what is wrong in it. [`file`] and [`object`] are the two sources: a file gives
//! the line of each fault and refuses unknown fields, an object does neither.

pub mod annotation;
pub mod crontab;
pub mod duration;
pub mod file;
mod located;
#[cfg(test)]
mod manifest;
pub mod name;
pub mod object;
pub mod read;
#[cfg(test)]
mod schema_rules;
pub mod spec;
mod strict;
