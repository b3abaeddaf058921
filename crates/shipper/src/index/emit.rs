//! Where the index puts the facts and notices that follow from a change.

use kigen_model::Instant;
use kigen_model::event::{Fact, FactBody};
use kigen_model::key::BatchKey;

use crate::notice::Notice;

/// Where facts and notices go.
#[derive(Debug)]
pub struct Saying<'a> {
    /// When the change was observed, in the API server's time.
    pub observed_at: Instant,
    /// The facts.
    pub facts: &'a mut Vec<Fact>,
    /// The notices.
    pub notices: &'a mut Vec<Notice>,
}

impl Saying<'_> {
    pub(super) fn say(&mut self, key: &BatchKey, body: FactBody) {
        self.facts.push(Fact { key: key.clone(), observed_at: self.observed_at, body });
    }
}
