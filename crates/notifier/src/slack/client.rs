//! The client: `chat.postMessage` and `chat.update`, and what finds a message that may have been posted.

use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Mutex, PoisonError};

use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use kigen_model::Instant;
use kigen_model::alert::Alert;
use kigen_ops::{Secret, on_thread};
use slack_morphism::errors::SlackClientError;
use slack_morphism::prelude::*;
use uuid::Uuid;

use super::blocks::{blocks, fallback};
use super::connector::ProxiedConnector;
use super::error::SlackError;
use crate::render::Message;
use crate::routing::Routes;

/// The error of a block that Slack does not know, or refuses.
const INVALID_BLOCKS: &str = "invalid_blocks";
/// Slack's own address.
const API_URL: &str = "https://slack.com/api";
/// The event type in a message's metadata, by which a posted alert is recognised.
pub(super) const EVENT_TYPE: &str = "kigen_alert";
/// How far back a channel or a thread is searched for an alert that may have been posted: to an hour before it was decided,
/// since clocks differ, but at most so many pages of so many messages.
const SEARCHED_BEFORE_S: i64 = 3_600;
const SEARCHED_IN_PAGE: u16 = 200;
const SEARCHED_PAGES_MAX: usize = 10;
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
    routes: Routes,
    /// Of channels that are given by name, the ids once they are known: a history is read by id only.
    ids: Mutex<HashMap<String, SlackChannelId>>,
    /// Whether Slack has refused a chart: not each workspace has them yet.
    refuses_charts: AtomicBool,
}

/// The address of a posted message: a reply goes into its thread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PostedMessage {
    channel: SlackChannelId,
    ts: SlackTs,
}

impl PostedMessage {
    /// The message of these ids, as [`channel`](Self::channel) and [`ts`](Self::ts) return them.
    pub(crate) fn new(channel: &str, ts: &str) -> Self {
        Self { channel: channel.into(), ts: ts.into() }
    }

    /// The channel's id.
    #[must_use]
    pub fn channel(&self) -> &str {
        self.channel.value()
    }

    /// The message's id in the channel.
    #[must_use]
    pub fn ts(&self) -> &str {
        self.ts.value()
    }
}

/// Where a message goes.
#[derive(Clone, Copy, Debug)]
pub enum Place<'a> {
    /// Into a channel, by name or id.
    Channel(&'a str),
    /// Into the thread of a message; shown in the channel, too, if it is a broadcast.
    Thread {
        /// The message.
        of: &'a PostedMessage,
        /// Whether it is shown in the channel.
        is_broadcast: bool,
    },
}

/// A [`Place`] of its own.
pub(super) enum OwnedPlace {
    Channel(String),
    Thread { of: PostedMessage, is_broadcast: bool },
}

impl From<Place<'_>> for OwnedPlace {
    fn from(place: Place<'_>) -> Self {
        match place {
            Place::Channel(channel) => Self::Channel(channel.to_owned()),
            Place::Thread { of, is_broadcast } => Self::Thread { of: of.clone(), is_broadcast },
        }
    }
}

impl OwnedPlace {
    pub(super) fn as_place(&self) -> Place<'_> {
        match self {
            Self::Channel(channel) => Place::Channel(channel),
            Self::Thread { of, is_broadcast } => Place::Thread { of, is_broadcast: *is_broadcast },
        }
    }
}

impl Slack {
    /// A client with a bot's token; `api_url` replaces Slack's own address. Slack is reached through the proxy that the
    /// environment states for it, if any.
    ///
    /// # Errors
    /// The machine's root certificates cannot be read.
    pub fn new(
        token: impl Into<Secret>,
        routes: impl Into<Routes>,
        api_url: Option<&str>,
    ) -> Result<Self, SlackError> {
        let builder = HttpsConnectorBuilder::new().with_native_roots().map_err(SlackError::Certificates)?;
        // Slack's own address is https; a test or a local proxy may serve plain http.
        let connector = builder.https_or_http().enable_http1().enable_http2();
        let connector = connector.wrap_connector(ProxiedConnector::default());
        let api_url = api_url.unwrap_or(API_URL).trim_end_matches('/').to_owned();
        let of_client = SlackClientHyperConnector::with_connector(connector.clone());
        let client = SlackClient::new(of_client.with_slack_api_url(&api_url));
        Ok(Self {
            client,
            connector,
            api_url,
            token: token.into(),
            routes: routes.into(),
            ids: Mutex::default(),
            refuses_charts: AtomicBool::default(),
        })
    }

