//! Sends messages to Slack: updates those of incidents, looks up what may have been posted, and lets wait what is not accepted.
//!
//! A channel that fails is left alone for a while; what is for it waits in `kigen.deliveries`, in its order, and nothing else
//! does.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::TimeDelta;
use kigen_model::Instant;
use kigen_model::alert::Alert;
use kigen_model::delivery::{Delivery, SLACK, Undelivered};
use kigen_model::topic::Partition;
use kigen_ops::error_chain;
use kigen_wire::Level;
use tokio::time::Instant as TimerInstant;
use uuid::Uuid;

use super::client::{OwnedPlace, Place, PostedMessage, Slack};
use super::content::{Content, Doubt, Marks, NewAlert, Sending};
use super::error::SlackError;
use super::late::{Late, Request};
use super::pauses::Pauses;
use crate::around::Around;
use crate::backlog::Waiting;
use crate::language::phrase;
use crate::ledger::{Change, Entry, Ledger};
use crate::metrics;
use crate::plan::{Plan, Update, plan};
use crate::queue::Queue;
use crate::render::{Edition, Message, render};
use crate::routing::Target;
use crate::surroundings::Surroundings;

/// After how many hours an alert is given up that a person could have let through: the token is not valid, or no channel takes
/// it.
const REFUSED_HOURS_MAX: i64 = 24;

/// Timeouts and delays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// The delay after the first failed request, in milliseconds; it doubles from failure to failure.
    pub retry_delay_ms_min: u64,
    /// The longest delay between two requests, in milliseconds, and the one after a refusal.
    pub retry_delay_ms_max: u64,
    /// How long one request is waited for, in milliseconds. A shutdown waits for the request in flight.
    pub request_ms_max: u64,
}

impl Default for Patience {
    fn default() -> Self {
        Self { retry_delay_ms_min: 1_000, retry_delay_ms_max: 60_000, request_ms_max: 7_000 }
    }
}

/// The sender of all queues. Clones share what they know.
#[derive(Clone)]
pub(crate) struct SlackSender {
    pub(super) slack: Arc<Slack>,
    pub(super) around: Around,
    patience: Patience,
    pub(super) ledger: Ledger,
    pub(super) pauses: Arc<Pauses>,
    late: Arc<Late>,
    /// The partitions whose next message has not been posted, since the one before it was not when it was looked up. In any
    /// other it may have been, so it is looked up first.
    settled: Arc<Mutex<BTreeSet<(Queue, Partition)>>>,
    /// When the message of a storm may be updated again; `None`: never, it is gone.
    pub(super) storms: Arc<Mutex<BTreeMap<Uuid, Option<TimerInstant>>>>,
}

impl SlackSender {
    pub(crate) fn new(slack: Slack, patience: Patience) -> Self {
        let slack = Arc::new(slack);
        let (around, ledger, pauses, late, settled, storms) = Default::default();
        Self { slack, around, patience, ledger, pauses, late, settled, storms }
    }

    /// Reads what is around alerts.
    pub(crate) fn reading(&mut self, around: Around) {
        self.around = around;
    }

    /// Whether an alert has a channel.
    pub(crate) fn is_routed(&self, alert: &Alert) -> bool {
        !self.slack.routes().targets(alert).is_empty()
    }

    /// The messages that Slack has, and what waits.
    pub(crate) fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Looks up the next message of each of these partitions before it is posted.
    pub(crate) fn look_up_next(&self, queue: Queue, partitions: &[Partition]) {
        self.settled().retain(|(of, partition)| *of != queue || !partitions.contains(partition));
    }

