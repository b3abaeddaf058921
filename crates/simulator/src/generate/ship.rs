//! What a shipper emits about a world, and when.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use fastrand::Rng;
use kigen_model::Instant;
use kigen_model::event::{ClusterBody, ClusterEvent, Event, Fact, FactBody};
use kigen_model::key::BatchKey;
use kigen_model::run::CronJob;

use crate::generate::dice::{percent, seconds};
use crate::history::{Batch, Seen, Version};
use crate::world::World;

/// A cluster, and when its parts were away.
pub(super) struct Cluster {
    pub(super) name: String,
    /// When its controllers were away.
    controller_away: Vec<(Instant, Instant)>,
    ticks: Vec<Instant>,
}

impl Cluster {
    pub(super) fn generate(rng: &mut Rng, name: &str, world: &mut World) -> Self {
        let span_s = (world.ends - world.begins).num_seconds();
        let mut controller_away = Vec::new();
        if percent(rng, 50) {
            world.count("cluster: controllers away");
            let from = world.begins + seconds(rng, 86_400, span_s);
            controller_away.push((from, from + seconds(rng, 60, 20_000)));
        }
        Self { name: name.to_owned(), controller_away, ticks: Vec::new() }
    }

    /// When the controllers are back, if they are away at `now`.
    pub(super) fn controller_out_until(&self, now: Instant) -> Option<Instant> {
        self.controller_away.iter().find(|(from, to)| (*from..*to).contains(&now)).map(|(_, to)| *to)
    }
}

/// A fact that is to be emitted.
struct Emission {
    at: Instant,
    /// The partition of its batch.
    partition: usize,
    event: Event,
    /// The version that it shows: of the batches all versions are numbered in one order.
    shows: usize,
}

/// Emits the world into its partitions.
pub(super) fn emit(rng: &mut Rng, world: &mut World, clusters: &mut [Cluster]) {
    let mut emissions = Vec::new();
    let mut shown = 0;
    let mut job_seen_at = None;
    for batch in &mut world.batches {
        // When each version of the CronJob was observed: what is declared on it is observed with it.
        let mut cron_job_seen: BTreeMap<Instant, Instant> = BTreeMap::new();
        each_object(batch, |key, partition, versions| {
            // Of a pod that is observed before its Job the engine keeps nothing, so none is.
            let mut last = match &versions[0].0 {
                FactBody::Attempt { .. } => job_seen_at,
                FactBody::CronJob { .. } | FactBody::Run { .. } | FactBody::Objective { .. } => None,
            };
            let is_job = matches!(versions[0].0, FactBody::Run { .. });
            for (nth, (body, at)) in (0..).zip(versions) {
                let delay = if percent(rng, 2) { seconds(rng, 30, 900) } else { seconds(rng, 0, 3) };
                let with_cron_job = match &body {
                    FactBody::Objective { .. } => cron_job_seen.get(&at).copied(),
                    FactBody::CronJob { .. } | FactBody::Run { .. } | FactBody::Attempt { .. } => None,
                };
                let is_cron_job = matches!(body, FactBody::CronJob { .. });
                let true_at = at;
                let at = with_cron_job.unwrap_or(at + delay);
                let at = last.map_or(at, |last: Instant| last.max(at));
                last = Some(at);
                if is_cron_job {
                    cron_job_seen.insert(true_at, at);
                }
                if is_job && nth == 0 {
                    job_seen_at = last;
                }
                let fact = Fact { key: key.clone(), observed_at: at, body };
                emissions.push(Emission { at, partition, event: Event::Fact(fact), shows: shown });
                shown += 1;
            }
        });
    }
    repeat(rng, world, &mut emissions);
    emissions.retain(|emission| emission.at <= world.ends);
    emissions.sort_by_key(|emission| emission.at);
    for cluster in clusters.iter_mut() {
        let of_it = |key: &BatchKey| key.cluster == cluster.name;
        let facts = emissions.iter().filter_map(|emission| match &emission.event {
            Event::Fact(fact) if of_it(&fact.key) => Some(emission.at),
            Event::Fact(_) | Event::Cluster(_) => None,
        });
        cluster.ticks = ticks(rng, world, facts);
    }
    let mut seen = vec![None; shown];
    let mut due: Vec<(Instant, Instant, usize)> = Vec::new();
    for (number, cluster) in clusters.iter().enumerate() {
        due.extend(cluster.ticks.iter().map(|at| (*at + seconds(rng, 0, 2), *at, number)));
    }
    due.sort_unstable();
    let mut due = due.into_iter().peekable();
    for emission in emissions {
        while let Some((_, tick, cluster)) = due.next_if(|(written, ..)| *written < emission.at) {
            all_partitions(world, &tick_of(&clusters[cluster], tick));
        }
        let partition = &mut world.partitions[emission.partition];
        seen[emission.shows].get_or_insert(Seen { at: emission.at, index: partition.len() });
        partition.push(emission.event);
    }
    for (_, tick, cluster) in due {
        all_partitions(world, &tick_of(&clusters[cluster], tick));
    }
    let mut seen = seen.into_iter();
    for batch in &mut world.batches {
        each_seen(batch, |version| *version = seen.next().flatten());
    }
}

