//! The time and memory of `kigen ship`, the whole process, beside 10,000 CronJobs with 30,000 finished Jobs and their Pods: for
//! the first list, while idle, when 1,000 Jobs finish within a second, and after a restart.
//!
//! Measured twice: with an API server that streams its lists, and with one that has them in pages only. An argument chooses
//! one: `stream` or `pages`. `large` is measured only if it is chosen: 50,000 CronJobs with 300,000 Jobs and Pods, in pages.
//! The process has the default settings; the broker and the API server are processes of their own.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant as RealInstant};

use chrono::{DateTime, TimeDelta, TimeZone, Utc};
use kigen_log::kafka::topics::{self, Layout};
use kigen_log::kafka::{Connection, KafkaReader};
use kigen_log::{Fate, LogReader, Settings};
use kigen_model::event::{ClusterBody, ClusterEvent, Event, Fact, FactBody};
use kigen_model::run::RunPhase;
use kigen_model::topic::{Offset, Partition, Topic};
use kigen_playback::clock::{Clock, Pace};
use kigen_playback::faults::WatchLists;
use kigen_playback::generate::{Cluster, CronJobPlan, RunPlan};
use kigen_playback::history::History;
use kigen_playback::resource::Resource;
use kigen_playback::server::{Options, Played, Server};
use kigen_testkit::admin::Admin;
use kigen_testkit::bench::{chosen_part, is_measured, report};
use kigen_testkit::kafka::Broker;
use kigen_testkit::process::{self, Background};
use tokio::runtime::Runtime;

const PARTITIONS: u32 = 4;
const POLL_INTERVAL: Duration = Duration::from_millis(5);
const RECORDS_PER_READ_MAX: usize = 5_000;
const BYTES_PER_READ_MAX: usize = 8 << 20;
/// How long anything here may take before the bench fails.
const PATIENCE: Duration = Duration::from_secs(600);

/// How much is measured.
struct Amounts {
    cron_jobs: i32,
    /// The days on which each has run before.
    days: i64,
    /// The number of them that finish a Job within the same second.
    finishing: i32,
    idle_s: i32,
}

const MEASURED: Amounts = Amounts { cron_jobs: 10_000, days: 3, finishing: 1_000, idle_s: 60 };
const ONCE: Amounts = Amounts { cron_jobs: 30, days: 3, finishing: 10, idle_s: 1 };

fn main() {
    let amounts = if is_measured() { MEASURED } else { ONCE };
    let chosen = chosen_part();
    if chosen.as_deref() == Some("large") {
        measure(&Amounts { cron_jobs: amounts.cron_jobs * 5, ..amounts }, "large", WatchLists::Refused);
    }
    for (name, how) in [("stream", WatchLists::Served), ("pages", WatchLists::Refused)] {
        if chosen.as_ref().is_none_or(|chosen| chosen == name) {
            measure(&amounts, name, how);
        }
    }
}

fn measure(amounts: &Amounts, name: &str, how: WatchLists) {
    let runtime = Runtime::new().expect("a runtime");
    let history = history(amounts);
    let (first_ends, last_ends) = ends(&history);
    let server = serve(&runtime, history, how);
    let broker = Broker::start();
    let mut log = LogFollower::start(&runtime, broker.bootstrap());
    let dir = tempfile::tempdir().expect("a folder");

    let began = RealInstant::now();
    let ship = Ship::start(dir.path(), &server.url(), broker.bootstrap());
    log.until("the first tick", |log| log.have_ticked(1));
    let requests = server.requests();
    report(&format!(
        "{name}: {} CronJobs, {} finished Jobs and their Pods: in the log after {:.1} s, by {} lists and {} watches; {}",
        amounts.cron_jobs,
        log.ended.len(),
        began.elapsed().as_secs_f64(),
        requests.lists,
        requests.watches,
        ship.memory()
    ));

    idle(&ship, &server, amounts.idle_s, name);

    // Pods end before their Jobs do: from here on, time passes as it does outside.
    let mut at = first_ends - TimeDelta::seconds(3);
    server.clock().advance_to(at);
    let running = usize::try_from(amounts.finishing).expect("few");
    log.until("all run", |log| log.running.len() == running);
    let (before, used_before) = (log.ended.len(), ship.processor_time());
    let step = TimeDelta::milliseconds(100);
    while at < last_ends {
        std::thread::sleep(step.to_std().expect("a time"));
        at = (at + step).min(last_ends);
        server.clock().advance_to(at);
    }
    let ended_at = RealInstant::now();
    log.until("all have ended", |log| log.ended.len() == before + running);
    report(&format!(
        "{name}: {running} Jobs end within {:.2} s: all are in the log {:.2} s after the last has; {:.2} s of a core, {}",
        (last_ends - first_ends).as_seconds_f64(),
        ended_at.elapsed().as_secs_f64(),
        ship.processor_time() - used_before,
        ship.memory()
    ));

    ship.stop();
    server.clock().advance_to(at + TimeDelta::minutes(1));
    let (began, requests_before) = (RealInstant::now(), server.requests().lists);
    let ship = Ship::start(dir.path(), &server.url(), broker.bootstrap());
    log.until("it ticks again", |log| log.have_ticked(2));
    report(&format!(
        "{name}: started again: ticks after {:.1} s, by {} lists; {}",
        began.elapsed().as_secs_f64(),
        server.requests().lists - requests_before,
        ship.memory()
    ));
    idle(&ship, &server, amounts.idle_s, name);
    drop(ship);
    runtime.block_on(async {
        server.shutdown().await;
        Admin::new(broker.bootstrap()).delete_topics(&Topic::ALL.map(Topic::name)).await;
    });
}

