//! The shipped pod: every command works in a root file system that cannot be written, as the manifest's user.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use chrono::TimeDelta;
use kigen_log::kafka::Connection;
use kigen_log::kafka::topics::Layout;
use kigen_log::{KafkaLog, Log, LogReader, NewRecord, Settings};
use kigen_model::topic::{Offset, Partition, Topic};
use kigen_playback::generate::{Attempt, Cluster, CronJobPlan, RunPlan};
use kigen_playback::history::History;
use kigen_playback::rights::Rule;
use kigen_testkit::kafka::Broker;
use kigen_wire::Frame;
use serde_json::Value;

use crate::support::manifests::{bound_roles, documents, pods};
use crate::support::pod::Pod;
use crate::support::slack::slack_into;
use crate::support::{HEAVY, Up, kigen, noon, not_tested, play, start};

/// Commands that work beside a running `kigen up`, and a word of what each prints.
const BESIDE_UP: [(&[&str], &str); 21] = [
    (&["status"], "absent"),
    (&["events"], "steady"),
    (&["events", "--topic", "alerts"], "absent"),
    (&["explain", "ml/absent", "2026-11-10T12:00:00Z"], "missed"),
    (&["lineage"], "no batch reads another"),
    (&["impact", "ml/absent", "2026-11-10T12:00:00Z"], "the result was not there"),
    (&["export", "slots", "--from", "2026-11-09T00:00:00Z", "--to", "2026-11-12T00:00:00Z"], "absent"),
    (&["archive", "--once", "--archive", "/data/archive"], "files were written to /data/archive"),
    (&["events", "--archive", "/data/archive"], "steady"),
    (&["objectives", "list"], "complete-by"),
    (&["replay"], "absent"),
    (&["replay", "--slots", "--format", "csv"], "absent"),
    (&["clusters", "list"], "prod"),
    (&["mute", "ml/steady", "--for", "4h", "--reason", "migration"], "ml/steady from"),
    (&["mutes"], "migration"),
    (&["doctor"], "partitions"),
    (&["config"], "cluster = \"prod\""),
    (&["calendar", "show", "jp-business-days", "--year", "2026"], "New Year's Day"),
    (&["crontab", "@daily"], "00:00:00"),
    (&["slack", "manifest"], "\"chat:write\""),
    (&["demo", "--plain"], "recommend"),
];
/// Ends the mute that was declared before.
const UNMUTE: &str = "unmute";
/// Commands that need the log for themselves.
const AFTER_UP: [(&[&str], &str); 3] = [
    (&["clusters", "forget", "prod"], "is forgotten"),
    (&["notify", "--retry"], "there is nothing to send again"),
    (&["notify", "--preview", "/data/preview"], "have all messages of a language"),
];
/// Commands before any role runs on a Kafka.
const BEFORE_ROLES: [(&[&str], &str); 2] =
    [(&["topics", "create"], "kigen.control"), (&["topics", "check"], "2 partitions, as configured")];
/// The roles of `deploy/kafka.yaml`.
const ROLES: [&str; 3] = ["ship", "process", "notify"];
/// Goes on without the first record of a partition.
const SKIP: [&str; 3] = ["skip", "kigen.events", "1"];

/// Runs commands in a pod. Each must print its word.
fn try_all(pod: &Pod, commands: &[(&[&str], &str)]) {
    for (args, words) in commands {
        let text = printed(pod.command(), args);
        assert!(text.contains(words), "kigen {} lacks {words}:\n{text}", args.join(" "));
    }
}

/// What a command printed. It must succeed.
fn printed(mut command: Command, args: &[&str]) -> String {
    let output = command.args(args).output().expect("it runs");
    let texts = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text).into_owned());
    assert!(output.status.success(), "kigen {}:\n{}", args.join(" "), texts.concat());
    String::from_utf8(output.stdout).expect("text")
}

