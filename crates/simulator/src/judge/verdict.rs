//! The verdicts that are right about a slot.

use crate::answer::{Again, Open, Right};

/// The verdicts that are right.
pub(super) struct Verdict {
    pub(super) right: Vec<Right>,
    /// Why one of them, or one cause, is not the only one.
    pub(super) open: Option<Open>,
    /// What a slot that a gap overlaps may turn out to be.
    pub(super) again: Option<Again>,
}

impl Verdict {
    pub(super) fn one(right: Right, open: Option<Open>) -> Self {
        Self { right: vec![right], open, again: None }
    }
}
