//! PagerDuty: an incident of kigen is one of its incidents, whatever fails, and its end resolves it. The fake enforces the Events
//! API v2.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::http::Method;
use chrono::DateTime;
use kigen_model::alert::Alert;
use kigen_notifier::receiver::Receiver;
use kigen_notifier::receiver::pagerduty::PagerDuty;
use kigen_ops::Secret;
use serde_json::{Value as Json, json};

use crate::alerts::{at, at_risk, attempt, failed, missed, of_batch, recovered, summary};
use crate::chaos::Random;
use crate::delivery::{append_alert, folder, open, undelivered};
use crate::endpoint::{Fault, Received, Service};
use crate::incidents::miss;
use crate::queues::{failure_of, miss_of};
use crate::webhook::{json, start_alone};
use kigen_model::risk::Risk;

const KEY: &str = "0123456789abcdef0123456789abcdef";

/// "Send an alert event" and "Response codes" of the Events API v2.
pub(crate) fn events_api(received: &Received) -> (u16, String) {
    let invalid = |why: &str| (400, json!({ "status": "invalid event", "errors": [why] }).to_string());
    if received.method != Method::POST || received.uri != "/v2/enqueue" {
        return (404, String::new());
    }
    let Ok(event) = serde_json::from_str::<Json>(&received.body) else { return invalid("no JSON") };
    if event["routing_key"] != KEY {
        return invalid("'routing_key' is not a valid integration key");
    }
    let key_length = event["dedup_key"].as_str().map_or(0, str::len);
    if !(1..=255).contains(&key_length) {
        return invalid("'dedup_key' has 1 to 255 characters");
    }
    match event["event_action"].as_str() {
        Some("resolve" | "acknowledge") => {}
        Some("trigger") => {
            let payload = &event["payload"];
            let length = payload["summary"].as_str().map_or(0, |text| text.chars().count());
            if !(1..=1024).contains(&length) || payload["source"].as_str().is_none_or(str::is_empty) {
                return invalid("'summary' and 'source' are required");
            }
            if !matches!(payload["severity"].as_str(), Some("critical" | "error" | "warning" | "info")) {
                return invalid("'severity' is one of four");
            }
            if payload["timestamp"].as_str().is_none_or(|text| DateTime::parse_from_rfc3339(text).is_err()) {
                return invalid("'timestamp' is ISO 8601");
            }
            let links = event["links"].as_array().map(Vec::as_slice).unwrap_or_default();
            if links.iter().any(|link| link["href"].as_str().is_none_or(|href| !href.starts_with("http"))) {
                return invalid("'href' is a URL");
            }
        }
        _ => return invalid("'event_action' is one of three"),
    }
    if received.body.len() > 512 * 1024 {
        return (413, String::new());
    }
    (202, json!({ "status": "success", "dedup_key": event["dedup_key"] }).to_string())
}

/// An incident of PagerDuty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Incident {
    triggers: usize,
    is_open: bool,
}

/// The incidents that PagerDuty makes of events: of each `dedup_key`, the oldest first. A trigger of an open one belongs to that.
fn incidents(accepted: &[Received]) -> BTreeMap<String, Vec<Incident>> {
    let mut incidents: BTreeMap<String, Vec<Incident>> = BTreeMap::new();
    for event in accepted.iter().map(json) {
        let of_key = incidents.entry(event["dedup_key"].as_str().expect("a key").to_owned()).or_default();
        let open = of_key.last_mut().filter(|incident| incident.is_open);
        match (event["event_action"].as_str(), open) {
            (Some("trigger"), Some(open)) => open.triggers += 1,
            (Some("trigger"), None) => of_key.push(Incident { triggers: 1, is_open: true }),
            (Some("resolve"), Some(open)) => open.is_open = false,
            _ => {}
        }
    }
    incidents
}

fn receiver(service: &Service) -> Arc<dyn Receiver> {
    Arc::new(PagerDuty::new("pagerduty:ops", Secret::Text(KEY.to_owned()), Some(&service.url)))
}

async fn deliver(service: &Service, alerts: &[Alert]) {
    let dir = folder();
    let log = open(dir.path());
    for alert in alerts {
        append_alert(&log, alert).await;
    }
    let notifier = start_alone(&log, receiver(service));
    notifier.has_committed(u64::try_from(alerts.len()).expect("few")).await;
    notifier.stop().await;
}

