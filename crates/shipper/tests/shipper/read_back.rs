//! What a leader knows of the log: by the states of `kigen.status` and the events after them it is what all events come to,
//! whatever the processor has judged; and where the states do not have all, the events are read.

use chrono::TimeDelta;
use kigen_log::{EmbeddedLog, Log, LogReader, NewRecord};
use kigen_model::Instant;
use kigen_model::event::{ClusterBody, ClusterEvent, Event, Fact, FactBody, Revision, StreamPosition};
use kigen_model::key::BatchKey;
use kigen_model::objective::{ANNOTATED_OBJECTIVE, Deadlines, Objective, ObjectiveSource};
use kigen_model::run::{Run, RunPhase};
use kigen_model::slot::Gap;
use kigen_model::topic::{Offset, Partition, Topic};
use kigen_processor::{Processor, TurnBounds};
use kigen_shipper::role::read_back::{LogTail, read_back};
use kigen_shipper::settings::{Access, Settings};
use kigen_state::{PartitionState, RUNS_MAX};
use kigen_store::Store;
use kigen_wire::Level;
use tempfile::TempDir;

use crate::support::event_log::open;

const PARTITIONS: u32 = 3;
const SEEDS: u64 = 12;
/// How often each world goes on, is judged a little further, and is read back.
const ROUNDS: usize = 8;
const EVENTS_PER_ROUND: usize = 60;

fn start() -> Instant {
    "2026-11-01T00:00:00Z".parse().expect("an instant")
}

/// What shippers emit of a small cluster, and of another one in the same log.
struct World {
    random: fastrand::Rng,
    now: Instant,
    version: u64,
    past: u64,
    epoch: u64,
    /// The UIDs of the Jobs that have not ended, with their batches and versions.
    open: Vec<(BatchKey, String, Run)>,
    /// To be emitted once more.
    emitted: Vec<Fact>,
    records: Vec<NewRecord>,
}

impl World {
    fn new(seed: u64) -> Self {
        let mut world = Self {
            random: fastrand::Rng::with_seed(seed),
            now: start(),
            version: 0,
            past: 0,
            epoch: 1,
            open: Vec::new(),
            emitted: Vec::new(),
            records: Vec::new(),
        };
        world.of_cluster(1, ClusterBody::Epoch { shipper: "first".to_owned() });
        world
    }

    /// The records of so many more events.
    fn go_on(&mut self, events: usize) -> Vec<NewRecord> {
        for _ in 0..events {
            self.now += TimeDelta::seconds(self.random.i64(1..900));
            self.happen();
        }
        std::mem::take(&mut self.records)
    }

    fn happen(&mut self) {
        match self.random.u32(0..100) {
            0..20 => self.tick(self.epoch),
            // A leader that was frozen.
            20 => self.tick(self.epoch.saturating_sub(1)),
            21..23 => {
                self.epoch += 1;
                self.of_cluster(self.epoch, ClusterBody::Epoch { shipper: "next".to_owned() });
            }
            23 => self.of_cluster(self.epoch, ClusterBody::Gap(Gap::unwatched(None, self.now))),
            24 if self.random.u32(0..4) == 0 => self.forget(),
            25 if self.random.u32(0..4) == 0 => self.past += 1,
            26..34 => self.again(),
            34..44 => self.cron_job(),
            44..58 => self.objective(),
            58..75 => self.begin_run(),
            _ => self.continue_run(),
        }
    }

    fn tick(&mut self, epoch: u64) {
        let at =
            |stream: &str| StreamPosition { stream: stream.to_owned(), resource_version: self.version() };
        let positions = ["cronjobs", "jobs"].map(at).into();
        self.of_cluster(epoch, ClusterBody::Tick { observed_until: self.now, positions });
    }

    fn forget(&mut self) {
        self.epoch += 1;
        self.of_cluster(self.epoch, ClusterBody::Forgotten { author: "ann@laptop".to_owned() });
        (self.open, self.emitted) = Default::default();
    }

    fn again(&mut self) {
        if !self.emitted.is_empty() {
            let fact = self.emitted[self.random.usize(0..self.emitted.len())].clone();
            self.fact(Fact { observed_at: self.now, ..fact });
        }
    }

    fn cron_job(&mut self) {
        let key = self.key();
        let minute = self.random.u32(0..60);
        let cron_job = (self.random.u32(0..4) > 0).then(|| kigen_model::run::CronJob {
            schedule: format!("{minute} * * * *"),
            time_zone: None,
            suspended: self.random.bool(),
            concurrency: None,
            created_at: start(),
            last_scheduled_at: None,
            last_succeeded_at: None,
        });
        let revision = self.revision(format!("uid-of-{}", key.batch));
        self.emit(&key, FactBody::CronJob { revision, cron_job });
    }

