//! Many alerts at once: one message that counts them, and has each in its thread.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use kigen_model::Instant;
use kigen_model::alert::Alert;
use kigen_model::delivery::Delivery;
use kigen_model::topic::Partition;
use kigen_ops::error_chain;
use tokio::time::Instant as TimerInstant;

use super::blocks::fallback;
use super::client::{Place, PostedMessage};
use super::content::{Content, Marks, Sending, storm_id};
use super::error::SlackError;
use super::sender::{SlackSender, Work};
use crate::health::Health;
use crate::ledger::{Change, Entry, Weather};
use crate::queue::Queue;
use crate::render::{Message, render_storm};

/// How often the message of a storm is updated, at most.
const STORM_UPDATE_INTERVAL: Duration = Duration::from_secs(3);

impl SlackSender {
    /// Retries until the next message of a storm that has changed is updated. `None`: none may be updated now, or the shutdown
    /// came first.
    pub(crate) async fn recount(
        &mut self,
        partition: Partition,
        queue: Queue,
        health: &Health,
        mut shutdown: Pin<&mut impl Future<Output = ()>>,
    ) -> Option<Vec<Change>> {
        for (head, message) in self.changed_storms(partition, queue) {
            let subject = head.delivery.subject;
            if self.storms.get(&subject).is_some_and(|at| at.is_none_or(|at| TimerInstant::now() < at)) {
                continue;
            }
            let work = Work::Recount { head: &head, message: &message };
            let changes = self.retry(queue, work, health, shutdown.as_mut()).await?;
            health.left(queue);
            let again = TimerInstant::now() + STORM_UPDATE_INTERVAL;
            self.storms.insert(subject, (!changes.is_empty()).then_some(again));
            if !changes.is_empty() {
                return Some(changes);
            }
        }
        None
    }

    /// When the next message of a storm may be updated that has changed.
    pub(crate) fn recount_at(&self, partition: Partition, queue: Queue) -> Option<TimerInstant> {
        let changed = self.changed_storms(partition, queue).into_iter();
        changed.filter_map(|(head, _)| self.storms.get(&head.delivery.subject).copied().flatten()).min()
    }

    /// The storms whose message is not true any more, as it has to be.
    fn changed_storms(&self, partition: Partition, queue: Queue) -> Vec<(Entry, Message)> {
        let storms = self.ledger.storms(partition, queue).into_iter();
        let changed = storms.filter_map(|(mut head, alerts)| {
            let alerts: Vec<(&Alert, bool)> = alerts.iter().map(|(alert, over)| (alert, *over)).collect();
            let message = render_storm(&alerts);
            let text = fallback(&message);
            if text == head.delivery.text {
                return None;
            }
            let last = alerts.iter().map(|(alert, _)| alert.decided_at).max()?;
            head.delivery = Delivery {
                version: head.delivery.version.saturating_add(1),
                // It is remembered for as long as what it counts.
                decided_at: last.max(head.delivery.decided_at),
                text,
                storm: Some(u32::try_from(alerts.len()).unwrap_or(u32::MAX)),
                ..head.delivery
            };
            Some((head, message))
        });
        changed.collect()
    }

    /// Posts a message in the thread of a storm, which may begin with it: `head` is its message then, if that is posted already.
    /// `None`: there is no storm, or its message is gone.
    pub(super) async fn try_post_in_storm(
        &mut self,
        sending: Sending<'_>,
        content: Content<'_>,
        head: Option<PostedMessage>,
        now: Instant,
    ) -> Result<Option<Vec<Change>>, SlackError> {
        let (slack, alert) = (Arc::clone(&self.slack), sending.alert);
        let channel = slack.channel_of(alert);
        let weather = self.ledger.weather(alert, |other| slack.channel_of(other) == channel);
        let (thread, mut changes) = match (head, weather) {
            (None, Weather::Calm) => return Ok(None),
            (None, Weather::Storm(channel, ts)) => (PostedMessage::new(&channel, &ts), Vec::new()),
            (head, _) => {
                let first = Alert { id: storm_id(alert), ..alert.clone() };
                let message = render_storm(&[(alert, false)]);
                let posted = match head {
                    Some(posted) => posted,
                    None => {
                        self.settled.insert(sending.partition);
                        let of_first = Sending { alert: &first, ..sending };
                        match self.post(Place::Channel(channel), of_first, &message).await {
                            Err(error) if error.is_of_channel() => return Ok(None),
                            posted => posted?,
                        }
                    }
                };
                let content = Content { subject: first.id, version: 1, replaces: None, ..content };
                let mut entry = content.entry(sending, (&posted, now), &message, Marks::default());
                entry.delivery.storm = Some(1);
                (posted, vec![Change::Put(Box::new(entry))])
            }
        };
        let marks = Marks { thread: Some(thread.ts().to_owned()), ..Marks::default() };
        let message = content.message(now, &marks);
        let place = Place::Thread { of: &thread, is_broadcast: false };
        match self.try_post_once(place, sending, &message).await {
            Ok(posted) => {
                let entry = content.entry(sending, (&posted, now), &message, marks);
                changes.extend(self.changes(sending, &content, entry));
                Ok(Some(changes))
            }
            Err(error) if error.is_of_message() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Updates the message of a storm; no change if it is gone.
    pub(super) async fn try_recount(
        &mut self,
        head: &Entry,
        message: &Message,
    ) -> Result<Vec<Change>, SlackError> {
        let posted = PostedMessage::new(&head.delivery.channel, &head.delivery.message);
        match self.within_timeout(self.slack.update(&posted, message)).await {
            Ok(()) => Ok(vec![Change::Put(Box::new(head.clone()))]),
            Err(error) if error.is_of_message() => {
                tracing::warn!("{}; the message about many alerts is not updated", error_chain(&error));
                Ok(Vec::new())
            }
            Err(error) => Err(error),
        }
    }
}
