//! `kigen impact --follow`: each change of how far the repetition is, while the log grows, until all is repaired.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Stdio};

use expect_test::expect;
use kigen_log::{EmbeddedLog, Log, LogReader, NewRecord, Settings};
use kigen_model::alert::AlertBody;
use kigen_model::delivery::{Delivery, DeliveryRecord, SLACK};
use kigen_model::event::{ClusterBody, ClusterEvent, Event, Fact, FactBody, Revision};
use kigen_model::key::BatchKey;
use kigen_model::run::{Run, RunPhase, SlotMark};
use kigen_model::topic::{Offset, Partition, Topic};
use kigen_processor::{Processor, TurnBounds};
use kigen_store::Store;
use kigen_wire::{Level, decode_alert, encode_delivery, encode_event};
use serde_json::Value as Json;

use crate::impact::{CLUSTER, DAYS, at, of_day, runs, write};
use crate::support::kigen;
use crate::support::slack::slack_into;

/// Results of `a` that were wrong: those of day 11, which `b`, `c` and, by `b`, `d` had read.
const WRONG: [&str; 4] = ["--wrong-from", "2026-11-20T00:00:00Z", "--wrong-until", "2026-11-21T00:00:00Z"];

/// The log, while a plan is carried out.
struct Repair {
    log: EmbeddedLog,
    minute: i64,
}

impl Repair {
    fn begin(dir: &Path) -> Self {
        let settings = Settings { partitions: 1, ..Settings::default() };
        let log = EmbeddedLog::open(&dir.join("log"), settings).expect("a log");
        Self { log, minute: of_day(DAYS, 0) }
    }

    /// A minute later a repetition is in this phase.
    async fn run(&mut self, batch: &str, nth: i64, slot: i64, phase: fn(i64) -> RunPhase) {
        self.minute += 1;
        let (uid, started) = (format!("{batch}-backfill-{nth}"), self.minute - i64::from(nth > 0));
        let is_open = matches!(phase(0), RunPhase::Running);
        let started = if is_open { self.minute } else { started };
        let run = Run {
            job: uid.clone(),
            scheduled_at: None,
            created_at: at(of_day(DAYS, 0)),
            started_at: Some(at(started)),
            phase: phase(self.minute),
            failed_pods: 0,
            slot: Some(SlotMark::At(at(slot))),
        };
        let key = BatchKey::new(CLUSTER, "ml", batch);
        let resource_version = u64::try_from(self.minute).expect("a version");
        let body = FactBody::Run { revision: Revision { uid, resource_version }, run };
        let fact = Event::Fact(Fact { key: key.clone(), observed_at: at(self.minute), body });
        let tick = ClusterBody::Tick { observed_until: at(self.minute), positions: Vec::new() };
        let tick = ClusterEvent { cluster: CLUSTER.to_owned(), cluster_uid: None, epoch: 1, body: tick };
        let record = |key: String, event: &Event| NewRecord {
            topic: Topic::Events,
            partition: Partition(0),
            key,
            value: Some(encode_event(event, Level::NEWEST)),
            timestamp: at(self.minute),
        };
        let records = vec![record(key.to_string(), &fact), record(CLUSTER.to_owned(), &Event::Cluster(tick))];
        self.log.append(records).await.expect("it appends");
    }
}

fn running(_: i64) -> RunPhase {
    RunPhase::Running
}

fn succeeded(minute: i64) -> RunPhase {
    RunPhase::Succeeded { completed_at: at(minute) }
}

fn failed(minute: i64) -> RunPhase {
    let reason = "BackoffLimitExceeded".to_owned();
    RunPhase::Failed { failed_at: at(minute), reason, message: String::new() }
}

struct Followed {
    child: Child,
    lines: std::io::Lines<BufReader<std::process::ChildStdout>>,
}

impl Followed {
    fn start(dir: &Path, format: &str) -> Self {
        Self::start_with(dir, format, &[])
    }

    fn start_with(dir: &Path, format: &str, args: &[&str]) -> Self {
        let mut command = kigen();
        command.args(["impact", "ml/a", "--follow", "--format", format]).args(WRONG).args(args);
        command.args(["--cluster", CLUSTER, "--data-dir"]).arg(dir).stdout(Stdio::piped());
        let mut child = command.spawn().expect("kigen runs");
        let lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        Self { child, lines }
    }

