//! The annotations and labels that kigen reads.

/// The annotation on a CronJob that is a whole objective: its value is the deadlines' crontab.
pub const COMPLETE_BY: &str = "kigen.dev/complete-by";
/// The annotation on a CronJob that names the person or team responsible.
pub const OWNER: &str = "kigen.dev/owner";
/// The annotation on a CronJob with the place of the instructions.
pub const RUNBOOK: &str = "kigen.dev/runbook";
/// The label that makes bare Jobs one batch.
pub const BATCH: &str = "kigen.dev/batch";
/// The slot that a Job was made for: a day or an instant.
pub const SLOT: &str = "kigen.dev/slot";
/// The annotation by which the CronJob controller names the fire that a Job is for.
pub const SCHEDULED_AT: &str = "batch.kubernetes.io/cronjob-scheduled-timestamp";
/// The name of the objective that the annotation declares.
pub const ANNOTATED_OBJECTIVE: &str = "complete-by";
