//! What a message contains beside its alert: from `kigen.status`, the last deadlines, who reads the result, and which batch before
//! it is late; and in its thread, all of a long error.

use chrono::TimeDelta;
use kigen_log::{EmbeddedLog, Log, NewRecord};
use kigen_model::Instant;
use kigen_model::event::Revision;
use kigen_model::key::BatchKey;
use kigen_model::objective::{Deadlines, Objective, ObjectiveSource, Schedule};
use kigen_model::risk::RiskKind;
use kigen_model::slot::{Cause, CauseKind, Excuse, Slot, Verdict};
use kigen_model::topic::{Partition, Topic};
use kigen_notifier::language::Language;
use kigen_notifier::routing::{Channels, Routes};
use kigen_notifier::slack::client::Slack;
use kigen_state::{BatchState, Incident, Judged, ObjectiveState, OpenSlot, PastRun, Plan, SlotEnd, Window};
use kigen_wire::Level;
use serde_json::Value as Json;
use uuid::Uuid;

use crate::alerts::{failed, missed, recovered, slot};
use crate::delivery::{append_alert, folder, now, open, start, start_slack};
use crate::slack::{Answer, Workspace};

/// The deadline so many days before that of the alerts.
fn deadline(days: i64) -> Instant {
    slot().deadline - TimeDelta::days(days)
}

pub(crate) fn key(namespace: &str, batch: &str) -> BatchKey {
    BatchKey::new("prod", namespace, batch)
}

fn objective(deadlines: Deadlines) -> ObjectiveState {
    let revision = Revision { uid: "o".to_owned(), resource_version: 1 };
    let objective = Objective::new(deadlines, ObjectiveSource::Annotation);
    ObjectiveState::new(revision, objective, deadline(30))
}

/// That this batch is due before another one starts.
pub(crate) fn before(namespace: &str, cron_job: &str, crontab: &str) -> ObjectiveState {
    let schedule = Some(Schedule { crontab: crontab.to_owned(), time_zone: None });
    objective(Deadlines::Before { namespace: namespace.to_owned(), cron_job: cron_job.to_owned(), schedule })
}

fn judged(days: i64, verdict: Verdict) -> Judged {
    Judged { deadline: deadline(days), verdict, judged: None }
}

fn met(days: i64) -> Judged {
    judged(days, Verdict::Met { ended_at: deadline(days) - TimeDelta::minutes(20) })
}

fn open_slot(days: i64, warned_of: Vec<RiskKind>) -> Plan {
    let slot = Slot { from: deadline(days + 1), deadline: deadline(days), whole: true };
    Plan::Open(OpenSlot {
        slot,
        time_zone: "Asia/Tokyo".to_owned(),
        window: Window::Slot,
        met_at: None,
        risk_due: None,
        warned_of,
    })
}

pub(crate) fn incident(days: i64) -> Option<Incident> {
    let last = Slot { from: deadline(days + 1), deadline: deadline(days), whole: true };
    let (since, opens) = (last.deadline, last.from);
    Some(Incident { id: Uuid::nil(), since, misses: 1, last, opens, muted: 0, muted_until: None })
}

pub(crate) fn state(key: BatchKey, objectives: Vec<(&str, ObjectiveState)>) -> BatchState {
    let objectives = objectives.into_iter().map(|(name, state)| (name.to_owned(), state)).collect();
    BatchState { objectives, ..BatchState::new(key) }
}

async fn append_state(log: &EmbeddedLog, state: &BatchState) {
    let (key, value) = (state.key.to_string(), Some(kigen_wire::encode_batch(state, Level::NEWEST)));
    let record =
        NewRecord { topic: Topic::Status, partition: Partition(0), key, value, timestamp: slot().deadline };
    log.append(vec![record]).await.expect("it appends");
}

/// All text of a message's blocks.
pub(crate) fn text(message: &Json) -> String {
    let blocks = message["blocks"].as_array().expect("blocks").iter();
    let texts = blocks.filter_map(|block| block["text"]["text"].as_str());
    texts.collect::<Vec<_>>().join("\n")
}

