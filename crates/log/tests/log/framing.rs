//! Values that are encoded otherwise on Kafka: written and read by every way, and those whose schema is unavailable.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use chrono::Utc;
use kigen_log::kafka::topics::Layout;
use kigen_log::kafka::{Connection, Framing, KafkaFailure, KafkaLog, Unframed};
use kigen_log::{
    ConsumedRecord, Consumer, ConsumerEvent, Fate, Log, LogError, LogReader, NewRecord, SchemaPrefix,
    Settings,
};
use kigen_model::topic::{Offset, Partition, Topic};

use crate::broker;

const P0: Partition = Partition(0);
/// The prefix of values on Kafka, and that of the log's users.
const THERE: [u8; 5] = *b"there";
const HERE: &[u8] = b"here";
/// How long an event of a consumer may take.
const DEADLINE: Duration = Duration::from_secs(60);

/// Replaces the one prefix by the other, unless schemas are unavailable.
#[derive(Default)]
struct Exchange {
    is_unavailable: AtomicBool,
}

impl Framing for Exchange {
    fn frame<'a>(&self, _topic: Topic, value: &'a [u8]) -> Cow<'a, [u8]> {
        match value.strip_prefix(HERE) {
            Some(rest) => Cow::Owned([&THERE[..], rest].concat()),
            None => Cow::Borrowed(value),
        }
    }

    fn unframe(&self, _topic: Topic, value: &[u8]) -> Result<Option<Unframed>, Box<dyn Error + Send + Sync>> {
        let Some(rest) = value.strip_prefix(&THERE) else { return Ok(None) };
        if self.is_unavailable.load(Ordering::SeqCst) {
            return Err("the registry does not answer".into());
        }
        let prefix = SchemaPrefix { read: THERE, replaced_by_bytes: HERE.len() };
        Ok(Some(Unframed { value: [HERE, rest].concat(), prefix }))
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn prefixes_are_replaced_on_every_way_and_a_record_without_schema_is_read_again() {
    let broker = broker().await;
    let exchange = Arc::new(Exchange::default());
    let plain = open(Connection::new(broker.bootstrap(), BTreeMap::new()).expect("no settings")).await;
    let framed = Connection::new(broker.bootstrap(), BTreeMap::new()).expect("no settings");
    let framed = open(framed.framed(exchange.clone())).await;

    plain.append(vec![event("as it is")]).await.expect("it appends");
    framed.append(vec![event("here one"), event("here two"), event("other")]).await.expect("it appends");
    assert_eq!(read(&plain, Topic::Events).await, ["as it is", "there one", "there two", "other"]);
    assert_eq!(read(&framed, Topic::Events).await, ["as it is", "here one", "here two", "other"]);

    let mut consumer = framed.join("framing", Topic::Events).expect("it joins");
    let ConsumerEvent::Assigned(_) = next(&mut consumer).await.expect("an event") else {
        panic!("nothing is assigned")
    };
    consumer.seek(P0, Offset(0)).await.expect("it seeks");
    exchange.is_unavailable.store(true, Ordering::SeqCst);
    let mut received = Vec::new();
    let mut refused = 0;
    while received.len() < 4 {
        match next(&mut consumer).await {
            Ok(ConsumerEvent::Records(batches)) => {
                received.extend(batches.into_iter().flat_map(|(_, records)| records))
            }
            Ok(other) => panic!("{other:?}"),
            Err(error) if is_unavailable(&error, Offset(1)) => {
                assert_eq!(error.fate(), Fate::Retry);
                assert_eq!(texts(&received), ["as it is"], "the records before it, and none after it");
                refused += 1;
                // Refused for as long as the schema is unavailable, and not skipped.
                exchange.is_unavailable.store(refused < 3, Ordering::SeqCst);
            }
            Err(error) => panic!("{error}"),
        }
    }
    assert_eq!(refused, 3);
    assert_eq!(texts(&received), ["as it is", "here one", "here two", "other"]);
    let as_read: Vec<_> = received.iter().map(|record| text(&record.bytes_as_read())).collect();
    assert_eq!(as_read, ["as it is", "there one", "there two", "other"]);

    let alert = NewRecord { topic: Topic::Alerts, ..event("here in a transaction") };
    consumer.commit(vec![alert], vec![(P0, Offset(4))]).await.expect("it commits");
    assert_eq!(read(&plain, Topic::Alerts).await, ["there in a transaction"]);
    let reader = framed.reader().clone();
    exchange.is_unavailable.store(true, Ordering::SeqCst);
    let refused = tokio::task::spawn_blocking(move || reader.read(Topic::Alerts, P0, Offset(0), 9, 1 << 20));
    let error = refused.await.expect("it ends").expect_err("the schema is unavailable");
    assert!(is_unavailable(&error, Offset(0)), "{error}");
    exchange.is_unavailable.store(false, Ordering::SeqCst);
    assert_eq!(read(&framed, Topic::Alerts).await, ["here in a transaction"]);
}

/// Whether it is the error of a record at this offset whose schema is unavailable.
fn is_unavailable(error: &LogError, at: Offset) -> bool {
    matches!(
        error,
        LogError::Kafka(KafkaFailure::SchemaUnavailable { partition: P0, offset, .. }) if *offset == at
    )
}

async fn open(connection: Connection) -> KafkaLog {
    let layout = Layout { log: Settings { partitions: 1, ..Settings::default() }, replication: Some(1) };
    KafkaLog::open(connection, &layout, "one").await.expect("it opens")
}

fn event(value: &str) -> NewRecord {
    let value = Some(value.as_bytes().to_vec());
    let (key, timestamp) = ("prod/ml/recommend".to_owned(), Utc::now());
    NewRecord { topic: Topic::Events, partition: P0, key, value, timestamp }
}

async fn next(consumer: &mut impl Consumer) -> Result<ConsumerEvent, LogError> {
    tokio::time::timeout(DEADLINE, consumer.next(100, 1 << 20)).await.expect("an event in time")
}

async fn read(log: &KafkaLog, topic: Topic) -> Vec<String> {
    let reader = log.reader().clone();
    let read = tokio::task::spawn_blocking(move || {
        reader.last_stable_offset(topic, P0)?;
        reader.read(topic, P0, Offset(0), 100, 1 << 20)
    });
    texts(&read.await.expect("it ends").expect("records"))
}

fn texts(records: &[ConsumedRecord]) -> Vec<String> {
    records.iter().map(|record| text(record.value.as_deref().unwrap_or_default())).collect()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
