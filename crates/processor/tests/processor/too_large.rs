//! What is due or waits may have far more bytes than one write of the log: it is divided, and the alerts are the same.

use std::path::Path;

use chrono::TimeDelta;
use kigen_log::{Log, LogError, LogReader, NewRecord, Settings};
use kigen_model::event::{ClusterBody, ClusterEvent, Event, Fact, FactBody, Revision};
use kigen_model::key::BatchKey;
use kigen_model::labels::Labels;
use kigen_model::objective::{Deadlines, Objective, ObjectiveSource, Severity};
use kigen_model::run::CronJob;
use kigen_model::topic::{Offset, Partition, Topic};
use kigen_processor::{Processor, ProcessorError, TurnBounds};
use kigen_store::Store;
use kigen_testkit::fleet::{self, Size};
use kigen_testkit::simulated::{Faults, SimulatedLog};

use crate::{chaos, feed, judge_all};

const PARTITIONS: u32 = 2;
const WRITE_BYTES_MAX: usize = 64 * 1024;
const UNBOUNDED: TurnBounds = TurnBounds {
    events_max: usize::MAX,
    batches_max: usize::MAX,
    slots_max: usize::MAX,
    bytes_max: usize::MAX,
    due_page_max: 64,
};

#[test]
fn a_backlog_of_many_batches_is_divided_into_commits_that_the_log_accepts() {
    chaos::paused_runtime().block_on(divided(async |log| {
        // At one tick a day all of the day's deadlines are due.
        let size = Size {
            cron_jobs: 300,
            days: 3,
            partitions: PARTITIONS,
            minutes_per_tick: 1_440,
            late_each_days: 2,
            ..Size::default()
        };
        fleet::fill(log, &size).await;
    }));
}

#[test]
fn many_batches_that_are_due_at_one_tick_are_divided() {
    chaos::paused_runtime().block_on(divided(async |log| {
        for nth in 0..300 {
            declare(log, &format!("batch-{nth}"), "0 12 * * *").await;
        }
        tick(log, TimeDelta::days(2)).await;
    }));
}

#[test]
fn the_slots_of_one_batch_that_are_due_at_one_tick_are_divided() {
    chaos::paused_runtime().block_on(divided(async |log| {
        declare(log, "often", "* * * * *").await;
        tick(log, TimeDelta::days(2)).await;
    }));
}

#[test]
fn a_backlog_of_50_000_slots_of_one_batch_is_divided() {
    chaos::paused_runtime().block_on(async {
        let dir = tempfile::tempdir().expect("a folder");
        let alerts = accepted(dir.path(), async |log| {
            declare(log, "often", "* * * * *").await;
            tick(log, TimeDelta::minutes(50_000)).await;
        });
        assert_eq!(alerts.await.len(), 50_000);
    });
}

/// Without a bound in bytes the log refuses what `fill` writes; with one it accepts each commit; with one that is too large,
/// it accepts them after some refusals.
async fn divided(fill: impl AsyncFn(&SimulatedLog)) {
    let dir = tempfile::tempdir().expect("a folder");
    let expected = accepted(dir.path(), &fill).await;

    let refused = filled(&fill).await;
    refused.limit_writes(WRITE_BYTES_MAX);
    let bounds = TurnBounds { bytes_max: 64 * WRITE_BYTES_MAX, ..UNBOUNDED };
    let refusals = judge_despite_refusals(&refused, &dir.path().join("refused"), bounds).await;
    assert!(refusals > 0, "without a bound in bytes there must be a write that is too large");
    assert!(alerts(&refused) == expected, "after refusals the alerts are others");
}

async fn filled(fill: impl AsyncFn(&SimulatedLog)) -> SimulatedLog {
    let settings = Settings { partitions: PARTITIONS, ..Settings::default() };
    let log = SimulatedLog::new(settings, Faults::default(), 0);
    fill(&log).await;
    log
}

