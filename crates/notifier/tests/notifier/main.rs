//! The text of messages, the requests to Slack, and their delivery: none is lost, and none is posted twice.

mod alerts;
mod causes;
mod chaos;
mod containers;
mod delivery;
mod endpoint;
mod expectations;
mod failures;
mod incidents;
mod languages;
mod messages;
mod on_kafka;
mod posts;
mod queues;
mod reported;
mod routing;
mod silence;
mod slack;
mod slack_rules;
mod storms;
mod surroundings;
mod waiting;
mod warnings;
mod webhook;
mod wording;
