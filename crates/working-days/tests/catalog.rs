//! What a calendar means that a user makes of dates, iCalendar files and other calendars.

use std::fmt::Write as _;

use chrono::{NaiveDate, Weekday};
use expect_test::{Expect, expect};
use kigen_working_days::ics::{IcsError, days};
use kigen_working_days::{Catalog, CatalogError, Definition, Span};

fn date(text: &str) -> NaiveDate {
    text.parse().expect("a date")
}

fn spans(texts: &[&str]) -> Vec<Span> {
    texts.iter().map(|text| text.parse().expect("a span")).collect()
}

fn names(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

fn catalog(definitions: impl IntoIterator<Item = (&'static str, Definition)>) -> Catalog {
    let mut catalog = Catalog::default();
    for (name, definition) in definitions {
        catalog.define(name.to_owned(), definition).expect("a name of its own");
    }
    catalog
}

/// The days from `from` to `until`, each with what it is.
fn check(catalog: &Catalog, name: &str, (from, until): (&str, &str), expected: &Expect) {
    let found = catalog.find(name).expect("it has a meaning");
    let mut out = match found.years() {
        Some(years) => format!("{} to {}\n", years.start(), years.end()),
        None => "every year\n".to_owned(),
    };
    for day in date(from).iter_days().take_while(|day| *day <= date(until)) {
        let is = found.day(day);
        let what = if is.is_working { "works" } else { "off" };
        let why = is.why.map_or_else(String::new, |why| format!(", {why}"));
        let _ = writeln!(out, "{} {what}{why}", day.format("%a %m-%d"));
    }
    expected.assert_eq(&out);
}

#[test]
fn the_year_end_pause_is_from_29_december_to_3_january() {
    let days = ("2026-12-28", "2027-01-04");
    check(
        &catalog([]),
        "jp-office-days",
        days,
        &expect![[r#"
        2007 to 2099
        Mon 12-28 works
        Tue 12-29 off, year-end pause
        Wed 12-30 off, year-end pause
        Thu 12-31 off, year-end pause
        Fri 01-01 off, New Year's Day
        Sat 01-02 off, year-end pause
        Sun 01-03 off, year-end pause
        Mon 01-04 works
    "#]],
    );
    check(
        &catalog([]),
        "jp-business-days",
        days,
        &expect![[r#"
        2007 to 2099
        Mon 12-28 works
        Tue 12-29 works
        Wed 12-30 works
        Thu 12-31 works
        Fri 01-01 off, New Year's Day
        Sat 01-02 off
        Sun 01-03 off
        Mon 01-04 works
    "#]],
    );
}

#[test]
fn own_dates_take_days_away_and_add_some_also_on_holidays_and_weekends() {
    let definition = Definition {
        joined: names(&["jp-business-days"]),
        days_off: spans(&["2026-11-02", "2026-11-24/2026-11-25"]),
        working_days: spans(&["2026-11-03", "2026-11-21"]),
        ..Definition::default()
    };
    let catalog = catalog([("own", definition)]);
    check(
        &catalog,
        "own",
        ("2026-11-02", "2026-11-04"),
        &expect![[r#"
        2007 to 2099
        Mon 11-02 off, taken away
        Tue 11-03 works, added
        Wed 11-04 works
    "#]],
    );
    check(
        &catalog,
        "own",
        ("2026-11-20", "2026-11-26"),
        &expect![[r#"
        2007 to 2099
        Fri 11-20 works
        Sat 11-21 works, added
        Sun 11-22 off
        Mon 11-23 off, Labor Thanksgiving Day
        Tue 11-24 off, taken away
        Wed 11-25 off, taken away
        Thu 11-26 works
    "#]],
    );
}

#[test]
fn a_day_that_is_off_in_one_of_the_joined_calendars_is_off() {
    let six_days = Definition {
        weekend: Some(vec![Weekday::Sun]),
        days_off: spans(&["2026-11-04"]),
        ..Definition::default()
    };
    let both = Definition { joined: names(&["six", "jp-business-days"]), ..Definition::default() };
    let catalog = catalog([("six", six_days), ("both", both)]);
    let days = ("2026-11-02", "2026-11-07");
    check(
        &catalog,
        "six",
        days,
        &expect![[r#"
        2026 to 2026
        Mon 11-02 works
        Tue 11-03 works
        Wed 11-04 off, taken away
        Thu 11-05 works
        Fri 11-06 works
        Sat 11-07 works
    "#]],
    );
    check(
        &catalog,
        "both",
        days,
        &expect![[r#"
        2026 to 2026
        Mon 11-02 works
        Tue 11-03 off, Culture Day
        Wed 11-04 off, taken away
        Thu 11-05 works
        Fri 11-06 works
        Sat 11-07 off
    "#]],
    );
}

const COMPANY: &str = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//company//EN\r\nBEGIN:VEVENT\r\nUID:1\r\n\
    DTSTART;VALUE=DATE:20260813\r\nDTEND;VALUE=DATE:20260815\r\nSUMMARY:Summer \r\n closing\r\nEND:VEVENT\r\n\
    BEGIN:VEVENT\r\nUID:2\r\nDTSTART;VALUE=DATE:20271001\r\nSUMMARY:Founding day\r\nEND:VEVENT\r\n\
    BEGIN:VEVENT\r\nUID:3\r\nDTSTART:20260820T090000Z\r\nDTEND:20260820T100000Z\r\nSUMMARY:Meeting\r\nEND:VEVENT\r\n\
    BEGIN:VEVENT\r\nUID:4\r\nDTSTART;VALUE=DATE:20260821\r\nSTATUS:CANCELLED\r\nSUMMARY:Party\r\nEND:VEVENT\r\n\
    END:VCALENDAR\r\n";

#[test]
fn an_icalendar_file_takes_the_days_of_its_all_day_events_away_and_has_data_for_their_years() {
    let files = vec![days(COMPANY).expect("it is well-formed")];
    let catalog = catalog([("company", Definition { files, ..Definition::default() })]);
    check(
        &catalog,
        "company",
        ("2026-08-12", "2026-08-21"),
        &expect![[r#"
        2026 to 2027
        Wed 08-12 works
        Thu 08-13 off, Summer closing
        Fri 08-14 off, Summer closing
        Sat 08-15 off
        Sun 08-16 off
        Mon 08-17 works
        Tue 08-18 works
        Wed 08-19 works
        Thu 08-20 works
        Fri 08-21 works
    "#]],
    );
}

#[test]
fn an_icalendar_file_that_cannot_be_followed_whole_is_refused() {
    let event = |lines: &str| {
        format!("BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nSUMMARY:Party\r\n{lines}END:VEVENT\r\nEND:VCALENDAR\r\n")
    };
    let event_name = "Party".to_owned();
    let repeats = "DTSTART;VALUE=DATE:20260821\r\nRRULE:FREQ=YEARLY\r\n";
    assert_eq!(
        days(&event(repeats)),
        Err(IcsError::Repeats { event: event_name.clone(), property: "RRULE" })
    );
    assert_eq!(
        days(&event("DTSTART;VALUE=DATE:2026\r\n")),
        Err(IcsError::NoDays { event: event_name.clone() })
    );
    let backwards = "DTSTART;VALUE=DATE:20260821\r\nDTEND;VALUE=DATE:20260820\r\n";
    assert_eq!(days(&event(backwards)), Err(IcsError::NoDays { event: event_name }));
    let decades = "DTSTART;VALUE=DATE:20260821\r\nDTEND;VALUE=DATE:20460821\r\n";
    assert_eq!(days(&event(decades)), Err(IcsError::TooMany));
    assert_eq!(days("BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"), Err(IcsError::Empty));
    assert!(days("<html>Sign in</html>").is_err());
}

#[test]
fn own_dates_alone_have_data_for_their_years_and_a_week_for_every_year() {
    let dates = Definition { days_off: spans(&["2026-12-28/2027-01-03"]), ..Definition::default() };
    let week = Definition { weekend: Some(vec![Weekday::Fri]), ..Definition::default() };
    let catalog = catalog([("dates", dates), ("week", week)]);
    assert_eq!(catalog.find("dates").expect("it is defined").years(), Some(2026..=2027));
    let week = catalog.find("week").expect("it is defined");
    assert_eq!(week.years(), None);
    assert!(week.has(Weekday::Sat) && !week.has(Weekday::Fri));
}

#[test]
fn what_has_no_meaning_is_refused_with_the_reason() {
    let of = |joined: &[&str]| Definition { joined: names(joined), ..Definition::default() };
    let many = vec!["weekdays"; 40];
    let past = Definition { days_off: spans(&["1999-05-06"]), ..Definition::default() };
    let catalog = catalog([
        ("a", of(&["b"])),
        ("b", of(&["jp-business-days", "a"])),
        ("c", of(&["jp-busines-days"])),
        ("many", of(&many)),
        ("past", past),
        ("never", of(&["past", "jp-business-days"])),
    ]);
    let reason = |name: &str| catalog.find(name).expect_err("it has no meaning").to_string();
    expect!["the calendar `a` joins itself: a joins b joins a"].assert_eq(&reason("a"));
    expect!["there is no calendar `jp-busines-days`: there are weekdays, jp-business-days, jp-office-days, a, b, c, many, never, past"]
        .assert_eq(&reason("c"));
    expect!["the calendar `many` joins more than 32 calendars"].assert_eq(&reason("many"));
    expect!["there is no year of which all that the calendar `never` is made of have data"]
        .assert_eq(&reason("never"));
}

#[test]
fn a_calendar_with_a_name_that_is_taken_or_a_day_that_is_both_is_refused() {
    let mut catalog = catalog([("own", Definition::default())]);
    for name in ["own", "jp-business-days"] {
        let taken = CatalogError::Taken { name: name.to_owned() };
        assert_eq!(catalog.define(name.to_owned(), Definition::default()), Err(taken));
    }
    let (days_off, working_days) = (spans(&["2026-05-01/2026-05-05"]), spans(&["2026-05-05"]));
    let both = Definition { days_off, working_days, ..Definition::default() };
    let (name, day) = ("both".to_owned(), date("2026-05-05"));
    assert_eq!(catalog.define(name.clone(), both), Err(CatalogError::Contradiction { name, day }));
}

#[test]
fn a_span_of_dates_runs_forwards_for_at_most_a_year() {
    for text in ["2026-02-29", "2026-2-30", "tomorrow", "2026-05-02/2026-05-01", "2026-01-01/2027-01-02", ""]
    {
        assert!(text.parse::<Span>().is_err(), "{text}");
    }
    assert!("2024-01-01/2024-12-31".parse::<Span>().is_ok(), "a leap year");
}
