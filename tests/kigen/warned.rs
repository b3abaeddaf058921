//! `kigen replay` and `explain` show the warnings of the past, also those of objectives that were not there then.

use std::path::Path;

use chrono::{DateTime, TimeDelta};
use expect_test::expect;
use kigen_log::{EmbeddedLog, Log, NewRecord, Settings};
use kigen_model::Instant;
use kigen_model::event::{ClusterBody, ClusterEvent, Event, Fact, FactBody, Revision};
use kigen_model::key::BatchKey;
use kigen_model::objective::{Deadlines, Objective, ObjectiveSource};
use kigen_model::run::{CronJob, Run, RunPhase};
use kigen_model::topic::{Partition, Topic};
use kigen_wire::{Level, encode_event};

use crate::support::kigen;

const CLUSTER: &str = "shop";
/// Fires at 01:00 each day.
const DAYS: i64 = 24;

fn at(day: i64, minutes: i64) -> Instant {
    let first = DateTime::parse_from_rfc3339("2026-10-01T00:00:00Z").expect("an instant").to_utc();
    first + TimeDelta::days(day) + TimeDelta::minutes(minutes)
}

fn revision(uid: &str, resource_version: u64) -> Revision {
    Revision { uid: uid.to_owned(), resource_version }
}

/// A batch whose runs take twenty minutes more each day.
async fn write(dir: &Path, complete_by: &str) {
    let key = BatchKey::new(CLUSTER, "ml", "grows");
    let fact = |at, body| Event::Fact(Fact { key: key.clone(), observed_at: at, body });
    let tick = |at| {
        let body = ClusterBody::Tick { observed_until: at, positions: Vec::new() };
        Event::Cluster(ClusterEvent { cluster: CLUSTER.to_owned(), cluster_uid: None, epoch: 1, body })
    };
    let cron_job = CronJob {
        schedule: "0 1 * * *".to_owned(),
        time_zone: None,
        suspended: false,
        concurrency: None,
        created_at: at(0, 0),
        last_scheduled_at: None,
        last_succeeded_at: None,
    };
    let deadlines = Deadlines::CompleteBy { crontab: complete_by.to_owned() };
    let objective = Objective::new(deadlines, ObjectiveSource::Annotation);
    let mut events = vec![
        (
            at(0, 0),
            fact(at(0, 0), FactBody::CronJob { revision: revision("cron", 1), cron_job: Some(cron_job) }),
        ),
        (
            at(0, 0),
            fact(
                at(0, 0),
                FactBody::Objective {
                    name: "complete-by".to_owned(),
                    revision: revision("cron", 1),
                    objective: Some(objective),
                },
            ),
        ),
    ];
    for day in 0..DAYS {
        let (start, end) = (at(day, 60), at(day, 120 + 20 * day));
        let of = |phase| Run {
            job: format!("grows-{day}"),
            scheduled_at: Some(start),
            created_at: start,
            started_at: Some(start),
            phase,
            failed_pods: 0,
            slot: None,
        };
        let run = |at, version, phase| {
            let revision = revision(&format!("run-{day}"), version);
            (at, fact(at, FactBody::Run { revision, run: of(phase) }))
        };
        events.push(run(start, 2, RunPhase::Running));
        events.push((start, tick(start)));
        events.push(run(end, 3, RunPhase::Succeeded { completed_at: end }));
        events.push((end, tick(end)));
        events.push((at(day, 1400), tick(at(day, 1400))));
    }
    let record = |(at, event): (Instant, Event)| NewRecord {
        topic: Topic::Events,
        partition: Partition(0),
        key: match &event {
            Event::Fact(fact) => fact.key.to_string(),
            Event::Cluster(event) => event.cluster.clone(),
        },
        value: Some(encode_event(&event, Level::NEWEST)),
        timestamp: at,
    };
    let settings = Settings { partitions: 1, ..Settings::default() };
    let log = EmbeddedLog::open(&dir.join("log"), settings).expect("a log");
    log.append(events.into_iter().map(record).collect()).await.expect("it appends");
}

fn printed(dir: &Path, args: &[&str]) -> String {
    let output = kigen().current_dir(dir).args(args).args(["--cluster", CLUSTER, "--data-dir", "."]).output();
    let output = output.expect("kigen runs");
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).expect("text")
}

#[tokio::test]
async fn a_replay_shows_how_long_before_a_miss_other_objectives_would_have_warned() {
    let dir = tempfile::tempdir().expect("a folder");
    write(dir.path(), "0 20 * * *").await;
    expect![[r#"
        BATCH          OBJECTIVE    MET  MISSED  MUTED  UNKNOWN  EXCUSED  MARGIN MIN   MEDIAN       P95          WARNED OF  COMPARED WITH ALERTS
        shop/ml/grows  complete-by  24   0       0      0        0        10 h 20 min  14 h 00 min  17 h 40 min  -          the same

        1 objectives: 24 slots met, 0 missed, 0 muted, 0 unknown, 0 excused; 0 missed but not alerted, 0 alerted but not missed
    "#]].assert_eq(&printed(dir.path(), &["replay"]));
    let objectives = "apiVersion: kigen.dev/v1alpha1\nkind: Objective\nmetadata: {name: by-nine, namespace: ml}\n\
                      spec:\n  batch: {cronJob: grows}\n  completeBy: \"0 9 * * *\"\n";
    std::fs::write(dir.path().join("by-nine.yaml"), objectives).expect("a file");
    let with_file =
        |args: &[&str]| printed(dir.path(), &[&["replay", "--objectives", "by-nine.yaml"], args].concat());
    expect![[r#"
        BATCH          OBJECTIVE  MET  MISSED  MUTED  UNKNOWN  EXCUSED  MARGIN MIN  MEDIAN      P95         WARNED OF              COMPARED WITH ALERTS
        shop/ml/grows  by-nine    22   2       0      0        0        0 s         3 h 20 min  6 h 40 min  2 of 2, 9 days before  2 more missed

        1 objectives: 22 slots met, 2 missed, 0 muted, 0 unknown, 0 excused; 2 missed but not alerted, 0 alerted but not missed
    "#]].assert_eq(&with_file(&[]));
    let slots = with_file(&["--slots"]);
    let last: Vec<&str> = slots.lines().rev().take(5).collect();
    expect![[r#"
        shop/ml/grows  by-nine    2026-10-24T09:00:00Z  missed, still running              9 days
        shop/ml/grows  by-nine    2026-10-23T09:00:00Z  missed, still running              8 days
        shop/ml/grows  by-nine    2026-10-22T09:00:00Z  met                    0 s
        shop/ml/grows  by-nine    2026-10-21T09:00:00Z  met                    20 min
        shop/ml/grows  by-nine    2026-10-20T09:00:00Z  met                    40 min"#]]
    .assert_eq(&last.join("\n"));
    let json = with_file(&["--format", "json"]);
    assert!(json.contains(r#""missed_and_warned_of":2"#), "{json}");
}

#[tokio::test]
async fn explain_shows_the_warnings_about_a_deadline() {
    let dir = tempfile::tempdir().expect("a folder");
    write(dir.path(), "0 9 * * *").await;
    let explained = printed(dir.path(), &["explain", "ml/grows", "2026-10-24"]);
    let warned: Vec<&str> = explained.lines().filter(|line| line.starts_with("Warned")).collect();
    expect!["Warned at Wed 2026-10-14 23:20, 9 days before the deadline: trend, which would miss the deadline of Fri 2026-10-23 09:00."].assert_eq(&warned.join("\n"));
}
