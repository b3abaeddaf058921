//! Upgrades and rollbacks, role by role, beside a kigen of before record levels: each alert is emitted and posted once.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Instant as RealInstant;

use axum::extract::{Query, State};
use axum::routing::{any, get};
use axum::{Json, Router};
use chrono::{DateTime, TimeDelta, Utc};
use expect_test::expect;
use kigen_log::kafka::{Connection, KafkaReader};
use kigen_log::{EmbeddedLog, Log, LogReader, NewRecord, Settings};
use kigen_model::alert::{Alert, AlertBody};
use kigen_model::event::{ClusterBody, ClusterEvent, Event};
use kigen_model::topic::{Offset, Partition, Topic};
use kigen_playback::generate::{Cluster, CronJobPlan, RunPlan};
use kigen_playback::history::History;
use kigen_playback::server::Server;
use kigen_testkit::cache;
use kigen_testkit::kafka::Broker;
use kigen_testkit::process::Background;
use kigen_wire::{Frame, Level, Status};
use serde_json::{Value, json};

use crate::support::{HEAVY, PATIENCE, kigen, not_tested, play, start};

/// The commit of the older kigen, which `make older` builds: its records are those of the oldest record level.
const OLDER: &str = "5d84b69";
const PARTITIONS: u32 = 4;
const HOURS: i64 = 48;
/// CronJobs that never start: each hour is a miss of each.
const ABSENT: usize = 6;
/// CronJobs that are in time each hour.
const STEADY: usize = 20;
/// How far time moves within one step: before, between and after the end of one process and the start of the other.
const HOURS_PER_STEP: i64 = 3;
const POLL_INTERVAL: std::time::Duration = std::time::Duration::from_millis(50);

/// Which kigen a process runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Release {
    Older,
    Current,
}

const ROLES: [&str; 3] = ["ship", "process", "notify"];
/// The roles in the order in which they change their release: each is upgraded before and after each other, and rolled back.
const STEPS: [&str; 8] = ["ship", "process", "ship", "notify", "ship", "process", "ship", "notify"];

