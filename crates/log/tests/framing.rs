//! Values that stand on Kafka otherwise than as they are handed over: out and in by every way, and what cannot be read yet.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use chrono::Utc;
use kigen_log::kafka::topics::Layout;
use kigen_log::kafka::{Connection, Framing, Head, Inward, KafkaLog};
use kigen_log::{
    ConsumedRecord, Consumer, ConsumerEvent, Fate, Log, LogError, LogReader, NewRecord, Settings,
};
use kigen_model::topic::{Offset, Partition, Topic};
use kigen_testkit::kafka::Broker;

const P0: Partition = Partition(0);
/// How values begin on Kafka, and how here.
const THERE: [u8; 5] = *b"there";
const HERE: &[u8] = b"here";
/// How long a member may take to hear something.
const DEADLINE: Duration = Duration::from_secs(60);

/// Exchanges the one beginning for the other, unless it cannot tell now.
#[derive(Default)]
struct Exchange {
    is_away: AtomicBool,
}

impl Framing for Exchange {
    fn outward<'a>(&self, _topic: Topic, value: &'a [u8]) -> Cow<'a, [u8]> {
        match value.strip_prefix(HERE) {
            Some(rest) => Cow::Owned([&THERE[..], rest].concat()),
            None => Cow::Borrowed(value),
        }
    }

    fn inward(&self, _topic: Topic, value: &[u8]) -> Result<Option<Inward>, Box<dyn Error + Send + Sync>> {
        let Some(rest) = value.strip_prefix(&THERE) else { return Ok(None) };
        if self.is_away.load(Ordering::SeqCst) {
            return Err("nobody is there to be asked".into());
        }
        let head = Head { was: THERE, now_bytes: HERE.len() };
        Ok(Some(Inward { value: [HERE, rest].concat(), head }))
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn values_are_exchanged_on_every_way_and_what_cannot_be_read_yet_comes_again() {
    let broker = Broker::start();
    let exchange = Arc::new(Exchange::default());
    let plain = open(Connection::new(broker.bootstrap(), BTreeMap::new()).expect("nothing is set")).await;
    let framed = Connection::new(broker.bootstrap(), BTreeMap::new()).expect("nothing is set");
    let framed = open(framed.framed(exchange.clone())).await;

    plain.append(vec![event("as it is")]).await.expect("it is taken");
    framed.append(vec![event("here one"), event("here two"), event("other")]).await.expect("it is taken");
    assert_eq!(read(&plain, Topic::Events).await, ["as it is", "there one", "there two", "other"]);
    assert_eq!(read(&framed, Topic::Events).await, ["as it is", "here one", "here two", "other"]);

    let mut member = framed.join("framing", Topic::Events).expect("it joins");
    let ConsumerEvent::Assigned(_) = hear(&mut member).await.expect("it hears") else {
        panic!("it is given none")
    };
    member.seek(P0, Offset(0)).await.expect("it begins");
    exchange.is_away.store(true, Ordering::SeqCst);
    let mut heard = Vec::new();
    let mut refused = 0;
    while heard.len() < 4 {
        match hear(&mut member).await {
            Ok(ConsumerEvent::Records(batches)) => {
                heard.extend(batches.into_iter().flat_map(|(_, records)| records))
            }
            Ok(other) => panic!("it hears {other:?}"),
            Err(error @ LogError::Unframed { partition: P0, offset: Offset(1), .. }) => {
                assert_eq!(error.fate(), Fate::Retry);
                assert_eq!(texts(&heard), ["as it is"], "what is before it was heard, and nothing behind it");
                refused += 1;
                // Refused for as long as nobody is there, and not skipped.
                exchange.is_away.store(refused < 3, Ordering::SeqCst);
            }
            Err(error) => panic!("{error}"),
        }
    }
    assert_eq!(refused, 3);
    assert_eq!(texts(&heard), ["as it is", "here one", "here two", "other"]);
    let as_read: Vec<_> = heard.iter().map(|record| text(&record.bytes_as_read())).collect();
    assert_eq!(as_read, ["as it is", "there one", "there two", "other"]);

    let alert = NewRecord { topic: Topic::Alerts, ..event("here in a step") };
    member.commit(vec![alert], vec![(P0, Offset(4))]).await.expect("it commits");
    assert_eq!(read(&plain, Topic::Alerts).await, ["there in a step"]);
    let look = framed.reader().clone();
    exchange.is_away.store(true, Ordering::SeqCst);
    let refused = tokio::task::spawn_blocking(move || look.read(Topic::Alerts, P0, Offset(0), 9, 1 << 20));
    let error = refused.await.expect("it looks").expect_err("nobody is there");
    assert!(matches!(error, LogError::Unframed { .. }), "{error}");
    exchange.is_away.store(false, Ordering::SeqCst);
    assert_eq!(read(&framed, Topic::Alerts).await, ["here in a step"]);
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

async fn hear(member: &mut impl Consumer) -> Result<ConsumerEvent, LogError> {
    tokio::time::timeout(DEADLINE, member.next(100, 1 << 20)).await.expect("it hears something")
}

async fn read(log: &KafkaLog, topic: Topic) -> Vec<String> {
    let look = log.reader().clone();
    let read = tokio::task::spawn_blocking(move || {
        look.last_stable_offset(topic, P0)?;
        look.read(topic, P0, Offset(0), 100, 1 << 20)
    });
    texts(&read.await.expect("it looks").expect("records"))
}

fn texts(records: &[ConsumedRecord]) -> Vec<String> {
    records.iter().map(|record| text(record.value.as_deref().unwrap_or_default())).collect()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
