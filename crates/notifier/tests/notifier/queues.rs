//! Failed runs and deadlines have a queue each: a channel that accepts nothing holds back its own messages alone, and what it
//! rejects goes to the default channel.

use kigen_log::EmbeddedLog;
use kigen_model::alert::{Alert, alert_id};
use kigen_model::key::BatchKey;
use kigen_model::slot::Cause;
use kigen_notifier::routing::Channels;
use kigen_notifier::slack::client::Slack;

use crate::alerts::{missed, of_batch, run_failed};
use crate::delivery::{RunningNotifier, append_alert, folder, ids, now, open, start_slack, undelivered};
use crate::slack::{Answer, Workspace};

pub(crate) const FATAL: &str = "C1";
pub(crate) const ERRORS: &str = "C2";

/// The failure of a run of a batch.
pub(crate) fn failure_of(batch: &str) -> Alert {
    let (alert, key) = (run_failed("KeyError: 'price'"), BatchKey::new("prod", "ml", batch));
    Alert { id: alert_id(&key, "", alert.body.kind(), "a run"), key, ..alert }
}

pub(crate) fn miss_of(batch: &str) -> Alert {
    of_batch(&missed(Cause::Suspended, None), batch)
}

/// A client with a channel for each queue.
pub(crate) fn slack_of(workspace: &Workspace) -> Slack {
    let channels = Channels { fatal: FATAL.to_owned(), error: Some(ERRORS.to_owned()), warning: None };
    Slack::new("xoxb-1".to_owned(), channels, Some(&workspace.url)).expect("a client")
}

pub(crate) fn start(log: &EmbeddedLog, workspace: &Workspace) -> RunningNotifier {
    start_slack(log, slack_of(workspace), now, |delivery| delivery)
}

pub(crate) fn ids_of(alerts: &[&Alert]) -> Vec<String> {
    alerts.iter().map(|alert| alert.id.to_string()).collect()
}

/// Whatever the error channel answers.
#[tokio::test]
async fn a_failed_run_whose_channel_accepts_nothing_does_not_delay_a_miss_behind_it() {
    for answer in [Answer::TooMany(600), Answer::Error("msg_too_long"), Answer::Broken] {
        let (dir, workspace) = (folder(), Workspace::answering(&[]).await);
        workspace.answer_in(ERRORS, Some(answer));
        let log = open(dir.path());
        let (failure, miss) = (failure_of("a"), miss_of("b"));
        append_alert(&log, &failure).await;
        append_alert(&log, &miss).await;
        let notifier = start(&log, &workspace);
        workspace.has_received_for(ERRORS, 1).await;
        workspace.has_posted(FATAL, 1).await;
        notifier.stop().await;
        assert_eq!(ids(&workspace.channel()), ids_of(&[&miss]), "{answer:?}");
        let undelivered = undelivered(&log);
        assert_eq!(
            undelivered.waiting.len() + undelivered.failed.len(),
            1,
            "the failure is still to be delivered"
        );
    }
}

#[tokio::test]
async fn what_a_channel_rejects_goes_to_the_default_channel_with_a_note_and_blocks_nothing() {
    let rejections = [
        ("channel_not_found", "there is no channel C2 that the bot sees"),
        ("is_archived", "C2 is archived; name another channel"),
        ("not_in_channel", "invite the bot in C2"),
        ("restricted_action", "the bot may not post in C2"),
    ];
    for (code, advice) in rejections {
        let (dir, workspace) = (folder(), Workspace::answering(&[]).await);
        workspace.answer_in(ERRORS, Some(Answer::Error(code)));
        let log = open(dir.path());
        let failures = ["a", "b"].map(failure_of);
        for failure in &failures {
            append_alert(&log, failure).await;
        }
        let notifier = start(&log, &workspace);
        notifier.has_committed(2).await;
        notifier.stop().await;
        assert_eq!(ids(&workspace.messages_in(FATAL)), ids_of(&failures.each_ref()), "{code}");
        let note = workspace.channel()[0]["blocks"][1]["text"]["text"].clone();
        let note = note.as_str().expect("a section of text");
        assert!(note.starts_with("This message is for C2, which rejected it. "), "{note}");
        assert!(note.contains(code) && note.contains(advice), "{note}");
    }
}

