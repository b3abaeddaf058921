//! What a shipper sees when it has seen all: how many CronJobs, how many have an objective, and the next deadline. For the log, so
//! that a user knows at once whether the right cluster is watched and whether anything will be judged.

use std::collections::BTreeSet;
use std::fmt;

use kigen_model::Instant;
use kigen_model::key::BatchKey;
use kigen_model::objective::Objective;
use kigen_objective::annotation::COMPLETE_BY;
use kigen_objective::next::{NextDeadline, next_deadline};

use super::cron_jobs::CronJobs;
use super::declared::DeclaredObjectives;

/// What is known of a cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overview {
    /// The CronJobs.
    pub cron_jobs: usize,
    /// Those that have an objective.
    pub with_objective: usize,
    /// The batches that have an objective and no CronJob.
    pub of_jobs: usize,
    /// The next deadline and its batch.
    pub next: Option<(NextDeadline, BatchKey)>,
}

impl Overview {
    pub(super) fn of(cron_jobs: &CronJobs, declared: &DeclaredObjectives, at: Instant) -> Self {
        let mut batches: BTreeSet<&BatchKey> = BTreeSet::new();
        let mut next = None;
        let mut add = |key, objective: &Objective| {
            batches.insert(key);
            let schedule = cron_jobs.schedule(key);
            let of_this = next_deadline(objective, schedule.as_ref(), at).map(|next| (next, key));
            next = [next.take(), of_this].into_iter().flatten().min();
        };
        for (key, objective) in cron_jobs.annotated() {
            add(key, &objective);
        }
        for (key, objective) in declared.all_in_force().filter(|(_, objective)| objective.reads().is_none()) {
            add(key, objective);
        }
        let with_objective = batches.iter().filter(|key| cron_jobs.has(key)).count();
        Self {
            cron_jobs: cron_jobs.count(),
            with_objective,
            of_jobs: batches.len() - with_objective,
            next: next.map(|(next, key)| (next, key.clone())),
        }
    }
}

impl fmt::Display for Overview {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { cron_jobs, with_objective, of_jobs, next } = self;
        let plural = if *cron_jobs == 1 { "" } else { "s" };
        write!(f, "{cron_jobs} CronJob{plural}, {with_objective} with an objective")?;
        if *of_jobs > 0 {
            write!(f, ", and {of_jobs} with an objective and no CronJob")?;
        }
        match next {
            Some((NextDeadline { text, .. }, key)) => {
                write!(f, "; next deadline {text}: {}/{}", key.namespace, key.batch)
            }
            None if with_objective + of_jobs == 0 => write!(
                f,
                "; nothing is judged until one is declared, such as by the annotation {COMPLETE_BY} of a CronJob"
            ),
            None => write!(f, "; no deadline is to come"),
        }
    }
}
