//! What a shipper reads of the log before it leads: 10,000 CronJobs that run each hour, by the events of sixty days, and by the
//! states of `kigen.status` once these events are judged.
//!
//! Without criterion: the log is written and judged once, and a reading takes seconds. Arguments choose the log, `embedded` or
//! `kafka`, and the days: sixty by default.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant as RealInstant};

use kigen_log::kafka::topics::Layout;
use kigen_log::kafka::{Connection, KafkaLog};
use kigen_log::{EmbeddedLog, Log, LogReader, NewRecord, Retention, Settings};
use kigen_model::topic::{Partition, Topic};
use kigen_processor::{Processor, TurnBounds};
use kigen_shipper::role::read_back::{LogTail, read_back};
use kigen_shipper::settings::{Access, Settings as ShipperSettings};
use kigen_store::Store;
use kigen_testkit::bench::{chosen_part, is_measured, report};
use kigen_testkit::fleet::{CLUSTER, Fleet, Size};
use kigen_testkit::kafka::Broker;

/// As in `kigen`.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

const PARTITIONS: u32 = 16;
/// How many records are appended at once.
const RECORDS_PER_APPEND: usize = 20_000;
/// How many records of a day, of 1,440 minutes, are not judged: those of ten minutes.
const UNJUDGED_SHARE: usize = 144;
const DAYS: i32 = 60;

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let days = std::env::args().find_map(|argument| argument.parse().ok()).unwrap_or(DAYS);
    let size = match is_measured() {
        true => Size { cron_jobs: 10_000, days: days + 1, ..hourly() },
        false => Size { cron_jobs: 10, days: 2, ..hourly() },
    };
    let dir = tempfile::tempdir().expect("a folder");
    // The generated events are of the past, and must not expire.
    let kept = Retention { age_ms_max: 10 * 365 * 86_400_000, partition_bytes_max: 1 << 40 };
    let settings =
        Settings { partitions: PARTITIONS, events: kept, alerts: kept, rejects: kept, ..Settings::default() };
    let chosen = chosen_part().filter(|chosen| chosen.parse::<i32>().is_err());
    let is_chosen = |part: &str| chosen.as_ref().is_none_or(|chosen| chosen == part);
    if is_chosen("embedded") {
        let log = EmbeddedLog::open(&dir.path().join("log"), settings.clone()).expect("a log");
        measure("embedded", &log, &dir.path().join("store"), &size).await;
    }
    if is_chosen("kafka") {
        let broker = Broker::start();
        let connection = Connection::new(broker.bootstrap(), BTreeMap::new()).expect("no settings");
        let layout = Layout { log: settings, replication: Some(1) };
        let log = KafkaLog::open(connection, &layout, "lead").await.expect("a log");
        measure("kafka", &log, &dir.path().join("store-of-kafka"), &size).await;
    }
}

/// A tick a minute in each partition, and a run an hour of each CronJob.
fn hourly() -> Size {
    Size { partitions: PARTITIONS, is_hourly: true, ..Size::default() }
}

async fn measure<L: Log>(name: &str, log: &L, store: &Path, size: &Size) {
    let mut fleet = Fleet::new(size, |key| log.reader().partition_of(key));
    let (mut events, mut last) = (0, Vec::new());
    while let Some(day) = fleet.next_day() {
        events += last.len();
        append(log, std::mem::replace(&mut last, day)).await;
    }
    report(&format!("{name}: {events} events of {} CronJobs, {} days", size.cron_jobs, size.days - 1));
    let by_events = timed(name, log).await;

    let (store, _) = Store::open(store).expect("a store");
    let mut processor = Processor::open(log.clone(), store, TurnBounds::default()).expect("a processor");
    let began = RealInstant::now();
    while !processor.is_idle().expect("a readable log") {
        processor.turn().await.expect("a turn");
    }
    report(&format!("{name}: judged in {:.1} s; {}", began.elapsed().as_secs_f64(), statuses(log)));
    let by_states = timed(name, log).await;
    assert_eq!((by_events.by_states, by_states.by_states), (0, PARTITIONS as usize));
    assert_eq!(live(&by_states), live(&by_events), "both come to the same");

    let unjudged = last.len() / UNJUDGED_SHARE;
    last.truncate(unjudged);
    append(log, last).await;
    assert_eq!(timed(name, log).await.events, unjudged);
}

async fn append<L: Log>(log: &L, records: Vec<NewRecord>) {
    for records in records.chunks(RECORDS_PER_APPEND) {
        log.append(records.to_vec()).await.expect("the events are written");
    }
}

/// Reads what a leader needs, as it does when it begins.
async fn timed<L: Log>(name: &str, log: &L) -> LogTail {
    let settings = ShipperSettings::new(CLUSTER, Access::Url(String::new()));
    let began = RealInstant::now();
    let tail = read_back(log, &settings, &Default::default()).await.expect("a readable log");
    let took: Duration = began.elapsed();
    report(&format!(
        "{name}: by the states of {} of {PARTITIONS} partitions and {} events: {} live facts after {:.2} s",
        tail.by_states,
        tail.events,
        tail.resume.facts.len(),
        took.as_secs_f64()
    ));
    tail
}

/// How much there is in `kigen.status`.
fn statuses<L: Log>(log: &L) -> String {
    let (mut records, mut bytes) = (0, 0);
    for partition in (0..PARTITIONS).map(Partition) {
        let mut from = log.reader().earliest(Topic::Status, partition).expect("readable");
        loop {
            let read = log.reader().read(Topic::Status, partition, from, 1_000, 4 << 20).expect("readable");
            let Some(last) = read.last() else { break };
            from = last.offset.next();
            records += read.len();
            bytes += read.iter().map(|record| record.payload_bytes()).sum::<usize>();
        }
    }
    format!("kigen.status has {records} records, {} MiB", bytes >> 20)
}

/// Without the instants of observation, which states do not have.
fn live(tail: &LogTail) -> Vec<String> {
    let facts = tail.resume.facts.iter().map(|fact| format!("{} {:?}", fact.key, fact.body));
    facts.chain([format!("{:?} {:?}", tail.resume.observed_until, tail.resume.positions)]).collect()
}
