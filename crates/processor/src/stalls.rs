//! The alerts about a cluster whose CronJobs do not fire. They follow from the log alone; the partition to which the cluster's name
//! hashes raises them.

use kigen_model::alert::{Alert, AlertBody, CronJobPresence, cluster_alert_id};
use kigen_model::event::{ClusterBody, ClusterEvent};
use kigen_model::key::BatchKey;
use kigen_state::Stall;

/// The kind of the alert that a cluster has stalled, as its id has it.
const STALLED: &str = "cluster_stalled";

/// The alert of an event by which this stall has begun or ended; `None`: the event is about something else.
pub(crate) fn alert(event: &ClusterEvent, stall: Stall) -> Option<Alert> {
    let (decided_at, body) = match &event.body {
        ClusterBody::Stalled { at, report } => (*at, AlertBody::ClusterStalled(report.clone())),
        ClusterBody::StallOver { at } => {
            let stalled = cluster_alert_id(&event.cluster, STALLED, stall.since);
            (*at, AlertBody::StallOver { stalled, since: stall.since, until: *at })
        }
        ClusterBody::Epoch { .. }
        | ClusterBody::Tick { .. }
        | ClusterBody::Gap(_)
        | ClusterBody::Calendar { .. }
        | ClusterBody::Mute { .. }
        | ClusterBody::Forgotten { .. } => return None,
    };
    Some(Alert {
        id: cluster_alert_id(&event.cluster, body.kind(), stall.since),
        key: BatchKey::of_cluster(&event.cluster),
        objective: None,
        decided_at,
        cron_job: CronJobPresence::NotExpected,
        body,
    })
}