    /// Which channels alerts are for.
    #[must_use]
    pub fn routes(&self) -> &Routes {
        &self.routes
    }

    /// The channel of the messages that another one rejects.
    pub(crate) fn default_channel(&self) -> &str {
        self.routes.default.as_ref().map_or("", |default| &default.fatal)
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
            session.auth_test().await.map_err(|error| SlackError::of(self.default_channel(), error))?;
        Ok((answer.user.unwrap_or_else(|| answer.user_id.to_string()), answer.team))
    }

    /// Posts the message of an alert.
    ///
    /// # Errors
    /// It was not posted, or whether it was is unknown.
    pub async fn post(
        &self,
        place: Place<'_>,
        alert: &Alert,
        message: &Message,
    ) -> Result<PostedMessage, SlackError> {
        self.post_as(place, alert.id, message).await
    }

    /// Posts a message, to be found by this id.
    pub(super) async fn post_as(
        &self,
        place: Place<'_>,
        id: Uuid,
        message: &Message,
    ) -> Result<PostedMessage, SlackError> {
        let payload = HashMap::from([("id".to_owned(), id.to_string())]);
        let metadata = SlackMessageMetadata::new(EVENT_TYPE.to_owned()).with_event_payload(payload);
        let content = self.content(message).with_metadata(metadata.clone());
        let (channel, thread) = match place {
            Place::Channel(channel) => (channel, None),
            Place::Thread { of, is_broadcast } => (of.channel(), Some((of.ts.clone(), is_broadcast))),
        };
        let mut request = SlackApiChatPostMessageRequest::new(channel.into(), content)
            .with_unfurl_links(false)
            .with_unfurl_media(false)
            .opt_thread_ts(thread.as_ref().map(|(ts, _)| ts.clone()))
            .opt_reply_broadcast(thread.and_then(|(_, is_broadcast)| is_broadcast.then_some(true)));
        let token = self.token().await?;
        let session = self.client.open_session(&token);
        let mut response = session.chat_post_message(&request).await;
        if self.was_chart_refused(message, &response) {
            request.content = self.content(message).with_metadata(metadata);
            response = session.chat_post_message(&request).await;
        }
        let response = response.map_err(|error| SlackError::of(channel, error))?;
        let mut ids = self.ids.lock().unwrap_or_else(PoisonError::into_inner);
        ids.insert(channel.to_owned(), response.channel.clone());
        Ok(PostedMessage { channel: response.channel, ts: response.ts })
    }

    /// Gives a message another content. Its metadata stays, so that it is found by the alert with which it was posted.
    ///
    /// # Errors
    /// It was not updated, or whether it was is unknown: an update may be repeated.
    pub async fn update(&self, posted: &PostedMessage, message: &Message) -> Result<(), SlackError> {
        let PostedMessage { channel, ts } = posted.clone();
        // Blocks without an id get a new one each time, as Slack wants it of an update.
        let mut request = SlackApiChatUpdateRequest::new(channel, self.content(message), ts);
        let token = self.token().await?;
        let session = self.client.open_session(&token);
        let mut updated = session.chat_update(&request).await;
        if self.was_chart_refused(message, &updated) {
            request.content = self.content(message);
            updated = session.chat_update(&request).await;
        }
        updated.map(drop).map_err(|error| SlackError::of(posted.channel(), error))
    }

    fn content(&self, message: &Message) -> SlackMessageContent {
        let shown = if self.refuses_charts.load(Relaxed) {
            blocks(&message.without_chart())
        } else {
            blocks(message)
        };
        SlackMessageContent::new().with_text(fallback(message)).with_blocks(shown)
    }

