//! The faults that are injected into the processors and the brokers, at random from a seed.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant as RealInstant};

use fastrand::Rng;
use kigen_log::{Log, LogReader};
use kigen_model::topic::{Offset, Partition, Topic};
use kigen_processor::GROUP;
use kigen_testkit::fleet::Fleet;
use kigen_testkit::kafka::{Broker, Cluster, NODES};
use kigen_testkit::process::Background;

use super::child::{BOOTSTRAP, FAULT, INSTANCE, STEPS, replicas, send};
use super::outcome::Outcome;
use super::year::{
    DAYS, PARTITIONS, PATIENCE, POLL_INTERVAL, SESSION_MS, append, open, retried, size, with_garbage,
};

/// The test that runs the children.
const TEST: &str = "chaos::each_alert_is_in_the_topic_once_after_any_failures";
const PROCESSORS_MAX: usize = 3;
/// How long one may take to end in order: a commit that waits for a broker, and then the group.
const LEAVES_WITHIN: Duration = Duration::from_secs(60);

/// The processors, the brokers and the faults that are injected into them.
pub(super) struct Chaos {
    random: Rng,
    kills: u32,
    started: RealInstant,
    deck: Vec<Fault>,
    dir: tempfile::TempDir,
    brokers: Brokers,
    processors: BTreeMap<&'static str, Background>,
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

/// The Kafka that the processors use.
enum Brokers {
    One(Broker),
    Three(Cluster),
}

impl Brokers {
    fn start() -> Self {
        match usize::from(replicas()) {
            1 => Self::One(Broker::start()),
            NODES => Self::Three(Cluster::start()),
            other => panic!("a cluster has 1 broker or {NODES}, not {other}"),
        }
    }

    fn bootstrap(&self) -> &str {
        match self {
            Self::One(broker) => broker.bootstrap(),
            Self::Three(cluster) => cluster.bootstrap(),
        }
    }

    /// False: it is not the test's own.
    fn kill(&mut self, nth: usize) -> bool {
        match self {
            Self::One(broker) => broker.kill(),
            Self::Three(cluster) => {
                cluster.kill(nth);
                true
            }
        }
    }

    fn start_again(&mut self, nth: usize) {
        match self {
            Self::One(broker) => broker.start_again(),
            Self::Three(cluster) => cluster.start_again(nth),
        }
    }
}

const NAMES: [&str; PROCESSORS_MAX] = ["one", "two", "three"];

impl Chaos {
    pub(super) fn new(seed: u64, kills: u32) -> Self {
        Self {
            random: Rng::with_seed(seed),
            kills,
            started: RealInstant::now(),
            deck: Vec::new(),
            dir: tempfile::tempdir().expect("a folder"),
            brokers: Brokers::start(),
            processors: BTreeMap::new(),
            injected: Injected::default(),
        }
    }

    /// Appends a year in as many parts as there are kills, with a fault after each part.
    pub(super) async fn year(&mut self) {
        let log = open(self.brokers.bootstrap(), replicas(), "feeder").await;
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
        let nth = self.random.usize(0..NODES);
        if self.brokers.kill(nth) {
            // Sometimes long enough to be noticed.
            std::thread::sleep(Duration::from_millis(self.random.u64(0..3_000)));
            self.brokers.start_again(nth);
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
                let until = RealInstant::now() + LEAVES_WITHIN;
                while running.0.try_wait().expect("its state").is_none() {
                    assert!(RealInstant::now() < until, "{name} does not end\n{}", self.logs());
                    // It may freeze itself only now, at a commit for which there was nothing to judge until then.
                    send(running.0.id(), "-CONT");
                    std::thread::sleep(POLL_INTERVAL);
                }
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
            .env(BOOTSTRAP, self.brokers.bootstrap())
            .env(FAULT, fault)
            .stdin(Stdio::piped())
            .stdout(output.try_clone().expect("a file has a second handle"))
            .stderr(output)
            .spawn();
        let before = self.processors.insert(name, Background(child.expect("the child runs")));
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
    pub(super) fn judged(&mut self) -> Outcome {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        let log = runtime.block_on(open(self.brokers.bootstrap(), replicas(), "reader"));
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
                self.processors.values().for_each(|running| send(running.0.id(), "-CONT"));
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
    pub(super) fn print_figures(&self) {
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
