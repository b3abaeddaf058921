//! A year replayed: the time of `kigen replay` for 300 CronJobs with a tick a minute, beside reading and decoding the same log
//! alone; and the same year from an archive on disk, of which the log has the last days.
//!
//! Without criterion: a log of millions of records is written once, and each measurement is a process that runs for seconds.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant as RealInstant};

use chrono::TimeDelta;
use kigen_log::{EmbeddedLog, LogReader, Retention, Settings};
use kigen_model::topic::{Offset, Partition, Topic};
use kigen_testkit::bench::{is_measured, report};
use kigen_testkit::fleet::{self, CLUSTER, Size};

const TIMES: usize = 5;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let (size, times) = if is_measured() {
        (Size { cron_jobs: 300, days: 365, partitions: 4, ..Size::default() }, TIMES)
    } else {
        (Size { cron_jobs: 10, days: 3, partitions: 4, ..Size::default() }, 1)
    };
    let dir = tempfile::tempdir().expect("a folder");
    let settings = Settings { partitions: size.partitions, ..Settings::default() };
    let log = EmbeddedLog::open(&dir.path().join("log"), settings).expect("a log");
    let events = fleet::fill(&log, &size).await;
    report(&format!(
        "{} CronJobs, {} days, a tick a minute in each of {} partitions: {events} events",
        size.cron_jobs, size.days, size.partitions
    ));
    let best = |what: &str, mut work: Box<dyn FnMut() + '_>| {
        let took: Vec<Duration> = (0..times).map(|_| timed(&mut work)).collect();
        let best = took.iter().min().expect("measured at least once");
        let per_second = f64::from(u32::try_from(events).expect("millions")) / best.as_secs_f64();
        report(&format!("{what:<28} {:>6.2} s  {:>9.0} events/s", best.as_secs_f64(), per_second));
        *best
    };
    let read = best("read", Box::new(|| each_value(&log, |_| {})));
    let decode = best(
        "read and decode",
        Box::new(|| {
            each_value(&log, |value| {
                std::hint::black_box(kigen_wire::decode_event(value)).expect("an event");
            });
        }),
    );
    let replay = best("kigen replay, the process", Box::new(|| replay(dir.path(), &size)));
    report(&format!(
        "replay against read and decode on one core: {:.2}; decode against read: {:.2}",
        replay.as_secs_f64() / decode.as_secs_f64(),
        decode.as_secs_f64() / read.as_secs_f64()
    ));
    drop(log);
    archived(dir.path(), &size, times).await;
}

/// The same year from an archive: the log keeps the last days.
async fn archived(dir: &Path, size: &Size, times: usize) {
    let archive = dir.join("archive");
    let kigen = |args: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kigen"));
        command.args(args).args(["--cluster", CLUSTER, "--data-dir"]).arg(dir).arg("--archive").arg(&archive);
        command.stdout(Stdio::null());
        command
    };
    let began = RealInstant::now();
    assert!(kigen(&["archive", "--once"]).status().expect("kigen runs").success());
    report(&format!("{:<28} {:>6.2} s", "kigen archive --once", began.elapsed().as_secs_f64()));
    let days = Retention { age_ms_max: 2 * 86_400_000, ..Settings::default().events };
    let settings = Settings { partitions: size.partitions, events: days, ..Settings::default() };
    let log = EmbeddedLog::open(&dir.join("log"), settings).expect("a log");
    log.trim(fleet::start() + TimeDelta::days(size.days.into())).await.expect("it trims");
    drop(log);
    let since = fleet::start().to_rfc3339();
    let commands: [&[&str]; 2] = [&["replay"], &["impact", "ml/batch-7", "--since", &since]];
    for args in commands {
        let mut best: Option<(Duration, String)> = None;
        for _ in 0..times {
            let began = RealInstant::now();
            let mut child = kigen(args).spawn().expect("kigen runs");
            let mut peak = String::new();
            let ended = loop {
                peak = peak_of(child.id()).unwrap_or(peak);
                if let Some(ended) = child.try_wait().expect("it waits") {
                    break ended;
                }
                std::thread::sleep(Duration::from_millis(5));
            };
            assert!(ended.success(), "kigen {}", args.join(" "));
            let took = began.elapsed();
            if best.as_ref().is_none_or(|(least, _)| took < *least) {
                best = Some((took, peak));
            }
        }
        let (took, peak) = best.expect("measured at least once");
        report(&format!(
            "{:<28} {:>6.2} s  {peak}",
            format!("kigen {}, archive", args[0]),
            took.as_secs_f64()
        ));
    }
}

/// The most memory that a running process has had so far; `None`: it has ended.
fn peak_of(id: u32) -> Option<String> {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: f64 = line.trim().trim_end_matches(" kB").parse().ok()?;
    Some(format!("{:.0} MiB at most", kib / 1_024.0))
}

fn timed(work: &mut dyn FnMut()) -> Duration {
    let began = RealInstant::now();
    work();
    began.elapsed()
}

fn each_value(log: &EmbeddedLog, mut each: impl FnMut(&[u8])) {
    for partition in (0..log.partitions()).map(Partition) {
        let mut next = Offset(0);
        loop {
            let records = log.read(Topic::Events, partition, next, 4_096, 8 << 20).expect("records");
            let Some(last) = records.last() else { break };
            next = last.offset.next();
            for record in &records {
                each(record.value.as_deref().expect("a value"));
            }
        }
    }
}

fn replay(dir: &Path, size: &Size) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kigen"));
    command.args(["replay", "--format", "csv", "--cluster", CLUSTER, "--data-dir"]).arg(dir);
    let output = command.output().expect("kigen runs");
    let text = String::from_utf8(output.stdout).expect("text");
    let rows = usize::try_from(size.cron_jobs).expect("small");
    assert_eq!(text.lines().count(), rows + 1, "a row for each objective, and a header");
    let met: i32 = text
        .lines()
        .skip(1)
        .map(|row| row.split(',').nth(2).expect("met").parse::<i32>().expect("a number"))
        .sum();
    assert_eq!(met, size.cron_jobs * size.days, "each slot is met");
}