#[tokio::test(flavor = "multi_thread")]
async fn each_role_is_upgraded_and_rolled_back_on_one_kafka_in_each_order() {
    let _heavy = HEAVY.lock().await;
    let Some(older) = older() else { return };
    let broker = Broker::start();
    let server = play(fleet()).await;
    let slack = Slack::start().await;
    let mut fleet =
        Fleet { dir: tempfile::tempdir().expect("a folder"), older, server, running: BTreeMap::new() };
    let config = format!(
        "[kubernetes]\nprobe_interval_ms = 100\n[log]\nkind = \"kafka\"\npartitions = {PARTITIONS}\n[kafka]\nbrokers = \"{}\"\n\
         replication = 1\n[kafka.settings]\n\"session.timeout.ms\" = \"6000\"\n[slack]\ntoken = \"xoxb-1\"\nchannel = \"C1\"\n\
         api_url = \"{}\"\n[health]\naddress = \"off\"\n",
        broker.bootstrap(),
        slack.url
    );
    fleet.configure(&config);
    for role in ROLES {
        fleet.run(Release::Older, role);
    }
    let reader = || {
        let connection = Connection::new(broker.bootstrap(), BTreeMap::new()).expect("default settings");
        let settings = Settings { partitions: PARTITIONS, ..Settings::default() };
        KafkaReader::new(connection, &settings).expect("a client")
    };
    let mut releases = BTreeMap::from(ROLES.map(|role| (role, Release::Older)));
    until(|| has_begun(&reader()), || fleet.logs()).await;
    let mut hours = 0;
    fleet.advance(&mut hours, 2);
    let is_posted =
        |hours| is_alerted(&reader(), hours) && slack.posted(&reader()).len() >= expected(hours).len();
    until(|| is_posted(hours), || fleet.logs()).await;
    for role in STEPS {
        let release = match releases[role] {
            Release::Older => Release::Current,
            Release::Current => Release::Older,
        };
        releases.insert(role, release);
        fleet.advance(&mut hours, 1);
        fleet.stop(role);
        fleet.advance(&mut hours, 1);
        fleet.run(release, role);
        fleet.advance(&mut hours, HOURS_PER_STEP - 2);
        let posted = || slack.posted(&reader()).len();
        let what = || format!("{releases:?}, {hours} h, {} posted\n{}", posted(), fleet.logs());
        until(|| is_posted(hours), what).await;
    }
    assert!(releases.values().all(|release| *release == Release::Older), "all are rolled back at the end");
    let reader = reader();
    check_alerts(&reader, hours);
    let posted = slack.posted(&reader);
    assert_eq!(posted.len(), expected(hours).len(), "each alert is posted once\n{}", fleet.logs());
    assert_eq!(posted.into_iter().collect::<BTreeSet<_>>().len(), expected(hours).len());
    fleet.server.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn kigen_up_is_upgraded_and_rolled_back_on_one_embedded_log() {
    let _heavy = HEAVY.lock().await;
    let Some(older) = older() else { return };
    let server = play(fleet()).await;
    let mut fleet =
        Fleet { dir: tempfile::tempdir().expect("a folder"), older, server, running: BTreeMap::new() };
    fleet.configure(&format!(
        "[kubernetes]\nprobe_interval_ms = 100\n[log]\npartitions = {PARTITIONS}\n[slack]\ndry_run = true\n[health]\naddress = \
         \"off\"\n"
    ));
    let mut hours = 0;
    for release in [Release::Older, Release::Current, Release::Older, Release::Current, Release::Older] {
        fleet.run(release, "up");
        let log = fleet.dir.path().join("up/log");
        let has_begun = || EmbeddedLog::open_beside(&log).is_ok_and(|reader| has_begun(&reader));
        until(has_begun, || fleet.logs()).await;
        fleet.advance(&mut hours, 2);
        let is_alerted = || EmbeddedLog::open_beside(&log).is_ok_and(|reader| is_alerted(&reader, hours));
        until(is_alerted, || format!("{release:?}, {hours} h\n{}", fleet.logs())).await;
        fleet.stop("up");
        fleet.advance(&mut hours, 1);
    }
    fleet.run(Release::Current, "up");
    let log = fleet.dir.path().join("up/log");
    let is_alerted = || EmbeddedLog::open_beside(&log).is_ok_and(|reader| is_alerted(&reader, hours));
    until(is_alerted, || fleet.logs()).await;
    check_alerts(&EmbeddedLog::open_beside(&log).expect("a log"), hours);
    fleet.server.shutdown().await;
}

/// The older binary; `None`: this checkout's history lacks its commit, as `make older` found.
fn older() -> Option<PathBuf> {
    let folder = cache().join(format!("older-{OLDER}"));
    let binary = folder.join("target/debug/kigen");
    if folder.join("unavailable").exists() {
        not_tested("upgrades: the history of this checkout lacks the commit of the older kigen");
        return None;
    }
    assert!(binary.exists(), "there is no {}: run `make older`, which builds it once", binary.display());
    Some(binary)
}

fn fleet() -> History {
    let mut cluster = Cluster::new(start());
    let names = (0..STEADY).map(|nth| format!("steady-{nth}"));
    for name in names.clone().chain((0..ABSENT).map(absent)) {
        let plan = CronJobPlan::new("ml", &name, "0 * * * *");
        cluster.cron_job(plan.annotation("kigen.dev/complete-by", "30 * * * *"));
    }
    for (name, hour) in names.flat_map(|name| (0..HOURS).map(move |hour| (name.clone(), hour))) {
        let at = start() + TimeDelta::hours(hour);
        cluster.run("ml", &name, at, RunPlan::succeeds(TimeDelta::minutes(10)));
    }
    cluster.build().expect("a history")
}

fn absent(nth: usize) -> String {
    format!("absent-{nth}")
}

/// The misses up to this hour after the start: the first slot is partial.
fn expected(hours: i64) -> BTreeSet<(String, DateTime<Utc>)> {
    let deadlines = (1..hours).map(|hour| start() + TimeDelta::hours(hour) + TimeDelta::minutes(30));
    deadlines.flat_map(|at| (0..ABSENT).map(move |nth| (absent(nth), at))).collect()
}

fn alerts(reader: &impl LogReader) -> Vec<Alert> {
    let mut alerts = Vec::new();
    for partition in (0..PARTITIONS).map(Partition) {
        let records = reader.read(Topic::Alerts, partition, Offset(0), 100_000, usize::MAX);
        for value in records.into_iter().flatten().filter_map(|record| record.value) {
            alerts.push(kigen_wire::decode_alert(&value).expect("an alert"));
        }
    }
    alerts
}

/// Whether every partition is judged up to a first tick: from then on the cluster is watched.
fn has_begun(reader: &impl LogReader) -> bool {
    (0..PARTITIONS).map(Partition).all(|partition| {
        let last = reader.last(Topic::Status, partition).ok().flatten().and_then(|record| record.value);
        let status = last.map(|value| kigen_wire::decode_status(&value));
        matches!(status, Some(Ok(Status::Position(position))) if !position.clocks.is_empty())
    })
}

fn is_alerted(reader: &impl LogReader, hours: i64) -> bool {
    alerts(reader).len() >= expected(hours).len()
}

/// Each miss was alerted once, nothing else was, and nothing was refused; all of it can be read by the older kigen.
fn check_alerts(reader: &impl LogReader, hours: i64) {
    let alerts = alerts(reader);
    let of = |alert: &Alert| match &alert.body {
        AlertBody::SlotMissed { slot, .. } => (alert.key.batch.clone(), slot.deadline),
        other => panic!("{}: {other:?}", alert.key),
    };
    assert_eq!(alerts.iter().map(of).collect::<BTreeSet<_>>(), expected(hours));
    assert_eq!(alerts.len(), expected(hours).len(), "an alert was emitted twice");
    for partition in (0..PARTITIONS).map(Partition) {
        let rejects = reader.read(Topic::Rejects, partition, Offset(0), 10, usize::MAX).expect("rejects");
        let reasons =
            rejects.iter().filter_map(|reject| kigen_wire::decode_reject(reject.value.as_deref()?).ok());
        assert_eq!(rejects.len(), 0, "{:?}", reasons.map(|reject| reject.reason).collect::<Vec<_>>());
        for topic in [Topic::Events, Topic::Alerts, Topic::Status] {
            let text = kigen_wire::schemas(topic)[Level::OLDEST.version(topic) - 1];
            let oldest = kigen_wire::fingerprint(text).expect("a valid schema");
            let records = reader.read(topic, partition, Offset(0), 100_000, usize::MAX).expect("records");
            for value in records.into_iter().filter_map(|record| record.value) {
                let Some((Frame::Object(fingerprint), _)) = Frame::of(&value) else { panic!("{value:02x?}") };
                assert_eq!(
                    fingerprint, oldest,
                    "a record of {topic} is in a version that the older kigen lacks"
                );
            }
        }
    }
}

async fn until(is_so: impl Fn() -> bool, what: impl Fn() -> String) {
    let deadline = RealInstant::now() + PATIENCE;
    while !is_so() {
        assert!(RealInstant::now() < deadline, "timed out: {}", what());
        tokio::time::sleep(POLL_INTERVAL).await;
    }
}

/// The processes beside a played cluster.
struct Fleet {
    dir: tempfile::TempDir,
    older: PathBuf,
    server: Server,
    running: BTreeMap<&'static str, Background>,
}

impl Fleet {
    fn configure(&self, config: &str) {
        std::fs::write(self.dir.path().join("kigen.toml"), config).expect("a configuration");
    }

    /// Moves the cluster's time to these many hours after the start, less ten minutes, so that the deadline of the last hour is
    /// judged.
    fn advance(&self, hours: &mut i64, by: i64) {
        *hours += by;
        self.server.clock().advance_to(start() + TimeDelta::hours(*hours) - TimeDelta::minutes(10));
    }

    fn run(&mut self, release: Release, role: &'static str) {
        let mut command = match release {
            Release::Older => Command::new(&self.older),
            Release::Current => kigen(),
        };
        let output = |name: &str| -> Stdio {
            let path = self.dir.path().join(format!("{role}.{name}"));
            File::options().create(true).append(true).open(path).expect("a file").into()
        };
        let child = command
            .args([role, "--cluster", "shop", "--api-url", &self.server.url(), "--instance", role])
            .arg("--config")
            .arg(self.dir.path().join("kigen.toml"))
            .arg("--data-dir")
            .arg(self.dir.path().join(role))
            .stdout(output("out"))
            .stderr(output("log"))
            .spawn();
        self.running.insert(role, Background(child.expect("kigen runs")));
    }

    /// SIGTERM, as an orchestrator ends a process.
    fn stop(&mut self, role: &str) {
        let mut running = self.running.remove(role).expect("it runs");
        let kill = format!("kill -TERM {}", running.0.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().expect("a shell runs").success());
        let ended = running.0.wait().expect("its end");
        assert!(ended.success(), "{role}: {ended}\n{}", self.logs());
    }

    fn logs(&self) -> String {
        let of = |role: &str| log(self.dir.path(), role);
        ["up", "ship", "process", "notify"].map(of).concat()
    }
}

fn log(dir: &Path, role: &str) -> String {
    std::fs::read_to_string(dir.join(format!("{role}.log"))).unwrap_or_default()
}

/// Slack's Web API, as far as kigen uses it: a channel that keeps its messages and their replies.
struct Slack {
    url: String,
    messages: Messages,
}

type Messages = Arc<Mutex<Vec<Value>>>;

impl Slack {
    async fn start() -> Self {
        let messages = Messages::default();
        let routes = Router::new()
            .route("/chat.postMessage", any(post))
            .route("/chat.update", any(update))
            .route("/conversations.history", get(history))
            .route("/conversations.replies", get(replies))
            .with_state(messages.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("bound"));
        tokio::spawn(axum::serve(listener, routes).into_future());
        Self { url, messages }
    }

    /// The ids of the alerts of all messages and replies. A message about many alerts has an id of its own.
    fn posted(&self, reader: &impl LogReader) -> Vec<String> {
        let ids: BTreeSet<String> = alerts(reader).iter().map(|alert| alert.id.to_string()).collect();
        let messages = self.messages.lock().expect("no panic");
        let id = |message: &Value| message["metadata"]["event_payload"]["id"].as_str().map(str::to_owned);
        messages.iter().filter_map(id).filter(|id| ids.contains(id)).collect()
    }
}

async fn post(State(messages): State<Messages>, Json(mut message): Json<Value>) -> Json<Value> {
    let mut messages = messages.lock().expect("no panic");
    let ts = format!("{}.000000", 1_794_000_000 + messages.len());
    message["ts"] = json!(ts);
    messages.push(message.clone());
    Json(json!({ "ok": true, "channel": "C1", "ts": ts, "message": message }))
}

/// The metadata stay those of the message that is updated.
async fn update(State(messages): State<Messages>, Json(content): Json<Value>) -> Json<Value> {
    let mut messages = messages.lock().expect("no panic");
    let Some(message) = messages.iter_mut().find(|message| message["ts"] == content["ts"]) else {
        return Json(json!({ "ok": false, "error": "message_not_found" }));
    };
    message["text"] = content["text"].clone();
    message["blocks"] = content["blocks"].clone();
    let of_answer = json!({ "text": message["text"], "user": "U1" });
    Json(
        json!({ "ok": true, "channel": "C1", "ts": message["ts"], "text": message["text"], "message": of_answer }),
    )
}

async fn history(State(messages): State<Messages>) -> Json<Value> {
    let messages = messages.lock().expect("no panic");
    let newest_first: Vec<&Value> = messages.iter().rev().filter(|it| it["thread_ts"].is_null()).collect();
    Json(json!({ "ok": true, "messages": newest_first, "has_more": false }))
}

async fn replies(
    State(messages): State<Messages>,
    Query(asked): Query<BTreeMap<String, String>>,
) -> Json<Value> {
    let messages = messages.lock().expect("no panic");
    let is_of_thread = |message: &&Value| {
        [&message["ts"], &message["thread_ts"]]
            .into_iter()
            .any(|ts| ts.as_str() == asked.get("ts").map(String::as_str))
    };
    let of_thread: Vec<&Value> = messages.iter().filter(is_of_thread).collect();
    Json(json!({ "ok": true, "messages": of_thread, "has_more": false }))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_of_a_newer_kigen_is_skipped_by_command_and_no_other_is() {
    let dir = tempfile::tempdir().expect("a folder");
    let log = EmbeddedLog::open(
        &dir.path().join("log"),
        Settings { partitions: PARTITIONS, ..Settings::default() },
    );
    let log = log.expect("a log");
    let tick = ClusterEvent {
        cluster: "shop".to_owned(),
        cluster_uid: None,
        epoch: 1,
        body: ClusterBody::Epoch { shipper: "one".to_owned() },
    };
    let known = kigen_wire::encode_event(&Event::Cluster(tick), Level::NEWEST);
    let newer = Frame::Object([0xab; 8]).around(b"a fact of the future");
    let record = |value: Vec<u8>| NewRecord {
        topic: Topic::Events,
        partition: Partition(0),
        key: "shop".to_owned(),
        value: Some(value),
        timestamp: start(),
    };
    log.append(vec![record(known), record(newer)]).await.expect("a writable log");
    let skip = |offset: &str| {
        let mut command = kigen();
        command.args(["skip", "kigen.events", "0", offset, "--data-dir"]).arg(dir.path()).env("USER", "ann");
        command.env("KIGEN_INSTANCE", "laptop").current_dir(dir.path());
        let output = command.output().expect("kigen runs");
        (output.status.code(), String::from_utf8([output.stdout, output.stderr].concat()).expect("text"))
    };
    let (code, text) = skip("1");
    assert_eq!(code, Some(1));
    assert!(text.contains("stop `kigen up`, run this command, and start it again"), "{text}");
    drop(log);
    let outputs = ["0", "1", "2"].map(skip);
    expect![[r#"
        Some(1) kigen: nothing waits for the record at offset 0 of kigen.events, partition 0: this kigen knows its version, or no kigen wrote it
        Some(0) partition 0 of kigen.events goes on without the record of shop at offset 1, whose bytes go to kigen.rejects
        Some(1) kigen: kigen.events, partition 0, has no record at offset 2
    "#]].assert_eq(&outputs.map(|(code, text)| format!("{code:?} {text}")).concat());
    let reader = EmbeddedLog::open_beside(&dir.path().join("log")).expect("a log");
    let control = reader.read(Topic::Control, Partition(0), Offset(0), 10, usize::MAX).expect("readable");
    assert_eq!(control.len(), 1);
    assert_eq!(control[0].key, "skip/kigen.events/0/1");
    let output = kigen().args(["events", "--topic", "control", "--data-dir"]).arg(dir.path()).output();
    let output = output.expect("kigen runs");
    let text = String::from_utf8(output.stdout).expect("text");
    assert!(text.trim_end().ends_with("ann@laptop skips offset 1 of kigen.events, partition 0"), "{text}");
}