    /// Sends an alert to its channels, or lets it wait; returns what Slack has then.
    pub(crate) async fn send(&self, alert: NewAlert<'_>) -> Vec<Change> {
        let place = (Queue::of(&alert.alert.body), alert.partition);
        let is_in_doubt = !self.settled().contains(&place);
        let mut changes = Vec::new();
        for target in self.slack.routes().targets(alert.alert) {
            let doubt = Doubt::new(is_in_doubt);
            changes.extend(self.send_to(alert.sending(&target, &doubt)).await);
            if doubt.is_settled() {
                self.settled().insert(place);
            }
        }
        changes
    }

    async fn send_to(&self, sending: Sending<'_>) -> Vec<Change> {
        let queue = Queue::of(&sending.alert.body);
        let channel = self.channel_of(sending);
        if let Some(reason) = self.reason_to_wait(sending, queue, &channel) {
            return vec![wait(sending, channel, reason)];
        }
        match self.try_send(sending).await {
            Ok(changes) => {
                self.pauses.succeeded(queue, &channel);
                changes
            }
            Err(error) => {
                self.failed(queue, &channel, &error);
                let mut record = undelivered(sending, channel, error_chain(&error));
                give_up(&mut record, &error, (sending.now)());
                let (alert, is_in_doubt) = (sending.alert.clone(), sending.doubt.remains());
                vec![Change::Wait(Box::new(Waiting { queue, record, alert, is_in_doubt }))]
            }
        }
    }

    /// Sends an alert that waits; returns what Slack has then.
    pub(crate) async fn send_waiting(
        &self,
        (partition, waiting): (Partition, &Waiting),
        level: Level,
        now: fn() -> Instant,
    ) -> Vec<Change> {
        let Waiting { queue, record, alert, is_in_doubt } = waiting;
        let (doubt, target) = (Doubt::new(*is_in_doubt), self.target_of(waiting));
        let alert = NewAlert { partition, offset: record.offset, alert, level, now };
        let sending = alert.sending(&target, &doubt);
        match self.try_send(sending).await {
            Ok(mut changes) => {
                self.pauses.succeeded(*queue, &record.channel);
                changes.push(Change::Accepted(record.id));
                changes
            }
            Err(error) => {
                self.failed(*queue, &record.channel, &error);
                let mut waiting = Waiting { is_in_doubt: doubt.remains(), ..waiting.clone() };
                waiting.record.reason = error_chain(&error);
                give_up(&mut waiting.record, &error, now());
                vec![Change::Wait(Box::new(waiting))]
            }
        }
    }

    /// The channel that an alert that waits is for; where the configuration has no such copy any more, as it was.
    fn target_of(&self, waiting: &Waiting) -> Target {
        let Undelivered { route, is_copy, .. } = &waiting.record;
        let mut targets = self.slack.routes().targets(&waiting.alert).into_iter();
        let found =
            targets.find(|target| target.is_copy == *is_copy && (!is_copy || target.channel == *route));
        found.unwrap_or_else(|| self.slack.routes().forgotten(route, *is_copy))
    }

    /// When something may be sent to a channel again; `None`: now.
    pub(crate) fn paused_until(&self, queue: Queue, channel: &str) -> Option<TimerInstant> {
        self.pauses.until(queue, channel)
    }

    /// When the next pause of a queue is over.
    pub(crate) fn next_pause_end(&self, queue: Queue) -> Option<TimerInstant> {
        self.pauses.next_end(queue)
    }

    /// The channel of an alert: that of the message which it updates, or the one that it is for.
    fn channel_of(&self, sending: Sending<'_>) -> String {
        match self.plan(sending) {
            Plan::Update(update) if !is_elsewhere(&update, sending) => update.entry.delivery.channel,
            Plan::Update(_) | Plan::Pass | Plan::Post { .. } => sending.target.channel.clone(),
        }
    }

    /// Why an alert is not sent at once.
    fn reason_to_wait(&self, sending: Sending<'_>, queue: Queue, channel: &str) -> Option<String> {
        if let Some(reason) = self.pauses.reason(queue, channel) {
            return Some(reason);
        }
        let Target { channel: route, is_copy, .. } = sending.target;
        let order = (&sending.alert.key, is_copy.then_some(&**route));
        let waits = self.ledger.waits(sending.partition, queue, order, channel);
        waits.then(|| "alerts before it wait".to_owned())
    }

