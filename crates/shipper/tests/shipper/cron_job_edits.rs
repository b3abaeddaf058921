//! Edits of CronJobs over HTTP: each is a fact of its own, dated at the instant at which it was made.

use std::collections::BTreeMap;

use crate::support::recording;
use crate::support::shipping::{Shipping, second_after};
use chrono::TimeDelta;
use kigen_model::Instant;
use kigen_model::event::FactBody;
use kigen_playback::clock::Pace;
use kigen_playback::resource::Resource;
use serde_json::Value;

/// The fields that an edit can change and a verdict depends on.
type Edit = (String, Option<String>, bool);

/// How much later than it was made an edit may be dated: the server's time is known in whole seconds, once a second here.
const LATE_MAX: TimeDelta = TimeDelta::seconds(3);

fn edited(object: &Value) -> Edit {
    let text = |field: &str| object["spec"][field].as_str().map(str::to_owned);
    let suspended = object["spec"]["suspend"].as_bool().unwrap_or(false);
    (text("schedule").expect("a schedule"), text("timeZone"), suspended)
}

/// The edits of each CronJob, by name, as the recording has them.
fn made(shipping: &Shipping) -> BTreeMap<String, Vec<(Edit, Instant)>> {
    let mut made: BTreeMap<String, Vec<(Edit, Instant)>> = BTreeMap::new();
    for change in shipping.history.changes().iter().filter(|change| change.resource == Resource::CronJobs) {
        let name = change.object["metadata"]["name"].as_str().expect("a name").to_owned();
        let (edit, edits) = (edited(&change.object), made.entry(name).or_default());
        if edits.last().is_none_or(|(before, _)| *before != edit) {
            edits.push((edit, change.at));
        }
    }
    made
}

fn shipped(shipping: &Shipping) -> BTreeMap<String, Vec<(Edit, Instant)>> {
    let mut shipped: BTreeMap<String, Vec<(Edit, Instant)>> = BTreeMap::new();
    for fact in shipping.facts() {
        let FactBody::CronJob { cron_job: Some(cron_job), .. } = &fact.body else { continue };
        let edit = (cron_job.schedule.clone(), cron_job.time_zone.clone(), cron_job.suspended);
        let edits = shipped.entry(fact.key.batch.clone()).or_default();
        if edits.last().is_none_or(|(before, _)| *before != edit) {
            edits.push((edit, fact.observed_at));
        }
    }
    shipped
}

/// The version of the last change of a CronJob up to an instant.
fn newest_before(shipping: &Shipping, at: Instant) -> u64 {
    let changes = shipping.history.changes().iter();
    let changed = changes.filter(|change| change.resource == Resource::CronJobs && change.at <= at);
    let version = |object: &Value| object["metadata"]["resourceVersion"].as_str()?.parse().ok();
    changed.map(|change| version(&change.object).expect("a version")).max().unwrap_or(0)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_edit_of_schedule_zone_or_suspension_is_dated_when_it_was_made_and_never_before() {
    let mut edits = 0;
    for name in ["cron_suspended", "metadata_changes", "cron_timezone_tokyo"] {
        let mut shipping = Shipping::of_recording(&recording(name), Pace::Manual).await;
        // Second by second as the shipper can follow, with a new probe in each: else, on a busy machine, it receives an
        // edit late, or knows the time less well.
        let (mut at, end) = (second_after(shipping.history.start()), second_after(shipping.history.end()));
        while at <= end {
            at += TimeDelta::seconds(1);
            shipping.server.clock().advance_to(at);
            let newest = newest_before(&shipping, at);
            let has_received = |shipping: &Shipping| shipping.reached[Resource::CronJobs as usize] >= newest;
            shipping.until("it has received all edits", has_received).await;
            shipping.until_ticked(at - TimeDelta::seconds(1)).await;
            shipping.until_probed(8).await;
        }
        let (made, shipped) = (made(&shipping), shipped(&shipping));
        assert_eq!(
            made.keys().collect::<Vec<_>>(),
            shipped.keys().collect::<Vec<_>>(),
            "{name}: the same CronJobs"
        );
        for (cron_job, made) in made {
            let shipped = &shipped[&cron_job];
            assert_eq!(made.len(), shipped.len(), "{name}, {cron_job}: {made:?}, not {shipped:?}");
            for ((edit, at), (shipped, observed_at)) in made.iter().zip(shipped) {
                assert_eq!(edit, shipped, "{name}, {cron_job}");
                let late = *observed_at - *at;
                assert!(
                    late >= TimeDelta::zero() && late <= LATE_MAX,
                    "{name}, {cron_job}: {edit:?} was made at {at} and dated {observed_at}"
                );
            }
            edits += made.len() - 1;
        }
    }
    assert!(edits >= 2, "only {edits} edits were recorded");
}
