//! What a CronJob and a run did before: what has no time of its own in Kubernetes, and holds no more when a slot is judged.

use chrono::TimeDelta;
use kigen_model::Instant;
use kigen_model::run::{AttemptPhase, RunPhase};
use kigen_state::{
    Activity, CronJobState, MOMENTS_MAX, RunMoment, RunState, STANDINGS_MAX, Standing, StandingKind,
};

use crate::{attempts, limits};

/// How long after the last watermark a change is taken to have been observed as it happened, in seconds. A quiet stream of
/// the API server shows once a minute how far it is; after a longer time the observation was interrupted.
const LIVE_S: i64 = 120;
/// Why a suspended Job does not run.
const SUSPENDED: &str = "the Job is suspended";

/// Since when a change held that was observed at `at`, and was not there when the cluster had been observed until `after`.
/// If the observation was interrupted, the change may be as old as the interruption.
pub(crate) fn changed_from(at: Instant, after: Option<Instant>) -> Instant {
    after.filter(|after| at - *after > TimeDelta::seconds(LIVE_S)).unwrap_or(at)
}

/// How a CronJob stands now.
fn standing(known: &CronJobState) -> StandingKind {
    match known.deleted_at {
        Some(_) => StandingKind::Absent,
        None if known.cron_job.suspended => StandingKind::Suspended,
        None => StandingKind::Active,
    }
}

/// Notes how a CronJob stands, if that has changed; `before` is what was known of it.
pub(crate) fn note_standing(
    known: &mut CronJobState,
    before: Option<&CronJobState>,
    at: Instant,
    after: Option<Instant>,
) {
    let kind = standing(known);
    if known.standings.is_empty() {
        // It was made as it is now, or an older kigen has kept only how it stood last.
        let first = before.unwrap_or(known);
        known.standings.push(Standing { from: first.cron_job.created_at, kind: standing(first) });
    }
    if known.standings.last().is_none_or(|last| last.kind == kind) {
        return;
    }
    let is_made_again = before.is_some_and(|before| before.revision.uid != known.revision.uid);
    let from = if is_made_again { known.cron_job.created_at } else { changed_from(at, after) };
    known.standings.push(Standing { from, kind });
    let surplus = known.standings.len().saturating_sub(STANDINGS_MAX);
    known.standings.drain(..surplus);
}

/// How a CronJob stood at an instant. What is known first held before it, too, if the CronJob existed.
pub(crate) fn standing_at(known: &CronJobState, at: Instant) -> StandingKind {
    let since = known.standings.iter().rev().find(|standing| standing.from <= at);
    match since.or(known.standings.first()) {
        Some(standing) if standing.from > at && known.cron_job.created_at > at => StandingKind::Absent,
        Some(standing) => standing.kind,
        None => standing(known),
    }
}

/// Notes what a run does, if that has changed; nothing before a controller or a pod of it was observed. Its Job and its pods
/// are observed apart: that a container ran may be known only after the Job has ended.
pub(crate) fn note_activity(run: &mut RunState, at: Instant, after: Option<Instant>) {
    let activity = match run.run.phase {
        RunPhase::Running => Activity::Runs,
        RunPhase::Pending if attempts::runs_now(run) => Activity::Runs,
        RunPhase::Pending if run.run.started_at.is_none() && run.attempts.is_empty() => return,
        // The Job is observed later than the end of its pod.
        RunPhase::Pending if has_succeeded(run) => return,
        RunPhase::Pending => {
            Activity::Waits { why: attempts::why_waiting(run).map(|why| limits::explanation(&why)) }
        }
        RunPhase::Suspended => Activity::Waits { why: Some(SUSPENDED.to_owned()) },
        RunPhase::Succeeded { .. } | RunPhase::Failed { .. } | RunPhase::Deleted { .. }
            if attempts::runs_now(run) =>
        {
            Activity::Runs
        }
        RunPhase::Succeeded { .. } | RunPhase::Failed { .. } | RunPhase::Deleted { .. } => return,
    };
    let runs_since = runs_since(run);
    if let Some(last) = run.moments.last_mut().filter(|last| last.activity == activity) {
        if let (Activity::Runs, Some(since)) = (&activity, runs_since) {
            last.from = last.from.min(since);
        }
        return;
    }
    let is_live = after.is_some_and(|after| at - after <= TimeDelta::seconds(LIVE_S));
    let from = match (&activity, run.moments.last().map(|last| &last.activity)) {
        // Of what was observed late, the start of the Job is the best that is known.
        (Activity::Runs, Some(_)) if is_live => runs_since.unwrap_or(at).min(at),
        (Activity::Runs, _) => runs_since.or(run.run.started_at).unwrap_or(at).min(at),
        (Activity::Waits { .. }, None) => run.run.created_at,
        (Activity::Waits { .. }, Some(Activity::Runs)) => last_finished(run).unwrap_or(at).min(at),
        (Activity::Waits { .. }, Some(Activity::Waits { .. })) => changed_from(at, after),
    };
    run.moments.push(RunMoment { from, activity });
    let surplus = run.moments.len().saturating_sub(MOMENTS_MAX);
    run.moments.drain(..surplus);
}

/// What a run that had not ended did at an instant; `None`: that was not observed.
pub(crate) fn activity_at(run: &RunState, at: Instant) -> Option<&Activity> {
    run.moments.iter().rev().find(|moment| moment.from <= at).map(|moment| &moment.activity)
}

/// Whether a pod of the run succeeded.
fn has_succeeded(run: &RunState) -> bool {
    run.attempts.iter().any(|known| match known.attempt.phase {
        AttemptPhase::Succeeded { .. } => true,
        AttemptPhase::Waiting { .. } | AttemptPhase::Running { .. } | AttemptPhase::Failed { .. } => false,
    })
}

/// When the last of its pods that failed did.
fn last_finished(run: &RunState) -> Option<Instant> {
    let finished = run.attempts.iter().filter_map(|known| match known.attempt.phase {
        AttemptPhase::Failed { finished_at, .. } => finished_at,
        AttemptPhase::Waiting { .. } | AttemptPhase::Running { .. } | AttemptPhase::Succeeded { .. } => None,
    });
    finished.max()
}

/// Since when a container of the run runs.
fn runs_since(run: &RunState) -> Option<Instant> {
    let since = run.attempts.iter().filter_map(|known| match known.attempt.phase {
        AttemptPhase::Running { since } => since,
        AttemptPhase::Waiting { .. } | AttemptPhase::Succeeded { .. } | AttemptPhase::Failed { .. } => None,
    });
    since.max()
}
