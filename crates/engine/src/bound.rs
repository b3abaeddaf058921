//! Bounds: how long a text may be, and how much of a batch is kept. History goes first.

use kigen_model::event::{Fact, FactBody};
use kigen_model::key::BatchKey;
use kigen_model::objective::{Deadlines, Objective};
use kigen_model::run::{Attempt, AttemptPhase, CronJob, ERROR_TEXT_BYTES_MAX, Run, RunPhase};

use crate::calendar::TEXT_BYTES_MAX;
use crate::state::{AttemptState, BatchState, CronJobState, ObjectiveState, Plan, RunState};

/// The largest a batch's state may be, in bytes as `kigen.status` has it.
pub const STATE_BYTES_MAX: usize = 64 * 1024;
/// The largest part of it that objectives may take; one that would take more is refused.
const OBJECTIVES_BYTES_MAX: usize = 40 * 1024;
/// The longest name, UID or namespace (Kubernetes: 253).
const NAME_BYTES_MAX: usize = 253;
/// The longest word of explanation: a reason, an owner, a link.
const WORDS_BYTES_MAX: usize = 512;

/// What a record's fixed parts take at most: its numbers, instants, choices and the lengths of its texts.
const RUN_BYTES: usize = 128;
const ATTEMPT_BYTES: usize = 96;
const EDIT_BYTES: usize = 32;
const OBJECTIVE_BYTES: usize = 256;
const VERDICT_BYTES: usize = 192;
const BATCH_BYTES: usize = 192;

/// Cuts what a person wrote or a program said to its bounds. `Err`: something is longer that tells one thing from another.
pub(crate) fn bounded(fact: &Fact) -> Result<FactBody, &'static str> {
    let BatchKey { cluster, namespace, batch } = &fact.key;
    names([cluster, namespace, batch])?;
    let mut body = fact.body.clone();
    match &mut body {
        FactBody::CronJob { revision, cron_job } => {
            names([&revision.uid])?;
            if let Some(CronJob { schedule, time_zone, .. }) = cron_job {
                cut(schedule, TEXT_BYTES_MAX + 1);
                cut_maybe(time_zone, WORDS_BYTES_MAX);
            }
        }
        FactBody::Run { revision, run } => {
            names([&revision.uid, &run.job])?;
            if let RunPhase::Failed { reason, message, .. } = &mut run.phase {
                cut(reason, WORDS_BYTES_MAX);
                cut(message, ERROR_TEXT_BYTES_MAX);
            }
        }
        FactBody::Attempt { revision, run_uid, attempt } => {
            names([&revision.uid, run_uid, &attempt.pod])?;
            cut_maybe(&mut attempt.node, NAME_BYTES_MAX);
            match &mut attempt.phase {
                AttemptPhase::Waiting { reason, message } | AttemptPhase::Failed { reason, message, .. } => {
                    cut_maybe(reason, WORDS_BYTES_MAX);
                    cut_maybe(message, ERROR_TEXT_BYTES_MAX);
                }
                AttemptPhase::Running { .. } | AttemptPhase::Succeeded { .. } => {}
            }
        }
        FactBody::Objective { name, revision, objective } => {
            names([name, &revision.uid])?;
            if let Some(objective) = objective {
                cut_objective(objective);
            }
        }
    }
    Ok(body)
}

fn names<const N: usize>(names: [&String; N]) -> Result<(), &'static str> {
    if names.iter().any(|name| name.len() > NAME_BYTES_MAX) {
        return Err("a name or UID in it has more than 253 bytes, which Kubernetes does not allow");
    }
    Ok(())
}

fn cut_objective(objective: &mut Objective) {
    let Objective { deadlines, time_zone, starts, owner, runbook, .. } = objective;
    match deadlines {
        Deadlines::CompleteBy { crontab } => cut(crontab, TEXT_BYTES_MAX + 1),
        Deadlines::Before { namespace, cron_job, schedule } => {
            cut(namespace, NAME_BYTES_MAX);
            cut(cron_job, NAME_BYTES_MAX);
            if let Some(schedule) = schedule {
                cut(&mut schedule.crontab, TEXT_BYTES_MAX + 1);
                cut_maybe(&mut schedule.time_zone, WORDS_BYTES_MAX);
            }
        }
    }
    cut_maybe(starts, TEXT_BYTES_MAX + 1);
    for words in [time_zone, owner, runbook] {
        cut_maybe(words, WORDS_BYTES_MAX);
    }
}

/// An explanation, cut to its bound.
pub(crate) fn words(text: &str) -> String {
    let mut text = text.to_owned();
    cut(&mut text, WORDS_BYTES_MAX);
    text
}

/// A crontab that is too long stays too long by one byte, so that it is refused as one that is.
fn cut(text: &mut String, bytes_max: usize) {
    if text.len() > bytes_max {
        let end = (0..=bytes_max).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
        text.truncate(end);
    }
}

fn cut_maybe(text: &mut Option<String>, bytes_max: usize) {
    if let Some(text) = text {
        cut(text, bytes_max);
    }
}

