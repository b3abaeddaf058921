//! Pods with several containers, as the API server sends them (`tests/cases`): the attempts that they become.

use chrono::DateTime;
use expect_test::{Expect, expect};
use kigen_model::run::{Attempt, AttemptPhase, Container, ContainerState};
use kigen_shipper::decode::object::ContainerLog;
use kigen_shipper::decode::{Decoded, decode};
use kigen_shipper::resource::Resource;
use serde_json::{Value, json};

fn pod_of(case: &str) -> Value {
    let text = std::fs::read_to_string(format!("tests/cases/{case}.json")).expect("a case of that name");
    let mut case: Value = serde_json::from_str(&text).expect("JSON");
    case["pod"].take()
}

fn decoded(pod: &Value) -> (Attempt, Option<ContainerLog>) {
    match decode(Resource::Pods, pod.to_string().as_bytes(), DateTime::UNIX_EPOCH) {
        Ok(Decoded::Pod { attempt, log, .. }) => (attempt, log),
        other => panic!("no pod of a Job: {other:?}"),
    }
}

fn check(pod: &Value, expected: Expect) {
    let (attempt, log) = decoded(pod);
    let phase = match attempt.phase {
        AttemptPhase::Waiting { reason, message } => format!("waits: {reason:?}, {message:?}"),
        AttemptPhase::Running { since } => format!("runs since {since:?}"),
        AttemptPhase::Succeeded { finished_at } => format!("succeeded at {finished_at:?}"),
        AttemptPhase::Failed { finished_at, exit_code, reason, message } => {
            format!("failed at {finished_at:?}: exit code {exit_code:?}, {reason:?}, {message:?}")
        }
    };
    let log = log.map_or(String::new(), |log| format!("\nsee the log of {}", log.container));
    let restarts = attempt.restarts;
    let containers: String = attempt
        .containers
        .iter()
        .map(|Container { name, role, state }| match state {
            ContainerState::Waiting => format!("\n{role:?} {name} waits"),
            ContainerState::Running { since } => format!("\n{role:?} {name} runs since {since:?}"),
            ContainerState::Ended { at, exit_code } => {
                format!("\n{role:?} {name} ended at {at:?} with {exit_code:?}")
            }
        })
        .collect();
    expected.assert_eq(&format!("{phase}\nrestarts: {restarts}{log}{containers}"));
}

