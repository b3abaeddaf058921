//! The paragraph of a miss that describes its cause: what held at the deadline may be over when the alert is read.

use expect_test::{Expect, expect};
use kigen_model::run::{Run, RunPhase};
use kigen_model::slot::{Cause, RunSummary};
use kigen_notifier::render::render;

use crate::alerts::{at, in_phase, missed, summary};

/// The first paragraph of the miss of 12:30.
fn check(cause: Cause, run: Option<RunSummary>, expected: Expect) {
    expected.assert_eq(&render(&missed(cause, run)).paragraphs[0]);
}

fn running() -> Cause {
    Cause::StillRunning { since: at("2026-11-20T03:00:05Z") }
}

fn failed() -> RunPhase {
    let (reason, message) = ("BackoffLimitExceeded".to_owned(), String::new());
    RunPhase::Failed { failed_at: at("2026-11-20T03:30:10Z"), reason, message }
}

fn succeeded() -> RunPhase {
    RunPhase::Succeeded { completed_at: at("2026-11-20T03:30:20Z") }
}

#[test]
fn a_run_that_failed_after_the_deadline() {
    check(
        running(),
        Some(in_phase(failed(), None)),
        expect!["It was still running, since 12:00:05: 30 min at the deadline. It failed at 12:30:10."],
    );
}

#[test]
fn a_run_that_succeeded_after_the_deadline() {
    check(
        running(),
        Some(in_phase(succeeded(), None)),
        expect!["It was still running, since 12:00:05: 30 min at the deadline."],
    );
}

#[test]
fn a_run_that_started_within_the_grace() {
    let cause = Cause::StillRunning { since: at("2026-11-20T03:33:00Z") };
    check(
        cause,
        Some(in_phase(RunPhase::Running, None)),
        expect!["It is still running, since 12:33, after the deadline."],
    );
}

#[test]
fn a_run_that_waited_at_the_deadline_and_runs_now() {
    let cause =
        Cause::Pending { since: at("2026-11-20T03:00:05Z"), why: Some("ImagePullBackOff".to_owned()) };
    check(
        cause,
        Some(in_phase(RunPhase::Running, None)),
        expect!["Its run was created at 12:00:05 and did not run at the deadline: ImagePullBackOff."],
    );
}

#[test]
fn a_run_that_was_made_after_the_deadline() {
    let late = RunSummary {
        run: Run { created_at: at("2026-11-20T03:30:11Z"), ..summary(None).run },
        ..summary(None)
    };
    check(
        Cause::NeverStarted { expected_at: at("2026-11-20T03:00:00Z") },
        Some(late),
        expect!["It started too late: a run was expected at 12:00, and made at 12:30:11."],
    );
}

#[test]
fn a_run_that_was_in_the_way_and_has_ended_since() {
    let cause = Cause::NeverStarted { expected_at: at("2026-11-20T03:20:00Z") };
    check(
        cause,
        Some(in_phase(succeeded(), None)),
        expect![
            "It never started: a run was expected at 12:20. The run of 12:00 had not ended and may have been in the way."
        ],
    );
}
