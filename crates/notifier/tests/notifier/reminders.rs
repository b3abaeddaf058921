//! Reminders: what lasts without news is in its thread again, once a day and after a week once a week, over restarts and faults once;
//! and never without the setting, or once it is over.

use std::sync::atomic::{AtomicI64, Ordering};

use chrono::TimeDelta;
use kigen_log::EmbeddedLog;
use kigen_model::Instant;
use kigen_notifier::delivery::Delivery;
use serde_json::Value as Json;

use crate::alerts::recovered;
use crate::delivery::{PATIENCE, RunningNotifier, append_alert, folder, now, open, start_role};
use crate::incidents::miss;
use crate::queues::{FATAL, miss_of, slack_of};
use crate::slack::{Answer, Workspace};

/// A notifier with this clock that reminds each day, if it does.
fn start(log: &EmbeddedLog, workspace: &Workspace, clock: fn() -> Instant, reminds: bool) -> RunningNotifier {
    let delivery = Delivery::slack(slack_of(workspace), PATIENCE).with_clock(clock);
    start_role(log, delivery.reminding_after(reminds.then(|| TimeDelta::days(1))), clock)
}

/// Restarts a notifier at that time, and has it deliver one alert more: whatever is due is posted before.
async fn look(
    log: &EmbeddedLog,
    workspace: &Workspace,
    clock: fn() -> Instant,
    appended: &mut u64,
) -> Vec<Json> {
    let notifier = start(log, workspace, clock, true);
    append_alert(log, &miss_of(&format!("other-{appended}"))).await;
    *appended += 1;
    notifier.has_committed(*appended).await;
    notifier.stop().await;
    reminders(workspace)
}

fn reminders(workspace: &Workspace) -> Vec<Json> {
    let is_reminder =
        |message: &Json| message["text"].as_str().is_some_and(|text| text.contains("still: ml/recommend "));
    workspace.messages_in(FATAL).into_iter().filter(is_reminder).collect()
}

#[tokio::test]
async fn what_lasts_is_reminded_of_each_day_and_after_a_week_each_week_until_it_is_over() {
    static HOURS: AtomicI64 = AtomicI64::new(0);
    fn clock() -> Instant {
        now() + TimeDelta::hours(HOURS.load(Ordering::Relaxed))
    }
    let (dir, workspace) = (folder(), Workspace::answering(&[]).await);
    let log = open(dir.path());
    append_alert(&log, &miss(1)).await;
    let mut appended = 1;
    for (hours, expected) in
        [(0, 0), (23, 0), (25, 1), (30, 1), (50, 2), (24 * 8, 2), (50 + 24 * 7 + 1, 3), (24 * 12, 3)]
    {
        HOURS.store(hours, Ordering::Relaxed);
        let reminders = look(&log, &workspace, clock, &mut appended).await;
        assert_eq!(reminders.len(), expected, "after {hours} hours");
    }
    let all = reminders(&workspace);
    let head = &workspace.messages_in(FATAL)[0];
    assert!(
        all.iter().all(|reminder| reminder["thread_ts"] == head["ts"] && reminder["reply_broadcast"] == true)
    );
    let shown = all[0]["blocks"].to_string();
    assert!(shown.contains("There has been no news for 1 d 1 h") && shown.contains("To do: "), "{shown}");
    append_alert(&log, &recovered("2026-11-20T03:00:00Z", "2026-11-20T03:42:10Z", 1)).await;
    appended += 1;
    HOURS.store(24 * 60, Ordering::Relaxed);
    look(&log, &workspace, clock, &mut appended).await;
    assert_eq!(look(&log, &workspace, clock, &mut appended).await.len(), 3, "it is over");
}

/// The time comes while the notifier runs.
#[tokio::test]
async fn a_reminder_that_was_posted_without_an_answer_is_not_posted_twice() {
    static HOURS: AtomicI64 = AtomicI64::new(0);
    fn clock() -> Instant {
        now() + TimeDelta::hours(HOURS.load(Ordering::Relaxed))
    }
    let (dir, workspace) = (folder(), Workspace::answering(&[Answer::Ok, Answer::PostedAndBroken]).await);
    let log = open(dir.path());
    append_alert(&log, &miss(1)).await;
    let notifier = start(&log, &workspace, clock, true);
    notifier.has_committed(1).await;
    notifier.stop().await;
    HOURS.store(25, Ordering::Relaxed);
    let notifier = start(&log, &workspace, clock, true);
    workspace.has_posted(FATAL, 2).await;
    append_alert(&log, &miss_of("other")).await;
    notifier.has_committed(2).await;
    notifier.stop().await;
    assert_eq!(reminders(&workspace).len(), 1);
}

#[tokio::test]
async fn without_the_setting_there_is_no_reminder() {
    fn clock() -> Instant {
        now() + TimeDelta::days(3)
    }
    let (dir, workspace) = (folder(), Workspace::answering(&[]).await);
    let log = open(dir.path());
    append_alert(&log, &miss(1)).await;
    for appended in 1..3 {
        let notifier = start(&log, &workspace, clock, false);
        notifier.has_committed(appended).await;
        append_alert(&log, &miss_of(&format!("other-{appended}"))).await;
        notifier.has_committed(appended + 1).await;
        notifier.stop().await;
    }
    assert!(reminders(&workspace).is_empty());
}
