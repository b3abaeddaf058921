//! A year judged anew: what `kigen replay` takes for 300 CronJobs with a tick a minute, beside what reading and decoding the
//! same log takes alone.
//!
//! Not by criterion: a log of millions of records is made once, and each measurement is a process of seconds.

use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant as RealInstant};

use chrono::{TimeDelta, TimeZone, Utc};
use kigen_log::{EmbeddedLog, Record, Settings};
use kigen_model::Instant;
use kigen_model::event::{ClusterBody, ClusterEvent, Event, Fact, FactBody, Revision, StreamPosition};
use kigen_model::key::BatchKey;
use kigen_model::objective::{Deadlines, Objective, ObjectiveSource, Severity};
use kigen_model::run::{Attempt, AttemptPhase, CronJob, Run, RunPhase};
use kigen_model::topic::{Offset, Partition, Topic};

const CLUSTER: &str = "prod";
const RECORDS_PER_STEP: usize = 20_000;
/// As `kigen up` makes them.
const PARTITIONS: u32 = 4;
const TIMES: usize = 5;

/// How much is generated.
struct Size {
    cron_jobs: i32,
    days: i32,
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    // `cargo test` builds a bench and runs it once, to show that it still does.
    let is_measured = std::env::args().any(|argument| argument == "--bench");
    let size = if is_measured { Size { cron_jobs: 300, days: 365 } } else { Size { cron_jobs: 10, days: 3 } };
    let dir = tempfile::tempdir().expect("a folder");
    let log_dir = dir.path().join("log");
    let log = EmbeddedLog::open(&log_dir, Settings { partitions: PARTITIONS, ..Settings::default() })
        .expect("a log");
    let events = fill(&log, &size).await;
    tell(&format!(
        "{} CronJobs, {} days, a tick a minute in each of {} partitions: {events} events",
        size.cron_jobs,
        size.days,
        log.partitions()
    ));
    let times = if is_measured { TIMES } else { 1 };
    let best = |what: &str, mut work: Box<dyn FnMut() + '_>| {
        let took: Vec<Duration> = (0..times).map(|_| timed(&mut work)).collect();
        let best = took.iter().min().expect("measured at least once");
        let per_second = f64::from(u32::try_from(events).expect("millions")) / best.as_secs_f64();
        tell(&format!("{what:<28} {:>6.2} s  {:>9.0} events/s", best.as_secs_f64(), per_second));
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
    tell(&format!(
        "replay against read and decode on one core: {:.2}; decode against read: {:.2}",
        replay.as_secs_f64() / decode.as_secs_f64(),
        decode.as_secs_f64() / read.as_secs_f64()
    ));
}

fn tell(line: &str) {
    writeln!(std::io::stdout(), "{line}").expect("somebody listens");
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
    assert_eq!(text.lines().count(), rows + 1, "a row an objective, and a head");
    let met: i32 = text
        .lines()
        .skip(1)
        .map(|row| row.split(',').nth(2).expect("met").parse::<i32>().expect("a number"))
        .sum();
    assert_eq!(met, size.cron_jobs * size.days, "each slot is met");
}

/// Writes the log: each CronJob runs once a day and is done in time.
async fn fill(log: &EmbeddedLog, size: &Size) -> usize {
    let mut version = 0;
    let mut records = Vec::new();
    let mut events = 0;
    let say = |records: &mut Vec<Record>, fact: Fact| {
        let key = fact.key.to_string();
        records.push(record(log.partition_of(&key), key, fact.observed_at, &Event::Fact(fact)));
    };
    for cron_job in 0..size.cron_jobs {
        for fact in declared(cron_job, &mut version) {
            say(&mut records, fact);
        }
    }
    for minute in 0..=size.days * 1_440 {
        let now = start() + TimeDelta::minutes(1) * minute;
        for cron_job in 0..size.cron_jobs {
            for fact in of_minute(cron_job, minute, now, &mut version) {
                say(&mut records, fact);
            }
        }
        version += 1;
        let positions = ["cronjobs", "jobs", "pods"]
            .map(|stream| StreamPosition { stream: stream.to_owned(), resource_version: version });
        let body = ClusterBody::Tick { observed_until: now, positions: positions.into() };
        let tick = Event::Cluster(ClusterEvent { cluster: CLUSTER.to_owned(), epoch: 1, body });
        for partition in (0..log.partitions()).map(Partition) {
            records.push(record(partition, CLUSTER.to_owned(), now, &tick));
        }
        if records.len() >= RECORDS_PER_STEP || minute == size.days * 1_440 {
            events += records.len();
            log.append(std::mem::take(&mut records)).await.expect("appended");
        }
    }
    events
}