/// Whether another objective, or another wording of one, still fits beside those that are there.
pub(crate) fn has_room(state: &BatchState, name: &str, objective: &Objective) -> bool {
    let others = state.objectives.iter().filter(|(other, _)| *other != name);
    let others = others.map(|(name, known)| objective_bytes(name, known));
    let new = OBJECTIVE_BYTES + VERDICT_BYTES + name.len() + 2 * wording_bytes(objective);
    others.sum::<usize>() + new <= OBJECTIVES_BYTES_MAX
}

/// Forgets history until the state is small enough: first what the attempts of ended runs said, then ended runs, then
/// verdicts, then old schedules, then the rest of the runs.
pub(crate) fn fit(state: &mut BatchState) {
    while bytes(state) > STATE_BYTES_MAX {
        if !forget_one(state) {
            return;
        }
    }
}

/// Forgets one thing; false: there is no history left.
fn forget_one(state: &mut BatchState) -> bool {
    if let Some(run) = state.runs.iter_mut().find(|run| has_ended(run) && !run.attempts.is_empty()) {
        run.attempts.remove(0);
        return true;
    }
    if let Some(oldest) = state.runs.iter().position(has_ended) {
        state.runs.remove(oldest);
        return true;
    }
    let longest = state.objectives.values_mut().max_by_key(|objective| objective.verdicts.len());
    if let Some(objective) = longest.filter(|objective| objective.verdicts.len() > 1) {
        objective.verdicts.remove(0);
        return true;
    }
    if let Some(cron_job) = state.cron_job.as_mut().filter(|known| known.edits.len() > 1) {
        cron_job.edits.remove(0);
        return true;
    }
    if let Some(run) = state.runs.iter_mut().find(|run| !run.attempts.is_empty()) {
        run.attempts.remove(0);
        return true;
    }
    if state.runs.is_empty() {
        return false;
    }
    state.runs.remove(0);
    true
}

fn has_ended(run: &RunState) -> bool {
    match run.run.phase {
        RunPhase::Pending | RunPhase::Running | RunPhase::Suspended => false,
        RunPhase::Succeeded { .. } | RunPhase::Failed { .. } | RunPhase::Deleted { .. } => true,
    }
}

/// At least as many bytes as the encoded state has.
fn bytes(state: &BatchState) -> usize {
    let BatchKey { cluster, namespace, batch } = &state.key;
    let objectives = state.objectives.iter().map(|(name, known)| objective_bytes(name, known));
    BATCH_BYTES
        + cluster.len()
        + namespace.len()
        + batch.len()
        + state.cron_job.as_ref().map_or(0, cron_job_bytes)
        + state.runs.iter().map(run_bytes).sum::<usize>()
        + objectives.sum::<usize>()
}

fn cron_job_bytes(known: &CronJobState) -> usize {
    let edits = known.edits.iter().map(|edit| EDIT_BYTES + edit.schedule.len() + maybe(&edit.time_zone));
    let CronJob { schedule, time_zone, .. } = &known.cron_job;
    known.revision.uid.len() + schedule.len() + maybe(time_zone) + edits.sum::<usize>()
}

fn run_bytes(known: &RunState) -> usize {
    let Run { job, phase, .. } = &known.run;
    let said = match phase {
        RunPhase::Failed { reason, message, .. } => reason.len() + message.len(),
        RunPhase::Pending
        | RunPhase::Running
        | RunPhase::Suspended
        | RunPhase::Succeeded { .. }
        | RunPhase::Deleted { .. } => 0,
    };
    RUN_BYTES
        + known.revision.uid.len()
        + job.len()
        + said
        + known.attempts.iter().map(attempt_bytes).sum::<usize>()
}

fn attempt_bytes(known: &AttemptState) -> usize {
    let Attempt { pod, node, phase, .. } = &known.attempt;
    let said = match phase {
        AttemptPhase::Waiting { reason, message } | AttemptPhase::Failed { reason, message, .. } => {
            maybe(reason) + maybe(message)
        }
        AttemptPhase::Running { .. } | AttemptPhase::Succeeded { .. } => 0,
    };
    ATTEMPT_BYTES + known.revision.uid.len() + pod.len() + maybe(node) + said
}

fn objective_bytes(name: &str, known: &ObjectiveState) -> usize {
    let plan = match &known.plan {
        Plan::Open(open) => open.time_zone.len(),
        Plan::Unresolved { reason } => reason.len(),
        Plan::Exhausted | Plan::Withdrawn => 0,
    };
    let successor = known.successor.as_ref().map_or(0, |successor| wording_bytes(&successor.objective));
    OBJECTIVE_BYTES
        + name.len()
        + known.revision.uid.len()
        + wording_bytes(&known.objective)
        + successor
        + plan
        + known.verdicts.len() * VERDICT_BYTES
}

fn wording_bytes(objective: &Objective) -> usize {
    let Objective { deadlines, time_zone, starts, owner, runbook, .. } = objective;
    let deadlines = match deadlines {
        Deadlines::CompleteBy { crontab } => crontab.len(),
        Deadlines::Before { namespace, cron_job, schedule } => {
            let schedule =
                schedule.as_ref().map_or(0, |schedule| schedule.crontab.len() + maybe(&schedule.time_zone));
            namespace.len() + cron_job.len() + schedule
        }
    };
    deadlines + maybe(time_zone) + maybe(starts) + maybe(owner) + maybe(runbook)
}

fn maybe(text: &Option<String>) -> usize {
    text.as_ref().map_or(0, String::len)
}
