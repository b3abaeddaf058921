//! The public holidays of Japan against the list that the Cabinet Office publishes, and what the law makes of later years.

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate};
use kigen_working_days::Catalog;

const ANNOUNCED: &str = include_str!("cabinet-office.txt");

/// The holidays of a year, weekends included, with their names.
fn holidays(year: i32) -> BTreeMap<NaiveDate, String> {
    let catalog = Catalog::default();
    let found = catalog.find("jp-business-days").expect("it is built in");
    let first = NaiveDate::from_ymd_opt(year, 1, 1).expect("a date");
    let days = first.iter_days().take_while(|day| day.year() == year);
    days.filter_map(|day| Some((day, found.day(day).why?))).collect()
}

fn name(year: i32, month: u32, day: u32) -> Option<String> {
    holidays(year).remove(&NaiveDate::from_ymd_opt(year, month, day).expect("a date"))
}

#[test]
fn the_holidays_of_2007_to_2027_are_those_that_the_cabinet_office_has_announced() {
    let years: Vec<&str> = ANNOUNCED.lines().filter(|line| !line.starts_with('#')).collect();
    assert_eq!(years.len(), 21);
    for line in years {
        let year = line[..4].parse().expect("a year");
        let computed: Vec<String> =
            holidays(year).keys().map(|day| day.format("%m-%d").to_string()).collect();
        assert_eq!(format!("{year} {}", computed.join(" ")), line);
    }
}

#[test]
fn a_holiday_on_a_sunday_is_followed_by_a_day_off_after_all_holidays_in_a_row() {
    let substitute = Some("substitute holiday".to_owned());
    assert_eq!(name(2026, 5, 6), substitute, "3 May is a Sunday, 4 and 5 May are holidays");
    assert_eq!(name(2024, 8, 12), substitute);
    assert_eq!(name(2026, 5, 7), None);
    assert_eq!(name(2026, 11, 24), None, "23 November is a Monday");
}

#[test]
fn a_day_between_two_holidays_is_off() {
    let between = Some("citizens' holiday".to_owned());
    assert_eq!(name(2026, 9, 22), between);
    assert_eq!(name(2032, 9, 21), between, "the next time");
    assert_eq!((name(2019, 4, 30), name(2019, 5, 2)), (between.clone(), between));
}

#[test]
fn the_holidays_of_2019_to_2021_are_those_of_the_acts_for_these_years() {
    assert_eq!(name(2019, 5, 1).as_deref(), Some("Day of the Emperor's accession"));
    assert_eq!((name(2019, 12, 23), name(2019, 2, 23)), (None, None), "no birthday of an Emperor");
    assert_eq!(name(2020, 7, 24).as_deref(), Some("Sports Day"));
    assert_eq!((name(2020, 7, 20), name(2020, 10, 12), name(2020, 8, 11)), (None, None, None));
    assert_eq!(name(2021, 8, 9).as_deref(), Some("substitute holiday"), "Mountain Day is on Sunday 8 August");
}

/// A sum over what two programs by others compute alike (jpholiday 1.0.3, holidays 0.109), day by day, for 2028 to 2099.
#[test]
fn the_holidays_up_to_2099_are_those_of_other_programs() {
    let mut sum = 0_u64;
    let mut days = 0;
    for year in 2028..=2099 {
        for day in holidays(year).keys() {
            sum = sum.wrapping_mul(31).wrapping_add(u64::from(day.ordinal()));
            days += 1;
        }
    }
    assert_eq!((days, sum), (1287, 7_821_972_750_469_691_178));
}

#[test]
fn no_other_year_has_data() {
    let catalog = Catalog::default();
    let years = catalog.find("jp-office-days").expect("it is built in").years();
    assert_eq!(years, Some(2007..=2099));
    assert!(holidays(2006).is_empty() && holidays(2100).is_empty());
    assert_eq!(catalog.find("weekdays").expect("it is built in").years(), None);
}
