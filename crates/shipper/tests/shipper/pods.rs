//! Pods of clusters without a recording: the attempts that they become.

use chrono::DateTime;
use expect_test::{Expect, expect};
use kigen_model::run::{Attempt, AttemptPhase, ERROR_TEXT_BYTES_MAX, RunPhase};
use kigen_shipper::decode::object::ContainerLog;
use kigen_shipper::decode::{Decoded, decode};
use kigen_shipper::resource::Resource;
use serde_json::{Value, json};

fn decoded(status: Value, deleted: bool) -> (Attempt, Option<ContainerLog>) {
    let mut pod = json!({
        "metadata": {
            "name": "train-x", "namespace": "ml", "uid": "pod-uid", "resourceVersion": "8",
            "creationTimestamp": "2026-11-23T08:00:00Z",
            "ownerReferences": [{"kind": "Job", "uid": "job-uid", "controller": true}],
        },
        "spec": {"nodeName": "node-1"},
        "status": status,
    });
    if deleted {
        pod["metadata"]["deletionTimestamp"] = json!("2026-11-23T08:10:00Z");
    }
    match decode(Resource::Pods, pod.to_string().as_bytes(), DateTime::UNIX_EPOCH) {
        Ok(Decoded::Pod { attempt, log, .. }) => (attempt, log),
        other => panic!("no pod of a Job: {other:?}"),
    }
}

fn check(status: Value, expected: Expect) {
    check_of(decoded(status, false), expected);
}

fn check_of((attempt, log): (Attempt, Option<ContainerLog>), expected: Expect) {
    let phase = match &attempt.phase {
        AttemptPhase::Waiting { reason, message } => {
            format!("waits: {}: {}", or_dash(reason.as_ref()), or_dash(message.as_ref()))
        }
        AttemptPhase::Running { .. } => "runs".to_owned(),
        AttemptPhase::Succeeded { .. } => "succeeded".to_owned(),
        AttemptPhase::Failed { exit_code, reason, message, .. } => format!(
            "failed: {}, exit code {}: {}",
            or_dash(reason.as_ref()),
            or_dash(exit_code.as_ref()),
            or_dash(message.as_ref())
        ),
    };
    let log = match log {
        Some(ContainerLog { container, is_previous: true, .. }) => {
            format!("; see the log of {container} before its restart")
        }
        Some(ContainerLog { container, is_previous: false, .. }) => format!("; see the log of {container}"),
        None => String::new(),
    };
    let reported = if attempt.metrics.is_empty() { String::new() } else { format!("; {}", attempt.metrics) };
    expected.assert_eq(&format!("{phase}{log}{reported}"));
}

fn or_dash(word: Option<&impl ToString>) -> String {
    word.map_or("-".to_owned(), ToString::to_string)
}

fn ended(name: &str, code: i32, second: u32, more: &Value) -> Value {
    let reason = if code == 0 { "Completed" } else { "Error" };
    let mut terminated =
        json!({"exitCode": code, "reason": reason, "finishedAt": format!("2026-11-23T08:09:{second:02}Z")});
    for (key, value) in more.as_object().expect("an object") {
        terminated[key] = value.clone();
    }
    json!({"name": name, "state": {"terminated": terminated}})
}

fn failed(containers: Value) -> Value {
    json!({"phase": "Failed", "containerStatuses": containers})
}

#[test]
fn numbers_that_a_batch_reports_are_read_from_good_and_from_failed_containers() {
    let numbers = json!({"message": "{\"rows\": 120345, \"auc\": 0.81}\n"});
    check(
        json!({"phase": "Succeeded", "containerStatuses": [ended("main", 0, 0, &numbers)]}),
        expect!["succeeded; auc 0.81, rows 120345"],
    );
    check(
        failed(json!([ended("main", 1, 0, &numbers)])),
        expect!["failed: Error, exit code 1: -; see the log of main; auc 0.81, rows 120345"],
    );
    let more = json!({"message": "{\"loaded\": 7}"});
    check(
        json!({
            "phase": "Succeeded",
            "initContainerStatuses": [ended("load", 0, 0, &more)],
            "containerStatuses": [ended("main", 0, 5, &numbers)],
        }),
        expect!["succeeded; auc 0.81, loaded 7, rows 120345"],
    );
}

