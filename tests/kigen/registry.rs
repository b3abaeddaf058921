//! `kigen up` on a real Kafka with a real schema registry: values in both encodings, in any mix, and outages of the registry; and a
//! consumer in Python that knows only `schemas/` and the registry.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant as RealInstant};

use chrono::{DateTime, TimeDelta, Utc};
use expect_test::{Expect, expect};
use kigen_testkit::admin::Admin;
use kigen_testkit::kafka::Broker;
use kigen_testkit::process::Background;
use kigen_testkit::registry::Registry;
use serde_json::Value as Json;

use crate::support::slack::slack_into;
use crate::support::{HEAVY, PATIENCE, kigen, noon, play, steady_and_absent};

const DAYS: i64 = 6;
const POLL_INTERVAL: Duration = Duration::from_millis(20);
const TOPICS: [&str; 6] = ["events", "alerts", "status", "rejects", "control", "deliveries"];

#[tokio::test(flavor = "multi_thread")]
async fn kigen_and_an_outside_consumer_read_values_in_both_encodings_as_one_log() {
    let _heavy = HEAVY.lock().await;
    let broker = Broker::start();
    let admin = Admin::new(broker.bootstrap());
    let dir = tempfile::tempdir().expect("a temporary directory");
    let server = play(steady_and_absent(DAYS, Some("ml-team"))).await;
    let port = Registry::free_port();
    let url = Registry::url_on(port);
    let slack = slack_into(&dir.path().join("messages")).await;
    let kigen = Kigen { dir: dir.path(), brokers: broker.bootstrap(), api: &server.url(), slack: &slack };

    // Without a registry.
    let mut up = kigen.up(None);
    up.until_logged("kigen starts").await;
    kigen.until(|| kigen.is_judged()).await;
    // The played time is long ago, and so is each alert: before that, it would be left out as an old one.
    up.until_logged("delivery begins").await;
    admin.write("kigen.events", 0, Some(b"shop/ml/absent"), Some(b"{}")).await;
    server.clock().advance_to(noon(1) + TimeDelta::seconds(40));
    up.until_alerted(&[noon(1)]).await;
    kigen.until(|| kigen.records("rejects", None).len() == 1).await;
    up.terminate();

    // With one that is not up yet: that is logged, and it is retried.
    let mut up = kigen.up(Some(&url));
    up.until_logged("does not answer").await;
    assert!(up.is_running(), "{}", up.log());
    let mut registry = Registry::start_on(port);
    up.until_logged("kigen starts").await;
    server.clock().advance_to(noon(2) + TimeDelta::seconds(40));
    up.until_alerted(&[noon(1), noon(2)]).await;
    up.kill();

    // Restored from states in both encodings.
    std::fs::remove_dir_all(dir.path().join("data/store")).expect("a store");
    let mut up = kigen.up(Some(&url));
    let access = kigen_registry::Access::new(&url, None, None, None).expect("an address");
    let found = kigen_registry::check(&access).expect("it answers");
    let id = found[0].ids.last().copied().flatten().expect("the newest events are registered");
    let poison = [&[0][..], &id.to_be_bytes(), &[0xff; 4]].concat();
    admin.write("kigen.events", 0, Some(b"shop/ml/absent"), Some(&poison)).await;
    let foreign = [0, 0, 0x0f, 0x42, 0x40, 1, 2, 3];
    admin.write("kigen.events", 0, Some(b"shop/ml/absent"), Some(&foreign)).await;
    server.clock().advance_to(noon(3) + TimeDelta::seconds(40));
    up.until_alerted(&[noon(1), noon(2), noon(3)]).await;
    kigen.until(|| kigen.records("rejects", Some(&url)).len() == 3).await;
    up.terminate();

    all_read_both(&kigen, &broker, &url);

    // It goes down later, and is not needed.
    let mut up = kigen.up(Some(&url));
    server.clock().advance_to(noon(4) + TimeDelta::seconds(40));
    up.until_alerted(&[noon(1), noon(2), noon(3), noon(4)]).await;
    registry.kill();
    server.clock().advance_to(noon(5) + TimeDelta::seconds(40));
    up.until_alerted(&[noon(5)]).await;
    up.terminate();
    let output = kigen.run(Some(&url), &["events"]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let error = String::from_utf8_lossy(&output.stderr).replace(&url, "URL");
    expect![[r#"
        kigen: the schema registry at URL does not answer; check the address, and that it is reachable and trusted from here: io: Connection refused (os error 111)
    "#]].assert_eq(&error);
    // A value that names its schema by an id of the registry cannot be read without the registry.
    let output = kigen.run(None, &["events", "--topic", "alerts"]);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(text.contains("set `url` under [kafka.registry]"), "{text}");
    server.shutdown().await;
}

/// kigen's commands and the outside consumer read the same from both encodings.
fn all_read_both(kigen: &Kigen<'_>, broker: &Broker, url: &str) {
    for topic in TOPICS {
        let own = kigen.records(topic, Some(url));
        let outside = read_by_python(broker, &["--registry", url, "--json", &format!("kigen.{topic}")]);
        let outside: Vec<Json> =
            outside.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        assert_eq!(places(&outside), places(&own), "{topic}");
        let encodings: BTreeSet<&str> =
            outside.iter().filter_map(|record| record["encoding"].as_str()).collect();
        assert_eq!(encodings, BTreeSet::from(["confluent", "single-object"]), "{topic}");
        assert!(own.iter().all(|record| record["value"].get("undecodable").is_none() || topic == "events"));
    }
    expect![[r#"
        "kigen.events: the record begins with [7b, 7d], not with the marker c3 01 of Avro's single-object encoding: something else than kigen wrote it" "{}"
        "kigen.events: the record is damaged after its schema's fingerprint" "\u0000\u0000\u0000\u0000\u0007����"
        "kigen.events: the record names its schema by the number 1000000 of a schema registry, which is none of this kigen's schemas there: a newer kigen or something else wrote it; upgrade kigen to read it, or, if no registry is configured, set `url` under [kafka.registry]" "\u0000\u0000\u000fB@\u0001\u0002\u0003"
    "#]].assert_eq(&rejected(&kigen.records("rejects", Some(url))));
    expect![[r#"
        missed   2026-11-10 12:00 UTC  shop/ml/absent: NeverStarted (ml-team)
        missed   2026-11-11 12:00 UTC  shop/ml/absent: NeverStarted (ml-team)
        missed   2026-11-12 12:00 UTC  shop/ml/absent: NeverStarted (ml-team)
    "#]]
    .assert_eq(&read_by_python(broker, &["--registry", url]));
    let explained = kigen.out(Some(url), &["explain", "ml/absent", "2026-11-11"]);
    assert!(explained.contains("Verdict: missed, never started."), "{explained}");
    kigen.check(url, &["replay"], &expect![[r#"
        BATCH           OBJECTIVE    MET  MISSED  MUTED  UNKNOWN  EXCUSED  MARGIN MIN  MEDIAN      P95         WARNED OF  COMPARED WITH ALERTS
        shop/ml/absent  complete-by  0    3       0      0        1        -           -           -           -          the same
        shop/ml/steady  complete-by  4    0       0      0        0        3 h 29 min  3 h 29 min  3 h 29 min  -          the same

        2 objectives: 4 slots met, 3 missed, 0 muted, 0 unknown, 1 excused; 0 missed but not alerted, 0 alerted but not missed
    "#]]);
    kigen.check(
        url,
        &["topics", "check"],
        &expect![[r#"
            kigen.events      2 partitions, as configured
            kigen.alerts      2 partitions, as configured
            kigen.status      2 partitions, as configured
            kigen.rejects     2 partitions, as configured
            kigen.control     2 partitions, as configured
            kigen.deliveries  2 partitions, as configured
            kigen.events-value      schemas 1, 2, 3, 4, 5, 6, 7, as configured
            kigen.alerts-value      schemas 8, 9, 10, 11, 12, 13, 14, as configured
            kigen.status-value      schemas 15, 16, 17, 18, 19, 20, 21, 22, 23, as configured
            kigen.rejects-value     schemas 24, as configured
            kigen.control-value     schemas 25, as configured
            kigen.deliveries-value  schemas 26, as configured
        "#]],
    );
}

#[test]
fn the_printed_configuration_has_the_registry_without_secrets() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let show = |file: &str, environment: &[(&str, &str)]| {
        std::fs::write(dir.path().join("kigen.toml"), file).expect("a configuration");
        let mut command = kigen();
        command.env_clear().envs(environment.iter().copied()).current_dir(dir.path()).arg("config");
        let output = command.output().expect("kigen runs");
        let text = String::from_utf8([output.stdout, output.stderr].concat()).expect("text");
        let part = text.split_once("[kafka.registry]").map_or(text.as_str(), |(_, part)| part);
        part.split("\n[").next().unwrap_or_default().trim().to_owned()
    };
    let file = "[kafka.registry]\nurl = \"https://registry:8081\"\nuser = \"kigen\"\npassword = \"hush\"\n";
    expect![[r#"
        url = "https://registry:8081"
        user = "kigen"
        password = "(hidden)"
        # password_file: not set
        # ca_file: not set"#]]
    .assert_eq(&show(file, &[]));
    let environment = [
        ("KIGEN_REGISTRY_URL", "https://other:8081"),
        ("KIGEN_REGISTRY_USER", "ann"),
        ("KIGEN_REGISTRY_PASSWORD", "hush"),
    ];
    let file = "[kafka.registry]\nurl = \"https://registry:8081\"\npassword_file = \"/secret\"\nca_file = \"/ca.pem\"\n";
    expect![[r#"
        url = "https://other:8081"
        user = "ann"
        password = "(hidden)"
        # password_file: not set
        ca_file = "/ca.pem""#]]
    .assert_eq(&show(file, &environment));
    expect!["kigen: the schema registry has both a password and a password_file: give one of them"]
        .assert_eq(&show("[kafka.registry]\npassword = \"hush\"\npassword_file = \"/secret\"\n", &[]));
    expect![[r#"
        url = "...@registry"
        # user: not set
        # password: not set
        # password_file: not set
        # ca_file: not set"#]]
    .assert_eq(&show("[kafka.registry]\nurl = \"https://ann:hush@registry\"\n", &[]));
    expect![[r#"
        kigen: the configuration file kigen.toml is not understood; `kigen config` shows all keys: TOML parse error at line 2, column 1
          |
        2 | urll = "https://registry:8081"
          | ^^^^
        unknown field `urll`, expected one of `url`, `user`, `password`, `password_file`, `ca_file`"#]].assert_eq(&show("[kafka.registry]\nurll = \"https://registry:8081\"\n", &[]));
}

#[test]
fn an_error_in_the_registrys_configuration_is_reported_and_nothing_is_started() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let mut errors = Vec::new();
    for lines in [
        "url = \"registry:8081\"",
        "url = \"http://registry\"\nuser = \"ann\"",
        "url = \"http://registry\"\nuser = \"ann\"\npassword_file = \"none\"",
    ] {
        let file = format!(
            "[log]\nkind = \"kafka\"\n[kafka]\nbrokers = \"127.0.0.1:1\"\n[kafka.registry]\n{lines}\n"
        );
        std::fs::write(dir.path().join("kigen.toml"), file).expect("a configuration");
        let mut command = kigen();
        let output = command.env_clear().current_dir(dir.path()).args(["up", "--dry-run"]).output();
        let output = output.expect("kigen runs");
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        errors.push(String::from_utf8(output.stderr).expect("text"));
    }
    expect![[r#"
        kigen: the schema registry's url `registry:8081` does not begin with http:// or https://: give the base of its API, such as https://registry:8081 (Confluent) or https://registry:8080/apis/ccompat/v7 (Apicurio)
        kigen: the schema registry's password is not set: give both user and password, or neither
        kigen: the schema registry's password_file none cannot be read: No such file or directory (os error 2)
    "#]].assert_eq(&errors.concat());
}

/// kigen with its configuration and data in a folder.
struct Kigen<'a> {
    dir: &'a Path,
    brokers: &'a str,
    api: &'a str,
    slack: &'a str,
}

impl Kigen<'_> {
    fn command(&self, registry: Option<&str>) -> Command {
        let registry = registry.map_or(String::new(), |url| format!("[kafka.registry]\nurl = \"{url}\"\n"));
        let file = format!(
            "cluster = \"shop\"\ndata_dir = \"data\"\n[kubernetes]\nprobe_interval_ms = 100\n[log]\nkind = \"kafka\"\n\
             partitions = 2\n[kafka]\nbrokers = \"{}\"\ninstance = \"one\"\n{registry}\n\
             [slack]\napi_url = \"{}\"\n",
            self.brokers, self.slack
        );
        std::fs::write(self.dir.join("kigen.toml"), file).expect("a configuration");
        let mut command = kigen();
        command.current_dir(self.dir).env("KIGEN_HEALTH_ADDRESS", "off");
        command
    }

    fn up(&self, registry: Option<&str>) -> Up {
        let file = |name: &str| {
            let file = std::fs::OpenOptions::new().create(true).append(true).open(self.dir.join(name));
            file.expect("a file for its output")
        };
        std::fs::write(self.dir.join("stderr"), "").expect("an empty log");
        let mut command = self.command(registry);
        command
            .args(["up", "--slack-channel", "C1", "--api-url", self.api])
            .env("KIGEN_SLACK_TOKEN", "xoxb-1");
        let spawned = command.stdout(file("messages")).stderr(file("stderr")).spawn();
        let child = Background(spawned.expect("kigen runs"));
        Up { child, dir: self.dir.to_owned() }
    }

    fn run(&self, registry: Option<&str>, args: &[&str]) -> Output {
        self.command(registry).args(args).stdin(Stdio::null()).output().expect("kigen runs")
    }

    /// Its output for these arguments.
    fn out(&self, registry: Option<&str>, args: &[&str]) -> String {
        let output = self.run(registry, args);
        assert!(output.status.success(), "{args:?}: {output:?}");
        String::from_utf8(output.stdout).expect("text")
    }

    fn check(&self, registry: &str, args: &[&str], expected: &Expect) {
        expected.assert_eq(&self.out(Some(registry), args));
    }

    /// All records of a topic as `kigen events` reads them.
    fn records(&self, topic: &str, registry: Option<&str>) -> Vec<Json> {
        let text = self.out(registry, &["events", "--topic", topic, "--json", "--ticks"]);
        text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
    }

    /// Whether every partition is judged up to a first tick: from then on the cluster is watched.
    fn is_judged(&self) -> bool {
        let records = self.records("status", None).into_iter();
        let judged = records.filter(|record| record["value"].to_string().contains("\"observed_until\":\"2"));
        judged.map(|record| record["partition"].as_u64()).collect::<BTreeSet<_>>().len() == 2
    }

    async fn until(&self, is_so: impl Fn() -> bool) {
        let deadline = RealInstant::now() + PATIENCE;
        while !is_so() {
            assert!(RealInstant::now() < deadline, "timed out");
            tokio::time::sleep(POLL_INTERVAL).await;
        }
    }
}

/// A running `kigen up`.
struct Up {
    child: Background,
    dir: std::path::PathBuf,
}

impl Up {
    fn log(&self) -> String {
        std::fs::read_to_string(self.dir.join("stderr")).unwrap_or_default()
    }

    fn is_running(&mut self) -> bool {
        self.child.0.try_wait().expect("its state").is_none()
    }

    async fn until_logged(&mut self, words: &str) {
        self.until(|up| up.log().contains(words), words).await;
    }

    /// Waits until the messages have these deadlines of the batch that never starts. A message that was printed, but not recorded as delivered
    /// before a kill, is printed again.
    async fn until_alerted(&mut self, deadlines: &[DateTime<Utc>]) {
        let lines = deadlines.iter().map(|at| at.format("deadline %a %-d %b %H:%M UTC").to_string());
        let lines: Vec<String> = lines.collect();
        let are_printed = |up: &Self| {
            let messages = std::fs::read_to_string(up.dir.join("messages")).unwrap_or_default();
            lines.iter().all(|line| messages.contains(line))
        };
        self.until(are_printed, &format!("{deadlines:?}")).await;
    }

    async fn until(&mut self, is_so: impl Fn(&Self) -> bool, what: &str) {
        let deadline = RealInstant::now() + PATIENCE;
        while !is_so(self) {
            let messages = std::fs::read_to_string(self.dir.join("messages")).unwrap_or_default();
            assert!(self.is_running(), "it ended\n{}", self.log());
            assert!(
                RealInstant::now() < deadline,
                "timed out waiting for {what}\n{messages}\n{}",
                self.log()
            );
            tokio::time::sleep(POLL_INTERVAL).await;
        }
    }

    fn kill(&mut self) {
        self.child.0.kill().expect("a kill");
        self.child.0.wait().expect("it is dead");
    }

    /// SIGTERM, by the shell's built-in `kill`: a minimal Debian has no other.
    fn terminate(&mut self) {
        let kill = format!("kill -TERM {}", self.child.0.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().expect("a shell runs").success());
        let status = self.child.0.wait().expect("it ends");
        assert!(status.success(), "{status}\n{}", self.log());
    }
}

/// The output of the example consumer in Python.
fn read_by_python(broker: &Broker, args: &[&str]) -> String {
    let python = kigen_testkit::cache().join("consumer/bin/python");
    assert!(python.exists(), "there is no {}: run `make consumer`, which creates it", python.display());
    let mut command = Command::new(python);
    command.args(["tests/consumer/read_topics.py", "--schemas", "schemas", "--brokers", broker.bootstrap()]);
    let output = command.args(args).output().expect("Python runs");
    assert!(output.status.success(), "{output:?}");
    let errors = String::from_utf8_lossy(&output.stderr);
    // Only the events have undecodable records.
    assert_eq!(errors.lines().count(), if args.contains(&"kigen.events") { 3 } else { 0 }, "{errors}");
    String::from_utf8(output.stdout).expect("text")
}

/// The keys of the decodable records, by partition and offset.
fn places(records: &[Json]) -> BTreeMap<(u64, u64), String> {
    let place = |record: &Json| {
        (record["partition"].as_u64().expect("a number"), record["offset"].as_u64().expect("a number"))
    };
    let whole = records.iter().filter(|record| record["value"].get("undecodable").is_none());
    whole.map(|record| (place(record), record["key"].to_string())).collect()
}

/// The rejects with their bytes.
fn rejected(records: &[Json]) -> String {
    records
        .iter()
        .map(|record| format!("{} {}\n", record["value"]["reason"], record["value"]["bytes"]))
        .collect()
}
