//! Samples of what concerns a whole cluster: that it is silent, or that none of its CronJobs fires.

use kigen_model::alert::{Alert, AlertBody, CronJobPresence};
use kigen_model::event::ClusterBody;
use kigen_model::key::BatchKey;
use kigen_model::silence::{NextDeadline, SlotCounts};
use kigen_model::stall::{OverdueCronJob, StallReport};

use crate::values::{at, id, key};

fn stall_report() -> StallReport {
    let cron_job = |name: &str, expected_at| OverdueCronJob {
        namespace: "ml".to_owned(),
        name: name.to_owned(),
        expected_at: at(expected_at),
    };
    let (first, second) =
        (cron_job("recommend", "2026-11-20T02:10:00Z"), cron_job("price", "2026-11-20T02:15:00Z"));
    StallReport { since: at("2026-11-20T02:00:00Z"), overdue: 56, cron_jobs: vec![first, second] }
}

/// The events by which a stall begins and ends.
pub(crate) fn stalls() -> [(&'static str, ClusterBody); 3] {
    let found_at = at("2026-11-20T02:20:00Z");
    let unlisted = StallReport { cron_jobs: Vec::new(), ..stall_report() };
    [
        ("a cluster stalls", ClusterBody::Stalled { at: found_at, report: stall_report() }),
        ("a cluster stalls, without a list", ClusterBody::Stalled { at: found_at, report: unlisted }),
        ("CronJobs fire again", ClusterBody::StallOver { at: at("2026-11-20T02:40:00Z") }),
    ]
}

pub(crate) fn of_clusters() -> impl Iterator<Item = (&'static str, Alert)> {
    let since = at("2026-11-20T02:00:00Z");
    let next = NextDeadline {
        key: key(),
        objective: "complete-by".to_owned(),
        deadline: at("2026-11-20T03:00:00Z"),
        time_zone: "Asia/Tokyo".to_owned(),
    };
    let silent = |objectives, next| AlertBody::ClusterSilent { since, objectives, next };
    let silence_over = |until, judged| AlertBody::SilenceOver { silent: id(3), since, until, judged };
    let judged = SlotCounts { met: 13, missed: 1, unknown: 2, excused: 3, has_more: true };
    let unlisted = StallReport { cron_jobs: Vec::new(), ..stall_report() };
    let stall_over = AlertBody::StallOver { stalled: id(4), since, until: at("2026-11-20T02:40:00Z") };
    let bodies = [
        ("a cluster is silent", silent(14, Some(next))),
        ("a cluster of no objectives is silent", silent(0, None)),
        ("a cluster is silent no more", silence_over(Some(at("2026-11-20T02:40:00Z")), judged)),
        ("a silent cluster is forgotten", silence_over(None, SlotCounts::default())),
        ("a cluster is stalled", AlertBody::ClusterStalled(stall_report())),
        ("a cluster is stalled, without a list", AlertBody::ClusterStalled(unlisted)),
        ("a cluster is stalled no more", stall_over),
    ];
    bodies.into_iter().map(|(name, body)| {
        let (key, decided_at) = (BatchKey::of_cluster("prod"), at("2026-11-20T03:40:30Z"));
        let cron_job = CronJobPresence::NotExpected;
        (name, Alert { id: id(1), key, objective: None, decided_at, cron_job, body })
    })
}
