//! Days are archived once they are over, and are read with the log as one, whatever the log has trimmed.

use kigen_archive::Archiver;
use kigen_log::{Log, LogReader, NewRecord};
use kigen_model::topic::{Offset, Partition, Topic};

use crate::support::{PARTITIONS, address, all, archive, archived, earliest, files, hour, log, write};

#[tokio::test]
async fn what_was_trimmed_is_read_from_the_archive_as_it_was_and_the_log_follows_without_overlap_or_hole() {
    let dir = tempfile::tempdir().expect("a folder");
    let (log, folder) = (log(&dir.path().join("log")), dir.path().join("archive"));
    write(&log, 0..24 * 7 + 5).await;
    let whole = all(&log, 100).expect("it is read");
    assert_eq!(archive(&log, &folder), 7 * 2 + 3, "a file for each day with records");
    let names = files(&folder);
    assert!(names.contains(&"kigen.events/partition=1/2026-11-09.0-144.avro".to_owned()), "{names:?}");
    assert!(names.contains(&"kigen.events/partition=1/2026-11-15.864-1008.avro".to_owned()), "{names:?}");
    log.trim(hour(24 * 7 + 5)).await.expect("it trims");
    assert!(earliest(&log) > Offset(600), "{}", earliest(&log));
    let both = archived(&log, &folder);
    for page in [1, 7, 143, 144, 145, 5_000] {
        assert!(all(&both, page).expect("it is read") == whole, "in pages of {page}");
    }
    assert_eq!(both.earliest(Topic::Events, Partition(0)).expect("an offset"), Offset(0));
}

#[tokio::test]
async fn a_time_is_found_where_the_whole_log_had_it() {
    let dir = tempfile::tempdir().expect("a folder");
    let (log, folder) = (log(&dir.path().join("log")), dir.path().join("archive"));
    write(&log, 0..24 * 6 + 1).await;
    let hours = (-3..24 * 6 + 3).step_by(5);
    let offsets = |of: &dyn LogReader| -> Vec<Offset> {
        let at = |hours| of.offset_for_time(Topic::Events, Partition(1), hour(hours)).expect("an offset");
        hours.clone().map(at).collect()
    };
    let of_whole = offsets(&log);
    archive(&log, &folder);
    log.trim(hour(24 * 6)).await.expect("it trims");
    assert_eq!(offsets(&archived(&log, &folder)), of_whole);
}

#[tokio::test]
async fn a_day_that_goes_on_is_not_archived_and_what_is_archived_is_not_archived_again() {
    let dir = tempfile::tempdir().expect("a folder");
    let (log, folder) = (log(&dir.path().join("log")), dir.path().join("archive"));
    write(&log, 0..20).await;
    let mut archiver = Archiver::new(log.clone(), address(&folder));
    assert_eq!(archiver.round().expect("a round"), 0);
    write(&log, 20..30).await;
    assert_eq!(archiver.round().expect("a round"), 3, "both partitions of events, and one of alerts");
    assert_eq!(archiver.round().expect("a round"), 0);
    assert_eq!(archive(&log, &folder), 0, "another process finds it there");
    write(&log, 30..60).await;
    assert_eq!(archiver.round().expect("a round"), u64::from(PARTITIONS));
    assert_eq!(files(&folder).len(), 5);
}

#[tokio::test]
async fn a_quiet_partition_is_archived_when_the_log_is_an_hour_past_the_day_and_what_comes_late_is_of_the_next()
 {
    let dir = tempfile::tempdir().expect("a folder");
    let (log, folder) = (log(&dir.path().join("log")), dir.path().join("archive"));
    write(&log, 0..23).await;
    let mut archiver = Archiver::new(log.clone(), address(&folder));
    let one = async |partition: u32, hours: i64| {
        let (topic, partition) = (Topic::Events, Partition(partition));
        let (key, value) = ("shop/ml/one".to_owned(), Some(b"one".to_vec()));
        log.append(vec![NewRecord { topic, partition, key, value, timestamp: hour(hours) }])
            .await
            .expect("it appends");
    };
    assert_eq!(archiver.round().expect("a round"), 0);
    one(1, 24).await;
    assert_eq!(archiver.round().expect("a round"), 1, "of the partition itself");
    one(1, 25).await;
    assert_eq!(archiver.round().expect("a round"), 2, "the other one, and the alerts");
    one(0, 23).await;
    assert_eq!(archiver.round().expect("a round"), 0);
    write(&log, 26..49).await;
    archiver.round().expect("a round");
    let names = files(&folder);
    assert!(names.contains(&"kigen.events/partition=0/2026-11-10.138-271.avro".to_owned()), "{names:?}");
    let whole = all(&log, 100).expect("it is read");
    log.trim(hour(95)).await.expect("it trims");
    assert!(all(&archived(&log, &folder), 50).expect("it is read") == whole);
}
