//! Processors over a simulated log: in whatever order commits fail and processors crash, join or lose their partitions, the
//! alerts are those of one undisturbed run.
//!
//! `KIGEN_TEST_SEED` repeats one seed, `KIGEN_TEST_SEEDS` sets how many are tried.

use std::collections::BTreeMap;

use kigen_log::{ConsumedRecord, Log, LogReader};
use kigen_model::topic::{Offset, Partition, Topic};
use kigen_state::POSITION_KEY;
use kigen_testkit::simulated::{Faults, SimulatedLog};

use crate::chaos::{self, Chaos, DAYS, Done, PARTITIONS, SEED, Stepped};
use crate::feed::Feed;

#[test]
fn each_alert_is_emitted_once_in_whatever_order_things_go_wrong() {
    let seeds = chaos::seeds(40);
    chaos::paused_runtime().block_on(async {
        let expected = undisturbed().await;
        assert!(expected.alerts.iter().flatten().count() > 20, "the feed must make alerts");
        let (count, mut failed) = (seeds.end - seeds.start, 0);
        for seed in seeds {
            // Shown when the test fails.
            println!("{SEED}={seed}");
            let Done { log, errors, .. } = Chaos::new(seed).run().await;
            let found = Outcome::of(&log);
            for (nth, (found, expected)) in found.alerts.iter().zip(&expected.alerts).enumerate() {
                let place = found.iter().zip(expected).take_while(|(one, other)| one == other).count();
                let (count, wanted) = (found.len(), expected.len());
                let (found, expected) = (found.get(place), expected.get(place));
                assert!(
                    found == expected,
                    "{SEED}={seed}: partition {nth}, alert {place} of {count}, wanted {wanted}: {found:?} instead of {expected:?}"
                );
            }
            assert!(found.states == expected.states, "{SEED}={seed}: the states at the end are others");
            failed += errors;
        }
        assert!(count == 1 || failed > 10, "only {failed} rounds failed: nothing is shown");
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
        let states = statuses.filter(|record| record.key != POSITION_KEY);
        Self {
            alerts: alerts.collect(),
            states: states.map(|record| (record.key, record.value.unwrap_or_default())).collect(),
        }
    }
}

/// One processor, and no faults.
async fn undisturbed() -> Outcome {
    let log = chaos::open(Faults::default(), 0);
    let mut feed = Feed::new(log.reader());
    for _ in 0..DAYS {
        log.append(feed.next_day()).await.expect("it is in memory");
    }
    let dir = tempfile::tempdir().expect("a folder");
    let mut stepped = Stepped::open(&log, dir.path());
    while stepped.step().await.expect("no fault") {}
    Outcome::of(&log)
}
