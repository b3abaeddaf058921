//! An Alertmanager: an alert fires while it is sent again, and resolves when the incident is over. The fake enforces the API v2, and
//! `make deploy-check` has the real one.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::http::Method;
use chrono::{DateTime, TimeDelta, Utc};
use kigen_model::Instant;
use kigen_model::alert::Alert;
use kigen_model::risk::Risk;
use kigen_notifier::receiver::Receiver;
use kigen_notifier::receiver::alertmanager::Alertmanager;
use kigen_ops::Secret;
use serde_json::Value as Json;

use crate::alerts::{at, at_risk, of_batch, recovered};
use crate::chaos::Random;
use crate::delivery::{append_alert, folder, open};
use crate::endpoint::{Fault, Received, Service};
use crate::incidents::miss;
use crate::queues::{failure_of, miss_of};
use crate::webhook::{json, start_alone};

/// `postAlerts` of the API v2, and the checks of an alert: labels with a name each, and no end before its start.
fn api(received: &Received) -> (u16, String) {
    if received.method != Method::POST || received.uri != "/alertmanager/api/v2/alerts" {
        return (404, String::new());
    }
    let alerts = serde_json::from_str::<Json>(&received.body).ok();
    let Some(alerts) = alerts.as_ref().and_then(Json::as_array) else { return (400, "no alerts".to_owned()) };
    let is_name = |name: &str| {
        !name.starts_with(|c: char| c.is_ascii_digit())
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
            && !name.is_empty()
    };
    let is_set = |set: &Json| {
        set.as_object().is_some_and(|set| {
            set.iter()
                .all(|(name, value)| is_name(name) && value.as_str().is_some_and(|text| !text.is_empty()))
        })
    };
    for alert in alerts {
        let is_named = alert["labels"]["alertname"].is_string();
        if !is_set(&alert["labels"]) || !is_named || !is_set(&alert["annotations"]) {
            return (400, format!("\"{alert}\" has labels or annotations that are none"));
        }
        match (time(&alert["startsAt"]), time(&alert["endsAt"])) {
            (Some(starts_at), Some(ends_at)) if starts_at <= ends_at => {}
            _ => return (400, "\"start time must be before end time\"".to_owned()),
        }
    }
    (200, String::new())
}

fn time(text: &Json) -> Option<Instant> {
    text.as_str().and_then(|text| DateTime::parse_from_rfc3339(text).ok()).map(|at| at.to_utc())
}

/// Of each set of labels whether it fires at that time, by what was accepted last.
fn firing(accepted: &[Received], at: Instant) -> BTreeMap<String, bool> {
    let mut firing = BTreeMap::new();
    for received in accepted {
        for alert in json(received).as_array().expect("alerts") {
            let ends_at = time(&alert["endsAt"]).expect("a time");
            firing.insert(alert["labels"].to_string(), ends_at > at);
        }
    }
    firing
}

fn receiver(service: &Service, every: Duration) -> Arc<dyn Receiver> {
    let url = Secret::Text(format!("{}/alertmanager/", service.url));
    Arc::new(Alertmanager::new("alertmanager:ops", url).repeating_after(every))
}

async fn deliver(service: &Service, alerts: &[Alert]) {
    let dir = folder();
    let log = open(dir.path());
    for alert in alerts {
        append_alert(&log, alert).await;
    }
    let notifier = start_alone(&log, receiver(service, Duration::from_secs(60)));
    notifier.has_committed(u64::try_from(alerts.len()).expect("few")).await;
    notifier.stop().await;
}

