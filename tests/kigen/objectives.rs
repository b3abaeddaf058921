//! A file of objectives from the user's side: checked against the event log, followed by `kigen up`, and listed.

use std::path::Path;
use std::process::{Command, Output};

use chrono::TimeDelta;
use expect_test::expect;
use kigen_model::alert::{Alert, AlertBody};
use kigen_playback::generate::{Cluster, CronJobPlan, RunPlan};
use kigen_playback::history::History;
use kigen_playback::resource::Resource;
use serde_json::{Value, json};

use crate::support::{PATIENCE, Up, kigen, noon, play, start};

const DAYS: i64 = 7;

/// `recommend` needs three and a half hours, and `report` reads its result at noon; `hourly` is done in a minute.
fn history() -> History {
    let mut cluster = Cluster::new(start());
    cluster.cron_job(CronJobPlan::new("ml", "recommend", "0 8 * * *"));
    cluster.cron_job(CronJobPlan::new("dwh", "report", "0 12 * * *"));
    cluster.cron_job(
        CronJobPlan::new("ml", "hourly", "0 * * * *").annotation("kigen.dev/complete-by", "0 6 * * *"),
    );
    for day in 0..DAYS {
        let at = start() + TimeDelta::days(day) + TimeDelta::hours(8);
        cluster.run("ml", "recommend", at, RunPlan::succeeds(TimeDelta::minutes(210)));
    }
    cluster.edit_schedule("dwh", "report", noon(4) + TimeDelta::hours(2), "0 11 * * *");
    cluster.build().expect("a history")
}

fn objective(name: &str, batch: &str, spec: &str) -> String {
    format!(
        "apiVersion: kigen.dev/v1alpha1\nkind: Objective\nmetadata: {{name: {name}, namespace: ml}}\n\
         spec:\n  batch: {{cronJob: {batch}}}\n  {spec}\n"
    )
}

const BEFORE_REPORT: &str = "before: {cronJob: report, namespace: dwh}";

fn write(dir: &Path, documents: &[String]) {
    // As Kubernetes replaces a mounted file: never half of one.
    std::fs::write(dir.join("new.yaml"), documents.join("---\n")).expect("a file");
    std::fs::rename(dir.join("new.yaml"), dir.join("objectives.yaml")).expect("in place of the old one");
}

fn command(dir: &Path, args: &[&str]) -> Command {
    let mut command = kigen();
    command.current_dir(dir).args(["--data-dir", ".", "--cluster", "shop"]).args(args);
    command
}

fn run(dir: &Path, args: &[&str]) -> Output {
    command(dir, args).output().expect("kigen runs")
}

fn stdout(dir: &Path, args: &[&str]) -> String {
    let output = run(dir, args);
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).expect("stdout is text")
}

