//! Processors over a simulated log with faults. A seed decides what happens next: a step of one of them, a start, a crash
//! between any two steps, the loss of a disk or its return in an older state, further events, a compaction.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use fastrand::Rng;
use kigen_log::{ConsumedRecord, Log, LogReader, NewRecord, Settings};
use kigen_model::topic::{Offset, Partition, Topic};
use kigen_processor::{Committed, Poll, Processor, ProcessorError, Staged, TurnBounds};
use kigen_store::Store;
use kigen_testkit::simulated::{Faults, Happened, SimulatedLog};
use tokio::runtime::Runtime;

use crate::input::Input;
use crate::progress::{Progress, end, judged, partitions};

const PROCESSORS_MAX: usize = 3;
/// How many events are written at a time, at most, and how many may wait before more are written. Of those that wait some are
/// decoded in each round, however few of them its bounds let it fold.
const PART_EVENTS_MAX: usize = 400;
/// In the run's own time, which passes only when nothing else can happen.
const QUIET: Duration = Duration::from_secs(1);
/// Longer than a failed restore waits for its repetition.
const RETRIED_WITHIN: Duration = Duration::from_secs(20);

/// What a run leaves in the log, and what happened in it.
pub struct Disturbed {
    /// The records of `kigen.alerts` of each partition.
    pub alerts: Vec<Vec<ConsumedRecord>>,
    /// The last value of each batch in `kigen.status`.
    pub states: BTreeMap<String, Vec<u8>>,
    /// The longest value of a batch in `kigen.status`.
    pub state_bytes_max: usize,
    /// The number of records of `kigen.rejects`.
    pub rejects: usize,
    /// The faults.
    pub tally: Tally,
}

/// How often each fault happened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Faults of the log.
    pub log: Happened,
    /// Crashes before a poll, after it, after the fold, after the commit.
    pub crashes: [u64; 4],
    /// Processors that joined while others ran.
    pub joined: u64,
    /// Disks lost.
    pub lost_stores: u64,
    /// Disks that came back as they were at an earlier crash.
    pub old_stores: u64,
    /// Compactions of `kigen.status`.
    pub compactions: u64,
    /// Rounds.
    pub rounds: u64,
    /// Rounds that failed.
    pub failed: u64,
    /// Runs with a small bound of events, of batches, of slots, of bytes, and with none.
    pub bounds: [u64; 5],
    /// Ranges of events that expired unread.
    pub expired: u64,
}

/// Why a run has no outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stuck {
    /// What was under way.
    pub why: String,
}

/// A runtime whose clock is paused: waiting for something that never comes ends at once.
///
/// # Panics
/// The system has no resources for it.
#[must_use]
pub fn paused_runtime() -> Runtime {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_all().start_paused(true).max_blocking_threads(1);
    runtime.build().expect("a runtime")
}

impl Disturbed {
    /// Judges `input` with the faults of `seed`; stores are in folders of `dir`.
    ///
    /// # Errors
    /// Its processors make no progress.
    ///
    /// # Panics
    /// A store cannot be created.
    pub async fn of(input: &Input, seed: u64, dir: &Path) -> Result<Self, Stuck> {
        let mut run = Run::new(input, seed, dir);
        let mut written = vec![0; input.partitions.len()];
        loop {
            run.judge(input, &mut written).await?;
            if !run.lose(input, &mut written).await {
                return Ok(run.outcome());
            }
        }
    }
}

/// A processor that runs one step of a round at a time: between two steps anything else may happen.
struct Stepped {
    processor: Processor<SimulatedLog>,
    stage: Stage,
}

enum Stage {
    Idle,
    Polled(Poll),
    Staged(Staged),
    Committed(Committed),
}

impl Stage {
    fn nth(&self) -> usize {
        match self {
            Self::Idle => 0,
            Self::Polled(_) => 1,
            Self::Staged(_) => 2,
            Self::Committed(_) => 3,
        }
    }
}

impl Stepped {
    fn open(log: &SimulatedLog, dir: &Path, bounds: TurnBounds) -> Self {
        let (store, _) = Store::open(dir).expect("a store");
        let processor = Processor::open(log.clone(), store, bounds).expect("a processor");
        Self { processor, stage: Stage::Idle }
    }