    fn objective(&mut self) {
        let key = self.key();
        let crontab = format!("{} {} * * *", self.random.u32(0..60), self.random.u32(0..24));
        let objective = Objective::new(Deadlines::CompleteBy { crontab }, ObjectiveSource::Annotation);
        let (name, revision) = match self.random.u32(0..3) {
            0 => (ANNOTATED_OBJECTIVE, self.revision(format!("uid-of-{}", key.batch))),
            // A declared one has the server's time as its version.
            nth => {
                let resource_version = u64::try_from(self.now.timestamp_millis()).expect("after 1970");
                let uid = if nth == 1 { "file" } else { "uid-of-an-objective" };
                ("ready", Revision { uid: uid.to_owned(), resource_version })
            }
        };
        // Only what is in force is withdrawn.
        let is_in_force = |known: &Fact| match &known.body {
            FactBody::Objective { name: of, objective, .. } => {
                known.key == key && of == name && objective.is_some()
            }
            FactBody::CronJob { .. } | FactBody::Run { .. } | FactBody::Attempt { .. } => false,
        };
        let is_withdrawn = self.emitted.iter().any(is_in_force) && self.random.u32(0..3) == 0;
        let objective = (!is_withdrawn).then_some(objective);
        self.emit(&key, FactBody::Objective { name: name.to_owned(), revision, objective });
    }

    fn begin_run(&mut self) {
        let key = self.key();
        self.version += 1;
        let run = Run {
            job: format!("{}-{}", key.batch, self.version),
            scheduled_at: self.random.bool().then_some(self.now),
            created_at: self.now,
            started_at: None,
            phase: RunPhase::Pending,
            failed_pods: 0,
            slot: None,
        };
        let uid = format!("run-{}", self.version);
        let revision = self.revision(uid.clone());
        self.open.push((key.clone(), uid, run.clone()));
        self.emit(&key, FactBody::Run { revision, run });
    }

    fn continue_run(&mut self) {
        if self.open.is_empty() {
            return;
        }
        let nth = self.random.usize(0..self.open.len());
        let (key, uid, run) = self.open[nth].clone();
        let phase = match self.random.u32(0..5) {
            0 => RunPhase::Running,
            1 | 2 => RunPhase::Succeeded { completed_at: self.now },
            3 => RunPhase::Failed { failed_at: self.now, reason: "Error".to_owned(), message: String::new() },
            _ => RunPhase::Deleted { observed_at: self.now },
        };
        let run = Run { started_at: Some(self.now), phase, ..run };
        if run.phase.is_terminal() {
            self.open.remove(nth);
        } else {
            self.open[nth].2 = run.clone();
        }
        let revision = self.revision(uid);
        self.emit(&key, FactBody::Run { revision, run });
    }

    /// One of a few batches, mostly of the cluster.
    fn key(&mut self) -> BatchKey {
        let cluster = if self.random.u32(0..5) == 0 { "test2" } else { "test" };
        BatchKey::new(cluster, "ml", format!("batch-{}", self.random.u32(0..7)))
    }

    fn revision(&mut self, uid: String) -> Revision {
        self.version += 1;
        Revision { uid, resource_version: self.version() }
    }

    /// Above the 48 bits of a resource version is the number of the past.
    fn version(&self) -> u64 {
        self.past << 48 | self.version
    }

    fn emit(&mut self, key: &BatchKey, body: FactBody) {
        let fact = Fact { key: key.clone(), observed_at: self.now, body };
        // Of an object only its last version is emitted once more.
        self.emitted.retain(|known| object(known) != object(&fact));
        self.emitted.push(fact.clone());
        self.fact(fact);
    }

    fn fact(&mut self, fact: Fact) {
        self.records.push(record(None, fact.key.to_string(), self.now, &Event::Fact(fact)));
    }

    fn of_cluster(&mut self, epoch: u64, body: ClusterBody) {
        let cluster_uid = self.random.bool().then(|| "uid-of-the-cluster".to_owned());
        let event = ClusterEvent { cluster: "test".to_owned(), cluster_uid, epoch, body };
        for nth in 0..PARTITIONS {
            let event = Event::Cluster(event.clone());
            self.records.push(record(Some(Partition(nth)), "test".to_owned(), self.now, &event));
        }
    }
}

fn object(fact: &Fact) -> (BatchKey, String) {
    let object = match &fact.body {
        FactBody::CronJob { .. } => String::new(),
        FactBody::Objective { name, .. } => format!("objective {name}"),
        FactBody::Run { revision, .. } | FactBody::Attempt { revision, .. } => revision.uid.clone(),
    };
    (fact.key.clone(), object)
}

