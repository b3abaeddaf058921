//! References between messages: of a failed run and the deadline that it missed, and of a warning and the miss that it became in
//! another channel.

use kigen_model::delivery::{Delivery, SLACK};
use kigen_model::topic::Partition;
use kigen_ops::error_chain;

use super::client::PostedMessage;
use super::content::{Content, Marks};
use super::error::SlackError;
use super::sender::SlackSender;
use crate::ledger::{Change, Entry};
use crate::plan::Update;
use crate::queue::Queue;
use crate::routing::Target;
use crate::sending::Sending;
use crate::surroundings::Surroundings;

impl SlackSender {
    /// Lets the next message of a queue that lacks one refer to its counterpart: a failed run and the deadline that it missed.
    /// `None`: none can now.
    pub(crate) async fn link(&self, partition: Partition, queue: Queue) -> Option<Vec<Change>> {
        let is_ready = |channel: &str| self.pauses.until(queue, channel).is_none();
        while let Some((entry, counterpart)) = self.ledger.unlinked(partition, queue, is_ready) {
            match self.try_link(&entry, &counterpart).await {
                Ok(changes) if changes.is_empty() => {
                    self.ledger.leave_unlinked(partition, queue, entry.delivery.subject);
                }
                Ok(changes) => return Some(changes),
                Err(error) => self.pauses.failed(queue, &entry.delivery.channel, &error.into()),
            }
        }
        None
    }

    /// Adds a reference to a message; no change if that, or what it refers to, is gone.
    async fn try_link(&self, entry: &Entry, counterpart: &Entry) -> Result<Vec<Change>, SlackError> {
        let address = |entry: &Entry| PostedMessage::new(&entry.delivery.channel, &entry.delivery.message);
        let (posted, other) = (address(entry), address(counterpart));
        let surroundings = self.around.alert(&entry.alert).await;
        let linked = async {
            let link = self.within_timeout(self.slack.permalink(&other)).await?;
            let delivery = &entry.delivery;
            let content = Content {
                subject: delivery.subject,
                version: delivery.version.saturating_add(1),
                shown: &entry.alert,
                followed_by: entry.followed_by.as_ref(),
                replaces: None,
                surroundings: &surroundings,
            };
            let marks = Marks { rejected: delivery.rejected.clone(), link: Some(link.clone()), thread: None };
            let message = content.message(delivery.delivered_at, &marks, &self.target_of_entry(entry));
            self.update(&posted, &message).await?;
            Ok(Delivery { version: content.version, link: Some(link), ..delivery.clone() })
        };
        let linked: Result<Delivery, SlackError> = linked.await;
        match linked {
            Ok(delivery) => Ok(vec![Change::Put(Box::new(Entry { delivery, ..entry.clone() }))]),
            Err(error) if error.is_of_message() => {
                tracing::warn!("{}; a message stays without a reference", error_chain(&error));
                Ok(Vec::new())
            }
            Err(error) => Err(error),
        }
    }

    /// Updates a message whose fear came true in another channel: it refers to the message there.
    pub(super) async fn try_refer(
        &self,
        sending: Sending<'_>,
        update: &Update,
        changes: &[Change],
    ) -> Result<Vec<Change>, SlackError> {
        let posted = changes.iter().find_map(|change| match change {
            Change::Put(entry) if entry.delivery.subject == update.subject => Some(&entry.delivery),
            Change::Put(_) | Change::Forget { .. } | Change::Wait(_) | Change::Accepted { .. } => None,
        });
        let Some(posted) = posted else { return Ok(Vec::new()) };
        let posted = PostedMessage::new(&posted.channel, &posted.message);
        let link = self.within_timeout(self.slack.permalink(&posted)).await?;
        let Entry { delivery, alert, .. } = &update.entry;
        let content = Content {
            subject: delivery.subject,
            version: delivery.version.saturating_add(1),
            shown: alert,
            followed_by: Some(sending.alert),
            replaces: None,
            surroundings: Surroundings::NONE,
        };
        let marks =
            Marks { rejected: delivery.rejected.clone(), link: Some(link), thread: delivery.thread.clone() };
        let (now, quiet) = ((sending.now)(), Target { mentions: Vec::new(), ..sending.target.clone() });
        let message = content.message(now, &marks, &quiet);
        let before = PostedMessage::new(&delivery.channel, &delivery.message);
        match self.update(&before, &message).await {
            Ok(()) => {
                let mut entry = content.entry(sending, (&before, now), &message, marks);
                entry.delivery.route.clone_from(&delivery.route);
                Ok(vec![Change::Put(Box::new(entry))])
            }
            Err(error) if error.is_of_message() => {
                tracing::warn!("{}; the warning stays as it is", error_chain(&error));
                Ok(Vec::new())
            }
            Err(error) => Err(error),
        }
    }

    /// The channel of a message, with those whom it notifies.
    pub(super) fn target_of_entry(&self, entry: &Entry) -> Target {
        let Delivery { route, is_copy, .. } = &entry.delivery;
        let mut targets = self.slack.routes().targets(&entry.alert).into_iter();
        let found = targets.find(|target| target.channel == *route);
        found.unwrap_or_else(|| self.slack.routes().forgotten(SLACK, route, *is_copy))
    }
}