/// The recommendations, of which 16 deadlines are judged, are read by two others.
pub(crate) fn recommend() -> BatchState {
    let mut own = objective(Deadlines::CompleteBy { crontab: "30 12 * * *".to_owned() });
    own.verdicts = (1..=15).rev().map(met).collect();
    own.verdicts[12].verdict = Verdict::Excused(Excuse::NoFire);
    own.verdicts[13].verdict = Verdict::Missed(CauseKind::Failed);
    own.verdicts.push(judged(0, Verdict::Missed(CauseKind::Suspended)));
    let reads = vec![
        ("complete-by", own),
        ("before-mail", before("ml", "mail", "0 5 * * *")),
        ("before-report", before("dwh", "report", "0 4 * * *")),
    ];
    let run = |days: i64, minutes| PastRun {
        nominal_start: deadline(days),
        started_at: Some(deadline(days)),
        ended_at: deadline(days) + TimeDelta::minutes(minutes),
    };
    BatchState { past_runs: vec![run(3, 9), run(2, 12), run(1, 10)], ..state(key("ml", "recommend"), reads) }
}

#[tokio::test]
async fn a_miss_has_the_last_deadlines_its_next_readers_and_the_sources_that_are_late() {
    let (dir, workspace) = (folder(), Workspace::answering(&[]).await);
    let log = open(dir.path());
    let mut late = before("ml", "recommend", "0 3 * * *");
    late.incident = incident(0);
    let mut at_risk = before("dwh", "prices", "0 2 * * *");
    at_risk.plan = open_slot(0, vec![RiskKind::RunningLate]);
    let mut came = before("ml", "recommend", "0 3 * * *");
    came.verdicts = vec![judged(0, Verdict::Missed(CauseKind::StillRunning))];
    came.ends = vec![SlotEnd { reference: deadline(1), ended_at: deadline(0) + TimeDelta::seconds(20) }];
    let of_another_cluster =
        BatchState { ..state(BatchKey::new("test", "dwh", "other"), vec![("x", late.clone())]) };
    let in_time = state(key("dwh", "stock"), vec![("x", before("ml", "recommend", "0 3 * * *"))]);
    for state in [
        recommend(),
        state(key("dwh", "prices"), vec![("x", late)]),
        state(key("dwh", "exchange"), vec![("x", at_risk)]),
        state(key("dwh", "clicks"), vec![("x", came)]),
        of_another_cluster,
        in_time,
    ] {
        append_state(&log, &state).await;
    }
    append_alert(&log, &missed(Cause::Suspended, None)).await;
    let notifier = start(&log, &workspace);
    notifier.has_committed(1).await;
    notifier.stop().await;
    let text = text(&workspace.channel()[0]);
    // Of 16 the last 14; the excused one is none of those that are judged.
    assert!(text.contains("*Last deadlines:* ✓✓✓✓✓✓✓ ✓✓✓·✗✓✗ (11 of 13 in time)"), "{text}");
    let readers = "It is read next by dwh/report at 13:00, ml/mail at 14:00.";
    assert!(text.contains(readers), "{text}");
    let sources = "It reads dwh/clicks, whose result for 12:30 came late, at 12:30:20.\n\
                   It reads dwh/prices, which has no good result for 12:30 either: look there first.\n\
                   It reads dwh/exchange, which may be late for 12:30: look there first.";
    assert!(text.contains(sources), "{text}");
    assert!(!text.contains("dwh/stock") && !text.contains("dwh/other"), "{text}");
}

/// The status moves on after the alert: the marks end with its deadline.
#[tokio::test]
async fn a_late_message_has_the_deadlines_until_its_own_and_a_recovery_what_is_usual() {
    let (dir, workspace) = (folder(), Workspace::answering(&[]).await);
    let log = open(dir.path());
    let mut later = recommend();
    let own = later.objectives.get_mut("complete-by").expect("it has one");
    own.verdicts.extend([met(-1), met(-2)]);
    append_state(&log, &later).await;
    append_alert(&log, &missed(Cause::Suspended, None)).await;
    append_alert(&log, &recovered("2026-11-20T03:00:00Z", "2026-11-20T03:42:10Z", 1)).await;
    let notifier = start(&log, &workspace);
    notifier.has_committed(2).await;
    notifier.stop().await;
    let text = text(&workspace.channel()[0]);
    assert!(text.contains("✓·✗✓✗ (11 of 13 in time)"), "{text}");
    assert!(text.contains("The run took 42 min; usual is 9 min to 12 min."), "{text}");
}

