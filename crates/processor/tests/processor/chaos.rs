//! Processors over a simulated log with faults. A seed decides what happens next: a step of one of them, a start, a crash,
//! new events, a compaction, another program's record at the end of a partition's statuses, which prevents its restore.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::Duration;

use fastrand::Rng;
use kigen_log::{Log, LogReader, NewRecord, Settings};
use kigen_model::topic::{Offset, Partition, Topic};
use kigen_processor::{Committed, Poll, Processor, ProcessorError, Staged, TurnBounds};
use kigen_state::{POSITION_KEY, PartitionState};
use kigen_store::Store;
use kigen_testkit::simulated::{Faults, SimulatedLog};
use tokio::runtime::Runtime;

use crate::feed::{self, Feed};

pub(crate) const SEED: &str = "KIGEN_TEST_SEED";
const SEEDS: &str = "KIGEN_TEST_SEEDS";
pub(crate) const PARTITIONS: u32 = 4;
pub(crate) const DAYS: usize = 3;
const PROCESSORS_MAX: usize = 3;
/// The least number of steps before the faults end and all events are judged.
const STEPS_MIN: u32 = 300;
/// In the test's own time, which passes only when nothing else can happen.
const QUIET: Duration = Duration::from_secs(1);
/// Small, so that a few events make many rounds, and a tick's due work is cut by its cursor.
pub(crate) const BOUNDS: TurnBounds =
    TurnBounds { events_max: 9, batches_max: 4, slots_max: 7, bytes_max: 12_000, due_page_max: 2 };
/// The most bytes of a write: little more than a round has, so that what is not divided is refused.
const WRITE_BYTES_MAX: usize = 40_000;
/// The partition that gets another program's records, and their key.
pub(crate) const FAULTY: Partition = Partition(1);
const STRANGER: &str = "stranger";
/// Longer than a partition that needs an operator waits for its next examination.
const EXAMINED_WITHIN: Duration = Duration::from_secs(400);
const FAULTS: Faults = Faults {
    aborted_per_mille: 50,
    unanswered_per_mille: 50,
    unsettled_per_mille: 300,
    unreadable_per_mille: 20,
};

/// The seeds to try: of the environment, or `count` from a random one on.
pub(crate) fn seeds(count: u64) -> Range<u64> {
    let number = |name| std::env::var(name).ok().map(|text| text.parse::<u64>().expect("a number"));
    let (first, count) = match number(SEED) {
        Some(seed) => (seed, 1),
        None => (u64::from(fastrand::u32(..)), number(SEEDS).unwrap_or(count)),
    };
    first..first + count
}

/// A runtime whose clock is paused: waiting for something that never comes ends at once.
pub(crate) fn paused_runtime() -> Runtime {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_all().start_paused(true).max_blocking_threads(1);
    runtime.build().expect("a runtime")
}

pub(crate) fn open(faults: Faults, seed: u64) -> SimulatedLog {
    let log = SimulatedLog::new(Settings { partitions: PARTITIONS, ..Settings::default() }, faults, seed);
    log.limit_writes(WRITE_BYTES_MAX);
    log
}

/// A processor that runs one step of a round at a time: between two steps anything else may happen.
pub(crate) struct Stepped {
    processor: Processor<SimulatedLog>,
    stage: Stage,
}

enum Stage {
    Idle,
    Polled(Poll),
    Staged(Staged),
    Committed(Committed),
}

impl Stepped {
    pub(crate) fn open(log: &SimulatedLog, dir: &Path) -> Self {
        let (store, _) = Store::open(dir).expect("a store");
        let processor = Processor::open(log.clone(), store, BOUNDS).expect("a processor");
        Self { processor, stage: Stage::Idle }
    }

    /// One that reports a cluster without a tick for so long.
    pub(crate) fn watching(log: &SimulatedLog, dir: &Path, silent_after: Duration) -> Self {
        let Self { processor, stage } = Self::open(log, dir);
        Self { processor: processor.with_watchdog(silent_after, feed::wall_clock), stage }
    }