fn record(partition: Partition, key: String, timestamp: Instant, event: &Event) -> Record {
    let value = Some(kigen_wire::encode_event(event));
    Record { topic: Topic::Events, partition, key, value, timestamp }
}

fn start() -> Instant {
    Utc.with_ymd_and_hms(2025, 11, 23, 0, 0, 0).single().expect("an instant")
}

fn fact(
    cron_job: i32,
    uid: String,
    version: &mut u64,
    at: Instant,
    make: impl FnOnce(Revision) -> FactBody,
) -> Fact {
    *version += 1;
    let body = make(Revision { uid, resource_version: *version });
    Fact { key: BatchKey::new(CLUSTER, "ml", format!("batch-{cron_job}")), observed_at: at, body }
}

/// It fires at some minute of the morning, and must be done an hour later.
fn fires(cron_job: i32) -> (i32, i32) {
    (cron_job % 12, cron_job % 60)
}

fn declared(nth: i32, version: &mut u64) -> [Fact; 2] {
    let (hour, minute) = fires(nth);
    let cron_job = CronJob {
        schedule: format!("{minute} {hour} * * *"),
        time_zone: None,
        suspended: false,
        created_at: start(),
        last_scheduled_at: None,
        last_succeeded_at: None,
    };
    let objective = Objective {
        is_of_jobs: false,
        deadlines: Deadlines::CompleteBy { crontab: format!("{minute} {} * * *", hour + 1) },
        time_zone: None,
        grace: TimeDelta::zero(),
        settle: TimeDelta::seconds(Objective::SETTLE_DEFAULT_S),
        freshness: None,
        starts: None,
        severity: Severity::Fatal,
        owner: Some("ml".to_owned()),
        runbook: None,
        source: ObjectiveSource::Annotation,
    };
    let uid = format!("2f0c8a7e-0000-4000-8000-{nth:012}");
    [
        fact(nth, uid.clone(), version, start(), |revision| FactBody::CronJob {
            revision,
            cron_job: Some(cron_job),
        }),
        fact(nth, uid, version, start(), |revision| FactBody::Objective {
            name: "complete-by".to_owned(),
            revision,
            objective: Some(objective),
        }),
    ]
}

/// What is heard of a run: created, its pod running, done forty minutes after it fired.
fn of_minute(nth: i32, minute: i32, now: Instant, version: &mut u64) -> Vec<Fact> {
    let (hour, of_hour) = fires(nth);
    let (day, since) = (minute / 1_440, minute % 1_440 - hour * 60 - of_hour);
    let scheduled_at = now - TimeDelta::minutes(1) * since;
    let uid = format!("2f0c8a7e-{day:04}-4000-8001-{nth:012}");
    let run = |phase| Run {
        job: format!("batch-{nth}-{day}"),
        scheduled_at: Some(scheduled_at),
        created_at: scheduled_at,
        started_at: Some(scheduled_at),
        phase,
        failed_pods: 0,
        slot: None,
    };
    let attempt = |phase| Attempt {
        pod: format!("batch-{nth}-{day}-x7k2p"),
        node: Some("node-3".to_owned()),
        restarts: 0,
        phase,
    };
    let (run, attempt) = match since {
        0 => (run(RunPhase::Pending), None),
        1 => (run(RunPhase::Running), Some(attempt(AttemptPhase::Running { since: Some(now) }))),
        40 => {
            let phase = RunPhase::Succeeded { completed_at: now };
            (run(phase), Some(attempt(AttemptPhase::Succeeded { finished_at: Some(now) })))
        }
        _ => return Vec::new(),
    };
    let of_pod = attempt.map(|attempt| {
        let pod = format!("2f0c8a7e-{day:04}-4000-8002-{nth:012}");
        let run_uid = uid.clone();
        fact(nth, pod, version, now, |revision| FactBody::Attempt { revision, run_uid, attempt })
    });
    let of_run = fact(nth, uid, version, now, |revision| FactBody::Run { revision, run });
    std::iter::once(of_run).chain(of_pod).collect()
}
