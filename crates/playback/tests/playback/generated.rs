//! Generated histories equal those recorded from a real control plane.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use kigen_model::Instant;
use kigen_playback::generate::{Attempt, Cluster, CronJobPlan, Outcome, PlanError, RunPlan};
use kigen_playback::history::{Change, ChangeKind, History};
use kigen_playback::resource::Resource;
use serde_json::Value;

use crate::fixtures::recorded;

const NAMESPACE: &str = "products";

fn at(text: &str) -> Instant {
    text.parse().expect("an instant")
}

fn cluster(name: &str) -> Cluster {
    let mut cluster = Cluster::new(at("2026-11-23T11:46:32Z"));
    let plan = CronJobPlan { backoff_limit: Some(3), ..CronJobPlan::new(NAMESPACE, name, "* * * * *") };
    cluster.cron_job(CronJobPlan { created_at: Some(at("2026-11-23T11:46:33Z")), ..plan });
    cluster
}

fn success() -> RunPlan {
    RunPlan::succeeds(TimeDelta::seconds(2))
}

/// The resource, the kind of change, and each path of the object with a value; the items of a list share one path.
type Shape = (Resource, ChangeKind, BTreeSet<String>);

fn shape(change: &Change) -> Shape {
    let mut paths = BTreeSet::new();
    collect(&change.object, "", &mut paths);
    (change.resource, change.kind, paths)
}

fn collect(value: &Value, path: &str, paths: &mut BTreeSet<String>) {
    match value {
        // Labels and annotations are the user's choice.
        Value::Object(_) if path.ends_with("/labels") || path.ends_with("/annotations") => {}
        Value::Object(fields) if !fields.is_empty() => {
            for (field, value) in fields {
                collect(value, &format!("{path}/{field}"), paths);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for item in items {
                collect(item, &format!("{path}/*"), paths);
            }
        }
        _ => drop(paths.insert(path.to_owned())),
    }
}

/// The changes of the run of that minute, those of its CronJob included.
fn of_run<'a>(history: &'a History, minute: &str) -> Vec<&'a Change> {
    let minute_at = at(minute);
    let until = minute_at + TimeDelta::seconds(59);
    history.changes().iter().filter(|it| it.at >= minute_at && it.at < until).collect()
}

fn by_resource(changes: &[&Change], resource: Resource) -> Vec<Shape> {
    changes.iter().filter(|it| it.resource == resource).map(|it| shape(it)).collect()
}

/// Ignores fields of the recorded template, which has labels and a `backoffLimit` of its own.
fn assert_alike(generated: &History, recorded: &History, minute: &str) {
    let (generated, recorded) = (of_run(generated, minute), of_run(recorded, minute));
    for resource in Resource::ALL {
        let (generated, recorded) = (by_resource(&generated, resource), by_resource(&recorded, resource));
        assert_eq!(generated.len(), recorded.len(), "changes of {resource:?}");
        for (nth, (generated, recorded)) in generated.iter().zip(&recorded).enumerate() {
            let of_template =
                |path: &&String| !path.ends_with("/metadata") && !path.ends_with("/backoffLimit");
            let only = |a: &Shape, b: &Shape| -> Vec<String> {
                a.2.difference(&b.2).filter(of_template).cloned().collect()
            };
            assert_eq!(generated.1, recorded.1, "{resource:?} {nth}");
            assert_eq!(only(generated, recorded), Vec::<String>::new(), "{resource:?} {nth}: only generated");
            assert_eq!(only(recorded, generated), Vec::<String>::new(), "{resource:?} {nth}: only recorded");
        }
    }
}

#[test]
fn a_generated_success_has_the_fields_of_the_recorded_one() {
    let generated = cluster("ok").run(NAMESPACE, "ok", at("2026-11-23T11:47:00Z"), success()).build();
    let generated = generated.expect("a sound plan");
    assert_alike(&generated, &recorded("cron_success"), "2026-11-23T11:47:00Z");
}

#[test]
fn a_generated_failure_with_a_retry_has_the_fields_of_the_recorded_one() {
    let attempts = vec![
        Attempt::fails(TimeDelta::seconds(1), 1, ""),
        Attempt { lasts: TimeDelta::milliseconds(1000), ..Attempt::succeeds(TimeDelta::zero()) },
    ];
    let minute = at("2026-11-23T11:47:00Z");
    let generated = cluster("retry").run(NAMESPACE, "retry", minute, RunPlan::Attempts(attempts)).build();
    assert_alike(
        &generated.expect("a sound plan"),
        &recorded("cron_retry_then_success"),
        "2026-11-23T11:47:00Z",
    );
}

