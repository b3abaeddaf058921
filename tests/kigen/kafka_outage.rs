//! `kigen up` on a real Kafka that is down, has a full disk, or denies an operation: it neither crashes nor busy-loops, reports what is
//! wrong and why, and recovers by itself.

use std::collections::BTreeMap;
use std::time::Instant as RealInstant;

use chrono::TimeDelta;
use kigen_log::kafka::{Connection, KafkaReader};
use kigen_log::{LogReader, Settings};
use kigen_model::alert::AlertBody;
use kigen_model::topic::{Offset, Partition, Topic};
use kigen_testkit::acls::{Operation, Permission, Resource, Rule};
use kigen_testkit::kafka::{Broker, PASSWORD, USER};

use crate::support::{HEAVY, Up, fill_disk, noon, not_tested, play, steady_and_absent};

const DAYS: i64 = 8;
/// As in `Up::start_on_kafka`.
const PARTITIONS: u32 = 2;
/// Settings of librdkafka by which an outage is noticed soon.
const SETTINGS: &str = "\"session.timeout.ms\" = \"6000\"";
/// The most CPU time that a process may use while it waits for Kafka. A busy loop uses all of a processor; these tests run without
/// optimisation, and probe the API server ten times a second meanwhile.
const CPU_SHARE_MAX: f64 = 0.15;

/// The second line of the message about a day.
fn message_of(day: i64) -> String {
    format!("deadline {} 12:00 UTC", noon(day).format("%a %-d %b"))
}

/// Each noon up to that of this day is in `kigen.alerts` exactly once. A message may be printed twice, if Kafka failed before its delivery
/// was recorded.
fn check_alerts(brokers: &str, days: i64) {
    let connection = Connection::new(brokers, BTreeMap::new()).expect("default settings");
    let settings = Settings { partitions: PARTITIONS, ..Settings::default() };
    let reader = KafkaReader::new(connection, &settings).expect("a client");
    let mut deadlines = Vec::new();
    for partition in (0..PARTITIONS).map(Partition) {
        let records = reader.read(Topic::Alerts, partition, Offset(0), 1_000, 1 << 20).expect("alerts");
        for record in records {
            let alert = kigen_wire::decode_alert(&record.value.expect("an alert")).expect("an alert");
            let AlertBody::SlotMissed { slot, .. } = alert.body else { panic!("{alert:?}") };
            deadlines.push(slot.deadline);
        }
    }
    assert_eq!(deadlines, (1..=days).map(noon).collect::<Vec<_>>());
}

/// The CPU time of a process while it waits.
struct Waiting {
    began: RealInstant,
    cpu_seconds: f64,
}

impl Waiting {
    fn begin(up: &Up) -> Self {
        Self { began: RealInstant::now(), cpu_seconds: up.cpu_seconds() }
    }

    fn check(&self, up: &Up) {
        let used = up.cpu_seconds() - self.cpu_seconds;
        let most = self.began.elapsed().as_secs_f64() * CPU_SHARE_MAX + 0.5;
        assert!(used <= most, "{used} s of a processor in {:?}\n{}", self.began.elapsed(), up.log());
    }
}