/// Emits some facts twice, and restates the last fact about each object each few days.
fn repeat(rng: &mut Rng, world: &mut World, emissions: &mut Vec<Emission>) {
    let mut again = Vec::new();
    let restated_at = world.begins + seconds(rng, 500_000, 900_000);
    for (emission, next) in emissions.iter().zip(emissions.iter().skip(1)) {
        let mut repeat = |at: Instant| {
            let mut event = emission.event.clone();
            if let Event::Fact(fact) = &mut event {
                fact.observed_at = at;
            }
            again.push(Emission { at, event, ..*emission });
        };
        if percent(rng, 3) {
            world.count("fact: delivered twice");
            repeat(emission.at + seconds(rng, 0, 40_000));
        }
        let is_same = |one: &Event, other: &Event| match (one, other) {
            (Event::Fact(one), Event::Fact(other)) => {
                object(&one.body) == object(&other.body) && one.key == other.key
            }
            _ => false,
        };
        if emission.at < restated_at && is_live(&emission.event) && (next.at > restated_at || !is_same(&emission.event, &next.event)) {
            world.count("fact: restated");
            repeat(restated_at + seconds(rng, 0, 20));
        }
    }
    emissions.extend(again);
}

/// Whether what the fact shows is still there, as far as CronJobs and objectives go.
fn is_live(event: &Event) -> bool {
    match event {
        Event::Fact(Fact { body, .. }) => match body {
            FactBody::CronJob { cron_job, .. } => cron_job.is_some(),
            FactBody::Objective { objective, .. } => objective.is_some(),
            FactBody::Run { .. } | FactBody::Attempt { .. } => true,
        },
        Event::Cluster(_) => true,
    }
}

/// What identifies the object of a fact within its batch.
fn object(fact: &FactBody) -> &str {
    match fact {
        FactBody::CronJob { .. } => "",
        FactBody::Run { revision, .. }
        | FactBody::Attempt { revision, .. }
        | FactBody::Objective { revision, .. } => &revision.uid,
    }
}

fn tick_of(cluster: &Cluster, observed_until: Instant) -> Event {
    Event::Cluster(ClusterEvent {
        cluster: cluster.name.clone(),
        cluster_uid: Some(format!("uid-of-{}", cluster.name)),
        epoch: 1,
        body: ClusterBody::Tick { observed_until, positions: Vec::new() },
    })
}

fn all_partitions(world: &mut World, event: &Event) {
    for partition in &mut world.partitions {
        partition.push(event.clone());
    }
}

/// Ticks each half hour or so, and one within [`TICK_BEFORE_FACT_S`] before each fact: a real shipper writes one each ten
/// seconds, of which most would change nothing here.
fn ticks(rng: &mut Rng, world: &World, facts: impl Iterator<Item = Instant>) -> Vec<Instant> {
    let mut grid = Vec::new();
    let mut at = world.begins + seconds(rng, 10, 60);
    while at < world.ends {
        grid.push(at);
        at += if percent(rng, 20) { seconds(rng, 1, 120) } else { seconds(rng, 600, 3_600) };
    }
    grid.push(world.ends);
    let mut ticks = grid.clone();
    let mut last = world.begins;
    for fact in facts {
        let since = grid.iter().rev().find(|at| **at < fact).map_or(last, |at| last.max(*at));
        if fact - since > TimeDelta::seconds(TICK_BEFORE_FACT_S) {
            last = fact - seconds(rng, 4, TICK_BEFORE_FACT_S);
            ticks.push(last);
        }
    }
    ticks.sort_unstable();
    ticks.dedup();
    ticks
}

/// Below the two minutes without observation after which a change counts as one of that time.
const TICK_BEFORE_FACT_S: i64 = 100;

/// Calls with the versions of each object of a batch, as facts with their true time, in one order.
fn each_object(batch: &mut Batch, mut call: impl FnMut(&BatchKey, usize, Vec<(FactBody, Instant)>)) {
    let (key, partition) = (batch.key.clone(), batch.partition);
    let facts = |versions: &[Version<Option<CronJob>>]| {
        versions
            .iter()
            .map(|version| {
                let (revision, cron_job) = (version.revision.clone(), version.value.clone());
                (FactBody::CronJob { revision, cron_job }, version.at)
            })
            .collect()
    };
    call(&key, partition, facts(&batch.cron_job));
    for run in &batch.runs {
        let facts = run.versions.iter().map(|version| {
            (FactBody::Run { revision: version.revision.clone(), run: version.value.clone() }, version.at)
        });
        call(&key, partition, facts.collect());
        for attempt in &run.attempts {
            let facts = attempt.versions.iter().map(|version| {
                let (revision, attempt) = (version.revision.clone(), version.value.clone());
                (FactBody::Attempt { revision, run_uid: run.uid.clone(), attempt }, version.at)
            });
            call(&key, partition, facts.collect());
        }
    }
    for objective in &batch.objectives {
        let facts = objective.versions.iter().map(|version| {
            let (name, revision) = (objective.name.clone(), version.revision.clone());
            (FactBody::Objective { name, revision, objective: version.value.clone() }, version.at)
        });
        call(&key, partition, facts.collect());
    }
}

/// Calls with the place for when each version was seen, in the same order.
fn each_seen(batch: &mut Batch, mut call: impl FnMut(&mut Option<Seen>)) {
    batch.cron_job.iter_mut().for_each(|version| call(&mut version.seen));
    for run in &mut batch.runs {
        run.versions.iter_mut().for_each(|version| call(&mut version.seen));
        for attempt in &mut run.attempts {
            attempt.versions.iter_mut().for_each(|version| call(&mut version.seen));
        }
    }
    for objective in &mut batch.objectives {
        objective.versions.iter_mut().for_each(|version| call(&mut version.seen));
    }
}
