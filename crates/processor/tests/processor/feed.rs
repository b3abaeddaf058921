//! The events of a few CronJobs over three days: runs in time, late runs, and runs that never start. A busy feed has a batch
//! with more runs a day than a state keeps, and more deadlines a day than a round of a test judges.

use std::path::Path;

use chrono::{TimeDelta, TimeZone, Utc};
use kigen_log::{EmbeddedLog, Log, LogReader, NewRecord, Settings};
use kigen_model::Instant;
use kigen_model::event::{ClusterBody, ClusterEvent, Event, Fact, FactBody, Revision};
use kigen_model::key::BatchKey;
use kigen_model::labels::Labels;
use kigen_model::objective::{Deadlines, Objective, ObjectiveSource, Severity};
use kigen_model::run::{CronJob, Run, RunPhase};
use kigen_model::slot::Gap;
use kigen_model::stall::StallReport;
use kigen_model::topic::{Partition, Topic};

const BATCHES: u64 = 12;
const DAYS: i64 = 3;
/// A run every half an hour, and a deadline every five minutes.
const BUSY: u64 = BATCHES;
const BUSY_RUNS: i64 = 48;
pub(crate) const CLUSTER: &str = "prod";

/// The first midnight.
pub(crate) fn start() -> Instant {
    Utc.with_ymd_and_hms(2026, 11, 1, 0, 0, 0).single().expect("an instant")
}

/// A wall clock that stands still.
pub(crate) fn wall_clock() -> Instant {
    start() + TimeDelta::days(100)
}

/// Writes all days into a new log in `dir`.
pub(crate) async fn fill(dir: &Path, settings: Settings) {
    let log = EmbeddedLog::open(&dir.join("log"), settings).expect("the log opens");
    let mut feed = Feed::new(log.reader());
    for _ in 0..DAYS {
        log.append(feed.next_day()).await.expect("the events are written");
    }
}

/// The events, day by day.
pub(crate) struct Feed<'a, L> {
    reader: &'a L,
    records: Vec<NewRecord>,
    version: u64,
    day: i64,
    is_busy: bool,
    is_stalled: bool,
}

impl<'a, L: LogReader> Feed<'a, L> {
    /// For a log whose keys are partitioned as those of this one.
    pub(crate) fn new(reader: &'a L) -> Self {
        Self { reader, records: Vec::new(), version: 0, day: 0, is_busy: false, is_stalled: false }
    }

    /// With a batch of many runs and deadlines beside the others.
    pub(crate) fn busy(reader: &'a L) -> Self {
        Self { is_busy: true, ..Self::new(reader) }
    }

    /// With a stall of the cluster on the second day, in which a third of the runs is not made.
    pub(crate) fn stalled(self) -> Self {
        Self { is_stalled: true, ..self }
    }

    /// The records of the next day.
    pub(crate) fn next_day(&mut self) -> Vec<NewRecord> {
        let start = start();
        let day = self.day;
        self.day += 1;
        if day == 0 {
            (0..BATCHES).for_each(|batch| self.declare(batch, start));
        }
        let midnight = start + TimeDelta::days(day);
        let is_stalled = self.is_stalled && day == 1;
        if is_stalled {
            let since = midnight + TimeDelta::hours(7);
            let report = StallReport { since, overdue: 4, cron_jobs: Vec::new() };
            self.of_cluster(since, &ClusterBody::Stalled { at: since + TimeDelta::minutes(70), report });
        }
        (0..BATCHES).for_each(|batch| self.run(batch, day, midnight));
        if self.is_busy {
            self.busy_day(day, midnight);
        }
        if day == 0 {
            (0..BATCHES).for_each(|batch| self.hurry(batch, midnight + TimeDelta::hours(12)));
        }
        self.tick(midnight + TimeDelta::hours(13));
        if is_stalled {
            let at = midnight + TimeDelta::hours(14);
            self.of_cluster(at, &ClusterBody::StallOver { at });
        }
        std::mem::take(&mut self.records)
    }

    /// The records after `days` days without observation: something succeeded last, and which runs did before is lost.
    pub(crate) fn outage(&mut self, days: i64) -> Vec<NewRecord> {
        let last_tick = |day| start() + TimeDelta::days(day - 1) + TimeDelta::hours(13);
        let from = last_tick(self.day);
        self.day += days;
        let to = last_tick(self.day);
        (0..BATCHES).for_each(|batch| self.cron_job(batch, to, Some(to - TimeDelta::minutes(1))));
        self.of_cluster(to, &ClusterBody::Gap(Gap::unwatched(Some(from), to)));
        self.tick(to);
        std::mem::take(&mut self.records)
    }

    fn declare(&mut self, batch: u64, at: Instant) {
        self.cron_job(batch, at, None);
        self.objective(batch, at, "complete-by", TimeDelta::zero());
        self.objective(batch, at, "patient", TimeDelta::days(1));
    }

    /// Runs of which two in three are still under way in the evening: first they all are, then they end, some of them failed.
    fn busy_day(&mut self, day: i64, midnight: Instant) {
        if day == 0 {
            self.scheduled(BUSY, midnight, "*/30 * * * *", None);
            self.complete_by(BUSY, midnight, "complete-by", "*/5 * * * *", TimeDelta::zero());
        }
        let run = |nth: i64, phase| {
            let starts_at = midnight + TimeDelta::minutes(30 * nth) - TimeDelta::hours(12);
            Run {
                job: format!("busy-{day}-{nth}"),
                scheduled_at: Some(starts_at),
                created_at: starts_at,
                started_at: Some(starts_at),
                phase,
                failed_pods: 0,
                slot: None,
            }
        };
        for nth in 0..BUSY_RUNS {
            let run = run(nth, RunPhase::Running);
            let revision = self.revision(&run.job);
            self.fact(BUSY, run.created_at.max(midnight), FactBody::Run { revision, run });
        }
        let evening = midnight + TimeDelta::hours(12);
        for nth in (0..BUSY_RUNS).filter(|nth| nth % 3 != 2) {
            let (reason, message) = ("BackoffLimitExceeded".to_owned(), String::new());
            let phase = match nth % 3 {
                0 => RunPhase::Succeeded { completed_at: evening },
                _ => RunPhase::Failed { failed_at: evening, reason, message },
            };
            let run = run(nth, phase);
            let revision = self.revision(&run.job);
            self.fact(BUSY, evening, FactBody::Run { revision, run });
        }
    }

