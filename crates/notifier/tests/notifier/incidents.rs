//! An incident is one message, which is updated and has its history in its thread, over restarts and crashes.

use chrono::TimeDelta;
use kigen_log::{EmbeddedLog, Log, LogReader, NewRecord};
use kigen_model::alert::{Alert, AlertBody, alert_id};
use kigen_model::delivery::{Delivery, DeliveryRecord, delivery_key};
use kigen_model::risk::Risk;
use kigen_model::silence::SlotCounts;
use kigen_model::slot::{Cause, RunSummary, Slot};
use kigen_model::topic::{Offset, Partition, Topic};
use serde_json::Value as Json;

use crate::alerts::{
    at, at_risk, attempt, failed, judged_again, missed, of_batch, recovered, retracted, risk_over,
    run_failed, summary, unknown, unknown_month,
};
use crate::delivery::{append_alert, folder, now, open, start, start_slack};
use crate::queues::{self, ERRORS, FATAL};
use crate::silence::{silence_over, silent};
use crate::slack::{Answer, Workspace};
use crate::slack_rules;

const ANSWERED: &str = "a text";

/// The nth miss in a row of the daily deadline, the first of them that of the other samples.
pub(crate) fn miss(nth: u32) -> Alert {
    let alert = missed(Cause::Suspended, None);
    let AlertBody::SlotMissed { slot, incident, cause, run, past, trend, .. } = alert.body.clone() else {
        unreachable!("it is a miss")
    };
    let later = TimeDelta::days(i64::from(nth) - 1);
    let slot = Slot { from: slot.from + later, deadline: slot.deadline + later, whole: true };
    let id = alert_id(&alert.key, "complete-by", alert.body.kind(), &slot.deadline.to_rfc3339());
    let body = AlertBody::SlotMissed { slot, incident, misses: nth, cause, run, past, trend };
    Alert { id, body, decided_at: alert.decided_at + later, ..alert }
}

fn recovery(misses: u32) -> Alert {
    let later = TimeDelta::days(i64::from(misses) - 1) + TimeDelta::minutes(12);
    let alert = recovered("2026-11-20T03:00:00Z", "2026-11-20T03:42:10Z", misses);
    Alert { decided_at: alert.decided_at + later, ..alert }
}

fn text(message: &Json) -> &str {
    message["text"].as_str().expect(ANSWERED)
}

/// All text of a message's blocks.
fn body(message: &Json) -> String {
    let blocks = message["blocks"].as_array().expect("blocks");
    let texts = blocks.iter().map(|block| block["text"]["text"].as_str().expect(ANSWERED));
    texts.collect::<Vec<_>>().join("\n")
}

/// The messages that are no replies.
fn heads(messages: &[Json]) -> Vec<&Json> {
    messages.iter().filter(|message| message.get("thread_ts").is_none()).collect()
}

/// The latest records of `kigen.deliveries`, by key.
fn records(log: &EmbeddedLog) -> Vec<(String, Delivery)> {
    let topic = Topic::Deliveries;
    let records = log.read(topic, Partition(0), Offset(0), usize::MAX, usize::MAX).expect("it is readable");
    let mut latest = std::collections::BTreeMap::new();
    for record in records {
        match record.value {
            Some(value) => {
                if let DeliveryRecord::Message(delivery) =
                    kigen_wire::decode_delivery(&value).expect("a record")
                {
                    latest.insert(record.key, delivery);
                }
            }
            None => _ = latest.remove(&record.key),
        }
    }
    latest.into_iter().collect()
}

/// Delivers the alerts, each by a notifier of its own.
async fn deliver_with_restarts(log: &EmbeddedLog, workspace: &Workspace, alerts: &[Alert]) {
    for (alert, next) in alerts.iter().zip(1..) {
        append_alert(log, alert).await;
        let notifier = queues::start(log, workspace);
        notifier.has_committed(next).await;
        notifier.stop().await;
    }
}

#[tokio::test]
async fn misses_in_a_row_and_their_recovery_are_one_message_over_restarts() {
    let (dir, workspace) = (folder(), Workspace::answering(&[]).await);
    let log = open(dir.path());
    deliver_with_restarts(&log, &workspace, &[miss(1), miss(2), miss(3), recovery(3)]).await;
    let messages = workspace.channel();
    let (head, replies) = (&messages[0], &messages[1..]);
    assert_eq!(heads(&messages).len(), 1, "{messages:#?}");
    assert!(text(head).starts_with(":large_green_circle: Recovered: ml/recommend is "), "{}", text(head));
    let shown = body(head);
    assert!(
        shown.contains("Before: ml/recommend has no good result for 12:30: the CronJob is suspended."),
        "{shown}"
    );
    assert!(shown.contains("This is the 3rd miss in a row."), "{shown}");
    assert!(replies.iter().all(|reply| reply["thread_ts"] == head["ts"]));
    let broadcasts: Vec<bool> = replies.iter().map(|reply| reply["reply_broadcast"] == true).collect();
    assert_eq!(broadcasts, [true, false, false], "the second miss, then the fourth");
    assert!(text(&replies[1]).starts_with(":red_circle: Missed: "), "{}", text(&replies[1]));
    assert!(text(&replies[2]).starts_with(":large_green_circle: Recovered: "), "{}", text(&replies[2]));
}

