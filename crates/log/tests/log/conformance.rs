//! What every event log promises: the same promises over the embedded log, Kafka on a real broker, and the simulated log
//! of the tests, so that what is found with the latter holds for the real ones.

/// Applies a macro to the names of all promises, which are functions of this module.
macro_rules! for_each_promise {
    ($macro:ident) => {
        $macro!(
            order_is_kept,
            a_commit_is_whole,
            a_commit_that_fails_leaves_nothing,
            an_older_generation_is_fenced,
            a_time_is_found,
            a_consumer_seeks_and_pauses,
            the_partitions_share_the_bytes_of_a_read,
            the_last_record_of_a_key_stays,
            a_restart_loses_nothing,
            a_part_of_a_groups_work_may_be_ahead,
        );
    };
}

mod embedded;
mod kafka;
mod simulated;

use std::time::Duration;

use chrono::DateTime;
use kigen_log::{
    ConsumedRecord, Consumer, ConsumerEvent, GroupPosition, Log, LogError, LogReader, NewRecord, PartAhead,
    Settings,
};
use kigen_model::Instant;
use kigen_model::topic::{Offset, Partition, Topic};

const PARTITIONS: u32 = 2;
const P0: Partition = Partition(0);
const P1: Partition = Partition(1);
const GROUP: &str = "conformance";
/// Generous: reached only when something hangs.
const DEADLINE: Duration = Duration::from_secs(60);

/// The log under test.
trait LogUnderTest {
    type Log: Log;

    /// Opens it; again, if nothing has it open any more.
    async fn open(&self) -> Self::Log;

    /// Opens it as another process does while `log` is open.
    async fn open_beside(&self, log: &Self::Log) -> Self::Log;
}

fn settings() -> Settings {
    Settings { partitions: PARTITIONS, ..Settings::default() }
}

/// 2026-11-24 and so many milliseconds.
fn at(ms: i64) -> Instant {
    DateTime::from_timestamp_millis(1_795_478_400_000 + ms).expect("in range")
}

fn record(topic: Topic, partition: Partition, key: &str, value: &str, ms: i64) -> NewRecord {
    NewRecord { topic, partition, key: key.to_owned(), value: Some(value.into()), timestamp: at(ms) }
}

fn event(partition: Partition, value: &str) -> NewRecord {
    record(Topic::Events, partition, "c/n/b", value, 0)
}

/// Reads on a blocking thread.
async fn reading<L: Log, T: Send + 'static>(
    log: &L,
    read: impl FnOnce(&L::Reader) -> Result<T, LogError> + Send + 'static,
) -> T {
    let reader = log.reader().clone();
    tokio::task::spawn_blocking(move || read(&reader)).await.expect("it ends").expect("it is readable")
}

/// All of a partition, once what was committed can be read: a commit may be acknowledged a moment before.
async fn all<L: Log>(log: &L, topic: Topic, partition: Partition) -> Vec<ConsumedRecord> {
    reading(log, move |reader| {
        reader.last_stable_offset(topic, partition)?;
        let mut all: Vec<ConsumedRecord> = Vec::new();
        let mut next = reader.earliest(topic, partition)?;
        loop {
            let read = reader.read(topic, partition, next, 100, 1 << 20)?;
            let Some(last) = read.last() else { return Ok(all) };
            next = last.offset.next();
            all.extend(read);
        }
    })
    .await
}

/// Each record as `key=value`, a tombstone without the value.
fn shown(records: &[ConsumedRecord]) -> Vec<String> {
    let show = |record: &ConsumedRecord| match &record.value {
        Some(value) => format!("{}={}", record.key, String::from_utf8_lossy(value)),
        None => record.key.clone(),
    };
    records.iter().map(show).collect()
}

/// The next event of a consumer, in time.
async fn next<C: Consumer>(consumer: &mut C) -> ConsumerEvent {
    let event = tokio::time::timeout(DEADLINE, consumer.next(100, 1 << 20)).await;
    event.expect("an event in time").expect("no error")
}

