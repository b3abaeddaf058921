//! A fleet's alerts while requests fail, notifiers are killed at random moments, and partitions move between them: at the end each
//! incident is one message whose content is true, in its channel once, in order, and Slack had no request too many.
//!
//! `KIGEN_TEST_FLEET_ALERTS` is how many alerts there are at least (`make soak` has 10,000), `KIGEN_TEST_SEED` repeats the choices of
//! a run.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant as RealInstant};

use chrono::{TimeDelta, Utc};
use kigen_log::kafka::topics::Layout;
use kigen_log::kafka::{Connection, KafkaLog};
use kigen_log::{EmbeddedLog, Log, LogReader, NewRecord, Settings};
use kigen_model::alert::Alert;
use kigen_model::key::BatchKey;
use kigen_model::topic::{Partition, Topic};
use kigen_notifier::delivery::Delivery;
use kigen_notifier::patience::Patience;
use kigen_notifier::role::{GROUP, run};
use kigen_notifier::routing::conditions::{Conditions, Pattern};
use kigen_notifier::routing::kind::Kind;
use kigen_notifier::routing::{Channels, Routes, Rule};
use kigen_notifier::slack::client::Slack;
use kigen_testkit::kafka::Broker;
use kigen_testkit::process::Background;
use serde_json::Value as Json;

use crate::chaos::{Random, Story, is_whole_error, story};
use crate::delivery::{PATIENCE, ids};
use crate::routing::rule;
use crate::slack::Workspace;

const PARTITIONS: u32 = 4;
const FAILING_PER_MILLE: u64 = 100;
/// So many batches share a channel: of fewer alerts than a storm has within a minute.
const BATCHES_IN_CHANNEL: u64 = 25;
/// The pace of the notifiers, and what the fake allows: a little faster, since requests do not arrive as evenly as they leave.
const POST_INTERVAL_MS: u64 = 20;
const ALLOWED_INTERVAL: Duration = Duration::from_millis(15);
const ALLOWED_AT_ONCE: u32 = 10;
/// The least that the brokers accept.
const SESSION_MS: u32 = 6_000;
const DEADLINE: Duration = Duration::from_secs(120);

/// For a child: what it delivers, as `log place instance url channels`.
const CHILD: &str = "KIGEN_TEST_NOTIFIER";
const ALERTS: &str = "KIGEN_TEST_FLEET_ALERTS";
const SEED: &str = "KIGEN_TEST_SEED";

/// A batch of the fleet.
struct Member {
    story: Story,
    namespace: String,
    name: String,
    partition: Partition,
}

/// The alerts, and those that are not appended yet.
struct Fleet {
    members: Vec<Member>,
    left: Vec<Vec<Alert>>,
    random: Random,
}

impl Fleet {
    fn generate(seed: u64) -> Self {
        let alerts: usize =
            std::env::var(ALERTS).map_or(300, |alerts| alerts.parse().expect("a number of alerts"));
        let mut random = Random::new(seed);
        let (mut members, mut count): (Vec<Member>, usize) = (Vec::new(), 0);
        for nth in 0.. {
            if count >= alerts {
                break;
            }
            let (name, namespace) = (format!("batch-{nth:04}"), format!("ns{}", nth / BATCHES_IN_CHANNEL));
            let minutes = i64::try_from(nth % BATCHES_IN_CHANNEL).expect("few") * 11;
            let mut story = story(&mut random, &name, TimeDelta::minutes(minutes));
            for alert in story.alerts.iter_mut().chain(story.failure.as_mut()) {
                alert.key = BatchKey::new("prod", &*namespace, &*name);
            }
            count += story.alerts.len() + story.failure.iter().len();
            let partition = Partition(u32::try_from(random.below(PARTITIONS.into())).expect("few"));
            members.push(Member { story, namespace, name, partition });
        }
        let left = |member: &Member| {
            let story = &member.story;
            story.failure.iter().chain(&story.alerts).rev().cloned().collect()
        };
        Self { left: members.iter().map(left).collect(), members, random }
    }

