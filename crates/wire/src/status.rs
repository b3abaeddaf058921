//! `kigen.status`: the whole state of a batch, or how far a partition is judged.

mod batch;
mod objective;
mod position;

use kigen_model::topic::Topic;
use kigen_state::{BatchState, PartitionState};
use serde::{Deserialize, Serialize};

use crate::codec;
use crate::error::DecodeError;
use crate::fields::FieldReader;
use crate::level::Level;
use batch::BatchRecord;
use position::PositionRecord;

const TOPIC: Topic = Topic::Status;

/// One record of `kigen.status`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "it is taken apart at once, and nearly always a batch's state")]
pub enum Status {
    /// The state of a batch.
    Batch(BatchState),
    /// How far the partition is judged.
    Position(PartitionState),
}

#[derive(Serialize, Deserialize)]
#[serde(rename = "Status")]
pub(crate) struct StatusRecord<'a> {
    body: Body<'a>,
}

#[derive(Serialize, Deserialize)]
#[expect(clippy::large_enum_variant, reason = "it is taken apart at once, and nearly always a batch's state")]
enum Body<'a> {
    BatchState(BatchRecord<'a>),
    Position(PositionRecord<'a>),
}

/// Encodes a batch's state as a record's value, in the version of a level.
pub fn encode_batch(state: &BatchState, level: Level) -> Vec<u8> {
    codec::encode(TOPIC, level, &StatusRecord { body: Body::BatchState(state.into()) })
}

/// Encodes a partition's position as a record's value, in the version of a level.
pub fn encode_position(position: &PartitionState, level: Level) -> Vec<u8> {
    codec::encode(TOPIC, level, &StatusRecord { body: Body::Position(position.into()) })
}

/// Decodes the status of a record's value.
///
/// # Errors
/// The bytes are not a status, or one that only a newer kigen knows.
pub fn decode_status(bytes: &[u8]) -> Result<Status, DecodeError> {
    let record: StatusRecord<'_> = codec::decode(TOPIC, bytes)?;
    match record.body {
        Body::BatchState(batch) => batch.read(FieldReader(TOPIC)).map(Status::Batch),
        Body::Position(position) => position.read(FieldReader(TOPIC)).map(Status::Position),
    }
}