/// A consumer to which all partitions are assigned, and which reads the first from `from` and the other from its start.
async fn joined<L: Log>(log: &L, from: Offset) -> L::Consumer {
    let mut consumer = log.join(GROUP, Topic::Events).expect("it joins");
    let mut assigned = Vec::new();
    while assigned.len() < PARTITIONS as usize {
        match next(&mut consumer).await {
            ConsumerEvent::Assigned(partitions) => assigned.extend(partitions),
            other => panic!("{other:?} before all partitions were assigned"),
        }
    }
    for (partition, from) in [(P0, from), (P1, Offset(0))] {
        consumer.seek(partition, from).await.expect("it seeks");
    }
    consumer
}

/// The next so many records of a consumer, with their partitions.
async fn records<C: Consumer>(consumer: &mut C, count: usize) -> Vec<(Partition, String)> {
    let mut received = Vec::new();
    while received.len() < count {
        if let ConsumerEvent::Records(batches) = next(consumer).await {
            for (partition, records) in batches {
                received.extend(shown(&records).into_iter().map(|record| (partition, record)));
            }
        }
    }
    received
}

/// Records are read in the order of their append, by key and by partition, and at the offsets that were returned.
async fn order_is_kept(logs: impl LogUnderTest) {
    let log = logs.open().await;
    let mut written = Vec::new();
    for i in 0..300 {
        let key = format!("c/n/{}", i % 7);
        let partition = log.reader().partition_of(&key);
        written.push(record(Topic::Events, partition, &key, &i.to_string(), i));
    }
    let offsets = log.append(written.clone()).await.expect("it appends");
    for partition in [P0, P1] {
        let there = written.iter().zip(&offsets).filter(|(record, _)| record.partition == partition);
        let expected: Vec<_> = there
            .map(|(record, offset)| (*offset, record.key.clone(), record.value.clone(), record.timestamp))
            .collect();
        let read = all(&log, Topic::Events, partition).await;
        let read: Vec<_> =
            read.into_iter().map(|read| (read.offset, read.key, read.value, read.timestamp)).collect();
        assert_eq!(read, expected, "of partition {partition}");
    }
    let mut consumer = joined(&log, Offset(0)).await;
    let received = records(&mut consumer, 300).await;
    for partition in [P0, P1] {
        let received: Vec<_> =
            received.iter().filter(|(of, _)| *of == partition).map(|(_, record)| record).collect();
        let read = shown(&all(&log, Topic::Events, partition).await);
        assert!(received.into_iter().eq(&read), "a consumer receives what a reader reads");
    }
}

/// Outputs to several topics and partitions, and the position: all at once.
async fn a_commit_is_whole(logs: impl LogUnderTest) {
    let log = logs.open().await;
    log.append(vec![event(P0, "a"), event(P1, "b")]).await.expect("it appends");
    let mut consumer = joined(&log, Offset(0)).await;
    records(&mut consumer, 2).await;
    let outputs = vec![
        record(Topic::Alerts, P0, "c/n/b", "alert", 1),
        record(Topic::Status, P0, "c/n/b", "state", 1),
        record(Topic::Status, P1, "c/n/d", "state", 1),
        record(Topic::Status, P0, "position", "1", 1),
    ];
    let offsets = consumer.commit(outputs, vec![(P0, Offset(1)), (P1, Offset(1))]).await.expect("it commits");
    assert_eq!(offsets.len(), 4);
    assert_eq!(shown(&all(&log, Topic::Alerts, P0).await), ["c/n/b=alert"]);
    assert_eq!(shown(&all(&log, Topic::Status, P0).await), ["c/n/b=state", "position=1"]);
    assert_eq!(shown(&all(&log, Topic::Status, P1).await), ["c/n/d=state"]);
    for partition in [P0, P1] {
        let position = reading(&log, move |reader| reader.position(GROUP, Topic::Events, partition)).await;
        assert_eq!(position, Some(Offset(1)));
    }
    let last = reading(&log, |reader| {
        reader.last_stable_offset(Topic::Status, P0)?;
        reader.last(Topic::Status, P0)
    });
    let last = last.await.expect("there is one");
    assert_eq!(
        (shown(std::slice::from_ref(&last)), last.offset),
        (vec!["position=1".to_owned()], offsets[3])
    );
}

