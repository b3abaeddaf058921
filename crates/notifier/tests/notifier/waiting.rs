//! What Slack does not accept waits, and nothing else waits for it: over restarts, in order, and until an operator wants it sent
//! again where it was given up.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant as RealInstant};

use chrono::{TimeDelta, Utc};
use kigen_log::{EmbeddedLog, Log};
use kigen_model::Instant;
use kigen_notifier::delivery::Delivery;
use kigen_notifier::health::Health;
use kigen_notifier::patience::Patience;
use kigen_notifier::undelivered::retry;
use serde_json::Value as Json;

use crate::alerts::{attempt, failed, missed, recovered, summary};
use crate::delivery::{PATIENCE, append_alert, folder, ids, now, open, start_role, start_slack, undelivered};
use crate::incidents::miss;
use crate::queues::{ERRORS, FATAL, failure_of, ids_of, miss_of, slack_of, start};
use crate::slack::{Answer, Workspace};
use crate::surroundings::long_error;

async fn want_again(log: &EmbeddedLog, at: Instant) {
    log.append(retry(1, "ann@laptop", at)).await.expect("the log takes it");
}

fn text(message: &Json) -> &str {
    message["text"].as_str().expect("a text")
}

/// Nothing that is changed in Slack lets it through.
#[tokio::test]
async fn what_slack_refuses_for_its_content_is_given_up_until_an_operator_wants_it_sent_again() {
    let (dir, workspace) = (folder(), Workspace::answering(&[Answer::Error("msg_too_long")]).await);
    let log = open(dir.path());
    let alerts = ["a", "b"].map(miss_of);
    for alert in &alerts {
        append_alert(&log, alert).await;
    }
    let health = Health::default();
    let notifier =
        start_slack(&log, slack_of(&workspace), now, |delivery| delivery.with_health(health.clone()));
    notifier.has_committed(2).await;
    assert_eq!(ids(&workspace.channel()), ids_of(&[&alerts[1]]), "the next one does not wait");
    let [failed] = &undelivered(&log).failed[..] else { panic!("one is given up") };
    assert_eq!((failed.id, failed.failed_at.is_some()), (alerts[0].id, true));
    assert!(failed.reason.contains("msg_too_long"), "{}", failed.reason);
    // It is shown once that is committed.
    let shown = async {
        loop {
            if let Ok(shown) = health.readiness(RealInstant::now()) {
                break shown;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let shown = tokio::time::timeout(Duration::from_secs(20), shown).await.expect("it delivers");
    assert!(
        shown.contains("1 alert was accepted by no receiver") && shown.contains("kigen notify --retry"),
        "{shown}"
    );
    notifier.stop().await;

    // Not by a restart, and by the request of a day before neither.
    want_again(&log, Utc::now() - TimeDelta::days(1)).await;
    let notifier = start(&log, &workspace);
    append_alert(&log, &miss_of("c")).await;
    notifier.has_committed(3).await;
    assert_eq!(undelivered(&log).failed.len(), 1);
    want_again(&log, Utc::now() + TimeDelta::hours(1)).await;
    workspace.has_posted(FATAL, 3).await;
    notifier.stop().await;
    let undelivered = undelivered(&log);
    assert_eq!((undelivered.waiting.len(), undelivered.failed.len()), (0, 0));
    assert_eq!(ids(&workspace.channel())[2], alerts[0].id.to_string());
}

/// Such as a token that was revoked.
#[tokio::test]
async fn what_slack_refuses_for_a_day_is_given_up() {
    static HOURS: AtomicI64 = AtomicI64::new(0);
    let clock = || now() + TimeDelta::hours(HOURS.load(Ordering::Relaxed));
    let (dir, workspace) = (folder(), Workspace::answering(&[]).await);
    workspace.answer_in(FATAL, Some(Answer::Error("token_revoked")));
    let log = open(dir.path());
    append_alert(&log, &miss_of("a")).await;
    let health = Health::default();
    let notifier = start_slack(&log, slack_of(&workspace), clock, |delivery| {
        delivery.with_clock(clock).with_health(health.clone())
    });
    notifier.has_read(1).await;
    workspace.has_received(5).await;
    let why = health.readiness(RealInstant::now()).expect_err("it waits");
    assert!(
        why.starts_with(&format!("1 alert waits for {FATAL}: Slack refuses the message (token_revoked)")),
        "{why}"
    );
    assert_eq!(undelivered(&log).failed.len(), 0);
    HOURS.store(24, Ordering::Relaxed);
    notifier.has_committed(1).await;
    notifier.stop().await;
    assert_eq!(undelivered(&log).failed.len(), 1);
}

/// A kill takes with it what is remembered of the attempts.
#[tokio::test]
async fn an_outage_delays_what_is_for_its_channel_and_posts_nothing_twice_after_it() {
    let (dir, workspace) = (folder(), Workspace::answering(&[]).await);
    workspace.answer_in(FATAL, Some(Answer::PostedAndBroken));
    let log = open(dir.path());
    let misses: Vec<_> = (0..12).map(|nth| miss_of(&format!("batch-{nth:02}"))).zip(0..).collect();
    let misses: Vec<_> = misses
        .into_iter()
        .map(|(miss, nth)| kigen_model::alert::Alert {
            decided_at: miss.decided_at + TimeDelta::minutes(2 * nth),
            ..miss
        })
        .collect();
    let failures = ["a", "b"].map(failure_of);
    for (nth, miss) in misses.iter().enumerate() {
        append_alert(&log, miss).await;
        if let Some(failure) = failures.get(nth) {
            append_alert(&log, failure).await;
        }
    }
    let notifier = start(&log, &workspace);
    workspace.has_posted(ERRORS, 2).await;
    notifier.has_read(14).await;
    notifier.kill().await;
    workspace.answer_in(FATAL, None);
    let notifier = start(&log, &workspace);
    notifier.has_committed(14).await;
    notifier.stop().await;
    assert_eq!(ids(&workspace.messages_in(FATAL)), ids_of(&misses.iter().collect::<Vec<_>>()));
    assert_eq!(ids(&workspace.messages_in(ERRORS)), ids_of(&failures.each_ref()));
}

#[tokio::test]
async fn what_follows_of_an_incident_waits_for_its_miss() {
    let (dir, workspace) = (folder(), Workspace::answering(&[]).await);
    workspace.answer_in(FATAL, Some(Answer::TooMany(600)));
    let log = open(dir.path());
    append_alert(&log, &miss(1)).await;
    append_alert(&log, &recovered("2026-11-20T03:00:00Z", "2026-11-20T03:42:10Z", 1)).await;
    let notifier = start(&log, &workspace);
    notifier.has_read(2).await;
    notifier.stop().await;
    assert_eq!((workspace.channel().len(), undelivered(&log).waiting.len()), (0, 2));
    workspace.answer_in(FATAL, None);
    let notifier = start(&log, &workspace);
    notifier.has_committed(2).await;
    notifier.stop().await;
    let messages = workspace.channel();
    assert_eq!((messages.len(), &messages[1]["thread_ts"]), (2, &messages[0]["ts"]));
    assert!(text(&messages[0]).contains(": Recovered: "), "{}", text(&messages[0]));
}

/// Slack may still do it, after the message was looked up.
#[tokio::test]
async fn a_request_that_is_done_late_is_waited_for_and_not_repeated() {
    let impatient = Patience { request_ms_max: 30, ..PATIENCE };
    for done in [Answer::Late, Answer::Held] {
        // The miss, and the reply about its recovery.
        for answers in [vec![done], vec![Answer::Ok, Answer::Ok, done]] {
            let (dir, workspace) = (folder(), Workspace::answering(&answers).await);
            let log = open(dir.path());
            append_alert(&log, &miss(1)).await;
            append_alert(&log, &recovered("2026-11-20T03:00:00Z", "2026-11-20T03:42:10Z", 1)).await;
            let notifier = start_role(&log, Delivery::slack(slack_of(&workspace), impatient), now);
            notifier.has_read(2).await;
            tokio::time::sleep(Duration::from_millis(200)).await;
            workspace.release();
            notifier.has_committed(2).await;
            notifier.stop().await;
            assert_eq!(workspace.channel().len(), 2, "{answers:?}");
            assert!(text(&workspace.channel()[0]).contains(": Recovered: "), "{answers:?}");
        }
    }
}

#[tokio::test]
async fn an_update_that_is_done_late_does_not_replace_a_newer_one() {
    let impatient = Patience { request_ms_max: 30, ..PATIENCE };
    let answers = [Answer::Ok, Answer::Late];
    let (dir, workspace) = (folder(), Workspace::answering(&answers).await);
    let log = open(dir.path());
    append_alert(&log, &miss(1)).await;
    append_alert(&log, &miss(2)).await;
    let notifier = start_role(&log, Delivery::slack(slack_of(&workspace), impatient), now);
    notifier.has_read(2).await;
    let recovery = recovered("2026-11-20T03:00:00Z", "2026-11-21T03:42:10Z", 2);
    append_alert(
        &log,
        &kigen_model::alert::Alert { decided_at: recovery.decided_at + TimeDelta::days(1), ..recovery },
    )
    .await;
    notifier.has_read(3).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    workspace.release();
    notifier.has_committed(3).await;
    notifier.stop().await;
    let messages = workspace.channel();
    assert_eq!(messages.len(), 3);
    assert!(text(&messages[0]).contains(": Recovered: "), "{}", text(&messages[0]));
}

/// The message was found, and what belongs to it is not there yet.
#[tokio::test]
async fn a_message_that_was_found_is_not_posted_again_when_the_reply_with_its_whole_error_is_delayed() {
    for answer in [Answer::TooMany(0), Answer::Broken, Answer::PostedAndBroken] {
        let (dir, workspace) = (folder(), Workspace::answering(&[Answer::PostedAndBroken, answer]).await);
        let log = open(dir.path());
        append_alert(&log, &missed(failed(&long_error()), Some(summary(Some(attempt()))))).await;
        let notifier = start(&log, &workspace);
        notifier.has_committed(1).await;
        notifier.stop().await;
        assert_eq!(workspace.channel().len(), 2, "{answer:?}");
    }
}
