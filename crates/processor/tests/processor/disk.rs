//! An error of the disk on which RocksDB gives up: the store is opened again while kigen runs.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use kigen_log::{Log, LogReader, Settings};
use kigen_model::topic::{Offset, Partition, Topic};
use kigen_processor::{Poll, Processor, ProcessorError, TurnBounds};
use kigen_store::Store;
use kigen_testkit::simulated::{Faults, SimulatedLog};

use crate::feed::Feed;
use crate::{chaos, judge_all};

/// Where the child finds its store.
const DIR: &str = "KIGEN_TEST_LIMITED_DIR";
const PARTITIONS: u32 = 2;
/// The most rounds that the child judges.
const ROUNDS_MAX: usize = 1_000;
/// How long a round is waited for, in the test's own time.
const ROUND_TIME_MAX: Duration = Duration::from_secs(60);

#[test]
fn judging_continues_by_itself_after_an_error_on_which_rocksdb_gives_up() {
    let dir = tempfile::tempdir().expect("a folder");
    // The signal of the limit on files would end the process.
    let script = "trap '' XFSZ && exec \"$1\" --exact disk::limited_child --ignored --nocapture";
    let exe = std::env::current_exe().expect("this test's path");
    let output = Command::new("sh").args(["-c", script, "sh"]).arg(exe).env(DIR, dir.path()).output();
    let output = output.expect("runs");
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && out.contains("1 passed"), "{out}\n{err}");
}

#[test]
#[ignore = "the child process of the test above, whose files it limits"]
fn limited_child() {
    let dir = std::env::var(DIR).expect("started by a test");
    let dir = Path::new(&dir);
    chaos::paused_runtime().block_on(async {
        let undisturbed = new_log();
        let mut feed = Feed::new(&undisturbed);
        for _ in 0..3 {
            undisturbed.append(feed.next_day()).await.expect("it is in memory");
        }
        judge_all(&undisturbed, &dir.join("undisturbed"), TurnBounds::default()).await;

        let log = new_log();
        let mut feed = Feed::new(&log);
        log.append(feed.next_day()).await.expect("it is in memory");
        let (store, _) = Store::open(&dir.join("store")).expect("a store");
        let mut processor = Processor::open(log.clone(), store, TurnBounds::default()).expect("a processor");
        assert_eq!(failures(&mut processor, ROUNDS_MAX).await, 0);

        log.append(feed.next_day()).await.expect("it is in memory");
        limit_files("4096:");
        let failed = failures(&mut processor, 20).await;
        assert!(failed > 0, "a file larger than it may be must be an error");
        assert!(!processor.is_idle().expect("a readable log"), "nothing is judged without a store");

        limit_files("unlimited:");
        log.append(feed.next_day()).await.expect("it is in memory");
        failures(&mut processor, ROUNDS_MAX).await;
        assert!(processor.is_idle().expect("a readable log"), "it does not continue");
        assert!(alerts(&log) == alerts(&undisturbed), "the alerts are others");
        drop(processor);
        let (store, dropped) = Store::open(&dir.join("store")).expect("a store");
        assert_eq!(dropped, None, "it is as it was closed");
        assert!(store.position(Partition(0)).expect("readable").is_some());
    });
}

/// Judges as `run` does, until all is judged or so many rounds are over; returns how many of them failed.
async fn failures(processor: &mut Processor<SimulatedLog>, rounds_max: usize) -> usize {
    let mut failures = 0;
    for _ in 0..rounds_max {
        if processor.is_idle().expect("a readable log") {
            break;
        }
        // While nothing but restores fails, a round waits for ever.
        let Ok(poll) = tokio::time::timeout(ROUND_TIME_MAX, processor.next()).await else {
            failures += 1;
            continue;
        };
        if judge(processor, poll).await.is_err() {
            failures += 1;
            processor.restart_partitions();
        }
    }
    failures
}

async fn judge(
    processor: &mut Processor<SimulatedLog>,
    poll: Result<Poll, ProcessorError>,
) -> Result<(), ProcessorError> {
    let staged = processor.apply(poll?);
    let committed = processor.commit(staged).await?;
    processor.store(committed)
}

/// Sets the size that a file of this process may have.
fn limit_files(bytes: &str) {
    let mut command = Command::new("prlimit");
    command.arg(format!("--pid={}", std::process::id())).arg(format!("--fsize={bytes}"));
    assert!(command.status().expect("prlimit runs").success());
}

fn new_log() -> SimulatedLog {
    let settings = Settings { partitions: PARTITIONS, ..Settings::default() };
    SimulatedLog::new(settings, Faults::default(), 0)
}

/// The keys and bytes of all alerts, in their order.
fn alerts(log: &SimulatedLog) -> Vec<(String, Option<Vec<u8>>)> {
    let read = |partition| {
        log.read(Topic::Alerts, partition, Offset(0), usize::MAX, usize::MAX).expect("it is in memory")
    };
    let records = (0..PARTITIONS).map(Partition).flat_map(read);
    records.map(|record| (record.key, record.value)).collect()
}
