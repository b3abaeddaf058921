//! `kigen doctor`: tests everything that kigen needs, and prints what is wrong and how to fix it.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use axum::Router;
use axum::extract::Query;
use axum::routing::any;
use expect_test::{Expect, expect};
use kigen_log::kafka::Connection;
use kigen_log::kafka::topics::{Layout, create};
use kigen_log::{LogReader, Settings, kafka::KafkaReader};
use kigen_model::topic::{Offset, Partition, Topic};
use kigen_playback::generate::{Cluster, CronJobPlan};
use kigen_playback::rights::Rule;
use kigen_playback::server::Server;
use kigen_testkit::acls::{self, Operation, Permission, Resource};
use kigen_testkit::kafka::{Broker, PASSWORD, USER};

use crate::support::{HEAVY, kigen, not_tested, play, start};

/// A configuration that names the cluster.
const CLUSTER: &str = "cluster = \"shop\"\n";

/// Runs it in `dir`; its exit code and output.
fn doctor(dir: &Path, toml: &str, args: &[&str]) -> (Option<i32>, String) {
    std::fs::write(dir.join("kigen.toml"), toml).expect("a configuration");
    let output = kigen().arg("doctor").args(args).current_dir(dir).env_clear().output().expect("kigen runs");
    let text = String::from_utf8(output.stdout).expect("text");
    // Without the widths of the columns.
    let lines = text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ") + "\n");
    (output.status.code(), lines.collect())
}

fn check((code, found): (Option<i32>, String), hide: &[(&str, &str)], ends: i32, expected: &Expect) {
    let text = hide.iter().fold(found, |text, (from, to)| text.replace(from, to));
    expected.assert_eq(&text);
    assert_eq!(code, Some(ends));
}