#[test]
fn a_generated_failed_job_has_the_fields_of_the_recorded_one() {
    let attempts = vec![Attempt::fails(TimeDelta::seconds(1), 1, ""); 2];
    let minute = at("2026-11-23T11:47:00Z");
    let generated = cluster("bad").run(NAMESPACE, "bad", minute, RunPlan::Attempts(attempts)).build();
    assert_alike(
        &generated.expect("a sound plan"),
        &recorded("cron_backoff_exceeded"),
        "2026-11-23T11:47:00Z",
    );
}

#[test]
fn a_job_has_its_fire_in_its_name_and_annotated_in_the_time_zone_of_its_cron_job() {
    let mut cluster = Cluster::new(at("2026-11-23T00:00:00Z"));
    for (name, zone) in [("tokyo", "Asia/Tokyo"), ("utc", "Etc/UTC"), ("newfoundland", "America/St_Johns")] {
        cluster.cron_job(CronJobPlan::new(NAMESPACE, name, "0 8 * * *").zone(zone));
        cluster.run(NAMESPACE, name, at("2026-11-23T11:43:00Z"), success());
    }
    let history = cluster.build().expect("a sound plan");
    let job = |name: &str| {
        let found = history.changes().iter().find(|it| it.resource == Resource::Jobs && it.name() == name);
        let annotations = &found.expect("the Job").object["metadata"]["annotations"];
        annotations["batch.kubernetes.io/cronjob-scheduled-timestamp"].as_str().expect("its fire").to_owned()
    };
    assert_eq!(job("tokyo-29923903"), "2026-11-23T20:43:00+09:00");
    assert_eq!(job("utc-29923903"), "2026-11-23T11:43:00Z");
    assert_eq!(job("newfoundland-29923903"), "2026-11-23T08:13:00-03:30");
    cluster.cron_job(CronJobPlan::new(NAMESPACE, "mars", "0 8 * * *").zone("Mars/Olympus"));
    let error = cluster.build().expect_err("no such zone");
    let wanted = r#"CronJob products/mars has the unknown time zone "Mars/Olympus": use an IANA name such as Asia/Tokyo"#;
    assert_eq!(error.to_string(), wanted);
}

#[test]
fn three_successes_and_one_failure_are_retained_and_pods_are_deleted_with_their_jobs() {
    let mut cluster = cluster("daily");
    let start = at("2026-11-24T08:00:00Z");
    for day in 0..6 {
        cluster.run(NAMESPACE, "daily", start + TimeDelta::days(day), success());
    }
    for day in 0..3 {
        let failure = RunPlan::Attempts(vec![Attempt::fails(TimeDelta::seconds(1), 3, "no disk")]);
        cluster.run(NAMESPACE, "daily", start + TimeDelta::days(day) + TimeDelta::hours(1), failure);
    }
    let history = cluster.build().expect("a sound plan");
    let present = present(&history);
    let of = |resource| present.iter().filter(|it| it.resource == resource).count();
    assert_eq!((of(Resource::CronJobs), of(Resource::Jobs), of(Resource::Pods)), (1, 4, 4));
    assert_eq!(history, cluster.build().expect("a sound plan"), "a plan always makes the same history");
}

fn present(history: &History) -> Vec<&Change> {
    let changes = history.changes();
    let is_last = |nth: usize| !changes[nth + 1..].iter().any(|it| it.uid() == changes[nth].uid());
    let last = (0..changes.len()).filter(|nth| is_last(*nth)).map(|nth| &changes[nth]);
    last.filter(|it| it.kind != ChangeKind::Deleted).collect()
}