#[tokio::test]
async fn a_channel_that_accepts_messages_again_has_those_that_follow() {
    let (dir, workspace) = (folder(), Workspace::answering(&[]).await);
    workspace.archive(ERRORS, true);
    let log = open(dir.path());
    let failures = ["a", "b"].map(failure_of);
    append_alert(&log, &failures[0]).await;
    let notifier = start(&log, &workspace);
    notifier.has_committed(1).await;
    workspace.archive(ERRORS, false);
    append_alert(&log, &failures[1]).await;
    notifier.has_committed(2).await;
    notifier.stop().await;
    assert_eq!(ids(&workspace.messages_in(FATAL)), ids_of(&[&failures[0]]));
    assert_eq!(ids(&workspace.messages_in(ERRORS)), ids_of(&[&failures[1]]));
}

/// It is looked up where it is: in the default channel.
#[tokio::test]
async fn a_rejected_message_that_was_posted_without_an_answer_is_not_posted_twice() {
    for answer in [Answer::PostedAndBroken, Answer::DoneAndError("fatal_error")] {
        let (dir, workspace) = (folder(), Workspace::answering(&[answer]).await);
        workspace.answer_in(ERRORS, Some(Answer::Error("is_archived")));
        let log = open(dir.path());
        let failure = failure_of("a");
        append_alert(&log, &failure).await;
        let notifier = start(&log, &workspace);
        notifier.has_committed(1).await;
        notifier.stop().await;
        assert_eq!(ids(&workspace.channel()), ids_of(&[&failure]), "{answer:?}");
    }
}

#[tokio::test]
async fn failed_runs_wait_for_their_channel_over_restarts_and_each_alert_is_posted_once() {
    let (dir, workspace) = (folder(), Workspace::answering(&[]).await);
    workspace.answer_in(ERRORS, Some(Answer::TooMany(600)));
    let log = open(dir.path());
    let failures = ["a", "b", "c"].map(failure_of);
    let misses = ["d", "e", "f"].map(miss_of);
    append_alert(&log, &failures[0]).await;
    append_alert(&log, &misses[0]).await;
    append_alert(&log, &failures[1]).await;
    let notifier = start(&log, &workspace);
    workspace.has_posted(FATAL, 1).await;
    notifier.stop().await;

    append_alert(&log, &misses[1]).await;
    let notifier = start(&log, &workspace);
    workspace.has_posted(FATAL, 2).await;
    notifier.kill().await;

    workspace.answer_in(ERRORS, None);
    append_alert(&log, &misses[2]).await;
    append_alert(&log, &failures[2]).await;
    let notifier = start(&log, &workspace);
    notifier.has_committed(6).await;
    notifier.stop().await;
    assert_eq!(ids(&workspace.messages_in(FATAL)), ids_of(&misses.each_ref()));
    assert_eq!(ids(&workspace.messages_in(ERRORS)), ids_of(&failures.each_ref()));
}

/// The other way round, too.
#[tokio::test]
async fn a_miss_whose_channel_accepts_nothing_does_not_delay_a_failed_run_behind_it() {
    let (dir, workspace) = (folder(), Workspace::answering(&[]).await);
    workspace.answer_in(FATAL, Some(Answer::TooMany(600)));
    let log = open(dir.path());
    let (miss, failure) = (miss_of("a"), failure_of("b"));
    append_alert(&log, &miss).await;
    append_alert(&log, &failure).await;
    let notifier = start(&log, &workspace);
    workspace.has_posted(ERRORS, 1).await;
    notifier.stop().await;
    assert_eq!(undelivered(&log).waiting.len(), 1);

    workspace.answer_in(FATAL, None);
    let notifier = start(&log, &workspace);
    notifier.has_committed(2).await;
    notifier.stop().await;
    assert_eq!(ids(&workspace.channel()), ids_of(&[&failure, &miss]));
}
