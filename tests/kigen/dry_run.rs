//! A dry run with the configuration of a log on Kafka that others write: it is a guest, and changes nothing.

use std::collections::BTreeMap;
use std::process::{Command, Stdio};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use kigen_log::kafka::topics::Layout;
use kigen_log::kafka::{Connection, KafkaReader};
use kigen_log::{KafkaLog, Log, LogReader, NewRecord, Settings};
use kigen_model::alert::{Alert, AlertBody, CronJobPresence, alert_id};
use kigen_model::key::BatchKey;
use kigen_model::slot::{Cause, Slot};
use kigen_model::topic::{Offset, Partition, Topic};
use kigen_model::trend::Trend;
use kigen_testkit::kafka::Broker;
use kigen_wire::Level;

use crate::support::{HEAVY, Up, kigen, noon, play, steady_and_absent};

const PARTITIONS: u32 = 2;

fn connection(broker: &Broker) -> Connection {
    Connection::new(broker.bootstrap(), BTreeMap::new()).expect("default settings")
}

fn settings() -> Settings {
    Settings { partitions: PARTITIONS, ..Settings::default() }
}

/// A miss of this batch, as the processor of another process raises it.
fn miss(batch: &str, deadline: DateTime<Utc>) -> NewRecord {
    let key = BatchKey::new("prod", "ml", batch);
    let slot = Slot { from: deadline - TimeDelta::days(1), deadline, whole: true };
    let id = alert_id(&key, "complete-by", "slot_missed", batch);
    let body = AlertBody::SlotMissed {
        slot,
        incident: id,
        misses: 1,
        cause: Cause::Suspended,
        run: None,
        past: Vec::new(),
        trend: Trend::Steady,
    };
    let cron_job = CronJobPresence::Exists;
    let alert = Alert { id, key: key.clone(), objective: None, decided_at: deadline, cron_job, body };
    NewRecord {
        topic: Topic::Alerts,
        partition: Partition(0),
        key: key.to_string(),
        value: Some(kigen_wire::encode_alert(&alert, Level::NEWEST)),
        timestamp: deadline,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_prints_new_alerts_joins_no_group_and_writes_nothing() {
    let _heavy = HEAVY.lock().await;
    let broker = Broker::start();
    let layout = Layout { log: settings(), replication: Some(1) };
    let log = KafkaLog::open(connection(&broker), &layout, "production").await.expect("a log");
    log.append(vec![miss("old", noon(0))]).await.expect("appended");
    let reader = KafkaReader::new(connection(&broker), &settings()).expect("a client");
    let ends = || {
        [Topic::Events, Topic::Alerts, Topic::Status, Topic::Rejects]
            .map(|topic| [0, 1].map(|nth| reader.latest(topic, Partition(nth)).expect("an end")))
    };
    let server = play(steady_and_absent(3, None)).await;
    let dir = tempfile::tempdir().expect("a temporary directory");
    let before = ends();
    let mut up = Up::start_dry_on_kafka(dir.path(), &server.url(), broker.bootstrap());
    up.wait_for_readyz(200, "a dry run").await;
    // A cluster with a miss, if it were watched and judged.
    server.clock().advance_to(noon(2));
    log.append(vec![miss("new", noon(1))]).await.expect("appended");
    up.wait_for_message("ml/new").await;
    // Longer than a tick takes.
    tokio::time::sleep(Duration::from_secs(3)).await;
    let messages = up.messages();
    assert!(!messages.contains("ml/old") && !messages.contains("ml/absent"), "{messages}");
    let mut expected = before;
    expected[1][0] = before[1][0].next();
    assert_eq!(ends(), expected, "nothing is written");
    for (group, topic) in [("notifier", Topic::Alerts), ("processor", Topic::Events)] {
        for partition in [0, 1].map(Partition) {
            let position = reader.position(group, topic, partition).expect("an answer");
            assert_eq!(position, None::<Offset>, "{group} has no position in {topic}");
        }
    }
    let (status, took) = up.terminate();
    assert!(status.success() && took.as_secs() < 10, "{status} after {took:?}");
    server.shutdown().await;
}

#[test]
fn a_role_that_only_writes_has_no_dry_run_on_a_shared_log() {
    for role in ["ship", "process"] {
        let mut command: Command = kigen();
        command.env_clear().args([role, "--dry-run", "--log", "kafka", "--brokers", "127.0.0.1:1"]);
        let output = command.stdin(Stdio::null()).output().expect("kigen runs");
        let error = String::from_utf8(output.stderr).expect("text");
        assert_eq!(output.status.code(), Some(2), "{error}");
        assert!(error.contains("a dry run writes nothing to a shared log"), "{error}");
    }
}
