//! Prometheus' Alertmanager, by its API v2: an alert fires for as long as it is sent again, and resolves at `endsAt`.
//!
//! An alert is known by its labels, which stay the same while what it is about lasts: one that comes twice is the same alert.

use std::fmt;
use std::time::Duration;

use chrono::{SecondsFormat, TimeDelta};
use kigen_model::Instant;
use kigen_model::alert::{Alert, AlertBody};
use kigen_ops::Secret;
use serde_json::{Map, Value as Json, json};
use uuid::Uuid;

use super::http::HttpClient;
use super::{Notice, Phase, Receiver, ReceiverError};

/// The kind of this receiver.
pub const ALERTMANAGER: &str = "alertmanager";
/// How often what lasts is sent again: as often as Prometheus does.
const REPEATS_AFTER: Duration = Duration::from_secs(60);
/// How long an alert fires after it was sent last, in minutes: longer than a restart of kigen takes.
const FIRES_MINUTES: i64 = 15;
/// How long what has no end fires, in minutes, from when it is sent.
const EVENT_MINUTES: i64 = 60;
/// The status of an alert that the Alertmanager does not understand.
const INVALID: u16 = 400;

/// An Alertmanager.
pub struct Alertmanager {
    address: String,
    client: HttpClient,
    /// With a user and password in it, where it wants them.
    url: Secret,
    repeats_after: Duration,
}

impl Alertmanager {
    /// The receiver of this address in the configuration, at the URL of the Alertmanager.
    #[must_use]
    pub fn new(address: &str, url: Secret) -> Self {
        let client = HttpClient::new(address);
        Self { address: address.to_owned(), client, url, repeats_after: REPEATS_AFTER }
    }

    /// Sends what lasts again after this time.
    #[must_use]
    pub fn repeating_after(self, repeats_after: Duration) -> Self {
        Self { repeats_after, ..self }
    }
}

impl Receiver for Alertmanager {
    fn kind(&self) -> &'static str {
        ALERTMANAGER
    }

    fn send(&self, notice: &Notice) -> Result<String, ReceiverError> {
        let base = self.client.read("URL", &self.url)?;
        let url = format!("{}/api/v2/alerts", base.trim_end_matches('/'));
        let mut alerts = vec![alert(notice)];
        alerts.extend(notice.replaces.iter().map(|(subject, before)| ended(*subject, before, notice)));
        let answer = self.client.post(&url, &[], &Json::Array(alerts).to_string())?;
        match answer.status {
            200..300 => Ok(notice.subject.to_string()),
            INVALID => {
                let (receiver, why) = (self.address.clone(), self.client.shown(&answer));
                Err(ReceiverError::Content { receiver, why })
            }
            _ => {
                Err(self.client.error_of(&answer, "name the URL of the Alertmanager, without /api/v2/alerts"))
            }
        }
    }

    fn repeats_after(&self) -> Option<Duration> {
        Some(self.repeats_after)
    }
}

/// Without the URL, which may have a password.
impl fmt::Debug for Alertmanager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Alertmanager").field("address", &self.address).finish_non_exhaustive()
    }
}

fn alert(notice: &Notice) -> Json {
    let Notice { shown, message, sent_at, .. } = notice;
    let starts_at = shown.decided_at;
    let ends_at = match notice.phase {
        Phase::Lasting => *sent_at + TimeDelta::minutes(FIRES_MINUTES),
        Phase::Event => starts_at.max(*sent_at) + TimeDelta::minutes(EVENT_MINUTES),
        Phase::Over => notice.alert.decided_at,
    };
    let mut annotations = Map::new();
    let mut annotate = |name: &str, value: Option<String>| {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            annotations.insert(name.to_owned(), value.into());
        }
    };
    annotate("summary", Some(notice.title()));
    annotate("description", Some(message.paragraphs.join("\n")));
    annotate("context", Some(message.context.clone()));
    annotate("to_do", message.to_do.clone());
    annotate("error", Some(message.error.join("\n")));
    annotate("runbook_url", shown.objective.as_ref().and_then(|objective| objective.runbook.clone()));
    for (name, command) in notice.commands() {
        annotate(&format!("command_{}", name.to_lowercase()), command.as_str().map(str::to_owned));
    }
    json!({
        "labels": labels(notice.subject, shown),
        "annotations": annotations,
        "startsAt": time(starts_at),
        "endsAt": time(ends_at.max(starts_at)),
    })
}

/// What was warned of, and is a miss now.
fn ended(subject: Uuid, before: &Alert, notice: &Notice) -> Json {
    json!({
        "labels": labels(subject, before),
        "annotations": {},
        "startsAt": time(before.decided_at),
        "endsAt": time(notice.alert.decided_at.max(before.decided_at)),
    })
}

/// Those by which the Alertmanager knows what the alert is about, while it lasts and at its end.
fn labels(subject: Uuid, shown: &Alert) -> Json {
    let name = match &shown.body {
        AlertBody::SlotMissed { .. } | AlertBody::SlotRecovered { .. } | AlertBody::SlotRetracted { .. } => {
            "KigenDeadlineMissed"
        }
        AlertBody::SlotUnknown { .. } | AlertBody::UnknownClosed { .. } => "KigenDeadlineUnknown",
        AlertBody::SlotAtRisk { .. } | AlertBody::RiskOver { .. } => "KigenDeadlineAtRisk",
        AlertBody::ExpectationBroken { .. } => "KigenRunNotAsExpected",
        AlertBody::BudgetSpent { .. } => "KigenBudgetSpent",
        AlertBody::RunFailed { .. } => "KigenRunFailed",
        AlertBody::ClusterSilent { .. } | AlertBody::SilenceOver { .. } => "KigenClusterSilent",
        AlertBody::ClusterStalled(_) | AlertBody::StallOver { .. } => "KigenClusterStalled",
    };
    let mut labels = Map::from_iter([
        ("alertname".to_owned(), name.into()),
        ("cluster".to_owned(), (*shown.key.cluster).into()),
        ("incident".to_owned(), subject.to_string().into()),
    ]);
    if !shown.key.is_of_cluster() {
        labels.insert("namespace".to_owned(), (*shown.key.namespace).into());
        labels.insert("batch".to_owned(), (*shown.key.batch).into());
    }
    if let Some(objective) = &shown.objective {
        labels.insert("objective".to_owned(), (*objective.name).into());
        labels.insert("severity".to_owned(), objective.severity.label().into());
        if let Some(owner) = &objective.owner {
            labels.insert("owner".to_owned(), (**owner).into());
        }
    }
    Json::Object(labels)
}

fn time(at: Instant) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}
