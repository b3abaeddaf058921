//! The client: `chat.postMessage`, and `conversations.history` to find a message that may have been posted.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use kigen_model::alert::{Alert, AlertBody};
use kigen_ops::{Secret, on_thread};
use slack_morphism::prelude::*;

use super::blocks::{blocks, fallback};
use super::connector::ProxiedConnector;
use super::error::SlackError;
use crate::render::Message;

/// Slack's own address.
const API_URL: &str = "https://slack.com/api";
/// The event type in a message's metadata, by which a posted alert is recognised.
const EVENT_TYPE: &str = "kigen_alert";
/// How far back a channel is searched for an alert that may have been posted, in messages.
const HISTORY_MESSAGES_MAX: u16 = 100;
/// How many of the bot's channels are listed at a time, and in how many pages at most, to find the id of one.
const CHANNELS_IN_PAGE_MAX: u16 = 200;
const CHANNEL_PAGES_MAX: usize = 20;

/// A workspace and channels in it.
pub struct Slack {
    pub(super) client: SlackClient<SlackClientHyperConnector<HttpsConnector<ProxiedConnector>>>,
    /// For a request of which the client shows too little of the answer.
    pub(super) connector: HttpsConnector<ProxiedConnector>,
    /// The address of Slack's API, without a slash at its end.
    pub(super) api_url: String,
    token: Secret,
    channels: Channels,
    /// Of channels that are given by name, the ids once they are known: a history is read by id only.
    ids: Mutex<HashMap<String, SlackChannelId>>,
}

/// Where messages go: by name (`#alerts`) or id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Channels {
    /// For missed, recovered, retracted and unknown deadlines.
    pub fatal: String,
    /// For failed runs; without it they are not posted.
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

/// The address of a posted message: a reply goes into its thread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PostedMessage {
    channel: SlackChannelId,
    ts: SlackTs,
}

impl Slack {
    /// A client with a bot's token; `api_url` replaces Slack's own address. Slack is reached through the proxy that the
    /// environment states for it, if any.
    ///
    /// # Errors
    /// The machine's root certificates cannot be read.
    pub fn new(
        token: impl Into<Secret>,
        channels: Channels,
        api_url: Option<&str>,
    ) -> Result<Self, SlackError> {
        let builder = HttpsConnectorBuilder::new().with_native_roots().map_err(SlackError::Certificates)?;
        // Slack's own address is https; a test or a local proxy may serve plain http.
        let connector = builder.https_or_http().enable_http1().enable_http2();
        let connector = connector.wrap_connector(ProxiedConnector::default());
        let api_url = api_url.unwrap_or(API_URL).trim_end_matches('/').to_owned();
        let of_client = SlackClientHyperConnector::with_connector(connector.clone());
        let client = SlackClient::new(of_client.with_slack_api_url(&api_url));
        Ok(Self { client, connector, api_url, token: token.into(), channels, ids: Mutex::default() })
    }

    /// The channel of an alert, as it is configured.
    #[must_use]
    pub fn channel_of(&self, alert: &Alert) -> &str {
        self.channels.of(alert)
    }

    /// The channel of the messages that another one rejects.
    pub(crate) fn default_channel(&self) -> &str {
        &self.channels.fatal
    }

    /// Whether failed runs are posted.
    pub(crate) fn has_failures_channel(&self) -> bool {
        self.channels.error.is_some()
    }

