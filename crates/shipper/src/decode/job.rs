//! A Job to a run.

use chrono::TimeDelta;
use kigen_model::Instant;
use kigen_model::key::is_key_part;
use kigen_model::run::{Run, RunPhase};
use kigen_text::error::kept;

use super::annotations::{Place, unread};
use super::decoded::{AnnouncedFailure, BatchHint, Decoded, Identity, Unusable};
use super::fields::{counter, identity, instant, optional_instant};
use super::names::{BATCH, SCHEDULED_AT, SLOT};
use super::object::{Condition, JobObject, JobStatus, Metadata, UncountedPods};
use super::work::Work;

/// For how long an announced failure waits for its last pods to end, in seconds: most do, within their grace period, and show
/// then how they ended. One that does not hangs.
const ANNOUNCED_S_MAX: i64 = 60;

pub(super) fn decode(object: &JobObject, observed_at: Instant) -> Result<Decoded, Unusable> {
    let id = identity(object.metadata.as_ref())?;
    let metadata = object.metadata.as_ref().ok_or(Unusable::Missing("metadata"))?;
    let scheduled_at = metadata.annotation(SCHEDULED_AT).and_then(instant);
    let empty = JobStatus::default();
    let status = object.status.as_ref().unwrap_or(&empty);
    let suspended = object.spec.as_ref().and_then(|spec| spec.suspend).unwrap_or(false);
    let (slot, not_a_slot) = match metadata.annotation(SLOT).map(str::parse).transpose() {
        Ok(slot) => (slot, None),
        Err(error) => (None, Some(error)),
    };
    let run = Run {
        job: id.name.clone(),
        scheduled_at,
        created_at: id.created_at,
        started_at: optional_instant(status.start_time.as_ref()),
        phase: phase(status, suspended, observed_at),
        failed_pods: counter(status.failed),
        slot,
    };
    let failing = announced_failure(status).filter(|_| !run.phase.is_terminal());
    let work = Work::of(object.spec.as_ref());
    let batch = batch(metadata, &id, scheduled_at, work);
    // That of a CronJob has what the CronJob's template has, which is checked there.
    let is_of_cron_job = matches!(batch, BatchHint::CronJob(_) | BatchHint::Orphan(_));
    let pod = object.spec.as_ref().and_then(|spec| spec.template.as_ref());
    let places =
        [(Place::Job, Some(metadata)), (Place::PodTemplate, pod.and_then(|pod| pod.metadata.as_ref()))];
    let unread = if is_of_cron_job { Vec::new() } else { unread(places) };
    Ok(Decoded::Job { id, run, failing, batch, not_a_slot, unread })
}

/// The end is `Complete` or `Failed` with status True at any position of the list: since Kubernetes 1.31
/// `SuccessCriteriaMet` or `FailureTarget` comes before it, and `Suspended` may too.
fn phase(status: &JobStatus, suspended: bool, observed_at: Instant) -> RunPhase {
    if let Some(complete) = condition(status, "Complete") {
        let completed_at = optional_instant(status.completion_time.as_ref())
            .or_else(|| optional_instant(complete.last_transition_time.as_ref()))
            .unwrap_or(observed_at);
        return RunPhase::Succeeded { completed_at };
    }
    if let Some(failed) = condition(status, "Failed") {
        let failed_at = optional_instant(failed.last_transition_time.as_ref()).unwrap_or(observed_at);
        // Of a failure that was emitted when it was announced, the end of the last pod is no other instant.
        let announced = announced_failure(status).filter(|announced| announced.emit_at <= failed_at);
        let failed_at = announced.map_or(failed_at, |announced| announced.failed_at);
        return failure(failed, failed_at);
    }
    if suspended {
        return RunPhase::Suspended;
    }
    let active = counter(status.active);
    // Kubernetes before 1.24 does not count ready pods: there an active one must do.
    let runs = active > 0 && status.ready.is_none_or(|ready| ready > 0);
    let is_ending = active == 0 && has_unaccounted_end(status);
    if runs || is_ending { RunPhase::Running } else { RunPhase::Pending }
}

/// Whether pods have ended of which the Job controller has not drawn the conclusion yet: that the Job has ended, or that it
/// starts another pod.
fn has_unaccounted_end(status: &JobStatus) -> bool {
    counter(status.succeeded) > 0
        || condition(status, "SuccessCriteriaMet").is_some()
        || status.uncounted_terminated_pods.as_ref().is_some_and(UncountedPods::has_any)
}

/// Since Kubernetes 1.31 a Job that has failed for good has the condition `FailureTarget`, and `Failed` only once all its
/// pods have ended, which those of a lost node may not do for hours.
fn announced_failure(status: &JobStatus) -> Option<AnnouncedFailure> {
    let announced = condition(status, "FailureTarget")?;
    let failed_at = optional_instant(announced.last_transition_time.as_ref())?;
    let emit_at = failed_at + TimeDelta::seconds(ANNOUNCED_S_MAX);
    Some(AnnouncedFailure { failed_at, emit_at, phase: failure(announced, failed_at) })
}

fn failure(condition: &Condition, failed_at: Instant) -> RunPhase {
    RunPhase::Failed {
        failed_at,
        reason: condition.reason.clone().unwrap_or_default(),
        message: condition.message.as_deref().map(kept).unwrap_or_default(),
    }
}

fn condition<'a>(status: &'a JobStatus, name: &str) -> Option<&'a Condition> {
    status.conditions.iter().flatten().find(|condition| condition.is(name, "True"))
}

fn batch(metadata: &Metadata, id: &Identity, scheduled_at: Option<Instant>, work: Option<Work>) -> BatchHint {
    if let Some(name) = metadata.cron_job().and_then(|owner| owner.name.clone())
        && is_key_part(&name)
    {
        return BatchHint::CronJob(name);
    }
    if let Some(label) = metadata.label(BATCH).filter(|label| is_key_part(label)) {
        return BatchHint::Label(label.to_owned());
    }
    scheduled_at
        .and_then(|scheduled_at| orphaned_by(&id.name, scheduled_at))
        .map_or(BatchHint::None(work), BatchHint::Orphan)
}

/// The CronJob controller names a Job `<cronjob>-<scheduled unix time / 60>`; with the annotation that agrees, the
/// name alone identifies the CronJob.
fn orphaned_by(job: &str, scheduled_at: Instant) -> Option<String> {
    let (cron_job, minutes) = job.rsplit_once('-')?;
    let agrees = minutes.parse() == Ok(scheduled_at.timestamp().div_euclid(60));
    (agrees && !cron_job.is_empty()).then(|| cron_job.to_owned())
}