#[tokio::test]
async fn a_miss_fires_under_labels_that_further_misses_and_the_recovery_have_too() {
    let service = Service::start(api, &[]).await;
    let recovery = recovered("2026-11-21T04:00:00Z", "2026-11-21T04:42:10Z", 2);
    let recovery = Alert { decided_at: at("2026-11-21T04:42:20Z"), ..recovery };
    deliver(&service, &[miss(1), miss(2), recovery.clone()]).await;
    let sent: Vec<Json> = service.accepted().iter().map(|received| json(received)[0].clone()).collect();
    assert_eq!(sent.len(), 3);
    assert!(sent.iter().all(|alert| alert["labels"] == sent[0]["labels"]), "{sent:#?}");
    let labels = &sent[0]["labels"];
    assert_eq!(
        (&labels["alertname"], &labels["namespace"], &labels["batch"], &labels["severity"], &labels["owner"]),
        (
            &"KigenDeadlineMissed".into(),
            &"ml".into(),
            &"recommend".into(),
            &"fatal".into(),
            &"recommend-team".into()
        )
    );
    let (first, last) = (time(&sent[0]["endsAt"]), time(&sent[2]["endsAt"]));
    let in_a_while = Utc::now() + TimeDelta::minutes(10);
    assert!(first.is_some_and(|at| at > in_a_while), "it fires for longer than a restart takes: {first:?}");
    assert_eq!(last, Some(recovery.decided_at));
}

#[tokio::test]
async fn a_warning_that_comes_true_resolves_in_the_request_with_the_miss() {
    let expected_at = at("2026-11-20T03:00:00Z");
    let warning = at_risk(Risk::NotStarted { expected_at, needs: None, of_runs: 0, start_by: None }, None);
    let service = Service::start(api, &[]).await;
    deliver(&service, &[warning, miss(1)]).await;
    let accepted = service.accepted();
    assert_eq!((accepted.len(), json(&accepted[1]).as_array().map(Vec::len)), (2, Some(2)));
    let firing = firing(&accepted, Utc::now());
    let names: Vec<(bool, bool)> =
        firing.iter().map(|(labels, fires)| (labels.contains("AtRisk"), *fires)).collect();
    assert!(names.contains(&(true, false)) && names.contains(&(false, true)), "{firing:?}");
}

/// Also after a restart, and though a round of it fails; not once it is over.
#[tokio::test]
async fn what_lasts_is_sent_again_until_it_is_over() {
    let (dir, service) = (folder(), Service::start(api, &[]).await);
    let log = open(dir.path());
    let often = Duration::from_millis(30);
    append_alert(&log, &miss(1)).await;
    append_alert(&log, &failure_of("other")).await;
    let notifier = start_alone(&log, receiver(&service, often));
    notifier.has_committed(2).await;
    let of_misses = |accepted: &[Received]| {
        accepted.iter().filter(|received| received.body.contains("KigenDeadlineMissed")).count()
    };
    service.has(|accepted| of_misses(accepted) >= 3).await;
    service.then(&[Fault::Before(500)]);
    service.has(|accepted| of_misses(accepted) >= 5).await;
    notifier.stop().await;
    let before = of_misses(&service.accepted());
    let notifier = start_alone(&log, receiver(&service, often));
    service.has(|accepted| of_misses(accepted) > before).await;
    let ends: Vec<Option<Instant>> =
        service.accepted().iter().map(|received| time(&json(received)[0]["endsAt"])).collect();
    assert!(ends.iter().all(|at| at.is_some_and(|at| at > Utc::now())), "it fires from one to the next");
    append_alert(&log, &recovered("2026-11-20T03:00:00Z", "2026-11-20T03:42:10Z", 1)).await;
    notifier.has_committed(3).await;
    let after = service.accepted().len();
    tokio::time::sleep(often * 5).await;
    // A round that had begun before may end after.
    assert!(service.accepted().len() <= after + 1);
    notifier.stop().await;
    let of_failure = service.accepted().iter().filter(|it| it.body.contains("KigenRunFailed")).count();
    assert_eq!(of_failure, 1, "what has no end is sent once");
}

