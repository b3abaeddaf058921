//! A schema registry: kigen's schemas there, and values on Kafka that name theirs by its number there.
//!
//! Any registry that speaks Confluent's HTTP API does. Values are then in Confluent's wire format (a zero byte, the
//! schema's number, the datum), so that consumers that know only the registry can read them. Nobody else in kigen knows of
//! it: the log on Kafka exchanges what stands before a datum ([`kigen_log::kafka::Framing`]), and all that reads and writes
//! the log goes on in Avro's single-object encoding. What is read may be in either, in any mix.
//!
//! The registry is asked when a process starts, and for a number that was never met. All else goes on without it.

mod access;
mod client;
mod error;
mod framing;
mod subjects;

pub use access::{Access, without_credentials};
pub use error::RegistryFailure;
pub use framing::{Intent, Registry};
pub use subjects::{COMPATIBILITY, Found, check, register};