    fn channels(&self) -> u64 {
        u64::try_from(self.members.len()).expect("few").div_ceil(BATCHES_IN_CHANNEL)
    }

    /// The next alerts, each batch's in their order.
    fn take(&mut self, count: usize) -> Vec<NewRecord> {
        let mut taken = Vec::new();
        while taken.len() < count && !self.is_empty() {
            let nth = self.random.below(u64::try_from(self.left.len()).expect("few"));
            let nth = usize::try_from(nth).expect("few");
            let Some(alert) = self.left[nth].pop() else { continue };
            taken.push(NewRecord {
                topic: Topic::Alerts,
                partition: self.members[nth].partition,
                key: alert.key.to_string(),
                value: Some(kigen_wire::encode_alert(&alert, kigen_wire::Level::NEWEST)),
                timestamp: Utc::now(),
            });
        }
        taken
    }

    fn is_empty(&self) -> bool {
        self.left.iter().all(Vec::is_empty)
    }

    /// Checks the channels' final state.
    fn check(&self, seed: u64, workspace: &Workspace) {
        let mut of_batch: BTreeMap<(String, String), Vec<Json>> = BTreeMap::new();
        for message in workspace.channel() {
            let text = message["text"].as_str().expect("a text");
            let name = text.split_once("batch-").expect("a batch").1[..4].to_owned();
            let channel = message["channel"].as_str().expect("a channel").to_owned();
            of_batch.entry((channel, name)).or_default().push(message);
        }
        for Member { story, namespace, name, .. } in &self.members {
            let (nth, number) = (&namespace[2..], &name[6..]);
            let mut of = |channel: String| of_batch.remove(&(channel, number.to_owned())).unwrap_or_default();
            let case = format!("{SEED}={seed}: {namespace}/{name}");
            let expected = |alerts: &mut dyn Iterator<Item = &Alert>| -> Vec<String> {
                alerts.map(|alert| alert.id.to_string()).collect()
            };
            let (whole_errors, messages): (Vec<Json>, Vec<Json>) =
                of(format!("C1{nth}")).into_iter().partition(is_whole_error);
            assert_eq!(ids(&messages), expected(&mut story.alerts.iter()), "{case}: {messages:#?}");
            let (head, replies) = messages.split_first().expect("a message");
            assert!(head.get("thread_ts").is_none(), "{case}");
            assert!(replies.iter().all(|reply| reply["thread_ts"] == head["ts"]), "{case}");
            let text = head["text"].as_str().expect("a text");
            assert!(text.contains(&format!(": {}: ", story.state)), "{case}: {text}");
            let (errors_of_failure, failures): (Vec<Json>, Vec<Json>) =
                of(format!("C2{nth}")).into_iter().partition(is_whole_error);
            assert_eq!(ids(&failures), expected(&mut story.failure.iter()), "{case}: {failures:#?}");
            let failed = usize::from(story.failure.is_some());
            assert_eq!((whole_errors.len(), errors_of_failure.len()), (failed, failed), "{case}");
        }
        let strays: BTreeSet<&(String, String)> = of_batch.keys().collect();
        assert!(strays.is_empty(), "{SEED}={seed}: {strays:?}");
        assert_eq!(workspace.exceeded(), 0, "{SEED}={seed}: requests beyond Slack's limit");
    }
}

/// A channel for the misses of each namespace, and one for its failed runs.
fn routes(channels: u64) -> Routes {
    let of_kind = |nth: u64, kinds: &[Kind], channel: String| -> Rule {
        let namespaces = vec![Pattern::new(&format!("ns{nth}")).expect("a pattern")];
        rule("r", Conditions { kinds: kinds.to_vec(), namespaces, ..Conditions::default() }, &channel)
    };
    let rules = (0..channels).flat_map(|nth| {
        [of_kind(nth, &[Kind::Failure], format!("C2{nth}")), of_kind(nth, &[], format!("C1{nth}"))]
    });
    let default = Channels { fatal: "C9".to_owned(), error: None, warning: None };
    Routes { rules: rules.collect(), ..Routes::from(default) }
}

