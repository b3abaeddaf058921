//! The role between a real log and a fake Slack: each alert is posted exactly once.

use std::path::Path;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use chrono::TimeDelta;
use kigen_control::Members;
use kigen_log::{EmbeddedLog, Log, LogReader, NewRecord, Settings};
use kigen_model::Instant;
use kigen_model::alert::Alert;
use kigen_model::control::{ControlRecord, Skip};
use kigen_model::slot::Cause;
use kigen_model::topic::{Offset, Partition, Topic};
use kigen_notifier::delivery::Delivery;
use kigen_notifier::health::Health;
use kigen_notifier::patience::Patience;
use kigen_notifier::role::{GROUP, run};
use kigen_notifier::routing::Channels;
use kigen_notifier::slack::client::{Place, Slack};
use kigen_notifier::undelivered::AllUndelivered;
use kigen_testkit::simulated::{Faults, SimulatedLog};
use kigen_wire::Frame;
use serde_json::Value as Json;
use tempfile::TempDir;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use crate::alerts::{judged_again, missed, of_batch, recovered, render, run_failed, unknown_month};
use crate::slack::{Answer, Workspace};

const PARTITION: Partition = Partition(0);
/// Retries at once.
pub(crate) const PATIENCE: Patience =
    Patience { retry_delay_ms_min: 1, retry_delay_ms_max: 2, request_ms_max: 7_000, post_interval_ms: 0 };

/// A log with a running notifier, which can be stopped or killed.
pub(crate) struct RunningNotifier {
    log: EmbeddedLog,
    stop: oneshot::Sender<()>,
    role: JoinHandle<()>,
}

/// Some seconds after the records of [`append`].
pub(crate) fn now() -> Instant {
    "2026-11-20T03:30:40Z".parse().expect("an instant")
}

pub(crate) fn open(dir: &Path) -> EmbeddedLog {
    EmbeddedLog::open(dir, Settings { partitions: 1, ..Settings::default() }).expect("the log opens")
}

pub(crate) fn start(log: &EmbeddedLog, workspace: &Workspace) -> RunningNotifier {
    start_at(log, workspace, now)
}

fn start_at(log: &EmbeddedLog, workspace: &Workspace, now: fn() -> Instant) -> RunningNotifier {
    start_slack(log, slack_of(workspace), now, |delivery| delivery)
}

fn start_with(
    log: &EmbeddedLog,
    workspace: &Workspace,
    with: impl FnOnce(Delivery) -> Delivery,
) -> RunningNotifier {
    start_slack(log, slack_of(workspace), now, with)
}

fn slack_of(workspace: &Workspace) -> Slack {
    let channels = Channels { fatal: "C1".to_owned(), error: None, warning: None };
    Slack::new("xoxb-1".to_owned(), channels, Some(&workspace.url)).expect("a client")
}

pub(crate) fn start_slack(
    log: &EmbeddedLog,
    slack: Slack,
    now: fn() -> Instant,
    with: impl FnOnce(Delivery) -> Delivery,
) -> RunningNotifier {
    start_role(log, with(Delivery::slack(slack, PATIENCE)), now)
}

pub(crate) fn start_role(log: &EmbeddedLog, delivery: Delivery, now: fn() -> Instant) -> RunningNotifier {
    let (stop, stopped) = oneshot::channel();
    let role_log = log.clone();
    let role = tokio::spawn(async move {
        let stopped = async move { stopped.await.unwrap_or_default() };
        run(role_log, delivery, now, stopped).await.expect("the role ends well");
    });
    RunningNotifier { log: log.clone(), stop, role }
}

impl RunningNotifier {
    /// Waits until the notifier has committed this offset, and nothing waits.
    pub(crate) async fn has_committed(&self, next: u64) {
        let mut changes = self.log.changes();
        while position(&self.log) != Some(Offset(next)) || !undelivered(&self.log).waiting.is_empty() {
            changes.changed().await.expect("the log lives");
        }
    }

    /// Waits until the notifier has committed this offset, whatever waits.
    pub(crate) async fn has_read(&self, next: u64) {
        let mut changes = self.log.changes();
        while position(&self.log) != Some(Offset(next)) {
            changes.changed().await.expect("the log lives");
        }
    }

    pub(crate) async fn stop(self) {
        self.stop.send(()).expect("the role runs");
        self.role.await.expect("the role ends");
    }

