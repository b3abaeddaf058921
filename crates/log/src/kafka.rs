//! Apache Kafka: connecting to it, and the log on it. All of librdkafka's settings can be passed through.

mod client_events;
mod connection;
mod consumer;
mod convert;
mod framing;
mod log;
mod membership;
pub mod permissions;
mod producer;
mod reader;
pub mod topics;
mod transaction;

pub use crate::error::{AclOperation, KafkaFailure};
pub use connection::{Connection, is_secret};
pub use consumer::KafkaConsumer;
pub use framing::{Framing, Unframed};
pub use log::KafkaLog;
pub use reader::KafkaReader;
