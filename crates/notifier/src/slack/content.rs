//! What a message of Slack has to contain, and its record in `kigen.deliveries`.

use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;

use kigen_log::NewRecord;
use kigen_model::Instant;
use kigen_model::alert::{Alert, AlertBody, alert_id};
use kigen_model::delivery::{Delivery, DeliveryRecord, SLACK, delivery_key, undelivered_key};
use kigen_model::topic::{Offset, Partition, Topic};
use kigen_wire::Level;
use uuid::Uuid;

use super::blocks::fallback;
use super::client::PostedMessage;
use crate::ledger::{Change, Entry, ends};
use crate::render::{Edition, Message, render, render_followed};
use crate::routing::Target;
use crate::surroundings::Surroundings;

/// One attempt to send an alert.
#[derive(Clone, Copy)]
pub(super) struct Sending<'a> {
    /// By which its message is found.
    pub(super) id: Uuid,
    pub(super) partition: Partition,
    pub(super) offset: Offset,
    pub(super) alert: &'a Alert,
    /// The channel that it is for.
    pub(super) target: &'a Target,
    /// The record level at which what was sent is recorded.
    pub(super) level: Level,
    /// The clock by which a message is late.
    pub(super) now: fn() -> Instant,
    pub(super) doubt: &'a Doubt,
}

/// An alert to be sent, before anything is known of its message.
#[derive(Clone, Copy)]
pub(crate) struct NewAlert<'a> {
    pub(crate) partition: Partition,
    pub(crate) offset: Offset,
    pub(crate) alert: &'a Alert,
    /// The record level at which what was sent is recorded.
    pub(crate) level: Level,
    /// The clock by which a message is late.
    pub(crate) now: fn() -> Instant,
}

impl<'a> NewAlert<'a> {
    pub(super) fn sending(self, target: &'a Target, doubt: &'a Doubt) -> Sending<'a> {
        let Self { partition, offset, alert, level, now } = self;
        Sending { id: target.id_of(alert.id), partition, offset, alert, target, level, now, doubt }
    }
}

/// Whether Slack may have the message of an alert, though no record has it. Of one attempt to send it.
#[derive(Debug, Default)]
pub(super) struct Doubt {
    is_open: AtomicBool,
    is_settled: AtomicBool,
    has_posted: AtomicBool,
}

impl Doubt {
    pub(super) fn new(is_open: bool) -> Self {
        Self { is_open: is_open.into(), ..Self::default() }
    }

    /// Whether the message is looked up before it is posted.
    pub(super) fn is_open(&self) -> bool {
        self.is_open.load(Relaxed)
    }

    /// It was looked up, and not found.
    pub(super) fn settle(&self) {
        self.is_settled.store(true, Relaxed);
        self.is_open.store(false, Relaxed);
    }

    /// Whether it was looked up, and not found.
    pub(super) fn is_settled(&self) -> bool {
        self.is_settled.load(Relaxed)
    }

    /// Whether it was posted may be unknown from now on.
    pub(super) fn reopen(&self) {
        self.is_open.store(true, Relaxed);
    }

    /// It may have been posted elsewhere.
    pub(super) fn renew(&self) {
        self.is_settled.store(false, Relaxed);
        self.reopen();
    }

    /// A part of it was posted.
    pub(super) fn posted(&self) {
        self.has_posted.store(true, Relaxed);
    }

    /// Whether the next attempt has to look it up.
    pub(super) fn remains(&self) -> bool {
        self.is_open() || self.has_posted.load(Relaxed)
    }
}

impl Sending<'_> {
    /// The id of the message about many alerts of which this one is the first.
    pub(super) fn storm_id(&self) -> Uuid {
        self.target.id_of(alert_id(&self.alert.key, "", "storm", &self.alert.id.to_string()))
    }

    /// The id of the reply with the whole error text.
    pub(super) fn error_id(&self) -> Uuid {
        self.target.id_of(alert_id(&self.alert.key, "", "error", &self.alert.id.to_string()))
    }
}

/// What a message has to contain.
#[derive(Clone, Copy)]
pub(super) struct Content<'a> {
    pub(super) subject: Uuid,
    pub(super) version: u32,
    pub(super) shown: &'a Alert,
    pub(super) followed_by: Option<&'a Alert>,
    /// The message before.
    pub(super) replaces: Option<&'a Entry>,
    /// What is around what it shows.
    pub(super) surroundings: &'a Surroundings,
}

