//! Processors on a real Kafka are killed, frozen and joined, their stores deleted and the broker killed, all at random
//! from a printed seed: the alerts are those of one undisturbed run.
//!
//! `KIGEN_TEST_KILLS` says how many kills (`make soak` has 300), `KIGEN_TEST_SEED` repeats a run's choices.

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

const TEST: &str = "whatever_is_killed_each_alert_is_in_the_topic_once";
const KILLS: &str = "KIGEN_TEST_KILLS";
const SEED: &str = "KIGEN_TEST_SEED";
/// To a child: its instance.
const INSTANCE: &str = "KIGEN_TEST_INSTANCE";
const BROKERS: &str = "KIGEN_TEST_BROKERS";
/// To a child: `round:step:signal`, what it does to itself and when.
const HARM: &str = "KIGEN_TEST_HARM";

const PARTITIONS: u32 = 4;
/// The key of what is no event.
const GARBAGE: &str = "written/by/others";
const DAYS: i32 = 365;
/// The least that Kafka's brokers let a session be.
const SESSION_MS: u32 = 6_000;
const PROCESSORS_MAX: usize = 3;
/// How long all may take to be judged after the last kill.
const PATIENCE: Duration = Duration::from_secs(120);
const LOOK_AGAIN: Duration = Duration::from_millis(20);
/// Small, so that a day is many commits, and a tick's due work is cut by its cursor.
const BOUNDS: TurnBounds = TurnBounds { events_max: 64, batches_max: 8, due_page_max: 3 };

#[test]
fn whatever_is_killed_each_alert_is_in_the_topic_once() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.expect("a runtime");
    if let Ok(instance) = std::env::var(INSTANCE) {
        runtime.block_on(child(&instance));
        return;
    }
    let kills = std::env::var(KILLS).map_or(20, |kills| kills.parse().expect("a number of kills"));
    let seed = std::env::var(SEED).ok().map(|seed| seed.parse().expect("a seed"));
    let seed = seed.unwrap_or_else(|| fastrand::u64(..));
    // Before anything can fail, and seen where it does.
    println!("{SEED}={seed} {KILLS}={kills}");
    let mut chaos = Chaos::new(seed, kills);
    let expected = runtime.block_on(undisturbed());
    assert!(expected.alerts.iter().flatten().count() > 1_000, "a year has much to tell");
    runtime.block_on(chaos.year());
    let found = chaos.judged();
    for (partition, (found, expected)) in found.alerts.iter().zip(&expected.alerts).enumerate() {
        assert!(found == expected, "partition {partition}: {}", differing(found, expected));
    }
    assert!(found.states == expected.states, "the states at the end are others");
    assert!(found.garbage.len() >= usize::try_from(DAYS).expect("a year"), "each day has its garbage");
    assert_eq!(found.rejected, found.garbage, "what is rejected is rejected once, and nothing else");
    chaos.tell();
}

fn size() -> Size {
    Size { cron_jobs: 12, days: DAYS, partitions: PARTITIONS, minutes_per_tick: 5, late_each_days: 7 }
}

/// What a run leaves.
struct Left {
    /// Of each partition its alerts in their order, with their bytes.
    alerts: Vec<Vec<Said>>,
    /// The last state of each batch.
    states: BTreeMap<String, Option<Vec<u8>>>,
    /// The partition and offset of each record that is no event, and of each that was rejected.
    garbage: Vec<(u32, u64)>,
    rejected: Vec<(u32, u64)>,
}

/// Key, value and timestamp of a record.
type Said = (String, Option<Vec<u8>>, Instant);

