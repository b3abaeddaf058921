//! What one partition knows of a cluster's calendars: which days are working days, as it was declared.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use kigen_model::Instant;
use kigen_model::objective::Objective;
use kigen_model::working_days::WorkingDays;

/// How many calendars of a cluster are kept; beyond, the one that was declared first is forgotten.
pub const CALENDARS_MAX: usize = 64;
/// How many versions of a calendar are kept; beyond, the second version is in force where the first was.
pub const CALENDAR_VERSIONS_MAX: usize = 4;

/// The calendars of a cluster, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Calendars(BTreeMap<String, Vec<CalendarVersion>>);

/// A calendar as it was declared once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CalendarVersion {
    /// When, in the API server's time, in milliseconds since 1970.
    pub revision: u64,
    /// Its working days; `None`: it was withdrawn.
    pub working_days: Option<WorkingDays>,
}

impl CalendarVersion {
    /// Whether a deadline at this instant is of this version: it was declared before.
    fn is_before(&self, deadline: Instant) -> bool {
        u64::try_from(deadline.timestamp_millis()).is_ok_and(|deadline| self.revision < deadline)
    }
}

impl Calendars {
    /// None.
    pub const NONE: &'static Self = &Self(BTreeMap::new());

    /// The calendars with these versions, of each name the oldest first.
    pub fn of(versions: impl IntoIterator<Item = (String, CalendarVersion)>) -> Self {
        let mut calendars = Self::default();
        for (name, version) in versions {
            calendars.0.entry(name).or_default().push(version);
        }
        calendars
    }

    /// The versions of all calendars, by name, of each name the oldest first.
    pub fn all(&self) -> impl Iterator<Item = (&str, &CalendarVersion)> {
        self.0
            .iter()
            .flat_map(|(name, versions)| versions.iter().map(move |version| (name.as_str(), version)))
    }

    /// The working days by which a slot with this deadline is judged: those of the last version before it, or else of the first
    /// version. So an edit leaves a slot whose deadline has passed judged as it was planned. `None`: there is no such calendar.
    pub fn working_days(&self, name: &str, deadline: Instant) -> Option<&WorkingDays> {
        let versions = self.0.get(name)?;
        let in_force = versions.iter().rfind(|version| version.is_before(deadline)).or(versions.first());
        in_force?.working_days.as_ref()
    }

    /// Applies a version; `observed_until`: the watermark, before which each slot is judged.
    pub(crate) fn apply(&mut self, name: &str, version: CalendarVersion, observed_until: Option<Instant>) {
        let last = self.0.get(name).and_then(|versions| versions.last());
        let is_known = match last {
            Some(last) => version.revision <= last.revision || version.working_days == last.working_days,
            None => version.working_days.is_none(),
        };
        if !is_known {
            let versions = self.0.entry(name.to_owned()).or_default();
            versions.push(version);
            let surplus = versions.len().saturating_sub(CALENDAR_VERSIONS_MAX);
            versions.drain(..surplus);
        }
        self.forget(observed_until);
    }

    /// Forgets the versions that no slot needs any more which is not judged yet, and calendars beyond the limit.
    fn forget(&mut self, observed_until: Option<Instant>) {
        let waits = TimeDelta::seconds(2 * Objective::GRACE_MAX_S);
        let judged_until = observed_until.and_then(|until| until.checked_sub_signed(waits));
        for versions in self.0.values_mut() {
            let is_needed = |next: &CalendarVersion| !judged_until.is_some_and(|until| next.is_before(until));
            let needed =
                versions.iter().skip(1).position(is_needed).unwrap_or(versions.len().saturating_sub(1));
            versions.drain(..needed);
        }
        self.0.retain(|_, versions| versions.iter().any(|version| version.working_days.is_some()));
        while self.0.len() > CALENDARS_MAX {
            let first = self.0.iter().min_by_key(|(_, versions)| versions.last().map(|last| last.revision));
            let Some(first) = first.map(|(name, _)| name.clone()) else { return };
            self.0.remove(&first);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hour: i64) -> Instant {
        Instant::UNIX_EPOCH + TimeDelta::hours(hour)
    }

    /// A week of which the first days are worked.
    fn days(first: usize) -> WorkingDays {
        let week = std::array::from_fn(|day| day < first);
        WorkingDays { week, years: (1970, 1971), days_off: Vec::new(), added: Vec::new() }
    }

    fn version(hour: i64, working_days: Option<WorkingDays>) -> CalendarVersion {
        CalendarVersion { revision: at(hour).timestamp_millis().unsigned_abs(), working_days }
    }

    #[test]
    fn a_version_is_in_force_for_the_deadlines_after_it_and_the_first_for_those_before_too() {
        let mut calendars = Calendars::default();
        assert_eq!(calendars.working_days("shop", at(1)), None);
        calendars.apply("shop", version(10, Some(days(5))), None);
        calendars.apply("shop", version(20, Some(days(6))), None);
        let in_force = |hour| calendars.working_days("shop", at(hour)).cloned();
        assert_eq!([1, 11, 20].map(in_force), [Some(days(5)), Some(days(5)), Some(days(5))]);
        assert_eq!(in_force(21), Some(days(6)));
        calendars.apply("shop", version(30, None), None);
        assert_eq!(calendars.working_days("shop", at(31)), None, "it is withdrawn");
        assert_eq!(calendars.working_days("shop", at(29)), Some(&days(6)));
    }

    #[test]
    fn a_version_that_is_not_newer_or_has_the_same_days_changes_nothing() {
        let mut calendars = Calendars::default();
        calendars.apply("gone", version(1, None), None);
        assert_eq!(calendars, Calendars::default(), "what was never declared");
        calendars.apply("shop", version(10, Some(days(5))), None);
        let once = calendars.clone();
        calendars.apply("shop", version(10, Some(days(6))), None);
        calendars.apply("shop", version(9, Some(days(6))), None);
        calendars.apply("shop", version(40, Some(days(5))), None);
        assert_eq!(calendars, once);
    }

    #[test]
    fn versions_that_no_open_slot_needs_are_forgotten() {
        let mut calendars = Calendars::default();
        let day = 24;
        calendars.apply("shop", version(day, Some(days(1))), None);
        calendars.apply("shop", version(2 * day, Some(days(2))), None);
        calendars.apply("shop", version(100 * day, None), Some(at(100 * day)));
        assert_eq!(calendars.working_days("shop", at(day)), Some(&days(2)), "the first one is forgotten");
        calendars.apply("other", version(200 * day, Some(days(2))), Some(at(200 * day)));
        let names: Vec<&str> = calendars.all().map(|(name, _)| name).collect();
        assert_eq!(names, ["other"], "what was withdrawn for so long, too");
    }

    #[test]
    fn versions_and_calendars_are_limited() {
        let mut calendars = Calendars::default();
        for nth in 0..10 {
            calendars.apply("shop", version(nth, Some(days(1 + nth as usize % 2))), None);
        }
        assert_eq!(calendars.all().count(), CALENDAR_VERSIONS_MAX);
        assert_eq!(calendars.working_days("shop", at(1)), Some(&days(1)), "by the oldest that is kept");
        for nth in 0..100 {
            calendars.apply(&format!("calendar-{nth}"), version(100 + nth, Some(days(5))), None);
        }
        assert_eq!(calendars.all().count(), CALENDARS_MAX);
        assert!(calendars.working_days("calendar-99", at(1)).is_some());
        assert!(calendars.working_days("shop", at(1)).is_none(), "it was declared first");
    }
}
