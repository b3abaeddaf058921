//! Time as the shipper tells it: on evidence, in the server's time, and not at all without.

mod support;

use chrono::TimeDelta;
use kigen_model::Instant;
use kigen_playback::clock::Pace;
use kigen_playback::history::History;
use kigen_playback::resource::Resource;
use support::shipping::{STEPS, Shipping, second_after};
use support::{final_states, independent_final_states, recording};

/// A cluster at its start, whose clock the test moves.
async fn standing() -> (Shipping, Instant) {
    let shipping = Shipping::of_recording(&recording("cron_success"), Pace::Manual).await;
    let later = second_after(shipping.history.start()) + TimeDelta::seconds(50);
    (shipping, later)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_watch_that_says_nothing_stops_time_until_it_speaks() {
    for resource in Resource::ALL {
        let (mut shipping, later) = standing().await;
        shipping.server.faults().freeze(Some(resource), true);
        shipping.server.clock().advance_to(later);
        shipping.until_probed(5).await;
        assert!(shipping.observed_until() < Some(later), "{resource:?} is not heard");
        shipping.server.faults().freeze(Some(resource), false);
        shipping.until_ticked(later).await;
        shipping.assert_that_no_tick_lies();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_quiet_cluster_moves_by_its_bookmarks_and_not_without() {
    let (mut shipping, _) = standing().await;
    shipping.server.faults().stall_bookmarks(true);
    shipping.server.faults().turn_revision();
    let later = shipping.server.clock().now() + TimeDelta::seconds(2);
    shipping.server.clock().advance_to(later);
    let later = second_after(later) - TimeDelta::seconds(1);
    shipping.until_probed(5).await;
    assert!(shipping.observed_until() < Some(later));
    shipping.server.faults().stall_bookmarks(false);
    shipping.until_ticked(later).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stalled_cache_that_still_sends_bookmarks_moves_no_time() {
    let (mut shipping, later) = standing().await;
    shipping.server.faults().stall_cache(Some(Resource::Jobs), true);
    shipping.server.clock().advance_to(later);
    shipping.until_probed(5).await;
    assert!(shipping.observed_until() < Some(later));
    shipping.server.faults().stall_cache(Some(Resource::Jobs), false);
    shipping.until_ticked(later).await;
    shipping.assert_that_no_tick_lies();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_refuses_stops_time_and_stops_nothing_else() {
    for status in [401, 403, 429, 500, 503] {
        let (mut shipping, later) = standing().await;
        shipping.server.faults().refuse(None, Some(status));
        shipping.server.faults().break_streams(None);
        let before = shipping.observed_until();
        shipping.server.clock().advance_to(later);
        shipping.until_probed(5).await;
        assert_eq!(shipping.observed_until(), before, "{status}");
        shipping.server.faults().refuse(None, None);
        shipping.until_ticked(later).await;
        shipping.assert_that_no_tick_lies();
        assert_eq!(shipping.gaps().len(), 1, "nothing is lost");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shippers_clock_ten_minutes_ahead_or_behind_changes_nothing() {
    let path = recording("cron_success");
    for ahead in [TimeDelta::minutes(10), TimeDelta::minutes(-10)] {
        let history = History::from_recording(&path).expect("a recording");
        let mut shipping = Shipping::start_with_clock_ahead(history, STEPS, ahead).await;
        shipping.until_end().await;
        shipping.assert_that_no_tick_lies();
        assert_eq!(final_states(shipping.facts()), independent_final_states(&path));
        let end = second_after(shipping.history.end()) + TimeDelta::seconds(30);
        for fact in shipping.facts() {
            let span = shipping.history.start()..end;
            assert!(span.contains(&fact.observed_at), "{} is not in the server's time", fact.observed_at);
        }
    }
}
