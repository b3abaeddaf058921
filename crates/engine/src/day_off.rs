//! Days off: whether a deadline is on a day that is no working day of the objective's calendar.
//!
//! The calendar is what facts in the same partition have declared, so that a law of a later year changes no verdict of the past.
//! It is asked when something is decided, not when the slot is planned: what is declared of the days to come holds for them.

use kigen_calendar::Zone;
use kigen_model::objective::Objective;
use kigen_state::{Calendars, ObjectiveState, OpenSlot, Plan};

/// Whether nothing is due in the slot: the local day of its deadline, in the objective's zone, is no working day. A calendar that
/// was not declared has working days only: an alert too many is seen, one too few is not.
pub(crate) fn is_day_off(objective: &Objective, open: &OpenSlot, calendars: &Calendars) -> bool {
    let name = objective.calendar.as_deref();
    let deadline = open.slot.deadline;
    let Some(days) = name.and_then(|name| calendars.working_days(name, deadline)) else {
        return false;
    };
    // That of the deadlines may be another: of the CronJob before whose fires the result must be there.
    let zone = objective.time_zone.as_deref().unwrap_or(&open.time_zone);
    let zone = Zone::named(zone).unwrap_or_else(|_| Zone::utc());
    !days.contains(zone.local(deadline).date_time.date())
}

/// The same of the open slot of an objective; of none, `false`.
pub(crate) fn is_open_day_off(objective: &ObjectiveState, calendars: &Calendars) -> bool {
    let Plan::Open(open) = &objective.plan else { return false };
    is_day_off(&objective.objective, open, calendars)
}
