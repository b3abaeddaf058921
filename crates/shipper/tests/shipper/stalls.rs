//! A cluster none of whose CronJobs fires: written ahead of a tick when it is found, and when one fires again.

use chrono::{DateTime, TimeDelta, TimeZone, Utc};
use expect_test::expect;
use kigen_model::event::{ClusterBody, ClusterEvent};
use kigen_playback::clock::Pace;
use kigen_playback::generate::{Cluster, CronJobPlan, RunPlan};

use crate::support::shipping::{Shipping, Start, Written};

fn at(minutes: i64) -> DateTime<Utc> {
    let start = Utc.with_ymd_and_hms(2026, 11, 9, 0, 0, 0).single().expect("an instant");
    start + TimeDelta::minutes(minutes)
}

/// Four CronJobs that fire each half an hour, of which the last is suspended. They do so at midnight, and then not before 01:55,
/// when one is made up for.
async fn ship() -> Shipping {
    let mut cluster = Cluster::new(at(-60));
    for name in ["a", "b", "c"] {
        cluster.cron_job(CronJobPlan::new("ml", name, "*/30 * * * *"));
        cluster.run("ml", name, at(0), RunPlan::succeeds(TimeDelta::minutes(5)));
    }
    cluster.cron_job(CronJobPlan::new("ml", "suspended", "*/30 * * * *"));
    cluster.suspend("ml", "suspended", at(-30), true);
    cluster.run("ml", "a", at(115), RunPlan::succeeds(TimeDelta::minutes(5)));
    let history = cluster.build().expect("a history");
    Start::of(history, Pace::Manual).start().await
}

async fn play_until(shipping: &mut Shipping, minutes: i64) {
    shipping.server.clock().advance_to(at(minutes));
    shipping.until_ticked(at(minutes)).await;
}

/// The stalls and their ends as they were written, with the tick before.
fn written(shipping: &Shipping) -> String {
    let (mut lines, mut ticked) = (Vec::new(), None);
    let time = |at: DateTime<Utc>| at.format("%H:%M").to_string();
    for written in &shipping.written {
        let Written::Cluster { event: ClusterEvent { body, epoch, .. }, .. } = written else { continue };
        match body {
            ClusterBody::Tick { observed_until, .. } => ticked = Some(*observed_until),
            ClusterBody::Stalled { report, .. } => {
                let names = report.cron_jobs.iter();
                let names: Vec<_> =
                    names.map(|of| format!("{} at {}", of.name, time(of.expected_at))).collect();
                let since = time(report.since);
                lines.push(format!(
                    "{epoch}: stalled since {since}, {} overdue: {}",
                    report.overdue,
                    names.join(", ")
                ));
            }
            ClusterBody::StallOver { at } => lines.push(format!("{epoch}: over by {}", time(*at))),
            _ => {}
        }
    }
    assert!(ticked.is_some());
    lines.join("\n")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stall_is_written_when_three_cron_jobs_are_overdue_and_over_with_the_next_fire() {
    let mut shipping = ship().await;
    for minutes in [1, 29, 30, 31, 32] {
        play_until(&mut shipping, minutes).await;
    }
    assert_eq!(written(&shipping), "", "two minutes after the fire");
    for minutes in [33, 35, 60, 104] {
        play_until(&mut shipping, minutes).await;
    }
    let stalled = "1: stalled since 00:00, 3 overdue: a at 00:30, b at 00:30, c at 00:30";
    assert_eq!(written(&shipping), stalled, "once");
    // A shipper of the next epoch ends what may have ended meanwhile by the last fire that it knows, and finds the same stall.
    shipping.restart(2);
    for minutes in [105, 107, 109, 117, 119] {
        play_until(&mut shipping, minutes).await;
    }
    expect![[r#"
        1: stalled since 00:00, 3 overdue: a at 00:30, b at 00:30, c at 00:30
        2: over by 00:00
        2: stalled since 00:00, 3 overdue: a at 00:30, b at 00:30, c at 00:30
        2: over by 01:55"#]]
    .assert_eq(&written(&shipping));
}
