//! An event that a newer kigen wrote stops its partition, and no other, until it is skipped; at an older record level the
//! processor writes what an older kigen reads.

use std::time::Instant as RealInstant;

use chrono::TimeDelta;
use kigen_control::{Announcer, Control, Settings as ControlSettings};
use kigen_log::{Log, LogReader, NewRecord};
use kigen_model::Instant;
use kigen_model::control::{ControlRecord, Skip};
use kigen_model::topic::{CONTROL_PARTITION, Offset, Partition, Topic};
use kigen_processor::health::Health;
use kigen_testkit::simulated::SimulatedLog;
use kigen_wire::{Frame, Level, Status};

use crate::isolation::{
    FAULTY, GOOD, alerts, all_alerts, fill, filled, judge, new_log, processor, record, undisturbed,
};
use crate::{chaos, feed};

#[test]
fn an_event_of_a_newer_kigen_stops_its_partition_until_it_is_skipped() {
    chaos::paused_runtime().block_on(async {
        let dir = tempfile::tempdir().expect("a folder");
        let log = new_log();
        // Before there are events, so that no process of before record levels is expected.
        let (announcer, control) = announced(&log).await;
        tokio::spawn(announcer.run());
        fill(&log).await;
        let offset = log.latest(Topic::Events, FAULTY).expect("it is in memory");
        log.append(vec![newer(&log)]).await.expect("it is in memory");
        let health = Health::default();
        let mut processor = processor(&log, &dir.path().join("store"), &health).with_control(control);
        judge(&mut processor).await;
        let why = health.readiness(RealInstant::now()).expect_err("one partition waits");
        let place = format!("offset {offset} of kigen.events, partition 1");
        assert!(why.starts_with("partition 1 is not judged: a newer kigen wrote the event at"), "{why}");
        assert!(
            why.contains(&place) && why.contains(&format!("kigen skip kigen.events 1 {offset}")),
            "{why}"
        );
        assert_eq!(rejects(&log), 0, "it is not refused");
        let expected = undisturbed(&dir.path().join("undisturbed")).await;
        assert!(all_alerts(&log) == expected, "all before it is judged, and all of the other partition");

        skip(&log, (Topic::Events, FAULTY, offset)).await;
        while health.readiness(RealInstant::now()).is_err() {
            processor.turn().await.expect("a turn");
        }
        judge(&mut processor).await;
        assert_eq!(rejects(&log), 1, "its bytes are kept");
        assert!(all_alerts(&log) == expected, "and nothing is judged twice");
    });
}

/// Only what is under a key of kigen's is waited for: another program's record never stops a partition.
#[test]
fn a_record_with_an_unknown_schema_under_a_foreign_key_is_refused() {
    chaos::paused_runtime().block_on(async {
        let dir = tempfile::tempdir().expect("a folder");
        let log = filled().await;
        let foreign = NewRecord { key: "written/by/another/program".to_owned(), ..newer(&log) };
        log.append(vec![foreign]).await.expect("it is in memory");
        let health = Health::default();
        let mut processor = processor(&log, &dir.path().join("store"), &health);
        judge(&mut processor).await;
        assert_eq!(health.readiness(RealInstant::now()), Ok("it judges 2 partitions".to_owned()));
        assert_eq!(rejects(&log), 1);
    });
}

#[test]
fn at_an_older_level_the_alerts_are_the_same_in_the_versions_that_an_older_kigen_reads() {
    chaos::paused_runtime().block_on(async {
        let dir = tempfile::tempdir().expect("a folder");
        let (log, health) = (filled().await, Health::default());
        let older = Control::at(Level::OLDEST);
        let mut processor = processor(&log, &dir.path().join("store"), &health).with_control(older);
        judge(&mut processor).await;
        for topic in [Topic::Alerts, Topic::Status] {
            for value in [GOOD, FAULTY].into_iter().flat_map(|partition| values(&log, topic, partition)) {
                let text = kigen_wire::schemas(topic)[Level::OLDEST.version(topic) - 1];
                let oldest = kigen_wire::fingerprint(text).expect("a valid schema");
                let Some((Frame::Object(fingerprint), _)) = Frame::of(&value) else { panic!("{value:02x?}") };
                assert_eq!(fingerprint, oldest, "{topic}");
                if let (Topic::Status, Ok(Status::Position(position))) =
                    (topic, kigen_wire::decode_status(&value))
                {
                    assert_eq!(position.engine_version, Level::OLDEST.engine_version());
                }
            }
        }
        let ids = |log: &SimulatedLog, partition| -> Vec<_> {
            let values = alerts(log, partition).into_iter().flatten();
            values.map(|value| kigen_wire::decode_alert(&value).expect("an alert").id).collect()
        };
        let newest = filled().await;
        crate::judge_all(&newest, &dir.path().join("newest"), kigen_processor::TurnBounds::default()).await;
        for partition in [GOOD, FAULTY] {
            assert_eq!(ids(&log, partition), ids(&newest, partition));
        }
    });
}

/// A record in a version that this kigen does not have, under the key of a batch of [`FAULTY`].
fn newer(log: &SimulatedLog) -> NewRecord {
    let keys = (0..).map(|nth| format!("prod/ml/batch-{nth}"));
    let key = keys.into_iter().find(|key| log.partition_of(key) == FAULTY).expect("one of them");
    let unknown = Frame::Object([0xab; 8]).around(b"a fact of the future");
    record(Topic::Events, &key, &unknown)
}

async fn announced(log: &SimulatedLog) -> (Announcer<SimulatedLog>, Control) {
    let settings = ControlSettings {
        instance: "the test".to_owned(),
        roles: Vec::new(),
        version: String::new(),
        level_max: Some(Level::NEWEST),
        rollback: TimeDelta::zero(),
    };
    Announcer::open(log.clone(), settings, clock, Default::default()).await.expect("a log in memory")
}

fn clock() -> Instant {
    feed::start()
}

async fn skip(log: &SimulatedLog, place: (Topic, Partition, Offset)) {
    let skip = ControlRecord::Skip(Skip { place, author: "ann".to_owned(), skipped_at: clock() });
    let value = kigen_wire::encode_control(&skip, Level::NEWEST);
    let record = NewRecord { partition: CONTROL_PARTITION, ..record(Topic::Control, &skip.key(), &value) };
    log.append(vec![record]).await.expect("it is in memory");
}

fn rejects(log: &SimulatedLog) -> usize {
    values(log, Topic::Rejects, FAULTY).len()
}

fn values(log: &SimulatedLog, topic: Topic, partition: Partition) -> Vec<Vec<u8>> {
    let read = log.read(topic, partition, Offset(0), usize::MAX, usize::MAX).expect("it is in memory");
    read.into_iter().filter_map(|record| record.value).collect()
}
