//! The alerts about clusters whose CronJobs do not fire, beside what a shipper wrote of that: each stall is reported once, and its end
//! once, by the partition to which the cluster's name hashes.

use std::collections::BTreeMap;

use kigen_log::partition_of;
use kigen_model::Instant;
use kigen_model::alert::AlertBody;
use kigen_model::event::{ClusterBody, ClusterEvent, Event};
use kigen_model::key::BatchKey;

use crate::answer::Disagreement;
use crate::undisturbed::Undisturbed;
use crate::world::World;

/// A time in which no CronJob of a cluster fired, as far as it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stall {
    /// When one had fired last before.
    pub(crate) since: Instant,
    /// When one fired again; `None`: it goes on.
    pub(crate) until: Option<Instant>,
}

/// The stalls of a cluster that are known after these events of it, oldest first.
pub(crate) fn known<'a>(events: impl IntoIterator<Item = &'a ClusterEvent>) -> Vec<Stall> {
    let mut known = Known::default();
    for event in events {
        known.read(event);
    }
    known.stalls
}

#[derive(Default)]
struct Known {
    epoch: u64,
    stalls: Vec<Stall>,
}

/// A stall has begun, or is over: since when it is one, and when that was found.
type Line = (&'static str, Instant, Instant);

impl Known {
    /// What an event shows that is new.
    fn read(&mut self, event: &ClusterEvent) -> Option<Line> {
        if matches!(event.body, ClusterBody::Mute { .. }) || event.epoch < self.epoch {
            return None;
        }
        self.epoch = event.epoch;
        let last = self.stalls.last_mut();
        match &event.body {
            ClusterBody::Stalled { at, report } => {
                let since = report.since;
                if last.is_some_and(|last| last.until.is_none_or(|until| since < until)) {
                    return None;
                }
                self.stalls.push(Stall { since, until: None });
                Some(("stalled", since, *at))
            }
            ClusterBody::StallOver { at } => {
                let last = last.filter(|last| last.until.is_none() && last.since < *at)?;
                last.until = Some(*at);
                Some(("over", last.since, *at))
            }
            ClusterBody::Epoch { .. }
            | ClusterBody::Tick { .. }
            | ClusterBody::Gap(_)
            | ClusterBody::Calendar { .. }
            | ClusterBody::Mute { .. }
            | ClusterBody::Forgotten { .. } => None,
        }
    }
}

/// Where the alerts differ from what is right.
#[must_use]
pub fn compare(world: &World, found: &Undisturbed) -> Vec<Disagreement> {
    let count = u32::try_from(world.partitions.len()).unwrap_or(1);
    let mut differ = Vec::new();
    for (partition, events) in (0..).zip(&world.partitions) {
        let mut right: BTreeMap<String, (Known, Vec<Line>)> = BTreeMap::new();
        for event in events {
            let Event::Cluster(event) = event else { continue };
            let (known, lines) = right.entry(event.cluster.clone()).or_default();
            let line = known.read(event);
            if partition_of(&event.cluster, count).0 == partition {
                lines.extend(line);
            }
        }
        for (cluster, (_, right)) in right {
            let key = BatchKey::of_cluster(&cluster);
            let alerts = found.alerts[partition as usize].iter().filter(|raised| raised.alert.key == key);
            let reported: Vec<Line> = alerts
                .filter_map(|raised| match &raised.alert.body {
                    AlertBody::ClusterStalled(report) => {
                        Some(("stalled", report.since, raised.alert.decided_at))
                    }
                    AlertBody::StallOver { since, until, .. } => Some(("over", *since, *until)),
                    _ => None,
                })
                .collect();
            if right != reported {
                differ.push(Disagreement {
                    key,
                    objective: String::new(),
                    deadline: world.begins,
                    right: format!("{right:?}"),
                    reported: format!("{reported:?}"),
                });
            }
        }
    }
    differ
}
