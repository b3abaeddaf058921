//! Objectives that are declared with kubectl, from the user's side: judged by `kigen up`, listed, and with a status.

use std::path::Path;

use chrono::TimeDelta;
use expect_test::expect;
use kigen_model::alert::{Alert, AlertBody};
use kigen_playback::generate::{Cluster, CronJobPlan, RunPlan};
use kigen_playback::history::History;
use kigen_playback::server::Server;
use serde_json::{Value, json};

use crate::support::{PATIENCE, Up, kigen, noon, play, start};

/// `recommend` is done at 11:30: in time for its reader at noon, and too late for the deadline at 11.
fn history() -> History {
    let mut cluster = Cluster::new(start());
    let mut recommend = CronJobPlan::new("ml", "recommend", "0 8 * * *");
    recommend.labels.insert("tier".to_owned(), "gold".to_owned());
    cluster.cron_job(recommend).cron_job(CronJobPlan::new("dwh", "report", "0 12 * * *"));
    for day in 0..6 {
        let at = start() + TimeDelta::days(day) + TimeDelta::hours(8);
        cluster.run("ml", "recommend", at, RunPlan::succeeds(TimeDelta::minutes(210)));
    }
    let report = json!({"cronJob": "report", "namespace": "dwh"});
    let specs = [
        ("before-report", json!({"batch": {"cronJob": "recommend"}, "before": report})),
        (
            "golden",
            json!({"batch": {"selector": {"matchLabels": {"tier": "gold"}}}, "completeBy": "0 11 * * *"}),
        ),
        ("lost", json!({"batch": {"cronJob": "recomend"}, "completeBy": "0 12 * * *"})),
    ];
    for (name, spec) in specs {
        cluster.objective("ml", name, start(), Some(spec));
    }
    cluster.objective("ml", "golden", noon(3), None);
    cluster.build().expect("a history")
}

fn list(dir: &Path) -> String {
    let mut command = kigen();
    command.args(["objectives", "list", "--cluster", "shop", "--data-dir"]).arg(dir);
    let output = command.output().expect("kigen runs");
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).expect("text")
}

async fn until_listed(dir: &Path, what: &str, is_there: impl Fn(&str) -> bool) -> String {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    loop {
        let list = list(dir);
        if is_there(&list) {
            return list;
        }
        assert!(tokio::time::Instant::now() < deadline, "never listed: {what}\n{list}");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}

fn misses(alerts: &[Alert], objective: &str) -> usize {
    let is_of = |alert: &&Alert| alert.objective.as_ref().is_some_and(|of| of.name == objective);
    let is_miss = |alert: &&Alert| matches!(alert.body, AlertBody::SlotMissed { .. });
    alerts.iter().filter(is_of).filter(is_miss).count()
}

async fn until_status(server: &Server, name: &str, field: &str, text: &str) -> Value {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    loop {
        let status = server.objective_status("ml", name).0.unwrap_or_default();
        if status[field] == text {
            return status;
        }
        assert!(tokio::time::Instant::now() < deadline, "never {text}: {status}");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_objective_declared_with_kubectl_is_judged_listed_and_gets_a_status() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let dir = dir.path();
    let server = play(history()).await;
    server.faults().serve_objectives(true);
    let mut up = Up::start(dir, &server.url());
    up.wait_until_it_watches().await;
    up.wait_for_log(
        "cluster `shop`, all namespaces: 2 CronJobs, 1 with an objective, and 1 with an objective and no CronJob; next deadline \
         2026-11-09 11:00 UTC: ml/recommend",
    )
    .await;
    up.wait_for_log("Objective ml/lost: there is no CronJob recomend in the namespace ml").await;
    server.clock().advance_to(noon(2) + TimeDelta::minutes(1));
    up.wait_for_alerts(|alerts| misses(alerts, "golden") == 2).await;
    let listed =
        until_listed(dir, "the third noon", |list| list.contains("before dwh/report  Thu 2026-11-12")).await;
    expect![[r#"
        BATCH              OBJECTIVE      FROM      DEADLINES          NEXT                      LAST VERDICT             NOTE
        shop/ml/recomend   lost           object    by 0 12 * * *      Thu 2026-11-12 12:00 UTC  MISSED, cron job absent  there is no such CronJob
        shop/ml/recommend  before-report  object    before dwh/report  Thu 2026-11-12 12:00 UTC  met, 29 min before
        shop/ml/recommend  golden         selector  by 0 11 * * *      Thu 2026-11-12 11:00 UTC  MISSED, still running

        3 objectives of 3 batches; judged until: 2026-11-11T12:01:00Z
    "#]].assert_eq(&listed);
    up.wait_for_metrics("kigen_objectives_unresolved{cluster=\"shop\",source=\"object\"} 1").await;
    let status = until_status(&server, "before-report", "lastVerdict", "met, 2026-11-11T12:00:00Z").await;
    assert_eq!(status["nextDeadline"], "2026-11-12T12:00:00Z");
    let golden = "missed (still running), 2026-11-11T11:00:00Z";
    until_status(&server, "golden", "lastVerdict", golden).await;
    let lost = "there is no CronJob recomend in the namespace ml";
    until_status(&server, "lost", "problem", lost).await;

    // It is killed, an Objective is deleted, and another kigen resumes from the log.
    up.kill();
    server.clock().advance_to(noon(3) + TimeDelta::minutes(1));
    let mut up = Up::start(dir, &server.url());
    up.wait_until_it_watches().await;
    until_listed(dir, "golden withdrawn", |list| list.contains("withdrawn at")).await;
    server.clock().advance_to(noon(4) + TimeDelta::minutes(1));
    let listed = until_listed(dir, "the fifth noon", |list| list.contains("Sat 2026-11-14 12:00")).await;
    assert!(!listed.contains("golden"), "{listed}");
    let alerts = up.wait_for_alerts(|alerts| misses(alerts, "lost") > 1).await;
    assert_eq!((misses(&alerts, "golden"), misses(&alerts, "before-report")), (3, 0));
    let (status, _) = up.terminate();
    assert!(status.success(), "{status}");
    server.shutdown().await;
}
