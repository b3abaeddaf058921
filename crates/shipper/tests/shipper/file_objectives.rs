//! Objectives that a file declares: emitted when they change, with the schedules that they follow, and withdrawn when the
//! file no longer has them.

use std::collections::BTreeMap;

use crate::support::shipping::Shipping;
use chrono::{DateTime, TimeDelta, TimeZone, Utc};
use expect_test::{Expect, expect};
use kigen_model::event::{Fact, FactBody};
use kigen_model::key::BatchKey;
use kigen_model::objective::{Deadlines, Objective, ObjectiveSource};
use kigen_playback::clock::Pace;
use kigen_playback::generate::{Cluster, CronJobPlan};
use kigen_playback::history::History;
use kigen_shipper::input::{Declaration, Declared, Input};

fn start() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 11, 9, 0, 0, 0).single().expect("an instant")
}

/// The CronJob that reads the result fires at 12:00, after an hour at 12:30, and after two hours it is gone.
fn history() -> History {
    let mut cluster = Cluster::new(start());
    cluster.cron_job(CronJobPlan::new("ml", "recommend", "0 8 * * *"));
    cluster.cron_job(CronJobPlan::new("dwh", "report", "0 12 * * *").zone("Asia/Tokyo"));
    cluster.edit_schedule("dwh", "report", start() + TimeDelta::hours(1), "30 12 * * *");
    cluster.delete_cron_job("dwh", "report", start() + TimeDelta::hours(2));
    cluster.edit_schedule("ml", "recommend", start() + TimeDelta::hours(3), "0 7 * * *");
    cluster.build().expect("a history")
}

fn before_report(name: &str, grace_min: i64) -> Declared {
    let deadlines =
        Deadlines::Before { namespace: "dwh".to_owned(), cron_job: "report".to_owned(), schedule: None };
    let grace = TimeDelta::minutes(grace_min);
    let objective = Objective { grace, ..Objective::new(deadlines, ObjectiveSource::File) };
    Declared { key: BatchKey::new("test", "ml", "recommend"), name: name.to_owned(), objective }
}

fn whole(all: &[Declared]) -> Input {
    Input::Declared(Declaration { all: all.to_vec(), is_whole: true, ..Declaration::default() })
}

/// The emitted versions of objectives, each newer than the one before.
fn emitted(shipping: &Shipping) -> String {
    let mut newest = BTreeMap::new();
    let mut lines = String::new();
    for Fact { key, body, .. } in shipping.facts().filter(|fact| fact.key.batch == "recommend") {
        let FactBody::Objective { name, revision, objective } = body else { continue };
        let before = newest.insert(name, revision.resource_version);
        assert!(Some(revision.resource_version) > before, "{revision:?} is not newer");
        let wording = objective.as_ref().map_or("withdrawn".to_owned(), |objective| {
            let Deadlines::Before { schedule, .. } = &objective.deadlines else {
                panic!("it follows another")
            };
            let schedule = schedule.as_ref().map(|schedule| (&schedule.crontab, &schedule.time_zone));
            format!("grace {} min, before {schedule:?}", objective.grace.num_minutes())
        });
        lines.push_str(&format!("{key} {name}: {wording}\n"));
    }
    lines
}

