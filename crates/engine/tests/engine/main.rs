//! Tests of the engine: the stories, and what they cannot show.

mod attempts;
mod bounds;
mod explain;
mod lint;
mod planned;
mod properties;
mod stories;
mod story;
mod support;