#[tokio::test]
async fn the_record_of_a_message_has_where_it_is_and_what_it_shows() {
    let (dir, workspace) = (folder(), Workspace::answering(&[]).await);
    let log = open(dir.path());
    deliver_with_restarts(&log, &workspace, &[miss(1), miss(2), recovery(2)]).await;
    let records = records(&log);
    let [(key, delivery)] = records.as_slice() else { panic!("{records:#?}") };
    let AlertBody::SlotMissed { incident, .. } = miss(1).body else { unreachable!("it is a miss") };
    assert_eq!(*key, delivery_key("slack", incident));
    let message = &workspace.channel()[0];
    assert_eq!((&*delivery.channel, Json::from(&*delivery.message)), (FATAL, message["ts"].clone()));
    assert_eq!((delivery.version, delivery.offset), (3, Offset(2)));
    assert_eq!(delivery.text, text(message));
    let decode = |value: &[u8]| kigen_wire::decode_alert(value).expect("an alert");
    assert_eq!(decode(&delivery.alert), miss(2));
    assert_eq!(delivery.followed_by.as_deref().map(decode), Some(recovery(2)));
}

/// The update is repeated, and the reply is looked up in the thread.
#[tokio::test]
async fn a_crash_between_reply_and_commit_posts_no_second_reply() {
    let answers = [Answer::Ok, Answer::Ok, Answer::Held];
    let (dir, workspace) = (folder(), Workspace::answering(&answers).await);
    let log = open(dir.path());
    append_alert(&log, &miss(1)).await;
    append_alert(&log, &recovery(1)).await;
    let notifier = start(&log, &workspace);
    workspace.has_received(2).await;
    notifier.kill().await;
    let notifier = start(&log, &workspace);
    notifier.has_committed(2).await;
    notifier.stop().await;
    let messages = workspace.channel();
    assert_eq!(messages.len(), 2, "{messages:#?}");
    assert_eq!(messages[1]["thread_ts"], messages[0]["ts"]);
}

/// "It's possible some aspect of the operation succeeded before the error was raised."
#[tokio::test]
async fn a_message_or_reply_that_was_posted_in_spite_of_an_error_is_not_posted_again() {
    for error in ["fatal_error", "internal_error", "service_unavailable"] {
        let done = Answer::DoneAndError(error);
        let workspace = Workspace::answering(&[done, Answer::Ok, done]).await;
        let dir = folder();
        let log = open(dir.path());
        append_alert(&log, &miss(1)).await;
        append_alert(&log, &recovery(1)).await;
        let notifier = start(&log, &workspace);
        notifier.has_committed(2).await;
        notifier.stop().await;
        assert_eq!(workspace.channel().len(), 2, "{error}");
    }
}

/// As after a reset of the group's offsets.
#[tokio::test]
async fn alerts_that_are_read_again_are_in_their_messages_already() {
    let (dir, workspace) = (folder(), Workspace::answering(&[]).await);
    let log = open(dir.path());
    let alerts = [miss(1), miss(2), recovery(2)];
    deliver_with_restarts(&log, &workspace, &alerts).await;
    let (messages, lookups) = (workspace.channel(), workspace.lookups());
    let mut consumer = log.join(kigen_notifier::role::GROUP, Topic::Alerts).expect("it joins");
    kigen_log::Consumer::next(&mut consumer, 1, 1).await.expect("it is assigned its partition");
    let back = vec![(Partition(0), Offset(0))];
    kigen_log::Consumer::commit(&mut consumer, Vec::new(), back).await.expect("it commits");
    drop(consumer);
    let notifier = start(&log, &workspace);
    notifier.has_committed(3).await;
    notifier.stop().await;
    assert_eq!((workspace.channel(), workspace.lookups()), (messages, lookups));
}

