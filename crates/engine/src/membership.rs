//! Which run counts: the rule by which a run belongs to a slot.

use chrono::NaiveTime;
use kigen_calendar::Zone;
use kigen_model::Instant;
use kigen_model::run::{Run, SlotMark};
use kigen_model::slot::Slot;
use kigen_state::Window;

/// Whether a run belongs to a slot whose deadline was computed in `time_zone`: by its annotation `kigen.dev/slot`, else by
/// its nominal start.
pub(crate) fn belongs(window: Window, slot: Slot, run: &Run, time_zone: &str) -> bool {
    if let Some(mark) = marked(run, time_zone) {
        return slot.from < mark && mark <= slot.deadline;
    }
    let nominal_start = run.nominal_start();
    match window {
        Window::NoFire => false,
        Window::Fires { opens, closes } => {
            nominal_start >= opens && closes.is_none_or(|closes| nominal_start < closes)
        }
        Window::Slot => (slot.from..slot.deadline).contains(&nominal_start),
        Window::Fresh { after } => nominal_start > after && nominal_start <= slot.deadline,
    }
}

/// The instant of a run's annotation: it belongs to the slot whose deadline is the first at or after it. A day begins at
/// midnight in the zone.
pub(crate) fn marked(run: &Run, time_zone: &str) -> Option<Instant> {
    match run.slot? {
        SlotMark::At(at) => Some(at),
        SlotMark::Day(day) => {
            let zone = Zone::named(time_zone).unwrap_or_else(|_| Zone::utc());
            zone.first_instant(day.and_time(NaiveTime::MIN))
        }
    }
}
