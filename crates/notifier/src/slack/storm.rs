//! Many alerts at once: one message that counts them, and has each in its thread.

use std::collections::BTreeMap;
use std::sync::{MutexGuard, PoisonError};
use std::time::Duration;

use kigen_model::Instant;
use kigen_model::alert::Alert;
use kigen_model::delivery::Delivery;
use kigen_model::topic::Partition;
use kigen_ops::error_chain;
use tokio::time::Instant as TimerInstant;
use uuid::Uuid;

use super::blocks::fallback;
use super::client::{Place, PostedMessage};
use super::content::{Content, Marks};
use super::error::SlackError;
use super::sender::SlackSender;
use crate::ledger::{Change, Entry, Weather};
use crate::queue::Queue;
use crate::render::{Message, render_storm};
use crate::sending::Sending;

/// How often the message of a storm is updated, at most.
const STORM_UPDATE_INTERVAL: Duration = Duration::from_secs(3);

impl SlackSender {
    /// Updates the next message of a storm that has changed. `None`: none may be updated now.
    pub(crate) async fn recount(&self, partition: Partition, queue: Queue) -> Option<Vec<Change>> {
        for (head, message) in self.changed_storms(partition, queue) {
            let Delivery { subject, channel, .. } = &head.delivery;
            let at = self.storms().get(subject).copied();
            let is_early = at.is_some_and(|at| at.is_none_or(|at| TimerInstant::now() < at));
            if is_early || self.pauses.until(queue, channel).is_some() {
                continue;
            }
            match self.try_recount(&head, &message).await {
                Ok(changes) => {
                    let again = TimerInstant::now() + STORM_UPDATE_INTERVAL;
                    self.storms().insert(*subject, (!changes.is_empty()).then_some(again));
                    if !changes.is_empty() {
                        return Some(changes);
                    }
                }
                Err(error) => self.pauses.failed(queue, channel, &error.into()),
            }
        }
        None
    }

    /// When the next message of a storm may be updated that has changed.
    pub(crate) fn recount_at(&self, partition: Partition, queue: Queue) -> Option<TimerInstant> {
        let changed = self.changed_storms(partition, queue).into_iter();
        changed.filter_map(|(head, _)| self.storms().get(&head.delivery.subject).copied().flatten()).min()
    }

    fn storms(&self) -> MutexGuard<'_, BTreeMap<Uuid, Option<TimerInstant>>> {
        self.storms.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The storms whose message is not true any more, as it has to be.
    fn changed_storms(&self, partition: Partition, queue: Queue) -> Vec<(Entry, Message)> {
        let storms = self.ledger.storms(partition, queue).into_iter();
        let changed = storms.filter_map(|(mut head, alerts)| {
            let alerts: Vec<(&Alert, bool)> = alerts.iter().map(|(alert, over)| (alert, *over)).collect();
            let message = render_storm(&alerts, self.target_of_entry(&head).language);
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
        &self,
        sending: Sending<'_>,
        content: Content<'_>,
        head: Option<PostedMessage>,
        now: Instant,
    ) -> Result<Option<Vec<Change>>, SlackError> {
        let alert = sending.alert;
        let channel = &*sending.target.channel;
        let weather = self.ledger.weather(alert, channel);
        let (thread, mut changes) = match (head, weather) {
            (None, Weather::Calm) => return Ok(None),
            (None, Weather::Storm(channel, ts)) => (PostedMessage::new(&channel, &ts), Vec::new()),
            (head, _) => {
                let message = render_storm(&[(alert, false)], sending.target.language);
                let posted = match head {
                    Some(posted) => posted,
                    None => {
                        sending.doubt.settle();
                        let of_first = Sending { id: sending.storm_id(), ..sending };
                        match self.post(Place::Channel(channel), of_first, &message).await {
                            Err(error) if error.is_of_channel() => return Ok(None),
                            posted => posted?,
                        }
                    }
                };
                let content = Content { subject: sending.storm_id(), version: 1, replaces: None, ..content };
                let mut entry = content.entry(sending, (&posted, now), &message, Marks::default());
                entry.delivery.storm = Some(1);
                (posted, vec![Change::Put(Box::new(entry))])
            }
        };
        let marks = Marks { thread: Some(thread.ts().to_owned()), ..Marks::default() };
        let message = content.message(now, &marks, sending.target);
        let place = Place::Thread { of: &thread, is_broadcast: false };
        match self.try_post_once(place, sending, &message).await {
            Ok(posted) => {
                self.try_reply_whole_error(sending, (&thread, &message)).await?;
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
        &self,
        head: &Entry,
        message: &Message,
    ) -> Result<Vec<Change>, SlackError> {
        let posted = PostedMessage::new(&head.delivery.channel, &head.delivery.message);
        match self.update(&posted, message).await {
            Ok(()) => Ok(vec![Change::Put(Box::new(head.clone()))]),
            Err(error) if error.is_of_message() => {
                tracing::warn!("{}; the message about many alerts is not updated", error_chain(&error));
                Ok(Vec::new())
            }
            Err(error) => Err(error),
        }
    }
}