impl Left {
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

fn records(log: &impl LogReader, topic: Topic, partition: Partition) -> Vec<Said> {
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

fn differing(found: &[Said], expected: &[Said]) -> String {
    let first = found.iter().zip(expected).position(|(found, expected)| found != expected);
    let decoded = |said: Option<&Said>| said.and_then(|said| said.1.as_deref()).map(kigen_wire::decode_alert);
    let at = first.unwrap_or(found.len().min(expected.len()));
    format!(
        "{} alerts instead of {}; the first other is number {at}, {:?} instead of {:?}",
        found.len(),
        expected.len(),
        decoded(found.get(at)),
        decoded(expected.get(at)),
    )
}

/// The same year in an embedded log, judged in one go.
async fn undisturbed() -> Left {
    let dir = tempfile::tempdir().expect("a folder");
    let log = EmbeddedLog::open(&dir.path().join("log"), layout().log).expect("a log");
    fleet::fill(&log, &size()).await;
    let (store, _) = Store::open(&dir.path().join("store")).expect("a store");
    let mut processor = Processor::open(log.clone(), store, TurnBounds::default()).expect("a processor");
    while !processor.is_idle().expect("a readable log") {
        processor.turn().await.expect("a turn");
    }
    Left::of(&log)
}

/// The year is of the past, and must not expire.
fn layout() -> Layout {
    let kept = Retention { age_ms_max: 10 * 365 * 86_400_000, partition_bytes_max: 1 << 40 };
    let log =
        Settings { partitions: PARTITIONS, events: kept, alerts: kept, rejects: kept, ..Settings::default() };
    Layout { log, replication: Some(1) }
}

async fn open(brokers: &str, instance: &str) -> KafkaLog {
    let settings = BTreeMap::from([("session.timeout.ms".to_owned(), SESSION_MS.to_string())]);
    let connection = Connection::new(brokers, settings).expect("settings that are taken");
    let until = RealInstant::now() + PATIENCE;
    loop {
        match KafkaLog::open(connection.clone(), &layout(), instance).await {
            Ok(log) => return log,
            Err(error) => assert!(RealInstant::now() < until, "Kafka: {error}"),
        }
    }
}

/// Asks until Kafka answers: it may have just begun to.
fn answered<T>(ask: impl Fn() -> Result<T, LogError>) -> T {
    let until = RealInstant::now() + PATIENCE;
    loop {
        match ask() {
            Ok(answer) => return answer,
            Err(error) => assert!(RealInstant::now() < until, "Kafka: {error}"),
        }
        std::thread::sleep(LOOK_AGAIN);
    }
}

/// What is done to processors and broker, and what they are.
struct Chaos {
    random: Rng,
    kills: u32,
    deck: Vec<Harm>,
    dir: tempfile::TempDir,
    broker: Broker,
    processors: BTreeMap<&'static str, Running>,
    done: Done,
}

/// What is done to them.
#[derive(Clone, Copy)]
enum Harm {
    Kill,
    KillAtAStep,
    KillBroker,
    Freeze,
    FreezeBeforeACommit,
    JoinOrLeave,
}

/// So often each, before any comes again.
const DECK: [(Harm, usize); 6] = [
    (Harm::Kill, 7),
    (Harm::KillAtAStep, 5),
    (Harm::KillBroker, 1),
    (Harm::Freeze, 1),
    (Harm::FreezeBeforeACommit, 1),
    (Harm::JoinOrLeave, 3),
];

/// How often what was done.
#[derive(Default)]
struct Done {
    killed: u32,
    killed_at_a_step: u32,
    killed_brokers: u32,
    frozen: u32,
    deleted_stores: u32,
    joined: u32,
    left: u32,
}

/// A child that judges, until its stdin is closed.
struct Running(Child);

const NAMES: [&str; PROCESSORS_MAX] = ["one", "two", "three"];

impl Chaos {
    fn new(seed: u64, kills: u32) -> Self {
        Self {
            random: Rng::with_seed(seed),
            kills,
            deck: Vec::new(),
            dir: tempfile::tempdir().expect("a folder"),
            broker: Broker::start(),
            processors: BTreeMap::new(),
            done: Done::default(),
        }
    }

    /// A year, fed in as many parts as there are kills, with one after each part.
    async fn year(&mut self) {
        let log = open(self.broker.bootstrap(), "feeder").await;
        let ends = (0..PARTITIONS).map(|of| answered(|| log.reader().latest(Topic::Events, Partition(of))));
        assert!(ends.into_iter().all(|end| end == Offset(0)), "the broker must not have kigen's topics yet");
        let size = size();
        let mut fleet = Fleet::new(&size, |key| log.reader().partition_of(key));
        NAMES[..2].iter().for_each(|name| self.run(name, ""));
        let mut day = 0;
        while self.done.killed < self.kills {
            let until =
                u64::from(self.done.killed + 1) * u64::from(DAYS.unsigned_abs()) / u64::from(self.kills);
            while day < until
                && let Some(records) = fleet.next_day()
            {
                append(&log, with_garbage(records, day)).await;
                day += 1;
            }
            self.harm();
        }
        while let Some(records) = fleet.next_day() {
            append(&log, records).await;
        }
    }

    /// One of many things, and what has ended runs again.
    fn harm(&mut self) {
        // Somewhere in what was just fed: in a poll, a fold, a transaction, a write of the store.
        std::thread::sleep(Duration::from_millis(self.random.u64(0..700)));
        if self.deck.is_empty() {
            self.deck.extend(DECK.iter().flat_map(|(harm, times)| [*harm].repeat(*times)));
            self.random.shuffle(&mut self.deck);
        }
        let name = self.any();
        match self.deck.pop().expect("it was filled") {
            Harm::Kill => {
                self.kill(name);
                self.done.killed += 1;
                self.maybe_delete_store(name);
                self.run(name, "");
            }
            Harm::KillAtAStep => self.kill_at_a_step(name),
            Harm::KillBroker => self.kill_broker(),
            Harm::Freeze => self.freeze(name, ""),
            Harm::FreezeBeforeACommit => {
                let at = format!("{}:1:-STOP", self.random.u32(2..6));
                self.freeze(name, &at);
            }
            Harm::JoinOrLeave => self.join_or_leave(),
        }
    }

    fn any(&mut self) -> &'static str {
        let names: Vec<&str> = self.processors.keys().copied().collect();
        names[self.random.usize(0..names.len())]
    }

    /// It kills itself at a step of a round soon.
    fn kill_at_a_step(&mut self, name: &'static str) {
        self.kill(name);
        self.maybe_delete_store(name);
        let (round, step) = (self.random.u32(0..8), self.random.u32(0..STEPS));
        self.run(name, &format!("{round}:{step}:-KILL"));
        let child = &mut self.processors.get_mut(name).expect("it runs").0;
        let until = RealInstant::now() + Duration::from_secs(5);
        // There may be nothing for it to judge, and then it lives.
        while child.try_wait().expect("its state").is_none() && RealInstant::now() < until {
            std::thread::sleep(LOOK_AGAIN);
        }
        if child.try_wait().expect("its state").is_some() {
            self.done.killed_at_a_step += 1;
        }
        self.kill(name);
        self.done.killed += 1;
        self.maybe_delete_store(name);
        self.run(name, "");
    }

    fn kill_broker(&mut self) {
        if self.broker.kill() {
            // Long enough for some to notice.
            std::thread::sleep(Duration::from_millis(self.random.u64(0..3_000)));
            self.broker.start_again();
            self.done.killed_brokers += 1;
            self.done.killed += 1;
        }
    }

    /// Stops one for longer than a session, while another takes its partitions; then it goes on where it was.
    fn freeze(&mut self, name: &'static str, harm: &str) {
        if self.processors.len() < 2 {
            let absent = NAMES.iter().find(|other| !self.processors.contains_key(*other));
            self.run(absent.expect("there are more names"), "");
        }
        if harm.is_empty() {
            self.signal(name, "-STOP");
        } else {
            self.kill(name);
            self.run(name, harm);
        }
        std::thread::sleep(Duration::from_millis(u64::from(SESSION_MS) + 3_000));
        self.signal(name, "-CONT");
        self.done.frozen += 1;
    }

    fn join_or_leave(&mut self) {
        let absent = NAMES.iter().find(|name| !self.processors.contains_key(*name));
        match absent {
            Some(name) if self.processors.len() < 2 || self.random.bool() => {
                self.run(name, "");
                self.done.joined += 1;
            }
            _ => {
                let name = self.any();
                let mut running = self.processors.remove(name).expect("it runs");
                drop(running.0.stdin.take());
                assert!(running.0.wait().expect("its end").success(), "{name} did not leave in order");
                self.done.left += 1;
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
            self.done.deleted_stores += 1;
        }
    }

    fn folder(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn run(&mut self, name: &'static str, harm: &str) {
        let folder = self.folder(name);
        std::fs::create_dir_all(&folder).expect("a folder");
        let talk = File::options().create(true).append(true).open(folder.join("talk")).expect("a file");
        let child = Command::new(std::env::current_exe().expect("the test's own path"))
            .args(["--exact", TEST, "--nocapture"])
            .current_dir(&folder)
            .env(INSTANCE, name)
            .env(BROKERS, self.broker.bootstrap())
            .env(HARM, harm)
            .stdin(Stdio::piped())
            .stdout(talk.try_clone().expect("a file has a second handle"))
            .stderr(talk)
            .spawn();
        let before = self.processors.insert(name, Running(child.expect("the child runs")));
        assert!(before.is_none(), "{name} runs already");
    }

    fn signal(&self, name: &str, signal: &str) {
        send(self.processors[name].0.id(), signal);
    }

    /// Also one that is stopped.
    fn kill(&mut self, name: &str) {
        let mut running = self.processors.remove(name).expect("it runs");
        running.0.kill().expect("it can be killed");
        running.0.wait().expect("its end");
    }

    /// Waits until all is judged, and says what was.
    fn judged(&mut self) -> Left {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        let log = runtime.block_on(open(self.broker.bootstrap(), "reader"));
        let look = log.reader();
        let until = RealInstant::now() + PATIENCE;
        for partition in (0..PARTITIONS).map(Partition) {
            let end = answered(|| look.latest(Topic::Events, partition));
            let judged = || answered(|| look.position(GROUP, Topic::Events, partition));
            while judged() != Some(end) {
                let position = judged();
                assert!(
                    RealInstant::now() < until,
                    "partition {partition} is judged up to {position:?} of {end} only\n{}",
                    self.talk()
                );
                std::thread::sleep(LOOK_AGAIN);
            }
            answered(|| look.last_stable_offset(Topic::Alerts, partition));
            answered(|| look.last_stable_offset(Topic::Status, partition));
        }
        let names: Vec<&str> = self.processors.keys().copied().collect();
        names.into_iter().for_each(|name| self.kill(name));
        Left::of(look)
    }

    fn talk(&self) -> String {
        let of = |name: &&str| std::fs::read_to_string(self.folder(name).join("talk")).unwrap_or_default();
        NAMES.iter().map(of).collect()
    }

    /// The figures, and what cannot be missing among them.
    #[expect(clippy::print_stdout, reason = "the figures are what a soak is run for")]
    fn tell(&self) {
        let Done { killed, killed_at_a_step, killed_brokers, frozen, deleted_stores, joined, left } =
            self.done;
        let talk = self.talk();
        let fenced = talk.matches("took this one's place").count();
        println!(
            "{killed} kills, of them {killed_at_a_step} at a step of a round and {killed_brokers} of the broker; {frozen} \
             frozen, {joined} joined, {left} left, {deleted_stores} stores deleted; {fenced} commits refused"
        );
        assert!(!talk.contains("panicked"), "{talk}");
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

/// A day's events, and among them one that is none.
fn with_garbage(mut records: Vec<NewRecord>, day: u64) -> Vec<NewRecord> {
    let middle = records.len() / 2;
    let timestamp = records[middle].timestamp;
    let partition = Partition(u32::try_from(day).expect("a year") % PARTITIONS);
    let (key, value) = (GARBAGE.to_owned(), Some(b"no event".to_vec()));
    records.insert(middle, NewRecord { topic: Topic::Events, partition, key, value, timestamp });
    records
}

/// A broker that is being killed may have taken them or not: twice is harmless.
async fn append(log: &KafkaLog, records: Vec<NewRecord>) {
    let until = RealInstant::now() + PATIENCE;
    while let Err(error) = log.append(records.clone()).await {
        assert!(RealInstant::now() < until, "the year cannot be fed: {error}");
    }
}

const STEPS: u32 = 4;

/// Judges until stdin ends.
async fn child(instance: &str) {
    tracing_subscriber::fmt().with_ansi(false).init();
    let harm = std::env::var(HARM).unwrap_or_default();
    let log = open(&std::env::var(BROKERS).expect("the brokers"), instance).await;
    let (store, _) = Store::open(Path::new("store")).expect("a store");
    let mut processor = Processor::open(log, store, BOUNDS).expect("a processor");
    let mut end = tokio::task::spawn_blocking(|| std::io::stdin().read(&mut [0]));
    for round in 0.. {
        let die = |step: u32| {
            if let Some(signal) = harm.strip_prefix(&format!("{round}:{step}:")) {
                send(std::process::id(), signal);
            }
        };
        let judged = tokio::select! {
            _ = &mut end => return,
            judged = judge(&mut processor, die) => judged,
        };
        if let Err(error) = judged {
            tracing::warn!("{}", kigen_model::reasons::reasons(&error));
            processor.restart_partitions();
        }
    }
}

/// One round.
async fn judge(
    processor: &mut Processor<KafkaLog>,
    die: impl Fn(u32),
) -> Result<(), kigen_processor::ProcessorError> {
    let round = processor.next().await?;
    die(0);
    let staged = processor.apply(round)?;
    die(1);
    let committed = processor.commit(staged).await?;
    die(2);
    processor.store(committed)?;
    die(3);
    Ok(())
}
