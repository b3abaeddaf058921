//! The paragraph of a miss that describes its cause: what held at the deadline may be over when the alert is read.

use expect_test::{Expect, expect};
use kigen_model::alert::AlertBody;
use kigen_model::run::{ContainerState, Run, RunPhase};
use kigen_model::slot::{Cause, Failure, Gap, RunSummary};

use crate::alerts::{
    self, at, beside_a_proxy, failed_attempt, in_phase, missed, render, run_failed, summary,
};

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

#[test]
fn a_run_that_came_and_went_unobserved() {
    let gap = Gap::unwatched(Some(at("2026-11-19T23:00:00Z")), at("2026-11-20T03:29:00Z"));
    let cause = Cause::NotObserved { expected_at: at("2026-11-20T03:00:00Z"), gap };
    check(
        cause,
        None,
        expect![
            "What became of its run, expected at 12:00, is not known: nothing was observed from 08:00 until 12:29. Its CronJob shows no success in time."
        ],
    );
}

#[test]
fn a_run_whose_end_was_not_observed() {
    let gap = Gap::unwatched(None, at("2026-11-20T03:29:00Z"));
    let cause = Cause::NotObserved { expected_at: at("2026-11-20T03:00:00Z"), gap };
    check(
        cause,
        Some(summary(None)),
        expect![
            "How its run of 12:00 ended is not known: nothing was observed until 12:29. Its CronJob shows no success in time."
        ],
    );
}

/// The run of a Job that was observed as deleted at 12:14, and as existing before at that instant.
fn deleted(gone_after: &str) -> RunSummary {
    let phase = RunPhase::Deleted { observed_at: at("2026-11-20T03:14:00Z") };
    RunSummary { gone_after: Some(at(gone_after)), ..in_phase(phase, None) }
}

fn deletion() -> Cause {
    Cause::Failed(Failure { reason: "Deleted".to_owned(), exit_code: None, attempts: 1, last_error: None })
}

#[test]
fn a_run_that_was_deleted_while_kigen_was_stopped() {
    check(
        deletion(),
        Some(deleted("2026-11-20T03:12:30Z")),
        expect!["Its Job was deleted between 12:12:30 and 12:14, before it had ended."],
    );
}

#[test]
fn a_run_that_was_deleted_while_kigen_watched() {
    check(
        deletion(),
        Some(deleted("2026-11-20T03:13:50Z")),
        expect!["Its Job was deleted at 12:14, before it had ended."],
    );
}

/// What it usually means, and what to do, is a paragraph of its own.
#[test]
fn a_known_error_is_explained() {
    let waits = |why: &str| {
        let cause = Cause::Pending { since: at("2026-11-20T03:00:05Z"), why: Some(why.to_owned()) };
        render(&missed(cause, Some(in_phase(RunPhase::Pending, None)))).paragraphs
    };
    let has = |paragraphs: &[String], text: &str| paragraphs.iter().any(|paragraph| paragraph.contains(text));
    assert!(has(&waits("ImagePullBackOff: not found"), "Its image cannot be pulled: "));
    assert!(has(&waits("Unschedulable: 0/3 nodes are available"), "No node has room for it: "));
    assert!(!has(&waits("ContainerCreating"), "cannot be pulled"));
    let killed = failed_attempt("OOMKilled", Some(137), None);
    let miss = missed(alerts::failed("killed"), Some(summary(Some(killed.clone()))));
    assert!(has(&render(&miss).paragraphs, "Raise `resources.limits.memory`"), "of a miss");
    let mut failure = run_failed("killed");
    if let AlertBody::RunFailed { run, .. } = &mut failure.body {
        run.last_attempt = Some(killed);
    }
    assert!(has(&render(&failure).paragraphs, "Raise `resources.limits.memory`"), "of a failed run");
}

/// A word of Kubernetes explains more than a code, and the program's own text more than exit code 1.
#[test]
fn an_exit_code_is_explained_where_nothing_explains_more() {
    let explained = |reason: &str, code: i32, text: Option<&str>| {
        let (reason, last_error) = (reason.to_owned(), text.map(str::to_owned));
        let failure = Failure {
            reason: "BackoffLimitExceeded".to_owned(),
            exit_code: Some(code),
            attempts: 1,
            last_error,
        };
        let run = summary(Some(failed_attempt(&reason, Some(code), None)));
        render(&missed(Cause::Failed(failure), Some(run))).paragraphs.join("\n")
    };
    for (code, text) in [
        (127, "Its command is not in the image or cannot be run"),
        (134, "It aborted itself"),
        (137, "It was killed: usually its node ran out of memory"),
        (139, "Native code crashed"),
        (143, "It was asked to stop: its node was drained"),
        (1, "left no text: read its log"),
    ] {
        assert!(explained("Error", code, None).contains(text), "{code}");
    }
    assert!(!explained("OOMKilled", 137, None).contains("It was killed"), "its limit, not the node");
    assert!(!explained("Error", 1, Some("KeyError: 'price'")).contains("read its log"));
    assert!(!explained("Error", 2, None).contains("read its log"));
}

/// The work had ended well: the code is that of the proxy.
#[test]
fn the_exit_code_of_a_container_beside_the_work_is_not_explained_as_its_own() {
    let proxy = ContainerState::Ended { at: None, exit_code: Some(137) };
    let attempt = beside_a_proxy(failed_attempt("Error", Some(137), None), 0, proxy);
    let failure = Failure {
        reason: "BackoffLimitExceeded".to_owned(),
        exit_code: Some(137),
        attempts: 1,
        last_error: None,
    };
    let text = render(&missed(Cause::Failed(failure), Some(summary(Some(attempt))))).paragraphs.join("\n");
    assert!(text.contains("the work may be done") && !text.contains("It was killed"), "{text}");
}
