//! The ticks of a shipper: on evidence, in the server's time, and none without.

use crate::support::shipping::{STEPS, Shipping, Start, second_after};
use crate::support::{final_states, independent_final_states, recording};
use chrono::TimeDelta;
use kigen_model::Instant;
use kigen_model::event::{Fact, FactBody};
use kigen_playback::clock::Pace;
use kigen_playback::history::History;
use kigen_playback::resource::Resource;

/// A cluster at its start, whose clock the test moves.
async fn at_start() -> (Shipping, Instant) {
    let history = History::from_recording(recording("cron_success")).expect("a recording");
    let shipping = Start { objectives: true, ..Start::of(history, Pace::Manual) }.start().await;
    let later = second_after(shipping.history.start()) + TimeDelta::seconds(50);
    (shipping, later)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_silent_watch_stops_time_until_its_next_event() {
    for resource in Resource::ALL {
        let (mut shipping, later) = at_start().await;
        shipping.server.faults().freeze(Some(resource), true);
        shipping.server.clock().advance_to(later);
        shipping.until_probed(5).await;
        assert!(shipping.observed_until() < Some(later), "{resource:?} is silent");
        shipping.server.faults().freeze(Some(resource), false);
        shipping.until_ticked(later).await;
        shipping.assert_that_no_tick_lies();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_quiet_cluster_moves_by_its_bookmarks_and_not_without() {
    let (mut shipping, _) = at_start().await;
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
    let (mut shipping, later) = at_start().await;
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
        let (mut shipping, later) = at_start().await;
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
        let mut shipping = Start { ahead, ..Start::of(history, STEPS) }.start().await;
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

/// A stream with nothing to deliver is not one that a proxy closes before its bookmarks.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_watch_that_breaks_again_and_again_while_nothing_happens_leaves_no_gap() {
    let (mut shipping, later) = at_start().await;
    shipping.server.faults().stall_bookmarks(true);
    for _ in 0..8 {
        let opened = shipping.opened[Resource::Jobs as usize];
        shipping.server.faults().break_streams(Some(Resource::Jobs));
        let is_open = |shipping: &Shipping| shipping.opened[Resource::Jobs as usize] > opened;
        shipping.until("the watch opens again", is_open).await;
    }
    shipping.server.faults().stall_bookmarks(false);
    shipping.server.clock().advance_to(later);
    shipping.until_ticked(later).await;
    assert_eq!(shipping.gaps().len(), 1, "only that of the first start");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_half_open_connection_stops_time_until_the_watch_is_replaced() {
    for resource in Resource::ALL {
        let history = History::from_recording(recording("cron_success")).expect("a recording");
        let start = Start { watch_silence_ms_max: 300, objectives: true, ..Start::of(history, Pace::Manual) };
        let mut shipping = start.start().await;
        let opened = shipping.opened[resource as usize];
        shipping.server.faults().silence_streams(Some(resource));
        let later = second_after(shipping.history.start()) + TimeDelta::seconds(50);
        shipping.server.clock().advance_to(later);
        let before = shipping.observed_until();
        let is_opened_again = |shipping: &Shipping| {
            let is_opened = shipping.opened[resource as usize] > opened;
            // Whatever the probe finds meanwhile.
            assert!(is_opened || shipping.observed_until() == before, "{resource:?} was silent");
            is_opened
        };
        shipping.until("it is opened again", is_opened_again).await;
        shipping.until_ticked(later).await;
        shipping.assert_that_no_tick_lies();
        assert_eq!(shipping.gaps().len(), 1, "nothing is lost: the new watch begins where the old one was");
    }
}

/// The shipper's runtime has this thread alone, and the test blocks it: as a process that is stopped, while the cluster
/// continues and its connections buffer what they can hold.
#[test]
fn a_process_that_is_frozen_for_a_minute_emits_the_buffered_events_before_it_ticks_for_that_minute() {
    let servers = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let servers = servers.expect("a runtime");
    let shippers = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let path = recording("cron_ttl_history");
    let history = History::from_recording(&path).expect("a recording");
    let mut shipping = shippers.block_on(async {
        Start { server_on: servers.handle().clone(), ..Start::of(history, Pace::Manual) }.start().await
    });
    let end = second_after(shipping.history.end());
    let mut frozen_lines = 0;
    while shipping.observed_until() < Some(end) {
        let (before, sent) = (shipping.server.clock().now(), shipping.server.requests().lines);
        let later = (before + TimeDelta::minutes(1)).min(end + TimeDelta::seconds(2));
        shipping.server.clock().advance_to(later);
        let lines = shipping.history.changes().iter().filter(|it| before < it.at && it.at <= later).count();
        let sent = sent + u64::try_from(lines).expect("not many");
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(60);
        while shipping.server.requests().lines < sent {
            assert!(std::time::Instant::now() < deadline, "the server sends what happens");
            std::thread::yield_now();
        }
        shippers.block_on(shipping.until_ticked(second_after(later) - TimeDelta::seconds(1)));
        frozen_lines += lines;
    }
    assert!(frozen_lines > 100, "most of it was sent meanwhile: {frozen_lines}");
    shipping.assert_that_no_tick_lies();
    assert_eq!(final_states(shipping.facts()), independent_final_states(&path));
    assert_eq!(shipping.gaps().len(), 1, "nothing is lost");
}

/// Of a cluster's pods only those of Jobs are read: the Job controller labels them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_pods_with_the_label_of_a_job_are_read() {
    let recorded = History::from_recording(recording("cron_success")).expect("a recording");
    let mut changes = recorded.changes().to_vec();
    for change in changes.iter_mut().filter(|change| change.resource == Resource::Pods) {
        change.object["metadata"]["labels"] = serde_json::json!({ "app": "web" });
    }
    let foreign = History::new(recorded.start(), recorded.initial_revision(), changes);
    for (history, has_attempts) in [(recorded, true), (foreign, false)] {
        let mut shipping = Shipping::start(history, STEPS).await;
        shipping.until_end().await;
        let is_attempt = |fact: &Fact| matches!(fact.body, FactBody::Attempt { .. });
        assert_eq!(shipping.facts().any(is_attempt), has_attempts);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_permission_to_read_pods_all_else_is_shipped_and_time_moves() {
    let path = recording("cron_success");
    let history = History::from_recording(&path).expect("a recording");
    let mut shipping = Start::of(history, Pace::Manual).start().await;
    let attempts = |shipping: &Shipping| {
        shipping.facts().filter(|fact| matches!(fact.body, FactBody::Attempt { .. })).count()
    };
    let (before, gaps) = (attempts(&shipping), shipping.gaps().len());
    shipping.server.faults().refuse(Some(Resource::Pods), Some(403));
    shipping.restart(2);
    let end = second_after(shipping.history.end());
    shipping.server.clock().advance_to(end);
    shipping.until_ticked(end).await;
    assert_eq!(final_states(shipping.facts()), independent_final_states(&path));
    assert_eq!(attempts(&shipping), before);
    // Once it is granted, the Pods that are there are shipped, and what went meanwhile is no loss of history.
    shipping.server.faults().refuse(None, None);
    shipping.until("attempts are emitted", |shipping| attempts(shipping) > before).await;
    let later = end + TimeDelta::seconds(3);
    shipping.server.clock().advance_to(later);
    shipping.until_ticked(later).await;
    assert_eq!(shipping.gaps().len(), gaps);
}
