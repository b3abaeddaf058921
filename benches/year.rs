//! A year replayed: the time of `kigen replay` for 300 CronJobs with a tick a minute, beside reading and decoding the same log
//! alone; and the same year from an archive on disk, of which the log has the last days (`-- year`). And what the commands over the
//! past need of memory for 10,000 CronJobs over more and more days (`-- fleet`).
//!
//! Without criterion: a log of millions of records is written once, and each measurement is a process that runs for seconds.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant as RealInstant};

use chrono::TimeDelta;
use kigen_log::{EmbeddedLog, LogReader, Retention, Settings};
use kigen_model::topic::{Offset, Partition, Topic};
use kigen_testkit::bench::{chosen_part, is_measured, report};
use kigen_testkit::fleet::{self, CLUSTER, Size};

const TIMES: usize = 5;
/// The batch whose results are late, and that nine others read.
const LATE: &str = "ml/batch-0";

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let part = chosen_part();
    let is_wanted = |name: &str| part.as_deref().is_none_or(|part| part == name);
    if is_wanted("year") {
        year().await;
    }
    if is_wanted("fleet") {
        for days in if is_measured() { [30, 60, 120].as_slice() } else { &[3] } {
            fleet(*days).await;
        }
    }
}

/// CronJobs that run once a day, of which the first of ten is read by the others, and late every 30 days.
fn size(cron_jobs: i32, days: i32) -> Size {
    Size { cron_jobs, days, partitions: 4, late_each_days: 30, read_in: 10, ..Size::default() }
}

async fn filled(dir: &Path, size: &Size) -> EmbeddedLog {
    let settings = Settings { partitions: size.partitions, ..Settings::default() };
    let log = EmbeddedLog::open(&dir.join("log"), settings).expect("a log");
    let events = fleet::fill(&log, size).await;
    report(&format!(
        "{} CronJobs, {} days, a tick each {} min in each of {} partitions: {events} events",
        size.cron_jobs, size.days, size.minutes_per_tick, size.partitions
    ));
    log
}

async fn year() {
    let (size, times) = if is_measured() { (size(300, 365), TIMES) } else { (size(10, 3), 1) };
    let dir = tempfile::tempdir().expect("a folder");
    let log = filled(dir.path(), &size).await;
    let best = |what: &str, mut work: Box<dyn FnMut() + '_>| {
        let took: Vec<Duration> = (0..times).map(|_| timed(&mut work)).collect();
        let best = took.iter().min().expect("measured at least once");
        report(&format!("{what:<28} {:>6.2} s", best.as_secs_f64()));
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

/// How much memory grows with the days of a fleet whose batches are all open.
async fn fleet(days: i32) {
    let size = match is_measured() {
        true => Size { minutes_per_tick: 10, ..size(10_000, days) },
        false => size(20, days),
    };
    let dir = tempfile::tempdir().expect("a folder");
    drop(filled(dir.path(), &size).await);
    archived(dir.path(), &size, 1).await;
    progress(dir.path());
}

/// The same days from an archive: the log keeps the last ones.
async fn archived(dir: &Path, size: &Size, times: usize) {
    measured("archive --once", dir, &["archive", "--once"], 1);
    let days = Retention { age_ms_max: 2 * 86_400_000, ..Settings::default().events };
    let settings = Settings { partitions: size.partitions, events: days, ..Settings::default() };
    let log = EmbeddedLog::open(&dir.join("log"), settings).expect("a log");
    log.trim(fleet::start() + TimeDelta::days(size.days.into())).await.expect("it trims");
    drop(log);
    let since = fleet::start().to_rfc3339();
    let end = fleet::start() + TimeDelta::days(i64::from(size.days) - 1);
    let last_week = (end - TimeDelta::days(7)).to_rfc3339();
    let deadline = end.format("%Y-%m-%d").to_string();
    measured("replay", dir, &["replay"], times);
    measured("impact since the first day", dir, &["impact", LATE, "--since", &since], times);
    measured("impact of the last week", dir, &["impact", LATE, "--since", &last_week], times);
    measured("explain", dir, &["explain", "ml/batch-7", &deadline], times);
}

fn kigen(dir: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kigen"));
    command.args(args).args(["--cluster", CLUSTER, "--data-dir"]).arg(dir);
    command.arg("--archive").arg(dir.join("archive"));
    command
}

/// Reports the least time of a command, with its processor time and the most memory that it had.
fn measured(what: &str, dir: &Path, args: &[&str], times: usize) {
    let mut best: Option<(Duration, Usage)> = None;
    for _ in 0..times {
        let began = RealInstant::now();
        let mut child = kigen(dir, args).stdout(Stdio::null()).spawn().expect("kigen runs");
        let mut usage = Usage::default();
        let ended = loop {
            usage = Usage::of(child.id()).unwrap_or(usage);
            if let Some(ended) = child.try_wait().expect("it waits") {
                break ended;
            }
            std::thread::sleep(Duration::from_millis(5));
        };
        assert!(ended.success(), "kigen {}", args.join(" "));
        let took = began.elapsed();
        if best.as_ref().is_none_or(|(least, _)| took < *least) {
            best = Some((took, usage));
        }
    }
    let (took, Usage { peak_mib, cpu_s }) = best.expect("measured at least once");
    report(&format!(
        "{:<36} {:>6.2} s, {cpu_s:>6.2} s of processor time, {peak_mib:.0} MiB at most",
        format!("kigen {what}"),
        took.as_secs_f64()
    ));
}

/// What a process has used so far.
#[derive(Clone, Copy, Default)]
struct Usage {
    peak_mib: f64,
    cpu_s: f64,
}

impl Usage {
    /// `None`: it has ended.
    fn of(id: u32) -> Option<Self> {
        let status = std::fs::read_to_string(format!("/proc/{id}/status")).ok()?;
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
        let peak_kib: f64 = peak.trim().trim_end_matches(" kB").parse().ok()?;
        let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
        // After the name, which is in parentheses: user and system time, in hundredths of a second.
        let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
        let ticks = |nth: usize| fields.get(nth)?.parse::<f64>().ok();
        Some(Self { peak_mib: peak_kib / 1_024.0, cpu_s: (ticks(11)? + ticks(12)?) / 100.0 })
    }
}

/// Reports how often a long replay shows its progress on a terminal.
fn progress(dir: &Path) {
    let command = kigen(dir, &["replay", "--format", "csv"]);
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let line: Vec<&str> = words.map(|word| word.to_str().expect("text")).collect();
    // A terminal of its own.
    let shown = Command::new("script").args(["-qec", &line.join(" "), "/dev/null"]).output();
    let shown = shown.expect("script runs, which each Debian has").stdout;
    let shown = String::from_utf8_lossy(&shown);
    let steps: Vec<&str> = shown.split('\r').filter(|step| step.contains(" % of ")).collect();
    report(&format!(
        "progress on a terminal: {} times, such as {:?}",
        steps.len(),
        steps.get(steps.len() / 2)
    ));
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
    let judged = |row: &str| -> i32 {
        let counts = row.split(',').skip(2).take(4);
        counts.map(|count| count.parse::<i32>().expect("a number")).sum()
    };
    let judged: i32 = text.lines().skip(1).map(judged).sum();
    assert_eq!(judged, size.cron_jobs * size.days, "each slot is judged");
}
