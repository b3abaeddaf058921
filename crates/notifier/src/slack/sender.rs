//! Sends messages to Slack: updates those of incidents, and looks up what may have been posted.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::TimeDelta;
use kigen_model::delivery::Delivery;
use kigen_ops::error_chain;
use tokio::time::Instant as TimerInstant;
use uuid::Uuid;

use super::client::{OwnedPlace, Place, PostedMessage, Slack};
use super::content::{Content, Marks};
use super::error::SlackError;
use super::late::{Late, Request};
use super::pace::Pace;
use crate::around::Around;
use crate::language::phrase;
use crate::ledger::{Change, Entry, Ledger};
use crate::metrics;
use crate::patience::Patience;
use crate::pauses::Pauses;
use crate::plan::{Plan, Update};
use crate::render::{Edition, Message, render};
use crate::sending::Sending;
use crate::surroundings::Surroundings;

/// The sender of all queues. Clones share what they know.
#[derive(Clone)]
pub(crate) struct SlackSender {
    pub(super) slack: Arc<Slack>,
    pub(super) around: Around,
    patience: Patience,
    /// After which time without news what lasts is in its thread again; `None`: it is not.
    pub(super) remind_every: Option<TimeDelta>,
    pub(super) ledger: Ledger,
    pub(super) pauses: Arc<Pauses>,
    late: Arc<Late>,
    pace: Arc<Pace>,
    /// How many partitions there are.
    partitions: u32,
    /// When the message of a storm may be updated again; `None`: never, it is gone.
    pub(super) storms: Arc<Mutex<BTreeMap<Uuid, Option<TimerInstant>>>>,
}

impl SlackSender {
    pub(crate) fn new(slack: Slack, patience: Patience, ledger: Ledger, pauses: Arc<Pauses>) -> Self {
        let (around, late, pace, storms) = Default::default();
        let (slack, remind_every, partitions) = (Arc::new(slack), None, 1);
        Self { slack, around, patience, remind_every, ledger, pauses, late, pace, partitions, storms }
    }

    /// Reads what is around alerts.
    pub(crate) fn reading(&mut self, around: Around, partitions: u32) {
        self.around = around;
        self.partitions = partitions;
    }

    /// When a channel may have a message again, by Slack's limit; `None`: now.
    pub(crate) fn free_at(&self, channel: &str) -> Option<TimerInstant> {
        self.pace.free_at(&self.slack.known_id(channel), self.post_interval())
    }

    /// The time between two messages for one channel, of which other notifiers have their parts.
    fn post_interval(&self) -> Duration {
        let own = self.ledger.partition_count().max(1);
        Duration::from_millis(self.patience.post_interval_ms) * self.partitions / own
    }

    /// Has what lasts in its thread again after this time.
    pub(crate) fn remind_after(&mut self, every: Option<TimeDelta>) {
        self.remind_every = every;
    }

    /// Sends an alert as it is planned; returns what Slack has then.
    pub(crate) async fn try_send(
        &self,
        sending: Sending<'_>,
        plan: Plan,
        surroundings: &Surroundings,
    ) -> Result<Vec<Change>, SlackError> {
        let new = |subject| Content {
            subject,
            version: 1,
            shown: sending.alert,
            followed_by: None,
            replaces: None,
            surroundings,
        };
        match plan {
            Plan::Pass => Ok(Vec::new()),
            Plan::Post { subject } => self.try_post(sending, new(subject)).await,
            Plan::Update(update) if is_elsewhere(&update, sending) => {
                let mut changes = self.try_post(sending, new(update.subject)).await?;
                let referring = self.try_refer(sending, &update, &changes).await?;
                changes.extend(referring);
                Ok(changes)
            }
            Plan::Update(update) => self.try_update(sending, &update, surroundings).await,
        }
    }

