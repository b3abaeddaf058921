//! What judging costs where nearly each fact needs another state: many batches with full histories, whose facts come in random
//! order, through the processor and the store on disk, with a log in memory in place of Kafka.
//!
//! Without criterion: it takes seconds, and what counts is the ratio of two builds that run in turns. A number among the arguments
//! is that of the batches.

use std::time::{Duration, Instant as RealInstant};

use chrono::TimeDelta;
use kigen_log::{Log, LogReader, NewRecord, Settings};
use kigen_model::Instant;
use kigen_model::event::{ClusterBody, ClusterEvent, Event};
use kigen_model::topic::{Partition, Topic};
use kigen_processor::{Processor, TurnBounds};
use kigen_store::Store;
use kigen_testkit::bench::{is_measured, report};
use kigen_testkit::fleet::CLUSTER;
use kigen_testkit::process::{bytes_written, memory, processor_time};
use kigen_testkit::simulated::{Faults, SimulatedLog};
use kigen_testkit::wide::WideFleet;

/// As in `kigen`.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

const PARTITIONS: u32 = 4;
const SEED: u64 = 19;
/// How many records are appended, and then judged, at once: the log keeps them in memory.
const RECORDS_PER_APPEND: usize = 20_000;

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let measured = if is_measured() { 10_000 } else { 50 };
    let batches = std::env::args().find_map(|argument| argument.parse().ok()).unwrap_or(measured);
    let dir = tempfile::tempdir().expect("a folder");
    let log =
        SimulatedLog::new(Settings { partitions: PARTITIONS, ..Settings::default() }, Faults::default(), 0);
    let mut fleet = WideFleet::new(batches, SEED);
    let (store, _) = Store::open(dir.path()).expect("a store");
    let processor = Processor::open(log.clone(), store, TurnBounds::default()).expect("a processor");
    let mut bench = Bench { log, processor, records: Vec::new(), shares: Shares::default() };

    let mut facts = 0;
    for nth in 0..batches {
        for fact in fleet.history(nth) {
            facts += 1;
            bench.add(fact.key.to_string(), Event::Fact(fact)).await;
        }
    }
    bench.tick(WideFleet::listed_at());
    bench.report("the histories, batch after batch", facts).await;
    let facts = 3 * batches;
    for _ in 0..facts {
        let fact = fleet.next_fact(WideFleet::listed_at());
        bench.add(fact.key.to_string(), Event::Fact(fact)).await;
    }
    bench.report("further facts, in random order", facts).await;
    let noon = WideFleet::listed_at() + TimeDelta::hours(12) + TimeDelta::seconds(31);
    bench.tick(noon);
    bench.report("all due by a tick", batches).await;
    bench.tick(noon + TimeDelta::days(1));
    bench.report("all missed by a tick", batches).await;
    report(&format!("memory then: {}", memory(std::process::id())));
}

/// Where the time goes.
#[derive(Default)]
struct Shares {
    fold: Duration,
    commit: Duration,
    store: Duration,
    processors: Duration,
    written: u64,
}

struct Bench {
    log: SimulatedLog,
    processor: Processor<SimulatedLog>,
    records: Vec<NewRecord>,
    shares: Shares,
}

impl Bench {
    async fn add(&mut self, key: String, event: Event) {
        let partition = self.log.reader().partition_of(&key);
        self.add_to(partition, key, &event);
        if self.records.len() >= RECORDS_PER_APPEND {
            self.judge().await;
        }
    }

    fn tick(&mut self, observed_until: Instant) {
        let body = ClusterBody::Tick { observed_until, positions: Vec::new() };
        let event =
            Event::Cluster(ClusterEvent { cluster: CLUSTER.to_owned(), cluster_uid: None, epoch: 1, body });
        (0..PARTITIONS).for_each(|partition| self.add_to(Partition(partition), CLUSTER.to_owned(), &event));
    }

    fn add_to(&mut self, partition: Partition, key: String, event: &Event) {
        let value = Some(kigen_wire::encode_event(event, kigen_wire::Level::NEWEST));
        let timestamp = WideFleet::listed_at();
        self.records.push(NewRecord { topic: Topic::Events, partition, key, value, timestamp });
    }

    /// Judges what was added.
    async fn judge(&mut self) {
        self.log.append(std::mem::take(&mut self.records)).await.expect("it is in memory");
        let processor = &mut self.processor;
        let (processors, written) = (processor_time(std::process::id()), bytes_written(std::process::id()));
        while !processor.is_idle().expect("a readable log") {
            let poll = processor.next().await.expect("events");
            let began = RealInstant::now();
            let staged = processor.apply(poll);
            let folded = RealInstant::now();
            let committed = processor.commit(staged).await.expect("a commit");
            let taken = RealInstant::now();
            processor.store(committed).expect("a write of the store");
            self.shares.fold += folded - began;
            self.shares.commit += taken - folded;
            self.shares.store += taken.elapsed();
        }
        self.shares.processors += processor_time(std::process::id()) - processors;
        self.shares.written += bytes_written(std::process::id()) - written;
        self.log.compact();
    }

    async fn report(&mut self, what: &str, facts: usize) {
        self.judge().await;
        let Shares { fold, commit, store, processors, written } = std::mem::take(&mut self.shares);
        let count = f64::from(u32::try_from(facts).expect("millions"));
        let share = |part: Duration| 100.0 * part.as_secs_f64() / (fold + commit + store).as_secs_f64();
        report(&format!(
            "{what}: {facts} in {:.2} s; {:.2} s of processor time, {:.0}/s per core; fold and encode {:.0} %, \
             commit {:.0} %, store {:.0} %; written for each {} B",
            (fold + commit + store).as_secs_f64(),
            processors.as_secs_f64(),
            count / processors.as_secs_f64(),
            share(fold),
            share(commit),
            share(store),
            written / u64::try_from(facts).expect("millions")
        ));
    }
}