/// A commit that is refused leaves nothing, and the next one succeeds.
async fn a_commit_that_fails_leaves_nothing(logs: impl LogUnderTest) {
    let log = logs.open().await;
    log.append(vec![event(P0, "a")]).await.expect("it appends");
    let mut consumer = joined(&log, Offset(0)).await;
    records(&mut consumer, 1).await;
    let much = "x".repeat(settings().record_bytes_max);
    let outputs = vec![record(Topic::Alerts, P0, "k", "first", 1), record(Topic::Alerts, P0, "k", &much, 1)];
    let refused = consumer.commit(outputs, vec![(P0, Offset(1))]).await.expect_err("it is too large");
    assert!(matches!(refused, LogError::RecordTooLarge { .. }), "{refused}");
    let nowhere = vec![record(Topic::Alerts, Partition(PARTITIONS), "k", "v", 1)];
    let refused =
        consumer.commit(nowhere, vec![(P0, Offset(1))]).await.expect_err("there is no such partition");
    assert!(matches!(refused, LogError::NoSuchPartition { .. }), "{refused}");
    assert_eq!(reading(&log, |reader| reader.position(GROUP, Topic::Events, P0)).await, None);
    let good = vec![record(Topic::Alerts, P0, "k", "good", 1)];
    consumer.commit(good, vec![(P0, Offset(1))]).await.expect("it commits");
    assert_eq!(shown(&all(&log, Topic::Alerts, P0).await), ["k=good"]);
}

/// A consumer that has lost its partitions to another commits nothing more.
async fn an_older_generation_is_fenced(logs: impl LogUnderTest) {
    let log = logs.open().await;
    let other = logs.open_beside(&log).await;
    log.append(vec![event(P0, "a"), event(P1, "b")]).await.expect("it appends");
    let mut older = joined(&log, Offset(0)).await;
    records(&mut older, 2).await;
    let mut younger = other.join(GROUP, Topic::Events).expect("it joins");
    let joining = tokio::spawn(async move { (next(&mut younger).await, younger) });
    let until = tokio::time::Instant::now() + DEADLINE;
    let fenced = loop {
        assert!(tokio::time::Instant::now() < until, "it still commits");
        match older.commit(Vec::new(), vec![(P0, Offset(1))]).await {
            Ok(_) => tokio::task::yield_now().await,
            Err(error) => break error,
        }
    };
    assert!(matches!(fenced, LogError::Fenced { .. }), "{fenced}");
    let outputs = vec![record(Topic::Alerts, P0, "k", "of the older", 1)];
    older.commit(outputs, vec![(P0, Offset(1))]).await.expect_err("it is fenced for good");
    assert!(all(&log, Topic::Alerts, P0).await.is_empty());
    let ConsumerEvent::Revoked(revoked) = next(&mut older).await else { panic!("nothing is revoked") };
    let (assigned, mut younger) = next_until_assigned(joining, &mut older).await;
    assert!(revoked.iter().any(|partition| assigned.contains(partition)), "{revoked:?} went to {assigned:?}");
    for partition in &assigned {
        younger.seek(*partition, Offset(0)).await.expect("it seeks");
    }
    let received = records(&mut younger, assigned.len()).await;
    let outputs = vec![record(Topic::Alerts, received[0].0, "k", "of the younger", 1)];
    younger.commit(outputs, vec![(received[0].0, Offset(1))]).await.expect("it commits");
    assert_eq!(shown(&all(&log, Topic::Alerts, received[0].0).await), ["k=of the younger"]);
}

