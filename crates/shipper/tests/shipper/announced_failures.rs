//! Jobs that have failed while pods of them hang in Terminating: the condition `Failed` comes when these are gone.

use chrono::{DateTime, TimeZone, Utc};
use kigen_model::event::FactBody;
use kigen_model::run::RunPhase;
use kigen_playback::clock::Pace;
use kigen_playback::history::{Change, ChangeKind, History};
use kigen_playback::resource::Resource;
use serde_json::{Value, json};

use crate::support::shipping::Shipping;

fn at(minute: u32, second: u32) -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 11, 19, 1, minute, second).single().expect("an instant")
}

fn change(at: DateTime<Utc>, kind: ChangeKind, version: u64, object: &Value) -> Change {
    let mut object = object.clone();
    object["metadata"]["resourceVersion"] = json!(version.to_string());
    Change { at, resource: Resource::Jobs, kind, object }
}

/// The Job of the case: it runs from 01:00 on, has failed at 01:20:03, and ends as `last` shows it. The clock runs on to 01:40.
fn history(last: Option<Change>) -> History {
    let failing = &of_case();
    let mut running = failing.clone();
    running["status"] = json!({"startTime": "2026-11-19T01:00:00Z", "active": 1, "ready": 1});
    let mut other = running.clone();
    other["metadata"]["uid"] = json!("job-uid-2");
    other["metadata"]["name"] = json!("other-29925700");
    let changes = [
        change(at(0, 0), ChangeKind::Added, 440, &running),
        change(at(20, 3), ChangeKind::Modified, 470, failing),
        change(at(40, 0), ChangeKind::Added, 600, &other),
    ];
    History::new(at(0, 0), 440, changes.into_iter().chain(last).collect())
}

fn of_case() -> Value {
    let text = std::fs::read_to_string("tests/cases/failed-and-a-pod-hangs-in-terminating.json");
    let mut case: Value = serde_json::from_str(&text.expect("the case")).expect("JSON");
    case["job"].take()
}

/// The instants at which the run of the case had failed, in the order in which its facts were emitted, each with the version.
fn failures(shipping: &Shipping) -> Vec<(u64, DateTime<Utc>)> {
    let failure = |body: &FactBody| match body {
        FactBody::Run { revision, run } => match run.phase {
            RunPhase::Failed { failed_at, .. } => Some((revision.resource_version, failed_at)),
            RunPhase::Deleted { .. } => panic!("it has failed"),
            RunPhase::Pending | RunPhase::Running | RunPhase::Suspended | RunPhase::Succeeded { .. } => None,
        },
        _ => None,
    };
    shipping.facts().filter_map(|fact| failure(&fact.body)).collect()
}

async fn play_until(shipping: &mut Shipping, until: DateTime<Utc>) {
    shipping.server.clock().advance_to(until);
    shipping.until_ticked(until).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_whose_pod_hangs_in_terminating_has_failed_a_minute_after_that_was_announced() {
    let mut shipping = Shipping::start(history(None), Pace::Manual).await;
    play_until(&mut shipping, at(20, 50)).await;
    assert_eq!(failures(&shipping), [], "its pods may end within their grace period");
    play_until(&mut shipping, at(22, 0)).await;
    assert_eq!(failures(&shipping), [(470, at(20, 3))]);
    // The next shipper lists the Job as it is, and emits nothing of it again.
    shipping.restart(2);
    play_until(&mut shipping, at(25, 0)).await;
    assert_eq!(failures(&shipping), [(470, at(20, 3))]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_end_of_the_last_pod_is_another_instant_of_the_failure_only_within_a_minute() {
    for (ended_at, expected) in [(at(20, 33), vec![(550, at(20, 33))]), (at(30, 0), vec![(470, at(20, 3))])] {
        let mut job = of_case();
        let mut failed = job["status"]["conditions"][0].clone();
        failed["type"] = json!("Failed");
        failed["lastTransitionTime"] = json!(ended_at.to_rfc3339());
        job["status"] = json!({
            "startTime": "2026-11-19T01:00:00Z", "failed": 1, "ready": 0,
            "conditions": [job["status"]["conditions"][0], failed],
        });
        let last = change(ended_at, ChangeKind::Modified, 550, &job);
        let mut shipping = Shipping::start(history(Some(last)), Pace::Manual).await;
        for until in [at(20, 10), at(20, 40), at(25, 0), at(35, 0)] {
            play_until(&mut shipping, until).await;
        }
        assert_eq!(failures(&shipping), expected);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_that_is_deleted_after_its_failure_was_announced_has_failed() {
    let last = change(at(20, 20), ChangeKind::Deleted, 550, &of_case());
    let mut shipping = Shipping::start(history(Some(last)), Pace::Manual).await;
    for until in [at(20, 10), at(20, 30), at(22, 0)] {
        play_until(&mut shipping, until).await;
    }
    assert_eq!(failures(&shipping), [(550, at(20, 3))]);
}
