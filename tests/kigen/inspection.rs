//! The commands that read the log, over one that a test has written: batches that were removed, and a miss whose cause was not
//! observed.

use std::path::Path;

use chrono::{DateTime, TimeDelta};
use expect_test::expect;
use kigen_log::{EmbeddedLog, Log, NewRecord, Settings};
use kigen_model::Instant;
use kigen_model::event::{ClusterBody, ClusterEvent, Event, Fact, FactBody, Revision};
use kigen_model::key::BatchKey;
use kigen_model::objective::{Deadlines, Objective, ObjectiveSource};
use kigen_model::run::CronJob;
use kigen_model::slot::Gap;
use kigen_model::topic::{Offset, Partition, Topic};
use kigen_state::{BatchState, CronJobState, POSITION_KEY, PartitionState};
use kigen_wire::{Level, encode_batch, encode_event, encode_position};

use crate::support::kigen;

const CLUSTER: &str = "shop";

fn at(text: &str) -> Instant {
    DateTime::parse_from_rfc3339(text).expect("an instant").to_utc()
}

fn key(batch: &str) -> BatchKey {
    BatchKey::new(CLUSTER, "ml", batch)
}

fn cron_job(last_scheduled_at: Option<Instant>, last_succeeded_at: Option<Instant>) -> CronJob {
    CronJob {
        schedule: "0 1 * * *".to_owned(),
        time_zone: None,
        suspended: false,
        concurrency: None,
        created_at: at("2026-11-16T00:00:00Z"),
        last_scheduled_at,
        last_succeeded_at,
    }
}

fn record(topic: Topic, key: &str, at: Instant, value: Option<Vec<u8>>) -> NewRecord {
    NewRecord { topic, partition: Partition(0), key: key.to_owned(), value, timestamp: at }
}

async fn write(dir: &Path, records: Vec<NewRecord>) {
    let settings = Settings { partitions: 1, ..Settings::default() };
    let log = EmbeddedLog::open(&dir.join("log"), settings).expect("a log");
    log.append(records).await.expect("it appends");
}

fn printed(dir: &Path, args: &[&str]) -> String {
    let output = kigen().args(args).args(["--cluster", CLUSTER, "--data-dir"]).arg(dir).output();
    let output = output.expect("kigen runs");
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).expect("text")
}

#[tokio::test]
async fn a_batch_that_was_removed_is_in_no_status_and_is_named_as_removed_among_the_records() {
    let dir = tempfile::tempdir().expect("a folder");
    let noon = at("2026-11-20T12:00:00Z");
    let state = |batch: &str| {
        let mut state = BatchState::new(key(batch));
        state.cron_job = Some(CronJobState {
            revision: Revision { uid: batch.to_owned(), resource_version: 1 },
            cron_job: cron_job(None, None),
            deleted_at: None,
            edits: Vec::new(),
            seen_at: None,
            standings: Vec::new(),
        });
        Some(encode_batch(&state, Level::NEWEST))
    };
    let position = encode_position(&PartitionState::new(Offset(0)), Level::NEWEST);
    let of = |batch: &str, value| record(Topic::Status, &key(batch).to_string(), noon, value);
    let records = vec![
        of("gone", state("gone")),
        of("kept", state("kept")),
        of("back", None),
        of("back", state("back")),
        of("gone", None),
        record(Topic::Status, POSITION_KEY, noon, Some(position)),
    ];
    write(dir.path(), records).await;

    let status = printed(dir.path(), &["status"]);
    assert!(status.contains("0 objectives of 2 batches"), "{status}");
    let json = printed(dir.path(), &["status", "--json"]);
    let batches: Vec<String> = json
        .lines()
        .map(|line| {
            serde_json::from_str::<serde_json::Value>(line).expect("JSON")["body"]["batch"].to_string()
        })
        .collect();
    assert_eq!(batches, [r#""back""#, r#""kept""#]);
    let refused = refusal(dir.path(), &["status", "--json", "ml/gone"]);
    assert!(refused.contains("the log has no batch `ml/gone`"), "{refused}");

    let records = printed(dir.path(), &["events", "--topic", "status", "ml/gone"]);
    expect!["2026-11-20T12:00:00Z          0@4  shop/ml/gone  removed\n"].assert_eq(&records);
    let records = printed(dir.path(), &["events", "--topic", "status", "--json", "ml/gone"]);
    expect![[
        r#"{"key":"shop/ml/gone","offset":4,"partition":0,"timestamp":"2026-11-20T12:00:00Z","value":null}"#
    ]]
    .assert_eq(records.trim_end());
}

/// What a command that fails prints; it prints nothing to stdout, and its exit code is 1.
fn refusal(dir: &Path, args: &[&str]) -> String {
    let output = kigen().args(args).arg("--data-dir").arg(dir).output().expect("kigen runs");
    assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(1), &[][..]), "{output:?}");
    String::from_utf8(output.stderr).expect("text")
}

