//! Recorded runs as a person is told of them: shipped without a network, judged by the engine, and explained.

mod support;

use std::collections::BTreeMap;
use std::fmt::Write;

use chrono::TimeDelta;
use expect_test::{Expect, expect};
use kigen_engine::explain::{Considered, explain};
use kigen_engine::state::{BatchState, Plan};
use kigen_engine::step::{Input, step};
use kigen_model::event::{Fact, FactBody, Revision};
use kigen_model::key::BatchKey;
use kigen_model::objective::{Deadlines, Objective, ObjectiveSource};
use kigen_model::run::RunPhase;

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
fn told(name: &str) -> String {
    let facts = support::played(&support::recording(name)).facts;
    let mut states: BTreeMap<BatchKey, BatchState> = BTreeMap::new();
    for fact in &facts {
        let state = states.entry(fact.key.clone()).or_insert_with(|| {
            let mut state = BatchState::new(fact.key.clone());
            step(&mut state, Input::Fact(&objective(fact)));
            state
        });
        step(state, Input::Fact(fact));
    }
    let mut told = String::new();
    for state in states.values() {
        let Plan::Open(open) = &state.objectives["all"].plan else { panic!("the objective is judged") };
        let explanation = explain(state, "all", open.slot.deadline).expect("the open slot");
        for run in &explanation.runs {
            let _ = writeln!(told, "{}", run_told(run));
        }
    }
    told.trim_end().to_owned()
}

fn run_told(considered: &Considered<'_>) -> String {
    let run = &considered.run.run;
    let phase = match &run.phase {
        RunPhase::Pending => "pending",
        RunPhase::Running => "running",
        RunPhase::Suspended => "suspended",
        RunPhase::Succeeded { .. } => "succeeded",
        RunPhase::Failed { .. } => "failed",
        RunPhase::Deleted { .. } => "deleted",
    };
    let mut told = format!("{} {phase}, {} failed pods", run.job, run.failed_pods);
    if let Some(failure) = &considered.failure {
        let code = failure.exit_code.map_or("no exit code".to_owned(), |code| format!("exit code {code}"));
        let error = failure.last_error.as_deref().unwrap_or("no text");
        let _ = write!(told, ": {}, {} attempts, {code}, {error}", failure.reason, failure.attempts);
    }
    if let Some(why) = &considered.waits {
        let _ = write!(told, ": {why}");
    }
    told
}

fn check(name: &str, expected: Expect) {
    expected.assert_eq(&told(name));
}

#[test]
fn retries_are_counted_by_failed_pods_and_by_restarts_in_place() {
    check("job_retry_then_success", expect![""]);
    check("job_retry_onfailure", expect![""]);
    check("job_backoff_exceeded", expect![""]);
    check("cron_backoff_exceeded", expect![""]);
}

#[test]
fn a_deadline_of_its_own_and_a_policy_say_so() {
    check("job_deadline_exceeded", expect![""]);
    check("job_pod_failure_policy", expect![""]);
}

#[test]
fn indexed_parallel_and_work_queue_jobs_end_as_jobs_do() {
    check("job_indexed", expect![""]);
    check("job_indexed_per_index", expect![""]);
    check("job_parallel", expect![""]);
}

#[test]
fn what_is_killed_before_its_end_is_deleted_whoever_did_it() {
    check("cron_replace", expect![""]);
    check("cron_deleted_background", expect![""]);
    check("cron_deleted_foreground", expect![""]);
    check("cron_deleted_orphan", expect![""]);
    check("job_deleted_running", expect![""]);
    check("namespace_deleted", expect![""]);
}

#[test]
fn what_does_not_run_says_why() {
    check("cron_stuck_forbid", expect![""]);
    check("kubelet_lost", expect![""]);
}

#[test]
fn suspended_and_resumed_and_made_by_hand_and_made_again_under_the_same_name() {
    check("job_suspend_resume", expect![""]);
    check("manual_from_cronjob", expect![""]);
    check("job_recreated_same_name", expect![""]);
}
