//! The calendars that objectives name and a file defines: written to every partition ahead of a tick, and what is wrong with them.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, TimeZone, Utc};
use expect_test::expect;
use kigen_model::event::{ClusterBody, ClusterEvent, MuteChange};
use kigen_model::mute::Mute;
use kigen_playback::clock::Pace;
use kigen_playback::generate::{Cluster, CronJobPlan};
use kigen_shipper::input::{Declaration, Input};
use kigen_working_days::{Catalog, Definition};
use serde_json::json;

use crate::support::shipping::{Shipping, Start, Written};

fn at(minutes: i64) -> DateTime<Utc> {
    let start = Utc.with_ymd_and_hms(2026, 11, 9, 0, 0, 0).single().expect("an instant");
    start + TimeDelta::minutes(minutes)
}

/// An annotation and an object name a calendar each, another object one that is only in a file.
async fn ship() -> Shipping {
    let mut cluster = Cluster::new(at(0));
    cluster.cron_job(
        CronJobPlan::new("ml", "recommend", "0 8 * * *")
            .annotation("kigen.dev/complete-by", "0 12 * * *")
            .annotation("kigen.dev/calendar", "jp-office-days"),
    );
    cluster.cron_job(
        CronJobPlan::new("ml", "rank", "0 8 * * *")
            .annotation("kigen.dev/complete-by", "0 12 * * *")
            .annotation("kigen.dev/calendar", "jp-ofice-days"),
    );
    for (name, calendar) in [("ready", "jp-business-days"), ("shop", "shop-days")] {
        let spec =
            json!({"batch": {"cronJob": "recommend"}, "completeBy": "0 12 * * *", "calendar": calendar});
        cluster.objective("ml", name, at(0), Some(spec));
    }
    // The clock runs as long as this exists.
    cluster.cron_job(CronJobPlan::new("end", "end", "@yearly"));
    cluster.delete_cron_job("end", "end", at(120));
    let history = cluster.build().expect("a history");
    Start { objectives: true, ..Start::of(history, Pace::Manual) }.start().await
}

async fn play_until(shipping: &mut Shipping, minutes: i64) {
    shipping.server.clock().advance_to(at(minutes));
    shipping.until_ticked(at(minutes)).await;
}

fn file(days_off: &str) -> Input {
    let days_off = vec![days_off.parse().expect("a date")];
    let mut catalog = Catalog::default();
    let definition = Definition { days_off, ..Definition::default() };
    catalog.define("shop-days".to_owned(), definition).expect("a new name");
    Input::Declared(Declaration { catalog, is_whole: true, ..Declaration::default() })
}

/// The calendars and ticks as they were written: of each calendar the number of its days off, of the ticks in a row the first.
fn written(shipping: &Shipping) -> Vec<String> {
    let line = |written: &Written| match written {
        Written::Cluster { event: ClusterEvent { body, .. }, .. } => match body {
            ClusterBody::Calendar { name, working_days, .. } => {
                let days_off = working_days.as_ref().map(|days| days.days_off.len());
                Some(format!("{name}: {days_off:?}"))
            }
            ClusterBody::Tick { .. } => Some("tick".to_owned()),
            ClusterBody::Mute { change: MuteChange::Declared(mute), .. } => {
                Some(format!("mute of {} until {}: {}", mute.scope, mute.until, mute.reason))
            }
            ClusterBody::Mute { change: MuteChange::Ended { .. }, .. } => Some("a mute ends".to_owned()),
            ClusterBody::Epoch { .. } | ClusterBody::Gap(_) | ClusterBody::Forgotten { .. } => None,
            ClusterBody::Stalled { .. } | ClusterBody::StallOver { .. } => None,
        },
        Written::Fact(_) => None,
    };
    let mut lines: Vec<String> = shipping.written.iter().filter_map(line).collect();
    lines.dedup();
    lines
}

