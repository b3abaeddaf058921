//! The calendars that a file defines or objectives name: what of them to write to the log, and what is wrong with them.
//!
//! Each is written as the days of some years, so that a verdict needs neither the catalog nor this year's kigen. Nothing is read
//! back of what a shipper before this one wrote: every epoch writes them anew, and a version with the same days changes nothing.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Datelike, NaiveDate, TimeDelta};
use kigen_model::Instant;
use kigen_model::event::{ClusterBody, Fact, FactBody};
use kigen_model::objective::Objective;
use kigen_model::working_days::WorkingDays;
use kigen_working_days::{Catalog, Found};

/// How many years before this one and after it are written.
const YEARS_BEFORE: i32 = 1;
const YEARS_AFTER: i32 = 2;
/// How long before its beginning a year without data is a problem, in days.
const WARNED_BEFORE_D: i64 = 92;

#[derive(Debug, Default)]
pub(super) struct Calendars {
    catalog: Catalog,
    /// Whether a calendar that is not in the catalog is to be withdrawn.
    is_whole: bool,
    /// Those that objectives have named in this epoch.
    named: BTreeSet<String>,
    /// What each means as it was reviewed last; `None`: it is to be withdrawn.
    reviewed: BTreeMap<String, Option<WorkingDays>>,
    /// What is wrong with it.
    problems: BTreeMap<String, String>,
    /// `None`: something has changed since.
    reviewed_on: Option<NaiveDate>,
    /// The last version of each that was written in this epoch.
    emitted: BTreeMap<String, (u64, Option<WorkingDays>)>,
    /// When all were written last.
    resynced_at: Option<Instant>,
}

impl Calendars {
    /// Applies the catalog of a file, `is_whole` if it has no errors.
    pub(super) fn declare(&mut self, catalog: Catalog, is_whole: bool) {
        let before = std::mem::replace(&mut self.catalog, catalog);
        if !is_whole {
            self.catalog.add_missing(before);
        }
        self.is_whole = is_whole;
        self.reviewed_on = None;
    }

    /// Notes the calendars that the objectives among these facts name.
    pub(super) fn note_named(&mut self, facts: &[Fact]) {
        for fact in facts {
            if let FactBody::Objective { objective: Some(Objective { calendar: Some(name), .. }), .. } =
                &fact.body
                && !self.named.contains(name)
            {
                self.named.insert(name.clone());
                self.reviewed_on = None;
            }
        }
    }

    /// What is wrong with the calendar of an objective.
    pub(super) fn problem(&self, name: Option<&str>) -> Option<&String> {
        self.problems.get(name?)
    }

    /// Finds out what each calendar means at this time, if that may have changed. Returns whether other problems were found.
    pub(super) fn review(&mut self, at: Instant) -> bool {
        let today = at.date_naive();
        if self.reviewed_on == Some(today) {
            return false;
        }
        self.reviewed_on = Some(today);
        let (mut reviewed, mut problems) = (BTreeMap::new(), BTreeMap::new());
        for name in self.catalog.defined().chain(self.named.iter().map(String::as_str)) {
            let days = match self.catalog.find(name) {
                Ok(found) => {
                    problems.extend(ends_soon(name, &found, today).map(|text| (name.to_owned(), text)));
                    let year = today.year();
                    Some(found.working_days(year - YEARS_BEFORE, year + YEARS_AFTER))
                }
                Err(error) => {
                    let text = format!("{error}; so a result is due on every day");
                    problems.insert(name.to_owned(), text);
                    None
                }
            };
            if days.is_some() || self.is_whole {
                reviewed.insert(name.to_owned(), days);
            }
        }
        self.reviewed = reviewed;
        let has_others = self.problems != problems;
        self.problems = problems;
        has_others
    }

    /// The events to append to every partition: what has changed since they were appended last, and all that is in force if
    /// that was longer than a resync period ago.
    pub(super) fn due(&mut self, at: Instant, period: TimeDelta) -> Vec<ClusterBody> {
        self.review(at);
        let is_resync = self.resynced_at.is_none_or(|resynced_at| at - resynced_at >= period);
        if is_resync {
            self.resynced_at = Some(at);
        }
        let by_time = u64::try_from(at.timestamp_millis()).unwrap_or(0);
        let gone = self.emitted.keys().filter(|name| self.is_whole && !self.reviewed.contains_key(*name));
        let mut now = self.reviewed.clone();
        now.extend(gone.map(|name| (name.clone(), None)));
        let mut events = Vec::new();
        for (name, days) in now {
            let last = self.emitted.get(&name);
            let revision = match last {
                Some((revision, emitted)) if *emitted == days => {
                    if !is_resync || days.is_none() {
                        continue;
                    }
                    *revision
                }
                Some((revision, _)) => by_time.max(revision + 1),
                None => by_time,
            };
            self.emitted.insert(name.clone(), (revision, days.clone()));
            events.push(ClusterBody::Calendar { name, revision, working_days: days });
        }
        events
    }
}

/// A year of which it has no data begins soon, or has begun.
fn ends_soon(name: &str, found: &Found<'_>, today: NaiveDate) -> Option<String> {
    let last = *found.years()?.end();
    let soon = today + TimeDelta::days(WARNED_BEFORE_D);
    (last < soon.year()).then(|| {
        format!(
            "the calendar `{name}` has no data after {last}, so that from then on its days of the week alone decide: add those of \
             {}",
            last + 1
        )
    })
}

#[cfg(test)]
mod tests {
    use kigen_model::event::Revision;
    use kigen_model::key::BatchKey;
    use kigen_model::objective::{Deadlines, ObjectiveSource};
    use kigen_working_days::Definition;

