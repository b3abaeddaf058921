//! `kigen up` from a played cluster to its messages: judges on time, survives kills and a full disk, and stops.

use std::collections::BTreeSet;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use kigen_model::alert::{Alert, AlertBody};
use kigen_playback::generate::{Attempt, Cluster, CronJobPlan, RunPlan};
use kigen_playback::history::History;

use crate::support::{Up, alerts, fill_disk, noon, not_tested, play, start};

const DAYS: i64 = 6;
const NOISY_RUNS: i64 = 1_000;

/// Two products: one four minutes slower each day, the other in time; one that does not start on the third day.
fn history() -> History {
    cluster().build().expect("a history")
}

/// The same beside a batch that produces megabytes of events: each of its runs fails with a page of text.
fn noisy_history() -> History {
    let mut cluster = cluster();
    cluster.cron_job(CronJobPlan::new("ml", "noisy", "* * * * *"));
    for minute in 0..NOISY_RUNS {
        let page: String = (0..300).map(|line| format!("line {line} of {minute}\n")).collect();
        let run = RunPlan::Attempts(vec![Attempt::fails(TimeDelta::seconds(5), 1, &page); 2]);
        cluster.run("ml", "noisy", start() + TimeDelta::hours(9) + TimeDelta::minutes(minute), run);
    }
    cluster.build().expect("a history")
}

fn cluster() -> Cluster {
    let mut cluster = Cluster::new(start());
    for name in ["slower", "steady", "absent"] {
        let plan = CronJobPlan::new("ml", name, "0 8 * * *");
        cluster.cron_job(plan.annotation("kigen.dev/complete-by", "0 12 * * *"));
    }
    for day in 0..DAYS {
        let at = start() + TimeDelta::days(day) + TimeDelta::hours(8);
        cluster.run("ml", "slower", at, RunPlan::succeeds(TimeDelta::minutes(230 + 4 * day)));
        cluster.run("ml", "steady", at, RunPlan::succeeds(TimeDelta::minutes(30)));
        if day != 2 {
            cluster.run("ml", "absent", at, RunPlan::succeeds(TimeDelta::minutes(30)));
        }
    }
    cluster
}

/// The content of an alert without the instant of its decision.
fn subject(alert: &Alert) -> String {
    match &alert.body {
        AlertBody::SlotMissed { slot, cause, .. } => {
            format!("{} missed {} {}", alert.key.batch, slot.deadline, cause.kind().label())
        }
        AlertBody::SlotRecovered { slot, .. } => format!("{} recovered {}", alert.key.batch, slot.deadline),
        AlertBody::SlotRetracted { .. }
        | AlertBody::SlotUnknown { .. }
        | AlertBody::UnknownClosed { .. }
        | AlertBody::SlotAtRisk { .. }
        | AlertBody::RiskOver { .. }
        | AlertBody::ExpectationBroken { .. }
        | AlertBody::RunFailed { .. }
        | AlertBody::ClusterSilent { .. }
        | AlertBody::ClusterStalled(_)
        | AlertBody::BudgetSpent { .. }
        | AlertBody::SilenceOver { .. }
        | AlertBody::StallOver { .. } => format!("{} {}", alert.key.batch, alert.body.kind()),
    }
}

fn missed(batch: &str, day: i64, cause: &str) -> String {
    format!("{batch} missed {} {cause}", noon(day))
}

fn recovered(batch: &str, day: i64) -> String {
    format!("{batch} recovered {}", noon(day))
}

/// All alerts of the six days: the slower product is late from the fourth day on.
fn expected() -> BTreeSet<String> {
    BTreeSet::from([
        missed("absent", 2, "never_started"),
        recovered("absent", 2),
        missed("slower", 3, "still_running"),
        recovered("slower", 3),
        missed("slower", 4, "still_running"),
        recovered("slower", 4),
        missed("slower", 5, "still_running"),
        recovered("slower", 5),
    ])
}

