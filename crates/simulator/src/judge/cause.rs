//! Why a slot was missed: the first of the contract's causes that held when a success stopped counting.

use kigen_model::Instant;
use kigen_model::run::{AttemptPhase, CronJob, Run, RunPhase};
use kigen_model::slot::CauseKind;

use crate::answer::Open;
use crate::history::{TrueAttempt, TrueRun, Version};
use crate::judge::known::Known;
use crate::judge::slots::{Planned, Window};

/// The causes that are right.
pub(super) struct Causes {
    /// One as a rule, never none.
    pub(super) causes: Vec<CauseKind>,
    /// Why there is more than one.
    pub(super) open: Option<Open>,
}

/// The causes that are right for a slot that was missed.
pub(super) fn causes(known: &Known<'_>, window: &Window<'_>, slot: &Planned) -> Causes {
    let at = slot.stops_counting();
    if slot.is_of_jobs {
        return of_runs(known, window, slot);
    }
    let versions = &known.batch.cron_job;
    let value = |version: &Version<Option<CronJob>>| of_cron_job(version.value.as_ref());
    let absent = Some(CauseKind::CronJobAbsent);
    // When it was observed to change, when it truly did, and when it counts as having done so after a time without ticks.
    let mut readings = vec![
        known
            .seen(versions)
            .filter(|(seen, _)| *seen <= at)
            .last()
            .map_or(absent, |(_, version)| value(version)),
        known
            .seen(versions)
            .filter(|(_, it)| it.at <= at)
            .last()
            .map_or(absent, |(_, version)| value(version)),
        known.dated(versions, at).last().map_or(absent, value),
    ];
    readings.dedup();
    if let [reading] = readings[..] {
        return reading.map_or_else(|| of_runs(known, window, slot), one);
    }
    let found = readings.into_iter().map(|cause| cause.map_or_else(|| of_runs(known, window, slot), one));
    Causes { causes: found.flat_map(|found| found.causes).collect(), open: Some(Open::Undated) }
}

/// The cause that the CronJob alone is.
fn of_cron_job(cron_job: Option<&CronJob>) -> Option<CauseKind> {
    match cron_job {
        None => Some(CauseKind::CronJobAbsent),
        Some(cron_job) => cron_job.suspended.then_some(CauseKind::Suspended),
    }
}

fn one(cause: CauseKind) -> Causes {
    Causes { causes: vec![cause], open: None }
}

/// The cause by the runs of the slot.
fn of_runs(known: &Known<'_>, window: &Window<'_>, slot: &Planned) -> Causes {
    let at = slot.stops_counting();
    let all = || known.batch.runs.iter().filter_map(|run| Some((run, known.run(run)?)));
    let mut runs: Vec<(&TrueRun, &Run)> =
        all().filter(|(_, run)| window.has(run) && run.created_at <= at).collect();
    runs.sort_by_key(|(_, run)| (run.nominal_start(), run.created_at));
    let Some((_, last)) = runs.last() else { return one(CauseKind::NeverStarted) };
    // Its deletion is between two observations, and the deadline too.
    let may_be_deleted =
        |run: &TrueRun| known.deletion(run).is_some_and(|(after, seen)| (after..seen).contains(&at));
    let is_either = |nth: usize| may_be_deleted(runs[nth].0);
    let newest = runs.len() - 1;
    // It succeeded, and did not do what is expected.
    let has_succeeded = |run: &TrueRun| known.success(run).is_some_and(|ended_at| ended_at <= at);
    let mut found = if has_failed(last, at) {
        one(CauseKind::Failed)
    } else if has_succeeded(runs[newest].0) {
        one(CauseKind::Expectation)
    } else {
        let is_under_way = |nth: &usize| !has_failed(runs[*nth].1, at) && !has_succeeded(runs[*nth].0);
        let under_way: Vec<usize> = (0..runs.len()).filter(is_under_way).collect();
        let not_deleted = under_way.iter().filter(|nth| **nth == newest || !is_either(**nth));
        let all = of_those_under_way(known, under_way.iter().map(|nth| runs[*nth].0), at);
        let fewer = of_those_under_way(known, not_deleted.map(|nth| runs[*nth].0), at);
        let failed = is_either(newest).then_some(CauseKind::Failed);
        let mut causes = all.causes;
        for cause in fewer.causes.into_iter().chain(failed) {
            if !causes.contains(&cause) {
                causes.push(cause);
            }
        }
        let open = if causes.len() > 1 { Some(Open::Undated) } else { None };
        Causes { causes, open }
    };
    // Of the runs of a batch 32 are kept at least some time: those under way, and the last ones.
    let before_it = |run: &Run| run.created_at > last.created_at || !run.phase.is_terminal();
    if all().filter(|(_, run)| before_it(run)).count() >= RUNS_SURELY_KEPT {
        let mut any =
            vec![CauseKind::Failed, CauseKind::StillRunning, CauseKind::Pending, CauseKind::NeverStarted];
        if slot.demanded().is_some() {
            any.push(CauseKind::Expectation);
        }
        found = Causes { causes: any, open: Some(Open::Bounded) };
    }
    found
}

