//! Discord, by a channel's webhook: a message for each alert.
//!
//! A webhook finds no message again: one whose outcome is unknown is posted again.

use std::fmt;
use std::time::Duration;

use kigen_ops::Secret;
use serde_json::{Value as Json, json};

use super::http::{Answer, HttpClient};
use super::{Notice, Receiver, ReceiverError, is_address};
use crate::render::{Form, Tone};

/// The kind of this receiver.
pub const DISCORD: &str = "discord";
/// How long the parts of an embed may be, in UTF-16 units, and how many fields it has. Source: "Embed Limits".
const TITLE_UNITS_MAX: usize = 256;
const DESCRIPTION_UNITS_MAX: usize = 3_000;
const FOOTER_UNITS_MAX: usize = 500;
const FIELD_UNITS_MAX: usize = 250;
const FIELDS_MAX: usize = 8;
/// How much of an error is shown, of the 6,000 units that all parts may have together.
const ERROR_UNITS_MAX: usize = 1_000;
/// The statuses of a message that Discord does not understand, and of a webhook that was deleted.
const INVALID: u16 = 400;
const DELETED: u16 = 404;

/// A channel of Discord.
pub struct Discord {
    address: String,
    client: HttpClient,
    url: Secret,
}

impl Discord {
    /// The receiver of this address in the configuration, by a webhook's URL, which is a secret.
    #[must_use]
    pub fn new(address: &str, url: Secret) -> Self {
        Self { address: address.to_owned(), client: HttpClient::new(address), url }
    }

    fn error_of(&self, answer: &Answer) -> ReceiverError {
        match answer.status {
            INVALID => {
                let (receiver, why) = (self.address.clone(), self.client.shown(answer));
                ReceiverError::Content { receiver, why }
            }
            DELETED => {
                self.client.refused("its webhook is not there: make another one in the channel".to_owned())
            }
            // Discord has the time in the body, with fractions of a second.
            429 => self.client.retry(retry_after(answer).or(answer.retry_after), self.client.shown(answer)),
            _ => self.client.error_of(answer, "name the URL of a webhook of the channel"),
        }
    }
}

impl Receiver for Discord {
    fn kind(&self) -> &'static str {
        DISCORD
    }

    fn send(&self, notice: &Notice) -> Result<String, ReceiverError> {
        let url = self.client.read("URL", &self.url)?;
        // With the message as the answer: else an invalid one is dropped without an error.
        let url = format!("{url}{}wait=true", if url.contains('?') { '&' } else { '?' });
        let answer = self.client.post(&url, &[], &message(notice).to_string())?;
        match answer.status {
            200..300 => {
                let posted: Json = serde_json::from_str(&answer.body).unwrap_or_default();
                Ok(posted["id"].as_str().unwrap_or_default().to_owned())
            }
            _ => Err(self.error_of(&answer)),
        }
    }
}

/// Without the URL.
impl fmt::Debug for Discord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Discord").field("address", &self.address).finish_non_exhaustive()
    }
}

fn retry_after(answer: &Answer) -> Option<Duration> {
    let body: Json = serde_json::from_str(&answer.body).ok()?;
    Duration::try_from_secs_f64(body["retry_after"].as_f64()?).ok()
}

fn message(notice: &Notice) -> Json {
    let message = &notice.message;
    let colour = match message.tone {
        Tone::Missed | Tone::Failed => 0xE0_1E_5A,
        Tone::AtRisk | Tone::Unknown => 0xEC_B2_2E,
        Tone::Recovered => 0x2E_B6_7D,
    };
    let mut description =
        message.paragraphs.iter().chain(&message.to_do).map(|text| plain(text)).collect::<Vec<_>>();
    let error = message.error.join("\n");
    if !error.is_empty() {
        description.push(format!("```\n{}\n```", cut(&error.replace("```", "'''"), ERROR_UNITS_MAX)));
    }
    let fields = message.facts.iter().take(FIELDS_MAX).map(|fact| {
        let value = match fact.form {
            Form::Code => format!("`{}`", cut(&fact.value.replace('`', "'"), FIELD_UNITS_MAX - 2)),
            Form::Address if is_address(&fact.value) => cut(&fact.value, FIELD_UNITS_MAX),
            Form::Text | Form::Address => cut(&plain(&fact.value), FIELD_UNITS_MAX),
        };
        json!({ "name": cut(&plain(&fact.label), FIELD_UNITS_MAX), "value": value })
    });
    json!({
        // Whatever a text contains, it notifies no one.
        "allowed_mentions": { "parse": [] },
        "embeds": [{
            "title": cut(&plain(&notice.title()), TITLE_UNITS_MAX),
            "description": cut_from_front(&description, DESCRIPTION_UNITS_MAX),
            "color": colour,
            "timestamp": notice.alert.decided_at.to_rfc3339(),
            "footer": { "text": cut(&message.context, FOOTER_UNITS_MAX) },
            "fields": fields.collect::<Vec<Json>>(),
        }],
    })
}

/// The parts as one text; of those that do not fit, the earlier ones are left out.
fn cut_from_front(parts: &[String], units_max: usize) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let mut left = units_max;
    for part in parts.iter().rev() {
        let units = part.encode_utf16().count() + 2;
        if units > left {
            continue;
        }
        left -= units;
        kept.push(part);
    }
    kept.reverse();
    kept.join("\n\n")
}

/// A text of which nothing is Markdown.
fn plain(text: &str) -> String {
    let mut plain = String::new();
    for c in text.chars() {
        if matches!(c, '*' | '_' | '~' | '`' | '|' | '>' | '<' | '[' | ']' | '\\' | '#') {
            plain.push('\\');
        }
        plain.push(c);
    }
    plain
}

/// At most so many units, without half a character or half an escape.
fn cut(text: &str, units_max: usize) -> String {
    let mut kept = String::new();
    let mut units = 0;
    for c in text.chars() {
        units += c.len_utf16();
        if units > units_max {
            break;
        }
        kept.push(c);
    }
    let escapes = kept.chars().rev().take_while(|c| *c == '\\').count();
    if escapes % 2 == 1 && kept.len() < text.len() {
        kept.pop();
    }
    kept
}
