//! A CronJob, and the objective that its annotations declare.

use kigen_model::objective::{Deadlines, Objective, ObjectiveSource};
use kigen_model::run::{ConcurrencyPolicy, CronJob};
use kigen_objective::annotation::{
    CALENDAR, COMPLETE_BY, EXPECT, MUTE_UNTIL, OWNER, READS, RUNBOOK, START_BY, TARGET,
};
use kigen_objective::{expect, mute, read, reads as what_is_read};
use kigen_text::secrets::scrub;

use super::annotations::{Place, unread};
use super::decoded::{Decoded, Unusable};
use super::fields::{identity, optional_instant, present};
use super::labels::Labels;
use super::object::{CronJobObject, Metadata};
use super::work::Work;

/// The most of a text of a person that is shipped, in bytes. An annotation may have 256 KiB; the engine keeps less than this,
/// and of a crontab that is this long, that it is too long.
const TEXT_BYTES_MAX: usize = 8192;

pub(super) fn decode(object: &CronJobObject) -> Result<Decoded, Unusable> {
    let id = identity(object.metadata.as_ref())?;
    let spec = object.spec.as_ref().ok_or(Unusable::Missing("spec.schedule"))?;
    let status = object.status.as_ref();
    let cron_job = CronJob {
        schedule: cut(present(spec.schedule.as_deref(), "spec.schedule")?).to_owned(),
        time_zone: spec.time_zone.as_deref().filter(|zone| !zone.is_empty()).map(|zone| cut(zone).to_owned()),
        suspended: spec.suspend.unwrap_or(false),
        concurrency: concurrency(spec.concurrency_policy.as_deref()),
        created_at: id.created_at,
        last_scheduled_at: optional_instant(status.and_then(|status| status.last_schedule_time.as_ref())),
        last_succeeded_at: optional_instant(status.and_then(|status| status.last_successful_time.as_ref())),
    };
    let objective = object.metadata.as_ref().and_then(objective);
    let reads = object.metadata.as_ref().and_then(|metadata| reads(metadata, &id.namespace));
    let mute = object.metadata.as_ref().and_then(|metadata| metadata.annotation(MUTE_UNTIL));
    let mute = mute.and_then(|text| mute::annotated(&scrub(text)).ok());
    let labels = object.metadata.as_ref().and_then(|metadata| metadata.labels.as_ref());
    let labels = labels.map(Labels::of).unwrap_or_default();
    let template = spec.job_template.as_ref();
    let job = template.and_then(|template| template.spec.as_ref());
    let pod = job.and_then(|job| job.template.as_ref());
    let unread = unread([
        (Place::CronJob, object.metadata.as_ref()),
        (Place::JobTemplate, template.and_then(|template| template.metadata.as_ref())),
        (Place::PodTemplate, pod.and_then(|pod| pod.metadata.as_ref())),
    ]);
    Ok(Decoded::CronJob { id, labels, work: Work::of(job), cron_job, objective, reads, mute, unread })
}

fn cut(text: &str) -> &str {
    &text[..text.floor_char_boundary(TEXT_BYTES_MAX)]
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
/// warns of it. Of the other annotations one that cannot be read is left out, and reported with what is not read at all: the
/// deadlines hold without it.
fn objective(metadata: &Metadata) -> Option<Objective> {
    let deadlines = Deadlines::CompleteBy { crontab: cut(metadata.annotation(COMPLETE_BY)?).to_owned() };
    Some(Objective {
        calendar: metadata.annotation(CALENDAR).map(|name| cut(name).to_owned()),
        owner: metadata.annotation(OWNER).map(|owner| cut(&scrub(owner)).to_owned()),
        runbook: metadata.annotation(RUNBOOK).map(|runbook| cut(&scrub(runbook)).to_owned()),
        start_by: metadata.annotation(START_BY).and_then(|text| read::start_by(text).ok()),
        target: metadata.annotation(TARGET).and_then(|text| text.parse().ok()),
        expect: metadata.annotation(EXPECT).and_then(|text| expect::annotated(text).ok()),
        labels: metadata.routing_labels(),
        ..Objective::new(deadlines, ObjectiveSource::Annotation)
    })
}

/// What cannot be read is left out, and reported with what is not read at all.
fn reads(metadata: &Metadata, namespace: &str) -> Option<Objective> {
    let sources = what_is_read::annotated(metadata.annotation(READS)?, namespace).ok()?;
    Some(Objective::new(Deadlines::Reads { sources }, ObjectiveSource::Annotation))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_annotated_objective_has_the_labels_of_its_cron_job() {
        let object = serde_json::json!({
            "metadata": {
                "name": "recommend", "namespace": "ml", "uid": "1", "resourceVersion": "7",
                "creationTimestamp": "2026-11-23T08:00:00Z",
                "labels": {"tier": "gold", "team": "ml", "helm.sh/chart": "shop-1.2.3"},
                "annotations": {COMPLETE_BY: "0 12 * * *"},
            },
            "spec": {"schedule": "0 9 * * *"},
        });
        let object = serde_json::from_value(object).expect("a CronJob");
        let Ok(Decoded::CronJob { objective, .. }) = decode(&object) else { panic!("it is one") };
        assert_eq!(objective.expect("an objective").labels.to_string(), "team=ml, tier=gold");
    }

    #[test]
    fn long_texts_of_a_cron_job_are_cut_before_they_are_shipped() {
        let long = "é".repeat(100_000);
        let object = serde_json::json!({
            "metadata": {
                "name": "recommend", "namespace": "ml", "uid": "1", "resourceVersion": "7",
                "creationTimestamp": "2026-11-23T08:00:00Z",
                "annotations": {COMPLETE_BY: long, OWNER: long, RUNBOOK: long, CALENDAR: long},
            },
            "spec": {"schedule": long, "timeZone": long},
        });
        let object = serde_json::from_value(object).expect("a CronJob");
        let Ok(Decoded::CronJob { cron_job, objective, .. }) = decode(&object) else { panic!("it is one") };
        let Objective { deadlines, calendar, owner, runbook, .. } = objective.expect("an objective");
        let Deadlines::CompleteBy { crontab } = deadlines else { panic!("it has a crontab") };
        let texts = [Some(cron_job.schedule), cron_job.time_zone, Some(crontab), calendar, owner, runbook];
        assert_eq!(texts.map(|text| text.map(|text| text.len())), [Some(TEXT_BYTES_MAX); 6]);
    }
}
