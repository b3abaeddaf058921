//! Deliveries, the records of `kigen.deliveries`: the messages that receivers have, by which they are updated.

use uuid::Uuid;

use crate::Instant;
use crate::key::BatchKey;
use crate::topic::Offset;

/// One record of `kigen.deliveries`: a message that a receiver has, as it was written last.
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
}

/// Slack as a receiver.
pub const SLACK: &str = "slack";

/// The key of the record about a subject at a receiver.
#[must_use]
pub fn delivery_key(receiver: &str, subject: Uuid) -> String {
    format!("{receiver}/{subject}")
}
