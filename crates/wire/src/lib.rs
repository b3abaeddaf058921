//! Avro to and from the model; the only reader of `schemas/`.
//!
//! A value is in Avro's single-object encoding: the marker `C3 01`, the fingerprint of the schema it was written with
//! (CRC-64-AVRO of the parsing canonical form, little-endian), and the datum. So any Avro library reads it with only
//! `schemas/`, and every version ever written stays readable here. [`Frame`] distinguishes it from Confluent's wire format.

#![expect(clippy::enum_variant_names, reason = "the variants have the names of their records in the schemas")]

#[cfg(test)]
mod agreement;
mod alert;
mod budget;
mod cause;
mod codec;
pub mod container;
mod control;
mod datum;
mod delivery;
mod error;
mod event;
mod expectation;
mod fields;
mod frame;
mod json;
mod labels;
mod level;
mod mute;
mod narrow;
mod reject;
mod risk;
mod shared;
mod silence;
mod stall;
mod status;
mod stream_position;
mod summary;
pub mod table;
mod working_days;

pub use alert::{decode_alert, encode_alert, has_kind, has_silences};
pub use codec::{VALUE_BYTES_MAX, fingerprint, is_of_kigen, is_of_newest_version, schemas};
pub use control::{decode_control, encode_control};
pub use delivery::{decode_delivery, encode_delivery};
pub use error::DecodeError;
pub use event::{decode_event, decode_forgotten, encode_event, has_calendars, has_mutes};
pub use frame::Frame;
pub use json::decode_to_json;
pub use level::Level;
pub use reject::{decode_reject, encode_reject};
pub use status::{Status, decode_status, encode_batch, encode_position};
