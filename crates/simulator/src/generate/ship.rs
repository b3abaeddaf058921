//! What a shipper emits about a world, and when.

use chrono::TimeDelta;
use fastrand::Rng;
use kigen_model::Instant;
use kigen_model::event::{ClusterBody, ClusterEvent, Event, Fact, FactBody};
use kigen_model::key::BatchKey;
use kigen_model::run::CronJob;
use kigen_model::slot::Gap;

use crate::generate::dice::{percent, seconds};
use crate::generate::mutes::mutes;
use crate::generate::observe::{Outage, QUIET_AFTER, observe};
use crate::generate::rules::calendars;
use crate::generate::stalls::stalls;
use crate::history::{Batch, Seen, Version};
use crate::world::World;

/// A cluster, and when its parts were away.
pub(super) struct Cluster {
    pub(super) name: String,
    /// When its controllers were away.
    controller_away: Vec<(Instant, Instant)>,
    /// When its shipper was.
    outages: Vec<Outage>,
}

impl Cluster {
    pub(super) fn generate(rng: &mut Rng, name: &str, has_outages: bool, world: &mut World) -> Self {
        let span_s = (world.ends - world.begins).num_seconds();
        let mut controller_away = Vec::new();
        if percent(rng, 50) {
            world.count("cluster: controllers away");
            let from = world.begins + seconds(rng, 86_400, span_s);
            controller_away.push((from, from + seconds(rng, 60, 20_000)));
        }
        let outages = if has_outages { Outage::some(rng, world) } else { Vec::new() };
        Self { name: name.to_owned(), controller_away, outages }
    }

    /// Whether its shipper was ever away.
    pub(super) fn has_outages(&self) -> bool {
        !self.outages.is_empty()
    }

    /// When the controllers are back, if they are away at `now`.
    pub(super) fn controller_out_until(&self, now: Instant) -> Option<Instant> {
        self.controller_away.iter().find(|(from, to)| (*from..*to).contains(&now)).map(|(_, to)| *to)
    }

    /// Whether nothing is observed at `at`, or only what is listed.
    fn is_away(&self, at: Instant) -> bool {
        self.outage(at).is_some()
    }

