//! The role on a real Kafka: queues whose positions outlive restarts, and where a group without a position begins.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use chrono::{TimeDelta, Utc};
use kigen_log::kafka::topics::Layout;
use kigen_log::kafka::{Connection, KafkaLog};
use kigen_log::{Consumer, ConsumerEvent, GroupPosition, Log, LogReader, NewRecord, Settings};
use kigen_model::Instant;
use kigen_model::alert::Alert;
use kigen_model::slot::Cause;
use kigen_model::topic::{Offset, Partition, Topic};
use kigen_notifier::delivery::Delivery;
use kigen_notifier::role::{GROUP, run};
use kigen_testkit::admin::Admin;
use kigen_testkit::kafka::Broker;
use tokio::runtime::Runtime;
use tokio::sync::{MutexGuard, oneshot};
use tokio::task::JoinHandle;
use tracing_subscriber::util::SubscriberInitExt;

use crate::alerts::{at as at_instant, missed};
use crate::delivery::{PATIENCE, ids};
use crate::queues::{ERRORS, FATAL, failure_of, ids_of, miss_of, slack_of};
use crate::quiet_hours;
use crate::slack::{Answer, Workspace};
use crate::surroundings;

/// The broker of these tests. It ends with the process.
static BROKER: LazyLock<tokio::sync::Mutex<Broker>> =
    LazyLock::new(|| tokio::sync::Mutex::new(Broker::start()));

const PARTITIONS: u32 = 2;
const P0: Partition = Partition(0);
const P1: Partition = Partition(1);
/// Longer than anything takes in a test that passes.
const DEADLINE: Duration = Duration::from_secs(120);

/// The log on the broker, for one test at a time.
struct OnKafka {
    broker: MutexGuard<'static, Broker>,
    admin: Admin,
    log: KafkaLog,
}

impl OnKafka {
    async fn open(instance: &str) -> Self {
        let broker = BROKER.lock().await;
        let admin = Admin::new(broker.bootstrap());
        admin.delete_topics(&Topic::ALL.map(Topic::name)).await;
        let log = open_log(broker.bootstrap(), instance).await;
        Self { broker, admin, log }
    }

    fn bootstrap(&self) -> &str {
        self.broker.bootstrap()
    }

    /// Appends an alert as of so long ago.
    async fn append(&self, partition: Partition, alert: &Alert, age: TimeDelta) {
        self.log.append(vec![record(partition, alert, age)]).await.expect("the log takes it");
    }

    /// Writes alerts as the processor does, a transaction each: a marker follows each record.
    async fn commit_each(&self, alerts: &[&Alert]) {
        let mut consumer = self.log.join("writer", Topic::Events).expect("it joins");
        let mut assigned = 0;
        while assigned < PARTITIONS as usize {
            if let ConsumerEvent::Assigned(partitions) = consumer.next(1, 1).await.expect("no error") {
                assigned += partitions.len();
            }
        }
        for alert in alerts {
            let outputs = vec![record(P0, alert, TimeDelta::zero())];
            consumer.commit(outputs, vec![(P0, Offset(0))]).await.expect("it commits");
        }
    }

    /// The group's position; none either while the group has no coordinator yet.
    async fn position(&self, partition: Partition) -> Option<GroupPosition> {
        let reader = self.log.reader().clone();
        let read = move || reader.group_position(GROUP, Topic::Alerts, partition);
        tokio::task::spawn_blocking(read).await.expect("it ends").unwrap_or_default()
    }

    /// Waits until the group has this position.
    async fn has_committed(&self, partition: Partition, position: GroupPosition) {
        let until = tokio::time::Instant::now() + DEADLINE;
        let mut found = self.position(partition).await;
        while found != Some(position) {
            assert!(tokio::time::Instant::now() < until, "partition {partition} is at {found:?}");
            tokio::time::sleep(Duration::from_millis(50)).await;
            found = self.position(partition).await;
        }
    }

    fn start(&self, workspace: &Workspace, now: fn() -> Instant) -> RunningNotifier {
        RunningNotifier::start(self.log.clone(), Delivery::slack(slack_of(workspace), PATIENCE), now)
    }
}

/// One process' log.
async fn open_log(bootstrap: &str, instance: &str) -> KafkaLog {
    // The least that the brokers accept: so long the partitions of a member that is gone are waited for.
    let shorter = BTreeMap::from([("session.timeout.ms".to_owned(), "6000".to_owned())]);
    let connection = Connection::new(bootstrap, shorter).expect("an accepted setting");
    let settings = Settings { partitions: PARTITIONS, ..Settings::default() };
    let layout = Layout { log: settings, replication: Some(1) };
    KafkaLog::open(connection, &layout, instance).await.expect("it opens")
}
struct RunningNotifier {
    stop: oneshot::Sender<()>,
    role: JoinHandle<()>,
}