/// What a message has beside its content.
#[derive(Clone, Default)]
pub(super) struct Marks {
    pub(super) rejected: Option<String>,
    pub(super) link: Option<String>,
    pub(super) thread: Option<String>,
}

impl Content<'_> {
    /// The message, delivered at `now`. It notifies, as long as what it is about goes on.
    pub(super) fn message(&self, now: Instant, marks: &Marks, target: &Target) -> Message {
        let mentions =
            if self.followed_by.is_none_or(|alert| !ends(alert)) { &*target.mentions } else { &[] };
        let edition =
            Edition { language: target.language, delivered_at: Some(now), surroundings: self.surroundings };
        let message = match self.followed_by {
            None => render(self.shown, edition),
            Some(followed_by) => render_followed(self.shown, followed_by, edition),
        };
        let message = match &marks.rejected {
            Some(note) => message.noted(note),
            None => message,
        };
        let message = message.notifying(mentions);
        // A miss refers to the run that failed; that run, and a warning that came true, to the miss.
        let label = match &self.shown.body {
            AlertBody::RunFailed { .. } | AlertBody::SlotAtRisk { .. } => "missed-deadline",
            AlertBody::SlotMissed { .. }
            | AlertBody::SlotRecovered { .. }
            | AlertBody::SlotRetracted { .. }
            | AlertBody::SlotUnknown { .. }
            | AlertBody::UnknownClosed { .. }
            | AlertBody::RiskOver { .. }
            | AlertBody::ExpectationBroken { .. }
            | AlertBody::ClusterSilent { .. }
            | AlertBody::ClusterStalled(_)
            | AlertBody::BudgetSpent { .. }
            | AlertBody::SilenceOver { .. }
            | AlertBody::StallOver { .. } => "failed-run",
        };
        match &marks.link {
            Some(link) => message.linked_to(label, link),
            None => message,
        }
    }

    /// It, as Slack has it.
    pub(super) fn entry(
        &self,
        sending: Sending<'_>,
        (posted, delivered_at): (&PostedMessage, Instant),
        message: &Message,
        marks: Marks,
    ) -> Entry {
        let Sending { offset, alert, level, target, .. } = sending;
        let encode = |alert: &Alert| kigen_wire::encode_alert(alert, level);
        let delivery = Delivery {
            receiver: SLACK.to_owned(),
            subject: self.subject,
            key: alert.key.clone(),
            channel: posted.channel().to_owned(),
            message: posted.ts().to_owned(),
            version: self.version,
            offset,
            decided_at: alert.decided_at,
            delivered_at,
            text: fallback(message),
            alert: encode(self.shown),
            followed_by: self.followed_by.map(encode),
            rejected: marks.rejected,
            link: marks.link,
            thread: marks.thread,
            storm: None,
            route: target.channel.clone(),
            is_copy: target.is_copy,
        };
        Entry { delivery, alert: self.shown.clone(), followed_by: self.followed_by.cloned() }
    }
}

/// The records of changes of what a receiver has.
pub(crate) fn records(
    partition: Partition,
    changes: &[Change],
    level: Level,
    timestamp: Instant,
) -> Vec<NewRecord> {
    let new = |change: &Change| {
        let (key, value) = record(change, level);
        NewRecord { topic: Topic::Deliveries, partition, key, value, timestamp }
    };
    changes.iter().map(new).collect()
}

/// The key and value of the record of a change.
fn record(change: &Change, level: Level) -> (String, Option<Vec<u8>>) {
    let value = |record: DeliveryRecord| Some(kigen_wire::encode_delivery(&record, level));
    match change {
        Change::Put(entry) => {
            let key = delivery_key(SLACK, entry.delivery.subject);
            (key, value(DeliveryRecord::Message(entry.delivery.clone())))
        }
        Change::Forget(subject) => (delivery_key(SLACK, *subject), None),
        Change::Wait(waiting) => {
            let key = undelivered_key(SLACK, waiting.record.id);
            (key, value(DeliveryRecord::Undelivered(waiting.record.clone())))
        }
        Change::Accepted(id) => (undelivered_key(SLACK, *id), None),
    }
}
