//! PagerDuty, by its Events API v2: an incident of kigen is one of PagerDuty, which its end resolves.
//!
//! `dedup_key` is what the alert is about. A `trigger` of an incident that is open adds to it, and a `resolve` of one that is
//! resolved does nothing, so an event that comes twice changes nothing.

use std::fmt;

use kigen_model::alert::{Alert, AlertBody};
use kigen_model::objective::Severity;
use kigen_ops::Secret;
use serde_json::{Value as Json, json};
use uuid::Uuid;

use super::http::HttpClient;
use super::{Notice, Phase, Receiver, ReceiverError, is_address};

/// The kind of this receiver.
pub const PAGERDUTY: &str = "pagerduty";
/// PagerDuty's own address; that of its European region is another one.
const EVENTS_URL: &str = "https://events.pagerduty.com";
/// How long a summary may be, in characters.
const SUMMARY_CHARS_MAX: usize = 1_024;
/// The status of an event that PagerDuty does not understand.
const INVALID: u16 = 400;

/// A service of PagerDuty.
pub struct PagerDuty {
    address: String,
    client: HttpClient,
    url: String,
    key: Secret,
}

impl PagerDuty {
    /// The receiver of this address in the configuration, with the integration key of a service; `url` replaces PagerDuty's own
    /// address.
    #[must_use]
    pub fn new(address: &str, key: Secret, url: Option<&str>) -> Self {
        let base = url.unwrap_or(EVENTS_URL).trim_end_matches('/');
        let url = format!("{base}/v2/enqueue");
        Self { address: address.to_owned(), client: HttpClient::new(address), url, key }
    }

    fn enqueue(&self, event: &Json) -> Result<(), ReceiverError> {
        let answer = self.client.post(&self.url, &[], &event.to_string())?;
        match answer.status {
            200..300 => Ok(()),
            INVALID => {
                let (receiver, why) = (self.address.clone(), self.client.shown(&answer));
                Err(ReceiverError::Content { receiver, why })
            }
            _ => {
                let advice =
                    "name the integration key (routing key) of a service's integration `Events API V2`";
                Err(self.client.error_of(&answer, advice))
            }
        }
    }
}

impl Receiver for PagerDuty {
    fn kind(&self) -> &'static str {
        PAGERDUTY
    }

    fn send(&self, notice: &Notice) -> Result<String, ReceiverError> {
        let key = self.client.read("key", &self.key)?;
        match notice.phase {
            Phase::Over => self.enqueue(&resolve(&key, notice.subject))?,
            Phase::Lasting | Phase::Event => self.enqueue(&trigger(&key, notice))?,
        }
        // After the miss, so that a crash between the two leaves what is open on the pager.
        if let Some((warning, _)) = &notice.replaces {
            self.enqueue(&resolve(&key, *warning))?;
        }
        Ok(notice.subject.to_string())
    }
}

/// Without the key.
impl fmt::Debug for PagerDuty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PagerDuty")
            .field("address", &self.address)
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}

fn resolve(key: &str, subject: Uuid) -> Json {
    json!({ "routing_key": key, "event_action": "resolve", "dedup_key": subject })
}

fn trigger(key: &str, notice: &Notice) -> Json {
    let Notice { alert, message, .. } = notice;
    let objective = alert.objective.as_ref();
    let owner = objective.and_then(|objective| objective.owner.as_deref());
    let runbook = objective.and_then(|objective| objective.runbook.as_deref());
    let link = runbook.filter(|text| is_address(text)).map(|href| json!({ "href": href, "text": "Runbook" }));
    let brief = message.brief.as_ref().map(|brief| format!(": {brief}")).unwrap_or_default();
    let summary: String = format!("{}{brief}", notice.title()).chars().take(SUMMARY_CHARS_MAX).collect();
    json!({
        "routing_key": key,
        "event_action": "trigger",
        "dedup_key": notice.subject,
        "client": "kigen",
        "links": link.into_iter().collect::<Vec<Json>>(),
        "payload": {
            "summary": summary,
            "source": alert.key.cluster,
            "severity": severity(alert),
            "timestamp": alert.decided_at.to_rfc3339(),
            "component": (!alert.key.is_of_cluster()).then_some(&alert.key.batch),
            "group": (!alert.key.is_of_cluster()).then_some(&alert.key.namespace),
            "class": alert.body.kind(),
            "custom_details": {
                "alert": notice.id,
                "owner": owner,
                "deadline": notice.deadline().map(|deadline| deadline.to_rfc3339()),
                "context": message.context,
                "text": message.paragraphs.join("\n"),
                "to_do": message.to_do,
                "error": message.error.join("\n"),
                "commands": notice.commands(),
            },
        },
    })
}

/// PagerDuty's word for how urgent an alert is.
fn severity(alert: &Alert) -> &'static str {
    let is_fatal = alert.objective.as_ref().is_none_or(|objective| objective.severity == Severity::Fatal);
    match &alert.body {
        AlertBody::SlotMissed { .. } | AlertBody::SlotRetracted { .. } if is_fatal => "critical",
        AlertBody::ClusterSilent { .. } | AlertBody::ClusterStalled(_) => "critical",
        AlertBody::RunFailed { .. } => "error",
        AlertBody::SlotMissed { .. }
        | AlertBody::SlotRetracted { .. }
        | AlertBody::SlotRecovered { .. }
        | AlertBody::SlotUnknown { .. }
        | AlertBody::UnknownClosed { .. }
        | AlertBody::SlotAtRisk { .. }
        | AlertBody::RiskOver { .. }
        | AlertBody::ExpectationBroken { .. }
        | AlertBody::BudgetSpent { .. }
        | AlertBody::SilenceOver { .. }
        | AlertBody::StallOver { .. } => "warning",
    }
}
