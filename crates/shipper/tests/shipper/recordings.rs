//! Recorded clusters over real HTTP, undisturbed and disturbed: the shipped facts agree with an independent script.

use crate::support::shipping::{STEPS, Shipping, Start, second_after};
use crate::support::{
    FinalStates, final_attempts, final_states, independent_final_attempts, independent_final_states,
    recording, recordings,
};
use chrono::TimeDelta;
use kigen_playback::clock::Pace;
use kigen_playback::faults::WatchLists;
use kigen_playback::history::History;

fn agree(name: &str, shipping: &Shipping, independent: &FinalStates) {
    let shipped = final_states(shipping.facts());
    for (uid, expected) in independent {
        assert_eq!(shipped.get(uid), Some(expected), "{name}, Job {uid}");
    }
    assert_eq!(shipped.len(), independent.len(), "{name}: no other Jobs");
    assert_eq!(shipping.rejected, [], "{name}");
    shipping.assert_that_no_tick_lies();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_recording_played_over_http_comes_to_the_final_states_that_an_independent_script_finds() {
    let ways = [WatchLists::Served, WatchLists::Failed, WatchLists::Refused, WatchLists::Unmarked];
    for ((name, path), watch_lists) in recordings().into_iter().zip(ways.into_iter().cycle()) {
        let history = History::from_recording(&path).expect("a recording");
        let mut shipping = Start { watch_lists, ..Start::of(history, STEPS) }.start().await;
        shipping.until_end().await;
        agree(&name, &shipping, &independent_final_states(&path));
        assert_eq!(final_attempts(shipping.facts()), independent_final_attempts(&path), "{name}");
        assert_eq!(shipping.gaps().len(), 1, "{name}: nothing is lost but what was before the start");
    }
}

/// Plays to each of some whole seconds, waits until the shipper has ticked for it, and disturbs it there.
async fn disturbed(history: History, mut disturb: impl AsyncFnMut(&mut Shipping)) -> Shipping {
    let mut shipping = Shipping::start(history, Pace::Manual).await;
    let (start, end) = (second_after(shipping.history.start()), second_after(shipping.history.end()));
    let cuts = 12;
    for nth in 1..=cuts {
        let second = (end - start).num_seconds() * nth / cuts;
        let cut = start + TimeDelta::seconds(second);
        shipping.server.clock().advance_to(cut);
        shipping.until_ticked(cut).await;
        disturb(&mut shipping).await;
    }
    shipping.server.clock().advance_to(end + TimeDelta::seconds(3));
    shipping.until_end().await;
    shipping
}

const DISTURBED: [&str; 6] = [
    "cron_backoff_exceeded",
    "cron_deleted_orphan",
    "cron_replace",
    "cron_ttl_history",
    "job_recreated_same_name",
    "job_ttl",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn broken_streams_lose_nothing_and_leave_no_gap() {
    for name in DISTURBED {
        let history = History::from_recording(recording(name)).expect("a recording");
        let shipping = disturbed(history, async |shipping: &mut Shipping| {
            shipping.server.faults().break_streams(None);
        })
        .await;
        agree(name, &shipping, &independent_final_states(&recording(name)));
        assert_eq!(shipping.gaps().len(), 1, "{name}: only that of the first start");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn expired_watches_between_changes_lose_nothing_and_leave_a_gap() {
    for name in DISTURBED {
        let history = History::from_recording(recording(name)).expect("a recording");
        let shipping = disturbed(history, async |shipping: &mut Shipping| {
            let gaps = shipping.gaps().len();
            // Else a bookmark could come between the two, and then the watch has reached the newest revision.
            shipping.server.faults().stall_bookmarks(true);
            shipping.server.faults().turn_revision();
            shipping.server.faults().expire(None);
            shipping.server.faults().stall_bookmarks(false);
            let next = shipping.server.clock().now() + TimeDelta::seconds(1);
            shipping.server.clock().advance_to(next);
            shipping.until("a gap is emitted", |shipping| shipping.gaps().len() > gaps).await;
        })
        .await;
        agree_but_for_gaps(name, &shipping);
    }
}

/// A Job that differs from the script's ended within a gap, and no fact has another end of it.
fn agree_but_for_gaps(name: &str, shipping: &Shipping) {
    let shipped = final_states(shipping.facts());
    for (uid, expected) in independent_final_states(&recording(name)) {
        let found = shipped.get(&uid);
        if found == Some(&expected) {
            continue;
        }
        let is_lost = found.is_none_or(|found| found.is_lost_end_of(&expected));
        assert!(is_lost, "{name}, Job {uid}: {found:?}, not {expected:?}");
        let gone_at = shipping
            .history
            .changes()
            .iter()
            .rfind(|change| change.uid() == uid)
            .map(|change| change.at)
            .expect("a change of the Job");
        let is_in_gap = shipping
            .gaps()
            .iter()
            .any(|(from, to)| from.is_none_or(|from| from <= gone_at) && gone_at <= *to);
        assert!(is_in_gap, "{name}, Job {uid} was gone at {gone_at}, not in {:?}", shipping.gaps());
    }
    shipping.assert_that_no_tick_lies();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn jobs_that_came_and_went_while_the_api_server_was_away_are_covered_by_a_gap() {
    let name = "cron_ttl_history";
    let history = History::from_recording(recording(name)).expect("a recording");
    let mut away = false;
    let shipping = disturbed(history, async move |shipping: &mut Shipping| {
        let faults = shipping.server.faults();
        if std::mem::replace(&mut away, true) {
            return;
        }
        faults.refuse(None, Some(503));
        faults.break_streams(None);
        let later = shipping.server.clock().now() + TimeDelta::seconds(70);
        shipping.server.clock().advance_to(later);
        let faults = shipping.server.faults();
        faults.turn_revision();
        faults.expire(None);
        faults.refuse(None, None);
    })
    .await;
    agree_but_for_gaps(name, &shipping);
    assert_eq!(shipping.gaps().len(), 2, "that of the start and that of the outage: {:?}", shipping.gaps());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shipper_that_was_down_emits_what_came_and_went_meanwhile_and_leaves_no_gap() {
    for name in DISTURBED {
        let history = History::from_recording(recording(name)).expect("a recording");
        let mut epoch = 1;
        let shipping = disturbed(history, async move |shipping: &mut Shipping| {
            epoch += 1;
            let later = shipping.server.clock().now() + TimeDelta::seconds(7);
            shipping.server.clock().advance_to(later);
            shipping.restart(epoch);
        })
        .await;
        agree(name, &shipping, &independent_final_states(&recording(name)));
        assert_eq!(shipping.gaps().len(), 1, "{name}: only that of the first start");
    }
}
