//! The crontab calendar against 5,293 answers of robfig/cron v3.0.1, with which Kubernetes reads schedules.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;

use flate2::read::GzDecoder;
use kigen_calendar::{Calendar, Crontab, Reading, Zone};
use kigen_model::Instant;
use serde::Deserialize;

/// Zones in which robfig/cron is wrong around the switch, by the README of the vectors.
const LIBRARY_WRONG: [&str; 7] = [
    "Africa/Cairo",
    "America/Havana",
    "America/Santiago",
    "Asia/Beirut",
    "Atlantic/Azores",
    "Australia/Lord_Howe",
    "Pacific/Chatham",
];

/// Where robfig/cron is wrong: the meaning of the first column of `vectors.txt`. Found by stepping through its code;
/// kigen implements the plain rule (skipped in a gap, twice in an overlap).
const REASONS: [(&str, &str); 5] = [
    (
        "midnight",
        "It steps from day to day by midnights. One that the switch skips comes out an hour away, is moved back to 23:00 \
         and from there to the midnight after, so the day of the switch is skipped.",
    ),
    (
        "day unseen",
        "It steps from hour to hour and checks the day again at hour 0. Where the switch skips hour 0 it fires on the \
         next day, which the crontab does not name.",
    ),
    (
        "hour unseen",
        "It steps from minute to minute and checks the hour again at minute 0. Where the switch skips minute 0 it fires \
         in the next hour, which the crontab does not name.",
    ),
    (
        "hour steps",
        "It steps from the top of an hour by whole hours of elapsed time. A switch by half an hour, or at a quarter to, \
         leaves it in the middle of an hour, past minutes that the crontab names.",
    ),
    (
        "top of hour",
        "It begins at the top of the hour. Where the switch skipped that, it arrives at another minute, and continues \
         from there by whole hours, past minutes that the crontab names.",
    ),
];

type Key = (String, String, String);

#[derive(Debug, Deserialize)]
struct Vector {
    spec: String,
    error: Option<String>,
    tz: Option<String>,
    after: Option<String>,
    #[serde(default)]
    next: Vec<String>,
}

impl Vector {
    /// Zone, instant, crontab.
    fn key(&self) -> Key {
        (self.tz.clone().unwrap_or_default(), self.after.clone().unwrap_or_default(), self.spec.clone())
    }
}

/// The vectors from which kigen differs, each with its reason.
fn listed() -> BTreeMap<Key, String> {
    include_str!("vectors.txt")
        .lines()
        .map(|line| {
            let parts: Vec<String> = line.split(" | ").map(str::to_owned).collect();
            let [reason, zone, after, spec] = parts.try_into().expect("reason, zone, instant, crontab");
            ((zone, after, spec), reason)
        })
        .collect()
}

/// Cargo runs a test in its package's folder. The path is not compiled in: another checkout may share the build.
fn fixtures() -> PathBuf {
    PathBuf::from("../../tests/fixtures/crontab")
}

fn vectors() -> Vec<Vector> {
    let file = File::open(fixtures().join("vectors.jsonl.gz")).expect("the vectors are there");
    BufReader::new(GzDecoder::new(file))
        .lines()
        .map(|line| serde_json::from_str(&line.expect("a line of text")).expect("a vector"))
        .collect()
}

fn instant(text: &str) -> Instant {
    text.parse().unwrap_or_else(|error| panic!("{text} is no instant: {error}"))
}

fn answer(vector: &Vector) -> Vec<Instant> {
    let crontab = Crontab::parse(&vector.spec).unwrap_or_else(|error| panic!("{vector:?}: {error}"));
    let zone = Zone::named(vector.tz.as_deref().expect("a zone")).expect("a known zone");
    let calendar = Calendar::new(crontab, zone, Reading::Kubernetes).expect("a calendar");
    calendar.after(instant(vector.after.as_deref().expect("an instant"))).take(8).collect()
}

#[test]
fn what_kubernetes_refuses_is_refused_and_nothing_else() {
    let different: Vec<_> = vectors()
        .into_iter()
        .filter(|vector| Crontab::parse(&vector.spec).is_err() != vector.error.is_some())
        .collect();
    assert!(different.is_empty(), "{different:#?}");
}

#[test]
fn fires_are_kubernetes_fires_but_for_the_listed_slips_of_its_library() {
    let mut listed = listed();
    let mut unlisted = Vec::new();
    let (mut equal, mut total) = (0, 0);
    for vector in vectors() {
        total += 1;
        if vector.error.is_some()
            || answer(&vector) == vector.next.iter().map(|at| instant(at)).collect::<Vec<_>>()
        {
            equal += 1;
        } else if listed.remove(&vector.key()).is_none() {
            unlisted.push(vector);
        }
    }
    assert!(unlisted.is_empty(), "these differ and are not in vectors.txt: {unlisted:#?}");
    assert!(listed.is_empty(), "these are in vectors.txt and no longer differ: {listed:#?}");
    assert_eq!((equal, total), (5212, 5293), "98.5 %");
}

#[test]
fn each_listed_slip_has_a_reason_and_is_in_a_zone_where_the_library_is_known_to_be_wrong() {
    for ((zone, after, spec), reason) in listed() {
        assert!(LIBRARY_WRONG.contains(&zone.as_str()), "`{spec}` in {zone} after {after}");
        assert!(REASONS.iter().any(|(known, _)| *known == reason), "{reason} is no reason");
    }
}
