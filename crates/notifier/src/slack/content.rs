//! What a message of Slack has to contain, and its record in `kigen.deliveries`.

use kigen_model::Instant;
use kigen_model::alert::{Alert, alert_id};
use kigen_model::delivery::{Delivery, SLACK, delivery_key};
use kigen_model::topic::{Offset, Partition};
use kigen_wire::Level;
use uuid::Uuid;

use super::blocks::{FAILED_RUN, MISSED_DEADLINE, fallback};
use super::client::PostedMessage;
use crate::ledger::{Change, Entry};
use crate::queue::Queue;
use crate::render::{Message, render_at, render_followed};

/// An alert to be sent, and where it is in the log.
#[derive(Clone, Copy)]
pub(crate) struct Sending<'a> {
    pub(crate) partition: Partition,
    pub(crate) offset: Offset,
    pub(crate) alert: &'a Alert,
    /// The record level at which what was sent is recorded.
    pub(crate) level: Level,
    /// The clock by which a message is late.
    pub(crate) now: fn() -> Instant,
}

/// The id of the message about many alerts of which this one is the first.
pub(super) fn storm_id(alert: &Alert) -> Uuid {
    alert_id(&alert.key, "", "storm", &alert.id.to_string())
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
}

/// What a message has beside its content.
#[derive(Clone, Default)]
pub(super) struct Marks {
    pub(super) rejected: Option<String>,
    pub(super) link: Option<String>,
    pub(super) thread: Option<String>,
}

impl Content<'_> {
    /// The message, delivered at `now`.
    pub(super) fn message(&self, now: Instant, marks: &Marks) -> Message {
        let message = match self.followed_by {
            None => render_at(self.shown, now),
            Some(followed_by) => render_followed(self.shown, followed_by, now),
        };
        let message = match &marks.rejected {
            Some(note) => message.noted(note),
            None => message,
        };
        let label = match Queue::of(&self.shown.body) {
            Queue::Deadlines => FAILED_RUN,
            Queue::Failures => MISSED_DEADLINE,
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
        let Sending { offset, alert, level, .. } = sending;
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
        };
        Entry { delivery, alert: self.shown.clone(), followed_by: self.followed_by.cloned() }
    }
}

/// The key and value of the record of a change.
pub(crate) fn record(change: &Change, level: Level) -> (String, Option<Vec<u8>>) {
    match change {
        Change::Put(entry) => {
            let key = delivery_key(SLACK, entry.delivery.subject);
            (key, Some(kigen_wire::encode_delivery(&entry.delivery, level)))
        }
        Change::Forget(subject) => (delivery_key(SLACK, *subject), None),
    }
}
