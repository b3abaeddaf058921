//! The annotations and labels that kigen reads.

/// The annotation on a CronJob that is a whole objective: its value is the deadlines' crontab.
pub const COMPLETE_BY: &str = "kigen.dev/complete-by";
/// The annotation on a CronJob that names who is responsible.
pub const OWNER: &str = "kigen.dev/owner";
/// The annotation on a CronJob that says where it is written what to do.
pub const RUNBOOK: &str = "kigen.dev/runbook";
/// The label that makes bare Jobs one batch.
pub const BATCH: &str = "kigen.dev/batch";
/// The slot that a Job was made for: a day or an instant.
pub const SLOT: &str = "kigen.dev/slot";
/// The annotation with which the CronJob controller says which fire a Job is for.
pub const SCHEDULED_AT: &str = "batch.kubernetes.io/cronjob-scheduled-timestamp";
/// The name of the objective that the annotation makes.
pub const ANNOTATED_OBJECTIVE: &str = "complete-by";