/// `None`: the partition of its key.
fn record(partition: Option<Partition>, key: String, timestamp: Instant, event: &Event) -> NewRecord {
    let partition = partition.unwrap_or_else(|| kigen_log::partition_of(&key, PARTITIONS));
    let value = Some(kigen_wire::encode_event(event, Level::NEWEST));
    NewRecord { topic: Topic::Events, partition, key, value, timestamp }
}

/// A log, its processor, and a log with the same events that nothing was judged of.
struct Logs {
    log: EmbeddedLog,
    unjudged: EmbeddedLog,
    processor: Processor<EmbeddedLog>,
    _folder: TempDir,
}

impl Logs {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let log = open(&folder.path().join("log"), PARTITIONS);
        let unjudged = open(&folder.path().join("unjudged"), PARTITIONS);
        let (store, _) = Store::open(&folder.path().join("store")).expect("a store");
        let bounds = TurnBounds { events_max: 20, batches_max: 3, due_page_max: 2, ..TurnBounds::default() };
        let processor = Processor::open(log.clone(), store, bounds).expect("a processor");
        Self { log, unjudged, processor, _folder: folder }
    }

    async fn append(&self, records: Vec<NewRecord>) {
        self.unjudged.append(records.clone()).await.expect("the events are written");
        self.log.append(records).await.expect("the events are written");
    }

    async fn judge(&mut self, turns_max: usize) {
        for _ in 0..turns_max {
            if self.processor.is_idle().expect("a readable log") {
                return;
            }
            self.processor.turn().await.expect("a turn");
        }
    }

    /// How many partitions have a position.
    fn judged(&self) -> usize {
        let is_judged =
            |nth: &u32| self.log.last(Topic::Status, Partition(*nth)).expect("readable").is_some();
        (0..PARTITIONS).filter(is_judged).count()
    }

    /// What a leader knows is what the events alone come to.
    async fn check(&self, at: &str) -> LogTail {
        let (known, of_events) = (read(&self.log).await, read(&self.unjudged).await);
        assert_eq!(of_events.by_states, 0);
        assert_eq!(facts(&known), facts(&of_events), "{at}");
        let of_log = |tail: &LogTail| (tail.epoch, tail.cluster_uid.clone(), tail.ends.clone());
        assert_eq!(of_log(&known), of_log(&of_events), "{at}");
        let resumed = |tail: &LogTail| {
            let resume = &tail.resume;
            (resume.observed_until, resume.positions.clone(), resume.past)
        };
        assert_eq!(resumed(&known), resumed(&of_events), "{at}");
        known
    }
}

async fn read(log: &EmbeddedLog) -> LogTail {
    let settings = Settings::new("test", Access::Url(String::new()));
    read_back(log, &settings, &Default::default()).await.expect("a readable log")
}

/// Without the instants at which they were observed, which a leader does not need.
fn facts(tail: &LogTail) -> Vec<(BatchKey, FactBody)> {
    let facts = tail.resume.facts.iter();
    facts.map(|Fact { key, observed_at: _, body }| (key.clone(), body.clone())).collect()
}

#[tokio::test]
async fn the_states_and_the_events_after_them_come_to_the_same_as_all_events_wherever_the_processor_is() {
    let mut by_states = 0;
    for seed in 0..SEEDS {
        let (mut world, mut logs) = (World::new(seed), Logs::new());
        for round in 0..ROUNDS {
            logs.append(world.go_on(EVENTS_PER_ROUND)).await;
            logs.judge(world.random.usize(0..20)).await;
            let known = logs.check(&format!("seed {seed}, round {round}")).await;
            assert_eq!(known.by_states, logs.judged(), "seed {seed}, round {round}");
            by_states += known.by_states;
        }
    }
    assert!(by_states > 100, "most were judged: {by_states}");
}

/// The judged logs of a world, with records that make the states insufficient.
async fn judged() -> Logs {
    let (mut world, mut logs) = (World::new(77), Logs::new());
    logs.append(world.go_on(EVENTS_PER_ROUND)).await;
    logs.judge(usize::MAX).await;
    assert_eq!(logs.check("all is judged").await.by_states, PARTITIONS as usize);
    logs.append(world.go_on(EVENTS_PER_ROUND)).await;
    logs
}

fn last_position(log: &EmbeddedLog, partition: Partition) -> PartitionState {
    let last = log.last(Topic::Status, partition).expect("readable").and_then(|last| last.value);
    match kigen_wire::decode_status(&last.expect("a position")) {
        Ok(kigen_wire::Status::Position(position)) => position,
        other => panic!("{other:?}"),
    }
}

