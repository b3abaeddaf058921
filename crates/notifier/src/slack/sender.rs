//! Sends messages to Slack in order: retries with a doubling delay, updates the messages of incidents, and looks up what may
//! have been posted.

use std::collections::{BTreeMap, BTreeSet};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use kigen_model::delivery::Delivery;
use kigen_model::topic::Partition;
use kigen_ops::error_chain;
use tokio::time::Instant as TimerInstant;
use uuid::Uuid;

use super::client::{Place, PostedMessage, Slack};
use super::content::{Content, Marks, Sending, storm_id};
use super::error::SlackError;
use crate::health::Health;
use crate::ledger::{Change, Entry, Ledger};
use crate::metrics;
use crate::plan::{Plan, Update, plan};
use crate::queue::Queue;
use crate::render::{Message, render_at};

/// The longest `Retry-After` that is respected.
const RETRY_AFTER_MS_MAX: u64 = 600_000;

/// Timeouts and delays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// The delay after the first failed request, in milliseconds; it doubles from failure to failure.
    pub retry_delay_ms_min: u64,
    /// The longest delay between two requests, in milliseconds, and the one after a refusal.
    pub retry_delay_ms_max: u64,
    /// The timeout of one request, in milliseconds. A shutdown waits for the request in flight.
    pub request_ms_max: u64,
}

impl Default for Patience {
    fn default() -> Self {
        Self { retry_delay_ms_min: 1_000, retry_delay_ms_max: 60_000, request_ms_max: 7_000 }
    }
}

/// What is done with a message.
#[derive(Clone, Copy)]
pub(super) enum Work<'a> {
    Send(Sending<'a>),
    Link { entry: &'a Entry, counterpart: &'a Entry },
    Recount { head: &'a Entry, message: &'a Message },
}

/// The sender of a queue.
pub(crate) struct SlackSender {
    pub(super) slack: Arc<Slack>,
    pub(super) patience: Patience,
    pub(super) ledger: Ledger,
    /// The partitions whose next message has not been posted, since the one before it was not when it was looked up. In any
    /// other it may have been, so it is looked up first.
    pub(super) settled: BTreeSet<Partition>,
    /// When the message of a storm may be updated again; `None`: never, it is gone.
    pub(super) storms: BTreeMap<Uuid, Option<TimerInstant>>,
}

impl SlackSender {
    pub(crate) fn new(slack: Arc<Slack>, patience: Patience) -> Self {
        Self { slack, patience, ledger: Ledger::default(), settled: BTreeSet::new(), storms: BTreeMap::new() }
    }

    /// Another one, for other messages to the same workspace.
    pub(crate) fn beside(&self) -> Self {
        let ledger = self.ledger.clone();
        Self { ledger, ..Self::new(Arc::clone(&self.slack), self.patience) }
    }

    /// The messages that Slack has.
    pub(crate) fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Looks up the next message of each of these partitions before it is posted.
    pub(crate) fn look_up_next(&mut self, partitions: &[Partition]) {
        self.settled.retain(|partition| !partitions.contains(partition));
    }

    /// Retries until the alert is sent; returns what Slack has then. `None`: the shutdown came first.
    pub(crate) async fn send(
        &mut self,
        sending: Sending<'_>,
        health: &Health,
        shutdown: Pin<&mut impl Future<Output = ()>>,
    ) -> Option<Vec<Change>> {
        let queue = Queue::of(&sending.alert.body);
        self.retry(queue, Work::Send(sending), health, shutdown).await
    }

    /// Retries until the next message of a queue that lacks one refers to its counterpart: a failed run and the deadline that
    /// it missed. `None`: each does, or the shutdown came first.
    pub(crate) async fn link(
        &mut self,
        partition: Partition,
        queue: Queue,
        health: &Health,
        mut shutdown: Pin<&mut impl Future<Output = ()>>,
    ) -> Option<Vec<Change>> {
        while let Some((entry, counterpart)) = self.ledger.unlinked(partition, queue) {
            let work = Work::Link { entry: &entry, counterpart: &counterpart };
            let changes = self.retry(queue, work, health, shutdown.as_mut()).await?;
            health.left(queue);
            if !changes.is_empty() {
                return Some(changes);
            }
            self.ledger.leave_unlinked(partition, queue, entry.delivery.subject);
        }
        None
    }

