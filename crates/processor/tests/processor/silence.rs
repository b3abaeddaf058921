//! Silent clusters: reported once, and once when it is over, whatever crashes; and never because a processor itself was away.

use std::time::Duration;

use chrono::TimeDelta;
use kigen_control::Control;
use kigen_log::{Log, LogReader};
use kigen_model::Instant;
use kigen_model::alert::{Alert, AlertBody, cluster_alert_id};
use kigen_model::silence::{NextDeadline, SlotCounts};
use kigen_model::topic::{Offset, Partition, Topic};
use kigen_processor::Processor;
use kigen_store::Store;
use kigen_testkit::simulated::{Faults, SimulatedLog};
use kigen_wire::Level;

use crate::chaos::{self, BOUNDS, Chaos, PARTITIONS, SEED, Stepped};
use crate::feed::{CLUSTER, Feed, start, wall_clock};

const SILENT_AFTER: Duration = Duration::from_secs(60);

/// The alerts about clusters that readers see, and that all of them are where their key belongs.
fn of_clusters(log: &SimulatedLog) -> Vec<Alert> {
    let mut alerts = Vec::new();
    for partition in (0..PARTITIONS).map(Partition) {
        log.last_stable_offset(Topic::Alerts, partition).expect("an end");
        let read = log.read(Topic::Alerts, partition, Offset(0), usize::MAX, usize::MAX);
        for record in read.expect("it is in memory") {
            let alert = kigen_wire::decode_alert(&record.value.expect("a value")).expect("an alert");
            if alert.key.is_of_cluster() {
                assert_eq!((&*record.key, partition), (CLUSTER, log.partition_of(CLUSTER)));
                assert_eq!((record.timestamp, alert.decided_at), (wall_clock(), wall_clock()));
                alerts.push(alert);
            }
        }
    }
    alerts
}

/// The time of the last tick of a day, from 0.
fn last_tick(day: i64) -> Instant {
    start() + TimeDelta::days(day) + TimeDelta::hours(13)
}

/// What is right: the day before has the misses of runs that come late.
fn expected() -> [AlertBody; 2] {
    let (since, until) = (last_tick(0), last_tick(1));
    let next = NextDeadline {
        key: kigen_model::key::BatchKey::new(CLUSTER, "ml", "batch-0"),
        objective: "complete-by".to_owned(),
        deadline: start() + TimeDelta::hours(36),
        time_zone: "UTC".to_owned(),
    };
    let silent = cluster_alert_id(CLUSTER, "cluster_silent", since);
    // Of twelve batches each with two objectives, four are late and four do not start on the second day. One of the objectives had
    // the grace of a day: its deadlines of the first day became due, too.
    let judged = SlotCounts { met: 20, missed: 16, ..SlotCounts::default() };
    [
        AlertBody::ClusterSilent { since, objectives: 24, next: Some(next) },
        AlertBody::SilenceOver { silent, since, until: Some(until), judged },
    ]
}

fn bodies(log: &SimulatedLog) -> Vec<AlertBody> {
    of_clusters(log).into_iter().map(|alert| alert.body).collect()
}

#[test]
fn a_silence_is_reported_once_and_once_when_it_is_over_in_whatever_order_things_go_wrong() {
    let seeds = chaos::seeds(25);
    chaos::paused_runtime().block_on(async {
        for seed in seeds {
            // Shown when the test fails.
            println!("{SEED}={seed}");
            let mut chaos = Chaos::watching(seed, SILENT_AFTER);
            let log = chaos.log();
            let mut feed = Feed::new(log.reader());
            log.append(feed.next_day()).await.expect("it is in memory");
            chaos.disturb(300).await;
            chaos.run_for(3 * SILENT_AFTER).await;
            chaos.disturb(200).await;
            chaos.run_for(3 * SILENT_AFTER).await;
            assert_eq!(bodies(&log), expected()[..1], "{SEED}={seed}");
            log.append(feed.next_day()).await.expect("it is in memory");
            chaos.disturb(300).await;
            chaos.run_for(SILENT_AFTER).await;
            chaos.disturb(100).await;
            log.calm();
            // The time stands still again.
            chaos.run_for(4 * SILENT_AFTER).await;
            let found = bodies(&log);
            assert_eq!(found[..2], expected(), "{SEED}={seed}");
            let again = |body: &AlertBody| matches!(body, AlertBody::ClusterSilent { since, .. } if *since == last_tick(1));
            assert!(found.len() == 3 && again(&found[2]), "{SEED}={seed}: {found:?}");
            let ids: std::collections::BTreeSet<_> = of_clusters(&log).iter().map(|alert| alert.id).collect();
            assert_eq!(ids.len(), 3, "{SEED}={seed}");
        }
    });
}

