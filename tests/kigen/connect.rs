//! The configurations of `deploy/connect`: the sinks to files on a real worker of Kafka Connect, and the one to BigQuery by the names
//! of its options.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant as RealInstant};

use chrono::{DateTime, TimeDelta, Utc};
use kigen_ops::{http_client, trust_none};
use kigen_testkit::connect::Connect;
use kigen_testkit::kafka::Broker;
use kigen_testkit::process::Background;
use kigen_testkit::registry::Registry;
use serde_json::{Value as Json, json};

use crate::support::slack::slack_into;
use crate::support::{HEAVY, PATIENCE, kigen, noon, play, steady_and_absent};

const DAYS: i64 = 3;
const POLL_INTERVAL: Duration = Duration::from_millis(50);

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn connector(name: &str) -> Json {
    let text = std::fs::read_to_string(file(&format!("deploy/connect/{name}"))).expect("a configuration");
    serde_json::from_str(&text).expect("JSON")
}

/// The names of what a connector's configuration sets.
fn options(connector: &Json) -> BTreeSet<String> {
    connector["config"].as_object().expect("an object").keys().cloned().collect()
}

/// A request to the worker, and its answer.
fn request(worker: &Connect, method: &str, path: &str, body: &Json) -> Json {
    let agent = http_client(trust_none(), PATIENCE).http_status_as_error(false).build().new_agent();
    let request = ureq::http::Request::builder().method(method).uri(format!("{}/{path}", worker.url()));
    let request = request.header("content-type", "application/json").body(body.to_string());
    let mut response = agent.run(request.expect("a request")).expect("the worker answers");
    let text = response.body_mut().read_to_string().expect("text");
    assert!(response.status().is_success(), "{method} {path}: {text}\n{}", worker.output());
    serde_json::from_str(&text).expect("JSON")
}

/// Validates a connector's configuration, and creates it.
fn create(worker: &Connect, connector: &Json) {
    let path = "connector-plugins/FileStreamSinkConnector/config/validate";
    let mut config = connector["config"].clone();
    config["name"] = connector["name"].clone();
    let validated = request(worker, "PUT", path, &config);
    assert_eq!(validated["error_count"], 0, "{validated}");
    request(worker, "POST", "connectors", connector);
}

async fn until(what: &str, is_so: impl Fn() -> bool) {
    let deadline = RealInstant::now() + PATIENCE;
    while !is_so() {
        assert!(RealInstant::now() < deadline, "timed out: {what}");
        tokio::time::sleep(POLL_INTERVAL).await;
    }
}

