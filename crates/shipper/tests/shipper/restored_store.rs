//! A store that was restored from a backup: versions go back, and what is listed then counts, behind a gap.

use crate::support::final_states;
use crate::support::recording;
use crate::support::shipping::{Shipping, Start, Written, second_after};
use chrono::TimeDelta;
use kigen_model::Instant;
use kigen_model::event::{ClusterBody, FactBody};
use kigen_playback::clock::Pace;
use kigen_playback::faults::WatchLists;
use kigen_playback::history::History;
use kigen_playback::resource::Resource;

/// A cluster of which two runs were observed, and whose store is restored to when the first of them ran.
struct Restored {
    shipping: Shipping,
    /// The last tick before.
    ticked: Instant,
    /// When the store was restored.
    at: Instant,
}

async fn restored(watch_lists: WatchLists) -> Restored {
    let history = History::from_recording(recording("cron_success")).expect("a recording");
    let jobs: Vec<_> = history.changes().iter().filter(|change| change.resource == Resource::Jobs).collect();
    let backup = jobs[1].at;
    let start = Start { objectives: true, watch_lists, ..Start::of(history.clone(), Pace::Manual) };
    let mut shipping = start.start().await;
    let watched = second_after(history.start()) + TimeDelta::seconds(95);
    shipping.server.clock().advance_to(watched);
    shipping.until_ticked(watched).await;
    let ends = final_states(shipping.facts()).values().filter(|run| run.phase == "succeeded").count();
    assert_eq!(ends, 2);
    let at = watched + TimeDelta::minutes(30);
    shipping.restore_store(backup, at).await;
    let ticked = shipping.observed_until().expect("it has ticked");
    Restored { shipping, ticked, at }
}

impl Restored {
    /// The gap is written before the first tick since, and covers all from the last tick before to the list.
    fn assert_gap(&self) {
        let mut since = self.shipping.written.iter().filter_map(|written| match written {
            Written::Cluster { event, .. } => Some(&event.body),
            Written::Fact(_) => None,
        });
        let is_since = |body: &&ClusterBody| match body {
            ClusterBody::Tick { observed_until, .. } => *observed_until > self.ticked,
            ClusterBody::Gap(gap) => gap.from.is_some(),
            ClusterBody::Epoch { .. }
            | ClusterBody::Calendar { .. }
            | ClusterBody::Mute { .. }
            | ClusterBody::Stalled { .. }
            | ClusterBody::StallOver { .. }
            | ClusterBody::Forgotten { .. } => false,
        };
        let first = since.find(is_since).expect("something was written since");
        let ClusterBody::Gap(gap) = first else { panic!("no gap before {first:?}") };
        assert!(gap.from == Some(self.ticked) && gap.to >= self.at, "{gap:?}");
        assert_eq!(self.shipping.gaps().len(), 2, "one is that of the start");
    }

    /// The facts are those of a shipper that has seen nothing of the time before.
    async fn assert_that_what_follows_counts(mut self) {
        // Versions that have overtaken the known one by the next probe prove nothing.
        self.shipping.until("a gap is written", |it| it.gaps().len() > 1).await;
        let end = second_after(self.shipping.history.end()) + TimeDelta::seconds(3);
        self.shipping.server.clock().advance_to(end);
        self.shipping.until_ticked(end - TimeDelta::seconds(1)).await;
        self.assert_gap();
        let history = self.shipping.history.clone();
        let mut fresh = Start { objectives: true, ..Start::of(history, Pace::Manual) }.start().await;
        fresh.server.clock().advance_to(end);
        fresh.until_ticked(end - TimeDelta::seconds(1)).await;
        let (found, expected) = (final_states(self.shipping.facts()), final_states(fresh.facts()));
        assert_eq!(expected.len(), 2);
        for (uid, run) in &expected {
            assert_eq!(found.get(uid), Some(run), "Job {uid}");
        }
        assert_eq!(newest_schedule(&self.shipping), newest_schedule(&fresh));
    }
}