    pub(super) async fn retry(
        &mut self,
        queue: Queue,
        work: Work<'_>,
        health: &Health,
        mut shutdown: Pin<&mut impl Future<Output = ()>>,
    ) -> Option<Vec<Change>> {
        let patience = self.patience;
        let mut delay_ms = patience.retry_delay_ms_min;
        loop {
            let done = match work {
                Work::Send(sending) => self.try_send(sending).await,
                Work::Link { entry, counterpart } => self.try_link(entry, counterpart).await,
                Work::Recount { head, message } => self.try_recount(head, message).await,
            };
            let error = match done {
                Ok(changes) => return Some(changes),
                Err(error) => error,
            };
            let wait_ms = match &error {
                SlackError::Retry { after: Some(after), .. } => u64::try_from(after.as_millis())
                    .unwrap_or(RETRY_AFTER_MS_MAX)
                    .clamp(patience.retry_delay_ms_min, RETRY_AFTER_MS_MAX),
                SlackError::Retry { after: None, .. }
                | SlackError::Silent { .. }
                | SlackError::Token { .. } => delay_ms,
                SlackError::Refused { .. } | SlackError::Certificates(_) => patience.retry_delay_ms_max,
            };
            metrics::failed(error.label());
            health.undelivered(queue, error_chain(&error));
            tracing::error!(
                "{}; nothing is lost, kigen tries again in {} s",
                error_chain(&error),
                wait_ms / 1_000
            );
            tokio::select! {
                () = tokio::time::sleep(Duration::from_millis(wait_ms)) => {}
                () = &mut shutdown => {
                    health.left(queue);
                    return None;
                }
            }
            delay_ms = (delay_ms * 2).min(patience.retry_delay_ms_max);
        }
    }

    async fn try_send(&mut self, sending: Sending<'_>) -> Result<Vec<Change>, SlackError> {
        let Sending { partition, offset, alert, .. } = sending;
        match self.ledger.with(partition, |messages| plan(alert, offset, messages)) {
            Plan::Pass => Ok(Vec::new()),
            Plan::Post { subject } => {
                let new = Content { subject, version: 1, shown: alert, followed_by: None, replaces: None };
                self.try_post(sending, new).await
            }
            Plan::Update(update) => self.try_update(sending, &update).await,
        }
    }