/// Time passes, and nothing else happens.
fn idle(ship: &Ship, server: &Server, seconds: i32, name: &str) {
    let (used_before, requests_before) = (ship.processor_time(), server.requests().total());
    let began = RealInstant::now();
    for _ in 0..seconds {
        std::thread::sleep(Duration::from_secs(1));
        server.clock().advance_to(server.clock().now() + TimeDelta::seconds(1));
    }
    let share = (ship.processor_time() - used_before) / began.elapsed().as_secs_f64();
    report(&format!(
        "{name}: idle for {seconds} s: {:.2} % of a core, {} requests; {}",
        share * 100.0,
        server.requests().total() - requests_before,
        ship.memory()
    ));
}

fn start() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 11, 9, 0, 0, 0).single().expect("an instant")
}

/// Each CronJob has run on the days before, at its own hour; some run at one o'clock on the day to come.
fn history(amounts: &Amounts) -> History {
    let mut cluster = Cluster::new(start());
    for nth in 0..amounts.cron_jobs {
        let (namespace, name) = (format!("team-{}", nth % 20), format!("batch-{nth}"));
        let minutes = if nth < amounts.finishing { 60 } else { 120 + nth % 1_200 };
        let plan = CronJobPlan::new(&namespace, &name, &format!("{} {} * * *", minutes % 60, minutes / 60));
        cluster.cron_job(plan.annotation("kigen.dev/complete-by", "0 23 * * *"));
        let days = -amounts.days..=if nth < amounts.finishing { 0 } else { -1 };
        for day in days {
            let at = start() + TimeDelta::days(day) + TimeDelta::minutes(minutes.into());
            cluster.run(&namespace, &name, at, RunPlan::succeeds(TimeDelta::minutes(30)));
        }
    }
    cluster.build().expect("a history")
}

/// The times at which the first and the last Job end.
fn ends(history: &History) -> (DateTime<Utc>, DateTime<Utc>) {
    let changes = history.changes().iter().filter(|change| change.at > start());
    let jobs = changes.filter(|change| change.resource == Resource::Jobs);
    let ended = jobs.filter(|change| change.object["status"]["completionTime"].is_string());
    let mut at: Vec<_> = ended.map(|change| change.at).collect();
    at.sort_unstable();
    (*at.first().expect("one ends"), *at.last().expect("one ends"))
}

/// An API server with a manual clock and eager bookmarks.
fn serve(runtime: &Runtime, history: History, how: WatchLists) -> Server {
    let clock = Clock::new(history.start(), Pace::Manual, None);
    let options = Options { eager_bookmarks: true, ..Options::default() };
    let played = Played { history, clock, options };
    let server = runtime.block_on(Server::start(played)).expect("the played cluster starts");
    server.faults().watch_lists(how);
    server
}

/// What the log contains so far.
struct LogFollower {
    reader: KafkaReader,
    next: Vec<Offset>,
    /// The epoch of each partition's last tick.
    ticked: Vec<Option<u64>>,
    running: BTreeSet<String>,
    ended: BTreeSet<String>,
}

