//! Each end of a gokart pipeline, run for real with the release of `tests/gokart/requirements.txt`, and the alert that it gives.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use chrono::{DateTime, TimeDelta, Utc};
use kigen_playback::generate::{Attempt, Cluster, CronJobPlan, RunPlan};
use kigen_shipper::decode::{Decoded, decode};
use kigen_shipper::resource::Resource;
use serde::Deserialize;
use serde_json::json;

use crate::support::{HEAVY, Up, noon, play, start};

/// How a pipeline ended, as `tests/gokart/run_all.py` prints it.
#[derive(Deserialize)]
struct End {
    name: String,
    exit_code: i32,
    /// The container's termination message.
    message: String,
}

fn ends() -> Vec<End> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let python = kigen_testkit::cache().join("gokart/bin/python");
    assert!(python.exists(), "there is no {}: run `make gokart`, which creates it", python.display());
    let output =
        Command::new(python).arg(root.join("tests/gokart/run_all.py")).output().expect("Python runs");
    assert!(output.status.success(), "{output:?}");
    let lines = String::from_utf8(output.stdout).expect("text");
    lines.lines().map(|line| serde_json::from_str(line).expect("an end")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_end_of_a_gokart_pipeline_gives_the_alert_of_the_page_on_gokart() {
    let _heavy = HEAVY.lock().await;
    let ends = ends();
    let codes: BTreeMap<&str, i32> = ends.iter().map(|end| (end.name.as_str(), end.exit_code)).collect();
    let expected = [
        ("good", 0),
        ("reporting", 0),
        ("already-running", 10),
        ("missing-data", 20),
        ("not-run", 30),
        ("task-failed", 40),
        ("scheduling-error", 50),
    ];
    assert_eq!(codes, BTreeMap::from(expected));
    let (good, bad): (Vec<_>, Vec<_>) = ends.into_iter().partition(|end| end.exit_code == 0);
    reports_its_numbers(good.iter().find(|end| end.name == "reporting").expect("it ran"));

    let dir = tempfile::tempdir().expect("a temporary directory");
    let server = play(cluster(&bad)).await;
    let mut up = Up::start(dir.path(), &server.url());
    up.wait_until_it_watches().await;
    server.clock().advance_to(noon(1) + TimeDelta::minutes(1));
    for end in &bad {
        up.wait_for_message(&format!("ml/{} has no good result for 12:00", end.name)).await;
    }
    let page = include_str!("../../docs/gokart.md");
    let messages = up.messages();
    let alerts = bad.iter().map(|end| reason_of(&end.name, &messages));
    let missing: Vec<String> = alerts.filter(|alert| !page.contains(alert)).collect();
    assert!(missing.is_empty(), "docs/gokart.md lacks\n{}", missing.join("\n\n"));
    let (status, _) = up.terminate();
    assert!(status.success(), "{status}");
    server.shutdown().await;
}

/// A CronJob for each end, which ends so at 08:05 and has an objective for noon, on the second day: the first slot began before it.
fn cluster(ends: &[End]) -> kigen_playback::history::History {
    let mut cluster = Cluster::new(start());
    for End { name, exit_code, message } in ends {
        let plan = CronJobPlan::new("ml", name, "0 8 * * *");
        cluster.cron_job(plan.annotation("kigen.dev/complete-by", "0 12 * * *"));
        let attempt = Attempt::fails(TimeDelta::minutes(5), *exit_code, message);
        cluster.run("ml", name, noon(1) - TimeDelta::hours(4), RunPlan::Attempts(vec![attempt]));
    }
    cluster.build().expect("a history")
}

/// Why this batch has no result, from the message about it, without the bar at its left.
fn reason_of(name: &str, messages: &str) -> String {
    let lines = messages.lines().map(|line| line.strip_prefix("▌ ").unwrap_or(line).trim_end());
    let of_batch = lines.skip_while(|line| !line.contains(&format!("ml/{name} has no good result")));
    let reason = of_batch.skip_while(|line| !line.starts_with("Its run failed"));
    let reason = reason.take_while(|line| !line.starts_with("Job: "));
    // When it began depends on how fast it was played.
    let reason: Vec<&str> = reason.filter(|line| !line.starts_with("It began at ")).collect();
    assert!(!reason.is_empty(), "{messages}");
    reason.join("\n")
}

/// The line of the pipeline that reports is read as numbers.
fn reports_its_numbers(end: &End) {
    let finished_at: DateTime<Utc> = noon(0);
    let terminated = json!({
        "exitCode": end.exit_code, "reason": "Completed", "message": end.message,
        "startedAt": start().to_rfc3339(), "finishedAt": finished_at.to_rfc3339(),
    });
    let pod = json!({
        "metadata": {
            "name": "reporting-1", "namespace": "ml", "uid": "1", "resourceVersion": "7",
            "creationTimestamp": start().to_rfc3339(), "labels": {"job-name": "reporting"},
            "ownerReferences": [
                {"apiVersion": "batch/v1", "kind": "Job", "name": "reporting", "uid": "2", "controller": true}
            ],
        },
        "spec": {"containers": [{"name": "main"}]},
        "status": {
            "phase": "Succeeded",
            "containerStatuses": [{"name": "main", "restartCount": 0, "state": {"terminated": terminated}}],
        },
    });
    let decoded = decode(Resource::Pods, pod.to_string().as_bytes(), finished_at);
    let Ok(Decoded::Pod { attempt, .. }) = decoded else { panic!("{decoded:?}") };
    assert_eq!(attempt.metrics.to_string(), "mean_price 2, rows 2");
}
