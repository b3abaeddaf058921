//! Slack's Web API: what is posted, what its errors mean, and the sender that posts each message once.

mod blocks;
pub mod client;
mod connector;
pub(crate) mod content;
mod digest;
pub mod error;
pub mod examine;
mod late;
mod pace;
pub mod preview;
mod references;
pub(crate) mod reminder;
mod repaired;
pub mod sender;
mod storm;
