//! The reply in the thread of an incident that all that had read its late result is repaired. It is posted by the command that
//! follows the repetition, once for each message, however often the command is run.

use std::collections::HashMap;

use chrono::SecondsFormat;
use kigen_model::Instant;
use kigen_model::alert::alert_id;
use kigen_model::delivery::Delivery;
use slack_morphism::prelude::*;

use super::client::{EVENT_TYPE, Place, PostedMessage, Slack};
use super::error::SlackError;
use crate::clean::{clean, escape_code};
use crate::language::phrase;

impl Slack {
    /// Replies to the message of an incident that so many periods, all that there are, have a good result again. Returns whether
    /// it was posted now.
    ///
    /// # Errors
    /// It was not posted, or whether it was is unknown: then it may be attempted again.
    pub async fn post_repaired(
        &self,
        message: &Delivery,
        periods: usize,
        at: Instant,
    ) -> Result<bool, SlackError> {
        // Always the same for an incident and a message of it.
        let subject = format!("{}/{}", message.subject, message.channel);
        let id = alert_id(&message.key, "", "impact_repaired", &subject);
        let root = message.thread.as_deref().unwrap_or(&message.message);
        let of = PostedMessage::new(&message.channel, root);
        let place = Place::Thread { of: &of, is_broadcast: false };
        if self.find(place, &[id], message.decided_at).await?.is_some() {
            return Ok(false);
        }
        let batch = format!("{}/{}", message.key.namespace, message.key.batch);
        let text = phrase!(
            self.routes().language,
            "repaired",
            batch = escape_code(&clean(&batch)),
            periods = periods,
            at = at.to_rfc3339_opts(SecondsFormat::Secs, true),
        );
        let payload = HashMap::from([("id".to_owned(), id.to_string())]);
        let metadata = SlackMessageMetadata::new(EVENT_TYPE.to_owned()).with_event_payload(payload);
        let content = SlackMessageContent::new().with_text(text).with_metadata(metadata);
        let request = SlackApiChatPostMessageRequest::new(message.channel.as_str().into(), content)
            .with_thread_ts(root.into());
        let token = self.token().await?;
        let session = self.client.open_session(&token);
        let posted = session.chat_post_message(&request).await;
        posted.map(|_| true).map_err(|error| SlackError::of(&message.channel, error))
    }
}
