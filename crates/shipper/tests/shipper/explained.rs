//! Recorded runs as `kigen explain` shows them: shipped without a network, judged by the engine, and explained.

use std::collections::BTreeMap;
use std::fmt::Write;

use chrono::TimeDelta;
use expect_test::{Expect, expect};
use kigen_engine::explain::{Considered, explain};
use kigen_engine::step::step;
use kigen_model::event::{Fact, FactBody, Revision};
use kigen_model::key::BatchKey;
use kigen_model::objective::{Deadlines, Objective, ObjectiveSource};
use kigen_model::run::RunPhase;
use kigen_state::{BatchState, Plan};

/// An objective to whose one slot all runs belong.
fn objective(fact: &Fact) -> Fact {
    let deadlines = Deadlines::CompleteBy { crontab: "0 0 1 1 *".to_owned() };
    let objective = Objective {
        freshness: Some(TimeDelta::seconds(Objective::FRESHNESS_MAX_S)),
        ..Objective::new(deadlines, ObjectiveSource::File)
    };
    let revision = Revision { uid: "objective".to_owned(), resource_version: 1 };
    let body = FactBody::Objective { name: "all".to_owned(), revision, objective: Some(objective) };
    Fact { body, ..fact.clone() }
}

/// Each run of a recording: how it ended or why it does not run.
fn explained(name: &str) -> String {
    let facts = crate::support::played(&crate::support::recording(name)).facts;
    let mut states: BTreeMap<BatchKey, BatchState> = BTreeMap::new();
    for fact in &facts {
        let state = states.entry(fact.key.clone()).or_insert_with(|| {
            let mut state = BatchState::new(fact.key.clone());
            step(&mut state, objective(fact).into());
            state
        });
        step(state, fact.clone().into());
    }
    let mut lines = String::new();
    for state in states.values() {
        let Plan::Open(open) = &state.objectives["all"].plan else { panic!("the objective is judged") };
        let explanation = explain(state, "all", open.slot.deadline).expect("the open slot");
        for run in &explanation.runs {
            let _ = writeln!(lines, "{}", line_of(run));
        }
    }
    lines.trim_end().to_owned()
}

fn line_of(considered: &Considered<'_>) -> String {
    let run = &considered.run.run;
    let phase = match &run.phase {
        RunPhase::Pending => "pending",
        RunPhase::Running => "running",
        RunPhase::Suspended => "suspended",
        RunPhase::Succeeded { .. } => "succeeded",
        RunPhase::Failed { .. } => "failed",
        RunPhase::Deleted { .. } => "deleted",
    };
    let mut line = format!("{} {phase}, {} failed pods", run.job, run.failed_pods);
    if let Some(failure) = &considered.failure {
        let code = failure.exit_code.map_or("no exit code".to_owned(), |code| format!("exit code {code}"));
        let error = failure.last_error.as_deref().unwrap_or("no text");
        let _ = write!(line, ": {}, {} attempts, {code}, {error}", failure.reason, failure.attempts);
    }
    if let Some(why) = &considered.waits {
        let _ = write!(line, ": {why}");
    }
    line
}

fn check(name: &str, expected: Expect) {
    expected.assert_eq(&explained(name));
}

