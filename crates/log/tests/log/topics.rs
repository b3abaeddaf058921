//! kigen's topics on a real Kafka: created, found as they were created, and the problems of others reported.

use std::collections::BTreeMap;
use std::error::Error;

use expect_test::{Expect, expect};
use kigen_log::Settings;
use kigen_log::kafka::topics::{Found, Layout, check, create};
use kigen_log::kafka::{Connection, KafkaFailure};
use kigen_model::topic::Topic;
use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, AlterConfig, NewTopic, ResourceSpecifier, TopicReplication};
use rdkafka::client::DefaultClientContext;

use crate::broker;

fn layout(partitions: u32) -> Layout {
    Layout { log: Settings { partitions, ..Settings::default() }, replication: Some(1) }
}

fn connection(brokers: &str) -> Connection {
    Connection::new(brokers, BTreeMap::new()).expect("nothing is set")
}

fn described(found: &[Found]) -> String {
    let mut lines = Vec::new();
    for Found { topic, partitions, problems } in found {
        lines.push(format!("{topic}: {partitions:?}"));
        lines.extend(
            problems.iter().map(|problem| {
                format!("  {} (bearable: {})", problem.describe(*topic), problem.is_bearable())
            }),
        );
    }
    lines.join("\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn topics_are_created_once_and_their_problems_are_reported() {
    let broker = broker().await;
    let kafka = connection(broker.bootstrap());
    let missing = check(&kafka, &layout(3)).await.expect("it answers");
    assert!(missing.iter().all(|found| found.partitions.is_none() && !found.problems.is_empty()));
    expect![
        "kigen.events: None\n  it does not exist: create it with `kigen topics create` (bearable: false)"
    ]
    .assert_eq(&described(&missing[..1]));

    let created = create(&kafka, &layout(3)).await.expect("it creates them");
    let well = Topic::ALL.map(|topic| format!("{topic}: Some(3)")).join("\n");
    assert_eq!(described(&created), well);
    let again = create(&kafka, &layout(3)).await.expect("they exist");
    assert_eq!(described(&again), well);

    alter(broker.bootstrap(), "kigen.status", &[("cleanup.policy", "delete"), ("max.message.bytes", "1000")])
        .await;
    alter(broker.bootstrap(), "kigen.events", &[("retention.ms", "86400000"), ("cleanup.policy", "compact")])
        .await;
    // Smaller segments are as good.
    let smaller = [
        ("cleanup.policy", "compact"),
        ("delete.retention.ms", "604800000"),
        ("max.message.bytes", "2097152"),
        ("message.timestamp.type", "LogAppendTime"),
        ("segment.bytes", "8388608"),
    ];
    alter(broker.bootstrap(), "kigen.control", &smaller).await;
    // More than configured, and for ever, is as good.
    alter(broker.bootstrap(), "kigen.alerts", &[("retention.ms", "-1"), ("max.message.bytes", "9000000")])
        .await;
    let found = check(&kafka, &layout(6)).await.expect("it answers");
    expect![[r#"
        kigen.events: Some(3)
          it has 3 partitions, not 6: the place of every key depends on it, in all topics; set partitions to 3, or start with new topics; never add partitions to one that is in use (bearable: false)
          cleanup.policy is compact: events of one key would replace each other, and verdicts with them; mend it with `kafka-configs.sh --alter --topic kigen.events --add-config cleanup.policy=delete` (bearable: false)
          max.message.bytes is 1048588: a record of kigen's may be larger, and judging would wait for it for ever; mend it with `kafka-configs.sh --alter --topic kigen.events --add-config max.message.bytes=2097152` (bearable: false)
          retention.ms is 86400000: less of the past is kept than is configured; mend it with `kafka-configs.sh --alter --topic kigen.events --add-config retention.ms=7776000000` (bearable: true)
        kigen.alerts: Some(3)
          it has 3 partitions, not 6: the place of every key depends on it, in all topics; set partitions to 3, or start with new topics; never add partitions to one that is in use (bearable: false)
        kigen.status: Some(3)
          it has 3 partitions, not 6: the place of every key depends on it, in all topics; set partitions to 3, or start with new topics; never add partitions to one that is in use (bearable: false)
          cleanup.policy is delete: the last record of a key would be lost with time, such as the state of a batch, from which a lost store is rebuilt; mend it with `kafka-configs.sh --alter --topic kigen.status --add-config cleanup.policy=compact` (bearable: false)
          delete.retention.ms is 86400000: a store that was away for longer would keep what is gone; mend it with `kafka-configs.sh --alter --topic kigen.status --add-config delete.retention.ms=604800000` (bearable: true)
          max.message.bytes is 1000: a record of kigen's may be larger, and judging would wait for it for ever; mend it with `kafka-configs.sh --alter --topic kigen.status --add-config max.message.bytes=2097152` (bearable: false)
          message.timestamp.type is CreateTime: a store that was away is rebuilt more often than necessary, or keeps what is gone; mend it with `kafka-configs.sh --alter --topic kigen.status --add-config message.timestamp.type=LogAppendTime` (bearable: true)
          segment.bytes is 1073741824: a store that is rebuilt, and a shipper that becomes leader, read many more states than there are; mend it with `kafka-configs.sh --alter --topic kigen.status --add-config segment.bytes=52428800` (bearable: true)
        kigen.rejects: Some(3)
          it has 3 partitions, not 6: the place of every key depends on it, in all topics; set partitions to 3, or start with new topics; never add partitions to one that is in use (bearable: false)
        kigen.control: Some(3)
          it has 3 partitions, not 6: the place of every key depends on it, in all topics; set partitions to 3, or start with new topics; never add partitions to one that is in use (bearable: false)
        kigen.deliveries: Some(3)
          it has 3 partitions, not 6: the place of every key depends on it, in all topics; set partitions to 3, or start with new topics; never add partitions to one that is in use (bearable: false)"#]].assert_eq(&described(&found));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_with_another_number_of_partitions_than_the_others_is_reported() {
    let broker = broker().await;
    let admin = admin(broker.bootstrap());
    let odd = NewTopic::new("kigen.alerts", 5, TopicReplication::Fixed(1));
    admin.create_topics(&[odd], &AdminOptions::new()).await.expect("it creates one");
    let found = create(&connection(broker.bootstrap()), &layout(4)).await.expect("it creates the others");
    let partitions: Vec<_> = found.iter().map(|found| found.partitions).collect();
    assert_eq!(partitions, [Some(4), Some(5), Some(4), Some(4), Some(4), Some(4)]);
    assert!(described(&found[1..2]).contains("it has 5 partitions, not 4"), "{}", described(&found));
}

fn admin(bootstrap: &str) -> AdminClient<DefaultClientContext> {
    ClientConfig::new().set("bootstrap.servers", bootstrap).create().expect("a client")
}

async fn alter(bootstrap: &str, topic: &str, settings: &[(&str, &str)]) {
    let altered = AlterConfig::new(ResourceSpecifier::Topic(topic));
    let altered = settings.iter().fold(altered, |altered, (name, value)| altered.set(name, value));
    let outcomes =
        admin(bootstrap).alter_configs(&[altered], &AdminOptions::new()).await.expect("it answers");
    assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
}

/// The failure and its sources, a line each.
fn chain(failure: &KafkaFailure) -> String {
    let mut text = failure.to_string();
    let mut source = failure.source();
    while let Some(error) = source {
        text = format!("{text}\n- {error}");
        source = error.source();
    }
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kafka_that_does_not_answer_is_named() {
    let failure = check(&connection("127.0.0.1:1"), &layout(3)).await.expect_err("nothing listens there");
    expect![[r#"
        Kafka at 127.0.0.1:1 does not answer; check the address, and that it is reachable and allowed from here
        - Meta data fetch error: BrokerTransportFailure (Local: Broker transport failure)
        - BrokerTransportFailure (Local: Broker transport failure)"#]].assert_eq(&chain(&failure));
}

#[test]
fn settings_that_are_not_accepted_are_named() {
    let refused = |name: &str, value: &str, expected: &Expect| {
        let settings = BTreeMap::from([(name.to_owned(), value.to_owned())]);
        expected.assert_eq(&chain(&Connection::new("broker:9092", settings).expect_err("not accepted")));
    };
    refused(
        "compresion.type",
        "zstd",
        &expect![[
            r#"the Kafka setting `compresion.type = zstd` is not accepted: No such configuration property: "compresion.type"; librdkafka's CONFIGURATION.md lists all settings"#
        ]],
    );
    refused(
        "socket.timeout.ms",
        "soon",
        &expect![[
            r#"the Kafka setting `socket.timeout.ms = soon` is not accepted: Invalid value for configuration property "socket.timeout.ms"; librdkafka's CONFIGURATION.md lists all settings"#
        ]],
    );
    refused(
        "isolation.level",
        "read_uncommitted",
        &expect!["the Kafka setting `isolation.level` cannot be given: kigen itself decides it; remove it"],
    );
    let accepted = [
        ("security.protocol", "SASL_SSL"),
        ("sasl.mechanisms", "SCRAM-SHA-512"),
        ("compression.type", "zstd"),
    ];
    let settings = accepted.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    assert!(Connection::new("broker:9092", settings).is_ok(), "security and compression are built in");
}