    /// Aborts the role as a crash does.
    pub(crate) async fn kill(self) {
        self.role.abort();
        assert!(self.role.await.is_err());
    }
}

pub(crate) fn position(log: &EmbeddedLog) -> Option<Offset> {
    log.position(GROUP, Topic::Alerts, PARTITION).expect("the log is readable")
}

/// What no receiver has accepted.
pub(crate) fn undelivered(log: &EmbeddedLog) -> AllUndelivered {
    kigen_notifier::undelivered::read(log).expect("the log is readable")
}

async fn append(log: &EmbeddedLog, value: Vec<u8>) {
    append_at(log, "2026-11-20T03:30:30Z", value).await;
}

async fn append_at(log: &EmbeddedLog, at: &str, value: Vec<u8>) {
    let timestamp = at.parse().expect("an instant");
    let key = "prod/ml/recommend".to_owned();
    let record = NewRecord { topic: Topic::Alerts, partition: PARTITION, key, value: Some(value), timestamp };
    log.append(vec![record]).await.expect("the log takes it");
}

pub(crate) async fn append_alert(log: &EmbeddedLog, alert: &Alert) {
    append(log, kigen_wire::encode_alert(alert, kigen_wire::Level::NEWEST)).await;
}

pub(crate) fn ids(messages: &[Json]) -> Vec<&str> {
    messages.iter().filter_map(|message| message["metadata"]["event_payload"]["id"].as_str()).collect()
}

pub(crate) fn folder() -> TempDir {
    tempfile::tempdir().expect("a folder")
}

#[tokio::test]
async fn each_alert_is_posted_once_and_a_restart_resumes_behind_it() {
    let (dir, workspace) = (folder(), Workspace::answering(&[]).await);
    let log = open(dir.path());
    let alerts = ["a", "b", "c"].map(|batch| of_batch(&missed(Cause::Suspended, None), batch));
    append_alert(&log, &alerts[0]).await;
    append_alert(&log, &alerts[1]).await;
    let notifier = start(&log, &workspace);
    notifier.has_committed(2).await;
    notifier.stop().await;
    append_alert(&log, &alerts[2]).await;
    let notifier = start(&log, &workspace);
    notifier.has_committed(3).await;
    notifier.stop().await;
    assert_eq!(ids(&workspace.channel()), alerts.each_ref().map(|alert| alert.id.to_string()));
}

/// The first notifier on an old log, and one whose group's offsets expired.
#[tokio::test]
async fn without_a_position_only_alerts_of_the_last_day_are_posted_and_then_the_position_holds() {
    let (dir, workspace) = (folder(), Workspace::answering(&[Answer::TooMany(600)]).await);
    let log = open(dir.path());
    let alerts = ["a", "b", "c", "d"].map(|batch| of_batch(&missed(Cause::Suspended, None), batch));
    let times =
        ["2025-11-20T00:00:00Z", "2026-11-19T03:30:39Z", "2026-11-19T03:30:40Z", "2026-11-20T03:30:30Z"];
    for (alert, at) in alerts.iter().zip(times) {
        append_at(&log, at, kigen_wire::encode_alert(alert, kigen_wire::Level::NEWEST)).await;
    }
    let notifier = start(&log, &workspace);
    workspace.has_received(1).await;
    notifier.stop().await;
    assert_eq!(workspace.channel().len(), 0);
    let waiting: Vec<_> = undelivered(&log).waiting.iter().map(|waiting| waiting.offset).collect();
    assert_eq!(waiting.first(), Some(&Offset(2)));

    // Three days later Slack accepts messages.
    let notifier = start_at(&log, &workspace, || now() + Duration::from_secs(3 * 86_400));
    notifier.has_committed(4).await;
    notifier.stop().await;
    assert_eq!(ids(&workspace.channel()), [&alerts[2], &alerts[3]].map(|alert| alert.id.to_string()));
}

#[tokio::test]
async fn slots_that_are_judged_again_reply_in_the_thread_of_the_unknown_ones() {
    let (dir, workspace) = (folder(), Workspace::answering(&[]).await);
    let log = open(dir.path());
    append_alert(&log, &unknown_month()).await;
    append_alert(&log, &judged_again(16, 0)).await;
    let notifier = start(&log, &workspace);
    notifier.has_committed(2).await;
    let channel = workspace.channel();
    assert_eq!(channel[1]["thread_ts"], channel[0]["ts"]);
    notifier.stop().await;
}

