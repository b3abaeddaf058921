//! Processors on a real Kafka are killed, frozen and added, their stores deleted and the broker killed, all at random
//! from a printed seed: the alerts are those of one undisturbed run.
//!
//! `KIGEN_TEST_KILLS` is the number of kills (`make soak` has 300), `KIGEN_TEST_SEED` repeats the choices of a run.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant as RealInstant};

use fastrand::Rng;
use kigen_log::kafka::topics::Layout;
use kigen_log::kafka::{Connection, KafkaLog};
use kigen_log::{ConsumedRecord, EmbeddedLog, Log, LogError, LogReader, NewRecord, Retention, Settings};
use kigen_model::Instant;
use kigen_model::topic::{Offset, Partition, Topic};
use kigen_processor::{GROUP, Processor, TurnBounds};
use kigen_store::Store;
use kigen_testkit::fleet::{self, Fleet, Size};
use kigen_testkit::kafka::Broker;

use crate::support::HEAVY;

const TEST: &str = "chaos::each_alert_is_in_the_topic_once_after_any_failures";
const KILLS: &str = "KIGEN_TEST_KILLS";
const SEED: &str = "KIGEN_TEST_SEED";
/// For a child: its instance.
const INSTANCE: &str = "KIGEN_TEST_INSTANCE";
const BROKERS: &str = "KIGEN_TEST_BROKERS";
/// For a child: `turn:step:signal`, the signal that it sends to itself, and when.
const FAULT: &str = "KIGEN_TEST_FAULT";

const PARTITIONS: u32 = 4;
/// The key of records that are not events.
const GARBAGE: &str = "written/by/others";
const DAYS: i32 = 365;
/// The shortest session timeout that Kafka's brokers allow.
const SESSION_MS: u32 = 6_000;
const PROCESSORS_MAX: usize = 3;
/// The longest wait until everything is judged after the last kill.
const PATIENCE: Duration = Duration::from_secs(120);
const POLL_INTERVAL: Duration = Duration::from_millis(20);
/// Small, so that a day is many commits, and a tick's due work is cut by its cursor.
const BOUNDS: TurnBounds =
    TurnBounds { events_max: 64, batches_max: 8, slots_max: 16, bytes_max: 64 * 1024, due_page_max: 3 };

#[test]
fn each_alert_is_in_the_topic_once_after_any_failures() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.expect("a runtime");
    if let Ok(instance) = std::env::var(INSTANCE) {
        runtime.block_on(child(&instance));
        return;
    }
    let _heavy = HEAVY.blocking_lock();
    let kills = std::env::var(KILLS).map_or(20, |kills| kills.parse().expect("a number of kills"));
    let seed = std::env::var(SEED).ok().map(|seed| seed.parse().expect("a seed"));
    let seed = seed.unwrap_or_else(|| fastrand::u64(..));
    // Printed before anything can fail, and shown if it does.
    println!("{SEED}={seed} {KILLS}={kills}");
    let mut chaos = Chaos::new(seed, kills);
    let expected = runtime.block_on(undisturbed());
    assert!(expected.alerts.iter().flatten().count() > 1_000, "a year has many alerts");
    runtime.block_on(chaos.year());
    let found = chaos.judged();
    for (partition, (found, expected)) in found.alerts.iter().zip(&expected.alerts).enumerate() {
        assert!(found == expected, "partition {partition}: {}", differing(found, expected));
    }
    assert!(found.states == expected.states, "the states at the end differ");
    assert!(found.garbage.len() >= usize::try_from(DAYS).expect("a year"), "each day has its garbage");
    assert_eq!(
        found.rejected, found.garbage,
        "each record that is no event is rejected once, and nothing else"
    );
    chaos.print_figures();
}

fn size() -> Size {
    Size { cron_jobs: 12, days: DAYS, partitions: PARTITIONS, minutes_per_tick: 5, late_each_days: 7 }
}

/// The result of a run.
struct Outcome {
    /// The alerts of each partition in their order, with their bytes.
    alerts: Vec<Vec<Entry>>,
    /// The last state of each batch.
    states: BTreeMap<String, Option<Vec<u8>>>,
    /// The partition and offset of each record that is no event, and of each that was rejected.
    garbage: Vec<(u32, u64)>,
    rejected: Vec<(u32, u64)>,
}