/// Lets the older consumer take part in rebalances until the younger has partitions.
async fn next_until_assigned<C: Consumer>(
    joining: tokio::task::JoinHandle<(ConsumerEvent, C)>,
    older: &mut C,
) -> (Vec<Partition>, C) {
    let mut joining = joining;
    let (event, mut younger) = loop {
        tokio::select! {
            joined = &mut joining => break joined.expect("it ends"),
            event = older.next(100, 1 << 20) => { event.expect("no error"); }
        }
    };
    let mut assigned = match event {
        ConsumerEvent::Assigned(partitions) => partitions,
        other => panic!("{other:?} before a partition was assigned"),
    };
    while assigned.is_empty() {
        tokio::select! {
            event = younger.next(100, 1 << 20) => if let ConsumerEvent::Assigned(partitions) = event.expect("no error") {
                assigned.extend(partitions);
            },
            event = older.next(100, 1 << 20) => { event.expect("no error"); }
        }
    }
    (assigned, younger)
}

/// A time is found by the records' timestamps.
async fn a_time_is_found(logs: impl LogUnderTest) {
    let log = logs.open().await;
    log.append((0..50).map(|i| record(Topic::Events, P0, "k", &i.to_string(), i * 1_000)).collect())
        .await
        .expect("it appends");
    let found = |instant| reading(&log, move |reader| reader.offset_for_time(Topic::Events, P0, instant));
    assert_eq!(found(at(-1)).await, Offset(0));
    assert_eq!(found(at(7_000)).await, Offset(7));
    assert_eq!(found(at(7_001)).await, Offset(8));
    let within = at(7_000) + chrono::TimeDelta::nanoseconds(1);
    assert_eq!(found(within).await, Offset(8), "within a millisecond: the next");
    assert_eq!(found(at(49_001)).await, Offset(50), "after the last: the latest offset");
    assert_eq!(reading(&log, |reader| reader.latest(Topic::Events, P0)).await, Offset(50));
    assert_eq!(reading(&log, |reader| reader.offset_for_time(Topic::Events, P1, at(0))).await, Offset(0));
}

/// A consumer seeks back and reads on from there, without a hole and without a record twice; a paused partition is not read.
async fn a_consumer_seeks_and_pauses(logs: impl LogUnderTest) {
    let log = logs.open().await;
    log.append((0..100).map(|i| event(P0, &i.to_string())).collect()).await.expect("it appends");
    let mut consumer = joined(&log, Offset(90)).await;
    let from = |first: usize| (first..100).map(|i| (P0, format!("c/n/b={i}"))).collect::<Vec<_>>();
    assert_eq!(records(&mut consumer, 10).await, from(90));
    consumer.seek(P0, Offset(40)).await.expect("it seeks back");
    assert_eq!(records(&mut consumer, 60).await, from(40));
    consumer.pause(P0);
    log.append(vec![event(P1, "other"), event(P0, "more")]).await.expect("it appends");
    let other = [(P1, "c/n/b=other".to_owned())];
    assert_eq!(records(&mut consumer, 1).await, other, "a paused partition is not read");
    consumer.seek(P0, Offset(99)).await.expect("it resumes");
    let more = vec![(P0, "c/n/b=99".to_owned()), (P0, "c/n/b=more".to_owned())];
    assert_eq!(records(&mut consumer, 2).await, more);
}

