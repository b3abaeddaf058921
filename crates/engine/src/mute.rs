//! Mutes: whether an objective is muted at an instant, and until when.
//!
//! ```text
//!              missed while muted          still missed when the mutes in a row end
//!  no incident ──────────────────> silent ──────────────────────────────────────────> alerted: the last of its misses
//!                                     │  a success in time, or before they end
//!                                     └──────────────────────────────────────────────> nothing is alerted
//! ```
//!
//! A miss whose run was not made, since no CronJob of the cluster fired when it was expected, is silent as if it was muted until an
//! hour after one fires again.
//!
//! A miss is muted if a mute is in force when a success stops counting, at the deadline and grace, or at the end of a run that
//! decides earlier. That is the same whenever the tick comes that judges the slot.

use kigen_calendar::{Reading, cached};
use kigen_model::Instant;
use kigen_model::key::BatchKey;
use kigen_model::mute::Mute;
use kigen_state::{Mutes, ObjectiveState, Stall, Stalls};

use crate::deadlines::last_at_or_before;

/// How many mutes in a row are followed at once; those after them are when these have ended.
const IN_A_ROW_MAX: usize = 100;

/// Until when an objective is muted that is so at `at`, by one mute or several without a pause; `None`: it is not muted.
pub(crate) fn muted_until(
    mutes: &Mutes,
    key: &BatchKey,
    (name, objective): (&str, &ObjectiveState),
    at: Instant,
) -> Option<Instant> {
    let owner = objective.objective.owner.as_deref();
    last_end(mutes, |mute| mute.scope.has(key, name, owner), at)
}

/// Whether a batch is muted at an instant, whatever its objectives.
pub(crate) fn is_batch_muted(mutes: &Mutes, key: &BatchKey, at: Instant) -> bool {
    last_end(mutes, |mute| mute.scope.has_batch(key), at).is_some()
}

/// Until when the miss of a run that was expected at `expected_at` is no alert of its own, since no CronJob of the cluster fired
/// then: one alert is about all of them.
pub(crate) fn stalled_until(stalls: &Stalls, expected_at: Instant) -> Option<Instant> {
    let stalls = stalls.all().iter().filter(|stall| stall.has(expected_at));
    stalls.map(Stall::silent_until).max()
}

fn last_end(mutes: &Mutes, concerns: impl Fn(&Mute) -> bool, at: Instant) -> Option<Instant> {
    let mut until = None;
    for _ in 0..IN_A_ROW_MAX {
        let from = until.unwrap_or(at);
        let in_force = mutes.all().filter(|(_, mute)| concerns(mute)).filter_map(|(_, mute)| end(mute, from));
        let Some(end) = in_force.max() else { break };
        until = Some(end);
    }
    until
}

/// When the time ends in which a mute is in force at `at`; `None`: it is not.
fn end(mute: &Mute, at: Instant) -> Option<Instant> {
    if at < mute.from || at >= mute.until {
        return None;
    }
    let Some(repeat) = &mute.repeats else {
        return Some(mute.until);
    };
    // What cannot be read was refused when it was written.
    let calendar = cached(&repeat.crontab, &repeat.time_zone, Reading::Deadline).ok()?;
    let begins = last_at_or_before(&calendar, at).filter(|begins| *begins >= mute.from)?;
    Some((begins + repeat.length).min(mute.until)).filter(|end| *end > at)
}
