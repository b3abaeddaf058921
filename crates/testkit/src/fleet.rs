//! A generated fleet: the events of CronJobs that run once a day, or each hour, and succeed in time, with ticks, as a shipper
//! writes them.

use chrono::{TimeDelta, TimeZone, Utc};
use kigen_log::{Log, LogReader, NewRecord};
use kigen_model::Instant;
use kigen_model::event::{ClusterBody, ClusterEvent, Event, Fact, FactBody, Revision, StreamPosition};
use kigen_model::key::BatchKey;
use kigen_model::objective::{Deadlines, Objective, ObjectiveSource, ReadBatch};
use kigen_model::reported::ReportedMetrics;
use kigen_model::run::{Attempt, AttemptPhase, CronJob, Run, RunPhase};
use kigen_model::topic::{Partition, Topic};

/// The fleet's cluster.
pub const CLUSTER: &str = "prod";

const NAMESPACE: &str = "ml";

/// How much is generated.
pub struct Size {
    /// The number of CronJobs.
    pub cron_jobs: i32,
    /// The number of days.
    pub days: i32,
    /// The number of partitions of each topic.
    pub partitions: u32,
    /// The minutes between two ticks.
    pub minutes_per_tick: i32,
    /// Every so many days a CronJob's run is twenty minutes late; 0: never. Not of those that run each hour.
    pub late_each_days: i32,
    /// Whether each CronJob runs each hour.
    pub is_hourly: bool,
    /// Of so many CronJobs the others read the first; 0: none reads another.
    pub read_in: i32,
}

impl Default for Size {
    /// One partition, a tick each minute, a run once a day, no run is late, and none reads another.
    fn default() -> Self {
        Self {
            cron_jobs: 0,
            days: 0,
            partitions: 1,
            minutes_per_tick: 1,
            late_each_days: 0,
            is_hourly: false,
            read_in: 0,
        }
    }
}

/// Writes all of the fleet's days to a log; returns the number of events.
///
/// # Panics
/// The log refuses them.
pub async fn fill<L: Log>(log: &L, size: &Size) -> usize {
    let mut events = 0;
    let mut fleet = Fleet::new(size, |key| log.reader().partition_of(key));
    while let Some(records) = fleet.next_day() {
        events += records.len();
        log.append(records).await.expect("the events are written");
    }
    events
}

/// The events of a fleet, day by day.
pub struct Fleet<'a, P> {
    size: &'a Size,
    partition_of: P,
    day: i32,
    version: u64,
}

impl<'a, P: Fn(&str) -> Partition> Fleet<'a, P> {
    /// A fleet of this size; `partition_of` is the log's partitioner.
    pub fn new(size: &'a Size, partition_of: P) -> Self {
        Self { size, partition_of, day: 0, version: 0 }
    }

    /// The records of the next day; `None` after the last one.
    pub fn next_day(&mut self) -> Option<Vec<NewRecord>> {
        let day = self.day;
        if day >= self.size.days {
            return None;
        }
        self.day += 1;
        let mut records = Vec::new();
        if day == 0 {
            for cron_job in 0..self.size.cron_jobs {
                let facts = declared(cron_job, self.size, &mut self.version);
                facts.into_iter().for_each(|fact| self.fact(&mut records, fact));
            }
        }
        for minute in 0..1_440 {
            let minute = day * 1_440 + minute;
            let now = start() + TimeDelta::minutes(1) * minute;
            for cron_job in 0..self.size.cron_jobs {
                let facts = of_minute(cron_job, minute, now, self.size, &mut self.version);
                facts.into_iter().for_each(|fact| self.fact(&mut records, fact));
            }
            if minute % self.size.minutes_per_tick == 0 {
                self.tick(&mut records, now);
            }
        }
        Some(records)
    }