    fn cron_job(&mut self, batch: u64, at: Instant, last_succeeded_at: Option<Instant>) {
        self.scheduled(batch, at, "0 8 * * *", last_succeeded_at);
    }

    fn scheduled(&mut self, batch: u64, at: Instant, schedule: &str, last_succeeded_at: Option<Instant>) {
        let cron_job = CronJob {
            schedule: schedule.to_owned(),
            time_zone: None,
            suspended: false,
            concurrency: None,
            created_at: start(),
            last_scheduled_at: None,
            last_succeeded_at,
        };
        let revision = self.revision("cron-job");
        self.fact(batch, at, FactBody::CronJob { revision, cron_job: Some(cron_job) });
    }

    /// Removes the grace of the objective `patient` at its first deadline, so that the deadline after that is due before it.
    fn hurry(&mut self, batch: u64, at: Instant) {
        self.objective(batch, at, "patient", TimeDelta::zero());
    }

    fn objective(&mut self, batch: u64, at: Instant, name: &str, grace: TimeDelta) {
        self.complete_by(batch, at, name, "0 12 * * *", grace);
    }

    fn complete_by(&mut self, batch: u64, at: Instant, name: &str, crontab: &str, grace: TimeDelta) {
        let objective = Objective {
            is_of_jobs: false,
            deadlines: Deadlines::CompleteBy { crontab: crontab.to_owned() },
            freshness: None,
            starts: None,
            calendar: None,
            start_by: None,
            expect: None,
            target: None,
            time_zone: None,
            grace,
            settle: TimeDelta::seconds(30),
            severity: Severity::Fatal,
            owner: None,
            runbook: None,
            labels: Labels::default(),
            source: ObjectiveSource::Annotation,
        };
        let revision = self.revision("cron-job");
        let (name, objective) = (name.to_owned(), Some(objective));
        self.fact(batch, at, FactBody::Objective { name, revision, objective });
    }

    /// One third of the batches is in time, one third is late, and one third does not start on the second day.
    fn run(&mut self, batch: u64, day: i64, midnight: Instant) {
        let ends_at = match (batch % 3, day) {
            (0, _) => midnight + TimeDelta::hours(11),
            (1, _) => midnight + TimeDelta::hours(12) + TimeDelta::minutes(5),
            (_, 1) => return,
            (_, _) => midnight + TimeDelta::hours(9),
        };
        let starts_at = midnight + TimeDelta::hours(8);
        let mut run = Run {
            job: format!("batch-{batch}-{day}"),
            scheduled_at: Some(starts_at),
            created_at: starts_at,
            started_at: Some(starts_at),
            phase: RunPhase::Running,
            failed_pods: 0,
            slot: None,
        };
        let uid = format!("{batch}-{day}");
        let revision = self.revision(&uid);
        self.fact(batch, starts_at, FactBody::Run { revision, run: run.clone() });
        run.phase = RunPhase::Succeeded { completed_at: ends_at };
        let revision = self.revision(&uid);
        self.fact(batch, ends_at, FactBody::Run { revision, run });
    }

    fn revision(&mut self, uid: &str) -> Revision {
        self.version += 1;
        Revision { uid: uid.to_owned(), resource_version: self.version }
    }

    fn fact(&mut self, batch: u64, observed_at: Instant, body: FactBody) {
        let key = BatchKey::new(CLUSTER, "ml", format!("batch-{batch}"));
        let partition = self.reader.partition_of(&key.to_string());
        let event = Event::Fact(Fact { key: key.clone(), observed_at, body });
        self.record(partition, key.to_string(), observed_at, &event);
    }

    /// The record of one more tick, which each partition gets.
    pub(crate) fn tick_at(&mut self, observed_until: Instant) -> Vec<NewRecord> {
        self.tick(observed_until);
        std::mem::take(&mut self.records)
    }

    /// That an operator has made kigen forget the cluster.
    pub(crate) fn forgotten(&mut self, at: Instant) -> Vec<NewRecord> {
        self.of_cluster(at, &ClusterBody::Forgotten { author: "ann@laptop".to_owned() });
        std::mem::take(&mut self.records)
    }

    fn tick(&mut self, observed_until: Instant) {
        self.of_cluster(observed_until, &ClusterBody::Tick { observed_until, positions: Vec::new() });
    }

    fn of_cluster(&mut self, at: Instant, body: &ClusterBody) {
        let (cluster, body) = (CLUSTER.to_owned(), body.clone());
        let event = Event::Cluster(ClusterEvent { cluster, cluster_uid: None, epoch: 1, body });
        for partition in (0..self.reader.partitions()).map(Partition) {
            self.record(partition, CLUSTER.to_owned(), at, &event);
        }
    }

    fn record(&mut self, partition: Partition, key: String, timestamp: Instant, event: &Event) {
        let value = Some(kigen_wire::encode_event(event, kigen_wire::Level::NEWEST));
        self.records.push(NewRecord { topic: Topic::Events, partition, key, value, timestamp });
    }
}
