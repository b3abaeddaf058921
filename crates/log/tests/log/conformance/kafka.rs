//! The promises over Kafka: one broker, and new topics for each promise.

use std::collections::BTreeMap;
use std::time::Duration;

use kigen_log::LogReader;
use kigen_log::kafka::topics::Layout;
use kigen_log::kafka::{Connection, KafkaLog};
use kigen_model::topic::{Offset, Topic};
use kigen_testkit::kafka::Broker;
use rdkafka::ClientConfig;
use rdkafka::producer::{FutureProducer, FutureRecord, Producer};

use super::{LogUnderTest, P0, reading, settings, shown};
use crate::{broker, delete_topics};

/// The log on a broker, opened by instances that are named after the promise.
struct OnKafka<'a> {
    broker: &'a Broker,
    promise: &'static str,
}

impl LogUnderTest for OnKafka<'_> {
    type Log = KafkaLog;

    async fn open(&self) -> KafkaLog {
        open(self.broker, self.promise).await
    }

    async fn open_beside(&self, _: &KafkaLog) -> KafkaLog {
        open(self.broker, &format!("{}-beside", self.promise)).await
    }
}

/// One test: each promise needs the broker to itself.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kafka_keeps_every_promise() {
    let broker = broker().await;
    macro_rules! over_kafka {
        ($($promise:ident),* $(,)?) => {$(
            let promise = stringify!($promise);
            eprintln!("{promise}");
            super::$promise(OnKafka { broker: &broker, promise }).await;
            delete_topics(&broker).await;
        )*};
    }
    for_each_promise!(over_kafka);
    an_open_transaction_is_invisible_and_waited_for(&broker).await;
}

async fn open(broker: &Broker, instance: &str) -> KafkaLog {
    // The least that the brokers accept: so long the partitions of a member that is gone are waited for.
    let shorter = BTreeMap::from([("session.timeout.ms".to_owned(), "6000".to_owned())]);
    let connection = Connection::new(broker.bootstrap(), shorter).expect("an accepted setting");
    let layout = Layout { log: settings(), replication: Some(1) };
    KafkaLog::open(connection, &layout, instance).await.expect("it opens")
}

async fn an_open_transaction_is_invisible_and_waited_for(broker: &Broker) {
    let log = open(broker, "open-transaction").await;
    let other: FutureProducer = ClientConfig::new()
        .set("bootstrap.servers", broker.bootstrap())
        .set("transactional.id", "another")
        .create()
        .expect("a producer");
    other.init_transactions(Duration::from_secs(30)).expect("it can");
    for is_committed in [false, true] {
        other.begin_transaction().expect("it begins");
        let record = FutureRecord::to("kigen.status").partition(0).key("position").payload("open");
        other.send(record, Duration::from_secs(30)).await.expect("it is acknowledged");
        let seen = reading(&log, |reader| reader.read(Topic::Status, P0, Offset(0), 100, 1 << 20)).await;
        assert_eq!(shown(&seen), [""; 0], "it is invisible");
        let mut stable = tokio::spawn({
            let log = log.clone();
            async move { reading(&log, |reader| reader.last_stable_offset(Topic::Status, P0)).await }
        });
        let soon = tokio::time::timeout(Duration::from_millis(500), &mut stable).await;
        soon.expect_err("it is waited for");
        if is_committed {
            other.commit_transaction(Duration::from_secs(30)).expect("it commits");
        } else {
            other.abort_transaction(Duration::from_secs(30)).expect("it aborts");
        }
        let stable = stable.await.expect("it ends");
        let last = reading(&log, |reader| reader.last(Topic::Status, P0)).await;
        if is_committed {
            let last = last.expect("there is one");
            assert!(last.offset < stable, "the committed record is before the stable offset");
            assert_eq!(shown(&[last]), ["position=open"]);
        } else {
            assert!(stable >= Offset(1));
            assert_eq!(last, None, "nothing but the aborted record");
        }
    }
}
