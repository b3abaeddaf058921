//! `kigen.deliveries`: the messages that receivers have, to and from values.

use kigen_model::delivery::Delivery;
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
struct Record<'a> {
    body: Body<'a>,
}

#[derive(Serialize, Deserialize)]
enum Body<'a> {
    MessageDelivered {
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
    },
}

/// Encodes a delivery as a record's value, in the version of a level.
pub fn encode_delivery(delivery: &Delivery, level: Level) -> Vec<u8> {
    let body = Body::MessageDelivered {
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
    };
    codec::encode(TOPIC, level, &Record { body })
}

/// Decodes the delivery of a record's value.
///
/// # Errors
/// The bytes are not a delivery, or one that only a newer kigen knows.
pub fn decode_delivery(bytes: &[u8]) -> Result<Delivery, DecodeError> {
    let of = FieldReader(TOPIC);
    let Body::MessageDelivered {
        receiver,
        subject,
        cluster,
        namespace,
        batch,
        channel,
        message,
        version,
        offset,
        decided_at,
        delivered_at,
        text,
        alert,
        followed_by,
        rejected,
        link,
        thread,
        storm,
    } = codec::decode::<Record<'_>>(TOPIC, bytes)?.body;
    Ok(Delivery {
        receiver: receiver.into_owned(),
        subject: of.uuid("subject", &subject)?,
        key: BatchKey::new(cluster, namespace, batch),
        channel: channel.into_owned(),
        message: message.into_owned(),
        version: of.int("version", version)?,
        offset: Offset(of.long("offset", offset)?),
        decided_at: of.instant("decided_at", decided_at)?,
        delivered_at: of.instant("delivered_at", delivered_at)?,
        text: text.into_owned(),
        alert,
        followed_by,
        rejected: rejected.map(Text::into_owned),
        link: link.map(Text::into_owned),
        thread: thread.map(Text::into_owned),
        storm: storm.map(|alerts| of.int("storm", alerts)).transpose()?,
    })
}
