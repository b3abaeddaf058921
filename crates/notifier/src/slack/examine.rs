//! What `kigen doctor` asks Slack: whose token it is, its scopes, and whether the bot is in a channel; and a message for trial.

use http::{Request, header};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use slack_morphism::prelude::*;

use super::client::{Slack, is_id};
use super::error::SlackError;
use crate::clean::{clean, escape_code};
use crate::language::phrase;

/// The header in which Slack names the scopes of the token.
const SCOPES_HEADER: &str = "x-oauth-scopes";
/// How many channels are listed at a time, and in how many pages at most, to find one that the bot is not in.
const CHANNELS_IN_PAGE_MAX: u16 = 500;
const CHANNEL_PAGES_MAX: usize = 10;

/// How the bot stands to a channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChannelState {
    /// It is in the channel.
    Member,
    /// The channel exists, and the bot is not in it.
    NotMember,
    /// The channel is archived.
    Archived,
    /// There is no such channel that the bot sees.
    Absent,
    /// The token lacks the scope to find that out.
    Hidden,
}

impl Slack {
    /// The channels that are configured.
    #[must_use]
    pub fn channels(&self) -> Vec<String> {
        self.routes().channels().into_iter().map(str::to_owned).collect()
    }

    /// The scopes of the token; `None`: Slack does not name them.
    ///
    /// # Errors
    /// The request failed.
    pub async fn scopes(&self) -> Result<Option<Vec<String>>, SlackError> {
        let token = self.token().await?;
        let request = Request::post(format!("{}/auth.test", self.api_url))
            .header(header::AUTHORIZATION, format!("Bearer {}", token.token_value.value()))
            .body(String::new());
        let Ok(request) = request else { return Ok(None) };
        let client = Client::builder(TokioExecutor::new()).build(self.connector.clone());
        // Whether the token is valid is shown by another request: an answer that does not come has no scopes.
        let Ok(answer) = client.request(request).await else { return Ok(None) };
        let named = answer.headers().get(SCOPES_HEADER).and_then(|value| value.to_str().ok());
        Ok(named.map(|named| named.split(',').map(|scope| scope.trim().to_owned()).collect()))
    }

    /// How the bot stands to a channel, which is given by name or id.
    ///
    /// # Errors
    /// The request failed otherwise than by a missing scope.
    pub async fn channel_state(&self, channel: &str) -> Result<ChannelState, SlackError> {
        if is_id(channel) {
            return self.state_by_id(channel).await;
        }
        let mut is_hidden = false;
        for kind in [SlackConversationType::Public, SlackConversationType::Private] {
            match self.listed(channel, kind).await {
                Ok(Some(_)) => return Ok(ChannelState::Member),
                Ok(None) => {}
                Err(SlackError::Refused { code, .. }) if code == "missing_scope" => is_hidden = true,
                Err(error) => return Err(error),
            }
        }
        match self.public(channel).await {
            Ok(Some(found)) if found.flags.is_archived == Some(true) => Ok(ChannelState::Archived),
            Ok(Some(_)) => Ok(ChannelState::NotMember),
            Ok(None) if is_hidden => Ok(ChannelState::Hidden),
            Ok(None) => Ok(ChannelState::Absent),
            Err(SlackError::Refused { code, .. }) if code == "missing_scope" => Ok(ChannelState::Hidden),
            Err(error) => Err(error),
        }
    }

    async fn state_by_id(&self, channel: &str) -> Result<ChannelState, SlackError> {
        let token = self.token().await?;
        let session = self.client.open_session(&token);
        let request = SlackApiConversationsInfoRequest::new(channel.into());
        match session.conversations_info(&request).await.map_err(|error| SlackError::of(channel, error)) {
            Ok(found) if found.channel.flags.is_archived == Some(true) => Ok(ChannelState::Archived),
            Ok(found) if found.channel.flags.is_member == Some(false) => Ok(ChannelState::NotMember),
            Ok(_) => Ok(ChannelState::Member),
            Err(SlackError::Refused { code, .. }) if code == "channel_not_found" => Ok(ChannelState::Absent),
            Err(SlackError::Refused { code, .. }) if code == "missing_scope" => Ok(ChannelState::Hidden),
            Err(error) => Err(error),
        }
    }

    /// A public channel by its name, whether or not the bot is in it.
    async fn public(&self, channel: &str) -> Result<Option<SlackChannelInfo>, SlackError> {
        let name = channel.trim_start_matches('#');
        let token = self.token().await?;
        let session = self.client.open_session(&token);
        let mut request = SlackApiConversationsListRequest::new()
            .with_limit(CHANNELS_IN_PAGE_MAX)
            .with_types(vec![SlackConversationType::Public]);
        for _ in 0..CHANNEL_PAGES_MAX {
            let page = session.conversations_list(&request).await;
            let page = page.map_err(|error| SlackError::of(channel, error))?;
            let next = page.next_cursor().filter(|cursor| !cursor.value().is_empty());
            let found = page.channels.into_iter().find(|found| found.name.as_deref() == Some(name));
            if found.is_some() {
                return Ok(found);
            }
            let Some(next) = next else { break };
            request = request.with_cursor(next);
        }
        Ok(None)
    }

    /// Posts a message for trial to a channel, in the language that most of its messages have.
    ///
    /// # Errors
    /// It was not posted, or whether it was is unknown.
    pub async fn post_trial(&self, channel: &str, cluster: &str) -> Result<(), SlackError> {
        let text = phrase!(self.routes().language, "trial", cluster = escape_code(&clean(cluster)));
        let token = self.token().await?;
        let session = self.client.open_session(&token);
        let content = SlackMessageContent::new().with_text(text);
        let request = SlackApiChatPostMessageRequest::new(channel.into(), content);
        let posted = session.chat_post_message(&request).await;
        posted.map(drop).map_err(|error| SlackError::of(channel, error))
    }
}
