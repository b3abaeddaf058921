//! What Slack has of a digest: a message, and those of its alerts in its thread.

use kigen_model::delivery::Delivery;
use kigen_ops::error_chain;

use super::blocks::fallback;
use super::client::{Place, PostedMessage};
use super::content::{Content, Marks};
use super::error::SlackError;
use super::sender::SlackSender;
use crate::digests::Head;
use crate::language::phrase;
use crate::ledger::Entry;
use crate::metrics;
use crate::render::Message;
use crate::routing::Target;
use crate::sending::Sending;

impl SlackSender {
    /// Posts the message of a digest, unless it is found; in the default channel if its own rejects it, with the note about that.
    pub(crate) async fn post_digest(
        &self,
        sending: Sending<'_>,
        message: &Message,
    ) -> Result<(Head, Option<String>), SlackError> {
        let (channel, default) = (&*sending.target.channel, self.slack.default_channel());
        let head = |posted: PostedMessage| Head {
            channel: posted.channel().to_owned(),
            message: posted.ts().to_owned(),
        };
        match self.try_post_once(Place::Channel(channel), sending, message).await {
            Err(error) if error.is_of_channel() && channel != default => {
                metrics::failed(error.label());
                tracing::warn!("{}; the digest goes to {default}", error_chain(&error));
                sending.doubt.renew();
                let language = sending.target.language;
                let why = error.text(language, channel);
                let note = phrase!(language, "rejected", channel = channel, why = why);
                let message = message.clone().noted(&note);
                let posted = self.try_post_once(Place::Channel(default), sending, &message).await?;
                Ok((head(posted), Some(note)))
            }
            posted => Ok((head(posted?), None)),
        }
    }

    /// Posts the message of an alert that was held back in the thread of its digest, or in its channel if that is gone; returns
    /// what Slack has then.
    pub(crate) async fn post_in_digest(
        &self,
        sending: Sending<'_>,
        entry: &Entry,
        head: &Head,
    ) -> Result<Delivery, SlackError> {
        let now = (sending.now)();
        let surroundings = self.around.alert(&entry.alert).await;
        let content = Content {
            subject: entry.delivery.subject,
            version: entry.delivery.version.saturating_add(1),
            shown: &entry.alert,
            followed_by: entry.followed_by.as_ref(),
            replaces: Some(entry),
            surroundings: &surroundings,
        };
        let thread = PostedMessage::new(&head.channel, &head.message);
        // It is late by the configuration, and the digest has notified.
        let target = Target { mentions: Vec::new(), ..sending.target.clone() };
        let message = content.message(sending.alert.decided_at, &Marks::default(), &target);
        let place = Place::Thread { of: &thread, is_broadcast: false };
        let (posted, in_thread) = match self.try_post_once(place, sending, &message).await {
            Err(error) if error.is_of_message() => {
                tracing::warn!("{}; the digest is gone", error_chain(&error));
                let place = Place::Channel(&sending.target.channel);
                (self.try_post_once(place, sending, &message).await?, false)
            }
            posted => (posted?, true),
        };
        let thread = if in_thread { thread } else { posted.clone() };
        self.try_reply_whole_error(sending, (&thread, &message)).await?;
        Ok(Delivery {
            channel: posted.channel().to_owned(),
            message: posted.ts().to_owned(),
            version: content.version,
            delivered_at: now,
            text: fallback(&message),
            thread: in_thread.then(|| thread.ts().to_owned()),
            ..entry.delivery.clone()
        })
    }
}
