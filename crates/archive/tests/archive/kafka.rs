//! The archive of a log on Kafka, whose transactions leave holes between the records.

use std::collections::BTreeMap;

use kigen_archive::{ArchivedLog, Archiver};
use kigen_log::kafka::topics::{Layout, create};
use kigen_log::kafka::{Connection, KafkaReader};
use kigen_log::{Consumer, ConsumerEvent, KafkaLog, Log, LogReader, NewRecord, Settings};
use kigen_model::topic::{Offset, Partition, Topic};
use kigen_testkit::admin::Admin;
use kigen_testkit::kafka::Broker;

use crate::support::{PARTITIONS, address, all, files, hour};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_kafka_has_deleted_is_read_from_the_archive_as_it_was() {
    let dir = tempfile::tempdir().expect("a folder");
    let broker = Broker::start();
    let connection = Connection::new(broker.bootstrap(), BTreeMap::new()).expect("default settings");
    let settings = Settings { partitions: PARTITIONS, ..Settings::default() };
    let layout = Layout { log: settings.clone(), replication: Some(1) };
    create(&connection, &layout).await.expect("the topics");
    let log = KafkaLog::open(connection.clone(), &layout, "one").await.expect("a log");
    let mut consumer = log.join("kigen-processor", Topic::Events).expect("a member");
    while !matches!(consumer.next(1, 1).await.expect("an event"), ConsumerEvent::Assigned(_)) {}
    let record = |topic, partition, at: i64| NewRecord {
        topic,
        partition: Partition(partition),
        key: format!("shop/ml/{at}"),
        value: (at % 5 != 0).then(|| vec![u8::try_from(at).expect("a byte"); 100]),
        timestamp: hour(at),
    };
    for at in 0..24 * 4 {
        log.append((0..PARTITIONS).map(|partition| record(Topic::Events, partition, at)).collect())
            .await
            .expect("it appends");
        if at % 7 == 0 {
            consumer.commit(vec![record(Topic::Alerts, 1, at)], Vec::new()).await.expect("it commits");
        }
    }
    let reader = || KafkaReader::new(connection.clone(), &settings).expect("a reader");
    let folder = dir.path().join("archive");
    let checked = tokio::task::spawn_blocking({
        let (live, again) = (reader(), reader());
        let folder = folder.clone();
        move || {
            let whole = all(&live, 100).expect("it is read");
            let written = Archiver::new(live, address(&folder)).round().expect("it archives");
            assert_eq!(written, 3 * 3, "{:?}", files(&folder));
            assert_eq!(Archiver::new(again, address(&folder)).round().expect("a round"), 0);
            whole
        }
    });
    let whole = checked.await.expect("no panic");
    let alerts = whole.iter().filter(|(topic, ..)| *topic == Topic::Alerts);
    let offsets: Vec<u64> = alerts.map(|(.., record)| record.offset.0).collect();
    assert!(offsets.windows(2).any(|pair| pair[1] > pair[0] + 1), "markers are between: {offsets:?}");
    let admin = Admin::new(broker.bootstrap());
    admin.delete_records("kigen.events", 0, 70).await;
    admin.delete_records("kigen.alerts", 1, i64::try_from(offsets[6]).expect("small")).await;
    let live = reader();
    let read = tokio::task::spawn_blocking(move || {
        assert_eq!(live.earliest(Topic::Events, Partition(0)).expect("an offset"), Offset(70));
        let both = ArchivedLog::open(live, &address(&folder)).expect("an archive");
        [1, 10, 1_000].map(|page| all(&both, page).expect("it is read"))
    });
    for read in read.await.expect("no panic") {
        assert!(read == whole, "what is read is what was there");
    }
}