    /// One step of a round; false: there is nothing to do.
    async fn step(&mut self) -> Result<bool, ProcessorError> {
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

struct Run<'a> {
    rng: Rng,
    log: SimulatedLog,
    running: BTreeMap<usize, Stepped>,
    dir: &'a Path,
    seed: u64,
    /// The number of folders that each processor has had.
    disks: [u32; PROCESSORS_MAX],
    /// The copy of each processor's store at an earlier crash.
    copies: [Option<PathBuf>; PROCESSORS_MAX],
    bounds: TurnBounds,
    write_bytes_max: usize,
    /// How often something else than a step happens, of a thousand.
    unrest_per_mille: u32,
    progress: Progress,
    tally: Tally,
}

impl<'a> Run<'a> {
    fn new(input: &Input, seed: u64, dir: &'a Path) -> Self {
        let mut rng = Rng::with_seed(seed);
        let mut tally = Tally::default();
        let faults = faults(&mut rng);
        let log = SimulatedLog::new(
            Settings { partitions: input.count(), ..Settings::default() },
            faults,
            rng.u64(..),
        );
        let bounds = bounds(&mut rng, &mut tally);
        // Little more than a round has, so that what is not divided is refused.
        let write_bytes_max = bounds.bytes_max + 256 * 1024;
        log.limit_writes(write_bytes_max);
        let unrest_per_mille = *rng.choice(&[0, 5, 20, 60]).unwrap_or(&0);
        let (running, copies) = (BTreeMap::new(), [const { None }; PROCESSORS_MAX]);
        let disks = [0; PROCESSORS_MAX];
        Self {
            rng,
            log,
            running,
            dir,
            seed,
            disks,
            copies,
            bounds,
            write_bytes_max,
            unrest_per_mille,
            progress: Progress::default(),
            tally,
        }
    }

    /// Writes what expires while no processor runs; false: nothing does.
    async fn lose(&mut self, input: &Input, written: &mut [usize]) -> bool {
        let mut has_lost = false;
        for ((nth, partition), next) in (0..).map(Partition).zip(&input.partitions).zip(written) {
            let Some(expires) = partition.expires_next(*next) else { continue };
            while !self.running.is_empty() {
                self.crash().await;
            }
            self.append(&partition.records[expires.clone()]).await;
            self.log.trim(Topic::Events, nth, Offset(expires.end as u64));
            *next = expires.end;
            has_lost = true;
            self.tally.expired += 1;
        }
        has_lost
    }

    /// Writes and judges the records of each partition up to those that expire. The partitions are out of step.
    async fn judge(&mut self, input: &Input, written: &mut [usize]) -> Result<(), Stuck> {
        let part_max = self.rng.usize(2..PART_EVENTS_MAX);
        loop {
            let until = |nth: usize, next: usize| {
                let partition = &input.partitions[nth];
                partition.expires_next(next).map_or(partition.records.len(), |range| range.start)
            };
            let left = written.iter().enumerate().filter(|(nth, next)| until(*nth, **next) > **next);
            let left: Vec<usize> = left.map(|(nth, _)| nth).collect();
            let Some(nth) = self.rng.choice(left) else { break };
            let next = written[nth];
            let end = until(nth, next).min(next + self.rng.usize(1..part_max));
            if self.waiting(nth, next) < part_max {
                self.append(&input.partitions[nth].records[next..end]).await;
                written[nth] = end;
            }
            // As many as a few rounds have.
            for _ in 0..self.rng.usize(1..12) {
                self.happen().await?;
            }
        }
        self.judge_all().await
    }

    /// How many of the events before `next` are not judged yet.
    fn waiting(&self, nth: usize, next: usize) -> usize {
        let partition = Partition(u32::try_from(nth).unwrap_or(u32::MAX));
        let judged = usize::try_from(judged(&self.log, partition).0).unwrap_or(usize::MAX);
        next.saturating_sub(judged)
    }