    /// The outage of its shipper, with the time after it in which only what is listed is observed.
    fn outage(&self, at: Instant) -> Option<&Outage> {
        self.outages.iter().find(|outage| outage.from < at && at < outage.to + QUIET_AFTER)
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

/// An event of a cluster that is to be emitted.
struct Due {
    /// It comes before all facts that are emitted after this.
    written: Instant,
    event: Event,
}

/// Emits the world into its partitions.
pub(super) fn emit(rng: &mut Rng, world: &mut World, clusters: &[Cluster]) {
    let (mut emissions, mut shown) = (Vec::new(), 0);
    let mut kinds = Vec::new();
    for batch in &mut world.batches {
        let cluster = clusters.iter().find(|cluster| cluster.name == batch.key.cluster);
        observe(rng, batch, cluster.map_or(&[], |cluster| &cluster.outages), &mut kinds);
        each_object(batch, |key, partition, versions| {
            for (body, seen) in versions {
                if let Some(Seen { at, .. }) = seen {
                    let fact = Fact { key: key.clone(), observed_at: at, body };
                    emissions.push(Emission { at, partition, event: Event::Fact(fact), shows: shown });
                }
                shown += 1;
            }
        });
    }
    kinds.into_iter().for_each(|kind| world.count(kind));
    let again = repeat(rng, world, &emissions);
    emissions.extend(again.into_iter().filter(|emission| {
        let of_it = |cluster: &&Cluster| is_of(&emission.event, &cluster.name);
        !clusters.iter().find(of_it).is_some_and(|cluster| cluster.is_away(emission.at))
    }));
    emissions.retain(|emission| emission.at <= world.ends);
    emissions.sort_by_key(|emission| emission.at);
    let mut due = Vec::new();
    for cluster in clusters {
        let facts = emissions.iter().filter(|emission| is_of(&emission.event, &cluster.name));
        let facts: Vec<Instant> = facts.map(|emission| emission.at).collect();
        due.extend(cluster.calendars(world));
        due.extend(cluster.stalls(world));
        due.extend(cluster.events(rng, world, &facts));
        let mutes = mutes(world, &cluster.name).into_iter();
        due.extend(mutes.map(|(written, event)| Due { written, event }));
    }
    due.sort_by_key(|due| due.written);
    let mut due = due.into_iter().peekable();
    let mut seen = vec![None; shown];
    for emission in emissions {
        while let Some(Due { event, .. }) = due.next_if(|due| due.written < emission.at) {
            all_partitions(world, &event);
        }
        let partition = &mut world.partitions[emission.partition];
        seen[emission.shows].get_or_insert(Seen { at: emission.at, index: partition.len() });
        partition.push(emission.event);
    }
    for Due { event, .. } in due {
        all_partitions(world, &event);
    }
    let mut seen = seen.into_iter();
    for batch in &mut world.batches {
        each_seen(batch, |version| *version = seen.next().flatten());
    }
}

impl Cluster {
    /// The epoch of the shipper that leads at an instant.
    fn epoch(&self, at: Instant) -> u64 {
        1 + self.outages.iter().filter(|it| it.is_new_epoch && it.to <= at).count() as u64
    }

    /// The versions of its calendars. Those of a time in which the shipper is away are written when it is back.
    fn calendars(&self, world: &mut World) -> Vec<Due> {
        let versions = calendars(world, &self.name).into_iter();
        let due = versions.map(|(at, body)| {
            let written = self.outage(at).map_or(at, |outage| outage.to + QUIET_AFTER);
            Due { written, event: self.event(self.epoch(written), body) }
        });
        due.collect()
    }

    /// When it stalls. What is found in a time in which the shipper is away is written when it is back.
    fn stalls(&self, world: &mut World) -> Vec<Due> {
        let due = stalls(world, &self.name, &self.controller_away).into_iter().map(|(at, body)| {
            let written = self.outage(at).map_or(at, |outage| outage.to + QUIET_AFTER);
            Due { written, event: self.event(self.epoch(written), body) }
        });
        due.collect()
    }

    /// Its ticks, and what is emitted about its outages.
    fn events(&self, rng: &mut Rng, world: &mut World, facts: &[Instant]) -> Vec<Due> {
        let epoch = |at| self.epoch(at);
        let mut ticks = ticks(rng, world, facts);
        ticks.retain(|at| !self.is_away(*at));
        ticks.extend(self.outages.iter().map(|outage| outage.to + TimeDelta::seconds(2)));
        ticks.sort_unstable();
        ticks.dedup();
        let mut due = Vec::new();
        for outage in &self.outages {
            let epoch = epoch(outage.to);
            if outage.is_new_epoch {
                let body = ClusterBody::Epoch { shipper: format!("shipper-{epoch}") };
                let written = outage.to - TimeDelta::seconds(1);
                due.push(Due { written, event: self.event(epoch, body) });
            }
            if outage.has_expired {
                let from = ticks.iter().rfind(|at| **at <= outage.from).copied();
                let body = ClusterBody::Gap(Gap::unwatched(from, outage.to));
                due.push(Due { written: outage.to, event: self.event(epoch, body) });
            }
            if outage.is_new_epoch && percent(rng, 60) {
                world.count("tick: of an older epoch");
                let written = outage.to + seconds(rng, 0, 20_000);
                let ahead = written + seconds(rng, 0, 100_000);
                due.push(Due { written, event: self.tick(epoch - 1, ahead) });
            }
        }
        for at in ticks {
            let written = if self.outages.iter().any(|it| it.to < at && at < it.to + QUIET_AFTER) {
                at
            } else {
                at + seconds(rng, 0, 2)
            };
            due.push(Due { written, event: self.tick(epoch(at), at) });
            if percent(rng, 1) {
                world.count("tick: older than the one before");
                let older = at - seconds(rng, 0, 20_000);
                due.push(Due { written, event: self.tick(epoch(at), older) });
            }
        }
        due
    }

    fn tick(&self, epoch: u64, observed_until: Instant) -> Event {
        self.event(epoch, ClusterBody::Tick { observed_until, positions: Vec::new() })
    }

    fn event(&self, epoch: u64, body: ClusterBody) -> Event {
        let cluster_uid = Some(format!("uid-of-{}", self.name));
        Event::Cluster(ClusterEvent { cluster: self.name.clone(), cluster_uid, epoch, body })
    }
}

/// Whether it is a fact of this cluster.
fn is_of(event: &Event, cluster: &str) -> bool {
    match event {
        Event::Fact(fact) => fact.key.cluster == cluster,
        Event::Cluster(_) => false,
    }
}

/// Emits some facts twice, and restates the last fact about each object each few days.
fn repeat(rng: &mut Rng, world: &mut World, emissions: &[Emission]) -> Vec<Emission> {
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
        if emission.at < restated_at
            && is_live(&emission.event)
            && (next.at > restated_at || !is_same(&emission.event, &next.event))
        {
            world.count("fact: restated");
            repeat(restated_at + seconds(rng, 0, 20));
        }
    }
    again
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

fn all_partitions(world: &mut World, event: &Event) {
    for partition in &mut world.partitions {
        partition.push(event.clone());
    }
}

/// Ticks each half hour or so, and one within [`TICK_BEFORE_FACT_S`] before each fact: a real shipper writes one each ten
/// seconds, of which most would change nothing here.
fn ticks(rng: &mut Rng, world: &World, facts: &[Instant]) -> Vec<Instant> {
    let mut grid = Vec::new();
    let mut at = world.begins + seconds(rng, 10, 60);
    while at < world.ends {
        grid.push(at);
        at += if percent(rng, 20) { seconds(rng, 1, 120) } else { seconds(rng, 600, 3_600) };
    }
    grid.push(world.ends);
    let mut ticks = grid.clone();
    let mut last = world.begins;
    for fact in facts.iter().copied() {
        let before = grid[..grid.partition_point(|at| *at < fact)].last();
        let since = before.map_or(last, |at| last.max(*at));
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

/// Calls with the versions of each object of a batch, as facts with their observation, in one order.
fn each_object(batch: &Batch, mut call: impl FnMut(&BatchKey, usize, Vec<(FactBody, Option<Seen>)>)) {
    let (key, partition) = (batch.key.clone(), batch.partition);
    let facts = |versions: &[Version<Option<CronJob>>]| {
        versions
            .iter()
            .map(|version| {
                let (revision, cron_job) = (version.revision.clone(), version.value.clone());
                (FactBody::CronJob { revision, cron_job }, version.seen)
            })
            .collect()
    };
    call(&key, partition, facts(&batch.cron_job));
    for run in &batch.runs {
        let facts = run.versions.iter().map(|version| {
            (FactBody::Run { revision: version.revision.clone(), run: version.value.clone() }, version.seen)
        });
        call(&key, partition, facts.collect());
        for attempt in &run.attempts {
            let facts = attempt.versions.iter().map(|version| {
                let (revision, attempt) = (version.revision.clone(), version.value.clone());
                (FactBody::Attempt { revision, run_uid: run.uid.clone(), attempt }, version.seen)
            });
            call(&key, partition, facts.collect());
        }
    }
    for objective in &batch.objectives {
        let facts = objective.versions.iter().map(|version| {
            let (name, revision) = (objective.name.clone(), version.revision.clone());
            (FactBody::Objective { name, revision, objective: version.value.clone() }, version.seen)
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
