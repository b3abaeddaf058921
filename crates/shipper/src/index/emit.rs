//! Where the index puts the facts and notices that follow from a change.

use kigen_model::Instant;
use kigen_model::event::{Fact, FactBody};
use kigen_model::key::BatchKey;

use crate::notice::Notice;

/// The facts and notices that follow from one change.
#[derive(Debug)]
pub struct Emit<'a> {
    /// When the change was observed, in the API server's time.
    pub observed_at: Instant,
    /// The facts.
    pub facts: &'a mut Vec<Fact>,
    /// The notices.
    pub notices: &'a mut Vec<Notice>,
}

impl Emit<'_> {
    pub(super) fn fact(&mut self, key: &BatchKey, body: FactBody) {
        self.facts.push(Fact { key: key.clone(), observed_at: self.observed_at, body });
    }
}