    use super::*;

    fn at(text: &str) -> Instant {
        text.parse().expect("an instant")
    }

    fn catalog(days_off: &[&str]) -> Catalog {
        let days_off = days_off.iter().map(|day| day.parse().expect("a span")).collect();
        let mut catalog = Catalog::default();
        catalog
            .define("shop".to_owned(), Definition { days_off, ..Definition::default() })
            .expect("a new name");
        catalog
    }

    fn naming(calendar: &str) -> Fact {
        let deadlines = Deadlines::CompleteBy { crontab: "0 12 * * *".to_owned() };
        let objective = Objective {
            calendar: Some(calendar.to_owned()),
            ..Objective::new(deadlines, ObjectiveSource::Annotation)
        };
        let revision = Revision { uid: "1".to_owned(), resource_version: 1 };
        let body = FactBody::Objective { name: "ready".to_owned(), revision, objective: Some(objective) };
        Fact { key: BatchKey::new("test", "ml", "a"), observed_at: at("2026-11-20T00:00:00Z"), body }
    }

    /// The name, revision and days off of each event; `None`: it is withdrawn.
    fn due(calendars: &mut Calendars, now: &str) -> Vec<(String, u64, Option<Vec<String>>)> {
        let event = |body| match body {
            ClusterBody::Calendar { name, revision, working_days } => {
                let days_off = |days: WorkingDays| days.days_off.iter().map(ToString::to_string).collect();
                (name, revision, working_days.map(days_off))
            }
            other => panic!("{other:?}"),
        };
        calendars.due(at(now), TimeDelta::days(1)).into_iter().map(event).collect()
    }

    fn shop(revision: &str, days_off: &[&str]) -> (String, u64, Option<Vec<String>>) {
        let days_off = days_off.iter().map(|day| (*day).to_owned()).collect();
        ("shop".to_owned(), at(revision).timestamp_millis().unsigned_abs(), Some(days_off))
    }

    const NOON: &str = "2026-11-20T12:00:00Z";
    const ONE: &str = "2026-11-20T13:00:00Z";

    #[test]
    fn a_calendar_is_written_once_and_again_when_it_changes_and_in_each_resync_period() {
        let mut calendars = Calendars::default();
        calendars.declare(catalog(&["2026-12-28"]), true);
        assert_eq!(due(&mut calendars, NOON), [shop(NOON, &["2026-12-28"])]);
        assert_eq!(due(&mut calendars, ONE), []);
        calendars.declare(catalog(&["2026-12-29"]), true);
        assert_eq!(due(&mut calendars, ONE), [shop(ONE, &["2026-12-29"])]);
        let next_day = "2026-11-21T12:00:00Z";
        assert_eq!(due(&mut calendars, next_day), [shop(ONE, &["2026-12-29"])], "with its revision");
    }

    #[test]
    fn a_calendar_is_withdrawn_by_a_file_without_errors_that_has_it_no_more() {
        let mut calendars = Calendars::default();
        calendars.declare(catalog(&["2026-12-28"]), true);
        due(&mut calendars, NOON);
        calendars.declare(Catalog::default(), false);
        assert_eq!(due(&mut calendars, ONE), [], "the file has an error");
        calendars.declare(Catalog::default(), true);
        let revision = at(ONE).timestamp_millis().unsigned_abs();
        assert_eq!(due(&mut calendars, ONE), [("shop".to_owned(), revision, None)]);
        assert_eq!(due(&mut calendars, "2026-11-23T13:00:00Z"), []);
    }

    #[test]
    fn of_the_calendars_that_kigen_knows_those_are_written_that_an_objective_names() {
        let mut calendars = Calendars::default();
        assert_eq!(due(&mut calendars, NOON), []);
        calendars.note_named(&[naming("jp-business-days"), naming("jp-busines-days")]);
        let written = due(&mut calendars, NOON);
        let [(name, _, Some(days_off))] = written.as_slice() else { panic!("{written:?}") };
        assert_eq!(name, "jp-business-days");
        assert_eq!(
            (days_off.first(), days_off.last()),
            (Some(&"2025-01-01".to_owned()), Some(&"2028-11-23".to_owned()))
        );
        let unknown = calendars.problem(Some("jp-busines-days")).expect("a problem");
        assert!(unknown.starts_with("there is no calendar `jp-busines-days`: "), "{unknown}");
        assert_eq!(calendars.problem(Some("jp-business-days")), None);
    }

    #[test]
    fn the_next_year_is_written_when_a_year_begins() {
        let mut calendars = Calendars::default();
        calendars.note_named(&[naming("jp-business-days")]);
        due(&mut calendars, NOON);
        let written = due(&mut calendars, "2027-01-01T00:00:00Z");
        let [(_, _, Some(days_off))] = written.as_slice() else { panic!("{written:?}") };
        assert_eq!(days_off.last(), Some(&"2029-11-23".to_owned()));
    }

    #[test]
    fn a_year_without_data_is_a_problem_three_months_before() {
        let mut calendars = Calendars::default();
        calendars.declare(catalog(&["2026-12-28"]), true);
        assert!(!calendars.review(at("2026-09-30T00:00:00Z")));
        assert!(calendars.review(at("2026-10-01T00:00:00Z")), "a problem more");
        let problem = calendars.problem(Some("shop")).expect("a problem");
        assert!(problem.starts_with("the calendar `shop` has no data after 2026"), "{problem}");
        calendars.declare(catalog(&["2026-12-28", "2027-12-28"]), true);
        assert!(calendars.review(at("2026-10-01T00:00:00Z")), "a problem less");
        assert_eq!(calendars.problem(Some("shop")), None);
    }
}
