//! Slack's Web API: `chat.postMessage`, and the look into a channel's history after a crash.

use std::collections::HashMap;
use std::time::Duration;

use hyper_rustls::HttpsConnectorBuilder;
use kigen_model::alert::{Alert, AlertBody};
use slack_morphism::errors::SlackClientError;
use slack_morphism::prelude::*;

use crate::clean::{escape, escape_code};
use crate::render::{Message, Tone};

/// What a message's metadata is called, by which a sent alert is recognised.
const EVENT_TYPE: &str = "kigen_alert";
/// How far back a channel is searched for an alert that may have been sent, in messages.
const HISTORY_MESSAGES_MAX: u16 = 100;
/// The most characters of a section's text (Slack's limit is 3,000).
const SECTION_CHARS_MAX: usize = 2_900;

/// A workspace and channels in it.
pub struct Slack {
    client: SlackClient<SlackClientHyperHttpsConnector>,
    token: SlackApiToken,
    channels: Channels,
}

/// Where messages go: by name (`#alerts`) or id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Channels {
    /// Where it is told that a result was not there, and what became of it.
    pub fatal: String,
    /// Where failed runs are told, which may be nowhere.
    pub error: Option<String>,
}

impl Channels {
    fn of(&self, alert: &Alert) -> &str {
        match (&alert.body, &self.error) {
            (AlertBody::RunFailed { .. }, Some(error)) => error,
            _ => &self.fatal,
        }
    }
}

/// Where a message stands, to answer in its thread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Posted {
    channel: SlackChannelId,
    ts: SlackTs,
}

/// Why a message was not sent.
#[derive(Debug, thiserror::Error)]
pub enum SlackError {
    /// Slack cannot be reached at all by this machine.
    #[error("Slack cannot be spoken to: this machine's certificates cannot be read")]
    Certificates(#[source] std::io::Error),
    /// It may work later.
    #[error("Slack did not take the message")]
    Retry {
        /// How long Slack wants to be left alone.
        after: Option<Duration>,
        /// Why.
        source: Box<SlackClientError>,
    },
    /// It may work later; whether the message was taken is not known.
    #[error("Slack has not answered in {waited_ms} ms")]
    Silent {
        /// How long it had, in milliseconds.
        waited_ms: u64,
    },
    /// It works once a person has changed something.
    #[error("Slack refuses the message ({code}): {advice}")]
    Refused {
        /// Slack's word for it.
        code: String,
        /// What to do.
        advice: String,
    },
}

impl SlackError {
    /// Its name among the metrics' labels.
    #[must_use]
    pub fn label(&self) -> &'static str {
        match self {
            Self::Certificates(_) => "certificates",
            Self::Retry { .. } => "retry",
            Self::Silent { .. } => "silent",
            Self::Refused { .. } => "refused",
        }
    }
}

impl Slack {
    /// Speaks to the channels with a bot's token; `api_url` is Slack's own unless given.
    ///
    /// # Errors
    /// The machine's root certificates cannot be read.
    pub fn new(token: String, channels: Channels, api_url: Option<&str>) -> Result<Self, SlackError> {
        let builder = HttpsConnectorBuilder::new().with_native_roots().map_err(SlackError::Certificates)?;
        // Slack's own address is https; plain http is what a test or a proxy on this machine speaks.
        let connector = builder.https_or_http().enable_http1().enable_http2().build();
        let mut connector = SlackClientHyperConnector::with_connector(connector);
        if let Some(api_url) = api_url {
            connector = connector.with_slack_api_url(api_url.trim_end_matches('/'));
        }
        let client = SlackClient::new(connector);
        Ok(Self { client, token: SlackApiToken::new(token.into()), channels })
    }

    /// Whether failed runs are told.
    pub(crate) fn has_failures_channel(&self) -> bool {
        self.channels.error.is_some()
    }

    /// Asks whose token it is: the bot and the workspace.
    ///
    /// # Errors
    /// Slack does not answer, or does not know the token.
    pub async fn whose(&self) -> Result<(String, String), SlackError> {
        let session = self.client.open_session(&self.token);
        let answer = session.auth_test().await.map_err(|error| fate(&self.channels.fatal, error))?;
        Ok((answer.user.unwrap_or_else(|| answer.user_id.to_string()), answer.team))
    }

    /// Sends a message, into a thread if one is given.
    ///
    /// # Errors
    /// Slack did not take it, for now or until a person has changed something.
    pub async fn post(
        &self,
        alert: &Alert,
        message: &Message,
        thread: Option<&Posted>,
    ) -> Result<Posted, SlackError> {
        let payload = HashMap::from([("id".to_owned(), alert.id.to_string())]);
        let content = SlackMessageContent::new()
            .with_text(fallback(message))
            .with_blocks(blocks(message))
            .with_metadata(SlackMessageMetadata::new(EVENT_TYPE.to_owned()).with_event_payload(payload));
        let channel = self.channels.of(alert);
        let request = SlackApiChatPostMessageRequest::new(channel.into(), content)
            .with_unfurl_links(false)
            .opt_thread_ts(thread.map(|thread| thread.ts.clone()))
            .opt_reply_broadcast(thread.map(|_| true));
        let session = self.client.open_session(&self.token);
        let response = session.chat_post_message(&request).await.map_err(|error| fate(channel, error))?;
        Ok(Posted { channel: response.channel, ts: response.ts })
    }