    /// One step of a round; false: there is nothing to do.
    pub(crate) async fn step(&mut self) -> Result<bool, ProcessorError> {
        restores_ended().await;
        self.stage = match std::mem::replace(&mut self.stage, Stage::Idle) {
            Stage::Idle => match tokio::time::timeout(QUIET, self.processor.next()).await {
                Ok(poll) => Stage::Polled(poll?),
                Err(_) => return Ok(false),
            },
            Stage::Polled(poll) => Stage::Staged(self.processor.apply(poll)),
            Stage::Staged(staged) => Stage::Committed(self.processor.commit(staged).await?),
            Stage::Committed(committed) => {
                self.processor.store(committed)?;
                Stage::Idle
            }
        };
        Ok(true)
    }
}

/// Waits until no restore is under way, which is when a paused clock moves. Else the threads that restore decide what a
/// seed does.
async fn restores_ended() {
    tokio::time::sleep(Duration::from_millis(1)).await;
}

/// Processors by number, each with a store of its own.
pub(crate) struct Chaos {
    rng: Rng,
    log: SimulatedLog,
    running: BTreeMap<usize, Stepped>,
    dir: tempfile::TempDir,
    /// The number of disks that each processor has had.
    disks: [u32; PROCESSORS_MAX],
    crashes: usize,
    errors: usize,
    /// After which time without a tick a cluster is silent; `None`: no processor watches.
    silent_after: Option<Duration>,
    /// Whether the cluster stalls for a while.
    is_stalled: bool,
}

/// The outcome of a run, or of its part before [`Chaos::mend`].
pub(crate) struct Done {
    pub(crate) log: SimulatedLog,
    pub(crate) crashes: usize,
    /// The rounds that failed.
    pub(crate) errors: usize,
    /// The faulty partition could not be restored at the end, until its fault was mended.
    pub(crate) was_paused: bool,
}

impl Chaos {
    pub(crate) fn new(seed: u64) -> Self {
        let (rng, log) = (Rng::with_seed(seed), open(FAULTS, seed));
        let dir = tempfile::tempdir().expect("a folder");
        let running = BTreeMap::new();
        let disks = [0; PROCESSORS_MAX];
        Self { rng, log, running, dir, disks, crashes: 0, errors: 0, silent_after: None, is_stalled: false }
    }

    /// With processors that report silent clusters, and no events yet.
    pub(crate) fn watching(seed: u64, silent_after: Duration) -> Self {
        Self { silent_after: Some(silent_after), ..Self::new(seed) }
    }

    /// Of a cluster that stalls for a while.
    pub(crate) fn stalled(self) -> Self {
        Self { is_stalled: true, ..self }
    }

    /// The log.
    pub(crate) fn log(&self) -> SimulatedLog {
        self.log.clone()
    }

    /// Steps of one and another, starts and crashes.
    pub(crate) async fn disturb(&mut self, steps: u32) {
        for _ in 0..steps {
            restores_ended().await;
            match self.rng.u32(0..100) {
                0..2 => self.log.compact(),
                2..10 => self.start(),
                10..18 => self.crash(),
                _ => self.step().await,
            }
        }
    }

    /// Nothing else happens for so long.
    pub(crate) async fn run_for(&mut self, time: Duration) {
        if self.running.is_empty() {
            self.start();
        }
        let until = tokio::time::Instant::now() + time;
        while tokio::time::Instant::now() < until {
            let numbers: Vec<usize> = self.running.keys().copied().collect();
            for number in numbers {
                self.step_of(number).await;
            }
        }
    }

