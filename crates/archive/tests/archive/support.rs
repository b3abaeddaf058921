//! A log of some days, archived and read back.

use std::path::Path;

use chrono::{DateTime, TimeDelta, Utc};
use kigen_archive::{Address, ArchivedLog, Archiver, TOPICS};
use kigen_log::{ConsumedRecord, EmbeddedLog, Log, LogError, LogReader, NewRecord, Retention, Settings};
use kigen_model::Instant;
use kigen_model::topic::{Offset, Partition, Topic};

pub(crate) const PARTITIONS: u32 = 2;

/// Midnight of a Monday.
pub(crate) fn start() -> Instant {
    "2026-11-09T00:00:00Z".parse::<DateTime<Utc>>().expect("an instant")
}

pub(crate) fn hour(hours: i64) -> Instant {
    start() + TimeDelta::hours(hours)
}

/// A log whose events and alerts are trimmed after two days.
pub(crate) fn log(dir: &Path) -> EmbeddedLog {
    let two_days = Retention { age_ms_max: 2 * 86_400_000, ..Settings::default().events };
    let settings = Settings { partitions: PARTITIONS, events: two_days, ..Settings::default() };
    EmbeddedLog::open(dir, settings).expect("a log")
}

/// Events at each tenth minute of these hours, in both partitions, with values of all lengths; alerts on some days only.
pub(crate) async fn write(log: &EmbeddedLog, hours: std::ops::Range<i64>) {
    let mut records = Vec::new();
    for tenth in hours.start * 6..hours.end * 6 {
        let timestamp = start() + TimeDelta::minutes(tenth * 10);
        for partition in (0..PARTITIONS).map(Partition) {
            let length = usize::try_from(tenth * 37 % 2_000).expect("a length");
            let value = (0..length).map(|nth| u8::try_from(nth * 31 % 251).expect("a byte")).collect();
            let key = format!("shop/ml/{tenth}");
            let value = (tenth % 97 != 0).then_some(value);
            records.push(NewRecord { topic: Topic::Events, partition, key, value, timestamp });
        }
        if tenth % (6 * 24 * 3) == 100 {
            let (key, value) = ("shop/ml/alert".to_owned(), Some(vec![7; 100]));
            records.push(NewRecord { topic: Topic::Alerts, partition: Partition(1), key, value, timestamp });
        }
    }
    for records in records.chunks(500) {
        log.append(records.to_vec()).await.expect("it appends");
    }
}

pub(crate) fn address(path: &Path) -> Address {
    Address::of(path.to_str().expect("a path")).expect("an address")
}

/// Archives what is over; returns how many files were written.
pub(crate) fn archive(log: &EmbeddedLog, to: &Path) -> u64 {
    Archiver::new(log.clone(), address(to)).round().expect("it archives")
}

/// All records of both topics, in pages of some sizes.
pub(crate) fn all(log: &impl LogReader, page: usize) -> Result<Vec<(Topic, u32, ConsumedRecord)>, LogError> {
    let mut all = Vec::new();
    for topic in TOPICS {
        for partition in 0..PARTITIONS {
            let mut next = log.earliest(topic, Partition(partition))?;
            loop {
                let records = log.read(topic, Partition(partition), next, page, 64 * 1024)?;
                let Some(last) = records.last() else { break };
                next = last.offset.next();
                all.extend(records.into_iter().map(|record| (topic, partition, record)));
            }
        }
    }
    Ok(all)
}

/// The log with its archive.
pub(crate) fn archived(log: &EmbeddedLog, archive: &Path) -> ArchivedLog<EmbeddedLog> {
    ArchivedLog::open(log.clone(), &address(archive)).expect("an archive")
}

/// The files below a folder, as paths relative to it.
pub(crate) fn files(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut left = vec![folder.to_owned()];
    while let Some(path) = left.pop() {
        for entry in std::fs::read_dir(path).into_iter().flatten().flatten() {
            if entry.path().is_dir() {
                left.push(entry.path());
            } else {
                let path = entry.path();
                found.push(path.strip_prefix(folder).expect("below").display().to_string());
            }
        }
    }
    found.sort();
    found
}

pub(crate) fn earliest(log: &impl LogReader) -> Offset {
    log.earliest(Topic::Events, Partition(0)).expect("an offset")
}