/// How many runs are kept of a batch, whatever else is known.
pub(super) const RUNS_SURELY_KEPT: usize = 24;

fn of_those_under_way<'a>(known: &Known<'a>, runs: impl Iterator<Item = &'a TrueRun>, at: Instant) -> Causes {
    let at_that_time: Vec<Work> = runs.map(|run| work(known, run, at)).collect();
    let (causes, open) = if at_that_time.contains(&Work::Runs) {
        (vec![CauseKind::StillRunning], None)
    } else if at_that_time.contains(&Work::Either) {
        (vec![CauseKind::StillRunning, CauseKind::Pending], Some(Open::Undated))
    } else {
        (vec![CauseKind::Pending], None)
    };
    Causes { causes, open }
}

/// Whether the run had failed, or was deleted, by an instant.
fn has_failed(run: &Run, at: Instant) -> bool {
    match run.phase {
        RunPhase::Failed { failed_at, .. } => failed_at <= at,
        RunPhase::Deleted { observed_at } => observed_at <= at,
        RunPhase::Pending | RunPhase::Running | RunPhase::Suspended | RunPhase::Succeeded { .. } => false,
    }
}

/// What a run that had not ended did.
#[derive(PartialEq, Eq)]
enum Work {
    Runs,
    Waits,
    /// Its pod had ended well, and its Job was not observed to run; or it changed, and was observed to only later.
    Either,
}

/// Whether a pod was lost with its node by an instant, and observed to be only later: nothing dates that.
fn is_lost_at(known: &Known<'_>, pod: &TrueAttempt, at: Instant) -> bool {
    known.seen(&pod.versions).any(|(seen_at, version)| {
        let is_undated = matches!(version.value.phase, AttemptPhase::Failed { finished_at: None, .. });
        is_undated && version.at <= at && at < seen_at
    })
}

/// What the run did at an instant, by the last version of it, and of its pods, until then.
fn work(known: &Known<'_>, run: &TrueRun, at: Instant) -> Work {
    let truly = known.seen(&run.versions).filter(|(_, version)| version.at <= at).last();
    let observed = known.seen(&run.versions).filter(|(seen, _)| *seen <= at).last();
    // Of what was observed at once after a time without ticks, any may have been the case.
    let at_once = known.dated(&run.versions, at).filter(|it| it.seen.is_some_and(|seen| seen.at > at));
    let at_once: Vec<&Version<Run>> = at_once.collect();
    let ran_since = at_once.iter().any(|version| version.value.phase == RunPhase::Running);
    let runs = |version: Option<(Instant, &Version<Run>)>| {
        version.is_some_and(|(_, version)| version.value.phase == RunPhase::Running)
    };
    let pods: Vec<&AttemptPhase> = run
        .attempts
        .iter()
        .filter_map(|pod| known.seen(&pod.versions).filter(|(_, version)| version.at <= at).last())
        .map(|(_, version)| &version.value.phase)
        .collect();
    // Nothing of that time was observed but the start that the Job has.
    let has_started =
        known.run(run).and_then(|run| run.started_at).is_some_and(|started_at| started_at <= at);
    // A pod that failed may have been followed by one that was not observed.
    if pods.iter().all(|phase| matches!(phase, AttemptPhase::Failed { .. }))
        && has_started
        && observed.is_none()
    {
        Work::Either
    } else if pods.iter().any(|phase| matches!(phase, AttemptPhase::Running { .. })) {
        Work::Runs
    } else if pods.iter().any(|phase| matches!(phase, AttemptPhase::Succeeded { .. })) {
        if runs(truly) && runs(observed) { Work::Runs } else { Work::Either }
    } else if run.attempts.iter().any(|pod| is_lost_at(known, pod, at)) {
        Work::Either
    } else {
        match [runs(truly), runs(observed), ran_since] {
            [true, true, _] if at_once.is_empty() => Work::Runs,
            [true, true, true] => Work::Runs,
            [false, false, false] => Work::Waits,
            _ => Work::Either,
        }
    }
}
