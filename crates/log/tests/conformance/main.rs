//! What every event log promises, told once and run over each: the embedded one, Kafka on a real broker, and the
//! simulated one of the tests.

mod embedded;
mod kafka;
mod simulated;

use std::time::Duration;

use chrono::DateTime;
use kigen_log::{ConsumedRecord, Consumer, ConsumerEvent, Log, LogError, LogReader, NewRecord, Settings};
use kigen_model::Instant;
use kigen_model::topic::{Offset, Partition, Topic};

const PARTITIONS: u32 = 2;
const P0: Partition = Partition(0);
const P1: Partition = Partition(1);
const GROUP: &str = "conformance";
/// Generous: reached only when something hangs.
const DEADLINE: Duration = Duration::from_secs(60);

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

/// Runs a look where it may wait.
async fn looking<L: Log, T: Send + 'static>(
    log: &L,
    look: impl FnOnce(&L::Reader) -> Result<T, LogError> + Send + 'static,
) -> T {
    let looked = log.reader().clone();
    tokio::task::spawn_blocking(move || look(&looked)).await.expect("it ends").expect("it can be looked into")
}

/// All of a partition, once what was committed can be read: a commit may be acknowledged a moment before.
async fn all<L: Log>(log: &L, topic: Topic, partition: Partition) -> Vec<ConsumedRecord> {
    looking(log, move |look| {
        look.last_stable_offset(topic, partition)?;
        let mut all: Vec<ConsumedRecord> = Vec::new();
        let mut next = look.earliest(topic, partition)?;
        loop {
            let read = look.read(topic, partition, next, 100, 1 << 20)?;
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

/// What a member hears next, in time.
async fn next<G: Consumer>(member: &mut G) -> ConsumerEvent {
    let heard = tokio::time::timeout(DEADLINE, member.next(100, 1 << 20)).await;
    heard.expect("it hears something in time").expect("it can hear")
}

/// A member that was given all partitions, and reads the first from `from` and the other from its start.
async fn member<L: Log>(log: &L, from: Offset) -> L::Consumer {
    let mut member = log.join(GROUP, Topic::Events).expect("it joins");
    let mut given = Vec::new();
    while given.len() < PARTITIONS as usize {
        match next(&mut member).await {
            ConsumerEvent::Assigned(partitions) => given.extend(partitions),
            other => panic!("before it was given all partitions it heard {other:?}"),
        }
    }
    for (partition, from) in [(P0, from), (P1, Offset(0))] {
        member.seek(partition, from).await.expect("it begins");
    }
    member
}

/// The next so many records that a member hears, with their partitions.
async fn records<G: Consumer>(member: &mut G, count: usize) -> Vec<(Partition, String)> {
    let mut heard = Vec::new();
    while heard.len() < count {
        if let ConsumerEvent::Records(batches) = next(member).await {
            for (partition, records) in batches {
                heard.extend(shown(&records).into_iter().map(|record| (partition, record)));
            }
        }
    }
    heard
}

/// What was appended is read in its order, by key and by partition, and where it was said to be.
async fn order_is_kept<L: Log>(log: L) {
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
    let mut member = member(&log, Offset(0)).await;
    let heard = records(&mut member, 300).await;
    for partition in [P0, P1] {
        let heard: Vec<_> =
            heard.iter().filter(|(of, _)| *of == partition).map(|(_, record)| record).collect();
        let read = shown(&all(&log, Topic::Events, partition).await);
        assert!(heard.into_iter().eq(&read), "a member hears what is there");
    }
}

/// Outputs to several topics and partitions, and the position: all at once.
async fn a_commit_is_whole<L: Log>(log: L) {
    log.append(vec![event(P0, "a"), event(P1, "b")]).await.expect("it appends");
    let mut member = member(&log, Offset(0)).await;
    records(&mut member, 2).await;
    let outputs = vec![
        record(Topic::Alerts, P0, "c/n/b", "alert", 1),
        record(Topic::Status, P0, "c/n/b", "state", 1),
        record(Topic::Status, P1, "c/n/d", "state", 1),
        record(Topic::Status, P0, "position", "1", 1),
    ];
    let offsets = member.commit(outputs, vec![(P0, Offset(1)), (P1, Offset(1))]).await.expect("it commits");
    assert_eq!(offsets.len(), 4);
    assert_eq!(shown(&all(&log, Topic::Alerts, P0).await), ["c/n/b=alert"]);
    assert_eq!(shown(&all(&log, Topic::Status, P0).await), ["c/n/b=state", "position=1"]);
    assert_eq!(shown(&all(&log, Topic::Status, P1).await), ["c/n/d=state"]);
    for partition in [P0, P1] {
        let position = looking(&log, move |look| look.position(GROUP, Topic::Events, partition)).await;
        assert_eq!(position, Some(Offset(1)));
    }
    let last = looking(&log, |look| {
        look.last_stable_offset(Topic::Status, P0)?;
        look.last(Topic::Status, P0)
    });
    let last = last.await.expect("there is one");
    assert_eq!(
        (shown(std::slice::from_ref(&last)), last.offset),
        (vec!["position=1".to_owned()], offsets[3])
    );
}

/// What cannot be committed leaves nothing, and what follows can be.
async fn a_commit_that_fails_leaves_nothing<L: Log>(log: L) {
    log.append(vec![event(P0, "a")]).await.expect("it appends");
    let mut member = member(&log, Offset(0)).await;
    records(&mut member, 1).await;
    let much = "x".repeat(settings().record_bytes_max);
    let outputs = vec![record(Topic::Alerts, P0, "k", "first", 1), record(Topic::Alerts, P0, "k", &much, 1)];
    let refused = member.commit(outputs, vec![(P0, Offset(1))]).await.expect_err("it is too large");
    assert!(matches!(refused, LogError::RecordTooLarge { .. }), "{refused}");
    let nowhere = vec![record(Topic::Alerts, Partition(PARTITIONS), "k", "v", 1)];
    let refused =
        member.commit(nowhere, vec![(P0, Offset(1))]).await.expect_err("there is no such partition");
    assert!(matches!(refused, LogError::NoSuchPartition { .. }), "{refused}");
    assert_eq!(looking(&log, |look| look.position(GROUP, Topic::Events, P0)).await, None);
    let good = vec![record(Topic::Alerts, P0, "k", "good", 1)];
    member.commit(good, vec![(P0, Offset(1))]).await.expect("it commits");
    assert_eq!(shown(&all(&log, Topic::Alerts, P0).await), ["k=good"]);
}

/// Whoever has lost its place to another commits nothing more.
async fn the_older_generation_is_fenced<L: Log>(log: L, other: L) {
    log.append(vec![event(P0, "a"), event(P1, "b")]).await.expect("it appends");
    let mut older = member(&log, Offset(0)).await;
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
    let ConsumerEvent::Revoked(revoked) = next(&mut older).await else { panic!("the older is told") };
    let (assigned, mut younger) = loop_until_given(joining, &mut older).await;
    assert!(revoked.iter().any(|partition| assigned.contains(partition)), "{revoked:?} went to {assigned:?}");
    for partition in &assigned {
        younger.seek(*partition, Offset(0)).await.expect("it begins");
    }
    let heard = records(&mut younger, assigned.len()).await;
    let outputs = vec![record(Topic::Alerts, heard[0].0, "k", "of the younger", 1)];
    younger.commit(outputs, vec![(heard[0].0, Offset(1))]).await.expect("it commits");
    assert_eq!(shown(&all(&log, Topic::Alerts, heard[0].0).await), ["k=of the younger"]);
}

/// Lets the older hear until the younger has partitions.
async fn loop_until_given<G: Consumer>(
    joining: tokio::task::JoinHandle<(ConsumerEvent, G)>,
    older: &mut G,
) -> (Vec<Partition>, G) {
    let mut joining = joining;
    let (heard, mut younger) = loop {
        tokio::select! {
            joined = &mut joining => break joined.expect("it ends"),
            heard = older.next(100, 1 << 20) => { heard.expect("it can hear"); }
        }
    };
    let mut given = match heard {
        ConsumerEvent::Assigned(partitions) => partitions,
        other => panic!("the younger heard {other:?}"),
    };
    while given.is_empty() {
        tokio::select! {
            heard = younger.next(100, 1 << 20) => if let ConsumerEvent::Assigned(partitions) = heard.expect("it can hear") {
                given.extend(partitions);
            },
            heard = older.next(100, 1 << 20) => { heard.expect("it can hear"); }
        }
    }
    (given, younger)
}

/// A time is found by the record's timestamp.
async fn a_time_is_sought<L: Log>(log: L) {
    log.append((0..50).map(|i| record(Topic::Events, P0, "k", &i.to_string(), i * 1_000)).collect())
        .await
        .expect("it appends");
    let sought = |instant| looking(&log, move |look| look.offset_for_time(Topic::Events, P0, instant));
    assert_eq!(sought(at(-1)).await, Offset(0));
    assert_eq!(sought(at(7_000)).await, Offset(7));
    assert_eq!(sought(at(7_001)).await, Offset(8));
    let within = at(7_000) + chrono::TimeDelta::nanoseconds(1);
    assert_eq!(sought(within).await, Offset(8), "within a millisecond: the next");
    assert_eq!(sought(at(49_001)).await, Offset(50), "after the last: the end");
    assert_eq!(looking(&log, |look| look.latest(Topic::Events, P0)).await, Offset(50));
    assert_eq!(looking(&log, |look| look.offset_for_time(Topic::Events, P1, at(0))).await, Offset(0));
}

/// A reader goes back, and on from there, without a hole and without a record twice.
async fn a_member_goes_where_it_is_told<L: Log>(log: L) {
    log.append((0..100).map(|i| event(P0, &i.to_string())).collect()).await.expect("it appends");
    let mut member = member(&log, Offset(90)).await;
    let from = |first: usize| (first..100).map(|i| (P0, format!("c/n/b={i}"))).collect::<Vec<_>>();
    assert_eq!(records(&mut member, 10).await, from(90));
    member.seek(P0, Offset(40)).await.expect("it goes back");
    assert_eq!(records(&mut member, 60).await, from(40));
    member.pause(P0);
    log.append(vec![event(P1, "other"), event(P0, "more")]).await.expect("it appends");
    assert_eq!(records(&mut member, 1).await, [(P1, "c/n/b=other".to_owned())], "what is held is not heard");
    member.seek(P0, Offset(99)).await.expect("it goes on");
    let more = vec![(P0, "c/n/b=99".to_owned()), (P0, "c/n/b=more".to_owned())];
    assert_eq!(records(&mut member, 2).await, more);
}

/// Of a key the last record stays, whatever else goes, and it stays last.
async fn the_last_of_a_key_stays<L: Log>(log: L) {
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

/// After a restart a log has what was committed, and its groups stand where they stood.
async fn a_restart_loses_nothing<L: Log>(log: L, again: impl AsyncFnOnce() -> L) {
    log.append(vec![event(P0, "a"), event(P0, "b")]).await.expect("it appends");
    let mut before = member(&log, Offset(0)).await;
    records(&mut before, 2).await;
    before
        .commit(vec![record(Topic::Alerts, P1, "k", "told", 1)], vec![(P0, Offset(1))])
        .await
        .expect("it commits");
    drop((before, log));
    let log = again().await;
    assert_eq!(shown(&all(&log, Topic::Events, P0).await), ["c/n/b=a", "c/n/b=b"]);
    assert_eq!(shown(&all(&log, Topic::Alerts, P1).await), ["k=told"]);
    let position = looking(&log, |look| look.position(GROUP, Topic::Events, P0)).await;
    assert_eq!(position, Some(Offset(1)));
    let mut after = member(&log, Offset(1)).await;
    assert_eq!(records(&mut after, 1).await, [(P0, "c/n/b=b".to_owned())]);
    after.commit(Vec::new(), vec![(P0, Offset(2))]).await.expect("it commits");
}