    /// A write of an event is never too large.
    async fn append(&self, records: &[NewRecord]) {
        self.log.limit_writes(usize::MAX);
        self.log.append(records.to_vec()).await.expect("it is in memory");
        self.log.limit_writes(self.write_bytes_max);
    }

    /// One thing: a step of a processor, or what disturbs it.
    async fn happen(&mut self) -> Result<(), Stuck> {
        if self.rng.u32(0..1_000) >= self.unrest_per_mille {
            if self.running.is_empty() {
                self.start();
            }
            self.step().await?;
            return Ok(());
        }
        match self.rng.u32(0..10) {
            0 => {
                self.tally.compactions += 1;
                self.log.compact();
            }
            1..=4 => self.start(),
            _ => self.crash().await,
        }
        Ok(())
    }

    /// Until none has had anything to do twice in a row: what one drops may be assigned to another.
    async fn judge_all(&mut self) -> Result<(), Stuck> {
        let mut quiet = 0;
        while quiet < 2 {
            self.happen().await?;
            if self.running.is_empty() {
                self.start();
            }
            let numbers: Vec<usize> = self.running.keys().copied().collect();
            let mut worked = false;
            for number in numbers {
                worked |= self.step_of(number).await?;
            }
            if worked {
                quiet = 0;
            } else if self.is_judged() {
                quiet += 1;
            } else {
                tokio::time::sleep(RETRIED_WITHIN).await;
            }
        }
        Ok(())
    }

    /// Whether the group's position is at the end of each partition.
    fn is_judged(&self) -> bool {
        partitions(&self.log).all(|partition| {
            self.log.last_stable_offset(Topic::Status, partition).expect("it is in memory");
            judged(&self.log, partition) >= end(&self.log, partition)
        })
    }

    fn start(&mut self) {
        let free = (0..PROCESSORS_MAX).find(|number| !self.running.contains_key(number));
        if let Some(number) = free {
            self.tally.joined += u64::from(!self.running.is_empty());
            let stepped = Stepped::open(&self.log, &self.folder(number), self.bounds);
            self.running.insert(number, stepped);
        }
    }

    /// Between any two steps. Its disk may be lost, or be as it was at an earlier crash.
    async fn crash(&mut self) {
        let Some(number) = self.any() else { return };
        let Some(crashed) = self.running.remove(&number) else { return };
        self.tally.crashes[crashed.stage.nth()] += 1;
        drop(crashed);
        // A restore that is under way has the store open.
        restores_ended().await;
        match self.rng.u32(0..6) {
            0 => {
                self.tally.lost_stores += 1;
                let _ = fs::remove_dir_all(self.folder(number));
            }
            1 => {
                let copy = self.dir.join(format!("{}-copy-{number}", self.seed));
                let _ = fs::remove_dir_all(&copy);
                if copy_dir(&self.folder(number), &copy).is_ok() {
                    self.copies[number] = Some(copy);
                }
            }
            2 => {
                if let Some(copy) = self.copies[number].take() {
                    self.tally.old_stores += 1;
                    let _ = fs::remove_dir_all(self.folder(number));
                    self.disks[number] += 1;
                    fs::rename(copy, self.folder(number)).expect("a folder beside it");
                }
            }
            _ => {}
        }
    }

    async fn step(&mut self) -> Result<bool, Stuck> {
        match self.any() {
            Some(number) => self.step_of(number).await,
            None => Ok(false),
        }
    }

    /// False: it has nothing to do.
    async fn step_of(&mut self, number: usize) -> Result<bool, Stuck> {
        self.progress.step(&self.log).map_err(|why| Stuck { why })?;
        let Some(stepped) = self.running.get_mut(&number) else { return Ok(false) };
        Ok(match stepped.step().await {
            Ok(worked) => {
                self.tally.rounds += u64::from(matches!(stepped.stage, Stage::Committed(_)));
                worked
            }
            Err(_) => {
                self.tally.failed += 1;
                stepped.processor.restart_partitions();
                true
            }
        })
    }

    fn any(&mut self) -> Option<usize> {
        let numbers: Vec<usize> = self.running.keys().copied().collect();
        self.rng.choice(numbers)
    }

