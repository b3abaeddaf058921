//! Retention by age and size, and compaction.

use std::fs;
use std::path::Path;

use kigen_log::{
    AtomicWrite, EmbeddedLog, Log, LogReader, PartAhead, Position, Retention, Settings, Trimmed,
};
use kigen_model::topic::{Offset, Topic};

use super::{P0, at, directory, open, read_all, record, settings, shown, tombstone};

const FOREVER: Retention = Retention { age_ms_max: u64::MAX, partition_bytes_max: u64::MAX };

#[tokio::test]
async fn records_beyond_the_retention_age_are_deleted_and_offsets_stay() {
    let dir = directory();
    let bounded = Settings { events: Retention { age_ms_max: 100, ..FOREVER }, ..settings(2) };
    let log = EmbeddedLog::open(dir.path(), bounded.clone()).expect("opens");
    for topic in [Topic::Events, Topic::Status, Topic::Alerts] {
        let records = (0..10).map(|i| record(topic, &format!("k{i}"), "v", i * 10)).collect();
        log.append(records).await.expect("appends");
    }
    let nothing = log.trim(at(100)).await.expect("trims");
    assert_eq!(nothing, Trimmed::default());
    let trimmed = log.trim(at(135)).await.expect("trims");
    assert_eq!((trimmed.records, trimmed.tombstones), (4, 0));
    assert_eq!(log.earliest(Topic::Events, P0).expect("has a start"), Offset(4));
    assert_eq!(log.latest(Topic::Events, P0).expect("has an end"), Offset(10));
    assert_eq!(read_all(&log, Topic::Events)[0].offset, Offset(4), "below the start it begins at the start");
    assert_eq!(log.offset_for_time(Topic::Events, P0, at(0)).expect("finds"), Offset(4));
    assert_eq!(read_all(&log, Topic::Status).len(), 10, "a state has no age");
    assert_eq!(read_all(&log, Topic::Alerts).len(), 10);

    log.trim(at(1_000_000)).await.expect("trims");
    assert_eq!(read_all(&log, Topic::Events), []);
    drop(log);
    let log = EmbeddedLog::open(dir.path(), bounded).expect("opens");
    assert_eq!(log.earliest(Topic::Events, P0).expect("has a start"), Offset(10));
    let offsets = log.append(vec![record(Topic::Events, "k", "v", 5)]).await.expect("appends");
    assert_eq!(offsets, [Offset(10)]);
    assert_eq!(read_all(&log, Topic::Events)[0].timestamp, at(90), "no earlier than what was trimmed");
}

#[tokio::test]
async fn records_beyond_the_retention_size_are_deleted_oldest_first_and_free_disk_space() {
    let dir = directory();
    let alerts = Retention { partition_bytes_max: 4 << 20, ..FOREVER };
    let log = EmbeddedLog::open(dir.path(), Settings { alerts, ..settings(2) }).expect("opens");
    let value = Noise(1).text(64 << 10);
    let mut written: u64 = 0;
    for _ in 0..40 {
        written += 32;
        log.append(vec![record(Topic::Alerts, "k", &value, 0); 32]).await.expect("appends");
        log.trim(at(0)).await.expect("trims");
    }
    let start = log.earliest(Topic::Alerts, P0).expect("has a start").0;
    let kept = read_all(&log, Topic::Alerts);
    assert_eq!(kept.len() as u64, written - start);
    let record_bytes = (64 << 10) + 1 + 22;
    assert_eq!(kept.len(), (4 << 20) / record_bytes, "as many whole records as fit into the bound");
    // 80 MiB were written. Left are the kept records, the write-ahead log, and files not yet compacted.
    let used = bytes_in(dir.path());
    assert!(used < 64 << 20, "{used} bytes on the disk");
}

#[tokio::test]
async fn facts_that_no_resync_has_written_again_yet_are_kept_whatever_their_size() {
    let dir = directory();
    let bounds = Retention { age_ms_max: 600, partition_bytes_max: 25 };
    let bounded = Settings { events: bounds, alerts: bounds, ..settings(2) };
    let log = EmbeddedLog::open(dir.path(), bounded).expect("opens");
    for topic in [Topic::Events, Topic::Alerts] {
        let records = (0..10).map(|i| record(topic, &format!("k{i}"), "v", i * 100)).collect();
        log.append(records).await.expect("appends");
    }
    let start = |topic| log.earliest(topic, P0).expect("has a start");
    let trimmed = log.trim(at(700)).await.expect("trims");
    assert_eq!(trimmed.bytes_over, 5 * 25, "of six records, one fits");
    assert_eq!(start(Topic::Events), Offset(4), "no clock ahead of this one's makes facts old");
    log.trim(at(900)).await.expect("trims");
    assert_eq!(start(Topic::Events), Offset(6), "a third of the retention, and half as much again");
    log.trim(at(1150)).await.expect("trims");
    assert_eq!(start(Topic::Events), Offset(6), "while no fact comes, none becomes old by that");
    assert_eq!(start(Topic::Alerts), Offset(9), "no alert is written again");
    log.trim(at(1250)).await.expect("trims");
    assert_eq!(start(Topic::Events), Offset(7), "but all go at their age");
}