async fn open_kafka(bootstrap: &str, instance: &str) -> KafkaLog {
    let shorter = BTreeMap::from([("session.timeout.ms".to_owned(), SESSION_MS.to_string())]);
    let connection = Connection::new(bootstrap, shorter).expect("an accepted setting");
    let layout = Layout { log: settings(), replication: Some(1) };
    KafkaLog::open(connection, &layout, instance).await.expect("it opens")
}

fn settings() -> Settings {
    Settings { partitions: PARTITIONS, ..Settings::default() }
}

/// Delivers until stdin is closed.
async fn child(order: &str) {
    tracing_subscriber::fmt().with_ansi(false).with_writer(std::io::stderr).init();
    let words: Vec<&str> = order.split(' ').collect();
    let [log, place, instance, url, channels] = words[..] else { panic!("{order}") };
    let end = tokio::task::spawn_blocking(|| std::io::stdin().read(&mut [0]));
    let shutdown = async { _ = end.await };
    let routes = routes(channels.parse().expect("a number"));
    let slack = Slack::new(format!("xoxb-{instance}"), routes, Some(url)).expect("a client");
    let delivery = Delivery::slack(slack, Patience { post_interval_ms: POST_INTERVAL_MS, ..PATIENCE });
    match log {
        "kafka" => run(open_kafka(place, instance).await, delivery, Utc::now, shutdown).await,
        _ => {
            let log = EmbeddedLog::open(Path::new(place), settings()).expect("the log opens");
            run(log, delivery, Utc::now, shutdown).await
        }
    }
    .expect("the role ends well");
}

/// A notifier in a process of its own, which runs this test as a child.
fn spawn(test: &str, order: &str) -> Background {
    let child = Command::new(std::env::current_exe().expect("this binary"))
        .args([&format!("fleet::{test}"), "--exact", "--nocapture"])
        .env(CHILD, order)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn();
    Background(child.expect("it starts"))
}

/// Ends in order: what is under way is finished.
fn stop(mut notifier: Background) {
    drop(notifier.0.stdin.take());
    let _ = notifier.0.wait();
}

fn is_done(reader: &impl LogReader) -> bool {
    let is_read = |partition| {
        let position = reader.group_position(GROUP, Topic::Alerts, partition).unwrap_or_default();
        let end = reader.latest(Topic::Alerts, partition).expect("readable");
        position.is_some_and(|position| position.next == end && position.ahead.is_none())
    };
    (0..PARTITIONS).map(Partition).all(is_read)
        && kigen_notifier::undelivered::read(reader).expect("readable").waiting.is_empty()
}

/// The runtime of a test, or of its child, which ends with it.
fn in_test(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.expect("a runtime");
    match std::env::var(CHILD) {
        Ok(order) => runtime.block_on(child(&order)),
        Err(_) => runtime.block_on(test),
    }
    runtime.shutdown_timeout(Duration::from_secs(2));
}

async fn workspace(seed: u64) -> Workspace {
    let workspace = Workspace::answering(&[]).await;
    workspace.fail(FAILING_PER_MILLE, seed);
    workspace.limit(ALLOWED_INTERVAL, ALLOWED_AT_ONCE);
    workspace
}

/// What who reads a run wants to know.
#[expect(clippy::print_stdout, reason = "it is shown if the test fails, and by make soak")]
fn print(line: &str) {
    println!("{line}");
}

fn seed() -> u64 {
    let seed = std::env::var(SEED).ok().map(|seed| seed.parse().expect("a seed"));
    let seed = seed.unwrap_or_else(|| u64::from(Utc::now().timestamp_subsec_nanos()) + 1);
    // Printed before anything can fail, and shown if it does.
    print(&format!("{SEED}={seed}"));
    seed
}

