//! Ranges of unknown slots: an outage of a month is one alert for each objective, and one more when its slots are judged again.
//!
//! ```text
//!         first unknown slot        met, missed, or not due yet        each kept slot judged again
//!  none ────────────────────> open ────────────────────────────> reported ────────────────────────> none (closed)
//!                             │  ^                                      └─────────────────────────> none
//!                             └──┘ a further unknown slot                 no slot is kept any more
//! ```
//!
//! A range of one slot is not kept once it is reported: what its slot becomes is an alert about that slot.

use kigen_model::Instant;
use kigen_model::alert::{Alert, AlertBody};
use kigen_model::slot::{Gap, Slot, Verdict};
use kigen_state::{ObjectiveState, UnknownRange};

use crate::context::Judge;

/// The kind of the alert that reports a range, as ids contain it.
const REPORTED: &str = "slot_unknown";

/// Adds a slot to the range that is open, or opens one.
pub(crate) fn add(objective: &mut ObjectiveState, slot: Slot, gap: Gap) {
    match objective.unknown.last_mut().filter(|range| !range.is_reported) {
        Some(range) => {
            range.last = slot;
            range.slots = range.slots.saturating_add(1);
            range.gap = range.gap.covering(gap);
        }
        None => objective.unknown.push(UnknownRange {
            since: slot.deadline,
            last: slot,
            slots: 1,
            gap,
            is_reported: false,
            met: 0,
            missed: 0,
        }),
    }
}

/// The alert that reports the open range, as the objective is written now; `None`: none is open.
pub(crate) fn alert(judge: &Judge<'_>) -> Option<Box<Alert>> {
    let UnknownRange { since, last: slot, slots, gap, .. } =
        *judge.objective.unknown.last().filter(|range| !range.is_reported)?;
    Some(judge.alert(since, AlertBody::SlotUnknown { slot, since, slots, gap }))
}

/// Ends the open range by the alert that reports it.
pub(crate) fn report(judge: &mut Judge<'_>, place: usize, alert: Option<Box<Alert>>) {
    let Some(alert) = alert else { return };
    judge.insert(place, alert);
    if let Some(range) = judge.objective.unknown.last_mut() {
        range.is_reported = true;
    }
    judge.objective.unknown.retain(|range| !range.is_reported || range.slots > 1);
}

/// Whether the slot of this deadline is in a range of several, so that it needs no alert of its own when it is met.
pub(crate) fn is_of_range(objective: &ObjectiveState, deadline: Instant) -> bool {
    objective.unknown.iter().any(|range| range.contains(deadline))
}

/// Counts an unknown slot that was judged again.
pub(crate) fn count(objective: &mut ObjectiveState, deadline: Instant, verdict: Verdict) {
    let Some(range) = objective.unknown.iter_mut().find(|range| range.contains(deadline)) else {
        return;
    };
    match verdict {
        Verdict::Met { .. } => range.met = range.met.saturating_add(1),
        Verdict::Missed(_) => range.missed = range.missed.saturating_add(1),
        Verdict::Excused(_) | Verdict::Unknown(_) => {}
    }
}

/// Closes the ranges of which no slot is unknown any more among the verdicts that are kept.
pub(crate) fn close(judge: &mut Judge<'_>) {
    if judge.objective.unknown.is_empty() {
        return;
    }
    let objective = &mut *judge.objective;
    let is_unknown = |range: &UnknownRange| {
        let mut kept = objective.verdicts.iter().filter(|known| matches!(known.verdict, Verdict::Unknown(_)));
        kept.any(|known| range.contains(known.deadline) && !known.judged.is_some_and(|judged| judged.muted))
    };
    let closed: Vec<UnknownRange> =
        objective.unknown.extract_if(.., |range| range.is_reported && !is_unknown(range)).collect();
    for UnknownRange { since, last: slot, slots, met, missed, .. } in closed {
        // Those of which nothing was judged again are forgotten with their verdicts.
        if met + missed > 0 {
            let unknown = judge.alert_id(REPORTED, since);
            let body = AlertBody::UnknownClosed { unknown, slot, since, slots, met, missed };
            judge.raise(since, body);
        }
    }
}