    fn fact(&self, records: &mut Vec<NewRecord>, fact: Fact) {
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
    let value = Some(kigen_wire::encode_event(event, kigen_wire::Level::NEWEST));
    NewRecord { topic: Topic::Events, partition, key, value, timestamp }
}

/// The midnight before the first run.
///
/// # Panics
/// Never.
#[must_use]
pub fn start() -> Instant {
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
    Fact { key: BatchKey::new(CLUSTER, NAMESPACE, format!("batch-{cron_job}")), observed_at: at, body }
}

/// The hour and minute at which a CronJob fires. Its deadline is an hour later.
fn fires(cron_job: i32) -> (i32, i32) {
    (cron_job % 12, cron_job % 60)
}

/// A CronJob that exists from the start.
#[must_use]
pub fn cron_job(schedule: &str) -> CronJob {
    CronJob {
        schedule: schedule.to_owned(),
        time_zone: None,
        suspended: false,
        concurrency: None,
        created_at: start(),
        last_scheduled_at: None,
        last_succeeded_at: None,
    }
}

fn declared(nth: i32, size: &Size, version: &mut u64) -> Vec<Fact> {
    let (hour, minute) = fires(nth);
    let (hour, next) = match size.is_hourly {
        true => ("*".to_owned(), "*".to_owned()),
        false => (hour.to_string(), (hour + 1).to_string()),
    };
    let cron_job = cron_job(&format!("{minute} {hour} * * *"));
    let uid = format!("2f0c8a7e-0000-4000-8000-{nth:012}");
    let of_cron_job = |revision| FactBody::CronJob { revision, cron_job: Some(cron_job) };
    let mut facts = vec![fact(nth, uid.clone(), version, start(), of_cron_job)];
    let deadline = Deadlines::CompleteBy { crontab: format!("{minute} {next} * * *") };
    let first = (size.read_in > 0).then(|| nth - nth % size.read_in).filter(|first| *first != nth);
    let reads = first.map(|first| {
        let source = ReadBatch { namespace: NAMESPACE.to_owned(), batch: format!("batch-{first}") };
        ("reads", Deadlines::Reads { sources: vec![source] })
    });
    for (name, deadlines) in [("complete-by", deadline)].into_iter().chain(reads) {
        let (name, objective) =
            (name.to_owned(), Some(Objective::new(deadlines, ObjectiveSource::Annotation)));
        let body = |revision| FactBody::Objective { name, revision, objective };
        facts.push(fact(nth, uid.clone(), version, start(), body));
    }
    facts
}

/// The facts of a run: created, running with its Pod, succeeded forty minutes after it fired, or eighty if it is late.
fn of_minute(nth: i32, minute: i32, now: Instant, size: &Size, version: &mut u64) -> Vec<Fact> {
    let (hour, of_hour) = fires(nth);
    // The number of the run, and the minutes since it fired.
    let (number, since) = match size.is_hourly {
        true => ((minute - of_hour).div_euclid(60), (minute - of_hour).rem_euclid(60)),
        false => (minute / 1_440, minute % 1_440 - hour * 60 - of_hour),
    };
    if number < 0 {
        return Vec::new();
    }
    let Size { late_each_days, is_hourly, .. } = *size;
    let is_late = !is_hourly && late_each_days > 0 && (nth + number) % late_each_days == 0;
    let done = if is_late { 80 } else { 40 };
    let scheduled_at = now - TimeDelta::minutes(1) * since;
    let uid = format!("2f0c8a7e-{number:04}-4000-8001-{nth:012}");
    let run = |phase| Run {
        job: format!("batch-{nth}-{number}"),
        scheduled_at: Some(scheduled_at),
        created_at: scheduled_at,
        started_at: Some(scheduled_at),
        phase,
        failed_pods: 0,
        slot: None,
    };
    let attempt = |phase| Attempt {
        pod: format!("batch-{nth}-{number}-x7k2p"),
        node: Some("node-3".to_owned()),
        restarts: 0,
        phase,
        metrics: ReportedMetrics::default(),
        containers: Vec::new(),
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
        let pod = format!("2f0c8a7e-{number:04}-4000-8002-{nth:012}");
        let run_uid = uid.clone();
        fact(nth, pod, version, now, |revision| FactBody::Attempt { revision, run_uid, attempt })
    });
    let of_run = fact(nth, uid, version, now, |revision| FactBody::Run { revision, run });
    std::iter::once(of_run).chain(of_pod).collect()
}