/// Ticks at real distances, a process that is down for an hour, and a log that goes on without it.
#[test]
fn a_processor_that_was_away_reports_no_silence_of_that_time() {
    chaos::paused_runtime().block_on(async {
        let log = chaos::open(Faults::default(), 0);
        let mut feed = Feed::new(log.reader());
        log.append(feed.next_day()).await.expect("it is in memory");
        let dir = tempfile::tempdir().expect("a folder");
        let mut time = last_tick(0);
        for _ in 0..3 {
            let mut stepped = Stepped::watching(&log, dir.path(), SILENT_AFTER);
            for _ in 0..20 {
                for _ in 0..10 {
                    stepped.step().await.expect("no fault");
                }
                time += TimeDelta::seconds(10);
                log.append(feed.tick_at(time)).await.expect("it is in memory");
            }
            drop(stepped);
            tokio::time::sleep(Duration::from_secs(3_600)).await;
        }
        assert_eq!(bodies(&log), []);
        let mut stepped = Stepped::watching(&log, dir.path(), SILENT_AFTER);
        let began = tokio::time::Instant::now();
        while bodies(&log).is_empty() {
            stepped.step().await.expect("no fault");
            assert!(began.elapsed() < 2 * SILENT_AFTER, "it is not reported");
        }
        assert!(began.elapsed() >= SILENT_AFTER, "after {:?}", began.elapsed());
    });
}

#[test]
fn a_forgotten_cluster_is_not_reported_and_one_that_was_silent_is_reported_as_forgotten() {
    chaos::paused_runtime().block_on(async {
        let log = chaos::open(Faults::default(), 0);
        let mut feed = Feed::new(log.reader());
        log.append(feed.next_day()).await.expect("it is in memory");
        let dir = tempfile::tempdir().expect("a folder");
        let mut stepped = Stepped::watching(&log, dir.path(), SILENT_AFTER);
        let quiet = async |stepped: &mut Stepped| {
            for _ in 0..300 {
                stepped.step().await.expect("no fault");
            }
        };
        quiet(&mut stepped).await;
        assert_eq!(bodies(&log), expected()[..1]);
        log.append(feed.forgotten(last_tick(0))).await.expect("it is in memory");
        quiet(&mut stepped).await;
        let found = bodies(&log);
        let is_forgotten = |body: &AlertBody| matches!(body, AlertBody::SilenceOver { until: None, .. });
        assert!(found.len() == 2 && is_forgotten(&found[1]), "{found:?}");
    });
}

/// Else an older notifier would stop at the alert.
#[test]
fn at_a_level_without_such_alerts_none_is_written() {
    chaos::paused_runtime().block_on(async {
        let log = chaos::open(Faults::default(), 0);
        let mut feed = Feed::new(log.reader());
        log.append(feed.next_day()).await.expect("it is in memory");
        let dir = tempfile::tempdir().expect("a folder");
        let (store, _) = Store::open(dir.path()).expect("a store");
        let processor = Processor::open(log.clone(), store, BOUNDS).expect("a processor");
        let processor = processor.with_watchdog(SILENT_AFTER, wall_clock);
        let mut processor = processor.with_control(Control::at(Level::nearest(2)));
        let _ = tokio::time::timeout(5 * SILENT_AFTER, async {
            loop {
                processor.turn().await.expect("no fault");
            }
        })
        .await;
        assert_eq!(bodies(&log), []);
    });
}
