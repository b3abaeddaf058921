//! Order, atomicity, restarts, and opening the log.

use kigen_log::{
    AtomicWrite, EmbeddedError, EmbeddedLog, Fate, Log, LogError, LogReader, NewRecord, Settings,
};
use kigen_model::topic::{Offset, Partition, Topic};

use super::{P0, at, directory, event, open, position, read_all, record, settings, shown};

#[tokio::test]
async fn records_keep_their_order_and_count_from_zero_in_each_partition() {
    let dir = directory();
    let log = open(dir.path());
    let other = NewRecord { partition: Partition(1), ..event("x") };
    let offsets = log.append(vec![event("a"), other, event("b")]).await.expect("appends");
    assert_eq!(offsets, [Offset(0), Offset(0), Offset(1)]);
    assert_eq!(log.append(vec![event("c")]).await.expect("appends"), [Offset(2)]);
    assert_eq!(shown(&read_all(&log, Topic::Events)), ["0:c/n/b=a", "1:c/n/b=b", "2:c/n/b=c"]);
    assert_eq!(log.latest(Topic::Events, Partition(1)).expect("has an end"), Offset(1));
    assert_eq!(log.latest(Topic::Alerts, P0).expect("has an end"), Offset(0));
}

#[tokio::test]
async fn writers_at_the_same_time_each_get_offsets_of_their_own() {
    let dir = directory();
    let log = open(dir.path());
    let writers: Vec<_> = (0..8)
        .map(|writer| {
            let log = log.clone();
            tokio::spawn(async move {
                for i in 0..10 {
                    log.append(vec![event(&format!("{writer}-{i}a")), event(&format!("{writer}-{i}b"))])
                        .await
                        .expect("appends");
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.expect("writes");
    }
    let values: Vec<String> = read_all(&log, Topic::Events)
        .into_iter()
        .map(|r| String::from_utf8(r.value.expect("a value")).expect("text"))
        .collect();
    assert_eq!(values.len(), 160);
    for writer in 0..8 {
        let own: Vec<_> = values.iter().filter(|v| v.starts_with(&format!("{writer}-"))).collect();
        let wanted: Vec<_> =
            (0..10).flat_map(|i| [format!("{writer}-{i}a"), format!("{writer}-{i}b")]).collect();
        assert!(own.iter().copied().eq(&wanted), "writer {writer}: {own:?}");
    }
}

#[tokio::test]
async fn a_write_with_one_bad_output_is_refused_whole() {
    let dir = directory();
    let log = open(dir.path());
    let large = record(Topic::Alerts, "c/n/large", &"x".repeat(1024 * 1024), 0);
    let write = AtomicWrite { outputs: vec![event("a"), large], positions: vec![position(7)] };
    let error = log.commit(write).await.expect_err("refused");
    assert_eq!(
        error.to_string(),
        "the record of c/n/large for kigen.alerts partition 0 has 1048585 bytes, and 1048576 is the most: \
         shorten its value"
    );
    assert_eq!(error.fate(), Fate::Reject);
    let nowhere = NewRecord { partition: Partition(2), ..event("b") };
    let error = log.append(vec![event("a"), nowhere]).await.expect_err("refused");
    assert_eq!(error.to_string(), "kigen.events has no partition 2: there are 2, counted from 0");
    let mib = record(Topic::Events, "k", &"x".repeat(1024 * 1024 - 1), 0);
    let error = log.append(vec![mib; 33]).await.expect_err("refused");
    assert_eq!(
        error.to_string(),
        "a write of 34603008 bytes is more than the 33554432 allowed, so nothing of it was written"
    );
    assert_eq!(log.latest(Topic::Events, P0).expect("has an end"), Offset(0));
    assert_eq!(log.position("process", Topic::Events, P0).expect("reads"), None);
}

#[tokio::test]
async fn reads_stop_at_their_limits_but_return_at_least_one_record() {
    let dir = directory();
    let log = open(dir.path());
    log.append((0..10).map(|i| event(&format!("{i}"))).collect()).await.expect("appends");
    let read = |from, records, bytes| {
        let records = log.read(Topic::Events, P0, Offset(from), records, bytes).expect("reads");
        records.iter().map(|r| r.offset.0).collect::<Vec<_>>()
    };
    assert_eq!(read(3, 4, usize::MAX), [3, 4, 5, 6]);
    assert_eq!(read(3, 0, usize::MAX), [3]);
    assert_eq!(read(3, 100, 0), [3]);
    assert_eq!(read(8, 100, 1000), [8, 9]);
    assert_eq!(read(10, 100, 1000), [0_u64; 0]);
}

#[tokio::test]
async fn a_restart_keeps_records_positions_and_offsets() {
    let dir = directory();
    let log = open(dir.path());
    let write = AtomicWrite {
        outputs: vec![event("a"), record(Topic::Status, "k", "s", 0)],
        positions: vec![position(5)],
    };
    log.commit(write).await.expect("commits");
    drop(log);
    let log = open(dir.path());
    assert_eq!(log.position("process", Topic::Events, P0).expect("reads"), Some(Offset(5)));
    assert_eq!(log.positions().expect("reads"), [position(5)]);
    let offsets = log.append(vec![event("b"), record(Topic::Status, "k", "t", 0)]).await.expect("appends");
    assert_eq!(offsets, [Offset(1), Offset(1)]);
    assert_eq!(shown(&read_all(&log, Topic::Events)), ["0:c/n/b=a", "1:c/n/b=b"]);
    assert_eq!(shown(&read_all(&log, Topic::Status)), ["1:k=t"]);
}

#[tokio::test]
async fn an_append_whose_future_is_dropped_is_whole_or_absent() {
    let dir = directory();
    let log = open(dir.path());
    for i in 0..20 {
        let append = log.append(vec![event(&format!("{i}a")), event(&format!("{i}b"))]);
        tokio::select! {
            biased;
            _ = append => {}
            () = std::future::ready(()) => {}
        }
    }
    log.append(vec![event("last")]).await.expect("appends");
    drop(log);
    // A write that is still under way may hold the last handle: the lock is free when it ends.
    let log = loop {
        match EmbeddedLog::open(dir.path(), settings(2)) {
            Ok(log) => break log,
            Err(LogError::Embedded(EmbeddedError::InUse { .. })) => tokio::task::yield_now().await,
            Err(other) => panic!("{other}"),
        }
    };
    let ends: Vec<u8> = read_all(&log, Topic::Events)
        .iter()
        .map(|r| *r.value.as_ref().and_then(|v| v.last()).expect("not empty"))
        .filter(|end| *end != b't')
        .collect();
    assert!(ends.chunks(2).all(|pair| pair == b"ab"), "{ends:?}");
}

#[tokio::test]
async fn a_second_opener_is_refused_with_the_reason() {
    let dir = directory();
    let log = open(dir.path());
    let error = EmbeddedLog::open(dir.path(), settings(2)).err().expect("refused");
    assert!(matches!(error, LogError::Embedded(EmbeddedError::InUse { .. })));
    assert_eq!(
        error.to_string(),
        format!(
            "another kigen up uses {}: stop it, or give this one a data directory of its own",
            dir.path().display()
        )
    );
    let clone = log.clone();
    drop(log);
    assert!(EmbeddedLog::open(dir.path(), settings(2)).is_err(), "a clone still has it");
    drop(clone);
    open(dir.path());
}

#[tokio::test]
async fn another_number_of_partitions_is_refused_with_advice() {
    let dir = directory();
    drop(open(dir.path()));
    let error = EmbeddedLog::open(dir.path(), settings(3)).err().expect("refused");
    assert!(error.to_string().contains("has 2 partitions, not 3"), "{error}");
    assert!(
        error.to_string().contains("set partitions to 2, or start with an empty data directory"),
        "{error}"
    );
    for partitions in [0, Settings::PARTITIONS_MAX + 1] {
        let error = EmbeddedLog::open(dir.path(), settings(partitions)).err().expect("refused");
        assert_eq!(error.to_string(), format!("{partitions} partitions are not possible: choose 1 to 1024"));
    }
}

#[tokio::test]
async fn timestamps_never_go_back_and_an_instant_finds_its_first_record() {
    let dir = directory();
    let log = open(dir.path());
    let times = [1000, 1000, 3000, 2000, 5000];
    log.append(times.map(|ms| record(Topic::Events, "k", "v", ms)).to_vec()).await.expect("appends");
    let kept: Vec<_> = read_all(&log, Topic::Events).iter().map(|r| r.timestamp.timestamp_millis()).collect();
    assert_eq!(kept, [1000, 1000, 3000, 3000, 5000]);
    for (ms, offset) in [(0, 0), (1000, 0), (1001, 2), (3000, 2), (3001, 4), (5000, 4), (5001, 5)] {
        let found = log.offset_for_time(Topic::Events, P0, at(ms)).expect("finds");
        assert_eq!(found, Offset(offset), "at {ms}");
    }
    let within = at(1000) + chrono::Duration::nanoseconds(1);
    assert_eq!(log.offset_for_time(Topic::Events, P0, within).expect("finds"), Offset(2));
    assert_eq!(log.offset_for_time(Topic::Alerts, P0, at(0)).expect("finds"), Offset(0));
}

#[tokio::test]
async fn a_key_goes_where_kafkas_partitioner_puts_it() {
    let dir = directory();
    let log = EmbeddedLog::open(dir.path(), settings(16)).expect("opens");
    // murmur2("foobar") is -790332482, whose lower 31 bits are 1357151166.
    assert_eq!(log.partition_of("foobar"), Partition(1_357_151_166 % 16));
}
