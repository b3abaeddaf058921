//! Each recording, played over HTTP, equals what was recorded.

use std::fs::{File, read_dir, write};
use std::io::{BufRead, BufReader};

use flate2::read::MultiGzDecoder;
use kigen_playback::history::History;
use kigen_playback::resource::Resource;
use kigen_playback::server::Options;
use serde_json::Value;

use crate::client::{list, manual, revision, watch};
use crate::fixtures::{fixture, fixtures, recorded};

const PATHS: [(&str, &str); 3] =
    [("cronjobs", "/apis/batch/v1/cronjobs"), ("jobs", "/apis/batch/v1/jobs"), ("pods", "/api/v1/pods")];

fn records(name: &str) -> Vec<Value> {
    let file = File::open(fixture(name)).expect("the recording is there");
    let lines = BufReader::new(MultiGzDecoder::new(file)).lines();
    lines.map(|line| serde_json::from_str(&line.expect("a line")).expect("a JSON object")).collect()
}

fn scenarios() -> Vec<String> {
    let names = read_dir(fixtures()).expect("the fixtures are there").map(|entry| {
        let name = entry.expect("an entry").file_name().into_string().expect("a plain name");
        name.trim_end_matches(".jsonl.gz").to_owned()
    });
    let mut names: Vec<String> = names.filter(|name| !name.starts_with("watch_semantics")).collect();
    names.sort();
    names
}

fn type_and_object(record: &Value) -> (String, Value) {
    (record["type"].as_str().expect("a type").to_owned(), record["object"].clone())
}

#[tokio::test]
async fn a_watch_from_the_first_list_returns_each_stream_exactly_as_recorded() {
    let scenarios = scenarios();
    assert!(scenarios.len() >= 36, "all recordings are there");
    let mut events = 0;
    for name in scenarios {
        let history = recorded(&name);
        let server = manual(history.clone(), Options::default()).await;
        let records = records(&name);
        let mut watches = Vec::new();
        for (stream, path) in PATHS {
            let listed = list(&server, path).await;
            assert_eq!(listed["items"], Value::Array(vec![]), "no recording begins with objects");
            watches.push((stream, watch(&server, path, &revision(&listed), "").await));
        }
        server.clock().advance_to(history.end());
        for (stream, mut shown) in watches {
            let wanted: Vec<_> = recorded_events(&records, stream);
            let resource = Resource::named(stream).expect("a stream of a resource");
            let played = history.changes().iter().filter(|it| it.resource == resource).count();
            let mut matched = wanted.iter().peekable();
            let mut only_listed = 0;
            for _ in 0..played {
                let line = shown.next().await.line();
                if matched.next_if(|wanted| **wanted == type_and_object(&line)).is_none() {
                    only_listed += 1;
                }
            }
            assert_eq!(matched.next(), None, "{name} {stream}: in order and complete");
            let was_relisted = records.iter().any(|it| it["stream"] == stream && it["type"] == "ERROR");
            assert!(only_listed == 0 || was_relisted, "{name} {stream}: no event is invented");
            events += wanted.len();
        }
        server.shutdown().await;
    }
    assert!(events > 4000, "{events} events were compared");
}

fn recorded_events(records: &[Value], stream: &str) -> Vec<(String, Value)> {
    let of_stream = records.iter().filter(|record| record["stream"] == stream);
    let events =
        of_stream.filter(|it| it["type"] == "ADDED" || it["type"] == "MODIFIED" || it["type"] == "DELETED");
    events.map(type_and_object).collect()
}

#[test]
fn an_invalid_recording_is_refused_with_the_file_and_the_line() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("broken.jsonl");
    let message = |text: &str| {
        write(&path, text).expect("the file is written");
        let error = History::from_recording(&path).expect_err("no recording").to_string();
        error.replace(&path.display().to_string(), "FILE")
    };
    let list = r#"{"t":"2026-11-23T11:46:32Z","stream":"jobs","type":"LIST","object":{"metadata":{"resourceVersion":"1"}}}"#;
    assert_eq!(
        message(&format!("{list}\nnonsense\n")),
        "line 2 of the recording FILE is no JSON object: record it again or cut the line"
    );
    assert_eq!(
        message(&list.replace(r#""t""#, r#""time""#)),
        "line 1 of the recording FILE has no time `t`: it is not a recording of watches"
    );
    assert_eq!(message(""), "line 1 of the recording FILE has no LIST: it is not a recording of watches");
    write(&path, list).expect("the file is written");
    assert_eq!(History::from_recording(&path).expect("a recording").initial_revision(), 1);
    let missing = History::from_recording(folder.path().join("missing.jsonl.gz")).expect_err("no file");
    assert!(missing.to_string().ends_with("check the path, and that the file is whole"));
}
