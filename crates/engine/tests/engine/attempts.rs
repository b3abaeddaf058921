//! Which attempts of a run are kept: it does not depend on how often they are observed.

use chrono::{TimeDelta, TimeZone, Utc};
use kigen_engine::effect::Effect;
use kigen_engine::step::step;
use kigen_model::Instant;
use kigen_model::alert::AlertBody;
use kigen_model::event::{Fact, FactBody, Revision};
use kigen_model::key::BatchKey;
use kigen_model::reported::ReportedMetrics;
use kigen_model::run::{Attempt, AttemptPhase, Container, ContainerRole, ContainerState, Run, RunPhase};
use kigen_state::{ATTEMPTS_MAX, BatchState};

const RUN: &str = "run-uid";

fn at(minute: i64) -> Instant {
    Utc.with_ymd_and_hms(2026, 11, 16, 8, 0, 0).single().expect("an instant") + TimeDelta::minutes(minute)
}

/// A history of one run, whose facts get their versions in order.
struct History(Vec<Fact>);

impl History {
    fn run(self, phase: RunPhase) -> Self {
        let run = Run {
            job: "recommend-1".to_owned(),
            scheduled_at: None,
            created_at: at(0),
            started_at: Some(at(0)),
            phase,
            failed_pods: 5,
            slot: None,
        };
        self.with(RUN, |revision| FactBody::Run { revision, run })
    }

    fn attempt(self, pod: u32, phase: AttemptPhase) -> Self {
        let pod = format!("pod-{pod}");
        let (run_uid, metrics) = (RUN.to_owned(), ReportedMetrics::default());
        let attempt =
            Attempt { pod: pod.clone(), node: None, restarts: 0, metrics, phase, containers: Vec::new() };
        self.with(&pod, |revision| FactBody::Attempt { revision, run_uid, attempt })
    }

    fn with(mut self, uid: &str, body: impl FnOnce(Revision) -> FactBody) -> Self {
        let version = u64::try_from(self.0.len() + 1).expect("few");
        let key = BatchKey::new("prod", "ml", "recommend");
        let body = body(Revision { uid: uid.to_owned(), resource_version: version });
        self.0.push(Fact { key, observed_at: at(0), body });
        self
    }
}

fn failed(minute: i64, exit_code: i32) -> AttemptPhase {
    AttemptPhase::Failed {
        finished_at: Some(at(minute)),
        exit_code: Some(exit_code),
        reason: None,
        message: None,
    }
}

fn node_lost() -> AttemptPhase {
    let reason = Some("NodeLost".to_owned());
    AttemptPhase::Failed { finished_at: None, exit_code: None, reason, message: None }
}

fn run_failed() -> RunPhase {
    RunPhase::Failed { failed_at: at(59), reason: "BackoffLimitExceeded".to_owned(), message: String::new() }
}

/// Five attempts, one after the other; each waits, runs and fails.
fn one_after_the_other() -> History {
    let waits = AttemptPhase::Waiting { reason: None, message: None };
    (1..=5).fold(History(Vec::new()).run(RunPhase::Running), |history, pod| {
        let minute = i64::from(pod);
        history
            .attempt(pod, waits.clone())
            .attempt(pod, AttemptPhase::Running { since: Some(at(minute)) })
            .attempt(pod, failed(minute, i32::try_from(pod).expect("few")))
    })
}

fn apply(facts: &[Fact]) -> (BatchState, Vec<Effect>) {
    let mut state = BatchState::new(BatchKey::new("prod", "ml", "recommend"));
    let effects = facts.iter().flat_map(|fact| step(&mut state, fact.clone().into())).collect();
    (state, effects)
}

fn pods(state: &BatchState) -> Vec<&str> {
    state.runs[0].attempts.iter().map(|known| known.attempt.pod.as_str()).collect()
}

/// The exit code of the one failure that was raised.
fn exit_code(facts: &[Fact]) -> Option<i32> {
    let (_, effects) = apply(facts);
    let [Effect::Raise(alert)] = effects.as_slice() else { panic!("one alert: {effects:?}") };
    let AlertBody::RunFailed { failure, .. } = &alert.body else { panic!("a failure: {alert:?}") };
    failure.exit_code
}

#[test]
fn the_last_attempts_are_kept() {
    let (state, _) = apply(&one_after_the_other().0);
    assert_eq!(pods(&state), ["pod-3", "pod-4", "pod-5"]);
    assert_eq!(state.runs[0].attempts.len(), ATTEMPTS_MAX);
}

