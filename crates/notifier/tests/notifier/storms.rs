//! Many alerts at once are one message, which counts them, and has each in its thread.

use std::time::{Duration, Instant as RealInstant};

use chrono::TimeDelta;
use kigen_model::alert::Alert;
use kigen_model::slot::Cause;
use serde_json::Value as Json;

use crate::alerts::{failed, missed, of_batch, recovered};
use crate::delivery::{append_alert, folder, ids, open};
use crate::queues::{self, FATAL, ids_of};
use crate::slack::{Answer, Workspace};

/// So many are messages of their own before a storm begins.
const OWN: usize = 5;

fn misses(count: usize) -> Vec<Alert> {
    let of = |nth: usize| {
        let cause = if nth.is_multiple_of(4) { failed("KeyError: 'price'") } else { Cause::Suspended };
        of_batch(&missed(cause, None), &format!("batch-{nth:03}"))
    };
    (0..count).map(of).collect()
}

fn text(message: &Json) -> &str {
    message["text"].as_str().expect("a text")
}

/// As when a cluster is down: all at one tick.
#[tokio::test]
async fn of_two_hundred_misses_at_once_the_first_is_in_the_channel_within_five_seconds_and_none_twice() {
    let (dir, workspace) = (folder(), Workspace::answering(&[]).await);
    let log = open(dir.path());
    let misses = misses(200);
    for miss in &misses {
        append_alert(&log, miss).await;
    }
    let began = RealInstant::now();
    let notifier = queues::start(&log, &workspace);
    workspace.has_posted(FATAL, 1).await;
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    notifier.has_committed(200).await;
    workspace.has(|messages| text(&messages[OWN]).contains("Storm: 195 alerts at once ")).await;
    notifier.stop().await;
    let posted = workspace.channel();
    assert_eq!(ids(&posted).len(), 201, "each once, and the message that counts them");
}

#[tokio::test]
async fn more_than_five_misses_within_a_minute_are_one_message_that_counts_them_and_their_recoveries() {
    let (dir, workspace) = (folder(), Workspace::answering(&[]).await);
    let log = open(dir.path());
    let misses = misses(40);
    for miss in &misses {
        append_alert(&log, miss).await;
    }
    let began = RealInstant::now();
    let notifier = queues::start(&log, &workspace);
    notifier.has_committed(40).await;
    workspace.has(|messages| text(&messages[OWN]).contains("Storm: 35 alerts at once ")).await;
    notifier.stop().await;
    let messages = workspace.channel();
    let (own, storm) = messages.split_at(OWN);
    let (head, replies) = storm.split_first().expect("the message of the storm");
    assert!(own.iter().chain([head]).all(|message| message.get("thread_ts").is_none()));
    assert!(
        replies.iter().all(|reply| reply["thread_ts"] == head["ts"] && reply["reply_broadcast"].is_null())
    );
    assert_eq!(ids(own), ids_of(&misses[..OWN].iter().collect::<Vec<_>>()));
    assert_eq!(ids(replies), ids_of(&misses[OWN..].iter().collect::<Vec<_>>()));
    let shown = head["blocks"][1]["text"]["text"].as_str().expect("a section of text");
    assert!(
        shown.starts_with("What: suspended 27, failed 8.\nOwners: recommend-team 35.\n• ml/batch-005 "),
        "{shown}"
    );
    assert!(shown.contains("and 25 more."), "{shown}");
    let updates_max = began.elapsed().as_secs() / 3 + 2;
    assert!(head["edits"].as_u64().is_some_and(|edits| edits <= updates_max), "{}", head["edits"]);

    // After a restart, too.
    let recovery = recovered("2026-11-20T03:00:00Z", "2026-11-20T03:42:10Z", 1);
    let later = recovery.decided_at + TimeDelta::minutes(12);
    for batch in ["batch-000", "batch-006", "batch-007"] {
        append_alert(&log, &of_batch(&Alert { decided_at: later, ..recovery.clone() }, batch)).await;
    }
    let notifier = queues::start(&log, &workspace);
    notifier.has_committed(43).await;
    workspace.has(|messages| text(&messages[OWN]).contains("35 alerts at once, 2 of them are over")).await;
    notifier.stop().await;
    let messages = workspace.messages_in(FATAL);
    let of = |batch: &str| -> Vec<Json> {
        messages.iter().filter(|message| text(message).contains(batch)).cloned().collect()
    };
    let [first, reply] = &of("ml/batch-006 ")[..] else { panic!("{messages:#?}") };
    assert!(text(first).contains(": Recovered: "), "{}", text(first));
    assert_eq!((&first["thread_ts"], &reply["thread_ts"]), (&messages[OWN]["ts"], &messages[OWN]["ts"]));
    assert_eq!(messages.iter().filter(|message| message.get("thread_ts").is_none()).count(), OWN + 1);
}

#[tokio::test]
async fn as_many_misses_over_several_minutes_are_messages_of_their_own() {
    let (dir, workspace) = (folder(), Workspace::answering(&[]).await);
    let log = open(dir.path());
    for (miss, nth) in misses(12).into_iter().zip(0..) {
        append_alert(&log, &Alert { decided_at: miss.decided_at + TimeDelta::seconds(13 * nth), ..miss })
            .await;
    }
    let notifier = queues::start(&log, &workspace);
    notifier.has_committed(12).await;
    notifier.stop().await;
    assert!(workspace.channel().iter().all(|message| message.get("thread_ts").is_none()));
}

/// The message of the storm is looked up in the channel, that of the alert in its thread.
#[tokio::test]
async fn a_crash_while_a_storm_begins_posts_nothing_twice() {
    for before_crash in [OWN, OWN + 1] {
        let answers: Vec<Answer> =
            std::iter::repeat_n(Answer::Ok, before_crash).chain([Answer::Held]).collect();
        let (dir, workspace) = (folder(), Workspace::answering(&answers).await);
        let log = open(dir.path());
        let misses = misses(8);
        for miss in &misses {
            append_alert(&log, miss).await;
        }
        let notifier = queues::start(&log, &workspace);
        workspace.has_received(before_crash).await;
        workspace.has(|messages| messages.len() == before_crash + 1).await;
        notifier.kill().await;
        let notifier = queues::start(&log, &workspace);
        notifier.has_committed(8).await;
        workspace.has(|messages| text(&messages[OWN]).contains("Storm: 3 alerts ")).await;
        notifier.stop().await;
        assert_eq!(workspace.channel().len(), misses.len() + 1, "{before_crash}");
    }
}

/// What follows is in the channel again.
#[tokio::test]
async fn alerts_after_the_message_of_a_storm_was_deleted_are_messages_of_their_own() {
    let (dir, workspace) = (folder(), Workspace::answering(&[]).await);
    let log = open(dir.path());
    let misses = misses(9);
    for miss in &misses[..7] {
        append_alert(&log, miss).await;
    }
    let notifier = queues::start(&log, &workspace);
    notifier.has_committed(7).await;
    notifier.stop().await;
    workspace.delete(FATAL, &workspace.channel()[OWN]["ts"]);
    for miss in &misses[7..] {
        append_alert(&log, miss).await;
    }
    let notifier = queues::start(&log, &workspace);
    let committed = tokio::time::timeout(Duration::from_secs(20), notifier.has_committed(9));
    committed.await.expect("what is deleted blocks nothing");
    notifier.stop().await;
    let messages = workspace.channel();
    assert_eq!(messages.iter().filter(|message| message.get("thread_ts").is_none()).count(), OWN + 2);
}
