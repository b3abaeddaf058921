//! The annotations and labels of Jobs that kigen reads; those that declare objectives are in `kigen_objective`.

/// The label that makes bare Jobs one batch.
pub const BATCH: &str = "kigen.dev/batch";
/// The slot that a Job was made for: a day or an instant.
pub const SLOT: &str = "kigen.dev/slot";
/// The annotation by which the CronJob controller names the fire that a Job is for.
pub const SCHEDULED_AT: &str = "batch.kubernetes.io/cronjob-scheduled-timestamp";
