//! The annotations on a CronJob that declare an objective without `kind: Objective`.

pub use kigen_model::objective::ANNOTATED_OBJECTIVE;

/// A whole objective: its value is the deadlines' crontab.
pub const COMPLETE_BY: &str = "kigen.dev/complete-by";
/// Who is responsible.
pub const OWNER: &str = "kigen.dev/owner";
/// Where the instructions for a miss are.
pub const RUNBOOK: &str = "kigen.dev/runbook";
