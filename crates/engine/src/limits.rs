//! Limits: how long the texts of a fact may be. They are cut before the fact is applied.

use kigen_calendar::CRONTAB_BYTES_MAX;
use kigen_model::event::FactBody;
use kigen_model::key::BatchKey;
use kigen_model::objective::{Deadlines, Objective};
use kigen_model::run::{AttemptPhase, CONTAINERS_MAX, CronJob, ERROR_TEXT_BYTES_MAX, RunPhase};

/// The longest name, UID or namespace (Kubernetes: 253).
const NAME_BYTES_MAX: usize = 253;
/// The longest explanation: a reason, an owner, a link.
const EXPLANATION_BYTES_MAX: usize = 512;

/// Cuts the texts of a fact that people or programs wrote to their limits; whether one of a CronJob or an objective was too
/// long, which is then not kept as it was emitted. `Err`: a name, by which kigen distinguishes things, is too long or ambiguous.
pub(crate) fn cut_texts(key: &BatchKey, body: &mut FactBody) -> Result<bool, &'static str> {
    let BatchKey { cluster, namespace, batch } = key;
    check_names([cluster, namespace, batch])?;
    let mut is_cut = false;
    match body {
        FactBody::CronJob { revision, cron_job } => {
            check_names([&revision.uid])?;
            if let Some(CronJob { schedule, time_zone, .. }) = cron_job {
                is_cut |= cut(schedule, CRONTAB_BYTES_MAX + 1);
                is_cut |= cut_maybe(time_zone, EXPLANATION_BYTES_MAX);
            }
        }
        FactBody::Run { revision, run } => {
            check_names([&revision.uid, &run.job])?;
            if let RunPhase::Failed { reason, message, .. } = &mut run.phase {
                cut(reason, EXPLANATION_BYTES_MAX);
                cut(message, ERROR_TEXT_BYTES_MAX);
            }
        }
        FactBody::Attempt { revision, run_uid, attempt } => {
            check_names([&revision.uid, run_uid, &attempt.pod])?;
            cut_maybe(&mut attempt.node, NAME_BYTES_MAX);
            attempt.containers.truncate(CONTAINERS_MAX);
            for container in &mut attempt.containers {
                cut(&mut container.name, NAME_BYTES_MAX);
            }
            match &mut attempt.phase {
                AttemptPhase::Waiting { reason, message } | AttemptPhase::Failed { reason, message, .. } => {
                    cut_maybe(reason, EXPLANATION_BYTES_MAX);
                    cut_maybe(message, ERROR_TEXT_BYTES_MAX);
                }
                AttemptPhase::Running { .. } | AttemptPhase::Succeeded { .. } => {}
            }
        }
        FactBody::Objective { name, revision, objective } => {
            check_names([name, &revision.uid])?;
            if name.is_empty() || name.contains('/') {
                return Err("an objective's name is empty or has a `/`, which makes its ids ambiguous");
            }
            if let Some(objective) = objective {
                is_cut |= cut_objective(objective);
            }
        }
    }
    Ok(is_cut)
}

fn check_names<const N: usize>(names: [&String; N]) -> Result<(), &'static str> {
    if names.iter().any(|name| name.len() > NAME_BYTES_MAX) {
        return Err("a name or UID in it has more than 253 bytes, which Kubernetes does not allow");
    }
    Ok(())
}

fn cut_objective(objective: &mut Objective) -> bool {
    let Objective { deadlines, time_zone, starts, calendar, owner, runbook, .. } = objective;
    let mut is_cut = match deadlines {
        Deadlines::CompleteBy { crontab } => cut(crontab, CRONTAB_BYTES_MAX + 1),
        Deadlines::Before { namespace, cron_job, schedule } => {
            let of_target = cut(namespace, NAME_BYTES_MAX) | cut(cron_job, NAME_BYTES_MAX);
            schedule.iter_mut().fold(of_target, |is_cut, schedule| {
                let of_zone = cut_maybe(&mut schedule.time_zone, EXPLANATION_BYTES_MAX);
                is_cut | cut(&mut schedule.crontab, CRONTAB_BYTES_MAX + 1) | of_zone
            })
        }
        Deadlines::Reads { sources } => {
            let is_cut = sources.len() > Objective::READS_MAX;
            sources.truncate(Objective::READS_MAX);
            sources.iter_mut().fold(is_cut, |is_cut, source| {
                is_cut | cut(&mut source.namespace, NAME_BYTES_MAX) | cut(&mut source.batch, NAME_BYTES_MAX)
            })
        }
    };
    is_cut |= cut_maybe(starts, CRONTAB_BYTES_MAX + 1);
    for text in [time_zone, calendar, owner, runbook] {
        is_cut |= cut_maybe(text, EXPLANATION_BYTES_MAX);
    }
    is_cut
}

/// An explanation, cut to its limit.
pub(crate) fn explanation(text: &str) -> String {
    let mut text = text.to_owned();
    cut(&mut text, EXPLANATION_BYTES_MAX);
    text
}

/// A crontab that is too long is cut to one byte more than allowed, so that it is still refused as too long. Returns whether the
/// text was too long.
fn cut(text: &mut String, bytes_max: usize) -> bool {
    let is_too_long = text.len() > bytes_max;
    if is_too_long {
        let end = (0..=bytes_max).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
        text.truncate(end);
    }
    is_too_long
}

fn cut_maybe(text: &mut Option<String>, bytes_max: usize) -> bool {
    text.as_mut().is_some_and(|text| cut(text, bytes_max))
}