    /// Updates a message, and replies to it; where it is gone, what it would show becomes another one.
    async fn try_update(&mut self, sending: Sending<'_>, update: &Update) -> Result<Vec<Change>, SlackError> {
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
        };
        let now = (sending.now)();
        let marks = Marks {
            rejected: entry.delivery.rejected.clone(),
            link: entry.delivery.link.clone().filter(|_| followed_by.is_some()),
            thread: entry.delivery.thread.clone(),
        };
        let message = content.message(now, &marks);
        match self.within_timeout(self.slack.update(&posted, &message)).await {
            Ok(()) => {}
            Err(error) if error.is_of_message() => {
                tracing::warn!("{}; what follows it becomes a message of its own", error_chain(&error));
                return self.try_post(sending, content).await;
            }
            Err(error) => return Err(error),
        }
        let place = Place::Thread { of: &thread, is_broadcast: *is_broadcast };
        let reply = render_at(sending.alert, now);
        match self.try_post_once(place, sending, &reply).await {
            Ok(_) => {}
            Err(error) if error.is_of_message() => {
                tracing::warn!("{}; the message is updated without a reply", error_chain(&error));
            }
            Err(error) => return Err(error),
        }
        let entry = content.entry(sending, (&posted, now), &message, marks);
        Ok(self.changes(sending, &content, entry))
    }

    /// Posts a message in its channel or, as one of many, in a thread there; or in the default channel if that rejects it.
    async fn try_post(
        &mut self,
        sending: Sending<'_>,
        content: Content<'_>,
    ) -> Result<Vec<Change>, SlackError> {
        let Sending { partition, alert, .. } = sending;
        let slack = Arc::clone(&self.slack);
        let (channel, default) = (slack.channel_of(alert), slack.default_channel());
        // Rendered for each request: the message states how late it is.
        let now = (sending.now)();
        let message = content.message(now, &Marks::default());
        let may_be_posted = !self.settled.contains(&partition);
        let mut storm = None;
        if may_be_posted {
            // Also as the first of many: which is the first may be another one now.
            let ids = [alert.id, storm_id(alert)];
            match self.look_up(Place::Channel(channel), &ids, sending).await? {
                Some((id, posted)) if id == alert.id => {
                    let entry = content.entry(sending, (&posted, now), &message, Marks::default());
                    return Ok(self.changes(sending, &content, entry));
                }
                found => storm = found.map(|(_, posted)| posted),
            }
        }
        if let Some(changes) = self.try_post_in_storm(sending, content, storm, now).await? {
            return Ok(changes);
        }
        self.settled.insert(partition);
        let (posted, message, marks) = match self.post(Place::Channel(channel), sending, &message).await {
            Err(error) if error.is_of_channel() && channel != default => {
                metrics::failed(error.label());
                let why = error_chain(&error);
                tracing::warn!("{why}; the message goes to {default}");
                if may_be_posted {
                    self.settled.remove(&partition);
                }
                let note = format!("This message is for {channel}, which rejected it. {why}.");
                let marks = Marks { rejected: Some(note), ..Marks::default() };
                let message = content.message(now, &marks);
                let posted = self.try_post_once(Place::Channel(default), sending, &message).await?;
                (posted, message, marks)
            }
            posted => (posted?, message, Marks::default()),
        };
        let entry = content.entry(sending, (&posted, now), &message, marks);
        Ok(self.changes(sending, &content, entry))
    }

    /// Posts the message of an alert, unless it is found.
    pub(super) async fn try_post_once(
        &mut self,
        place: Place<'_>,
        sending: Sending<'_>,
        message: &Message,
    ) -> Result<PostedMessage, SlackError> {
        if !self.settled.contains(&sending.partition) {
            // Those behind one that is found may have been posted, too.
            if let Some((_, posted)) = self.look_up(place, &[sending.alert.id], sending).await? {
                return Ok(posted);
            }
            self.settled.insert(sending.partition);
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
        match self.within_timeout(self.slack.find(place, ids, sending.alert.decided_at)).await {
            Err(
                error @ (SlackError::Retry { .. } | SlackError::Silent { .. } | SlackError::Token { .. }),
            ) => Err(error),
            // Without the permission to read the channel a duplicate is better than an alert that never comes.
            Err(error) => {
                tracing::warn!(
                    "whether the next message was posted before the restart cannot be looked up, it may come twice: \
                     {error}"
                );
                Ok(None)
            }
            Ok(found) => Ok(found),
        }
    }

    pub(super) async fn post(
        &mut self,
        place: Place<'_>,
        sending: Sending<'_>,
        message: &Message,
    ) -> Result<PostedMessage, SlackError> {
        let posted = self.within_timeout(self.slack.post(place, sending.alert, message)).await;
        // A request without an answer may have posted the message; one that is refused or rate-limited has not.
        if matches!(posted, Err(SlackError::Retry { after: None, .. } | SlackError::Silent { .. })) {
            self.settled.remove(&sending.partition);
        }
        posted
    }

    /// Adds a reference to a message; no change if that, or what it refers to, is gone.
    async fn try_link(&mut self, entry: &Entry, counterpart: &Entry) -> Result<Vec<Change>, SlackError> {
        let address = |entry: &Entry| PostedMessage::new(&entry.delivery.channel, &entry.delivery.message);
        let (posted, other) = (address(entry), address(counterpart));
        let linked = async {
            let link = self.slack.permalink(&other).await?;
            let delivery = &entry.delivery;
            let content = Content {
                subject: delivery.subject,
                version: delivery.version.saturating_add(1),
                shown: &entry.alert,
                followed_by: entry.followed_by.as_ref(),
                replaces: None,
            };
            let marks = Marks { rejected: delivery.rejected.clone(), link: Some(link.clone()), thread: None };
            let message = content.message(delivery.delivered_at, &marks);
            self.slack.update(&posted, &message).await?;
            Ok(Delivery { version: content.version, link: Some(link), ..delivery.clone() })
        };
        match self.within_timeout(linked).await {
            Ok(delivery) => Ok(vec![Change::Put(Box::new(Entry { delivery, ..entry.clone() }))]),
            Err(error) if error.is_of_message() => {
                tracing::warn!("{}; a message stays without a reference", error_chain(&error));
                Ok(Vec::new())
            }
            Err(error) => Err(error),
        }
    }

    /// What Slack has with this entry.
    pub(super) fn changes(&self, sending: Sending<'_>, content: &Content<'_>, entry: Entry) -> Vec<Change> {
        let replaced = content.replaces.map(|entry| entry.delivery.subject);
        let replaced = replaced.filter(|subject| *subject != content.subject).map(Change::Forget);
        let mut changes = self.ledger.expired(sending.partition, sending.alert);
        changes.retain(|change| !matches!(change, Change::Forget(subject) if *subject == content.subject));
        changes.extend(replaced);
        changes.push(Change::Put(Box::new(entry)));
        changes
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