#[tokio::test]
async fn alerts_that_a_group_has_not_read_are_kept_up_to_four_times_their_age_and_size() {
    let dir = directory();
    let bounds = Retention { age_ms_max: 100, partition_bytes_max: 25 };
    let bounded = Settings { alerts: bounds, rejects: bounds, ..settings(2) };
    let log = EmbeddedLog::open(dir.path(), bounded).expect("opens");
    for topic in [Topic::Alerts, Topic::Rejects] {
        // Of 25 bytes each, so that one fits.
        log.append((0..10).map(|i| record(topic, &format!("k{i}"), "v", i * 10)).collect())
            .await
            .expect("appends");
    }
    let start = |topic| log.earliest(topic, P0).expect("has a start");
    let read = |consumer: &str, next, ahead: Option<PartAhead>| {
        let consumer = consumer.to_owned();
        let position =
            |topic| Position { consumer: consumer.clone(), topic, partition: P0, next: Offset(next), ahead };
        let positions = [Topic::Alerts, Topic::Rejects].map(position).to_vec();
        log.commit(AtomicWrite { outputs: Vec::new(), positions })
    };
    read("ahead", 9, None).await.expect("commits");
    read("behind", 7, Some(PartAhead { part: 1, next: Offset(10) })).await.expect("commits");
    let trimmed = log.trim(at(90)).await.expect("trims");
    assert_eq!((start(Topic::Alerts), start(Topic::Rejects)), (Offset(7), Offset(9)), "three are not read");
    assert_eq!((trimmed.records, trimmed.unread), (7 + 9, 0));
    log.trim(at(470)).await.expect("trims");
    assert_eq!(start(Topic::Alerts), Offset(7), "none is four times as old");
    let trimmed = log.trim(at(481)).await.expect("trims");
    assert_eq!((start(Topic::Alerts), trimmed.unread), (Offset(9), 2));

    let log_of_many = (0..6).map(|i| record(Topic::Alerts, &format!("m{i}"), "v", 481)).collect();
    log.append(log_of_many).await.expect("appends");
    let trimmed = log.trim(at(481)).await.expect("trims");
    assert_eq!((start(Topic::Alerts), trimmed.unread), (Offset(12), 3), "four times one are kept");
    read("behind", 16, None).await.expect("commits");
    read("ahead", 16, None).await.expect("commits");
    let trimmed = log.trim(at(481)).await.expect("trims");
    assert_eq!((start(Topic::Alerts), trimmed.unread), (Offset(15), 0), "what is read goes as before");
}

#[tokio::test]
async fn a_compacted_topic_holds_the_last_record_of_each_key_only() {
    let dir = directory();
    let log = open(dir.path());
    let status = |key: &str, value: &str| record(Topic::Status, key, value, 0);
    log.append(vec![status("a", "1"), status("b", "1"), status("a", "2")]).await.expect("appends");
    assert_eq!(shown(&read_all(&log, Topic::Status)), ["1:b=1", "2:a=2"]);
    log.append(vec![status("b", "2"), status("position", "x")]).await.expect("appends");
    assert_eq!(shown(&read_all(&log, Topic::Status)), ["2:a=2", "3:b=2", "4:position=x"]);
    assert_eq!(log.earliest(Topic::Status, P0).expect("has a start"), Offset(0));
    assert_eq!(log.latest(Topic::Status, P0).expect("has an end"), Offset(5));
    assert_eq!(
        log.offset_for_time(Topic::Status, P0, at(-1)).expect("finds"),
        Offset(2),
        "holes are skipped"
    );
}

#[tokio::test]
async fn a_tombstone_is_read_for_its_retention_time_and_then_deleted() {
    let dir = directory();
    let bounded = Settings { tombstone_age_ms_max: 100, ..settings(2) };
    let log = EmbeddedLog::open(dir.path(), bounded).expect("opens");
    let status = |key: &str, value: &str, ms| record(Topic::Status, key, value, ms);
    log.append(vec![status("a", "1", 0), status("b", "1", 0), tombstone("a", 10), tombstone("b", 20)])
        .await
        .expect("appends");
    assert_eq!(shown(&read_all(&log, Topic::Status)), ["2:a", "3:b"]);
    log.append(vec![status("b", "2", 30), tombstone("c", 40), tombstone("c", 50)]).await.expect("appends");
    assert_eq!(log.trim(at(110)).await.expect("trims").tombstones, 0);
    assert_eq!(
        log.trim(at(111)).await.expect("trims").tombstones,
        1,
        "a's; b came back, c's first was replaced"
    );
    assert_eq!(shown(&read_all(&log, Topic::Status)), ["4:b=2", "6:c"]);
    assert_eq!(log.trim(at(1000)).await.expect("trims").tombstones, 1);
    assert_eq!(shown(&read_all(&log, Topic::Status)), ["4:b=2"]);
    log.append(vec![status("a", "3", 60)]).await.expect("appends");
    assert_eq!(shown(&read_all(&log, Topic::Status)), ["4:b=2", "7:a=3"]);
    assert_eq!(log.trim(at(i64::from(u32::MAX))).await.expect("trims"), Trimmed::default());
}

/// Text that does not compress well: xorshift from a fixed seed, printed as letters.
pub(crate) struct Noise(pub(crate) u64);

impl Noise {
    pub(crate) fn text(&mut self, bytes: usize) -> String {
        let letter = |_| {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            char::from(b' ' + (self.0 % 95) as u8)
        };
        (0..bytes).map(letter).collect()
    }
}

fn bytes_in(path: &Path) -> u64 {
    let entries = fs::read_dir(path).expect("lists");
    let sizes = entries.map(|entry| {
        let entry = entry.expect("an entry");
        match entry.metadata() {
            Ok(meta) if meta.is_dir() => bytes_in(&entry.path()),
            Ok(meta) => meta.len(),
            // Compaction may have removed it since it was listed.
            Err(_) => 0,
        }
    });
    sizes.sum()
}