/// Faults before and after a request was accepted, and notifiers that are killed.
#[tokio::test]
async fn under_faults_and_kills_each_incident_fires_as_long_as_it_lasts() {
    for seed in 0..4 {
        let (dir, service) = (folder(), Service::start(api, &[]).await);
        service.fail(100, seed);
        let (log, mut random) = (open(dir.path()), Random::new(seed));
        let (mut appended, mut lasting) = (0, 0);
        for batch in 0..20 {
            let batch = format!("b{batch}");
            let recovery = recovered("2026-11-20T03:00:00Z", "2026-11-20T03:42:10Z", 1);
            let is_over = random.below(2) == 0;
            lasting += usize::from(!is_over);
            let alerts = [Some(miss_of(&batch)), is_over.then(|| of_batch(&recovery, &batch))];
            for alert in alerts.iter().flatten() {
                append_alert(&log, alert).await;
                appended += 1;
            }
        }
        let start = || start_alone(&log, receiver(&service, Duration::from_millis(25)));
        for _ in 0..6 {
            let notifier = start();
            tokio::time::sleep(Duration::from_millis(random.below(40))).await;
            notifier.kill().await;
        }
        let notifier = start();
        notifier.has_committed(appended).await;
        notifier.stop().await;
        let firing = firing(&service.accepted(), Utc::now());
        assert_eq!(firing.len(), 20, "seed {seed}: nothing is lost, and nothing is there twice");
        assert_eq!(firing.values().filter(|fires| **fires).count(), lasting, "seed {seed}");
    }
}

/// A real one, which `make deploy-check` builds.
#[tokio::test]
#[ignore = "needs KIGEN_DEPLOY_TOOLS: make deploy-check"]
async fn a_real_alertmanager_shows_the_miss_while_it_lasts_and_not_after_the_recovery() {
    let tools = std::env::var("KIGEN_DEPLOY_TOOLS").expect("the folder of the tools");
    let dir = folder();
    let config = dir.path().join("alertmanager.yml");
    std::fs::write(&config, "route: {receiver: none}\nreceivers: [{name: none}]\n").expect("a file");
    let port =
        std::net::TcpListener::bind("127.0.0.1:0").and_then(|it| it.local_addr()).expect("a port").port();
    let mut process = std::process::Command::new(format!("{tools}/alertmanager"))
        .arg(format!("--config.file={}", config.display()))
        .arg(format!("--storage.path={}", dir.path().join("data").display()))
        .arg(format!("--web.listen-address=127.0.0.1:{port}"))
        .arg("--web.route-prefix=/alertmanager")
        .arg("--cluster.listen-address=")
        .stderr(std::process::Stdio::null())
        .spawn()
        .expect("the Alertmanager starts");
    let base = format!("http://127.0.0.1:{port}/alertmanager");
    let shown = || {
        let agent =
            kigen_ops::http_client(kigen_ops::trust_none(), Duration::from_secs(5)).build().new_agent();
        let answer = agent.get(format!("{base}/api/v2/alerts?active=true")).call();
        let text = answer.and_then(|mut answer| answer.body_mut().read_to_string());
        text.ok().and_then(|text| serde_json::from_str::<Vec<Json>>(&text).ok())
    };
    let until = |wanted: usize| {
        let shown = &shown;
        async move {
            for _ in 0..600 {
                if let Some(alerts) = shown().filter(|alerts| alerts.len() == wanted) {
                    return alerts;
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            panic!("{wanted} alerts, not {:?}", shown())
        }
    };
    until(0).await;
    let log = open(&dir.path().join("log"));
    append_alert(&log, &miss(1)).await;
    let url = Secret::Text(base.clone());
    let receiver = Alertmanager::new("alertmanager:ops", url).repeating_after(Duration::from_millis(100));
    let notifier = start_alone(&log, Arc::new(receiver));
    notifier.has_committed(1).await;
    let alerts = until(1).await;
    assert_eq!(alerts[0]["labels"]["alertname"], "KigenDeadlineMissed");
    assert_eq!(alerts[0]["status"]["state"], "active");
    let fingerprint = alerts[0]["fingerprint"].clone();
    append_alert(&log, &miss(2)).await;
    notifier.has_committed(2).await;
    let alerts = until(1).await;
    assert_eq!(alerts[0]["fingerprint"], fingerprint, "a further miss is the same alert");
    let recovery = recovered("2026-11-21T04:00:00Z", "2026-11-21T04:42:10Z", 2);
    append_alert(&log, &Alert { decided_at: at("2026-11-21T04:42:20Z"), ..recovery }).await;
    notifier.has_committed(3).await;
    until(0).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    until(0).await;
    notifier.stop().await;
    process.kill().expect("it runs");
    process.wait().expect("it ends");
}
