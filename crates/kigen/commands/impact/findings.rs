//! What every format prints: an impact with its plan.

use kigen_lineage::impact::{Impact, Wrong};
use kigen_lineage::plan::Plan;
use kigen_model::Instant;
use kigen_model::key::BatchKey;

use super::coming::Coming;
use super::repetition::Repetition;

/// An impact with its plan.
pub(super) struct Findings {
    /// The batch whose result was late or wrong.
    pub(super) of: BatchKey,
    /// What was wrong at it.
    pub(super) wrong: Wrong,
    /// What followed from that.
    pub(super) impact: Impact,
    /// What is to be repeated.
    pub(super) plan: Plan,
    /// The Job of each step of the plan.
    pub(super) repetitions: Vec<Repetition>,
    /// Until when the log is judged, and the plan's beginning.
    pub(super) until: Instant,
    /// The deadlines that come before the plan can be complete.
    pub(super) coming: Vec<Coming>,
}
