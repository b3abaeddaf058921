//! Deadlines as a user writes them: an instant, or a time or day in the objective's zone.

use chrono::{NaiveDate, NaiveDateTime};
use kigen_calendar::Zone;
use kigen_model::Instant;
use kigen_state::{BatchState, Plan};

/// The time zone of the objective's open slot, else UTC.
pub(crate) fn zone_of(state: &BatchState, name: &str) -> Zone {
    match state.objectives.get(name).map(|objective| &objective.plan) {
        Some(Plan::Open(open)) => Zone::named(&open.time_zone).unwrap_or_else(|_| Zone::utc()),
        Some(Plan::Unresolved { .. } | Plan::Exhausted | Plan::Withdrawn) | None => Zone::utc(),
    }
}

/// Whether a deadline is the requested one.
pub(crate) fn matches(requested: &str, zone: &Zone, deadline: Instant) -> bool {
    if let Ok(instant) = requested.parse::<Instant>() {
        return deadline == instant;
    }
    let local = zone.local(deadline).date_time;
    requested.parse::<NaiveDate>().is_ok_and(|day| local.date() == day)
        || ["%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M"]
            .iter()
            .any(|form| NaiveDateTime::parse_from_str(requested, form).is_ok_and(|time| local == time))
}
