//! The judge's calendar against what Kubernetes does.

use std::io::Read;

use chrono::TimeDelta;
use kigen_model::Instant;
use kigen_simulator::calendar::Crontab;
use serde_json::Value;

/// The zones around whose clock changes robfig/cron is wrong, and so are its answers in the vectors; in Troll the clocks
/// change by two hours.
const WRONG_THERE: &[&str] = &[
    "Africa/Cairo",
    "America/Havana",
    "America/Santiago",
    "Antarctica/Troll",
    "Asia/Beirut",
    "Atlantic/Azores",
    "Australia/Lord_Howe",
    "Pacific/Chatham",
];

/// How far the naive calendar looks for the next fires: it walks each minute.
const LOOK_DAYS: i64 = 20;

#[test]
fn the_expected_fires_are_those_of_kubernetes() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fixtures/crontab/vectors.jsonl.gz");
    let mut text = String::new();
    let file = std::fs::File::open(path).expect("the vectors");
    flate2::read::GzDecoder::new(file).read_to_string(&mut text).expect("text");
    let mut compared = 0;
    for line in text.lines() {
        let vector: Value = serde_json::from_str(line).expect("JSON");
        let spec = vector["spec"].as_str().expect("a spec");
        let zone = vector["tz"].as_str();
        let is_refused = vector.get("error").is_some();
        if is_refused && !spec.contains("TZ=") {
            assert_eq!(Crontab::read(spec, Some("UTC")), None, "{line}");
            continue;
        }
        if is_refused || WRONG_THERE.contains(&zone.expect("a zone")) || spec.starts_with("@every") {
            continue;
        }
        let crontab = Crontab::read(spec, zone).unwrap_or_else(|| panic!("{line}"));
        let instant = |value: &Value| value.as_str().expect("a time").parse::<Instant>().expect("an instant");
        let after = instant(&vector["after"]);
        let until = after + TimeDelta::days(LOOK_DAYS);
        let next: Vec<Instant> = vector["next"].as_array().expect("a list").iter().map(instant).collect();
        let known: Vec<Instant> = next.iter().copied().filter(|at| *at < until).collect();
        let fires = crontab.fires(after + TimeDelta::nanoseconds(1), until);
        assert_eq!(&fires[..fires.len().min(known.len())], &known[..], "{line}");
        assert!(known.len() == 8 || fires.len() == known.len(), "{line}: {fires:?}");
        compared += known.len();
    }
    assert!(compared > 15_000, "{compared} fires compared");
}
