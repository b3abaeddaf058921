//! A webhook, as Standard Webhooks defines it: an HTTP request with the alert as JSON, its id, its time, and a signature by each
//! secret.
//!
//! The protocol has no answer to "did you get it?": after an uncertain outcome the request is made again, with the same
//! `webhook-id`, by which the receiver knows that it has it already.

use std::collections::BTreeMap;
use std::fmt;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use kigen_ops::Secret;
use ring::hmac;
use serde_json::{Value as Json, json};

use super::http::HttpClient;
use super::{Notice, Phase, Receiver, ReceiverError};

/// The kind of this receiver.
pub const WEBHOOK: &str = "webhook";
/// With what a secret of Standard Webhooks begins; the rest is the key in base64.
const SECRET_PREFIX: &str = "whsec_";
/// How many bytes a key has, by Standard Webhooks.
const KEY_BYTES_MIN: usize = 24;
const KEY_BYTES_MAX: usize = 64;
/// The status of an endpoint that wants nothing any more.
const GONE: u16 = 410;

/// A webhook.
pub struct Webhook {
    client: HttpClient,
    url: Secret,
    /// Each signs: a receiver accepts one of them, so that a secret can be replaced.
    secrets: Vec<Secret>,
}

impl Webhook {
    /// The webhook of this address in the configuration; the URL is a secret, too, since it often contains one.
    #[must_use]
    pub fn new(address: &str, url: Secret, secrets: Vec<Secret>) -> Self {
        Self { client: HttpClient::new(address), url, secrets }
    }

    /// The signatures of a request, separated by spaces.
    fn signatures(&self, signed: &str) -> Result<String, ReceiverError> {
        let mut signatures = Vec::new();
        for secret in &self.secrets {
            let text = self.client.read("secret", secret)?;
            let key =
                key_of(&text).map_err(|problem| self.client.refused(format!("its secret {problem}")))?;
            let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &key), signed.as_bytes());
            signatures.push(format!("v1,{}", BASE64_STANDARD.encode(tag)));
        }
        Ok(signatures.join(" "))
    }
}

/// The key of a secret.
///
/// # Errors
/// What is wrong with it, without the secret.
pub fn key_of(secret: &str) -> Result<Vec<u8>, &'static str> {
    let encoded = secret.strip_prefix(SECRET_PREFIX).ok_or("does not begin with `whsec_`")?;
    let key = BASE64_STANDARD.decode(encoded).map_err(|_| "is not base64 behind `whsec_`")?;
    match key.len() {
        KEY_BYTES_MIN..=KEY_BYTES_MAX => Ok(key),
        _ => Err(
            "has a key that is not of 24 to 64 bytes: make one by `echo whsec_$(openssl rand -base64 32)`",
        ),
    }
}

impl Receiver for Webhook {
    fn kind(&self) -> &'static str {
        WEBHOOK
    }

    fn send(&self, notice: &Notice) -> Result<String, ReceiverError> {
        let url = self.client.read("URL", &self.url)?;
        let (id, timestamp) = (notice.id.to_string(), notice.sent_at.timestamp().to_string());
        let body = body(notice).to_string();
        let signatures = self.signatures(&format!("{id}.{timestamp}.{body}"))?;
        let mut headers = vec![("webhook-id", id.clone()), ("webhook-timestamp", timestamp)];
        if !signatures.is_empty() {
            headers.push(("webhook-signature", signatures));
        }
        let answer = self.client.post(&url, &headers, &body)?;
        match answer.status {
            200..300 => Ok(id),
            GONE => Err(self.client.gone()),
            _ => Err(self.client.error_of(
                &answer,
                "an answer of 200 to 299 accepts an alert; correct its URL or its service",
            )),
        }
    }
}

/// Without secrets.
impl fmt::Debug for Webhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Webhook").field("client", &self.client).finish_non_exhaustive()
    }
}

/// What is sent: the fields of Standard Webhooks, and below `data` the alert.
fn body(notice: &Notice) -> Json {
    let Notice { alert, message, .. } = notice;
    let objective = alert.objective.as_ref();
    let data = json!({
        "id": notice.id,
        "incident": notice.subject,
        "replaces": notice.replaces.as_ref().map(|(subject, _)| subject),
        "state": match notice.phase {
            Phase::Lasting => "open",
            Phase::Event => "event",
            Phase::Over => "over",
        },
        "kind": alert.body.kind(),
        "cluster": alert.key.cluster,
        "namespace": (!alert.key.is_of_cluster()).then_some(&alert.key.namespace),
        "batch": (!alert.key.is_of_cluster()).then_some(&alert.key.batch),
        "objective": objective.map(|objective| &objective.name),
        "severity": objective.map(|objective| objective.severity.label()),
        "owner": objective.and_then(|objective| objective.owner.as_ref()),
        "runbook": objective.and_then(|objective| objective.runbook.as_ref()),
        "labels": objective.map(|objective| objective.labels.iter().collect::<BTreeMap<_, _>>()),
        "deadline": notice.deadline().map(|deadline| deadline.to_rfc3339()),
        "decided_at": alert.decided_at.to_rfc3339(),
        "language": message.language.tag(),
        "title": notice.title(),
        "context": message.context,
        "text": message.paragraphs.join("\n"),
        "to_do": message.to_do,
        "error": (!message.error.is_empty()).then(|| message.error.join("\n")),
        "commands": notice.commands(),
    });
    json!({
        "type": format!("kigen.{}", alert.body.kind()),
        "timestamp": alert.decided_at.to_rfc3339(),
        "data": data,
    })
}
