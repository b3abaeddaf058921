//! A stall of a cluster: no CronJob of it fires, though several should.

use crate::Instant;

/// How many overdue CronJobs are listed at most.
pub const OVERDUE_LISTED_MAX: usize = 20;

/// A CronJob that should have fired and has not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OverdueCronJob {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// When it should have fired first.
    pub expected_at: Instant,
}

/// What is known of a stall once it is found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StallReport {
    /// When a CronJob of the cluster fired last, in the API server's time.
    pub since: Instant,
    /// How many CronJobs should have fired since.
    pub overdue: u32,
    /// The first of them, by the time of their fires, at most [`OVERDUE_LISTED_MAX`].
    pub cron_jobs: Vec<OverdueCronJob>,
}
