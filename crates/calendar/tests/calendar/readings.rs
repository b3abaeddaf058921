//! Deadlines and fires around the switches of clocks, and where the rules of zones come from.

use chrono::{Datelike, TimeDelta};
use expect_test::{Expect, expect};
use kigen_calendar::{Calendar, Crontab, Reading, Zone, tzdata_version};
use kigen_model::Instant;

fn instant(text: &str) -> Instant {
    text.parse().unwrap_or_else(|error| panic!("{text} is no instant: {error}"))
}

fn calendar(crontab: &str, zone: &str, reading: Reading) -> Calendar {
    let crontab = Crontab::parse(crontab).expect("a crontab");
    Calendar::new(crontab, Zone::named(zone).expect("a zone"), reading).expect("a calendar")
}

/// The first four instants of both readings, in UTC.
fn check(crontab: &str, zone: &str, after: &str, expected: &Expect) {
    let lines = [Reading::Kubernetes, Reading::Deadline].map(|reading| {
        let instants: Vec<String> = calendar(crontab, zone, reading)
            .after(instant(after))
            .take(4)
            .map(|at| at.format("%d %H:%M").to_string())
            .collect();
        format!("{reading:?}: {}\n", instants.join(", "))
    });
    expected.assert_eq(&lines.concat());
}