/// Key, value and timestamp of a record.
type Entry = (String, Option<Vec<u8>>, Instant);

impl Outcome {
    fn of(log: &impl LogReader) -> Self {
        let all = |topic| (0..PARTITIONS).map(move |partition| records(log, topic, Partition(partition)));
        let states = all(Topic::Status).flatten().map(|(key, value, _)| (key, value));
        let states = states.filter(|(key, _)| key != "position").collect();
        let (mut garbage, mut rejected) = (Vec::new(), Vec::new());
        for partition in (0..PARTITIONS).map(Partition) {
            each(log, Topic::Events, partition, |record| {
                if record.key == GARBAGE {
                    garbage.push((partition.0, record.offset.0));
                }
            });
            each(log, Topic::Rejects, partition, |record| {
                let reject = kigen_wire::decode_reject(record.value.as_deref().unwrap_or_default());
                rejected.extend(reject.expect("a reject").place);
            });
        }
        Self { alerts: all(Topic::Alerts).collect(), states, garbage, rejected }
    }
}

fn records(log: &impl LogReader, topic: Topic, partition: Partition) -> Vec<Entry> {
    let mut all = Vec::new();
    each(log, topic, partition, |record| all.push((record.key, record.value, record.timestamp)));
    all
}

fn each(log: &impl LogReader, topic: Topic, partition: Partition, mut take: impl FnMut(ConsumedRecord)) {
    let mut next = Offset(0);
    loop {
        let records = log.read(topic, partition, next, 10_000, 8 << 20).expect("records");
        let Some(last) = records.last() else { return };
        next = last.offset.next();
        records.into_iter().for_each(&mut take);
    }
}

fn differing(found: &[Entry], expected: &[Entry]) -> String {
    let first = found.iter().zip(expected).position(|(found, expected)| found != expected);
    let decoded =
        |entry: Option<&Entry>| entry.and_then(|entry| entry.1.as_deref()).map(kigen_wire::decode_alert);
    let at = first.unwrap_or(found.len().min(expected.len()));
    format!(
        "{} alerts instead of {}; the first that differs is number {at}, {:?} instead of {:?}",
        found.len(),
        expected.len(),
        decoded(found.get(at)),
        decoded(expected.get(at)),
    )
}

/// The same year in an embedded log, judged without interruption.
async fn undisturbed() -> Outcome {
    let dir = tempfile::tempdir().expect("a folder");
    let log = EmbeddedLog::open(&dir.path().join("log"), layout().log).expect("a log");
    fleet::fill(&log, &size()).await;
    let (store, _) = Store::open(&dir.path().join("store")).expect("a store");
    let mut processor = Processor::open(log.clone(), store, TurnBounds::default()).expect("a processor");
    while !processor.is_idle().expect("a readable log") {
        processor.turn().await.expect("a turn");
    }
    Outcome::of(&log)
}

/// The year is in the past, and must not expire.
fn layout() -> Layout {
    let kept = Retention { age_ms_max: 10 * 365 * 86_400_000, partition_bytes_max: 1 << 40 };
    let log =
        Settings { partitions: PARTITIONS, events: kept, alerts: kept, rejects: kept, ..Settings::default() };
    Layout { log, replication: Some(1) }
}

async fn open(brokers: &str, instance: &str) -> KafkaLog {
    let settings = BTreeMap::from([("session.timeout.ms".to_owned(), SESSION_MS.to_string())]);
    let connection = Connection::new(brokers, settings).expect("valid settings");
    let until = RealInstant::now() + PATIENCE;
    loop {
        match KafkaLog::open(connection.clone(), &layout(), instance).await {
            Ok(log) => return log,
            Err(error) => assert!(RealInstant::now() < until, "Kafka: {error}"),
        }
    }
}

/// Retries until Kafka answers: it may have just started.
fn retried<T>(request: impl Fn() -> Result<T, LogError>) -> T {
    let until = RealInstant::now() + PATIENCE;
    loop {
        match request() {
            Ok(answer) => return answer,
            Err(error) => assert!(RealInstant::now() < until, "Kafka: {error}"),
        }
        std::thread::sleep(POLL_INTERVAL);
    }
}

