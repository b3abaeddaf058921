//! One seed gives the same run twice, byte for byte: only then does a seed that a failing test prints repeat the failure.

use kigen_testkit::simulated::Written;

use crate::chaos::{self, Chaos, Done, SEED};

#[test]
fn one_seed_gives_the_same_run_twice() {
    let (mut crashes, mut errors) = (0, 0);
    let seeds = chaos::seeds(5);
    let count = seeds.end - seeds.start;
    for seed in seeds {
        println!("{SEED}={seed}");
        let [first, second] = [run(seed), run(seed)];
        let (one, other) = (first.log.journal(), second.log.journal());
        let at = one.iter().zip(&other).take_while(|(one, other)| one == other).count();
        assert!(
            one == other,
            "{SEED}={seed}: record {at} of {} and {} differs:\n{:?}\n{:?}",
            one.len(),
            other.len(),
            one.get(at).map(shown),
            other.get(at).map(shown)
        );
        assert_eq!((first.crashes, first.errors), (second.crashes, second.errors), "{SEED}={seed}");
        assert!(one.iter().any(|written| !written.is_aborted), "{SEED}={seed}: nothing was written");
        (crashes, errors) = (crashes + first.crashes, errors + first.errors);
    }
    assert!(
        count == 1 || (crashes > 10 && errors > 10),
        "{crashes} crashes, {errors} errors: nothing is shown"
    );
}

/// A run in a runtime of its own.
fn run(seed: u64) -> Done {
    chaos::paused_runtime().block_on(Chaos::new(seed).run(|_| {}))
}

/// A record without its bytes.
fn shown(written: &Written) -> String {
    let Written { topic, partition, record, is_aborted } = written;
    let bytes = record.value.as_ref().map(Vec::len);
    let aborted = if *is_aborted { ", aborted" } else { "" };
    format!("{topic} {partition} {} {} {} {bytes:?}{aborted}", record.offset, record.key, record.timestamp)
}