fn lines(path: &Path) -> Vec<Json> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    // The last line may not be whole yet.
    text.split_inclusive('\n').filter_map(|line| serde_json::from_str(line).ok()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sinks_to_files_have_each_alert_and_event_once_as_a_line_of_json() {
    let _heavy = HEAVY.lock().await;
    let (broker, registry) = (Broker::start(), Registry::start());
    let dir = tempfile::tempdir().expect("a temporary directory");
    let server = play(steady_and_absent(DAYS, Some("ml-team"))).await;
    let slack = slack_into(&dir.path().join("messages")).await;
    let configuration = format!(
        "cluster = \"shop\"\ndata_dir = \"data\"\n[kubernetes]\nprobe_interval_ms = 100\n[log]\nkind = \"kafka\"\npartitions = 2\n\
         [kafka]\nbrokers = \"{}\"\ninstance = \"one\"\n[kafka.registry]\nurl = \"{}\"\n[slack]\napi_url = \"{slack}\"\n",
        broker.bootstrap(),
        registry.url()
    );
    std::fs::write(dir.path().join("kigen.toml"), configuration).expect("a configuration");
    let command = || {
        let mut command = kigen();
        command.current_dir(dir.path()).env("KIGEN_HEALTH_ADDRESS", "off").stdin(Stdio::null());
        command
    };
    let records = |topic: &str| -> Vec<Json> {
        let output = command().args(["events", "--topic", topic, "--json", "--ticks"]).output();
        let output = output.expect("kigen runs").stdout;
        String::from_utf8_lossy(&output).lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    };
    let up = |command: &mut Command| {
        command.args(["up", "--slack-channel", "C1", "--api-url", &server.url()]);
        command.env("KIGEN_SLACK_TOKEN", "xoxb-1").stdout(Stdio::null()).stderr(Stdio::null());
        Background(command.spawn().expect("kigen runs"))
    };
    let mut running = up(&mut command());
    until("a tick", || records("events").iter().any(|record| record["value"]["body"]["type"] == "Tick"))
        .await;
    for day in 1..DAYS {
        server.clock().advance_to(noon(day) + TimeDelta::seconds(40));
        let wanted = usize::try_from(day).expect("a few");
        until("an alert", || records("alerts").len() == wanted).await;
    }

    // Beside a running kigen: each record is in the file once it is committed.
    let folder = dir.path().join("sink");
    std::fs::create_dir(&folder).expect("a folder");
    let environment =
        [("KIGEN_SINK_FOLDER", folder.to_str().expect("text")), ("KIGEN_REGISTRY_URL", &registry.own_url())];
    let worker = Connect::start(broker.bootstrap(), &environment);
    for name in ["alerts-file.json", "events-file.json"] {
        create(&worker, &connector(name));
    }
    let sunk = |topic: &str| lines(&folder.join(format!("kigen.{topic}.jsonl")));
    until(&format!("alerts in a file\n{}", worker.output()), || {
        sunk("alerts").len() == records("alerts").len()
    })
    .await;
    // So that no transaction is left open.
    let terminated = Command::new("sh").args(["-c", &format!("kill -TERM {}", running.0.id())]).status();
    assert!(terminated.expect("a shell runs").success());
    assert!(running.0.wait().expect("it ends").success());
    until("events in a file", || sunk("events").len() == records("events").len()).await;
    for topic in ["alerts", "events"] {
        let own = by_place(records(topic).into_iter().map(|record| record["value"].clone()));
        assert_eq!(by_place(sunk(topic).into_iter()), own, "{topic}");
    }

    // What Apicurio's other converter makes of each alert: what a sink for tables gets.
    let mut of_tables = connector("alerts-file.json");
    of_tables["name"] = json!("tables");
    of_tables["config"]["file"] = json!(folder.join("structs"));
    of_tables["config"]["value.converter"] =
        connector("alerts-bigquery.json")["config"]["value.converter"].clone();
    create(&worker, &of_tables);
    let structs = || std::fs::read_to_string(folder.join("structs")).unwrap_or_default();
    until("alerts as structs", || structs().lines().count() == sunk("alerts").len()).await;
    assert!(structs().lines().all(|line| line.contains("body=Struct{SlotMissed=Struct{")), "{}", structs());
    server.shutdown().await;
}

/// Values as both print them, in an order of their own.
fn by_place(values: impl Iterator<Item = Json>) -> Vec<String> {
    let mut values: Vec<String> = values.map(|value| plain(value).to_string()).collect();
    values.sort_unstable();
    values
}

/// A value without the name of a union's branch, which kigen prints and a file has not, and with times in whole seconds.
fn plain(value: Json) -> Json {
    match value {
        Json::Object(fields) => {
            let fields = fields.into_iter().filter(|(name, _)| name != "type");
            Json::Object(fields.map(|(name, value)| (name, plain(value))).collect())
        }
        Json::Array(values) => values.into_iter().map(plain).collect(),
        Json::String(text) => match text.parse::<DateTime<Utc>>() {
            Ok(at) => json!(at.timestamp()),
            Err(_) => Json::String(text),
        },
        // Milliseconds since 1970.
        Json::Number(number) => match number.as_i64().and_then(DateTime::from_timestamp_millis) {
            Some(at) if at.timestamp() > 1_700_000_000 => json!(at.timestamp()),
            _ => Json::Number(number),
        },
        Json::Null | Json::Bool(_) => value,
    }
}

/// The connector is not on Maven Central, so no worker can validate its configuration here.
#[test]
fn the_sink_to_bigquery_sets_documented_options_and_no_secret() {
    let documented = std::fs::read_to_string(file("tests/connect/bigquery-options.txt")).expect("a list");
    let documented: BTreeSet<&str> = documented.lines().filter(|line| !line.starts_with('#')).collect();
    let (bigquery, of_file) = (connector("alerts-bigquery.json"), connector("alerts-file.json"));
    let known = options(&of_file);
    let unknown: Vec<String> = options(&bigquery)
        .into_iter()
        .filter(|name| !known.contains(name) && !documented.contains(name.as_str()))
        .collect();
    assert!(unknown.is_empty(), "neither documented nor in the configuration of a file: {unknown:?}");
    let values: BTreeMap<String, Json> = serde_json::from_value(bigquery["config"].clone()).expect("options");
    assert!(values.values().all(Json::is_string), "Connect's API takes texts only");
    assert!(!values.keys().any(|name| name.contains("keyfile")), "a key would be readable by Connect's API");
}