#[test]
fn retries_are_counted_by_failed_pods_and_by_restarts_in_place() {
    check("job_retry_then_success", expect!["retry succeeded, 2 failed pods"]);
    check(
        "job_retry_onfailure",
        expect![[r#"
        inplace succeeded, 0 failed pods
        inplace-exceed failed, 1 failed pods: BackoffLimitExceeded, 2 attempts, exit code 1, no text"#]],
    );
    check(
        "job_backoff_exceeded",
        expect![[r#"
        b0 failed, 1 failed pods: BackoffLimitExceeded, 1 attempts, exit code 3, no text
        b1 failed, 2 failed pods: BackoffLimitExceeded, 2 attempts, exit code 137, no text"#]],
    );
    check(
        "cron_backoff_exceeded",
        expect![[r#"
        bad-29923907 failed, 2 failed pods: BackoffLimitExceeded, 2 attempts, exit code 1, no text
        bad-29923908 failed, 2 failed pods: BackoffLimitExceeded, 2 attempts, exit code 1, no text"#]],
    );
}

#[test]
fn a_failure_by_the_jobs_own_deadline_or_policy_has_that_reason() {
    check(
        "job_deadline_exceeded",
        expect![[r#"
        dl failed, 1 failed pods: DeadlineExceeded, 1 attempts, exit code 143, no text
        dl-slow-term failed, 1 failed pods: DeadlineExceeded, 1 attempts, exit code 143, no text
        dl-stuck failed, 1 failed pods: DeadlineExceeded, 1 attempts, exit code 137, The container could not be located when the pod was terminated"#]],
    );
    check(
        "job_pod_failure_policy",
        expect![[r#"
        evict-noignore succeeded, 1 failed pods
        pfp-count succeeded, 1 failed pods
        pfp-fail failed, 1 failed pods: PodFailurePolicy, 1 attempts, exit code 42, Container main for pod s-job-pod-failure-policy/pfp-fail-xfv4x failed with exit code 42 matching FailJob rule at index 0
        pfp-ignore succeeded, 0 failed pods
        pfp-index failed, 1 failed pods: FailedIndexes, 1 attempts, exit code 42, Job has failed indexes"#]],
    );
}

#[test]
fn indexed_parallel_and_work_queue_jobs_end_as_jobs_do() {
    check("job_indexed", expect!["idx succeeded, 1 failed pods"]);
    check(
        "job_indexed_per_index",
        expect![[r#"
        idxmax failed, 2 failed pods: MaxFailedIndexesExceeded, 2 attempts, exit code 1, Job has exceeded the specified maximal number of failed indexes
        idxpi failed, 2 failed pods: FailedIndexes, 2 attempts, exit code 1, Job has failed indexes"#]],
    );
    check(
        "job_parallel",
        expect![[r#"
        par succeeded, 0 failed pods
        wq succeeded, 0 failed pods
        zero succeeded, 0 failed pods"#]],
    );
}

#[test]
fn a_run_that_is_killed_before_its_end_is_deleted_by_any_means() {
    check(
        "cron_replace",
        expect![[r#"
        replace-29923907 deleted, 0 failed pods
        replace-29923908 deleted, 0 failed pods
        replace-29923909 running, 0 failed pods"#]],
    );
    check("cron_deleted_background", expect!["c-29923907 deleted, 0 failed pods"]);
    check("cron_deleted_foreground", expect!["c-29923907 deleted, 0 failed pods"]);
    check("cron_deleted_orphan", expect!["c-29923907 succeeded, 0 failed pods"]);
    check(
        "job_deleted_running",
        expect![[r#"
        background deleted, 0 failed pods
        foreground deleted, 0 failed pods
        orphan deleted, 0 failed pods"#]],
    );
    check("namespace_deleted", expect!["j deleted, 1 failed pods"]);
}

#[test]
fn a_run_that_does_not_start_has_its_reason() {
    check(
        "cron_stuck_forbid",
        expect!["stuck-29923907 pending, 0 failed pods: ImagePullBackOff: Back-off pulling image"],
    );
    check("kubelet_lost", expect!["lost pending, 0 failed pods: ContainerCreating"]);
}

#[test]
fn suspended_and_resumed_and_made_by_hand_and_made_again_under_the_same_name() {
    check("job_suspend_resume", expect!["sr succeeded, 0 failed pods"]);
    check("manual_from_cronjob", expect!["manual-1 succeeded, 0 failed pods"]);
    check(
        "job_recreated_same_name",
        expect![[r#"
        same succeeded, 0 failed pods
        same deleted, 0 failed pods
        same succeeded, 0 failed pods"#]],
    );
}
