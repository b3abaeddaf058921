//! The crontab calendar against 5,293 answers of robfig/cron v3.0.1, with which Kubernetes reads schedules.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;

use flate2::read::GzDecoder;
use kigen_engine::calendar::{Calendar, Crontab, Reading, Zone};
use kigen_model::Instant;
use serde::Deserialize;

/// Zones in which robfig/cron is wrong around the switch, says the README of the vectors.
const LIBRARY_WRONG: [&str; 7] = [
    "Africa/Cairo",
    "America/Havana",
    "America/Santiago",
    "Asia/Beirut",
    "Atlantic/Azores",
    "Australia/Lord_Howe",
    "Pacific/Chatham",
];

#[derive(Debug, Deserialize)]
struct Vector {
    spec: String,
    error: Option<String>,
    tz: Option<String>,
    after: Option<String>,
    #[serde(default)]
    next: Vec<String>,
}

fn fixtures() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/crontab")
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
fn scratch() {
    let mut by: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    for v in vectors().iter().filter(|v| v.error.is_none()) {
        let a = answer(v);
        let want: Vec<_> = v.next.iter().map(|n| instant(n)).collect();
        let e = by.entry(v.tz.clone().expect("tz")).or_default();
        e.0 += 1;
        if a != want {
            e.1 += 1;
            let f = |l: &[Instant]| {
                l.iter().map(|i| i.format("%FT%TZ").to_string()).collect::<Vec<_>>().join(" ")
            };
            println!(
                "DIFF\t{}\t{}\t{}\n   want {}\n   have {}",
                v.spec,
                v.tz.as_deref().unwrap_or(""),
                v.after.as_deref().unwrap_or(""),
                f(&want),
                f(&a)
            );
        }
    }
    println!("{by:#?} {:?}", LIBRARY_WRONG);
}