impl RunningNotifier {
    fn start(log: KafkaLog, delivery: Delivery, now: fn() -> Instant) -> Self {
        let (stop, stopped) = oneshot::channel();
        let role = tokio::spawn(async move {
            let stopped = async move { stopped.await.unwrap_or_default() };
            run(log, delivery, now, stopped).await.expect("the role ends well");
        });
        Self { stop, role }
    }

    async fn stop(self) {
        self.stop.send(()).expect("the role runs");
        self.role.await.expect("the role ends");
    }
}

fn record(partition: Partition, alert: &Alert, age: TimeDelta) -> NewRecord {
    let value = Some(kigen_wire::encode_alert(alert, kigen_wire::Level::NEWEST));
    let (topic, key) = (Topic::Alerts, "prod/ml/batch".to_owned());
    NewRecord { topic, partition, key, value, timestamp: Utc::now() - age }
}

fn at(next: u64) -> GroupPosition {
    Offset(next).into()
}

/// What the notifier logs.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Lines {
    /// A runtime whose threads log here: other tests of this binary, which run meanwhile, do not.
    fn runtime(&self) -> Runtime {
        let lines = self.clone();
        let mut runtime = tokio::runtime::Builder::new_multi_thread();
        runtime.worker_threads(2).enable_all().on_thread_start(move || {
            let writer = lines.clone();
            let subscriber = tracing_subscriber::fmt()
                .with_env_filter("kigen_notifier=warn")
                .with_ansi(false)
                .with_writer(move || writer.clone());
            // For as long as the thread lives.
            std::mem::forget(subscriber.set_default());
        });
        runtime.build().expect("a runtime")
    }

    fn count(&self, text: &str) -> usize {
        let written = self.0.lock().expect("no thread has panicked").clone();
        String::from_utf8(written).expect("text").lines().filter(|line| line.contains(text)).count()
    }
}

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("no thread has panicked").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_kafka_a_failed_run_whose_channel_accepts_nothing_delays_no_miss_and_each_is_posted_once() {
    let (kafka, workspace) = (OnKafka::open("queues").await, Workspace::answering(&[]).await);
    workspace.answer_in(ERRORS, Some(Answer::Error("internal_error")));
    let failures = ["a", "b"].map(failure_of);
    let misses = ["c", "d"].map(miss_of);
    for alert in [&failures[0], &misses[0]] {
        kafka.append(P0, alert, TimeDelta::zero()).await;
    }
    let notifier = kafka.start(&workspace, Utc::now);
    kafka.has_committed(P0, at(2)).await;
    // Long after the last record it still commits.
    kafka.append(P0, &misses[1], TimeDelta::zero()).await;
    kafka.has_committed(P0, at(3)).await;
    notifier.stop().await;

    let notifier = kafka.start(&workspace, Utc::now);
    kafka.append(P0, &failures[1], TimeDelta::zero()).await;
    kafka.has_committed(P0, at(4)).await;
    workspace.answer_in(ERRORS, None);
    workspace.has_posted(ERRORS, 2).await;
    notifier.stop().await;
    assert_eq!(ids(&workspace.messages_in(FATAL)), ids_of(&misses.each_ref()));
    assert_eq!(ids(&workspace.messages_in(ERRORS)), ids_of(&failures.each_ref()));
}

/// The first notifier on an old log, and one whose group's offsets expired.
#[test]
fn on_kafka_a_group_without_a_position_begins_with_the_alerts_of_the_last_day() {
    let lines = Lines::default();
    lines.runtime().block_on(async {
        let (kafka, workspace) = (OnKafka::open("start").await, Workspace::answering(&[]).await);
        workspace.answer_in(FATAL, Some(Answer::TooMany(600)));
        let alerts = ["a", "b", "c", "d"].map(miss_of);
        for (alert, hours) in alerts.iter().zip([72, 25, 23, 1]) {
            kafka.append(P0, alert, TimeDelta::hours(hours)).await;
        }
        kafka.append(P1, &alerts[0], TimeDelta::hours(30)).await;
        kafka.append(P1, &alerts[1], TimeDelta::hours(28)).await;
        let left_out = "up to 2 alerts that are older than 24 hours are not delivered";
        for starts in 1..=2 {
            let notifier = kafka.start(&workspace, Utc::now);
            // Though no message is posted, and where there is nothing to deliver.
            kafka.has_committed(P0, at(4)).await;
            kafka.has_committed(P1, at(2)).await;
            notifier.stop().await;
            assert_eq!((ids(&workspace.channel()).len(), lines.count(left_out)), (0, 2 * starts));
            if starts == 1 {
                kafka.admin.delete_group("kigen-notifier").await;
            }
        }
        // Three days later Slack accepts messages: what waits is sent.
        workspace.answer_in(FATAL, None);
        let notifier = kafka.start(&workspace, || Utc::now() + TimeDelta::days(3));
        workspace.has_posted(FATAL, 2).await;
        notifier.stop().await;
        assert_eq!(ids(&workspace.channel()), ids_of(&[&alerts[2], &alerts[3]]));
        assert_eq!(lines.count(left_out), 4, "once at each start without a position");
    });
}

