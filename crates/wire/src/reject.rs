//! `kigen.rejects`: what could not be decoded or applied.

use apache_avro::types::Value;
use kigen_model::reject::Reject;
use kigen_model::topic::Topic;

use crate::codec;
use crate::error::DecodeError;
use crate::fields::{Fields, instant, int, long, maybe, record, text};

const TOPIC: Topic = Topic::Rejects;

/// A reject as a record's value.
pub fn encode_reject(reject: &Reject) -> Vec<u8> {
    let datum = record([
        ("source", text(&reject.source)),
        ("partition", maybe(reject.place.map(|(partition, _)| int(partition)))),
        ("offset", maybe(reject.place.map(|(_, offset)| long(offset)))),
        ("key", text(&reject.key)),
        ("reason", text(&reject.reason)),
        ("bytes", Value::Bytes(reject.bytes.clone())),
        ("rejected_at", instant(reject.rejected_at)),
    ]);
    codec::encode(TOPIC, datum)
}

/// The reject that a record's value says.
///
/// # Errors
/// The bytes are no reject.
pub fn decode_reject(bytes: &[u8]) -> Result<Reject, DecodeError> {
    let mut fields = Fields::of(TOPIC, codec::decode(TOPIC, bytes)?.0)?;
    let partition = fields.maybe_signed("partition")?.and_then(|partition| u32::try_from(partition).ok());
    let offset = fields.maybe_signed("offset")?.and_then(|offset| u64::try_from(offset).ok());
    Ok(Reject {
        source: fields.text("source")?,
        place: partition.zip(offset),
        key: fields.text("key")?,
        reason: fields.text("reason")?,
        bytes: fields.bytes("bytes")?,
        rejected_at: fields.instant("rejected_at")?,
    })
}
