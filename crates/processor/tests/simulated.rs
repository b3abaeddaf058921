//! Processors over a simulated log: whatever fails, whoever dies, joins or loses its place, in the order that a seed
//! chooses, the alerts are those of one undisturbed run.
//!
//! `KIGEN_TEST_SEED` repeats one seed, `KIGEN_TEST_SEEDS` says how many are tried.

#[expect(dead_code, reason = "other tests use more of it")]
mod feed;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use fastrand::Rng;
use feed::Feed;
use kigen_log::{ConsumedRecord, Log, LogReader, Settings};
use kigen_model::topic::{Offset, Partition, Topic};
use kigen_processor::{Committed, Processor, ProcessorError, Poll, Staged, TurnBounds};
use kigen_state::POSITION_KEY;
use kigen_store::Store;
use kigen_testkit::simulated::{Faults, SimulatedLog};

const SEED: &str = "KIGEN_TEST_SEED";
const SEEDS: &str = "KIGEN_TEST_SEEDS";
const PARTITIONS: u32 = 4;
const DAYS: usize = 3;
const PROCESSORS_MAX: usize = 3;
/// How many steps there are at least before all is left to end well.
const STEPS_MIN: u32 = 300;
/// In the test's own time, which passes only when nothing else can happen.
const QUIET: Duration = Duration::from_secs(1);
/// Small, so that a few events are many rounds and a tick's due work is cut by its cursor.
const BOUNDS: TurnBounds = TurnBounds { events_max: 9, batches_max: 4, due_page_max: 2 };
const FAULTS: Faults = Faults {
    aborted_per_mille: 50,
    unanswered_per_mille: 50,
    unsettled_per_mille: 300,
    unreadable_per_mille: 20,
};

#[test]
fn in_whatever_order_things_go_wrong_each_alert_is_said_once() {
    let number = |name| std::env::var(name).ok().map(|text| text.parse::<u64>().expect("a number"));
    let (first, count) = match number(SEED) {
        Some(seed) => (seed, 1),
        None => (u64::from(fastrand::u32(..)), number(SEEDS).unwrap_or(40)),
    };
    // Time stands still, so that waiting for what never comes ends at once.
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_all().start_paused(true).max_blocking_threads(1);
    runtime.build().expect("a runtime").block_on(async {
        let expected = undisturbed().await;
        assert!(expected.alerts.iter().flatten().count() > 20, "the feed must make alerts");
        let mut failed = 0;
        for seed in first..first + count {
            // Seen where it fails.
            println!("{SEED}={seed}");
            let (found, errors) = Chaos::new(seed).run().await;
            for (nth, (found, expected)) in found.alerts.iter().zip(&expected.alerts).enumerate() {
                let place = found.iter().zip(expected).take_while(|(one, other)| one == other).count();
                let (count, wanted) = (found.len(), expected.len());
                let (found, expected) = (found.get(place), expected.get(place));
                assert!(
                    found == expected,
                    "{SEED}={seed}: partition {nth}, alert {place} of {count}, wanted {wanted}: {found:?} instead of {expected:?}"
                );
            }
            assert!(found.states == expected.states, "{SEED}={seed}: the states at the end are others");
            failed += errors;
        }
        assert!(count == 1 || failed > 10, "only {failed} rounds failed: nothing is shown");
    });
}

/// What processors left, offsets aside.
struct Left {
    /// Of each partition, in their order: key, value, time.
    alerts: Vec<Vec<String>>,
    states: BTreeMap<String, Vec<u8>>,
}

impl Left {
    fn of(log: &SimulatedLog) -> Self {
        let read = |topic, partition| {
            log.reader().last_stable_offset(topic, partition).expect("an end");
            log.reader().read(topic, partition, Offset(0), usize::MAX, usize::MAX).expect("it is in memory")
        };
        let told = |record: ConsumedRecord| {
            let alert = kigen_wire::decode_alert(record.value.as_deref().unwrap_or_default());
            let alert = alert.expect("an alert");
            assert_eq!((record.key, record.timestamp), (alert.key.to_string(), alert.decided_at));
            format!("{} {} {:?}", alert.id, alert.key, alert.body)
        };
        let partitions = || (0..PARTITIONS).map(Partition);
        let alerts = partitions().map(|nth| read(Topic::Alerts, nth).into_iter().map(told).collect());
        let statuses = partitions().flat_map(|nth| read(Topic::Status, nth));
        let states = statuses.filter(|record| record.key != POSITION_KEY);
        Self {
            alerts: alerts.collect(),
            states: states.map(|record| (record.key, record.value.unwrap_or_default())).collect(),
        }
    }
}