/// A state of a batch whose crontab cannot be read.
fn unreadable(cluster: &str, batch: &str) -> NewRecord {
    let deadlines = Deadlines::CompleteBy { crontab: "61 * * * *".to_owned() };
    let fact = Event::Fact(Fact {
        key: BatchKey::new(cluster, "ml", batch),
        observed_at: at("2026-11-20T03:00:00Z"),
        body: FactBody::Objective {
            name: "ready".to_owned(),
            revision: Revision { uid: "ready".to_owned(), resource_version: 1 },
            objective: Some(Objective::new(deadlines, ObjectiveSource::Annotation)),
        },
    });
    let key = BatchKey::new(cluster, "ml", batch).to_string();
    record(Topic::Events, &key, at("2026-11-20T03:00:00Z"), Some(encode_event(&fact, Level::NEWEST)))
}

#[tokio::test]
async fn an_unknown_batch_is_an_error_and_a_cluster_is_named_only_where_several_have_the_batch() {
    let dir = tempfile::tempdir().expect("a folder");
    let noon = at("2026-11-20T12:00:00Z");
    let of = |cluster: &str, batch: &str| {
        let key = BatchKey::new(cluster, "ml", batch);
        let value = Some(encode_batch(&BatchState::new(key.clone()), Level::NEWEST));
        record(Topic::Status, &key.to_string(), noon, value)
    };
    let statuses = vec![of("shop", "report"), of("shop", "twice"), of("lab", "twice")];
    write(dir.path(), [statuses, vec![unreadable("shop", "report")]].concat()).await;

    let unknown: [&[&str]; 6] = [
        &["status", "ml/reprot"],
        &["status", "--json", "ml/reprot"],
        &["objectives", "list", "ml/reprot"],
        &["events", "ml/reprot"],
        &["events", "--topic", "alerts", "ml/reprot"],
        &["events", "--json", "ml/reprot"],
    ];
    for args in unknown {
        let refused = refusal(dir.path(), args);
        assert!(refused.contains("the log has no batch `ml/reprot`"), "{args:?}: {refused}");
    }
    // A batch without alerts is known.
    assert_eq!(printed(dir.path(), &["events", "--topic", "alerts", "ml/report"]), "");

    let refused = refusal(dir.path(), &["explain", "ml/report", "2026-11-20"]);
    let named = "objective `ready` of shop/ml/report, complete by \"61 * * * *\", is not judged: ";
    assert!(refused.contains(named) && refused.contains("61 is above 59"), "{refused}");
    let refused = refusal(dir.path(), &["explain", "ml/twice", "2026-11-20"]);
    assert!(refused.contains("in several clusters: lab, shop; name one by --cluster"), "{refused}");
}

#[tokio::test]
async fn a_miss_whose_cause_was_not_observed_is_explained_by_the_time_without_observation() {
    let dir = tempfile::tempdir().expect("a folder");
    let (before, after) = (at("2026-11-18T00:10:00Z"), at("2026-11-19T08:00:00Z"));
    let day = |day: u32| at(&format!("2026-11-{day}T01:00:00Z"));
    let fact = |at, body| (at, Event::Fact(Fact { key: key("report"), observed_at: at, body }));
    let cron_job = |at, resource_version, cron_job| {
        let revision = Revision { uid: "report".to_owned(), resource_version };
        fact(at, FactBody::CronJob { revision, cron_job: Some(cron_job) })
    };
    let of_cluster = |at, body| {
        let cluster = CLUSTER.to_owned();
        (at, Event::Cluster(ClusterEvent { cluster, cluster_uid: None, epoch: 1, body }))
    };
    let tick = |at| of_cluster(at, ClusterBody::Tick { observed_until: at, positions: Vec::new() });
    let objective = Objective::new(
        Deadlines::CompleteBy { crontab: "0 6 * * *".to_owned() },
        ObjectiveSource::Annotation,
    );
    let declared = FactBody::Objective {
        name: "complete-by".to_owned(),
        revision: Revision { uid: "report".to_owned(), resource_version: 1 },
        objective: Some(objective),
    };
    let start = at("2026-11-16T20:00:00Z");
    let success = Some(day(17) + TimeDelta::minutes(30));
    let events = [
        cron_job(start, 1, self::cron_job(None, None)),
        fact(start, declared),
        cron_job(before, 2, self::cron_job(Some(day(17)), success)),
        tick(before),
        cron_job(after, 3, self::cron_job(Some(day(19)), success)),
        of_cluster(after, ClusterBody::Gap(Gap::unwatched(Some(before), after))),
        tick(after),
    ];
    let records = events.map(|(at, event)| {
        let key = match &event {
            Event::Fact(fact) => fact.key.to_string(),
            Event::Cluster(event) => event.cluster.clone(),
        };
        record(Topic::Events, &key, at, Some(encode_event(&event, Level::NEWEST)))
    });
    write(dir.path(), records.into()).await;

    let explained = printed(dir.path(), &["explain", "ml/report", "2026-11-18"]);
    let sentences: Vec<&str> =
        explained.lines().filter(|line| line.starts_with("Verdict") || line.starts_with("Why")).collect();
    expect![[r#"
        Verdict: missed, not observed. Decided by the event 0@6.
        Why: no run that belongs to the slot had succeeded by Wed 2026-11-18 06:00, and what became of its run was not observed: nothing was observed from Wed 2026-11-18 00:10 until Thu 2026-11-19 08:00."#]].assert_eq(&sentences.join("\n"));
}
