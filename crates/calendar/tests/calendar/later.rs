//! A crontab some minutes later: its instants are those of the other, moved.

use chrono::{TimeDelta, TimeZone, Utc};
use kigen_calendar::{Calendar, Crontab, Reading, Zone};
use kigen_model::Instant;

fn later(crontab: &str, minutes: u32) -> Option<String> {
    Crontab::parse(crontab).expect("a crontab").later(minutes)
}

fn instants(crontab: &str, after: Instant) -> Vec<Instant> {
    let crontab = Crontab::parse(crontab).expect("a crontab");
    let calendar = Calendar::new(crontab, Zone::utc(), Reading::Deadline).expect("times of day");
    calendar.after(after).take(400).collect()
}

#[test]
fn a_deadline_after_a_start_is_written_as_a_person_would() {
    for (crontab, minutes, expected) in [
        ("0 8 * * *", 240, "0 12 * * *"),
        ("0 8 * * 1-5", 237, "57 11 * * 1-5"),
        ("0 22 * * 1-5", 180, "0 1 * * 2-6"),
        ("0 22 * * 5", 240, "0 2 * * 6"),
        ("0 22 * * 6", 240, "0 2 * * 0"),
        ("30 23 * * *", 45, "15 0 * * *"),
        ("0 6,18 * * *", 90, "30 7,19 * * *"),
        ("0 * * * *", 20, "20 * * * *"),
        ("50 * * * *", 20, "10 * * * *"),
        ("*/15 * * * *", 10, "10,25,40,55 * * * *"),
        ("0 */6 * * *", 60, "0 1,7,13,19 * * *"),
        ("@daily", 60, "0 1 * * *"),
        ("@monthly", 60, "0 1 1 * *"),
        ("0 3 1 1,7 *", 30, "30 3 1 1,7 *"),
    ] {
        assert_eq!(later(crontab, minutes).as_deref(), Some(expected), "{crontab} {minutes} min later");
    }
}

#[test]
fn some_instants_are_those_of_no_crontab() {
    for (crontab, minutes, why) in [
        ("0 23 1 * *", 120, "the last day of a month has no number"),
        ("0 23 * 3 *", 120, "the first day of April is in no month of March"),
        ("0 1,23 * * 1", 120, "one of them is on Tuesday"),
        ("0,30 8 * * *", 45, "8:45 and 9:15 have neither hour nor minute in common"),
        ("@every 5m", 1, "it names no times of day"),
    ] {
        assert_eq!(later(crontab, minutes), None, "{crontab} {minutes} min later: {why}");
    }
}

#[test]
fn the_instants_are_moved_and_no_other() {
    let start = Utc.with_ymd_and_hms(2026, 1, 1, 0, 0, 0).single().expect("an instant");
    let mut compared = 0;
    for crontab in [
        "0 8 * * *",
        "7 0 * * 0",
        "0 22 * * 1-5",
        "*/20 * * * *",
        "*/7 * * * *",
        "15,45 */3 * * *",
        "0 6,18 * * 1,4",
        "0 3 1 * *",
        "0 3 */2 * *",
        "0 3 1 * 1",
        "59 23 * 1-6 *",
        "0 0 31 * *",
        "5 4 * * */2",
    ] {
        for minutes in [0, 1, 13, 59, 60, 61, 119, 360, 719, 1_439, 1_440, 1_441, 3_000, 10_080] {
            let Some(text) = later(crontab, minutes) else { continue };
            compared += 1;
            let by = TimeDelta::minutes(minutes.into());
            let expected: Vec<Instant> = instants(crontab, start).into_iter().map(|at| at + by).collect();
            let mut found = instants(&text, start);
            // Those whose own start was before the first.
            found.retain(|at| *at >= expected[0]);
            let both = found.len().min(expected.len());
            assert_eq!(found[..both], expected[..both], "`{text}` of `{crontab}`, {minutes} min later");
        }
    }
    assert!(compared > 100, "{compared}");
}