    /// `before_mending`: what is judged when the faults are over but for that of the partition that cannot be restored.
    pub(crate) async fn run(mut self, before_mending: impl FnOnce(&SimulatedLog)) -> Done {
        let log = self.log.clone();
        let feed = Feed::busy(log.reader());
        let mut feed = if self.is_stalled { feed.stalled() } else { feed };
        let (mut days, mut steps) = (0, 0);
        while days < DAYS || steps < STEPS_MIN {
            steps += 1;
            restores_ended().await;
            match self.rng.u32(0..100) {
                0..2 => log.compact(),
                2..5 if days < DAYS => {
                    days += 1;
                    log.append(feed.next_day()).await.expect("it is in memory");
                }
                5..9 => self.start(),
                9..12 => self.crash(),
                12 if self.rng.u32(0..4) == 0 => self.write_status(STRANGER, b"no status".to_vec()).await,
                _ => {
                    self.step().await;
                }
            }
        }
        self.log.calm();
        if self.running.is_empty() {
            self.start();
        }
        self.judge_all().await;
        before_mending(&log);
        let was_paused = self.mend().await;
        self.judge_all().await;
        Done { log, crashes: self.crashes, errors: self.errors, was_paused }
    }

    /// What an operator does: the position record is the last one again. False: it is already.
    async fn mend(&mut self) -> bool {
        self.log.last_stable_offset(Topic::Status, FAULTY).expect("an end");
        let read = self.log.read(Topic::Status, FAULTY, Offset(0), usize::MAX, usize::MAX);
        let records = read.expect("it is in memory");
        if records.last().is_none_or(|last| last.key == POSITION_KEY) {
            return false;
        }
        let position = records.into_iter().rfind(|record| record.key == POSITION_KEY);
        let first =
            || kigen_wire::encode_position(&PartitionState::new(Offset(0)), kigen_wire::Level::NEWEST);
        self.write_status(POSITION_KEY, position.and_then(|it| it.value).unwrap_or_else(first)).await;
        tokio::time::sleep(EXAMINED_WITHIN).await;
        true
    }

    async fn write_status(&mut self, key: &str, value: Vec<u8>) {
        let (key, value, timestamp) = (key.to_owned(), Some(value), feed::start());
        let record = NewRecord { topic: Topic::Status, partition: FAULTY, key, value, timestamp };
        self.log.append(vec![record]).await.expect("it is in memory");
    }

    /// Until none has had anything to do twice in a row: what one drops may be assigned to another.
    async fn judge_all(&mut self) {
        let mut quiet = 0;
        while quiet < 2 * PROCESSORS_MAX {
            let numbers: Vec<usize> = self.running.keys().copied().collect();
            for number in numbers {
                let worked = self.step_of(number).await;
                quiet = if worked { 0 } else { quiet + 1 };
            }
        }
    }

    fn start(&mut self) {
        let free = (0..PROCESSORS_MAX).find(|number| !self.running.contains_key(number));
        if let Some(number) = free {
            let folder = self.folder(number);
            let started = match self.silent_after {
                Some(silent_after) => Stepped::watching(&self.log, &folder, silent_after),
                None => Stepped::open(&self.log, &folder),
            };
            self.running.insert(number, started);
        }
    }

    /// Between any two steps; sometimes its disk is lost, too.
    fn crash(&mut self) {
        if let Some(number) = self.any() {
            self.crashes += 1;
            self.running.remove(&number);
            if self.rng.u32(0..3) == 0 {
                self.disks[number] += 1;
            }
        }
    }

    async fn step(&mut self) {
        if let Some(number) = self.any() {
            self.step_of(number).await;
        }
    }

    /// False: it has nothing to do.
    async fn step_of(&mut self, number: usize) -> bool {
        let stepped = self.running.get_mut(&number).expect("it runs");
        match stepped.step().await {
            Ok(worked) => worked,
            Err(_) => {
                self.errors += 1;
                stepped.processor.restart_partitions();
                true
            }
        }
    }

    fn any(&mut self) -> Option<usize> {
        let numbers: Vec<usize> = self.running.keys().copied().collect();
        self.rng.choice(numbers)
    }

    fn folder(&self, number: usize) -> PathBuf {
        self.dir.path().join(format!("{number}-{}", self.disks[number]))
    }
}
