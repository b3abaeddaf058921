//! Many batches with full histories, whose facts come in random order: nearly each of them reads and writes another state.
//!
//! In this order: what a list shows of all batches, batch after batch; further facts, with a tick a thousand in each
//! partition; two ticks by each of which all batches are due, the second of them missed; and restarts.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant as RealInstant};

use chrono::TimeDelta;
use kigen_log::{Log, LogReader, NewRecord};
use kigen_model::Instant;
use kigen_model::event::Fact;
use kigen_model::topic::{Partition, Topic};
use kigen_processor::{GROUP, Processor, TurnBounds};
use kigen_store::Store;
use kigen_testkit::bench::report;
use kigen_testkit::process::{bytes_written, forget_memory_peak, memory, processor_time};
use kigen_testkit::wide::{FACTS_PER_HISTORY, WideFleet};
use rdkafka::consumer::BaseConsumer;
use rdkafka::{Message, Offset as From};

use crate::counted::CountedLog;
use crate::judging::{Shares, judge};
use crate::{Kafka, events_f64, of_fact, tick};

const PARTITIONS: u32 = 4;
const SEED: u64 = 19;
/// How many records are appended at once.
const RECORDS_PER_APPEND: usize = 20_000;
/// Further facts beside one for each batch.
const FACTS: usize = 100_000;
/// After how many facts each partition has a tick.
const FACTS_PER_TICK: usize = 1_000;
/// How long an alert is waited for.
const ALERT_MAX: Duration = Duration::from_secs(600);
/// How long RocksDB writes nothing when it has nothing to do.
const QUIET: Duration = Duration::from_secs(2);
/// How often it is checked whether all is judged.
const CHECK_INTERVAL: Duration = Duration::from_millis(5);

/// Measures all of it with so many batches.
pub(crate) async fn measure(kafka: &Kafka, batches: usize) {
    let log = CountedLog::new(kafka.log(PARTITIONS, "wide").await);
    let store = kafka.dir.path().join("wide");
    let mut fleet = WideFleet::new(batches, SEED);

    let mut feed = Feed { log: &log, records: Vec::new() };
    for nth in 0..batches {
        for fact in fleet.history(nth) {
            feed.fact(&fact).await;
        }
    }
    feed.tick(WideFleet::listed_at()).await;
    feed.flush().await;
    report(&format!("{batches} batches in {PARTITIONS} partitions, each with a full history"));
    let usage = Usage::now(&log);
    let shares = judge(&log, &store).await;
    usage.report("the histories, batch after batch", batches * FACTS_PER_HISTORY, 0, shares, &log);

    let further = FACTS.min(100 * batches) + batches;
    let ticks = append_further(&log, &mut fleet, further).await;
    drop(fleet);
    forget_memory_peak();
    let usage = Usage::now(&log);
    let shares = judge(&log, &store).await;
    usage.report("further facts, in random order", further, ticks, shares, &log);
    report(&format!("memory then: {}", memory(std::process::id())));

    let killed = deadlines(kafka, &log, &store, batches).await;
    restarts(&log, &store, &killed).await;
    kafka.clear().await;
}

/// Appends so many further facts, with ticks between them; returns the number of ticks.
async fn append_further(log: &CountedLog, fleet: &mut WideFleet, facts: usize) -> usize {
    let mut feed = Feed { log, records: Vec::new() };
    let mut ticks = 0;
    for nth in 0..facts {
        // All before noon.
        let part = i32::try_from(nth * 3_000_000 / facts).expect("less than an hour");
        let at = WideFleet::listed_at() + TimeDelta::hours(11) + TimeDelta::milliseconds(1) * part;
        feed.fact(&fleet.next_fact(at)).await;
        if nth % FACTS_PER_TICK == 0 {
            feed.tick(at).await;
            ticks += PARTITIONS as usize;
        }
    }
    feed.flush().await;
    ticks
}

/// Two ticks a day apart, each of which makes all batches due. After the second one each has missed its deadline. Returns a
/// copy of the store as a killed process leaves it.
async fn deadlines(kafka: &Kafka, log: &CountedLog, store: &Path, batches: usize) -> PathBuf {
    forget_memory_peak();
    let (opened, _) = Store::open(store).expect("a store");
    let processor = Processor::open(log.clone(), opened, TurnBounds::default()).expect("a processor");
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let judging = tokio::spawn(kigen_processor::run(processor, stopped));
    let alerts = kafka.consumer(Topic::Alerts, PARTITIONS, From::Beginning);
    let noon = WideFleet::listed_at() + TimeDelta::hours(12) + TimeDelta::seconds(31);
    let mut feed = Feed { log, records: Vec::new() };

    // Nothing is due by it: the processor joins its group meanwhile.
    feed.tick(noon - TimeDelta::minutes(10)).await;
    feed.flush().await;
    judged(log).await;
    let (began, processors) = (RealInstant::now(), processor_time(std::process::id()));
    feed.tick(noon).await;
    feed.flush().await;
    judged(log).await;
    report(&format!("all due by a tick, without an alert: {}", took(began.elapsed(), processors)));

    let (began, processors) = (RealInstant::now(), processor_time(std::process::id()));
    feed.tick(noon + TimeDelta::days(1)).await;
    feed.flush().await;
    let [first, last] = tokio::task::block_in_place(|| read(&alerts, batches, began));
    report(&format!(
        "all missed by a tick: the first alert is readable after {:.2} s, the last of {batches} after {}",
        first.as_secs_f64(),
        took(last, processors)
    ));
    judged(log).await;
    report(&format!("memory then: {}", memory(std::process::id())));
    let killed = copied(store).await;
    stop.send_replace(true);
    judging.await.expect("it ends");
    killed
}