#[tokio::test]
async fn a_recovery_replies_in_the_thread_of_its_incident() {
    let (dir, workspace) = (folder(), Workspace::answering(&[]).await);
    let log = open(dir.path());
    append_alert(&log, &missed(Cause::Suspended, None)).await;
    append_alert(&log, &recovered("2026-11-20T03:00:00Z", "2026-11-20T03:42:10Z", 1)).await;
    let notifier = start(&log, &workspace);
    notifier.has_committed(2).await;
    let channel = workspace.channel();
    assert_eq!(channel[1]["thread_ts"], channel[0]["ts"]);
    notifier.stop().await;
}

#[tokio::test]
async fn a_failed_run_without_a_channel_is_not_posted() {
    let (dir, workspace) = (folder(), Workspace::answering(&[]).await);
    let log = open(dir.path());
    append_alert(&log, &run_failed("KeyError: 'price'")).await;
    append_alert(&log, &missed(Cause::Suspended, None)).await;
    let notifier = start(&log, &workspace);
    notifier.has_committed(2).await;
    notifier.stop().await;
    assert_eq!(workspace.requests().len(), 1);
}

#[tokio::test]
async fn a_message_that_fails_is_retried_and_none_overtakes_it() {
    let refusals = [
        Answer::Broken,
        Answer::TooMany(0),
        Answer::Error("not_in_channel"),
        Answer::Error("internal_error"),
    ];
    let (dir, workspace) = (folder(), Workspace::answering(&refusals).await);
    let log = open(dir.path());
    let alerts = ["a", "b"].map(|batch| of_batch(&missed(Cause::Suspended, None), batch));
    for alert in &alerts {
        append_alert(&log, alert).await;
    }
    let notifier = start(&log, &workspace);
    notifier.has_committed(2).await;
    notifier.stop().await;
    assert_eq!(ids(&workspace.channel()), alerts.each_ref().map(|alert| alert.id.to_string()));
    assert_eq!(workspace.requests().len(), refusals.len() + alerts.len());
}

#[tokio::test]
async fn a_message_that_could_not_be_delivered_before_states_how_old_it_is() {
    static LOOKS: AtomicI64 = AtomicI64::new(0);
    /// An hour later each time.
    fn clock() -> Instant {
        now() + TimeDelta::hours(LOOKS.fetch_add(1, Ordering::Relaxed))
    }
    let refusals = [Answer::Broken, Answer::Error("not_in_channel")];
    let (dir, workspace) = (folder(), Workspace::answering(&refusals).await);
    let log = open(dir.path());
    append_alert(&log, &missed(Cause::Suspended, None)).await;
    let notifier = start_with(&log, &workspace, |delivery| delivery.with_clock(clock));
    notifier.has_committed(1).await;
    notifier.stop().await;
    let requests = workspace.requests();
    let ages: Vec<Option<&str>> = requests
        .iter()
        .map(|(_, sent)| {
            let text = sent["text"].as_str().expect("a text");
            text.strip_suffix(" old)").and_then(|text| text.rsplit(" · ").next())
        })
        .collect();
    let hours = |age: &Option<&str>| {
        age.map_or(0, |age| age.split(' ').next().unwrap_or_default().parse().unwrap_or(u32::MAX))
    };
    let hours: Vec<u32> = ages.iter().map(hours).collect();
    assert!(matches!(hours[..], [0, second, third] if 0 < second && second < third), "{ages:?}");
}

#[tokio::test]
async fn a_message_that_was_posted_without_an_answer_is_not_posted_twice() {
    let (dir, workspace) = (folder(), Workspace::answering(&[Answer::PostedAndBroken]).await);
    let log = open(dir.path());
    append_alert(&log, &missed(Cause::Suspended, None)).await;
    let notifier = start(&log, &workspace);
    notifier.has_committed(1).await;
    notifier.stop().await;
    assert_eq!(workspace.channel().len(), 1);
}

