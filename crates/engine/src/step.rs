//! The step: a batch's state and one input in, the new state and effects out.

use kigen_model::Instant;
use kigen_model::alert::Alert;
use kigen_model::event::{Fact, FactBody};
use kigen_model::key::BatchKey;
use kigen_model::slot::{Gap, Verdict};
use kigen_state::BatchState;

use crate::{facts, judge};

/// What can happen to a batch.
#[derive(Clone, Debug)]
#[expect(clippy::large_enum_variant, reason = "it is taken apart at once, and nearly always a fact")]
pub enum Input<'a> {
    /// Something was observed of the batch.
    Fact {
        /// When.
        observed_at: Instant,
        /// What.
        body: FactBody,
    },
    /// The cluster's time has reached [`BatchState::next_due`]: the slots due at that instant are judged.
    Due {
        /// All that was observed up to here is known.
        observed_until: Instant,
        /// Times of the cluster of which history may be missing.
        gaps: &'a [Gap],
    },
}

/// For the state of the batch that the fact is about.
impl From<Fact> for Input<'_> {
    fn from(Fact { key: _, observed_at, body }: Fact) -> Self {
        Self::Fact { observed_at, body }
    }
}

/// All that the engine ever asks of the world outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Tell a person.
    Raise(Box<Alert>),
    /// Tell whoever wrote the objective or the CronJob that it cannot work as written.
    Warn(Warning),
    /// Nobody is told, but a slot has a verdict, or another one than before.
    Judge(Judgement),
}

/// The verdict on a slot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// The batch.
    pub key: BatchKey,
    /// The objective.
    pub objective: String,
    /// The slot's deadline.
    pub deadline: Instant,
    /// What holds of it now.
    pub verdict: Verdict,
}

/// Something that is written in a way that cannot work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// The batch.
    pub key: BatchKey,
    /// The objective, where it is one.
    pub objective: Option<String>,
    /// What is wrong and what to do.
    pub text: String,
}

/// Moves `state` by one input.
///
/// A fact that is not newer than what is known changes nothing. A due input judges the slots that are due first,
/// all at one instant; call again while [`BatchState::next_due`] is not after `observed_until`.
pub fn step(state: &mut BatchState, input: Input<'_>) -> Vec<Effect> {
    match input {
        Input::Fact { observed_at, body } => facts::apply(state, observed_at, body),
        Input::Due { observed_until, gaps } => judge::judge_due(state, observed_until, gaps),
    }
}
