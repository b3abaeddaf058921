//! The engine and the judge over generated worlds.

use std::collections::BTreeMap;

use kigen_engine::effect::Effect;
use kigen_engine::step::{Input, step};
use kigen_model::Instant;
use kigen_model::alert::Alert;
use kigen_model::event::{ClusterBody, ClusterEvent, Event, FactBody};
use kigen_model::key::BatchKey;
use kigen_model::slot::Gap;
use kigen_simulator::compare::{Comparison, compare};
use kigen_simulator::generate::{Size, generate};
use kigen_simulator::judge::judge;
use kigen_simulator::world::World;
use kigen_state::BatchState;

/// The alerts of the engine, without a processor around it.
fn alerts(world: &World) -> Vec<Alert> {
    let mut alerts = Vec::new();
    for partition in &world.partitions {
        let mut states: BTreeMap<BatchKey, BatchState> = BTreeMap::new();
        let mut clocks: BTreeMap<&str, (Option<Instant>, Vec<Gap>)> = BTreeMap::new();
        let mut take = |effects: Vec<Effect>| {
            alerts.extend(effects.into_iter().filter_map(|effect| match effect {
                Effect::Raise(alert) => Some(*alert),
                Effect::Judge(_) | Effect::Warn(_) => None,
            }));
        };
        for event in partition {
            match event {
                Event::Fact(fact) => {
                    let state =
                        states.entry(fact.key.clone()).or_insert_with(|| BatchState::new(fact.key.clone()));
                    let observed_after = clocks.get(fact.key.cluster.as_str()).and_then(|clock| clock.0);
                    let (observed_at, body) = (fact.observed_at, fact.body.clone());
                    take(
                        step(state, Input::Fact { observed_at, observed_after, body }).into_iter().collect(),
                    );
                }
                Event::Cluster(event) => {
                    let (clock, gaps) = clocks.entry(&event.cluster).or_default();
                    match &event.body {
                        ClusterBody::Tick { observed_until, .. } => {
                            let observed_until = *observed_until;
                            *clock = Some(observed_until);
                            let states =
                                states.values_mut().filter(|state| state.key.cluster == event.cluster);
                            for state in states {
                                while state.next_due().is_some_and(|due| due <= observed_until) {
                                    let due = Input::Due { observed_until, gaps };
                                    take(step(state, due).into_iter().collect());
                                }
                            }
                        }
                        ClusterBody::Gap(gap) => gaps.push(*gap),
                        ClusterBody::Epoch { .. } | ClusterBody::Forgotten { .. } => {}
                    }
                }
            }
        }
    }
    alerts
}

fn partition_of(key: &str) -> usize {
    key.bytes().map(usize::from).sum::<usize>() % Size::default().partitions
}

/// Prints what the log has about a batch within a day of an instant.
fn dump(world: &World, key: &BatchKey, near: Instant) {
    let hours: i64 = std::env::var("DUMP").ok().and_then(|hours| hours.parse().ok()).unwrap_or(24);
    let is_near = |at: Instant| (at - near).num_hours().abs() < hours;
    for event in &world.partitions[partition_of(&key.to_string())] {
        match event {
            Event::Fact(fact) if fact.key == *key => match &fact.body {
                FactBody::Objective { name, objective, .. } => {
                    println!("{} {name} {objective:?}", fact.observed_at)
                }
                FactBody::CronJob { cron_job, .. } if is_near(fact.observed_at) => {
                    println!("{} {cron_job:?}", fact.observed_at);
                }
                FactBody::Run { run, .. } if is_near(fact.observed_at) => {
                    println!("{} {run:?}", fact.observed_at)
                }
                FactBody::Attempt { attempt, .. } if is_near(fact.observed_at) => {
                    println!("{} {} {:?}", fact.observed_at, attempt.pod, attempt.phase);
                }
                FactBody::Run { .. } | FactBody::CronJob { .. } | FactBody::Attempt { .. } => {}
            },
            Event::Cluster(ClusterEvent {
                cluster, body: ClusterBody::Tick { observed_until, .. }, ..
            }) if *cluster == key.cluster && is_near(*observed_until) => {
                println!("{observed_until} tick");
            }
            Event::Cluster(ClusterEvent { cluster, body: ClusterBody::Gap(gap), .. })
                if *cluster == key.cluster && is_near(gap.to) =>
            {
                println!("{gap:?}");
            }
            Event::Fact(_) | Event::Cluster(_) => {}
        }
    }
}

/// How many worlds `make test` plays; `WORLDS` and `SEED` play others.
const WORLDS: u64 = 20;

#[test]
fn the_engine_and_the_judge_agree() {
    let first: u64 = std::env::var("SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(0);
    let worlds: u64 = std::env::var("WORLDS").ok().and_then(|worlds| worlds.parse().ok()).unwrap_or(WORLDS);
    let (mut kinds, mut total) = (BTreeMap::new(), Comparison::default());
    let mut failures = Vec::new();
    for seed in first..first + worlds {
        let world = generate(seed, Size::default(), &partition_of);
        let answers = judge(&world);
        let compared = compare(&world, &answers, &alerts(&world));
        for (kind, times) in &world.kinds {
            *kinds.entry(*kind).or_insert(0) += times;
        }
        total.slots += compared.slots;
        for (kind, times) in compared.occurred {
            *total.occurred.entry(kind).or_default() += times;
        }
        for (reason, slots) in compared.open {
            *total.open.entry(reason).or_default() += slots;
        }
        if std::env::var("DUMP").is_ok() && failures.is_empty() {
            for it in compared.disagreements.iter().take(1) {
                dump(&world, &it.key, it.deadline);
            }
        }
        failures.extend(compared.disagreements.into_iter().map(|disagreement| (seed, disagreement)));
    }
    println!("{} slots of {worlds} worlds; open: {:?}", total.slots, total.open);
    for (kind, times) in &total.occurred {
        println!("{times:>8} {kind}");
    }
    for (kind, times) in &kinds {
        println!("{times:>8} {kind}");
    }
    for (seed, it) in failures.iter().take(12) {
        println!(
            "seed {seed}: {} {} {}\n  right:    {}\n  reported: {}",
            it.key, it.objective, it.deadline, it.right, it.reported
        );
    }
    assert!(failures.is_empty(), "{} disagreements", failures.len());
}