#[test]
fn on_kafka_alerts_that_expired_undelivered_are_reported_once_and_a_marker_is_none() {
    let lines = Lines::default();
    lines.runtime().block_on(async {
        let (kafka, workspace) = (OnKafka::open("expired").await, Workspace::answering(&[]).await);
        let alerts = ["a", "b", "c"].map(miss_of);
        kafka.commit_each(&[&alerts[0]]).await;
        let notifier = kafka.start(&workspace, Utc::now);
        kafka.has_committed(P0, at(1)).await;
        notifier.stop().await;

        // All has expired: the alert, which was delivered, and its marker.
        kafka.admin.delete_records("kigen.alerts", 0, 2).await;
        let notifier = kafka.start(&workspace, Utc::now);
        kafka.has_committed(P0, at(2)).await;
        notifier.stop().await;
        assert_eq!(lines.count("expired before they were delivered"), 0);

        kafka.commit_each(&[&alerts[1], &alerts[2]]).await;
        kafka.admin.delete_records("kigen.alerts", 0, 4).await;
        for _ in 0..2 {
            let notifier = kafka.start(&workspace, Utc::now);
            kafka.has_committed(P0, at(5)).await;
            notifier.stop().await;
        }
        assert_eq!(lines.count("up to 2 alerts in partition 0 of kigen.alerts expired"), 1);
        assert_eq!(ids(&workspace.channel()), ids_of(&[&alerts[0], &alerts[2]]));
    });
}

/// Of a reader that sees committed records only, over all partitions, behind the markers of transactions.
#[tokio::test]
async fn on_kafka_a_message_has_what_the_states_of_all_partitions_show() {
    let kafka = OnKafka::open("surroundings").await;
    let workspace = Workspace::answering(&[]).await;
    let mut late = surroundings::before("ml", "recommend", "0 3 * * *");
    late.incident = surroundings::incident(0);
    let prices = surroundings::state(surroundings::key("dwh", "prices"), vec![("x", late)]);
    for (partition, state) in [(P0, surroundings::recommend()), (P1, prices)] {
        let (topic, key) = (Topic::Status, state.key.to_string());
        let value = Some(kigen_wire::encode_batch(&state, kigen_wire::Level::NEWEST));
        let record = NewRecord { topic, partition, key, value, timestamp: Utc::now() };
        kafka.log.append(vec![record]).await.expect("the log takes it");
    }
    kafka.append(P0, &missed(Cause::Suspended, None), TimeDelta::zero()).await;
    let notifier = kafka.start(&workspace, Utc::now);
    kafka.has_committed(P0, at(1)).await;
    notifier.stop().await;
    let text = surroundings::text(&workspace.channel()[0]);
    assert!(text.contains("*Last deadlines:* ✓✓✓✓✓✓✓ ✓✓✓·✗✓✗ (11 of 13 in time)"), "{text}");
    assert!(text.contains("It reads dwh/prices, which has no good result for "), "{text}");
}

/// Whichever of them has which partition.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_kafka_two_notifiers_post_one_digest_of_all_partitions() {
    static SECONDS: AtomicI64 = AtomicI64::new(0);
    fn now() -> Instant {
        at_instant(quiet_hours::NIGHT) + TimeDelta::seconds(SECONDS.load(Ordering::Relaxed))
    }
    let (kafka, workspace) = (OnKafka::open("digest-one").await, Workspace::answering(&[]).await);
    let other = open_log(kafka.bootstrap(), "digest-two").await;
    let start = |log: &KafkaLog| {
        let delivery = Delivery::slack(quiet_hours::quiet_slack(&workspace), PATIENCE).with_clock(now);
        RunningNotifier::start(log.clone(), delivery, now)
    };
    let (one, two) = (start(&kafka.log), start(&other));
    for (partition, batch) in [(P1, "b"), (P0, "a")] {
        kafka.append(partition, &quiet_hours::calm(miss_of(batch)), TimeDelta::zero()).await;
        kafka.has_committed(partition, at(1)).await;
    }
    assert!(workspace.channel().is_empty());
    SECONDS.store(quiet_hours::MORNING_S, Ordering::Relaxed);
    // Each looks at its clock when it has news.
    for partition in [P0, P1] {
        kafka.append(partition, &failure_of("day"), TimeDelta::zero()).await;
    }
    let expected = ["Digest: 2 alerts", "ml/a ", "ml/b "];
    // The digest has a line for each, which is not its text.
    workspace.has(|messages| expected.iter().all(|text| text_count(messages, text) > 0)).await;
    one.stop().await;
    two.stop().await;
    for text in expected {
        assert_eq!(text_count(&workspace.channel(), text), 1, "{text}");
    }
}

fn text_count(messages: &[serde_json::Value], text: &str) -> usize {
    messages.iter().filter(|message| message["text"].as_str().is_some_and(|of| of.contains(text))).count()
}