/// Waits until the list of objectives satisfies `is_there`.
async fn until_listed(dir: &Path, what: &str, is_there: impl Fn(&str) -> bool) -> String {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    loop {
        let list = stdout(dir, &["objectives", "list"]);
        if is_there(&list) {
            return list;
        }
        assert!(tokio::time::Instant::now() < deadline, "never listed: {what}\n{list}");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}

fn misses(alerts: &[Alert]) -> Vec<String> {
    let mut misses: Vec<String> = alerts
        .iter()
        .filter_map(|alert| match &alert.body {
            AlertBody::SlotMissed { slot, .. } if alert.key.batch == "recommend" => {
                Some(format!("{} {}", alert.objective.as_ref()?.name, slot.deadline))
            }
            _ => None,
        })
        .collect();
    misses.sort();
    misses
}

#[tokio::test(flavor = "multi_thread")]
async fn kigen_follows_a_file_of_objectives_and_the_schedules_that_it_names() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let dir = dir.path();
    let server = play(history()).await;
    let early = objective("early", "recommend", "completeBy: \"0 11 * * *\"");
    let before = objective("before-report", "recommend", BEFORE_REPORT);
    write(dir, &[early, before.clone(), objective("wrong", "recommend", "completeBy: \"0 25 * * *\"")]);
    let mut up = Up::start_with_objectives(dir, &server.url());
    up.wait_until_it_watches().await;
    up.wait_for_log("line 20: the hour `25` does not read").await;
    // Each is judged from its second deadline on.
    server.clock().advance_to(noon(2) + TimeDelta::minutes(1));
    let alerts = up.wait_for_alerts(|alerts| misses(alerts).len() > 1).await;
    assert_eq!(misses(&alerts), ["early 2026-11-10 11:00:00 UTC", "early 2026-11-11 11:00:00 UTC"]);
    let list =
        until_listed(dir, "the third noon", |list| list.contains("before dwh/report  Thu 2026-11-12")).await;
    expect![[r#"
        BATCH              OBJECTIVE      FROM        DEADLINES          NEXT                      LAST VERDICT           NOTE
        shop/ml/hourly     complete-by    annotation  by 0 6 * * *       Thu 2026-11-12 06:00 UTC  MISSED, never started  2 missed since 2026-11-10T06:00:00Z
        shop/ml/recommend  before-report  file        before dwh/report  Thu 2026-11-12 12:00 UTC  met, 29 min before
        shop/ml/recommend  early          file        by 0 11 * * *      Thu 2026-11-12 11:00 UTC  MISSED, still running

        3 objectives of 3 batches; judged until: 2026-11-11T12:01:00Z
    "#]].assert_eq(&list);

    // A file that is not YAML withdraws nothing; objectives missing in a valid file are withdrawn.
    write(dir, &["{".to_owned()]);
    up.wait_for_log("unclosed bracket").await;
    assert!(stdout(dir, &["objectives", "list"]).contains("early"));
    write(dir, std::slice::from_ref(&before));
    until_listed(dir, "early withdrawn", |list| list.contains("withdrawn at")).await;

    // From the sixth day on the report starts an hour earlier, and the result is too late for it.
    let edited_at = noon(4) + TimeDelta::hours(2);
    server.clock().advance_to(edited_at - TimeDelta::minutes(1));
    until_listed(dir, "the sixth noon", |list| list.contains("before dwh/report  Sat 2026-11-14 12:00"))
        .await;
    server.clock().advance_to(edited_at + TimeDelta::minutes(1));
    until_listed(dir, "its new deadline", |list| list.contains("before dwh/report  Sat 2026-11-14 11:00"))
        .await;
    server.clock().advance_to(noon(5) + TimeDelta::minutes(1));
    let alerts = up.wait_for_alerts(|alerts| misses(alerts).len() > 2).await;
    let missed = misses(&alerts);
    assert_eq!(missed[0], "before-report 2026-11-14 11:00:00 UTC");
    assert_eq!(missed.len(), 3, "{missed:?}");
    the_file_is_checked_against_the_log(dir, &before);
    let (status, _) = up.terminate();
    assert!(status.success(), "{status}");
    server.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_without_the_file_withdraws_nothing_that_it_declared() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let dir = dir.path();
    let server = play(history()).await;
    write(dir, &[objective("early", "recommend", "completeBy: \"0 11 * * *\"")]);
    let mut up = Up::start_with_objectives(dir, &server.url());
    up.wait_until_it_watches().await;
    until_listed(dir, "early", |list| list.contains("early")).await;
    up.terminate();
    let mut up = Up::start(dir, &server.url());
    server.clock().advance_to(noon(2) + TimeDelta::minutes(1));
    let alerts = up.wait_for_alerts(|alerts| misses(alerts).len() > 1).await;
    assert_eq!(misses(&alerts), ["early 2026-11-10 11:00:00 UTC", "early 2026-11-11 11:00:00 UTC"]);
    // A file without it does.
    up.terminate();
    write(dir, &["# nothing\n".to_owned()]);
    let up = Up::start_with_objectives(dir, &server.url());
    until_listed(dir, "early withdrawn", |list| list.contains("withdrawn at")).await;
    up.terminate();
    server.shutdown().await;
}

fn the_file_is_checked_against_the_log(dir: &Path, before: &str) {
    let documents = [
        before.to_owned(),
        objective("noon", "hourly", "completeBy: \"0 12 * * *\"\n  timeZone: Asia/Tokyo"),
        objective("six", "hourly", "completeBy: \"0 6 * * *\"\n  timeZone: UTC"),
        objective("ready", "recomend", "completeBy: \"0 12 * * *\""),
        objective("twice", "recommend", BEFORE_REPORT),
        objective("lost", "recommend", "before: {cronJob: reprot}"),
    ];
    std::fs::write(dir.join("checked.yaml"), documents.join("---\n")).expect("a file");
    expect![[r#"
        line 5: `before-report` of ml/recommend: all of the next 14 slots leave less time than a run takes: 180 min until Mon 2026-11-16 11:00 UTC, but the shortest of the last good runs (6) took 210 min; set the deadline later or start the run earlier
        line 12: `noon` of ml/hourly: 24 runs are expected from Sun 2026-11-15 12:00 Asia/Tokyo to Mon 2026-11-16 12:00 Asia/Tokyo, and any of them that succeeds is enough: give a `freshness` if only the last should count
        line 12: `noon` of ml/hourly: the deadlines are read in Asia/Tokyo, but the CronJob's schedule in UTC: if both mean the same clock, leave `timeZone` out
        line 20: `six` of ml/hourly: 24 runs are expected from Sun 2026-11-15 06:00 UTC to Mon 2026-11-16 06:00 UTC, and any of them that succeeds is enough: give a `freshness` if only the last should count
        line 20: `six` of ml/hourly: the annotation kigen.dev/complete-by declares the same: a miss is alerted twice
        line 28: `ready` of ml/recomend: there is no such CronJob, and each deadline will be missed: check name and namespace, and that kigen watches the namespace
        line 35: `twice` of ml/recommend: `before-report` on line 5 declares the same: a miss is alerted twice
        line 35: `twice` of ml/recommend: all of the next 14 slots leave less time than a run takes: 180 min until Mon 2026-11-16 11:00 UTC, but the shortest of the last good runs (6) took 210 min; set the deadline later or start the run earlier
        line 42: `lost` of ml/recommend: there is no CronJob ml/reprot before whose fires the result should be there; name another under `before`, or say `completeBy`
        checked.yaml: 6 objectives, all understood; 9 warnings
    "#]].assert_eq(&stdout(dir, &["objectives", "check", "checked.yaml"]));
}

#[test]
fn without_a_log_the_file_is_checked_by_itself() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let documents =
        [objective("ready", "recommend", BEFORE_REPORT), objective("twice", "recommend", BEFORE_REPORT)];
    write(dir.path(), &documents);
    expect![[r#"
        there is no event log in ., so objectives are not checked against batches; name it by --data-dir
        line 12: `twice` of ml/recommend: `ready` on line 5 declares the same: a miss is alerted twice
        objectives.yaml: 2 objectives, all understood; 1 warning
    "#]]
    .assert_eq(&stdout(dir.path(), &["objectives", "check", "objectives.yaml"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn objectives_that_match_no_batch_are_listed_with_the_reason_while_the_cluster_answers() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let dir = dir.path();
    let mut cluster = Cluster::new(start());
    cluster.cron_job(CronJobPlan::new("ml", "recommend", "0 8 * * *"));
    let selector = json!({"selector": {"matchLabels": {"tier": "gold"}}});
    let by_noon = |batch: Value| json!({"batch": batch, "completeBy": "0 12 * * *"});
    cluster.objective("ml", "fine", start(), Some(by_noon(json!({"cronJob": "recommend"}))));
    cluster.objective("ml", "lost", start(), Some(by_noon(selector)));
    cluster.objective("ml", "mute", start(), Some(json!({"batch": {"cronJob": "recommend"}})));
    let server = play(cluster.build().expect("a history")).await;
    server.faults().serve_objectives(true);
    let url = server.url();
    let list = ["objectives", "list", "--api-url", &url];
    let mut up = Up::start(dir, &url);
    up.wait_until_it_watches().await;
    server.clock().advance_to(start() + TimeDelta::minutes(1));
    until_listed(dir, "the one that holds", |list| list.contains("fine") && list.contains("T00:01:00Z"))
        .await;
    let deadline = tokio::time::Instant::now() + PATIENCE;
    while ["fine", "lost", "mute"].iter().any(|name| server.objective_status("ml", name).0.is_none()) {
        assert!(tokio::time::Instant::now() < deadline, "the statuses are not written");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    expect![[r#"
        BATCH              OBJECTIVE  FROM    DEADLINES      NEXT                      LAST VERDICT  NOTE
        shop/ml/recommend  fine       object  by 0 12 * * *  Mon 2026-11-09 12:00 UTC  none yet

        1 objectives of 1 batches; judged until: 2026-11-09T00:01:00Z

        not in force as written, in the cluster at URL/:

        OBJECTIVE  PROBLEM
        ml/lost    no CronJob of the namespace ml has these labels
        ml/mute    nothing names the deadlines: add `completeBy` or `before`, or, without deadlines, `reads`
    "#]]
    .assert_eq(&stdout(dir, &list).replace(&url, "URL"));
    assert!(
        !stdout(dir, &[&list[..], &["ml/recommend"]].concat()).contains("lost"),
        "it belongs to no batch"
    );

    server.faults().refuse(Some(Resource::Objectives), Some(403));
    let output = run(dir, &list);
    let (list, log) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && list.contains("fine") && !list.contains("lost"), "{list}");
    assert!(log.contains("match no batch are not listed") && log.contains("grant list"), "{log}");
    let log_without_cluster = |kubeconfig: Option<&str>| {
        let mut command = command(dir, &["objectives", "list"]);
        command.env("HOME", dir).env_remove("KUBECONFIG").env_remove("KUBERNETES_SERVICE_HOST");
        command.envs(kubeconfig.map(|file| ("KUBECONFIG", file)));
        let output = command.output().expect("kigen runs");
        assert!(String::from_utf8_lossy(&output.stdout).contains("fine"), "{output:?}");
        String::from_utf8(output.stderr).expect("stderr is text")
    };
    assert_eq!(log_without_cluster(None), "", "without a cluster, the log alone is listed");
    assert!(
        log_without_cluster(Some("nowhere")).contains("there is no kubeconfig nowhere ($KUBECONFIG)"),
        "a configured one is reported"
    );
    let (status, _) = up.terminate();
    assert!(status.success(), "{status}");
    server.shutdown().await;
}