/// No cause is logged more often than once a minute.
fn check_lines(up: &Up, cause: &str, began: RealInstant) {
    let log = up.log();
    let logged = log.lines().filter(|line| line.contains(cause)).count();
    let most = 1 + usize::try_from(began.elapsed().as_secs() / 60).expect("not long");
    assert!(logged <= most, "`{cause}` is logged {logged} times instead of {most}\n{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn kigen_waits_for_a_broker_that_is_down_at_the_start_or_later_and_loses_nothing() {
    let _heavy = HEAVY.lock().await;
    let mut broker = Broker::start();
    if !broker.kill() {
        return not_tested("kigen up while Kafka is down (the broker is external)");
    }
    let (dir, began) = (tempfile::tempdir().expect("a temporary directory"), RealInstant::now());
    let server = play(steady_and_absent(DAYS, None)).await;
    let mut up = Up::start_on_kafka(dir.path(), &server.url(), broker.bootstrap(), SETTINGS).await;
    let body = up.wait_for_readyz(503, "log        NOT").await;
    assert!(body.contains("shipper    NOT") && body.contains("processor  NOT"), "{body}");
    assert_eq!(up.get("/healthz").map(|answer| answer.status), Some(200));
    let waiting = Waiting::begin(&up);
    up.wait_for_metric("kigen_log_failures_total", 2.0).await;
    waiting.check(&up);
    up.wait_for_readyz(503, "does not answer").await;

    broker.start_again();
    up.wait_for_readyz(200, "ready\n").await;
    server.clock().advance_to(noon(1) + TimeDelta::hours(1));
    up.wait_for_message(&message_of(1)).await;

    broker.kill();
    server.clock().advance_to(noon(3) + TimeDelta::hours(1));
    up.wait_for_readyz(503, "log        NOT").await;
    let (waiting, failures) = (Waiting::begin(&up), up.metric("kigen_log_failures_total"));
    up.wait_for_metric("kigen_log_failures_total", failures + 3.0).await;
    waiting.check(&up);
    broker.start_again();
    up.wait_for_message(&message_of(3)).await;
    up.wait_for_readyz(200, "ready\n").await;
    check_alerts(broker.bootstrap(), 3);
    check_lines(&up, "does not answer", began);

    broker.kill();
    up.wait_for_readyz(503, "log        NOT").await;
    let (status, took) = up.terminate();
    assert!(took.as_secs() < 15, "it ends while Kafka is down, after {took:?}: {status}");
    server.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn kigen_waits_for_a_broker_with_a_full_disk_and_loses_nothing() {
    let _heavy = HEAVY.lock().await;
    let Some(mut broker) = Broker::start_on_small_disk(96) else {
        return not_tested(
            "a Kafka broker with a full disk (it is external, or this machine does not permit to mount a small tmpfs)",
        );
    };
    let (dir, began) = (tempfile::tempdir().expect("a temporary directory"), RealInstant::now());
    let server = play(steady_and_absent(DAYS, None)).await;
    let mut up = Up::start_on_kafka(dir.path(), &server.url(), broker.bootstrap(), SETTINGS).await;
    up.wait_for_readyz(200, "ready\n").await;
    let ballast = broker.data().join("ballast");
    fill_disk(&ballast);
    server.clock().advance_to(noon(1) + TimeDelta::hours(1));
    // A broker whose only disk fails exits.
    broker.wait_until_it_ends();
    up.wait_for_readyz(503, "log        NOT").await;
    let (waiting, failures) = (Waiting::begin(&up), up.metric("kigen_log_failures_total"));
    up.wait_for_metric("kigen_log_failures_total", failures + 2.0).await;
    waiting.check(&up);
    std::fs::remove_file(&ballast).expect("there is space again");
    broker.kill();
    broker.start_again();
    up.wait_for_message(&message_of(1)).await;
    up.wait_for_readyz(200, "ready\n").await;
    check_alerts(broker.bootstrap(), 1);
    check_lines(&up, "does not answer", began);
    let (status, _) = up.terminate();
    assert!(status.success(), "{status}");
    server.shutdown().await;
}

fn rule(permission: Permission, operation: Operation, resource: Resource<'_>) -> Rule<'_> {
    Rule { user: USER, permission, operation, resource }
}

/// The permissions that kigen needs.
fn allowed() -> [Rule<'static>; 3] {
    [Resource::Topics("kigen."), Resource::Groups("kigen-"), Resource::TransactionalIds("kigen-")]
        .map(|resource| rule(Permission::Allow, Operation::All, resource))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operation_that_an_acl_denies_is_reported_and_kigen_resumes_once_it_is_allowed() {
    let _heavy = HEAVY.lock().await;
    let Some(broker) = Broker::start_guarded() else {
        return not_tested("ACLs that deny one topic (the broker is external)");
    };
    let (dir, began) = (tempfile::tempdir().expect("a temporary directory"), RealInstant::now());
    let server = play(steady_and_absent(DAYS, None)).await;
    let settings = format!(
        "{SETTINGS}\n\"security.protocol\" = \"SASL_PLAINTEXT\"\n\"sasl.mechanisms\" = \"PLAIN\"\n\
         \"sasl.username\" = \"{USER}\"\n\"sasl.password\" = \"{PASSWORD}\"\n"
    );
    let mut up = Up::start_on_kafka(dir.path(), &server.url(), broker.bootstrap(), &settings).await;
    // Nothing is allowed: the first denied operation is reported.
    up.wait_for_readyz(503, "does not allow Describe on the topic kigen.events").await;
    let waiting = Waiting::begin(&up);
    up.wait_for_metric("kigen_log_failures_total", 3.0).await;
    waiting.check(&up);
    allowed().iter().for_each(|rule| rule.add(&broker.super_users()));
    up.wait_for_readyz(200, "ready\n").await;

    let mut day = 0;
    for (operation, topic, part) in [
        (Operation::Write, "kigen.alerts", "processor  NOT"),
        (Operation::Write, "kigen.status", "processor  NOT"),
        (Operation::Write, "kigen.events", "shipper    NOT"),
        (Operation::Read, "kigen.events", "processor  NOT"),
        (Operation::Read, "kigen.alerts", "notifier   NOT"),
    ] {
        day += 1;
        let denied = rule(Permission::Deny, operation, Resource::Topic(topic));
        denied.add(&broker.super_users());
        server.clock().advance_to(noon(day) + TimeDelta::hours(1));
        let words = format!("does not allow {operation:?} on the topic {topic}");
        up.wait_for_log(&words).await;
        let body = up.wait_for_readyz(503, &words).await;
        assert!(body.contains(part), "{body}");
        let (waiting, failures) = (Waiting::begin(&up), up.metric("kigen_log_failures_total"));
        up.wait_for_metric("kigen_log_failures_total", failures + 1.0).await;
        waiting.check(&up);
        denied.remove(&broker.super_users());
        up.wait_for_message(&message_of(day)).await;
        check_lines(&up, &words, began);
    }
    up.wait_for_readyz(200, "ready\n").await;
    check_alerts(&broker.super_users(), day);
    let (status, _) = up.terminate();
    assert!(status.success(), "{status}");
    server.shutdown().await;
}
