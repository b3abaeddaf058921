//! Digests: what quiet hours held back for a channel, once they are over, is one message there; in Slack each alert has its own in
//! the thread.
//!
//! ```text
//!   held ── end of the quiet hours ──> the digest is there? ── yes ──> in its thread
//!                                         │ no        ^
//!                      this is the first  v           │ posted, or found
//!                      partition of it: posted ───────┘
//! ```
//!
//! A digest has what all partitions hold, whichever notifiers have them: it is read in the log. The notifier of the first of these
//! partitions posts it, under an id by which it is found after a crash; the others wait until that is recorded. It states how
//! things are then, and is not updated; the messages in its thread are.

use std::time::Duration;

use chrono::TimeDelta;
use kigen_log::LogError;
use kigen_model::Instant;
use kigen_model::alert::{Alert, ID_NAMESPACE};
use kigen_model::delivery::{Delivery, SLACK};
use kigen_model::topic::Partition;
use kigen_ops::on_thread;
use tokio::sync::MutexGuard;
use tokio::time::Instant as TimerInstant;
use uuid::Uuid;

use crate::digests::{Head, Heads};
use crate::dispatch::{Dispatcher, unconfigured};
use crate::failure::{Failure, Remedy};
use crate::ledger::{Change, Entry, Messages, ends};
use crate::metrics;
use crate::queue::Queue;
use crate::receiver::{Notice, Phase};
use crate::render::{Message, render_digest};
use crate::routing::Target;
use crate::sending::{Clock, Doubt, Sending};

/// How long after the end of quiet hours their digest comes: what was decided before is held by then, though clocks differ.
const AFTER_S: i64 = 5;
/// How often it is looked whether another notifier has posted it.
const LOOK_INTERVAL: Duration = Duration::from_secs(2);

impl Dispatcher {
    /// Sends the next alert of a queue whose quiet hours are over, after the digest that it is in. `None`: there is none, or it
    /// cannot be sent now.
    pub(crate) async fn digest(
        &self,
        (partition, queue): (Partition, Queue),
        clock: Clock,
    ) -> Option<Vec<Change>> {
        for (entry, until) in self.due(partition, queue, clock.now) {
            let Delivery { key, route, is_copy, .. } = &entry.delivery;
            let is_behind =
                self.ledger().waits_for_batch(partition, queue, (key, is_copy.then_some(&**route)));
            if is_behind || self.paused_until(queue, route).is_some() {
                continue;
            }
            match self.try_digest(partition, &entry, until, clock).await {
                Ok(Some(changes)) => {
                    self.succeeded(queue, route);
                    metrics::delivered(entry.alert.body.kind());
                    return Some(changes);
                }
                Ok(None) => {}
                Err(failure) => self.failed(queue, route, &failure),
            }
        }
        None
    }

    /// Whether an alert of a queue is to be sent in a digest.
    pub(crate) fn is_digest_due(&self, partition: Partition, queue: Queue, now: fn() -> Instant) -> bool {
        !self.due(partition, queue, now).is_empty()
    }

    /// When the next alert of a queue is to be sent in a digest.
    pub(crate) fn digest_at(
        &self,
        partition: Partition,
        queue: Queue,
        now: fn() -> Instant,
    ) -> Option<TimerInstant> {
        let until = self.held(partition, queue).into_iter().map(|(_, until)| until).min()?;
        let due = (until + TimeDelta::seconds(AFTER_S) - now()).to_std().unwrap_or_default();
        // One that is due waits for its channel, or for another notifier.
        Some(TimerInstant::now() + if due.is_zero() { LOOK_INTERVAL } else { due })
    }

    fn due(&self, partition: Partition, queue: Queue, now: fn() -> Instant) -> Vec<(Entry, Instant)> {
        let mut held = self.held(partition, queue);
        if !held.is_empty() {
            let by = now() - TimeDelta::seconds(AFTER_S);
            held.retain(|(_, until)| *until <= by);
        }
        held
    }