/// A read has about as many bytes as requested, of all partitions together, and no partition is left out for ever.
async fn the_partitions_share_the_bytes_of_a_read(logs: impl LogUnderTest) {
    const BYTES_MAX: usize = 4_000;
    const RECORD_BYTES: usize = 105;
    let log = logs.open().await;
    let of = |partition| (0..100).map(move |_| event(partition, &"x".repeat(100)));
    log.append([P0, P1].into_iter().flat_map(of).collect()).await.expect("it appends");
    let mut consumer = joined(&log, Offset(0)).await;
    let mut left = [100, 100];
    while left != [0, 0] {
        let event = tokio::time::timeout(DEADLINE, consumer.next(1_000, BYTES_MAX)).await;
        let ConsumerEvent::Records(batches) = event.expect("an event in time").expect("no error") else {
            panic!("no records")
        };
        let counts: Vec<usize> = batches.iter().map(|(_, records)| records.len()).collect();
        let bytes = counts.iter().sum::<usize>() * RECORD_BYTES;
        assert!(bytes <= BYTES_MAX + 2 * RECORD_BYTES, "{bytes} bytes of {} partitions", batches.len());
        for ((partition, _), count) in batches.iter().zip(counts) {
            left[partition.0 as usize] -= count;
        }
    }
}

/// The last record of a key stays, whatever else is compacted, and it stays last.
async fn the_last_record_of_a_key_stays(logs: impl LogUnderTest) {
    let log = logs.open().await;
    for round in 0..3 {
        let outputs =
            ["a", "b", "c"].map(|key| record(Topic::Status, P0, key, &round.to_string(), round)).to_vec();
        log.append(outputs).await.expect("it appends");
    }
    let gone = NewRecord { value: None, ..record(Topic::Status, P0, "a", "", 4) };
    log.append(vec![gone, record(Topic::Status, P0, "c", "last", 4)]).await.expect("it appends");
    let read = shown(&all(&log, Topic::Status, P0).await);
    assert_eq!(read[read.len() - 2..], ["a", "c=last"]);
    assert!(read.contains(&"b=2".to_owned()), "{read:?}");
}

/// After a restart a log has what was committed, and its groups have their positions.
async fn a_restart_loses_nothing(logs: impl LogUnderTest) {
    let log = logs.open().await;
    log.append(vec![event(P0, "a"), event(P0, "b")]).await.expect("it appends");
    let mut before = joined(&log, Offset(0)).await;
    records(&mut before, 2).await;
    before
        .commit(vec![record(Topic::Alerts, P1, "k", "alert", 1)], vec![(P0, Offset(1))])
        .await
        .expect("it commits");
    drop((before, log));
    let log = logs.open().await;
    assert_eq!(shown(&all(&log, Topic::Events, P0).await), ["c/n/b=a", "c/n/b=b"]);
    assert_eq!(shown(&all(&log, Topic::Alerts, P1).await), ["k=alert"]);
    let position = reading(&log, |reader| reader.position(GROUP, Topic::Events, P0)).await;
    assert_eq!(position, Some(Offset(1)));
    let mut after = joined(&log, Offset(1)).await;
    assert_eq!(records(&mut after, 1).await, [(P0, "c/n/b=b".to_owned())]);
    after.commit(Vec::new(), vec![(P0, Offset(2))]).await.expect("it commits");
}

/// A member commits before it has received any record, and what is ahead is gone once nothing is.
async fn a_part_of_a_groups_work_may_be_ahead(logs: impl LogUnderTest) {
    let log = logs.open().await;
    let mut consumer = joined(&log, Offset(0)).await;
    let ahead = GroupPosition { next: Offset(1), ahead: Some(PartAhead { part: 2, next: Offset(5) }) };
    for position in [ahead, GroupPosition::from(Offset(6))] {
        let positions = vec![(P0, position), (P1, Offset(3).into())];
        consumer.commit_positions(Vec::new(), positions).await.expect("it commits");
        let read = reading(&log, |reader| reader.group_position(GROUP, Topic::Events, P0)).await;
        assert_eq!(read, Some(position));
        let other = reading(&log, |reader| reader.group_position(GROUP, Topic::Events, P1)).await;
        assert_eq!(other, Some(Offset(3).into()));
    }
}