    /// Whether the channel's latest messages hold this alert already: it may have been sent just before a crash.
    ///
    /// # Errors
    /// The channel's history cannot be read.
    pub async fn find(&self, alert: &Alert) -> Result<Option<Posted>, SlackError> {
        let name = self.channels.of(alert);
        let channel: SlackChannelId = name.into();
        let request = SlackApiConversationsHistoryRequest::new()
            .with_channel(channel.clone())
            .with_limit(HISTORY_MESSAGES_MAX)
            .with_include_all_metadata(true);
        let session = self.client.open_session(&self.token);
        let history = session.conversations_history(&request).await.map_err(|error| fate(name, error))?;
        let is_it = |message: &SlackHistoryMessage| {
            let metadata =
                message.content.metadata.as_ref().filter(|metadata| metadata.event_type == EVENT_TYPE);
            let payload = metadata.and_then(|metadata| metadata.event_payload.as_ref());
            payload.and_then(|payload| payload.get("id")).is_some_and(|of| *of == alert.id.to_string())
        };
        let found = history.messages.into_iter().find(is_it);
        Ok(found.map(|message| Posted { channel, ts: message.origin.ts }))
    }
}

fn fate(channel: &str, error: SlackClientError) -> SlackError {
    match error {
        SlackClientError::ApiError(error) if !is_passing(&error.code) => {
            SlackError::Refused { advice: advice(channel, &error.code), code: error.code }
        }
        SlackClientError::RateLimitError(error) => SlackError::Retry {
            after: error.retry_after,
            source: Box::new(SlackClientError::RateLimitError(error)),
        },
        error => SlackError::Retry { after: None, source: Box::new(error) },
    }
}

fn advice(channel: &str, code: &str) -> String {
    match code {
        "channel_not_found" => format!(
            "there is no channel {channel} that the bot sees; check its name, and invite the bot if it is private: \
                 /invite @kigen"
        ),
        "not_in_channel" => format!("invite the bot in {channel}: /invite @kigen"),
        "is_archived" => format!("{channel} is archived; name another channel"),
        "invalid_auth" | "not_authed" | "account_inactive" | "token_revoked" | "token_expired" => {
            "the token is not valid (any more); set KIGEN_SLACK_TOKEN to the bot token of the app (xoxb-...)"
                .to_owned()
        }
        "missing_scope" => "the app lacks a scope; add chat:write and install it again".to_owned(),
        _ => "see the documentation of chat.postMessage for this word".to_owned(),
    }
}

/// Errors that Slack documents as passing.
fn is_passing(code: &str) -> bool {
    matches!(
        code,
        "ratelimited"
            | "rate_limited"
            | "internal_error"
            | "fatal_error"
            | "service_unavailable"
            | "request_timeout"
            | "team_added_to_org"
    )
}

/// What a phone's lock screen shows.
fn fallback(message: &Message) -> String {
    format!("{} {} ({})", mark(message.tone), escape(&message.headline), escape(&message.context))
}

fn mark(tone: Tone) -> &'static str {
    match tone {
        Tone::Missed => ":red_circle:",
        Tone::Recovered => ":large_green_circle:",
        Tone::Unknown => ":large_yellow_circle:",
        Tone::Failed => ":large_orange_circle:",
    }
}

fn blocks(message: &Message) -> Vec<SlackBlock> {
    let head =
        format!("{} *{}*\n{}", mark(message.tone), escape(&message.headline), escape(&message.context));
    let mut sections = vec![head];
    sections.push(message.paragraphs.iter().map(|text| escape(text)).collect::<Vec<_>>().join("\n"));
    sections.extend(message.error.as_ref().map(|error| format!("```{}```", end_of(error))));
    let facts = message.facts.iter().map(|(label, value)| match *label {
        // A crontab's asterisks would make it bold.
        "Look" | "Objective" => format!("*{label}:* `{}`", escape_code(value)),
        _ => format!("*{label}:* {}", escape(value)),
    });
    sections.push(facts.collect::<Vec<_>>().join("\n"));
    let section = |text: String| {
        let text: String = text.chars().take(SECTION_CHARS_MAX).collect();
        SlackBlock::Section(
            SlackSectionBlock::new().with_text(SlackBlockText::MarkDown(SlackBlockMarkDownText::new(text))),
        )
    };
    sections.into_iter().filter(|text| !text.is_empty()).map(section).collect()
}

/// As much of a text's end as fits into a section's code block once it is escaped, which makes it up to five times
/// as long.
fn end_of(error: &str) -> String {
    let mut chars = "``````".len();
    let escaped = error.chars().rev().map(|c| escape_code(&c.to_string()));
    let kept: Vec<String> = escaped
        .take_while(|escaped| {
            chars += escaped.chars().count();
            chars <= SECTION_CHARS_MAX
        })
        .collect();
    kept.into_iter().rev().collect()
}