    /// Updates a message, and replies to it; where it is gone, what it would show becomes another one.
    async fn try_update(
        &self,
        sending: Sending<'_>,
        update: &Update,
        surroundings: &Surroundings,
    ) -> Result<Vec<Change>, SlackError> {
        let Update { entry, subject, shown, followed_by, is_broadcast } = update;
        let Delivery { channel, message: ts, .. } = &entry.delivery;
        let posted = PostedMessage::new(channel, ts);
        let thread = PostedMessage::new(channel, entry.delivery.thread.as_ref().unwrap_or(ts));
        let content = Content {
            subject: *subject,
            version: entry.delivery.version.saturating_add(1),
            shown,
            followed_by: followed_by.as_ref(),
            replaces: Some(entry),
            surroundings,
        };
        let now = (sending.now)();
        let marks = Marks {
            rejected: entry.delivery.rejected.clone(),
            link: entry.delivery.link.clone().filter(|_| followed_by.is_some()),
            thread: entry.delivery.thread.clone(),
        };
        let message = content.message(now, &marks, sending.target);
        match self.update(&posted, &message).await {
            Ok(()) => {}
            Err(error) if error.is_of_message() => {
                tracing::warn!("{}; what follows it becomes a message of its own", error_chain(&error));
                return self.try_post(sending, content).await;
            }
            Err(error) => return Err(error),
        }
        // Quiet hours disturb no one.
        let is_broadcast = *is_broadcast && sending.target.quiet_until(sending.alert).is_none();
        let place = Place::Thread { of: &thread, is_broadcast };
        let language = sending.target.language;
        let reply = render(sending.alert, Edition { language, delivered_at: Some(now), surroundings });
        let reply = reply.without_chart();
        let reply = if is_broadcast { reply.notifying(&sending.target.mentions) } else { reply };
        match self.try_post_once(place, sending, &reply).await {
            Ok(_) => {}
            Err(error) if error.is_of_message() => {
                tracing::warn!("{}; the message is updated without a reply", error_chain(&error));
            }
            Err(error) => return Err(error),
        }
        self.try_reply_whole_error(sending, (&thread, &reply)).await?;
        let mut changed = content.entry(sending, (&posted, now), &message, marks);
        changed.delivery.route.clone_from(&entry.delivery.route);
        Ok(self.changes(sending, &content, changed))
    }

    /// Posts a message in its channel or, as one of many, in a thread there; or in the default channel if that rejects it.
    async fn try_post(&self, sending: Sending<'_>, content: Content<'_>) -> Result<Vec<Change>, SlackError> {
        let (channel, default) = (&*sending.target.channel, self.slack.default_channel());
        // Rendered for each request: the message states how late it is.
        let now = (sending.now)();
        let message = content.message(now, &Marks::default(), sending.target);
        let is_in_doubt = sending.doubt.is_open();
        let mut storm = None;
        if is_in_doubt {
            // Also as the first of many: which is the first may be another one now.
            let ids = [sending.id, sending.storm_id()];
            match self.look_up(Place::Channel(channel), &ids, sending).await? {
                Some((id, posted)) if id == sending.id => {
                    self.try_reply_whole_error(sending, (&posted, &message)).await?;
                    let entry = content.entry(sending, (&posted, now), &message, Marks::default());
                    return Ok(self.changes(sending, &content, entry));
                }
                found => storm = found.map(|(_, posted)| posted),
            }
        }
        if let Some(changes) = self.try_post_in_storm(sending, content, storm, now).await? {
            return Ok(changes);
        }
        sending.doubt.settle();
        let (posted, message, marks) = match self.post(Place::Channel(channel), sending, &message).await {
            Err(error) if error.is_of_channel() && channel != default => {
                metrics::failed(error.label());
                let why = error_chain(&error);
                tracing::warn!("{why}; the message goes to {default}");
                if is_in_doubt {
                    sending.doubt.renew();
                }
                let note = error.text(sending.target.language, channel);
                let note = phrase!(sending.target.language, "rejected", channel = channel, why = note);
                let marks = Marks { rejected: Some(note), ..Marks::default() };
                let message = content.message(now, &marks, sending.target);
                let posted = self.try_post_once(Place::Channel(default), sending, &message).await?;
                (posted, message, marks)
            }
            posted => (posted?, message, Marks::default()),
        };
        self.try_reply_whole_error(sending, (&posted, &message)).await?;
        let entry = content.entry(sending, (&posted, now), &message, marks);
        Ok(self.changes(sending, &content, entry))
    }

