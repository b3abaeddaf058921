//! The Job that repeats a period, and the command that starts it.

use std::collections::BTreeSet;

use kigen_lineage::plan::{Plan, Step};
use kigen_model::Instant;

use crate::output::text;

/// The longest name of a Job, in bytes: it is also a label of its pods.
const JOB_NAME_BYTES_MAX: usize = 63;

/// The Job of one step.
pub(super) struct Repetition {
    /// Its name.
    pub(super) job: String,
    /// What starts it.
    pub(super) command: String,
}

/// The Jobs of a plan, each with a name of its own within its namespace.
pub(super) fn repetitions(plan: &Plan) -> Vec<Repetition> {
    let mut names = BTreeSet::new();
    let of_step = |step: &Step| {
        let namespace = step.batch.namespace.clone();
        let forms = ["%Y%m%d", "%Y%m%d%H%M", "%Y%m%d%H%M%S"];
        let found = forms.iter().map(|form| job_name(&step.batch.batch, step.mark, form));
        let job = found.into_iter().find(|name| names.insert((namespace.clone(), name.clone())));
        // Two batches with the same long beginning: the number of the step distinguishes them.
        let job = job.unwrap_or_else(|| {
            let name = job_name(&step.batch.batch, step.mark, &format!("%Y%m%d-{}", names.len()));
            names.insert((namespace.clone(), name.clone()));
            name
        });
        let command = command(step, &job);
        Repetition { job, command }
    };
    plan.steps.iter().map(of_step).collect()
}

fn job_name(batch: &str, at: Instant, form: &str) -> String {
    let suffix = format!("-backfill-{}", at.format(form));
    // The name of a CronJob is ASCII.
    let room = JOB_NAME_BYTES_MAX.saturating_sub(suffix.len());
    let beginning: String = batch.chars().take(room).collect();
    format!("{}{suffix}", beginning.trim_end_matches(['-', '.']))
}

fn command(step: &Step, job: &str) -> String {
    let (namespace, cron_job) = (&step.batch.namespace, &step.batch.batch);
    let slot = text(step.mark);
    format!(
        "kubectl create job -n {namespace} --from=cronjob/{cron_job} {job} --dry-run=client -o yaml | \
         kubectl annotate --local -f - kigen.dev/slot={slot} -o yaml | kubectl create -f -"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_jobs_name_ends_with_the_day_and_is_no_longer_than_kubernetes_allows() {
        let at = "2026-11-16T03:00:00Z".parse().expect("an instant");
        assert_eq!(job_name("b", at, "%Y%m%d"), "b-backfill-20261116");
        let long = job_name(&format!("{}-{}", "x".repeat(44), "y".repeat(8)), at, "%Y%m%d");
        assert_eq!(long, format!("{}-backfill-20261116", "x".repeat(44)));
        assert!(long.len() <= JOB_NAME_BYTES_MAX, "{long}");
    }
}