#[test]
fn deleting_a_cron_job_deletes_its_jobs_and_pods_and_drops_its_later_changes() {
    let mut cluster = cluster("doomed");
    cluster.run(NAMESPACE, "doomed", at("2026-11-23T11:47:00Z"), success());
    cluster.run(NAMESPACE, "doomed", at("2026-11-23T11:48:00Z"), RunPlan::hangs());
    cluster.run(NAMESPACE, "doomed", at("2026-11-23T11:59:00Z"), success());
    cluster.delete_cron_job(NAMESPACE, "doomed", at("2026-11-23T11:50:00Z"));
    let history = cluster.build().expect("a sound plan");
    assert_eq!(present(&history), Vec::<&Change>::new());
    assert!(history.end() < at("2026-11-23T11:50:01Z"));
    cluster.cron_job(CronJobPlan::new(NAMESPACE, "doomed", "0 0 * * *"));
    assert_eq!(
        present(&cluster.build().expect("a sound plan")).len(),
        1,
        "a CronJob of the same name can be created again"
    );
}

#[test]
fn changes_before_the_start_become_initial_objects() {
    let start = at("2026-11-23T12:00:00Z");
    let mut cluster = Cluster::new(start);
    cluster.cron_job(CronJobPlan::new(NAMESPACE, "old", "0 * * * *"));
    for hours in 1..=6 {
        cluster.run(NAMESPACE, "old", start - TimeDelta::hours(hours), success());
    }
    cluster.suspend(NAMESPACE, "old", start + TimeDelta::hours(1), true);
    cluster.edit_schedule(NAMESPACE, "old", start + TimeDelta::hours(2), "30 * * * *");
    let history = cluster.build().expect("a sound plan");
    let from_start =
        history.changes().iter().filter(|it| it.resource_version() <= history.initial_revision());
    assert_eq!(from_start.clone().count(), 1 + 3 + 3, "the CronJob, and the Jobs and Pods that it retains");
    assert!(from_start.clone().all(|it| it.kind == ChangeKind::Added));
    let later: Vec<&Change> =
        history.changes().iter().filter(|it| it.resource_version() > history.initial_revision()).collect();
    assert_eq!(later.len(), 2);
    assert_eq!(later[0].object["spec"]["suspend"], true);
    assert_eq!(later[1].object["spec"]["schedule"], "30 * * * *");
    assert_eq!(later[1].object["metadata"]["generation"], 3);
}

#[test]
fn a_run_of_a_cron_job_that_is_not_planned_is_an_error() {
    let mut cluster = cluster("known");
    cluster.run(NAMESPACE, "unknown", at("2026-11-23T11:47:00Z"), success());
    let (namespace, name) = (NAMESPACE.to_owned(), "unknown".to_owned());
    assert_eq!(cluster.build(), Err(PlanError::NoCronJob { namespace, name }));
}

#[test]
fn an_error_monitor_reports_a_retried_failure_and_no_success() {
    let seen = recorded("cron_retry_then_success").error_monitor();
    assert_eq!(seen.len(), 1);
    assert_eq!((seen[0].namespace.as_str(), seen[0].batch.as_str()), ("s-cron-retry-then-success", "retry"));
    assert!(seen[0].pod.is_some());
    assert_eq!(seen[0].what, "container main ended with exit code 1: Error");
    assert_eq!(recorded("cron_success").error_monitor(), []);
}

#[test]
fn an_error_monitor_reports_each_failed_attempt_and_the_job_and_no_hang() {
    let mut cluster = cluster("etl");
    let traceback = "Traceback (most recent call last):\n  File \"etl.py\"\nMemoryError: 12 GiB\n";
    let outcome =
        Outcome::Fails { exit_code: 137, reason: "OOMKilled".to_owned(), message: traceback.to_owned() };
    let attempt = Attempt { starts_after: TimeDelta::seconds(3), lasts: TimeDelta::seconds(9), outcome };
    let plan = RunPlan::Attempts(vec![attempt.clone(), attempt]);
    cluster.run(NAMESPACE, "etl", at("2026-11-23T11:47:00Z"), plan);
    cluster.run(NAMESPACE, "etl", at("2026-11-23T12:47:00Z"), RunPlan::hangs());
    cluster.run(NAMESPACE, "etl", at("2026-11-23T13:47:00Z"), RunPlan::unschedulable("0/3 nodes"));
    let seen = cluster.build().expect("a sound plan").error_monitor();
    let what: Vec<&str> = seen.iter().map(|it| it.what.as_str()).collect();
    let attempt = "container main ended with exit code 137: OOMKilled: MemoryError: 12 GiB";
    let job = "Job etl-29923907 failed: BackoffLimitExceeded: Job has reached the specified backoff limit";
    assert_eq!(what, [attempt, attempt, job]);
}