/// The lines of one watch that is observed.
fn observed(server: &Server) -> (Option<i32>, String) {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let (code, text) = doctor(dir.path(), CLUSTER, &["--wait", "--dry-run", "--api-url", &server.url()]);
    (code, text.lines().filter(|line| line.contains("one watch")).map(|line| format!("{line}\n")).collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn doctor_observes_one_watch_until_its_bookmark_or_its_end() {
    let server = play(Cluster::new(start()).build().expect("a history")).await;
    let faults = server.faults().clone();
    faults.close_watches_after(Some(Duration::from_millis(200)));
    check(
        observed(&server),
        &[],
        1,
        &expect![[r#"
            one watch is observed for up to 70 s, until its bookmark
            WRONG one watch it was closed after 0 s, before its bookmark: kigen sees the cluster late, or only by lists, with runs between two of them unseen. Let the proxy or load balancer between kigen and the API server keep responses open for 20 s or longer
        "#]],
    );
    faults.close_watches_after(None);
    let leases = tokio::spawn(async move {
        loop {
            faults.turn_revision();
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    });
    check(
        observed(&server),
        &[],
        0,
        &expect![[r#"
            one watch is observed for up to 70 s, until its bookmark
            ok one watch a bookmark came after 0 s
        "#]],
    );
    leases.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn doctor_checks_a_configuration_with_an_embedded_log() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let server = play(Cluster::new(start()).build().expect("a history")).await;
    let url = server.url();
    let found = doctor(dir.path(), CLUSTER, &["--dry-run", "--api-url", &url]);
    check(
        found,
        &[(&url, "URL")],
        0,
        &expect![[r#"
        ok configuration events in the data directory
        ok data directory kigen-data can be written
        ok event log none yet: `kigen up` creates it
        ok cluster `shop`, as configured
        ok kubernetes the API server answers
        ok get namespace kube-system allowed
        ok list cronjobs allowed
        ok watch cronjobs allowed
        ok list jobs allowed
        ok watch jobs allowed
        ok list pods allowed
        ok watch pods allowed
        ok get pods/log allowed
        ok list objectives not served, and optional; to declare objectives with kubectl, apply deploy/objectives.crd.yaml
        ok slack not used: messages are printed
    "#]],
    );
    assert!(
        dir.path().join("kigen-data").read_dir().expect("a folder").next().is_none(),
        "it leaves nothing"
    );

    server.faults().refuse(Some(kigen_playback::resource::Resource::Pods), Some(403));
    server.faults().refuse_namespaces(Some(403));
    let blocked = dir.path().join("blocked");
    std::fs::write(&blocked, "a file").expect("a file");
    let found = doctor(dir.path(), CLUSTER, &["--api-url", &url, "--data-dir", "blocked"]);
    check(
        found,
        &[(&url, "URL")],
        1,
        &expect![[r#"
        ok configuration events in the data directory
        WRONG data directory blocked cannot be written (File exists (os error 17)): name another by --data-dir, or give this user write permission
        ok event log none yet: `kigen up` creates it
        ok cluster `shop`, as configured
        ok kubernetes the API server answers
        ok get namespace kube-system note: not allowed, and only needed to notice another cluster of this name in the same log: grant get on this one namespace
        ok list cronjobs allowed
        ok watch cronjobs allowed
        ok list jobs allowed
        ok watch jobs allowed
        ok list pods note: not allowed: verdicts hold, but alerts lack exit codes, error texts and the reason why a run waits: grant list and watch on pods
        ok list objectives not served, and optional; to declare objectives with kubectl, apply deploy/objectives.crd.yaml
        WRONG slack no receiver of alerts is configured: set the Slack channel (--slack-channel, KIGEN_SLACK_CHANNEL, or `channel` under [slack]) and the token (KIGEN_SLACK_TOKEN), or a receiver under [[receivers]], or give --dry-run to print the messages
    "#]],
    );
    server.shutdown().await;
}

#[test]
fn an_invalid_configuration_is_the_only_finding() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let (code, found) = doctor(dir.path(), "[health]\naddress = \"here\"\n", &[]);
    check(
        (code, found),
        &[],
        1,
        &expect![[r#"
        WRONG configuration the address of /healthz, /readyz and /metrics is `here`: it must be an address with a port, such as 127.0.0.1:9469 or 0.0.0.0:9469, or `off`
    "#]],
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_slack_token_is_verified_with_slack() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let unknown = any(|| async { axum::Json(serde_json::json!({"ok": false, "error": "invalid_auth"})) });
    let known = any(|| async {
        axum::Json(serde_json::json!({
            "ok": true, "url": "https://shop.slack.com/", "team": "shop", "user": "kigen", "team_id": "T1", "user_id": "U1"
        }))
    });
    for (answer, ends) in [(unknown, "WRONG"), (known, "ok")] {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("bound").port();
        let slack = axum::serve(listener, Router::new().route("/auth.test", answer));
        let slack = tokio::spawn(slack.into_future());
        let toml = format!(
            "[slack]\nchannel = \"#ops\"\ntoken = \"xoxb-secret\"\napi_url = \"http://127.0.0.1:{port}\"\n"
        );
        let (_, found) = doctor(dir.path(), &toml, &["--api-url", "http://127.0.0.1:1"]);
        let of_token = format!("{ends} slack ");
        let line = found.lines().find(|line| line.starts_with(&of_token)).unwrap_or_default();
        assert!(!line.is_empty(), "{found}");
        let words = if ends == "ok" { "kigen in shop" } else { "set KIGEN_SLACK_TOKEN" };
        assert!(line.contains(words) && !found.contains("xoxb-secret"), "{found}");
        slack.abort();
    }
}

/// A fake of Slack whose token has these scopes, and which knows the channels `ops`, with the bot in it, and `town`.
async fn workspace(scopes: &'static str) -> (String, tokio::task::JoinHandle<std::io::Result<()>>) {
    let channel = |id: &str, name: &str| serde_json::json!({"id": id, "created": 0, "name": name, "is_member": name == "ops"});
    let ops = channel("C1", "ops");
    let (mine, all) = (serde_json::json!([ops]), serde_json::json!([ops, channel("C2", "town")]));
    let info = move |Query(query): Query<BTreeMap<String, String>>| async move {
        axum::Json(match query.get("channel").map(String::as_str) {
            Some("C1") => {
                serde_json::json!({"ok": true, "channel": {"id": "C1", "created": 0, "is_member": true}})
            }
            Some("C2") => {
                serde_json::json!({"ok": true, "channel": {"id": "C2", "created": 0, "is_member": false}})
            }
            _ => serde_json::json!({"ok": false, "error": "channel_not_found"}),
        })
    };
    let owner = serde_json::json!({
        "ok": true, "url": "https://shop.slack.com/", "team": "shop", "user": "kigen", "team_id": "T1", "user_id": "U1"
    });
    let listed = |channels| axum::Json(serde_json::json!({"ok": true, "channels": channels}));
    let posted = serde_json::json!({"ok": true, "channel": "C1", "ts": "1.1", "message": {"ts": "1.1", "type": "message"}});
    let routes = Router::new()
        .route("/auth.test", any(move || async move { ([("x-oauth-scopes", scopes)], axum::Json(owner)) }))
        .route("/conversations.info", any(info))
        .route("/users.conversations", any(move || async move { listed(mine) }))
        .route("/conversations.list", any(move || async move { listed(all) }))
        .route("/chat.postMessage", any(move || async move { axum::Json(posted) }));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("bound"));
    let serving = axum::serve(listener, routes);
    (url, tokio::spawn(serving.into_future()))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_scopes_and_the_channels_are_checked_and_a_message_is_posted_for_trial() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let check = |url: &str, channel: &str, args: &[&str]| {
        let toml = format!(
            "[slack]\nchannel = \"{channel}\"\nerror_channel = \"#town\"\ntoken = \"xoxb-secret\"\napi_url = \"{url}\"\n"
        );
        let args = [&["--api-url", "http://127.0.0.1:1"], args].concat();
        let (_, found) = doctor(dir.path(), &toml, &args);
        let lines = found.lines().skip_while(|line| !line.contains(" slack "));
        lines.map(|line| format!("{line}\n")).collect::<String>()
    };
    let (url, serving) = workspace("chat:write,channels:history,channels:read").await;
    expect![[r#"
        ok slack the token is that of kigen in shop
        ok slack scopes chat:write, channels:history, channels:read
        ok slack #ops the bot is in it
        ok message to #ops posted
        WRONG slack #town the bot is not in it: invite it there, /invite @kigen in #town
        ok message to #town posted
    "#]]
    .assert_eq(&check(&url, "#ops", &["--test"]));
    expect![[r#"
        ok slack the token is that of kigen in shop
        ok slack scopes chat:write, channels:history, channels:read
        WRONG slack #opps there is no such channel that the bot sees: correct the name, and if it is private, invite the bot: /invite @kigen
        WRONG slack #town the bot is not in it: invite it there, /invite @kigen in #town
    "#]].assert_eq(&check(&url, "#opps", &[]));
    expect![[r#"
        ok slack the token is that of kigen in shop
        ok slack scopes chat:write, channels:history, channels:read
        WRONG slack #town the bot is not in it: invite it there, /invite @kigen in #town
        WRONG slack C9 there is no such channel that the bot sees: correct the name, and if it is private, invite the bot: /invite @kigen
    "#]].assert_eq(&check(&url, "C9", &[]));
    serving.abort();
    let (url, serving) = workspace("channels:read").await;
    expect![[r#"
        ok slack the token is that of kigen in shop
        WRONG slack scopes the app lacks chat:write: add it to the app, and install the app again
        WRONG slack #town the bot is not in it: invite it there, /invite @kigen in #town
        WRONG slack C2 the bot is not in it: invite it there, /invite @kigen in C2
    "#]]
    .assert_eq(&check(&url, "C2", &[]));
    serving.abort();
    let (url, serving) = workspace("chat:write").await;
    expect![[r#"
        ok slack the token is that of kigen in shop
        ok slack scopes note: without channels:history (groups:history for a private channel) and channels:read (groups:read for a private channel) a message that came to nothing known, as in a crash, may be posted twice; add these to the app, and install it again
        WRONG slack #town the bot is not in it: invite it there, /invite @kigen in #town
        ok slack C1 the bot is in it
    "#]].assert_eq(&check(&url, "C1", &[]));
    serving.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn doctor_tries_logs_and_statuses_and_shows_the_objectives_and_a_missing_namespace() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let mut cluster = Cluster::new(start());
    cluster.cron_job(CronJobPlan::new("ml", "report", "0 8 * * *"));
    let spec = serde_json::json!({"batch": {"cronJob": "report"}, "completeBy": "61 * * * *"});
    cluster.objective("ml", "lost", start(), Some(spec));
    let server = play(cluster.build().expect("a history")).await;
    let url = server.url();
    let faults = server.faults().clone();
    faults.serve_objectives(true);
    let of_cluster = |args: &[&str]| {
        let (_, found) = doctor(dir.path(), "", &[&["--dry-run", "--api-url", &url], args].concat());
        let lines = found.lines().filter(|line| {
            ["get ", "patch ", " objectives "].iter().any(|words| line.contains(words))
                && !line.contains("watch")
        });
        lines.map(|line| format!("{line}\n").replace(&url, "URL")).collect::<String>()
    };
    expect![[r#"
        ok get namespace kube-system allowed
        ok get pods/log allowed
        ok list objectives allowed
        ok patch objectives/status allowed
        ok objectives note: 1 of 1 not in force as written: ml/lost: kigen has not written its status: check that it runs, and may patch objectives.kigen.dev/status
    "#]].assert_eq(&of_cluster(&[]));
    faults.refuse_statuses(Some(403));
    faults.refuse_namespaces(Some(404));
    expect![[r#"
        WRONG get namespace mll there is no namespace mll at URL/: correct --namespace or namespace under [kubernetes], or create it
        ok get pods/log allowed
        ok list objectives allowed
        ok patch objectives/status note: not allowed: `kubectl get objectives` shows no verdicts: grant patch on objectives.kigen.dev/status
        ok objectives 0, each in force as written
    "#]].assert_eq(&of_cluster(&["--namespace", "mll"]));
    let rule = |verbs: &[&str], groups: &[&str], resources: &[&str]| {
        let words = |all: &[&str]| all.iter().map(ToString::to_string).collect();
        Rule { verbs: words(verbs), groups: words(groups), resources: words(resources), names: Vec::new() }
    };
    let all = ["cronjobs", "jobs", "pods", "objectives", "namespaces"];
    faults.grant_only(vec![rule(&["get", "list", "watch"], &["", "batch", "kigen.dev"], &all)]);
    expect![[r#"
        ok get namespace kube-system note: there is no such namespace, by whose UID kigen notices another cluster of this name in the same log
        ok get pods/log note: not allowed: alerts lack the last error of containers without a termination message: bind the role that each manifest has for it, or set read_logs = false under [kubernetes]
        ok list objectives allowed
        ok patch objectives/status note: not allowed: `kubectl get objectives` shows no verdicts: grant patch on objectives.kigen.dev/status
        ok objectives note: 1 of 1 not in force as written: ml/lost: kigen has not written its status: check that it runs, and may patch objectives.kigen.dev/status
    "#]].assert_eq(&of_cluster(&[]));
    server.shutdown().await;
}

/// `kigen doctor` on a broker with ACLs.
struct Guarded {
    dir: tempfile::TempDir,
    toml: String,
    brokers: String,
    url: String,
}

impl Guarded {
    fn check(&self, ends: i32, expected: &Expect) {
        let found = doctor(self.dir.path(), &self.toml, &["--dry-run", "--api-url", &self.url]);
        check(found, &[(&self.brokers, "BROKERS"), (&self.url, "URL")], ends, expected);
    }

    fn finds_nothing_wrong(&self) {
        self.check(
            0,
            &expect![[r#"
                ok configuration events on Kafka
                ok data directory kigen-data can be written
                ok kafka answers at BROKERS, brokers: 1
                ok topic kigen.events 2 partitions, as configured
                ok topic kigen.alerts 2 partitions, as configured
                ok topic kigen.status 2 partitions, as configured
                ok topic kigen.rejects 2 partitions, as configured
                ok topic kigen.control 2 partitions, as configured
                ok topic kigen.deliveries 2 partitions, as configured
                ok read kigen.events allowed
                ok read kigen.alerts allowed
                ok read kigen.status allowed
                ok read kigen.rejects allowed
                ok read kigen.control allowed
                ok read kigen.deliveries allowed
                ok record level 3, the newest of this kigen
                ok alerts none waits
                ok group of the processors allowed
                ok transactions of the processor allowed, and possible
                ok write kigen.events allowed
                ok write kigen.alerts allowed
                ok write kigen.status allowed
                ok write kigen.rejects allowed
                ok write kigen.control allowed
                ok write kigen.deliveries allowed
                ok group of the notifiers allowed
                ok transactions of the notifier allowed, and possible
                ok cluster `shop`, as configured
                ok kubernetes the API server answers
                ok get namespace kube-system allowed
                ok list cronjobs allowed
                ok watch cronjobs allowed
                ok list jobs allowed
                ok watch jobs allowed
                ok list pods allowed
                ok watch pods allowed
                ok get pods/log allowed
                ok list objectives not served, and optional; to declare objectives with kubectl, apply deploy/objectives.crd.yaml
                ok lease no shipper holds it: the next one that starts takes it
                ok slack not used: messages are printed
            "#]],
        );
    }

    fn finds_four_denials(&self) {
        self.check(
            1,
            &expect![[r#"
                ok configuration events on Kafka
                ok data directory kigen-data can be written
                ok kafka answers at BROKERS, brokers: 1
                ok topic kigen.events 2 partitions, as configured
                ok topic kigen.alerts 2 partitions, as configured
                ok topic kigen.status 2 partitions, as configured
                ok topic kigen.rejects 2 partitions, as configured
                ok topic kigen.control 2 partitions, as configured
                ok topic kigen.deliveries 2 partitions, as configured
                ok read kigen.events allowed
                ok read kigen.alerts allowed
                WRONG read kigen.status Kafka at BROKERS does not allow Read on the topic kigen.status: allow it with `kafka-acls.sh --bootstrap-server BROKERS --add --allow-principal User:NAME --operation Read --topic kigen.status`, or remove the ACL that denies it; `kigen doctor` lists what else is missing
                ok read kigen.rejects allowed
                ok read kigen.control allowed
                ok read kigen.deliveries allowed
                ok record level 3, the newest of this kigen
                ok alerts none waits
                ok group of the processors allowed
                ok transactions of the processor allowed, and possible
                ok write kigen.events allowed
                WRONG write kigen.alerts Kafka at BROKERS does not allow Write on the topic kigen.alerts: allow it with `kafka-acls.sh --bootstrap-server BROKERS --add --allow-principal User:NAME --operation Write --topic kigen.alerts`, or remove the ACL that denies it; `kigen doctor` lists what else is missing
                ok write kigen.status allowed
                ok write kigen.rejects allowed
                ok write kigen.control allowed
                ok write kigen.deliveries allowed
                WRONG group of the notifiers Kafka at BROKERS does not allow Read on the group kigen-notifier: allow it with `kafka-acls.sh --bootstrap-server BROKERS --add --allow-principal User:NAME --operation Read --group kigen-notifier`, or remove the ACL that denies it; `kigen doctor` lists what else is missing
                WRONG transactions of the notifier Kafka at BROKERS does not allow Write on the transactional id kigen-notifier-one-doctor: allow it with `kafka-acls.sh --bootstrap-server BROKERS --add --allow-principal User:NAME --operation Write --transactional-id kigen-notifier-one-doctor`, or remove the ACL that denies it; `kigen doctor` lists what else is missing
                ok cluster `shop`, as configured
                ok kubernetes the API server answers
                ok get namespace kube-system allowed
                ok list cronjobs allowed
                ok watch cronjobs allowed
                ok list jobs allowed
                ok watch jobs allowed
                ok list pods allowed
                ok watch pods allowed
                ok get pods/log allowed
                ok list objectives not served, and optional; to declare objectives with kubectl, apply deploy/objectives.crd.yaml
                ok lease no shipper holds it: the next one that starts takes it
                ok slack not used: messages are printed
            "#]],
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn doctor_tests_each_permission_on_kafka_and_leaves_no_record() {
    let _heavy = HEAVY.lock().await;
    let Some(broker) = Broker::start_guarded() else {
        return not_tested("kigen doctor on a Kafka with ACLs (the broker is external)");
    };
    let dir = tempfile::tempdir().expect("a temporary directory");
    let server = play(Cluster::new(start()).build().expect("a history")).await;
    let (url, supers) = (server.url(), broker.super_users());
    let layout = Layout { log: Settings { partitions: 2, ..Settings::default() }, replication: Some(1) };
    let as_super = Connection::new(&supers, BTreeMap::new()).expect("default settings");
    create(&as_super, &layout).await.expect("the topics are created");
    let rule = |permission, operation, resource| acls::Rule { user: USER, permission, operation, resource };
    for resource in
        [Resource::Topics("kigen."), Resource::Groups("kigen-"), Resource::TransactionalIds("kigen-")]
    {
        rule(Permission::Allow, Operation::All, resource).add(&supers);
    }
    let toml = format!(
        "{CLUSTER}[log]\nkind = \"kafka\"\npartitions = 2\n[kafka]\nbrokers = \"{}\"\ninstance = \"one\"\n[kafka.settings]\n\
         \"security.protocol\" = \"SASL_PLAINTEXT\"\n\"sasl.mechanisms\" = \"PLAIN\"\n\"sasl.username\" = \"{USER}\"\n\
         \"sasl.password\" = \"{PASSWORD}\"\n",
        broker.bootstrap()
    );
    let guarded = Guarded { dir, toml, brokers: broker.bootstrap().to_owned(), url };
    guarded.finds_nothing_wrong();

    let denied = [
        rule(Permission::Deny, Operation::Write, Resource::Topic("kigen.alerts")),
        rule(Permission::Deny, Operation::Read, Resource::Topic("kigen.status")),
        rule(Permission::Deny, Operation::Read, Resource::Groups("kigen-notifier")),
        rule(Permission::Deny, Operation::Write, Resource::TransactionalIds("kigen-notifier")),
    ];
    denied.iter().for_each(|rule| rule.add(&supers));
    guarded.finds_four_denials();

    let reader = KafkaReader::new(as_super, &layout.log).expect("a client");
    for (topic, partition) in Topic::ALL.into_iter().flat_map(|topic| [(topic, 0), (topic, 1)]) {
        let left = reader.read(topic, Partition(partition), Offset(0), 10, 1 << 20).expect("readable");
        assert_eq!(left, [], "{topic}");
    }
    server.shutdown().await;
}