#[test]
fn half_past_two_on_the_night_that_skips_it_is_no_fire_but_a_deadline_at_three() {
    // Clocks go from 02:00 to 03:00 on 8 March 2026, at 07:00 UTC.
    check(
        "30 2 * * *",
        "America/New_York",
        "2026-03-07T00:00:00Z",
        &expect![[r#"
            Kubernetes: 07 07:30, 09 06:30, 10 06:30, 11 06:30
            Deadline: 07 07:30, 08 07:00, 09 06:30, 10 06:30
        "#]],
    );
}

#[test]
fn half_past_one_in_the_night_that_has_two_fires_twice_and_is_due_once() {
    // Clocks go back from 02:00 to 01:00 on 1 November 2026, at 06:00 UTC.
    check(
        "30 1 * * *",
        "America/New_York",
        "2026-10-31T12:00:00Z",
        &expect![[r#"
            Kubernetes: 01 05:30, 01 06:30, 02 06:30, 03 06:30
            Deadline: 01 05:30, 02 06:30, 03 06:30, 04 06:30
        "#]],
    );
}

#[test]
fn after_an_instant_in_the_second_pass_the_deadline_is_that_of_the_next_day() {
    check(
        "*/30 1 * * *",
        "America/New_York",
        "2026-11-01T06:10:00Z",
        &expect![[r#"
            Kubernetes: 01 06:30, 02 06:00, 02 06:30, 03 06:00
            Deadline: 02 06:00, 02 06:30, 03 06:00, 03 06:30
        "#]],
    );
}

#[test]
fn a_day_that_a_zone_skips_is_due_at_its_end() {
    // Samoa went from the end of 29 December 2011 to the beginning of the 31st, at 10:00 UTC on the 30th.
    check(
        "0 12 * * *",
        "Pacific/Apia",
        "2011-12-29T00:00:00Z",
        &expect![[r#"
            Kubernetes: 29 22:00, 30 22:00, 31 22:00, 01 22:00
            Deadline: 29 22:00, 30 10:00, 30 22:00, 31 22:00
        "#]],
    );
}

#[test]
fn several_deadlines_in_one_gap_are_one_instant() {
    check(
        "*/15 1,2 * * *",
        "Europe/London",
        "2026-03-28T02:30:00Z",
        &expect![[r#"
            Kubernetes: 28 02:45, 29 01:00, 29 01:15, 29 01:30
            Deadline: 28 02:45, 29 01:00, 29 01:15, 29 01:30
        "#]],
    );
    check(
        "*/15 1 * * *",
        "Europe/London",
        "2026-03-28T01:30:00Z",
        &expect![[r#"
            Kubernetes: 28 01:45, 30 00:00, 30 00:15, 30 00:30
            Deadline: 28 01:45, 29 01:00, 30 00:00, 30 00:15
        "#]],
    );
}

#[test]
fn deadlines_of_a_year_increase_and_no_local_day_is_without_its_own() {
    let end = instant("2027-01-01T12:00:00Z");
    for zone in [
        "America/New_York",
        "Europe/London",
        "Australia/Lord_Howe",
        "Antarctica/Troll",
        "Asia/Beirut",
        "Asia/Tokyo",
    ] {
        for crontab in ["0 0 * * *", "30 1 * * *", "15 2 * * *", "45 23 * * *"] {
            let calendar = calendar(crontab, zone, Reading::Deadline);
            let deadlines: Vec<Instant> =
                calendar.after(instant("2025-12-31T12:00:00Z")).take_while(|at| *at < end).collect();
            assert!(deadlines.is_sorted_by(|a, b| a < b), "{crontab} in {zone}");
            let days: Vec<_> =
                deadlines.iter().map(|at| calendar.zone().local(*at).date_time.date()).collect();
            assert!(
                days.windows(2).all(|days| days[1] - days[0] == TimeDelta::days(1)),
                "{crontab} in {zone}"
            );
        }
    }
}

#[test]
fn every_minute_is_due_at_each_local_minute_once() {
    for (zone, after) in [
        ("America/New_York", "2026-03-07T00:00:00Z"),
        ("America/New_York", "2026-10-31T00:00:00Z"),
        ("Antarctica/Troll", "2026-10-24T00:00:00Z"),
        ("Australia/Lord_Howe", "2026-04-03T00:00:00Z"),
        ("Pacific/Apia", "2011-12-29T00:00:00Z"),
    ] {
        let calendar = calendar("* * * * *", zone, Reading::Deadline);
        let deadlines: Vec<Instant> = calendar.after(instant(after)).take(3 * 24 * 60).collect();
        assert!(deadlines.is_sorted_by(|a, b| a < b), "{zone}");
        let local: Vec<_> = deadlines.iter().map(|at| calendar.zone().local(*at).date_time).collect();
        assert!(local.is_sorted_by(|a, b| a < b), "{zone}");
        let leaps = local.windows(2).filter(|pair| pair[1] - pair[0] != TimeDelta::minutes(1)).count();
        assert!(leaps <= 1, "{zone}: the gap at most");
    }
}

#[test]
fn the_calendar_continues_after_2100_which_is_not_a_leap_year() {
    let leap_days: Vec<i32> = calendar("0 0 29 2 *", "UTC", Reading::Kubernetes)
        .after(instant("2087-01-01T00:00:00Z"))
        .map(|at| at.year())
        .take(4)
        .collect();
    // From 2096 on the next is eight years away, and Kubernetes looks five years ahead.
    assert_eq!(leap_days, [2088, 2092, 2096]);
    let new_year =
        calendar("0 9 1 1 5", "Asia/Tokyo", Reading::Deadline).next_after(instant("2104-12-27T00:00:00Z"));
    assert_eq!(new_year, Some(instant("2105-01-01T00:00:00Z")));
}

#[test]
fn vancouver_has_stopped_switching() {
    // Until 2025b the database let clocks go back on 1 November 2026; British Columbia has since made its summer time
    // permanent, so that noon stays at 19:00 UTC.
    assert_eq!(tzdata_version(), "2026f");
    for reading in [Reading::Kubernetes, Reading::Deadline] {
        let noon =
            calendar("0 12 * * *", "America/Vancouver", reading).next_after(instant("2026-12-01T00:00:00Z"));
        assert_eq!(noon, Some(instant("2026-12-01T19:00:00Z")));
    }
}

#[test]
fn a_local_time_has_its_offset_and_abbreviation() {
    let shown = |zone: &str| {
        let local = Zone::named(zone).expect("a zone").local(instant("2026-11-23T11:00:00.5Z"));
        format!("{} {} {}", local.date_time, local.offset_s, local.abbreviation)
    };
    assert_eq!(shown("Asia/Tokyo"), "2026-11-23 20:00:00.500 32400 JST");
    assert_eq!(shown("America/Sao_Paulo"), "2026-11-23 08:00:00.500 -10800 -03");
    assert_eq!(shown("UTC"), "2026-11-23 11:00:00.500 0 UTC");
    assert_eq!(Zone::named("UTC").expect("a zone"), Zone::utc());
}