/// When the CronJob has made a run last, by its newest fact.
fn newest_schedule(shipping: &Shipping) -> Option<Instant> {
    let versions = shipping.facts().filter_map(|fact| match &fact.body {
        FactBody::CronJob { revision, cron_job } => Some((revision.resource_version, cron_job.as_ref()?)),
        _ => None,
    });
    versions.max_by_key(|(version, _)| *version).and_then(|(_, cron_job)| cron_job.last_succeeded_at)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_goes_back_is_another_past_behind_a_gap() {
    for watch_lists in [WatchLists::Served, WatchLists::Failed] {
        restored(watch_lists).await.assert_that_what_follows_counts().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shipper_that_starts_after_the_store_went_back_starts_another_past_too() {
    for watch_lists in [WatchLists::Served, WatchLists::Failed] {
        let mut restored = restored(watch_lists).await;
        restored.shipping.restart(2);
        restored.assert_that_what_follows_counts().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_went_back_is_not_forgotten_by_the_next_leader_after_it_has_overtaken_the_known_version()
{
    let mut restored = restored(WatchLists::Served).await;
    let shipping = &mut restored.shipping;
    // No tick as long as one stream is away.
    shipping.server.faults().refuse(Some(Resource::Pods), Some(503));
    let before = shipping.facts().count();
    shipping.until("it has emitted facts of the restored store", |it| it.facts().count() > before).await;
    assert_eq!(shipping.observed_until(), Some(restored.ticked));
    let overtaken = restored.at + TimeDelta::minutes(3);
    shipping.server.clock().advance_to(overtaken);
    shipping.restart(2);
    shipping.server.faults().refuse(Some(Resource::Pods), None);
    restored.assert_that_what_follows_counts().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_goes_back_twice_is_two_other_pasts() {
    let mut restored = restored(WatchLists::Served).await;
    restored.shipping.until("a gap is written", |it| it.gaps().len() > 1).await;
    let backup = restored.at;
    let again = restored.at + TimeDelta::minutes(10);
    restored.shipping.server.clock().advance_to(again - TimeDelta::minutes(1));
    restored.shipping.until_ticked(again - TimeDelta::minutes(2)).await;
    restored.shipping.restore_store(backup, again).await;
    restored.shipping.until("a second gap is written", |it| it.gaps().len() > 2).await;
    let (from, to) = restored.shipping.gaps()[2];
    assert!(from < Some(again) && to >= again, "{from:?} to {to}");
}

/// Only reads that the store confirms can show that it went back: the cache of one API server of several may lag.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_api_server_whose_cache_lags_is_not_another_past() {
    let history = History::from_recording(recording("cron_success")).expect("a recording");
    let mut shipping = Start { objectives: true, ..Start::of(history, Pace::Manual) }.start().await;
    let start = second_after(shipping.history.start());
    shipping.server.faults().stall_cache(None, true);
    shipping.server.clock().advance_to(start + TimeDelta::seconds(50));
    // The streams list anew, from the store, and then reach a cache that is older than the list.
    shipping.server.faults().expire_streams(None);
    shipping.until_probed(5).await;
    shipping.server.faults().break_streams(None);
    shipping.until_probed(5).await;
    let gaps = shipping.gaps().len();
    shipping.server.faults().stall_cache(None, false);
    let later = start + TimeDelta::seconds(95);
    shipping.server.clock().advance_to(later);
    shipping.until_ticked(later).await;
    shipping.assert_that_no_tick_lies();
    assert!(gaps <= 2 && shipping.gaps().len() == 2, "the start's, and that of the streams that expired");
    assert!(shipping.facts().all(|fact| version(&fact.body) < 1 << 48), "the versions are the first past's");
}

fn version(body: &FactBody) -> u64 {
    match body {
        FactBody::CronJob { revision, .. }
        | FactBody::Run { revision, .. }
        | FactBody::Attempt { revision, .. }
        | FactBody::Objective { revision, .. } => revision.resource_version,
    }
}