/// The processors, the broker and the faults that are injected into them.
struct Chaos {
    random: Rng,
    kills: u32,
    started: RealInstant,
    deck: Vec<Fault>,
    dir: tempfile::TempDir,
    broker: Broker,
    processors: BTreeMap<&'static str, Running>,
    injected: Injected,
}

/// A fault.
#[derive(Clone, Copy, Debug)]
enum Fault {
    Kill,
    KillAtAStep,
    KillBroker,
    Freeze,
    FreezeBeforeACommit,
    JoinOrLeave,
}

/// How often each occurs before the deck is shuffled again.
const DECK: [(Fault, usize); 6] = [
    (Fault::Kill, 7),
    (Fault::KillAtAStep, 5),
    (Fault::KillBroker, 1),
    (Fault::Freeze, 1),
    (Fault::FreezeBeforeACommit, 1),
    (Fault::JoinOrLeave, 3),
];

/// How often each fault was injected.
#[derive(Default)]
struct Injected {
    killed: u32,
    killed_at_a_step: u32,
    killed_brokers: u32,
    frozen: u32,
    deleted_stores: u32,
    joined: u32,
    left: u32,
}

/// A child that judges until its stdin is closed.
struct Running(Child);

const NAMES: [&str; PROCESSORS_MAX] = ["one", "two", "three"];

impl Chaos {
    fn new(seed: u64, kills: u32) -> Self {
        Self {
            random: Rng::with_seed(seed),
            kills,
            started: RealInstant::now(),
            deck: Vec::new(),
            dir: tempfile::tempdir().expect("a folder"),
            broker: Broker::start(),
            processors: BTreeMap::new(),
            injected: Injected::default(),
        }
    }

    /// Appends a year in as many parts as there are kills, with a fault after each part.
    async fn year(&mut self) {
        let log = open(self.broker.bootstrap(), "feeder").await;
        let ends = (0..PARTITIONS).map(|of| retried(|| log.reader().latest(Topic::Events, Partition(of))));
        assert!(ends.into_iter().all(|end| end == Offset(0)), "the broker must not have kigen's topics yet");
        let size = size();
        let mut fleet = Fleet::new(&size, |key| log.reader().partition_of(key));
        NAMES[..2].iter().for_each(|name| self.run(name, ""));
        let mut day = 0;
        while self.injected.killed < self.kills {
            let until =
                u64::from(self.injected.killed + 1) * u64::from(DAYS.unsigned_abs()) / u64::from(self.kills);
            while day < until
                && let Some(records) = fleet.next_day()
            {
                append(&log, with_garbage(records, day)).await;
                day += 1;
            }
            self.inject_fault(day);
        }
        while let Some(records) = fleet.next_day() {
            append(&log, records).await;
        }
    }

    /// Injects the next fault, and restarts what has ended.
    fn inject_fault(&mut self, day: u64) {
        // At any point of the work on what was just appended: a poll, a fold, a transaction, a write to the store.
        std::thread::sleep(Duration::from_millis(self.random.u64(0..700)));
        if self.deck.is_empty() {
            self.deck.extend(DECK.iter().flat_map(|(fault, times)| [*fault].repeat(*times)));
            self.random.shuffle(&mut self.deck);
        }
        let name = self.any();
        let fault = self.deck.pop().expect("it was refilled");
        self.print_progress(day, fault, name);
        match fault {
            Fault::Kill => {
                self.kill(name);
                self.injected.killed += 1;
                self.maybe_delete_store(name);
                self.run(name, "");
            }
            Fault::KillAtAStep => self.kill_at_a_step(name),
            Fault::KillBroker => self.kill_broker(),
            Fault::Freeze => self.freeze(name, ""),
            Fault::FreezeBeforeACommit => {
                let at = format!("{}:1:-STOP", self.random.u32(2..6));
                self.freeze(name, &at);
            }
            Fault::JoinOrLeave => self.join_or_leave(),
        }
    }

