//! `kigen.deliveries`: the messages that receivers have, and the alerts that none has accepted, to and from values.

use kigen_model::delivery::{Delivery, DeliveryRecord, RetryRequest, Undelivered};
use kigen_model::key::BatchKey;
use kigen_model::topic::{Offset, Topic};
use serde::{Deserialize, Serialize};

use crate::codec;
use crate::error::DecodeError;
use crate::fields::{FieldReader, Millis, Text, int, long, maybe_text, text};
use crate::level::Level;

const TOPIC: Topic = Topic::Deliveries;

#[derive(Serialize, Deserialize)]
#[serde(rename = "Delivery")]
pub(crate) struct DeliveryWireRecord<'a> {
    body: Body<'a>,
}

#[derive(Serialize, Deserialize)]
enum Body<'a> {
    MessageDelivered(Message<'a>),
    AlertUndelivered(Waiting<'a>),
    RetryRequested { author: Text<'a>, requested_at: Millis },
}

#[derive(Serialize, Deserialize)]
#[serde(rename = "MessageDelivered")]
struct Message<'a> {
    receiver: Text<'a>,
    subject: Text<'a>,
    cluster: Text<'a>,
    namespace: Text<'a>,
    batch: Text<'a>,
    channel: Text<'a>,
    message: Text<'a>,
    version: i32,
    offset: i64,
    decided_at: Millis,
    delivered_at: Millis,
    text: Text<'a>,
    #[serde(with = "apache_avro::serde::bytes")]
    alert: Vec<u8>,
    #[serde(with = "apache_avro::serde::bytes_opt")]
    followed_by: Option<Vec<u8>>,
    rejected: Option<Text<'a>>,
    link: Option<Text<'a>>,
    thread: Option<Text<'a>>,
    storm: Option<i32>,
    route: Text<'a>,
    is_copy: bool,
    quiet_until: Option<Millis>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename = "AlertUndelivered")]
struct Waiting<'a> {
    receiver: Text<'a>,
    id: Text<'a>,
    cluster: Text<'a>,
    namespace: Text<'a>,
    batch: Text<'a>,
    channel: Text<'a>,
    offset: i64,
    decided_at: Millis,
    since: Millis,
    failed_at: Option<Millis>,
    reason: Text<'a>,
    route: Text<'a>,
    is_copy: bool,
    #[serde(with = "apache_avro::serde::bytes")]
    alert: Vec<u8>,
}

/// Encodes a record of deliveries as its value, in the version of a level.
pub fn encode_delivery(record: &DeliveryRecord, level: Level) -> Vec<u8> {
    let body = match record {
        DeliveryRecord::Message(delivery) => Body::MessageDelivered(delivery.into()),
        DeliveryRecord::Undelivered(undelivered) => Body::AlertUndelivered(undelivered.into()),
        DeliveryRecord::Retry(RetryRequest { author, requested_at }) => {
            Body::RetryRequested { author: text(author), requested_at: (*requested_at).into() }
        }
    };
    codec::encode(TOPIC, level, &DeliveryWireRecord { body })
}

/// Decodes the record of deliveries of a value.
///
/// # Errors
/// The bytes are no such record, or one that only a newer kigen knows.
pub fn decode_delivery(bytes: &[u8]) -> Result<DeliveryRecord, DecodeError> {
    Ok(match codec::decode::<DeliveryWireRecord<'_>>(TOPIC, bytes)?.body {
        Body::MessageDelivered(message) => DeliveryRecord::Message(message.decode()?),
        Body::AlertUndelivered(waiting) => DeliveryRecord::Undelivered(waiting.decode()?),
        Body::RetryRequested { author, requested_at } => DeliveryRecord::Retry(RetryRequest {
            author: author.into_owned(),
            requested_at: FieldReader(TOPIC).instant("requested_at", requested_at)?,
        }),
    })
}

impl<'a> From<&'a Delivery> for Message<'a> {
    fn from(delivery: &'a Delivery) -> Self {
        Self {
            receiver: text(&delivery.receiver),
            subject: delivery.subject.to_string().into(),
            cluster: text(&delivery.key.cluster),
            namespace: text(&delivery.key.namespace),
            batch: text(&delivery.key.batch),
            channel: text(&delivery.channel),
            message: text(&delivery.message),
            version: int(delivery.version),
            offset: long(delivery.offset.0),
            decided_at: delivery.decided_at.into(),
            delivered_at: delivery.delivered_at.into(),
            text: text(&delivery.text),
            alert: delivery.alert.clone(),
            followed_by: delivery.followed_by.clone(),
            rejected: maybe_text(&delivery.rejected),
            link: maybe_text(&delivery.link),
            thread: maybe_text(&delivery.thread),
            storm: delivery.storm.map(int),
            route: text(&delivery.route),
            is_copy: delivery.is_copy,
            quiet_until: delivery.quiet_until.map(Millis::from),
        }
    }
}

impl Message<'_> {
    fn decode(self) -> Result<Delivery, DecodeError> {
        let of = FieldReader(TOPIC);
        Ok(Delivery {
            receiver: self.receiver.into_owned(),
            subject: of.uuid("subject", &self.subject)?,
            key: BatchKey::new(self.cluster, self.namespace, self.batch),
            channel: self.channel.into_owned(),
            message: self.message.into_owned(),
            version: of.int("version", self.version)?,
            offset: Offset(of.long("offset", self.offset)?),
            decided_at: of.instant("decided_at", self.decided_at)?,
            delivered_at: of.instant("delivered_at", self.delivered_at)?,
            text: self.text.into_owned(),
            alert: self.alert,
            followed_by: self.followed_by,
            rejected: self.rejected.map(Text::into_owned),
            link: self.link.map(Text::into_owned),
            thread: self.thread.map(Text::into_owned),
            storm: self.storm.map(|alerts| of.int("storm", alerts)).transpose()?,
            route: self.route.into_owned(),
            is_copy: self.is_copy,
            quiet_until: self.quiet_until.map(|at| of.instant("quiet_until", at)).transpose()?,
        })
    }
}

impl<'a> From<&'a Undelivered> for Waiting<'a> {
    fn from(undelivered: &'a Undelivered) -> Self {
        Self {
            receiver: text(&undelivered.receiver),
            id: undelivered.id.to_string().into(),
            cluster: text(&undelivered.key.cluster),
            namespace: text(&undelivered.key.namespace),
            batch: text(&undelivered.key.batch),
            channel: text(&undelivered.channel),
            offset: long(undelivered.offset.0),
            decided_at: undelivered.decided_at.into(),
            since: undelivered.since.into(),
            failed_at: undelivered.failed_at.map(Millis::from),
            reason: text(&undelivered.reason),
            route: text(&undelivered.route),
            is_copy: undelivered.is_copy,
            alert: undelivered.alert.clone(),
        }
    }
}

impl Waiting<'_> {
    fn decode(self) -> Result<Undelivered, DecodeError> {
        let of = FieldReader(TOPIC);
        Ok(Undelivered {
            receiver: self.receiver.into_owned(),
            id: of.uuid("id", &self.id)?,
            key: BatchKey::new(self.cluster, self.namespace, self.batch),
            channel: self.channel.into_owned(),
            offset: Offset(of.long("offset", self.offset)?),
            decided_at: of.instant("decided_at", self.decided_at)?,
            since: of.instant("since", self.since)?,
            failed_at: self.failed_at.map(|at| of.instant("failed_at", at)).transpose()?,
            reason: self.reason.into_owned(),
            route: self.route.into_owned(),
            is_copy: self.is_copy,
            alert: self.alert,
        })
    }
}