/// A copy of an open store, once RocksDB has nothing to do any more.
async fn copied(store: &Path) -> PathBuf {
    let copy = store.with_file_name("killed");
    let mut written = 0;
    while std::mem::replace(&mut written, bytes_written(std::process::id())) != written {
        tokio::time::sleep(QUIET).await;
    }
    let copied = Command::new("cp").arg("-r").args([store, &copy]).status().expect("cp runs");
    assert!(copied.success(), "RocksDB has deleted a file meanwhile");
    copy
}

/// After how long the first and the last of so many alerts are readable.
fn read(alerts: &BaseConsumer, count: usize, began: RealInstant) -> [Duration; 2] {
    let mut first = None;
    for _ in 0..count {
        let alert = alerts.poll(ALERT_MAX).expect("an alert").expect("a readable record");
        assert!(alert.payload().is_some());
        first.get_or_insert_with(|| began.elapsed());
    }
    [first.unwrap_or_default(), began.elapsed()]
}

/// Waits until all is judged.
async fn judged(log: &CountedLog) {
    let reader = log.reader();
    let is_judged = |partition| {
        let position = reader.position(GROUP, Topic::Events, partition).expect("a readable log");
        position == Some(reader.latest(Topic::Events, partition).expect("a readable log"))
    };
    while !(0..PARTITIONS).map(Partition).all(is_judged) {
        tokio::time::sleep(CHECK_INTERVAL).await;
    }
}

/// The time until a restarted processor has judged the next tick.
async fn restarts(log: &CountedLog, store: &Path, killed: &Path) {
    let mut at = WideFleet::listed_at() + TimeDelta::hours(37);
    let mut tick = async || {
        at += TimeDelta::seconds(10);
        let mut feed = Feed { log, records: Vec::new() };
        feed.tick(at).await;
        feed.flush().await;
    };
    let restart = async |what: &str, store: &Path| {
        let (began, processors) = (RealInstant::now(), processor_time(std::process::id()));
        judge(log, store).await;
        report(&format!(
            "restarted, {what}: {} until a tick is committed",
            took(began.elapsed(), processors)
        ));
    };
    tick().await;
    restart("stopped before", store).await;
    tick().await;
    restart("killed before", killed).await;
    tick().await;
    restart("without a store", &store.with_file_name("restored")).await;
    report(&format!("memory then: {}", memory(std::process::id())));
}

fn took(wall: Duration, processors_before: Duration) -> String {
    let processors = processor_time(std::process::id()) - processors_before;
    format!("{:.2} s, {:.1} s of processor time", wall.as_secs_f64(), processors.as_secs_f64())
}

/// What is appended, and written in portions.
struct Feed<'a> {
    log: &'a CountedLog,
    records: Vec<NewRecord>,
}

impl Feed<'_> {
    async fn fact(&mut self, fact: &Fact) {
        self.records.push(of_fact(self.log.reader().partition_of(&fact.key.to_string()), fact));
        if self.records.len() >= RECORDS_PER_APPEND {
            self.flush().await;
        }
    }

    async fn tick(&mut self, at: Instant) {
        self.records.extend((0..PARTITIONS).map(|partition| tick(Partition(partition), at)));
    }

    async fn flush(&mut self) {
        self.log.append(std::mem::take(&mut self.records)).await.expect("the events are written");
    }
}

/// What was used before a measurement.
struct Usage {
    written: u64,
    status_bytes: u64,
}

impl Usage {
    fn now(log: &CountedLog) -> Self {
        Self { written: bytes_written(std::process::id()), status_bytes: log.status_bytes() }
    }

    fn report(self, what: &str, facts: usize, ticks: usize, shares: Shares, log: &CountedLog) {
        let (whole, now) = (shares.whole().as_secs_f64(), Self::now(log));
        let per_fact = |bytes: u64| bytes / u64::try_from(facts.max(1)).expect("millions");
        report(&format!(
            "{what}: {facts} facts and {ticks} ticks in {whole:.2} s, {:.0} facts/s; {:.1} s of processor time, {:.0} facts/s \
             per core",
            events_f64(facts) / whole,
            shares.processors.as_secs_f64(),
            events_f64(facts) / shares.processors.as_secs_f64()
        ));
        report(&format!(
            "of its time: poll {:.0} %, fold {:.0} %, commit {:.0} %, store {:.0} %, in {} commits; written per fact: {} B to \
             kigen.status before compression, {} B to the disk by RocksDB",
            shares.percent(shares.poll),
            shares.percent(shares.fold),
            shares.percent(shares.commit),
            shares.percent(shares.store),
            shares.commits,
            per_fact(now.status_bytes - self.status_bytes),
            per_fact(now.written - self.written)
        ));
    }
}
