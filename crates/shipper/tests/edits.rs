//! Edits of CronJobs over HTTP: each is a fact of its own, with the instant at which it was made.

mod support;

use std::collections::BTreeMap;

use chrono::TimeDelta;
use kigen_model::Instant;
use kigen_model::event::FactBody;
use kigen_playback::clock::Pace;
use kigen_playback::resource::Resource;
use serde_json::Value;
use support::recording;
use support::shipping::{Shipping, second_after};

/// What an edit can change that a verdict hangs on.
type Said = (String, Option<String>, bool);

/// How much later than it was made an edit may be dated: the server tells its time in whole seconds, once a second here.
const LATE_MAX: TimeDelta = TimeDelta::seconds(3);

fn edited(object: &Value) -> Said {
    let text = |field: &str| object["spec"][field].as_str().map(str::to_owned);
    let suspended = object["spec"]["suspend"].as_bool().unwrap_or(false);
    (text("schedule").expect("a schedule"), text("timeZone"), suspended)
}

/// The edits of each CronJob, by name, as the recording has them.
fn made(shipping: &Shipping) -> BTreeMap<String, Vec<(Said, Instant)>> {
    let mut made: BTreeMap<String, Vec<(Said, Instant)>> = BTreeMap::new();
    for change in shipping.history.changes().iter().filter(|change| change.resource == Resource::CronJobs) {
        let name = change.object["metadata"]["name"].as_str().expect("a name").to_owned();
        let (said, edits) = (edited(&change.object), made.entry(name).or_default());
        if edits.last().is_none_or(|(before, _)| *before != said) {
            edits.push((said, change.at));
        }
    }
    made
}

fn shipped(shipping: &Shipping) -> BTreeMap<String, Vec<(Said, Instant)>> {
    let mut shipped: BTreeMap<String, Vec<(Said, Instant)>> = BTreeMap::new();
    for fact in shipping.facts() {
        let FactBody::CronJob { cron_job: Some(cron_job), .. } = &fact.body else { continue };
        let said = (cron_job.schedule.clone(), cron_job.time_zone.clone(), cron_job.suspended);
        let edits = shipped.entry(fact.key.batch.clone()).or_default();
        if edits.last().is_none_or(|(before, _)| *before != said) {
            edits.push((said, fact.observed_at));
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
        // Second by second as the shipper can follow, with the time asked anew in each: else, on a busy machine, it hears of
        // an edit late, or knows the time less well.
        let (mut at, end) = (second_after(shipping.history.start()), second_after(shipping.history.end()));
        while at <= end {
            at += TimeDelta::seconds(1);
            shipping.server.clock().advance_to(at);
            let newest = newest_before(&shipping, at);
            let has_heard = |shipping: &Shipping| shipping.heard[Resource::CronJobs as usize] >= newest;
            shipping.until("it has heard of all edits", has_heard).await;
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
            for ((said, at), (shipped, observed_at)) in made.iter().zip(shipped) {
                assert_eq!(said, shipped, "{name}, {cron_job}");
                let late = *observed_at - *at;
                assert!(
                    late >= TimeDelta::zero() && late <= LATE_MAX,
                    "{name}, {cron_job}: {said:?} was made at {at} and dated {observed_at}"
                );
            }
            edits += made.len() - 1;
        }
    }
    assert!(edits >= 2, "only {edits} edits were recorded");
}