    /// Replies to a message with the whole error text, if it has only a part of it.
    pub(super) async fn try_reply_whole_error(
        &self,
        sending: Sending<'_>,
        (thread, message): (&PostedMessage, &Message),
    ) -> Result<(), SlackError> {
        let Some(reply) = message.with_whole_error() else { return Ok(()) };
        // Whether it was posted is not known if it is not known of the message.
        let sending = Sending { id: sending.error_id(), ..sending };
        let place = Place::Thread { of: thread, is_broadcast: false };
        match self.try_post_once(place, sending, &reply).await {
            Ok(_) => Ok(()),
            Err(error) if error.is_of_message() || error.is_of_content() => {
                tracing::warn!("{}; the whole error text is not in the thread", error_chain(&error));
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    /// Posts the message of an alert, unless it is found.
    pub(super) async fn try_post_once(
        &self,
        place: Place<'_>,
        sending: Sending<'_>,
        message: &Message,
    ) -> Result<PostedMessage, SlackError> {
        if sending.doubt.is_open() {
            // Those behind one that is found may have been posted, too.
            if let Some((_, posted)) = self.look_up(place, &[sending.id], sending).await? {
                return Ok(posted);
            }
            sending.doubt.settle();
        }
        self.post(place, sending, message).await
    }

    /// The message that was posted for one of these ids.
    async fn look_up(
        &self,
        place: Place<'_>,
        ids: &[Uuid],
        sending: Sending<'_>,
    ) -> Result<Option<(Uuid, PostedMessage)>, SlackError> {
        for id in ids {
            // A request that is still under way may post it after it was looked up.
            match self.late_answer(&id.to_string()).await {
                Some(Ok(posted)) => {
                    sending.doubt.posted();
                    return Ok(Some((*id, posted)));
                }
                Some(Err(error @ SlackError::Silent { .. })) => return Err(error),
                Some(Err(_)) | None => {}
            }
        }
        match self.within_timeout(self.slack.find(place, ids, sending.alert.decided_at)).await {
            Err(
                error @ (SlackError::Retry { .. } | SlackError::Silent { .. } | SlackError::Token { .. }),
            ) => Err(error),
            // Without the permission to read the channel a duplicate is better than an alert that never comes.
            Err(error) => {
                tracing::warn!(
                    "whether the next message was posted before cannot be looked up, it may come twice: {error}"
                );
                Ok(None)
            }
            Ok(found) => {
                // What follows it may fail, and then it is looked up again.
                if found.is_some() {
                    sending.doubt.posted();
                }
                Ok(found)
            }
        }
    }

    pub(super) async fn post(
        &self,
        place: Place<'_>,
        sending: Sending<'_>,
        message: &Message,
    ) -> Result<PostedMessage, SlackError> {
        let (slack, id, message) = (Arc::clone(&self.slack), sending.id, message.clone());
        let channel = match place {
            Place::Channel(channel) => channel,
            Place::Thread { of, .. } => of.channel(),
        };
        tokio::time::sleep_until(self.pace.turn(&slack.known_id(channel), self.post_interval())).await;
        let place = OwnedPlace::from(place);
        let request = async move { slack.post_as(place.as_place(), id, &message).await };
        let posted = self.answer(id.to_string(), Request::begin(request)).await;
        match &posted {
            Ok(_) => sending.doubt.posted(),
            // A request without an answer may have posted the message; one that is refused or rate-limited has not.
            Err(SlackError::Retry { after: None, .. } | SlackError::Silent { .. }) => sending.doubt.reopen(),
            Err(_) => {}
        }
        posted
    }

    /// Gives a message another content, after whatever is under way there: an older content must not replace it.
    pub(super) async fn update(&self, posted: &PostedMessage, message: &Message) -> Result<(), SlackError> {
        let key = format!("{}/{}", posted.channel(), posted.ts());
        if let Some(Err(error @ SlackError::Silent { .. })) = self.late_answer(&key).await {
            return Err(error);
        }
        let (slack, posted, message) = (Arc::clone(&self.slack), posted.clone(), message.clone());
        let request = async move { slack.update(&posted, &message).await.map(|()| posted) };
        self.answer(key, Request::begin(request)).await.map(drop)
    }

    async fn answer(&self, key: String, request: Request) -> Result<PostedMessage, SlackError> {
        self.late.answer(key, request, self.patience.request_ms_max).await
    }

    /// The answer to a request that was not answered in time; `None`: there is none.
    async fn late_answer(&self, key: &str) -> Option<Result<PostedMessage, SlackError>> {
        let request = self.late.take(key)?;
        Some(self.answer(key.to_owned(), request).await)
    }

    /// What Slack has with this entry.
    pub(super) fn changes(&self, sending: Sending<'_>, content: &Content<'_>, entry: Entry) -> Vec<Change> {
        self.ledger.replaced(sending.partition, sending.alert, content.replaces, entry)
    }

    pub(super) async fn within_timeout<T>(
        &self,
        request: impl Future<Output = Result<T, SlackError>>,
    ) -> Result<T, SlackError> {
        let waited_ms = self.patience.request_ms_max;
        let answer = tokio::time::timeout(Duration::from_millis(waited_ms), request).await;
        answer.unwrap_or(Err(SlackError::Silent { waited_ms }))
    }
}

/// Whether an alert is for another channel than the message of what it makes true: a warning, or an unknown slot.
pub(crate) fn is_elsewhere(update: &Update, sending: Sending<'_>) -> bool {
    update.subject != update.entry.delivery.subject && update.entry.delivery.route != sending.target.channel
}
