//! The annotations and labels of Jobs that kigen reads.

pub use kigen_objective::annotation::{BATCH, SLOT};

/// The annotation by which the CronJob controller names the fire that a Job is for.
pub const SCHEDULED_AT: &str = "batch.kubernetes.io/cronjob-scheduled-timestamp";
