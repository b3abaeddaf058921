//! The commands that read a log, over ten million events: the time until the first line, and until the end.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant as RealInstant};

use kigen_log::{EmbeddedLog, Settings};
use kigen_processor::{Processor, TurnBounds};
use kigen_store::Store;
use kigen_testkit::bench::{is_measured, report};
use kigen_testkit::fleet::{self, CLUSTER, Size};

#[tokio::main]
async fn main() {
    let size = if is_measured() {
        Size { cron_jobs: 300, days: 365, partitions: 18, ..Size::default() }
    } else {
        Size { cron_jobs: 10, days: 3, partitions: 2, ..Size::default() }
    };
    let dir = tempfile::tempdir().expect("a folder");
    let settings = Settings { partitions: size.partitions, ..Settings::default() };
    let log = EmbeddedLog::open(&dir.path().join("log"), settings).expect("a readable log");
    let events = fleet::fill(&log, &size).await;
    report(&format!("{events} events of {} CronJobs in {} partitions", size.cron_jobs, size.partitions));
    let (store, _) = Store::open(&dir.path().join("store")).expect("a store");
    let mut processor = Processor::open(log.clone(), store, TurnBounds::default()).expect("a processor");
    let began = RealInstant::now();
    while !processor.is_idle().expect("a readable log") {
        processor.turn().await.expect("a turn");
    }
    report(&format!("judged and committed in {:.1} s", began.elapsed().as_secs_f64()));
    let last = format!("{}", (fleet::start() + chrono::TimeDelta::days((size.days - 1).into())).date_naive());
    let commands: [&[&str]; 5] = [
        &["events"],
        &["events", "--from", "2025-11-24T00:00:00Z", "ml/batch-7"],
        &["status"],
        &["objectives", "list"],
        &["explain", "ml/batch-7", &last],
    ];
    for command in commands {
        let (first, all) = timed(dir.path(), command);
        report(&format!(
            "kigen {:<55} first line {:>6.2} s, all {:>6.2} s",
            command.join(" "),
            first.as_secs_f64(),
            all.as_secs_f64()
        ));
    }
}

fn timed(dir: &Path, args: &[&str]) -> (Duration, Duration) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kigen"));
    command.args(["--cluster", CLUSTER, "--data-dir"]).arg(dir).args(args).stdout(Stdio::piped());
    let began = RealInstant::now();
    let mut child = command.spawn().expect("kigen runs");
    let mut out = BufReader::new(child.stdout.take().expect("a pipe"));
    let mut line = String::new();
    out.read_line(&mut line).expect("text");
    let first = began.elapsed();
    out.read_to_string(&mut line).expect("text");
    assert!(child.wait().expect("it exits").success());
    assert!(!line.is_empty());
    (first, began.elapsed())
}