#[test]
fn a_main_container_that_failed_beside_a_living_proxy_is_a_failure_and_its_log_is_read() {
    let mut pod = pod_of("main-ended-and-a-proxy-runs-on");
    check(
        &pod,
        expect![[r#"
            failed at Some(2026-11-19T01:20:00Z): exit code Some(1), Some("Error"), None
            restarts: 0
            see the log of main
            Sidecar cloud-sql-proxy runs since Some(2026-11-19T01:00:03Z)
            Main main ended at Some(2026-11-19T01:20:00Z) with Some(1)"#]],
    );
    // The kubelet starts it again: that is no end.
    pod["spec"]["restartPolicy"] = json!("OnFailure");
    check(
        &pod,
        expect![[r#"
            runs since Some(2026-11-19T01:00:03Z)
            restarts: 0
            Sidecar cloud-sql-proxy runs since Some(2026-11-19T01:00:03Z)
            Main main ended at Some(2026-11-19T01:20:00Z) with Some(1)"#]],
    );
}

#[test]
fn of_two_main_containers_one_that_runs_on_is_no_proxy() {
    let mut pod = pod_of("main-ended-and-a-proxy-runs-on");
    pod["status"]["containerStatuses"][0]["name"] = json!("export");
    check(
        &pod,
        expect![[r#"
            runs since Some(2026-11-19T01:00:03Z)
            restarts: 0
            Main export runs since Some(2026-11-19T01:00:03Z)
            Main main ended at Some(2026-11-19T01:20:00Z) with Some(1)"#]],
    );
    // The pod names the one that counts.
    pod["metadata"]["annotations"] = json!({"kubectl.kubernetes.io/default-container": "main"});
    check(
        &pod,
        expect![[r#"
            failed at Some(2026-11-19T01:20:00Z): exit code Some(1), Some("Error"), None
            restarts: 0
            see the log of main
            Sidecar export runs since Some(2026-11-19T01:00:03Z)
            Main main ended at Some(2026-11-19T01:20:00Z) with Some(1)"#]],
    );
}

#[test]
fn a_main_container_that_succeeded_beside_a_living_proxy_runs_on() {
    let mut pod = pod_of("main-ended-and-a-proxy-runs-on");
    pod["status"]["containerStatuses"][1]["state"]["terminated"]["exitCode"] = json!(0);
    check(
        &pod,
        expect![[r#"
            runs since Some(2026-11-19T01:00:03Z)
            restarts: 0
            Sidecar cloud-sql-proxy runs since Some(2026-11-19T01:00:03Z)
            Main main ended at Some(2026-11-19T01:20:00Z) with Some(0)"#]],
    );
}

#[test]
fn an_init_container_that_the_others_wait_for_is_named() {
    let mut pod = pod_of("sidecar-that-is-never-ready");
    check(
        &pod,
        expect![[r#"
            waits: None, Some("its init container `auth-proxy` runs since 2026-11-19T01:00:19Z and is not started; the others wait for it")
            restarts: 1
            see the log of auth-proxy"#]],
    );
    pod["status"]["initContainerStatuses"][0]["started"] = json!(true);
    check(
        &pod,
        expect![[r#"
            waits: None, Some("its init container `auth-proxy` runs since 2026-11-19T01:00:19Z; the others wait for it")
            restarts: 1
            see the log of auth-proxy"#]],
    );
}

#[test]
fn restarts_and_exit_codes_are_those_of_the_container_that_counts() {
    let mut pod = pod_of("proxy-fails-a-good-run");
    pod["status"]["containerStatuses"][0]["restartCount"] = json!(4);
    check(
        &pod,
        expect![[r#"
            failed at Some(2026-11-19T01:50:02Z): exit code Some(143), Some("Error"), None
            restarts: 0
            see the log of cloud-sql-proxy
            Sidecar cloud-sql-proxy ended at Some(2026-11-19T01:50:02Z) with Some(143)
            Main main ended at Some(2026-11-19T01:50:00Z) with Some(0)"#]],
    );
    // The proxy was stopped first, and main failed for it: main has the error.
    let main = &mut pod["status"]["containerStatuses"][1];
    main["restartCount"] = json!(2);
    main["state"]["terminated"] =
        json!({"exitCode": 1, "reason": "Error", "finishedAt": "2026-11-19T01:50:05Z"});
    check(
        &pod,
        expect![[r#"
            failed at Some(2026-11-19T01:50:05Z): exit code Some(1), Some("Error"), None
            restarts: 2
            see the log of main
            Sidecar cloud-sql-proxy ended at Some(2026-11-19T01:50:02Z) with Some(143)
            Main main ended at Some(2026-11-19T01:50:05Z) with Some(1)"#]],
    );
    // A sidecar of Kubernetes' own is restarted without end.
    let mut pod = pod_of("sidecar-that-is-never-ready");
    pod["spec"]["initContainers"] = json!([{"name": "auth-proxy", "restartPolicy": "Always"}]);
    check(
        &pod,
        expect![[r#"
            waits: None, Some("its init container `auth-proxy` runs since 2026-11-19T01:00:19Z and is not started; the others wait for it")
            restarts: 0
            see the log of auth-proxy"#]],
    );
}

#[test]
fn a_pod_that_ended_with_its_node_has_the_nodes_reason() {
    check(
        &pod_of("spot-shutdown"),
        expect![[r#"
            failed at Some(2026-11-19T02:10:05Z): exit code Some(137), Some("Terminated"), Some("Pod was terminated in response to imminent node shutdown.")
            restarts: 0"#]],
    );
}

#[test]
fn of_numbers_one_of_which_is_nan_the_log_has_the_error() {
    let pod = pod_of("numbers-one-of-which-is-nan");
    check(
        &pod,
        expect![[r#"
        failed at Some(2026-11-19T01:20:00Z): exit code Some(1), Some("Error"), None
        restarts: 0
        see the log of main"#]],
    );
    assert_eq!(decoded(&pod).0.metrics.to_string(), "positives 0, rows 120345, seconds 812.4");
}

#[test]
fn the_containers_of_a_pod_that_hangs_in_terminating_are_listed() {
    check(
        &pod_of("failed-and-a-pod-hangs-in-terminating"),
        expect![[r#"
            runs since Some(2026-11-19T01:00:04Z)
            restarts: 0
            Main main runs since Some(2026-11-19T01:00:04Z)"#]],
    );
}
