//! The text of messages, the requests to Slack, and their delivery: none is lost, and none is posted twice.

mod alerts;
mod causes;
mod containers;
mod delivery;
mod messages;
mod posts;
mod slack;
mod wording;