/// With a bound in bytes the log accepts each commit, and the alerts, which are returned, are those of one commit.
async fn accepted(dir: &Path, fill: impl AsyncFn(&SimulatedLog)) -> Vec<(String, Option<Vec<u8>>)> {
    let undisturbed = filled(&fill).await;
    undisturbed.limit_writes(usize::MAX);
    judge_all(&undisturbed, &dir.join("undisturbed"), UNBOUNDED).await;
    let expected = alerts(&undisturbed);
    assert!(!expected.is_empty(), "there must be alerts");

    let small = filled(&fill).await;
    small.limit_writes(WRITE_BYTES_MAX);
    let bounds = TurnBounds { bytes_max: WRITE_BYTES_MAX / 2, ..UNBOUNDED };
    judge_all(&small, &dir.join("small"), bounds).await;
    assert!(alerts(&small) == expected, "the alerts are others");
    expected
}

/// Judges all, as `run` does; returns how many writes were too large.
async fn judge_despite_refusals(log: &SimulatedLog, store: &Path, bounds: TurnBounds) -> usize {
    let (store, _) = Store::open(store).expect("a store");
    let mut processor = Processor::open(log.clone(), store, bounds).expect("a processor");
    let mut refusals = 0;
    while !processor.is_idle().expect("a readable log") {
        match processor.turn().await {
            Ok(()) => {}
            Err(ProcessorError::Log(LogError::WriteTooLarge { .. })) => {
                refusals += 1;
                assert!(refusals < 200, "no progress");
                processor.restart_partitions();
            }
            Err(error) => panic!("{error}"),
        }
    }
    refusals
}

/// The keys and bytes of all alerts, in their order.
fn alerts(log: &SimulatedLog) -> Vec<(String, Option<Vec<u8>>)> {
    let read = |partition| {
        log.read(Topic::Alerts, partition, Offset(0), usize::MAX, usize::MAX).expect("it is in memory")
    };
    let records = (0..PARTITIONS).map(Partition).flat_map(read);
    records.map(|record| (record.key, record.value)).collect()
}

/// A CronJob, and an objective with these deadlines.
async fn declare(log: &SimulatedLog, batch: &str, crontab: &str) {
    let at = feed::start();
    let cron_job = CronJob {
        schedule: crontab.to_owned(),
        time_zone: None,
        suspended: false,
        concurrency: None,
        created_at: at,
        last_scheduled_at: None,
        last_succeeded_at: None,
    };
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
        grace: TimeDelta::zero(),
        settle: TimeDelta::zero(),
        severity: Severity::Fatal,
        owner: None,
        runbook: Some("r".repeat(500)),
        labels: Labels::default(),
        source: ObjectiveSource::Annotation,
    };
    let revision = || Revision { uid: "cron-job".to_owned(), resource_version: 1 };
    let bodies = [
        FactBody::CronJob { revision: revision(), cron_job: Some(cron_job) },
        FactBody::Objective {
            name: "complete-by".to_owned(),
            revision: revision(),
            objective: Some(objective),
        },
    ];
    let key = BatchKey::new(feed::CLUSTER, "ml", batch);
    let partition = log.partition_of(&key.to_string());
    for body in bodies {
        let event = Event::Fact(Fact { key: key.clone(), observed_at: at, body });
        append(log, partition, key.to_string(), &event, TimeDelta::zero()).await;
    }
}

async fn tick(log: &SimulatedLog, after: TimeDelta) {
    let body = ClusterBody::Tick { observed_until: feed::start() + after, positions: Vec::new() };
    let cluster = feed::CLUSTER.to_owned();
    let event = Event::Cluster(ClusterEvent { cluster: cluster.clone(), cluster_uid: None, epoch: 1, body });
    for partition in (0..PARTITIONS).map(Partition) {
        append(log, partition, cluster.clone(), &event, after).await;
    }
}

async fn append(log: &SimulatedLog, partition: Partition, key: String, event: &Event, after: TimeDelta) {
    let (value, timestamp) =
        (Some(kigen_wire::encode_event(event, kigen_wire::Level::NEWEST)), feed::start() + after);
    let record = NewRecord { topic: Topic::Events, partition, key, value, timestamp };
    log.append(vec![record]).await.expect("it is in memory");
}