/// As a processor would commit it.
async fn commit(log: &EmbeddedLog, change: impl Fn(&mut PartitionState), level: Level) {
    for partition in (0..PARTITIONS).map(Partition) {
        let mut position = last_position(log, partition);
        change(&mut position);
        let value = Some(kigen_wire::encode_position(&position, level));
        let key = kigen_state::POSITION_KEY.to_owned();
        let record = NewRecord { topic: Topic::Status, partition, key, value, timestamp: start() };
        log.append(vec![record]).await.expect("a position");
    }
}

#[tokio::test]
async fn states_of_another_engine_or_record_level_are_not_read() {
    let changes: [fn(&mut PartitionState); 4] = [
        |position| position.engine_version += 1,
        |position| position.engine_version -= 1,
        // As after an upgrade: the clock has no positions until the next tick is judged.
        |position| position.clocks.values_mut().for_each(|clock| clock.positions.clear()),
        |position| position.next = Offset(1_000_000),
    ];
    for (nth, change) in changes.into_iter().enumerate() {
        let logs = judged().await;
        commit(&logs.log, change, Level::NEWEST).await;
        assert_eq!(logs.check(&format!("change {nth}")).await.by_states, 0, "change {nth}");
    }
    let logs = judged().await;
    commit(&logs.log, |_| {}, Level::OLDEST).await;
    assert_eq!(logs.check("an older level").await.by_states, 0);
}

/// `kigen.events` was deleted and has grown beyond the position since.
#[tokio::test]
async fn states_of_another_topic_are_not_read() {
    let logs = judged().await;
    let (mut world, another) = (World::new(78), Logs::new());
    (world.now, world.epoch) = (start() + TimeDelta::days(30), 100);
    another.append(world.go_on(10 * EVENTS_PER_ROUND)).await;
    for partition in (0..PARTITIONS).map(Partition) {
        let all =
            logs.log.read(Topic::Status, partition, Offset(0), usize::MAX, usize::MAX).expect("readable");
        let records = all.into_iter().map(|record| NewRecord {
            topic: Topic::Status,
            partition,
            key: record.key,
            value: record.value,
            timestamp: record.timestamp,
        });
        another.log.append(records.collect()).await.expect("the states are written");
        let next = last_position(&another.log, partition).next;
        assert!(next < another.log.latest(Topic::Events, partition).expect("readable"));
    }
    assert_eq!(another.check("another topic").await.by_states, 0);
}

#[tokio::test]
async fn the_events_of_a_partition_are_read_while_a_state_leaves_out_a_run_that_has_not_ended() {
    let (mut world, mut logs) = (World::new(79), Logs::new());
    logs.append(world.go_on(EVENTS_PER_ROUND)).await;
    let key = BatchKey::new("test", "ml", "many");
    let all = RUNS_MAX + 5;
    let body = |nth: usize, world: &mut World| {
        let run = Run {
            job: format!("many-{nth}"),
            scheduled_at: None,
            created_at: start() + TimeDelta::seconds(i64::try_from(nth).expect("few")),
            started_at: None,
            phase: RunPhase::Running,
            failed_pods: 0,
            slot: None,
        };
        FactBody::Run { revision: world.revision(format!("many-{nth}")), run }
    };
    for nth in 0..all {
        let body = body(nth, &mut world);
        world.emit(&key, body);
    }
    world.tick(world.epoch);
    logs.append(world.go_on(0)).await;
    logs.judge(usize::MAX).await;
    let known = logs.check("a run is left out").await;
    assert_eq!(known.by_states, PARTITIONS as usize - 1);
    let of_key = facts(&known).into_iter().filter(|(of, _)| *of == key).count();
    assert_eq!(of_key, all, "no run is missing");

    // Most have ended, and a resync period later all that have not are in the state again.
    for nth in 0..all - 3 {
        let FactBody::Run { revision, run } = body(nth, &mut world) else { unreachable!("a run") };
        let run = Run { phase: RunPhase::Succeeded { completed_at: world.now }, ..run };
        world.emit(&key, FactBody::Run { revision, run });
    }
    world.now += TimeDelta::days(20);
    world.tick(world.epoch);
    world.now += TimeDelta::days(20);
    for nth in all - 3..all {
        let body = body(nth, &mut world);
        world.emit(&key, body);
    }
    world.tick(world.epoch);
    logs.append(world.go_on(0)).await;
    logs.judge(usize::MAX).await;
    assert_eq!(read(&logs.log).await.by_states, PARTITIONS as usize);
}
