//! Processors on a real Kafka are killed, frozen and added, their stores deleted and brokers killed, all at random from a
//! printed seed: the alerts are those of one undisturbed run.
//!
//! `KIGEN_TEST_KILLS` is the number of kills (`make soak` has 300), `KIGEN_TEST_SEED` repeats the choices of a run, and
//! `KIGEN_TEST_REPLICAS=3` is for three brokers, of which one at a time is killed.

mod child;
mod faults;
mod outcome;
mod year;

use std::time::Duration;

use self::child::{INSTANCE, child};
use self::faults::Chaos;
use self::outcome::{differing, undisturbed};
use self::year::DAYS;
use crate::support::HEAVY;

const KILLS: &str = "KIGEN_TEST_KILLS";
/// How long a child's threads may take to end.
const THREADS_END_MAX: Duration = Duration::from_secs(2);
const SEED: &str = "KIGEN_TEST_SEED";

#[test]
fn each_alert_is_in_the_topic_once_after_any_failures() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.expect("a runtime");
    if let Ok(instance) = std::env::var(INSTANCE) {
        runtime.block_on(child(&instance));
        // As the binary: a request to a Kafka that does not answer is not waited for.
        return runtime.shutdown_timeout(THREADS_END_MAX);
    }
    let _heavy = HEAVY.blocking_lock();
    let kills = std::env::var(KILLS).map_or(20, |kills| kills.parse().expect("a number of kills"));
    let seed = std::env::var(SEED).ok().map(|seed| seed.parse().expect("a seed"));
    let seed = seed.unwrap_or_else(|| fastrand::u64(..));
    // Printed before anything can fail, and shown if it does.
    println!("{SEED}={seed} {KILLS}={kills}");
    let mut chaos = Chaos::new(seed, kills);
    let expected = runtime.block_on(undisturbed());
    assert!(expected.alerts.iter().flatten().count() > 1_000, "a year has many alerts");
    runtime.block_on(chaos.year());
    let found = chaos.judged();
    for (partition, (found, expected)) in found.alerts.iter().zip(&expected.alerts).enumerate() {
        assert!(found == expected, "partition {partition}: {}", differing(found, expected));
    }
    assert!(found.states == expected.states, "the states at the end differ");
    assert!(found.garbage.len() >= usize::try_from(DAYS).expect("a year"), "each day has its garbage");
    assert_eq!(
        found.rejected, found.garbage,
        "each record that is no event is rejected once, and nothing else"
    );
    chaos.print_figures();
}