#[tokio::test]
async fn a_batch_that_is_removed_or_unreadable_is_not_known_and_the_message_is_sent() {
    let (dir, workspace) = (folder(), Workspace::answering(&[]).await);
    let log = open(dir.path());
    append_state(&log, &recommend()).await;
    let timestamp = slot().deadline;
    let record = |key: &str, value| NewRecord {
        topic: Topic::Status,
        partition: Partition(0),
        key: key.to_owned(),
        value,
        timestamp,
    };
    let removed = record("prod/ml/recommend", None);
    let damaged = record("prod/dwh/prices", Some(b"no status".to_vec()));
    log.append(vec![removed, damaged]).await.expect("it appends");
    append_alert(&log, &missed(Cause::Suspended, None)).await;
    let notifier = start(&log, &workspace);
    notifier.has_committed(1).await;
    notifier.stop().await;
    let text = text(&workspace.channel()[0]);
    assert!(!text.contains("Last deadlines") && !text.contains("read next"), "{text}");
    assert!(text.contains("The CronJob is suspended"), "{text}");
}

#[tokio::test]
async fn a_channel_has_its_messages_and_replies_in_its_language() {
    let (dir, workspace) = (folder(), Workspace::answering(&[]).await);
    let log = open(dir.path());
    append_state(&log, &recommend()).await;
    append_alert(&log, &missed(failed(&long_error()), None)).await;
    append_alert(&log, &recovered("2026-11-20T03:00:00Z", "2026-11-20T03:42:10Z", 1)).await;
    let default = Channels { fatal: "C1".to_owned(), error: None, warning: None };
    let language = Language::named("ja").expect("there is Japanese");
    let routes = Routes { language, ..Routes::from(default) };
    let slack = Slack::new("xoxb-1".to_owned(), routes, Some(&workspace.url)).expect("a client");
    let notifier = start_slack(&log, slack, now, |delivery| delivery);
    notifier.has_committed(2).await;
    notifier.stop().await;
    let messages = workspace.channel();
    let heads: Vec<&str> = messages.iter().map(|it| it["text"].as_str().expect("a text")).collect();
    assert!(heads[0].contains("【復旧】ml/recommend が 12分遅れで完了しました"), "{}", heads[0]);
    assert!(heads[1].contains("ml/recommend のエラー全文"), "{}", heads[1]);
    assert!(heads[2].contains("【復旧】"), "{}", heads[2]);
    assert!(text(&messages[0]).contains("*直近の期限:* "), "{}", text(&messages[0]));
}

/// 60 lines, of which a message has room for some.
pub(crate) fn long_error() -> String {
    let frames =
        (0..30).map(|nth| format!("  File \"/app/step_{nth:02}.py\", line {nth}, in run\n    next()\n"));
    format!("Traceback (most recent call last):\n{}KeyError: 'price'", frames.collect::<String>())
}

#[tokio::test]
async fn a_long_error_is_whole_in_the_thread_and_a_short_one_has_no_reply() {
    let (dir, workspace) = (folder(), Workspace::answering(&[]).await);
    let log = open(dir.path());
    let long = missed(failed(&long_error()), None);
    append_alert(&log, &crate::alerts::of_batch(&long, "long")).await;
    append_alert(&log, &crate::alerts::of_batch(&missed(failed("KeyError: 'price'"), None), "short")).await;
    let notifier = start(&log, &workspace);
    notifier.has_committed(2).await;
    notifier.stop().await;
    let messages = workspace.channel();
    let [first, reply, short] = &messages[..] else { panic!("{messages:#?}") };
    assert!(text(first).contains("lines left out]"), "{first:#}");
    assert_eq!((&reply["thread_ts"], &reply["reply_broadcast"]), (&first["ts"], &Json::Null));
    for nth in 0..30 {
        assert!(text(reply).contains(&format!("step_{nth:02}.py")), "{nth}: {}", text(reply));
    }
    assert!(!text(reply).contains("left out"), "{}", text(reply));
    assert!(short.get("thread_ts").is_none());
}

/// Before or after Slack has the message, and before or after it has the reply.
#[tokio::test]
async fn a_crash_between_a_message_and_its_whole_error_posts_each_once() {
    for before_crash in [0, 1] {
        for held in [Answer::Held, Answer::Late] {
            let answers: Vec<Answer> = std::iter::repeat_n(Answer::Ok, before_crash).chain([held]).collect();
            let (dir, workspace) = (folder(), Workspace::answering(&answers).await);
            let log = open(dir.path());
            append_alert(&log, &missed(failed(&long_error()), None)).await;
            let notifier = start(&log, &workspace);
            workspace.has_received(before_crash + 1).await;
            notifier.kill().await;
            let notifier = start(&log, &workspace);
            notifier.has_committed(1).await;
            notifier.stop().await;
            let messages = workspace.channel();
            assert_eq!(messages.len(), 2, "{before_crash} {held:?}: {messages:#?}");
            assert_eq!(messages[1]["thread_ts"], messages[0]["ts"], "{before_crash} {held:?}");
        }
    }
}

