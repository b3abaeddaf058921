//! kigen and the judge over generated worlds, without faults.

use kigen_simulator::seed::{Counts, judge_world, world};

/// How many worlds `make test` plays; `WORLDS` and `SEED` play others.
const WORLDS: u64 = 20;

#[test]
fn kigen_and_the_judge_agree() {
    let first: u64 = std::env::var("SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(0);
    let worlds: u64 = std::env::var("WORLDS").ok().and_then(|worlds| worlds.parse().ok()).unwrap_or(WORLDS);
    let (mut slots, mut counts, mut failures) = (0, Counts::new(), 0);
    for seed in first..first + worlds {
        match judge_world(&world(seed), None) {
            Ok(report) => {
                slots += report.slots;
                for (kind, count) in report.counts {
                    *counts.entry(kind).or_default() += count;
                }
            }
            Err(failure) => {
                failures += 1;
                println!("seed {seed}: {failure:#?}");
            }
        }
    }
    println!("{slots} slots of {worlds} worlds");
    for ((table, name), count) in &counts {
        println!("{count:>8} {table}: {name}");
    }
    assert_eq!(failures, 0, "worlds with disagreements");
}
