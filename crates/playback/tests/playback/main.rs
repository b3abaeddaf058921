//! The played API over HTTP, the histories that it plays, and the reports of an error monitor about them.

mod client;
mod fixtures;
mod generated;
mod protocol;
mod recordings;
