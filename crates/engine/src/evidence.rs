//! The evidence on a slot of which history may be missing: a success may have come and vanished unobserved.

use kigen_model::Instant;
use kigen_model::run::RunPhase;
use kigen_model::slot::Gap;
use kigen_state::{CronJobState, JudgedSlot, RunState, Window};

use crate::context::Judge;
use crate::expectation::is_enforced;
use crate::membership::belongs;
use crate::window;

/// How many expected fires of a slot are compared with its runs; if there are more, a missing run proves nothing.
const FIRES_MAX: usize = 64;

/// What the evidence proves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum GapEvidence {
    /// No success in time can have vanished.
    Missed,
    /// There was one, though its run is gone.
    Met {
        /// When it completed.
        ended_at: Instant,
    },
    /// Either is possible.
    Unknown,
}

/// Weighs what is known of a slot without a success in time, which `gap` overlaps.
pub(crate) fn weigh(judge: &Judge<'_>, judged: &JudgedSlot, gap: &Gap) -> GapEvidence {
    let opens = judged.opens();
    if let Some(cron_job) = judge.cron_job.filter(|known| is_evidence(known, gap, opens)) {
        match cron_job.cron_job.last_succeeded_at.filter(|at| *at >= opens) {
            // Nothing has succeeded since.
            None => return GapEvidence::Missed,
            Some(ended_at) => {
                let is_of_slot = !may_be_of_a_later_slot(judged, ended_at)
                    && !is_of_an_earlier_slot(judge, opens, ended_at, gap);
                let is_enough = !is_enforced(&judge.objective.objective);
                if ended_at <= judged.until && is_of_slot && is_enough {
                    return GapEvidence::Met { ended_at };
                }
            }
        }
    }
    let zone = judge.objective.planned_zone();
    let known: Vec<&RunState> =
        judge.runs.iter().filter(|run| belongs(judged.window, judged.slot, &run.run, zone)).collect();
    if known.iter().any(|run| has_vanished(run, gap) || (gap.is_of_log && !run.run.phase.is_terminal())) {
        return GapEvidence::Unknown;
    }
    if is_all_known(judge, judged, gap, &known) { GapEvidence::Missed } else { GapEvidence::Unknown }
}

/// Whether a run of a slot may have come and gone within a gap, though it cannot have succeeded in time; `false`: the CronJob
/// has made none since, or none was expected before the gap was over.
pub(crate) fn may_hide_a_run(judge: &Judge<'_>, judged: &JudgedSlot, gap: &Gap) -> bool {
    let opens = judged.opens();
    let has_made_none = judge.cron_job.is_some_and(|known| {
        is_evidence(known, gap, opens) && known.cron_job.last_scheduled_at.is_none_or(|made| made < opens)
    });
    gap.overlaps(opens, judged.until) && !has_made_none && !is_all_known(judge, judged, gap, &[])
}

/// Whether the status of a CronJob is evidence on a slot that a gap overlaps: it is newer than the gap, and not that of a CronJob
/// that was created, perhaps again under the same name, after the slot had opened.
fn is_evidence(known: &CronJobState, gap: &Gap, opens: Instant) -> bool {
    known.deleted_at.is_none()
        && known.cron_job.created_at <= opens
        && (!gap.is_of_log || known.seen_at.is_some_and(|at| at >= gap.to))
}

/// Whether each run of the slot that was expected before the end of the gap is known. What fired after it was observed. Of Jobs
/// without a schedule, a run that was made by then is the one that was expected; a later one may repeat it.
fn is_all_known(judge: &Judge<'_>, judged: &JudgedSlot, gap: &Gap, known: &[&RunState]) -> bool {
    match fires_between(judge, judged.opens(), judged.until) {
        Some(fires) if fires.len() < FIRES_MAX => {
            fires.iter().filter(|fire| **fire < gap.to).all(|fire| is_run_of(known, *fire))
        }
        Some(_) => false,
        None => known.iter().any(|run| run.run.created_at < gap.to),
    }
}

/// Whether a run of a later slot could have made a success at `ended_at`: within a long grace the next run may have ended, too.
fn may_be_of_a_later_slot(judged: &JudgedSlot, ended_at: Instant) -> bool {
    let closes = match judged.window {
        Window::Fires { closes, .. } => closes,
        Window::NoFire | Window::Slot | Window::Fresh { .. } => Some(judged.slot.deadline),
    };
    closes.is_some_and(|closes| ended_at >= closes)
}

/// Whether a run of an earlier slot could have made the CronJob's latest success.
fn is_of_an_earlier_slot(judge: &Judge<'_>, opens: Instant, succeeded_at: Instant, gap: &Gap) -> bool {
    let mut earlier = judge.runs.iter().filter(|run| run.run.nominal_start() < opens);
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
    // An earlier run may have begun and ended within the gap.
    let known: Vec<&RunState> = judge.runs.iter().collect();
    fires_between(judge, gap_from, opens)
        .is_none_or(|fires| fires.iter().any(|fire| *fire < opens && !is_run_of(&known, *fire)))
}

fn fires_between(judge: &Judge<'_>, from: Instant, until: Instant) -> Option<Vec<Instant>> {
    window::fires_between(&judge.objective.objective, judge.cron_job, from, until, FIRES_MAX)
}

fn is_run_of(runs: &[&RunState], fire: Instant) -> bool {
    runs.iter().any(|run| run.run.scheduled_at == Some(fire))
}

/// Whether a run had not ended at the beginning of the gap and was gone at its end.
pub(crate) fn has_vanished(run: &RunState, gap: &Gap) -> bool {
    match run.run.phase {
        RunPhase::Deleted { observed_at } => gap.overlaps(observed_at, observed_at),
        RunPhase::Pending
        | RunPhase::Running
        | RunPhase::Suspended
        | RunPhase::Succeeded { .. }
        | RunPhase::Failed { .. } => false,
    }
}