fn problems(shipping: &Shipping) -> BTreeMap<String, String> {
    let resolutions = shipping.shipper.resolutions();
    let of_objects = resolutions
        .objects
        .iter()
        .filter_map(|((_, name), resolution)| Some((name.clone(), resolution.problem.clone()?)));
    let of_annotations =
        resolutions.annotated.iter().map(|(key, problem)| (key.batch.clone(), problem.clone()));
    of_objects.chain(of_annotations).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calendars_are_written_ahead_of_a_tick_when_they_are_named_defined_or_edited() {
    let mut shipping = ship().await;
    play_until(&mut shipping, 5).await;
    shipping.apply(file("2026-12-28"));
    play_until(&mut shipping, 10).await;
    shipping.apply(file("2026-12-29/2026-12-30"));
    play_until(&mut shipping, 15).await;
    // A shipper of the next epoch knows of none, and writes all of them.
    shipping.restart(2);
    shipping.apply(file("2026-12-29/2026-12-30"));
    play_until(&mut shipping, 20).await;
    expect![[r#"
        jp-business-days: Some(62)
        jp-office-days: Some(76)
        tick
        jp-ofice-days: None
        shop-days: Some(1)
        tick
        shop-days: Some(2)
        tick
        jp-business-days: Some(62)
        jp-office-days: Some(76)
        jp-ofice-days: None
        shop-days: Some(2)
        tick"#]]
    .assert_eq(&written(&shipping).join("\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_calendar_that_does_not_exist_or_has_no_data_soon_is_a_problem_of_what_names_it() {
    let mut shipping = ship().await;
    play_until(&mut shipping, 5).await;
    let unknown = problems(&shipping);
    let names: Vec<&str> = unknown.keys().map(String::as_str).collect();
    assert_eq!(names, ["rank", "shop"]);
    expect!["there is no calendar `jp-ofice-days`: there are weekdays, jp-business-days, jp-office-days; so a result is due on every day"]
        .assert_eq(&unknown["rank"]);
    shipping.apply(file("2026-12-28"));
    play_until(&mut shipping, 10).await;
    expect!["the calendar `shop-days` has no data after 2026, so that from then on its days of the week alone decide: add those of 2027"].assert_eq(&problems(&shipping)["shop"]);
    shipping.apply(file("2027-12-28"));
    play_until(&mut shipping, 15).await;
    assert_eq!(problems(&shipping).get("shop"), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mutes_of_annotations_and_of_a_file_are_written_ahead_of_a_tick_and_ended_with_them() {
    let mut cluster = Cluster::new(at(0));
    let plan = || CronJobPlan::new("ml", "recommend", "0 8 * * *");
    cluster.cron_job(plan().annotation("kigen.dev/mute-until", "2026-11-09T12:00+09:00 migration"));
    cluster.cron_job(CronJobPlan::new("end", "end", "@yearly"));
    cluster.delete_cron_job("end", "end", at(120));
    let history = cluster.build().expect("a history");
    let mut shipping = Start { objectives: true, ..Start::of(history, Pace::Manual) }.start().await;
    play_until(&mut shipping, 5).await;
    let file = |mutes| Input::Declared(Declaration { mutes, is_whole: true, ..Declaration::default() });
    let (author, reason) = ("ann".to_owned(), "backup".to_owned());
    let scope = "owner:ml-team".parse().expect("a scope");
    let mute = Mute { scope, from: at(0), until: at(600), repeats: None, author, reason };
    shipping.apply(file(vec![mute]));
    play_until(&mut shipping, 10).await;
    shipping.apply(file(Vec::new()));
    play_until(&mut shipping, 15).await;
    expect![[r#"
        mute of ml/recommend until 2026-11-09 03:00:00 UTC: migration
        tick
        mute of owner:ml-team until 2026-11-09 10:00:00 UTC: backup
        tick
        a mute ends
        tick"#]]
    .assert_eq(&written(&shipping).join("\n"));
}
