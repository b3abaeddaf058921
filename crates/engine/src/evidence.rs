//! What can be said of a slot of which history may be missing: a success may have come and vanished while nobody watched.

use kigen_model::Instant;
use kigen_model::run::RunPhase;
use kigen_model::slot::Gap;
use kigen_state::{BatchState, CronJobState, JudgedSlot, ObjectiveState, RunState};

use crate::recover::belongs;
use crate::window;

/// How many expected fires of a slot are looked at; with more, a run that is missing is not looked for.
const FIRES_MAX: usize = 64;

/// What the evidence says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Evidence {
    /// No success in time can have vanished.
    Missed,
    /// There was one, though its run is gone.
    Met {
        /// When it completed.
        ended_at: Instant,
    },
    /// Either may be.
    Unknown,
}

/// Weighs what is known of a slot without a success in time, which `gap` overlaps.
pub(crate) fn weigh(
    state: &BatchState,
    objective: &ObjectiveState,
    judged: &JudgedSlot,
    time_zone: &str,
    gap: &Gap,
) -> Evidence {
    let opens = judged.opens();
    let is_of_now = |known: &&CronJobState| {
        known.deleted_at.is_none() && (!gap.is_of_log || known.seen_at.is_some_and(|at| at >= gap.to))
    };
    if let Some(cron_job) = state.cron_job.as_ref().filter(is_of_now) {
        match cron_job.cron_job.last_succeeded_at.filter(|at| *at >= opens) {
            // Nothing has succeeded since.
            None => return Evidence::Missed,
            Some(ended_at) => {
                let is_in_time = ended_at <= judged.until;
                if is_in_time && !is_of_an_earlier_slot(state, objective, cron_job, opens, ended_at, gap) {
                    return Evidence::Met { ended_at };
                }
            }
        }
    }
    let known: Vec<&RunState> =
        state.runs.iter().filter(|run| belongs(judged.window, judged.slot, &run.run, time_zone)).collect();
    if known.iter().any(|run| has_vanished(run, gap) || (gap.is_of_log && !run.run.phase.is_terminal())) {
        return Evidence::Unknown;
    }
    let is_all_known = match window::fires_between(
        &objective.objective,
        state.cron_job.as_ref(),
        opens,
        judged.until,
        FIRES_MAX,
    ) {
        // What fired when kigen watched again was seen.
        Some(fires) if fires.len() < FIRES_MAX => {
            fires.iter().filter(|fire| **fire < gap.to).all(|fire| is_run_of(&known, *fire))
        }
        Some(_) => false,
        None => !known.is_empty(),
    };
    if is_all_known { Evidence::Missed } else { Evidence::Unknown }
}

/// Whether a run of an earlier slot could have made the CronJob's latest success.
fn is_of_an_earlier_slot(
    state: &BatchState,
    objective: &ObjectiveState,
    cron_job: &CronJobState,
    opens: Instant,
    succeeded_at: Instant,
    gap: &Gap,
) -> bool {
    let mut earlier = state.runs.iter().filter(|run| run.run.nominal_start() < opens);
    let could = |run: &RunState| match run.run.phase {
        RunPhase::Pending | RunPhase::Running | RunPhase::Suspended => true,
        RunPhase::Deleted { .. } => has_vanished(run, gap),
        RunPhase::Succeeded { completed_at } => completed_at >= succeeded_at,
        RunPhase::Failed { .. } => false,
    };
    if earlier.any(could) {
        return true;
    }
    let Some(gap_from) = gap.from else {
        return true;
    };
    // An earlier run that began and ended while nobody watched.
    let fires = window::fires_between(&objective.objective, Some(cron_job), gap_from, opens, FIRES_MAX);
    let known: Vec<&RunState> = state.runs.iter().collect();
    fires.is_none_or(|fires| fires.iter().any(|fire| *fire < opens && !is_run_of(&known, *fire)))
}

fn is_run_of(runs: &[&RunState], fire: Instant) -> bool {
    runs.iter().any(|run| run.run.scheduled_at == Some(fire))
}

/// A run that was under way when the watching broke off, and gone when it went on.
fn has_vanished(run: &RunState, gap: &Gap) -> bool {
    match run.run.phase {
        RunPhase::Deleted { observed_at } => gap.overlaps(observed_at, observed_at),
        RunPhase::Pending
        | RunPhase::Running
        | RunPhase::Suspended
        | RunPhase::Succeeded { .. }
        | RunPhase::Failed { .. } => false,
    }
}
