//! `kigen.rejects`: rejects to and from values.

use kigen_model::reject::Reject;
use kigen_model::topic::Topic;
use serde::{Deserialize, Serialize};

use crate::codec;
use crate::error::DecodeError;
use crate::fields::{FieldReader, Millis, Text, int, long, text};
use crate::level::Level;

const TOPIC: Topic = Topic::Rejects;

#[derive(Serialize, Deserialize)]
#[serde(rename = "Reject")]
pub(crate) struct RejectRecord<'a> {
    source: Text<'a>,
    partition: Option<i32>,
    offset: Option<i64>,
    key: Text<'a>,
    reason: Text<'a>,
    #[serde(with = "apache_avro::serde::bytes")]
    bytes: Vec<u8>,
    rejected_at: Millis,
}

/// Encodes a reject as a record's value, in the version of a level.
pub fn encode_reject(reject: &Reject, level: Level) -> Vec<u8> {
    let record = RejectRecord {
        source: text(&reject.source),
        partition: reject.place.map(|(partition, _)| int(partition)),
        offset: reject.place.map(|(_, offset)| long(offset)),
        key: text(&reject.key),
        reason: text(&reject.reason),
        bytes: reject.bytes.clone(),
        rejected_at: reject.rejected_at.into(),
    };
    codec::encode(TOPIC, level, &record)
}

/// Decodes the reject of a record's value.
///
/// # Errors
/// The bytes are not a reject.
pub fn decode_reject(bytes: &[u8]) -> Result<Reject, DecodeError> {
    let record: RejectRecord<'_> = codec::decode(TOPIC, bytes)?;
    let partition = record.partition.and_then(|partition| u32::try_from(partition).ok());
    let offset = record.offset.and_then(|offset| u64::try_from(offset).ok());
    Ok(Reject {
        source: record.source.into_owned(),
        place: partition.zip(offset),
        key: record.key.into_owned(),
        reason: record.reason.into_owned(),
        bytes: record.bytes,
        rejected_at: FieldReader(TOPIC).instant("rejected_at", record.rejected_at)?,
    })
}