    fn any(&mut self) -> &'static str {
        let names: Vec<&str> = self.processors.keys().copied().collect();
        names[self.random.usize(0..names.len())]
    }

    /// Restarts one that kills itself at a step of one of its next turns.
    fn kill_at_a_step(&mut self, name: &'static str) {
        self.kill(name);
        self.maybe_delete_store(name);
        let (turn, step) = (self.random.u32(0..8), self.random.u32(0..STEPS));
        self.run(name, &format!("{turn}:{step}:-KILL"));
        let child = &mut self.processors.get_mut(name).expect("it runs").0;
        let until = RealInstant::now() + Duration::from_secs(5);
        // It survives if there is nothing for it to judge.
        while child.try_wait().expect("its state").is_none() && RealInstant::now() < until {
            std::thread::sleep(POLL_INTERVAL);
        }
        if child.try_wait().expect("its state").is_some() {
            self.injected.killed_at_a_step += 1;
        }
        self.kill(name);
        self.injected.killed += 1;
        self.maybe_delete_store(name);
        self.run(name, "");
    }

    fn kill_broker(&mut self) {
        if self.broker.kill() {
            // Sometimes long enough to be noticed.
            std::thread::sleep(Duration::from_millis(self.random.u64(0..3_000)));
            self.broker.start_again();
            self.injected.killed_brokers += 1;
            self.injected.killed += 1;
        }
    }

    /// Stops one for longer than a session, while another takes over its partitions; then it resumes.
    fn freeze(&mut self, name: &'static str, fault: &str) {
        if self.processors.len() < 2 {
            let absent = NAMES.iter().find(|other| !self.processors.contains_key(*other));
            self.run(absent.expect("there are more names"), "");
        }
        if fault.is_empty() {
            self.signal(name, "-STOP");
        } else {
            self.kill(name);
            self.run(name, fault);
        }
        std::thread::sleep(Duration::from_millis(u64::from(SESSION_MS) + 3_000));
        self.signal(name, "-CONT");
        self.injected.frozen += 1;
    }

    fn join_or_leave(&mut self) {
        let absent = NAMES.iter().find(|name| !self.processors.contains_key(*name));
        match absent {
            Some(name) if self.processors.len() < 2 || self.random.bool() => {
                self.run(name, "");
                self.injected.joined += 1;
            }
            _ => {
                let name = self.any();
                let mut running = self.processors.remove(name).expect("it runs");
                drop(running.0.stdin.take());
                assert!(running.0.wait().expect("its end").success(), "{name} did not end in order");
                self.injected.left += 1;
                if self.processors.is_empty() {
                    self.run(name, "");
                }
            }
        }
    }

    fn maybe_delete_store(&mut self, name: &str) {
        let store = self.folder(name).join("store");
        if self.random.u32(0..3) == 0 && store.exists() {
            std::fs::remove_dir_all(store).expect("a folder that can be deleted");
            self.injected.deleted_stores += 1;
        }
    }

    fn folder(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn run(&mut self, name: &'static str, fault: &str) {
        let folder = self.folder(name);
        std::fs::create_dir_all(&folder).expect("a folder");
        let output = File::options().create(true).append(true).open(folder.join("output")).expect("a file");
        let child = Command::new(std::env::current_exe().expect("the test's own path"))
            .args(["--exact", TEST, "--nocapture"])
            .current_dir(&folder)
            .env(INSTANCE, name)
            .env(BROKERS, self.broker.bootstrap())
            .env(FAULT, fault)
            .stdin(Stdio::piped())
            .stdout(output.try_clone().expect("a file has a second handle"))
            .stderr(output)
            .spawn();
        let before = self.processors.insert(name, Running(child.expect("the child runs")));
        assert!(before.is_none(), "{name} runs already");
    }

    fn signal(&self, name: &str, signal: &str) {
        send(self.processors[name].0.id(), signal);
    }

    /// Kills one, even if it is frozen.
    fn kill(&mut self, name: &str) {
        let mut running = self.processors.remove(name).expect("it runs");
        running.0.kill().expect("it can be killed");
        running.0.wait().expect("its end");
    }

    /// Waits until everything is judged; returns the result.
    fn judged(&mut self) -> Outcome {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        let log = runtime.block_on(open(self.broker.bootstrap(), "reader"));
        let reader = log.reader();
        let until = RealInstant::now() + PATIENCE;
        for partition in (0..PARTITIONS).map(Partition) {
            let end = retried(|| reader.latest(Topic::Events, partition));
            let judged = || retried(|| reader.position(GROUP, Topic::Events, partition));
            while judged() != Some(end) {
                let position = judged();
                assert!(
                    RealInstant::now() < until,
                    "partition {partition} is judged up to {position:?} of {end} only\n{}",
                    self.logs()
                );
                std::thread::sleep(POLL_INTERVAL);
            }
            retried(|| reader.last_stable_offset(Topic::Alerts, partition));
            retried(|| reader.last_stable_offset(Topic::Status, partition));
        }
        let names: Vec<&str> = self.processors.keys().copied().collect();
        names.into_iter().for_each(|name| self.kill(name));
        Outcome::of(reader)
    }

    fn logs(&self) -> String {
        let of = |name: &&str| std::fs::read_to_string(self.folder(name).join("output")).unwrap_or_default();
        NAMES.iter().map(of).collect()
    }

    /// Prints what happens next, and when: a long run shows that it goes on, and one that hangs where.
    #[expect(clippy::print_stdout, reason = "a run of many minutes shows that it goes on")]
    fn print_progress(&self, day: u64, fault: Fault, name: &str) {
        let (elapsed, killed, kills) = (self.started.elapsed().as_secs(), self.injected.killed, self.kills);
        println!("{elapsed:>5} s: day {day} of {DAYS}, {killed} of {kills} kills; next {fault:?} ({name})");
    }

    /// Prints the figures of the run.
    #[expect(clippy::print_stdout, reason = "the figures are what a soak is run for")]
    fn print_figures(&self) {
        let Injected { killed, killed_at_a_step, killed_brokers, frozen, deleted_stores, joined, left } =
            self.injected;
        let logs = self.logs();
        let fenced = logs.matches("has this one's partitions").count();
        println!(
            "{killed} kills, of them {killed_at_a_step} at a step of a turn and {killed_brokers} of the broker; {frozen} \
             frozen, {joined} joined, {left} left, {deleted_stores} stores deleted; {fenced} commits refused"
        );
        assert!(!logs.contains("panicked"), "{logs}");
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn send(process: u32, signal: &str) {
    let sent = Command::new("kill").args([signal, &process.to_string()]).status();
    assert!(sent.expect("a signal can be sent").success(), "no process {process}");
}

/// A day's events, and among them a record that is none.
fn with_garbage(mut records: Vec<NewRecord>, day: u64) -> Vec<NewRecord> {
    let middle = records.len() / 2;
    let timestamp = records[middle].timestamp;
    let partition = Partition(u32::try_from(day).expect("a year") % PARTITIONS);
    let (key, value) = (GARBAGE.to_owned(), Some(b"no event".to_vec()));
    records.insert(middle, NewRecord { topic: Topic::Events, partition, key, value, timestamp });
    records
}

/// Appends until it succeeds. A broker that is being killed may have stored the records or not: duplicates are harmless.
async fn append(log: &KafkaLog, records: Vec<NewRecord>) {
    let until = RealInstant::now() + PATIENCE;
    while let Err(error) = log.append(records.clone()).await {
        assert!(RealInstant::now() < until, "the year cannot be appended: {error}");
    }
}

const STEPS: u32 = 4;

/// Judges until stdin is closed.
async fn child(instance: &str) {
    tracing_subscriber::fmt().with_ansi(false).init();
    let fault = std::env::var(FAULT).unwrap_or_default();
    let log = open(&std::env::var(BROKERS).expect("the brokers"), instance).await;
    let (store, _) = Store::open(Path::new("store")).expect("a store");
    let mut processor = Processor::open(log, store, BOUNDS).expect("a processor");
    let mut end = tokio::task::spawn_blocking(|| std::io::stdin().read(&mut [0]));
    for turn in 0.. {
        let die = |step: u32| {
            if let Some(signal) = fault.strip_prefix(&format!("{turn}:{step}:")) {
                send(std::process::id(), signal);
            }
        };
        let judged = tokio::select! {
            _ = &mut end => return,
            judged = judge(&mut processor, die) => judged,
        };
        if let Err(error) = judged {
            tracing::warn!("{}", kigen_ops::error_chain(&error));
            processor.restart_partitions();
        }
    }
}

/// One turn.
async fn judge(
    processor: &mut Processor<KafkaLog>,
    die: impl Fn(u32),
) -> Result<(), kigen_processor::ProcessorError> {
    let round = processor.next().await?;
    die(0);
    let staged = processor.apply(round);
    die(1);
    let committed = processor.commit(staged).await?;
    die(2);
    processor.store(committed)?;
    die(3);
    Ok(())
}
