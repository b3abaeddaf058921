//! A generated fleet: CronJobs that run once a day and are done in time, and ticks, as a log has them.

use chrono::{TimeDelta, TimeZone, Utc};
use kigen_log::{Log, LogReader, NewRecord};
use kigen_model::Instant;
use kigen_model::event::{ClusterBody, ClusterEvent, Event, Fact, FactBody, Revision, StreamPosition};
use kigen_model::key::BatchKey;
use kigen_model::metrics::Metrics;
use kigen_model::objective::{Deadlines, Objective, ObjectiveSource};
use kigen_model::run::{Attempt, AttemptPhase, CronJob, Run, RunPhase};
use kigen_model::topic::{Partition, Topic};

pub(crate) const CLUSTER: &str = "prod";

/// How much is generated.
pub(crate) struct Size {
    pub(crate) cron_jobs: i32,
    pub(crate) days: i32,
    pub(crate) partitions: u32,
    /// Between two ticks.
    pub(crate) minutes_per_tick: i32,
    /// Each so many days a CronJob's run is twenty minutes late; 0: never.
    pub(crate) late_each_days: i32,
}

impl Default for Size {
    /// A tick each minute, and nothing is late.
    fn default() -> Self {
        Self { cron_jobs: 0, days: 0, partitions: 1, minutes_per_tick: 1, late_each_days: 0 }
    }
}

/// Whether this is `cargo bench`; `cargo test` builds a bench and runs it once, to show that it still does.
pub(crate) fn is_measured() -> bool {
    std::env::args().any(|argument| argument == "--bench")
}

/// Writes the log.
pub(crate) async fn fill<L: Log>(log: &L, size: &Size) -> usize {
    let mut events = 0;
    let mut fleet = Fleet::new(size, |key| log.reader().partition_of(key));
    while let Some(records) = fleet.next_day() {
        events += records.len();
        log.append(records).await.expect("appended");
    }
    events
}

/// What is heard of a fleet, day by day: each CronJob runs once a day and is done in time.
pub(crate) struct Fleet<'a, P> {
    size: &'a Size,
    partition_of: P,
    day: i32,
    version: u64,
}

impl<'a, P: Fn(&str) -> Partition> Fleet<'a, P> {
    /// Of a log that puts keys into partitions so.
    pub(crate) fn new(size: &'a Size, partition_of: P) -> Self {
        Self { size, partition_of, day: 0, version: 0 }
    }

    /// The records of the next day; `None`: that was the last.
    pub(crate) fn next_day(&mut self) -> Option<Vec<NewRecord>> {
        let day = self.day;
        if day >= self.size.days {
            return None;
        }
        self.day += 1;
        let mut records = Vec::new();
        if day == 0 {
            for cron_job in 0..self.size.cron_jobs {
                let facts = declared(cron_job, &mut self.version);
                facts.into_iter().for_each(|fact| self.say(&mut records, fact));
            }
        }
        for minute in 0..1_440 {
            let minute = day * 1_440 + minute;
            let now = start() + TimeDelta::minutes(1) * minute;
            for cron_job in 0..self.size.cron_jobs {
                let facts = of_minute(cron_job, minute, now, self.size.late_each_days, &mut self.version);
                facts.into_iter().for_each(|fact| self.say(&mut records, fact));
            }
            if minute % self.size.minutes_per_tick == 0 {
                self.tick(&mut records, now);
            }
        }
        Some(records)
    }

    fn say(&self, records: &mut Vec<NewRecord>, fact: Fact) {
        let key = fact.key.to_string();
        let partition = (self.partition_of)(&key);
        records.push(record(partition, key, fact.observed_at, &Event::Fact(fact)));
    }

    fn tick(&mut self, records: &mut Vec<NewRecord>, now: Instant) {
        self.version += 1;
        let positions = ["cronjobs", "jobs", "pods"]
            .map(|stream| StreamPosition { stream: stream.to_owned(), resource_version: self.version });
        let body = ClusterBody::Tick { observed_until: now, positions: positions.into() };
        let tick =
            Event::Cluster(ClusterEvent { cluster: CLUSTER.to_owned(), cluster_uid: None, epoch: 1, body });
        for partition in (0..self.size.partitions).map(Partition) {
            records.push(record(partition, CLUSTER.to_owned(), now, &tick));
        }
    }
}

fn record(partition: Partition, key: String, timestamp: Instant, event: &Event) -> NewRecord {
    let value = Some(kigen_wire::encode_event(event));
    NewRecord { topic: Topic::Events, partition, key, value, timestamp }
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

/// A CronJob that is there from the start.
pub(crate) fn cron_job(schedule: &str) -> CronJob {
    CronJob {
        schedule: schedule.to_owned(),
        time_zone: None,
        suspended: false,
        created_at: start(),
        last_scheduled_at: None,
        last_succeeded_at: None,
    }
}

fn declared(nth: i32, version: &mut u64) -> [Fact; 2] {
    let (hour, minute) = fires(nth);
    let cron_job = cron_job(&format!("{minute} {hour} * * *"));
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

/// What is heard of a run: created, its pod running, done forty minutes after it fired, or eighty if it is late.
fn of_minute(nth: i32, minute: i32, now: Instant, late_each_days: i32, version: &mut u64) -> Vec<Fact> {
    let (hour, of_hour) = fires(nth);
    let (day, since) = (minute / 1_440, minute % 1_440 - hour * 60 - of_hour);
    let is_late = late_each_days > 0 && (nth + day) % late_each_days == 0;
    let done = if is_late { 80 } else { 40 };
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
        metrics: Metrics::default(),
    };
    let (run, attempt) = match since {
        0 => (run(RunPhase::Pending), None),
        1 => (run(RunPhase::Running), Some(attempt(AttemptPhase::Running { since: Some(now) }))),
        since if since == done => {
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
