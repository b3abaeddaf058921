//! Why a slot has its verdict, by the state alone.

use crate::support::{Batch, at, by};
use chrono::TimeDelta;
use kigen_engine::explain::{explain, last_reported};
use kigen_engine::step::{Input, step};
use kigen_model::event::{FactBody, Revision};
use kigen_model::objective::Objective;
use kigen_model::reported::ReportedMetrics;
use kigen_model::run::{Attempt, AttemptPhase, Run, RunPhase};
use kigen_model::slot::{CauseKind, Gap, Verdict};
use kigen_state::{Calendars, Mutes, Window};

/// A CronJob at eight that must be done by noon, ten minutes later at the latest: judged on Monday, open on Tuesday.
fn judged_once() -> Batch {
    let objective = Objective { grace: TimeDelta::minutes(10), ..by("0 12 * * *") };
    let batch = Batch::of_cron_job("0 8 * * *", None).observes(|revision| FactBody::Objective {
        name: "noon".to_owned(),
        revision,
        objective: Some(objective),
    });
    let mut batch = batch.ran(14..=16, |day| if day == 16 { 240 } else { 30 });
    for day in [15, 16] {
        step(
            &mut batch.state,
            Input::Due {
                observed_until: at(day, 12, 11),
                gaps: &[],
                calendars: Calendars::NONE,
                mutes: Mutes::NONE,
            },
        );
    }
    batch
}

#[test]
fn a_judged_slot_is_explained_by_the_runs_that_are_kept() {
    let batch = judged_once();
    let monday = explain(&batch.state, "noon", at(16, 12, 0)).expect("it is kept");
    assert_eq!((monday.slot.from, monday.slot.deadline), (at(15, 12, 0), at(16, 12, 0)));
    assert_eq!(monday.window, Window::Fires { opens: at(16, 8, 0), closes: Some(at(17, 8, 0)) });
    assert_eq!(monday.until, at(16, 12, 10));
    assert_eq!(monday.time_zone, "UTC");
    assert_eq!(monday.verdict, Some(Verdict::Met { ended_at: at(16, 12, 0) }));
    let runs: Vec<_> =
        monday.runs.iter().map(|run| (run.run.run.job.as_str(), run.belongs, run.ended_at)).collect();
    let expected = [
        ("recommend-14", false, Some(at(14, 8, 30))),
        ("recommend-15", false, Some(at(15, 8, 30))),
        ("recommend-16", true, Some(at(16, 12, 0))),
    ];
    assert_eq!(runs, expected);
}

#[test]
fn an_open_slot_is_explained_without_a_verdict_and_other_slots_are_not_explained() {
    let batch = judged_once();
    let tuesday = explain(&batch.state, "noon", at(17, 12, 0)).expect("it is open");
    assert_eq!((tuesday.verdict, tuesday.until), (None, at(17, 12, 10)));
    assert!(tuesday.runs.iter().all(|run| !run.belongs));
    assert!(explain(&batch.state, "noon", at(18, 12, 0)).is_none(), "it is not planned yet");
    assert!(explain(&batch.state, "noon", at(16, 11, 0)).is_none(), "no deadline");
    assert!(explain(&batch.state, "other", at(16, 12, 0)).is_none(), "no such objective");
}

/// A run by hand on Tuesday, and its one pod.
fn ran_by_hand(batch: Batch, phase: RunPhase, attempt: AttemptPhase, metrics: ReportedMetrics) -> Batch {
    let run = Run {
        job: "by-hand".to_owned(),
        scheduled_at: None,
        created_at: at(17, 9, 0),
        started_at: Some(at(17, 9, 0)),
        phase,
        failed_pods: 1,
        slot: None,
    };
    let batch = batch.observes(|revision| FactBody::Run {
        revision: Revision { uid: "by-hand".to_owned(), ..revision },
        run,
    });
    let attempt = Attempt {
        pod: "pod".to_owned(),
        node: None,
        restarts: 0,
        metrics,
        phase: attempt,
        containers: Vec::new(),
    };
    batch.observes(|revision| FactBody::Attempt { revision, run_uid: "by-hand".to_owned(), attempt })
}