#[tokio::test]
async fn a_warning_becomes_the_miss_or_is_over_in_the_same_message() {
    let expected_at = at("2026-11-20T03:00:00Z");
    let not_started =
        at_risk(Risk::NotStarted { expected_at, needs: None, of_runs: 0, start_by: None }, None);
    let late = Risk::RunningLate { since: expected_at, longer: 3, of_runs: 9 };
    let late = at_risk(late, Some(summary(Some(attempt()))));
    let late = Alert { decided_at: late.decided_at + TimeDelta::minutes(5), ..late };
    let over = risk_over(Some(at("2026-11-20T03:29:00Z")), None);
    for (last, mark, is_broadcast) in
        [(miss(1), ":red_circle: Missed: ", true), (over, ":large_green_circle: Over: ", false)]
    {
        let (dir, workspace) = (folder(), Workspace::answering(&[]).await);
        let log = open(dir.path());
        deliver_with_restarts(&log, &workspace, &[not_started.clone(), late.clone(), last]).await;
        let messages = workspace.channel();
        assert_eq!(heads(&messages).len(), 1, "{messages:#?}");
        assert!(text(&messages[0]).starts_with(mark), "{}", text(&messages[0]));
        let broadcasts = messages[1..].iter().map(|reply| reply["reply_broadcast"] == true);
        assert_eq!(broadcasts.collect::<Vec<_>>(), [false, is_broadcast]);
        assert_eq!(records(&log).len(), 1, "what it was about is forgotten");
    }
}

/// A trend is about all deadlines to come, not about one.
#[tokio::test]
async fn a_trend_is_a_message_of_its_own() {
    let (dir, workspace) = (folder(), Workspace::answering(&[]).await);
    let log = open(dir.path());
    let minutes = TimeDelta::minutes;
    let misses = at("2026-12-01T03:30:00Z");
    let trend = at_risk(Risk::Trend { misses, by: minutes(2), margin: minutes(20), of_slots: 14 }, None);
    deliver_with_restarts(&log, &workspace, &[trend, miss(1)]).await;
    assert_eq!(heads(&workspace.channel()).len(), 2);
}

#[tokio::test]
async fn an_unknown_slot_becomes_what_it_is_judged_to_be_in_the_same_message() {
    for (last, state) in [(miss(1), "Missed"), (retracted(None), "Retracted")] {
        let (dir, workspace) = (folder(), Workspace::answering(&[]).await);
        let log = open(dir.path());
        deliver_with_restarts(&log, &workspace, &[unknown(), last]).await;
        let messages = workspace.channel();
        assert_eq!(heads(&messages).len(), 1, "{messages:#?}");
        assert!(text(&messages[0]).contains(&format!(": {state}: ")), "{}", text(&messages[0]));
    }
    let (dir, workspace) = (folder(), Workspace::answering(&[]).await);
    let log = open(dir.path());
    deliver_with_restarts(&log, &workspace, &[unknown_month(), miss(1), judged_again(15, 1)]).await;
    let messages = workspace.channel();
    assert_eq!(heads(&messages).len(), 2, "of several slots each miss has a message of its own");
    assert!(text(&messages[0]).contains(": Judged again: "), "{}", text(&messages[0]));
}

#[tokio::test]
async fn a_silent_cluster_is_one_message_that_is_updated_when_it_is_over() {
    let (dir, workspace) = (folder(), Workspace::answering(&[]).await);
    let log = open(dir.path());
    let judged = SlotCounts { met: 13, missed: 1, ..SlotCounts::default() };
    let over = silence_over(Some("2026-11-19T17:40:00Z"), judged);
    append_alert(&log, &silent(14, true)).await;
    let notifier = start(&log, &workspace);
    notifier.has_committed(1).await;
    notifier.stop().await;
    let posted = &workspace.channel()[0];
    assert!(
        text(posted).starts_with(
            ":large_yellow_circle: Silent: Cluster shop is silent since 02:00 Asia/Tokyo: 14 objectives are not judged, the next \
             deadline is 03:00 ml/recommend ("
        ),
        "{}",
        text(posted)
    );
    append_alert(&log, &over).await;
    let notifier = start(&log, &workspace);
    notifier.has_committed(2).await;
    notifier.stop().await;
    let messages = workspace.channel();
    assert_eq!((messages.len(), heads(&messages).len()), (2, 1), "{messages:#?}");
    assert!(text(&messages[0]).contains(": Over: Cluster shop is silent no more"), "{}", text(&messages[0]));
    let shown = body(&messages[0]);
    assert!(shown.contains("judged late: 13 met, 1 missed. The miss has a message"), "{shown}");
    assert!(shown.contains("Before: Cluster shop is silent since 02:00 Asia/Tokyo"), "{shown}");
    let records = records(&log);
    assert_eq!((records.len(), records[0].1.key.to_string()), (1, "shop".to_owned()));
}

