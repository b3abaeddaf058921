//! What commands print of a log: no secrets, nothing that a terminal would obey, and a line for each record, also of a log
//! whose texts were stored as programs wrote them.

use std::path::Path;

use kigen_log::{EmbeddedLog, Log, NewRecord, Settings, partition_of};
use kigen_model::event::{Event, Fact, FactBody, Revision};
use kigen_model::key::BatchKey;
use kigen_model::run::{Attempt, AttemptPhase};
use kigen_model::topic::Topic;

use crate::support::{kigen, start};

const RAW: &str =
    "\u{1b}[2JOperationalError: \u{9b}31mpostgres://etl:hunter2@db:5432/dwh\nlog out of \u{202e}db";

/// A log with an attempt that failed with this text.
async fn log_with(dir: &Path, message: &str) {
    let settings = Settings { partitions: 1, ..Settings::default() };
    let log = EmbeddedLog::open(&dir.join("log"), settings).expect("a log");
    let key = BatchKey::new("test", "ml", "train");
    let phase = AttemptPhase::Failed {
        finished_at: Some(start()),
        exit_code: Some(1),
        reason: Some("Error".to_owned()),
        message: Some(message.to_owned()),
    };
    let attempt = Attempt {
        pod: "train-x".to_owned(),
        node: None,
        restarts: 0,
        metrics: Default::default(),
        phase,
        containers: Vec::new(),
    };
    let revision = Revision { uid: "pod-uid".to_owned(), resource_version: 8 };
    let body = FactBody::Attempt { revision, run_uid: "job-uid".to_owned(), attempt };
    let fact = Event::Fact(Fact { key: key.clone(), observed_at: start(), body });
    let record = NewRecord {
        topic: Topic::Events,
        partition: partition_of(&key.to_string(), 1),
        key: key.to_string(),
        value: Some(kigen_wire::encode_event(&fact, kigen_wire::Level::NEWEST)),
        timestamp: start(),
    };
    log.append(vec![record]).await.expect("it is appended");
}

fn printed(dir: &Path, args: &[&str]) -> String {
    let output = kigen().args(args).arg("--data-dir").arg(dir).env_clear().output().expect("kigen runs");
    let (out, error) = (output.stdout, String::from_utf8_lossy(&output.stderr).into_owned());
    assert!(output.status.success(), "{error}");
    String::from_utf8(out).expect("stdout is text")
}

#[tokio::test]
async fn a_text_as_a_program_wrote_it_is_printed_without_secrets_and_control_sequences() {
    let dir = tempfile::tempdir().expect("a folder");
    log_with(dir.path(), RAW).await;

    let lines = printed(dir.path(), &["events"]);
    let line =
        "Pod train-x failed: Error, exit code 1, OperationalError: postgres://etl:[hidden]@db:5432/dwh";
    assert!(lines.ends_with(&format!("{line}\n")) && lines.lines().count() == 1, "{lines:?}");

    let json = printed(dir.path(), &["events", "--json"]);
    assert!(!json.contains("hunter2") && !json.contains(['\u{1b}', '\u{9b}', '\u{202e}']), "{json:?}");
    let record: serde_json::Value = serde_json::from_str(&json).expect("a line of JSON");
    let message = "OperationalError: postgres://etl:[hidden]@db:5432/dwh\nlog out of db";
    assert_eq!(record["value"]["body"]["attempt"]["phase"]["message"], message);
}
