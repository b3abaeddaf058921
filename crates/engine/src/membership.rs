//! Which run counts: the rule by which a run belongs to a slot.

use chrono::NaiveTime;
use kigen_calendar::Zone;
use kigen_model::Instant;
use kigen_model::run::{Run, SlotMark};
use kigen_model::slot::Slot;
use kigen_state::{PastRun, Success, Window};

/// What decides to which slot a run belongs.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    nominal_start: Instant,
    mark: Option<SlotMark>,
}

impl Place {
    /// That of a run of the past: its annotation is known if its success is.
    pub(crate) fn of_past(past: &PastRun, successes: &[Success]) -> Self {
        let success = successes.iter().find(|success| success.nominal_start == past.nominal_start);
        Self { nominal_start: past.nominal_start, mark: success.and_then(|success| success.slot) }
    }
}

impl From<&Run> for Place {
    fn from(run: &Run) -> Self {
        Self { nominal_start: run.nominal_start(), mark: run.slot }
    }
}

impl From<&Success> for Place {
    fn from(success: &Success) -> Self {
        Self { nominal_start: success.nominal_start, mark: success.slot }
    }
}

/// Whether a run belongs to a slot whose deadline was computed in `time_zone`: by its annotation `kigen.dev/slot`, else by
/// its nominal start.
pub(crate) fn belongs(window: Window, slot: Slot, run: impl Into<Place>, time_zone: &str) -> bool {
    let Place { nominal_start, mark } = run.into();
    if let Some(mark) = marked(mark, time_zone) {
        return slot.from < mark && mark <= slot.deadline;
    }
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
pub(crate) fn marked(mark: Option<SlotMark>, time_zone: &str) -> Option<Instant> {
    match mark? {
        SlotMark::At(at) => Some(at),
        SlotMark::Day(day) => {
            let zone = Zone::named(time_zone).unwrap_or_else(|_| Zone::utc());
            zone.first_instant(day.and_time(NaiveTime::MIN))
        }
    }
}