#[tokio::test]
async fn a_miss_triggers_an_incident_that_further_misses_join_and_the_recovery_resolves() {
    let service = Service::start(events_api, &[]).await;
    let run = Some(summary(Some(attempt())));
    let first = missed(failed("KeyError: 'price'"), run);
    let recovery = recovered("2026-11-20T03:00:00Z", "2026-11-20T03:42:10Z", 2);
    deliver(&service, &[first, miss(2), recovery]).await;
    let events: Vec<Json> = service.accepted().iter().map(json).collect();
    let actions: Vec<&str> = events.iter().filter_map(|event| event["event_action"].as_str()).collect();
    assert_eq!(actions, ["trigger", "trigger", "resolve"]);
    assert!(events.iter().all(|event| event["dedup_key"] == events[0]["dedup_key"]));
    let payload = &events[0]["payload"];
    assert_eq!(
        (&payload["severity"], &payload["class"], &payload["group"], &payload["component"]),
        (&"critical".into(), &"slot_missed".into(), &"ml".into(), &"recommend".into())
    );
    let summary = payload["summary"].as_str().expect("a summary");
    assert!(summary.starts_with("Missed: ml/recommend has no good result for 12:30: "), "{summary}");
    assert_eq!(events[0]["links"][0]["href"], "https://wiki.example.com/recommend?a=1&b=2");
    assert!(!format!("{:?}", receiver(&service)).contains(KEY));
}

#[tokio::test]
async fn a_warning_that_comes_true_is_resolved_and_the_miss_is_an_incident() {
    let expected_at = at("2026-11-20T03:00:00Z");
    let warning = at_risk(Risk::NotStarted { expected_at, needs: None, of_runs: 0, start_by: None }, None);
    let service = Service::start(events_api, &[]).await;
    deliver(&service, &[warning, miss(1)]).await;
    let incidents = incidents(&service.accepted());
    assert_eq!(incidents.len(), 2);
    let open: Vec<bool> = incidents.values().map(|of_key| of_key[0].is_open).collect();
    assert_eq!(open.iter().filter(|is_open| **is_open).count(), 1, "{incidents:?}");
    let last = json(service.accepted().last().expect("an event"));
    assert_eq!(last["event_action"], "resolve", "the miss is there before the warning is over");
}

#[tokio::test]
async fn an_event_that_pagerduty_does_not_understand_is_given_up_at_once_and_the_next_one_is_not_held_back() {
    let (dir, service) = (folder(), Service::start(events_api, &[Fault::Before(400)]).await);
    let log = open(dir.path());
    for alert in [miss_of("a"), miss_of("b")] {
        append_alert(&log, &alert).await;
    }
    let notifier = start_alone(&log, receiver(&service));
    notifier.has_committed(2).await;
    notifier.stop().await;
    let failed = undelivered(&log).failed;
    assert_eq!((failed.len(), service.accepted().len()), (1, 1));
    assert!(failed[0].reason.contains("pagerduty:ops refuses what the alert contains"), "{failed:?}");
}

/// Faults before and after an event was accepted, and notifiers that are killed.
#[tokio::test]
async fn under_faults_and_kills_each_incident_is_one_of_pagerdutys_in_its_true_state() {
    for seed in 0..4 {
        let (dir, service) = (folder(), Service::start(events_api, &[]).await);
        service.fail(100, seed);
        let (log, mut random) = (open(dir.path()), Random::new(seed));
        let (mut appended, mut expected_open) = (0, 0);
        for batch in 0..20 {
            let batch = format!("b{batch}");
            let recovery = recovered("2026-11-20T03:00:00Z", "2026-11-20T03:42:10Z", 1);
            let mut alerts = vec![miss_of(&batch), failure_of(&batch)];
            let is_over = random.below(2) == 0;
            alerts.extend(is_over.then(|| of_batch(&recovery, &batch)));
            // The failed run stays open, since no other alert ends it.
            expected_open += if is_over { 1 } else { 2 };
            for alert in &alerts {
                append_alert(&log, alert).await;
                appended += 1;
            }
        }
        for _ in 0..6 {
            let notifier = start_alone(&log, receiver(&service));
            tokio::time::sleep(std::time::Duration::from_millis(random.below(40))).await;
            notifier.kill().await;
        }
        let notifier = start_alone(&log, receiver(&service));
        notifier.has_committed(appended).await;
        notifier.stop().await;
        let incidents = incidents(&service.accepted());
        assert_eq!(incidents.len(), 40, "seed {seed}: nothing is lost");
        assert!(incidents.values().all(|of_key| of_key.len() == 1), "seed {seed}: nothing pages twice");
        let open = incidents.values().filter(|of_key| of_key[0].is_open).count();
        assert_eq!(open, expected_open, "seed {seed}");
    }
}