    /// The channels that are configured.
    pub(super) fn configured(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.channels.fatal.as_str()).chain(self.channels.error.as_deref())
    }

    /// The token, which a file may have in a newer form than before.
    pub(super) async fn token(&self) -> Result<SlackApiToken, SlackError> {
        let token = self.token.clone();
        let text = on_thread(move || token.read()).await.map_err(|source| SlackError::Token {
            path: self.token.path().map(Path::to_owned).unwrap_or_default(),
            source,
        })?;
        Ok(SlackApiToken::new(text.into()))
    }

    /// The bot and the workspace that the token belongs to.
    ///
    /// # Errors
    /// The request failed, or the token is not valid.
    pub async fn token_owner(&self) -> Result<(String, String), SlackError> {
        let token = self.token().await?;
        let session = self.client.open_session(&token);
        let answer =
            session.auth_test().await.map_err(|error| SlackError::of(&self.channels.fatal, error))?;
        Ok((answer.user.unwrap_or_else(|| answer.user_id.to_string()), answer.team))
    }

    /// Posts a message in a channel; as a reply in `thread`, if given, that is also shown in the channel.
    ///
    /// # Errors
    /// The message was not posted, or whether it was is unknown.
    pub async fn post(
        &self,
        channel: &str,
        alert: &Alert,
        message: &Message,
        thread: Option<&PostedMessage>,
    ) -> Result<PostedMessage, SlackError> {
        let payload = HashMap::from([("id".to_owned(), alert.id.to_string())]);
        let content = SlackMessageContent::new()
            .with_text(fallback(message))
            .with_blocks(blocks(message))
            .with_metadata(SlackMessageMetadata::new(EVENT_TYPE.to_owned()).with_event_payload(payload));
        let request = SlackApiChatPostMessageRequest::new(channel.into(), content)
            .with_unfurl_links(false)
            .with_unfurl_media(false)
            .opt_thread_ts(thread.map(|thread| thread.ts.clone()))
            .opt_reply_broadcast(thread.map(|_| true));
        let token = self.token().await?;
        let session = self.client.open_session(&token);
        let response =
            session.chat_post_message(&request).await.map_err(|error| SlackError::of(channel, error))?;
        let mut ids = self.ids.lock().unwrap_or_else(PoisonError::into_inner);
        ids.insert(channel.to_owned(), response.channel.clone());
        Ok(PostedMessage { channel: response.channel, ts: response.ts })
    }

    /// The message of this alert, if it is among the latest of a channel: it may have been posted just before a crash.
    ///
    /// # Errors
    /// The channel's history cannot be read.
    pub async fn find(&self, name: &str, alert: &Alert) -> Result<Option<PostedMessage>, SlackError> {
        let channel = self.id_of(name).await?;
        let request = SlackApiConversationsHistoryRequest::new()
            .with_channel(channel.clone())
            .with_limit(HISTORY_MESSAGES_MAX)
            .with_include_all_metadata(true);
        let token = self.token().await?;
        let session = self.client.open_session(&token);
        let history =
            session.conversations_history(&request).await.map_err(|error| SlackError::of(name, error))?;
        let is_it = |message: &SlackHistoryMessage| {
            let metadata =
                message.content.metadata.as_ref().filter(|metadata| metadata.event_type == EVENT_TYPE);
            let payload = metadata.and_then(|metadata| metadata.event_payload.as_ref());
            payload.and_then(|payload| payload.get("id")).is_some_and(|id| *id == alert.id.to_string())
        };
        let found = history.messages.into_iter().find(is_it);
        Ok(found.map(|message| PostedMessage { channel, ts: message.origin.ts }))
    }

    /// The id of a channel: that with which Slack has answered a message, or else as listed among the bot's channels.
    async fn id_of(&self, channel: &str) -> Result<SlackChannelId, SlackError> {
        if is_id(channel) {
            return Ok(channel.into());
        }
        let known = self.ids.lock().unwrap_or_else(PoisonError::into_inner).get(channel).cloned();
        if let Some(id) = known {
            return Ok(id);
        }
        // Private channels need a scope of their own.
        for kind in [SlackConversationType::Public, SlackConversationType::Private] {
            match self.listed(channel, kind).await {
                Ok(Some(id)) => {
                    let mut ids = self.ids.lock().unwrap_or_else(PoisonError::into_inner);
                    ids.insert(channel.to_owned(), id.clone());
                    return Ok(id);
                }
                Ok(None) | Err(SlackError::Refused { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Err(SlackError::unlisted(channel))
    }

    /// The id of a channel of this kind by its name, if the bot is in it.
    pub(super) async fn listed(
        &self,
        channel: &str,
        kind: SlackConversationType,
    ) -> Result<Option<SlackChannelId>, SlackError> {
        let name = channel.trim_start_matches('#');
        let token = self.token().await?;
        let session = self.client.open_session(&token);
        let mut request = SlackApiUsersConversationsRequest::new()
            .with_limit(CHANNELS_IN_PAGE_MAX)
            .with_exclude_archived(true)
            .with_types(vec![kind]);
        for _ in 0..CHANNEL_PAGES_MAX {
            let page = session.users_conversations(&request).await;
            let page = page.map_err(|error| SlackError::of(channel, error))?;
            let next = page.next_cursor().filter(|cursor| !cursor.value().is_empty());
            let found = page.channels.into_iter().find(|found| found.name.as_deref() == Some(name));
            if let Some(found) = found {
                return Ok(Some(found.id));
            }
            let Some(next) = next else { break };
            request = request.with_cursor(next);
        }
        Ok(None)
    }
}

/// Whether it is an id and not a name, which has no capitals.
pub(super) fn is_id(channel: &str) -> bool {
    channel.chars().all(|letter| letter.is_ascii_uppercase() || letter.is_ascii_digit())
}