    /// Whether Slack has refused a message that has a chart, which then has none any more.
    fn was_chart_refused<T>(&self, message: &Message, response: &Result<T, SlackClientError>) -> bool {
        let is_refused =
            matches!(response, Err(SlackClientError::ApiError(error)) if error.code == INVALID_BLOCKS);
        let had_chart = message.chart.is_some() && !self.refuses_charts.load(Relaxed);
        if is_refused && had_chart {
            tracing::info!(
                "this workspace has no charts yet: messages are posted without them until the next start"
            );
            self.refuses_charts.store(true, Relaxed);
        }
        is_refused && had_chart
    }

    /// The address of a message for a browser.
    ///
    /// # Errors
    /// The request failed.
    pub async fn permalink(&self, posted: &PostedMessage) -> Result<String, SlackError> {
        let PostedMessage { channel, ts } = posted.clone();
        let token = self.token().await?;
        let session = self.client.open_session(&token);
        let answer = session.chat_get_permalink(&SlackApiChatGetPermalinkRequest::new(channel, ts)).await;
        let answer = answer.map_err(|error| SlackError::of(posted.channel(), error))?;
        Ok(answer.permalink.to_string())
    }

    /// The newest message that was posted for one of these ids, of alerts that were decided at that instant, if it is among
    /// the latest of the channel or thread: it may have been posted just before a crash.
    ///
    /// # Errors
    /// The messages cannot be read.
    pub async fn find(
        &self,
        place: Place<'_>,
        ids: &[Uuid],
        decided_at: Instant,
    ) -> Result<Option<(Uuid, PostedMessage)>, SlackError> {
        let (name, channel, thread) = match place {
            Place::Channel(name) => (name, self.id_of(name).await?, None),
            Place::Thread { of, .. } => (of.channel(), of.channel.clone(), Some(&of.ts)),
        };
        let method = if thread.is_some() { "conversations.replies" } else { "conversations.history" };
        let oldest = decided_at.timestamp().saturating_sub(SEARCHED_BEFORE_S).max(0);
        let token = self.token().await?;
        let session = self.client.open_session(&token);
        let mut cursor = None;
        for _ in 0..SEARCHED_PAGES_MAX {
            // By the client's own request for replies Slack would leave out the metadata.
            let parameters = vec![
                ("channel", Some(channel.value().clone())),
                ("ts", thread.map(|ts| ts.value().clone())),
                ("oldest", Some(format!("{oldest}.000000"))),
                ("limit", Some(SEARCHED_IN_PAGE.to_string())),
                ("include_all_metadata", Some("true".to_owned())),
                ("cursor", cursor),
            ];
            let page = session.http_session_api.http_get(method, &parameters, None).await;
            let page: SlackApiConversationsRepliesResponse =
                page.map_err(|error| SlackError::of(name, error))?;
            let of = |message: SlackHistoryMessage| Some((id_in(&message, ids)?, message.origin.ts));
            if let Some((id, ts)) = page.messages.into_iter().find_map(of) {
                return Ok(Some((id, PostedMessage { channel, ts })));
            }
            let next = page.response_metadata.and_then(|metadata| metadata.next_cursor);
            cursor = next.map(|next| next.value().clone()).filter(|next| !next.is_empty());
            if cursor.is_none() {
                break;
            }
        }
        Ok(None)
    }

    /// The id of a channel, as far as it is known; else its name.
    pub(super) fn known_id(&self, channel: &str) -> String {
        let ids = self.ids.lock().unwrap_or_else(PoisonError::into_inner);
        ids.get(channel).map_or(channel, |id| id.value()).to_owned()
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

/// For which of these ids a message was posted.
fn id_in(message: &SlackHistoryMessage, ids: &[Uuid]) -> Option<Uuid> {
    let metadata = message.content.metadata.as_ref().filter(|metadata| metadata.event_type == EVENT_TYPE)?;
    let id = metadata.event_payload.as_ref()?.get("id")?;
    ids.iter().copied().find(|wanted| wanted.to_string() == *id)
}

/// Whether it is an id and not a name, which has no capitals.
pub(super) fn is_id(channel: &str) -> bool {
    channel.chars().all(|letter| letter.is_ascii_uppercase() || letter.is_ascii_digit())
}
