//! Slack's Web API: what is posted, what its errors mean, and the sender that posts each message once.

mod blocks;
pub mod client;
pub mod error;
pub mod sender;
