//! The step: a batch's state and one input in, the new state and effects out.

use kigen_model::Instant;
use kigen_model::event::{Fact, FactBody};
use kigen_model::slot::Gap;
use kigen_state::{BatchState, Calendars, Mutes};

use crate::context::Batch;
use crate::effect::Effect;
use crate::{facts, judge, past_numbers, retention};

/// What can happen to a batch.
#[derive(Clone, Debug)]
#[expect(clippy::large_enum_variant, reason = "it is taken apart at once, and nearly always a fact")]
pub enum Input<'a> {
    /// A fact of the batch was observed.
    Fact {
        /// When.
        observed_at: Instant,
        /// Until when the cluster had been observed before: the fact is of the time since. `None`: that is not known.
        observed_after: Option<Instant>,
        /// What.
        body: FactBody,
        /// The mutes of the cluster.
        mutes: &'a Mutes,
    },
    /// The cluster's time has reached [`BatchState::next_due`]: the slots due at that instant are judged, or the batch is
    /// removed.
    Due {
        /// The watermark: all that was observed up to here is known.
        observed_until: Instant,
        /// Times of the cluster of which history may be missing.
        gaps: &'a [Gap],
        /// The calendars that the cluster's objectives may name.
        calendars: &'a Calendars,
        /// The mutes of the cluster.
        mutes: &'a Mutes,
    },
    /// A mute of the cluster has ended before its time, or a stall of it is over.
    Unmuted {
        /// The mutes of the cluster.
        mutes: &'a Mutes,
    },
    /// An operator retires the cluster: the batch is removed.
    Forgotten,
}

/// For the state of the batch that the fact is about.
impl From<Fact> for Input<'_> {
    fn from(Fact { key: _, observed_at, body }: Fact) -> Self {
        Self::Fact { observed_at, observed_after: None, body, mutes: Mutes::NONE }
    }
}

/// Moves `state` by one input.
///
/// A fact that is not newer than what is known changes nothing, except when the batch is removed. A due input judges the
/// slots that are due first, all at one instant; call again while [`BatchState::next_due`] is not after `observed_until`.
/// A batch that is removed leaves an [empty](BatchState::is_empty) state.
pub fn step(state: &mut BatchState, input: Input<'_>) -> Vec<Effect> {
    match input {
        Input::Fact { observed_at, observed_after, body, mutes } => {
            let mut batch = Batch::new(state, observed_at, mutes);
            batch.after = observed_after;
            facts::apply(&mut batch, body);
            batch.effects
        }
        Input::Forgotten => {
            *state = BatchState::new(state.key.clone());
            Vec::new()
        }
        Input::Due { observed_until, .. } if retention::remove_if_due(state, observed_until) => Vec::new(),
        Input::Unmuted { mutes } => {
            judge::end_mutes(state, mutes);
            Vec::new()
        }
        Input::Due { observed_until, gaps, calendars, mutes } => {
            let mut batch = Batch::new(state, observed_until, mutes);
            judge::judge_due(&mut batch, gaps, calendars);
            // A withdrawn objective has made room.
            facts::accept_refused(&mut batch);
            past_numbers::follow_objectives(batch.state);
            retention::fit(batch.state);
            batch.effects
        }
    }
}
