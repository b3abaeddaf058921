//! The role on a real log, with Slack at its other end: each alert is sent, and once.

use std::path::Path;
use std::time::Duration;

use kigen_log::{EmbeddedLog, Log, LogReader, NewRecord, Settings};
use kigen_model::alert::Alert;
use kigen_model::slot::Cause;
use kigen_model::topic::{Offset, Partition, Topic};
use kigen_notifier::role::{Delivery, GROUP, Patience, run};
use kigen_notifier::slack::{Channels, Slack};
use kigen_testkit::simulated::{Faults, SimulatedLog};
use serde_json::Value as Json;
use tempfile::TempDir;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use crate::alerts::{missed, of_batch, recovered, run_failed};
use crate::slack::{Answer, Workspace};

const PARTITION: Partition = Partition(0);

/// A log with a notifier on it that may be stopped, or killed.
struct Notifying {
    log: EmbeddedLog,
    stop: oneshot::Sender<()>,
    role: JoinHandle<()>,
}

fn open(dir: &Path) -> EmbeddedLog {
    EmbeddedLog::open(dir, Settings { partitions: 1, ..Settings::default() }).expect("the log opens")
}

fn start(log: &EmbeddedLog, workspace: &Workspace) -> Notifying {
    let channels = Channels { fatal: "C1".to_owned(), error: None };
    let slack = Slack::new("xoxb-1".to_owned(), channels, Some(&workspace.url)).expect("a client");
    let patience = Patience { retry_delay_ms_min: 1, retry_delay_ms_max: 2, ..Patience::default() };
    let (stop, stopped) = oneshot::channel();
    let of_role = log.clone();
    let role = tokio::spawn(async move {
        let stopped = async move { stopped.await.unwrap_or_default() };
        run(of_role, Delivery::slack(slack, patience), stopped).await.expect("the role ends well");
    });
    Notifying { log: log.clone(), stop, role }
}

impl Notifying {
    /// Until the notifier's position is there.
    async fn is_at(&self, next: u64) {
        let mut changes = self.log.changes();
        while position(&self.log) != Some(Offset(next)) {
            changes.changed().await.expect("the log lives");
        }
    }

    async fn stop(self) {
        self.stop.send(()).expect("the role runs");
        self.role.await.expect("the role ends");
    }

    /// As if the process were gone.
    async fn kill(self) {
        self.role.abort();
        assert!(self.role.await.is_err());
    }
}

fn position(log: &EmbeddedLog) -> Option<Offset> {
    log.position(GROUP, Topic::Alerts, PARTITION).expect("the log is readable")
}

async fn append(log: &EmbeddedLog, value: Vec<u8>) {
    let timestamp = "2026-11-20T03:30:30Z".parse().expect("an instant");
    let key = "prod/ml/recommend".to_owned();
    let record = NewRecord { topic: Topic::Alerts, partition: PARTITION, key, value: Some(value), timestamp };
    log.append(vec![record]).await.expect("the log takes it");
}

async fn append_alert(log: &EmbeddedLog, alert: &Alert) {
    append(log, kigen_wire::encode_alert(alert)).await;
}

fn ids(messages: &[Json]) -> Vec<&str> {
    messages.iter().filter_map(|message| message["metadata"]["event_payload"]["id"].as_str()).collect()
}

fn folder() -> TempDir {
    tempfile::tempdir().expect("a folder")
}

#[tokio::test]
async fn each_alert_is_sent_once_and_the_next_start_goes_on_behind_it() {
    let (dir, workspace) = (folder(), Workspace::answering(&[]).await);
    let log = open(dir.path());
    let alerts = ["a", "b", "c"].map(|batch| of_batch(&missed(Cause::Suspended, None), batch));
    append_alert(&log, &alerts[0]).await;
    append_alert(&log, &alerts[1]).await;
    let notifying = start(&log, &workspace);
    notifying.is_at(2).await;
    notifying.stop().await;
    append_alert(&log, &alerts[2]).await;
    let notifying = start(&log, &workspace);
    notifying.is_at(3).await;
    notifying.stop().await;
    assert_eq!(ids(&workspace.channel()), alerts.each_ref().map(|alert| alert.id.to_string()));
}

#[tokio::test]
async fn a_recovery_answers_in_the_thread_of_its_incident() {
    let (dir, workspace) = (folder(), Workspace::answering(&[]).await);
    let log = open(dir.path());
    append_alert(&log, &missed(Cause::Suspended, None)).await;
    append_alert(&log, &recovered("2026-11-20T03:00:00Z", "2026-11-20T03:42:10Z", 1)).await;
    let notifying = start(&log, &workspace);
    notifying.is_at(2).await;
    let channel = workspace.channel();
    assert_eq!(channel[1]["thread_ts"], channel[0]["ts"]);
    notifying.stop().await;
}

#[tokio::test]
async fn failed_runs_are_not_told_where_there_is_no_channel_for_them() {
    let (dir, workspace) = (folder(), Workspace::answering(&[]).await);
    let log = open(dir.path());
    append_alert(&log, &run_failed("KeyError: 'price'")).await;
    append_alert(&log, &missed(Cause::Suspended, None)).await;
    let notifying = start(&log, &workspace);
    notifying.is_at(2).await;
    notifying.stop().await;
    assert_eq!(workspace.asked().len(), 1);
}

#[tokio::test]
async fn what_slack_does_not_take_is_sent_again_and_nothing_overtakes_it() {
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
    let notifying = start(&log, &workspace);
    notifying.is_at(2).await;
    notifying.stop().await;
    assert_eq!(ids(&workspace.channel()), alerts.each_ref().map(|alert| alert.id.to_string()));
    assert_eq!(workspace.asked().len(), refusals.len() + alerts.len());
}

