//! Processors over a simulated log: in whatever order commits fail and processors crash, join or lose their partitions, the
//! alerts are those of one undisturbed run; and those of the other partitions are while one cannot be restored.
//!
//! `KIGEN_TEST_SEED` repeats one seed, `KIGEN_TEST_SEEDS` sets how many are tried.

use std::collections::BTreeMap;

use kigen_log::{ConsumedRecord, Log, LogReader};
use kigen_model::topic::{Offset, Partition, Topic};
use kigen_testkit::simulated::{Faults, SimulatedLog};

use crate::chaos::{self, Chaos, DAYS, Done, FAULTY, PARTITIONS, SEED, Stepped};
use crate::feed::Feed;

#[test]
fn each_alert_is_emitted_once_in_whatever_order_things_go_wrong() {
    let seeds = chaos::seeds(40);
    chaos::paused_runtime().block_on(async {
        let expected = undisturbed(false).await;
        assert!(expected.alerts.iter().flatten().count() > 20, "the feed must make alerts");
        let (count, mut failed, mut paused) = (seeds.end - seeds.start, 0, 0);
        for seed in seeds {
            // Shown when the test fails.
            println!("{SEED}={seed}");
            let others = (0..PARTITIONS).map(Partition).filter(|partition| *partition != FAULTY);
            let of_others = |log: &SimulatedLog| Outcome::of(log).has_alerts(&expected, others, seed);
            let Done { log, errors, was_paused, .. } = Chaos::new(seed).run(of_others).await;
            let found = Outcome::of(&log);
            found.has_alerts(&expected, (0..PARTITIONS).map(Partition), seed);
            assert!(found.states == expected.states, "{SEED}={seed}: the states at the end are others");
            failed += errors;
            paused += usize::from(was_paused);
        }
        assert!(count == 1 || failed > 10, "only {failed} rounds failed: nothing is shown");
        assert!(count == 1 || paused > 0, "no partition could not be restored: nothing is shown");
    });
}

/// The alerts that it begins and is over come from the partition of the cluster's name; the misses of that day, once an hour after it.
#[test]
fn a_stall_of_a_cluster_is_one_alert_and_its_misses_come_later_in_whatever_order_things_go_wrong() {
    let seeds = chaos::seeds(15);
    chaos::paused_runtime().block_on(async {
        let (expected, plain) = (undisturbed(true).await, undisturbed(false).await);
        let of_kind = |outcome: &Outcome, kind: &str| -> Vec<String> {
            let all = outcome.alerts.iter().flatten();
            all.filter(|alert| alert.contains(kind)).map(|alert| alert.split(' ').take(2).collect()).collect()
        };
        for kind in ["ClusterStalled(", "StallOver {"] {
            assert_eq!((of_kind(&expected, kind).len(), of_kind(&plain, kind).len()), (1, 0), "{kind}");
        }
        // Of the batch with many deadlines one alert counts several misses.
        let never = |outcome: &Outcome| {
            let mut never = of_kind(outcome, "NeverStarted");
            never.retain(|alert| !alert.ends_with("batch-12"));
            never
        };
        assert_eq!(
            never(&expected),
            never(&plain),
            "none is lost, and each has the id that it would have had"
        );
        for seed in seeds {
            // Shown when the test fails.
            println!("{SEED}={seed}");
            let Done { log, .. } = Chaos::new(seed).stalled().run(|_| {}).await;
            let found = Outcome::of(&log);
            found.has_alerts(&expected, (0..PARTITIONS).map(Partition), seed);
            assert!(found.states == expected.states, "{SEED}={seed}: the states at the end are others");
        }
    });
}

/// What a run leaves in the log, offsets aside.
struct Outcome {
    /// Of each partition, in their order: id, key, body.
    alerts: Vec<Vec<String>>,
    states: BTreeMap<String, Vec<u8>>,
}

impl Outcome {
    fn of(log: &SimulatedLog) -> Self {
        let read = |topic, partition| {
            log.reader().last_stable_offset(topic, partition).expect("an end");
            log.reader().read(topic, partition, Offset(0), usize::MAX, usize::MAX).expect("it is in memory")
        };
        let text = |record: ConsumedRecord| {
            let alert = kigen_wire::decode_alert(record.value.as_deref().unwrap_or_default());
            let alert = alert.expect("an alert");
            assert_eq!((record.key, record.timestamp), (alert.key.to_string(), alert.decided_at));
            format!("{} {} {:?}", alert.id, alert.key, alert.body)
        };
        let partitions = || (0..PARTITIONS).map(Partition);
        let alerts = partitions().map(|nth| read(Topic::Alerts, nth).into_iter().map(text).collect());
        let statuses = partitions().flat_map(|nth| read(Topic::Status, nth));
        let states = statuses.filter(|record| record.key.contains('/'));
        Self {
            alerts: alerts.collect(),
            states: states.map(|record| (record.key, record.value.unwrap_or_default())).collect(),
        }
    }

    /// Panics at the first alert of these partitions that is another than in `expected`.
    fn has_alerts(&self, expected: &Self, partitions: impl Iterator<Item = Partition>, seed: u64) {
        for partition in partitions {
            let nth = partition.0 as usize;
            let (found, expected) = (&self.alerts[nth], &expected.alerts[nth]);
            let place = found.iter().zip(expected).take_while(|(one, other)| one == other).count();
            let (count, wanted) = (found.len(), expected.len());
            let (found, expected) = (found.get(place), expected.get(place));
            assert!(
                found == expected,
                "{SEED}={seed}: partition {partition}, alert {place} of {count}, wanted {wanted}: {found:?} instead of {expected:?}"
            );
        }
    }
}

/// One processor, and no faults.
async fn undisturbed(is_stalled: bool) -> Outcome {
    let log = chaos::open(Faults::default(), 0);
    let feed = Feed::busy(log.reader());
    let mut feed = if is_stalled { feed.stalled() } else { feed };
    for _ in 0..DAYS {
        log.append(feed.next_day()).await.expect("it is in memory");
    }
    let dir = tempfile::tempdir().expect("a folder");
    let mut stepped = Stepped::open(&log, dir.path());
    while stepped.step().await.expect("no fault") {}
    Outcome::of(&log)
}