/// Each expected alert is there once, and has its own id.
fn check(alerts: &[Alert]) {
    let subjects: Vec<String> = alerts.iter().map(subject).collect();
    assert_eq!(subjects.iter().cloned().collect::<BTreeSet<_>>(), expected());
    assert_eq!(subjects.len(), expected().len(), "there are duplicates: {subjects:?}");
    let ids: BTreeSet<_> = alerts.iter().map(|alert| alert.id).collect();
    assert_eq!(ids.len(), alerts.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deadline_is_judged_once_the_clusters_clock_has_passed_it_and_not_before() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let server = play(history()).await;
    let mut up = Up::start(dir.path(), &server.url());
    up.wait_until_it_watches().await;
    server.clock().advance_to(noon(2) + TimeDelta::seconds(40));
    let alerts = up.wait_for_alerts(|alerts| !alerts.is_empty()).await;
    assert_eq!(alerts.iter().map(subject).collect::<Vec<_>>(), [missed("absent", 2, "never_started")]);
    assert!(alerts[0].decided_at >= noon(2) + TimeDelta::seconds(30));
    server.clock().advance_to(noon(5) + TimeDelta::hours(1));
    let alerts = up.wait_for_alerts(|alerts| alerts.len() >= expected().len()).await;
    check(&alerts);
    let (status, took) = up.terminate();
    assert!(status.success(), "{status}");
    assert!(took < Duration::from_secs(10), "{took:?}");
    server.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_is_killed_repeatedly_resumes_where_it_was() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let server = play(history()).await;
    for day in 0..DAYS {
        let mut up = Up::start(dir.path(), &server.url());
        if day == 0 {
            up.wait_until_it_watches().await;
        }
        server.clock().advance_to(noon(day) + TimeDelta::hours(1));
        let until = noon(day);
        let due = expected().into_iter().filter(|subject| is_due_by(subject, until)).count();
        up.wait_for_alerts(|alerts| alerts.len() >= due).await;
        up.kill();
    }
    std::fs::write(dir.path().join("stderr"), "").expect("an empty log");
    let mut up = Up::start(dir.path(), &server.url());
    let all = up.wait_for_alerts(|alerts| alerts.len() >= expected().len()).await;
    check(&all);
    // All alerts may be there already, but a process that has just been created does not handle signals yet.
    up.wait_for_log("kigen starts").await;
    let (status, _) = up.terminate();
    assert!(status.success(), "{status}");
    check(&alerts(dir.path()));
    server.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_reported_and_nothing_is_lost_once_there_is_space_again() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let server = play(noisy_history()).await;
    let Some(mut up) = Up::start_on_small_disk(dir.path(), &server.url(), 64) else {
        return not_tested("kigen up on a full disk (this machine does not permit to mount a small tmpfs)");
    };
    up.wait_until_it_watches().await;
    let ballast = up.data_dir().join("ballast");
    fill_disk(&ballast);
    server.clock().advance_to(noon(3) + TimeDelta::seconds(40));
    up.wait_for_log("no space is left").await;
    std::fs::remove_file(&ballast).expect("there is space again");
    server.clock().advance_to(noon(5) + TimeDelta::hours(1));
    let all = up.wait_for_alerts(|alerts| of_slots(alerts).len() >= expected().len()).await;
    check(&of_slots(&all));
    let (status, _) = up.terminate();
    assert!(status.success(), "{status}");
    server.shutdown().await;
}

/// The alerts without those about failed runs of the noisy batch.
fn of_slots(alerts: &[Alert]) -> Vec<Alert> {
    let is_of_a_slot = |alert: &&Alert| !matches!(alert.body, AlertBody::RunFailed { .. });
    alerts.iter().filter(is_of_a_slot).cloned().collect()
}

/// Whether an expected alert is due an hour after the noon `until`.
fn is_due_by(subject: &str, until: DateTime<Utc>) -> bool {
    (0..DAYS).filter(|day| noon(*day) <= until).any(|day| {
        let deadline = noon(day).to_string();
        // The run of the next morning recovers the one that never started.
        subject.contains(&deadline) && (!subject.starts_with("absent recovered") || until >= noon(day + 1))
    })
}
