//! The processor on a real Kafka, with transactions and the store on disk: its throughput, beside plain consumers of the same
//! topic; where its time goes; how long a restart takes; the latency from a tick to its alert; and all of that with many
//! batches that have full histories.
//!
//! Without criterion: each measurement takes seconds, and what counts is the ratio of several in one run. An argument
//! chooses one part: `throughput`, `restart`, `latency`, or `wide`. A number behind it is that of the wide fleet's batches.

mod counted;
mod judging;
mod wide;

use std::collections::BTreeMap;
use std::time::{Duration, Instant as RealInstant};

use chrono::TimeDelta;
use kigen_log::kafka::topics::Layout;
use kigen_log::kafka::{Connection, KafkaLog};
use kigen_log::{Log, NewRecord, Retention, Settings};
use kigen_model::Instant;
use kigen_model::event::{ClusterBody, ClusterEvent, Event, Fact, FactBody, Revision};
use kigen_model::key::BatchKey;
use kigen_model::objective::{Deadlines, Objective, ObjectiveSource};
use kigen_model::topic::{Partition, Topic};
use kigen_processor::{Processor, TurnBounds};
use kigen_store::Store;
use kigen_testkit::admin::Admin;
use kigen_testkit::bench::{chosen_part, is_measured, report};
use kigen_testkit::fleet::{self, CLUSTER, Size};
use kigen_testkit::kafka::Broker;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::{ClientConfig, Message, TopicPartitionList};

use crate::judging::{Shares, judge};

/// As in `kigen`.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// How much is measured.
struct Amounts {
    cron_jobs: i32,
    days: i32,
    /// The repetitions of each throughput; the best counts.
    times: usize,
    /// The number of batches at the restart.
    batches: i32,
    /// The number of ticks, each of which makes a slot due.
    ticks: i32,
    /// The number of batches of the wide fleet.
    wide_batches: usize,
}

const MEASURED: Amounts =
    Amounts { cron_jobs: 300, days: 365, times: 3, batches: 1_000_000, ticks: 1_000, wide_batches: 20_000 };
const ONCE: Amounts = Amounts { cron_jobs: 20, days: 2, times: 1, batches: 200, ticks: 5, wide_batches: 60 };

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let amounts = if is_measured() { MEASURED } else { ONCE };
    let kafka = Kafka { broker: Broker::start(), dir: tempfile::tempdir().expect("a folder") };
    let chosen = chosen_part();
    let is_chosen = |part: &str| chosen.as_ref().is_none_or(|chosen| chosen == part);
    if is_chosen("throughput") {
        for partitions in [1, 2, 4] {
            throughput(&kafka, &amounts, partitions).await;
        }
    }
    if is_chosen("restart") {
        restart(&kafka, &amounts).await;
    }
    if is_chosen("latency") {
        latency(&kafka, &amounts).await;
        kafka.clear().await;
    }
    if is_chosen("wide") {
        let batches = std::env::args().find_map(|argument| argument.parse().ok());
        wide::measure(&kafka, batches.unwrap_or(amounts.wide_batches)).await;
    }
}

struct Kafka {
    broker: Broker,
    dir: tempfile::TempDir,
}

impl Kafka {
    /// A log with new topics.
    async fn log(&self, partitions: u32, instance: &str) -> KafkaLog {
        let connection = Connection::new(self.broker.bootstrap(), BTreeMap::new()).expect("no settings");
        // The generated events are of the past, and must not expire.
        let kept = Retention { age_ms_max: 10 * 365 * 86_400_000, partition_bytes_max: 1 << 40 };
        let log = Settings { partitions, events: kept, alerts: kept, rejects: kept, ..Settings::default() };
        KafkaLog::open(connection, &Layout { log, replication: Some(1) }, instance).await.expect("a log")
    }

    async fn clear(&self) {
        Admin::new(self.broker.bootstrap()).delete_topics(&Topic::ALL.map(Topic::name)).await;
    }

    fn consumer(&self, topic: Topic, partitions: u32, from: rdkafka::Offset) -> BaseConsumer {
        let consumer: BaseConsumer = ClientConfig::new()
            .set("bootstrap.servers", self.broker.bootstrap())
            .set("group.id", "plain")
            .set("enable.auto.commit", "false")
            // As kigen sets it: by default, librdkafka waits for a second whenever its queue was full.
            .set("fetch.queue.backoff.ms", "10")
            .set("isolation.level", "read_committed")
            .create()
            .expect("a consumer");
        let mut list = TopicPartitionList::new();
        for partition in 0..i32::try_from(partitions).expect("few") {
            list.add_partition_offset(topic.name(), partition, from).expect("an offset");
        }
        consumer.assign(&list).expect("a readable topic");
        consumer
    }

