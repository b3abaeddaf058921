//! Records at each level: an older kigen reads them, and what it has no place for is absent, as if it had written them.

use kigen_model::event::Event;
use kigen_model::topic::Topic;
use kigen_wire::{Frame, Level};

use crate::samples::{Record, samples};
use crate::versions;

/// The kinds that no older version has a place for. They are written in their own version.
const NEWER_KINDS: [&str; 15] = [
    "unknown slots are judged again",
    "a cluster is forgotten",
    "a calendar",
    "a calendar of every day",
    "a calendar is withdrawn",
    "a mute of a cluster",
    "a mute of a namespace",
    "a mute of an owner",
    "a mute of a batch",
    "a mute of an objective",
    "a mute that repeats",
    "a mute is ended",
    "a cluster stalls",
    "a cluster stalls, without a list",
    "CronJobs fire again",
];

/// How the names of the samples of alerts begin that no older version has a place for, either: warnings, what is spent of budgets, and
/// what is about a whole cluster. They are not written at such a level at all.
const WARNINGS: [&str; 5] = ["at risk", "half of a budget", "a budget", "a cluster ", "a silent cluster "];

fn levels() -> impl Iterator<Item = Level> {
    (Level::OLDEST.number()..=Level::NEWEST.number()).map(Level::nearest)
}

/// The version of a topic's schema in which a value is written.
fn version_of(topic: Topic, value: &[u8]) -> usize {
    let Some((Frame::Object(fingerprint), _)) = Frame::of(value) else { panic!("{value:02x?}") };
    let found = versions(topic)
        .into_iter()
        .find(|(_, text)| kigen_wire::fingerprint(text).expect("a valid schema") == fingerprint);
    found.expect("a version of the topic").0.try_into().expect("a small number")
}

#[test]
fn each_record_is_written_in_the_version_of_the_level() {
    for topic in Topic::ALL {
        for (level, (name, record)) in
            levels().flat_map(|level| samples(topic).into_iter().map(move |it| (level, it)))
        {
            let version = version_of(topic, &record.encode_at(level));
            let is_newer =
                NEWER_KINDS.contains(&name) || WARNINGS.iter().any(|beginning| name.starts_with(beginning));
            assert!(
                version == level.version(topic) || is_newer && version > level.version(topic),
                "{topic} at level {level}: {name} is written in v{version}"
            );
        }
    }
}

/// Else the notifiers for which the level is held down would wait for them, and post no miss behind them.
#[test]
fn a_level_has_the_warnings_if_its_version_has_them() {
    for (name, record) in samples(Topic::Alerts) {
        let Record::Alert(alert) = &record else { panic!("{name} is no alert") };
        for level in levels().filter(|_| WARNINGS.iter().any(|beginning| name.starts_with(beginning))) {
            let is_of_level =
                version_of(Topic::Alerts, &record.encode_at(level)) == level.version(Topic::Alerts);
            assert_eq!(kigen_wire::has_kind(level, &alert.body), is_of_level, "{name} at level {level}");
        }
    }
}

#[test]
fn a_record_of_an_older_level_loses_nothing_more_when_it_is_written_again() {
    let mut narrowed = 0;
    for topic in Topic::ALL {
        for (level, (name, record)) in
            levels().flat_map(|level| samples(topic).into_iter().map(move |it| (level, it)))
        {
            let bytes = record.encode_at(level);
            let read =
                Record::decode(topic, &bytes).unwrap_or_else(|error| panic!("{topic}, {name}: {error}"));
            assert_eq!(read.encode_at(level), bytes, "{topic} at level {level}: {name}");
            narrowed += usize::from(read != record);
            assert!(read == record || level < Level::NEWEST, "{topic} at level {level}: {name}");
        }
    }
    assert!(narrowed > 0, "an older level has no place for something");
}

#[test]
fn that_a_cluster_is_forgotten_is_read_without_decoding_what_is_not() {
    let mut forgotten = 0;
    for (level, (name, record)) in
        levels().flat_map(|level| samples(Topic::Events).into_iter().map(move |it| (level, it)))
    {
        let found = kigen_wire::decode_forgotten(&record.encode_at(level));
        let Record::Event(event) = record else { panic!("{name} is no event") };
        let expected = match event {
            Event::Cluster(event) if name == "a cluster is forgotten" => Some(event),
            Event::Cluster(_) | Event::Fact(_) => None,
        };
        forgotten += usize::from(found.is_some());
        assert_eq!(found, expected, "{name} at level {level}");
    }
    assert!(forgotten > 0);
    for hostile in [&b""[..], b"\xc3\x01\x01\x02\x03\x04\x05\x06\x07\x08", &[0xff; 64]] {
        assert_eq!(kigen_wire::decode_forgotten(hostile), None);
    }
}