    fn folder(&self, number: usize) -> PathBuf {
        self.dir.join(format!("{}-{number}-{}", self.seed, self.disks[number]))
    }

    fn outcome(mut self) -> Disturbed {
        self.tally.log = self.log.happened();
        self.running.clear();
        let log = &self.log;
        let read = |topic, partition| {
            log.last_stable_offset(topic, partition).expect("it is in memory");
            log.read(topic, partition, Offset(0), usize::MAX, usize::MAX).expect("it is in memory")
        };
        let partitions = || partitions(log);
        let alerts = partitions().map(|partition| read(Topic::Alerts, partition)).collect();
        let rejects = partitions().map(|partition| read(Topic::Rejects, partition).len()).sum();
        let mut states = BTreeMap::new();
        for record in partitions().flat_map(|partition| read(Topic::Status, partition)) {
            if record.key.contains('/') {
                match record.value {
                    Some(state) => states.insert(record.key, state),
                    None => states.remove(&record.key),
                };
            }
        }
        let journal = log.journal();
        let of_batches = journal
            .iter()
            .filter(|written| written.topic == Topic::Status && written.record.key.contains('/'));
        let state_bytes_max =
            of_batches.filter_map(|written| Some(written.record.value.as_ref()?.len())).max().unwrap_or(0);
        Disturbed { alerts, states, state_bytes_max, rejects, tally: self.tally }
    }
}

impl Drop for Run<'_> {
    fn drop(&mut self) {
        self.running.clear();
        for number in 0..PROCESSORS_MAX {
            for disk in 0..=self.disks[number] {
                let _ = fs::remove_dir_all(self.dir.join(format!("{}-{number}-{disk}", self.seed)));
            }
            let _ = fs::remove_dir_all(self.dir.join(format!("{}-copy-{number}", self.seed)));
        }
    }
}

/// Each kind of fault often, seldom or never.
fn faults(rng: &mut Rng) -> Faults {
    let mut one_of = |often: u32| *rng.choice(&[0, often / 10, often]).unwrap_or(&0);
    Faults {
        aborted_per_mille: one_of(60),
        unanswered_per_mille: one_of(60),
        unsettled_per_mille: one_of(300),
        unreadable_per_mille: one_of(20),
    }
}

/// One of the bounds is small, or none.
fn bounds(rng: &mut Rng, tally: &mut Tally) -> TurnBounds {
    let all = TurnBounds { due_page_max: rng.usize(1..8), ..TurnBounds::default() };
    let nth = rng.usize(0..5);
    tally.bounds[nth] += 1;
    match nth {
        0 => TurnBounds { events_max: rng.usize(5..200), ..all },
        1 => TurnBounds { batches_max: rng.usize(1..8), ..all },
        2 => TurnBounds { slots_max: rng.usize(1..30), ..all },
        3 => TurnBounds { bytes_max: rng.usize(30_000..300_000), ..all },
        _ => all,
    }
}

fn copy_dir(from: &Path, to: &Path) -> std::io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            fs::copy(entry.path(), to.join(entry.file_name()))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use kigen_testkit::fleet::{Fleet, Size};

    use super::*;

    /// As if the log took no write, however small.
    #[test]
    fn processors_that_read_turn_after_turn_without_progress_are_found() {
        let size = Size {
            cron_jobs: 1,
            days: 1,
            partitions: 1,
            minutes_per_tick: 120,
            late_each_days: 1,
            ..Size::default()
        };
        let mut fleet = Fleet::new(&size, |_| Partition(0));
        let mut input = Input { partitions: vec![crate::input::InputPartition::default()] };
        while let Some(day) = fleet.next_day() {
            input.partitions[0].records.extend(day);
        }
        let dir = tempfile::tempdir().expect("a folder");
        let stuck = paused_runtime().block_on(async {
            let mut run = Run::new(&input, 1, dir.path());
            run.write_bytes_max = 0;
            run.judge(&input, &mut [0]).await
        });
        let why = stuck.expect_err("it makes no progress").why;
        assert!(why.starts_with("no progress within"), "{why}");
    }
}