    /// The time to read so many events, from the first one on.
    fn read(&self, partitions: u32, events: usize, mut each: impl FnMut(&[u8])) -> Duration {
        let consumer = self.consumer(Topic::Events, partitions, rdkafka::Offset::Beginning);
        let mut began = None;
        for _ in 0..events {
            let message =
                consumer.poll(Duration::from_secs(60)).expect("an event").expect("a readable record");
            began.get_or_insert_with(RealInstant::now);
            each(message.payload().unwrap_or_default());
        }
        began.map_or(Duration::ZERO, |began| began.elapsed())
    }
}

async fn throughput(kafka: &Kafka, amounts: &Amounts, partitions: u32) {
    let Amounts { cron_jobs, days, times, .. } = *amounts;
    let size = Size { cron_jobs, days, partitions, late_each_days: 7, ..Size::default() };
    let log = kafka.log(partitions, "feeder").await;
    let events = fleet::fill(&log, &size).await;
    let ticks = usize::try_from(partitions).expect("few") * usize::try_from(days * 1_440).expect("thousands");
    report(&format!(
        "{cron_jobs} CronJobs, {days} days, a tick a minute in each of {partitions} partitions: {events} events, of which \
         {ticks} are ticks"
    ));
    let best = |what: &str, took: Duration| {
        let per_second = events_f64(events) / took.as_secs_f64();
        report(&format!("{what:<32} {:>6.2} s  {per_second:>9.0} events/s", took.as_secs_f64()));
        took
    };
    let least = |measure: &dyn Fn() -> Duration| (0..times).map(|_| measure()).min().expect("measured");
    let dropped = least(&|| {
        kafka.read(partitions, events, |value| {
            std::hint::black_box(value);
        })
    });
    let dropped = best("a consumer that drops them", dropped);
    let decoded = least(&|| {
        kafka.read(partitions, events, |value| {
            std::hint::black_box(kigen_wire::decode_event(value)).expect("an event");
        })
    });
    let decoded = best("a consumer that decodes them", decoded);
    let mut judged: Option<Shares> = None;
    for time in 0..times {
        // Each repetition judges from the start, without the states and positions of the one before.
        if time > 0 {
            kafka.clear().await;
            fleet::fill(&kafka.log(partitions, "feeder").await, &size).await;
        }
        let log = kafka.log(partitions, &format!("judge-{partitions}-{time}")).await;
        let shares = judge(&log, &kafka.dir.path().join(format!("{partitions}-{time}"))).await;
        judged = Some(judged.filter(|best| best.whole() < shares.whole()).unwrap_or(shares));
    }
    let shares = judged.expect("measured");
    let took = best("the processor", shares.whole());
    report(&format!(
        "it takes {:.2} s of processor time: {:.0} events/s per core",
        shares.processors.as_secs_f64(),
        events_f64(events) / shares.processors.as_secs_f64()
    ));
    report(&format!(
        "that is {:.0} facts/s and {:.0} ticks/s",
        events_f64(events - ticks) / took.as_secs_f64(),
        events_f64(ticks) / took.as_secs_f64()
    ));
    let of = |part| shares.percent(part);
    let decode = decoded.saturating_sub(dropped).min(shares.fold);
    report(&format!(
        "of its time: poll {:.0} %, decode {:.0} %, fold {:.0} %, commit {:.0} %, store {:.0} %, in {} commits",
        of(shares.poll),
        of(decode),
        of(shares.fold - decode),
        of(shares.commit),
        of(shares.store),
        shares.commits
    ));
    report(&format!(
        "against a consumer that drops: {:.2}; against one that decodes: {:.2}",
        dropped.as_secs_f64() / took.as_secs_f64(),
        decoded.as_secs_f64() / took.as_secs_f64()
    ));
    kafka.clear().await;
}