/// Slack posts to a name, but gives a history only by id; a message carries the id.
#[tokio::test]
async fn in_a_channel_that_is_given_by_name_a_message_without_an_answer_is_not_posted_twice() {
    let answers = [Answer::PostedAndBroken, Answer::Ok, Answer::PostedAndBroken];
    let workspace = Workspace::answering(&answers).await;
    let channels = Channels { fatal: "#ml-alerts".to_owned(), error: None, warning: None };
    let slack = Slack::new("xoxb-1".to_owned(), channels, Some(&workspace.url)).expect("a client");
    let alerts = ["a", "b", "c"].map(|batch| of_batch(&missed(Cause::Suspended, None), batch));
    let dir = folder();
    let log = open(dir.path());
    for alert in &alerts {
        append_alert(&log, alert).await;
    }
    let notifier = start_slack(&log, slack, now, |delivery| delivery);
    notifier.has_committed(3).await;
    notifier.stop().await;
    assert_eq!(ids(&workspace.channel()), alerts.each_ref().map(|alert| alert.id.to_string()));
}

/// Without its id a message may come twice, but it comes.
#[tokio::test]
async fn a_channel_that_is_not_listed_to_the_bot_receives_its_messages() {
    let workspace = Workspace::answering(&[]).await;
    let channels = Channels { fatal: "#private".to_owned(), error: None, warning: None };
    let slack = Slack::new("xoxb-1".to_owned(), channels, Some(&workspace.url)).expect("a client");
    let dir = folder();
    let log = open(dir.path());
    append_alert(&log, &missed(Cause::Suspended, None)).await;
    let notifier = start_slack(&log, slack, now, |delivery| delivery);
    notifier.has_committed(1).await;
    notifier.stop().await;
    assert_eq!((workspace.channel().len(), workspace.lookups()), (1, 0));
}

/// Two notifiers ended between post and commit, each with a partition of its own.
#[tokio::test]
async fn the_first_message_of_each_partition_is_looked_up() {
    let (dir, workspace) = (folder(), Workspace::answering(&[]).await);
    let settings = Settings { partitions: 2, ..Settings::default() };
    let log = EmbeddedLog::open(dir.path(), settings).expect("the log opens");
    let alerts = ["a", "b"].map(|batch| of_batch(&missed(Cause::Suspended, None), batch));
    let other = slack_of(&workspace);
    for (partition, alert) in (0..).map(Partition).zip(&alerts) {
        let value = Some(kigen_wire::encode_alert(alert, kigen_wire::Level::NEWEST));
        let key = format!("prod/ml/{}", partition.0);
        let record = NewRecord { topic: Topic::Alerts, partition, key, value, timestamp: now() };
        log.append(vec![record]).await.expect("the log takes it");
        other
            .post(Place::Channel(&other.routes().targets(alert)[0].channel), alert, &render(alert))
            .await
            .expect("it is posted");
    }
    let notifier = start(&log, &workspace);
    let mut changes = log.changes();
    let is_committed =
        |nth| log.position(GROUP, Topic::Alerts, Partition(nth)).expect("readable") == Some(Offset(1));
    while !(is_committed(0) && is_committed(1)) {
        changes.changed().await.expect("the log lives");
    }
    notifier.stop().await;
    assert_eq!(ids(&workspace.channel()), alerts.each_ref().map(|alert| alert.id.to_string()));
}

/// A group whose offsets expired while its notifier was away.
#[tokio::test]
async fn alerts_that_were_posted_before_the_position_was_lost_are_looked_up_until_one_is_not_found() {
    let (dir, workspace) = (folder(), Workspace::answering(&[]).await);
    let log = open(dir.path());
    let alerts = ["a", "b", "c", "d"].map(|batch| of_batch(&missed(Cause::Suspended, None), batch));
    let before = slack_of(&workspace);
    for alert in &alerts {
        append_alert(&log, alert).await;
    }
    for alert in &alerts[..2] {
        before
            .post(Place::Channel(&before.routes().targets(alert)[0].channel), alert, &render(alert))
            .await
            .expect("it is posted");
    }
    let notifier = start(&log, &workspace);
    notifier.has_committed(4).await;
    notifier.stop().await;
    assert_eq!(ids(&workspace.channel()), alerts.each_ref().map(|alert| alert.id.to_string()));
    assert_eq!(workspace.lookups(), 3);
}