/// What is still missed comes first.
#[tokio::test]
async fn a_retraction_of_one_of_several_misses_leaves_the_message_missed() {
    let (dir, workspace) = (folder(), Workspace::answering(&[]).await);
    let log = open(dir.path());
    deliver_with_restarts(&log, &workspace, &[miss(1), miss(2), retracted(Some(1))]).await;
    let head = &workspace.channel()[0];
    assert!(text(head).starts_with(":red_circle: Missed: "), "{}", text(head));
    assert!(body(head).contains("One other deadline of the incident is still missed."), "{}", body(head));
    append_alert(&log, &retracted(Some(0))).await;
    let notifier = queues::start(&log, &workspace);
    notifier.has_committed(4).await;
    notifier.stop().await;
    let head = &workspace.channel()[0];
    assert!(text(head).starts_with(":large_green_circle: Retracted: "), "{}", text(head));
}

/// Whatever comes first, and though a notifier ended between the two.
#[tokio::test]
async fn a_failed_run_and_the_deadline_that_it_missed_refer_to_each_other() {
    let run = RunSummary { uid: "job-uid".to_owned(), ..summary(Some(attempt())) };
    let miss = missed(failed("KeyError: 'price'"), Some(run));
    let failure = run_failed("KeyError: 'price'");
    for alerts in [[&failure, &miss], [&miss, &failure]] {
        let (dir, workspace) = (folder(), Workspace::answering(&[]).await);
        let log = open(dir.path());
        append_alert(&log, alerts[0]).await;
        let notifier = queues::start(&log, &workspace);
        notifier.has_committed(1).await;
        notifier.stop().await;
        append_alert(&log, alerts[1]).await;
        let notifier = queues::start(&log, &workspace);
        let refers = |messages: &[Json]| messages.iter().all(|message| body(message).contains("slack.com"));
        workspace.has(|messages| messages.len() == 2 && refers(messages)).await;
        notifier.stop().await;
        let of = |channel: &str| workspace.messages_in(channel).remove(0);
        let link = |to: &Json| {
            slack_rules::permalink(
                to["channel"].as_str().expect("a channel"),
                to["ts"].as_str().expect("a ts"),
            )
        };
        let (missed, failed) = (of(FATAL), of(ERRORS));
        assert!(body(&missed).contains(&format!("*Failed run:* <{}>", link(&failed))), "{}", body(&missed));
        assert!(
            body(&failed).contains(&format!("*Missed deadline:* <{}>", link(&missed))),
            "{}",
            body(&failed)
        );
        assert!(workspace.channel().iter().all(|message| message["edits"] == 1), "each is updated once");
    }
}

#[tokio::test]
async fn what_follows_a_message_that_is_gone_becomes_a_message_of_its_own() {
    let gone: [fn(&Workspace); 2] = [
        |workspace| workspace.delete(FATAL, &workspace.channel()[0]["ts"]),
        |workspace| workspace.archive(FATAL, true),
    ];
    for (go, is_deleted) in gone.into_iter().zip([true, false]) {
        let (dir, workspace) = (folder(), Workspace::answering(&[]).await);
        let log = open(dir.path());
        deliver_with_restarts(&log, &workspace, &[miss(1)]).await;
        go(&workspace);
        append_alert(&log, &recovery(1)).await;
        let channels =
            kigen_notifier::routing::Channels { fatal: "C9".to_owned(), error: None, warning: None };
        let slack =
            kigen_notifier::slack::client::Slack::new("xoxb-1".to_owned(), channels, Some(&workspace.url));
        let notifier = start_slack(&log, slack.expect("a client"), now, |delivery| delivery);
        notifier.has_committed(2).await;
        notifier.stop().await;
        let messages = workspace.messages_in("C9");
        assert_eq!(messages.len(), 1, "deleted: {is_deleted}");
        assert!(text(&messages[0]).contains(": Recovered: "), "{}", text(&messages[0]));
    }
}

/// It would be a duplicate of what it had before.
#[tokio::test]
async fn the_record_of_another_receiver_or_a_newer_kigen_is_left_alone() {
    let (dir, workspace) = (folder(), Workspace::answering(&[]).await);
    let log = open(dir.path());
    deliver_with_restarts(&log, &workspace, &[of_batch(&missed(Cause::Suspended, None), "a")]).await;
    let (_, delivery) = records(&log).remove(0);
    let mut values = vec![kigen_wire::Frame::Object([0xab; 8]).around(b"a delivery of the future")];
    let other = Delivery { receiver: "pager".to_owned(), ..delivery };
    values.push(kigen_wire::encode_delivery(&DeliveryRecord::Message(other), kigen_wire::Level::NEWEST));
    for (nth, value) in (0..).zip(values) {
        let (topic, partition, key) = (Topic::Deliveries, Partition(0), format!("other/{nth}"));
        let record = NewRecord { topic, partition, key, value: Some(value), timestamp: now() };
        log.append(vec![record]).await.expect("the log takes it");
    }
    append_alert(&log, &of_batch(&recovery(1), "a")).await;
    let notifier = start(&log, &workspace);
    notifier.has_committed(2).await;
    notifier.stop().await;
    assert_eq!(heads(&workspace.channel()).len(), 1);
}
