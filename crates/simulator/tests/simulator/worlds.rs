//! The worlds of some seeds: kigen and the judge agree, also with faults.
//!
//! `KIGEN_TEST_SEED` repeats one seed. `make sim` judges more.

use std::ops::Range;
use std::time::{Duration, Instant};

use kigen_simulator::answer::Disagreement;
use kigen_simulator::seed::{Failure, judge_world, world};
use kigen_simulator::shrink::shrink;
use kigen_simulator::story;
use kigen_simulator::world::World;

const SEED: &str = "KIGEN_TEST_SEED";
/// These seeds, as far as there is time for them.
const SEEDS: Range<u64> = 1..13;
const TIME_MAX: Duration = Duration::from_secs(60);

#[test]
fn kigen_and_the_judge_agree_whatever_goes_wrong() {
    let given = std::env::var(SEED).ok().map(|seed| seed.parse::<u64>().expect("a number"));
    let seeds = given.map_or(SEEDS, |seed| seed..seed + 1);
    let (began, dir) = (Instant::now(), tempfile::tempdir().expect("a folder"));
    let mut slots = 0;
    for seed in seeds {
        // Shown when the test fails.
        println!("{SEED}={seed}");
        let report = judge_world(&world(seed), Some(dir.path()));
        slots += report.unwrap_or_else(|failure| panic!("{SEED}={seed}: {failure:#?}")).slots;
        if began.elapsed() > TIME_MAX {
            break;
        }
    }
    assert!(slots > 100 || given.is_some(), "{slots} slots: nothing is shown");
}

#[test]
fn one_seed_gives_the_same_world_and_the_same_report_twice() {
    let dir = tempfile::tempdir().expect("a folder");
    let [one, other] = [world(7), world(7)];
    assert_eq!(one.partitions, other.partitions);
    let report = |world: &World| judge_world(world, Some(dir.path())).expect("no failure").counts;
    assert_eq!(report(&one), report(&other));
}

/// The failure that is made up for: each world fails that has a miss of the batch.
#[test]
fn a_failure_is_shrunk_to_a_story_of_a_few_lines() {
    let world = (1..).map(world).find(|world| miss(world).is_some()).expect("a world with a miss");
    let failure = miss(&world).expect("a miss");
    let key = failure.key().expect("a batch");
    let events = world.partitions.iter().map(Vec::len).sum::<usize>();
    let (smallest, failure) = shrink(world, failure, miss);
    let text = story::of(&smallest, &key, "A miss", &format!("{failure:?}"));
    let lines = text.lines().count();
    assert!(lines <= 30 && events > 10 * lines, "{lines} lines of {events} events:\n{text}");
    assert!(text.contains(" objective complete-by ") && text.contains(" tick"), "{text}");
}

fn miss(world: &World) -> Option<Failure> {
    use kigen_model::alert::AlertBody;
    use kigen_simulator::{input::Input, undisturbed::Undisturbed};

    let found = Undisturbed::of(&Input::of(&world.partitions, &world.expired));
    let missed = found.alerts.into_iter().flatten().find_map(|raised| match raised.alert.body {
        AlertBody::SlotMissed { slot, .. } => Some((raised.alert.key, raised.alert.objective?.name, slot)),
        _ => None,
    });
    let (key, objective, slot) = missed?;
    let (deadline, right, reported) = (slot.deadline, "no miss".to_owned(), "a miss".to_owned());
    Some(Failure::Disagrees(Box::new(Disagreement { key, objective, deadline, right, reported })))
}
