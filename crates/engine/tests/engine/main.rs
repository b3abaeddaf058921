//! Tests of the engine: the stories, and what they cannot show.

mod alerts;
mod attempts;
mod explain;
mod limits;
mod lint;
mod planned;
mod properties;
mod removal;
mod stories;
mod story;
mod support;
