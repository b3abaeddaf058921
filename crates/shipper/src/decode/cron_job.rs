//! A CronJob, and the objective that its annotations declare.

use kigen_model::objective::{Deadlines, Objective, ObjectiveSource};
use kigen_model::run::{ConcurrencyPolicy, CronJob};
use kigen_objective::annotation::{COMPLETE_BY, OWNER, RUNBOOK};
use kigen_text::secrets::scrub;

use super::decoded::{Decoded, Unusable};
use super::fields::{identity, optional_instant, present};
use super::labels::Labels;
use super::object::{CronJobObject, Metadata};
use super::work::Work;

pub(super) fn decode(object: &CronJobObject) -> Result<Decoded, Unusable> {
    let id = identity(object.metadata.as_ref())?;
    let spec = object.spec.as_ref().ok_or(Unusable::Missing("spec.schedule"))?;
    let status = object.status.as_ref();
    let cron_job = CronJob {
        schedule: present(spec.schedule.as_deref(), "spec.schedule")?.to_owned(),
        time_zone: spec.time_zone.clone().filter(|zone| !zone.is_empty()),
        suspended: spec.suspend.unwrap_or(false),
        concurrency: concurrency(spec.concurrency_policy.as_deref()),
        created_at: id.created_at,
        last_scheduled_at: optional_instant(status.and_then(|status| status.last_schedule_time.as_ref())),
        last_succeeded_at: optional_instant(status.and_then(|status| status.last_successful_time.as_ref())),
    };
    let objective = object.metadata.as_ref().and_then(objective);
    let labels = object.metadata.as_ref().and_then(|metadata| metadata.labels.as_ref());
    let labels = labels.map(Labels::of).unwrap_or_default();
    let work = Work::of(spec.job_template.as_ref().and_then(|template| template.spec.as_ref()));
    Ok(Decoded::CronJob { id, labels, work, cron_job, objective })
}

/// The API server fills in `Allow` where a manifest has none.
fn concurrency(policy: Option<&str>) -> Option<ConcurrencyPolicy> {
    match policy {
        None | Some("Allow") => Some(ConcurrencyPolicy::Allow),
        Some("Forbid") => Some(ConcurrencyPolicy::Forbid),
        Some("Replace") => Some(ConcurrencyPolicy::Replace),
        Some(_) => None,
    }
}

/// The objective is shipped as written, even if its crontab does not parse: the engine keeps it as unresolved, and a notice
/// warns of it.
fn objective(metadata: &Metadata) -> Option<Objective> {
    let deadlines = Deadlines::CompleteBy { crontab: metadata.annotation(COMPLETE_BY)?.to_owned() };
    Some(Objective {
        owner: metadata.annotation(OWNER).map(|owner| scrub(owner).into_owned()),
        runbook: metadata.annotation(RUNBOOK).map(|runbook| scrub(runbook).into_owned()),
        ..Objective::new(deadlines, ObjectiveSource::Annotation)
    })
}
