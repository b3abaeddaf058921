//! What a person reads, what Slack is sent, and that nothing of it is lost or comes twice.

mod alerts;
mod delivery;
mod messages;
mod posts;
mod slack;