/// A request that fails is repeated, and what was done is found.
#[tokio::test]
async fn a_whole_error_that_slack_does_not_accept_at_once_is_posted_once() {
    for answer in
        [Answer::Broken, Answer::PostedAndBroken, Answer::DoneAndError("fatal_error"), Answer::TooMany(0)]
    {
        let (dir, workspace) = (folder(), Workspace::answering(&[Answer::Ok, answer]).await);
        let log = open(dir.path());
        append_alert(&log, &missed(failed(&long_error()), None)).await;
        let notifier = start(&log, &workspace);
        notifier.has_committed(1).await;
        notifier.stop().await;
        let messages = workspace.channel();
        assert_eq!(messages.len(), 2, "{answer:?}: {messages:#?}");
    }
    let refused = Answer::Error("msg_blocks_too_long");
    let (dir, workspace) = (folder(), Workspace::answering(&[Answer::Ok, refused]).await);
    let log = open(dir.path());
    append_alert(&log, &missed(failed(&long_error()), None)).await;
    let notifier = start(&log, &workspace);
    notifier.has_committed(1).await;
    notifier.stop().await;
    assert_eq!(workspace.channel().len(), 1, "the message is delivered without it");
}

/// The recommendations, with ends that come two minutes later each day.
fn slower() -> BatchState {
    let mut state = recommend();
    let own = state.objectives.get_mut("complete-by").expect("it has one");
    own.ends = (1..=15).rev().map(|days| end(days, 40 - 2 * (15 - days))).collect();
    state
}

fn end(days: i64, minutes_before: i64) -> SlotEnd {
    let deadline = deadline(days);
    let reference = deadline - TimeDelta::minutes(45);
    SlotEnd { reference, ended_at: deadline - TimeDelta::minutes(minutes_before) }
}

fn chart(message: &Json) -> Option<&Json> {
    let mut blocks = message["blocks"].as_array().expect("blocks").iter();
    blocks.find(|block| block["type"] == "data_visualization")
}

#[tokio::test]
async fn a_miss_has_a_chart_of_the_results_against_their_deadlines() {
    let (dir, workspace) = (folder(), Workspace::answering(&[]).await);
    let log = open(dir.path());
    append_state(&log, &slower()).await;
    append_alert(&log, &missed(Cause::Suspended, None)).await;
    let notifier = start(&log, &workspace);
    notifier.has_committed(1).await;
    notifier.stop().await;
    let messages = workspace.channel();
    let chart = chart(&messages[0]).expect("it has a chart");
    let results = chart["chart"]["series"][0]["data"].as_array().expect("points");
    let points: Vec<(&str, i64)> = results
        .iter()
        .map(|point| (point["label"].as_str().expect("a day"), point["value"].as_i64().expect("minutes")))
        .collect();
    assert_eq!((points.first(), points.last()), (Some(&("11/6", -38)), Some(&("11/19", -12))));
    assert_eq!(points.len(), 14);
}

/// Each message is posted once, and Slack is not asked twice for each.
#[tokio::test]
async fn a_workspace_without_charts_has_the_messages_without_them() {
    let (dir, workspace) = (folder(), Workspace::answering(&[]).await);
    workspace.refuse_charts();
    let log = open(dir.path());
    append_state(&log, &slower()).await;
    for days in 0_u8..3 {
        let miss = missed(Cause::Suspended, None);
        let id = Uuid::from_u128(u128::from(100 + days));
        let mut body = miss.body.clone();
        if let kigen_model::alert::AlertBody::SlotMissed { incident, .. } = &mut body {
            *incident = id;
        }
        append_alert(&log, &kigen_model::alert::Alert { id, body, ..miss }).await;
    }
    append_alert(&log, &recovered("2026-11-20T03:00:00Z", "2026-11-20T03:42:10Z", 1)).await;
    let notifier = start(&log, &workspace);
    notifier.has_committed(4).await;
    notifier.stop().await;
    let messages = workspace.channel();
    assert_eq!(messages.len(), 4, "{messages:#?}");
    assert!(messages.iter().all(|message| chart(message).is_none()));
    assert_eq!(workspace.requests().len(), 5, "the first one twice");
}