    /// The next changes: batch, state, Job, and how many are repaired.
    fn next(&mut self, changes: usize) -> Vec<String> {
        let lines = self.lines.by_ref().take(changes);
        let change = |line: std::io::Result<String>| {
            let change: Json = serde_json::from_str(&line.expect("a line")).expect("JSON");
            let text = |of: &str| change[of].as_str().unwrap_or("-").to_owned();
            let repaired = change["steps"]["repaired"].as_u64().expect("a count");
            format!("{} {} {} {repaired}", text("batch"), text("state"), text("job"))
        };
        lines.map(change).collect()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_repetition_is_followed_from_the_first_step_to_the_last() {
    let dir = tempfile::tempdir().expect("a folder");
    write(dir.path(), &runs()).await;
    let mut repair = Repair::begin(dir.path());
    let mut followed = Followed::start(dir.path(), "json");
    let mut seen = followed.next(4);
    let (a, b, c, d) = (of_day(11, 6), of_day(11, 13), of_day(11, 7), of_day(11, 13));
    repair.run("a", 0, a, running).await;
    seen.extend(followed.next(1));
    repair.run("a", 0, a, succeeded).await;
    seen.extend(followed.next(1));
    // Two that may run in parallel, of which one fails at first.
    repair.run("b", 0, b, running).await;
    seen.extend(followed.next(1));
    repair.run("c", 0, c, running).await;
    seen.extend(followed.next(1));
    repair.run("b", 0, b, failed).await;
    seen.extend(followed.next(1));
    repair.run("c", 0, c, succeeded).await;
    seen.extend(followed.next(1));
    // `d` comes too early: it reads what `b` had made at first.
    repair.run("d", 0, d, running).await;
    repair.run("d", 0, d, succeeded).await;
    seen.extend(followed.next(1));
    repair.run("b", 1, b, running).await;
    seen.extend(followed.next(1));
    repair.run("b", 1, b, succeeded).await;
    seen.extend(followed.next(1));
    repair.run("d", 1, d, running).await;
    seen.extend(followed.next(1));
    repair.run("d", 1, d, succeeded).await;
    seen.extend(followed.next(2));
    expect![[r#"
        shop/ml/a left - 0
        shop/ml/b left - 0
        shop/ml/c left - 0
        shop/ml/d left - 0
        shop/ml/a running a-backfill-0 0
        shop/ml/a repaired a-backfill-0 1
        shop/ml/b running b-backfill-0 1
        shop/ml/c running c-backfill-0 1
        shop/ml/b failed b-backfill-0 1
        shop/ml/c repaired c-backfill-0 2
        shop/ml/d wrong_again d-backfill-0 2
        shop/ml/b running b-backfill-1 2
        shop/ml/b repaired b-backfill-1 3
        shop/ml/d running d-backfill-1 3
        shop/ml/d repaired d-backfill-1 4
        - all_repaired - 4"#]]
    .assert_eq(&seen.join("\n"));
    assert!(followed.lines.next().is_none(), "it ends");
    assert!(followed.child.wait().expect("it ends").success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_ends_without_what_is_left_out() {
    let dir = tempfile::tempdir().expect("a folder");
    write(dir.path(), &runs()).await;
    let mut repair = Repair::begin(dir.path());
    // `b` is written anew each night: what it read on that day is no more, but `d` has kept it.
    let mut followed =
        Followed::start_with(dir.path(), "json", &["--leave-out", "ml/b@2026-11-20T13:00:00Z"]);
    let mut seen = followed.next(3);
    for (batch, slot) in [("a", of_day(11, 6)), ("d", of_day(11, 13)), ("c", of_day(11, 7))] {
        repair.run(batch, 0, slot, running).await;
        seen.extend(followed.next(1));
        repair.run(batch, 0, slot, succeeded).await;
        seen.extend(followed.next(1));
    }
    seen.extend(followed.next(1));
    expect![[r#"
        shop/ml/a left - 0
        shop/ml/c left - 0
        shop/ml/d left - 0
        shop/ml/a running a-backfill-0 0
        shop/ml/a repaired a-backfill-0 1
        shop/ml/d running d-backfill-0 1
        shop/ml/d repaired d-backfill-0 2
        shop/ml/c running c-backfill-0 2
        shop/ml/c repaired c-backfill-0 3
        - all_repaired - 3"#]]
    .assert_eq(&seen.join("\n"));
    assert!(followed.child.wait().expect("it ends").success());
}

#[tokio::test]
async fn what_is_left_out_is_named_and_must_be_a_step() {
    let dir = tempfile::tempdir().expect("a folder");
    write(dir.path(), &runs()).await;
    let impact = |left_out: &str| {
        let mut command = kigen();
        command.args(["impact", "ml/a", "--leave-out", left_out]).args(WRONG);
        command.args(["--cluster", CLUSTER, "--data-dir"]).arg(dir.path()).output().expect("kigen runs")
    };
    let output = impact("ml/b");
    let text = String::from_utf8(output.stdout).expect("text");
    let line = text.lines().find(|line| line.starts_with("Left out")).expect("a line");
    expect!["Left out, and not waited for: shop/ml/b 2026-11-20T13:00:00Z."].assert_eq(line);
    assert!(text.contains("shop/ml/d") && !text.contains("b-backfill-"), "{text}");
    let errors: Vec<String> = ["b", "ml/b@yesterday", "ml/other"]
        .into_iter()
        .map(|left_out| {
            let output = impact(left_out);
            assert_eq!(output.status.code(), Some(2), "wrong usage");
            String::from_utf8(output.stderr).expect("text")
        })
        .collect();
    expect![[r#"
        kigen: `--leave-out b` names no step: write NAMESPACE/BATCH, or NAMESPACE/BATCH@SLOT with a SLOT of the plan
        kigen: `--leave-out ml/b@yesterday` names no step: write NAMESPACE/BATCH, or NAMESPACE/BATCH@SLOT with a SLOT of the plan
        kigen: --leave-out ml/other: it does not read shop/ml/a, so no step is of it
    "#]]
    .assert_eq(&errors.concat());
}

#[tokio::test]
async fn what_is_repaired_already_is_printed_at_once_and_a_picture_is_refused() {
    let dir = tempfile::tempdir().expect("a folder");
    write(dir.path(), &runs()).await;
    let mut repair = Repair::begin(dir.path());
    for (batch, slot) in
        [("a", of_day(11, 6)), ("b", of_day(11, 13)), ("c", of_day(11, 7)), ("d", of_day(11, 13))]
    {
        repair.run(batch, 0, slot, running).await;
        repair.run(batch, 0, slot, succeeded).await;
    }
    drop(repair);
    let lines: Vec<String> =
        Followed::start(dir.path(), "text").lines.map(|line| line.expect("text")).collect();
    expect![[r#"
        2027-02-07T00:08:00Z: 4 of 4 repaired, 0 running, 0 failed, 0 left
          shop/ml/a 2026-11-20T06:00:00Z: repaired by a-backfill-0 at 2027-02-07T00:02:00Z
          shop/ml/b 2026-11-20T13:00:00Z: repaired by b-backfill-0 at 2027-02-07T00:04:00Z
          shop/ml/c 2026-11-20T07:00:00Z: repaired by c-backfill-0 at 2027-02-07T00:06:00Z
          shop/ml/d 2026-11-20T13:00:00Z: repaired by d-backfill-0 at 2027-02-07T00:08:00Z
        All is repaired."#]]
    .assert_eq(&lines.join("\n"));
    let mut command = kigen();
    command.args(["impact", "ml/a", "--follow", "--format", "svg"]).args(WRONG);
    let output =
        command.args(["--cluster", CLUSTER, "--data-dir"]).arg(dir.path()).output().expect("kigen runs");
    assert_eq!(output.status.code(), Some(2), "wrong usage");
    expect![[r#"
        kigen: --follow prints each change as text or JSON: give --format text or --format json, or leave --follow out
    "#]].assert_eq(&String::from_utf8(output.stderr).expect("text"));
}

/// Judges the log, and records that Slack has the message of the incident that this deadline belongs to.
async fn deliver(dir: &Path, deadline: i64) {
    let settings = Settings { partitions: 1, ..Settings::default() };
    let log = EmbeddedLog::open(&dir.join("log"), settings).expect("a log");
    let (store, _) = Store::open(&dir.join("store")).expect("a store");
    let mut processor = Processor::open(log.clone(), store, TurnBounds::default()).expect("a processor");
    while !processor.is_idle().expect("a log") {
        processor.turn().await.expect("judged");
    }
    let alerts = log.read(Topic::Alerts, Partition(0), Offset(0), 1_000, usize::MAX).expect("alerts");
    let of_deadline = alerts.into_iter().find_map(|record| {
        let value = record.value?;
        match decode_alert(&value).expect("an alert").body {
            AlertBody::SlotMissed { slot, incident, .. } if slot.deadline == at(deadline) => {
                Some((record.offset, value, incident))
            }
            _ => None,
        }
    });
    let (offset, alert, incident) = of_deadline.expect("a miss");
    let delivery = Delivery {
        receiver: SLACK.to_owned(),
        subject: incident,
        key: BatchKey::new(CLUSTER, "ml", "a"),
        channel: "C7".to_owned(),
        message: "7.7".to_owned(),
        version: 1,
        offset,
        decided_at: at(deadline),
        delivered_at: at(deadline),
        text: "missed".to_owned(),
        alert,
        followed_by: None,
        rejected: None,
        link: None,
        thread: None,
        storm: None,
        route: "C7".to_owned(),
        is_copy: false,
        quiet_until: None,
    };
    let value = Some(encode_delivery(&DeliveryRecord::Message(delivery), Level::NEWEST));
    let key = format!("{SLACK}/{incident}");
    let (topic, partition, timestamp) = (Topic::Deliveries, Partition(0), at(deadline));
    log.append(vec![NewRecord { topic, partition, key, value, timestamp }]).await.expect("it appends");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn once_all_is_repaired_the_thread_of_the_incident_has_a_reply_on_request() {
    let dir = tempfile::tempdir().expect("a folder");
    write(dir.path(), &runs()).await;
    deliver(dir.path(), of_day(17, 6)).await;
    let posted = dir.path().join("posted");
    let slack = slack_into(&posted).await;
    let config = dir.path().join("kigen.toml");
    std::fs::write(&config, format!("[slack]\napi_url = \"{slack}\"\n")).expect("a file");
    let follow = |args: &[&str]| {
        let mut command = kigen();
        command.args(["impact", "ml/a"]).args(args).args(["--follow", "--announce", "--config"]).arg(&config);
        command.args(["--slack-channel", "C1", "--cluster", CLUSTER, "--data-dir"]).arg(dir.path());
        command.env("KIGEN_SLACK_TOKEN", "xoxb-1").stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().expect("kigen runs")
    };
    let following = follow(&["2026-11-26"]);
    let mut repair = Repair::begin(dir.path());
    repair.run("d", 0, of_day(17, 13), running).await;
    repair.run("d", 0, of_day(17, 13), succeeded).await;
    let output = following.wait_with_output().expect("it ends");
    assert!(output.status.success(), "{output:?}");
    let posts = std::fs::read_to_string(&posted).expect("a post");
    let post: Json = serde_json::from_str(posts.trim()).expect("one post");
    assert_eq!((post["channel"].as_str(), post["thread_ts"].as_str()), (Some("C7"), Some("7.7")));
    let text = post["text"].as_str().expect("text").replace(['\u{2068}', '\u{2069}'], "");
    expect!["✅ All that had read the late result of `ml/a` is repaired: all 2 periods have a good result again, since 2027-02-07T00:02:00Z."].assert_eq(&text);
    // Run again, it finds its reply in the thread.
    let output = follow(&["2026-11-26"]).wait_with_output().expect("it ends");
    assert!(output.status.success(), "{output:?}");
    assert_eq!(std::fs::read_to_string(&posted).expect("a file"), posts, "nothing is posted twice");
    // Without an incident, or a message of it, that is stated.
    let output = follow(&WRONG).wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(2));
    let error = String::from_utf8(output.stderr).expect("text");
    assert!(error.contains("--wrong-from has no incident"), "{error}");
}
