//! A year replayed: the time of `kigen replay` for 300 CronJobs with a tick a minute, beside reading and decoding the same log
//! alone.
//!
//! Without criterion: a log of millions of records is written once, and each measurement is a process that runs for seconds.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant as RealInstant};

use kigen_log::{EmbeddedLog, LogReader, Settings};
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
