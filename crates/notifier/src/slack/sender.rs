//! Sends messages to Slack in order: retries with a doubling delay, looks up what may have been posted, and replies in
//! the threads of incidents.

use std::collections::{BTreeSet, HashMap};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use kigen_model::Instant;
use kigen_model::alert::{Alert, AlertBody};
use kigen_model::topic::Partition;
use kigen_ops::error_chain;
use uuid::Uuid;

use super::client::{PostedMessage, Slack};
use super::error::SlackError;
use crate::health::Health;
use crate::metrics;
use crate::queue::Queue;
use crate::render::{Message, render_at};

/// The longest `Retry-After` that is respected.
const RETRY_AFTER_MS_MAX: u64 = 600_000;
/// How many threads of incidents and of unknown slots are remembered; at the limit all are forgotten, and their replies
/// become messages of their own.
const THREADS_MAX: usize = 10_000;

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

/// The sender of a queue, with the threads of open incidents.
pub(crate) struct SlackSender {
    slack: Arc<Slack>,
    patience: Patience,
    threads: HashMap<Uuid, PostedMessage>,
    /// The partitions whose next message has not been posted, since the one before it was not when it was looked up. In any
    /// other it may have been, so it is looked up first.
    settled: BTreeSet<Partition>,
}

impl SlackSender {
    pub(crate) fn new(slack: Arc<Slack>, patience: Patience) -> Self {
        Self { slack, patience, threads: HashMap::new(), settled: BTreeSet::new() }
    }

    /// Another one, for other messages to the same workspace.
    pub(crate) fn beside(&self) -> Self {
        Self::new(Arc::clone(&self.slack), self.patience)
    }

    /// Looks up the next message of each of these partitions before it is posted.
    pub(crate) fn look_up_next(&mut self, partitions: &[Partition]) {
        self.settled.retain(|partition| !partitions.contains(partition));
    }

    /// Retries until the message is posted, late by the clock `now`; false: the shutdown came first.
    pub(crate) async fn send(
        &mut self,
        partition: Partition,
        alert: &Alert,
        now: fn() -> Instant,
        health: &Health,
        mut shutdown: Pin<&mut impl Future<Output = ()>>,
    ) -> bool {
        let (patience, queue) = (self.patience, Queue::of(&alert.body));
        let mut delay_ms = patience.retry_delay_ms_min;
        loop {
            let error = match self.try_send(partition, alert, now).await {
                Ok(posted) => {
                    self.remember_thread(alert, posted);
                    return true;
                }
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
                    return false;
                }
            }
            delay_ms = (delay_ms * 2).min(patience.retry_delay_ms_max);
        }
    }

    /// Posts the message in its channel, or in the default one if that rejects it.
    async fn try_send(
        &mut self,
        partition: Partition,
        alert: &Alert,
        now: fn() -> Instant,
    ) -> Result<PostedMessage, SlackError> {
        let slack = Arc::clone(&self.slack);
        let (channel, default) = (slack.channel_of(alert), slack.default_channel());
        let may_be_posted = !self.settled.contains(&partition);
        // Rendered for each request: the message states how late it is.
        let message = render_at(alert, now());
        match self.try_send_to(channel, partition, alert, &message).await {
            Err(error) if error.is_of_channel() && channel != default => {
                metrics::failed(error.label());
                let why = error_chain(&error);
                tracing::warn!("{why}; the message goes to {default}");
                if may_be_posted {
                    self.settled.remove(&partition);
                }
                let message = message.rejected_by(channel, &why);
                self.try_send_to(default, partition, alert, &message).await
            }
            sent => sent,
        }
    }

    async fn try_send_to(
        &mut self,
        channel: &str,
        partition: Partition,
        alert: &Alert,
        message: &Message,
    ) -> Result<PostedMessage, SlackError> {
        if !self.settled.contains(&partition) {
            match self.within_timeout(self.slack.find(channel, alert)).await {
                // Those behind it may have been posted, too.
                Ok(Some(posted)) => return Ok(posted),
                Ok(None) => {}
                Err(
                    error @ (SlackError::Retry { .. } | SlackError::Silent { .. } | SlackError::Token { .. }),
                ) => return Err(error),
                // Without the permission to read the channel a duplicate is better than an alert that never comes.
                Err(error) => tracing::warn!(
                    "whether the next message was posted before the restart cannot be looked up, it may come twice: \
                     {error}"
                ),
            }
            self.settled.insert(partition);
        }
        let posted = self.within_timeout(self.slack.post(channel, alert, message, self.thread(alert))).await;
        // A request without an answer may have posted the message; one that is refused or rate-limited has not.
        if matches!(posted, Err(SlackError::Retry { after: None, .. } | SlackError::Silent { .. })) {
            self.settled.remove(&partition);
        }
        posted
    }

    /// The message of the incident, or of the unknown slots, that this alert closes or corrects.
    fn thread(&self, alert: &Alert) -> Option<&PostedMessage> {
        match &alert.body {
            AlertBody::SlotRecovered { incident, .. }
            | AlertBody::SlotRetracted { incident: Some(incident), .. }
            | AlertBody::UnknownClosed { unknown: incident, .. } => self.threads.get(incident),
            AlertBody::SlotMissed { .. }
            | AlertBody::SlotRetracted { incident: None, .. }
            | AlertBody::SlotUnknown { .. }
            | AlertBody::SlotAtRisk { .. }
            | AlertBody::RiskOver { .. }
            | AlertBody::RunFailed { .. } => None,
        }
    }

    /// The first miss of an incident begins its thread, and so do unknown slots; the end forgets it.
    fn remember_thread(&mut self, alert: &Alert, posted: PostedMessage) {
        let thread = match &alert.body {
            AlertBody::SlotMissed { incident, .. } => incident,
            AlertBody::SlotUnknown { slots: 2.., .. } => &alert.id,
            AlertBody::SlotRecovered { incident, .. }
            | AlertBody::SlotRetracted { incident: Some(incident), misses: 0, .. }
            | AlertBody::UnknownClosed { unknown: incident, .. } => {
                self.threads.remove(incident);
                return;
            }
            AlertBody::SlotRetracted { .. }
            | AlertBody::SlotUnknown { .. }
            | AlertBody::SlotAtRisk { .. }
            | AlertBody::RiskOver { .. }
            | AlertBody::RunFailed { .. } => return,
        };
        if self.threads.len() >= THREADS_MAX {
            self.threads.clear();
        }
        self.threads.entry(*thread).or_insert(posted);
    }

    async fn within_timeout<T>(
        &self,
        request: impl Future<Output = Result<T, SlackError>>,
    ) -> Result<T, SlackError> {
        let waited_ms = self.patience.request_ms_max;
        let answer = tokio::time::timeout(Duration::from_millis(waited_ms), request).await;
        answer.unwrap_or(Err(SlackError::Silent { waited_ms }))
    }
}