impl LogFollower {
    /// Creates the topics.
    fn start(runtime: &Runtime, brokers: &str) -> Self {
        let connection = Connection::new(brokers, BTreeMap::new()).expect("no settings");
        let log = Settings { partitions: PARTITIONS, ..Settings::default() };
        let layout = Layout { log, replication: Some(1) };
        runtime.block_on(topics::create(&connection, &layout)).expect("topics");
        let reader = KafkaReader::new(connection, &layout.log).expect("a client");
        let partitions = usize::try_from(PARTITIONS).expect("few");
        Self {
            reader,
            next: vec![Offset(0); partitions],
            ticked: vec![None; partitions],
            running: BTreeSet::new(),
            ended: BTreeSet::new(),
        }
    }

    fn have_ticked(&self, epoch: u64) -> bool {
        self.ticked.iter().all(|ticked| *ticked == Some(epoch))
    }

    fn until(&mut self, what: &str, condition: impl Fn(&Self) -> bool) {
        let began = RealInstant::now();
        while !condition(self) {
            assert!(began.elapsed() < PATIENCE, "timed out: {what}");
            if !self.read() {
                std::thread::sleep(POLL_INTERVAL);
            }
        }
    }

    /// Reads the new records; false: there are none.
    fn read(&mut self) -> bool {
        let mut has_any = false;
        for partition in (0..PARTITIONS).map(Partition) {
            let nth = usize::try_from(partition.0).expect("few");
            let records = self.reader.read(
                Topic::Events,
                partition,
                self.next[nth],
                RECORDS_PER_READ_MAX,
                BYTES_PER_READ_MAX,
            );
            // A busy broker: the next read is a retry.
            let records = match records {
                Err(error) if error.fate() == Fate::Retry => continue,
                records => records.expect("readable"),
            };
            for record in records {
                has_any = true;
                self.next[nth] = record.offset.next();
                let event = record.value.map(|value| kigen_wire::decode_event(&value).expect("an event"));
                match event {
                    Some(Event::Fact(Fact { body: FactBody::Run { revision, run }, .. })) => {
                        self.run(revision.uid, &run.phase);
                    }
                    Some(Event::Cluster(ClusterEvent { body: ClusterBody::Tick { .. }, epoch, .. })) => {
                        self.ticked[nth] = Some(epoch);
                    }
                    Some(Event::Fact(_) | Event::Cluster(_)) | None => {}
                }
            }
        }
        has_any
    }

    fn run(&mut self, uid: String, phase: &RunPhase) {
        match phase {
            RunPhase::Running => drop(self.running.insert(uid)),
            RunPhase::Succeeded { .. } | RunPhase::Failed { .. } => {
                self.running.remove(&uid);
                self.ended.insert(uid);
            }
            RunPhase::Pending | RunPhase::Suspended | RunPhase::Deleted { .. } => {}
        }
    }
}

/// `kigen ship`, with default settings.
struct Ship(Background);

impl Ship {
    fn start(dir: &Path, url: &str, brokers: &str) -> Self {
        let config = dir.join("kigen.toml");
        let text =
            format!("cluster = \"prod\"\n[log]\npartitions = {PARTITIONS}\n[kafka]\nreplication = 1\n");
        std::fs::write(&config, text).expect("a configuration");
        let mut command = Command::new(env!("CARGO_BIN_EXE_kigen"));
        command.arg("ship").env_clear().arg("--config").arg(config).arg("--data-dir").arg(dir);
        command.args(["--log", "kafka", "--instance", "one", "--brokers", brokers]);
        command.args(["--health-address", "off", "--api-url", url]);
        let stderr = std::fs::File::create(dir.join("stderr")).expect("a file");
        Self(Background(command.stdout(Stdio::null()).stderr(stderr).spawn().expect("kigen runs")))
    }

    /// SIGTERM, on which it releases its Lease.
    fn stop(mut self) {
        // The shell's own `kill`: a minimal Debian has no other.
        let child = &mut self.0.0;
        let kill = format!("kill -TERM {}", child.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().expect("a shell runs").success());
        assert!(child.wait().expect("it exits").success(), "its exit code is 0");
    }

    fn memory(&self) -> String {
        process::memory(self.0.0.id())
    }

    fn processor_time(&self) -> f64 {
        process::processor_time(self.0.0.id()).as_secs_f64()
    }
}