#[test]
fn a_message_that_is_not_an_object_of_numbers_is_an_error_text() {
    for message in [
        "{\"rows\": \"many\"}",
        "{\"rows\": null}",
        "{\"done\": true}",
        "{\"rows\": {\"a\": 1}}",
        "{\"rows\": 1e999}",
        "{\"rows\": nan}",
        "{\"rows\": NaN and more}",
        "[1, 2]",
        "7",
        "{\"rows\": 1} and more",
        "rows: 7",
    ] {
        let (attempt, log) =
            decoded(failed(json!([ended("main", 1, 0, &json!({"message": message}))])), false);
        let AttemptPhase::Failed { message: kept, .. } = attempt.phase else { panic!("it failed") };
        assert_eq!(kept.as_deref(), Some(message));
        assert!(attempt.metrics.is_empty() && log.is_none(), "{message}");
    }
}

#[test]
fn of_numbers_one_of_which_is_not_finite_the_others_are_kept_and_the_log_has_the_error() {
    let message = "{\"rows\": 120345, \"positives\": 0, \"auc\": NaN, \"lift\": -Infinity, \"NaN\": 1, \"seconds\": 812.4}\n";
    check(
        failed(json!([ended("main", 1, 0, &json!({"message": message}))])),
        expect![
            "failed: Error, exit code 1: -; see the log of main; NaN 1, positives 0, rows 120345, seconds 812.4"
        ],
    );
    let message = json!({"message": "{\"auc\": NaN}"});
    check(
        failed(json!([ended("main", 1, 0, &message)])),
        expect!["failed: Error, exit code 1: -; see the log of main"],
    );
    let message = json!({"message": "{\"auc\": \"NaN\", \"a \\\" NaN\": 2, \"rows\": 7}"});
    check(
        json!({"phase": "Succeeded", "containerStatuses": [ended("main", 0, 0, &message)]}),
        expect![[r#"succeeded; a " NaN 2, rows 7"#]],
    );
}

#[test]
fn secrets_and_colours_in_texts_are_in_no_attempt() {
    let message = json!({"message": "\u{1b}[31mOperationalError\u{1b}[0m: postgres://etl:hunter/2@db:5432/dwh refused"});
    check(
        failed(json!([ended("main", 1, 0, &message)])),
        expect!["failed: Error, exit code 1: OperationalError: postgres://etl:[hidden]@db:5432/dwh refused"],
    );
    let waiting =
        json!({"reason": "ImagePullBackOff", "message": "no image https://ci:hunter2@registry/etl:1"});
    check(
        json!({"phase": "Pending", "containerStatuses": [{"name": "main", "state": {"waiting": waiting}}]}),
        expect!["waits: ImagePullBackOff: no image https://ci:[hidden]@registry/etl:1"],
    );
    let mut status = failed(json!([]));
    status["message"] = json!("admission denied: token=hunter2");
    check(status, expect!["failed: -, exit code -: admission denied: token=[hidden]"]);
}

#[test]
fn secrets_are_in_no_run_and_in_no_objective() {
    let of = |resource, object: Value| decode(resource, object.to_string().as_bytes(), DateTime::UNIX_EPOCH);
    let metadata = json!({
        "name": "train", "namespace": "ml", "uid": "a-uid", "resourceVersion": "8",
        "creationTimestamp": "2026-11-23T08:00:00Z",
        "annotations": {
            "kigen.dev/complete-by": "0 12 * * *",
            "kigen.dev/owner": "ml (password: hunter2)",
            "kigen.dev/runbook": "https://ann:hunter2@wiki/train",
        },
    });
    let failed = json!([{"type": "Failed", "status": "True", "reason": "BackoffLimitExceeded", "message": "API_TOKEN=hunter2"}]);
    let run = of(Resource::Jobs, json!({"metadata": metadata, "status": {"conditions": failed}}));
    let annotated = of(Resource::CronJobs, json!({"metadata": metadata, "spec": {"schedule": "0 9 * * *"}}));
    let spec = json!({
        "batch": {"cronJob": "train"}, "completeBy": "0 12 * * *", "owner": "token=hunter2", "runbook": "https://a:hunter2@wiki/",
    });
    let written = of(Resource::Objectives, json!({"metadata": metadata, "spec": spec}));
    for decoded in [run, annotated, written] {
        let text = format!("{decoded:?}");
        assert!(text.contains("[hidden]") && !text.contains("hunter2"), "{text}");
    }
}

#[test]
fn an_empty_message_is_none() {
    let blank = json!({"message": " \n"});
    check(
        failed(json!([ended("main", 1, 0, &blank)])),
        expect!["failed: Error, exit code 1: -; see the log of main"],
    );
}

#[test]
fn of_several_containers_the_first_to_end_badly_made_the_pod_fail() {
    let none = json!({});
    let text = json!({"message": "KeyError: 'price'"});
    // A sidecar is killed once the main container has ended, whether it is listed before it or runs as an init container.
    check(
        failed(json!([ended("proxy", 143, 9, &none), ended("main", 1, 8, &text)])),
        expect!["failed: Error, exit code 1: KeyError: 'price'"],
    );
    check(
        json!({
            "phase": "Failed",
            "initContainerStatuses": [ended("proxy", 143, 8, &none)],
            "containerStatuses": [ended("main", 1, 8, &text)],
        }),
        expect!["failed: Error, exit code 1: KeyError: 'price'"],
    );
    check(
        json!({
            "phase": "Failed",
            "initContainerStatuses": [ended("load", 2, 3, &none)],
            "containerStatuses": [{"name": "main", "state": {"waiting": {"reason": "PodInitializing"}}}],
        }),
        expect!["failed: Error, exit code 2: -; see the log of load"],
    );
}

#[test]
fn an_evicted_pod_has_that_reason_though_its_containers_reason_is_error() {
    let mut status = failed(json!([ended("main", 137, 0, &json!({}))]));
    status["reason"] = json!("Evicted");
    status["message"] = json!("The node was low on resource: memory.");
    check(status, expect!["failed: Evicted, exit code 137: The node was low on resource: memory."]);
}

#[test]
fn a_pod_whose_node_was_deleted_has_no_exit_code() {
    check(
        json!({
            "phase": "Failed",
            "conditions": [{
                "type": "DisruptionTarget", "status": "True", "reason": "DeletionByPodGC",
                "message": "PodGC: node no longer exists",
            }],
            "containerStatuses": [{"name": "main", "state": {"running": {"startedAt": "2026-11-23T08:00:05Z"}}}],
        }),
        expect!["failed: DeletionByPodGC, exit code -: PodGC: node no longer exists"],
    );
}

#[test]
fn a_container_that_was_out_of_memory_has_that_reason_whatever_the_pods_is() {
    let mut status = failed(json!([ended("main", 137, 0, &json!({"reason": "OOMKilled"}))]));
    status["conditions"] =
        json!([{"type": "DisruptionTarget", "status": "True", "reason": "TerminationByKubelet"}]);
    check(status, expect!["failed: OOMKilled, exit code 137: -; see the log of main"]);
}

#[test]
fn a_container_that_waits_to_be_restarted_has_its_last_exit_code() {
    check(
        json!({
            "phase": "Running",
            "containerStatuses": [{
                "name": "main", "restartCount": 3,
                "state": {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 40s restarting"}},
                "lastState": {"terminated": {"exitCode": 3, "reason": "Error"}},
            }],
        }),
        expect!["waits: CrashLoopBackOff: it ended with exit code 3; back-off 40s restarting"],
    );
}

#[test]
fn of_an_abandoned_container_the_log_from_before_its_restart_has_the_error() {
    let mut container = ended("main", 143, 9, &json!({}));
    container["lastState"] = json!({"terminated": {"exitCode": 3, "reason": "Error"}});
    check_of(
        decoded(failed(json!([container])), true),
        expect!["failed: Error, exit code 3: -; see the log of main before its restart"],
    );
}

#[test]
fn an_init_container_that_ended_well_in_its_second_try_is_not_why_the_pod_was_killed() {
    let mut load = ended("load", 0, 1, &json!({}));
    load["lastState"] =
        json!({"terminated": {"exitCode": 3, "reason": "Error", "finishedAt": "2026-11-23T08:01:00Z"}});
    let status = json!({
        "phase": "Failed",
        "initContainerStatuses": [load],
        "containerStatuses": [ended("main", 143, 9, &json!({}))],
    });
    check_of(decoded(status, true), expect!["failed: Error, exit code 143: -; see the log of main"]);
}

#[test]
fn a_long_traceback_in_a_message_is_cut_around_its_exception() {
    let text = std::fs::read_to_string("../text/tests/tracebacks/deep.txt").expect("a text");
    let (attempt, _) = decoded(failed(json!([ended("main", 1, 0, &json!({"message": text}))])), false);
    let AttemptPhase::Failed { message: Some(message), .. } = attempt.phase else { panic!("it failed") };
    assert!(message.len() <= ERROR_TEXT_BYTES_MAX);
    assert!(
        message.starts_with("Traceback") && message.ends_with("ValueError: rows are missing"),
        "{message}"
    );
}

/// The Job as its controller leaves it when it may create no pod: it has a start, and nothing is active.
#[test]
fn a_job_that_may_have_no_pod_pends_with_a_start_and_an_unmanaged_one_without() {
    let run = |spec: Value, status: Value| {
        let job = json!({
            "metadata": {
                "name": "train", "namespace": "ml", "uid": "job-uid", "resourceVersion": "8",
                "creationTimestamp": "2026-11-23T08:00:00Z",
            },
            "spec": spec,
            "status": status,
        });
        match decode(Resource::Jobs, job.to_string().as_bytes(), DateTime::UNIX_EPOCH) {
            Ok(Decoded::Job { run, .. }) => run,
            other => panic!("no Job: {other:?}"),
        }
    };
    let of_quota = run(
        json!({"parallelism": 1}),
        json!({"startTime": "2026-11-23T08:00:00Z", "ready": 0, "terminating": 0, "uncountedTerminatedPods": {}}),
    );
    assert_eq!(of_quota.phase, RunPhase::Pending);
    assert!(of_quota.started_at.is_some());
    let unmanaged = run(json!({"managedBy": "example.com/other"}), json!({}));
    assert_eq!((unmanaged.phase, unmanaged.started_at), (RunPhase::Pending, None));
}

/// Volcano has a `Job` too, and so have others: their pods are attempts of no run of Kubernetes.
#[test]
fn a_pod_of_a_job_of_another_group_is_of_no_run() {
    let decoded = |api_version: &str| {
        let pod = json!({
            "metadata": {
                "name": "train-x", "namespace": "ml", "uid": "pod-uid", "resourceVersion": "8",
                "creationTimestamp": "2026-11-23T08:00:00Z",
                "ownerReferences": [
                    {"apiVersion": api_version, "kind": "Job", "name": "train", "uid": "job-uid", "controller": true}
                ],
            },
            "status": {"phase": "Running"},
        });
        decode(Resource::Pods, pod.to_string().as_bytes(), DateTime::UNIX_EPOCH)
    };
    assert!(matches!(decoded("batch/v1"), Ok(Decoded::Pod { .. })));
    let other = decoded("batch.volcano.sh/v1alpha1");
    assert!(!matches!(other, Ok(Decoded::Pod { .. })), "{other:?}");
}
