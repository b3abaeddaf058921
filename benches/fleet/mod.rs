//! A generated fleet: CronJobs that run once a day and are done in time, and ticks, as a log has them.

use std::path::Path;

use chrono::{TimeDelta, TimeZone, Utc};
use kigen_log::{EmbeddedLog, Log, Look, Record, Settings};
use kigen_model::Instant;
use kigen_model::event::{ClusterBody, ClusterEvent, Event, Fact, FactBody, Revision, StreamPosition};
use kigen_model::key::BatchKey;
use kigen_model::objective::{Deadlines, Objective, ObjectiveSource};
use kigen_model::run::{Attempt, AttemptPhase, CronJob, Run, RunPhase};
use kigen_model::topic::{Partition, Topic};

pub(crate) const CLUSTER: &str = "prod";
const RECORDS_PER_STEP: usize = 20_000;

/// How much is generated.
pub(crate) struct Size {
    pub(crate) cron_jobs: i32,
    pub(crate) days: i32,
    pub(crate) partitions: u32,
}

/// Whether this is `cargo bench`; `cargo test` builds a bench and runs it once, to show that it still does.
pub(crate) fn is_measured() -> bool {
    std::env::args().any(|argument| argument == "--bench")
}

/// Opens a new log below `dir`, as `kigen up` would.
pub(crate) fn log(dir: &Path, size: &Size) -> EmbeddedLog {
    let settings = Settings { partitions: size.partitions, ..Settings::default() };
    EmbeddedLog::open(&dir.join("log"), settings).expect("a log")
}

/// Writes the log: each CronJob runs once a day and is done in time.
pub(crate) async fn fill(log: &EmbeddedLog, size: &Size) -> usize {
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

/// Midnight before the first run.
pub(crate) fn start() -> Instant {
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
    let deadlines = Deadlines::CompleteBy { crontab: format!("{minute} {} * * *", hour + 1) };
    let objective = Objective::new(deadlines, ObjectiveSource::Annotation);
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
