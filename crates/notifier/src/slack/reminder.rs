//! Reminders: what lasts without news is in its thread again, and shown in the channel, after a time, and after a week once a week.
//!
//! A reminder changes no message. Its record is the time at which the message was written last, so that it is posted once over
//! restarts.

use chrono::TimeDelta;
use kigen_model::Instant;
use kigen_model::alert::alert_id;
use kigen_model::delivery::{Delivery, SLACK};
use kigen_model::topic::Partition;
use kigen_ops::error_chain;
use tokio::time::Instant as TimerInstant;

use super::client::{Place, PostedMessage};
use super::error::SlackError;
use super::sender::SlackSender;
use crate::ledger::{Change, Entry};
use crate::queue::Queue;
use crate::receiver::Phase;
use crate::render::render_reminder;
use crate::sending::{Clock, Doubt, Sending};

/// After how many days without news a reminder comes once in so many.
const SELDOM_DAYS: i64 = 7;

impl SlackSender {
    /// Posts the next reminder that is due. `None`: none is, or may be posted now.
    pub(crate) async fn remind(
        &self,
        partition: Partition,
        queue: Queue,
        clock: Clock,
    ) -> Option<Vec<Change>> {
        for (entry, every) in self.due(partition, queue, clock.now) {
            let Delivery { key, channel, route, is_copy, .. } = &entry.delivery;
            let order = (key, is_copy.then_some(&**route));
            // News of it are on their way, or the channel accepts nothing.
            if self.pauses.until(queue, channel).is_some()
                || self.ledger.waits(partition, queue, order, channel)
            {
                continue;
            }
            match self.try_remind(partition, &entry, every, clock).await {
                Ok(changes) => return Some(changes),
                Err(error) => self.pauses.failed(queue, channel, &error.into()),
            }
        }
        None
    }

    /// Whether one is due.
    pub(crate) fn is_reminder_due(&self, partition: Partition, queue: Queue, now: fn() -> Instant) -> bool {
        !self.due(partition, queue, now).is_empty()
    }

    fn due(&self, partition: Partition, queue: Queue, now: fn() -> Instant) -> Vec<(Entry, TimeDelta)> {
        let mut lasting = self.lasting(partition, queue);
        if !lasting.is_empty() {
            let now = now();
            lasting.retain(|(entry, every)| due_at(entry, *every, now) <= now);
        }
        lasting
    }

    /// When the next reminder is due.
    pub(crate) fn remind_at(
        &self,
        partition: Partition,
        queue: Queue,
        now: fn() -> Instant,
    ) -> Option<TimerInstant> {
        let lasting = self.lasting(partition, queue);
        let now = (!lasting.is_empty()).then(now)?;
        let at = |(entry, every): (Entry, TimeDelta)| {
            let due = (due_at(&entry, every, now) - now).to_std().unwrap_or_default();
            let paused_until = self.pauses.until(queue, &entry.delivery.channel);
            // One that is due and waits for news is looked at when those are sent.
            (!due.is_zero() || paused_until.is_some()).then(|| {
                let due = TimerInstant::now() + due;
                paused_until.map_or(due, |until| until.max(due))
            })
        };
        lasting.into_iter().filter_map(at).min()
    }

    /// The messages of which a reminder comes, each with the time after which it does.
    fn lasting(&self, partition: Partition, queue: Queue) -> Vec<(Entry, TimeDelta)> {
        let Some(every) = self.remind_every else { return Vec::new() };
        let lasts = |entry: &Entry| {
            let last = entry.followed_by.as_ref().unwrap_or(&entry.alert);
            entry.delivery.receiver == SLACK
                && entry.delivery.storm.is_none()
                && entry.held_until().is_none()
                && entry.is_open()
                && Queue::of(&entry.alert.body) == queue
                && Phase::after(last) == Phase::Lasting
        };
        self.ledger.of_partition(partition, lasts).into_iter().map(|entry| (entry, every)).collect()
    }

    async fn try_remind(
        &self,
        partition: Partition,
        entry: &Entry,
        every: TimeDelta,
        Clock { level, now }: Clock,
    ) -> Result<Vec<Change>, SlackError> {
        let Delivery { channel, message, thread, version, decided_at, offset, .. } = &entry.delivery;
        let target = self.target_of_entry(entry);
        let (at, doubt) = (now(), Doubt::new(true));
        let subject = format!("{}/{version}", entry.alert.id);
        let sending = Sending {
            id: target.id_of(alert_id(&entry.alert.key, "", "reminder", &subject)),
            partition,
            offset: *offset,
            alert: &entry.alert,
            target: &target,
            level,
            now,
            doubt: &doubt,
        };
        let next = interval(every, at - *decided_at);
        let reminder = render_reminder(&entry.alert, target.language, (at - *decided_at, next));
        let reminder = reminder.notifying(&target.mentions);
        let of = PostedMessage::new(channel, thread.as_ref().unwrap_or(message));
        match self.try_post_once(Place::Thread { of: &of, is_broadcast: true }, sending, &reminder).await {
            Ok(_) => {}
            Err(error) if error.is_of_message() => {
                tracing::warn!("{}; there is no reminder of it", error_chain(&error));
            }
            Err(error) => return Err(error),
        }
        let delivery =
            Delivery { version: version.saturating_add(1), delivered_at: at, ..entry.delivery.clone() };
        Ok(vec![Change::Put(Box::new(Entry { delivery, ..entry.clone() }))])
    }
}

/// When the next reminder of a message is due.
fn due_at(entry: &Entry, every: TimeDelta, now: Instant) -> Instant {
    entry.delivery.delivered_at + interval(every, now - entry.delivery.decided_at)
}

/// After which time a reminder comes of what has had no news for this long.
fn interval(every: TimeDelta, without_news: TimeDelta) -> TimeDelta {
    let week = TimeDelta::days(SELDOM_DAYS);
    if without_news < week { every } else { every.max(week) }
}
