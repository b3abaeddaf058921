//! Samples of calendars.

use chrono::NaiveDate;
use kigen_model::event::{ClusterBody, ClusterEvent, Event};
use kigen_model::topic::Topic;
use kigen_model::working_days::WorkingDays;
use kigen_state::{CalendarVersion, Calendars};
use kigen_wire::{DecodeError, Level, decode_event, encode_event};

const REVISION: u64 = 1_795_000_000_000;

fn date(text: &str) -> NaiveDate {
    text.parse().expect("a date")
}

fn working_days() -> WorkingDays {
    WorkingDays {
        week: [true, true, true, true, true, false, false],
        years: (2025, 2028),
        days_off: ["2026-11-03", "2026-11-23"].map(date).to_vec(),
        added: vec![date("2026-11-21")],
    }
}

/// The working days of a calendar of which every day is one.
fn every_day() -> WorkingDays {
    WorkingDays { week: [true; 7], years: (2025, 2028), days_off: Vec::new(), added: Vec::new() }
}

/// Calendars that are declared, and one that is withdrawn.
pub(crate) fn declared() -> [(&'static str, ClusterBody); 3] {
    let of = |working_days| ClusterBody::Calendar {
        name: "shop-days".to_owned(),
        revision: REVISION,
        working_days,
    };
    [
        ("a calendar", of(Some(working_days()))),
        ("a calendar of every day", of(Some(every_day()))),
        ("a calendar is withdrawn", of(None)),
    ]
}

/// The calendars that a partition knows.
pub(crate) fn calendars() -> Calendars {
    let version = |nth, working_days| CalendarVersion { revision: REVISION + nth, working_days };
    let versions = [version(0, Some(working_days())), version(1, None), version(2, Some(every_day()))];
    Calendars::of(versions.map(|version| ("shop-days".to_owned(), version)))
}

#[test]
fn days_in_another_order_or_twice_or_too_many_are_refused() {
    let is_refused = |days: WorkingDays| {
        let body = ClusterBody::Calendar { name: "shop".to_owned(), revision: 1, working_days: Some(days) };
        let event = ClusterEvent { cluster: "prod".to_owned(), cluster_uid: None, epoch: 1, body };
        let bytes = encode_event(&Event::Cluster(event), Level::NEWEST);
        matches!(decode_event(&bytes), Err(DecodeError::Field { .. }))
    };
    assert!(!is_refused(working_days()));
    for days_off in [["2026-11-23", "2026-11-03"], ["2026-11-03", "2026-11-03"]] {
        assert!(is_refused(WorkingDays { days_off: days_off.map(date).to_vec(), ..working_days() }));
    }
    let added = date("2026-01-01").iter_days().take(WorkingDays::EXCEPTIONS_MAX + 1).collect();
    assert!(is_refused(WorkingDays { added, ..working_days() }));
}

#[test]
fn a_level_has_calendars_if_its_version_of_events_has_them() {
    for number in Level::OLDEST.number()..=Level::NEWEST.number() {
        let level = Level::nearest(number);
        let schema = kigen_wire::schemas(Topic::Events)[level.version(Topic::Events) - 1];
        assert_eq!(kigen_wire::has_calendars(level), schema.contains("CalendarDeclared"), "level {level}");
    }
}
