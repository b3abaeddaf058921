//! Deliveries, the records of `kigen.deliveries`: the messages that receivers have, by which they are updated, and the alerts
//! that no receiver has accepted.

use uuid::Uuid;

use crate::Instant;
use crate::key::BatchKey;
use crate::topic::Offset;

/// One record of `kigen.deliveries`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeliveryRecord {
    /// A message that a receiver has.
    Message(Delivery),
    /// An alert that no receiver has accepted yet.
    Undelivered(Undelivered),
    /// An operator wants the alerts of the partition that have failed sent again.
    Retry(RetryRequest),
}

/// A message that a receiver has, as it was written last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// The kind of receiver, such as [`SLACK`].
    pub receiver: String,
    /// What the message is about: an incident, else an alert, or the warnings of one deadline.
    pub subject: Uuid,
    /// The batch.
    pub key: BatchKey,
    /// The channel, by the receiver's id.
    pub channel: String,
    /// The message, by the receiver's id.
    pub message: String,
    /// How often its content was written, from 1.
    pub version: u32,
    /// The offset of the alert with which it was written last.
    pub offset: Offset,
    /// When that alert was decided.
    pub decided_at: Instant,
    /// When the receiver had it, by the notifier's clock.
    pub delivered_at: Instant,
    /// Its first line, as notifications show it.
    pub text: String,
    /// The alert that it shows: the value of a record of `kigen.alerts`.
    pub alert: Vec<u8>,
    /// The later alert that ended or corrected what it is about, in the same form; `None`: there is none.
    pub followed_by: Option<Vec<u8>>,
    /// The channel that it is for, which rejected it, and why; `None`: it is in its channel.
    pub rejected: Option<String>,
    /// The address of the message that it refers to: of the miss that a failed run led to, or of that failed run.
    pub link: Option<String>,
    /// The message in whose thread it is, as one of many; `None`: it stands in the channel itself.
    pub thread: Option<String>,
    /// Of a message about many alerts, which are in its thread: how many it counts; `None`: it is about one.
    pub storm: Option<u32>,
    /// The channel that it is for, as it was configured.
    pub route: String,
    /// Whether that is not the first of several channels.
    pub is_copy: bool,
    /// The end of the quiet hours in which it came: until then there is no message, and after that it is one of many. `None`: it
    /// did not come in quiet hours.
    pub quiet_until: Option<Instant>,
}

/// An alert that no receiver has accepted yet. The notifiers' position is after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undelivered {
    /// The kind of receiver, such as [`SLACK`].
    pub receiver: String,
    /// The alert's id; of a copy one that is made of it and the channel.
    pub id: Uuid,
    /// The batch.
    pub key: BatchKey,
    /// The channel that it waits for, by name or id.
    pub channel: String,
    /// The offset of the alert.
    pub offset: Offset,
    /// When the alert was decided.
    pub decided_at: Instant,
    /// Since when it waits, by the notifier's clock.
    pub since: Instant,
    /// When it was given up, by the notifier's clock; `None`: it is tried again by itself.
    pub failed_at: Option<Instant>,
    /// Why it was not accepted.
    pub reason: String,
    /// The channel that it is for, as it was configured.
    pub route: String,
    /// Whether that is not the first of several channels.
    pub is_copy: bool,
    /// The alert: the value of a record of `kigen.alerts`.
    pub alert: Vec<u8>,
}

/// An operator wants the alerts that had failed by then sent again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetryRequest {
    /// The user and host that ran the command.
    pub author: String,
    /// When, by the clock of that host.
    pub requested_at: Instant,
}

/// The key of the record of a partition's last [`RetryRequest`].
pub const RETRY_KEY: &str = "retry";

/// Slack as a receiver.
pub const SLACK: &str = "slack";

/// The key of the record about a subject at a receiver.
#[must_use]
pub fn delivery_key(receiver: &str, subject: Uuid) -> String {
    format!("{receiver}/{subject}")
}

/// The key of the record about an alert that a receiver has not accepted.
#[must_use]
pub fn undelivered_key(receiver: &str, alert: Uuid) -> String {
    format!("{receiver}/undelivered/{alert}")
}
