//! The suite over Kafka: one broker, and topics made anew for each promise.

use std::collections::BTreeMap;
use std::time::Duration;

use kigen_log::LogReader;
use kigen_log::kafka::topics::Layout;
use kigen_log::kafka::{Connection, KafkaLog};
use kigen_model::topic::{Offset, Topic};
use kigen_testkit::admin::Admin;
use kigen_testkit::kafka::Broker;
use rdkafka::ClientConfig;
use rdkafka::producer::{FutureProducer, FutureRecord, Producer};

use crate::{P0, looking, settings, shown};

/// One test: a broker takes seconds to start, and its topics have fixed names.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kafka_keeps_every_promise() {
    let broker = Broker::start();
    macro_rules! over_kafka {
        ($($promise:ident),* $(,)?) => {$(
            eprintln!("{}", stringify!($promise));
            clear(&broker).await;
            crate::$promise(open(&broker, stringify!($promise)).await).await;
        )*};
    }
    over_kafka!(
        order_is_kept,
        a_commit_is_whole,
        a_commit_that_fails_leaves_nothing,
        a_time_is_sought,
        a_member_goes_where_it_is_told,
        the_last_of_a_key_stays,
    );
    clear(&broker).await;
    crate::the_older_generation_is_fenced(open(&broker, "older").await, open(&broker, "younger").await).await;
    clear(&broker).await;
    crate::a_restart_loses_nothing(open(&broker, "restarted").await, async || {
        open(&broker, "restarted").await
    })
    .await;
    clear(&broker).await;
    what_is_under_way_is_not_seen_and_waited_for(&broker).await;
}

async fn open(broker: &Broker, instance: &str) -> KafkaLog {
    // The least that the brokers let it be: so long are the partitions of a member that is gone waited for.
    let shorter = BTreeMap::from([("session.timeout.ms".to_owned(), "6000".to_owned())]);
    let connection = Connection::new(broker.bootstrap(), shorter).expect("a setting that is taken");
    let layout = Layout { log: settings(), replication: Some(1) };
    KafkaLog::open(connection, &layout, instance).await.expect("it opens")
}

/// Removes the topics and the group's positions in them.
async fn clear(broker: &Broker) {
    Admin::new(broker.bootstrap()).delete_topics(&Topic::ALL.map(Topic::name)).await;
}

async fn what_is_under_way_is_not_seen_and_waited_for(broker: &Broker) {
    let log = open(broker, "under-way").await;
    let other: FutureProducer = ClientConfig::new()
        .set("bootstrap.servers", broker.bootstrap())
        .set("transactional.id", "another")
        .create()
        .expect("a producer");
    other.init_transactions(Duration::from_secs(30)).expect("it can");
    for is_committed in [false, true] {
        other.begin_transaction().expect("it begins");
        let record = FutureRecord::to("kigen.status").partition(0).key("position").payload("under way");
        other.send(record, Duration::from_secs(30)).await.expect("it is taken");
        let seen = looking(&log, |look| look.read(Topic::Status, P0, Offset(0), 100, 1 << 20)).await;
        assert_eq!(shown(&seen), [""; 0], "it is not seen");
        let mut settled = tokio::spawn({
            let log = log.clone();
            async move { looking(&log, |look| look.last_stable_offset(Topic::Status, P0)).await }
        });
        let soon = tokio::time::timeout(Duration::from_millis(500), &mut settled).await;
        soon.expect_err("it is waited for");
        if is_committed {
            other.commit_transaction(Duration::from_secs(30)).expect("it commits");
        } else {
            other.abort_transaction(Duration::from_secs(30)).expect("it aborts");
        }
        let settled = settled.await.expect("it ends");
        let last = looking(&log, |look| look.last(Topic::Status, P0)).await;
        if is_committed {
            let last = last.expect("there is one");
            assert!(last.offset < settled, "what was committed is before the end that was waited for");
            assert_eq!(shown(&[last]), ["position=under way"]);
        } else {
            assert!(settled >= Offset(1));
            assert_eq!(last, None, "nothing but what was given up");
        }
    }
}
