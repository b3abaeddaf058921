//! The processor is killed with `kill -9` at each step of each round: the alerts are those of an undisturbed run.

use std::path::Path;
use std::process::{Command, ExitStatus};

use kigen_log::{ConsumedRecord, EmbeddedLog, LogReader, Settings};
use kigen_model::topic::{Offset, Partition, Topic};
use kigen_processor::Processor;
use kigen_store::Store;

use crate::chaos::BOUNDS;
use crate::feed;

/// `round:step`, where the child kills itself; anything else: it runs until all is judged.
const KILL_AT: &str = "KIGEN_TEST_KILL_AT";
const DATA_DIR: &str = "KIGEN_TEST_DATA_DIR";
const PARTITIONS: u32 = 2;
const STEPS: u32 = 4;

/// This test, as the child runs it.
const TEST: &str = "kills::killed_at_each_step_of_each_round_no_alert_is_lost_or_emitted_twice";

#[test]
fn killed_at_each_step_of_each_round_no_alert_is_lost_or_emitted_twice() {
    if let Ok(dir) = std::env::var(DATA_DIR) {
        child(Path::new(&dir));
        return;
    }
    let undisturbed = tempfile::tempdir().expect("a temporary directory");
    fill(undisturbed.path());
    assert!(judge(undisturbed.path(), "never").success());
    let expected = alerts(undisturbed.path());
    assert!(expected.iter().flatten().count() > 20, "the feed must make alerts: {expected:?}");

    let mut round = 0;
    loop {
        let mut was_killed = false;
        for step in 0..STEPS {
            let dir = tempfile::tempdir().expect("a temporary directory");
            fill(dir.path());
            was_killed = !judge(dir.path(), &format!("{round}:{step}")).success();
            if step % 2 == 1 {
                // The store is a cache, which may be deleted at any time.
                std::fs::remove_dir_all(dir.path().join("store")).expect("the store is there");
            }
            assert!(judge(dir.path(), "never").success(), "after a kill in round {round}, step {step}");
            assert_eq!(alerts(dir.path()), expected, "after a kill in round {round}, step {step}");
        }
        if !was_killed {
            break;
        }
        round += 1;
    }
    assert!(round > 10, "the feed must take more than ten rounds, it took {round}");
}

fn settings() -> Settings {
    Settings { partitions: PARTITIONS, ..Settings::default() }
}

fn fill(dir: &Path) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(feed::fill(dir, settings()));
}

/// Runs this test again as a child that judges the log in `dir`.
fn judge(dir: &Path, kill_at: &str) -> ExitStatus {
    Command::new(std::env::current_exe().expect("the test's own path"))
        .args(["--exact", TEST, "--nocapture"])
        .env(DATA_DIR, dir)
        .env(KILL_AT, kill_at)
        .stdout(std::process::Stdio::null())
        .status()
        .expect("the child runs")
}

fn child(dir: &Path) {
    let kill_at = std::env::var(KILL_AT).unwrap_or_default();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let log = EmbeddedLog::open(&dir.join("log"), settings()).expect("the log opens");
        let (store, _) = Store::open(&dir.join("store")).expect("the store opens");
        let mut processor = Processor::open(log, store, BOUNDS).expect("the processor opens");
        for round in 0.. {
            let die = |step: u32| {
                if kill_at == format!("{round}:{step}") {
                    kill_myself();
                }
            };
            if processor.is_idle().expect("the log is readable") {
                return;
            }
            let poll = processor.next().await.expect("events");
            die(0);
            let staged = processor.apply(poll);
            die(1);
            let committed = processor.commit(staged).await.expect("a commit");
            die(2);
            processor.store(committed).expect("a write of the store");
            die(3);
        }
    });
}

fn kill_myself() {
    let pid = std::process::id().to_string();
    let _ = Command::new("sh").args(["-c", &format!("kill -9 {pid}")]).status();
    loop {
        std::thread::park();
    }
}

/// All alerts, by partition, in their order, with their bytes.
fn alerts(dir: &Path) -> Vec<Vec<ConsumedRecord>> {
    let log = EmbeddedLog::open(&dir.join("log"), settings()).expect("the log opens");
    let read = |partition| log.read(Topic::Alerts, partition, Offset(0), usize::MAX, usize::MAX);
    (0..PARTITIONS).map(|partition| read(Partition(partition)).expect("alerts")).collect()
}