fn check(shipping: &Shipping, expected: &Expect) {
    expected.assert_eq(&emitted(shipping));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_objective_follows_the_schedule_that_it_names_and_is_emitted_only_when_it_changes() {
    let mut shipping = Shipping::start(history(), Pace::Manual).await;
    shipping.apply(whole(&[before_report("ready", 0)]));
    shipping.apply(whole(&[before_report("ready", 0)]));
    let ticked = async |shipping: &mut Shipping, minutes: i64| {
        let at = start() + TimeDelta::minutes(minutes);
        shipping.server.clock().advance_to(at);
        shipping.until_ticked(at).await;
    };
    ticked(&mut shipping, 61).await;
    // The next shipper reads the same file, and emits nothing.
    shipping.restart(2);
    shipping.apply(whole(&[before_report("ready", 0)]));
    ticked(&mut shipping, 62).await;
    check(
        &shipping,
        &expect![[r#"
            test/ml/recommend ready: grace 0 min, before Some(("0 12 * * *", Some("Asia/Tokyo")))
            test/ml/recommend ready: grace 0 min, before Some(("30 12 * * *", Some("Asia/Tokyo")))
        "#]],
    );
    shipping.apply(whole(&[before_report("ready", 10)]));
    ticked(&mut shipping, 121).await;
    shipping.apply(whole(&[]));
    shipping.restart(3);
    shipping.apply(whole(&[before_report("ready", 10)]));
    ticked(&mut shipping, 122).await;
    check(
        &shipping,
        &expect![[r#"
            test/ml/recommend ready: grace 0 min, before Some(("0 12 * * *", Some("Asia/Tokyo")))
            test/ml/recommend ready: grace 0 min, before Some(("30 12 * * *", Some("Asia/Tokyo")))
            test/ml/recommend ready: grace 10 min, before Some(("30 12 * * *", Some("Asia/Tokyo")))
            test/ml/recommend ready: grace 10 min, before None
            test/ml/recommend ready: withdrawn
            test/ml/recommend ready: grace 10 min, before None
        "#]],
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_with_an_error_withdraws_nothing() {
    let mut shipping = Shipping::start(history(), Pace::Manual).await;
    shipping.apply(whole(&[before_report("one", 0), before_report("other", 0)]));
    let partly = Declaration { all: vec![before_report("one", 5)], ..Declaration::default() };
    shipping.apply(Input::Declared(partly));
    // An objective that cannot be read at present still follows its schedule.
    let later = start() + TimeDelta::minutes(61);
    shipping.server.clock().advance_to(later);
    shipping.until_ticked(later).await;
    check(
        &shipping,
        &expect![[r#"
            test/ml/recommend one: grace 0 min, before Some(("0 12 * * *", Some("Asia/Tokyo")))
            test/ml/recommend other: grace 0 min, before Some(("0 12 * * *", Some("Asia/Tokyo")))
            test/ml/recommend one: grace 5 min, before Some(("0 12 * * *", Some("Asia/Tokyo")))
            test/ml/recommend one: grace 5 min, before Some(("30 12 * * *", Some("Asia/Tokyo")))
            test/ml/recommend other: grace 0 min, before Some(("30 12 * * *", Some("Asia/Tokyo")))
        "#]],
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_objective_is_emitted_without_its_schedule_only_because_the_cron_jobs_are_not_listed_yet() {
    let mut shipping = Shipping::start(history(), Pace::Manual).await;
    // A shipper with an empty log, which reads the file first.
    shipping.written.clear();
    shipping.restart(2);
    shipping.apply(whole(&[before_report("ready", 0)]));
    check(&shipping, &expect![""]);
    let now = shipping.server.clock().now();
    shipping.until_ticked(now).await;
    check(
        &shipping,
        &expect![[r#"
        test/ml/recommend ready: grace 0 min, before Some(("0 12 * * *", Some("Asia/Tokyo")))
    "#]],
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_loses_more_than_a_tenth_of_the_objectives_at_once_withdraws_none_unless_confirmed() {
    let mut shipping = Shipping::start(history(), Pace::Manual).await;
    let all: Vec<Declared> = (0..5).map(|nth| before_report(&format!("ready-{nth}"), 0)).collect();
    shipping.apply(whole(&all));
    shipping.apply(whole(&all[..1]));
    let now = start() + TimeDelta::minutes(1);
    shipping.server.clock().advance_to(now);
    shipping.until_ticked(now).await;
    assert!(!emitted(&shipping).contains("withdrawn"), "{}", emitted(&shipping));
    assert!(shipping.shipper.held_withdrawals().is_some_and(|held| held.count == 4));
    // Up to three are not questioned.
    shipping.apply(whole(&all[..2]));
    assert_eq!(emitted(&shipping).matches("withdrawn").count(), 3);
}
