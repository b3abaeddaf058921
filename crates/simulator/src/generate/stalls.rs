//! When a shipper finds that no CronJob of a cluster fires, and that they fire again.
//!
//! Of a source of its own, so that the rest of the world is as without it.

use chrono::TimeDelta;
use fastrand::Rng;
use kigen_model::Instant;
use kigen_model::event::ClusterBody;
use kigen_model::stall::{OverdueCronJob, StallReport};

use crate::generate::dice::{percent, seconds};
use crate::world::World;

/// Shorter ones are not found.
const FOUND_AFTER: TimeDelta = TimeDelta::minutes(3);

/// When each of a cluster's stalls, and each end, is written, and what; `away`: when its controllers were away.
pub(super) fn stalls(
    world: &mut World,
    cluster: &str,
    away: &[(Instant, Instant)],
) -> Vec<(Instant, ClusterBody)> {
    let salt = cluster.bytes().fold(0, |salt, byte| salt * 31 + u64::from(byte));
    let rng = &mut Rng::with_seed(world.seed ^ 0x0073_7461_6c6c ^ (salt << 24));
    let fires = fires(world, cluster);
    let mut times: Vec<(Instant, Instant)> = away.iter().copied().filter(|_| percent(rng, 80)).collect();
    // What a quota or a webhook refuses: CronJobs that make no Job.
    if percent(rng, 40) {
        let from = world.begins + seconds(rng, 86_400, (world.ends - world.begins).num_seconds());
        times.push((from, from + seconds(rng, 600, 30_000)));
    }
    let mut written = Vec::new();
    for (from, to) in times {
        let Some(since) = fires.iter().rfind(|fire| **fire < from).copied() else { continue };
        let until = fires.iter().find(|fire| **fire >= to).copied().unwrap_or(world.ends);
        let found_at = from + FOUND_AFTER + seconds(rng, 0, (to - from).num_seconds());
        if found_at >= until {
            continue;
        }
        world.count("stall: found");
        let report = |at: Instant| {
            let cron_jobs = world.batches.iter().filter(|batch| batch.key.cluster == cluster).take(3);
            let overdue = cron_jobs.map(|batch| OverdueCronJob {
                namespace: batch.key.namespace.clone(),
                name: batch.key.batch.clone(),
                expected_at: from,
            });
            ClusterBody::Stalled {
                at,
                report: StallReport { since, overdue: 3, cron_jobs: overdue.collect() },
            }
        };
        written.push((found_at, report(found_at)));
        let again = found_at + TimeDelta::hours(1);
        if again < until {
            written.push((again, report(again)));
            world.count("stall: written again");
        }
        let over = ClusterBody::StallOver { at: until };
        written.push((until + seconds(rng, 0, 20), over.clone()));
        if percent(rng, 30) {
            world.count("stall: its end written again");
            written.push((until + seconds(rng, 30, 10_000), over));
        }
    }
    if percent(rng, 20) {
        world.count("stall: an end without one");
        let at = world.begins + seconds(rng, 600, (world.ends - world.begins).num_seconds());
        written.push((at, ClusterBody::StallOver { at }));
    }
    written.retain(|(at, _)| *at < world.ends);
    written
}

/// When the CronJobs of a cluster made runs.
fn fires(world: &World, cluster: &str) -> Vec<Instant> {
    let batches = world.batches.iter().filter(|batch| batch.key.cluster == cluster);
    let runs = batches.flat_map(|batch| &batch.runs).filter_map(|run| run.versions.first());
    let mut fires: Vec<Instant> =
        runs.filter(|version| version.value.scheduled_at.is_some()).map(|version| version.at).collect();
    fires.sort_unstable();
    fires
}
