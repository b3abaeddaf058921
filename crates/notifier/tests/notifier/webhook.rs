//! A webhook: signed as Standard Webhooks wants it, checked by that project's own library; each alert is there under one id
//! whatever fails, and a receiver that is gone is disabled.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use chrono::{TimeDelta, Utc};
use expect_test::expect;
use kigen_log::{EmbeddedLog, Log};
use kigen_model::alert::Alert;
use kigen_notifier::delivery::Delivery;
use kigen_notifier::dispatch::{Receivers, by_address};
use kigen_notifier::language::Language;
use kigen_notifier::receiver::Receiver;
use kigen_notifier::receiver::webhook::{WEBHOOK, Webhook};
use kigen_notifier::routing::kind::Kind;
use kigen_notifier::routing::{Channels, Endpoint, Routes, address};
use kigen_notifier::slack::client::Slack;
use kigen_notifier::undelivered::retry;
use kigen_ops::Secret;
use serde_json::Value as Json;

use crate::alerts::{attempt, failed, missed, recovered, summary};
use crate::chaos::Random;
use crate::delivery::{PATIENCE, RunningNotifier, append_alert, folder, now, open, start_role, undelivered};
use crate::endpoint::{Fault, Received, Service};
use crate::queues::{failure_of, miss_of};
use crate::slack::{Answer, Workspace};

const FIRST: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const SECOND: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";

/// A receiver with the key of `FIRST`: it accepts what the library of Standard Webhooks accepts.
fn by_first(received: &Received) -> (u16, String) {
    verified(received, FIRST)
}

fn by_second(received: &Received) -> (u16, String) {
    verified(received, SECOND)
}

fn verified(received: &Received, secret: &str) -> (u16, String) {
    let webhook = standardwebhooks::Webhook::new(secret).expect("a secret");
    match webhook.verify(received.body.as_bytes(), &received.headers) {
        Ok(()) => (204, String::new()),
        Err(error) => (401, error.to_string()),
    }
}

fn named(receiver: Arc<dyn Receiver>) -> Receivers {
    by_address([("ops".to_owned(), receiver)])
}

fn routes(slack: Option<Channels>, kind: &str) -> Routes {
    let (language, quiet) = Default::default();
    let endpoint = Endpoint { address: address(kind, "ops"), kinds: Kind::ALL.to_vec(), language, quiet };
    Routes { rules: Vec::new(), default: slack, endpoints: vec![endpoint], language: Language::ENGLISH }
}

fn webhook(service: &Service, secrets: &[Secret]) -> Arc<dyn Receiver> {
    let url = Secret::Text(format!("{}/hooks/kigen?token=c0ffee", service.url));
    Arc::new(Webhook::new("webhook:ops", url, secrets.to_vec()))
}

fn start(log: &EmbeddedLog, service: &Service) -> RunningNotifier {
    start_alone(log, webhook(service, &[text(FIRST)]))
}

/// Without Slack: all alerts are for this receiver.
pub(crate) fn start_alone(log: &EmbeddedLog, receiver: Arc<dyn Receiver>) -> RunningNotifier {
    let routes = routes(None, receiver.kind());
    start_role(log, Delivery::receivers(None, named(receiver), routes, PATIENCE), now)
}

fn text(secret: &str) -> Secret {
    Secret::Text(secret.to_owned())
}

pub(crate) fn json(received: &Received) -> Json {
    serde_json::from_str(&received.body).expect("JSON")
}

fn id(received: &Received) -> String {
    received.headers["webhook-id"].to_str().expect("a text").to_owned()
}

