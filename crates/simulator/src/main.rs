//! The command of `make sim`: judges the worlds of many seeds on all cores, and shows progress, rate and what occurred.
//!
//! `SEED` is the first seed, `SLOTS` how many slots are judged at least, `THREADS` how many threads judge. After a failure,
//! its seed is printed, and, unless `SHRINK` is 0, the story of the smallest world that still fails; the exit code is 1.
//!
//! `FAULTS=0` judges without faults, `GOES_ON=1` judges further seeds after a failure, `OUTAGES=0` judges worlds in which the
//! shipper is never away, `EXPIRES=1` worlds in which events expire from the log unread.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "it is a command")]

use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use kigen_simulator::generate::Size;
use kigen_simulator::seed::{Counts, Failure, Report, judge_world, sized};
use kigen_simulator::shrink::shrink;
use kigen_simulator::story;
use kigen_simulator::world::World;

const SLOTS_DEFAULT: u64 = 100_000;
const PROGRESS_INTERVAL: Duration = Duration::from_secs(5);
const POLL_INTERVAL: Duration = Duration::from_millis(100);

/// What the threads share.
struct Shared {
    first: u64,
    slots_wanted: u64,
    /// Whether seeds are judged after one failed, too.
    goes_on: bool,
    /// Whether the processors are disturbed.
    has_faults: bool,
    /// What the worlds have.
    size: Size,
    next: AtomicU64,
    slots: AtomicU64,
    has_failed: AtomicBool,
    counts: Mutex<Counts>,
    failures: Mutex<Vec<(u64, Failure)>>,
}

impl Shared {
    fn world(&self, seed: u64) -> World {
        sized(seed, self.size)
    }
}

fn main() -> ExitCode {
    let first = number("SEED").unwrap_or_else(|| u64::from(fastrand::u32(..)));
    let slots_wanted = number("SLOTS").unwrap_or(SLOTS_DEFAULT);
    let cores = thread::available_parallelism().map_or(1, |cores| cores.get() as u64);
    let threads = number("THREADS").unwrap_or(cores);
    let shared = Shared {
        first,
        slots_wanted,
        goes_on: is_set("GOES_ON"),
        has_faults: number("FAULTS") != Some(0),
        size: Size { outages: number("OUTAGES") != Some(0), expires: is_set("EXPIRES"), ..Size::default() },
        next: AtomicU64::new(first),
        slots: AtomicU64::new(0),
        has_failed: AtomicBool::new(false),
        counts: Mutex::default(),
        failures: Mutex::default(),
    };
    eprintln!("seeds from SEED={first}, {slots_wanted} slots, {threads} threads");
    let began = Instant::now();
    thread::scope(|scope| {
        let judging: Vec<_> = (0..threads).map(|_| scope.spawn(|| judge(&shared))).collect();
        let mut shown = Instant::now();
        while judging.iter().any(|thread| !thread.is_finished()) {
            thread::sleep(POLL_INTERVAL);
            if shown.elapsed() >= PROGRESS_INTERVAL {
                shown = Instant::now();
                eprint!(
                    "{}{}",
                    progress(&shared, began),
                    if std::io::stderr().is_terminal() { "\r" } else { "\n" }
                );
            }
        }
    });
    println!("{}", progress(&shared, began));
    table(&shared.counts.lock().expect("no thread panicked with it"));
    let failures = shared.failures.lock().expect("no thread panicked with it");
    for (seed, failure) in failures.iter() {
        println!("\nSEED={seed} fails: {failure:#?}");
        if number("SHRINK") != Some(0) {
            shrunk(&shared, *seed, failure.clone());
        }
    }
    if failures.is_empty() {
        println!("\nno disagreement, no broken invariant");
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Judges seeds until there are enough slots, or one fails.
fn judge(shared: &Shared) {
    let dir = tempfile::tempdir_in(memory()).expect("a folder for stores");
    while (shared.goes_on || !shared.has_failed.load(Ordering::Relaxed))
        && shared.slots.load(Ordering::Relaxed) < shared.slots_wanted
    {
        let seed = shared.next.fetch_add(1, Ordering::Relaxed);
        match judge_world(&shared.world(seed), shared.has_faults.then(|| dir.path())) {
            Ok(Report { slots, counts }) => {
                shared.slots.fetch_add(slots, Ordering::Relaxed);
                let mut all = shared.counts.lock().expect("no thread panicked with it");
                for (kind, count) in counts {
                    *all.entry(kind).or_default() += count;
                }
            }
            Err(failure) => {
                eprintln!("SEED={seed} fails");
                shared.has_failed.store(true, Ordering::Relaxed);
                shared.failures.lock().expect("no thread panicked with it").push((seed, failure));
            }
        }
    }
}

/// Makes the world of a failure smaller, and writes the story of what is left of its batch.
fn shrunk(shared: &Shared, seed: u64, failure: Failure) {
    let dir = tempfile::tempdir_in(memory()).expect("a folder for stores");
    let world = shared.world(seed);
    // What fails without faults is found without them.
    let dir = judge_world(&world, None).is_ok().then(|| dir.path());
    let (world, failure) = shrink(world, failure, |world| judge_world(world, dir).err());
    let Some(key) = failure.key() else { return };
    let text = story::of(&world, &key, &format!("Seed {seed}"), &comment(&failure));
    let path = std::env::temp_dir().join(format!("kigen-sim-{seed}.story"));
    println!("\n{text}");
    match std::fs::write(&path, text) {
        Ok(()) => println!("it is in {}", path.display()),
        Err(error) => println!("it could not be written to {}: {error}", path.display()),
    }
}

fn comment(failure: &Failure) -> String {
    match failure {
        Failure::Disagrees(it) => {
            let (objective, deadline) = (&it.objective, it.deadline);
            format!("{objective}, {deadline}\nright: {}\nfound: {}", it.right, it.reported)
        }
        Failure::Broken(broken) => broken.what.clone(),
        Failure::Stuck(why) => why.clone(),
    }
}

/// A folder in memory, if there is one: a store is deleted a moment later.
fn memory() -> PathBuf {
    let shared_memory = Path::new("/dev/shm");
    if shared_memory.is_dir() { shared_memory.to_owned() } else { std::env::temp_dir() }
}

fn progress(shared: &Shared, began: Instant) -> String {
    let (slots, seconds) = (shared.slots.load(Ordering::Relaxed), began.elapsed().as_secs_f64().max(0.001));
    #[expect(clippy::cast_precision_loss, reason = "it is shown")]
    let rate = slots as f64 / seconds;
    let seeds = shared.next.load(Ordering::Relaxed) - shared.first;
    format!("{slots} of {} slots, {seeds} seeds, {seconds:.0} s, {rate:.0} slots/s", shared.slots_wanted)
}

fn table(counts: &Counts) {
    let mut tables: BTreeMap<&str, Vec<(&str, u64)>> = BTreeMap::new();
    for ((table, name), count) in counts {
        tables.entry(table).or_default().push((name, *count));
    }
    for (table, rows) in tables {
        println!("\n{table}");
        for (name, count) in rows {
            println!("  {count:>12}  {name}");
        }
    }
}

fn is_set(name: &str) -> bool {
    number(name) == Some(1)
}

fn number(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok().filter(|text| !text.is_empty())?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name} is not a number: {text}")))
}