#[tokio::test]
async fn a_crash_between_post_and_commit_does_not_post_twice() {
    let (dir, workspace) = (folder(), Workspace::answering(&[Answer::Held]).await);
    let log = open(dir.path());
    let alerts = ["a", "b"].map(|batch| of_batch(&missed(Cause::Suspended, None), batch));
    for alert in &alerts {
        append_alert(&log, alert).await;
    }
    let notifier = start(&log, &workspace);
    workspace.has_received(1).await;
    notifier.kill().await;
    assert_eq!(position(&log), Some(Offset(0)));

    let notifier = start(&log, &workspace);
    notifier.has_committed(2).await;
    notifier.stop().await;
    assert_eq!(ids(&workspace.channel()), alerts.each_ref().map(|alert| alert.id.to_string()));
    assert_eq!(workspace.lookups(), 3, "at each start until a message is not found, not for each message");
}

#[tokio::test]
async fn a_shutdown_waits_for_the_request_in_flight() {
    let (dir, workspace) = (folder(), Workspace::answering(&[Answer::Held]).await);
    let log = open(dir.path());
    append_alert(&log, &missed(Cause::Suspended, None)).await;
    let notifier = start(&log, &workspace);
    workspace.has_received(1).await;
    notifier.stop.send(()).expect("the role runs");
    workspace.release();
    notifier.role.await.expect("the role ends");
    assert_eq!(position(&log), Some(Offset(1)));
}

#[tokio::test]
async fn a_shutdown_does_not_wait_for_a_rate_limit() {
    let refusals = [Answer::TooMany(600); 8];
    let (dir, workspace) = (folder(), Workspace::answering(&refusals).await);
    let log = open(dir.path());
    append_alert(&log, &missed(Cause::Suspended, None)).await;
    let notifier = start(&log, &workspace);
    workspace.has_received(1).await;
    notifier.stop().await;
    assert_eq!(undelivered(&log).waiting.len(), 1, "it is posted after the next start");
}

#[tokio::test]
async fn an_undecodable_record_goes_to_the_rejects_and_the_next_alert_is_posted() {
    let (dir, workspace) = (folder(), Workspace::answering(&[]).await);
    let log = open(dir.path());
    append(&log, b"no alert".to_vec()).await;
    append_alert(&log, &missed(Cause::Suspended, None)).await;
    let notifier = start(&log, &workspace);
    notifier.has_committed(2).await;
    notifier.stop().await;
    assert_eq!(workspace.channel().len(), 1);

    let rejects = log.read(Topic::Rejects, PARTITION, Offset(0), 10, 1 << 20).expect("the log is readable");
    let reject = kigen_wire::decode_reject(rejects[0].value.as_deref().expect("a value")).expect("a reject");
    assert_eq!(
        (reject.source.as_str(), reject.place, &reject.bytes[..]),
        ("kigen.alerts", Some((0, 0)), &b"no alert"[..])
    );
    assert!(reject.reason.contains("not with the marker c3 01"), "{}", reject.reason);
}

#[tokio::test]
async fn an_alert_of_a_newer_kigen_waits_until_it_is_skipped_and_those_behind_it_wait_with_it() {
    let (dir, workspace) = (folder(), Workspace::answering(&[]).await);
    let log = open(dir.path());
    append_alert(&log, &of_batch(&missed(Cause::Suspended, None), "before")).await;
    append(&log, newer()).await;
    append_alert(&log, &of_batch(&missed(Cause::Suspended, None), "behind")).await;
    let health = Health::default();
    let notifier = start_with(&log, &workspace, |delivery| delivery.with_health(health.clone()));
    notifier.has_committed(1).await;
    while health.readiness(std::time::Instant::now()).is_ok() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let why = health.readiness(std::time::Instant::now()).expect_err("it waits");
    assert!(why.starts_with("partition 0 of kigen.alerts is not delivered"), "{why}");
    assert!(why.contains("kigen skip kigen.alerts 0 1"), "{why}");
    notifier.stop().await;
    assert_eq!((workspace.channel().len(), position(&log)), (1, Some(Offset(1))));

    let skip = ControlRecord::Skip(Skip {
        place: (Topic::Alerts, PARTITION, Offset(1)),
        author: "ann".to_owned(),
        skipped_at: "2026-11-20T03:30:30Z".parse().expect("an instant"),
    });
    let value = Some(kigen_wire::encode_control(&skip, kigen_wire::Level::NEWEST));
    let timestamp = "2026-11-20T03:30:30Z".parse().expect("an instant");
    let (topic, key) = (Topic::Control, skip.key());
    let record = NewRecord { topic, partition: PARTITION, key, value, timestamp };
    log.append(vec![record]).await.expect("the log takes it");
    let mut members = Members::default();
    members.refresh(log.reader()).expect("the log is readable");
    let notifier = start_with(&log, &workspace, |delivery| delivery.with_control(members.reading()));
    notifier.has_committed(3).await;
    notifier.stop().await;
    assert_eq!(workspace.channel().len(), 2);
    let rejects = log.read(Topic::Rejects, PARTITION, Offset(0), 10, 1 << 20).expect("the log is readable");
    assert_eq!(rejects.len(), 1, "its bytes are kept");
}

