//! When the results of past slots came, each compared with when its run was expected.

use chrono::TimeDelta;
use kigen_model::Instant;
use kigen_model::slot::Slot;
use kigen_state::{JudgedSlot, ObjectiveState, SLOT_ENDS_MAX, SlotEnd, Window};

/// What the ends of a slot's runs are compared with: the expected start, which moves with an edit of the schedule as the ends
/// do; else the deadline.
pub(crate) fn reference(window: Window, slot: Slot) -> Instant {
    match window {
        Window::Fires { opens, .. } => opens,
        Window::NoFire | Window::Slot | Window::Fresh { .. } => slot.deadline,
    }
}

/// Notes when a success of a slot ended; of several the first counts.
pub(crate) fn note(objective: &mut ObjectiveState, judged: &JudgedSlot, ended_at: Instant) {
    let reference = reference(judged.window, judged.slot);
    let ends = &mut objective.ends;
    let place = ends.partition_point(|end| end.reference < reference);
    match ends.get_mut(place).filter(|end| end.reference == reference) {
        Some(known) => known.ended_at = known.ended_at.min(ended_at),
        None => ends.insert(place, SlotEnd { reference, ended_at }),
    }
    let surplus = ends.len().saturating_sub(SLOT_ENDS_MAX);
    ends.drain(..surplus);
}

/// How long after its reference a slot's result came.
pub(crate) fn came_after(end: &SlotEnd) -> TimeDelta {
    end.ended_at - end.reference
}
