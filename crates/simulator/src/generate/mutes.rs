//! The mutes of a cluster, as commands write them: of each scope, once or repeated, declared early or late, some ended before their
//! time.

use chrono::{DurationRound, TimeDelta};
use fastrand::Rng;
use kigen_model::Instant;
use kigen_model::event::{ClusterBody, ClusterEvent, Event, MuteChange};
use kigen_model::mute::{Mute, MuteScope, Repeat};

use crate::generate::dice::{percent, seconds};
use crate::history::Batch;
use crate::world::World;

/// When each change of a mute is written, and the change. Of a source of its own, so that the rest of the world is as without them.
pub(super) fn mutes(world: &mut World, cluster: &str) -> Vec<(Instant, Event)> {
    let rng = &mut Rng::with_seed(world.seed ^ 0x006d_7574_6573);
    if !percent(rng, 40) {
        return Vec::new();
    }
    let mut changes = Vec::new();
    for number in 0..rng.u8(1..=4) {
        let Some(scope) = scope(rng, world, cluster) else { continue };
        let span_s = (world.ends - world.begins).num_seconds();
        let mut from = world.begins + seconds(rng, 3_600, span_s);
        let length = match rng.u8(..3) {
            0 => seconds(rng, 60, 7_200),
            1 => seconds(rng, 7_200, 90_000),
            _ => seconds(rng, 90_000, 600_000),
        };
        // Deadlines are on whole hours, too.
        if percent(rng, 60) {
            from = from.duration_trunc(TimeDelta::hours(1)).unwrap_or(from);
        }
        let until = from + if percent(rng, 60) { TimeDelta::hours(length.num_hours() + 1) } else { length };
        let repeats = percent(rng, 30).then(|| {
            let crontab = format!("{} {} * * *", rng.u8(..2) * 30, rng.u8(..24));
            let time_zone = ["UTC", "Asia/Tokyo", "Europe/Berlin"][rng.usize(..3)].to_owned();
            Repeat { crontab, time_zone, length: seconds(rng, 600, 40_000) }
        });
        let kind = if repeats.is_some() { "mute: repeated" } else { "mute: once" };
        world.count(kind);
        let written = if percent(rng, 20) {
            world.count("mute: declared after its beginning");
            from + seconds(rng, 1, 20_000)
        } else {
            from - seconds(rng, 1, 50_000)
        };
        let (author, reason) = ("ann".to_owned(), "migration".to_owned());
        let mute = Mute { scope, from, until, repeats, author, reason };
        let id = format!("mute-{number}");
        changes.push((written, event(cluster, &id, MuteChange::Declared(mute.clone()))));
        if percent(rng, 10) {
            world.count("mute: declared again");
            let again = written + seconds(rng, 1, 100_000);
            changes.push((again, event(cluster, &id, MuteChange::Declared(mute))));
        }
        if percent(rng, 40) {
            world.count("mute: ended before its time");
            let at = written.max(from) + seconds(rng, 1, (until - from).num_seconds());
            changes.push((at, event(cluster, &id, MuteChange::Ended { at, author: "bob".to_owned() })));
        }
    }
    changes
}

fn scope(rng: &mut Rng, world: &World, cluster: &str) -> Option<MuteScope> {
    let of_it: Vec<&Batch> = world.batches.iter().filter(|batch| batch.key.cluster == cluster).collect();
    let batch = *of_it.get(rng.usize(..of_it.len().max(1)))?;
    let (namespace, name) = (batch.key.namespace.clone(), batch.key.batch.clone());
    Some(match rng.u8(..5) {
        0 => MuteScope::Cluster,
        1 => MuteScope::Namespace(namespace),
        2 => MuteScope::Owner("night-shift".to_owned()),
        3 => MuteScope::Batch { namespace, batch: name },
        _ => {
            let objective = batch.objectives.first()?.name.clone();
            MuteScope::Objective { namespace, batch: name, objective }
        }
    })
}

fn event(cluster: &str, id: &str, change: MuteChange) -> Event {
    let body = ClusterBody::Mute { id: id.to_owned(), change };
    Event::Cluster(ClusterEvent { cluster: cluster.to_owned(), cluster_uid: None, epoch: 0, body })
}
