//! Records that others may write to `kigen.events` on a real Kafka, among good events: they go to `kigen.rejects` with their
//! place and the reason, and the alerts are the same as without them.

use std::collections::BTreeMap;

use expect_test::expect;
use kigen_log::kafka::topics::Layout;
use kigen_log::kafka::{Connection, KafkaLog};
use kigen_log::{ConsumedRecord, EmbeddedLog, Log, LogReader, NewRecord, Settings};
use kigen_model::reject::{REJECT_BYTES_MAX, Reject};
use kigen_model::topic::{Offset, Partition, Topic};
use kigen_processor::{GROUP, TurnBounds};
use kigen_testkit::admin::Admin;
use kigen_testkit::kafka::Broker;

use crate::feed::Feed;
use crate::judge_all;

const P0: Partition = Partition(0);
const PARTITIONS: u32 = 2;
/// The limit of kigen's topics, less Kafka's overhead of a record.
const JUST_UNDER: usize = 2 * 1024 * 1024 - 200;
/// Larger than a reject.
const LARGE: usize = 300_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn poison_among_good_events_goes_to_the_rejects_and_changes_no_alert() {
    let broker = Broker::start();
    let admin = Admin::new(broker.bootstrap());
    let dir = tempfile::tempdir().expect("a folder");
    let connection = Connection::new(broker.bootstrap(), BTreeMap::new()).expect("nothing is set");
    let layout = Layout { log: settings(), replication: Some(1) };
    let log = KafkaLog::open(connection, &layout, "one").await.expect("it opens");
    let clean = EmbeddedLog::open(&dir.path().join("clean"), settings()).expect("a log");

    let mut feed = Feed::new(&clean);
    let first = feed.next_day();
    let poison = poison(&first);
    let mut poisoned = Vec::new();
    let mut poison_left = poison.iter();
    for day in [first, feed.next_day(), feed.next_day()] {
        for events in day.chunks(4) {
            clean.append(events.to_vec()).await.expect("good events");
            log.append(events.to_vec()).await.expect("good events");
            if let Some(Poison { key, value, .. }) = poison_left.next() {
                poisoned.push(log.reader().latest(Topic::Events, P0).expect("an end"));
                admin.write("kigen.events", 0, key.as_deref(), value.as_deref()).await;
            }
        }
    }
    assert_eq!(poisoned.len(), poison.len(), "there must be as many places for it");

    judge_all(&clean, &dir.path().join("clean store"), TurnBounds::default()).await;
    judge_all(&log, &dir.path().join("store"), TurnBounds::default()).await;
    for partition in (0..PARTITIONS).map(Partition) {
        let alerts = values(&clean, Topic::Alerts, partition);
        assert!(alerts.len() > 5, "the feed must make alerts");
        assert_eq!(values(&log, Topic::Alerts, partition), alerts);
        let end = log.reader().latest(Topic::Events, partition).expect("an end");
        assert_eq!(log.reader().position(GROUP, Topic::Events, partition).expect("a position"), Some(end));
    }
    let rejects = values(&log, Topic::Rejects, P0);
    let rejects: Vec<Reject> =
        rejects.iter().map(|value| kigen_wire::decode_reject(value).expect("a reject")).collect();
    let places: Vec<Option<(u32, u64)>> = rejects.iter().map(|reject| reject.place).collect();
    assert_eq!(places, poisoned.iter().map(|offset| Some((0, offset.0))).collect::<Vec<_>>());
    for (Poison { value, .. }, reject) in poison.iter().zip(&rejects) {
        let bytes = value.as_deref().unwrap_or_default();
        assert!(reject.bytes == bytes[..bytes.len().min(REJECT_BYTES_MAX)], "{}", reject.reason);
    }
    let lines: Vec<String> = poison
        .iter()
        .zip(&rejects)
        .map(|(poison, reject)| {
            let Reject { key, bytes, reason, .. } = reject;
            let key: String = key.chars().take(20).collect();
            format!("{}: key {key:?}, {} bytes: {reason}\n", poison.what, bytes.len())
        })
        .collect();
    expect![[r#"
        no value: key "prod/ml/batch-3", 0 bytes: kigen.events: the record has no value
        an empty value: key "prod/ml/batch-3", 0 bytes: kigen.events: the record has no value
        foreign: key "prod/ml/batch-3", 17 bytes: kigen.events: the record begins with [7b, 22, 6c, 65, 76, 65, 6c, 22, 3a, 20], not with the marker c3 01 of Avro's single-object encoding: something else than kigen wrote it
        truncated: key "prod/ml/batch-3", 34 bytes: kigen.events: the record is damaged after its schema's fingerprint
        only a header: key "prod/ml/batch-3", 10 bytes: kigen.events: the record is damaged after its schema's fingerprint
        something behind it: key "prod/ml/batch-3", 72 bytes: kigen.events: 4 bytes follow the record
        an unknown schema: key "not/one/of/kigen", 11 bytes: kigen.events: no schema of this kigen has the fingerprint 0102030405060708: a newer kigen or something else wrote it; upgrade kigen to read it
        another topic's: key "prod/ml/batch-3", 51 bytes: kigen.events: the record is one of kigen.rejects: whatever copies records between topics must not write them here
        a wrong key: key "prod/ml/another", 68 bytes: its key is not that of what it is about, prod/ml/batch-3: whatever writes events must write them under that key
        no key: key "", 68 bytes: its key is not that of what it is about, prod/ml/batch-3: whatever writes events must write them under that key
        a key that is no text: key "��/", 68 bytes: its key is not that of what it is about, prod/ml/batch-3: whatever writes events must write them under that key
        a large key: key "kkkkkkkkkkkkkkkkkkkk", 68 bytes: its key is not that of what it is about, prod/ml/batch-3: whatever writes events must write them under that key
        a wrong partition: key "prod/ml/batch-0", 68 bytes: prod/ml/batch-0 belongs to partition 1: whatever wrote it places keys otherwise than Kafka's Java clients do (librdkafka: partitioner=murmur2_random)
        a tick under another's key: key "prod/ml/batch-3", 28 bytes: its key is not that of what it is about, prod: whatever writes events must write them under that key
        near the limit: key "prod/ml/batch-3", 65536 bytes: kigen.events: the record has 2096937 bytes, the most is 1048576
        near the limit, with a header: key "prod/ml/batch-3", 65536 bytes: kigen.events: the record has 2096937 bytes, the most is 1048576
        a large key and value: key "kkkkkkkkkkkkkkkkkkkk", 65536 bytes: kigen.events: the record names its schema by the number 0 of a schema registry, which is none of this kigen's schemas there: a newer kigen or something else wrote it; upgrade kigen to read it, or, if no registry is configured, set `url` under [kafka.registry]
    "#]].assert_eq(&lines.concat());
}

struct Poison {
    what: &'static str,
    key: Option<Vec<u8>>,
    value: Option<Vec<u8>>,
}

/// All kinds of it, made from good events where it resembles them.
fn poison(good: &[NewRecord]) -> Vec<Poison> {
    let of = |partition| {
        let records = good.iter().filter(move |record| record.partition == partition);
        records.clone().find(|record| record.key.contains('/')).expect("a fact")
    };
    let (here, elsewhere) = (of(P0), of(Partition(1)));
    let tick = good.iter().find(|record| !record.key.contains('/')).expect("a tick");
    let value_of = |record: &NewRecord| record.value.clone().expect("a value");
    let key = || Some(here.key.clone().into_bytes());
    let whole = value_of(here);
    let poison = |what, key, value| Poison { what, key, value };
    vec![
        poison("no value", key(), None),
        poison("an empty value", key(), Some(Vec::new())),
        poison("foreign", key(), Some(b"{\"level\": \"info\"}".to_vec())),
        poison("truncated", key(), Some(whole[..whole.len() / 2].to_vec())),
        poison("only a header", key(), Some(whole[..10].to_vec())),
        poison("something behind it", key(), Some([&whole[..], b"more"].concat())),
        poison(
            "an unknown schema",
            Some(b"not/one/of/kigen".to_vec()),
            Some(vec![0xc3, 0x01, 1, 2, 3, 4, 5, 6, 7, 8, 9]),
        ),
        poison("another topic's", key(), Some(of_another_topic(here))),
        poison("a wrong key", Some(b"prod/ml/another".to_vec()), Some(whole.clone())),
        poison("no key", None, Some(whole.clone())),
        poison("a key that is no text", Some(vec![0xff, 0xfe, b'/']), Some(whole.clone())),
        poison("a large key", Some(vec![b'k'; LARGE]), Some(whole.clone())),
        poison("a wrong partition", Some(elsewhere.key.clone().into_bytes()), Some(value_of(elsewhere))),
        poison("a tick under another's key", key(), Some(value_of(tick))),
        poison("near the limit", key(), Some(vec![0xc3; JUST_UNDER - here.key.len()])),
        poison("near the limit, with a header", key(), Some(padded(&whole, JUST_UNDER - here.key.len()))),
        poison("a large key and value", Some(vec![b'k'; LARGE]), Some(vec![0; LARGE])),
    ]
}

fn of_another_topic(good: &NewRecord) -> Vec<u8> {
    let place = (Topic::Events, P0, Offset(0));
    kigen_wire::encode_reject(
        &Reject::of_record(place, &good.key, b"", "", good.timestamp),
        kigen_wire::Level::NEWEST,
    )
}

fn padded(value: &[u8], bytes: usize) -> Vec<u8> {
    let mut padded = value.to_vec();
    padded.resize(bytes, 7);
    padded
}

fn settings() -> Settings {
    Settings { partitions: PARTITIONS, ..Settings::default() }
}

fn values(log: &impl Log, topic: Topic, partition: Partition) -> Vec<Vec<u8>> {
    let reader = log.reader();
    reader.last_stable_offset(topic, partition).expect("an end");
    let records = reader.read(topic, partition, Offset(0), usize::MAX, usize::MAX).expect("records");
    records.into_iter().filter_map(|record: ConsumedRecord| record.value).collect()
}