#[tokio::test]
async fn a_miss_and_its_recovery_are_signed_requests_about_one_incident() {
    let (dir, service) = (folder(), Service::start(by_first, &[]).await);
    let log = open(dir.path());
    let run = Some(summary(Some(attempt())));
    let alerts = [
        missed(failed("KeyError: 'price' password=hunter2"), run),
        recovered("2026-11-20T03:00:00Z", "2026-11-20T03:42:10Z", 1),
    ];
    for alert in &alerts {
        append_alert(&log, alert).await;
    }
    let notifier = start(&log, &service);
    notifier.has_committed(2).await;
    notifier.stop().await;
    let accepted = service.accepted();
    assert_eq!(accepted.iter().map(id).collect::<Vec<_>>(), alerts.each_ref().map(|it| it.id.to_string()));
    assert_eq!(accepted[0].uri, "/hooks/kigen?token=c0ffee");
    let (miss, recovery) = (json(&accepted[0]), json(&accepted[1]));
    assert_eq!((&miss["data"]["state"], &recovery["data"]["state"]), (&"open".into(), &"over".into()));
    assert_eq!(miss["data"]["incident"], recovery["data"]["incident"]);
    assert!(!accepted[0].body.contains("hunter2"), "{}", accepted[0].body);
    let mut shown = miss;
    shown["data"]["context"] = shown["data"]["context"].as_str().expect("a text").split(" · ").next().into();
    shown["data"]["text"] = Json::Null;
    expect![[r#"
        {
          "data": {
            "batch": "recommend",
            "cluster": "prod",
            "commands": {
              "Look": "kubectl --context prod -n ml logs job/recommend-29380500",
              "Repeat": "kubectl --context prod -n ml create job --from=cronjob/recommend recommend-again-1120-1230"
            },
            "context": "deadline Fri 20 Nov 12:30 Asia/Tokyo",
            "deadline": "2026-11-20T03:30:00+00:00",
            "decided_at": "2026-11-20T03:30:30+00:00",
            "error": "KeyError: 'price' password=[hidden]",
            "id": "2547ecf5-e7e0-57ea-bffe-53e656140c4f",
            "incident": "00000000-0000-0000-0000-000000000007",
            "kind": "slot_missed",
            "labels": {
              "team": "ml",
              "tier": "gold"
            },
            "language": "en",
            "namespace": "ml",
            "objective": "complete-by",
            "owner": "recommend-team",
            "replaces": null,
            "runbook": "https://wiki.example.com/recommend?a=1&b=2",
            "severity": "fatal",
            "state": "open",
            "text": null,
            "title": "Missed: ml/recommend has no good result for 12:30",
            "to_do": "To do: repair what its error or its log shows, and repeat the run."
          },
          "timestamp": "2026-11-20T03:30:30+00:00",
          "type": "kigen.slot_missed"
        }"#]]
    .assert_eq(&format!("{shown:#}"));
}

/// The receiver has one of the two, and changes to the other one at any time.
#[tokio::test]
async fn while_a_secret_is_replaced_each_request_is_signed_by_both_and_a_file_is_read_anew() {
    let dir = folder();
    let path: PathBuf = dir.path().join("secret");
    std::fs::write(&path, format!("{FIRST}\n")).expect("a file");
    let secrets = [Secret::File(path.clone()), text(SECOND)];
    for rules in [by_first as fn(&Received) -> (u16, String), by_second] {
        let (log_dir, service) = (folder(), Service::start(rules, &[]).await);
        let log = open(log_dir.path());
        append_alert(&log, &miss_of("a")).await;
        let receiver = webhook(&service, &secrets);
        assert!(!format!("{receiver:?}").contains("c0ffee") && !format!("{receiver:?}").contains("whsec_"));
        let notifier = start_alone(&log, receiver);
        notifier.has_committed(1).await;
        notifier.stop().await;
        assert_eq!(service.received().len(), 1);
    }
    // A new one in the file, without a restart.
    let (log_dir, service) = (folder(), Service::start(by_second, &[]).await);
    let log = open(log_dir.path());
    append_alert(&log, &miss_of("a")).await;
    let notifier = start_alone(&log, webhook(&service, &secrets[..1]));
    while service.received().is_empty() {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    assert!(service.accepted().is_empty());
    std::fs::write(&path, format!("{SECOND}\n")).expect("a file");
    notifier.has_committed(1).await;
    notifier.stop().await;
    assert_eq!(service.accepted().len(), 1);
}

#[tokio::test]
async fn an_alert_whose_outcome_is_unknown_is_sent_again_under_the_same_id() {
    let (dir, service) = (folder(), Service::start(by_first, &[Fault::After, Fault::Before(503)]).await);
    let log = open(dir.path());
    for alert in [miss_of("a"), miss_of("b")] {
        append_alert(&log, &alert).await;
    }
    let notifier = start(&log, &service);
    notifier.has_committed(2).await;
    notifier.stop().await;
    let ids: Vec<String> = service.accepted().iter().map(id).collect();
    let of = |batch: &str| miss_of(batch).id.to_string();
    assert_eq!(ids, [of("a"), of("a"), of("b")]);
}

#[tokio::test]
async fn a_receiver_that_is_gone_is_disabled_and_an_operator_has_what_failed_sent_again() {
    let (dir, service) = (folder(), Service::start(by_first, &[Fault::Before(410)]).await);
    let log = open(dir.path());
    for alert in [miss_of("a"), miss_of("b")] {
        append_alert(&log, &alert).await;
    }
    let notifier = start(&log, &service);
    notifier.has_read(2).await;
    assert_eq!(service.received().len(), 1, "nothing more is sent to it");
    let failed = undelivered(&log).failed;
    assert_eq!(failed.len(), 2);
    assert!(failed.iter().all(|it| it.reason.contains("webhook:ops is disabled")), "{failed:?}");
    assert!(failed.iter().all(|it| it.receiver == "webhook" && !it.reason.contains("c0ffee")), "{failed:?}");
    log.append(retry(1, "ann@laptop", Utc::now() + TimeDelta::hours(1))).await.expect("the log takes it");
    service.has(|accepted| accepted.len() == 2).await;
    append_alert(&log, &miss_of("c")).await;
    notifier.has_committed(3).await;
    notifier.stop().await;
    assert_eq!(service.accepted().len(), 3, "it is enabled again");
}

#[tokio::test]
async fn a_receiver_that_accepts_nothing_delays_neither_slack_nor_is_it_delayed_by_slack() {
    let (dir, service) = (folder(), Service::start(by_first, &[Fault::TooMany(600)]).await);
    let workspace = Workspace::answering(&[]).await;
    let log = open(dir.path());
    let channels = Channels { fatal: "C1".to_owned(), error: None, warning: None };
    let start = || {
        let routes = routes(Some(channels.clone()), WEBHOOK);
        let slack = Slack::new("xoxb-1".to_owned(), routes.clone(), Some(&workspace.url)).expect("a client");
        let receivers = named(webhook(&service, &[text(FIRST)]));
        start_role(&log, Delivery::receivers(Some(slack), receivers, routes, PATIENCE), now)
    };
    for alert in [miss_of("a"), miss_of("b")] {
        append_alert(&log, &alert).await;
    }
    let notifier = start();
    workspace.has_posted("C1", 2).await;
    notifier.has_read(2).await;
    notifier.stop().await;
    assert_eq!((service.accepted().len(), undelivered(&log).waiting.len()), (0, 2));
    workspace.answer_in("C1", Some(Answer::TooMany(600)));
    append_alert(&log, &miss_of("c")).await;
    let notifier = start();
    service.has(|accepted| accepted.len() == 3).await;
    notifier.has_read(3).await;
    notifier.stop().await;
    let waiting = undelivered(&log).waiting;
    assert_eq!(waiting.iter().map(|it| &*it.receiver).collect::<Vec<_>>(), ["slack"]);
    assert_eq!(workspace.messages_in("C1").len(), 2);
}

/// Faults before and after a request was accepted, and notifiers that are killed.
#[tokio::test]
async fn under_faults_and_kills_no_alert_is_lost_and_one_that_comes_again_has_its_id() {
    for seed in 0..4 {
        let (dir, service) = (folder(), Service::start(by_first, &[]).await);
        service.fail(100, seed);
        let (log, mut random) = (open(dir.path()), Random::new(seed));
        let mut alerts: Vec<Alert> = Vec::new();
        for batch in 0..20 {
            let batch = format!("b{batch}");
            alerts.push(miss_of(&batch));
            alerts.push(crate::alerts::of_batch(
                &recovered("2026-11-20T03:00:00Z", "2026-11-20T03:42:10Z", 1),
                &batch,
            ));
            alerts.push(failure_of(&batch));
        }
        for alert in &alerts {
            append_alert(&log, alert).await;
        }
        for _ in 0..6 {
            let notifier = start(&log, &service);
            tokio::time::sleep(std::time::Duration::from_millis(random.below(40))).await;
            notifier.kill().await;
        }
        let notifier = start(&log, &service);
        notifier.has_committed(u64::try_from(alerts.len()).expect("few")).await;
        notifier.stop().await;
        let mut first: BTreeMap<String, usize> = BTreeMap::new();
        for (nth, received) in service.accepted().iter().enumerate() {
            first.entry(id(received)).or_insert(nth);
        }
        let place = |alert: &Alert| first.get(&alert.id.to_string()).copied();
        assert!(alerts.iter().all(|alert| place(alert).is_some()), "seed {seed}: an alert is lost");
        assert_eq!(first.len(), alerts.len(), "seed {seed}: what comes again has its id");
        for of_batch in alerts.chunks(3) {
            assert!(place(&of_batch[0]) < place(&of_batch[1]), "seed {seed}: a recovery is before its miss");
        }
    }
}