/// One notifier at a time: the embedded log is in its process.
#[test]
fn on_the_embedded_log_a_fleets_incidents_are_one_message_each_though_the_notifier_is_killed() {
    in_test(async {
        let seed = seed();
        let (dir, workspace, mut fleet) =
            (crate::delivery::folder(), workspace(seed).await, Fleet::generate(seed));
        let place = dir.path().to_str().expect("UTF-8");
        let order = format!("embedded {place} - {} {}", workspace.url, fleet.channels());
        let (mut kills, began, whole) = (0, RealInstant::now(), fleet.members.len());
        loop {
            let log = EmbeddedLog::open(dir.path(), settings()).expect("the log opens");
            let count = 20 + usize::try_from(fleet.random.below(60)).expect("few") * whole.div_ceil(300);
            let records = fleet.take(count);
            if !records.is_empty() {
                log.append(records).await.expect("the log takes it");
            } else if is_done(&log) {
                break;
            }
            drop(log);
            let notifier = spawn(
                "on_the_embedded_log_a_fleets_incidents_are_one_message_each_though_the_notifier_is_killed",
                &order,
            );
            tokio::time::sleep(Duration::from_millis(200 + fleet.random.below(2_500))).await;
            if fleet.random.below(4) == 0 {
                stop(notifier);
            } else {
                kills += 1;
                drop(notifier);
            }
        }
        fleet.check(seed, &workspace);
        let messages = workspace.channel().len();
        print(&format!("{messages} messages, {kills} kills, {:?}", began.elapsed()));
    });
}

/// Two notifiers share the partitions, which move when one is killed, and when it is back.
#[test]
fn on_kafka_a_fleets_incidents_are_one_message_each_though_two_notifiers_are_killed() {
    in_test(async {
        let seed = seed();
        let broker = Broker::start();
        let (workspace, mut fleet) = (workspace(seed).await, Fleet::generate(seed));
        let log = open_kafka(broker.bootstrap(), "fleet").await;
        let channels = fleet.channels();
        let start = |name: usize| {
            let order =
                format!("kafka {} notifier-{name} {} {}", broker.bootstrap(), workspace.url, channels);
            spawn("on_kafka_a_fleets_incidents_are_one_message_each_though_two_notifiers_are_killed", &order)
        };
        let mut notifiers: [Option<Background>; 2] = [Some(start(0)), Some(start(1))];
        let mut back_at = [RealInstant::now(); 2];
        let (mut kills, began, whole) = (0, RealInstant::now(), fleet.members.len());
        let mut idle_since = RealInstant::now();
        loop {
            let records = fleet.take(5 * whole.div_ceil(300));
            if !records.is_empty() {
                log.append(records).await.expect("the log takes it");
                idle_since = RealInstant::now();
            }
            tokio::time::sleep(Duration::from_millis(300 + fleet.random.below(700))).await;
            let nth = usize::from(fleet.random.below(2) == 1);
            if notifiers[nth].is_none() && RealInstant::now() >= back_at[nth] {
                notifiers[nth] = Some(start(nth));
            } else if !fleet.is_empty() && fleet.random.below(6) == 0 {
                // Back within its session, with the same partitions, or after the other has them.
                let away = if fleet.random.below(2) == 0 { 0 } else { u64::from(SESSION_MS) + 2_000 };
                back_at[nth] = RealInstant::now() + Duration::from_millis(away);
                match notifiers[nth].take() {
                    Some(notifier) if fleet.random.below(4) == 0 => stop(notifier),
                    Some(notifier) => {
                        kills += 1;
                        drop(notifier);
                    }
                    None => {}
                }
            }
            let reader = log.reader().clone();
            let done = tokio::task::spawn_blocking(move || is_done(&reader));
            if fleet.is_empty() && done.await.expect("it ends") {
                break;
            }
            assert!(idle_since.elapsed() < DEADLINE, "{SEED}={seed}: it is not delivered");
        }
        notifiers.into_iter().flatten().for_each(stop);
        fleet.check(seed, &workspace);
        let messages = workspace.channel().len();
        print(&format!("{messages} messages, {kills} kills, {:?}", began.elapsed()));
    });
}
