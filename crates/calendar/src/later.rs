//! The crontab some minutes after another: from when a batch starts to when its result is due.

use std::collections::BTreeSet;

use crate::crontab::Crontab;
use crate::parse::{Field, Fields, Meaning, Set};

const DAY_MIN: u32 = 24 * 60;

impl Crontab {
    /// The crontab of the instants that are so many minutes after those of this one, on a clock that is never changed; `None`: no
    /// crontab has just these, as where some of them fall on the next day and days are restricted by their date.
    #[must_use]
    pub fn later(&self, minutes: u32) -> Option<String> {
        let Meaning::Fields(fields) = &self.meaning else { return None };
        let times = fields
            .hour
            .values()
            .flat_map(|hour| fields.minute.values().map(move |minute| hour * 60 + minute));
        let later: BTreeSet<(u32, u32)> =
            times.map(|time| time + minutes).map(|time| (time / DAY_MIN, time % DAY_MIN)).collect();
        let days: BTreeSet<u32> = later.iter().map(|(day, _)| *day).collect();
        let hours: BTreeSet<u32> = later.iter().map(|(_, time)| time / 60).collect();
        let minutes: BTreeSet<u32> = later.iter().map(|(_, time)| time % 60).collect();
        // A crontab has each of its minutes in each of its hours.
        let times: BTreeSet<u32> = later.iter().map(|(_, time)| *time).collect();
        if times.len() != hours.len() * minutes.len() {
            return None;
        }
        let [day_of_month, month, day_of_week] = of_days(fields, &days)?;
        let (minute, hour) = (field(Field::Minute, &minutes), field(Field::Hour, &hours));
        Some([minute, hour, day_of_month, month, day_of_week].join(" "))
    }
}

/// The fields of days for instants that are so many days later.
fn of_days(fields: &Fields, days: &BTreeSet<u32>) -> Option<[String; 3]> {
    let Fields { day_of_month, month, day_of_week, .. } = fields;
    let is_each_month = month.bits == Set::all(Field::Month).bits;
    let is_each_day = is_each_month && day_of_month.star && day_of_week.star;
    let same = || {
        let text =
            |of: Field, set: &Set| if set.star { "*".to_owned() } else { field(of, &set.values().collect()) };
        [
            text(Field::DayOfMonth, day_of_month),
            text(Field::Month, month),
            text(Field::DayOfWeek, day_of_week),
        ]
    };
    let mut days = days.iter();
    match (days.next(), days.next()) {
        (Some(0), None) => Some(same()),
        _ if is_each_day => Some(same()),
        (Some(day), None) if is_each_month && day_of_month.star => {
            let shifted = day_of_week.values().map(|of_week| (of_week + day) % 7).collect();
            Some(["*".to_owned(), "*".to_owned(), field(Field::DayOfWeek, &shifted)])
        }
        _ => None,
    }
}

/// A field of these values, as a person would write it.
fn field(of: Field, values: &BTreeSet<u32>) -> String {
    let all: BTreeSet<u32> = Set::all(of).values().collect();
    if *values == all {
        return "*".to_owned();
    }
    if let Some(step) = step(&all, values) {
        return format!("*/{step}");
    }
    let mut ranges: Vec<(u32, u32)> = Vec::new();
    for value in values {
        match ranges.last_mut() {
            Some((_, last)) if *last + 1 == *value => *last = *value,
            _ => ranges.push((*value, *value)),
        }
    }
    let text = |(first, last): (u32, u32)| match last - first {
        0 => first.to_string(),
        1 => format!("{first},{last}"),
        _ => format!("{first}-{last}"),
    };
    ranges.into_iter().map(text).collect::<Vec<_>>().join(",")
}

/// The step, of at least three values, that gives these of all values.
fn step(all: &BTreeSet<u32>, values: &BTreeSet<u32>) -> Option<usize> {
    let steps = 2..=all.len() / 3;
    steps.into_iter().find(|step| {
        let stepped = all.iter().copied().step_by(*step);
        values.len() > 2 && values.iter().copied().eq(stepped)
    })
}