#[test]
fn an_attempt_that_was_dropped_and_is_observed_again_is_dropped_again() {
    let facts = one_after_the_other().0;
    let (once, _) = apply(&facts);
    for begin in 0..facts.len() {
        for end in begin..=facts.len() {
            let again = [&facts[..], &facts[begin..end]].concat();
            let (twice, _) = apply(&again);
            assert_eq!(twice, once, "facts {begin} to {end} observed again");
        }
    }
}

#[test]
fn the_latest_failure_is_raised_though_earlier_attempts_are_observed_again_before_the_job_fails() {
    let facts = one_after_the_other().0;
    let end = one_after_the_other().run(run_failed()).0.split_off(facts.len());
    assert_eq!(exit_code(&[&facts[..], &end[..]].concat()), Some(5));
    assert_eq!(exit_code(&[&facts[..], &facts[..], &end[..]].concat()), Some(5));
}

#[test]
fn the_latest_failure_is_the_one_that_ended_last_whichever_was_observed_last() {
    // The first pod is removed after the second has failed, which is a new version of it, but not a failure.
    let history = History(Vec::new()).run(RunPhase::Running);
    let history = history.attempt(1, failed(1, 1)).attempt(2, failed(2, 2)).attempt(1, failed(1, 1));
    assert_eq!(exit_code(&history.run(run_failed()).0), Some(2));
}

#[test]
fn failures_after_that_of_a_lost_node_are_later_though_its_time_is_unknown() {
    let history = History(Vec::new()).run(RunPhase::Running);
    let first = history.attempt(1, node_lost()).attempt(2, failed(2, 2)).run(run_failed());
    assert_eq!(exit_code(&first.0), Some(2));
    let history = History(Vec::new()).run(RunPhase::Running);
    let last = history.attempt(1, failed(1, 1)).attempt(2, node_lost()).run(run_failed());
    assert_eq!(exit_code(&last.0), None);
}

#[test]
fn the_attempt_that_keeps_a_failed_run_from_ending_is_named_once_it_hangs() {
    let main = Container {
        name: "main".to_owned(),
        role: ContainerRole::Main,
        state: ContainerState::Running { since: Some(at(2)) },
    };
    let hanging = Attempt {
        pod: "hanging".to_owned(),
        node: None,
        restarts: 0,
        metrics: ReportedMetrics::default(),
        phase: AttemptPhase::Running { since: Some(at(2)) },
        containers: vec![main],
    };
    // The Job failed at minute 59; its end is observed then, or after a pod of it has hung.
    for (observed_at, expected) in [(at(59), "pod-1"), (at(61), "hanging")] {
        let history = History(Vec::new()).run(RunPhase::Running).attempt(1, failed(1, 7));
        let (run_uid, attempt) = (RUN.to_owned(), hanging.clone());
        let history = history.with("hanging", |revision| FactBody::Attempt { revision, run_uid, attempt });
        let mut facts = history.run(run_failed()).0;
        facts.last_mut().expect("the end").observed_at = observed_at;
        let (_, effects) = apply(&facts);
        let [Effect::Raise(alert)] = effects.as_slice() else { panic!("one alert: {effects:?}") };
        let AlertBody::RunFailed { run, failure } = &alert.body else { panic!("a failure: {alert:?}") };
        assert_eq!(run.last_attempt.as_ref().map(|attempt| attempt.pod.as_str()), Some(expected));
        assert_eq!(failure.exit_code, Some(7), "the error is that of the attempt that failed");
    }
}

#[test]
fn of_the_readings_of_a_log_the_latest_is_kept_and_why_the_attempt_waits_is_the_same() {
    let waits = |log: &str| AttemptPhase::Waiting { reason: None, message: Some(format!("it waits{log}")) };
    let readings = ["", "\n[its log at 08:01]\nzzz", "\n[its log at 08:04]\naaa"];
    for order in [[0, 1, 2], [2, 1, 0], [1, 2, 1], [0, 2, 0]] {
        let mut history = History(Vec::new()).run(RunPhase::Pending);
        for nth in order {
            history = history.attempt(1, waits(readings[nth]));
            // Each reading is one more fact of the same version of the Pod.
            if let FactBody::Attempt { revision, .. } = &mut history.0.last_mut().expect("a fact").body {
                revision.resource_version = 2;
            }
        }
        let (state, _) = apply(&history.0);
        let run = &state.runs[0];
        assert_eq!(run.attempts[0].attempt.phase, waits(readings[2]), "{order:?}");
        assert_eq!(run.moments.len(), 2, "no pod, then the wait: {order:?}");
    }
}