    /// What quiet hours hold back, in the order in which it was decided.
    fn held(&self, partition: Partition, queue: Queue) -> Vec<(Entry, Instant)> {
        let is_held = |entry: &Entry| entry.held_until().is_some() && Queue::of(&entry.alert.body) == queue;
        let held = self.ledger().of_partition(partition, is_held).into_iter();
        let mut held: Vec<(Entry, Instant)> =
            held.filter_map(|entry| entry.held_until().map(|until| (entry, until))).collect();
        held.sort_by_key(|(entry, _)| (entry.alert.decided_at, entry.delivery.offset));
        held
    }

    /// Sends an alert that was held back; `None`: its digest is not there yet.
    async fn try_digest(
        &self,
        partition: Partition,
        entry: &Entry,
        until: Instant,
        clock: Clock,
    ) -> Result<Option<Vec<Change>>, Failure> {
        let mut heads = self.digests().heads.lock().await;
        let Some((head, new)) = self.head(&mut heads, partition, (entry, until), clock).await? else {
            return Ok(None);
        };
        drop(heads);
        let mut changes: Vec<Change> = new.into_iter().collect();
        let posted = match self.slack().filter(|_| entry.delivery.receiver == SLACK) {
            Some(slack) => {
                let target = self.target_of_entry(entry);
                let doubt = Doubt::new(true);
                let sending = Sending {
                    id: target.id_of(entry.alert.id),
                    ..sending(partition, entry, (&target, &doubt), clock)
                };
                slack.post_in_digest(sending, entry, &head).await?
            }
            None => Delivery {
                message: head.message.clone(),
                thread: Some(head.message),
                version: entry.delivery.version.saturating_add(1),
                delivered_at: (clock.now)(),
                ..entry.delivery.clone()
            },
        };
        changes.push(Change::Put(Box::new(Entry { delivery: posted, ..entry.clone() })));
        Ok(Some(changes))
    }

    /// The message of a digest, and the record of it if it is new; `None`: another notifier posts it.
    async fn head(
        &self,
        heads: &mut MutexGuard<'_, Heads>,
        partition: Partition,
        (entry, until): (&Entry, Instant),
        clock: Clock,
    ) -> Result<Option<(Head, Option<Change>)>, Failure> {
        let route = &entry.delivery.route;
        let place = (route.clone(), until);
        if let Some(head) = heads.posted.get(&place) {
            return Ok(Some((head.clone(), None)));
        }
        if heads.look_at.get(&place).is_some_and(|at| TimerInstant::now() < *at) {
            return Ok(None);
        }
        let id = digest_id(route, until);
        let all = self.read_digest(route, until).await.map_err(unreadable)?;
        if let Some((_, head)) = all.iter().find(|(_, of)| of.delivery.subject == id) {
            let Delivery { channel, message, .. } = head.delivery.clone();
            let head = Head { channel, message };
            heads.posted.insert(place, head.clone());
            return Ok(Some((head, None)));
        }
        if all.iter().any(|(of, _)| *of < partition) {
            heads.look_at.insert(place, TimerInstant::now() + LOOK_INTERVAL);
            return Ok(None);
        }
        let target = self.target_of_entry(entry);
        let alerts: Vec<&Entry> = all.iter().map(|(_, entry)| entry).collect();
        let message = self.digest_message(&alerts, &target, until);
        let doubt = Doubt::new(true);
        let sending = Sending { id, ..sending(partition, entry, (&target, &doubt), clock) };
        let (head, rejected) = match self.slack().filter(|_| entry.delivery.receiver == SLACK) {
            Some(slack) => slack.post_digest(sending, &message).await?,
            None => (self.notify_of_digest(sending, message.clone()).await?, None),
        };
        let delivery = Delivery {
            subject: id,
            channel: head.channel.clone(),
            message: head.message.clone(),
            version: 1,
            delivered_at: (clock.now)(),
            text: format!("{}: {}", message.state, message.headline),
            followed_by: None,
            rejected,
            storm: Some(u32::try_from(alerts.len()).unwrap_or(u32::MAX)),
            ..entry.delivery.clone()
        };
        let new = Change::Put(Box::new(Entry { delivery, alert: entry.alert.clone(), followed_by: None }));
        heads.posted.insert(place, head.clone());
        Ok(Some((head, Some(new))))
    }

