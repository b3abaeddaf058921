//! Worlds from seeds: what a fleet truly did, and then what a shipper emitted about it.

mod batch;
mod controller;
mod dice;
mod expect;
mod expire;
mod mutes;
mod observe;
mod rules;
mod ship;
mod stalls;
mod work;

use chrono::{DateTime, TimeDelta};
use fastrand::Rng;

use crate::generate::ship::Cluster;
use crate::world::World;

/// How large a world is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// The number of batches.
    pub batches: usize,
    /// The number of days.
    pub days: i64,
    /// The number of partitions of each topic.
    pub partitions: usize,
    /// Whether the shipper is away at times.
    pub outages: bool,
    /// Whether events expire from the log unread. The judge and kigen do not yet agree about all of what follows.
    pub expires: bool,
}

impl Default for Size {
    fn default() -> Self {
        Self { batches: 6, days: 24, partitions: 2, outages: true, expires: false }
    }
}

/// The first days of worlds, in seconds since 1970: each is some days before a change of clocks in some of the zones, or far
/// from all of them.
const BEGINNINGS: &[i64] = &[
    1_772_150_400, // 2026-02-27, before New York's clocks go forward.
    1_773_964_800, // 2026-03-20, before Berlin's go forward, and Sydney's back.
    1_790_035_200, // 2026-09-22, before Sydney's go forward.
    1_792_368_000, // 2026-10-19, before Berlin's and New York's go back.
    1_780_272_000, // 2026-06-01.
    1_703_980_800, // 2023-12-31, before a leap day.
];

/// The world of this seed; `partition_of` is the log's partitioner, of a record's key.
pub fn generate(seed: u64, size: Size, partition_of: &dyn Fn(&str) -> usize) -> World {
    let rng = &mut Rng::with_seed(seed);
    let begins = DateTime::from_timestamp(BEGINNINGS[rng.usize(..BEGINNINGS.len())], 0).unwrap_or_default();
    let ends = begins + TimeDelta::days(size.days);
    let mut world = World {
        seed,
        begins,
        ends,
        partitions: vec![Vec::new(); size.partitions],
        expired: vec![Vec::new(); size.partitions],
        batches: Vec::new(),
        kinds: std::collections::BTreeMap::new(),
    };
    let mut clusters = vec![Cluster::generate(rng, "prod", size.outages, &mut world)];
    if rng.u8(..4) == 0 {
        world.count("world: two clusters");
        clusters.push(Cluster::generate(rng, "test", size.outages, &mut world));
    }
    for number in 0..size.batches {
        let cluster = &clusters[rng.usize(..clusters.len())];
        let mut batch = batch::generate(rng, number, cluster, &mut world, partition_of);
        rules::add(number, &mut batch, &mut world);
        expect::add(number, &mut batch, &mut world);
        world.batches.push(batch);
    }
    ship::emit(rng, &mut world, &clusters);
    if size.expires {
        expire::expire(rng, &mut world);
    }
    world
}
