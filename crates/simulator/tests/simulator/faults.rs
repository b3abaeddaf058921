//! A generated fleet, judged with the faults of some seeds: the alerts and states are those of one pass over the same log.

use kigen_log::partition_of;
use kigen_simulator::disturbed::{Disturbed, paused_runtime};
use kigen_simulator::input::{Input, InputPartition};
use kigen_simulator::invariants;
use kigen_simulator::undisturbed::Undisturbed;
use kigen_testkit::fleet::{Fleet, Size};

const PARTITIONS: u32 = 3;
const SEEDS: u64 = 12;

#[test]
fn with_faults_the_log_has_the_alerts_and_states_of_one_pass() {
    let input = input();
    let reference = Undisturbed::of(&input);
    assert!(reference.alerts.iter().flatten().count() > 20, "the fleet must make alerts");
    invariants::of_one_pass(&input, &reference).expect("one pass");
    let dir = tempfile::tempdir().expect("a folder");
    let (mut crashes, mut failed, mut expired) = (0, 0, 0);
    for seed in 0..SEEDS {
        let found = paused_runtime().block_on(Disturbed::of(&input, seed, dir.path()));
        let found = found.unwrap_or_else(|stuck| panic!("seed {seed}: {stuck:?}"));
        invariants::of_disturbed(&reference, &found)
            .unwrap_or_else(|broken| panic!("seed {seed}: {broken:?}"));
        crashes += found.tally.crashes.iter().sum::<u64>();
        failed += found.tally.failed;
        expired += found.tally.expired;
    }
    assert!(crashes > 10 && failed > 10, "{crashes} crashes, {failed} failed rounds: nothing is shown");
    assert_eq!(expired, SEEDS * 2);
}

/// Ten days of a fleet. In two partitions some of the events expire unread.
fn input() -> Input {
    let size = Size {
        cron_jobs: 9,
        days: 10,
        partitions: PARTITIONS,
        minutes_per_tick: 120,
        late_each_days: 3,
        ..Size::default()
    };
    let mut fleet = Fleet::new(&size, |key| partition_of(key, PARTITIONS));
    let mut input = Input { partitions: vec![InputPartition::default(); PARTITIONS as usize] };
    while let Some(day) = fleet.next_day() {
        for record in day {
            input.partitions[record.partition.0 as usize].records.push(record);
        }
    }
    input.partitions[0].expired.push(100..150);
    input.partitions[2].expired.push(60..75);
    input
}