    /// What all partitions hold for a digest, or have in it, and the digest itself, in the order of the decisions.
    async fn read_digest(&self, route: &str, until: Instant) -> Result<Vec<(Partition, Entry)>, LogError> {
        let Some(reader) = self.digests().reader.clone() else { return Ok(Vec::new()) };
        let route = route.to_owned();
        let read = move || {
            let mut all = Vec::new();
            for partition in (0..reader.partitions()).map(Partition) {
                let messages = Messages::load(&*reader, partition)?;
                let of_digest = messages.iter().filter(|Entry { delivery, .. }| {
                    delivery.route == route && delivery.quiet_until == Some(until)
                });
                all.extend(of_digest.map(|entry| (partition, entry.clone())));
            }
            all.sort_by_key(|(partition, entry)| (entry.alert.decided_at, *partition, entry.delivery.offset));
            Ok(all)
        };
        on_thread(read).await
    }

    fn digest_message(&self, all: &[&Entry], target: &Target, until: Instant) -> Message {
        let ended_by = |entry: &'_ &Entry| {
            let last = entry.followed_by.as_ref().unwrap_or(&entry.alert);
            let is_over = Phase::after(last) == Phase::Over || entry.followed_by.as_ref().is_some_and(ends);
            is_over.then(|| last.clone())
        };
        let ended_by: Vec<Option<Alert>> = all.iter().map(ended_by).collect();
        let alerts = all.iter().zip(&ended_by).map(|(entry, ended_by)| (&entry.alert, ended_by.as_ref()));
        let alerts: Vec<(&Alert, Option<&Alert>)> = alerts.collect();
        let zone = target.quiet.as_ref().map(|quiet| quiet.zone.name().to_owned());
        let message =
            render_digest(&alerts, (until, zone.as_deref()), target.language, target.receiver == SLACK);
        let mut mentions = Vec::new();
        for mention in all.iter().flat_map(|entry| self.target_of_entry(entry).mentions) {
            if !mentions.contains(&mention) {
                mentions.push(mention);
            }
        }
        message.notifying(&mentions)
    }

    async fn notify_of_digest(&self, sending: Sending<'_>, message: Message) -> Result<Head, Failure> {
        let channel = &sending.target.channel;
        let receiver = self.receiver(channel).ok_or_else(|| unconfigured(channel))?;
        let notice = Notice {
            id: sending.id,
            subject: sending.id,
            replaces: None,
            phase: Phase::Event,
            first: None,
            shown: sending.alert.clone(),
            alert: sending.alert.clone(),
            message,
            sent_at: (sending.now)(),
        };
        let accepted = on_thread(move || receiver.send(&notice)).await.map_err(Failure::from)?;
        Ok(Head { channel: channel.clone(), message: accepted })
    }
}

fn sending<'a>(
    partition: Partition,
    entry: &'a Entry,
    (target, doubt): (&'a Target, &'a Doubt),
    Clock { level, now }: Clock,
) -> Sending<'a> {
    let (offset, alert, id) = (entry.delivery.offset, &entry.alert, entry.alert.id);
    Sending { id, partition, offset, alert, target, level, now, doubt }
}

/// The id of a digest: the same for all notifiers.
fn digest_id(route: &str, until: Instant) -> Uuid {
    Uuid::new_v5(&ID_NAMESPACE, format!("digest/{route}/{}", until.to_rfc3339()).as_bytes())
}

fn unreadable(error: LogError) -> Failure {
    Failure { reason: error.to_string(), label: "log", remedy: Remedy::Wait }
}
