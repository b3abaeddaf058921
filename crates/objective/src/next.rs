//! The next deadline of an objective, for a person who reads a log, and the next fire of a CronJob. Verdicts are made by the engine
//! alone.

use kigen_calendar::{Reading, Timetable, cached};
use kigen_model::Instant;
use kigen_model::objective::{Deadlines, Objective, Schedule};

/// A deadline, and how it reads in its own zone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NextDeadline {
    /// The instant.
    pub at: Instant,
    /// Date, time of day and zone, such as `2026-11-09 12:00 Asia/Tokyo`.
    pub text: String,
}

/// The first deadline after `after` of an objective, whose batch has this schedule. `None`: there is none, or its crontab or zone
/// cannot be read.
#[must_use]
pub fn next_deadline(
    objective: &Objective,
    of_batch: Option<&Schedule>,
    after: Instant,
) -> Option<NextDeadline> {
    let (crontab, zone, reading) = match &objective.deadlines {
        Deadlines::CompleteBy { crontab } => {
            let of_batch = of_batch.map(|schedule| timetable(schedule).time_zone);
            let zone = objective.time_zone.as_deref().or(of_batch).unwrap_or("UTC");
            (crontab.as_str(), zone, Reading::Deadline)
        }
        Deadlines::Before { schedule, .. } => {
            let timetable = timetable(schedule.as_ref()?);
            (timetable.crontab, timetable.time_zone, Reading::Kubernetes)
        }
        Deadlines::Reads { .. } => return None,
    };
    let calendar = cached(crontab, zone, reading).ok()?;
    let at = calendar.next_after(after).filter(|_| !calendar.crontab().is_every())?;
    let local = calendar.zone().local(at).date_time.format("%Y-%m-%d %H:%M");
    Some(NextDeadline { at, text: format!("{local} {}", calendar.zone().name()) })
}

/// The first fire of a CronJob with this schedule after an instant; `None`: there is none, or its schedule or zone cannot be read, or it is
/// `@every`, whose fires depend on the one before.
#[must_use]
pub fn next_fire(schedule: &Schedule, after: Instant) -> Option<Instant> {
    let timetable = timetable(schedule);
    let calendar = cached(timetable.crontab, timetable.time_zone, Reading::Kubernetes).ok()?;
    calendar.next_after(after).filter(|_| !calendar.crontab().is_every())
}

fn timetable(schedule: &Schedule) -> Timetable<'_> {
    Timetable::of(&schedule.crontab, schedule.time_zone.as_deref())
}