/// The time until a restarted processor of many batches judges again.
async fn restart(kafka: &Kafka, amounts: &Amounts) {
    let log = kafka.log(1, "restarted").await;
    let mut batches = 0;
    while batches < amounts.batches {
        let until = amounts.batches.min(batches + 20_000);
        let facts = (batches..until).flat_map(|nth| declared(nth, "0 12 * * *"));
        log.append(facts.map(|fact| of_fact(Partition(0), &fact)).collect())
            .await
            .expect("the events are written");
        batches = until;
    }
    log.append(vec![tick(Partition(0), fleet::start())]).await.expect("the events are written");
    let store = kafka.dir.path().join("restarted");
    judge(&log, &store).await;
    for (what, is_kept) in [("warm", true), ("restored from kigen.status", false)] {
        if !is_kept {
            std::fs::remove_dir_all(&store).expect("the store exists");
        }
        // One new tick is to be judged.
        log.append(vec![tick(Partition(0), fleet::start() + TimeDelta::minutes(i64::from(is_kept) + 1))])
            .await
            .expect("the events are written");
        let began = RealInstant::now();
        judge(&log, &store).await;
        report(&format!(
            "started again with {} batches, {what}: {:.2} s until the next tick is judged and committed",
            amounts.batches,
            began.elapsed().as_secs_f64()
        ));
    }
    kafka.clear().await;
}

/// The time from the tick that makes a slot due to its alert, readable by read_committed.
async fn latency(kafka: &Kafka, amounts: &Amounts) {
    let log = kafka.log(1, "latency").await;
    let (store, _) = Store::open(&kafka.dir.path().join("latency")).expect("a store");
    let processor = Processor::open(log.clone(), store, TurnBounds::default()).expect("a processor");
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let judging = tokio::spawn(kigen_processor::run(processor, stopped));
    // There are no runs, so that each minute's deadline is missed.
    let mut facts = declared(0, "* * * * *").map(|fact| of_fact(Partition(0), &fact)).to_vec();
    facts.push(tick(Partition(0), fleet::start()));
    log.append(facts).await.expect("the events are written");
    let consumer = kafka.consumer(Topic::Alerts, 1, rdkafka::Offset::Beginning);
    let mut took = Vec::new();
    // During the first ones the processor joins the group.
    for minute in 1..=amounts.ticks + 10 {
        let tick =
            tick(Partition(0), fleet::start() + TimeDelta::minutes(1) * minute + TimeDelta::seconds(31));
        let began = RealInstant::now();
        log.append(vec![tick]).await.expect("the events are written");
        if minute > 1 {
            // The first slot is a partial one, without an alert.
            consumer.poll(Duration::from_secs(60)).expect("an alert").expect("a readable record");
        }
        if minute > 10 {
            took.push(began.elapsed());
        }
    }
    stop.send_replace(true);
    judging.await.expect("it ends");
    took.sort_unstable();
    let at = |percent: usize| took[(took.len() * percent / 100).min(took.len() - 1)].as_secs_f64() * 1_000.0;
    report(&format!(
        "from a tick to its alert, {} times: median {:.0} ms, p99 {:.0} ms, at most {:.0} ms",
        took.len(),
        at(50),
        at(99),
        at(100)
    ));
}

/// A CronJob whose deadline is the time at which it fires again.
fn declared(nth: i32, crontab: &str) -> [Fact; 2] {
    let deadlines = Deadlines::CompleteBy { crontab: crontab.to_owned() };
    let objective = Objective::new(deadlines, ObjectiveSource::Annotation);
    let key = BatchKey::new(CLUSTER, "ml", format!("batch-{nth}"));
    let revision = |version| Revision { uid: format!("uid-{nth}"), resource_version: version };
    let fact = |body| Fact { key: key.clone(), observed_at: fleet::start(), body };
    [
        fact(FactBody::CronJob { revision: revision(1), cron_job: Some(fleet::cron_job(crontab)) }),
        fact(FactBody::Objective {
            name: "complete-by".to_owned(),
            revision: revision(2),
            objective: Some(objective),
        }),
    ]
}

fn of_fact(partition: Partition, fact: &Fact) -> NewRecord {
    record(partition, fact.key.to_string(), fact.observed_at, &Event::Fact(fact.clone()))
}

fn tick(partition: Partition, at: Instant) -> NewRecord {
    let body = ClusterBody::Tick { observed_until: at, positions: Vec::new() };
    let event =
        Event::Cluster(ClusterEvent { cluster: CLUSTER.to_owned(), cluster_uid: None, epoch: 1, body });
    record(partition, CLUSTER.to_owned(), at, &event)
}

fn record(partition: Partition, key: String, timestamp: Instant, event: &Event) -> NewRecord {
    let value = Some(kigen_wire::encode_event(event, kigen_wire::Level::NEWEST));
    NewRecord { topic: Topic::Events, partition, key, value, timestamp }
}

fn events_f64(events: usize) -> f64 {
    f64::from(u32::try_from(events).expect("millions"))
}