    /// A request failed: its channel is left alone for a while.
    pub(super) fn failed(&self, queue: Queue, channel: &str, error: &SlackError) {
        let Patience { retry_delay_ms_min, retry_delay_ms_max, .. } = self.patience;
        let wait = self.pauses.failed((queue, channel), error, (retry_delay_ms_min, retry_delay_ms_max));
        metrics::failed(error.label());
        tracing::error!("{}; nothing is lost, kigen tries again in {} s", error_chain(error), wait.as_secs());
    }

    fn plan(&self, sending: Sending<'_>) -> Plan {
        let Sending { partition, offset, alert, target, .. } = sending;
        self.ledger.with(partition, |messages| plan(alert, offset, messages, target))
    }

    async fn try_send(&self, sending: Sending<'_>) -> Result<Vec<Change>, SlackError> {
        let plan = self.plan(sending);
        if matches!(plan, Plan::Pass) {
            return Ok(Vec::new());
        }
        let surroundings = &self.around.alert(sending.alert).await;
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
        let place = Place::Thread { of: &thread, is_broadcast: *is_broadcast };
        let language = sending.target.language;
        let reply = render(sending.alert, Edition { language, delivered_at: Some(now), surroundings });
        let reply = reply.without_chart();
        let reply = if *is_broadcast { reply.notifying(&sending.target.mentions) } else { reply };
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
    async fn try_reply_whole_error(
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
                Some(Ok(posted)) => return Ok(Some((*id, posted))),
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
            Ok(found) => Ok(found),
        }
    }

    pub(super) async fn post(
        &self,
        place: Place<'_>,
        sending: Sending<'_>,
        message: &Message,
    ) -> Result<PostedMessage, SlackError> {
        let (slack, id, message) = (Arc::clone(&self.slack), sending.id, message.clone());
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

    fn settled(&self) -> MutexGuard<'_, BTreeSet<(Queue, Partition)>> {
        self.settled.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether an alert is for another channel than the message of what it makes true: a warning, or an unknown slot.
fn is_elsewhere(update: &Update, sending: Sending<'_>) -> bool {
    update.subject != update.entry.delivery.subject && update.entry.delivery.route != sending.target.channel
}

/// An alert that waits without having been sent.
fn wait(sending: Sending<'_>, channel: String, reason: String) -> Change {
    Change::Wait(Box::new(Waiting {
        queue: Queue::of(&sending.alert.body),
        record: undelivered(sending, channel, reason),
        alert: sending.alert.clone(),
        is_in_doubt: sending.doubt.is_open(),
    }))
}

fn undelivered(sending: Sending<'_>, channel: String, reason: String) -> Undelivered {
    let Sending { id, offset, alert, target, level, now, .. } = sending;
    Undelivered {
        receiver: SLACK.to_owned(),
        id,
        key: alert.key.clone(),
        channel,
        offset,
        decided_at: alert.decided_at,
        since: now(),
        failed_at: None,
        reason,
        route: target.channel.clone(),
        is_copy: target.is_copy,
        alert: kigen_wire::encode_alert(alert, level),
    }
}

/// Gives up an alert that Slack refuses for what it is, or whatever it is for long.
fn give_up(record: &mut Undelivered, error: &SlackError, now: Instant) {
    let is_over = now - record.since >= TimeDelta::hours(REFUSED_HOURS_MAX);
    if error.is_of_content() || (is_over && matches!(error, SlackError::Refused { .. })) {
        record.failed_at = Some(now);
        metrics::gave_up(error.label());
        tracing::error!(
            "the alert {} of {} is given up: {}; once that is corrected: kigen notify --retry",
            record.id,
            record.key,
            record.reason
        );
    }
}