/// The rules that a manifest's bindings grant.
fn granted(name: &str) -> Vec<Rule> {
    let documents = documents(name);
    let words = |list: &Value| {
        let all = list.as_array().into_iter().flatten().map(|word| word.as_str().expect("a word").to_owned());
        all.collect()
    };
    let rules = bound_roles(&documents).into_iter().flat_map(|role| role["rules"].as_array().expect("rules"));
    let rule = |rule: &Value| Rule {
        verbs: words(&rule["verbs"]),
        groups: words(&rule["apiGroups"]),
        resources: words(&rule["resources"]),
        names: words(&rule["resourceNames"]),
    };
    rules.map(rule).collect()
}

/// Two batches with an objective, and one each of whose runs fails in each of these namespaces without a message.
fn history() -> History {
    let mut cluster = Cluster::new(start());
    for name in ["steady", "absent"] {
        let plan =
            CronJobPlan::new("ml", name, "0 8 * * *").annotation("kigen.dev/complete-by", "0 12 * * *");
        cluster.cron_job(plan);
    }
    for day in 0..3 {
        let at = start() + TimeDelta::days(day) + TimeDelta::hours(8);
        cluster.run("ml", "steady", at, RunPlan::succeeds(TimeDelta::minutes(30)));
    }
    for namespace in ["dwh", "billing"] {
        cluster.cron_job(CronJobPlan::new(namespace, "fails", "0 8 * * *"));
        let failure = RunPlan::Attempts(vec![Attempt::fails(TimeDelta::minutes(1), 1, "")]);
        cluster.run(namespace, "fails", start() + TimeDelta::days(1) + TimeDelta::hours(8), failure);
    }
    cluster.build().expect("a history")
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_works_in_the_shipped_pod() {
    let _heavy = HEAVY.lock().await;
    let dir = tempfile::tempdir().expect("a folder");
    let template = pods("up.yaml").remove(0);
    let Some(mut pod) = Pod::of(&template, dir.path()) else {
        return not_tested("the shipped pod (this machine permits neither mounts nor user namespaces)");
    };
    let server = play(history()).await;
    server.faults().grant_only(granted("up.yaml"));
    let slack = slack_into(&dir.path().join("posted")).await;
    let config = format!("[kubernetes]\nprobe_interval_ms = 100\n[slack]\napi_url = \"{slack}\"\n");
    std::fs::write(pod.config_dir().join("token"), "xoxb-1\n").expect("a token");
    pod.set("KIGEN_SLACK_TOKEN_FILE", "/config/token");
    let mut up = Up::start_in_pod(&mut pod, &["up"], dir.path(), &server.url(), &config);
    up.wait_until_it_watches().await;
    server.clock().advance_to(noon(2) + TimeDelta::hours(1));
    up.wait_for_alerts(|alerts| !alerts.is_empty()).await;
    up.wait_for_readyz(200, "").await;

    try_all(&pod, &BESIDE_UP);
    let mutes = printed(pod.command(), &["mutes"]);
    let id = mutes.lines().nth(1).and_then(|line| line.split(' ').next()).expect("a mute");
    try_all(&pod, &[(&[UNMUTE, id], "has ended")]);
    assert_eq!(server.faults().denied(), ["get pods/log"], "all else is granted by the manifest");
    // The first refusal may pass: what to grant is logged once it lasts.
    up.wait_for_log("grant get on pods/log").await;
    let log = up.log();
    assert_eq!(log.matches("grant get on pods/log").count(), 1, "{log}");
    let (status, _) = up.terminate();
    assert!(status.success(), "{status}");
    try_all(&pod, &AFTER_UP);
    server.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_role_and_command_of_a_shared_log_works_in_its_shipped_pod() {
    let _heavy = HEAVY.lock().await;
    let dir = tempfile::tempdir().expect("a folder");
    let broker = Broker::start();
    let server = play(history()).await;
    server.faults().grant_only(granted("kafka.yaml"));
    let slack = slack_into(&dir.path().join("posted")).await;
    let config = format!(
        "cluster = \"prod\"\n[kubernetes]\nlease_namespace = \"kigen\"\nprobe_interval_ms = 100\n[log]\nkind = \"kafka\"\n\
         partitions = 2\n[kafka]\nbrokers = \"{}\"\nreplication = 1\n[slack]\nchannel = \"C1\"\napi_url = \"{slack}\"\n",
        broker.bootstrap()
    );
    let mut running = Vec::new();
    let mut last = None;
    for template in pods("kafka.yaml") {
        let role = template["containers"][0]["args"][0].as_str().expect("a role").to_owned();
        let dir = dir.path().join(&role);
        std::fs::create_dir(&dir).expect("a folder");
        let Some(mut pod) = Pod::of(&template, &dir) else {
            return not_tested("the shipped pods (this machine permits neither mounts nor user namespaces)");
        };
        pod.configure(&config);
        pod.set("KIGEN_INSTANCE", &role);
        std::fs::write(pod.config_dir().join("token"), "xoxb-1\n").expect("a token");
        pod.set("KIGEN_SLACK_TOKEN_FILE", "/config/token");
        if running.is_empty() {
            try_all(&pod, &BEFORE_ROLES);
        }
        running.push((role.clone(), Up::start_in_pod(&mut pod, &[&role], &dir, &server.url(), &config)));
        last = Some(pod);
    }
    let roles: Vec<&str> = running.iter().map(|(role, _)| role.as_str()).collect();
    assert_eq!(roles, ROLES);
    for (_, up) in &mut running {
        up.wait_for_readyz(200, "").await;
    }
    for (role, up) in running {
        let (status, _) = up.terminate();
        assert!(status.success(), "{role}: {status}");
    }
    let newer = append_of_a_newer_kigen(broker.bootstrap()).await;
    let (pod, offset) = (last.expect("a pod"), newer.0.to_string());
    try_all(&pod, &[(&[&SKIP[..], &[&offset]].concat(), "goes on without the record")]);
    server.shutdown().await;
}

/// Appends a record that only a newer kigen can read.
async fn append_of_a_newer_kigen(brokers: &str) -> Offset {
    let connection = Connection::new(brokers, BTreeMap::new()).expect("default settings");
    let layout = Layout { log: Settings { partitions: 2, ..Settings::default() }, replication: Some(1) };
    let log = KafkaLog::open(connection, &layout, "newer").await.expect("a log");
    let partition = Partition(1);
    let record = NewRecord {
        topic: Topic::Events,
        partition,
        key: "prod".to_owned(),
        value: Some(Frame::Object([0xab; 8]).around(b"a fact of the future")),
        timestamp: start(),
    };
    log.append(vec![record]).await.expect("a writable log");
    let reader = log.reader().clone();
    let last = tokio::task::spawn_blocking(move || reader.last(Topic::Events, partition)).await;
    last.expect("no panic").expect("readable").expect("a record").offset
}

#[test]
fn no_command_is_left_out() {
    let help = printed(kigen(), &["help"]);
    let (_, listed) = help.split_once("Commands:\n").expect("a list of commands");
    let names = listed.lines().take_while(|line| !line.is_empty());
    let names =
        names.filter(|line| !line.starts_with("   ")).filter_map(|line| line.split_whitespace().next());
    let all: BTreeSet<&str> = names.filter(|name| *name != "help").collect();
    let in_pods = BESIDE_UP.iter().chain(&BEFORE_ROLES).map(|(args, _)| args[0]);
    let tried: BTreeSet<&str> = in_pods
        .chain(ROLES)
        .chain(["up", UNMUTE, SKIP[0]])
        .chain(AFTER_UP.iter().map(|(args, _)| args[0]))
        .collect();
    assert_eq!(tried, all);
}
