//! A schema registry: kigen's schemas in it, and values on Kafka that name their schema by its id.
//!
//! Any registry with Confluent's HTTP API will do. Values are then in Confluent's wire format (a zero byte, the schema's
//! id, the datum), so that consumers that know only the registry can read them. No other crate depends on this: the log on
//! Kafka replaces the prefix of a datum ([`kigen_log::kafka::Framing`]), and its users read and write Avro's single-object
//! encoding. Values that are read may be in either encoding, in any mix.
//!
//! The registry is needed when a process starts, and for an id that the process has not met before; otherwise it may be away.

mod access;
mod client;
mod error;
mod framing;
mod subjects;

pub use access::{Access, without_credentials};
pub use error::RegistryFailure;
pub use framing::{Intent, Registry};
pub use subjects::{COMPATIBILITY, Subject, check, register};
