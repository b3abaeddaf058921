//! The calendar without zones: the local times that five fields name, found by the `cron` crate.

use std::fmt::Write as _;
use std::str::FromStr as _;

use chrono::NaiveDateTime;
use cron::Schedule;

use super::parse::{Field, Fields, Set};

/// How often the crate is asked again if it answers with a time that is not later.
const ATTEMPTS_MAX: usize = 2;

/// The schedules whose union is the crontab: none (`0 0 , * *` names no day), one, or two where a day of the month
/// *or* a day of the week will do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Walk {
    schedules: Vec<Schedule>,
}

impl Walk {
    /// Kubernetes' rule for days: if both fields are restricted either may match, else both must. The crate itself knows
    /// only "both", so the first case is two schedules.
    pub(super) fn new(fields: &Fields) -> Self {
        let either = !fields.day_of_month.star && !fields.day_of_week.star;
        let (all_days, all_weekdays) = (Set::all(Field::DayOfMonth), Set::all(Field::DayOfWeek));
        let days: &[(Set, Set)] = if either {
            &[(fields.day_of_month, all_weekdays), (all_days, fields.day_of_week)]
        } else {
            &[(fields.day_of_month, fields.day_of_week)]
        };
        let schedules = days.iter().filter_map(|(day, weekday)| schedule(fields, *day, *weekday)).collect();
        Self { schedules }
    }

    /// The first local time strictly after `after`, up to the end of 2100, where the crate's calendar ends.
    pub(super) fn next_after(&self, after: NaiveDateTime) -> Option<NaiveDateTime> {
        let after = after.and_utc();
        let next = |schedule: &Schedule| schedule.after(&after).take(ATTEMPTS_MAX).find(|next| *next > after);
        self.schedules.iter().filter_map(next).min().map(|next| next.naive_utc())
    }
}

/// `None` if a field is empty: nothing matches. The crate takes seconds first and years last, and counts the days
/// of the week from 1.
fn schedule(fields: &Fields, day_of_month: Set, day_of_week: Set) -> Option<Schedule> {
    let mut text = String::from("0");
    for (set, field, shift) in [
        (fields.minute, Field::Minute, 0),
        (fields.hour, Field::Hour, 0),
        (day_of_month, Field::DayOfMonth, 0),
        (fields.month, Field::Month, 0),
        (day_of_week, Field::DayOfWeek, 1),
    ] {
        push(&mut text, set, field, shift)?;
    }
    text.push_str(" *");
    Some(Schedule::from_str(&text).expect("plain lists within each field's range are a schedule"))
}

fn push(text: &mut String, set: Set, field: Field, shift: u32) -> Option<()> {
    if set.bits == Set::all(field).bits {
        text.push_str(" *");
        return Some(());
    }
    let mut separator = ' ';
    for value in set.values() {
        write!(text, "{separator}{}", value + shift).ok()?;
        separator = ',';
    }
    (separator == ',').then_some(())
}