fn rows(count: f64) -> ReportedMetrics {
    ReportedMetrics::new([("rows".to_owned(), count)])
}

#[test]
fn a_pending_run_is_explained_and_one_that_runs_does_not_wait() {
    let waits = AttemptPhase::Waiting { reason: Some("ImagePullBackOff".to_owned()), message: None };
    let batch = ran_by_hand(judged_once(), RunPhase::Pending, waits.clone(), ReportedMetrics::default());
    let tuesday = explain(&batch.state, "noon", at(17, 12, 0)).expect("it is open");
    let of_run = tuesday.runs.last().expect("runs");
    assert_eq!(of_run.waits.as_deref(), Some("ImagePullBackOff"));
    assert_eq!(of_run.failure, None);
    let batch = ran_by_hand(judged_once(), RunPhase::Running, waits, ReportedMetrics::default());
    let tuesday = explain(&batch.state, "noon", at(17, 12, 0)).expect("it is open");
    assert_eq!(tuesday.runs.last().expect("runs").waits, None);
}

#[test]
fn a_failed_run_is_explained_by_its_failure() {
    let phase = RunPhase::Failed {
        failed_at: at(17, 9, 30),
        reason: "BackoffLimitExceeded".to_owned(),
        message: String::new(),
    };
    let attempt = AttemptPhase::Failed {
        finished_at: Some(at(17, 9, 30)),
        exit_code: Some(40),
        reason: None,
        message: Some("no rows".to_owned()),
    };
    let batch = ran_by_hand(judged_once(), phase, attempt, ReportedMetrics::default());
    let tuesday = explain(&batch.state, "noon", at(17, 12, 0)).expect("it is open");
    let failure = tuesday.runs.last().and_then(|run| run.failure.as_ref()).expect("it failed");
    assert_eq!((failure.exit_code, failure.last_error.as_deref()), (Some(40), Some("no rows")));
}

#[test]
fn the_numbers_last_reported_are_those_of_the_latest_run() {
    assert_eq!(last_reported(&judged_once().state), None);
    let succeeded = AttemptPhase::Succeeded { finished_at: Some(at(17, 9, 30)) };
    let phase = RunPhase::Succeeded { completed_at: at(17, 9, 30) };
    let batch = ran_by_hand(judged_once(), phase, succeeded, rows(120_345.0));
    assert_eq!(last_reported(&batch.state), Some(&rows(120_345.0)));
    let tuesday = explain(&batch.state, "noon", at(17, 12, 0)).expect("it is open");
    assert_eq!(tuesday.runs.last().and_then(|run| run.reported), Some(&rows(120_345.0)));
}

#[test]
fn a_miss_whose_cause_was_not_observed_is_explained_by_the_time_without_observation() {
    let mut batch = judged_once();
    let known = batch.state.cron_job.as_mut().expect("a CronJob");
    known.cron_job.last_scheduled_at = Some(at(17, 8, 0));
    known.cron_job.last_succeeded_at = Some(at(16, 12, 0));
    known.seen_at = Some(at(18, 8, 0));
    let gap = Gap::unwatched(Some(at(17, 7, 0)), at(18, 8, 0));
    step(
        &mut batch.state,
        Input::Due {
            observed_until: at(18, 8, 0),
            gaps: &[gap],
            calendars: Calendars::NONE,
            mutes: Mutes::NONE,
        },
    );
    let tuesday = explain(&batch.state, "noon", at(17, 12, 0)).expect("it is judged");
    assert_eq!(tuesday.verdict, Some(Verdict::Missed(CauseKind::NotObserved)));
    assert_eq!(tuesday.unobserved, Some(gap));
    let monday = explain(&batch.state, "noon", at(16, 12, 0)).expect("it is kept");
    assert_eq!(monday.unobserved, None);
}
