//! Microsoft Teams, by the webhook of a workflow ("Post to a channel when a webhook request is received"): an adaptive card.
//!
//! The webhook has no ids: a card can be neither updated nor found again, and one whose outcome is unknown is posted again.

use std::fmt;

use kigen_ops::Secret;
use serde_json::{Value as Json, json};

use super::http::HttpClient;
use super::{Notice, Receiver, ReceiverError, is_address};
use crate::render::{Form, Tone};

/// The kind of this receiver.
pub const TEAMS: &str = "teams";
/// How long a text may be, in characters: a whole message may have 28 KB, with four bytes for each of the longest.
const TEXT_CHARS_MAX: usize = 1_500;
const FACTS_MAX: usize = 12;
/// The status of a card that is too large.
const TOO_LARGE: u16 = 413;

/// A channel of Teams.
pub struct Teams {
    address: String,
    client: HttpClient,
    url: Secret,
}

impl Teams {
    /// The receiver of this address in the configuration, by the URL of a workflow, which is a secret.
    #[must_use]
    pub fn new(address: &str, url: Secret) -> Self {
        Self { address: address.to_owned(), client: HttpClient::new(address), url }
    }
}

impl Receiver for Teams {
    fn kind(&self) -> &'static str {
        TEAMS
    }

    fn send(&self, notice: &Notice) -> Result<String, ReceiverError> {
        let url = self.client.read("URL", &self.url)?;
        let answer = self.client.post(&url, &[], &card(notice).to_string())?;
        match answer.status {
            200..300 => Ok(notice.id.to_string()),
            TOO_LARGE => {
                let (receiver, why) = (self.address.clone(), self.client.shown(&answer));
                Err(ReceiverError::Content { receiver, why })
            }
            _ => {
                Err(self.client.error_of(&answer, "name the URL of a workflow of Teams that is switched on"))
            }
        }
    }
}

/// Without the URL.
impl fmt::Debug for Teams {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Teams").field("address", &self.address).finish_non_exhaustive()
    }
}

fn card(notice: &Notice) -> Json {
    let message = &notice.message;
    let colour = match message.tone {
        Tone::Missed | Tone::Failed => "Attention",
        Tone::AtRisk | Tone::Unknown => "Warning",
        Tone::Recovered => "Good",
    };
    let block = |text: &str| json!({ "type": "TextBlock", "wrap": true, "text": plain(text) });
    let mut body = vec![
        json!({ "type": "TextBlock", "wrap": true, "weight": "Bolder", "color": colour, "text": plain(&notice.title()) }),
        json!({ "type": "TextBlock", "wrap": true, "isSubtle": true, "text": plain(&message.context) }),
    ];
    body.extend(message.paragraphs.iter().chain(&message.to_do).map(|text| block(text)));
    let error = message.error.join("\n");
    if !error.is_empty() {
        let text: String = error.chars().take(TEXT_CHARS_MAX).collect();
        let run = json!({ "type": "TextRun", "fontType": "Monospace", "text": text });
        body.push(json!({ "type": "RichTextBlock", "inlines": [run] }));
    }
    let facts = message.facts.iter().take(FACTS_MAX).map(|fact| {
        // A code span is copied as it is.
        let value = match fact.form {
            Form::Code => format!("`{}`", fact.value.replace('`', "'")),
            Form::Address if is_address(&fact.value) => fact.value.clone(),
            Form::Text | Form::Address => plain(&fact.value),
        };
        json!({ "title": plain(&fact.label), "value": value })
    });
    body.push(json!({ "type": "FactSet", "facts": facts.collect::<Vec<Json>>() }));
    json!({
        "type": "message",
        "attachments": [{
            "contentType": "application/vnd.microsoft.card.adaptive",
            "content": {
                "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
                "type": "AdaptiveCard",
                "version": "1.4",
                "msteams": { "width": "Full" },
                "body": body,
            },
        }],
    })
}

/// A text of which nothing is Markdown: no link, no mention, no list.
fn plain(text: &str) -> String {
    let mut plain = String::new();
    for c in text.chars().take(TEXT_CHARS_MAX) {
        match c {
            // A mention is `<at>`.
            '<' => plain.push_str("&lt;"),
            '[' | ']' | '*' | '_' | '`' | '\\' | '#' => {
                plain.push('\\');
                plain.push(c);
            }
            _ => plain.push(c),
        }
    }
    plain
}
