//! The messages about a cluster that is silent, or none of whose CronJobs fires.

use expect_test::expect;
use kigen_model::Instant;
use kigen_model::alert::{Alert, AlertBody, CronJobPresence, cluster_alert_id};
use kigen_model::key::BatchKey;
use kigen_model::silence::{NextDeadline, SlotCounts};
use kigen_model::stall::{OverdueCronJob, StallReport};

use crate::alerts::at;
use crate::messages::check;

fn of_cluster(body: AlertBody, decided_at: &str) -> Alert {
    let id = cluster_alert_id("shop", body.kind(), since());
    let (key, cron_job) = (BatchKey::of_cluster("shop"), CronJobPresence::NotExpected);
    Alert { id, key, objective: None, decided_at: at(decided_at), cron_job, body }
}

fn since() -> Instant {
    at("2026-11-19T17:00:00Z")
}

pub(crate) fn silent(objectives: u32, has_next: bool) -> Alert {
    let next = has_next.then(|| NextDeadline {
        key: BatchKey::new("shop", "ml", "recommend"),
        objective: "complete-by".to_owned(),
        deadline: at("2026-11-19T18:00:00Z"),
        time_zone: "Asia/Tokyo".to_owned(),
    });
    of_cluster(AlertBody::ClusterSilent { since: since(), objectives, next }, "2026-11-19T17:03:00Z")
}

pub(crate) fn silence_over(until: Option<&str>, judged: SlotCounts) -> Alert {
    let (silent, until) = (cluster_alert_id("shop", "cluster_silent", since()), until.map(at));
    of_cluster(AlertBody::SilenceOver { silent, since: since(), until, judged }, "2026-11-19T17:40:10Z")
}

#[test]
fn a_cluster_is_silent() {
    check(
        &silent(14, true),
        expect![[r#"
            ▌ 🟡 Cluster shop is silent since 02:00 Asia/Tokyo
            ▌ cluster shop · silent since 02:00 Asia/Tokyo
            ▌ Meanwhile 14 objectives are not judged, the next deadline is 03:00
            ▌ ml/recommend. No deadline of the cluster is called missed, and none is
            ▌ forgotten: all are judged once its time goes on. kigen's shipper does not
            ▌ run, or it cannot reach the API server or the log.
            ▌ To do: restart kigen's shipper, or repair what it cannot reach.
            ▌ Look: kigen doctor
        "#]],
    );
    check(
        &silent(1, false),
        expect![[r#"
            ▌ 🟡 Cluster shop is silent since 17:00 UTC
            ▌ cluster shop · silent since 17:00 UTC
            ▌ Meanwhile 1 objective is not judged. No deadline of the cluster is called
            ▌ missed, and none is forgotten: all are judged once its time goes on. kigen's
            ▌ shipper does not run, or it cannot reach the API server or the log.
            ▌ To do: restart kigen's shipper, or repair what it cannot reach.
            ▌ Look: kigen doctor
        "#]],
    );
    check(
        &silent(0, false),
        expect![[r#"
            ▌ 🟡 Cluster shop is silent since 17:00 UTC
            ▌ cluster shop · silent since 17:00 UTC
            ▌ Meanwhile no objective waits to be judged. No deadline of the cluster is
            ▌ called missed, and none is forgotten: all are judged once its time goes on.
            ▌ kigen's shipper does not run, or it cannot reach the API server or the log.
            ▌ To do: restart kigen's shipper, or repair what it cannot reach.
            ▌ Look: kigen doctor
        "#]],
    );
}

#[test]
fn a_cluster_is_silent_no_more() {
    let until = Some("2026-11-19T17:40:00Z");
    check(
        &silence_over(until, SlotCounts { met: 13, missed: 1, ..SlotCounts::default() }),
        expect![[r#"
            ▌ 🟢 Cluster shop is silent no more, after 40 min
            ▌ cluster shop · silent from 17:00 to 17:40 UTC
            ▌ 14 deadlines from 17:00 to 17:40 were judged late: 13 met, 1 missed. The miss
            ▌ has a message of its own.
        "#]],
    );
    let counts = SlotCounts { met: 30, missed: 2, unknown: 1, excused: 4, has_more: true };
    check(
        &silence_over(until, counts),
        expect![[r#"
            ▌ 🟢 Cluster shop is silent no more, after 40 min
            ▌ cluster shop · silent from 17:00 to 17:40 UTC
            ▌ At least 37 deadlines from 17:00 to 17:40 were judged late: 30 met, 2 missed,
            ▌ 1 unknown, 4 excused. Each miss has a message of its own.
        "#]],
    );
    check(
        &silence_over(until, SlotCounts::default()),
        expect![[r#"
        ▌ 🟢 Cluster shop is silent no more, after 40 min
        ▌ cluster shop · silent from 17:00 to 17:40 UTC
        ▌ No deadline became due from 17:00 to 17:40.
    "#]],
    );
    check(
        &silence_over(None, SlotCounts::default()),
        expect![[r#"
            ▌ 🟢 Cluster shop is no longer watched
            ▌ cluster shop · silent since 17:00 UTC
            ▌ An operator has made kigen forget the cluster: nothing of it is judged any
            ▌ more.
        "#]],
    );
}

#[test]
fn no_cron_job_of_a_cluster_fires() {
    let cron_jobs = ["recommend", "<price>"].map(|name| OverdueCronJob {
        namespace: "ml".to_owned(),
        name: name.to_owned(),
        expected_at: at("2026-11-19T17:30:00Z"),
    });
    let report = |overdue| StallReport { since: since(), overdue, cron_jobs: cron_jobs.to_vec() };
    check(
        &of_cluster(AlertBody::ClusterStalled(report(56)), "2026-11-19T17:33:00Z"),
        expect![[r#"
            ▌ 🔴 No CronJob of cluster shop has fired since 17:00 UTC
            ▌ cluster shop · last fire 17:00 UTC
            ▌ 56 CronJobs should have fired since, and none has: the CronJob controller, a
            ▌ part of kube-controller-manager, does not run, or what it creates is refused
            ▌ (a webhook, a quota). Deadlines whose runs it does not make are judged, and
            ▌ have no messages of their own unless they are still missed an hour after it
            ▌ fires again.
            ▌ To do: look whether kube-controller-manager runs, and whether a webhook or a
            ▌ quota refuses Jobs.
            ▌ Expected: ml/recommend (17:30), ml/<price> (17:30) and 54 more
            ▌ Look: kubectl --context shop get pods -n kube-system -l
            ▌       component=kube-controller-manager
        "#]],
    );
    let stalled = cluster_alert_id("shop", "cluster_stalled", since());
    let until = at("2026-11-19T22:00:10Z");
    let over = AlertBody::StallOver { stalled, since: since(), until };
    check(
        &of_cluster(over, "2026-11-19T22:00:10Z"),
        expect![[r#"
            ▌ 🟢 The CronJobs of cluster shop fire again, after 5 h 0 min
            ▌ cluster shop · no fire from 17:00 to 22:00:10 UTC
            ▌ Kubernetes makes up for the last fire of each CronJob at most
            ▌ (startingDeadlineSeconds). What is still missed in an hour has a message of
            ▌ its own then.
        "#]],
    );
}