/// One processor, and nothing that goes wrong.
async fn undisturbed() -> Left {
    let log = open(Faults::default(), 0);
    let mut feed = Feed::new(log.reader());
    for _ in 0..DAYS {
        log.append(feed.next_day()).await.expect("it is in memory");
    }
    let dir = tempfile::tempdir().expect("a folder");
    let mut judging = Judging::open(&log, dir.path());
    while judging.step().await.expect("nothing goes wrong") {}
    Left::of(&log)
}

fn open(faults: Faults, seed: u64) -> SimulatedLog {
    SimulatedLog::new(Settings { partitions: PARTITIONS, ..Settings::default() }, faults, seed)
}

/// A processor, and how far it is in its round: others may do what they like between two steps.
struct Judging {
    processor: Processor<SimulatedLog>,
    stage: Stage,
}

enum Stage {
    Between,
    Read(Poll),
    Folded(Staged),
    Taken(Committed),
}

impl Judging {
    fn open(log: &SimulatedLog, dir: &Path) -> Self {
        let (store, _) = Store::open(dir).expect("a store");
        let processor = Processor::open(log.clone(), store, BOUNDS).expect("a processor");
        Self { processor, stage: Stage::Between }
    }

    /// One step of a round; false: there is nothing to do.
    async fn step(&mut self) -> Result<bool, ProcessorError> {
        // Time passes only once no partition is being taken up: so a seed always does the same.
        tokio::time::sleep(Duration::from_millis(1)).await;
        self.stage = match std::mem::replace(&mut self.stage, Stage::Between) {
            Stage::Between => match tokio::time::timeout(QUIET, self.processor.next()).await {
                Ok(poll) => Stage::Read(poll?),
                Err(_) => return Ok(false),
            },
            Stage::Read(poll) => Stage::Folded(self.processor.apply(poll)?),
            Stage::Folded(staged) => Stage::Taken(self.processor.commit(staged).await?),
            Stage::Taken(committed) => {
                self.processor.store(committed)?;
                Stage::Between
            }
        };
        Ok(true)
    }
}

/// Processors by their names, each with a store of its own.
struct Chaos {
    rng: Rng,
    log: SimulatedLog,
    running: BTreeMap<usize, Judging>,
    dir: tempfile::TempDir,
    /// How many disks each name has had.
    disks: [u32; PROCESSORS_MAX],
    errors: usize,
}

impl Chaos {
    fn new(seed: u64) -> Self {
        let (rng, log) = (Rng::with_seed(seed), open(FAULTS, seed));
        let dir = tempfile::tempdir().expect("a folder");
        Self { rng, log, running: BTreeMap::new(), dir, disks: [0; PROCESSORS_MAX], errors: 0 }
    }

    async fn run(mut self) -> (Left, usize) {
        let log = self.log.clone();
        let mut feed = Feed::new(log.reader());
        let (mut days, mut steps) = (0, 0);
        while days < DAYS || steps < STEPS_MIN {
            steps += 1;
            match self.rng.u32(0..100) {
                0..2 => log.compact(),
                2..5 if days < DAYS => {
                    days += 1;
                    log.append(feed.next_day()).await.expect("it is in memory");
                }
                5..9 => self.start(),
                9..12 => self.kill(),
                _ => {
                    self.step().await;
                }
            }
        }
        self.log.calm();
        if self.running.is_empty() {
            self.start();
        }
        // Whoever is told nothing more, twice around, has nothing to do: what one leaves may be another's.
        let mut quiet = 0;
        while quiet < 2 * PROCESSORS_MAX {
            let names: Vec<usize> = self.running.keys().copied().collect();
            for name in names {
                let worked = self.step_of(name).await;
                quiet = if worked { 0 } else { quiet + 1 };
            }
        }
        (Left::of(&self.log), self.errors)
    }

    fn start(&mut self) {
        let free = (0..PROCESSORS_MAX).find(|name| !self.running.contains_key(name));
        if let Some(name) = free {
            self.running.insert(name, Judging::open(&self.log, &self.folder(name)));
        }
    }

    /// Within a step or between two; sometimes its disk goes with it.
    fn kill(&mut self) {
        if let Some(name) = self.any() {
            self.running.remove(&name);
            if self.rng.u32(0..3) == 0 {
                self.disks[name] += 1;
            }
        }
    }

    async fn step(&mut self) {
        if let Some(name) = self.any() {
            self.step_of(name).await;
        }
    }

    /// False: it has nothing to do.
    async fn step_of(&mut self, name: usize) -> bool {
        let judging = self.running.get_mut(&name).expect("it runs");
        match judging.step().await {
            Ok(worked) => worked,
            Err(_) => {
                self.errors += 1;
                judging.processor.restart_partitions();
                true
            }
        }
    }

    fn any(&mut self) -> Option<usize> {
        let names: Vec<usize> = self.running.keys().copied().collect();
        self.rng.choice(names)
    }

    fn folder(&self, name: usize) -> PathBuf {
        self.dir.path().join(format!("{name}-{}", self.disks[name]))
    }
}