#[tokio::test]
async fn an_alert_of_a_newer_kigen_stops_its_partition_only() {
    let (dir, workspace) = (folder(), Workspace::answering(&[]).await);
    let settings = Settings { partitions: 2, ..Settings::default() };
    let log = EmbeddedLog::open(dir.path(), settings).expect("the log opens");
    append(&log, newer()).await;
    let timestamp = "2026-11-20T03:30:30Z".parse().expect("an instant");
    let alert = of_batch(&missed(Cause::Suspended, None), "other");
    let value = Some(kigen_wire::encode_alert(&alert, kigen_wire::Level::NEWEST));
    let (partition, key) = (Partition(1), "prod/ml/other".to_owned());
    let of_other = NewRecord { topic: Topic::Alerts, partition, key, value, timestamp };
    log.append(vec![of_other]).await.expect("the log takes it");
    let notifier = start(&log, &workspace);
    let mut changes = log.changes();
    while log.position(GROUP, Topic::Alerts, partition).expect("readable") != Some(Offset(1)) {
        changes.changed().await.expect("the log lives");
    }
    notifier.stop().await;
    assert_eq!(ids(&workspace.channel()), [alert.id.to_string()]);
    assert_eq!(position(&log), Some(Offset(0)));
}

/// An alert in a version that this kigen does not have.
fn newer() -> Vec<u8> {
    Frame::Object([0xab; 8]).around(b"an alert of the future")
}

/// Aborted and unanswered commits, and a log whose records and committed offsets are often unreadable.
#[tokio::test(start_paused = true)]
async fn each_alert_is_delivered_in_order_whatever_fails_in_the_log() {
    for seed in 0..200 {
        let faults = Faults {
            aborted_per_mille: 200,
            unanswered_per_mille: 100,
            unreadable_per_mille: 300,
            ..Faults::default()
        };
        let log = SimulatedLog::new(Settings { partitions: 3, ..Settings::default() }, faults, seed);
        let (sender, mut delivered) = mpsc::channel(64);
        let (stop, stopped) = oneshot::channel::<()>();
        let role_log = log.clone();
        let role = tokio::spawn(async move {
            let stopped = async move { stopped.await.unwrap_or_default() };
            run(role_log, Delivery::channel(sender), now, stopped).await.expect("the role ends well");
        });
        let mut expected = vec![Vec::new(); 3];
        for nth in 0..30 {
            let partition = Partition(nth % 3);
            let alert = of_batch(&missed(Cause::Suspended, None), &format!("batch-{nth}"));
            let timestamp = "2026-11-20T03:30:30Z".parse().expect("an instant");
            let (key, value) = (
                format!("prod/ml/batch-{nth}"),
                Some(kigen_wire::encode_alert(&alert, kigen_wire::Level::NEWEST)),
            );
            let record = NewRecord { topic: Topic::Alerts, partition, key, value, timestamp };
            log.append(vec![record]).await.expect("the log takes it");
            expected[partition.0 as usize].push(alert.id);
        }
        let mut found = vec![Vec::new(); 3];
        while found != expected {
            let (alert, _) = tokio::time::timeout(Duration::from_secs(3_600), delivered.recv())
                .await
                .unwrap_or_else(|_| panic!("seed {seed}: {found:?} of {expected:?} was delivered"))
                .expect("the role runs");
            let of = expected.iter().position(|ids| ids.contains(&alert.id)).expect("an alert of these");
            // A message whose commit failed is delivered again.
            if found[of].last() != Some(&alert.id) {
                found[of].push(alert.id);
            }
        }
        stop.send(()).expect("the role runs");
        role.await.expect("the role ends");
    }
}