#[tokio::test]
async fn a_message_that_was_taken_without_an_answer_does_not_come_twice() {
    let (dir, workspace) = (folder(), Workspace::answering(&[Answer::TakenAndBroken]).await);
    let log = open(dir.path());
    append_alert(&log, &missed(Cause::Suspended, None)).await;
    let notifying = start(&log, &workspace);
    notifying.is_at(1).await;
    notifying.stop().await;
    assert_eq!(workspace.channel().len(), 1);
}

#[tokio::test]
async fn a_crash_between_slack_and_the_position_does_not_send_twice() {
    let (dir, workspace) = (folder(), Workspace::answering(&[Answer::Held]).await);
    let log = open(dir.path());
    let alerts = ["a", "b"].map(|batch| of_batch(&missed(Cause::Suspended, None), batch));
    for alert in &alerts {
        append_alert(&log, alert).await;
    }
    let notifying = start(&log, &workspace);
    workspace.is_asked(1).await;
    notifying.kill().await;
    assert_eq!(position(&log), None);

    let notifying = start(&log, &workspace);
    notifying.is_at(2).await;
    notifying.stop().await;
    assert_eq!(ids(&workspace.channel()), alerts.each_ref().map(|alert| alert.id.to_string()));
    assert_eq!(workspace.looked_up(), 2, "once at each start, and not for each message");
}

#[tokio::test]
async fn a_shutdown_lets_the_message_on_its_way_arrive() {
    let (dir, workspace) = (folder(), Workspace::answering(&[Answer::Held]).await);
    let log = open(dir.path());
    append_alert(&log, &missed(Cause::Suspended, None)).await;
    let notifying = start(&log, &workspace);
    workspace.is_asked(1).await;
    notifying.stop.send(()).expect("the role runs");
    workspace.release();
    notifying.role.await.expect("the role ends");
    assert_eq!(position(&log), Some(Offset(1)));
}

#[tokio::test]
async fn a_shutdown_does_not_wait_for_a_slack_that_refuses() {
    let refusals = [Answer::TooMany(600); 8];
    let (dir, workspace) = (folder(), Workspace::answering(&refusals).await);
    let log = open(dir.path());
    append_alert(&log, &missed(Cause::Suspended, None)).await;
    let notifying = start(&log, &workspace);
    workspace.is_asked(1).await;
    notifying.stop().await;
    assert_eq!(position(&log), None, "it is sent after the next start");
}

#[tokio::test]
async fn what_is_no_alert_goes_to_the_rejects_and_the_next_is_sent() {
    let (dir, workspace) = (folder(), Workspace::answering(&[]).await);
    let log = open(dir.path());
    append(&log, b"no alert".to_vec()).await;
    append_alert(&log, &missed(Cause::Suspended, None)).await;
    let notifying = start(&log, &workspace);
    notifying.is_at(2).await;
    notifying.stop().await;
    assert_eq!(workspace.channel().len(), 1);

    let rejects = log.read(Topic::Rejects, PARTITION, Offset(0), 10, 1 << 20).expect("the log is readable");
    let reject = kigen_wire::decode_reject(rejects[0].value.as_deref().expect("a value")).expect("a reject");
    assert_eq!(
        (reject.source.as_str(), reject.place, &reject.bytes[..]),
        ("kigen.alerts", Some((0, 0)), &b"no alert"[..])
    );
    assert!(reject.reason.contains("not with the marker c3 01"), "{}", reject.reason);
}

/// Commits that are refused, and a log that cannot be read or does not tell where the group stands, again and again.
#[tokio::test(start_paused = true)]
async fn whatever_fails_meanwhile_each_alert_is_told_and_in_order() {
    for seed in 0..200 {
        let faults = Faults {
            aborted_per_mille: 200,
            unanswered_per_mille: 100,
            unreadable_per_mille: 300,
            ..Faults::default()
        };
        let log = SimulatedLog::new(Settings { partitions: 3, ..Settings::default() }, faults, seed);
        let (sender, mut told) = mpsc::channel(64);
        let (stop, stopped) = oneshot::channel::<()>();
        let of_role = log.clone();
        let role = tokio::spawn(async move {
            let stopped = async move { stopped.await.unwrap_or_default() };
            run(of_role, Delivery::channel(sender), stopped).await.expect("the role ends well");
        });
        let mut expected = vec![Vec::new(); 3];
        for nth in 0..30 {
            let partition = Partition(nth % 3);
            let alert = of_batch(&missed(Cause::Suspended, None), &format!("batch-{nth}"));
            let timestamp = "2026-11-20T03:30:30Z".parse().expect("an instant");
            let (key, value) = (format!("prod/ml/batch-{nth}"), Some(kigen_wire::encode_alert(&alert)));
            let record = NewRecord { topic: Topic::Alerts, partition, key, value, timestamp };
            log.append(vec![record]).await.expect("the log takes it");
            expected[partition.0 as usize].push(alert.id);
        }
        let mut found = vec![Vec::new(); 3];
        while found != expected {
            let (alert, _) = tokio::time::timeout(Duration::from_secs(3_600), told.recv())
                .await
                .unwrap_or_else(|_| panic!("seed {seed}: {found:?} is told of {expected:?}"))
                .expect("the role runs");
            let of = expected.iter().position(|ids| ids.contains(&alert.id)).expect("an alert of these");
            // A message whose note was lost comes again.
            if found[of].last() != Some(&alert.id) {
                found[of].push(alert.id);
            }
        }
        stop.send(()).expect("the role runs");
        role.await.expect("the role ends");
    }
}
